#!/usr/bin/env python3
"""Measure how well and how fast digits are read; not a test.

Examples:
  benchmark.py accuracy --mnist mnist.npz --strokes pendigits-orig.tra --unipen unipen --mistakes mistakes.png
  benchmark.py reading --mnist mnist.npz --strokes pendigits-orig.tra --unipen unipen
  benchmark.py recipes --mnist mnist.npz --strokes pendigits-orig.tra --recipe plain-sgd --recipe adam
  benchmark.py speed --mnist mnist.npz
  benchmark.py hand --mnist mnist.npz --strokes pendigits-orig.tra --unipen unipen
  benchmark.py pictures --strokes pendigits-orig.tra --count 200 --sheet pictures.png
  benchmark.py faults --mnist mnist.npz --kills 20

MNIST is an .npz file with x_train, y_train, x_test and y_test. The strokes are a file of the UCI
dataset "Pen-Based Recognition of Handwritten Digits" as published (pendigits-orig.tra or .tes,
https://archive.ics.uci.edu/dataset/81); UNIPEN is a folder of train_r01_v07 as published, with data/ and
include/ (https://doi.org/10.5281/zenodo.1195803). Results go to standard output as Markdown tables, progress
to standard error. speed needs Linux with xdotool, and Xvfb where there is no display.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import functools
import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
from conftest import PROGRAM, Display, put_text

import mnist_digit
from mnist_digit import CANVAS_SIZE, IMAGE_SIZE, Canvas, Digits, Recognizer, read_file, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import keras

# --- pen strokes ---------------------------------------------------------------------------

PEN_BOX = 500  # side of the box that people wrote in, in the tablet's units
UNIPEN_SIZE = 400  # the longer side of a character of UNIPEN on the canvas, in pixels


class Character(NamedTuple):
    """A digit, letter or sign as somebody wrote it with a pen on a tablet."""

    label: str  # "7"
    donor: str  # who recorded it
    writer: str  # a number of the donor's, or the file
    strokes: list[np.ndarray]  # integer points (x, y) in pixels of the canvas, shape (n, 2), n >= 1


def read_strokes(path: Path) -> list[Character]:
    """The digits of a UNIPEN file of the UCI dataset, scaled to the canvas and y turned downwards.

    Raises ValueError where the file holds none.
    """
    written = []  # digit, writer, strokes as lists of points
    try:
        for line in path.read_text().splitlines():
            match line.split():
                case [".COMMENT", digit, writer, _]:
                    written.append((str(int(digit)), writer, []))
                case [".PEN_DOWN"]:
                    written[-1][2].append([])
                case [x, y] if not x.startswith("."):
                    written[-1][2][-1].append((int(x), PEN_BOX - int(y)))
    except (ValueError, IndexError):
        written = []
    if not written:
        raise ValueError(
            f"{path}: not a file of pen digits; pendigits-orig.tra is wanted, as UCI publishes it"
        )
    scale = (CANVAS_SIZE - 1) / PEN_BOX
    return [
        Character(
            digit,
            "UCI",
            writer,
            [np.rint(np.array(points) * scale).astype(int) for points in strokes if points],
        )
        for digit, writer, strokes in written
    ]


def read_unipen(folder: Path, kind: str) -> list[Character]:
    """The characters of UNIPEN in a folder (with data/ and include/), y turned downwards, in the canvas's middle.

    kind is 1a (digits), 1b (capitals), 1c (small letters) or 1d (signs). A file under data/ names the files
    that hold the strokes and which of these each character is made of: Guyon et al., "UNIPEN project of
    on-line data exchange and recognizer benchmarks", 1994. Raises ValueError where the folder holds none.
    """
    written = []
    for path in sorted((folder / "data" / kind).rglob("*.dat")):
        components = []
        for line in path.read_text(encoding="latin-1").splitlines():
            match line.split(maxsplit=3):
                case [".INCLUDE", included]:
                    components += read_components(folder / "include" / included)
                case [".SEGMENT", "CHARACTER", pieces, label]:
                    strokes = [
                        stroke for piece in pieces.split(",") for stroke in cut(components, piece)
                    ]
                    donor, *_ = path.relative_to(folder / "data" / kind).parts
                    if strokes:
                        written.append(Character(label.rstrip()[-2], donor, path.stem, strokes))
    if not written:
        raise ValueError(
            f"{folder}: no data/{kind} with characters; a folder of UNIPEN as published is wanted"
        )
    return [character._replace(strokes=in_the_middle(character.strokes)) for character in written]


@functools.cache
def read_components(path: Path) -> list[np.ndarray]:
    """The strokes in a file of UNIPEN, each of shape (n, 2), y downwards."""
    strokes, down = [], False
    for line in path.read_text(encoding="latin-1").splitlines():
        match line.split():
            case [".PEN_DOWN"]:
                down = True
                strokes.append([])
            case [word, *_] if word.startswith("."):
                down = False
            case [x, y, *_] if down:
                strokes[-1].append((float(x), -float(y)))
    return [np.array(stroke) for stroke in strokes]


def cut(components: Sequence[np.ndarray], piece: str) -> list[np.ndarray]:
    """The components from one to another that "4", "4-5" or "4:10-5:20" names, the last two numbers being points."""
    (first, start), (last, stop) = (
        [*map(int, end.split(":")), None][:2] for end in (piece.split("-") * 2)[:2]
    )
    strokes = list(components[first : last + 1])
    if strokes and stop is not None:
        strokes[-1] = strokes[-1][: stop + 1]
    if strokes and start is not None:
        strokes[0] = strokes[0][start:]
    return [stroke for stroke in strokes if len(stroke)]


def in_the_middle(strokes: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The strokes in the middle of the canvas, UNIPEN_SIZE pixels in their longer side."""
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = UNIPEN_SIZE / max(*(high - low), 1e-6)
    return [
        np.rint((stroke - (low + high) / 2) * scale + CANVAS_SIZE / 2).astype(int)
        for stroke in strokes
    ]


def mouse_events(strokes: Sequence[np.ndarray]) -> Iterator[tuple[int, int, int, int]]:
    """The events (event, x, y, flags) that cv2 would send had the strokes been drawn with the left button."""
    for stroke in strokes:
        first, *further = stroke.tolist()
        yield cv2.EVENT_LBUTTONDOWN, *first, cv2.EVENT_FLAG_LBUTTON
        for point in further:
            yield cv2.EVENT_MOUSEMOVE, *point, cv2.EVENT_FLAG_LBUTTON
        yield cv2.EVENT_LBUTTONUP, *stroke[-1].tolist(), 0


def replay(strokes: Sequence[np.ndarray]) -> Canvas:
    """The canvas after the strokes were drawn on it by mouse events."""
    canvas = Canvas()
    for event in mouse_events(strokes):
        canvas.on_mouse(*event, None)
    return canvas


def image_as_usual(strokes: Sequence[np.ndarray]) -> np.ndarray:
    """The strokes as programs of this kind usually draw and shrink them: a circle at each mouse event.

    Returns float32, shape (28, 28), in [0, 1].
    """
    canvas = np.zeros((CANVAS_SIZE, CANVAS_SIZE), np.uint8)
    for _, x, y, _ in mouse_events(strokes):
        cv2.circle(canvas, (x, y), 8, 255, -1)
    return cv2.resize(canvas, (IMAGE_SIZE, IMAGE_SIZE), interpolation=cv2.INTER_AREA) / np.float32(
        255
    )


# --- accuracy ------------------------------------------------------------------------------


class Answers(NamedTuple):
    """Digit images, which digits they are, and how probable each digit was held to be."""

    images: np.ndarray  # float32 in [0, 1], shape (n, 28, 28)
    labels: np.ndarray  # shape (n,)
    probabilities: np.ndarray  # shape (n, 10); what they lack to 1: that it is no digit

    @property
    def ten_way(self) -> np.ndarray:
        """The probabilities of the digits where it is known that it is one: shape (n, 10)."""
        return self.probabilities / self.probabilities.sum(axis=1, keepdims=True)

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


def answers_as_usual(model: keras.Model, images: np.ndarray, labels: np.ndarray) -> Answers:
    """The digit images as a Keras model of ten outputs reads them."""
    return Answers(images, labels, model.predict(images[..., None], batch_size=500, verbose=0))


def mistakes(answers: Answers) -> list[tuple[str, int]]:
    """What was read as what and how often, the commonest first."""
    wrong = ~answers.right
    pairs = zip(answers.labels[wrong].tolist(), answers.digits[wrong].tolist(), strict=True)
    return collections.Counter(f"{label} read as {digit}" for label, digit in pairs).most_common()


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table, its first column aligned to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    rules = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    for first, *others in (head, rules, *rows):
        cells = [first.ljust(widths[0]), *map(str.rjust, others, widths[1:])]
        print("|", " | ".join(cells), "|", flush=True)
    print()


def print_side_by_side(name: str, groups: Sequence[object], ours: Answers, usual: Answers) -> None:
    """Print both accuracies for each group; groups: the group of each digit."""
    groups = np.array(groups)
    rows = [
        (
            str(group),
            str(member.sum()),
            f"{ours.right[member].mean():.2%}",
            f"{usual.right[member].mean():.2%}",
        )
        for group in np.unique(groups)
        for member in [groups == group]
    ]
    print_table((name, "digits", "this program", "as usually written"), rows)


def plain_model(options: argparse.Namespace) -> keras.Model:
    """The network of recipe plain-sgd: from the file that was named, or trained now."""
    if options.plain:
        return mnist_digit.open_keras_model(options.plain)
    say(
        "Training a network by recipe plain-sgd for the comparison (--plain FILE.keras names one that is there) ..."
    )
    with tempfile.TemporaryDirectory() as folder:
        return mnist_digit.train(
            options.mnist, recipe="plain-sgd", path=Path(folder, "digit.tflite"), plots=Path(folder)
        )


def measure_accuracy(options: argparse.Namespace) -> None:
    """Print how well this program reads single digits, beside drawing and reading as usually written."""
    _, test = mnist_digit.load_mnist(options.mnist)
    test_images = test.images / np.float32(255)
    recognizer = Recognizer(options.model)
    model = plain_model(options)
    sets = [(
        "MNIST's test set",
        [f"no. {number}" for number in range(len(test.labels))],
        answers_of(recognizer, test_images, test.labels),
        answers_as_usual(model, test_images, test.labels),
    )]  # fmt: skip
    written = {"pen digits": [(c, f"writer {c.writer}") for c in read_strokes(options.strokes)]}
    if options.unipen:
        written["UNIPEN's digits"] = [
            (c, f"{c.donor} {c.writer}") for c in read_unipen(options.unipen, "1a")
        ]
    for name, characters in written.items():
        say(f"Replaying {name} ...")
        labels = np.array([int(character.label) for character, _ in characters])
        drawn = np.stack([replay(character.strokes).digit_image() for character, _ in characters])
        as_usual = np.stack([image_as_usual(character.strokes) for character, _ in characters])
        ours, usual = (
            answers_of(recognizer, drawn, labels),
            answers_as_usual(model, as_usual, labels),
        )
        sets.append((name, [note for _, note in characters], ours, usual))

    rows = []
    for name, _, *both in sets:
        ours, _ = both
        rows.append(
            (f"{name}, most probable digit right", *(f"{a.right.mean():.2%}" for a in both))
        )
        errors = (expected_calibration_error(a.ten_way.max(axis=1), a.right) for a in both)
        rows.append(
            (f"{name}, calibration error (ECE) of that digit", *map("{:.2%}".format, errors))
        )
        rows.append((f"{name}, refused as no digit", f"{ours.refused.mean():.2%}", ""))
        error = expected_calibration_error(ours.confidence, ours.right & ~ours.refused)
        rows.append((f"{name}, ECE of what is said, refusals among it", f"{error:.2%}", ""))
    print_table(("", "this program", "as usually written"), rows)
    for name, notes, ours, usual in sets[1:]:
        print_side_by_side(f"digit, {name}", ours.labels, ours, usual)
        print_side_by_side(f"by whom, {name}", [group(note) for note in notes], ours, usual)
    for name, _, ours, _ in sets:
        rows = [(what, str(count)) for what, count in mistakes(ours)[:12]]
        print_table((f"commonest mistakes, {name}", "times"), rows)

    if options.mistakes:
        sheet = np.vstack(
            [draw_mistakes(name, ours, notes) for name, notes, ours, _ in [*sets[1:], sets[0]]]
        )
        options.mistakes.write_bytes(cv2.imencode(".png", sheet)[1])
        say(f"Drew {options.mistakes}")


def group(note: str) -> str:
    """Who stands for a row of the table: a writer of the pen digits, a donor of UNIPEN's."""
    return note if note.startswith("writer") else note.split()[0]


TILE = 5 * IMAGE_SIZE  # side of a digit image on the sheet of mistakes, in pixels
COLUMNS = 10
PAPER, INK, QUIET, ANSWER = (
    (255, 255, 255),
    (40, 36, 32),
    (140, 134, 128),
    (30, 40, 200),
)  # blue, green, red


def draw_mistakes(title: str, answers: Answers, notes: Sequence[str]) -> np.ndarray:
    """A sheet of what was misread, by digit, the surest first: uint8 BGR; notes has one for each digit."""
    confidence = answers.ten_way.max(axis=1)
    order = np.lexsort((-confidence, answers.labels))
    wrong = order[~answers.right[order]]
    step_x, step_y, margin = TILE + 16, TILE + 58, 64
    rows = max(1, -(-len(wrong) // COLUMNS))
    sheet = np.full((rows * step_y + margin, COLUMNS * step_x + 16, 3), PAPER, np.uint8)
    heading = f"{title}: {len(wrong):,} of {len(answers.labels):,} misread ({answers.right.mean():.2%} right)"
    put_text(sheet, heading, 16, 42, 26, INK, 600)
    for place, i in enumerate(wrong):
        row, column = divmod(place, COLUMNS)
        x, y = column * step_x + 16, row * step_y + margin
        image = cv2.resize(
            np.uint8(255 * answers.images[i]), (TILE, TILE), interpolation=cv2.INTER_NEAREST
        )
        sheet[y : y + TILE, x : x + TILE] = image[..., None]
        put_text(sheet, f"{answers.labels[i]} read as", x, y + TILE + 19, 14, INK)
        put_text(sheet, str(answers.digits[i]), x + 70, y + TILE + 19, 17, ANSWER, 700)
        put_text(sheet, f"{confidence[i]:.0%}", x + TILE - 28, y + TILE + 19, 13, QUIET)
        put_text(sheet, notes[i], x, y + TILE + 36, 12, QUIET)
    return sheet


# --- readings ------------------------------------------------------------------------------

UNLIKE_DIGITS = {  # what careful hands make like no digit, by UNIPEN's kinds
    "1b": ("capitals", "ACEFHKMNPRTVWXY"),
    "1c": ("small letters", "adefhkmnprtuvwx"),
    "1d": ("signs", "#$%&@*+=?<>"),
}


def meaningless_stroke(rng: np.random.Generator) -> np.ndarray:
    """To and fro, hatching, a coil, or wandering: points of any size, shape (n, 2)."""
    turns = int(rng.integers(4, 12))
    way = np.linspace(0, 1, 30 * turns)
    match rng.integers(4):
        case 0:
            return rng.random((2 * turns, 2))
        case 1:
            count = np.arange(2 * turns)
            return np.stack([count / turns, count % 2], axis=1) + rng.normal(
                0, 0.1, (len(count), 2)
            )
        case 2:
            angle = 2 * np.pi * turns * way[:, None] + [0, np.pi / 2]
            onwards = np.outer(way, [rng.uniform(1, 2), 0])  # a ring drawn over and over is a 0
            return np.sin(angle) * rng.uniform(0.1, 0.5, 2) + onwards
        case _:
            return np.cumsum(cv2.blur(rng.normal(size=(len(way), 2)), (1, 15)), axis=0)


def scribble(rng: np.random.Generator) -> list[np.ndarray]:
    """One to three strokes that mean nothing, turned anyhow, on the canvas."""
    strokes = []
    for _ in range(rng.integers(1, 4)):
        stroke, turn = meaningless_stroke(rng), rng.uniform(0, 2 * np.pi)
        stroke = 1000 * (stroke - stroke.mean(axis=0)) / np.ptp(stroke, axis=0).max()
        rotation = [[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]
        strokes.append(stroke @ rotation + rng.normal(0, 150, 2))
    return in_the_middle(strokes)


def put_together(digits: Sequence[Character], rng: np.random.Generator) -> list[list[np.ndarray]]:
    """The strokes of each digit of a number on the canvas: on one base line, nearly alike in height.

    The gaps between the digits' boxes are -4 % to 35 % of their height.
    """
    placed, x = [], 0.0
    for digit in digits:
        low, high = (extreme(np.concatenate(digit.strokes), axis=0) for extreme in (np.min, np.max))
        width, height = np.maximum(high - low, 1)
        scale = rng.normal(1, 0.06) / max(height, width / 2)  # a level stroke is not blown up
        placed.append(
            [(s - [low[0], high[1]]) * scale + [x, rng.normal(0, 0.03)] for s in digit.strokes]
        )
        x += width * scale + rng.uniform(-0.04, 0.35)
    points = np.concatenate([stroke for strokes in placed for stroke in strokes])
    low, high = points.min(axis=0), points.max(axis=0)
    scale = min(0.9 * CANVAS_SIZE / (high - low).max(), 0.5 * CANVAS_SIZE)
    middle = (low + high) / 2
    return [
        [np.rint((s - middle) * scale + CANVAS_SIZE / 2).astype(int) for s in strokes]
        for strokes in placed
    ]


def numbers(
    characters: Sequence[Character], length: int, count: int
) -> Iterator[tuple[list[Character], list[list[np.ndarray]]]]:
    """Numbers of so many digits, each by one writer who wrote ten or more: the digits, and their strokes placed."""
    by_writer = collections.defaultdict(list)
    for character in characters:
        by_writer[character.donor, character.writer].append(character)
    writers = [written for written in by_writer.values() if len(written) >= 10]
    shares = np.array([len(written) for written in writers]) / sum(map(len, writers))
    rng = np.random.default_rng([0, length])
    for _ in range(count):
        written = writers[rng.choice(len(writers), p=shares)]
        digits = [written[i] for i in rng.integers(len(written), size=length)]
        yield digits, put_together(digits, rng)


def is_parted(reading: mnist_digit.Reading, strokes: Sequence[Sequence[np.ndarray]]) -> bool:
    """Whether the reading's parts are just these digits."""
    boxes = [cv2.boundingRect(np.concatenate(digit).astype(np.int32)) for digit in strokes]
    return sorted(boxes) == sorted(part.box for part in reading.parts)


def refusal_row(
    name: str, recognizer: Recognizer, drawings: Sequence[Sequence[np.ndarray]]
) -> tuple[str, ...]:
    """How often drawings that are no digit are refused: as one image, and by the reading, in every part."""
    canvases = [replay(strokes) for strokes in drawings]
    alone = np.mean([recognizer.predict(canvas.digit_image()).digit is None for canvas in canvases])
    parts = np.mean([set(canvas.read(recognizer).text) == {"?"} for canvas in canvases])
    return name, f"{len(drawings):,}", f"{alone:.1%}", f"{parts:.1%}"


def digit_row(
    name: str, recognizer: Recognizer, characters: Sequence[Character]
) -> tuple[str, ...]:
    """How true digits fare, each alone: ten-way, with refusals, and as a reading."""
    canvases = [replay(character.strokes) for character in characters]
    labels = np.array([int(character.label) for character in characters])
    answers = answers_of(
        recognizer, np.stack([canvas.digit_image() for canvas in canvases]), labels
    )
    read = [canvas.read(recognizer).text for canvas in canvases]
    said = np.where(answers.refused, "?", answers.digits.astype(str))
    shares = (
        answers.right.mean(), answers.refused.mean(), (answers.right & ~answers.refused).mean(),
        np.mean(read == labels.astype(str)), np.mean(read == said),
    )  # fmt: skip
    return name, f"{len(labels):,}", *map("{:.2%}".format, shares)


def number_row(
    name: str, recognizer: Recognizer, characters: Sequence[Character], length: int, count: int
) -> tuple[str, ...]:
    """How numbers of so many digits are read, beside what their digits' own rate lets expect."""
    alone, parted, right, confidence = [], [], [], []
    for digits, strokes in numbers(characters, length, count):
        alone += [replay(digit.strokes).read(recognizer).text == digit.label for digit in digits]
        reading = replay([stroke for digit in strokes for stroke in digit]).read(recognizer)
        parted.append(is_parted(reading, strokes))
        right.append(reading.text == "".join(digit.label for digit in digits))
        confidence.append(reading.confidence)
    error = expected_calibration_error(np.array(confidence), np.array(right))
    shares = np.mean(right), np.mean(alone) ** length, np.mean(parted), np.mean(confidence), error
    return f"{length} {name}", f"{count:,}", *map("{:.1%}".format, shares)


def measure_reading(options: argparse.Namespace) -> None:
    """Print how well drawings are read: what is no digit, true digits, whole numbers."""
    recognizer = Recognizer(options.model)
    rng = np.random.default_rng(0)

    def some(values: Sequence) -> list:
        """At most so many of them as was asked for, by chance."""
        return [values[i] for i in rng.permutation(len(values))[: options.most]]

    say("Reading what is no digit ...")
    rows = []
    for kind, (name, labels) in UNLIKE_DIGITS.items():
        characters = some([c for c in read_unipen(options.unipen, kind) if c.label in labels])
        rows.append(refusal_row(f"{name} {labels}", recognizer, [c.strokes for c in characters]))
    rows.append(refusal_row("scribbles", recognizer, [scribble(rng) for _ in range(options.most)]))
    print_table(("no digits", "drawings", "refused as one image", "no digit in any part"), rows)

    say("Reading digits ...")
    written = {
        "pen digits": read_strokes(options.strokes),
        "digits of UNIPEN": read_unipen(options.unipen, "1a"),
    }
    rows = [digit_row(name, recognizer, some(characters)) for name, characters in written.items()]
    if options.mnist:
        _, test = mnist_digit.load_mnist(options.mnist)
        answers = answers_of(recognizer, test.images / np.float32(255), test.labels)
        shares = (
            answers.right.mean(),
            answers.refused.mean(),
            (answers.right & ~answers.refused).mean(),
        )
        rows.append(
            ("MNIST's test set", f"{len(test.labels):,}", *map("{:.2%}".format, shares), "", "")
        )
    head = ("digits, each alone", "drawings", "most probable digit right", "refused", "right",
            "right as a reading", "reading as one image")  # fmt: skip
    print_table(head, rows)

    rows = []
    for name, characters in written.items():
        for length in (2, 3, 4, 5):
            say(f"Reading numbers of {length} {name} ...")
            rows.append(number_row(name, recognizer, characters, length, options.most))
    head = (
        "numbers",
        "drawings",
        "right",
        "one digit's rate to that power",
        "parted rightly",
        "confidence",
        "ECE",
    )
    print_table(head, rows)


# --- recipes -------------------------------------------------------------------------------


def train_recipe(name: str, mnist: Path, folder: Path) -> tuple[keras.Model, float]:
    """Train by a recipe into folder/NAME.tflite and .keras; return the network and the seconds it took."""
    say(f"Training by recipe {name} ...")
    start = time.perf_counter()
    model = mnist_digit.train(
        mnist, recipe=name, path=folder / f"{name}.tflite", plots=folder / name
    )
    return model, time.perf_counter() - start


def measure_recipes(options: argparse.Namespace) -> None:
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
            recognizer = Recognizer(folder / f"{name}.tflite")
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


# --- speed ---------------------------------------------------------------------------------

STARTS = 5  # of each window; the median counts
EPOCHS = 2  # that one epoch's training time is the mean of
SPEED_HEAD = ("", "this program", "plain way", "ratio", "goal")
FRAME_TIME = "under 16 ms"  # one frame of a screen that shows 60 a second

PLAIN_TITLE = "The plain way"
PLAIN_PROGRAM = f'''
import sys

import cv2
import numpy as np
import tensorflow as tf

model = tf.keras.models.load_model(sys.argv[1])
canvas = np.zeros(({CANVAS_SIZE}, {CANVAS_SIZE}, 3), np.uint8)


def draw(event, x, y, flags, param):
    if flags & cv2.EVENT_FLAG_LBUTTON:
        cv2.circle(canvas, (x, y), 8, (255, 255, 255), -1)


cv2.namedWindow("{PLAIN_TITLE}")
cv2.setMouseCallback("{PLAIN_TITLE}", draw)
while True:
    cv2.imshow("{PLAIN_TITLE}", canvas)
    key = cv2.waitKey(1) & 0xFF
    if key == 27:
        break
    if key == 13:
        image = cv2.resize(canvas[..., 0], (28, 28), interpolation=cv2.INTER_AREA) / 255
        print(model.predict(image[None, ..., None]).argmax())
'''


@contextlib.contextmanager
def display() -> Iterator[None]:
    """A display for windows: the one that is there, or else an Xvfb of our own."""
    if os.environ.get("DISPLAY"):
        yield
        return
    with Display(1280, 800) as screen:
        os.environ["DISPLAY"] = screen.name
        try:
            yield
        finally:
            del os.environ["DISPLAY"]


@contextlib.contextmanager
def opened(command: Sequence[str], title: str) -> Iterator[tuple[int, float]]:
    """A running program whose window is visible: its process's number and the seconds that took."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    search = [
        "xdotool",
        "search",
        "--all",
        "--onlyvisible",
        "--pid",
        str(process.pid),
        "--name",
        title,
    ]
    try:
        while subprocess.run(
            search, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ).returncode:
            if process.poll() is not None:
                raise ValueError(f"{command[1]} ended without showing a window")
            time.sleep(0.01)
        yield process.pid, time.perf_counter() - start
    finally:
        process.kill()
        process.wait()


def resident_memory(pid: int) -> float:
    """The memory of a process in MiB: its resident set.

    Its proportional set (PSS) would flatter our window, which shares OpenCV with this process.
    """
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def processor_seconds(pid: int) -> float:
    """The seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()  # from the third on
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # user and system time


def measure_open_window(
    command: Sequence[str], title: str, seconds: float = 10
) -> tuple[float, float]:
    """The memory in MiB of an open window and the share of one core that it uses while nothing happens."""
    with opened(command, title) as (pid, _):
        time.sleep(2)  # all that follows the first frame is over
        before = processor_seconds(pid)
        time.sleep(seconds)
        return resident_memory(pid), (processor_seconds(pid) - before) / seconds


def start_seconds(command: Sequence[str], title: str) -> float:
    """The time from command to visible window."""
    with opened(command, title) as (_, seconds):
        return seconds


def window_rows(options: argparse.Namespace, folder: Path) -> Iterator[tuple[str, ...]]:
    """Opening a window and keeping it open, against the plain way."""
    say(f"Opening windows, {STARTS} times each ...")
    plain_program = folder / "plain.py"
    plain_program.write_text(PLAIN_PROGRAM)
    ways = (
        ([sys.executable, PROGRAM, "--model", options.model], mnist_digit.WINDOW_TITLE),
        ([sys.executable, plain_program, options.model.with_suffix(".keras")], PLAIN_TITLE),
    )
    # In turn, so that both meet the same machine; the first of each only warms up the disk's cache.
    starts = [[start_seconds(*way) for way in ways] for _ in range(1 + STARTS)][1:]
    ours, plain = np.median(starts, axis=0)
    yield compare("command to visible window", "{:.2f} s", ours, plain, "ratio at least 8")
    (ours, our_load), (plain, plain_load) = (measure_open_window(*way) for way in ways)
    yield compare("memory of the open window", "{:.0f} MiB", ours, plain, "ratio at least 4")
    yield compare("one core's share while idle", "{:.1%}", our_load, plain_load, "under 3%")


def compare(name: str, form: str, ours: float, plain: float | None, goal: str) -> tuple[str, ...]:
    """A row of the table: ours, the plain way's (None where there is none), how many times that is ours."""
    if plain is None:
        return name, form.format(ours), "", "", goal
    return name, form.format(ours), form.format(plain), f"{plain / ours:.2f}" if ours else "", goal


def milliseconds(action: Callable[[object], object], values: Sequence) -> np.ndarray:
    """How long an action takes on each value."""
    times = []
    for value in values:
        start = time.perf_counter()
        action(value)
        times.append(time.perf_counter() - start)
    return 1000 * np.array(times)


def answer_rows(options: argparse.Namespace, images: np.ndarray) -> Iterator[tuple[str, ...]]:
    """One answer of the recognizer against one of Model.predict, for digit images of shape (n, 28, 28)."""
    say("Reading digits one by one ...")
    ours = milliseconds(Recognizer(options.model).predict, images)
    model = mnist_digit.open_keras_model(options.model.with_suffix(".keras"))
    plain = milliseconds(
        lambda image: model.predict(image[None, ..., None], verbose=0), images[:310]
    )
    ours, plain = ours[10:], plain[10:]  # the first answers set things up
    yield compare(
        "one answer, median", "{:.3f} ms", np.median(ours), np.median(plain), "ratio at least 50"
    )
    ours, plain = (np.percentile(times, 99) for times in (ours, plain))
    yield compare("one answer, 99th percentile", "{:.3f} ms", ours, plain, FRAME_TIME)


def wait_rows(options: argparse.Namespace) -> Iterator[tuple[str, ...]]:
    """How long a mouse event may have to wait while the window reads along.

    The loop draws at most one frame between two events, so none waits longer than one frame
    and one event take.
    """
    say("Drawing with live reading ...")
    window = mnist_digit.Window(Recognizer(options.model))
    turns = 2 * np.pi * np.linspace(0, 1, 1999)  # each point one event, and the release
    scribble = CANVAS_SIZE * (0.5 + 0.45 * np.stack([np.sin(7 * turns), np.cos(9 * turns)], axis=1))

    def draw(event: tuple[int, int, int, int]) -> None:
        window.on_mouse(*event, None)
        window.frame()

    window.frame()  # the first one sets things up
    waits = milliseconds(draw, list(mouse_events([scribble.astype(int)])))
    yield compare(
        "wait of a mouse event, 99th percentile",
        "{:.1f} ms",
        np.percentile(waits, 99),
        None,
        FRAME_TIME,
    )
    yield compare("wait of a mouse event, longest", "{:.1f} ms", waits.max(), None, "")
    waits = np.concatenate(
        [wait_with_ten_digits(window, draw, np.random.default_rng(seed)) for seed in range(20)]
    )
    name = "wait of a mouse event, ten digits on the canvas"
    yield compare(
        f"{name}, 99th percentile", "{:.1f} ms", np.percentile(waits, 99), None, FRAME_TIME
    )
    yield compare(f"{name}, longest", "{:.1f} ms", waits.max(), None, "")
    window.why = True
    waits = np.concatenate(
        [wait_with_ten_digits(window, draw, np.random.default_rng(seed)) for seed in range(20)]
    )
    yield compare(
        f"{name}, explained, 99th percentile",
        "{:.1f} ms",
        np.percentile(waits, 99),
        None,
        FRAME_TIME,
    )


def wait_with_ten_digits(
    window: mnist_digit.Window,
    draw: Callable[[tuple[int, int, int, int]], None],
    rng: np.random.Generator,
) -> np.ndarray:
    """How long each mouse event of the tenth digit takes beside nine others."""
    digits = [
        Character(str(d), "", "", mnist_digit.write_character(str(d), rng))
        for d in rng.integers(10, size=10)
    ]
    *nine, tenth = put_together(digits, rng)
    window.canvas = replay([stroke for digit in nine for stroke in digit])
    window.frame()  # what is there already has been read
    return milliseconds(draw, list(mouse_events(tenth)))


def run_on_files(options: argparse.Namespace, files: Sequence[Path]) -> tuple[float, float]:
    """The seconds that the program takes to read image files, and the most memory it had, in MiB."""
    start = time.perf_counter()
    command = [sys.executable, PROGRAM, "--model", options.model, *files]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise ValueError(f"{PROGRAM.name} could not read the image files")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def file_rows(options: argparse.Namespace, folder: Path) -> Iterator[tuple[str, ...]]:
    """Reading 1,000 image files against reading 100."""
    say("Reading image files ...")
    files = []
    for i, image in enumerate(mnist_digit.write_digits(1000, np.random.default_rng(0)).images):
        files.append(folder / f"{i}.png")
        cv2.imwrite(
            os.fspath(files[-1]), cv2.resize(255 - image, (200, 200), interpolation=cv2.INTER_CUBIC)
        )
    runs = [[run_on_files(options, files[:count]) for count in (100, 1000)] for _ in range(3)]
    (few, few_memory), (many, many_memory) = np.median(runs, axis=0)
    yield compare("image files a second (of 1,000)", "{:.0f}", 1000 / many, None, "")
    yield compare("time for 1,000 files ÷ for 100", "{:.2f}", many / few, None, "at most 10")
    yield compare("memory for 1,000 files ÷ for 100", "{:.2f}", many_memory / few_memory, None, "1")


def picture_rows(options: argparse.Namespace, folder: Path) -> Iterator[tuple[str, ...]]:
    """Reading one photograph of 480x480 pixels, against decoding it alone."""
    import papers

    rng, file, recognizer = (
        np.random.default_rng(0),
        os.fspath(folder / "photograph.png"),
        Recognizer(options.model),
    )
    picture, _ = papers.written(rng, lambda _: ([mnist_digit.write_character("3", rng)], "3"))
    cv2.imwrite(file, cv2.resize(picture, (480, 480)))
    turns = [[milliseconds(way, [file])[0] for way in (lambda f: read_file(f, recognizer), cv2.imread)]
             for _ in range(50)]  # fmt: skip
    ours, decoding = np.median(turns, axis=0)
    yield compare(
        "a photograph of 480x480, beside decoding alone", "{:.1f} ms", ours, decoding, "under 40 ms"
    )


def seconds_an_epoch(ways: Sequence[Callable[[int], object]]) -> np.ndarray:
    """What each epoch adds to the time of way(epochs), all that is done once left aside."""
    times = []
    for epochs in (1, 1, 1 + EPOCHS):  # the first only warms up
        times.append(milliseconds(lambda way, epochs=epochs: way(epochs), ways) / 1000)
    return (times[2] - times[1]) / EPOCHS


def plain_fit(training: Digits, epochs: int) -> None:
    """Train the network of recipe plain-sgd on the same digits as train() does, by nothing but compile and fit."""
    keras = mnist_digit.import_keras()
    recipe = mnist_digit.RECIPES["plain-sgd"]
    images, labels = (
        mnist_digit.as_input(training.images),
        keras.utils.to_categorical(training.labels),
    )
    held_out = len(labels) // 12
    output = keras.layers.Dense(10, activation="softmax")
    model = keras.Sequential(
        [keras.Input((IMAGE_SIZE, IMAGE_SIZE, 1)), *recipe.layers(keras.layers), output]
    )
    model.compile(
        recipe.optimizer(keras.optimizers, 0), "categorical_crossentropy", metrics=["accuracy"]
    )
    model.fit(
        images[:-held_out],
        labels[:-held_out],
        batch_size=recipe.batch_size,
        epochs=epochs,
        validation_data=(images[-held_out:], labels[-held_out:]),
        verbose=0,
    )


def training_rows(options: argparse.Namespace, folder: Path) -> Iterator[tuple[str, ...]]:
    """One epoch of train() without augmentation against one of fit."""
    say("Training by recipe plain-sgd, and by plain fit ...")
    training, _ = mnist_digit.load_mnist(options.mnist)

    def train(epochs: int) -> None:
        mnist_digit.train(
            options.mnist, "plain-sgd", epochs, path=folder / "digit.tflite", plots=folder
        )

    ours, plain = seconds_an_epoch([train, functools.partial(plain_fit, training)])
    yield compare("training, one epoch", "{:.1f} s", ours, plain, "ratio at least 1")


def measure_speed(options: argparse.Namespace) -> None:
    """Print how fast this program is, beside the plain way."""
    _, test = mnist_digit.load_mnist(options.mnist)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with display():
            print_table(SPEED_HEAD, [*window_rows(options, folder)])
        images = test.images[:2010] / np.float32(255)
        print_table(
            SPEED_HEAD,
            [*answer_rows(options, images), *wait_rows(options), *picture_rows(options, folder)],
        )
        print_table(SPEED_HEAD, [*file_rows(options, folder)])
        print_table(SPEED_HEAD, [*training_rows(options, folder)])


# --- hand ----------------------------------------------------------------------------------

ORDERS = 3  # that each writer's digits are taken in; all of them count
FEWEST_DIGITS = 40  # of a writer


def read_drawing(recognizer: Recognizer, canvas: Canvas, label: str) -> tuple[float, float]:
    """The confidence of the answer to a drawing, and whether it is right (1 or 0)."""
    reading = canvas.read(recognizer)
    return reading.confidence, float(reading.text == label)


def take_lessons(
    recognizer: Recognizer,
    canvases: Sequence[Canvas],
    labels: Sequence[str],
    order: np.ndarray,
    slips: Iterator[bool],
) -> tuple[np.ndarray, dict[int, str]]:
    """Read a writer's digits in this order and correct each that is misread; slips tells when the person errs.

    Returns confidence and right of each answer, shape (n, 2), and what was said of which digit.
    """
    answers, said = [], {}
    for i in order:
        answers.append(read_drawing(recognizer, canvases[i], labels[i]))
        if not answers[-1][1]:
            said[i] = str(
                (int(labels[i]) + next(slips) * (1 + i % 9)) % 10
            )  # another digit where the person errs
            recognizer.teach(canvases[i].digit_image(), int(said[i]))
    return np.array(answers), said


def hand_row(
    name: str, recognizer: Recognizer, characters: Sequence[Character], test: Answers
) -> tuple[str, ...]:
    """What learning gives for all who wrote these digits, and what it costs on MNIST's test set."""
    writers = collections.defaultdict(list)
    for character in characters:
        writers[character.donor, character.writer].append(character)
    writers = {
        writer: written for writer, written in writers.items() if len(written) >= FEWEST_DIGITS
    }
    never, tenth = itertools.repeat(False), itertools.cycle([False] * 9 + [True])
    before, after, with_slips, lost = [], [], [], []  # the answers of second halves; points lost
    corrections, kept = 0, 0
    for writer, written in writers.items():
        say(f"Learning {name}, {' '.join(writer)} ...")
        canvases, labels = (
            [replay(character.strokes) for character in written],
            [c.label for c in written],
        )
        unlearned = np.array([*map(functools.partial(read_drawing, recognizer), canvases, labels)])
        for seed in range(ORDERS):
            order = np.random.default_rng(seed).permutation(len(labels))
            half = len(order) // 2
            before.append(unlearned[order[half:]])
            for answers, slips in ((with_slips, tenth), (after, never)):
                taken, said = take_lessons(recognizer, canvases, labels, order, slips)
                answers.append(taken[half:])
                if slips is never:
                    corrections += len(said)
                    kept += sum(
                        canvases[i].read(recognizer).text == digit for i, digit in said.items()
                    )
                    if seed == 0:
                        learned = answers_of(recognizer, test.images, test.labels)
                        lost.append(
                            np.mean(test.right & ~test.refused)
                            - np.mean(learned.right & ~learned.refused)
                        )
                while recognizer.forget() is not None:
                    pass
    before, after, with_slips = map(np.concatenate, (before, after, with_slips))
    return (
        name,
        str(len(writers)),
        *(f"{answers[:, 1].mean():.2%}" for answers in (before, after, with_slips)),
        f"{corrections / ORDERS / len(writers):.1f}",
        f"{kept / max(corrections, 1):.1%}",
        *(f"{expected_calibration_error(*answers.T):.2%}" for answers in (before, after)),
        f"{100 * np.mean(lost):.3f}",
        f"{100 * max(lost):.2f}",
    )


def measure_hand(options: argparse.Namespace) -> None:
    """Print how much better this program reads a person whose misread digits are corrected, and what that costs."""
    _, test = mnist_digit.load_mnist(options.mnist)
    recognizer = Recognizer(options.model)
    mnist = answers_of(recognizer, test.images / np.float32(255), test.labels)
    rows = [hand_row("pen digits", recognizer, read_strokes(options.strokes), mnist)]
    if options.unipen:
        rows.append(hand_row("UNIPEN", recognizer, read_unipen(options.unipen, "1a"), mnist))
    head = (
        "second half of each writer's digits",
        "writers",
        "without",
        "with learning",
        "1 in 10 corrected wrongly",
    )
    head += (
        "corrections",
        "read again as taught",
        "ECE without",
        "with",
        "MNIST loses (points)",
        "by worst writer",
    )
    print_table(head, rows)

    lessons = mnist_digit.write_digits(10_000, np.random.default_rng(0))
    rows = []
    for count in (0, 100, 10_000):
        recognizer.hand.change(
            lambda taught, count=count: Digits(*(array[:count] for array in lessons))
        )
        times = milliseconds(recognizer.predict, mnist.images[:1010])[10:]
        rows.append(
            (f"{count:,}", *(f"{np.percentile(times, share):.3f} ms" for share in (50, 99)))
        )
    print_table(("teachings", "one answer, median", "99th percentile"), rows)


# --- command line --------------------------------------------------------------------------


def measure_pictures(options: argparse.Namespace) -> None:
    """Print how many pictures of pen digits are read rightly, for each kind of paper: see papers.py."""
    import papers

    print_table(("picture", "right"), papers.run(options, read_strokes(options.strokes)))


def measure_faults(options: argparse.Namespace) -> None:
    """What happens when the program is killed or given what it cannot use: see faults.py."""
    import faults

    faults.try_all(options)


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(required=True)

    def command(
        name: str, measure: Callable[[argparse.Namespace], None]
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=measure.__doc__, description=measure.__doc__)
        added.set_defaults(measure=measure)
        needed = measure not in (measure_reading, measure_pictures)
        added.add_argument(
            "--mnist", type=Path, required=needed, metavar="FILE", help="MNIST as an .npz file"
        )
        return added

    accuracy = command("accuracy", measure_accuracy)
    reading = command("reading", measure_reading)
    recipes = command("recipes", measure_recipes)
    speed = command("speed", measure_speed)
    hand = command("hand", measure_hand)
    pictures = command("pictures", measure_pictures)
    faults = command("faults", measure_faults)
    for parser_with_strokes in (accuracy, reading, recipes, hand, pictures):
        parser_with_strokes.add_argument(
            "--strokes",
            type=Path,
            required=True,
            metavar="FILE",
            help="pendigits-orig.tra, as UCI publishes it",
        )
    for parser_with_model in (accuracy, reading, speed, hand, pictures):
        parser_with_model.add_argument(
            "--model",
            type=Path,
            default=mnist_digit.MODEL,
            metavar="FILE",
            help="(default: model/digit.tflite)",
        )
    for parser_with_unipen in (accuracy, reading, hand):
        parser_with_unipen.add_argument(
            "--unipen", type=Path, required=parser_with_unipen is reading, metavar="DIR",
            help="UNIPEN's folder with data/ and include/",
        )  # fmt: skip
    reading.add_argument(
        "--most", type=int, default=2000, metavar="N", help="drawings of each kind (default: 2000)"
    )
    accuracy.add_argument(
        "--mistakes", type=Path, metavar="FILE.png", help="draw there what was misread"
    )
    accuracy.add_argument(
        "--plain", type=Path, metavar="FILE.keras", help="a network of recipe plain-sgd"
    )
    recipes.add_argument(
        "--recipe", action="append", choices=mnist_digit.RECIPES, help="(default: all)"
    )
    recipes.add_argument(
        "--keep", type=Path, metavar="DIR", help="where the trained networks and plots are to stay"
    )
    pictures.add_argument(
        "--count", type=int, default=200, metavar="N", help="pictures of each kind (default: 200)"
    )
    pictures.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of the pictures (default: 0)"
    )
    pictures.add_argument(
        "--kind", action="append", metavar="NAME", help="only this kind (default: all)"
    )
    pictures.add_argument(
        "--sheet", type=Path, metavar="FILE.png", help="draw there ten of each kind"
    )
    pictures.add_argument(
        "--mistakes-only", action="store_true", help="draw all that were misread instead"
    )
    faults.add_argument("--kills", type=int, default=20, metavar="N", help="(default: 20)")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line. Returns the exit status."""
    options = parse_arguments(arguments)
    try:
        options.measure(options)
    except KeyboardInterrupt:
        return 130
    except (ValueError, OSError) as error:
        say(f"benchmark: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
