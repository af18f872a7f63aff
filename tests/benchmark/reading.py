"""How well drawings are read: what is no digit, true digits, whole numbers."""

from __future__ import annotations

import collections
from typing import TYPE_CHECKING

import cv2
import numpy as np

import mnist_digit
from mnist_digit import CANVAS_SIZE, SIGNS_UNLIKE_DIGITS, Character, Recognizer, say
from tests.benchmark.measures import add_model, expected_calibration_error, print_table
from tests.benchmark.papers import CAPITALS, SMALL_LETTERS
from tests.benchmark.pen_files import in_the_middle, replay
from tests.handwritten import held_out

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence


UNLIKE_DIGITS = {  # what careful hands make like no digit
    "capitals": CAPITALS,
    "small letters": SMALL_LETTERS,
    "signs": SIGNS_UNLIKE_DIGITS,
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
    return onto_canvas(placed)


def put_below(digits: Sequence[Character], rng: np.random.Generator) -> list[list[np.ndarray]]:
    """The strokes of each digit of a column: about in the same middle, nearly alike in height.

    The gaps between the digits' boxes are 10 % to 60 % of their height.
    """
    placed, y = [], 0.0
    for digit in digits:
        low, high = (extreme(np.concatenate(digit.strokes), axis=0) for extreme in (np.min, np.max))
        width, height = np.maximum(high - low, 1)
        scale = rng.normal(1, 0.06) / max(height, width / 2)  # as in put_together()
        top = np.array([(low[0] + high[0]) / 2, low[1]])
        placed.append([(s - top) * scale + [rng.normal(0, 0.1), y] for s in digit.strokes])
        y += height * scale + rng.uniform(0.1, 0.6)
    return onto_canvas(placed)


def onto_canvas(placed: Sequence[Sequence[np.ndarray]]) -> list[list[np.ndarray]]:
    """The strokes of characters of about the height 1, so large that they fill the canvas."""
    points = np.concatenate([stroke for strokes in placed for stroke in strokes])
    low, high = points.min(axis=0), points.max(axis=0)
    scale = min(0.9 * CANVAS_SIZE / (high - low).max(), 0.5 * CANVAS_SIZE)
    middle = (low + high) / 2
    return [
        [np.rint((s - middle) * scale + CANVAS_SIZE / 2).astype(int) for s in strokes]
        for strokes in placed
    ]


def line_below(strokes: Sequence[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """A line below strokes on the canvas, as people underline: a stroke, shape (8, 2)."""
    points = np.concatenate(strokes)
    (left, top), (right, bottom) = points.min(axis=0), points.max(axis=0)
    height = bottom - top
    ends = np.array([left, right]) + rng.uniform(-0.2, 0.2, 2) * height
    x = np.linspace(*ends, 8)
    y = bottom + height * (rng.uniform(0.1, 0.35) + rng.normal(0, 0.01, 8).cumsum())
    return as_stroke(x, y)


def ring_around(strokes: Sequence[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """A ring around strokes on the canvas, whose ends overlap or do not meet: shape (60, 2)."""
    points = np.concatenate(strokes)
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    radii = 0.56 * extent + rng.uniform(0.2, 0.45, 2) * extent[1]
    angle = np.linspace(0, 2 * np.pi * rng.uniform(0.93, 1.1), 60) + rng.uniform(0, 2 * np.pi)
    wave = 1 + 0.04 * np.cos(angle / 2 + rng.uniform(0, 2 * np.pi))
    x, y = low + extent / 2
    return as_stroke(x + radii[0] * wave * np.cos(angle), y + radii[1] * wave * np.sin(angle))


def as_stroke(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Points on the canvas, shape (n, 2)."""
    return np.clip(np.rint(np.stack([x, y], axis=1)), 0, CANVAS_SIZE - 1).astype(int)


def rows_of_one_writer(
    characters: Sequence[Character],
    patterns: Sequence[str],
    count: int,
    place: Callable[..., list[list[np.ndarray]]] = put_together,
) -> Iterator[tuple[str, list[Character], list[list[np.ndarray]]]]:
    """Rows of writing, each by one writer: what stands there, its characters, their strokes placed.

    In a pattern, 0 is any digit; anything else stands for itself.
    """
    by_writer = collections.defaultdict(list)
    for character in characters:
        by_writer[character.writer].append(character)
    rng = np.random.default_rng([0, len(patterns[0])])
    needed = set("".join(patterns)) - {"0"}
    writers = []
    for written in by_writer.values():
        labels = {one.label for one in written}
        if needed <= labels and len(labels & set(mnist_digit.DIGITS)) >= 5:
            writers.append(written)
    for _ in range(count):
        written = writers[rng.integers(len(writers))]
        chosen = []
        for sign in patterns[rng.integers(len(patterns))]:
            wanted = mnist_digit.DIGITS if sign == "0" else sign
            fitting = [one for one in written if one.label in wanted]
            chosen.append(fitting[rng.integers(len(fitting))])
        yield "".join(one.label for one in chosen), chosen, place(chosen, rng)


def is_parted(reading: mnist_digit.Reading, strokes: Sequence[Sequence[np.ndarray]]) -> bool:
    """Whether the reading's parts are just these characters."""
    boxes = [cv2.boundingRect(np.concatenate(some).astype(np.int32)) for some in strokes]
    return sorted(boxes) == sorted(part.box for part in reading.parts)


def refusal_row(
    name: str, recognizer: Recognizer, drawings: Sequence[Sequence[np.ndarray]]
) -> tuple[str, ...]:
    """How often drawings that are no digit are refused: as one image, and as a reading."""
    canvases = [replay(in_the_middle(strokes)) for strokes in drawings]
    alone = np.mean([recognizer.predict(canvas.digit_image()).digit is None for canvas in canvases])
    parts = np.mean([set(canvas.read(recognizer).text) <= {"?", " "} for canvas in canvases])
    return name, f"{len(drawings):,}", f"{alone:.1%}", f"{parts:.1%}"


def digit_row(
    name: str, recognizer: Recognizer, characters: Sequence[Character]
) -> tuple[str, ...]:
    """How digits that stand alone are read."""
    right = [
        replay(in_the_middle(one.strokes)).read(recognizer).text == one.label for one in characters
    ]
    return name, f"{len(right):,}", f"{np.mean(right):.2%}"


def row_of_writing(
    name: str,
    recognizer: Recognizer,
    rows: Iterator[tuple[str, list, list[list[np.ndarray]]]],
    mark: Callable[[Sequence[np.ndarray], np.random.Generator], np.ndarray] | None = None,
) -> tuple[str, ...]:
    """How rows of writing are read; what is no digit is to be read as "?".

    mark: gives a stroke that is drawn last, and is to be left out.
    """
    rng = np.random.default_rng(0)
    parted, right, confidence = [], [], []
    for text, _, strokes in rows:
        drawn = [stroke for some in strokes for stroke in some]
        if mark:
            drawn.append(mark(drawn, rng))
        reading = replay(drawn).read(recognizer)
        parted.append(is_parted(reading, strokes))
        wanted = "".join(one if one in mnist_digit.DIGITS + " " else "?" for one in text)
        right.append(reading.text == wanted)
        confidence.append(reading.confidence)
    right, confidence = np.array(right), np.array(confidence)
    wrong_and_sure = np.mean(~right & (confidence >= mnist_digit.LOOK_TWICE))
    error = expected_calibration_error(confidence, right)
    shares = np.mean(right), np.mean(parted), wrong_and_sure, error
    return name, f"{len(right):,}", *map("{:.1%}".format, shares)


def measure(options: argparse.Namespace) -> None:
    """Print how well drawings are read: what is no digit, digits, numbers, sums, columns.

    All are by those writers of model/handwriting.npz who are never trained on.
    """
    recognizer = Recognizer(options.model)
    rng = np.random.default_rng(0)
    pen, unipen = held_out("pen"), held_out("unipen")
    say("Reading what is no digit ...")
    rows = []
    for name, labels in UNLIKE_DIGITS.items():
        drawings = [one.strokes for one in unipen if one.label in labels]
        rows.append(refusal_row(name, recognizer, drawings))
    rows.append(refusal_row("scribbles", recognizer, [scribble(rng) for _ in range(options.most)]))
    print_table(("no digits", "drawings", "refused as one image", "no digit in any part"), rows)

    say("Reading digits ...")
    rows = []
    for name, characters in (("pen", pen), ("UNIPEN", unipen)):
        digits = [one for one in characters if one.label in mnist_digit.DIGITS]
        rows.append(digit_row(name, recognizer, digits))
    print_table(("digits, each alone", "drawings", "right"), rows)

    rows = []
    for name, characters in (("pen", pen), ("UNIPEN", unipen)):
        for length in (2, 3, 5):
            say(f"Reading numbers of {length} digits, {name} ...")
            numbers = rows_of_one_writer(characters, ["0" * length], options.most)
            rows.append(row_of_writing(f"{length} digits, {name}", recognizer, numbers))
    for name, mark in (("underlined", line_below), ("in a ring", ring_around)):
        say(f"Reading numbers {name} ...")
        numbers = rows_of_one_writer(unipen, ["0", "00", "000"], options.most)
        rows.append(row_of_writing(f"1 to 3 digits {name}, UNIPEN", recognizer, numbers, mark))
    say("Reading sums ...")
    sums = rows_of_one_writer(unipen, ["00+0", "0+00", "00+00"], options.most)
    rows.append(row_of_writing("sums such as 63+6, UNIPEN", recognizer, sums))
    for name, characters in (("pen", pen), ("UNIPEN", unipen)):
        say(f"Reading one digit below another, {name} ...")
        columns = rows_of_one_writer(characters, ["00"], options.most, put_below)
        spaced = ((" ".join(text), chosen, strokes) for text, chosen, strokes in columns)
        rows.append(row_of_writing(f"a digit below another, {name}", recognizer, spaced))
    head = ("rows", "drawings", "right", "parted rightly", "wrong and sure", "ECE")
    print_table(head, rows)


def add_options(parser: argparse.ArgumentParser) -> None:
    add_model(parser)
    parser.add_argument(
        "--most", type=int, default=1000, metavar="N", help="drawings of each kind (default: 1000)"
    )
