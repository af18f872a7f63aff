"""How well drawings are read: what is no digit, true digits, whole numbers."""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING

import cv2
import numpy as np

import mnist_digit
from mnist_digit import CANVAS_SIZE, Recognizer, say
from tests.benchmark.measures import (
    add_mnist,
    add_model,
    add_strokes,
    add_unipen,
    answers_of,
    expected_calibration_error,
    print_table,
)
from tests.benchmark.pen_files import Character, in_the_middle, read_strokes, read_unipen, replay

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence


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
    """The strokes of each digit of a number: on one base line, nearly alike in height.

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
    """Numbers of so many digits, each by one writer: the digits, and their strokes as placed."""
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
    """How often drawings that are no digit are refused: as one image, and as a reading."""
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


def measure(options: argparse.Namespace) -> None:
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


def add_options(parser: argparse.ArgumentParser) -> None:
    add_mnist(parser, required=False)
    add_strokes(parser)
    add_unipen(parser, required=True)
    add_model(parser)
    parser.add_argument(
        "--most", type=int, default=2000, metavar="N", help="drawings of each kind (default: 2000)"
    )
