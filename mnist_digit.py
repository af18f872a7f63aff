#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["opencv-python>=5.0,<6", "numpy>=2.0,<3"]
# ///
"""Draw a digit with the mouse and be told which digit it is.

The window reads along while you draw. Behind it stands a convolutional network
trained on MNIST and on synthetic handwriting. A trained network is kept in
model/; where it is missing the program trains one first.

Examples:
  mnist_digit.py                      open the window
  mnist_digit.py three.png photo.jpg  read image files, one line for each
  mnist_digit.py --teach 4 photo.jpg  tell what a file shows, if it was misread
  mnist_digit.py --open drawing.json  go on with a saved drawing
  mnist_digit.py --train              train, then open the window
  mnist_digit.py --train --no-window --recipe plain-sgd --data mnist.npz
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import ctypes
import functools
import hashlib
import itertools
import json
import math
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if __name__ == "__main__":
    # OpenCV reads these when it is imported: it unpacks no larger picture, and prints nothing itself.
    os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", "50000000")
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")

try:
    import cv2
    import numpy as np
except ImportError as error:
    if __name__ != "__main__":
        raise
    advice = "on Debian: apt install libgl1 libglib2.0-0"  # the wheel does not bring these along
    if isinstance(error, ModuleNotFoundError):
        advice = "pip install -r requirements.txt, or start it by: uv run mnist_digit.py"
    sys.exit(f"mnist_digit: OpenCV cannot start ({error}); {advice}")

if TYPE_CHECKING:
    import keras

# --- constants -----------------------------------------------------------------------------

HOME = Path(__file__).resolve().parent
MODEL = HOME / "model" / "digit.tflite"  # beside it digit.keras, the same network for Keras
HANDWRITING = HOME / "model" / "handwriting.txt"
HAND = HOME / "model" / "hand.npz"  # what was taught in the window
PLOTS = HOME / "plots"

DIGITS = "0123456789"
IMAGE_SIZE = 28  # side of a digit image, in pixels
BOX = 20  # side of the box inside it that the ink is fitted into
STROKE_WIDTH = 2.3  # pixels; strokes drawn so wide hold as much ink as MNIST's digits
OVERSAMPLING = 4  # strokes are drawn this much larger, then averaged down

CANVAS_SIZE = 560  # side of the drawing area, in pixels
WINDOW_TITLE = "Draw a digit"

# --- digit image ----------------------------------------------------------------------------


class Box(NamedTuple):
    """A rectangle in a picture, in pixels; it ends just before right and bottom."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.x + self.width

    @property
    def bottom(self) -> int:
        return self.y + self.height

    @property
    def longest(self) -> int:
        """The longer side."""
        return max(self.width, self.height)

    @property
    def center(self) -> tuple[float, float]:
        return self.x + self.width / 2, self.y + self.height / 2

    def contains(self, x: float, y: float) -> bool:
        """Whether a point is in the box."""
        return self.x <= x < self.right and self.y <= y < self.bottom

    @classmethod
    def around(cls, boxes: Iterable[Box]) -> Box:
        """The least box that holds all of some boxes, at least one."""
        boxes = list(boxes)
        x = min(box.x for box in boxes)
        y = min(box.y for box in boxes)
        right = max(box.right for box in boxes)
        bottom = max(box.bottom for box in boxes)
        return cls(x, y, right - x, bottom - y)


def place_by_mass(ink: np.ndarray) -> np.ndarray:
    """The digit image of ink (uint8, at most 20x20): by whole pixels, its centre of mass is put in the middle."""
    # As MNIST's digits were (LeCun et al., "Gradient-based learning applied to document recognition", 1998).
    moments = cv2.moments(ink)
    centre = np.array([moments["m01"], moments["m10"]]) / (moments["m00"] or 1)
    top, left = np.clip(
        np.rint(IMAGE_SIZE / 2 - centre).astype(int), 0, np.subtract(IMAGE_SIZE, ink.shape)
    )
    frame = np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.float32)
    frame[top : top + ink.shape[0], left : left + ink.shape[1]] = ink / np.float32(255)
    return frame


def draw_digit_image(strokes: Sequence[np.ndarray], width: float = STROKE_WIDTH) -> np.ndarray:
    """The digit image, float32, (28, 28), in [0, 1], of strokes, points (x, y), (n, 2), of any size; width: pixels."""
    points = np.concatenate(strokes)
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    scale = (BOX - width) / max(extent.max(), 1e-6)
    size = np.clip(np.ceil(extent * scale + width), 1, BOX).astype(int)
    margin = (size - extent * scale) / 2
    # In 16ths, as cv2 wants them; its pixel centres are whole numbers, ours halves. It draws no line of one point.
    lines = [(((stroke - low) * scale + margin) * OVERSAMPLING - 0.5) * 16 for stroke in strokes]
    lines = [
        np.rint(line if len(line) > 1 else np.repeat(line, 2, axis=0)).astype(np.int32)
        for line in lines
    ]
    ink = np.zeros(size[::-1] * OVERSAMPLING, np.uint8)
    cv2.polylines(ink, lines, False, 255, round(width * OVERSAMPLING), cv2.LINE_AA, shift=4)
    return place_by_mass(cv2.resize(ink, size.tolist(), interpolation=cv2.INTER_AREA))


def stroke_width(mask: np.ndarray) -> float:
    """The mean width of the strokes in a mask (uint8, 0 is paper), in pixels."""
    distance = cv2.distanceTransform(np.pad(mask, 1), cv2.DIST_L2, 5)
    # Across a stroke of width w it is w/4 in the mean; crossings and bends, where it is more, make up a sixth.
    return 4 / 1.2 * float(distance[distance > 0].mean())


def redraw_at_stroke_width(mask: np.ndarray) -> np.ndarray:
    """The digit image of the ink in a mask (uint8, 0 is paper, not all 0), thinned or thickened."""
    x, y, width, height = cv2.boundingRect(mask)
    ink = 255 * np.uint8(mask[y : y + height, x : x + width] > 0)
    target, longest = STROKE_WIDTH * OVERSAMPLING, max(width, height)
    scale = (BOX * OVERSAMPLING - target) / max(longest - stroke_width(ink), longest / 4)
    size = [max(1, round(side * scale)) for side in (width, height)]
    ink = cv2.resize(ink, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    ink = np.pad(np.uint8(ink > ink.max() / 2), int(target) + 2)
    measured = stroke_width(ink)
    if measured > target:
        # Each place keeps its share of the stroke's local half width, so nothing thin breaks.
        inside = cv2.distanceTransform(ink, cv2.DIST_L2, 5)
        around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (int(measured) | 1,) * 2)
        distance = np.where(ink, inside - cv2.dilate(inside, around) * (1 - target / measured), -1)
    else:
        distance = (target - measured) / 2 + 0.5 - cv2.distanceTransform(1 - ink, cv2.DIST_L2, 5)
    ink = np.uint8(255 * np.clip(distance + 0.5, 0, 1))
    x, y, width, height = cv2.boundingRect(np.uint8(ink > 127))
    size = [max(1, round(side * BOX / max(width, height))) for side in (width, height)]
    return place_by_mass(
        cv2.resize(ink[y : y + height, x : x + width], size, interpolation=cv2.INTER_AREA)
    )


# --- handwriting and data -------------------------------------------------------------------

POINTS_PER_SEGMENT = 10
Template = list[
    tuple[np.ndarray, np.ndarray]
]  # a stroke each: control points, shape (n, 2), and their smooth_curve()


def smooth_curve(corners: Sequence[bool]) -> np.ndarray:
    """The matrix, shape (m, n), that takes n control points to m points of a smooth curve through them."""
    # A spline (Catmull and Rom, "A class of local interpolating splines", 1974); a corner's slopes are its chords.
    points = np.eye(len(corners))
    chords = np.diff(points, axis=0)
    t = np.linspace(0, 1, POINTS_PER_SEGMENT, endpoint=False)[:, None]
    curve = []
    for i, chord in enumerate(chords):
        leaving = chord if i == 0 or corners[i] else (chords[i - 1] + chord) / 2
        arriving = chord if i + 1 == len(chords) or corners[i + 1] else (chord + chords[i + 1]) / 2
        bend = leaving + arriving - 2 * chord
        curve.append(points[i] + t * leaving + t**2 * (chord - leaving - bend) + t**3 * bend)
    return np.vstack([*curve, points[-1:]])


def parse_template(text: str) -> Template:
    """The template that "x,y x,y! / x,y x,y" describes. Raises ValueError where it is malformed."""
    strokes = []
    for words in map(str.split, text.split("/")):
        points = np.array([word.rstrip("!").split(",") for word in words], float)
        if points.shape != (len(words), 2) or not np.isfinite(points).all():
            raise ValueError(" ".join(words))
        strokes.append((points, smooth_curve([word.endswith("!") for word in words])))
    return strokes


@functools.cache
def read_handwriting(path: Path = HANDWRITING) -> dict[str, list[Template]]:
    """The templates of each label in a file. Raises OSError, or ValueError naming a malformed line or missing digit."""
    templates: dict[str, list[Template]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if line.strip() and not line.startswith("# "):
            label, _, strokes = line.partition(" ")
            try:
                templates.setdefault(label, []).append(parse_template(strokes))
            except ValueError as error:
                raise ValueError(
                    f"{printable(path)}, line {number}: not points like 30,0 ({error})"
                ) from error
    if missing := sorted(set(DIGITS) - templates.keys()):
        raise ValueError(f"{printable(path)}: no way to write {missing[0]}")
    return templates


def turned(points: np.ndarray, angle: float) -> np.ndarray:
    """Points (x, y), shape (n, 2), turned about the origin by an angle in radians."""
    cos, sin = np.cos(angle), np.sin(angle)
    return points @ np.array([[cos, sin], [-sin, cos]])


def write_character(label: str, rng: np.random.Generator) -> list[np.ndarray]:
    """The strokes of a digit, letter or sign as somebody might write it: float points (x, y), each of shape (n, 2)."""
    styles = read_handwriting()[label]
    template = styles[rng.integers(len(styles))]
    carelessness = rng.uniform(0.4, 1.4)
    is_digit = (
        label in DIGITS
    )  # another character may not be varied until it is one: > turned is a 7, joined = a 2

    def vary(amount: float, *shape: int) -> np.ndarray:
        """Normally distributed around 0, but never beyond what can still be read."""
        return carelessness * amount * np.clip(rng.normal(size=shape), -2, 2)

    heights = np.concatenate([points[:, 1] for points, _ in template])
    top, height = heights.min(), np.ptp(heights)
    bulge, taper = (
        np.exp(vary(0.22)),
        vary(0.2),
    )  # of the upper half against the lower: how tall, how wide
    strokes = []
    for points, curve in template:
        x, y = points.T
        x, y = (
            (x - 30) * (1 + taper * (y - 50) / 50),
            top + height * ((y - top) / height) ** bulge - 50,
        )
        points = np.stack([x, y], axis=1) + vary(3.0, *points.shape)
        if len(template) > 1:  # each stroke has its own size and place
            middle = points.mean(axis=0)
            points = middle + (points - middle) * np.exp(vary(0.12, 2)) + vary(3.0, 2)
        stroke = curve @ points
        start, stop = rng.uniform(0, 0.07 * carelessness, 2) * len(stroke)
        stroke = stroke[int(start) : len(stroke) - int(stop)]
        stroke = stroke + rng.normal(
            0, carelessness * rng.uniform(0, 0.8), stroke.shape
        )  # a hand trembles
        for end in (0, len(stroke)):
            if rng.random() < 0.1:  # the pen touches down, or leaves, with a hook
                stroke = np.insert(
                    stroke, end, stroke[min(end, len(stroke) - 1)] + vary(5.0, 2), axis=0
                )
        if rng.random() < 0.3:  # a fast hand: few points, joined by straight lines
            stroke = stroke[
                np.unique([*range(0, len(stroke), rng.integers(2, 6)), len(stroke) - 1])
            ]
        strokes.append(stroke)
    if is_digit and rng.random() < 0.06:  # the pen is not lifted
        strokes = [np.concatenate(strokes)]

    turn, slant, aspect = (
        vary(0.1 if is_digit else 0.05),
        vary(0.24) - 0.12,
        np.exp(vary(0.2) + 0.05),
    )
    affine = np.array([[aspect, 0], [slant, 1]])
    bend, frequency, phase = vary(3.0, 2), rng.uniform(0.02, 0.07, 2), rng.uniform(0, 2 * np.pi, 2)
    return [
        turned((s + bend * np.sin(frequency * s[:, ::-1] + phase)) @ affine, turn) for s in strokes
    ]


class Digits(NamedTuple):
    """Labelled digit images, as MNIST stores them."""

    images: np.ndarray  # uint8, shape (n, 28, 28)
    labels: np.ndarray  # integers 0 to 9, shape (n,); 10: no digit


def join(*parts: Digits) -> Digits:
    """All digits of the parts, in their order."""
    return Digits(*(np.concatenate(arrays) for arrays in zip(*parts, strict=True)))


def write_digits(count: int, rng: np.random.Generator, no_digits: int = 0) -> Digits:
    """So many digits in synthetic handwriting and, behind them, so many images that are none, labelled 10."""
    labels = np.append(rng.integers(10, size=count), np.full(no_digits, 10))
    kinds = [functools.partial(write_character, str(digit)) for digit in labels[:count]]
    kinds += [*rng.choice([*NO_DIGIT_KINDS], no_digits, p=[*NO_DIGIT_KINDS.values()])]
    widths = np.clip(rng.normal(2.4, 0.4, len(kinds)), 1.5, 4)
    drawn = zip(kinds, widths, strict=True)
    images = [
        kind(rng) if kind is blot else draw_digit_image(kind(rng), width) for kind, width in drawn
    ]
    return Digits(np.uint8(255 * np.reshape(images, (-1, IMAGE_SIZE, IMAGE_SIZE))), labels)


def write_letter(rng: np.random.Generator) -> list[np.ndarray]:
    """A letter or sign, each way of writing one as often as any other."""
    labels = [
        label for label, ways in read_handwriting().items() if label not in DIGITS for _ in ways
    ]
    return write_character(labels[rng.integers(len(labels))], rng)


def turn_digit(rng: np.random.Generator) -> list[np.ndarray]:
    """A digit that lies on its side, stands on its head or is seen from behind, where that is no digit's shape."""
    turns = [(1, 1, "12345679"), (3, 1, "2345679"), (2, 1, "347"), (0, -1, "34679")]
    quarters, mirror, digits = turns[rng.integers(len(turns))]
    return [
        turned(s * (mirror, 1), quarters * np.pi / 2)
        for s in write_character(rng.choice([*digits]), rng)
    ]


def write_several(rng: np.random.Generator) -> list[np.ndarray]:
    """Two or three digits side by side, often nearly touching."""
    strokes, right = [], 0.0
    for _ in range(rng.choice([2, 2, 2, 3])):
        digit = write_character(
            rng.choice([*DIGITS, "1", "1", "1", "7"]), rng
        )  # the narrow ones hide best
        points = np.concatenate(digit)
        low, extent = points.min(axis=0), np.ptp(points, axis=0)
        scale = rng.uniform(0.85, 1.15) * 100 / max(extent[1], 50)
        gap = rng.uniform(-8, 15) if rng.random() < 0.6 else rng.uniform(0, 45)
        place = (right + gap, rng.uniform(-10, 10) - 0.5 * scale * extent[1])
        strokes += [(stroke - low) * scale + place for stroke in digit]
        right = max(stroke[:, 0].max() for stroke in strokes)
    return strokes


def scribble(rng: np.random.Generator) -> list[np.ndarray]:
    """Curves that go anywhere, round and round, or to and fro until all is black."""
    strokes = []
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        count = rng.integers(12, 48)
        angle = rng.uniform(1, 6) * 2 * np.pi * np.linspace(0, 1, count)
        coil = np.stack(
            [np.cos(angle) + rng.uniform(0, 0.4) * angle, np.sin(rng.uniform(0.6, 1.4) * angle)],
            axis=1,
        )
        black = np.stack([np.linspace(-1, 1, count), (-1.0) ** np.arange(count)], axis=1)
        walks = [
            rng.normal(0, 30, (count // 3, 2)),
            np.cumsum(rng.normal(0, 25, (count // 3, 2)), axis=0),
        ]
        loops = [
            turned(way * rng.uniform(15, 40, 2), rng.uniform(0, np.pi)) for way in (coil, black)
        ]
        points = (walks + loops)[rng.integers(4)]
        points = points + rng.normal(0, 4, points.shape)
        corners = rng.random(len(points)) < rng.choice([0, 0.3, 1])
        strokes.append(smooth_curve(corners) @ points + (rng.normal(0, 25, 2) if strokes else 0))
    return strokes


def rule(rng: np.random.Generator) -> list[np.ndarray]:
    """A digit on rules, on squares or in a frame, or these alone."""
    digit = write_character(str(rng.integers(10)), rng) if rng.random() < 0.75 else []
    left, right, top, bottom = np.array([-30, 30, -50, 50]) + rng.uniform(-5, 60, 4) * (
        -1,
        1,
        -1,
        1,
    )
    if digit and rng.random() < 0.4:
        return [
            *digit,
            np.array([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]),
        ]
    step, start = rng.uniform(15, 90), rng.uniform(-50, 40)
    lines = [np.array([(left, y), (right, y)]) for y in np.arange(start, bottom, step)]
    if rng.random() < 0.5 or len(lines) == 1:
        lines += [np.array([(x, top), (x, bottom)]) for x in np.arange(start, right, step)]
    return digit + lines


def blot(rng: np.random.Generator) -> np.ndarray:
    """A blot, half a shadow or a bar that lies, thinned as the ink of pictures is: a digit image."""
    angle = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 12)))
    ellipse = np.stack([np.cos(angle), rng.uniform(0.2, 1) * np.sin(angle)], axis=1)
    polygon = 60 + rng.uniform(10, 60, (len(angle), 1)) * ellipse
    mask = cv2.fillPoly(np.zeros((120, 120), np.uint8), [np.rint(polygon).astype(np.int32)], 1)
    return redraw_at_stroke_width(mask)


# How often each kind is written: letters are the hardest to tell from digits.
NO_DIGIT_KINDS = {
    write_letter: 0.49,
    write_several: 0.25,
    scribble: 0.13,
    turn_digit: 0.04,
    rule: 0.06,
    blot: 0.03,
}


def load_digits(path: Path, *names: str) -> Digits:
    """The digits in an .npz file, from its arrays of images and labels, so named. Raises ValueError."""
    with opening(path, f"not an .npz file with {' and '.join(names)}"), np.load(path) as arrays:
        images, labels = (arrays[name] for name in names)
        if images.dtype != np.uint8 or images.shape != (len(images), IMAGE_SIZE, IMAGE_SIZE):
            raise ValueError(
                f"{images.dtype} images of shape {images.shape}, not uint8 of shape (n, 28, 28)"
            )
        if (
            labels.shape != (len(images),)
            or labels.dtype.kind not in "iu"
            or set(labels) - set(range(10))
        ):
            raise ValueError("labels are not digits 0 to 9, one for each image")
    return Digits(images, labels.astype(np.uint8))


def load_mnist(path: Path | None = None) -> list[Digits]:
    """MNIST's training and test digits, by Keras or from an .npz file of the same arrays. Raises ValueError."""
    if path:
        return [load_digits(Path(path), f"x_{part}", f"y_{part}") for part in ("train", "test")]
    keras = import_keras()
    try:
        return [Digits(*arrays) for arrays in keras.datasets.mnist.load_data()]
    except Exception as error:  # Keras raises a bare Exception where the download fails
        raise ValueError(
            "MNIST is neither here nor to be downloaded; name a copy: --data mnist.npz"
        ) from error


def augment(images: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """Images, uint8, shape (n, 28, 28), as other hands might have drawn them, float32, in [0, 1]; strength 0: as is."""
    count = len(images)
    turn, slant, right, down = strength * rng.normal(0, [[0.12], [0.15], [0.8], [0.8]], (4, count))
    wide, high = np.exp(strength * rng.normal(0, 0.1, (2, count)))
    cos, sin = np.cos(turn), np.sin(turn)
    across, along = (
        wide * np.array([cos, sin]),
        high * np.array([slant * cos - sin, slant * sin + cos]),
    )
    place = (IMAGE_SIZE - 1) / 2 * (1 - across - along) + (right, down)  # turned about the middle
    affine = np.stack([across, along, place], axis=1).T
    how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    moved = [
        cv2.warpAffine(image, a.T, image.shape, flags=how)
        for image, a in zip(images, affine, strict=True)
    ]
    tall = np.concatenate(moved)  # one call of cv2 does for all
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    bolder, thinner = (
        change(tall, cross).reshape(images.shape) for change in (cv2.dilate, cv2.erode)
    )
    weight = np.float32(
        rng.uniform(-1, 1, (count, 1, 1)) * (rng.random((count, 1, 1)) < 0.3 * strength)
    )
    moved = np.float32(moved) + np.abs(weight) * (
        np.where(weight > 0, bolder, thinner) - np.float32(moved)
    )
    return (moved / 255) ** np.float32(1 + strength * rng.uniform(-0.4, 0.5, (count, 1, 1)))


# --- network ---------------------------------------------------------------------------------


class Recipe(NamedTuple):
    """How a network is built and trained."""

    layers: Callable  # takes keras.layers, gives all layers but the last
    optimizer: Callable  # takes keras.optimizers and the number of steps
    batch_size: int
    epochs: int
    handwriting: float = (
        0.0  # synthetic digits for each of MNIST's; where there are any, all images are augmented
    )
    no_digits: float = (
        0.0  # so many that are none; where there are any, they get an output, and it is calibrated
    )


# fmt: off
RECIPES = {
    "default": Recipe(lambda k: [
        k.Conv2D(32, 3, activation="relu", padding="same"), k.MaxPooling2D(),
        k.Conv2D(64, 3, activation="relu", padding="same"), k.MaxPooling2D(), k.Dropout(0.2),
        k.Conv2D(96, 3, activation="relu", padding="same"), k.MaxPooling2D(), k.Dropout(0.25),
        k.Flatten(), k.Dense(128, activation="relu"), k.Dropout(0.5),
    ], lambda o, steps: o.SGD(  # the learning rate rises for one step in 50, then falls by cosine
        o.schedules.CosineDecay(0.0, 49 * steps // 50, alpha=0.001, warmup_target=0.08, warmup_steps=steps // 50 + 1),
        momentum=0.9, nesterov=True, weight_decay=0.0005,
    ), batch_size=128, epochs=18, handwriting=0.5, no_digits=0.4),
    "plain-sgd": Recipe(lambda k: [
        k.Conv2D(32, 3, activation="relu", padding="same"), k.MaxPooling2D(),
        k.Conv2D(64, 3, activation="relu", padding="same"), k.MaxPooling2D(), k.Dropout(0.25),
        k.Flatten(), k.Dense(128, activation="relu"), k.Dropout(0.5),
    ], lambda o, _: o.SGD(0.01), batch_size=32, epochs=10),
    "conv5": Recipe(lambda k: [
        k.Conv2D(32, 5, activation="relu"), k.MaxPooling2D(), k.Conv2D(64, 3, activation="relu"), k.MaxPooling2D(),
        k.Flatten(), k.Dense(128, activation="relu"), k.Dropout(0.3), k.Dense(64, activation="relu"), k.Dropout(0.3),
    ], lambda o, _: o.Adam(0.001), batch_size=200, epochs=10),
    "adam": Recipe(lambda k: [
        k.Conv2D(32, 3, activation="relu"), k.MaxPooling2D(), k.Conv2D(64, 3, activation="relu"), k.MaxPooling2D(),
        k.Flatten(), k.Dense(128, activation="relu", kernel_regularizer="l2"), k.Dropout(0.5),
    ], lambda o, _: o.Adam(0.001), batch_size=64, epochs=10),
    "adadelta": Recipe(lambda k: [
        k.Conv2D(32, 3, activation="relu"), k.MaxPooling2D(), k.Dropout(0.25),
        k.Conv2D(64, 3, activation="relu"), k.MaxPooling2D(), k.Dropout(0.25),
        k.Flatten(), k.Dense(128, activation="relu"), k.Dropout(0.5),
    ], lambda o, _: o.Adadelta(1.0), batch_size=128, epochs=12),  # its author's rate; with Keras's it hardly learns
}
# fmt: on


def open_network(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    """The network in a file: the probabilities of 0 to 9 and no digit, (11,), of a digit image. Raises ValueError."""
    exported, keras_path = path.suffix.lower() == ".tflite", path.with_suffix(".keras")
    if exported and keras_path.exists() and not path.exists():
        say(f"{printable(path)} is missing: making it anew from {printable(keras_path.name)} ...")
        with (
            replacing(path, f".new-{os.getpid()}") as new,
            contextlib.redirect_stdout(sys.stderr),
        ):  # windows may race
            export(open_keras_model(keras_path), new)
    model = None if exported else open_keras_model(path)

    def run(image: np.ndarray) -> np.ndarray:
        if model:
            outputs = model(image[None, ..., None], training=False).numpy()[0]
        else:
            net.setInput(image.reshape(1, 1, IMAGE_SIZE, IMAGE_SIZE))
            outputs = net.forward()[0][:11]  # more follow in files of earlier versions
        return np.append(
            outputs, [0.0] * (len(outputs) == 10)
        )  # where the network knows of digits only

    with opening(path, "not a network that takes a 28x28 image and gives ten probabilities"):
        if exported:
            data = path.read_bytes()
            if (
                hashlib.sha256(data[:-32]).digest() != data[-32:]
            ):  # OpenCV crashes on some damaged ones
                raise ValueError(
                    "damaged, or not made by this program; name its .keras or .h5 file instead"
                )
            net = cv2.dnn.readNetFromTFLite(np.frombuffer(data[:-32], np.uint8))
        probabilities = run(np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.float32))
        if not (
            len(probabilities) == 11
            and (probabilities >= 0).all()
            and abs(probabilities.sum() - 1) < 1e-3
        ):
            raise ValueError("gives something else")
    return run


def open_keras_model(path: Path) -> keras.Model:
    """The Keras model in a .keras or .h5 file. Raises ValueError naming the file and the reason."""
    keras = import_keras()
    keras.ops.zeros(1)  # TensorFlow starts its threads now, not within the bounds below
    with (
        opening(path, "not a network that can be opened safely", 400_000_000),
        tempfile.TemporaryDirectory() as folder,
    ):
        copy = shutil.copyfile(
            path, f"{folder}/network{path.suffix.lower()}"
        )  # Keras knows its kinds by small letters
        model = keras.models.load_model(copy, compile=False, safe_mode=True)
        shapes = model.input_shape, model.output_shape
        if shapes not in [
            ((None, IMAGE_SIZE, IMAGE_SIZE, 1), (None, answers)) for answers in (10, 11)
        ]:
            raise ValueError(
                f"takes {shapes[0]} and gives {shapes[1]}, not (None, 28, 28, 1) and (None, 10 or 11)"
            )
    return model


def save_model(model: keras.Model, path: Path) -> None:
    """Save a network as path (.tflite, for OpenCV) and beside it as .keras; the two that were there stay as .old."""
    keras_path, kept = path.with_suffix(".keras"), []
    with replacing(path) as new_export, replacing(keras_path) as new:
        model.save(new)
        export(model, new_export)
        for file in (keras_path, path):
            old = file.with_suffix(f".old{file.suffix}")
            old.unlink(missing_ok=True)
            if file.exists():
                with replacing(old) as whole:
                    shutil.copyfile(file, whole)
                kept.append(old.name)
        path.unlink(
            missing_ok=True
        )  # so at every moment both are of one network, or one is missing
    before = f"; the network that was there is now {' and '.join(kept)}" if kept else ""
    say(f"Saved {printable(path)} and {keras_path.name}{before}")


def export(model: keras.Model, path: Path) -> None:
    """Write a network as LiteRT and, behind it, the SHA-256 digest of that, which readers of LiteRT pass over."""
    keras = import_keras()
    signature = [
        keras.InputSpec(shape=(1, IMAGE_SIZE, IMAGE_SIZE, 1), dtype="float32")
    ]  # OpenCV wants a batch of one
    with silenced():
        model.export(path, format="litert", input_signature=signature, verbose=False)
    content = path.read_bytes()
    path.write_bytes(content + hashlib.sha256(content).digest())


# --- training --------------------------------------------------------------------------------


def import_keras() -> keras:
    """Keras, without the lines that TensorFlow prints while it is imported. Raises ValueError where there is none."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    with silenced():
        try:
            import keras
        except ImportError as error:
            raise ValueError(
                f"TensorFlow is not installed ({error}): pip install -r requirements.txt"
            ) from error
    return keras


def train(
    data: Path | None = None,
    recipe: str = "default",
    epochs: int | None = None,
    batch_size: int | None = None,
    seed: int = 0,
    path: Path = MODEL,
    plots: Path = PLOTS,
    hand: Path | None = None,
) -> keras.Model:
    """Train by a recipe, print test loss and accuracy, save the network and its plots; return it.

    data is an .npz file of MNIST's (None: Keras's own copy); hand, one of taught digits to train on, too. After an
    interruption the same call goes on after the last finished epoch. Raises ValueError, OSError; the old network stays.
    """
    chosen = RECIPES[recipe]
    chosen = chosen._replace(
        epochs=epochs or chosen.epochs, batch_size=batch_size or chosen.batch_size
    )
    for folder in (path.parent, plots):
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):  # better now than after the first epoch
            raise PermissionError(None, "Permission denied", folder)
    with (
        locked(path.parent, "a training is under way; name another --model"),
        contextlib.redirect_stdout(sys.stderr),
    ):
        mnist, test = load_mnist(data)
        held_out = len(mnist.labels) // 12  # 5,000 of 60,000
        if not held_out or not len(test.labels):
            raise ValueError(f"{printable(data)}: too few digits to train on")
        training, validation = (
            Digits(*(a[part] for a in mnist)) for part in np.s_[:-held_out, -held_out:]
        )
        if chosen.handwriting:
            validation = join(
                validation, write_digits(held_out, np.random.default_rng(seed), held_out // 2)
            )
        if hand:
            training = join(training, taught := load_digits(hand, *Digits._fields))
            say(f"{printable(hand)}: {len(taught.labels)} taught digits join the training")
        unfinished = path.with_suffix(".training.npz")
        model = fit(training, validation, chosen, seed, unfinished, plots)
        if chosen.handwriting:
            calibrate(model, validation)
        loss, _ = model.evaluate(as_input(test.images), test.labels, verbose=0)
        answers = model.predict(as_input(test.images), batch_size=500, verbose=0)[:, :10].argmax(
            axis=1
        )
        say(f"Test loss: {loss:.4f}, test accuracy: {(answers == test.labels).mean():.2%}")
        plot_confusion(test.labels, answers, plots / "confusion_matrix.png")
        say(f"Drew the plots in {printable(plots)}")
        save_model(model, path)
        unfinished.unlink()
    return model


def fit(
    training: Digits, validation: Digits, recipe: Recipe, seed: int, unfinished: Path, plots: Path
) -> keras.Model:
    """A network trained for the recipe's epochs, or for those of them that an interrupted training left undone."""
    keras = import_keras()
    keras.utils.clear_session()  # layers are named as in the process that was interrupted
    keras.utils.set_random_seed(seed)
    total = round(len(training.labels) * (1 + recipe.handwriting + recipe.no_digits))
    steps = math.ceil(total / recipe.batch_size)
    output = keras.layers.Dense(11 if recipe.no_digits else 10, activation="softmax")
    model = keras.Sequential(
        [keras.Input((IMAGE_SIZE, IMAGE_SIZE, 1)), *recipe.layers(keras.layers), output]
    )
    optimizer = recipe.optimizer(keras.optimizers, recipe.epochs * steps)
    # On the CPU, XLA (jit_compile) makes an epoch several times longer.
    model.compile(
        optimizer, loss="sparse_categorical_crossentropy", metrics=["accuracy"], jit_compile=False
    )
    optimizer.build(
        model.trainable_variables
    )  # not only in the first step: its state may be brought back
    # All that training changes: weights, the dropout's seeds, the optimizer's momenta and number of steps.
    state = [*model.variables, *optimizer.variables]
    settings = json.dumps([*recipe[2:], seed, model.to_json()]).encode() + HANDWRITING.read_bytes()
    settings = hashlib.sha256(
        settings + training.images.tobytes() + training.labels.tobytes()
    ).hexdigest()
    history = resume(unfinished, settings, state)

    def end_epoch(epoch: int, results: dict[str, float]) -> None:
        history.append(results)
        with replacing(unfinished) as new:
            np.savez(
                new, *(variable.numpy() for variable in state), **{settings: json.dumps(history)}
            )
        plot_history(history, plots / "learning_curves.png")

    model.fit(
        batches(training, recipe, total, len(history), seed),
        steps_per_epoch=steps,
        initial_epoch=len(history),
        epochs=recipe.epochs,
        validation_data=(as_input(validation.images), validation.labels),
        shuffle=False,  # they are
        callbacks=[keras.callbacks.LambdaCallback(on_epoch_end=end_epoch)],
        verbose=1 if sys.stderr.isatty() else 2,
    )
    return model


def resume(path: Path, settings: str, state: list[keras.Variable]) -> list[dict[str, float]]:
    """Bring back the state that an interrupted training with these settings kept; return its history, else []."""
    with (
        contextlib.suppress(Exception),
        np.load(path) as kept,
    ):  # NumPy and zipfile raise nearly every kind
        history = json.loads(str(kept[settings]))
        values = [kept[f"arr_{i}"] for i in range(len(state))]
        for variable, value in zip(state, values, strict=True):
            variable.assign(value)
        say(f"Going on after epoch {len(history)}, where the last training was interrupted.")
        return history
    if path.exists():
        say("Starting afresh: what the interrupted training left has other settings or is damaged.")
    return []


def batches(training: Digits, recipe: Recipe, total: int, first: int, seed: int) -> Iterator[tuple]:
    """The images and labels of each step, total images an epoch; synthetic digits are written afresh for each epoch."""
    count, steps = len(training.labels), math.ceil(total / recipe.batch_size)
    for epoch in itertools.count(first):
        rng = np.random.default_rng([seed, epoch])  # so an interrupted training ends like any other
        # From stronger than hands differ to hardly at all: at last, digits are seen as they will be met.
        strength = 1.2 - 0.9 * epoch / recipe.epochs if recipe.handwriting else 0
        for places in np.array_split(rng.permutation(total), steps):
            kept = places[places < count]
            no_digits = np.count_nonzero(places >= total - count * recipe.no_digits)
            written = write_digits(len(places) - len(kept) - no_digits, rng, no_digits)
            digits = join(Digits(training.images[kept], training.labels[kept]), written)
            yield augment(digits.images, strength, rng)[..., None], digits.labels


def as_input(images: np.ndarray) -> np.ndarray:
    """uint8 images of shape (n, 28, 28) as Keras takes them: float32 in [0, 1], shape (n, 28, 28, 1)."""
    return images[..., None] / np.float32(255)


def calibrate(model: keras.Model, digits: Digits) -> None:
    """Make a network's confidence what held-out digits, and images that are none, show it to be."""
    logits = np.log(
        model.predict(as_input(digits.images), batch_size=500, verbose=0).astype(float) + 1e-12
    )
    # "No digit", which people draw far less than training shows, is shifted until 0.45 % of the digits are refused.
    true = logits[digits.labels < 10]
    shift = np.append(np.zeros(10), np.quantile(true[:, 10] - true[:, :10].max(axis=1), 0.9955))

    def loss(temperature: float) -> float:
        scaled = (logits - shift) / temperature
        return np.mean(
            np.logaddexp.reduce(scaled, axis=1) - scaled[np.arange(len(scaled)), digits.labels]
        )

    # The best temperature (Guo et al., "On calibration of modern neural networks", 2017).
    best = min(np.geomspace(0.5, 2, 141), key=loss)
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([kernel / best, (bias - shift) / best])


# --- plots ----------------------------------------------------------------------------------


def plot_history(history: Sequence[dict[str, float]], path: Path) -> None:
    """Draw loss and accuracy over the epochs, in training and validation, as PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4), layout="constrained")
    epochs = range(1, len(history) + 1)
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        axes.plot(epochs, [results[name] for results in history], "o--", label="training")
        axes.plot(epochs, [results[f"val_{name}"] for results in history], "o-", label="validation")
        axes.set(title=name.capitalize(), xlabel="epoch", xticks=epochs[:: len(epochs) // 20 + 1])
        axes.grid(alpha=0.3)
        axes.legend()
    with replacing(path) as new:
        figure.savefig(new, dpi=120)


def plot_confusion(labels: np.ndarray, answers: np.ndarray, path: Path) -> None:
    """Draw the confusion matrix of answers (n,) to digits with these labels (n,), as PNG."""
    from matplotlib.colors import LogNorm
    from matplotlib.figure import Figure

    counts = np.bincount(10 * labels + answers, minlength=100).reshape(10, 10)
    figure = Figure(figsize=(7, 6.4), layout="constrained")
    axes = figure.subplots()
    # The scale is logarithmic: one mistake is to be seen beside a thousand right answers.
    axes.imshow(np.ma.masked_equal(counts, 0), cmap="Blues", norm=LogNorm(0.3, counts.max()))
    for digit, answer in np.argwhere(counts):
        colour = "white" if counts[digit, answer] > 60 else "black"
        axes.text(answer, digit, counts[digit, answer], ha="center", va="center", color=colour)
    axes.set_title(f"MNIST's test set: {np.trace(counts) / counts.sum():.2%} right")
    axes.set(xlabel="answer", ylabel="digit", xticks=range(10), yticks=range(10))
    with replacing(path) as new:
        figure.savefig(new, dpi=120)


# --- hand ------------------------------------------------------------------------------------


class Prediction(NamedTuple):
    """What a digit image was read as."""

    digit: int | None  # None: most likely no digit
    confidence: float  # in [0, 1], of what it says; of answers given with 0.9, about 90 % are right
    probabilities: (
        np.ndarray
    )  # of the digits 0 to 9, shape (10,); what they lack to 1: that it is no digit

    def __str__(self) -> str:
        return "?" if self.digit is None else str(self.digit)


REACH = 0.33  # from this distance on, what was taught of one drawing says nothing of another
TRUST = 5  # at a distance n times smaller the taught digit's odds are n ** TRUST times as high
NOTHING = Digits(np.zeros((0, IMAGE_SIZE, IMAGE_SIZE), np.uint8), np.zeros(0, np.uint8))


def describe(images: np.ndarray) -> np.ndarray:
    """What digit images, shape (n, 28, 28) or (28, 28), are compared by: vectors of length 1, shape (n, 196)."""
    small = images.reshape(-1, 14, 2, 14, 2).mean(
        axis=(2, 4), dtype=np.float32
    )  # forgives strokes moved a little
    return small.reshape(-1, 196) / np.maximum(np.linalg.norm(small, axis=(1, 2)), 1e-6)[:, None]


class Hand:
    """What was taught of how a person writes, kept in a file, or in memory where path is None. Raises OSError."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._know(NOTHING)
        self._read()

    def __len__(self) -> int:
        return len(self.taught.labels)

    def _know(self, taught: Digits) -> None:
        self.taught, self.descriptions = taught, describe(taught.images)

    def _read(self) -> None:
        """Take up what the file holds, if there is one; what is no digits is set aside, and its new name printed."""
        if self.path is None or not self.path.exists():
            return
        if not self.path.is_file() or not os.access(
            self.path, os.R_OK
        ):  # a folder, a device: nothing to set aside
            raise OSError(None, "not a file that can be read", self.path)
        try:
            self._know(load_digits(self.path, *Digits._fields))
        except ValueError as error:
            aside = self.path.rename(f"{self.path}.damaged-{time.time_ns()}")
            say(f"mnist_digit: {error}; set aside as {printable(aside.name)}")

    def change(self, edit: Callable[[Digits], Digits]) -> Digits:
        """Edit what was taught, also what other windows have taught meanwhile; return what it was before."""
        with locked(self.path.with_suffix(".lock")) if self.path else contextlib.nullcontext():
            self._read()
            before, after = self.taught, edit(self.taught)
            if self.path:
                with (
                    replacing(self.path) as new,
                    open(new, "wb") as file,
                ):  # a name alone would get .npz added
                    np.savez(file, **after._asdict())
        self._know(after)
        return before

    def correct(self, probabilities: np.ndarray, image: np.ndarray) -> np.ndarray:
        """The probabilities of a digit image, shape (11,), after what was taught; they sum to 1."""
        probabilities = np.maximum(
            probabilities, 1e-9
        )  # so all can be taught, and only that is surer than 1 - 1e-9
        if len(self):
            distances = 1 - np.einsum(
                "ij,j", self.descriptions, describe(image)[0]
            )  # @ waits long for BLAS's threads
            nearest = max(
                float(distances.min()), 1e-6
            )  # it alone speaks, so a wrong one ends where it is put right
            digit = self.taught.labels[distances <= 1.25 * nearest][
                -1
            ]  # of about equally near ones the last
            probabilities[digit] *= max(1.0, REACH / nearest) ** TRUST
        return probabilities / probabilities.sum()


class Recognizer:
    """A trained network (.tflite, .keras, .h5) and the hand it was taught (or None). Raises ValueError, OSError."""

    def __init__(
        self, path: str | os.PathLike[str] = MODEL, hand: str | os.PathLike[str] | None = None
    ) -> None:
        self.path = Path(path)
        self._run = open_network(self.path)
        self.hand = Hand(hand and Path(hand))

    def judge(self, image: np.ndarray) -> np.ndarray:
        """The network's own probabilities of 0 to 9 and of no digit, shape (11,)."""
        return self._run(image)

    def predict(self, image: np.ndarray) -> Prediction:
        """Read a digit image: float, shape (28, 28), in [0, 1]. Raises ValueError on another shape."""
        if image.shape != (IMAGE_SIZE, IMAGE_SIZE):
            raise ValueError(f"a digit image has shape (28, 28), not {image.shape}")
        probabilities = self.hand.correct(self.judge(np.float32(image)), image)
        digit = int(probabilities.argmax())
        return Prediction(
            digit if digit < 10 else None, float(probabilities[digit]), probabilities[:10]
        )

    def teach(self, image: np.ndarray, digit: int) -> None:
        """Read this digit image, and those like it, as this digit from now on. Raises ValueError, OSError."""
        if image.shape != (IMAGE_SIZE, IMAGE_SIZE) or digit not in range(10):
            raise ValueError(
                f"what is taught has shape (28, 28) and is a digit, not {image.shape} and {digit}"
            )
        new = Digits(
            np.uint8(np.rint(255 * np.clip(image, 0, 1)))[None], np.array([digit], np.uint8)
        )
        self.hand.change(lambda taught: join(taught, new))

    def forget(self) -> int | None:
        """Take back the last teaching; return which digit it taught, None where there is none. Raises OSError."""
        before = self.hand.change(lambda taught: Digits(*(array[:-1] for array in taught)))
        return int(before.labels[-1]) if len(before.labels) else None


# --- reading ---------------------------------------------------------------------------------


class Part(NamedTuple):
    """A part of a drawing or picture that was judged as one character."""

    box: tuple[int, int, int, int]  # x, y, width, height in pixels of the drawing or picture
    image: np.ndarray  # its digit image
    prediction: Prediction
    mask: np.ndarray | None = None  # of the picture: what is ink of this part


class Reading:
    """What a whole drawing or picture says."""

    def __init__(self, rows: list[list[Part]]) -> None:
        self.rows = rows  # from top to bottom; the parts of each from left to right
        self.parts = [part for row in rows for part in row]
        self.digits = [part.prediction for part in self.parts]
        self.text = " ".join(
            "".join(str(part.prediction) for part in row) for row in rows
        )  # "?" for no digit
        self.confidence = math.prod(
            prediction.confidence for prediction in self.digits
        )  # that all of it is right

    def __str__(self) -> str:
        return f"{self.text if self.text.strip('? ') else 'no digit'} ({self.confidence:.1%})"


LONGEST_RUN = 6  # pieces that one character is made of at most
WIDEST_RUN = (
    2  # how wide it is at most where it is made of several, in heights of the tallest piece
)
SMALLEST = 0.25  # how tall or wide a digit is at least, in the same unit
OVERLAP = 0.1  # how far neighbours may reach under each other, in the same unit, as slanted ones do
TOGETHER = 0.02  # how often they overlap more, beside how often strokes of one character do
P_OTHER = 0.03  # how often one meets a character that is no digit, beside how often a number
STRAY = 0.01  # how often one meets it as a part of a number, beside how often a digit
WIDTH, RARITY = (
    0.8,
    5,
)  # how wide a digit is, in its own heights; for each more it is e ** RARITY times as rare


def find_parts(boxes: np.ndarray, judge: Callable[[int, int], Part], hand: Hand) -> list[Part]:
    """The most probable parts of pieces whose boxes (x, y, width, height), shape (n, 4), go from left to right.

    judge(start, stop) gives the part that the pieces start ... stop - 1 make; hand is what was taught.
    """
    # A shortest path (LeCun et al., "Gradient-based learning applied to document recognition", 1998, part V).
    left, right, tallest = (
        boxes[:, 0].tolist(),
        (boxes[:, 0] + boxes[:, 2]).tolist(),
        max(1, boxes[:, 3].max()),
    )
    overlaps = np.maximum.accumulate(right)[:-1] - np.minimum.accumulate(left[::-1])[-2::-1]
    cuts = [1, *np.where(overlaps > OVERLAP * tallest, TOGETHER, 1)]
    if (
        len(hand) and (whole := judge(0, len(boxes))).prediction.probabilities.max() > 1 - 1e-9
    ):  # see Hand.correct()
        return [whole]
    best = [(0.0, [])]  # of the pieces before each cut: the least cost, and the parts that have it
    for stop in range(1, len(boxes) + 1):
        ways = []
        for start in range(max(0, stop - LONGEST_RUN), stop):
            if (
                stop - start > 1
                and max(right[start:stop]) - min(left[start:stop]) > WIDEST_RUN * tallest
            ):
                continue
            part = judge(start, stop)
            if max(part.box[2:]) < SMALLEST * tallest:
                part = part._replace(prediction=Prediction(None, 1.0, np.zeros(10)))
            (*_, width, height), _, (digit, confidence, _), _ = part
            if digit is not None:
                often = math.exp(-RARITY * max(0, width / height - WIDTH))
            else:
                often = P_OTHER if stop - start == len(boxes) else STRAY
            cost = best[start][0] - math.log(max(confidence * often, 1e-9) * cuts[start])
            ways.append((cost, [*best[start][1], part]))
        best.append(min(ways, key=lambda way: way[0]))
    return best[-1][1]


# --- pictures -------------------------------------------------------------------------------

SIDE = (
    256,
    640,
)  # pixels of a picture's longer side while its ink is looked for: enough to see by, and soon done
FAINT = 25  # how much darker than its paper ink is at least, in 255ths of the paper's light
MANY = 40  # pieces; what falls into more is grain or a texture
UNCERTAIN, BELIEVED = (
    0.5,
    0.8,
)  # certainty that ink is digits: below it there is none, above it the search is over


def decode(data: np.ndarray) -> np.ndarray:
    """The picture that bytes hold, turned upright: of any depth, (h, w) or (h, w, channels). Raises ValueError."""
    picture, kinds, _ = (
        cv2.imdecodeWithMetadata(data, cv2.IMREAD_UNCHANGED) if len(data) else (None, (), None)
    )
    if cv2.IMAGE_METADATA_EXIF in kinds and np.shape(picture)[2:] != (
        4,
    ):  # cv2 turns upright what is opaque
        picture = cv2.imdecode(data, cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH)
    if picture is None:
        raise ValueError(
            "not a picture, damaged, or larger than 50 megapixels; --open opens a saved drawing"
        )
    return picture


def on_paper(picture: np.ndarray) -> np.ndarray:
    """The picture as uint8, its longer side within SIDE, and what is transparent in it filled in."""
    longer = max(picture.shape[:2])
    size = [
        max(8, round(length * np.clip(longer, *SIDE) / longer)) for length in picture.shape[1::-1]
    ]
    picture = cv2.resize(
        picture, size, interpolation=cv2.INTER_AREA if max(size) < longer else cv2.INTER_LINEAR
    )
    if not cv2.checkRange(picture)[0]:
        raise ValueError("pixels that are not finite numbers")
    if picture.dtype != np.uint8:  # numbers without an agreed black and white
        picture = cv2.normalize(picture, None, 0, 255, cv2.NORM_MINMAX, cv2.CV_8U)
    if picture.shape[2:] != (4,):
        return picture
    picture, opaque = np.float32(picture[..., :-1]), picture[..., -1:] / np.float32(255)
    colour = (picture * opaque).sum(axis=(0, 1)) / max(opaque.sum(), 1)
    # Around a drawing on nothing: what its ink stands out from. Around cut-out paper: paper.
    behind = colour if opaque.mean() > 0.5 else 255 * (colour.mean() < 128)
    return np.uint8(picture * opaque + behind * (1 - opaque))


def in_grey(picture: np.ndarray) -> np.ndarray:
    """The picture, uint8, as one channel: along the axis through the colours on which its details differ most."""
    if picture.ndim == 2:
        return picture
    small = np.float32(cv2.resize(picture, (128, 128), interpolation=cv2.INTER_AREA))
    details = (small - cv2.blur(small, (43, 43))).reshape(-1, 3)
    axis = np.linalg.eigh(details.T @ details)[1][:, -1]
    axis *= np.copysign(1, axis.sum()) / np.abs(axis).sum()
    return cv2.transform(picture, np.append(axis, -255 * np.minimum(axis, 0).sum())[None])


def without_rules(mask: np.ndarray) -> np.ndarray:
    """A mask of ink without the thin straight lines that run through most of the picture."""
    least, thick = 0.75 * min(mask.shape), max(mask.shape) // 32
    thin = mask - cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((thick, thick), np.uint8))
    lines = cv2.HoughLinesP(
        thin, 1, np.pi / 720, int(least / 2), minLineLength=least, maxLineGap=least / 4
    )
    if lines is None:
        return np.zeros_like(mask)
    rule = int(stroke_width(thin)) + 1
    mask = mask.copy()
    for line in lines.reshape(-1, 2, 2).tolist():
        cv2.line(mask, *line, 0, max(3, rule // 2))
    return cv2.morphologyEx(
        mask, cv2.MORPH_CLOSE, np.ones((2 * rule, 2 * rule), np.uint8)
    )  # heals what they crossed


def guess_ink(channel: np.ndarray) -> Iterator[np.ndarray]:
    """Masks (uint8, 0 is paper) of what may be the ink in one channel of a picture, the likeliest first."""
    side = max(channel.shape)
    # Whether ink is dark or light the longer tail of the details' brightness tells, not for certain.
    small = np.float32(cv2.resize(channel, (128, 128), interpolation=cv2.INTER_AREA))
    light = ((small - cv2.blur(small, (25, 25))) ** 3).mean() > 0
    smooth = cv2.GaussianBlur(channel, (0, 0), side / 600)
    for dark in (255 - smooth, smooth) if light else (smooth, 255 - smooth):
        # Ink is darker than what a closing leaves, the paper; the darkest of it may be ink, and the rest rules.
        paper = cv2.morphologyEx(dark, cv2.MORPH_CLOSE, np.ones((side // 4, side // 4), np.uint8))
        small = cv2.resize(dark, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side // 16,) * 2)
        paper = np.minimum(
            paper, cv2.resize(cv2.morphologyEx(small, cv2.MORPH_CLOSE, disc), dark.shape[::-1])
        )
        ink = cv2.divide(
            cv2.subtract(paper, dark), cv2.add(paper, 12), scale=255
        )  # 12: grain of dark paper is no ink
        mask = cv2.threshold(ink, 0, 1, cv2.THRESH_OTSU)[1]
        if not mask.any() or cv2.mean(ink, mask)[0] - cv2.mean(ink, 1 - mask)[0] < FAINT:
            continue
        darker = 0.75 * np.percentile(ink[mask > 0], 90)
        yield mask
        yield np.uint8(ink > darker)
        if (unruled := without_rules(mask)).any():
            yield unruled


def pieces_of(mask: np.ndarray, along: float) -> np.ndarray:
    """The pieces of ink in a mask, a mask each, shape (n, h, w): connected, or above each other where a pen skipped."""
    skip = int(min(stroke_width(mask), max(mask.shape) / 32)) | 1
    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        cv2.dilate(mask, np.ones((skip, 1), np.uint8))
    )
    labels *= mask
    edge = np.bincount(
        np.concatenate([labels[[0, -1]].ravel(), labels[:, [0, -1]].ravel()]), minlength=count
    )
    longest = stats[:, 2:4].max(axis=1)
    chosen = 1 + np.flatnonzero(
        ((longest >= 8) & (edge <= along * longest))[1:]
    )  # no specks, not more on the edge
    return np.uint8(labels == chosen[: (len(chosen) <= MANY) * len(chosen), None, None])


def rows_of(boxes: np.ndarray) -> list[np.ndarray]:
    """The places of boxes, shape (n, 4), by rows from top to bottom, left to right; rows may slope by 15 degrees."""
    tried = []  # slopes: with the right one, rows take up the least height
    height, (x, y) = boxes[:, 3], (boxes[:, :2] + boxes[:, 2:] / 2).T
    for degrees in sorted(range(-15, 16, 3), key=abs):
        middle = y - x * math.tan(math.radians(degrees))
        top, bottom = (
            middle - 0.35 * height,
            middle + 0.35 * height,
        )  # heads and tails may reach into other rows
        order = np.argsort(top)
        starts = np.flatnonzero(top[order][1:] > np.maximum.accumulate(bottom[order])[:-1]) + 1
        rows = np.split(order, starts)
        taken = sum(bottom[row].max() - top[row].min() for row in rows)
        tried.append((taken, [row[np.argsort(x[row])] for row in rows]))
    return min(tried, key=lambda entry: entry[0])[1]


def find_text(pieces: np.ndarray, recognizer: Recognizer) -> tuple[Reading, bool]:
    """The digits in pieces of ink, shape (n, h, w), n >= 1, or else the largest part; and whether they are believed."""
    boxes = np.array([cv2.boundingRect(piece) for piece in pieces])

    def look(row: np.ndarray, start: int, stop: int) -> Part:
        mask = pieces[row[start:stop]].max(axis=0)
        image = redraw_at_stroke_width(mask)
        return Part(cv2.boundingRect(mask), image, recognizer.predict(image), mask)

    reading = Reading(
        [
            find_parts(boxes[row], functools.partial(look, row), recognizer.hand)
            for row in rows_of(boxes)
        ]
    )
    rows = [[part for part in row if part.prediction.digit is not None] for row in reading.rows]
    # Any straight line is a 1: another digit is more certain.
    surest = max(
        itertools.chain(*rows),
        default=None,
        key=lambda p: (p.prediction.digit != 1, p.prediction.confidence),
    )
    rows = [
        [part for part in row if 0.5 < max(part.box[2:]) / max(surest.box[2:]) < 2] for row in rows
    ]
    text = Reading([row for row in rows if row])
    share = (
        sum(part.mask.sum() for part in text.parts) / pieces.sum()
    )  # of the ink; what is left out is no digit
    certainty = share * text.confidence ** (1 / max(1, len(text.parts)))
    if certainty < UNCERTAIN:
        part = max(reading.parts, key=lambda part: max(part.box[2:]))
        refusal = part.prediction._replace(
            digit=None, confidence=1 - float(part.prediction.probabilities.max())
        )
        return Reading([[part._replace(prediction=refusal)]]), False
    return text, certainty > BELIEVED


def views(picture: np.ndarray) -> Iterator[np.ndarray]:
    """The picture with paper in place of all that is around its sheet or frame, if it shows one; and as it is."""
    small = cv2.resize(picture, (128, 128), interpolation=cv2.INTER_AREA)
    light = cv2.threshold(in_grey(small), 0, 1, cv2.THRESH_OTSU)[1]
    labels, stats = cv2.connectedComponentsWithStats(light)[1:3]
    if (
        len(stats) > 1
    ):  # a sheet, or a frame's inside, is a large light region, solid, not cut off by the edge
        region = np.uint8(labels == stats[1:, 4].argmax() + 1)
        sheet = cv2.fillConvexPoly(np.zeros_like(light), cv2.convexHull(cv2.findNonZero(region)), 1)
        edge = np.concatenate([sheet[0], sheet[-1], sheet[:, 0], sheet[:, -1]])
        if region.mean() > 0.1 and region.sum() > 0.75 * sheet.sum() and edge.mean() < 0.1:
            inside = cv2.resize(cv2.erode(sheet, np.ones((5, 5))), picture.shape[1::-1]) > 0
            alone = picture.copy()
            alone[~inside] = np.median(picture[inside], axis=0)
            yield alone
    yield picture


def read_file(path: str | os.PathLike[str], recognizer: Recognizer) -> Reading:
    """What an image file says: its digits, by rows, or else its largest ink. Raises ValueError naming the file."""
    with opening(Path(path), "cannot be read"):
        stored = decode(np.fromfile(path, np.uint8))
        picture = on_paper(stored)
    texts, guesses = [], (mask for view in views(picture) for mask in guess_ink(in_grey(view)))
    parted = (
        pieces_of(mask, along) for mask in guesses for along in (0, 0.7)
    )  # clear of the picture's edge, or not
    for text, believed in (find_text(pieces, recognizer) for pieces in parted if len(pieces)):
        texts.append(text)
        if believed:
            break
    if not texts:
        raise ValueError(
            f"{printable(path)}: no ink in it: blank, or too faint to tell from the paper"
        )
    scale, rows = stored.shape[1] / picture.shape[1], texts[-1 if believed else 0].rows
    return Reading(
        [
            [part._replace(box=tuple(round(scale * n) for n in part.box)) for part in row]
            for row in rows
        ]
    )


def read_digit_image(
    path: str | os.PathLike[str], recognizer: Recognizer | None = None
) -> np.ndarray:
    """The digit image, shape (28, 28), of all that read_file() reads together. Raises ValueError as that does."""
    reading = read_file(path, recognizer or Recognizer())
    return redraw_at_stroke_width(np.max([part.mask for part in reading.parts], axis=0))


# --- canvas --------------------------------------------------------------------------------

BRUSHES = range(6, 61, 6)  # pixels
UNDO_STEPS = 200
MOST_PIECES = 60  # ten digits of six strokes; what has more is judged as a whole

LEFT, RIGHT = cv2.EVENT_FLAG_LBUTTON, cv2.EVENT_FLAG_RBUTTON
PRESSES = {cv2.EVENT_LBUTTONDOWN: LEFT, cv2.EVENT_RBUTTONDOWN: RIGHT}
PRESSES |= {
    cv2.EVENT_LBUTTONDBLCLK: LEFT,
    cv2.EVENT_RBUTTONDBLCLK: RIGHT,
}  # in place of a fast second press
RELEASES = {cv2.EVENT_LBUTTONUP: LEFT, cv2.EVENT_RBUTTONUP: RIGHT}


class Stroke(NamedTuple):
    """What the pen drew from one press to the release."""

    points: list[tuple[int, int]]  # x, y in pixels of the canvas
    brush: int  # its width in pixels


def image_of(strokes: Sequence[Stroke]) -> np.ndarray:
    """The digit image of strokes: float32, shape (28, 28), in [0, 1]."""
    # Of a slow stroke one point in so many is enough, and its end: what took minutes is to be read as soon.
    return draw_digit_image(
        [np.array(p[: -1 : 1 + len(p) // 200] + p[-1:], float) for p, _ in strokes]
    )


def box_of(strokes: Sequence[Stroke]) -> tuple[int, int, int, int]:
    """The least box around the points of strokes: x, y, width, height."""
    return cv2.boundingRect(
        np.array([point for stroke in strokes for point in stroke.points], np.int32)
    )


def erase(
    stroke: Stroke, start: tuple[int, int], stop: tuple[int, int], eraser: int
) -> list[Stroke]:
    """What is left of a stroke when an eraser of this width went from start to stop."""
    clear = np.ones((CANVAS_SIZE, CANVAS_SIZE), np.uint8)
    cv2.line(clear, start, stop, 0, eraser + stroke.brush)
    points = np.array(stroke.points, float)
    way = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    steps = np.union1d(way, np.arange(0, way[-1], 2))  # for the mouse may go far between two events
    points = np.rint([np.interp(steps, way, axis) for axis in points.T]).astype(int).T
    kept = clear[points[:, 1], points[:, 0]]
    if kept.all():
        return [stroke]
    runs = np.split(points, np.flatnonzero(np.diff(kept)) + 1)
    return [Stroke(list(map(tuple, run.tolist())), stroke.brush) for run in runs[1 - kept[0] :: 2]]


class Canvas:
    """A drawing: its strokes, made by mouse events, and their history; changes counts up whenever they change."""

    def __init__(self, strokes: Sequence[Stroke] = ()) -> None:
        self.brush, self.changes = 24, 0
        self._history = [list(strokes)]  # the drawing after each action
        self._place = 0  # in the history
        self._known: dict[tuple, tuple] = {}  # the parts that the last reading judged
        self.button = 0  # EVENT_FLAG of the button that is held, 0 while none is
        self._show(strokes)

    def on_mouse(self, event: int, x: int, y: int, flags: int, param: object = None) -> None:
        """Draw with the left button, erase with the right one: cv2's callback."""
        press, release = PRESSES.get(event), RELEASES.get(event)
        if press and not self.button and 0 <= x < CANVAS_SIZE and 0 <= y < CANVAS_SIZE:
            self.button, self._flags_tell, self._last = press, bool(flags & press), (x, y)
            self._move(x, y, new=True)
        elif (
            event == cv2.EVENT_MOUSEMOVE
            and self.button
            and self._flags_tell
            and not flags & self.button
        ):
            self.finish()  # its release outside the window went unseen
        elif self.button and (event == cv2.EVENT_MOUSEMOVE or release == self.button):
            self._move(x, y)
            if release:
                self.finish()

    def _move(self, x: int, y: int, new: bool = False) -> None:
        """Take the pen or the eraser on to (x, y); only the part inside the canvas counts."""
        inside, start, stop = cv2.clipLine((0, 0, CANVAS_SIZE, CANVAS_SIZE), self._last, (x, y))
        self._last = (x, y)
        if inside and self.button == RIGHT:
            left = [
                part for stroke in self.strokes for part in erase(stroke, start, stop, self.brush)
            ]
            if left != self.strokes:
                self._show(left)
        elif inside:
            if new or start != self.strokes[-1].points[-1]:  # pressed, or come back in from outside
                self.strokes.append(Stroke([], self.brush))
            points, brush = self.strokes[-1]
            for point in (start, stop):
                if points[-1:] != [point]:
                    cv2.line(self.image, (points or [point])[-1], point, 255, brush, cv2.LINE_AA)
                    points.append(point)
                    self.changes += 1

    def finish(self) -> None:
        """End what the held button does, as its release would; what was done can be undone from now on."""
        self.button = 0
        if self.strokes != self._history[self._place]:
            self._history[self._place + 1 :] = [list(self.strokes)]
            del self._history[: -UNDO_STEPS - 1]
            self._place = len(self._history) - 1

    def _show(self, strokes: Sequence[Stroke]) -> None:
        self.strokes = list(strokes)
        self._image = None  # drawn when somebody looks, not for every move of the eraser
        self.changes += 1

    @property
    def image(self) -> np.ndarray:
        """What the drawing looks like: uint8, shape (CANVAS_SIZE, CANVAS_SIZE), white on black."""
        if self._image is None:
            self._image = np.zeros((CANVAS_SIZE, CANVAS_SIZE), np.uint8)
            for points, brush in self.strokes:  # as _move() does it, to the pixel
                for start, stop in zip(points[:1] + points, points, strict=False):
                    cv2.line(self._image, start, stop, 255, brush, cv2.LINE_AA)
        return self._image

    def change_brush(self, steps: int) -> int:
        """Make the brush wider (steps > 0) or narrower for strokes to come; return its width."""
        self.brush = int(np.clip(self.brush + steps * BRUSHES.step, BRUSHES[0], BRUSHES[-1]))
        return self.brush

    def clear(self) -> None:
        """Take everything away."""
        self.finish()
        self._show([])
        self.finish()

    def undo(self, steps: int = 1) -> None:
        """Take back so many strokes, erasures or clearings, or do them again (steps < 0), if there are so many."""
        self.finish()
        if 0 <= self._place - steps < len(self._history):
            self._place -= steps
            self._show(self._history[self._place])

    def digit_image(self) -> np.ndarray | None:
        """The digit image of the drawing: float32, shape (28, 28), in [0, 1]; None while nothing is drawn."""
        return image_of(self.strokes) if self.strokes else None

    def read(self, recognizer: Recognizer) -> Reading | None:
        """Read the drawing, from left to right; None while nothing is drawn. Only what is new is judged."""
        if not self.strokes:
            return None
        pieces = (
            [[stroke] for stroke in self.strokes]
            if len(self.strokes) <= MOST_PIECES
            else [self.strokes]
        )
        boxed = sorted(
            ((box_of(piece), piece) for piece in pieces),
            key=lambda pair: 2 * pair[0][0] + pair[0][2],
        )
        boxes, pieces = zip(*boxed, strict=True)  # in the order of their middles
        before, self._known = self._known, {}

        def judge(start: int, stop: int) -> Part:
            strokes = [stroke for piece in pieces[start:stop] for stroke in piece]
            by = recognizer, recognizer.hand.taught
            key = (*map(id, by), *((id(points), len(points)) for points, _ in strokes))
            if key not in before:
                image = image_of(strokes)
                part = Part(box_of(strokes), image, recognizer.predict(image))
                before[key] = (
                    part,
                    strokes,
                    by,
                )  # what has its id in the key is kept, or the id might pass on
            self._known[key] = before[key]
            return before[key][0]

        return Reading([find_parts(np.array(boxes), judge, recognizer.hand)])


def save_drawing(canvas: Canvas, folder: Path) -> Path:
    """Write the drawing as .json and .png of the next free number; return the .json's path. Raises OSError."""
    drawing = {
        "canvas_size": CANVAS_SIZE,
        "strokes": [stroke._asdict() for stroke in canvas.strokes],
    }
    contents = {
        ".json": json.dumps(drawing).encode(),
        ".png": cv2.imencode(".png", canvas.image)[1],
    }
    for number in itertools.count(1):
        path = folder / f"drawing-{number}.json"
        with contextlib.suppress(FileExistsError), contextlib.ExitStack() as undo:
            for suffix, content in contents.items():
                with open(path.with_suffix(suffix), "xb") as file:
                    undo.callback(path.with_suffix(suffix).unlink)
                    file.write(content)
            undo.pop_all()
            break
    return path


def open_drawing(path: Path) -> list[Stroke]:
    """The strokes that save_drawing wrote as this .json. Raises ValueError naming the file."""
    with opening(
        path, "not a drawing that this program saved as .json; a picture is read without --open"
    ):
        drawing, strokes = json.loads(path.read_text()), []
        for stroke in drawing["strokes"]:
            points = np.array(stroke["points"], float) * (CANVAS_SIZE / drawing["canvas_size"])
            points = [(round(x), round(y)) for x, y in np.clip(points, 0, CANVAS_SIZE - 1).tolist()]
            strokes.append(Stroke(points, int(np.clip(stroke["brush"], BRUSHES[0], BRUSHES[-1]))))
        if not min(len(stroke.points) for stroke in strokes):
            raise ValueError("a stroke without points")
    return strokes


# --- window --------------------------------------------------------------------------------

WINDOW_SIZE = (
    900,
    CANVAS_SIZE,
)  # at first, where the screen has room: the canvas, and the panel at its right
ARRANGEMENTS = {  # where the answer, the bars and the keys stand (x, y, width) in wide windows and in tall ones
    WINDOW_SIZE: ((588, 0, 284), (588, 240, 284), (588, 442, 284)),
    (CANVAS_SIZE, 864): ((28, 560, 264), (328, 586, 204), (28, 812, 512)),
}
MESSAGE_SECONDS, FLASH_SECONDS, IDLE_SECONDS = 4, 0.3, 0.03

CANVAS_COLOUR, PANEL_COLOUR, LINE_COLOUR = (
    (22, 18, 16),
    (44, 38, 34),
    (72, 64, 58),
)  # blue, green, red
TEXT_COLOUR, QUIET_COLOUR, FAINT_COLOUR = (240, 238, 236), (176, 168, 160), (56, 49, 44)
BEST_COLOUR, BAR_COLOUR = (40, 176, 255), (150, 126, 104)  # differ in brightness, not only in hue
OTHER_COLOUR = (255, 150, 60)  # of ink that speaks for the runner-up, and of the eraser
LOOK_TWICE = 0.85  # of 12,244 digits by 35 hands 84 % of those with 0.80 to 0.85 were right, 96 % of those up to 0.90
PIECE = 4  # pixels of a digit image: the side of what is left out at a time, to tell why

KEYS = [  # what they are, what they do, the same in a word for the panel, and how
    ("left button", "draw", "", None),
    ("right button", "erase what it touches", "", None),
    ("u, Backspace, Ctrl+Z", "undo, again and again", "undo", lambda window: window.canvas.undo()),
    ("y, Ctrl+Y, Ctrl+Shift+Z", "redo", "redo", lambda window: window.canvas.undo(-1)),
    ("c, Delete", "clear", "clear", lambda window: window.canvas.clear()),
    (
        "], wheel",
        "a wider brush",
        "wider",
        lambda window: f"Brush: {window.canvas.change_brush(1)} pixels",
    ),
    (
        "[, wheel",
        "a narrower brush",
        "narrower",
        lambda window: f"Brush: {window.canvas.change_brush(-1)} pixels",
    ),
    ("s, Ctrl+S", "save drawing and strokes", "save", lambda window: window.save()),
    ("Enter", "print the answer", "answer", lambda window: window.enter()),
    ("0 ... 9", "tell which digit it is: your hand is learned", "", None),
    ("f", "forget what was learned last", "forget", lambda window: window.forget()),
    ("w", "why: which ink speaks for the answer", "why", lambda window: window.toggle("why")),
    ("l", "read along, or on Enter only", "live", lambda window: window.toggle("live")),
    ("h, ?, F1", "show and hide these keys", "all keys", lambda window: window.toggle("help")),
    ("Esc, q", "quit; Esc first ends what is shown", "quit", lambda window: window.toggle("open")),
]
ACTIONS = {name.lower(): action for names, *_, action in KEYS for name in names.split(", ")}
ACTIONS |= {digit: lambda window, digit=digit: window.type_digit(digit) for digit in DIGITS}

# waitKeyEx's codes in Qt, GTK, Windows and macOS; the letters are the same everywhere.
SPECIAL_KEYS = dict.fromkeys((13, 10, 3, 0xFF0D, 0xFF8D), "enter") | dict.fromkeys(
    (8, 127, 0xFF08), "backspace"
)
SPECIAL_KEYS |= {27: "esc", 0xFF1B: "esc", 0xFFBE: "f1", 0xFFFF: "delete"} | {
    0xFFB0 + int(d): d for d in DIGITS
}


font = functools.cache(
    lambda face, weight: cv2.FontFace(face)
)  # one for each weight: to change it takes long


class Sheet:
    """A picture of the window, uint8 BGR, empty at first; its units are pixels of a window of the usual size."""

    def __init__(self, size: tuple[int, int]) -> None:
        self.image = np.full((size[1], size[0], 3), PANEL_COLOUR, np.uint8)
        self.scale, shape = max((min(np.divide(size, shape)), shape) for shape in ARRANGEMENTS)
        self.corner = (
            np.array(size) - np.multiply(shape, self.scale)
        ) / 2  # of the canvas, in pixels
        self.answer, self.bars, (left, top, width) = ARRANGEMENTS[shape]
        self.area(0, 0, CANVAS_SIZE, CANVAS_SIZE)[:] = CANVAS_COLOUR
        keys = [(names.split(", ")[0], label) for names, _, label, _ in KEYS if label]
        columns = width // 125
        for i, (key, label) in enumerate(keys):
            column, row = divmod(i, len(keys) // columns)
            x, y = left + column * width / columns, top + 20 * row
            self.words(f"<{key}>", x, y)
            self.text(
                label, x + (28 if 2 * column < columns else 56), y, 14, QUIET_COLOUR
            )  # beside Enter and Esc

    def area(self, x: float, y: float, width: float, height: float) -> np.ndarray:
        """The pixels of a rectangle, at least one: a view."""
        corners = self.corner + np.multiply(self.scale, ((x, y), (x + width, y + height)))
        (left, top), (right, bottom) = np.rint(corners).astype(int)
        return self.image[top : max(bottom, top + 1), left : max(right, left + 1)]

    def text(
        self,
        text: str,
        x: float,
        y: float,
        size: float,
        colour=TEXT_COLOUR,
        weight=400,
        align="left",
    ) -> float:
        """Put text, its baseline at y, and x its left or right end or its middle; return its width."""
        face = (
            "uni" if text.endswith("%") else "sans"
        )  # figures of equal width, whose 0 is no 8 when small
        size = max(8, round(size * self.scale))  # smaller, nobody could read it
        width = cv2.getTextSize((0, 0), text, (0, 0), font(face, weight), size, weight)[2]
        x, y = np.rint(self.corner + np.multiply(self.scale, (x, y))).astype(int).tolist()
        x -= {"left": 0, "middle": width // 2, "right": width}[align]
        cv2.putText(self.image, text, (x, y), colour, font(face, weight), size, weight)
        return width / self.scale

    def words(self, text: str, x: float, y: float, size: float = 14, colour=QUIET_COLOUR) -> None:
        """Put text in which <Esc> is a key."""
        for i, word in enumerate(re.split("<(.+?)>", text)):
            if i % 2:
                width = 8 + max(
                    11, self.text(word, x, -99, 12, weight=500)
                )  # above the picture, to measure it
                self.area(x, y - 13, width, 17)[:] = LINE_COLOUR
                self.text(word, x + width / 2, y, 12, TEXT_COLOUR, 500, "middle")
                x += width + 4
            else:
                x += self.text(word, x, y, size, colour)


empty_sheet = functools.lru_cache(maxsize=2)(Sheet)


def show_answer(sheet: Sheet, reading: Reading | None, shown: Part | None) -> None:
    """Draw what was read, how sure that is, and the parts' digit images, the one that the bars belong to framed."""
    left, top, width = sheet.answer
    if not reading:
        sheet.text("?", left - 4, top + 116, 124, LINE_COLOUR, 600)
        return
    text, confidence = str(reading)[:-1].split(" (")
    sure = reading.confidence >= LOOK_TWICE
    colour = BEST_COLOUR if sure and "?" not in reading.text else QUIET_COLOUR
    size = min(124, 30 * (width - 96) / sheet.text(text, left, -999, 30, weight=600))
    sheet.text(text, left - size / 30, top + 71 + 0.36 * size, size, colour, 600)
    sheet.text(confidence, left + width, top + 66, 24, TEXT_COLOUR, 400, "right")
    sheet.text(
        "confidence" if sure else "a guess", left + width, top + 88, 14, QUIET_COLOUR, 400, "right"
    )
    hint = "press the right digit" if len(reading.parts) == 1 else "type the right number"
    sheet.text(f"wrong? {hint}", left, top + 150, 14, QUIET_COLOUR)
    sheet.text("the network sees", left, top + 174, 12, QUIET_COLOUR)
    step = min(50, (width + 6) / len(reading.parts))
    for i, part in enumerate(reading.parts):
        area = sheet.area(left + i * step, top + 182, 0.88 * step, 0.88 * step)
        image = cv2.resize(
            np.uint8(255 * part.image), area.shape[1::-1], interpolation=cv2.INTER_NEAREST
        )
        cv2.cvtColor(image, cv2.COLOR_GRAY2BGR, area)
        if part is shown and len(reading.parts) > 1:
            cv2.rectangle(
                area,
                (0, 0),
                np.subtract(area.shape[1::-1], 1).tolist(),
                colour,
                1 + int(sheet.scale),
            )


def show_bars(sheet: Sheet, prediction: Prediction | None) -> None:
    """Draw the ten probabilities of one part."""
    left, top, width = sheet.bars
    for digit in range(10):
        y = top + 18 * digit
        share = prediction.probabilities[digit] if prediction else 0
        best = prediction is not None and digit == prediction.digit
        colour = TEXT_COLOUR if best else QUIET_COLOUR if prediction else LINE_COLOUR
        sheet.text(str(digit), left, y + 11, 15, colour, 700 if best else 400)
        sheet.area(left + 24, y, width - 82, 12)[:] = LINE_COLOUR if prediction else FAINT_COLOUR
        if share >= 0.001:
            filled = (
                BAR_COLOUR if not best else BEST_COLOUR if share >= LOOK_TWICE else QUIET_COLOUR
            )
            sheet.area(left + 24, y, (width - 82) * share, 12)[:] = filled
            sheet.text(f"{share:.1%}", left + width, y + 11, 14, colour, 400, "right")


def explain(part: Part, recognizer: Recognizer) -> np.ndarray:
    """What a part's ink speaks for, a BGR pixel for each piece: orange for the answer, blue for the runner-up."""
    # For what is less probable without it (Zeiler and Fergus, "Visualizing and understanding convolutional networks").

    def log_odds(prediction: Prediction) -> np.ndarray:  # of the ten digits, and of no digit
        probabilities = np.append(
            prediction.probabilities, 1 - prediction.probabilities.sum()
        ).clip(1e-9, 1 - 1e-9)
        return np.log(probabilities / (1 - probabilities))

    before = log_odds(part.prediction)
    answers = np.argsort(before)[:-3:-1]
    x, y, width, height = cv2.boundingRect(np.uint8(part.image > 0))
    rows = np.array_split(np.arange(y, y + height), math.ceil(height / PIECE))
    columns = np.array_split(np.arange(x, x + width), math.ceil(width / PIECE))
    falls = np.zeros((len(rows), len(columns), 2))
    for i, j in np.ndindex(falls.shape[:2]):
        without, piece = part.image.copy(), np.ix_(rows[i], columns[j])
        if without[piece].sum() > 2:  # pixels of ink
            without[piece] = 0
            falls[i, j] = (before - log_odds(recognizer.predict(without)))[answers]
    falls[falls < falls.max(axis=2, keepdims=True).clip(0)] = 0
    shares = falls / falls.max(axis=(0, 1)).clip(1)
    return np.uint8(255 + shares @ (np.array([BEST_COLOUR, OTHER_COLOUR]) - 255))


class Window:
    """The window's state and what its keys do; run() shows it until the person quits."""

    def __init__(
        self, recognizer: Recognizer, canvas: Canvas | None = None, folder: Path = Path()
    ) -> None:
        self.recognizer, self.canvas = recognizer, canvas or Canvas()
        self.folder = folder.resolve()  # where drawings are saved; it may vanish
        self.size = WINDOW_SIZE
        self.live, self.help, self.why, self.open = True, False, False, True
        self.pointer: tuple[int, int] | None = (
            None  # where the mouse is, in units; None outside the window
        )
        self.typed = ""  # of the right number, so far
        self._events = 0  # of mouse and keys
        self._message, self._message_ends, self._flash_ends = "", 0.0, 0.0
        self._was_read = -1  # which of the canvas's changes

    def read(self) -> Reading | None:
        """Read the drawing as it is now; None while nothing is drawn."""
        self._was_read = self.canvas.changes
        return self.canvas.read(self.recognizer)

    def on_mouse(self, event: int, x: int, y: int, flags: int, param: object = None) -> None:
        """Pass on to the canvas what the mouse does: cv2's callback. What is drawn hides message and help."""
        if event == cv2.EVENT_MOUSEWHEEL:
            self.press("]" if flags > 0 else "[")
            return
        self._events += 1
        sheet, changes = empty_sheet(self.size), self.canvas.changes
        place = (np.array([x, y]) + 0.5 - sheet.corner) / sheet.scale
        self.pointer = tuple(
            np.floor(place).clip(-9999, 9999).astype(int).tolist()
        )  # no farther than cv2 can draw
        self.canvas.on_mouse(event, *self.pointer, flags)
        if self.canvas.changes != changes:
            self._message, self.typed, self.help = "", "", False

    def on_key(self, code: int, held: str = "") -> None:
        """Do what the key with this code of cv2.waitKeyEx or of X stands for, while others are held ("ctrl+")."""
        held, code = (
            "ctrl+" if code > 0 and code & 0x40000 else held,
            code & 0xFFFF,
        )  # GTK tells more above 0xFFFF
        self.press(held + (SPECIAL_KEYS.get(code) or (chr(code).lower() if code < 128 else "")))

    def press(self, key: str) -> None:
        """Do what a key stands for, nothing where it is unknown, and show for some seconds what came of it."""
        self._events += 1
        if key in ("esc", "backspace") and (self.help or self.typed):
            self.help, self.typed, self._message = False, "", ""
        elif action := ACTIONS.get(key):
            needs_ink = key in (*DIGITS, "enter", "s", "ctrl+s")
            if needs_ink:
                self.canvas.finish()
            if key not in (*DIGITS, "enter"):
                self.typed = ""
            try:
                message = (
                    action(self) if self.canvas.strokes or not needs_ink else "Nothing is drawn yet"
                )
            except OSError as error:
                message = f"Failed: {Path(error.filename or self.folder).name}: {reason(error)}"
                say(f"mnist_digit: {printable(error.filename or self.folder)}: {reason(error)}")
            self._message = message or ""
            self._message_ends = math.inf if self.typed else time.monotonic() + MESSAGE_SECONDS

    def toggle(self, name: str) -> None:
        """Switch live, why, help or open on or off."""
        setattr(self, name, not getattr(self, name))

    def save(self) -> str:
        path = save_drawing(self.canvas, self.folder)
        say(f"Saved {printable(path.with_suffix('.png'))} and {path.name}")
        return f"Saved {path.stem}.png and .json"

    def enter(self) -> str | None:
        """Print the answer, or end the right number: with one digit only, all that is drawn is this digit."""
        if len(self.typed) == 1:
            return self.learn([(self.canvas.digit_image(), self.typed)])
        typed, self.typed = self.typed, ""
        if typed:
            return f"{typed} does not fit {len(self.read().parts)} parts: draw the digits further apart"
        answer(str(self.read()))
        self._flash_ends = time.monotonic() + FLASH_SECONDS
        return None

    def type_digit(self, digit: str) -> str:
        """Take the next digit of the right number; with the last one, learn those that were misread or guessed."""
        self.typed += digit
        parts = self.read().parts
        if missing := len(parts) - len(self.typed):
            return f"right: {self.typed}{' _' * missing}   <Enter> if all of it is one digit   <Esc> cancels"
        return self.learn(
            [
                (part.image, digit)
                for part, digit in zip(parts, self.typed, strict=True)
                if str(part.prediction) != digit or part.prediction.confidence < LOOK_TWICE
            ]
        )

    def learn(self, lessons: Sequence[tuple[np.ndarray, str]]) -> str:
        """Learn which digits images are, and read again: the drawing is what was typed."""
        typed, self.typed = self.typed, ""
        for image, digit in lessons:
            self.recognizer.teach(image, int(digit))
        text = self.read().text
        if text != typed:
            return f"Learned, yet it reads {text}"
        return (
            f"Learned: it is {typed}   <f> forgets it" if lessons else f"It reads {typed} already"
        )

    def forget(self) -> str:
        digit = self.recognizer.forget()
        return "There is nothing to forget" if digit is None else f"Forgotten: a {digit}"

    @property
    def message(self) -> str:
        """What is said at the canvas's lower edge."""
        return self._message if time.monotonic() < self._message_ends else ""

    def state(self) -> tuple:
        """All that the picture depends on."""
        return (
            self._events,
            self.pointer,
            self.size,
            self.message,
            time.monotonic() < self._flash_ends,
        )

    def frame(self) -> np.ndarray:
        """The window's picture: uint8 BGR, shape (height, width, 3)."""
        sheet = copy.deepcopy(empty_sheet(self.size))
        if time.monotonic() < self._flash_ends:
            left, top, width = sheet.answer
            sheet.area(left - 12, top + 14, width + 24, 112)[:] = LINE_COLOUR
        reading = self.read() if self.live or self._was_read == self.canvas.changes else None
        part = min(reading.parts, key=lambda part: part.prediction.confidence) if reading else None
        for other in (
            reading.parts if reading and self.pointer else []
        ):  # the bars are of the one that is pointed at
            past = np.subtract(self.pointer, other.box[:2])
            part = other if (past >= 0).all() and (past <= other.box[2:]).all() else part
        show_answer(sheet, reading, part)
        show_bars(sheet, part and part.prediction)
        self.show_drawing(sheet, reading, part)
        self.show_words(sheet)
        return sheet.image

    def show_drawing(self, sheet: Sheet, reading: Reading | None, part: Part | None) -> None:
        """Draw the drawing, what its ink speaks for, and how it was parted."""
        area = sheet.area(0, 0, CANVAS_SIZE, CANVAS_SIZE)
        how = cv2.INTER_AREA if sheet.scale < 1 else cv2.INTER_LINEAR
        ink = cv2.resize(self.canvas.image, area.shape[1::-1], interpolation=how)
        cv2.max(area, cv2.cvtColor(ink, cv2.COLOR_GRAY2BGR), area)
        if not reading:
            return
        reach = max(stroke.brush for stroke in self.canvas.strokes) / 2
        if self.why:
            low = np.maximum(np.array(part.box[:2]) - reach, 0)
            high = np.minimum(np.add(part.box[:2], part.box[2:]) + reach, CANVAS_SIZE)
            inked = sheet.area(*low, *(high - low))
            cv2.min(inked, cv2.resize(explain(part, self.recognizer), inked.shape[1::-1]), inked)
        if (
            len(reading.parts) > 1
        ):  # a line, and what was read, below each part; above it for want of room
            below = max(y + height for (_, y, _, height), *_ in reading.parts) + reach + 8
            above = min(part.box[1] for part in reading.parts) - reach - 24
            y = below if below < CANVAS_SIZE - 20 or above < 0 else above
            for (x, _, width, _), _, prediction, _ in reading.parts:
                sheet.area(x, y, max(width, 8), 1.5)[:] = QUIET_COLOUR
                sheet.text(str(prediction), x + width / 2, y + 15, 14, QUIET_COLOUR, 500, "middle")

    def show_words(self, sheet: Sheet) -> None:
        """Draw what is said on the canvas, and the pointer's ring."""
        area, middle = sheet.area(0, 0, CANVAS_SIZE, CANVAS_SIZE), CANVAS_SIZE / 2
        status = {  # what is not as usual
            "live reading is off: <Enter> answers": not self.live,
            f"network: {self.recognizer.path.name}": self.recognizer.path.absolute() != MODEL,
            f"drawings learned from you: {len(self.recognizer.hand)}": len(self.recognizer.hand),
            "why: orange ink speaks for the answer, blue for the runner-up": self.why,
        }
        for i, line in enumerate(line for line, holds in status.items() if holds):
            sheet.words(line, 14, 24 + 20 * i, 13)
        if not self.canvas.strokes:
            sheet.text("Draw a digit", middle, middle, 40, QUIET_COLOUR, 500, "middle")
            sheet.text(
                "or several, side by side", middle, middle + 34, 17, QUIET_COLOUR, 400, "middle"
            )
        if self.help:
            area[:] = area // 5
            for i, (names, does, *_) in enumerate(KEYS):
                sheet.words(f"<{names.replace(', ', '><')}>", 36, 70 + 31 * i)
                sheet.text(does, 250, 70 + 31 * i, 15)
        elif self.pointer:
            centre = np.rint(np.multiply(self.pointer, sheet.scale)).astype(int).tolist()
            erasing, radius = (
                self.canvas.button == RIGHT,
                round(self.canvas.brush / 2 * sheet.scale),
            )
            cv2.circle(
                area,
                centre,
                radius,
                OTHER_COLOUR if erasing else BAR_COLOUR,
                1 + erasing,
                cv2.LINE_AA,
            )
        if self.message:
            sheet.area(0, CANVAS_SIZE - 44, CANVAS_SIZE, 44)[:] = PANEL_COLOUR
            sheet.words(self.message, 28, CANVAS_SIZE - 16, 16, TEXT_COLOUR)

    def run(self) -> None:
        """Show the window until the person quits. Raises ValueError without a display, KeyboardInterrupt on Ctrl-C."""
        shrink = min(
            1, *(np.subtract(check_display(), (80, 100)) / WINDOW_SIZE)
        )  # leaves room for panels and a title
        interrupts = []  # an exception would be lost in one of cv2's callbacks
        usual = signal.signal(signal.SIGINT, lambda *_: interrupts.append(True))
        cv2.namedWindow(
            WINDOW_TITLE, cv2.WINDOW_NORMAL | cv2.WINDOW_FREERATIO | cv2.WINDOW_GUI_NORMAL
        )
        cv2.resizeWindow(WINDOW_TITLE, *(int(side * shrink) for side in WINDOW_SIZE))
        cv2.moveWindow(WINDOW_TITLE, 40, 40)
        cv2.setMouseCallback(WINDOW_TITLE, self.on_mouse)
        shown = None
        with events_taken_from_qt(self):
            while self.open and not interrupts and (size := window_size()):
                self.size = size
                if shown != (shown := self.state()):
                    cv2.imshow(WINDOW_TITLE, self.frame())
                else:
                    time.sleep(IDLE_SECONDS)  # cv2, while it waits, looks for events every 2 ms
                if (key := cv2.waitKeyEx(10)) != -1:
                    self.on_key(key)
            cv2.destroyAllWindows()
        signal.signal(signal.SIGINT, usual)
        if interrupts:
            raise KeyboardInterrupt


# --- this machine ----------------------------------------------------------------------------


def say(line: str) -> None:
    """Print a line of progress or trouble to standard error, if there is anybody to hear it."""
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr, flush=True)


def answer(line: str) -> None:
    """Print a line to standard output. Raises OSError, naming it, where that fails."""
    try:
        print(line, flush=True)
    except OSError as error:
        with silenced(1):
            sys.stdout.flush()  # what could not be written would be tried again at the end
        raise OSError(error.errno, error.strerror, "standard output") from error


def printable(path: str | os.PathLike[str]) -> str:
    """A path on one line, whatever its name holds."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in os.fspath(path))


def reason(error: BaseException) -> str:
    """Why something failed, in the first sentence of the error that started it; never more than a line."""
    while error.__context__ and not getattr(
        error, "strerror", None
    ):  # what the system says is clear enough
        error = error.__context__
    said = (
        getattr(error, "strerror", None),
        getattr(error, "err", None),
        str(error).strip(),
    )  # system, OpenCV, others
    return printable(re.split(r"(?<!\d)\. |\n", next(filter(None, said), type(error).__name__))[0])[
        :160
    ]


@contextlib.contextmanager
def silenced(descriptor: int = 2) -> Iterator[None]:
    """Standard error, or another stream, goes nowhere, also what libraries write to it by themselves."""
    kept = os.dup(descriptor)
    try:
        with open(os.devnull, "w") as nowhere:
            os.dup2(nowhere.fileno(), descriptor)
        yield
    finally:
        os.dup2(kept, descriptor)
        os.close(kept)


def replace_closed_streams() -> None:
    """Open the null device in the place of each stream that the caller closed, as by 2>&-.

    Otherwise the next file that is opened would get the stream's number, and what libraries
    print would be written into that file.
    """
    if sys.stdin is None:
        sys.stdin = open(os.devnull)
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w")
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w")


@contextlib.contextmanager
def opening(path: Path, otherwise: str, memory: int = 700_000_000) -> Iterator[None]:
    """Every error in reading a file becomes a ValueError that names it, says what it is not, and why."""
    try:
        with silenced(), contextlib.ExitStack() as undo:
            if not path.is_file():
                raise ValueError("not a file" if path.exists() else "no such file")
            if (
                sys.platform == "linux"
            ):  # so many bytes more are all it gets: a small file may unpack to gigabytes
                import resource

                soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
                most = (
                    int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
                    + memory
                )
                resource.setrlimit(
                    resource.RLIMIT_DATA, (most if soft < 0 else min(most, soft), hard)
                )
                undo.callback(resource.setrlimit, resource.RLIMIT_DATA, (soft, hard))
            yield
    except Exception as error:  # Keras, h5py, OpenCV, NumPy and zipfile raise nearly every kind
        raise ValueError(f"{printable(path)}: {otherwise} ({reason(error)})") from error


@contextlib.contextmanager
def replacing(path: Path, mark: str = ".new") -> Iterator[Path]:
    """A new file that takes path's place when all went well; even a loss of power leaves one of the two, and whole."""
    new = path.with_suffix(mark + path.suffix)
    try:
        yield new
        with open(new, "rb+") as file:
            os.fsync(file.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(path: Path, busy: str = "") -> Iterator[None]:
    """Hold a folder, or an empty file, against other processes; wait for it, or raise ValueError saying it is busy."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if os.name == "nt":  # no flock there
        yield
        return
    import fcntl

    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_CREAT, 0o666)
    try:
        fcntl.flock(
            handle, fcntl.LOCK_EX | (fcntl.LOCK_NB if busy else 0)
        )  # let go with the process, however it ends
        yield
    except BlockingIOError as error:
        raise ValueError(f"{printable(path)}: {busy}") from error
    finally:
        os.close(handle)


def window_size() -> tuple[int, int] | None:
    """The window's width and height in pixels, never too small to draw; None once the person has closed it."""
    try:
        *_, width, height = cv2.getWindowImageRect(WINDOW_TITLE)
    except cv2.error:  # Qt's answer where no window at all is left
        return None
    return None if width < 0 else (max(width, 100), max(height, 100))


@contextlib.contextmanager
def events_taken_from_qt(window: Window) -> Iterator[None]:
    """While this lasts the window learns from cv2's own Qt 5, if it has one, what cv2 keeps to itself."""
    # Each of several keys at once, those with Ctrl, the mouse's leaving, and its moves that Qt would join; and the
    # wheel no longer zooms, which shifts the picture under the drawing mouse (opencv/opencv#11500).
    key_press, leave, wheel = 6, 11, 31  # QEvent::Type
    held = {0: "", 1 << 25: "", 1 << 26: "ctrl+", 3 << 25: "ctrl+shift+"}  # Qt::KeyboardModifier

    @ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.POINTER(ctypes.c_void_p))
    def is_done(receiver_and_event: ctypes._Pointer) -> bool:
        event = (ctypes.c_int * 20).from_address(receiver_and_event[1])
        kind = event[4] & 0xFFFF  # QEvent::t
        if kind == leave:
            window.pointer = None
        elif kind == wheel and event[19]:  # QWheelEvent::angleD's y, 0 where it turns sideways
            window.press("]" if event[19] > 0 else "[")
        elif (
            kind == key_press and event[12] < 1 << 16
        ):  # QKeyEvent::nVirtualKey; then QInputEvent::modState
            window.on_key(event[12], held[event[5] & 3 << 25])
        return kind in (wheel, key_press)

    name = "_ZN14QtOpenCVPython9QInternal{}CallbackENS0_8CallbackEPFbPPvE"
    set_attribute = (
        "_ZN14QtOpenCVPython16QCoreApplication12setAttributeENS_2Qt20ApplicationAttributeEb"
    )
    with contextlib.ExitStack() as stack:
        for library in Path(cv2.__file__).parent.parent.glob("opencv*.libs/libQt5Core*"):
            with contextlib.suppress(AttributeError):  # another build of it
                qt = ctypes.CDLL(os.fspath(library))
                register, unregister = (
                    qt[name.format("16register")],
                    qt[name.format("18unregister")],
                )
                qt[set_attribute](25, False)  # Qt::AA_CompressHighFrequencyEvents
                register(0, is_done)
                stack.callback(unregister, 0, is_done)
        yield


def check_display() -> tuple[int, int]:
    """The screen's width and height in pixels. Raises ValueError where there is none: cv2's Qt would abort all."""
    if not sys.platform.startswith("linux"):
        return 1920, 1080  # as usual
    os.environ["QT_QPA_PLATFORM"] = (
        "xcb"  # cv2 brings no other along, and Qt aborts where another is asked for
    )
    xcb = ctypes.CDLL("libxcb.so.1")  # cv2 has it loaded already
    xcb.xcb_connect.restype = xcb.xcb_get_setup.restype = ctypes.c_void_p
    xcb.xcb_setup_roots_iterator.restype = ctypes.POINTER(ctypes.c_uint16)  # an xcb_screen_t
    connection = ctypes.c_void_p(xcb.xcb_connect(None, None))
    if xcb.xcb_connection_has_error(connection):
        name = os.environ.get("DISPLAY") or "not set"
        raise ValueError(
            f"no display (DISPLAY is {name}): run under xvfb-run, or name image files to read"
        )
    screen = xcb.xcb_setup_roots_iterator(ctypes.c_void_p(xcb.xcb_get_setup(connection)))
    size = screen[10], screen[11]  # after five numbers of 32 bits
    xcb.xcb_disconnect(connection)
    return size


# --- command line --------------------------------------------------------------------------


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options; model and plots are those of the recipe where none are named. Ends the program on wrong usage."""
    keys = "\n".join(f"  {names:25}{does}" for names, does, *_ in KEYS)
    description = f"{__doc__}\nIn the window:\n{keys}"
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("files", nargs="*", metavar="FILE", help="pictures to read instead of opening the window")
    add("--open", type=Path, metavar="FILE", help="a saved drawing to go on with")
    add("--teach", metavar="DIGITS", help="what the files show; learn it")
    add("--forget", action="store_true", help="forget all that was taught")
    add(
        "--hand",
        type=Path,
        metavar="FILE",
        help="what you taught (model/hand.npz); with --train: train on it, too",
    )
    add(
        "--model",
        type=Path,
        metavar="FILE",
        help="the network: .keras, .h5 or this program's own .tflite",
    )
    add = parser.add_argument_group("training").add_argument
    add("--train", action="store_true", help="train, although there is a trained network")
    add("--no-window", action="store_true", help="stop after training")
    add(
        "--data",
        type=Path,
        metavar="FILE",
        help="MNIST as an .npz file (default: Keras's copy, downloaded once)",
    )
    add(
        "--recipe",
        choices=RECIPES,
        default="default",
        help="how to train; each but default has a model/RECIPE.tflite",
    )
    add("--epochs", type=int, metavar="N", help="(default: the recipe's)")
    add("--batch-size", type=int, metavar="N", help="(default: the recipe's)")
    add("--seed", type=int, default=0, metavar="N", help="of all that is random (default: 0)")
    add(
        "--plots",
        type=Path,
        metavar="DIR",
        help="where the plots go (default: plots/, plots/RECIPE/)",
    )
    options = parser.parse_args(arguments)
    names, counts = (
        (options.open, options.hand, options.model, options.data),
        (options.epochs, options.batch_size),
    )
    digits, busy = options.teach, options.files or options.forget
    for wrong, usage in (
        (
            any(path and not path.name for path in names),
            "--open, --hand, --model and --data are to name a file",
        ),
        (
            any(n is not None and n < 1 for n in counts),
            "--epochs and --batch-size are to be above 0",
        ),
        (not 0 <= options.seed < 1 << 32, "--seed is to be from 0 to 4294967295"),
        (digits is not None and not re.fullmatch("[0-9]+", digits), "--teach takes digits"),
        (digits and not options.files, "--teach needs the files that show them"),
        (
            options.no_window and not (options.train or busy),
            "--no-window leaves nothing to do but --train",
        ),
        (
            options.open and (options.no_window or busy),
            "--open opens the window: nothing else is to be done",
        ),
    ):
        if wrong:
            parser.error(usage)
    options.own = options.model is None  # not named: trained where it is missing
    options.model = options.model or (
        MODEL if options.recipe == "default" else MODEL.with_stem(options.recipe)
    )
    options.plots = options.plots or (
        PLOTS if options.model == MODEL else PLOTS / options.model.stem
    )
    return options


def reading_of(file: str, recognizer: Recognizer, digits: str | None) -> Reading:
    """What a picture says, once it is taught to show digits: one in all, or one for each part."""
    if digits:
        parts = read_file(file, recognizer).parts
        images = (
            [read_digit_image(file, recognizer)]
            if len(digits) == 1
            else [part.image for part in parts]
        )
        if len(images) != len(digits):
            raise ValueError(
                f"{printable(file)}: {len(images)} parts are read, not {len(digits)}; teach one at a time"
            )
        for image, digit in zip(images, digits, strict=True):
            recognizer.teach(image, int(digit))
    return read_file(file, recognizer)


def run(options: argparse.Namespace) -> int:
    """Forget, train, read files, show the window: what the options ask for. Returns the exit status."""
    shows_window = not (options.files or options.no_window or options.forget)
    if shows_window:  # what cannot work is refused before a training, not after it
        canvas = Canvas(open_drawing(options.open) if options.open else ())
        check_display()
    hand = options.hand or HAND
    if options.forget:
        forgotten = Hand(hand).change(lambda taught: NOTHING)
        say(f"{printable(hand)}: forgot {len(forgotten.labels)} taught digits")
    trained = options.model.exists() or options.model.with_suffix(".keras").exists()
    if options.train or (options.own and not trained and (options.files or shows_window)):
        options.model = options.model.with_suffix(".tflite")
        try:
            train(
                options.data,
                options.recipe,
                options.epochs,
                options.batch_size,
                options.seed,
                options.model,
                options.plots,
                options.hand if options.train else None,
            )
        except KeyboardInterrupt:
            say("\nInterrupted; the same command goes on after the last finished epoch.")
            raise
    if shows_window:
        Window(Recognizer(options.model, hand), canvas).run()
    recognizer, status = Recognizer(options.model, hand) if options.files else None, 0
    for file in options.files:
        try:
            answer(f"{printable(file)}: {reading_of(file, recognizer, options.teach)}")
        except ValueError as error:
            say(f"mnist_digit: {error}")
            status = 1
    return status


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line. Returns the exit status."""
    replace_closed_streams()
    options = parse_arguments(arguments)
    try:
        return run(options)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # as in: mnist_digit.py *.png | head -1
        return 1
    except OSError as error:
        say(f"mnist_digit: {printable(error.filename or options.model.parent)}: {reason(error)}")
    except ValueError as error:
        say(f"mnist_digit: {error}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
