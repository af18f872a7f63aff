"""What several tests need: a virtual screen, a tiny MNIST, and a network that was trained on it."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

import mnist_digit
from tests.handwritten import write_digits
from tests.real_window import TOOLS, Display

if TYPE_CHECKING:
    from collections.abc import Iterator

    import keras


def skip_or_fail(reason: str) -> None:
    """Skip the test; fail it on the CI machine, where everything is to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def write_mnist(path: Path, count: int = 480) -> Path:
    """An .npz file as MNIST's, of so many synthetic digits and 100 to test with."""
    rng = np.random.default_rng(0)
    train, test = write_digits(count, rng), write_digits(100, rng)
    np.savez(
        path, x_train=train.images, y_train=train.labels, x_test=test.images, y_test=test.labels
    )
    return path


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
def small_mnist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An .npz file as MNIST's, of few digits."""
    return write_mnist(tmp_path_factory.mktemp("data") / "small mnist.npz")


def train_tiny(data: Path, folder: Path) -> keras.Model:
    """Train the default recipe, in which most is random, for three short epochs."""
    return mnist_digit.train(
        data,
        epochs=3,
        batch_size=32,
        path=folder / "model" / "digit.npz",
        plots=folder / "plots",
    )


class Terminal(io.StringIO):
    """What a person sees."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(scope="session")
def trained(
    small_mnist: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, keras.Model, str]:
    """The folder of a tiny training, the network that it returned, and what it said to a person."""
    folder = tmp_path_factory.mktemp("trained")
    with contextlib.redirect_stderr(Terminal()) as said:
        model = train_tiny(small_mnist, folder)
    return folder, model, said.getvalue()
