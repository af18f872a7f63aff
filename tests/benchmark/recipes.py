"""What each training recipe costs and gives."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

import mnist_digit
from mnist_digit import Recognizer, say
from tests.benchmark.measures import (
    add_mnist,
    add_strokes,
    answers_of,
    print_table,
)
from tests.benchmark.pen_files import (
    read_strokes,
    replay,
)

if TYPE_CHECKING:
    import argparse

    import keras


def train_recipe(name: str, mnist: Path, folder: Path) -> tuple[keras.Model, float]:
    """Train by a recipe into folder/NAME.npz and .keras; return the network and the seconds it took."""
    say(f"Training by recipe {name} ...")
    start = time.perf_counter()
    model = mnist_digit.train(mnist, recipe=name, path=folder / f"{name}.npz", plots=folder / name)
    return model, time.perf_counter() - start


def measure(options: argparse.Namespace) -> None:
    """Train by each recipe and print what it costs and gives."""
    pen = read_strokes(options.strokes)
    pen_labels = np.array([int(digit.label) for digit in pen])
    drawn = np.stack([replay(digit.strokes).digit_image() for digit in pen])
    _, test = mnist_digit.load_mnist(options.mnist)
    mnist_digit.import_keras()  # or the first recipe's time would hold these seconds
    # plain-sgd comes first: it is what the others' times are compared with.
    names = sorted(options.recipe or mnist_digit.RECIPES, key=lambda name: name != "plain-sgd")
    rows, plain_seconds = [], None
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name in names:
            model, seconds = train_recipe(name, options.mnist, folder)
            plain_seconds = seconds if name == "plain-sgd" else plain_seconds
            recognizer = Recognizer(folder / f"{name}.npz")
            rows.append((
                name,
                type(model.optimizer).__name__,
                str(mnist_digit.RECIPES[name].epochs),
                f"{model.count_params():,}",
                f"{seconds:.0f} s",
                f"{seconds / plain_seconds:.2f}" if plain_seconds else "",
                f"{answers_of(recognizer, test.images / np.float32(255), test.labels).right.mean():.2%}",
                f"{answers_of(recognizer, drawn, pen_labels).right.mean():.2%}",
            ))  # fmt: skip
        if options.keep:
            shutil.copytree(folder, options.keep, dirs_exist_ok=True)
    head = (
        "recipe",
        "optimizer",
        "epochs",
        "parameters",
        "training",
        "÷ plain-sgd",
        "MNIST test",
        "pen digits",
    )
    print_table(head, rows)


def add_options(parser: argparse.ArgumentParser) -> None:
    add_mnist(parser)
    add_strokes(parser)
    parser.add_argument(
        "--recipe", action="append", choices=mnist_digit.RECIPES, help="(default: all)"
    )
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="where the trained networks and plots are to stay"
    )
