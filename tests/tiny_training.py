"""A training that takes seconds: few digits in MNIST's place, and three short epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

import mnist_digit
from tests.handwritten import write_digits

if TYPE_CHECKING:
    from pathlib import Path

    import keras


class TinyTraining(NamedTuple):
    """What a tiny training left."""

    folder: Path  # with model/ and plots/
    model: keras.Model  # as train() returned it
    said: str  # what a person saw on standard error


def write_mnist(path: Path, count: int = 480) -> Path:
    """Write an .npz file as MNIST's, with so many digits to train on and 100 to test with."""
    rng = np.random.default_rng(0)
    train, test = write_digits(count, rng), write_digits(100, rng)
    np.savez(
        path, x_train=train.images, y_train=train.labels, x_test=test.images, y_test=test.labels
    )
    return path


def train_tiny(data: Path, folder: Path) -> keras.Model:
    """Train the default recipe, in which most is random, for three short epochs."""
    return mnist_digit.train(
        data,
        epochs=3,
        batch_size=32,
        path=folder / "model" / "digit.npz",
        plots=folder / "plots",
    )
