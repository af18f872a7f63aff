"""The tests' fixtures: a virtual screen, the shipped network, a tiny MNIST and a training on it."""

from __future__ import annotations

import contextlib
import io
import shutil
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

import mnist_digit
from tests.program import skip_or_fail
from tests.real_window import TOOLS, Display
from tests.tiny_training import TinyTraining, train_tiny, write_mnist

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


# A busy machine is no fault of the program's.
settings.register_profile("patient", deadline=None, suppress_health_check=list(HealthCheck))
settings.load_profile("patient")


@pytest.fixture(scope="session")
def display() -> Iterator[Display]:
    """A virtual screen as large as a small laptop's."""
    missing = [
        f"{tool} (Debian: {package})" for tool, package in TOOLS.items() if not shutil.which(tool)
    ]
    if missing:
        skip_or_fail(f"the window tests need {', '.join(missing)}")
    with Display() as display:
        yield display


@pytest.fixture(scope="session")
def recognizer() -> mnist_digit.Recognizer:
    """The shipped network. Tests that teach take one of their own."""
    return mnist_digit.Recognizer()


@pytest.fixture(scope="session")
def small_mnist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An .npz file as MNIST's, of few digits."""
    return write_mnist(tmp_path_factory.mktemp("data") / "small mnist.npz")


class Terminal(io.StringIO):
    """What a person sees."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(scope="session")
def trained(small_mnist: Path, tmp_path_factory: pytest.TempPathFactory) -> TinyTraining:
    """A tiny training that nothing has disturbed."""
    folder = tmp_path_factory.mktemp("trained")
    with contextlib.redirect_stderr(Terminal()) as said:
        model = train_tiny(small_mnist, folder)
    return TinyTraining(folder, model, said.getvalue())
