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
from tests.benchmark.measures import add_mnist, add_strokes, answers_of, print_table
from tests.benchmark.pen_files import read_strokes, replay

if TYPE_CHECKING:
    import argparse

    import keras


def train_recipe(name: str, mnist: Path, folder: Path) -> tuple[keras.Model, float]:
    """Train by a recipe into folder/NAME.npz and .keras; the network, and the seconds it took."""
    say(f"Training by recipe {name} ...")
    start = time.perf_counter()
    model = mnist_digit.train(mnist, recipe=name, path=folder / f"{name}.npz", plots=folder / name)
    return model, time.perf_counter() - start


HEAD = ("recipe", "optimizer", "epochs", "parameters", "training", "÷ plain-sgd", "MNIST test",
        "pen digits")  # fmt: skip


def measure(options: argparse.Namespace) -> None:
    """Train by each recipe and print what it costs and gives."""
    pen = read_strokes(options.strokes)
    pen_labels = np.array([int(digit.label) for digit in pen])
    pen_images = np.stack([replay(digit.strokes).digit_image() for digit in pen])
    _, test = mnist_digit.load_mnist(options.mnist)
    test_images = test.images / np.float32(255)
    mnist_digit.import_keras()  # or the first recipe's time would hold these seconds
    # plain-sgd comes first: it is what the others' times are compared with.
    names = sorted(options.recipe or mnist_digit.RECIPES, key=lambda name: name != "plain-sgd")
    rows, plain_seconds = [], None
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name in names:
            model, seconds = train_recipe(name, options.mnist, folder)
            if name == "plain-sgd":
                plain_seconds = seconds
            recognizer = Recognizer(folder / f"{name}.npz")
            test_answers = answers_of(recognizer, test_images, test.labels)
            pen_answers = answers_of(recognizer, pen_images, pen_labels)
            rows.append(
                (
                    name,
                    type(model.optimizer).__name__,
                    str(mnist_digit.RECIPES[name].epochs),
                    f"{model.count_params():,}",
                    f"{seconds:.0f} s",
                    f"{seconds / plain_seconds:.2f}" if plain_seconds else "",
                    f"{test_answers.right.mean():.2%}",
                    f"{pen_answers.right.mean():.2%}",
                )
            )
        if options.keep:
            shutil.copytree(folder, options.keep, dirs_exist_ok=True)
    print_table(HEAD, rows)


def add_options(parser: argparse.ArgumentParser) -> None:
    add_mnist(parser)
    add_strokes(parser)
    parser.add_argument(
        "--recipe", action="append", choices=mnist_digit.RECIPES, help="(default: all)"
    )
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="where the trained networks and plots are to stay"
    )
