"""What measurements share: answers and how good they are, times, tables."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

import mnist_digit
from mnist_digit import Recognizer

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence


class Answers(NamedTuple):
    """Digit images, which digits they are, and how probable each digit was held to be."""

    images: np.ndarray  # float32 in [0, 1], shape (n, 28, 28)
    labels: np.ndarray  # shape (n,)
    probabilities: np.ndarray  # shape (n, 10); what they lack to 1: that it is no digit

    @property
    def digits(self) -> np.ndarray:
        """The most probable digits."""
        return self.probabilities.argmax(axis=1)

    @property
    def right(self) -> np.ndarray:
        return self.digits == self.labels

    @property
    def refused(self) -> np.ndarray:
        """Where it is more probable that there is no digit than that there is any one."""
        return 1 - self.probabilities.sum(axis=1) > self.probabilities.max(axis=1)

    @property
    def confidence(self) -> np.ndarray:
        """How probable what is said was held to be, be it a digit or none."""
        return np.maximum(self.probabilities.max(axis=1), 1 - self.probabilities.sum(axis=1))


def expected_calibration_error(confidence: np.ndarray, right: np.ndarray, bins: int = 10) -> float:
    """How far confidence and accuracy lie apart in the mean over bins of equal width, in [0, 1].

    confidence, right: shape (n,). Guo et al., "On calibration of modern neural networks", 2017.
    """
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    return float(np.abs(np.bincount(place, weights=right - confidence)).sum()) / len(right)


def answers_of(recognizer: Recognizer, images: np.ndarray, labels: np.ndarray) -> Answers:
    """The digit images as the recognizer reads them, one by one as in the window."""
    return Answers(
        images, labels, np.stack([recognizer.predict(image).probabilities for image in images])
    )


def milliseconds(action: Callable[[object], object], values: Sequence) -> np.ndarray:
    """How long an action takes on each value."""
    times = []
    for value in values:
        start = time.perf_counter()
        action(value)
        times.append(time.perf_counter() - start)
    return 1000 * np.array(times)


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table, its first column aligned to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    rules = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    for first, *others in (head, rules, *rows):
        cells = [first.ljust(widths[0]), *map(str.rjust, others, widths[1:])]
        print("|", " | ".join(cells), "|", flush=True)
    print()


# --- options that several measurements take --------------------------------------------------


def add_mnist(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--mnist", type=Path, required=True, metavar="FILE", help="MNIST as an .npz file"
    )


def add_strokes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--strokes",
        type=Path,
        required=True,
        metavar="FILE",
        help="pendigits-orig.tra, as UCI publishes it",
    )


def add_unipen(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--unipen",
        type=Path,
        metavar="DIR",
        help="UNIPEN's folder with data/ and include/",
    )


def add_model(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model",
        type=Path,
        default=mnist_digit.MODEL,
        metavar="FILE",
        help="(default: the one in model/)",
    )
