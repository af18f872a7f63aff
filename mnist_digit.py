#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = ["opencv-python>=5.0,<6", "numpy>=2.0,<3"]
# ///
"""Draw a digit with the mouse and be told which digit it is.

The window reads along while you draw. Behind it stands a convolutional network
trained on MNIST and on the strokes of real people. A trained network is kept in
model/; where it is missing the program trains one first.

Examples:
  mnist_digit.py                      open the window
  mnist_digit.py three.png photo.jpg  read image files, one line for each
  mnist_digit.py --teach 4 photo.jpg  tell what a file shows, if it was misread
  mnist_digit.py --show photo.jpg     show pictures, and what is read in them
  mnist_digit.py --camera             read what a camera sees
  mnist_digit.py --open drawing.json  go on with a saved drawing
  mnist_digit.py --train              train, then open the window
  mnist_digit.py --train --no-window --recipe plain-sgd --data mnist.npz
"""

# The sections, each under a banner. Each stands on those before it; what opens files, locks them
# and speaks to the person is under "this machine", and all may use it.
#   constants, digit image    the one form in which every digit meets the network
#   handwriting and data      what is learned from, and how it is varied
#   network, training, plots  layers in NumPy, recipes in Keras, what a training leaves
#   hand                      what a person taught; the Recognizer: network and lessons together
#   reading                   from pieces of ink to rows, parts and digits
#   pictures                  how ink is told from paper, and falls into pieces
#   canvas                    strokes, pen, eraser, and their history
#   pictures in the window    pictures and cameras, which the window shows as it shows a canvas
#   window                    keys; layout; text and shapes; why; layers; drawing it; its state
#   this machine              files, memory, signals, the display, cv2's Qt
#   command line              options, and what they start; main() is at the very end

from __future__ import annotations

import argparse
import contextlib
import ctypes
import errno
import functools
import hashlib
import heapq
import io
import itertools
import json
import math
import os
import platform
import re
import secrets
import shutil
import signal
import stat
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

if __name__ == "__main__":
    # OpenCV reads these on import: refuse pictures above 50 million pixels; print nothing itself.
    os.environ.setdefault("OPENCV_IO_MAX_IMAGE_PIXELS", "50000000")
    os.environ.setdefault("OPENCV_LOG_LEVEL", "SILENT")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # quiet, in FFmpeg's numbers
    # NumPy's: on matrices this small, several threads wait for each other and are slower.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

try:
    import cv2
    import numpy as np
except ImportError as error:
    if __name__ != "__main__":
        raise
    advice = (
        "on Debian: apt install libgl1 libglib2.0-0 libsm6"  # the wheel does not bring these along
    )
    if isinstance(error, ModuleNotFoundError):
        advice = "pip install -r requirements.txt, or start it by: uv run mnist_digit.py"
    sys.exit(f"mnist_digit: OpenCV cannot start ({error}); {advice}")

if TYPE_CHECKING:
    import keras

# --- constants -----------------------------------------------------------------------------

HOME = Path(__file__).resolve().parent
MODEL = HOME / "model" / "digit.npz"  # beside it digit.keras, the same network for Keras
HANDWRITING = HOME / "model" / "handwriting.npz"  # how real people write
HAND = HOME / "model" / "hand.npz"  # what was taught in the window
PLOTS = HOME / "plots"

DIGITS = "0123456789"
OTHER = 10  # the answer "another character": a letter, a sign, a scribble, a blot
SEVERAL = 11  # the answer "several": characters side by side, cut wrongly
CLASSES = 12  # how many answers the default network has
IMAGE_SIZE = 28  # side of a digit image, in pixels
INK_SIZE = 20  # side of the square inside it that the ink is fitted into, in pixels
STROKE_WIDTH = 2.3  # pixels, about that of MNIST's digits; see draw_digit_image()
OVERSAMPLING = 4  # strokes are drawn this much larger, then averaged down
WIDEST_STROKE = 30  # oversampled pixels; wider strokes are shrunk to this where it saves time

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
        """The first pixel beyond the box, to the right."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """The first pixel beyond the box, below."""
        return self.y + self.height

    @property
    def longest(self) -> int:
        """The longer side."""
        return max(self.width, self.height)

    @property
    def center(self) -> tuple[float, float]:
        """The middle (x, y)."""
        return self.x + self.width / 2, self.y + self.height / 2

    def contains(self, x: float, y: float) -> bool:
        """Whether a point is in the box."""
        return self.x <= x < self.right and self.y <= y < self.bottom

    def inset(self, across: int, down: int | None = None) -> Box:
        """The box without margins: across at the left and the right, down above and below.

        down is the same as across unless it is given. A negative margin makes the box larger.
        """
        if down is None:
            down = across
        width = self.width - 2 * across
        height = self.height - 2 * down
        return Box(self.x + across, self.y + down, width, height)

    def clipped(self, other: Box) -> Box:
        """What of this box lies in another one; without width or height where nothing does."""
        left = max(self.x, other.x)
        top = max(self.y, other.y)
        right = min(self.right, other.right)
        bottom = min(self.bottom, other.bottom)
        return Box.between(left, top, max(left, right), max(top, bottom))

    def meets(self, other: Box) -> bool:
        """Whether the two have any pixel in common."""
        shared = self.clipped(other)
        return bool(shared.width and shared.height)

    def split_left(self, width: int) -> tuple[Box, Box]:
        """The left part of this width, and the rest at its right."""
        rest = self._replace(x=self.x + width, width=self.width - width)
        return self._replace(width=width), rest

    def split_top(self, height: int) -> tuple[Box, Box]:
        """The upper part of this height, and the rest below it."""
        rest = self._replace(y=self.y + height, height=self.height - height)
        return self._replace(height=height), rest

    def split_right(self, width: int) -> tuple[Box, Box]:
        """What is left of the right part of this width, and that part."""
        return self.split_left(self.width - width)

    def split_bottom(self, height: int) -> tuple[Box, Box]:
        """What is above the lower part of this height, and that part."""
        return self.split_top(self.height - height)

    def scaled(self, factor: float, x: float = 0, y: float = 0) -> Box:
        """Where the box is in a picture shown so many times larger, whose top left is at (x, y)."""
        left = round(x + factor * self.x)
        top = round(y + factor * self.y)
        right = round(x + factor * self.right)
        bottom = round(y + factor * self.bottom)
        return Box.between(left, top, max(left + 1, right), max(top + 1, bottom))

    @classmethod
    def between(cls, left: int, top: int, right: int, bottom: int) -> Box:
        """The box with these edges."""
        return cls(left, top, right - left, bottom - top)

    @classmethod
    def around(cls, boxes: Iterable[Box]) -> Box:
        """The least box that holds all of some boxes, at least one."""
        boxes = list(boxes)
        left = min(box.x for box in boxes)
        top = min(box.y for box in boxes)
        right = max(box.right for box in boxes)
        bottom = max(box.bottom for box in boxes)
        return cls.between(left, top, right, bottom)


def place_by_mass(ink: np.ndarray) -> np.ndarray:
    """Ink (uint8, at most 20x20) placed in a digit image, its centre of mass in the middle.

    Returns float32, shape (28, 28), in [0, 1]. It is moved by whole pixels, and so that its centre
    is at 14, not at 13.5, as MNIST's digits were: LeCun et al., "Gradient-based learning applied to
    document recognition", 1998.
    """
    height, width = ink.shape
    moments = cv2.moments(ink)
    mass = moments["m00"] or 1
    left = round(IMAGE_SIZE / 2 - moments["m10"] / mass)
    top = round(IMAGE_SIZE / 2 - moments["m01"] / mass)
    left = min(max(left, 0), IMAGE_SIZE - width)
    top = min(max(top, 0), IMAGE_SIZE - height)
    image = np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.float32)
    image[top : top + height, left : left + width] = ink / np.float32(255)
    return image


def draw_digit_image(strokes: Sequence[np.ndarray], width: float = STROKE_WIDTH) -> np.ndarray:
    """The digit image of strokes: float32, shape (28, 28), in [0, 1].

    A stroke is points (x, y), shape (n, 2), n >= 1, in any unit; width is the pen's, in pixels,
    above 0 and below 20: cv2 draws it in steps, 0.3 to 0.5 wider.
    """
    points = np.concatenate(strokes)
    low = points.min(axis=0)
    extent = points.max(axis=0) - low
    scale = (INK_SIZE - width) / max(extent.max(), 1e-6)
    size = np.clip(np.ceil(extent * scale + width), 1, INK_SIZE).astype(int)
    margin = (size - extent * scale) / 2  # centres the lines in whole pixels
    lines = [line_for_cv2((stroke - low) * scale + margin) for stroke in strokes]
    ink = np.zeros(size[::-1] * OVERSAMPLING, np.uint8)
    thickness = round(width * OVERSAMPLING)
    cv2.polylines(ink, lines, False, 255, thickness, cv2.LINE_AA, shift=4)
    return place_by_mass(cv2.resize(ink, size.tolist(), interpolation=cv2.INTER_AREA))


def line_for_cv2(stroke: np.ndarray) -> np.ndarray:
    """The points of a stroke, oversampled, as cv2.polylines takes them with shift=4: in 16ths."""
    # The centres of cv2's pixels are whole numbers, ours are halves.
    return np.rint((at_least_two(stroke) * OVERSAMPLING - 0.5) * 16).astype(np.int32)


def at_least_two(points: np.ndarray) -> np.ndarray:
    """The points of a line, shape (n, 2); a single one twice, as cv2 draws no line of one point."""
    if len(points) == 1:
        return np.repeat(points, 2, axis=0)
    return points


def stroke_width(mask: np.ndarray) -> float:
    """The mean width of the strokes in a mask (uint8, 0 is paper, not all 0), in pixels."""
    distance = cv2.distanceTransform(with_paper_around(mask, 1), cv2.DIST_L2, 5)
    # Across a straight stroke of width w the mean distance to the paper is w / 4. Crossings and
    # bends raise the mean over a whole character to about 1.2 times that (found by trial).
    return 4 / 1.2 * float(distance[distance > 0].mean())


def with_paper_around(
    picture: np.ndarray, pixels: int, tone: float | Sequence[float] = 0
) -> np.ndarray:
    """A picture or a mask of ink with so many pixels of paper, in this tone, on each side."""
    # It takes a tenth of the time of np.pad().
    return cv2.copyMakeBorder(
        picture, pixels, pixels, pixels, pixels, cv2.BORDER_CONSTANT, value=tone
    )


def redraw_at_stroke_width(mask: np.ndarray) -> np.ndarray:
    """The digit image of the ink in a mask (uint8, 0 is paper, not all 0), at STROKE_WIDTH.

    Returns float32, shape (28, 28), in [0, 1].
    """
    ink = in_redrawing_size(cropped_to_ink(np.uint8(mask > 0)))
    wanted = STROKE_WIDTH * OVERSAMPLING
    measured = stroke_width(ink)
    if measured > wanted:
        depth = depth_when_thinned(ink, measured, wanted)
    else:
        depth = depth_when_thickened(ink, measured, wanted)
    # Depths are of pixels' centres: a pixel at depth 0 lies half in the ink, so it is half grey.
    grey = np.uint8(255 * np.clip(depth + 0.5, 0, 1))
    grey = cropped_to_ink(grey, 127)
    size = scaled_size(grey, INK_SIZE / max(grey.shape))  # to fit into the ink's square
    return place_by_mass(cv2.resize(grey, size, interpolation=cv2.INTER_AREA))


def cropped_to_ink(ink: np.ndarray, above: int = 0) -> np.ndarray:
    """The smallest part of ink (uint8) that holds all its values above this one."""
    x, y, width, height = cv2.boundingRect(np.uint8(ink > above))
    return ink[y : y + height, x : x + width]


def crop(picture: np.ndarray, box: Box, scale: int = 1) -> np.ndarray:
    """The pixels in a box of a picture that is so many times as large: a view."""
    rows = slice(scale * box.y, scale * box.bottom)
    columns = slice(scale * box.x, scale * box.right)
    return picture[rows, columns]


def scaled_size(picture: np.ndarray, scale: float) -> tuple[int, int]:
    """The width and height of a picture that is scaled, each at least one pixel."""
    height, width = picture.shape[:2]
    return max(1, round(width * scale)), max(1, round(height * scale))


def in_redrawing_size(ink: np.ndarray) -> np.ndarray:
    """A mask (uint8, 0 and 1) in the size in which it is redrawn, with paper around.

    Once its strokes are STROKE_WIDTH wide, its ink fills the ink's square. One pixel of a digit
    image is OVERSAMPLING pixels of it.
    """
    longest = max(ink.shape)
    wanted = STROKE_WIDTH * OVERSAMPLING
    # Strokes change their width, but their middle lines only grow by the scale.
    middle_lines = max(longest - stroke_width(ink), longest / 4)  # the first is near 0 for a blot
    scale = (INK_SIZE * OVERSAMPLING - wanted) / middle_lines
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    ink = cv2.resize(255 * ink, scaled_size(ink, scale), interpolation=how)
    mask = np.uint8(ink > ink.max() / 2)
    return with_paper_around(mask, int(wanted) + 2)  # strokes may become wider


def depth_when_thinned(ink: np.ndarray, measured: float, wanted: float) -> np.ndarray:
    """How many pixels each pixel of ink (0 and 1) is from the edge of the thinned strokes.

    It is negative outside them. Every place loses the same share of its own width, so that nothing
    thin breaks. The mean width is measured now and wanted then.
    """
    inside = cv2.distanceTransform(ink, cv2.DIST_L2, 5)
    taken = depth_of_middle(inside, measured) * (1 - wanted / measured)
    return np.where(ink > 0, inside - taken, -1)


def depth_when_thickened(ink: np.ndarray, measured: float, wanted: float) -> np.ndarray:
    """How many pixels each pixel is from the edge of the thickened strokes, negative outside them.

    Every place gains the same width. The mean width is measured now and wanted then.
    """
    outside = cv2.distanceTransform(1 - ink, cv2.DIST_L2, 5)
    gained = (wanted - measured) / 2
    return gained + 0.5 - outside  # 0.5: cv2 measures from the centre of the last pixel of ink


def depth_of_middle(inside: np.ndarray, measured: float) -> np.ndarray:
    """Half the width of the stroke that each pixel belongs to: the greatest depth nearby; float32.

    inside: how deep each pixel lies inside its stroke; measured: how wide strokes are.
    """
    scale = min(1.0, WIDEST_STROKE / measured)  # a blot's depth changes slowly, and takes long
    small = cv2.resize(inside, scaled_size(inside, scale), interpolation=cv2.INTER_AREA)
    reach = int(scale * measured) | 1  # odd, and a stroke's width: it reaches the stroke's middle
    around = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (reach, reach))
    return cv2.resize(cv2.dilate(small, around), inside.shape[::-1])


# --- handwriting and data -------------------------------------------------------------------

LEVELS = 255  # the longer side of a stored character, in units
# Letters and signs that, written with care, look like no digit. The others (O and 0, I and 1, S
# and 5 ...) look like digits: they are taught neither as digits nor as no digit.
LETTERS_UNLIKE_DIGITS = "ACEFHKMNPRTVWXYadefhkmnprtuvwx"
SIGNS_UNLIKE_DIGITS = "#$%&@*+=?<>-~:"
WRITTEN_AS_CAPITALS = "kmptvwx"  # these small letters; each is one kind with its capital
# A network is trained to tell kinds apart: its twelve answers, and each of these characters by its
# name. So it learns more of what makes an A than from "another character" alone.
NAMED_CHARACTERS = [
    label
    for label in LETTERS_UNLIKE_DIGITS + SIGNS_UNLIKE_DIGITS
    if label not in WRITTEN_AS_CAPITALS
]
# The answer that each kind counts as; kind_of() gives the place of a character in this list.
ANSWER_OF_KIND = [*range(CLASSES), *[OTHER] * len(NAMED_CHARACTERS)]
# The pens' widths in written images, in pixels: about STROKE_WIDTH, as pens differ around it.
PEN_WIDTH = 2.4  # the mean
PEN_WIDTH_DEVIATION = 0.4  # the standard deviation
HOOK_CHANCE = 0.06  # of a hook at the first stroke's begin, and of one at the last stroke's end


class Character(NamedTuple):
    """A digit, letter or sign as somebody wrote it with a pen on a tablet."""

    label: str  # "7"
    writer: str  # "pen 12": the person, after the source
    strokes: list[np.ndarray]  # float32 points (x, y), y downwards, shape (n, 2), in 0 ... LEVELS

    @property
    def source(self) -> str:
        """The dataset that it comes from: "pen" or "unipen"."""
        return self.writer.split()[0]


def read_handwriting(path: Path = HANDWRITING) -> tuple[list[Character], list[Character]]:
    """The characters to train on, and those of the writers who are held out from it.

    Raises ValueError naming the file and the reason where there are none.
    """
    with errors_naming(path, "no handwriting to learn from"), open_arrays(path) as arrays:
        stops = np.cumsum(arrays["stroke_lengths"].astype(int))
        strokes = iter(np.split(arrays["points"].astype(np.float32), stops[:-1]))
        labels, writers = arrays["labels"].tolist(), arrays["writer"].tolist()
        names, is_held_out = arrays["writers"].tolist(), arrays["held_out"].tolist()
        counts = arrays["stroke_counts"].tolist()
        trained, held_out = [], []
        for label, writer, count in zip(labels, writers, counts, strict=True):
            character = Character(label, names[writer], list(itertools.islice(strokes, count)))
            (held_out if is_held_out[writer] else trained).append(character)
    return trained, held_out


class Digits(NamedTuple):
    """Labelled digit images, as MNIST stores them."""

    images: np.ndarray  # uint8, shape (n, 28, 28)
    labels: np.ndarray  # integers, shape (n,): the digits 0 to 9, OTHER, SEVERAL, kind_of()


def join(*parts: Digits) -> Digits:
    """All digits of the parts, in their order."""
    images = np.concatenate([part.images for part in parts])
    labels = np.concatenate([part.labels for part in parts])
    return Digits(images, labels)


def turned(points: np.ndarray, angle: float) -> np.ndarray:
    """Points (x, y), shape (n, 2), turned about the origin by an angle in radians."""
    cos = np.cos(angle)
    sin = np.sin(angle)
    return points @ np.array([[cos, sin], [-sin, cos]])


def vary(strokes: Sequence[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """The strokes (in LEVELS) as another hand, or the same on another day, might draw them.

    The middle of their square, LEVELS wide, is moved to (0, 0). The amounts were chosen by trial.
    """
    carelessness = rng.uniform(0.3, 1.5)

    def some(amount: float, *shape: int) -> np.ndarray:
        """Numbers of standard deviation carelessness * amount, none of them far out."""
        return carelessness * amount * rng.uniform(-1.73, 1.73, shape)  # 1.73: the root of 3

    lengths = [len(stroke) for stroke in strokes]
    points = np.concatenate(strokes) - LEVELS / 2
    # Each stroke: where it lies, and how the hand trembles.
    places = some(5.0, len(strokes), 2)
    points = points + np.repeat(places, lengths, axis=0)
    points = points + some(1.5, *points.shape)
    # The shape: a wave moves x depending on y, and y depending on x.
    frequency = rng.uniform(0.008, 0.03, 2)
    phase = rng.uniform(0, 2 * np.pi, 2)
    amplitude = some(11.0, 2)
    points = points + amplitude * np.sin(frequency * points[:, ::-1] + phase)
    # The whole: stretched in x alone, as the size does not matter; slanted and turned.
    stretch_and_slant = np.array([[math.exp(some(0.12)), 0], [some(0.15), 1]])
    points = turned(points @ stretch_and_slant, some(0.08))
    varied = np.split(points, np.cumsum(lengths)[:-1])
    return with_hook(varied, some(16.0, 2), rng)


def with_hook(
    strokes: Sequence[np.ndarray], hook: np.ndarray, rng: np.random.Generator
) -> list[np.ndarray]:
    """The strokes, now and then with a hook where the pen first touches down or last leaves."""
    strokes = list(strokes)
    first, last = strokes[0], strokes[-1]
    chance = rng.random()
    if chance < HOOK_CHANCE:
        strokes[0] = np.vstack([first[0] + hook, first])
    elif chance < 2 * HOOK_CHANCE:
        strokes[-1] = np.vstack([last, last[-1] + hook])
    return strokes


def kind_of(label: str) -> int:
    """The kind that a letter or sign unlike digits is: its place in ANSWER_OF_KIND."""
    name = label.upper() if label in WRITTEN_AS_CAPITALS else label
    return CLASSES + NAMED_CHARACTERS.index(name)


def by_writer(characters: Sequence[Character], labels: str) -> list[list[Character]]:
    """Those characters that have one of the labels, a list for each writer."""
    groups: dict[str, list[Character]] = {}
    for character in characters:
        if character.label in labels:
            groups.setdefault(character.writer, []).append(character)
    return list(groups.values())


# Between characters side by side, in their heights: touching or overlapping, and mostly apart.
CLOSE_GAPS = (-0.08, 0.15)
WIDE_GAPS = (0, 0.5)
# How often Handwriting.other() writes what: letters are the hardest to tell from digits.
OTHER_SHARES = {
    "letter": 0.39,
    "sign": 0.16,
    "greek": 0.1,
    "dollar": 0.02,
    "scribble": 0.1,
    "shape": 0.04,
    "overlaid": 0.06,
    "turned_digit": 0.05,
    "ruled": 0.05,
    "blot": 0.03,
}


class Turn(NamedTuple):
    """A way to turn or mirror a digit so that it is none."""

    quarters: int  # how many quarters of a turn
    mirror: int  # the factor of x; -1: seen from behind
    digits: str  # those that it makes no digit of


# Left out: 0 and 8, which stay what they are. On its head or from behind, 1 does so, too; on its
# side both ways make nearly the same bar, of which one is enough. 2 and 5 stay what they are on
# their heads, and look like each other from behind. 6 and 9 become each other on their heads.
TURNS = [
    Turn(1, 1, "12345679"),
    Turn(3, 1, "2345679"),
    Turn(2, 1, "347"),
    Turn(0, -1, "34679"),
]


# Greek letters that look like no digit: nobody whose hand is known wrote any. Points are a column
# and a row of a grid, 0 to 9, from left to right and downwards; commas part strokes.
GREEK_LETTERS = [
    "00 09, 00 70",  # Gamma
    "40 40 09 09 09 89 89 89 40",  # Delta; points given several times are sharp corners
    "40 10 03 06 19 49 79 86 83 70 40, 24 64",  # Theta
    "40 10 03 06 19 49 79 86 83 70 40, 04 84",  # Theta, its bar from side to side
    "09 40 89",  # Lambda
    "00 80, 14 74, 09 89",  # Xi
    "10 19, 80 89, 00 90",  # Pi
    "80 00 54 09 89",  # Sigma
    "42 22 04 05 27 47 77 95 94 72 42, 40 49",  # Phi
    "00 03 26 46 76 93 90, 40 49",  # Psi
    "09 39 38 05 03 20 40 70 93 95 68 69 99",  # Omega
    "80 74 49 29 06 03 20 40 75 89",  # alpha
    "09 12 30 51 52 23 54 55 36 16",  # beta
    "00 21 45 49 39 37 70",  # gamma
    "01 10 21 26 23 40 60 72 79",  # eta
    "00 06, 02 31 50 62 69",  # eta, of two strokes
    "30 10 03 06 19 39 59 66 63 50 30, 04 64",  # theta
    "00 20 44 89, 44 09",  # lambda
    "00 10 79, 44 09",  # lambda, upright
    "09 10 15 36 55 60 65 86",  # mu
    "60 20 11 22 53 23 05 26 57 68 59 39",  # xi
    "01 20 90, 30 29, 60 68 89",  # pi
    "01 10 16 39 58 74 60",  # upsilon
    "31 03 16 47 85 82 60 43 49",  # phi
    "43 23 05 27 47 67 85 63 43, 50 39",  # phi, of two strokes
    "01 11 15 46 75 80, 40 49",  # psi
    "10 03 06 27 45 43 45 67 96 93 80",  # omega
]


class Handwriting:
    """Writes images of digits and of what is no digit, endlessly varied.

    For a digit first a source is picked, then a writer, then one of the writer's digits. So a
    source or a writer who left much is no more frequent than others.
    """

    def __init__(self, characters: Sequence[Character], rng: np.random.Generator) -> None:
        self.rng = rng
        self.digits_by_source = []
        for source in sorted({character.source for character in characters}):
            of_source = [one for one in characters if one.source == source]
            self.digits_by_source.append(by_writer(of_source, DIGITS))
        self.named = {
            "letter": by_writer(characters, LETTERS_UNLIKE_DIGITS),
            "sign": by_writer(characters, SIGNS_UNLIKE_DIGITS),
        }
        self.esses = by_writer(characters, "S")
        self.in_rows = by_writer(characters, DIGITS + LETTERS_UNLIKE_DIGITS + "+=")

    def write(self, digits: int, others: int, several: int) -> Digits:
        """So many digits, other characters, and characters side by side."""
        images = np.zeros((digits + others + several, IMAGE_SIZE, IMAGE_SIZE), np.uint8)
        labels = np.repeat([0, OTHER, SEVERAL], [digits, others, several])
        for i, image in enumerate(images):
            if i < digits:
                character = self.digit()
                labels[i] = int(character.label)
                image[:] = self.drawn(vary(character.strokes, self.rng))
            elif i < digits + others:
                labels[i], image[:] = self.other()
            else:
                image[:] = self.drawn(self.side_by_side())
        return Digits(images, labels)

    def pick(self, values: Sequence) -> object:
        """One of the values, each as likely as any other."""
        return values[self.rng.integers(len(values))]

    def digit(self) -> Character:
        """A digit as somebody wrote it."""
        writers = self.pick(self.digits_by_source)
        digits = self.pick(writers)
        return self.pick(digits)

    def drawn(self, strokes: Sequence[np.ndarray]) -> np.ndarray:
        """The digit image of strokes, drawn with some pen: uint8, shape (28, 28)."""
        width = float(np.clip(self.rng.normal(PEN_WIDTH, PEN_WIDTH_DEVIATION), 1.5, 4))
        return np.uint8(255 * draw_digit_image(strokes, width))

    def other(self) -> tuple[int, np.ndarray]:
        """The kind of one other character, and its image: uint8, shape (28, 28)."""
        what = self.rng.choice([*OTHER_SHARES], p=[*OTHER_SHARES.values()])
        if what in self.named:
            character, strokes = self.named_character(what)
            return kind_of(character.label), self.drawn(strokes)
        if what == "dollar":
            return kind_of("$"), self.drawn(self.dollar())
        if what == "blot":
            return OTHER, np.uint8(255 * random_blot(self.rng))
        write = {
            "greek": functools.partial(greek_letter, self.rng),
            "scribble": functools.partial(random_scribble, self.rng),
            "shape": functools.partial(random_shape, self.rng),
            "overlaid": self.overlaid,
            "turned_digit": self.turned_digit,
            "ruled": self.ruled,
        }[what]
        return OTHER, self.drawn(write())

    def named_character(self, what: str) -> tuple[Character, list[np.ndarray]]:
        """A "letter" or "sign" that looks like no digit, and its strokes varied."""
        writer = self.pick(self.named[what])
        character = self.pick(writer)
        return character, vary(character.strokes, self.rng)

    def dollar(self) -> list[np.ndarray]:
        """A dollar sign as it is printed: an S with a bar, of which mostly the ends are seen.

        Without it the printed sign before an amount is read as a 5.
        """
        writer = self.pick(self.esses)
        strokes = on_base_line(vary(self.pick(writer).strokes, self.rng), self.rng)
        points = np.concatenate(strokes)
        left, upper = points.min(axis=0)
        right, lower = points.max(axis=0)  # the S is about 1 high
        x = (left + right) / 2 + self.rng.uniform(-0.08, 0.08)
        above, below = self.rng.uniform(0.12, 0.25, 2)  # with shorter ends it may be a plain 5
        inside = 0.05 if self.rng.random() < 0.7 else (lower - upper) / 2
        upper_end = np.array([(x, upper - above), (x, upper + inside)])
        lower_end = np.array([(x, lower - inside), (x, lower + below)])
        return [*strokes, upper_end, lower_end]

    def overlaid(self) -> list[np.ndarray]:
        """A letter, and another one's strokes strewn over it: what nobody has seen before."""
        _, first = self.named_character("letter")
        _, second = self.named_character("letter")
        while len(second) + len(first) < 3:  # two strokes together may well look like a digit
            _, second = self.named_character("letter")
        return first + [stroke + self.rng.normal(0, 60, 2) for stroke in second]

    def turned_digit(self) -> list[np.ndarray]:
        """A digit on its side, on its head or seen from behind, where that makes no digit."""
        turn = self.pick(TURNS)
        character = self.digit()
        while character.label not in turn.digits:
            character = self.digit()
        strokes = vary(character.strokes, self.rng)
        angle = turn.quarters * np.pi / 2
        return [turned(stroke * (turn.mirror, 1), angle) for stroke in strokes]

    def ruled(self) -> list[np.ndarray]:
        """A digit, as it was written, on rules, on squares or in a frame, or these alone."""
        strokes = []
        if self.rng.random() < 0.75:
            strokes = self.digit().strokes
        return with_rules(strokes, self.rng)

    def side_by_side(self) -> list[np.ndarray]:
        """Two to four characters of one writer in a row, apart, touching or overlapping."""
        characters = self.pick(self.in_rows)
        digits = [one for one in characters if one.label in DIGITS] or characters
        count = self.rng.choice([2, 2, 2, 2, 3, 3, 4])
        strokes = []
        right = 0.0
        for _ in range(count):
            must_be_digit = self.rng.random() < 0.7
            character = self.pick(digits if must_be_digit else characters)
            placed = on_base_line(vary(character.strokes, self.rng), self.rng)
            is_close = self.rng.random() < 0.6
            gap = self.rng.uniform(*(CLOSE_GAPS if is_close else WIDE_GAPS))
            place = np.array([right + gap, 0])
            strokes += [stroke + place for stroke in placed]
            right = max(stroke[:, 0].max() for stroke in strokes)
        return strokes


def on_base_line(strokes: Sequence[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """The strokes moved to the base line and to x = 0, about 1 high: as in a row of writing."""
    points = np.concatenate(strokes)
    low = points.min(axis=0)
    width, height = points.max(axis=0) - low
    scale = rng.uniform(0.85, 1.15) / max(height, 0.8 * width, 1)  # a low sign stays low
    top = rng.uniform(-0.1, 0.1) - scale * height
    place = np.array([0, top])
    return [(stroke - low) * scale + place for stroke in strokes]


def greek_letter(rng: np.random.Generator) -> list[np.ndarray]:
    """A Greek letter that looks like no digit, as some hand might draw it."""
    strokes = [on_grid(stroke) for stroke in rng.choice(GREEK_LETTERS).split(",")]
    points = np.concatenate(strokes)
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    stretch = math.exp(rng.normal(0, 0.15)), 1  # hands differ more than one hand's letters do
    return vary([(stroke - middle) * stretch + LEVELS / 2 for stroke in strokes], rng)


def on_grid(points: str) -> np.ndarray:
    """The points of a stroke (in LEVELS) as GREEK_LETTERS gives them, its corners rounded off."""
    places = [(int(column), int(row)) for column, row in points.split()]
    return rounded_off(np.array(places) * LEVELS / 9)


def rounded_off(line: np.ndarray) -> np.ndarray:
    """A line, its points of shape (n, 2), with its corners cut off again and again.

    Method: Chaikin, "An algorithm for high-speed curve generation", 1974.
    """
    for _ in range(3):
        begin, end = line[:-1], line[1:]
        quarters = np.stack([0.75 * begin + 0.25 * end, 0.25 * begin + 0.75 * end], axis=1)
        line = np.vstack([line[:1], quarters.reshape(-1, 2), line[-1:]])
    return line


def random_scribble(rng: np.random.Generator) -> list[np.ndarray]:
    """One to three strokes that mean nothing, round or with corners, short or all black."""
    strokes = []
    for _ in range(rng.choice([1, 1, 1, 2, 3])):
        kind = [wander, zigzag, coil, corners, hatching][rng.integers(5)]
        stroke = turned(kind(rng), rng.uniform(0, 2 * np.pi))
        extent = np.ptp(stroke, axis=0).max()
        stroke = (stroke - stroke.mean(axis=0)) * 100 / max(extent, 1e-6)
        place = rng.normal(0, 25, 2)
        if strokes:
            stroke = stroke + place
        strokes.append(stroke)
    return strokes


def wander(rng: np.random.Generator) -> np.ndarray:
    """A smooth way that turns and crosses itself many times: a sum of waves."""
    waves = np.arange(1, rng.integers(4, 9))
    amplitude = rng.normal(size=(len(waves), 2)).T  # of x and of y: (2, waves)
    amplitude = amplitude / waves ** rng.uniform(0, 0.7)
    phase = rng.uniform(0, 2 * np.pi, amplitude.shape)
    t = np.linspace(0, 2 * np.pi, 80)[:, None, None]  # at 80 points
    return (amplitude * np.sin(t * waves + phase)).sum(axis=2)


def zigzag(rng: np.random.Generator) -> np.ndarray:
    """To and fro, with four corners or more: 1 high and 0.4 to 2 wide."""
    count = rng.integers(6, 24)
    number = np.arange(count)
    across = number * rng.uniform(0.5, 2) / count
    way = np.stack([across, number % 2], axis=1)
    return way + rng.normal(0, rng.uniform(0.03, 0.2), way.shape)


def coil(rng: np.random.Generator) -> np.ndarray:
    """Round and round, ever wider or while the hand moves on."""
    turns = rng.uniform(2, 8)
    angle = 2 * np.pi * turns * np.linspace(0, 1, int(16 * turns))
    circle = ellipse(angle, rng.uniform(0.5, 1.5))
    if rng.random() < 0.4:
        return circle * angle[:, None]
    onwards = rng.uniform(0.25, 1) * angle / (2 * np.pi)
    return circle * rng.uniform(0.3, 1) + np.outer(onwards, [1, 0])


def ellipse(angle: np.ndarray, height: float) -> np.ndarray:
    """The points at these angles on an ellipse around (0, 0), 1 wide to either side."""
    return np.stack([np.cos(angle), height * np.sin(angle)], axis=1)


def corners(rng: np.random.Generator) -> np.ndarray:
    """Straight from point to point, anywhere."""
    return rng.random((rng.integers(6, 26), 2)) * (1, rng.uniform(0.4, 1.5))


def hatching(rng: np.random.Generator) -> np.ndarray:
    """To and fro until an area is black."""
    count = rng.integers(14, 40)
    across = np.linspace(-1, 1, count)
    half_height = np.ones(count)  # of a square area
    if rng.random() < 0.5:
        half_height = np.sqrt(1.02 - across**2)  # of a round one; 1.02: its ends keep some height
    up_or_down = (-1.0) ** np.arange(count)
    width = rng.uniform(0.6, 1.5)
    way = np.stack([across * width, half_height * up_or_down], axis=1)
    return way + rng.normal(0, 0.08, way.shape)


def random_shape(rng: np.random.Generator) -> list[np.ndarray]:
    """A polygon of three to six corners, or a star of five, drawn by hand."""
    count = rng.choice([3, 3, 3, 4, 4, 4, 4, 5, 6])
    turn = rng.choice([0, 0.5, rng.random()])  # it stands on a side, on a corner, or anyhow
    angle = 2 * np.pi * (np.arange(count + 1) + turn) / count
    if count == 5 and rng.random() < 0.5:
        angle = 2 * angle  # a star: to every second corner
    points = np.stack([np.sin(angle), -np.cos(angle)], axis=1)
    points = points * rng.uniform(0.6, 1.6, 2)
    points = points + rng.normal(0, 0.08, points.shape)
    points[-1] = points[0] + rng.normal(0, 0.08, 2)  # a hand closes a shape nearly
    sides = [np.linspace(*ends, 8)[:-1] for ends in itertools.pairwise(points)]
    way = 100 * np.concatenate([*sides, points[-1:]])
    way = way + rng.normal(0, rng.uniform(0, 2), way.shape)
    slant = np.array([[1, 0], [rng.normal(0, 0.15), 1]])
    return [turned(way @ slant, rng.normal(0, 0.08))]


def with_rules(strokes: Sequence[np.ndarray], rng: np.random.Generator) -> list[np.ndarray]:
    """Strokes (in LEVELS), if any, on rules, on squares or in a frame.

    A frame leaves up to half a digit's height free around the digit's square; rules are a sixth of
    it to nine tenths apart.
    """
    margins = rng.uniform(15, 140, 4)
    left, top = -margins[:2]
    right, bottom = LEVELS + margins[2:]
    if strokes and rng.random() < 0.4:
        frame = [
            (left, top),
            (right, top),
            (right, bottom),
            (left, bottom),
            (left, top),
        ]
        return [*strokes, np.array(frame)]
    step = rng.uniform(40, 230)
    start = rng.uniform(0, 230)
    lines = []
    for y in np.arange(start, bottom, step):
        lines.append(np.array([(left, y), (right, y)]))
    if rng.random() < 0.5 or len(lines) < 2:  # squares; a single rule alone may be a digit's stroke
        for x in np.arange(start, right, step):
            lines.append(np.array([(x, top), (x, bottom)]))
    return [*strokes, *lines]


def random_blot(rng: np.random.Generator) -> np.ndarray:
    """A digit image of a filled shape, or of a lone tap of the pen: float32, in [0, 1]."""
    if rng.random() < 0.15:
        return draw_digit_image([np.zeros((1, 2))], rng.uniform(1.5, 12))
    angle = np.sort(rng.uniform(0, 2 * np.pi, rng.integers(3, 12)))
    outline = ellipse(angle, rng.uniform(0.2, 1))
    radius = rng.uniform(10, 60, (len(angle), 1))
    polygon = np.rint(60 + radius * outline).astype(np.int32)
    mask = np.zeros((120, 120), np.uint8)
    cv2.fillPoly(mask, [polygon], 1)
    return redraw_at_stroke_width(mask)


def check_labelled(images: np.ndarray, labels: np.ndarray, answers: int) -> None:
    """Raise ValueError where these are no uint8 images (n, 28, 28) with labels below answers."""
    if images.dtype != np.uint8 or images.shape != (len(images), IMAGE_SIZE, IMAGE_SIZE):
        found = f"{images.dtype} images of shape {images.shape}"
        raise ValueError(f"{found}, not uint8 of shape (n, 28, 28)")
    is_one_each = labels.shape == (len(images),) and labels.dtype.kind in "iu"
    if not is_one_each or set(labels.tolist()) - set(range(answers)):
        raise ValueError(f"labels are not integers 0 to {answers - 1}, one for each image")


def load_digits(path: Path, images_name: str, labels_name: str) -> Digits:
    """The digits in an .npz file: its arrays of images and of labels have these names.

    Raises ValueError naming the file and the reason where it holds no such arrays.
    """
    trouble = f"not an .npz file with {images_name} and {labels_name}"
    with errors_naming(path, trouble), open_arrays(path) as arrays:
        images, labels = arrays[images_name], arrays[labels_name]
        check_labelled(images, labels, len(DIGITS))
    return Digits(images, labels.astype(np.uint8))


def load_mnist(path: Path | None = None) -> tuple[Digits, Digits]:
    """MNIST's training and test digits, by Keras or from an .npz file of the same arrays.

    Raises ValueError where the file is no such file, or the download fails.
    """
    if path:
        training = load_digits(path, "x_train", "y_train")
        test = load_digits(path, "x_test", "y_test")
        return training, test
    keras = import_keras()
    try:
        training, test = keras.datasets.mnist.load_data()
    except Exception as error:  # Keras raises a bare Exception where the download fails
        trouble = f"MNIST is neither here nor to be downloaded ({reason(error)})"
        raise ValueError(f"{trouble}; name a copy: --data mnist.npz") from error
    return Digits(*training), Digits(*test)


def moved(images: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """uint8 images (n, 28, 28), each turned, slanted, stretched, moved and bent a little."""
    columns, rows = affine_sources(len(images), strength, rng)
    columns = columns + bends(len(images), strength, rng)
    rows = rows + bends(len(images), strength, rng)
    results = np.empty_like(images)
    for i, image in enumerate(images):
        results[i] = cv2.remap(image, columns[i], rows[i], cv2.INTER_LINEAR)
    return results


def affine_sources(
    count: int, strength: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """From which column and which row the pixels of so many moved images come.

    Both are float32, shape (count, 28, 28), in pixels.
    """

    def some(amount: float) -> np.ndarray:
        return np.float32(strength * rng.normal(0, amount, (count, 1, 1)))

    middle = np.float32((IMAGE_SIZE - 1) / 2)
    y, x = np.float32(np.mgrid[:IMAGE_SIZE, :IMAGE_SIZE]) - middle
    x = x * np.exp(some(0.1))
    y = y * np.exp(some(0.1))
    x = x + some(0.15) * y
    angle = some(0.12)
    cos = np.cos(angle)
    sin = np.sin(angle)
    x, y = cos * x - sin * y, sin * x + cos * y
    return x + middle + some(0.8), y + middle + some(0.8)


def bends(count: int, strength: float, rng: np.random.Generator) -> np.ndarray:
    """How far elastic bending moves each pixel of so many images: float32, (count, 28, 28).

    Simard et al., "Best practices for convolutional neural networks applied to visual document
    analysis", 2003.
    """
    coarse = np.float32(rng.normal(0, 0.5 * strength, (count, 5, 5)))
    fine = np.empty((count, IMAGE_SIZE, IMAGE_SIZE), np.float32)
    for i, grid in enumerate(coarse):
        fine[i] = cv2.resize(grid, (IMAGE_SIZE, IMAGE_SIZE), interpolation=cv2.INTER_CUBIC)
    return fine


def augment(images: np.ndarray, strength: float, rng: np.random.Generator) -> np.ndarray:
    """uint8 images (n, 28, 28) as other hands and pens might have drawn them.

    Returns float32 in [0, 1], of the same shape. The strength is 0 for images as they are, and
    about 1 for other hands.
    """
    images = moved(images, strength, rng)
    # One call of cv2 changes all images, one below the other. Nearly all have empty margins; ink
    # that gets from one into the next is rare and does no harm.
    tall = np.concatenate(images)
    cross = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
    bolder = cv2.dilate(tall, cross).reshape(images.shape)
    thinner = cv2.erode(tall, cross).reshape(images.shape)
    chosen = rng.random((len(images), 1, 1)) < 0.3 * strength
    weight = np.float32(rng.uniform(-1, 1, chosen.shape) * chosen)
    images = np.float32(images)
    changed = np.where(weight > 0, bolder, thinner) - images
    images = images + np.abs(weight) * changed
    gamma = 1 + strength * rng.uniform(-0.4, 0.5, chosen.shape)
    return (images / 255) ** np.float32(gamma)


# --- network ---------------------------------------------------------------------------------

NO_WEIGHTS = np.zeros(0, np.float32)
AT_ONCE = 4  # images: so few that a layer's input and output fit into the processor's cache


def import_keras() -> keras:
    """Keras, without the lines that TensorFlow prints while it is imported.

    Raises ValueError where it is not installed.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    with silenced():
        try:
            import keras
        except ImportError as error:
            raise not_installed("TensorFlow", error) from error
    return keras


def not_installed(package: str, error: ImportError) -> ValueError:
    """The error that says how to install what only training needs."""
    advice = "pip install -r requirements.txt, or: uv run --with-requirements requirements.txt"
    return ValueError(f"{package} is not installed ({error}): {advice}")


class Layer(NamedTuple):
    """One layer of a network, as it is computed here."""

    name: str  # as Keras calls it: "conv2d_1"
    kind: str  # "convolution", "pooling", "flatten", "dense"; in a KerasNetwork Keras's class
    activation: str = "linear"  # what follows: "relu", "softmax" or nothing
    padding: str = "valid"  # "same": a convolution's maps are as large as what it sees
    weights: np.ndarray = NO_WEIGHTS  # (height, width, inputs, maps), or dense (inputs, units)
    bias: np.ndarray = NO_WEIGHTS  # one for each map or unit


ACTIVATIONS = ("linear", "relu", "softmax")  # that activate() computes


class LayerOutput(NamedTuple):
    """What one layer makes of a batch of digit images."""

    name: str
    kind: str
    values: np.ndarray  # float32: maps, shape (n, height, width, maps), or units, shape (n, units)


def convolve(images: np.ndarray, layer: Layer) -> np.ndarray:
    """The maps, shape (n, height, width, maps), of a layer for (n, height, width, inputs)."""
    height, width, inputs, maps = layer.weights.shape
    if layer.padding == "same":
        images = with_margins(images, height, width)
    count = len(images)
    rows = images.shape[1] - height + 1
    columns = images.shape[2] - width + 1
    # What each unit sees, ordered as the weights are; copied plane by plane, which is quick.
    patches = np.empty((count, rows, columns, height, width, inputs), np.float32)
    for y, x in np.ndindex(height, width):
        patches[:, :, :, y, x] = images[:, y : y + rows, x : x + columns]
    seen = patches.reshape(-1, height * width * inputs)
    found = seen @ layer.weights.reshape(-1, maps)
    found += layer.bias
    return found.reshape(count, rows, columns, maps)


def with_margins(images: np.ndarray, height: int, width: int) -> np.ndarray:
    """Images (n, rows, columns, inputs) with zeros around, for as many maps as pixels.

    height and width are the kernel's. np.pad does the same and takes longer than a convolution.
    """
    count, rows, columns, inputs = images.shape
    above = (height - 1) // 2
    left = (width - 1) // 2
    wide = np.zeros((count, rows + height - 1, columns + width - 1, inputs), np.float32)
    wide[:, above : above + rows, left : left + columns] = images
    return wide


def pool(maps: np.ndarray) -> np.ndarray:
    """The greatest of every 2x2 neighbours: maps of half the height and width."""
    height, width = (side // 2 * 2 for side in maps.shape[1:3])
    maps = maps[:, :height, :width]
    rows = np.maximum(maps[:, ::2], maps[:, 1::2])
    return np.maximum(rows[:, :, ::2], rows[:, :, 1::2])


def activate(values: np.ndarray, activation: str) -> np.ndarray:
    """The values after the layer's activation function."""
    if activation == "relu":
        return np.maximum(values, 0)
    if activation == "softmax":
        powers = np.exp(values - values.max(axis=-1, keepdims=True))
        return powers / powers.sum(axis=-1, keepdims=True)
    return values


class Network:
    """A trained network: a list of layers, computed with NumPy alone."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self.layers = list(layers)

    def activations(self, images: np.ndarray) -> list[LayerOutput]:
        """What every layer makes of digit images, float32, shape (n, 28, 28), in [0, 1].

        The last one's values are the probabilities of the 10, 11 or 12 answers: (n, answers).
        """
        values, found = images[..., None], []
        for layer in self.layers:
            if layer.kind == "convolution":
                values = convolve(values, layer)
            elif layer.kind == "pooling":
                values = pool(values)
            elif layer.kind == "flatten":
                units = math.prod(values.shape[1:])  # not -1: there may be no image
                values = values.reshape(len(values), units)
            else:
                values = values @ layer.weights + layer.bias
            values = activate(values, layer.activation)
            found.append(LayerOutput(layer.name, layer.kind, values))
        return found

    def answers(self, images: np.ndarray) -> np.ndarray:
        """The probabilities of the 10, 11 or 12 answers alone, shape (n, answers)."""
        answers = []
        for batch in np.split(images, range(AT_ONCE, len(images), AT_ONCE)):
            answers.append(self.activations(batch)[-1].values)
        return np.concatenate(answers)


class KerasNetwork:
    """A network that has layers of other kinds: computed by Keras, shown the same way."""

    def __init__(self, model: keras.Model) -> None:
        self.layers = [Layer(layer.name, type(layer).__name__) for layer in model.layers]
        keras = import_keras()
        self._model = keras.Model(model.inputs[0], [layer.output for layer in model.layers])

    def activations(self, images: np.ndarray) -> list[LayerOutput]:
        """What every layer makes of digit images: see Network.activations()."""
        outputs = self._model(images[..., None], training=False)
        found = []
        for layer, output in zip(self.layers, outputs, strict=True):
            found.append(LayerOutput(layer.name, layer.kind, np.asarray(output)))
        return found

    def answers(self, images: np.ndarray) -> np.ndarray:
        """The probabilities of the answers alone: see Network.answers()."""
        return self.activations(images)[-1].values


def network_of(model: keras.Model) -> Network | KerasNetwork:
    """The network of a Keras model: computed with NumPy where that gives the same answers."""
    # Layers of known kinds may be joined or set in a way that is not known here: a sample tells.
    sample = np.random.default_rng(0).random((1, IMAGE_SIZE, IMAGE_SIZE), np.float32)
    wanted = np.asarray(model(sample[..., None], training=False))
    try:
        network = Network(layers_of(model))
        is_same = np.allclose(network.answers(sample), wanted, atol=1e-4)
    except ValueError:
        is_same = False
    return network if is_same else KerasNetwork(model)


def layers_of(model: keras.Model) -> list[Layer]:
    """The layers of a Keras model for Network. Raises ValueError where there are others in it."""
    layers: list[Layer] = []
    for layer in model.layers:
        kind = type(layer).__name__
        if kind in ("BatchNormalization", "ReLU"):
            fold(layer, layers)
        elif kind not in ("InputLayer", "Dropout"):  # these do nothing to what is read
            layers.append(layer_of(layer))
    return layers


def layer_of(layer: keras.Layer) -> Layer:
    """One layer of Keras for Network. Raises ValueError where it is one that Network cannot do."""
    settings = layer.get_config()
    activation = settings.get("activation", "linear")
    if activation not in ACTIVATIONS:
        raise ValueError(f"the activation {activation}")
    kind = type(layer).__name__
    if kind == "Conv2D":
        expect(settings, strides=[1, 1], dilation_rate=[1, 1], groups=1)
        weights = weights_and_bias(layer)
        return Layer(layer.name, "convolution", activation, settings["padding"], *weights)
    if kind == "MaxPooling2D":
        expect(settings, pool_size=[2, 2], strides=[2, 2], padding="valid")
        return Layer(layer.name, "pooling")
    if kind == "Dense":
        return Layer(layer.name, "dense", activation, "valid", *weights_and_bias(layer))
    if kind == "Flatten":
        return Layer(layer.name, "flatten")
    raise ValueError(f"the layer {kind}")


def expect(settings: dict, **wanted: object) -> None:
    """Raise ValueError where a layer of Keras has other settings than wanted."""
    for name, value in wanted.items():
        found = settings[name]
        if isinstance(found, tuple):
            found = list(found)
        if found != value:
            raise ValueError(f"{name} {found}")


def weights_and_bias(layer: keras.Layer) -> list[np.ndarray]:
    """The weights of a convolution or a dense layer and its bias, zeros where it has none.

    Raises ValueError where it has more than these, as a quantized layer has.
    """
    weights = layer.get_weights()
    if len(weights) > 2:
        raise ValueError(f"more than weights and a bias in {layer.name}")
    if len(weights) == 1:
        weights.append(np.zeros(weights[0].shape[-1], np.float32))
    return weights


def fold(layer: keras.Layer, layers: list[Layer]) -> None:
    """Put a batch normalization or a ReLU into the layer with weights before it.

    A pooling may stand between. Neither changes which of four values is the greatest: a ReLU never
    falls, and a normalization without a scale multiplies by positive numbers. So they may come
    before the pooling. Raises ValueError where there is no such layer.
    """
    place = len(layers) - 1
    while place >= 0 and layers[place].kind == "pooling":
        place -= 1
    has_weights = place >= 0 and layers[place].kind in ("convolution", "dense")
    if not has_weights or layers[place].activation != "linear":
        raise ValueError(f"{layer.name} behind something else than a convolution or a dense layer")
    if type(layer).__name__ == "ReLU":
        expect(layer.get_config(), max_value=None, negative_slope=0.0, threshold=0.0)
        layers[place] = layers[place]._replace(activation="relu")
    else:
        layers[place] = normalized(layers[place], layer)


def normalized(weighted: Layer, normalization: keras.Layer) -> Layer:
    """A layer that gives what a batch normalization makes of a layer's maps or units.

    Raises ValueError where the normalization has a scale, or adds nothing.
    """
    expect(normalization.get_config(), scale=False, center=True)
    beta, mean, variance = normalization.get_weights()  # in this order in Keras
    factor = 1 / np.sqrt(variance + normalization.get_config()["epsilon"])
    weights = np.float32(weighted.weights * factor)
    bias = np.float32((weighted.bias - mean) * factor + beta)
    return weighted._replace(weights=weights, bias=bias)


def save_network(network: Network, path: Path) -> None:
    """Write a network as .npz: a description of each layer, its weights and its bias."""
    arrays = {}
    for number, layer in enumerate(network.layers):
        arrays[f"weights_{number}"] = layer.weights
        arrays[f"bias_{number}"] = layer.bias
    layers = [[layer.name, layer.kind, layer.activation, layer.padding] for layer in network.layers]
    with open(path, "wb") as file:  # given a name alone, NumPy would add .npz to it
        np.savez_compressed(file, layers=np.array(layers), **arrays)


def load_network(path: Path) -> Network:
    """The network that save_network() wrote. Raises ValueError and what NumPy raises."""
    with open_arrays(path) as arrays:
        layers = []
        for number, words in enumerate(arrays["layers"].tolist()):
            weights, bias = arrays[f"weights_{number}"], arrays[f"bias_{number}"]
            layers.append(Layer(*words, weights, bias))
    for layer in layers:
        if layer.kind not in ("convolution", "pooling", "flatten", "dense"):
            raise ValueError(f"a layer of kind {layer.kind}")
        if layer.activation not in ACTIVATIONS:
            raise ValueError(f"the activation {layer.activation}")
        if layer.padding not in ("valid", "same"):
            raise ValueError(f"the padding {layer.padding}")
        if layer.weights.dtype != np.float32 or layer.bias.dtype != np.float32:
            raise ValueError(f"weights of layer {layer.name} that are not float32")
    return Network(layers)


READS_NO_DIGITS = "not a network that reads digits"  # said of a file that can be opened


def open_network(path: Path) -> Network | KerasNetwork:
    """The network in a .npz, .keras or .h5 file. Raises ValueError naming the file and the reason.

    An .npz that is missing is made anew from the .keras beside it; OSError where it cannot be.
    """
    suffix = path.suffix.lower()
    if suffix in (".keras", ".h5"):
        network = open_keras_network(path)
    elif suffix == ".npz":
        if not path.exists() and path.with_suffix(".keras").exists():
            restore_network(path)
        with errors_naming(path, "not a network of this program"):
            network = load_network(path)
    else:
        raise ValueError(f"{printable(path)}: not a .npz, .keras or .h5 file")
    with errors_naming(path, READS_NO_DIGITS), silenced(), memory_limit(MOST_MEMORY):
        check_answers(network)
    return network


def open_keras_network(path: Path) -> Network | KerasNetwork:
    """The network in a .keras or .h5 file. Raises ValueError naming the file and the reason."""
    model = open_keras_model(path)
    with errors_naming(path, READS_NO_DIGITS), silenced(), memory_limit(MOST_MEMORY):
        return network_of(model)


def open_keras_model(path: Path) -> keras.Model:
    """The Keras model in a .keras or .h5 file. Raises ValueError naming the file and the reason."""
    keras = import_keras()
    keras.ops.zeros(1)  # TensorFlow starts its threads now, outside memory_limit()
    trouble = "not a network that can be opened safely"
    with (
        errors_naming(path, trouble),
        silenced(),
        memory_limit(MOST_KERAS_MEMORY),
        tempfile.TemporaryDirectory() as folder,
    ):
        require_file(path)
        # Keras knows its kinds of files by endings in small letters.
        copy = shutil.copyfile(path, f"{folder}/network{path.suffix.lower()}")
        model = keras.models.load_model(copy, compile=False, safe_mode=True)
        if model.input_shape != (None, IMAGE_SIZE, IMAGE_SIZE, 1):
            raise ValueError(f"takes {model.input_shape}, not (None, 28, 28, 1)")
    return model


def restore_network(path: Path) -> None:
    """Make a missing .npz anew from the .keras beside it."""
    keras_path = path.with_suffix(".keras")
    say(f"{printable(path)} is missing: making it anew from {printable(keras_path.name)} ...")
    network = open_keras_network(keras_path)
    if isinstance(network, KerasNetwork):
        trouble = "has layers that no .npz can hold; name it itself"
        raise ValueError(f"{printable(keras_path)}: {trouble}")
    with replacing(path, f".new-{os.getpid()}") as new:  # several windows may do this at once
        save_network(network, new)


def check_answers(network: Network | KerasNetwork) -> None:
    """Raise ValueError where a network does not give probabilities of 10, 11 or 12 answers."""
    blank = np.zeros((1, IMAGE_SIZE, IMAGE_SIZE), np.float32)
    probabilities = network.answers(blank)
    if probabilities.ndim != 2 or probabilities.shape[1] not in range(len(DIGITS), CLASSES + 1):
        raise ValueError(f"gives {probabilities.shape[1:]}, not 10, 11 or 12 numbers")
    if not (probabilities >= 0).all() or abs(float(probabilities.sum()) - 1) > 1e-3:
        raise ValueError("what it gives are no probabilities")


class Recipe(NamedTuple):
    """How a network is built and trained."""

    layers: Callable  # takes keras.layers; gives all layers but the last, which has the answers
    optimizer: Callable  # takes keras.optimizers and the number of training steps
    batch_size: int
    epochs: int
    # Learns from handwriting.npz, too. Then its network gives twelve answers, not ten, its images
    # are augmented, and it is calibrated.
    handwriting: bool = False


def default_layers(k: keras.layers) -> list[keras.Layer]:
    """Three convolutions and a dense layer, all of them normalized.

    Batch normalization (Ioffe and Szegedy, 2015) halves the epochs that unseen hands need. Of maps
    it follows the pooling, where there are a quarter of the values. Without a scale it cannot turn
    values round, so fold() may move it before the pooling; the next layer's weights do the scaling.
    """

    def convolution(maps: int, padding: str) -> list[keras.Layer]:
        return [
            k.Conv2D(maps, 3, padding=padding, use_bias=False),
            k.MaxPooling2D(),
            *normalization(),
        ]

    def normalization() -> list[keras.Layer]:
        return [k.BatchNormalization(scale=False), k.ReLU()]

    return [
        *convolution(32, "same"),
        *convolution(64, "valid"),  # 12x12 maps can be halved twice, 14x14 only once
        k.Dropout(0.05),
        *convolution(128, "same"),
        k.Dropout(0.1),
        k.Flatten(),
        k.Dense(256, use_bias=False),
        *normalization(),
        k.Dropout(0.3),
    ]


def default_optimizer(optimizers: keras.optimizers, steps: int) -> keras.Optimizer:
    """SGD whose learning rate falls by cosine, and in the last tenth of all steps once more.

    The second fall begins at a fifth of the first learning rate. Such a warm restart (Loshchilov
    and Hutter, "SGDR: Stochastic gradient descent with warm restarts", 2017) tells letters from
    digits a little better than one long fall.
    """
    first_fall = max(1, round(0.9 * steps))
    rate = optimizers.schedules.CosineDecayRestarts(
        0.15,
        first_fall,
        t_mul=1 / 8,  # the second fall is so much shorter; with 1 / 9 a third one would begin
        m_mul=0.2,
        alpha=0.001,
    )
    return optimizers.SGD(rate, momentum=0.9, nesterov=True, weight_decay=0.0005)


def plain_layers(k: keras.layers) -> list[keras.Layer]:
    """Two convolutions, as most programs of this kind have them."""
    return [
        k.Conv2D(32, 3, activation="relu", padding="same"),
        k.MaxPooling2D(),
        k.Conv2D(64, 3, activation="relu", padding="same"),
        k.MaxPooling2D(),
        k.Dropout(0.25),
        k.Flatten(),
        k.Dense(128, activation="relu"),
        k.Dropout(0.5),
    ]


def conv5_layers(k: keras.layers) -> list[keras.Layer]:
    """A first convolution of 5x5, and three dense layers."""
    return [
        k.Conv2D(32, 5, activation="relu"),
        k.MaxPooling2D(),
        k.Conv2D(64, 3, activation="relu"),
        k.MaxPooling2D(),
        k.Flatten(),
        k.Dense(128, activation="relu"),
        k.Dropout(0.3),
        k.Dense(64, activation="relu"),
        k.Dropout(0.3),
    ]


def adam_layers(k: keras.layers) -> list[keras.Layer]:
    """Two convolutions without margins, and weight decay on the dense layer."""
    return [
        k.Conv2D(32, 3, activation="relu"),
        k.MaxPooling2D(),
        k.Conv2D(64, 3, activation="relu"),
        k.MaxPooling2D(),
        k.Flatten(),
        k.Dense(128, activation="relu", kernel_regularizer="l2"),
        k.Dropout(0.5),
    ]


def adadelta_layers(k: keras.layers) -> list[keras.Layer]:
    """Two convolutions without margins, and dropout after every pooling."""
    return [
        k.Conv2D(32, 3, activation="relu"),
        k.MaxPooling2D(),
        k.Dropout(0.25),
        k.Conv2D(64, 3, activation="relu"),
        k.MaxPooling2D(),
        k.Dropout(0.25),
        k.Flatten(),
        k.Dense(128, activation="relu"),
        k.Dropout(0.5),
    ]


def constant(name: str, rate: float) -> Callable:
    """For a Recipe: makes the optimizer of this name in Keras, its learning rate constant."""
    return lambda optimizers, steps: getattr(optimizers, name)(rate)


RECIPES = {
    "default": Recipe(
        default_layers, default_optimizer, batch_size=128, epochs=20, handwriting=True
    ),
    "plain-sgd": Recipe(plain_layers, constant("SGD", 0.01), batch_size=32, epochs=10),
    "conv5": Recipe(conv5_layers, constant("Adam", 0.001), batch_size=200, epochs=10),
    "adam": Recipe(adam_layers, constant("Adam", 0.001), batch_size=64, epochs=10),
    # Its author's learning rate; with Keras's own, 0.001, it hardly learns.
    "adadelta": Recipe(adadelta_layers, constant("Adadelta", 1.0), batch_size=128, epochs=12),
}


# --- training --------------------------------------------------------------------------------

# For each of MNIST's images in an epoch so many are written by the hands in handwriting.npz:
WRITTEN_DIGITS = 0.8
WRITTEN_OTHERS = 0.7
WRITTEN_SEVERAL = 0.2
# How much images are changed in the first epoch and at the end. Strong changes come first, weak
# ones last: then images are like those that will be met.
STRENGTHS = 1.1, 0.2
LOW_RESOLUTION = 0.06  # of all images: scanned coarsely and thinned, as digits in pictures are
SMALLEST_BATCH = 3  # images; with smaller batches some step would get none at all
REFUSED = 0.002  # the share of true digits that may be read as no digit


class Material(NamedTuple):
    """What a network learns from and is measured by."""

    training: Digits
    validation: Digits  # of MNIST and of writers who are never trained on
    test: Digits
    characters: list[Character]  # written anew, and varied, for every epoch


def require_matplotlib() -> None:
    """Raise ValueError where Matplotlib is not installed."""
    try:
        import matplotlib.figure  # noqa: F401  plot_history() needs it after the first epoch
    except ImportError as error:
        raise not_installed("Matplotlib", error) from error


def train(  # noqa: PLR0913  each is an option of the command line
    data: Path | None = None,
    recipe: str = "default",
    epochs: int | None = None,
    batch_size: int | None = None,
    seed: int = 0,
    path: Path = MODEL,
    plots: Path = PLOTS,
    hand: Path | None = None,
) -> keras.Model:
    """Train by a recipe, say test loss and accuracy, save the network and its plots; return it.

    path is an .npz file; .keras and .json are put beside it. data is MNIST as an .npz file (None:
    Keras's own copy), hand a file of lessons to train on as well. After an interruption the same
    call continues after the last finished epoch. Raises ValueError and OSError; then the network
    that was there stays. Ctrl-C raises KeyboardInterrupt as usual: this, too, leaves all files
    whole, but TensorFlow's threads may keep the process from ending; the command line therefore
    ends it at once, see interrupts_ending_at_once().
    """
    import_keras()  # what is not installed is said now, not after an epoch
    require_matplotlib()
    chosen = RECIPES[recipe]
    if epochs:
        chosen = chosen._replace(epochs=epochs)
    if batch_size:
        chosen = chosen._replace(batch_size=batch_size)
    if chosen.handwriting and chosen.batch_size < SMALLEST_BATCH:
        raise ValueError(f"batches of {chosen.batch_size} are too small: {SMALLEST_BATCH} at least")
    for folder in (path.parent, plots):
        make_folder(folder)
    busy = "a training is under way; name another --model"
    with locked(path.parent, busy), contextlib.redirect_stdout(sys.stderr):
        material = prepare(data, chosen, seed, hand)
        unfinished = path.with_suffix(".training.npz")
        model, history = fit(material, chosen, seed, unfinished, plots)
        if chosen.handwriting:
            calibrate(model, material.validation)
            model = with_answers(model)  # compiled, so that digit.keras can be trained further
        results = measure(model, material.test, history, plots)
        save_model(model, path)
        settings = {
            "recipe": recipe,
            "epochs": chosen.epochs,
            "batch size": chosen.batch_size,
            "seed": seed,
        }
        if hand:
            settings["sha256 of the lessons"] = sha256(hand.read_bytes())
        save_record(path.with_suffix(".json"), settings, material, history, results)
        unfinished.unlink()
    return model


def make_folder(folder: Path) -> None:
    """Make a folder, if need be. Raises OSError where nothing can be written: now, not later."""
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), folder)


def prepare(data: Path | None, recipe: Recipe, seed: int, hand: Path | None) -> Material:
    """All that a recipe learns from. Raises ValueError and OSError naming a file and the reason."""
    mnist, test = load_mnist(data)
    apart = len(mnist.labels) // 12  # 5,000 of 60,000
    if not apart or not len(test.labels):
        raise ValueError(f"{printable(data or 'MNIST')}: too few digits to train on")
    training = Digits(mnist.images[:-apart], mnist.labels[:-apart])
    validation = Digits(mnist.images[-apart:], mnist.labels[-apart:])
    characters = []
    if recipe.handwriting:
        characters, held_out = read_handwriting(HANDWRITING)
        rng = np.random.default_rng(seed)
        no_digits = Handwriting(held_out, rng).write(0, apart // 2, apart // 4)
        validation = join(validation, digits_of(held_out), no_digits)
    if hand:
        lessons = read_lessons(hand)
        taught = Digits(lessons.images, lessons.labels)
        if not recipe.handwriting:
            taught = only_digits(taught)  # of ten answers, none is "no digit"
        training = join(training, taught)
        say(f"{printable(hand)}: {counted(len(taught.labels), 'lesson')} join the training")
    return Material(training, validation, test, characters)


def only_digits(images: Digits) -> Digits:
    """Those of the images that show a digit, without OTHER and SEVERAL."""
    is_digit = images.labels < OTHER
    return Digits(images.images[is_digit], images.labels[is_digit])


def digits_of(characters: Sequence[Character]) -> Digits:
    """The digits among the characters, just as they were written."""
    digits = [character for character in characters if character.label in DIGITS]
    images = [np.uint8(255 * draw_digit_image(digit.strokes)) for digit in digits]
    return Digits(np.array(images), np.array([int(digit.label) for digit in digits]))


def fit(
    material: Material, recipe: Recipe, seed: int, unfinished: Path, plots: Path
) -> tuple[keras.Model, list[dict[str, float]]]:
    """A network trained for the recipe's epochs, and each epoch's results.

    What an interrupted training left in the file unfinished is gone on with.
    """
    keras = import_keras()
    keep_freed_memory()
    keras.utils.clear_session()  # layers are named as in the process that was interrupted
    make_deterministic(seed)
    steps = math.ceil(images_an_epoch(material.training, recipe) / recipe.batch_size)
    model = compiled(recipe, recipe.epochs * steps)
    # All that training changes: weights, seeds of dropout, momenta, the number of steps.
    state = [*model.variables, *model.optimizer.variables]
    settings = settings_digest(model, material, recipe, steps, seed)
    history = resume(unfinished, settings, state)
    progress = Progress(steps)

    def end_batch(batch: int, logs: dict[str, float]) -> None:
        progress.say_now_and_then(len(history) + 1, batch + 1)

    def end_epoch(epoch: int, logs: dict[str, float]) -> None:
        history.append(logs)
        save_progress(unfinished, settings, state, history)
        plot_history(history, plots / "learning_curves.png")

    validation = (as_input(material.validation.images), material.validation.labels)
    on_end = keras.callbacks.LambdaCallback(on_train_batch_end=end_batch, on_epoch_end=end_epoch)
    model.fit(
        batches(material, recipe, steps, len(history), seed),
        steps_per_epoch=steps,
        initial_epoch=len(history),
        epochs=recipe.epochs,
        validation_data=validation,
        validation_batch_size=500,
        shuffle=False,  # batches() has shuffled them
        callbacks=[on_end],
        verbose=1 if sys.stderr.isatty() else 2,
    )
    return model, history


class Progress:
    """Says now and then how far an epoch is, where no terminal shows Keras's progress bar."""

    SECONDS = 30  # between two lines

    def __init__(self, steps: int) -> None:
        self._steps = steps
        self._next = time.monotonic() + self.SECONDS

    def say_now_and_then(self, epoch: int, step: int) -> None:
        """Say that so many steps of an epoch are done, unless that was said a moment ago."""
        if time.monotonic() < self._next or sys.stderr.isatty():
            return
        self._next = time.monotonic() + self.SECONDS
        say(f"Epoch {epoch}: {step / self._steps:.0%}")


def make_deterministic(seed: int) -> None:
    """From now on, trainings with the same seed give the same network on the same machine."""
    import tensorflow

    import_keras().utils.set_random_seed(seed)
    tensorflow.config.experimental.enable_op_determinism()


def compiled(recipe: Recipe, steps: int) -> keras.Model:
    """The recipe's network, not trained yet, to be trained in so many steps."""
    keras = import_keras()
    layers = [keras.Input((IMAGE_SIZE, IMAGE_SIZE, 1)), *recipe.layers(keras.layers)]
    accuracy = "accuracy"
    if recipe.handwriting:
        kinds = len(ANSWER_OF_KIND)
        layers.append(keras.layers.Dense(kinds, activation="softmax", name="kinds"))
        accuracy = keras.metrics.MeanMetricWrapper(is_right_answer, name="accuracy")
    else:
        layers.append(keras.layers.Dense(len(DIGITS), activation="softmax"))
    model = keras.Sequential(layers)
    compile_model(model, recipe.optimizer(keras.optimizers, steps), accuracy)
    model.optimizer.build(model.trainable_variables)  # now: its state may be brought back
    return model


def compile_model(
    model: keras.Model, optimizer: keras.Optimizer, accuracy: str | keras.Metric = "accuracy"
) -> None:
    """Compile a model that gives the probabilities of what is labelled 0, 1, 2 ..."""
    model.compile(
        optimizer,
        loss="sparse_categorical_crossentropy",
        metrics=[accuracy],
        jit_compile=False,  # on the CPU, XLA makes an epoch several times longer
    )


def answers_of_kinds() -> np.ndarray:
    """1 where a kind is an answer, else 0: float32, shape (kinds, answers).

    The probabilities of kinds, multiplied by it, are those of the answers.
    """
    return np.eye(CLASSES, dtype=np.float32)[ANSWER_OF_KIND]


def is_right_answer(
    kinds: keras.KerasTensor, probabilities: keras.KerasTensor
) -> keras.KerasTensor:
    """Of which images the most probable answer is right, though the kind may be wrong.

    kinds: the true ones, shape (n,); probabilities: of each kind, shape (n, kinds).
    """
    ops = import_keras().ops
    answers = ops.argmax(ops.matmul(probabilities, answers_of_kinds()), axis=1)
    kinds = ops.cast(ops.reshape(kinds, (-1,)), "int32")
    return ops.equal(ops.take(np.array(ANSWER_OF_KIND), kinds), answers)


def with_answers(model: keras.Model) -> keras.Model:
    """The model, trained to tell kinds apart, with a last layer that adds them up to answers."""
    keras = import_keras()
    answers = keras.layers.Dense(CLASSES, use_bias=False, trainable=False, name="answers")
    answering = keras.Sequential([keras.Input(model.input_shape[1:]), *model.layers, answers])
    answers.set_weights([answers_of_kinds()])
    compile_model(answering, model.optimizer)
    return answering


def images_an_epoch(training: Digits, recipe: Recipe) -> int:
    """How many images the network sees in an epoch."""
    count = len(training.labels)
    if recipe.handwriting:
        count += sum(written_images(count))
    return count


def written_images(count: int) -> tuple[int, int, int]:
    """How many digits, others and several are written for so many images of MNIST's."""
    digits = round(count * WRITTEN_DIGITS)
    others = round(count * WRITTEN_OTHERS)
    several = round(count * WRITTEN_SEVERAL)
    return digits, others, several


def settings_digest(
    model: keras.Model, material: Material, recipe: Recipe, steps: int, seed: int
) -> str:
    """A digest of the settings and data of a training: only the same is gone on with."""
    amounts = [*STRENGTHS, LOW_RESOLUTION, WRITTEN_DIGITS, WRITTEN_OTHERS, WRITTEN_SEVERAL]
    numbers = [recipe.batch_size, recipe.epochs, seed, *amounts]
    optimizer = import_keras().optimizers.serialize(model.optimizer)
    digest = hashlib.sha256(json.dumps([*numbers, model.to_json(), optimizer]).encode())
    digest.update(material.training.images.tobytes())
    digest.update(material.training.labels.tobytes())
    for character in material.characters:
        digest.update(character.label.encode())
        digest.update(np.concatenate(character.strokes).tobytes())
    # The first batch stands for the other numbers by which images are written and varied, but for
    # those of what is so rare that it is not in it.
    images, labels = next(batches(material, recipe, steps, 0, seed))
    digest.update(images.tobytes())
    digest.update(labels.tobytes())
    return digest.hexdigest()


def save_progress(
    path: Path, settings: str, state: list[keras.Variable], history: list[dict[str, float]]
) -> None:
    """Keep what a training has reached, for resume().

    The array of the history is named after the settings: one of other settings finds no history.
    """
    values = [variable.numpy() for variable in state]
    with replacing(path) as new:
        np.savez(new, *values, **{settings: json.dumps(history)})


def resume(path: Path, settings: str, state: list[keras.Variable]) -> list[dict[str, float]]:
    """Restore what an interrupted training with these settings kept; return its history, or []."""
    if not path.exists():
        return []
    try:
        with np.load(path) as kept:
            history = json.loads(str(kept[settings]))
            values = [kept[f"arr_{i}"] for i in range(len(state))]
    except Exception:  # NumPy and zipfile raise nearly every kind for a damaged file
        say("Starting afresh: what the interrupted training left has other settings or is damaged.")
        return []
    for variable, value in zip(state, values, strict=True):
        variable.assign(value)
    say(f"Going on after epoch {len(history)}, where the last training was interrupted.")
    return history


def batches(
    material: Material, recipe: Recipe, steps: int, first_epoch: int, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The images and labels of each step, from this epoch on (the first is 0); endless.

    Real hands' characters are written afresh for each epoch.
    """
    for epoch in itertools.count(first_epoch):
        rng = np.random.default_rng([seed, epoch])  # so an interrupted training ends like any other
        if recipe.handwriting:
            strength = np.interp(epoch, [0, recipe.epochs], STRENGTHS)
            yield from varied_batches(material, steps, strength, rng)
        else:
            order = rng.permutation(len(material.training.labels))
            for places in np.array_split(order, steps):
                images = as_input(material.training.images[places])
                yield images, material.training.labels[places]


def varied_batches(
    material: Material, steps: int, strength: float, rng: np.random.Generator
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """One epoch's batches of MNIST's images and written ones, all of them augmented."""
    handwriting = Handwriting(material.characters, rng)
    order = rng.permutation(len(material.training.labels))
    totals = written_images(len(order))
    written = np.transpose([share_out(total, steps) for total in totals])  # (steps, 3)
    for places, counts in zip(np.array_split(order, steps), written.tolist(), strict=True):
        mnist = Digits(material.training.images[places], material.training.labels[places])
        digits = join(mnist, handwriting.write(*counts))
        is_coarse = rng.random(len(digits.labels)) < LOW_RESOLUTION
        for i in np.flatnonzero(is_coarse):
            digits.images[i] = scanned(digits.images[i], rng)
        images = augment(digits.images, strength, rng)
        yield images[..., None], digits.labels


def share_out(total: int, steps: int) -> np.ndarray:
    """So many things over so many steps as evenly as whole numbers can: shape (steps,)."""
    so_far = np.linspace(0, total, steps + 1).astype(int)
    return np.diff(so_far)


def scanned(image: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A digit image, uint8, as a coarse scan of it is made a digit image."""
    side = int(rng.integers(16, 48))
    small = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
    mask = np.uint8(small > rng.uniform(70, 150))
    if not mask.any():
        return image
    return np.uint8(255 * redraw_at_stroke_width(mask))


def as_input(images: np.ndarray) -> np.ndarray:
    """uint8 images of shape (n, 28, 28) as Keras takes them: float32, (n, 28, 28, 1), in [0, 1]."""
    return images[..., None] / np.float32(255)


def probabilities_of(model: keras.Model, digits: Digits) -> np.ndarray:
    """What a model answers to digit images: shape (n, answers)."""
    return model.predict(as_input(digits.images), batch_size=500, verbose=0)


def calibrate(model: keras.Model, digits: Digits) -> None:
    """Change a model's layer of kinds so that of its answers with confidence 0.9, 90 % are right.

    It is measured on the true digits among these, which were not trained on.
    """
    digits = only_digits(digits)
    probabilities = probabilities_of(model, digits).astype(float)
    logits = np.log(probabilities + 1e-12)

    def cross_entropy(temperature: float) -> float:
        """Of the answers at a temperature, with the shift of refusals that belongs to it."""
        scaled = logits / temperature
        shifted = scaled - refusal_shift(scaled)
        of_truth = shifted[np.arange(len(shifted)), digits.labels]
        return float(np.mean(np.logaddexp.reduce(shifted, axis=1) - of_truth))

    # The best temperature: Guo et al., "On calibration of modern neural networks", 2017.
    temperature = min(np.geomspace(0.5, 2, 141), key=cross_entropy)  # in steps of 1 %
    shift = refusal_shift(logits / temperature)
    last = model.layers[-1]
    weights, bias = last.get_weights()
    last.set_weights([weights / temperature, bias / temperature - shift])


def refusal_shift(logits: np.ndarray) -> np.ndarray:
    """What is to be taken from logits (n, kinds), so that few true digits are refused: (kinds,).

    The logits are those of images of digits. Those of all kinds that are no digit are moved by the
    same number, so that the share REFUSED of the digits is refused. As a rule they are lowered, for
    training shows far more that is no digit than people draw.
    """
    best_digit = logits[:, :OTHER].max(axis=1)
    none = np.logaddexp.reduce(logits[:, OTHER:], axis=1)
    shift = np.zeros(logits.shape[1])
    shift[OTHER:] = np.quantile(none - best_digit, 1 - REFUSED)
    return shift


def measure(
    model: keras.Model, test: Digits, history: Sequence[dict[str, float]], plots: Path
) -> dict[str, float]:
    """The model's loss and accuracy on MNIST's test set, which are said and drawn, too."""
    probabilities = probabilities_of(model, test)
    of_truth = probabilities[np.arange(len(test.labels)), test.labels]
    loss = float(-np.log(of_truth + 1e-12).mean())
    likeliest_digits = probabilities[:, :OTHER].argmax(axis=1)
    accuracy = float((likeliest_digits == test.labels).mean())
    answers = answers_of(probabilities)
    answered = float((answers == test.labels).mean())
    say(f"Test loss: {loss:.4f}, test accuracy: {accuracy:.2%}, as answered: {answered:.2%}")
    plot_history(history, plots / "learning_curves.png", accuracy)
    plot_confusion(test.labels, answers, plots / "confusion_matrix.png")
    say(f"Drew the plots in {printable(plots)}")
    return {
        "test_loss": loss,
        "test_accuracy": accuracy,
        "test_accuracy_as_answered": answered,
    }


def answers_of(probabilities: np.ndarray) -> np.ndarray:
    """What prediction_of() answers to probabilities (n, 10 ... 12): digits, or OTHER for none."""
    digits = probabilities[:, :OTHER]
    none = probabilities[:, OTHER:].sum(axis=1)
    return np.where(digits.max(axis=1) > none, digits.argmax(axis=1), OTHER)


def save_model(model: keras.Model, path: Path) -> None:
    """Save a model as path (.npz, read with NumPy) and beside it as .keras.

    The two files that were there stay as .old.
    """
    keras_path = path.with_suffix(".keras")
    # At the end the last is renamed first: the .keras, then the .npz.
    with replacing(path) as new_network, replacing(keras_path) as new_model:
        model.save(new_model)
        save_network(network_of(model), new_network)
        kept = keep_as_old([keras_path, path])
        # From here until both are renamed one file is missing: never two of different networks.
        path.unlink(missing_ok=True)
    said = f"Saved {printable(path)} and {keras_path.name}"
    if kept:
        said += f"; the network that was there is now {' and '.join(kept)}"
    say(said)


def keep_as_old(files: Sequence[Path]) -> list[str]:
    """Copy files, in the place of earlier copies, as .old; return the copies' names."""
    kept = []
    for file in files:
        old = file.with_suffix(f".old{file.suffix}")
        if file.exists():
            with replacing(old) as whole:
                shutil.copyfile(file, whole)
            kept.append(old.name)
        else:
            old.unlink(missing_ok=True)  # it is of an earlier network
    return kept


def save_record(
    path: Path,
    settings: dict[str, object],
    material: Material,
    history: Sequence[dict[str, float]],
    results: dict[str, float],
) -> None:
    """Write down, as JSON, all that somebody needs to train the same network again."""
    digests = {
        "training images": sha256(material.training.images.tobytes()),
        "training labels": sha256(material.training.labels.tobytes()),
    }
    if material.characters:
        digests[HANDWRITING.name] = sha256(HANDWRITING.read_bytes())
    record = {
        **settings,
        "versions": versions(),
        "sha256": digests,
        "history": list(history),
        **results,
    }
    with replacing(path) as new:
        new.write_text(json.dumps(record, indent=1) + "\n")


def sha256(data: bytes) -> str:
    """The SHA-256 digest of data, in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def versions() -> dict[str, str]:
    """The versions of all that a training depends on."""
    import tensorflow

    return {
        "python": platform.python_version(),
        "keras": import_keras().version(),
        "tensorflow": tensorflow.__version__,
        "numpy": np.__version__,
        "opencv": cv2.__version__,
    }


# --- plots ----------------------------------------------------------------------------------


def plot_history(
    history: Sequence[dict[str, float]], path: Path, test_accuracy: float | None = None
) -> None:
    """Draw loss and accuracy over the epochs, in training and validation, as PNG."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.2), layout="constrained")
    epochs = range(1, len(history) + 1)
    loss_axes, accuracy_axes = figure.subplots(1, 2)
    for axes, name, factor in ((loss_axes, "loss", 1), (accuracy_axes, "accuracy", 100)):
        axes.plot(epochs, [factor * e[name] for e in history], "o--", label="training")
        axes.plot(epochs, [factor * e[f"val_{name}"] for e in history], "o-", label="validation")
        axes.set(xlabel="epoch", xticks=epochs[:: len(epochs) // 20 + 1])
        axes.grid(alpha=0.3)
    loss_axes.set_title("Loss")
    accuracy_axes.set_title("Accuracy in per cent")
    if test_accuracy is not None:
        label = f"MNIST's test set, in the end: {test_accuracy:.2%}"
        accuracy_axes.axhline(100 * test_accuracy, color="grey", ls=":", label=label)
    for axes in (loss_axes, accuracy_axes):
        axes.legend()
    figure.supxlabel(
        "Training may look worse than validation: units are left out, and images are varied.",
        fontsize="small",
    )
    with replacing(path) as new:
        figure.savefig(new, dpi=120)


def plot_confusion(labels: np.ndarray, answers: np.ndarray, path: Path) -> None:
    """Draw as PNG the confusion matrix of answers, 0 to 9 or OTHER, to digits with these labels."""
    from matplotlib.colors import LogNorm
    from matplotlib.figure import Figure

    columns = [*DIGITS, "no digit"]
    counts = np.zeros((len(DIGITS), len(columns)), int)
    np.add.at(counts, (labels, answers), 1)
    figure = Figure(figsize=(7.4, 6.4), layout="constrained")
    axes = figure.subplots()
    # The scale is logarithmic, from 0.3: one mistake is to be seen beside a thousand right answers.
    axes.imshow(np.ma.masked_equal(counts, 0), cmap="Blues", norm=LogNorm(0.3, counts.max()))
    for digit, answer in np.argwhere(counts):
        colour = "white" if counts[digit, answer] > 60 else "black"  # legible on the blue
        axes.text(answer, digit, counts[digit, answer], ha="center", va="center", color=colour)
    axes.set_title(f"MNIST's test set: {np.trace(counts) / counts.sum():.2%} answered rightly")
    axes.set(xlabel="answer", ylabel="digit", yticks=range(len(DIGITS)))
    axes.set_xticks(range(len(columns)), columns)
    with replacing(path) as new:
        figure.savefig(new, dpi=120)


# --- hand ------------------------------------------------------------------------------------


class Prediction(NamedTuple):
    """What a digit image was read as."""

    digit: int | None  # None: most likely no digit
    confidence: float  # in [0, 1], of what it says; of answers given with 0.9, about 90 % are right
    probabilities: np.ndarray  # of the digits 0 to 9, shape (10,)
    several: float = 0.0  # the probability that it is several characters, cut wrongly
    taught: bool = False  # a lesson of the person's decided, not the network

    @property
    def none(self) -> float:
        """The probability that it is no digit: another character, or several."""
        return max(0.0, 1 - float(self.probabilities.sum()))

    @property
    def other(self) -> float:
        """The probability that it is another character."""
        return self.none - self.several

    def __str__(self) -> str:
        return "?" if self.digit is None else str(self.digit)


def prediction_of(probabilities: np.ndarray, taught: bool = False) -> Prediction:
    """The prediction that the probabilities of the twelve answers, shape (12,), make."""
    digits = probabilities[:OTHER]
    none = min(1.0, float(probabilities[OTHER:].sum()))  # rounding may take the sum above 1
    several = float(probabilities[SEVERAL])
    best = int(digits.argmax())
    if digits[best] > none:
        return Prediction(best, float(digits[best]), digits, several, taught)
    return Prediction(None, none, digits, several, taught)


# A lesson multiplies the odds of its digit by (LESSON_REACH / distance) ** LESSON_TRUST. Reach and
# trust were chosen on the characters of writers whom the network had not learned from.
LESSON_REACH = 0.31  # a distance; from it on, a lesson says nothing of another drawing
LESSON_TRUST = 4
LEAST_DISTANCE = 1e-6  # of a drawing to itself, so that its odds stay finite
EQUALLY_NEAR = 1.25  # of all lessons not this many times as far as the nearest, the last counts
LEAST_TAUGHT = 0.001  # what the network's probability of the taught digit is raised to at least
DECISIVE_ODDS = 10  # a lesson that multiplies the odds by more has decided
MOST_LESSON_BYTES = 50_000_000  # of a file: 63,000 lessons, to compare with which takes 450 MB


class Lesson(NamedTuple):
    """What a person said that a digit image shows."""

    image: np.ndarray  # float, shape (28, 28), in [0, 1]
    digit: int | None  # None: no digit


class Lessons(NamedTuple):
    """All that a person said, in the order in which it was said."""

    images: np.ndarray  # uint8, shape (n, 28, 28)
    labels: np.ndarray  # uint8, shape (n,): 0 to 9, or OTHER
    corrections: np.ndarray  # int64, shape (n,): lessons of one correction have the same number


NO_LESSONS = Lessons(
    np.zeros((0, IMAGE_SIZE, IMAGE_SIZE), np.uint8), np.zeros(0, np.uint8), np.zeros(0, np.int64)
)


def join_lessons(known: Lessons, new: Lessons) -> Lessons:
    """The known lessons, and the new ones behind them."""
    return Lessons(
        np.concatenate([known.images, new.images]),
        np.concatenate([known.labels, new.labels]),
        np.concatenate([known.corrections, new.corrections]),
    )


class DamagedError(ValueError):
    """A file is not as this program wrote it."""


def read_lessons(path: Path) -> Lessons:
    """The lessons in a file that write_lessons() wrote, or an earlier version, without corrections.

    Raises DamagedError where the file was read whole and its check sums are wrong, and OSError
    where it cannot be read or never held lessons.
    """
    require_file(path)
    if path.stat().st_size > MOST_LESSON_BYTES:
        raise OSError(errno.EFBIG, "too large for lessons of this program", path)
    content = path.read_bytes()
    if not content:
        return NO_LESSONS
    # Even a damaged file of lessons names its images, and has the head of some entry of an archive.
    if b"images.npy" not in content or b"PK\3\4" not in content:
        raise no_lessons_in(path)
    try:
        if is_whole_archive(content):
            return unpack_lessons(content)
    except MemoryError as error:
        raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM), path) from error
    except Exception as error:  # NumPy raises nearly every kind
        raise no_lessons_in(path) from error
    raise DamagedError(f"{printable(path)}: damaged")


def no_lessons_in(path: Path) -> OSError:
    """The error that says that a file never held lessons."""
    return OSError(errno.EINVAL, "not lessons of this program", path)


def is_whole_archive(content: bytes) -> bool:
    """Whether these bytes are a zip archive all of whose files have the right check sum.

    Raises OverflowError where they would unpack to more than MOST_LESSON_BYTES.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(file.file_size for file in archive.infolist()) > MOST_LESSON_BYTES:
                raise OverflowError("too large")
            return archive.testzip() is None
    except (MemoryError, OverflowError):  # too large, be it by damage to a size
        raise
    except Exception:  # zipfile raises nearly every kind
        return False


def unpack_lessons(content: bytes) -> Lessons:
    """The lessons in the bytes of an .npz file. Raises nearly every kind of error."""
    with np.load(io.BytesIO(content)) as arrays:
        images, labels = arrays["images"], arrays["labels"]
        corrections = np.arange(len(labels))  # before there were corrections, each lesson was one
        if "corrections" in arrays:
            corrections = arrays["corrections"]
    check_labelled(images, labels, OTHER + 1)
    if corrections.dtype.kind not in "iu" or corrections.shape != labels.shape:
        raise ValueError("not corrections")
    return Lessons(images, labels.astype(np.uint8), corrections.astype(np.int64))


def write_lessons(lessons: Lessons, path: Path) -> None:
    """Write lessons as an .npz file.

    Raises OSError, also where they are too many; what was there stays then.
    """
    with replacing(path) as new, open(new, "wb") as file:  # a name alone would get .npz added
        np.savez(file, **lessons._asdict())
        if file.tell() > MOST_LESSON_BYTES:  # nothing could read it again
            raise OSError(errno.EFBIG, "too many lessons", path)


def describe(images: np.ndarray) -> np.ndarray:
    """What digit images (n, 28, 28) are compared by: vectors of length 1, shape (n, 196)."""
    cells = images.reshape(-1, 14, 2, 14, 2)
    small = cells.mean(axis=(2, 4), dtype=np.float32)  # forgives strokes moved a little
    vectors = small.reshape(-1, 14 * 14)
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.maximum(lengths, 1e-6)  # without ink the length is 0


def in_nine_places(images: np.ndarray) -> Iterator[np.ndarray]:
    """Images (n, 28, 28) as they are and moved by a pixel: the centre of mass may jump by one."""
    padded = np.pad(images, ((0, 0), (1, 1), (1, 1)))  # what leaves at one edge is gone
    for top, left in itertools.product(range(3), repeat=2):
        yield padded[:, top : top + IMAGE_SIZE, left : left + IMAGE_SIZE]


class KnownLessons(NamedTuple):
    """Lessons, and what images are compared with; one tuple, as a camera's thread reads both."""

    lessons: Lessons
    descriptions: np.ndarray  # float32, shape (9, n, 196): see in_nine_places() and describe()

    @classmethod
    def of(cls, lessons: Lessons) -> KnownLessons:
        """These lessons with their descriptions."""
        moved_by_a_pixel = in_nine_places(lessons.images)
        return cls(lessons, np.array([describe(images) for images in moved_by_a_pixel]))

    def distances(self, images: np.ndarray) -> np.ndarray:
        """How far images, shape (n, 28, 28), are from each lesson, shape (n, lessons): 0 to 1.

        A distance is 1 minus the cosine between two descriptions, in the place that suits best.
        """
        described = describe(images)
        cosines = [described @ in_one_place.T for in_one_place in self.descriptions]
        return 1 - np.max(cosines, axis=0)


class Hand:
    """What was taught of how a person writes, kept in a file, or in memory where path is None.

    Raises OSError where the file cannot be read or, later, written, or holds something else. One
    that is damaged is set aside under a new name, and that name printed.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self.path: Path | None = None
        self._known = KnownLessons.of(NO_LESSONS)
        if path is None:
            return
        self.path = Path(os.path.realpath(path))  # a link's file, so that its lock is one for all
        try:
            self._known = KnownLessons.of(read_lessons(self.path))
        except FileNotFoundError:
            return
        except DamagedError:
            self.change(lambda known: known)  # sets it aside while no other process is at it

    def __len__(self) -> int:
        return len(self.taught.labels)

    @property
    def taught(self) -> Lessons:
        """All lessons, as they were read or changed last."""
        return self._known.lessons

    def add(self, lessons: Sequence[Lesson]) -> int:
        """Learn lessons, at least one, as one correction; return its number."""
        images = np.uint8([np.rint(255 * lesson.image) for lesson in lessons])
        labels = np.uint8([OTHER if lesson.digit is None else lesson.digit for lesson in lessons])
        # Of chance: a number counted up would be used again once the last correction is forgotten,
        # and another window may still hold it.
        number = secrets.randbits(63)
        new = Lessons(images, labels, np.full(len(labels), number, np.int64))
        self.change(lambda known: join_lessons(known, new))
        return number

    def take_back(self, number: int | None = None) -> list[Lesson]:
        """Forget the correction of this number, else the last one; return its lessons, if any."""

        def is_taken_back(known: Lessons) -> np.ndarray:
            """Which lessons are of that correction: bool, shape (n,)."""
            wanted = known.corrections[-1:] if number is None else [number]
            return np.isin(known.corrections, wanted)

        def without(known: Lessons) -> Lessons:
            kept = ~is_taken_back(known)
            if kept.all():
                return known  # so no file is written
            return Lessons(*(array[kept] for array in known))

        before = self.change(without)
        taken_back = is_taken_back(before)
        digits = [None if label == OTHER else label for label in before.labels[taken_back].tolist()]
        images = before.images[taken_back] / np.float32(255)
        return [Lesson(image, digit) for image, digit in zip(images, digits, strict=True)]

    def change(self, edit: Callable[[Lessons], Lessons]) -> Lessons:
        """Edit the lessons, also those of other windows since; return what they were before."""
        if self.path is None:
            before = self.taught
            self._known = KnownLessons.of(edit(before))
            return before
        with locked(self.path.with_name(f"{self.path.name}.lock")):
            before = self._read_again()
            after = edit(before)
            if after is not before:
                write_lessons(after, self.path)
        self._known = KnownLessons.of(after)
        return before

    def _read_again(self) -> Lessons:
        """What the file holds now; one that is damaged is set aside. Nobody else may be at it."""
        try:
            return read_lessons(self.path)
        except FileNotFoundError:
            return NO_LESSONS
        except DamagedError as error:
            aside = self.path.rename(f"{self.path}.damaged-{time.time_ns()}")
            say(f"mnist_digit: {error}; set aside as {printable(aside.name)}")
            return NO_LESSONS

    def correct(
        self, probabilities: np.ndarray, images: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """The probabilities of digit images after what was taught, and whether a lesson decided.

        probabilities has shape (n, answers) and images (n, 28, 28), in [0, 1]; what is returned has
        the shapes (n, answers) and (n,). The nearest lesson alone speaks, so that a wrong one ends
        where it is put right.
        """
        known = self._known  # only once: another thread may replace it meanwhile
        if not len(known.lessons.labels):
            return probabilities, np.zeros(len(images), bool)
        distances = known.distances(images)
        nearest = np.maximum(distances.min(axis=1), LEAST_DISTANCE)
        labels = known.lessons.labels[last_of_the_nearest(distances, nearest)]
        odds = (LESSON_REACH / nearest) ** LESSON_TRUST
        corrected = probabilities.copy()
        for i in np.flatnonzero(nearest < LESSON_REACH):
            p_taught = max(corrected[i, labels[i]], LEAST_TAUGHT)
            corrected[i, labels[i]] = p_taught * odds[i]
            corrected[i] /= corrected[i].sum()
        is_more_than_half = corrected[np.arange(len(images)), labels] > 0.5
        return corrected, is_more_than_half & (odds > DECISIVE_ODDS)


def last_of_the_nearest(distances: np.ndarray, nearest: np.ndarray) -> np.ndarray:
    """The lesson that speaks on each image: the last one of those about as near as the nearest.

    distances has shape (n, lessons), nearest and what is returned (n,).
    """
    is_near = distances <= EQUALLY_NEAR * nearest[:, None]
    lessons_behind = is_near[:, ::-1].argmax(axis=1)  # argmax: the first that is True, from the end
    return distances.shape[1] - 1 - lessons_behind


def check_digit_images(images: np.ndarray) -> None:
    """Raise ValueError where an array is no digit images: float, (n, 28, 28), in [0, 1]."""
    if images.ndim != 3 or images.shape[1:] != (IMAGE_SIZE, IMAGE_SIZE):
        raise ValueError(f"a digit image has shape (28, 28), not {images.shape[1:]}")
    if images.dtype.kind != "f":
        raise ValueError(f"a digit image holds floats from 0 to 1, not {images.dtype}")
    if images.size and not (images.min() >= 0 and images.max() <= 1):  # also where any is nan
        raise ValueError("a digit image holds floats from 0 to 1, not others")


class Recognizer:
    """A trained network (.npz, .keras or .h5), and the hand that it was taught.

    hand is a file of lessons; where it is None, lessons are kept in memory alone. Raises ValueError
    and OSError naming the file and the reason where one of the two cannot be opened.
    """

    def __init__(
        self, path: str | os.PathLike[str] = MODEL, hand: str | os.PathLike[str] | None = None
    ) -> None:
        self.path = Path(path)
        self.network = open_network(self.path)
        self.hand = Hand(hand)

    def judge(self, images: np.ndarray) -> np.ndarray:
        """The network's own probabilities of the twelve answers for images (n, 28, 28): (n, 12).

        An answer that the network does not know of has the probability 0.
        """
        known = self.network.answers(images)
        probabilities = np.zeros((len(images), CLASSES))
        probabilities[:, : known.shape[1]] = known
        return probabilities

    def predict(self, image: np.ndarray) -> Prediction:
        """Read a digit image: float, shape (28, 28), in [0, 1]. Raises ValueError for another."""
        return self.predict_all(np.asarray(image)[None])[0]

    def predict_all(self, images: np.ndarray) -> list[Prediction]:
        """Read digit images together: float, shape (n, 28, 28), in [0, 1].

        Raises ValueError where they have another shape, type or range.
        """
        images = np.asarray(images)
        check_digit_images(images)
        images = images.astype(np.float32, copy=False)
        probabilities, taught = self.hand.correct(self.judge(images), images)
        return [
            prediction_of(*answer) for answer in zip(probabilities, taught.tolist(), strict=True)
        ]

    def teach(self, image: np.ndarray, digit: int | None) -> None:
        """Read this digit image, and those like it, as this digit from now on (None: as no digit).

        Raises ValueError where image or digit is none, and OSError where it cannot be kept.
        """
        self.teach_all([Lesson(image, digit)])

    def teach_all(self, lessons: Sequence[Lesson]) -> int | None:
        """Learn several digit images as one correction, which forget() takes back as a whole.

        Returns its number, None where there are no lessons. Raises ValueError where an image or a
        digit is none, and OSError where they cannot be kept.
        """
        lessons = [Lesson(np.asarray(image), digit) for image, digit in lessons]
        for image, digit in lessons:
            check_digit_images(image[None])
            if digit is not None and digit not in range(len(DIGITS)):
                raise ValueError(f"what is taught is a digit 0 to 9 or None, not {digit}")
        return self.hand.add(lessons) if lessons else None

    def forget(self, number: int | None = None) -> list[Lesson] | None:
        """Take back a correction, by its number, or else the last one.

        Returns its lessons, None where there is no such correction. Raises OSError where that
        cannot be kept.
        """
        return self.hand.take_back(number) or None


# --- reading ---------------------------------------------------------------------------------

# A drawing or picture is read by "over-segmentation" (LeCun et al., "Gradient-based learning
# applied to document recognition", 1998, parts V and VI): its ink falls into pieces, the pieces
# into rows; every run of neighbouring pieces that may be one character is judged by the network;
# and what the ways through the runs of a row most probably say is what stands there.

# Three words for how sure a reading is: confidence, that an answer is right; certainty, that a row
# says this and nothing else; belief, which share of a picture's ink a reading explains.

MOST_IN_ONE = 8  # pieces of one character; so many branches an 8 may have, cut at its crossings
SURELY_ONE = 0.95  # from this confidence on, a whole drawing is the character that it looks like
# Where the network holds "several" to be less probable, something surely is one character. Of 300
# pairs of neighbouring digits one looks so.
NOT_SEVERAL = 0.01

# Rows, all in heights. Pieces taller than TALL times the 90th percentile of all heights make the
# rows; lower ones are added to the nearest row.
TALL = 0.4
MIDDLE = 0.7  # so much of a piece's height parts rows; heads and tails may reach into other rows
ONE_ROW = 1.5  # a level row lower than this, in heights of the tallest piece, is not two that slope
FAR = 0.5  # what is further from a row, in its heights, is not in it
ROW_GAP = 0.1  # between two rows at least, in heights of the tallest

# A line below what is written, as in a fraction.
UNDERLINE = 5  # it is at least so many times as wide as high
UNDERLINED = 0.6  # at least this share of the width of what is above lies above it
SHORTEST_UNDERLINE = 0.8  # it is at least so long, in heights of that; the bar of a 5 is shorter
OWN_LINE = 0.1  # in heights of a character alone; a line as near below is a part of it

# Characters, in heights of their row.
WIDEST = 1.6  # of a character made of several pieces; a W is about so wide
WIDEST_GAP = 0.4  # between pieces of one character
GAP = 0.04  # pieces that are further apart leave a gap
SPECK = 0.2  # what is smaller is a dot or a comma, and may be left out
OVERLAP = 0.1  # neighbours overlap less

# Characters, in their own heights.
USUAL_WIDTH = 0.9  # of a digit; broader ones are rare
TOO_WIDE = 2.5  # for one character, be it of one piece

# How probable a way to part a row is: the product of these and of what the network thinks of each
# part. They were chosen on drawings and pictures of the writers who are trained on.
P_OVERLAPPING = 0.05  # of a cut between parts that overlap, beside one between parts that do not
# Of a cut through strokes that touch, at least; more where the network sees several. Connected ink
# of a picture is cut from NOT_SEVERAL on alone.
P_CUT = 0.002
P_GAP = 0.1  # of each gap inside a part
P_SPECK = 0.5  # of a speck that belongs to no part
P_LIKE_DIGIT = 0.02  # of another character that surely looks like a digit; letters seldom do
P_CHANGE = 0.06  # of a number that goes on as a word, or a word as a number
P_BROAD = 0.01  # of a digit that is one height broader than usual
P_APART = 0.1  # of a cut between two parts that are NOT_SEVERAL when they are looked at together
P_WHOLE = 0.4  # limits how much more probable a whole row is that is one part, see weight_of()
P_LEAST = 1e-9  # nothing is thought to be less probable
MOST_SAID = 8  # the width of the beam: so many things that a row may say are followed


class Part(NamedTuple):
    """A part of a drawing or picture that is judged as one character."""

    box: Box  # in pixels of the drawing or picture
    image: np.ndarray  # its digit image
    prediction: Prediction | None  # None until it is judged
    mask: np.ndarray | None = None  # of a picture: what is ink of this part, inside the box


class Reading:
    """What a whole drawing or picture says."""

    def __init__(self, rows: list[list[Part]], certainty: float = 1.0) -> None:
        """Take the parts of each row; certainty: that this is what the rows say, in [0, 1]."""
        self.certainty = certainty
        self.rows = rows  # from top to bottom; the parts of each from left to right
        self.parts = [part for row in rows for part in row]
        self.digits = [part.prediction for part in self.parts]
        # "?" for no digit
        self.text = " ".join("".join(str(part.prediction) for part in row) for row in rows)
        each = [prediction.confidence for prediction in self.digits]
        self.confidence = certainty * math.prod(each)  # that all of it is right
        if each and not self.has_digit:
            self.confidence = min(each)  # that no part is a digit, however it is parted

    @property
    def has_digit(self) -> bool:
        """Whether any part is a digit."""
        return any(prediction.digit is not None for prediction in self.digits)

    @property
    def digits_alone(self) -> bool:
        """Whether every part is a digit."""
        return all(prediction.digit is not None for prediction in self.digits)

    def __str__(self) -> str:
        text = self.text if self.has_digit else "no digit"
        return f"{text} ({self.confidence:.1%})"


class Piece(Protocol):
    """Ink that a reading takes or leaves as a whole: a Stroke, or an InkPiece of a picture.

    A piece is equal to itself alone, so what was judged of it can be looked up by it.
    """

    box: Box


class Run(NamedTuple):
    """Neighbouring pieces of a row that may be one character: those from start to before stop."""

    start: int
    stop: int
    gaps: int  # between them


class Row(NamedTuple):
    """A row of writing, not yet read."""

    pieces: list[Piece]  # from left to right
    cuts: list[float]  # how probable a cut before each piece is; 1.0: nothing speaks against it
    height: int  # of its tallest piece of ink, before that was cut
    wholes: Sequence[Run] = ()  # for each piece of ink that was cut, the run of all its branches

    def group(self, run: Run) -> tuple[Piece, ...]:
        """The pieces of a run."""
        return tuple(self.pieces[run.start : run.stop])


class RowReading(NamedTuple):
    """How a row was read."""

    parts: list[Part]
    certainty: float  # that this is what it says, in [0, 1]

    @property
    def height(self) -> int:
        """Of its tallest part."""
        return max(part.box.height for part in self.parts)

    @property
    def has_digit(self) -> bool:
        """Whether any part is a digit."""
        return any(part.prediction.digit is not None for part in self.parts)


class Habit(NamedTuple):
    """What is written in a row, and how often."""

    share: float  # of all rows
    p_digit: float  # how often a part of it is meant to be a digit
    p_other: float  # or another character


# A row is written in one habit: a number, seldom with another character in it, or a word. Without
# habits every sixth word of six letters would seem to hold a digit, for a letter looks like one in
# 3 of 100. A digit in a word changes the habit, twice where the word goes on.
HABITS = (Habit(share=0.8, p_digit=1.0, p_other=0.05), Habit(share=0.2, p_digit=0.0, p_other=1.0))


def find_rows(boxes: Sequence[Box]) -> list[list[int]]:
    """The places of boxes by rows, from top to bottom, each from left to right."""
    heights = np.array([max(1, box.height) for box in boxes])
    is_tall = heights >= TALL * np.percentile(heights, 90)
    slope, tall = rows_of_tall(boxes, np.flatnonzero(is_tall))
    rows = [list(row) for row in tall]
    far = []  # from all rows, as a heading in small letters is
    for i in np.flatnonzero(~is_tall).tolist():
        distances = [distance_to_row(boxes, row, i, slope) for row in tall]
        nearest = int(np.argmin(distances))
        if distances[nearest] > FAR:
            far.append(i)
        else:
            rows[nearest].append(i)
    if far:  # they make rows of their own, as often as needed: each call places its tall ones
        far_rows = find_rows([boxes[i] for i in far])
        rows += [[far[place] for place in row] for row in far_rows]
    rows = [sorted(row, key=lambda i: boxes[i].center) for row in rows]
    return sorted(rows, key=lambda row: np.mean([level(boxes[i], slope) for i in row]))


def is_line(box: Box) -> bool:
    """Whether a box is as flat as that of a line."""
    return box.width > UNDERLINE * box.height


def is_underline(box: Box, boxes: Sequence[Box]) -> bool:
    """Whether a box is of a line close below what is written in some of the boxes.

    So lie underlines, the bars of fractions, and the line above a sum.
    """
    if not is_line(box):
        return False
    _, middle = box.center
    along = [other for other in boxes if not is_line(other) and stands_along(other, box)]
    above = [other for other in along if 0 < middle - other.bottom < FAR * other.height]
    below = [other for other in along if 0 < other.y - middle < FAR * other.height]
    if not above:
        return False
    standing = Box.around(above)
    if below:  # a short line may be the bar of a 5
        return box.width > SHORTEST_UNDERLINE * standing.height
    # Close to one character it may be its own: the base of a 2, the foot of a 1.
    return len(above) > 1 or middle - standing.bottom > OWN_LINE * standing.height


def stands_along(box: Box, line: Box) -> bool:
    """Whether most of the width of a box lies above or below a line."""
    common = min(box.right, line.right) - max(box.x, line.x)
    return common > UNDERLINED * box.width


def level(box: Box, slope: float) -> float:
    """How far down the middle of a box is, in a picture that is turned until its rows are level."""
    x, y = box.center
    return y - slope * x


def rows_of_tall(boxes: Sequence[Box], tall: np.ndarray) -> tuple[float, list[list[int]]]:
    """How much rows of tall pieces slope, up to 15 degrees, and these rows."""
    tallest = max(boxes[i].height for i in tall)
    tried = []
    for degrees in sorted(range(-15, 16, 3), key=abs):
        slope = math.tan(math.radians(degrees))
        rows, height = rows_that_slope(boxes, tall, slope)
        if len(rows) == 1 and height < ONE_ROW * tallest:
            return slope, rows  # as in most drawings; no other slope need be tried
        tried.append((height, slope, rows))
    _, slope, rows = min(tried, key=lambda entry: entry[0])  # the right slope needs least height
    return slope, rows


def rows_that_slope(
    boxes: Sequence[Box], tall: np.ndarray, slope: float
) -> tuple[list[list[int]], float]:
    """The rows of tall pieces if they slope so much, and how high they are all together."""
    middle = np.array([level(boxes[i], slope) for i in tall])
    half = MIDDLE / 2 * np.array([boxes[i].height for i in tall])
    order = np.argsort(middle - half)
    top, bottom = (middle - half)[order], (middle + half)[order]
    lowest = np.maximum.accumulate(bottom)  # of this piece and all that begin above it
    starts = np.flatnonzero(top[1:] > lowest[:-1]) + 1  # a row begins below all of the last one
    rows = [tall[row].tolist() for row in np.split(order, starts)]
    tops = top[np.r_[0, starts]]
    bottoms = lowest[np.r_[starts - 1, -1]]
    height = (bottoms - tops).sum() / MIDDLE  # of whole pieces, not of their middles
    return rows, float(height)


def distance_to_row(boxes: Sequence[Box], row: list[int], i: int, slope: float) -> float:
    """How far above or below a row a box is, in the row's heights; 0 where it is beside it."""
    middles = [level(boxes[j], slope) for j in row]
    height = max(boxes[j].height for j in row)
    away = abs(level(boxes[i], slope) - np.mean(middles)) - (height + boxes[i].height) / 2
    return max(0.0, away / height)


def cuts_between(pieces: Sequence[Piece]) -> list[float]:
    """How probable a cut before each piece of a row is: less where it parts what overlaps."""
    height = max(piece.box.height for piece in pieces)
    cuts = [1.0]
    for i in range(1, len(pieces)):
        right = max(piece.box.right for piece in pieces[:i])
        left = min(piece.box.x for piece in pieces[i:])
        parts_overlap = right - left > OVERLAP * height
        cuts.append(P_OVERLAPPING if parts_overlap else 1.0)
    return cuts


def runs(row: Row) -> list[Run]:
    """The runs of pieces in a row that may be one character: no specks, not too wide or broken."""
    found = []
    for start in range(len(row.pieces)):
        found += runs_from(start, row)
    return found + [run for run in row.wholes if run not in found]


def runs_from(start: int, row: Row) -> list[Run]:
    """Those that begin with this piece."""
    height = row.height
    box, gaps, found = row.pieces[start].box, 0, []
    for stop in range(start + 1, min(len(row.pieces), start + MOST_IN_ONE) + 1):
        new = row.pieces[stop - 1].box
        gap = (new.x - box.right) / height
        box = Box.around([box, new])
        gaps += int(gap > GAP)
        is_wide = box.width > WIDEST * max(height, box.height)  # a T is higher than its stem
        if stop > start + 1 and (gap > WIDEST_GAP or is_wide):
            break
        if not is_speck(box, height):
            found.append(Run(start, stop, gaps))
    return found


def is_speck(box: Box, height: int) -> bool:
    """Whether what has this box is too small for a character of a row so high."""
    return box.longest < SPECK * height


class Judged(NamedTuple):
    """A run, the part that it makes, and what this is held to be."""

    run: Run
    part: Part
    probability: float  # how probable it is that such a character looks so


def as_it_looks(run: Run, part: Part) -> Judged:
    """A run that is held to be what it looks most like."""
    prediction = part.prediction
    if prediction.digit is None:
        return Judged(run, part, prediction.other)
    return Judged(run, part, prediction.confidence)


def like_a_digit(judged: Judged) -> Judged:
    """The same run, held to be another character that only looks like a digit.

    It is shown with a confidence of 0.5: the network sees a digit, the row a letter.
    """
    prediction = judged.part.prediction
    halves = prediction.probabilities / (2 * prediction.probabilities.sum())
    other = prediction._replace(digit=None, confidence=0.5, probabilities=halves)
    probability = P_LIKE_DIGIT + prediction.other
    return Judged(judged.run, judged.part._replace(prediction=other), probability)


def log_probability(judged: Judged, habit: Habit) -> float:
    """The logarithm of how probable it is that a habit wrote what a run is held to be."""
    box = judged.part.box
    if judged.part.prediction.digit is None:
        probability = habit.p_other * judged.probability
    else:
        broad = max(0.0, box.width / max(1, box.height) - USUAL_WIDTH)
        probability = habit.p_digit * judged.probability * P_BROAD**broad
    return math.log(max(probability, P_LEAST))


class Step(NamedTuple):
    """A step of a way: from a piece on, over a run that is one part, or over a speck."""

    start: int  # the piece where it begins
    weights: np.ndarray  # for each habit, the logarithm of how probable it is
    judged: Judged | None  # None where a speck is left out


class Ways(NamedTuple):
    """All ways to part a row up to some place that say the same.

    The next cut is weighed beside the run in which they end. Where two of them that say the same
    meet, the runs of the more probable one count for both.
    """

    weights: np.ndarray  # for each habit that they end in, the logarithm of their probability
    judged: list[Judged]  # the runs that they take, from left to right

    @property
    def weight(self) -> float:
        """The logarithm of the probability of all of them together."""
        return float(np.logaddexp.reduce(self.weights))

    def changed(self, change: np.ndarray) -> Ways:
        """The same, once the habit may have changed.

        change: the logarithm of how probable it is to go from one habit to another.
        """
        return self._replace(weights=np.logaddexp.reduce(self.weights[:, None] + change))

    def with_step(self, step: Step) -> Ways:
        """They, and one step more."""
        taken = [*self.judged, step.judged] if step.judged else self.judged
        return Ways(self.weights + step.weights, taken)

    def joined(self, others: Ways) -> Ways:
        """These and others that say the same."""
        more_probable = max(self, others, key=lambda ways: ways.weight)
        return more_probable._replace(weights=np.logaddexp(self.weights, others.weights))


def steps_to(stop: int, row: Row, judged: Sequence[Judged], habits: Sequence[Habit]) -> list[Step]:
    """The steps that end before a piece of a row, through its judged runs."""
    steps = []
    if is_speck(row.pieces[stop - 1].box, row.height):
        steps.append(Step(stop - 1, np.full(len(habits), math.log(P_SPECK)), None))
    for one in judged:
        if one.run.stop == stop:
            looks = np.array([log_probability(one, habit) for habit in habits])
            steps.append(Step(one.run.start, weight_of(one, row) + looks, one))
    return steps


def weight_of(judged: Judged, row: Row) -> float:
    """The logarithm of how probable a run is beside others, whatever stands there.

    It is above 0, at most the logarithm of 1 / P_WHOLE, for a whole row that is one character and
    no digit.
    """
    run, part, _ = judged
    weight = math.log(row.cuts[run.start])
    is_whole_row = run.stop - run.start == len(row.pieces)
    if is_whole_row and part.prediction.digit is None:
        # A letter of several strokes: the less it looks like several characters, the more probable
        # it is beside all ways that cut it. The network has seen its gaps, too.
        return weight - math.log(max(part.prediction.several, P_WHOLE))
    return weight + run.gaps * math.log(P_GAP)


def most_probable(
    row: Row, judged: Sequence[Judged], habits: Sequence[Habit] = HABITS
) -> RowReading:
    """What a row most probably says, and how certain that is.

    Many ways say the same: with somewhat other cuts, and in other habits. What they say is as
    probable as they are together, and as certain as its share in all that may be said. So doubt
    whether a part is a digit lowers the certainty, beside the part's own confidence: a row is
    rather called a guess than wrongly sure.
    """
    ways = ways_through(row, judged, habits)
    weights = [some.weight for some in ways]
    best = ways[int(np.argmax(weights))]
    certainty = math.exp(best.weight - np.logaddexp.reduce(weights))
    return RowReading([one.part for one in best.judged], certainty)


def ways_through(row: Row, judged: Sequence[Judged], habits: Sequence[Habit]) -> list[Ways]:
    """The most probable ways through a whole row's judged runs, those that say the same together.

    The habit may change along the row, as where a word stands beside a number. Method: prefix beam
    search (Hannun et al., "First-pass large vocabulary continuous speech recognition using
    bi-directional recurrent DNNs", 2014).
    """
    change = np.full((len(habits), len(habits)), math.log(P_CHANGE))
    np.fill_diagonal(change, 0)
    shares = np.log([habit.share for habit in habits])
    reached = {"": Ways(shares, [])}  # the ways up to a piece, by what they say
    several = chances_of_several(judged)
    begun = []  # for each piece, the most probable ways that a step from there goes on with
    for stop in range(1, len(row.pieces) + 1):
        kept = most_probable_of(reached)
        begun.append({text: ways.changed(change) for text, ways in kept.items()})
        reached = {}
        for step in steps_to(stop, row, judged, habits):
            for text, before in begun[step.start].items():
                weights = step.weights + weight_of_cut(before, step, row, several)
                after = before.with_step(step._replace(weights=weights))
                if step.judged:
                    text += str(step.judged.part.prediction)
                reached[text] = after.joined(reached[text]) if text in reached else after
    return list(most_probable_of(reached).values())


def chances_of_several(judged: Sequence[Judged]) -> dict[tuple[int, int], float]:
    """How probable it is that each run is several characters, by its start and stop."""
    return {(one.run.start, one.run.stop): one.part.prediction.several for one in judged}


def weight_of_cut(
    before: Ways, step: Step, row: Row, several: Mapping[tuple[int, int], float]
) -> float:
    """The logarithm of how probable a cut before a step is, where nothing else speaks against it.

    It is low where both sides together surely are one character: a K is not cut into 1 and 2.
    several: for runs, how probable it is that they are several characters.
    """
    is_free = row.cuts[step.start] == 1.0
    if not is_free or not before.judged or not step.judged:
        return 0.0
    both = (before.judged[-1].run.start, step.judged.run.stop)
    is_one = several.get(both, 1.0) < NOT_SEVERAL
    return math.log(P_APART) if is_one else 0.0


def most_probable_of(said: dict[str, Ways]) -> dict[str, Ways]:
    """Of the things that may be said, the MOST_SAID most probable ones, with their ways."""
    texts = heapq.nlargest(MOST_SAID, said, key=lambda text: said[text].weight)
    return {text: said[text] for text in texts}


class Judge:
    """Judges groups of pieces, and remembers them from one reading to the next.

    What a reading does not ask for is forgotten.
    """

    def __init__(self, look: Callable[[tuple[Piece, ...]], Part]) -> None:
        """look(group) gives the part that a group makes, not yet judged."""
        self._look = look
        self._recognizer: Recognizer | None = None
        self._taught: object = None  # the recognizer's lessons; each new one makes a new object
        self._last: dict[tuple[Piece, ...], Part] = {}  # what the last reading asked for
        self._now: dict[tuple[Piece, ...], Part] = {}  # and this one

    def begin(self, recognizer: Recognizer) -> None:
        """Begin a reading; what the recognizer judged in the last one is still known."""
        taught = recognizer.hand.taught
        is_same = recognizer is self._recognizer and taught is self._taught
        self._last = self._now if is_same else {}
        self._now = {}
        self._recognizer, self._taught = recognizer, taught

    def __call__(self, groups: Sequence[tuple[Piece, ...]]) -> list[Part]:
        """The part that each group makes."""
        for group in groups:
            if group in self._last:
                self._now[group] = self._last[group]
        new = [group for group in dict.fromkeys(groups) if group not in self._now]
        if new:
            parts = [self._look(group) for group in new]
            predictions = self._recognizer.predict_all(np.stack([part.image for part in parts]))
            for group, part, prediction in zip(new, parts, predictions, strict=True):
                self._now[group] = part._replace(prediction=prediction)
        return [self._now[group] for group in groups]


def p_of_cut(whole: Part) -> float:
    """How probable it is that connected ink is several characters, so that it may be cut."""
    if whole.box.width > TOO_WIDE * whole.box.height:
        return 1.0
    return max(whole.prediction.several, P_CUT)


def read_rows(rows: Sequence[Row], judge: Judge) -> list[RowReading]:
    """What stands in rows of writing."""
    found = [runs(row) for row in rows]
    groups = [row.group(run) for row, its_runs in zip(rows, found, strict=True) for run in its_runs]
    parts = iter(judge(groups))  # of all rows at once, which is faster
    read = []
    for row, its_runs in zip(rows, found, strict=True):
        judged = [as_it_looks(run, next(parts)) for run in its_runs]
        seem_digits = [one for one in judged if one.part.prediction.digit is not None]
        judged += [like_a_digit(one) for one in seem_digits if not one.part.prediction.taught]
        read.append(most_probable(row, judged))
    return read


def together(rows: Sequence[RowReading]) -> Reading:
    """The reading of all rows; those without a digit, as a heading, are left out beside others."""
    kept = [row for row in rows if row.has_digit] or rows
    certainty = math.prod(row.certainty for row in kept)
    return Reading([row.parts for row in kept], certainty)


def read_as_one(pieces: Sequence[Piece], judge: Judge, recognizer: Recognizer) -> Part | None:
    """All pieces as one character, where a lesson says so or it surely is one; else None.

    Of 10,000 numbers and sums put together of what the writers who are trained on wrote, four were
    taken for one character.
    """
    are_few = len(pieces) <= MOST_IN_ONE
    if not are_few and not len(recognizer.hand):  # only a lesson can make so many one character
        return None
    (whole,) = judge([tuple(pieces)])
    if whole.prediction.taught or (are_few and is_surely_one(whole.prediction)):
        return whole
    return None


def is_surely_one(prediction: Prediction) -> bool:
    """Whether what was judged surely is one character: a digit or another one."""
    if prediction.digit is None:
        return prediction.other >= SURELY_ONE and prediction.several < NOT_SEVERAL
    return prediction.confidence >= SURELY_ONE


def may_be_rows(as_one: Part, pieces: Sequence[Piece]) -> bool:
    """Whether pieces that look like one character have clear gaps between rows.

    A lesson, which says that they are one character, counts for more.
    """
    if as_one.prediction.taught:
        return False
    boxes = [piece.box for piece in pieces]
    rows = [Box.around(boxes[i] for i in places) for places in find_rows(boxes)]
    gap = ROW_GAP * max(row.height for row in rows)
    clear = [lower.y - upper.bottom > gap for upper, lower in itertools.pairwise(rows)]
    return any(clear)


def are_digits_in_rows(rows: Sequence[RowReading]) -> bool:
    """Whether there are several rows, and all that stands in them is digits.

    Together two digits, one below the other, often look like one: like an 8. But an 8 may be made
    of two circles that do not meet. So noughts alone do not count.
    """
    parts = [part for row in rows for part in row.parts]
    digits = {part.prediction.digit for part in parts}
    return len(rows) > 1 and None not in digits and digits != {0}


def read_pieces(
    as_one: Part | None,
    pieces: Sequence[Piece],
    rows_of: Callable[[Sequence[Piece], Judge], list[Row]],
    judge: Judge,
) -> list[RowReading]:
    """What stands in pieces: the one character that they may be, see read_as_one(), or rows.

    rows_of(pieces, judge) gives the rows that pieces make.
    """
    alone = [RowReading([as_one], 1.0)] if as_one else []
    if alone and not may_be_rows(as_one, pieces):
        return alone
    rows = read_rows(rows_of(pieces, judge), judge)
    if alone and not are_digits_in_rows(rows):
        return alone
    return rows


# --- pictures -------------------------------------------------------------------------------

# A picture is read in steps: paper and ink are told apart in several ways ("guesses", each a mask);
# the ink of each guess falls into pieces, where digits touch into branches; what stands there is
# read as in a drawing; and the guess that explains its ink best is the answer.

WORKING_SIDES = 256, 1600  # pixels of the longer side of the copy of a picture that is read
NARROWEST = 8  # pixels of the shorter side of that copy at least
SMALL_SIDE = 640  # of the copy in which paper is told from ink

# Inks of several colours, in a copy of SMALL_COPY pixels.
SMALL_COPY = 128, 128
NEAR = 43, 43  # pixels of the copy: the paper is looked for in so large a square around each
SEVERAL_COLOURS = 0.05  # with one colour, details differ less on the second axis, beside the first
ONE_PAPER = 20  # of 255, the standard deviation of one paper's colours; scenes have more
STANDS_OUT = 0.35  # a pixel stands out so far from its paper, beside what does so most
MOST_INK = 0.3  # where a larger share stands out, it is no ink
WIDE = np.ones((7, 7), np.uint8)  # pixels of the copy; strokes are narrower
ALONG_AXIS = 0.8  # a colour is seen in grey if so much of its distance lies along the axis
HIDDEN = 0.08  # of all strokes; where more is hidden, the axis is not enough

# Coarse writing, as in a bitmap or a scan that is cut off just around its digit.
COARSE = 0.045  # its strokes are at least so wide, in the picture's longer sides
TWO_TONES = 0.85  # ink and paper explain at least this share of the brightness's variance
CENTERED = 0.075  # its middle is so near to the picture's, in the picture's width and height
DEEP = 0.13  # ink may be a face or a shadow where paper is further away, in longer sides
PAPER_AROUND = 1 / 4  # so much paper is put around it, in longer sides: then the edge is far

# A sheet or frame on something else.
SHEET = 0.06  # it covers at least this share of the picture
SHEET_SOLID = 0.75  # at least this share of the inside of its outline is of its tone
WITHOUT_NOTCHES = 0.9  # and at least this share is, or is enclosed by it
RECTANGLE = 0.8  # its outline fills at least this share of the least rectangle around it
LONGEST_SHEET = 2.5  # it is at most so many times as long as wide
SHEET_CUT_OFF = 0.1  # it covers at most this share of the picture's edge

# Ink.
FAINT = 25  # how much darker than its paper ink is at least, in 255ths of the paper's light
SHADOW_EDGE = 1 / 50  # the edge of a shadow is so wide, in the picture's longer sides
GRAIN = 15  # what is less dark is grain of the paper; in 255ths of the paper's light
DARK_GRAIN = 12  # added to the paper's light, so that the grain of black paper is no ink
GRAIN_IN_SHADOW = 60  # added to half of the light, so that the grain of black paper is no edge
DARKEST = 0.75  # the darkest ink is at least so dark, beside the 90th percentile of all ink
FAINTER = 0.28, 0.75  # so dark, beside the usual ink, is what another pen wrote
LIKE_SHARP = 0.6  # its outline is at least so sharp, beside that of the usual ink, for its darkness
LIKE_HEIGHT = 0.4, 1.6  # so high are its pieces, in heights of those of the usual ink
LIKE_WIDTH = 2.5  # and their strokes are at most so wide, in widths of the usual ones
THINNEST = 1 / 40  # of its length: what is thinner is no pen's, but a rule
MISSING = 0.3  # so much of it is missing in a guess, or the guess has it already
MOST_FAINTER = 30  # pieces; where there are more, they are a texture
UNEVEN = 0.45  # a pen's strokes vary less in width, in mean widths; 1 in 2,500 of MNIST's does not
MOST_THIN_INK = 0.1  # of a picture whose thin lines were made thicker; more is grain
SHARP = 0.88  # at least this share of the outline of a piece of ink is a sharp edge
SHARP_EDGE = 0.4  # there the brightness changes at least so much, beside the usual outline of ink
HOLE = 0.08  # a hole fills at least this share of the inside of its ink; writing fills less
HOLES = 0.5  # many pieces of ink, as the squares of squared paper, are holes if they fill so much

# Printed lines and frames.
MOST_LINES = 0.25  # where a larger share of the picture is thin, it is a texture without lines
THICK_LINE = 0.15  # no line is thicker, in its lengths
THIN_RULE = 1 / 30  # of its length: a line from edge to edge that is thinner is a rule, no 1
RULE = 0.75  # a rule is at least so long, in the picture's shorter sides
BASE_LINE = 1.3  # lines so many times as long as what stands on them is high are printed
FRAME = 0.85  # a frame fills at least this share of the least rectangle around it; a 0 below 0.8
FRAME_LINE = 0.7  # the lines around it are at least so long, in its shorter sides
BORDER = 0.12  # and lie no further inside its outline, in its shorter sides
ON_FRAME = 0.2  # what is written on a frame is at least so high, in the frame's heights
BETWEEN = 0.85  # the lines between its boxes are at least so long, in its heights
HOLLOW_MARGIN = 2  # pixels of paper around a frame or ring while it is looked at

# Rings around what is written.
RING = 0.85  # a ring lies along at least this share of its convex hull
RING_WAVES = 0.08  # it lies along where it is so near, in its shorter sides
RING_DEPTH = 2.5  # what lies deeper inside, in widths of its stroke, is writing that touches it
IN_RING = 0.4  # something in it is higher, in its heights; the eyes of a face are lower
STRAIGHT = 0.25  # a line in it is no wider, in its lengths
LEANING = 0.6  # such a line is a slash if it goes so far aside, in its heights
RIGHT_ACROSS = 0.7  # or is so long, in the widths of the ring along it

# Pieces of ink.
SKIPPED = 0.6  # a pen skips less, in the widths of its strokes; close rows are further apart
MOST_PIECES_OF_INK = 120  # ten rows of digits and words; what has more is grain or a texture
SMALLEST_PIECE = 1 / 80  # what is smaller, in the picture's longer sides, is grain
ALONG = 0.7  # what lies along the picture's edge for this share of its length is no writing

# Cuts through ink that touches.
P_CROSSED = 0.4  # each crossing at which ink is cut makes the cut so much rarer
SKELETON_HEIGHT = 48  # pixels; ink is made so high while its skeleton is looked for
FLAT = 20  # ink so many times as wide as high is not cut: its skeleton would take long
SHORTEST_BRANCH = 4  # pixels of a piece so high; what is shorter is of a crossing
MOST_CUT = 6  # pieces of a picture; where more seem to be several characters, it is a texture
MOST_BRANCHES = 20  # five for each of four digits; what has more is a texture, and is not cut

# How well a guess explains its ink. A digit explains its own as well as its confidence; beside it,
# what is no digit explains its own so well:
BESIDE_DIGITS = 0.9  # where it stands in a row with digits
HEADING = 0.8  # in another row
NO_WRITING = 0.4  # where there are no digits
UNLIKE_A_PENS = 0.2  # and so well does a digit whose strokes are UNEVEN
BELIEVED = 0.75  # what explains more is digits, and mostly ends the search: see is_final()
AS_SHARP = 0.6  # an edge is as sharp as writing if it is so strong, beside outlines of writing
CLUTTER = 0.25  # of all edges so sharp, writing's are at least this share, or it is no writing
BY_A_PEN = 0.2  # strokes as even as a pen's are at least this share of all ink, or it is no writing
LOOKED_AT = 16  # so many pieces tell, the largest; to look at all of a texture's takes long
MUCH_INK = 0.8  # what explains less of all ink but rules has lost digits, or is a rest of a rule
SURE_AMONG_LINES = 0.8  # confidence from which on digits among lines are no rests of them
DOUBTFUL = 0.8  # below this mean confidence digits are a texture's, unless one hand wrote all:
ONE_PEN = 0.25  # the strokes of a hand's characters differ less in width, in mean widths
ONE_SIZE = 0.3  # and the characters in size, in mean sizes
MOST_ONES = 3  # of one hand, and nothing but ones; more are rules, or the squares between them
CLEAR_NONE = 0.7  # from this probability on it is clear that a part is no digit
CUT_OFF = 0.8  # a factor of the certainty for each part that touches the picture's edge


def decode(data: np.ndarray) -> np.ndarray:
    """The picture that bytes hold: of any depth, (h, w) or (h, w, channels).

    It is turned upright as its Exif says, unless it is transparent: cv2 either turns a picture or
    keeps its transparency. Raises ValueError.
    """
    picture, kinds = None, ()
    if len(data):
        picture, kinds, _ = cv2.imdecodeWithMetadata(data, cv2.IMREAD_UNCHANGED)
    has_transparency = picture is not None and picture.shape[2:] == (4,)
    if cv2.IMAGE_METADATA_EXIF in kinds and not has_transparency:
        # Read again, as cv2 then turns it upright.
        picture = cv2.imdecode(data, cv2.IMREAD_ANYCOLOR | cv2.IMREAD_ANYDEPTH)
    if picture is None:
        raise ValueError(
            "not a picture, damaged, or larger than 50 megapixels; --open opens a saved drawing"
        )
    return picture


def working_copy(picture: np.ndarray) -> np.ndarray:
    """The picture as uint8, its longer side within WORKING_SIDES, what is transparent filled in.

    Raises ValueError where it is no picture, too narrow, or of numbers that are not finite.
    """
    picture = as_picture(picture)
    longer = max(picture.shape[:2])
    scale = np.clip(longer, *WORKING_SIDES) / longer
    size = scaled_size(picture, scale)
    if min(size) < NARROWEST:
        height, width = picture.shape[:2]
        raise ValueError(f"{width}x{height} pixels are too narrow to be read")
    if scale != 1:
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        picture = cv2.resize(picture, size, interpolation=how)
    if not cv2.checkRange(picture)[0]:
        raise ValueError("pixels that are not finite numbers")
    picture = in_bytes(picture)
    return on_ground(picture) if picture.shape[2:] == (4,) else picture


def as_picture(picture: np.ndarray) -> np.ndarray:
    """An array in a shape and of numbers that cv2 can work with. Raises ValueError."""
    if picture.shape[2:] == (1,):
        picture = picture[..., 0]
    if not picture.size or picture.ndim < 2 or picture.shape[2:] not in ((), (3,), (4,)):
        raise ValueError(f"its shape {picture.shape} is not one of a picture in grey, BGR or BGRA")
    if picture.dtype in (np.uint8, np.uint16):
        return picture
    with np.errstate(over="ignore"):  # what is too large becomes infinite, and is refused later
        return picture.astype(np.float32)  # cv2 cannot shrink every kind of numbers


def in_bytes(picture: np.ndarray) -> np.ndarray:
    """A picture as uint8; of other numbers, the least becomes black, and the largest white."""
    if picture.dtype == np.uint8:
        return picture
    colours = picture[..., :3] if picture.ndim == 3 else picture
    colours = cv2.normalize(colours, None, 0, 255, cv2.NORM_MINMAX, cv2.CV_8U)
    if picture.shape[2:] != (4,):
        return colours
    opaque = picture[..., 3] / max(picture[..., 3].max(), 1e-9)
    return np.dstack([colours, np.uint8(255 * np.clip(opaque, 0, 1))])


def on_ground(picture: np.ndarray) -> np.ndarray:
    """A picture with transparency (BGRA) as one without."""
    colours, opaque = np.float32(picture[..., :-1]), picture[..., -1:] / np.float32(255)
    mean = (colours * opaque).sum(axis=(0, 1)) / max(opaque.sum(), 1)
    if opaque.mean() > 0.5:  # cut-out paper: paper goes on around it
        ground = mean
    elif mean.mean() < 128:  # a dark drawing on nothing: it stands out from white
        ground = np.full(3, 255, np.float32)
    else:
        ground = np.zeros(3, np.float32)
    return np.uint8(colours * opaque + ground * (1 - opaque))


def in_grey(picture: np.ndarray) -> np.ndarray:
    """The picture, uint8, as one channel: along the axis through the colours on which its details
    differ most.
    """
    if picture.ndim == 2:
        return picture
    axis, _ = colour_axis(cv2.resize(picture, SMALL_COPY, interpolation=cv2.INTER_AREA))
    axis /= np.abs(axis).sum()  # 0 ... 255 stays as wide
    darkest = -255 * np.minimum(axis, 0).sum()  # and begins at 0 again
    return cv2.transform(picture, np.append(axis, darkest)[None])


def colour_axis(small: np.ndarray) -> tuple[np.ndarray, float]:
    """The axis through the colours on which the details of a small copy of a picture differ most.

    It is the first principal component, shape (3,), turned so that what is light stays light. The
    second value tells how much they differ on another one, beside it.
    """
    small = np.float32(small)
    details = (small - cv2.blur(small, NEAR)).reshape(-1, 3)
    (_, second, first), axes = np.linalg.eigh(details.T @ details)  # the largest comes last
    axis = axes[:, -1]
    return axis * (np.sign(axis.sum()) or 1), second / max(first, 1e-9)


def away_from_paper(picture: np.ndarray) -> np.ndarray | None:
    """The picture, uint8, as one channel, ink dark: by how far it is from its paper in colour.

    None where in_grey() shows all that stands out; it does not where inks have several colours.
    """
    if picture.ndim == 2:
        return None
    small = cv2.resize(picture, SMALL_COPY, interpolation=cv2.INTER_AREA)
    axis, on_another = colour_axis(small)
    if on_another < SEVERAL_COLOURS:
        return None
    paper = cv2.medianBlur(small, NEAR[0])
    _, deviation = cv2.meanStdDev(paper)
    if deviation.max() > ONE_PAPER:
        return None
    darker, lighter = cv2.subtract(paper, small), cv2.subtract(small, paper)
    # Cubes, as in is_light_on_dark(): ink is less than its paper, but stands out most.
    is_dark_ink = (darker.max(axis=2) ** 3.0).sum() > (lighter.max(axis=2) ** 3.0).sum()
    if not hides_colours(darker if is_dark_ink else lighter, axis):
        return None
    paper = cv2.resize(paper, picture.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    away = cv2.subtract(paper, picture) if is_dark_ink else cv2.subtract(picture, paper)
    return 255 - away.max(axis=2)


def hides_colours(away: np.ndarray, axis: np.ndarray) -> bool:
    """Whether much of what stands out from the paper lies off an axis through the colours.

    away: how far each pixel of a small copy is from the paper in blue, green and red, uint8.
    """
    far = away.max(axis=2)
    stands_out = np.uint8(far > STANDS_OUT * np.percentile(far, 99))
    if not 0 < stands_out.mean() < MOST_INK:
        return False
    # What is wide is no stroke: a sheet, or the colour of a highlighter.
    wide = cv2.morphologyEx(stands_out, cv2.MORPH_OPEN, WIDE)
    strokes = away[(stands_out & ~cv2.dilate(wide, WIDE)) > 0]
    along = strokes @ axis
    along *= np.sign(along.sum())
    is_hidden = along < ALONG_AXIS * np.linalg.norm(strokes, axis=1)
    return len(strokes) > 0 and is_hidden.mean() > HIDDEN


def at_edge(mask: np.ndarray) -> np.ndarray:
    """The pixels along the four edges of a mask or of labels, in one row."""
    return np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])


def mean_within(channel: np.ndarray, mask: np.ndarray) -> float:
    """The mean of one channel where a mask, uint8, is not 0."""
    mean, _, _, _ = cv2.mean(channel, mask)  # of up to four channels
    return mean


def find_sheet(picture: np.ndarray) -> np.ndarray | None:
    """A mask of a sheet, light or dark, or the inside of a frame; None where there is none.

    It is of a small copy of the picture, whose longer side is 128 pixels.
    """
    size = scaled_size(picture, 128 / max(picture.shape[:2]))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    light = cv2.threshold(in_grey(small), 0, 1, cv2.THRESH_OTSU)[1]
    sheets = (sheet_in(tone) for tone in (light, 1 - light))
    return next((sheet for sheet in sheets if sheet is not None), None)


def sheet_in(tone: np.ndarray) -> np.ndarray | None:
    """A mask of the sheet in a mask of what is light, or of what is dark; None: there is none."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(tone)
    if len(stats) == 1:
        return None
    # It is a large region, solid, nearly a rectangle, and not cut off by the edge. Else a thick
    # digit in chalk would be one; and a thick H, but for its notches.
    region = np.uint8(labels == stats[1:, cv2.CC_STAT_AREA].argmax() + 1)
    hull = cv2.convexHull(cv2.findNonZero(region))
    sheet = cv2.fillConvexPoly(np.zeros_like(tone), hull, 1)
    is_large = region.mean() > SHEET
    is_inside = at_edge(sheet).mean() < SHEET_CUT_OFF
    is_solid = region.sum() > SHEET_SOLID * sheet.sum()
    has_notches = with_holes_filled(region).sum() < WITHOUT_NOTCHES * sheet.sum()
    is_sheet = is_large and is_inside and is_solid and not has_notches and is_oblong(hull)
    return sheet if is_sheet else None


def is_oblong(outline: np.ndarray) -> bool:
    """Whether a convex outline is nearly a rectangle that is not too long for a sheet."""
    _, sides, _ = cv2.minAreaRect(outline)
    is_rectangle = cv2.contourArea(outline) > RECTANGLE * sides[0] * sides[1]
    return is_rectangle and max(sides) < LONGEST_SHEET * min(sides)


def sheet_alone(picture: np.ndarray, sheet: np.ndarray) -> np.ndarray:
    """A picture with paper in place of all around its sheet, of which find_sheet() gives a mask."""
    inside = cv2.resize(cv2.erode(sheet, np.ones((5, 5))), picture.shape[1::-1]) > 0
    alone = picture.copy()
    alone[~inside] = np.median(picture[inside], axis=0)
    return alone


class Ink(NamedTuple):
    """How dark each pixel is beside its paper, and which are dark enough to be ink."""

    darkness: np.ndarray  # uint8, in 255ths of the paper's light
    mask: np.ndarray  # uint8, 0 is paper
    clear: bool  # whether most of the ink is about as dark as the darkest of it
    edges: np.ndarray  # uint8, see edges_of()


def is_light_on_dark(channel: np.ndarray) -> bool:
    """Whether ink seems to be lighter than its ground, though not for certain.

    The skewness of the details tells: it is above 0 where few pixels are far lighter than the rest.
    """
    small = np.float32(cv2.resize(channel, (128, 128), interpolation=cv2.INTER_AREA))
    details = small - cv2.blur(small, (25, 25))
    return bool((details**3).mean() > 0)


def paper_behind(dark: np.ndarray) -> np.ndarray:
    """How bright the paper is at each pixel of a picture, ink dark, as if nothing was written."""
    # Closings fill in what is darker than all around it, and narrower than their kernel. A large
    # square fills in wide writing, but shadows, too; a disc, as wide but in a copy of a quarter of
    # the size, keeps to the shadows' edges. The darker one of the two is the paper.
    side = max(dark.shape)
    square = cv2.morphologyEx(dark, cv2.MORPH_CLOSE, np.ones((side // 4, side // 4), np.uint8))
    quarter = cv2.resize(dark, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side // 16,) * 2)
    closed = cv2.morphologyEx(quarter, cv2.MORPH_CLOSE, disc)
    # The copy is too coarse for a shadow's edge. What lies between the darkest and the brightest
    # paper near by is paper itself.
    width = int(SHADOW_EDGE * max(closed.shape)) | 1  # odd; where it is 1, nothing changes
    near = np.ones((width, width), np.uint8)
    darkest = cv2.resize(cv2.erode(closed, near), dark.shape[::-1])
    brightest = cv2.resize(cv2.dilate(closed, near), dark.shape[::-1])
    return np.minimum(square, np.clip(dark, darkest, brightest))


def find_ink(dark: np.ndarray) -> Ink | None:
    """The ink in one channel of a picture, ink dark; None where there is none."""
    size = dark.shape[::-1]
    scale = min(1, SMALL_SIDE / max(size))
    small = cv2.resize(dark, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    paper = cv2.resize(paper_behind(small), size)
    darkness = cv2.divide(cv2.subtract(paper, dark), cv2.add(paper, DARK_GRAIN), scale=255)
    mask = cv2.threshold(darkness, 0, 1, cv2.THRESH_OTSU)[1]
    if not mask.any() or mean_within(darkness, mask) - mean_within(darkness, 1 - mask) < FAINT:
        return None
    is_clear = darkest_of(darkness, mask).sum() > 0.5 * mask.sum()
    return Ink(darkness, mask, bool(is_clear), edges_of(dark))


def fainter_writing(ink: Ink) -> np.ndarray:
    """A mask of what another pen may have written more faintly beside ink.

    Its pieces are about as high as those of the ink, and as sharp as it for their darkness.
    """
    fainter = np.zeros_like(ink.mask)
    usual = float(np.percentile(ink.darkness[ink.mask > 0], 75))  # not at strokes' soft edges
    found = list(itertools.islice(pieces_of_fainter(ink, usual), MOST_FAINTER + 1))
    if not 0 < len(found) <= MOST_FAINTER:
        return fainter
    width = stroke_width(ink.mask)
    least = LIKE_SHARP * sharpness(ink.mask, ink.edges) / usual
    for box, mask, darkest in found:
        is_long = box.longest > RULE * min(ink.mask.shape)
        is_rule = is_long or np.count_nonzero(mask) < THINNEST * box.longest**2
        is_narrow = stroke_width(mask) < LIKE_WIDTH * width
        is_sharp = sharpness(mask, crop(ink.edges, box)) / darkest > least
        if not is_rule and is_narrow and is_sharp and unevenness(mask) < UNEVEN:
            held = crop(fainter, box)
            held |= mask
    _, unframed = without_marks(fainter)
    return unframed


def pieces_of_fainter(ink: Ink, usual: float) -> Iterator[tuple[Box, np.ndarray, float]]:
    """The pieces of what is fainter than ink, and about as high: box, mask, and how dark it is.

    usual: how dark the ink is.
    """
    lowest, highest = np.multiply(LIKE_HEIGHT, median_height(ink.mask))
    least, most = np.multiply(FAINTER, usual)
    dark = np.uint8(ink.darkness > max(GRAIN, least / 2))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(cv2.dilate(dark, EDGE))
    labels *= dark
    width, height = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    is_like = (height > lowest) & (height < highest) & (width < highest)
    is_like[np.unique(at_edge(labels))] = False  # what the edge cuts off
    is_like[0] = False  # the paper
    for label in np.flatnonzero(is_like):
        box = box_of_piece(stats, label)
        piece, darkness = crop(labels, box) == label, crop(ink.darkness, box)
        darkest = float(np.percentile(darkness[piece], 90))
        if least < darkest < most:
            yield box, np.uint8(piece & (darkness > darkest / 2)), darkest


def box_of_piece(stats: np.ndarray, label: int) -> Box:
    """The box of a piece of ink, by OpenCV's statistics of all pieces."""
    x, y, width, height, _ = stats[label].tolist()
    return Box(x, y, width, height)


def longest_sides(stats: np.ndarray) -> np.ndarray:
    """The longer side of the box of each piece of ink, by OpenCV's statistics of them."""
    return np.maximum(stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT])


def median_height(mask: np.ndarray) -> float:
    """The median height of the pieces in a mask of ink, not all 0, each counted by its ink."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask)
    _, _, _, height, area = stats[1:].T  # without the paper
    order = np.argsort(height)
    ink = np.cumsum(area[order])
    return float(height[order][np.searchsorted(ink, ink[-1] / 2)])


def darkest_of(darkness: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A mask of the darkest ink: where rules are printed faintly, it is the writing."""
    is_dark = darkness > DARKEST * np.percentile(darkness[mask > 0], 90)
    return np.uint8(is_dark) * mask


def with_holes_filled(mask: np.ndarray) -> np.ndarray:
    """A mask of ink and all that it encloses."""
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    return cv2.drawContours(np.zeros_like(mask), outlines, -1, 1, cv2.FILLED)


def outline_of(mask: np.ndarray) -> np.ndarray:
    """The outermost pixels of filled shapes, as a mask; along the picture's edge there are none."""
    return mask > cv2.erode(mask, np.ones((3, 3), np.uint8))


def sharpness(mask: np.ndarray, edges: np.ndarray) -> float:
    """How much the brightness usually changes at the outlines of a mask of ink."""
    changes = edges[outline_of(with_holes_filled(mask))]
    return float(np.median(changes)) if len(changes) else 0.0


def with_sharp_outline(mask: np.ndarray, with_lines: np.ndarray, sharp: np.ndarray) -> np.ndarray:
    """A mask of ink without what has no sharp outline, as a shadow, or a light place amid ink.

    with_lines: the mask before lines were taken out of it; where they were cut off, no outline is
    wanted. sharp: where the brightness changes sharply.
    """
    filled = with_holes_filled(mask)
    count, labels = cv2.connectedComponents(filled)
    outline = outline_of(filled) & outline_of(with_lines)
    length = np.bincount(labels[outline], minlength=count)
    kept = np.bincount(labels[outline & sharp], minlength=count) > SHARP * length
    kept[0] = False
    return np.uint8(kept)[labels] * mask


def enclosed_by(all_ink: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """A mask of all that ink encloses, and that frames and rings do, of which some have a gap."""
    enclosed = with_holes_filled(all_ink)
    outlines, _ = cv2.findContours(frames, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    hulls = [cv2.convexHull(outline) for outline in outlines]
    return cv2.drawContours(enclosed, hulls, -1, 1, cv2.FILLED)


def without_holes(mask: np.ndarray, enclosed: np.ndarray, opposite: np.ndarray) -> np.ndarray:
    """A mask of ink without the holes in opposite ink.

    Where light ink is looked for, a thick dark zero is opposite, and its light hole is paper; and
    the other way round. enclosed: see enclosed_by().
    """
    outlines, _ = cv2.findContours(opposite, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    mask = mask.copy()
    for outline in outlines:
        x, y = outline[0, 0]  # one point is enough: outlines do not cross
        if enclosed[y, x]:  # opposite it is, but paper: the inside of a frame
            continue
        box = Box(*cv2.boundingRect(outline))
        inside = np.zeros((box.height, box.width), np.uint8)
        cv2.drawContours(inside, [outline], 0, 1, cv2.FILLED, offset=(-box.x, -box.y))
        held = crop(mask, box)
        # A hole fills more of it than digits fill of a light place in which they are written. Where
        # there are many pieces, they must fill more: a row of digits does, too.
        ink = held & inside
        filled = np.count_nonzero(ink) / np.count_nonzero(inside)
        count = cv2.connectedComponents(ink)[0] - 1  # without the paper
        if filled > min(count * HOLE, HOLES):
            held[inside > 0] = 0
    return mask


def find_lines(mask: np.ndarray, least: float) -> np.ndarray:
    """Straight thin lines in a mask of ink, at least so many pixels long: their ends, (n, 2, 2)."""
    thick = int(max(3, THICK_LINE * least)) | 1  # odd, so that opening moves nothing
    thin = mask - cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((thick, thick), np.uint8))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(thin)
    may_be_line = longest_sides(stats) > least / 2  # half of it: lines may be broken
    may_be_line[0] = False  # the paper
    thin = np.uint8(may_be_line)[labels]
    reach = math.hypot(*cv2.boundingRect(thin)[2:])  # no line is longer than that
    if reach < least or thin.mean() > MOST_LINES:
        return np.zeros((0, 2, 2), int)
    # Half of a line's length is ink at least, and no gap in it is longer than an eighth.
    lines = cv2.HoughLinesP(
        thin, 1, np.pi / 720, int(least / 2), minLineLength=least, maxLineGap=least / 8
    )
    return np.zeros((0, 2, 2), int) if lines is None else lines.reshape(-1, 2, 2)


def without_lines(mask: np.ndarray, lines: np.ndarray) -> np.ndarray:
    """A mask of ink without lines, whose ends are given. Strokes that cross a line stay whole."""
    depth = cv2.dilate(cv2.distanceTransform(mask, cv2.DIST_L2, 3), np.ones((3, 3)))
    flat, steep = np.zeros_like(mask), np.zeros_like(mask)
    widest = 1
    for start, end in lines.tolist():
        width = width_of_line(start, end, depth)
        is_flat = abs(end[0] - start[0]) >= abs(end[1] - start[1])
        cv2.line(flat if is_flat else steep, start, end, 1, width + 1)
        widest = max(widest, width)
    left = mask & ~(flat | steep)
    # What has ink on both sides of a line goes on behind it.
    reach = 2 * widest + 3
    over_flat = cv2.morphologyEx(left, cv2.MORPH_CLOSE, np.ones((reach, 1), np.uint8)) & flat
    over_steep = cv2.morphologyEx(left, cv2.MORPH_CLOSE, np.ones((1, reach), np.uint8)) & steep
    return left | (mask & (over_flat | over_steep))


def width_of_line(start: Sequence[int], end: Sequence[int], depth: np.ndarray) -> int:
    """How wide the ink along a line is, in pixels; depth: how deep each pixel lies in the ink."""
    x, y = np.linspace(start, end, 50).astype(int).T
    return math.ceil(2 * np.median(depth[y, x]))


def without_marks(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A mask of ink without what people add to writing, and one without frames, too.

    They add rings and underlines. A frame is around what is written, as the boxes of a form are; a
    0 drawn as a rectangle is a frame, too.
    """
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask)
    unmarked = without_underlines(mask, labels, stats)
    unframed = unmarked.copy()
    for box, ink in hollow_pieces(labels, stats):
        if is_frame(ink):
            take_out(unframed, box, ink - written_on_frame(ink))
        elif is_ring(ink, with_paper_around(crop(mask, box), HOLLOW_MARGIN)):
            ring = ink - written_on_ring(ink)
            take_out(unmarked, box, ring)
            take_out(unframed, box, ring)
    return unmarked, unframed


def without_underlines(mask: np.ndarray, labels: np.ndarray, stats: np.ndarray) -> np.ndarray:
    """A mask of ink without lines that lie by themselves below what is written.

    labels, stats: the pieces of it, as OpenCV labels them, and its statistics of them.
    """
    is_large = longest_sides(stats) >= SMALLEST_PIECE * max(mask.shape)
    is_large[0] = False  # the paper
    if np.count_nonzero(is_large) > MOST_PIECES_OF_INK:
        return mask.copy()
    boxes = {label: box_of_piece(stats, label) for label in np.flatnonzero(is_large)}
    kept = np.ones(len(stats), np.uint8)
    for label, box in boxes.items():
        if is_underline(box, boxes.values()):
            kept[label] = not is_of_lines(np.uint8(crop(labels, box) == label))
    return kept[labels] * mask


def is_of_lines(ink: np.ndarray) -> bool:
    """Whether a flat piece of ink is a line or two, and no row of characters that touch each other.

    ink: a mask of its box. In a column, two lines that touch reach over up to four widths of a
    stroke, and characters over far more.
    """
    last = ink.shape[0] - 1
    heights = last - ink[::-1].argmax(axis=0) - ink.argmax(axis=0) + 1
    return heights.mean() < 4 * stroke_width(ink)


def hollow_pieces(labels: np.ndarray, stats: np.ndarray) -> Iterator[tuple[Box, np.ndarray]]:
    """The pieces of ink that may go round others: their boxes, and masks with a margin around.

    labels, stats: as OpenCV labels the pieces, and its statistics of them.
    """
    least = 2 * SMALLEST_PIECE * max(labels.shape)  # a smaller one holds no digit
    for label, (x, y, width, height, area) in enumerate(stats.tolist()):
        is_hollow = 2 * area < width * height
        if label and is_hollow and min(width, height) >= least:
            box = Box(x, y, width, height)
            yield box, with_paper_around(np.uint8(crop(labels, box) == label), HOLLOW_MARGIN)


def take_out(mask: np.ndarray, box: Box, ink: np.ndarray) -> None:
    """Take the ink of a hollow piece out of a mask."""
    inside = slice(HOLLOW_MARGIN, -HOLLOW_MARGIN)
    taken = crop(mask, box)
    taken &= 1 - ink[inside, inside]


def filled_hull(ink: np.ndarray) -> np.ndarray:
    """A mask of the convex hull of a mask of ink."""
    hull = cv2.convexHull(cv2.findNonZero(ink))
    return cv2.fillConvexPoly(np.zeros_like(ink), hull, 1)


def is_ring(ink: np.ndarray, all_ink: np.ndarray) -> bool:
    """Whether a piece of ink goes round something else, as a ring drawn by hand.

    It may wave, and its ends need not meet. all_ink: the mask of all that lies in its box.
    """
    inside = filled_hull(ink)
    to_ink = cv2.distanceTransform(1 - ink, cv2.DIST_L2, 5)
    if np.mean(to_ink[outline_of(inside)] < RING_WAVES * min(ink.shape)) < RING:
        return False
    held = all_ink & inside & ~ink
    _, labels, stats, _ = cv2.connectedComponentsWithStats(held)
    is_tall = stats[:, cv2.CC_STAT_HEIGHT] > IN_RING * ink.shape[0]
    is_tall[0] = False  # the paper
    return is_tall.any() and not is_slash(np.uint8(is_tall)[labels], inside)


def is_slash(held: np.ndarray, inside: np.ndarray) -> bool:
    """Whether what a ring holds is the slash of a 0: one straight line that leans, or is long.

    A 1 in a ring is upright, and shorter. held: a mask of it; inside: of all in the ring.
    """
    points = np.float32(cv2.findNonZero(held).reshape(-1, 2))
    along = cv2.fitLine(points, cv2.DIST_L2, 0, 0.01, 0.01)[:2]  # a direction, shape (2, 1)
    across = along[::-1] * [[1], [-1]]
    length = np.ptp(points @ along)
    if np.ptp(points @ across) > STRAIGHT * length:
        return False
    room = np.ptp(np.float32(cv2.findNonZero(inside).reshape(-1, 2)) @ along)
    leans = abs(along[0, 0]) > LEANING * abs(along[1, 0])
    return bool(leans or length > RIGHT_ACROSS * room)


def written_on_ring(ink: np.ndarray) -> np.ndarray:
    """What of the ink of a ring is writing that touches it: a mask."""
    depth = cv2.distanceTransform(filled_hull(ink), cv2.DIST_L2, 5)
    left = ink & np.uint8(depth > RING_DEPTH * stroke_width(ink))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(left)
    is_writing = stats[:, cv2.CC_STAT_HEIGHT] > ON_FRAME * ink.shape[0]
    is_writing[0] = False  # the paper
    return np.uint8(is_writing)[labels]


def written_on_frame(ink: np.ndarray) -> np.ndarray:
    """What of the ink of a frame is writing that touches it: a mask."""
    left = without_lines(ink, lines_of_frame(ink))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(left)
    _, _, width, height, _ = stats.T
    is_rest_of_line = (height > ink.shape[0] / 2) & (width < THICK_LINE * height)
    is_writing = (height > ON_FRAME * ink.shape[0]) & ~is_rest_of_line
    is_writing[0] = False  # the paper
    return np.uint8(is_writing)[labels]


def is_frame(ink: np.ndarray) -> bool:
    """Whether a piece of ink is a frame, or a row of them: hollow, and its outline a rectangle."""
    inside = with_holes_filled(ink)
    _, size, _ = cv2.minAreaRect(cv2.findNonZero(inside))
    area = np.count_nonzero(inside)
    return area > FRAME * (size[0] + 1) * (size[1] + 1) and 2 * np.count_nonzero(ink) < area


def lines_of_frame(ink: np.ndarray) -> np.ndarray:
    """The lines around a frame, and those between its boxes: their ends, shape (n, 2, 2)."""
    height, shorter = ink.shape[0], min(ink.shape)
    depth = cv2.distanceTransform(with_holes_filled(ink), cv2.DIST_L2, 3)
    lines = find_lines(ink, FRAME_LINE * shorter)
    x, y = lines.mean(axis=1).astype(int).T  # their middles
    is_around = depth[y, x] < BORDER * shorter
    is_between = np.abs(lines[:, 1, 1] - lines[:, 0, 1]) > BETWEEN * height
    return lines[is_around | is_between]


class Guess(NamedTuple):
    """A guess at which pixels of a picture are ink."""

    mask: np.ndarray  # uint8, 0 is paper
    with_lines: np.ndarray  # the mask before lines were taken out of it
    clear: bool  # whether it is all of the ink, and that is clear
    ruled: bool  # whether there are lines in the ink, be they taken out of this mask or not
    written: int  # how many pixels of ink are to be explained: those of lines are not
    edges: np.ndarray  # see edges_of(); 0 along lines and frames that were taken out of the ink
    margin: int = 0  # paper that was added on each side of the picture, in pixels
    daring: bool = False  # whether it counts only if it leads to sure digits

    @property
    def box(self) -> Box:
        """The whole picture, and what was added around it."""
        height, width = self.mask.shape
        return Box(0, 0, width, height)


def printed_lines(mask: np.ndarray) -> list[np.ndarray]:
    """Printed lines in a mask of ink, their ends (n, 2, 2): rules; then these and base lines."""
    rules = find_lines(mask, RULE * min(mask.shape))
    base_lines = find_base_lines(mask)
    found = [rules] if len(rules) else []
    if len(base_lines):
        found.append(np.concatenate([rules, base_lines]))
    return found


def find_base_lines(mask: np.ndarray) -> np.ndarray:
    """Lines on which digits stand, or that are around them, in a mask of ink: ends (n, 2, 2)."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(mask)
    stats[0] = 0  # the paper
    widest = box_of_piece(stats, stats[:, cv2.CC_STAT_WIDTH].argmax())
    if widest.width <= BASE_LINE * widest.height:
        return np.zeros((0, 2, 2), int)
    lines = find_lines(mask, BASE_LINE * widest.height)
    if widest.width > min(2 * widest.height, mask.shape[1] / 2):  # a row of digits, or many rules
        return lines
    # It may be one digit or two on a line, or a sign: the lines of a # lie further up.
    return lines[lines[..., 1].mean(axis=1) > widest.bottom - widest.height / 3]


EDGE = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))  # an edge reaches so far
NEAR_EDGE = np.ones((7, 7), np.uint8)  # what is so near to ink may be its edge


def edges_of(dark: np.ndarray) -> np.ndarray:
    """How much the brightness changes around each pixel of a picture, ink dark: uint8.

    It is measured beside the brightest pixel there, so that an edge in shadow is nearly as sharp as
    one in light.
    """
    brightest = cv2.dilate(dark, EDGE)
    change = cv2.subtract(brightest, cv2.erode(dark, EDGE))
    light = cv2.add(brightest // 2, GRAIN_IN_SHADOW)  # half of it; more than 255 would not fit
    return cv2.divide(change, light, scale=128)


def guesses(channel: np.ndarray) -> Iterator[Guess]:
    """Guesses at the ink in one channel of a picture, the likeliest first."""
    smooth = smoothed(channel)
    inks = [ink for ink in (find_ink(smooth), find_ink(255 - smooth)) if ink is not None]
    if is_light_on_dark(channel):
        inks.reverse()
    for ink in inks:
        others = [other for other in inks if other is not ink]
        yield from guesses_beside(ink, others)


def smoothed(channel: np.ndarray) -> np.ndarray:
    """One channel of a picture without its grain."""
    return cv2.GaussianBlur(channel, (0, 0), max(0.5, max(channel.shape) / 600))


def guesses_beside(ink: Ink, others: Sequence[Ink]) -> Iterator[Guess]:
    """Guesses at what of some ink is writing; others: ink of the opposite polarity, if any."""
    unmarked, unframed = without_marks(ink.mask)
    enclosed = enclosed_by(ink.mask, ink.mask & ~unframed)
    opposites = [
        with_sharp_outline(other.mask, other.mask, sharp_places(other)) for other in others
    ]
    sharp = sharp_places(ink)
    fainter = fainter_writing(ink)
    for guess in guesses_at(ink, unmarked, unframed):
        mask = with_sharp_outline(guess.mask, guess.with_lines, sharp)
        for opposite in opposites:
            mask = without_holes(mask, enclosed, opposite)
        # Until the fainter ink is explained, too, the search goes on.
        unwritten = np.count_nonzero(fainter & ~guess.mask)
        guess = guess._replace(written=guess.written + unwritten)
        if np.count_nonzero(fainter & ~mask) > MISSING * np.count_nonzero(fainter):
            both = mask | fainter
            edges = edges_but_of_lines(guess, both)
            yield guess._replace(mask=both, clear=False, edges=edges)
        yield guess._replace(mask=mask, edges=edges_but_of_lines(guess, mask))


def sharp_places(ink: Ink) -> np.ndarray:
    """Where the brightness changes as sharply as at the outlines of ink: bool."""
    return ink.edges > SHARP_EDGE * sharpness(ink.mask, ink.edges)


def edges_but_of_lines(guess: Guess, mask: np.ndarray) -> np.ndarray:
    """A guess's edges, 0 along what was taken out of its ink, unless ink of the mask is as near."""
    taken_out = cv2.dilate(guess.with_lines & ~guess.mask, NEAR_EDGE)
    is_of_lines = taken_out > cv2.dilate(mask, NEAR_EDGE)
    return np.where(is_of_lines, 0, guess.edges)


def guesses_at(ink: Ink, unmarked: np.ndarray, unframed: np.ndarray) -> Iterator[Guess]:
    """What of some ink may be writing: all but frames, the darkest of it, or what is no line.

    unmarked: the mask of the ink without marks; unframed: without frames, too.
    """
    unlined = [without_lines(unframed, lines) for lines in printed_lines(unframed)]
    writing = unmarked  # with frames: what touches a frame may have been taken out with it
    for mask in unlined:
        writing = writing & mask
    all_of_it = Guess(
        mask=unframed,
        with_lines=ink.mask,
        clear=ink.clear,
        ruled=bool(unlined),
        written=np.count_nonzero(writing),
        edges=ink.edges,
    )
    yield all_of_it
    darkest = darkest_of(ink.darkness, ink.mask)
    yield all_of_it._replace(
        mask=darkest & unframed,
        with_lines=darkest,
        clear=False,
        written=np.count_nonzero(darkest & writing),
    )
    for mask in unlined:
        yield all_of_it._replace(mask=mask, clear=False)
    if not unframed.any():  # all of it seems to be a frame, but a picture of one is not blank
        yield all_of_it._replace(mask=ink.mask, clear=False)


def coarse_writing(channel: np.ndarray, sheet: np.ndarray | None) -> Guess | None:
    """A guess at coarse writing in one channel of a picture; None where there is none.

    Its strokes are as wide as shadows, and where they are cut off they lie along the picture's
    edge, as shadows do. But then there are only two tones, and the edge is mostly paper. The guess
    has some paper around it. sheet: see find_sheet().
    """
    ink = rarer_tone_at_edge(channel)
    if not is_coarse(ink, channel) or is_sheet_of_ink(sheet, ink):
        return None
    side = max(ink.shape)
    margin = int(PAPER_AROUND * side)
    mask = with_paper_around(ink, margin)
    is_deep = cv2.distanceTransform(mask, cv2.DIST_L2, 5).max() > DEEP * side
    is_daring = is_deep or sheet is not None
    dark = 255 - cv2.absdiff(channel, mean_within(channel, 1 - ink))
    return Guess(
        mask=mask,
        with_lines=mask,
        clear=not is_daring,
        ruled=False,
        written=np.count_nonzero(mask),
        edges=edges_of(with_paper_around(dark, margin, 255)),
        margin=margin,
        daring=is_daring,
    )


def rarer_tone_at_edge(channel: np.ndarray) -> np.ndarray:
    """A mask of the dark or of the light pixels of one channel: of which its edge has fewer."""
    _, light = cv2.threshold(channel, 0, 1, cv2.THRESH_OTSU)
    return 1 - light if at_edge(light).mean() > 0.5 else light


def is_coarse(ink: np.ndarray, channel: np.ndarray) -> bool:
    """Whether a mask of the ink in one channel may be coarse writing on even paper."""
    if not 0 < ink.mean() < 1:
        return False
    if share_between(ink, channel) < TWO_TONES:
        return False
    height, width = ink.shape
    x, y = Box(*cv2.boundingRect(ink)).center
    if max(abs(x / width - 0.5), abs(y / height - 0.5)) > CENTERED:
        return False
    return stroke_width(ink) > COARSE * max(width, height)


def share_between(ink: np.ndarray, channel: np.ndarray) -> float:
    """How much of the variance of one channel, not all alike, lies between ink and paper.

    That is how well they are told apart (N. Otsu, "A threshold selection method from gray-level
    histograms", 1979): 1 where each has one tone only.
    """
    share = ink.mean()
    apart = mean_within(channel, ink) - mean_within(channel, 1 - ink)
    _, deviation = cv2.meanStdDev(channel)
    return share * (1 - share) * apart**2 / deviation.item() ** 2


def is_sheet_of_ink(sheet: np.ndarray | None, ink: np.ndarray) -> bool:
    """Whether what seems to be a sheet is the ink: a blank card, which would be read as a 1.

    If it is not, coarse ink may be around it: a thick nought, whose hole looks like a sheet.
    """
    if sheet is None:
        return False
    return mean_within(cv2.resize(ink, sheet.shape[::-1]), sheet) > 0.5


def guesses_by_colour(picture: np.ndarray) -> Iterator[Guess]:
    """Guesses at ink of several colours in a picture; none where in_grey() shows all of it."""
    colours = away_from_paper(picture)
    ink = None if colours is None else find_ink(smoothed(colours))
    if ink is not None:
        for guess in guesses_beside(ink, []):
            yield guess._replace(clear=False)


def all_guesses(picture: np.ndarray) -> Iterator[Guess]:
    """Guesses at the ink of a picture, the likeliest first.

    Coarse writing comes first, then ink of several colours, then what is on a sheet or in a frame.
    """
    channel = in_grey(picture)
    sheet = find_sheet(picture)
    coarse = coarse_writing(channel, sheet)
    if coarse is not None:
        yield coarse
    yield from guesses_by_colour(picture)
    if sheet is not None:
        yield from guesses(in_grey(sheet_alone(picture, sheet)))
    yield from guesses(channel)


class InkPiece:
    """Connected ink of a picture, or a branch of it. It is never changed."""

    def __init__(self, box: Box, ink: np.ndarray) -> None:
        self.box = box  # in pixels of the picture
        self.ink = ink  # a mask, uint8, of the box


def pieces_of(mask: np.ndarray) -> list[InkPiece]:
    """The pieces of ink in a mask: connected, or one above the other where a pen skipped.

    Left out are specks of grain, rules, and what lies along the picture's edge. Where there are too
    many to be writing, all together are one piece, which is most probably read as no digit.
    """
    if not mask.any():
        return []
    labels, stats = joined_where_skipped(mask)
    on_edge = np.bincount(at_edge(labels), minlength=len(stats))
    longest = longest_sides(stats)
    least = max(6, SMALLEST_PIECE * max(mask.shape))
    is_writing = (longest >= least) & (on_edge <= ALONG * longest) & ~are_rules(stats, mask.shape)
    is_writing[0] = False  # the paper
    if np.count_nonzero(is_writing) > MOST_PIECES_OF_INK:
        return [piece_in(np.uint8(is_writing)[labels])]
    pieces = []
    for label in np.flatnonzero(is_writing):
        box = box_of_piece(stats, label)
        piece = piece_in(np.uint8(crop(labels, box) == label), box.x, box.y)
        if piece.box.longest >= least:  # by itself, not as it was joined
            pieces.append(piece)
    return pieces


def joined_where_skipped(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The pieces of ink in a mask, not all 0: as OpenCV labels them, and its statistics of them.

    Two that lie one above the other are one where a pen may have skipped between them.
    """
    # In pixels; odd, so that nothing is moved.
    skip = int(min(SKIPPED * stroke_width(mask), max(mask.shape) / 32)) | 1
    joined = cv2.dilate(mask, np.ones((skip, 1), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(joined)
    labels *= mask
    # Their areas without what joined them, by which a thin rule would count as thick.
    stats[:, cv2.CC_STAT_AREA] = np.bincount(labels.ravel(), minlength=count)
    return labels, stats


def are_rules(stats: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """Which pieces, by OpenCV's statistics of them, are thin lines right across a picture."""
    x, y, width, height, _ = stats.T
    goes_across = (x <= 1) & (x + width >= shape[1] - 1)
    goes_down = (y <= 1) & (y + height >= shape[0] - 1)
    return (goes_across | goes_down) & are_thin(stats)


def are_thin(stats: np.ndarray) -> np.ndarray:
    """Which pieces, by OpenCV's statistics of them, are as thin as rules."""
    _, _, width, height, area = stats.T
    return area < THIN_RULE * np.maximum(width, height) ** 2


def piece_in(ink: np.ndarray, x: int = 0, y: int = 0) -> InkPiece:
    """All ink of a mask, whose top left is at (x, y) in the picture, as one piece."""
    box = Box(*cv2.boundingRect(ink))
    inner = np.ascontiguousarray(ink[box.y : box.bottom, box.x : box.right])
    return InkPiece(box._replace(x=x + box.x, y=y + box.y), inner)


def put_together(pieces: Sequence[InkPiece]) -> tuple[Box, np.ndarray]:
    """The box around pieces of ink and the mask of all of them in it."""
    box = Box.around(piece.box for piece in pieces)
    return box, ink_inside(box, pieces)


def ink_inside(box: Box, pieces: Sequence[InkPiece]) -> np.ndarray:
    """The mask of pieces of ink in a box that holds them all."""
    mask = np.zeros((box.height, box.width), np.uint8)
    for piece in pieces:
        x, y = piece.box.x - box.x, piece.box.y - box.y
        mask[y : y + piece.box.height, x : x + piece.box.width] |= piece.ink
    return mask


def look_at_ink(pieces: Sequence[InkPiece]) -> Part:
    """The part that pieces of ink make, not yet judged."""
    box, mask = put_together(pieces)
    return Part(box, redraw_at_stroke_width(mask), None, mask)


# Codes of how the ink lies around a pixel: a bit for each of its eight neighbours, clockwise from
# the one above. AROUND: which of them are ink, for each code, shape (256, 8).
AROUND = np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1, bitorder="little") > 0
# How many strokes leave a pixel of a skeleton: around it, paper turns to ink so often.
LEAVING = np.uint8(np.count_nonzero(~AROUND & np.roll(AROUND, -1, axis=1), axis=1))


def skeleton_of(mask: np.ndarray) -> np.ndarray:
    """The middle lines, one pixel wide, of the strokes in a mask (uint8, 0 and 1): such a mask.

    Method: Guo and Hall, "Parallel thinning with two-subiteration algorithms", 1989.
    """
    skeleton, before = mask.copy(), -1
    while before != np.count_nonzero(skeleton):
        before = np.count_nonzero(skeleton)
        for removable in removable_in_turns():
            skeleton[removable[codes_around(skeleton)]] = 0
    return skeleton


@functools.cache
def removable_in_turns() -> list[np.ndarray]:
    """Which codes mark pixels that thinning removes, bool, shape (256,): in its two turns."""
    p2, p3, p4, p5, p6, p7, p8, p9 = AROUND.T  # as the paper numbers them, clockwise from above
    # The paper's C and N, and its two conditions: without the pixel, ink around it stays in one
    # piece, and no end is shortened.
    strokes = np.sum([~p2 & (p3 | p4), ~p4 & (p5 | p6), ~p6 & (p7 | p8), ~p8 & (p9 | p2)], axis=0)
    pairs = np.sum([p9 | p2, p3 | p4, p5 | p6, p7 | p8], axis=0)
    other_pairs = np.sum([p2 | p3, p4 | p5, p6 | p7, p8 | p9], axis=0)
    neighbours = np.minimum(pairs, other_pairs)
    is_rim = (strokes == 1) & (neighbours >= 2) & (neighbours <= 3)
    return [is_rim & ~((p6 | p7 | ~p9) & p8), is_rim & ~((p2 | p3 | ~p5) & p4)]


def for_skeleton(mask: np.ndarray) -> np.ndarray:
    """A mask (uint8, 0 and 1, not all 0) at the height at which skeletons are looked for."""
    scale = SKELETON_HEIGHT / mask.shape[0]
    size = max(4, round(mask.shape[1] * scale)), SKELETON_HEIGHT
    share = cv2.resize(np.float32(mask), size, interpolation=cv2.INTER_AREA)
    # A stroke covers at least half of its own width of some small pixel. Of thin strokes
    # stroke_width() makes up to 2.8 pixels too many. One that is a pixel wide may lie half in each
    # of two small pixels, hence 0.4.
    least = max(0.4, (stroke_width(mask) - 2.8) / 2)
    return np.uint8(share > min(0.5, scale * least))


def codes_around(mask: np.ndarray) -> np.ndarray:
    """The codes of how the ink of a mask (uint8, 0 and 1) lies around each pixel: uint8."""
    bits = np.float32([[128, 1, 2], [64, 0, 4], [32, 16, 8]])
    return cv2.filter2D(mask, -1, bits, borderType=cv2.BORDER_CONSTANT)


def unevenness(mask: np.ndarray) -> float:
    """The standard deviation of the width of the strokes in a mask (not all 0), in mean widths.

    It tells what a pen wrote from other things (Epshtein, Ofek and Wexler, "Detecting text in
    natural scenes with stroke width transform", 2010).
    """
    small = with_paper_around(for_skeleton(mask), 1)
    to_paper = cv2.distanceTransform(small, cv2.DIST_L2, 5)
    half_widths = to_paper[skeleton_of(small) > 0]
    if not len(half_widths):  # of a dot, nothing is left
        return 0.0
    return variation(half_widths)


def variation(values: np.ndarray | Sequence[float]) -> float:
    """The coefficient of variation of positive values: their standard deviation, in their means."""
    return float(np.std(values) / np.mean(values))


class Branches(NamedTuple):
    """Ink that is parted where its strokes cross or touch."""

    labels: np.ndarray  # uint8, the branch of each pixel: 1, 2 ... from left to right; 0: paper
    crossed: list[int]  # how many crossings a cut before each branch goes through


def branches_of(mask: np.ndarray) -> Branches:
    """The branches of the ink in a mask (uint8, 0 and 1, not all 0).

    There is one where nothing crosses, and where there are more than MOST_BRANCHES. A branch is the
    ink around that part of the skeleton which lies between two ends or crossings.
    """
    skeleton = skeleton_of(for_skeleton(mask))
    lines = without_crossings(skeleton)
    count, labels = numbered_from_left(lines)
    if not 1 < count <= MOST_BRANCHES:
        return Branches(mask, [0])
    crossed = [0] * count
    for around in each_piece_grown(skeleton - lines):
        meeting = labels[(around & lines) > 0]
        # A cut after any of these branches, which are numbered from 1, goes through the crossing.
        for branch in range(meeting.min(initial=count), meeting.max(initial=0)):
            crossed[branch] += 1
    # Each pixel of ink is of the branch whose skeleton is nearest.
    _, nearest = cv2.distanceTransformWithLabels(1 - lines, cv2.DIST_L2, 5)
    numbers = np.zeros(count + 1, np.uint8)
    numbers[nearest[lines > 0]] = labels[lines > 0]
    near = cv2.resize(numbers[nearest], mask.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return Branches(near * mask, crossed)


def without_crossings(skeleton: np.ndarray) -> np.ndarray:
    """A skeleton without the pixels around its crossings, and without what is short between."""
    crossings = np.uint8(LEAVING[codes_around(skeleton)] > 2) & skeleton
    lines = skeleton & (1 - cv2.dilate(crossings, np.ones((3, 3), np.uint8)))
    _, labels, stats, _ = cv2.connectedComponentsWithStats(lines)
    is_long = stats[:, cv2.CC_STAT_AREA] >= SHORTEST_BRANCH
    return lines & is_long[labels]


def numbered_from_left(mask: np.ndarray) -> tuple[int, np.ndarray]:
    """How many pieces of connected ink a mask has, and their numbers: 1, 2 ... by their middles.

    The numbers have the mask's shape; 0: paper.
    """
    count, labels, _, middles = cv2.connectedComponentsWithStats(mask)
    numbers = np.zeros(count, int)
    numbers[1 + np.argsort(middles[1:, 0])] = np.arange(1, count)
    return count - 1, numbers[labels]


def each_piece_grown(mask: np.ndarray) -> Iterator[np.ndarray]:
    """Each piece of connected ink in a mask, with the pixels beside it: a mask of its own."""
    count, labels = cv2.connectedComponents(mask)
    for piece in range(1, count):
        yield cv2.dilate(np.uint8(labels == piece), np.ones((3, 3), np.uint8))


class Branch(NamedTuple):
    """A branch of a piece of ink."""

    piece: InkPiece
    crossed: int  # how many crossings a cut before it goes through


def cut_at_crossings(piece: InkPiece) -> list[Branch]:
    """The branches of a piece of ink, from left to right."""
    branches = branches_of(piece.ink)
    found = []
    for number, crossed in enumerate(branches.crossed, start=1):
        ink = np.uint8(branches.labels == number)
        if ink.any():  # of a small piece, a branch may be less than a pixel
            found.append(Branch(piece_in(ink, piece.box.x, piece.box.y), crossed))
    return found


def rows_of_ink(pieces: Sequence[InkPiece], judge: Judge) -> list[Row]:
    """The rows of pieces of ink; those that may be several characters are cut at crossings."""
    parts = judge([(piece,) for piece in pieces])
    rows = [
        [(pieces[i], parts[i]) for i in places]
        for places in find_rows([piece.box for piece in pieces])
    ]
    to_cut = pieces_to_cut(rows)
    return [row_of_ink(row, to_cut) for row in rows]


def pieces_to_cut(rows: Sequence[Sequence[tuple[InkPiece, Part]]]) -> set[InkPiece]:
    """Which pieces of ink, in rows, may be several characters that touch; in a texture none."""
    found = set()
    for row in rows:
        height = max(piece.box.height for piece, _ in row)
        found |= {piece for piece, part in row if needs_cutting(part, height)}
    return found if len(found) <= MOST_CUT else set()


def row_of_ink(parts: Sequence[tuple[InkPiece, Part]], to_cut: Collection[InkPiece]) -> Row:
    """A row of pieces of ink, from left to right, some of which are cut at their crossings.

    parts: the pieces, each with the part that it makes.
    """
    pieces, cuts, wholes = [], [], []
    for (piece, part), cut in zip(parts, cuts_between([piece for piece, _ in parts]), strict=True):
        cuts.append(cut)
        if piece not in to_cut:
            pieces.append(piece)
            continue
        branches = cut_at_crossings(piece)
        wholes.append(Run(len(pieces), len(pieces) + len(branches), gaps=0))
        pieces += [branch.piece for branch in branches]
        # Even a cut at no crossing costs as much as half of one.
        cuts += [p_of_cut(part) * P_CROSSED ** (0.5 + branch.crossed) for branch in branches[1:]]
    height = max(piece.box.height for piece, _ in parts)
    return Row(pieces, cuts, height, wholes)


def needs_cutting(part: Part, height: int) -> bool:
    """Whether a piece of ink in a row so high may be several characters that touch."""
    breadth = part.box.width / part.box.height
    is_large = part.box.height > 0.5 * height and 0.4 < breadth < FLAT
    return is_large and p_of_cut(part) >= NOT_SEVERAL


class Understanding(NamedTuple):
    """What a guess at the ink leads to."""

    reading: Reading
    belief: float  # how well it explains the guess's ink, in [0, 1]
    ink: float  # how many pixels of ink it explains; where rows have digits, these rows alone count
    margin: int = 0  # see Guess


def read_ink(pieces: Sequence[InkPiece], page: Box, recognizer: Recognizer) -> Understanding:
    """What stands in pieces of ink; page: the box of the whole picture."""
    judge = Judge(look_at_ink)
    judge.begin(recognizer)
    as_one = read_as_one(pieces, judge, recognizer)
    if as_one and not is_digit_by_a_pen(as_one):
        as_one = None  # what looks like another character may be digits on a line
    rows = read_pieces(as_one, pieces, rows_of_ink, judge)
    rows = [less_sure_at_edge(row, page) for row in rows]
    with_digits = [row for row in rows if row.has_digit] or rows
    belief = explained(rows) / amount_of_ink(pieces)
    return Understanding(together(rows), belief, explained(with_digits))


def less_sure_at_edge(row: RowReading, page: Box) -> RowReading:
    """A row that is less certain where the edge of the page cuts its parts off.

    What was taught is as certain as ever.
    """
    certainty = row.certainty
    for part in row.parts:
        is_inside = part.box.clipped(page.inset(1)) == part.box
        if not is_inside and not part.prediction.taught:
            certainty *= CUT_OFF
    return row._replace(certainty=certainty)


def amount_of_ink(pieces: Sequence[InkPiece]) -> int:
    """How many pixels of ink pieces have."""
    return sum(int(piece.ink.sum()) for piece in pieces)


def explained(rows: Sequence[RowReading]) -> float:
    """How many pixels of ink the parts of rows explain: the more probable, the more."""
    height = max((row.height for row in rows if row.has_digit), default=0)
    ink = 0.0
    for row in rows:
        for part in row.parts:
            share = part.prediction.confidence
            if part.prediction.taught:
                share = 1.0
            elif part.prediction.digit is None:
                share *= share_of_other(row, height)
            elif not is_digit_by_a_pen(part):
                share *= UNLIKE_A_PENS
            ink += share * int(part.mask.sum())
    return ink


def is_digit_by_a_pen(part: Part) -> bool:
    """Whether a part was taught, or looks like a digit and is even enough for a pen."""
    prediction = part.prediction
    if prediction.taught:
        return True
    return prediction.digit is not None and unevenness(part.mask) <= UNEVEN


def share_of_other(row: RowReading, height: int) -> float:
    """How well a part that is no digit explains its ink; height: of the tallest row with digits."""
    if not height:
        return NO_WRITING
    if row.has_digit:
        return BESIDE_DIGITS
    is_heading = 1 / 3 < row.height / height < 3
    return HEADING if is_heading else 0.0


def understand(pieces: Sequence[InkPiece], guess: Guess, recognizer: Recognizer) -> Understanding:
    """What stands in the pieces of a guess, with less belief where much else is as sharp.

    So it is in photographs of other things, of which some light or dark place looks like a digit.
    Where hardly any ink is as even as a pen's strokes, it is not read at all.
    """
    is_clutter = share_of_edges(pieces, guess.edges) < BELIEVED * CLUTTER
    if is_clutter or share_by_a_pen(pieces) < BY_A_PEN:
        return largest_alone(pieces, recognizer)  # whatever stands there would not be believed
    found = read_ink(pieces, guess.box, recognizer)
    if not found.reading.has_digit:
        return found
    read = [InkPiece(part.box, part.mask) for part in found.reading.parts]
    share = share_of_edges(read, guess.edges)
    return found._replace(belief=found.belief * min(1.0, share / CLUTTER))


def share_of_edges(pieces: Sequence[InkPiece], edges: np.ndarray) -> float:
    """Which share of what is sharp in a picture lies along the outlines of pieces of ink.

    edges: see edges_of(), of all pixels of the picture.
    """
    height, width = edges.shape
    ink = ink_inside(Box(0, 0, width, height), pieces)
    sharp = np.uint8(edges > AS_SHARP * sharpness(ink, edges))
    reach = max(7, max(edges.shape) // 100)  # pixels; the edges are as wide
    along = cv2.dilate(ink, np.ones((reach, reach), np.uint8))
    return np.count_nonzero(sharp & along) / max(1, np.count_nonzero(sharp))


def share_by_a_pen(pieces: Sequence[InkPiece]) -> float:
    """Which share of the ink of pieces a pen may have written, going by the largest of them."""
    ink = np.array([np.count_nonzero(piece.ink) for piece in pieces])
    largest = np.argsort(ink)[-LOOKED_AT:]
    is_even = [unevenness(pieces[i].ink) <= UNEVEN for i in largest]
    return float(np.average(is_even, weights=ink[largest]))


def largest_alone(pieces: Sequence[InkPiece], recognizer: Recognizer) -> Understanding:
    """The largest of some pieces, of which nothing is believed, unless it was taught."""
    part = look_at_ink([max(pieces, key=lambda piece: piece.box.longest)])
    judged = part._replace(prediction=recognizer.predict(part.image))
    reading = Reading([[judged]])
    if judged.prediction.taught:
        return Understanding(reading, 1.0, float(np.count_nonzero(part.mask)))
    return Understanding(reading, 0.0, 0.0)


def is_clearly_none(reading: Reading) -> bool:
    """Whether a reading finds nothing but what surely is no digit, and is no line and no sheet."""
    for part in reading.parts:
        prediction, box = part.prediction, part.box
        if prediction.digit is not None or box.width > TOO_WIDE * box.height:
            return False
        if prediction.none < CLEAR_NONE or prediction.several > 1 - CLEAR_NONE:
            return False
        if may_be_written_on(part.mask):
            return False
    return True


def may_be_written_on(mask: np.ndarray) -> bool:
    """Whether a mask of ink is solid but for holes, as a card on which something is written."""
    inside = np.count_nonzero(with_holes_filled(mask))
    hull = cv2.convexHull(cv2.findNonZero(mask))
    has_holes = inside > np.count_nonzero(mask)
    return has_holes and inside > SHEET_SOLID * cv2.contourArea(hull)


def quality(found: Understanding) -> tuple[float, float]:
    """What understandings are compared by: belief; of good ones, how much ink they explain."""
    return min(found.belief, BELIEVED), found.ink


def is_final(found: Understanding, guess: Guess) -> bool:
    """Whether what a guess leads to is so good that no other guess need be looked at."""
    if guess.daring:  # its ink may be no writing at all
        return found.reading.digits_alone and found.reading.confidence > SURELY_ONE
    is_much = found.ink > MUCH_INK * guess.written
    if guess.ruled:  # what is no digit may be a line, or joined by one
        is_sure = found.reading.digits_alone and found.reading.confidence > SURE_AMONG_LINES
        return is_much and is_sure
    if found.belief > BELIEVED:
        return is_much
    return guess.clear and is_clearly_none(found.reading)


def is_doubtful(found: Understanding) -> bool:
    """Whether what was found is too poor to be called digits; what was taught is not."""
    if any(part.prediction.taught for part in found.reading.parts):
        return False
    if found.belief < BELIEVED:
        return True
    if mean_confidence(found.reading) >= DOUBTFUL:
        return False
    parts = found.reading.parts
    digits = [part.prediction.digit for part in parts if part.prediction.digit is not None]
    are_many_ones = len(digits) > MOST_ONES and set(digits) == {1}
    return are_many_ones or not is_of_one_hand(parts)


def mean_confidence(reading: Reading) -> float:
    """The geometric mean of the digits' confidences, with the certainty; 1 where there is none."""
    each = [prediction.confidence for prediction in reading.digits if prediction.digit is not None]
    if not each:
        return 1.0
    return (reading.certainty * math.prod(each)) ** (1 / len(each))


def is_of_one_hand(parts: Sequence[Part]) -> bool:
    """Whether parts look like one person's characters: about as large, and written with one pen.

    In photographs of other things, what looks like characters differs in both.
    """
    widths = [stroke_width(part.mask) for part in parts]
    sizes = [part.box.longest for part in parts]
    return variation(widths) < ONE_PEN and variation(sizes) < ONE_SIZE


def best_understanding(picture: np.ndarray, recognizer: Recognizer) -> Understanding | None:
    """What explains the ink of a picture best; None where there is no ink."""
    best = None
    for guess in all_guesses(picture):
        pieces = pieces_of(guess.mask)
        if not pieces:
            continue
        found = understand(pieces, guess, recognizer)._replace(margin=guess.margin)
        ends_search = is_final(found, guess)
        if guess.daring and not ends_search:
            found = found._replace(belief=0.0, ink=0.0)  # it tells only that there is ink
        if best is None or quality(found) > quality(best):
            best = found
        if ends_search:
            # Digits that are believed are better than none, though they did not end the search.
            has_better = best.belief > BELIEVED and not found.reading.has_digit
            return best if has_better else found
    return best


def understanding_of_thin_lines(
    picture: np.ndarray, recognizer: Recognizer
) -> Understanding | None:
    """What explains the ink of a picture best once its lines are thicker; None without a digit.

    Lines of one pixel in a large picture would otherwise be smoothed away, as grain is.
    """
    for thicken in cv2.erode, cv2.dilate:  # dark lines, light ones
        thicker = thicken(picture, EDGE)
        smooth = smoothed(in_grey(thicker))
        ink = find_ink(smooth if thicken is cv2.erode else 255 - smooth)
        if ink is not None and ink.mask.mean() < MOST_THIN_INK:
            found = best_understanding(thicker, recognizer)
            if found is not None and found.reading.has_digit:
                return found
    return None


def refused(reading: Reading, belief: float) -> Reading:
    """The answer "no digit", for the largest part of a reading in which one has little belief."""
    part = max(reading.parts, key=lambda part: part.box.longest)
    prediction = part.prediction
    confidence = max(prediction.none, 1 - belief)
    # The digits share what is left, so that the bars show the same answer.
    share = (1 - confidence) / max(prediction.probabilities.sum(), 1e-9)
    none = prediction._replace(
        digit=None, confidence=confidence, probabilities=share * prediction.probabilities
    )
    return Reading([[part._replace(prediction=none)]])


def open_picture(path: str | os.PathLike[str]) -> np.ndarray:
    """The picture in a file, upright: of any depth, shape (h, w) or (h, w, channels).

    Raises ValueError naming the file and the reason.
    """
    with errors_naming(Path(path), "cannot be read"), silenced(), memory_limit(MOST_MEMORY):
        require_file(Path(path))
        return decode(np.fromfile(path, np.uint8))


def read_file(path: str | os.PathLike[str], recognizer: Recognizer) -> Reading:
    """What an image file says: its digits, by rows, or else its largest ink.

    Raises ValueError naming the file and the reason.
    """
    picture = open_picture(path)
    with naming(path):
        return read_image(picture, recognizer)


def read_image(picture: np.ndarray, recognizer: Recognizer) -> Reading:
    """What a picture says: its digits, row by row, or else its largest ink.

    picture: shape (height, width), (height, width, 3) as BGR or (height, width, 4) as BGRA, of
    numbers of any type and range. The boxes of the parts are in its pixels. Raises ValueError
    where it shows no ink, or is None.
    """
    if picture is None:
        raise ValueError("no picture: cv2.imread() gives None for a file that it cannot read")
    copy = working_copy(picture)
    found = best_understanding(copy, recognizer) or understanding_of_thin_lines(copy, recognizer)
    if found is None:
        raise ValueError("no ink in it: blank, or too faint to tell from the paper")
    reading = found.reading
    if is_doubtful(found):
        reading = refused(reading, found.belief * mean_confidence(reading))
    scale = picture.shape[1] / copy.shape[1]
    left = -found.margin * scale
    rows = []
    for row in reading.rows:
        rows.append([part._replace(box=part.box.scaled(scale, left, left)) for part in row])
    return Reading(rows, reading.certainty)


def read_digit_image(
    path: str | os.PathLike[str], recognizer: Recognizer | None = None
) -> np.ndarray:
    """The digit image, shape (28, 28), of all ink that read_file() reads, as if it were one digit.

    Raises ValueError as that does.
    """
    return ink_together(read_file(path, recognizer or Recognizer()))


def ink_together(reading: Reading) -> np.ndarray:
    """The digit image, shape (28, 28), of all the ink that was read in a picture."""
    # Boxes are in pixels of the picture, masks in those of the copy that was read.
    scale = max(part.mask.shape[0] / part.box.height for part in reading.parts)
    pieces = []
    for part in reading.parts:
        box = part.box.scaled(scale)
        ink = cv2.resize(part.mask, (box.width, box.height), interpolation=cv2.INTER_NEAREST)
        pieces.append(InkPiece(box, ink))
    return redraw_at_stroke_width(put_together(pieces)[1])


# --- canvas --------------------------------------------------------------------------------

BRUSHES = range(6, 61, 6)  # pixels
FIRST_BRUSH = 24  # pixels: a stroke is then about as thick in its digit as those of MNIST
UNDO_STEPS = 200
FINE = 2  # strokes are painted so many times as large and averaged down: their edges are smooth
MOST_STROKES = 300  # are left by erasing: of a scribble cut into more, the longest pieces
TOUCH = 0.05  # strokes touch where they come so close, in heights of the tallest
MOST_PIECES = 60  # ten digits of six strokes; a drawing of more is judged as a whole
ENOUGH_POINTS = 200  # show the shape of a stroke; a slow hand leaves thousands, which take long
MOST_POINTS = 200_000  # of a drawing in a file: as many as a mouse sends in half an hour

LEFT = cv2.EVENT_FLAG_LBUTTON
RIGHT = cv2.EVENT_FLAG_RBUTTON
PRESSES = {
    cv2.EVENT_LBUTTONDOWN: LEFT,
    cv2.EVENT_RBUTTONDOWN: RIGHT,
    cv2.EVENT_LBUTTONDBLCLK: LEFT,  # comes in place of a fast second press
    cv2.EVENT_RBUTTONDBLCLK: RIGHT,
}
RELEASES = {cv2.EVENT_LBUTTONUP: LEFT, cv2.EVENT_RBUTTONUP: RIGHT}

Point = tuple[int, int]  # x, y in pixels of the canvas
WHOLE_CANVAS = Box(0, 0, CANVAS_SIZE, CANVAS_SIZE)


class Stroke:
    """A line that the pen drew without a break, or a piece of it. It is replaced, never changed.

    points: int32, shape (n, 2), n >= 1, x and y in pixels of the canvas; brush: how wide it is, in
    pixels.
    """

    def __init__(self, points: Sequence[Point] | np.ndarray, brush: int) -> None:
        self.points = np.asarray(points, np.int32)
        self.brush = brush

    @functools.cached_property
    def box(self) -> Box:
        """The least box around its points."""
        return Box(*cv2.boundingRect(self.points))

    @property
    def inked(self) -> Box:
        """The part of the canvas that holds all its ink."""
        return self.box.inset(-reach_of_ink(self.brush)).clipped(WHOLE_CANVAS)


def reach_of_ink(width: int) -> int:
    """How far from its middle a line of this width has ink, in pixels, with its soft rim."""
    return width // 2 + 1


def few_points(stroke: Stroke) -> np.ndarray:
    """At most about ENOUGH_POINTS points of a stroke, the first and last among them."""
    step = 1 + len(stroke.points) // ENOUGH_POINTS
    last = stroke.points[-1:]
    return np.concatenate([stroke.points[:-1:step], last])


def image_of(strokes: Sequence[Stroke]) -> np.ndarray:
    """The digit image of strokes: float32, shape (28, 28), in [0, 1]."""
    return draw_digit_image([few_points(stroke).astype(float) for stroke in strokes])


def look_at_strokes(strokes: Sequence[Stroke]) -> Part:
    """The part that strokes make, not yet judged."""
    return Part(Box.around(stroke.box for stroke in strokes), image_of(strokes), None)


def touch(one: Stroke, other: Stroke, reach: int) -> bool:
    """Whether the lines of two strokes come as close to each other as reach pixels, anywhere."""
    shared = one.box.inset(-reach).clipped(other.box.inset(-reach))
    if not shared.width or not shared.height:
        return False
    # Each is drawn so wide that they overlap where they are that close.
    ink, other_ink = (draw_line(stroke, reach, shared) for stroke in (one, other))
    return bool((ink & other_ink).any())


def draw_line(stroke: Stroke, width: int, area: Box) -> np.ndarray:
    """A stroke's line, so many pixels wide, in an area: uint8, 1 is ink; rough, but quick."""
    ink = np.zeros((area.height, area.width), np.uint8)
    points = at_least_two(few_points(stroke)) - np.int32((area.x, area.y))
    return cv2.polylines(ink, [points], False, 1, width)


def connected(strokes: Sequence[Stroke]) -> list[list[Stroke]]:
    """Strokes in groups of those that touch each other, one way or another."""
    tallest = max(stroke.box.height for stroke in strokes)
    reach = max(2, round(TOUCH * tallest))
    groups: list[list[Stroke]] = []
    for stroke in strokes:
        joined = [stroke]
        apart = []
        for group in groups:
            if any(touch(stroke, other, reach) for other in group):
                joined += group
            else:
                apart.append(group)
        groups = [*apart, joined]
    return groups


def strokes_without_marks(strokes: Sequence[Stroke]) -> list[Stroke]:
    """The strokes of a drawing but for its underlines, and the rings around what is written."""
    groups = connected(strokes)
    boxes = [Box.around(stroke.box for stroke in group) for group in groups]
    left = []
    for group, box in zip(groups, boxes, strict=True):
        if len(group) > 1 or not is_underline(box, boxes):
            left += group
    return [stroke for stroke in left if not is_drawn_ring(stroke, left)]


def is_drawn_ring(stroke: Stroke, strokes: Sequence[Stroke]) -> bool:
    """Whether a stroke goes round others of a drawing."""
    inside = [
        other
        for other in strokes
        if other.box != stroke.box and other.box.clipped(stroke.box) == other.box
    ]
    if not inside:
        return False
    area = stroke.box.inset(-HOLLOW_MARGIN)
    all_ink = np.zeros((area.height, area.width), np.uint8)
    for other in inside:
        all_ink |= draw_line(other, 1, area)
    return is_ring(draw_line(stroke, 1, area), all_ink)


def rows_of_strokes(strokes: Sequence[Stroke], judge: Judge) -> list[Row]:
    """The rows of a drawing; strokes that touch stand in the same."""
    groups = connected(strokes)
    boxes = [Box.around(stroke.box for stroke in group) for group in groups]
    rows = []
    for places in find_rows(boxes):
        rows.append(row_of_strokes([groups[place] for place in places], judge))
    return rows


def row_of_strokes(groups: Sequence[Sequence[Stroke]], judge: Judge) -> Row:
    """The row that groups of strokes make, those of each group touching each other."""
    strokes = sorted(itertools.chain(*groups), key=lambda stroke: stroke.box.center)
    cuts = cuts_between(strokes)
    joined = [group for group in groups if len(group) > 1]
    joined = [sorted(group, key=strokes.index) for group in joined]
    wholes = judge([tuple(group) for group in joined])
    for group, whole in zip(joined, wholes, strict=True):
        first = strokes.index(group[0])
        last = strokes.index(group[-1])
        for i in range(first + 1, last + 1):  # a cut there parts what touches
            cuts[i] = min(cuts[i], p_of_cut(whole))
    return Row(strokes, cuts, max(stroke.box.height for stroke in strokes))


def paint(strokes: Sequence[Stroke], area: Box) -> np.ndarray:
    """What an area of the canvas looks like: uint8, shape (height, width), white on black.

    Ink is what lies within half a brush of a stroke's line, wherever the area ends. So a drawing
    that is painted area by area, while it grows, equals one that is painted at once, to the pixel.
    """
    fine = np.zeros((FINE * area.height, FINE * area.width), np.uint8)
    for brush in {stroke.brush for stroke in strokes}:
        lines = [FINE * stroke.points for stroke in strokes if stroke.brush == brush]
        cv2.max(fine, paint_lines(lines, FINE * brush, area), fine)
    return cv2.resize(fine, (area.width, area.height), interpolation=cv2.INTER_AREA)


def paint_lines(lines: Sequence[np.ndarray], width: int, area: Box) -> np.ndarray:
    """The ink of lines of this width in an area: uint8, FINE times as large as the area."""
    # On a canvas that holds them whole: cv2 shifts a line that it cuts off by up to a pixel.
    paper = np.full((FINE * CANVAS_SIZE, FINE * CANVAS_SIZE), 255, np.uint8)
    cv2.polylines(paper, [at_least_two(line) for line in lines], False, 0)
    reach = reach_of_ink(width // FINE)
    around = area.inset(-reach).clipped(WHOLE_CANVAS)  # ink of lines there reaches into the area
    distance = cv2.distanceTransform(crop(paper, around, FINE), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    inside = area._replace(x=area.x - around.x, y=area.y - around.y)
    depth = width / 2 - crop(distance, inside, FINE)
    return np.uint8(255 * (depth + 0.5).clip(0, 1))


class Pen:
    """The tool that draws, from one press of the button to its release."""

    def __init__(self, brush: int) -> None:
        self.brush = brush
        self._end: Point | None = None  # of the stroke that grows: the drawing's last one

    def move(
        self, strokes: list[Stroke], start: Point, stop: Point
    ) -> tuple[list[Stroke], Box | None]:
        """Strokes after the pen went straight from start to stop, and where they look different."""
        goes_on = start == self._end  # else pressed just now, or come back from outside the canvas
        self._end = stop
        if goes_on and start == stop:
            return strokes, None
        way = [start] if start == stop else [start, stop]
        points = way
        if goes_on:
            *strokes, growing = strokes  # it is replaced by a longer one
            points = np.concatenate([growing.points, [stop]])
        return [*strokes, Stroke(points, self.brush)], Stroke(way, self.brush).inked


class Gaps(NamedTuple):
    """Between which places a stroke is erased, in their order.

    Place 3.25 of a stroke is a quarter of the way from point 3 to point 4.
    """

    begin: np.ndarray  # shape (n,)
    end: np.ndarray  # shape (n,)


class Eraser:
    """The tool that takes away all ink that it touches.

    It goes straight from one point to another. Of each step of a stroke, the line between two of
    its points, the share that is too near to this way is erased; what is left are its pieces.
    """

    def __init__(self, width: int) -> None:
        self.width = width

    def move(
        self, strokes: list[Stroke], start: Point, stop: Point
    ) -> tuple[list[Stroke], Box | None]:
        """Strokes after the eraser went straight from start to stop, and where they are erased."""
        reach = reach_of_ink(self.width + BRUSHES[-1])
        near = Stroke([start, stop], 0).box.inset(-reach)
        room = max(0, MOST_STROKES - len(strokes))  # for so many pieces more
        after = []
        areas = []
        for stroke in strokes:
            gaps = None
            if stroke.box.meets(near):
                gaps = self._gaps(stroke, start, stop)
            if gaps is None:
                after.append(stroke)
                continue
            pieces, area = pieces_left(stroke, gaps, 1 + room)
            room -= max(0, len(pieces) - 1)  # the first one takes the stroke's own place
            after += pieces
            areas.append(area)
        if not areas:
            return strokes, None
        return after, Box.around(areas)

    def _gaps(self, stroke: Stroke, start: Point, stop: Point) -> Gaps | None:
        """What the eraser takes away of a stroke on its way from start to stop; None: nothing."""
        line = at_least_two(stroke.points) @ (1, 1j)  # x + iy: complex numbers are easy to turn
        begin = line[:-1]
        step = np.diff(line)
        way = complex(*start), complex(*stop)
        radius = (self.width + stroke.brush) / 2
        enter, leave = shares_within(begin, step, way, radius)
        touched = np.flatnonzero(enter < leave)
        if not len(touched):
            return None
        # What is left ends a pixel further away: its ends are rounded to whole pixels, and would
        # else be touched again.
        enter, leave = shares_within(begin[touched], step[touched], way, radius + 1)
        return Gaps(touched + enter, touched + leave)


def pieces_left(stroke: Stroke, gaps: Gaps, most: int) -> tuple[list[Stroke], Box]:
    """The pieces that gaps leave of a stroke, and the area where they look different from it.

    Of more pieces than most, only the longest are left.
    """
    # A piece goes from the end of one gap to the beginning of the next.
    begin = np.append(0, gaps.end)
    end = np.append(gaps.begin, len(stroke.points) - 1)
    count = np.count_nonzero(end > begin)
    step = np.linalg.norm(np.diff(stroke.points, axis=0), axis=1)
    length_to = np.append(0, np.cumsum(step))  # each point, in pixels
    point = np.arange(len(length_to))
    length = np.interp(end, point, length_to) - np.interp(begin, point, length_to)
    length[end <= begin] = -1  # no piece at all
    longest = np.argsort(-length)[: min(count, most)]
    pieces = [piece_of(stroke, begin[i], end[i]) for i in np.sort(longest)]
    if count > most:
        return pieces, stroke.inked
    # The new ends are rounded, which turns the whole segments that they cut a little.
    beside = np.append(np.floor(gaps.begin), np.ceil(gaps.end)).astype(int)
    return pieces, Stroke(at_least_two(stroke.points)[beside], stroke.brush).inked


def piece_of(stroke: Stroke, begin: float, end: float) -> Stroke:
    """The piece of a stroke between two places."""
    inner = stroke.points[math.floor(begin) + 1 : math.ceil(end)]
    line = np.vstack([point_at(stroke, begin), inner, point_at(stroke, end)])
    return Stroke(np.rint(line), stroke.brush)


def point_at(stroke: Stroke, place: float) -> np.ndarray:
    """The point (x, y) at a place of a stroke."""
    before = stroke.points[math.floor(place)]
    after = stroke.points[math.ceil(place)]
    share = place % 1
    return before + share * (after - before)


# For each step of a line the share of it at which it enters a shape, and at which it leaves it:
# 0 is where the step begins, 1 where it ends. Both have shape (n,). Where a step goes on straight
# without ever meeting the shape, it enters at inf and leaves at -inf.
Shares = tuple[np.ndarray, np.ndarray]


def shares_within(
    begin: np.ndarray, step: np.ndarray, way: tuple[complex, complex], radius: float
) -> Shares:
    """Where each step, from where it begins, is within a radius of a straight way.

    begin and step, shape (n,), and the start and end of the way are x + iy. Shares are in [0, 1]; a
    step that stays outside leaves before it enters.
    """
    start, stop = way
    length = abs(stop - start)
    turn = 1
    if length:
        turn = (stop - start).conjugate() / length
    begin = (begin - start) * turn  # now the way goes from 0 to (length, 0)
    step = step * turn
    # What is within a radius of the way is in a disc around one of its ends, or in a box around it.
    around_start = shares_in_disc(begin, step, radius)
    around_stop = shares_in_disc(begin - length, step, radius)
    between = shares_in_box(begin, step, length, radius)
    enter, leave = zip(around_start, around_stop, between, strict=True)
    enter = np.minimum.reduce(enter)
    leave = np.maximum.reduce(leave)
    return np.maximum(enter, 0), np.minimum(leave, 1)


TINY = 1e-9  # stands for a step of 0, by which nothing can be divided


def shares_in_box(begin: np.ndarray, step: np.ndarray, length: float, radius: float) -> Shares:
    """Where each step, from where it begins, is in the box from (0, -radius) to (length, radius).

    As rays meet boxes: Kay and Kajiya, "Ray tracing complex scenes", 1986.
    """
    enter_x, leave_x = shares_between(begin.real, step.real, 0, length)
    enter_y, leave_y = shares_between(begin.imag, step.imag, -radius, radius)
    return or_nowhere(np.maximum(enter_x, enter_y), np.minimum(leave_x, leave_y))


def shares_between(begin: np.ndarray, step: np.ndarray, low: float, high: float) -> Shares:
    """Where each step, from where it begins, is from low to high; both are on one axis."""
    step = np.where(step == 0, TINY, step)
    to_low = (low - begin) / step
    to_high = (high - begin) / step
    return np.minimum(to_low, to_high), np.maximum(to_low, to_high)


def shares_in_disc(begin: np.ndarray, step: np.ndarray, radius: float) -> Shares:
    """Where each step, from where it begins, is within a radius of 0."""
    # The solutions of |begin + share * step|^2 = radius^2.
    a = np.maximum(abs(step) ** 2, TINY)
    b = (begin * step.conj()).real
    c = abs(begin) ** 2 - radius**2
    discriminant = b**2 - a * c
    root = np.sqrt(np.maximum(discriminant, 0))  # where there are none: nothing between them
    return or_nowhere((-b - root) / a, (-b + root) / a)


def or_nowhere(enter: np.ndarray, leave: np.ndarray) -> Shares:
    """These shares; inf and -inf where a step does not enter before it leaves."""
    meets = enter < leave
    enter = np.where(meets, enter, np.inf)
    leave = np.where(meets, leave, -np.inf)
    return enter, leave


class Canvas:
    """A drawing: its strokes, made by mouse events, and their history.

    changes counts up whenever the strokes change; button is the EVENT_FLAG of the button that is
    held, 0 while none is.
    """

    name = "drawing"

    def __init__(self, strokes: Sequence[Stroke] = ()) -> None:
        self.strokes = list(strokes)
        self.brush = FIRST_BRUSH
        self.erases = False  # whether the left button does, too
        self.changes = 0
        self.button = 0
        self._tool: Pen | Eraser | None = None  # what the held button does
        self._flags_are_set = False  # by the held button; some of cv2's windows set none
        self._last: Point = (0, 0)  # where the mouse was
        self._history = [self.strokes]  # the drawing after each action
        self._place = 0  # in the history
        self._image = np.zeros((CANVAS_SIZE, CANVAS_SIZE), np.uint8)
        self._stale: Box | None = WHOLE_CANVAS  # the area of the image that is to be painted anew
        self._judge = Judge(look_at_strokes)

    def on_mouse(self, event: int, x: int, y: int, flags: int, param: object = None) -> None:
        """Draw with the left button, erase with the right one: cv2's callback."""
        if not self.button:
            if event in PRESSES and 0 <= x < CANVAS_SIZE and 0 <= y < CANVAS_SIZE:
                self._press(PRESSES[event], x, y, flags)
        elif event == cv2.EVENT_MOUSEMOVE:
            if self._flags_are_set and not flags & self.button:
                self.finish()  # its release outside the window went unseen
            else:
                self._move(x, y)
        elif RELEASES.get(event) == self.button:
            self._move(x, y)
            self.finish()

    def _press(self, button: int, x: int, y: int, flags: int) -> None:
        """Take up the tool of a button at (x, y)."""
        self.button = button
        self._flags_are_set = bool(flags & button)
        self._last = (x, y)
        if button == RIGHT or self.erases:
            self._tool = Eraser(self.brush)
        else:
            self._tool = Pen(self.brush)
        self._move(x, y)

    def _move(self, x: int, y: int) -> None:
        """Take the pen or the eraser on to (x, y); only the part inside the canvas counts."""
        inside, start, stop = cv2.clipLine(WHOLE_CANVAS, self._last, (x, y))
        self._last = (x, y)
        if not inside:
            return
        strokes, area = self._tool.move(self.strokes, start, stop)
        if area:
            self._replace(strokes, area)

    def finish(self) -> None:
        """End what the held button does, as its release would; it can be undone from now on."""
        self.button = 0
        self._tool = None
        if self.strokes != self._history[self._place]:
            self._history[self._place + 1 :] = [self.strokes]
            del self._history[: -UNDO_STEPS - 1]
            self._place = len(self._history) - 1

    def clear(self) -> None:
        """Take everything away."""
        self.finish()  # what is being drawn is a step of the history by itself
        self._replace([], WHOLE_CANVAS)
        self.finish()

    def undo(self) -> None:
        """Take back the last stroke, erasure or clearing, if there is one."""
        self._go_in_history(-1)

    def redo(self) -> None:
        """Do again what was undone last, if nothing was drawn since."""
        self._go_in_history(1)

    def _go_in_history(self, steps: int) -> None:
        """Show the drawing so many actions later, if there is one."""
        self.finish()
        place = self._place + steps
        if 0 <= place < len(self._history):
            strokes = self._history[place]
            # Those that come or go: at least one, as finish() takes only what changed into history.
            changed = set(self.strokes) ^ set(strokes)
            self._place = place
            self._replace(strokes, Box.around(stroke.inked for stroke in changed))

    def _replace(self, strokes: list[Stroke], area: Box) -> None:
        """Take strokes as the drawing; it changed in this area, which is painted when looked at."""
        self.strokes = strokes
        self.changes += 1
        if self._stale:
            area = Box.around([self._stale, area])
        self._stale = area

    @property
    def is_erasing(self) -> bool:
        """Whether the held button erases; what it began with it goes on with."""
        return isinstance(self._tool, Eraser)

    @property
    def image(self) -> np.ndarray:
        """What the drawing looks like: uint8, shape (CANVAS_SIZE, CANVAS_SIZE), white on black."""
        if self._stale:
            around = self._stale.inset(-reach_of_ink(BRUSHES[-1]))
            near = [stroke for stroke in self.strokes if stroke.box.meets(around)]
            crop(self._image, self._stale)[:] = paint(near, self._stale)
            self._stale = None
        return self._image

    def change_brush(self, steps: int) -> int:
        """Make the brush wider (steps > 0) or narrower for strokes to come; return its width."""
        brush = self.brush + steps * BRUSHES.step
        self.brush = min(max(brush, BRUSHES[0]), BRUSHES[-1])
        return self.brush

    def digit_image(self) -> np.ndarray | None:
        """The digit image of the drawing: float32, shape (28, 28), in [0, 1]; None without ink."""
        return image_of(self.strokes) if self.strokes else None

    def read(self, recognizer: Recognizer) -> Reading | None:
        """Read the drawing, row by row; None while nothing is drawn. Only what is new is judged.

        A drawing of more than MOST_PIECES strokes is taken for one character: a scribble of so many
        is no number, and to try all ways to part it would take too long.
        """
        if not self.strokes:
            return None
        self._judge.begin(recognizer)
        if len(self.strokes) > MOST_PIECES:
            return Reading([self._judge([tuple(self.strokes)])])
        strokes = self.strokes
        as_one = read_as_one(strokes, self._judge, recognizer)
        written = strokes_without_marks(strokes)
        # A drawing that was taught as a whole keeps its marks.
        if len(written) < len(strokes) and not (as_one and as_one.prediction.taught):
            strokes = written
            as_one = read_as_one(strokes, self._judge, recognizer)
        return together(read_pieces(as_one, strokes, rows_of_strokes, self._judge))


def save_drawing(canvas: Canvas, folder: Path) -> Path:
    """Write the drawing as .json and .png of the next free number; return the .json's path.

    Raises OSError.
    """
    strokes = []
    for stroke in canvas.strokes:
        strokes.append({"points": stroke.points.tolist(), "brush": stroke.brush})
    drawing = json.dumps({"canvas_size": CANVAS_SIZE, "strokes": strokes}).encode()
    _, picture = cv2.imencode(".png", canvas.image)

    def path_of(number: int) -> Path:
        return folder / f"drawing-{number}.json"

    return write_numbered(path_of, {".json": drawing, ".png": picture})


def write_numbered(path_of: Callable[[int], Path], contents: dict[str, bytes]) -> Path:
    """Write contents, by the files' endings, under the first number that is free; return its path.

    path_of gives the path of a number. Raises OSError. Two windows that save at the same moment get
    a number each.
    """
    for number in itertools.count(1):
        path = path_of(number)
        files = {path.with_suffix(ending): content for ending, content in contents.items()}
        with contextlib.suppress(FileExistsError):
            write_new(files)
            break
    return path


def write_new(contents: dict[Path, bytes]) -> None:
    """Write files of which none is there yet; all of them or none.

    Raises FileExistsError where one is there, and OSError.
    """
    with contextlib.ExitStack() as undo:
        for path, content in contents.items():
            with open(path, "xb") as file:
                undo.callback(path.unlink)
                file.write(content)
        undo.pop_all()


def open_drawing(path: Path) -> list[Stroke]:
    """The strokes that save_drawing wrote as this .json. Raises ValueError naming the file."""
    with errors_naming(path, "not a drawing of this program"), memory_limit(MOST_MEMORY):
        require_file(path)
        drawing = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(drawing, dict) or not isinstance(drawing.get("strokes"), list):
            raise ValueError("it has no list of strokes")
        if not drawing["strokes"]:
            raise ValueError("it has no strokes")
        size = drawing.get("canvas_size")
        if not isinstance(size, int | float) or not 0 < size < math.inf:
            raise ValueError("its canvas_size is no number above 0")
        strokes = [stroke_from(entry, CANVAS_SIZE / size) for entry in drawing["strokes"]]
        if sum(len(stroke.points) for stroke in strokes) > MOST_POINTS:
            raise ValueError(f"it has more than {MOST_POINTS:,} points")
    return strokes


def stroke_from(entry: object, scale: float) -> Stroke:
    """The stroke that an entry of a saved drawing describes. Raises ValueError where it is odd."""
    if not isinstance(entry, dict):
        raise ValueError("a stroke in it has no points")
    points = as_numbers(entry.get("points")) * scale
    if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
        raise ValueError("the points of a stroke in it are not pairs of numbers")
    brush = as_numbers(entry.get("brush"))
    if brush.ndim != 0 or not np.isfinite(brush):
        raise ValueError("the brush of a stroke in it is not a number")
    brush = int((brush * scale).clip(BRUSHES[0], BRUSHES[-1]))
    points = np.rint(points.clip(0, CANVAS_SIZE - 1))
    return Stroke(points, brush)


def as_numbers(values: object) -> np.ndarray:
    """Numbers, or lists of numbers, as a float array; an empty one where they are no numbers."""
    with contextlib.suppress(ValueError):  # lists of different lengths
        numbers = np.array(values)
        if numbers.dtype.kind in "if":  # neither texts nor true and false nor null
            return numbers.astype(float)
    return np.empty(0)


# --- pictures in the window ------------------------------------------------------------------

FRAME_SIDE = 640  # pixels of the longer side of a camera's frames: more would take longer to read
STANDING_SECONDS = 0.5  # what was read in most frames of so long a time stands
MAJORITY = 0.6  # "most frames" are this share: of two texts that alternate, neither stands
FEWEST_VOTES = 3  # so many frames count, even where they took longer
OPENING_SECONDS = 10  # a camera that gave no picture by then gives none
SILENT_SECONDS = 5  # a camera that gave no picture for so long is gone
ASLEEP_SECONDS = 1  # unless the window has not asked for so long: it asks many times a second
FILM_RATE = 25  # pictures a second of a video file that does not tell its rate


class Picture:
    """A picture that is shown and read; as a drawing, but that it never changes.

    stored: of any depth, shape (h, w) or (h, w, channels), as open_picture() gives it. image, its
    working copy, is what is shown, and the boxes of what was read are in its pixels. Raises
    ValueError as working_copy() does.
    """

    changes = 0

    def __init__(self, name: str, stored: np.ndarray) -> None:
        self.name = name
        self.image = working_copy(stored)
        self._reading: Reading | None = None
        self._recognizer: Recognizer | None = None  # which read it
        self._lessons: Lessons | None = None  # what that one had been taught

    def read(self, recognizer: Recognizer) -> Reading | None:
        """What it says; None where it shows no ink. It is read again where more was taught."""
        lessons = recognizer.hand.taught
        if recognizer is not self._recognizer or lessons is not self._lessons:
            self._recognizer = recognizer
            self._lessons = lessons
            try:
                self._reading = read_image(self.image, recognizer)
            except ValueError:  # no ink in it
                self._reading = None
        return self._reading

    def digit_image(self) -> np.ndarray | None:
        """The digit image, shape (28, 28), of all ink that was read in it; None where none was."""
        return ink_together(self._reading) if self._reading else None


class Frame(NamedTuple):
    """One picture of a camera or a video file."""

    number: int  # from 1 on
    seconds: float  # when it was taken
    picture: np.ndarray  # uint8 BGR, its longer side at most FRAME_SIDE


class Film:
    """The frames of a camera (its number) or a video file (its path), as time goes by.

    They are taken in a thread of their own, for a camera may let the reader wait. newest is the
    last one. A video file stands at its first frame until play(); where it ends, its last one
    stays.
    """

    def __init__(self, source: str) -> None:
        self.is_camera = source.isdecimal()
        self.name = f"camera {source}" if self.is_camera else printable(source)
        self.newest: Frame | None = None
        self.is_closed = False
        self.has_ended = False  # a video file: no more frames will come
        self._source = int(source) if self.is_camera else source
        self._failure = ""  # why no more frames will come
        self._taken_at = 0.0  # when the newest was, by time.monotonic()
        self._checked_at = 0.0  # when check() was called last
        self._has_begun = threading.Event()  # a frame is there, or none will come
        self._plays = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def open(self) -> None:
        """Start it and wait for the first frame. Raises ValueError and OSError where none comes."""
        if not self.is_camera:
            require_file(Path(self._source))
        # The limit is the whole process's, so it ends soon; later frames are as large as the first.
        with silenced(), memory_limit(MOST_MEMORY):
            self._thread.start()
            self._has_begun.wait(OPENING_SECONDS)
        if self.newest is None:
            self.close()
            raise ValueError(f"{self.name}: {self._failure or 'gives no picture'}")

    def check(self) -> None:
        """Raise ValueError where a camera went away."""
        failure = self._failure
        now = time.monotonic()
        if now - self._checked_at > ASLEEP_SECONDS:  # as after Ctrl-Z: no frame could be taken
            self._taken_at = now
        self._checked_at = now
        silence = now - self._taken_at
        if not failure and self.is_camera and silence > SILENT_SECONDS:
            failure = "gives no more pictures"
        if failure:
            raise ValueError(f"{self.name}: {failure}")

    def play(self) -> None:
        """Let a video file go on from its first frame; a camera goes on by itself."""
        self._plays.set()

    def close(self) -> None:
        """Take no more frames."""
        self.is_closed = True
        self._plays.set()  # so that a video file does not wait for play()
        self._thread.join(1)  # not longer: a camera that went away may hold it for good

    def _run(self) -> None:
        """Take frames until there are no more; an exception in a thread would be lost."""
        try:
            capture = cv2.VideoCapture(self._source)
            try:
                self._take_frames(capture)
            finally:
                capture.release()
        except Exception as error:  # cv2 raises nearly every kind
            self._failure = f"cannot be read ({reason(error)})"
        self._has_begun.set()

    def _take_frames(self, capture: cv2.VideoCapture) -> None:
        """Take the frames of what was opened, if it was."""
        if not capture.isOpened():
            self._failure = "no such camera" if self.is_camera else "not a video"
        elif self.is_camera:
            self._watch(capture)
        else:
            self._play(capture)

    def _watch(self, capture: cv2.VideoCapture) -> None:
        """Take the frames of a camera, until it goes away."""
        while not self.is_closed:
            is_taken, picture = capture.read()
            if not is_taken:
                self._failure = "gives no more pictures"
                return
            self._take(time.monotonic(), picture)

    def _play(self, capture: cv2.VideoCapture) -> None:
        """Take the first frame of a video file, and once it plays the others, each at its time."""
        rate = capture.get(cv2.CAP_PROP_FPS)
        if not 1 <= rate <= 240:  # also where it is not a number
            rate = FILM_RATE
        is_taken, picture = capture.read()
        if not is_taken:
            self._failure = "not a video"
            return
        self._take(0, picture)
        self._plays.wait()
        begin = time.monotonic()
        for number in itertools.count(1):
            is_taken, picture = capture.read()
            if self.is_closed or not is_taken:
                self.has_ended = True
                return
            seconds = number / rate
            waiting = begin + seconds - time.monotonic()
            time.sleep(max(0, waiting))
            self._take(seconds, picture)

    def _take(self, seconds: float, picture: np.ndarray) -> None:
        """Let a picture that was taken at this time be the newest frame."""
        number = self.newest.number + 1 if self.newest else 1
        self._taken_at = time.monotonic()
        scale = FRAME_SIDE / max(picture.shape[:2])
        if scale < 1:
            picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        if self.newest is None:
            working_copy(picture)  # raises ValueError where it is too narrow to be read
        self.newest = Frame(number, seconds, picture)
        self._has_begun.set()


class Vote(NamedTuple):
    """What was read in one frame."""

    frame: Frame
    reading: Reading | None  # None: no digit was seen


class Votes:
    """What was read in the last frames, and what stands among that: so that nothing flickers."""

    def __init__(self) -> None:
        self._votes: list[Vote] = []  # the last one last

    def __len__(self) -> int:
        return len(self._votes)

    def add(self, vote: Vote) -> None:
        """Take what was read in the next frame; what is too old is dropped."""
        votes = [*self._votes, vote]
        since = vote.frame.seconds - STANDING_SECONDS
        recent = [one for one in votes if one.frame.seconds > since]
        if len(recent) < FEWEST_VOTES:
            recent = votes[-FEWEST_VOTES:]
        self._votes = recent

    def are_all_for(self, frame: Frame) -> bool:
        """Whether nothing but this frame was read."""
        return all(vote.frame is frame for vote in self._votes)

    @property
    def standing(self) -> Vote | None:
        """The newest vote for the text that was read in most of the last frames."""
        votes = self._votes
        texts = [vote.reading.text for vote in votes if vote.reading]
        enough = MAJORITY * max(len(votes), FEWEST_VOTES)
        for vote in reversed(votes):
            if vote.reading and texts.count(vote.reading.text) >= enough:
                return vote
        return None


class Camera:
    """A camera, or a video file in its place, that is shown and read live.

    source: the camera's number, or the file's path. Raises ValueError and OSError where it gives no
    picture. Frames are read in a thread, so that the window never waits.
    """

    def __init__(self, source: str) -> None:
        self._film = Film(source)
        self._film.open()
        self.name = self._film.name
        self._votes = Votes()
        self._held: Picture | None = None  # the picture that stands still
        self._recognizer: Recognizer | None = None
        self._readings = 0  # how many frames were read
        self._turns = 0  # how often the picture was held, or went on
        self._failure: Exception | None = None  # what ended the reading
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def image(self) -> np.ndarray:
        """What is seen: uint8 BGR, shape (height, width, 3)."""
        return self._held.image if self._held else self._film.newest.picture

    @property
    def changes(self) -> tuple[int, ...]:
        """What is another one whenever image or reading have changed."""
        if self._held:
            return (self._turns,)
        # Three numbers, as three threads count: the window's, the film's, and that which reads.
        return self._turns, self._film.newest.number, self._readings

    @property
    def is_held(self) -> bool:
        """Whether the picture stands still."""
        return self._held is not None

    def check(self) -> None:
        """Raise ValueError where the camera went away, or its frames cannot be read."""
        self._film.check()
        if self._failure:
            raise ValueError(f"{self.name}: cannot be read ({reason(self._failure)})")

    def close(self) -> None:
        """Let the camera go. Threads that ran on would break the program's end."""
        self._film.close()
        if self._thread.ident is not None:
            self._thread.join()

    def hold(self) -> None:
        """Let the picture stand still: the last one that said what stands, or else the newest."""
        if self._held is None:
            standing = self._votes.standing
            frame = standing.frame if standing else self._film.newest
            self._turns += 1
            self._held = Picture(self.name, frame.picture)

    def go_on(self) -> None:
        """Show again what comes from the camera; what was read before stands no more."""
        self._votes = Votes()
        self._held = None
        self._turns += 1

    def read(self, recognizer: Recognizer) -> Reading | None:
        """What stands, None where nothing does; of a picture that is held, what it says.

        Frames are read, and a film runs, from the first call on.
        """
        if self._held:
            return self._held.read(recognizer)
        self._recognizer = recognizer
        if self._thread.ident is None:
            self._film.play()  # not before: nobody sees it while the network is loaded
            self._thread.start()
        standing = self._votes.standing
        return standing.reading if standing else None

    def digit_image(self) -> np.ndarray | None:
        """The digit image, shape (28, 28), of all ink in the picture that is held."""
        return self._held.digit_image() if self._held else None

    def _run(self) -> None:
        """Read frames until the camera is closed; an exception in a thread would be lost."""
        try:
            self._read_frames()
        except Exception as error:
            self._failure = error

    def _read_frames(self) -> None:
        """Read the newest frame, again and again."""
        last = 0
        while not self._film.is_closed:
            votes, frame = self._votes, self._film.newest
            votes_again = False
            if self._film.has_ended:  # its last frame stays: only what that says may stand
                if not votes.are_all_for(frame):
                    votes = self._votes = Votes()
                votes_again = len(votes) < FEWEST_VOTES
            if self._held or (frame.number == last and not votes_again):
                time.sleep(0.01)
                continue
            last = frame.number
            reading = read_frame(frame.picture, self._recognizer)
            # Where go_on() put new votes in their place meanwhile, this vote is dropped with them.
            votes.add(Vote(frame, reading))
            self._readings += 1


def read_frame(picture: np.ndarray, recognizer: Recognizer) -> Reading | None:
    """What one frame, uint8 BGR, says; None where no digit is seen."""
    try:
        reading = read_image(picture, recognizer)
    except ValueError:  # no ink in it
        return None
    return reading if reading.has_digit else None


# What the window shows and reads: all have name, image, changes, read() and digit_image().
Source = Canvas | Picture | Camera


# --- window: keys ----------------------------------------------------------------------------


class Key(NamedTuple):
    """A row of the table of keys."""

    names: str  # as they are written on keyboards, parted by ", "
    does: str  # what it does, as help says it
    label: str = ""  # the same in a word, for its cap in the panel; "" where it has none
    act: str = ""  # the name of the method of Window that does it, if there is one
    switch: str = ""  # or else the name of the attribute of Window that it turns on and off
    repeats: bool = False  # whether a held key does it again and again
    draws: bool = False  # whether it is about the drawing, and so does nothing to pictures

    @property
    def cap(self) -> str:
        """The name on its cap in the panel: the first one."""
        return self.names.split(", ")[0]

    @property
    def names_as_keys(self) -> str:
        """The names as Sheet.write() draws them as keys: "<y><Ctrl+Y>"."""
        return "<" + self.names.replace(", ", "><") + ">"


KEYS = [
    Key("left button", "draw"),
    Key("right button", "erase what it touches"),
    Key("u, Backspace, Ctrl+Z", "undo, again and again", "undo", "undo", repeats=True, draws=True),
    Key("y, Ctrl+Y, Ctrl+Shift+Z", "redo", "redo", "redo", repeats=True, draws=True),
    Key("c, Delete", "clear", "clear", "clear", draws=True),
    Key("e", "erase with the left button, or draw", "eraser", switch="erases", draws=True),
    Key("], wheel", "a wider brush", "wider", "widen_brush", repeats=True, draws=True),
    Key("[, wheel", "a narrower brush", "narrower", "narrow_brush", repeats=True, draws=True),
    Key("s, Ctrl+S", "save drawing and strokes", "save", "save"),
    Key("Right", "the next picture", act="show_next"),
    Key("Left", "the picture before", act="show_previous"),
    Key("Space", "hold a camera's picture, or go on", act="hold_or_go_on"),
    Key("Enter", "print the answer", "print", "enter"),
    Key("0 ... 9", "tell which digit it is: your hand is learned"),
    Key("x", "tell that it is no digit", "no digit"),
    Key("f", "forget what was learned last", "forget", "forget"),
    Key("w", "why: which ink speaks for the answer", "why", switch="why"),
    Key("n", "show the network's layers", "layers", switch="layers"),
    Key("l", "read along, or on Enter only", "live", switch="live"),
    Key("h, ?, F1", "show and hide these keys", "all keys", switch="help"),
    Key("Esc, q", "quit; Esc first ends what is shown", "quit", "quit"),
]
KEY_NAMED = {name.lower(): key for key in KEYS for name in key.names.split(", ")}
CAPS = {key.cap: key.label for key in KEYS if key.label}
NO_DIGIT = "?"  # stands for "no digit" in a typed number, as in an answer
TYPED = {**{digit: digit for digit in DIGITS}, "x": NO_DIGIT}  # keys, and what they type

KEY_CODES = {  # of keys that are no letters, as cv2.waitKeyEx and X (0xFF..) number them
    "enter": (3, 10, 13, 0xFF0D, 0xFF8D),  # 3 and 0xFF8D: the keypad's, on macOS and in X
    "backspace": (8, 127, 0xFF08),  # 127: on macOS
    "esc": (27, 0xFF1B),
    "delete": (0xFFFF,),
    "space": (32,),
    "left": (0xFF51, 0xF702, 0x250000),  # in X, on macOS, on Windows
    "right": (0xFF53, 0xF703, 0x270000),  # the same
    "f1": (0xFFBE,),
}
SPECIAL_KEYS = {code: name for name, codes in KEY_CODES.items() for code in codes}
SPECIAL_KEYS |= {0xFFB0 + int(digit): digit for digit in DIGITS}  # the keypad's
# X's keycodes of the leftmost key in each row of an English keyboard, and the row's keys.
KEY_ROWS = {10: "1234567890", 24: "qwertyuiop[]", 38: "asdfghjkl", 52: "zxcvbnm"}
PLACES = {  # the names of keys by their keycodes
    first + number: name for first, row in KEY_ROWS.items() for number, name in enumerate(row)
}
GTK_SHIFT = 0x10000  # GTK's waitKeyEx tells by these bits what else is held
GTK_CTRL = 0x40000
GTK_ALT = 0x80000


def key_name(code: int, place: int = 0, held: str = "") -> str:
    """The name in KEYS of a key; "" where it has none.

    code: what X or cv2.waitKeyEx numbers it by. place: where it is on the keyboard, as X's keycode.
    held: "shift+", "ctrl+" or "ctrl+shift+" where these keys are held. A letter that is not Latin,
    or a sign where English keyboards have a digit, counts as the English key at its place.
    """
    before = held if held.startswith("ctrl+") else ""  # with Shift alone the code is another one
    name = before + name_of_code(code)
    if name in KEY_NAMED or name in TYPED:
        return name
    at_place = PLACES.get(place, "")
    # X's codes: below 0x100 Latin letters, from 0xFD00 on special keys, from 0x1000000 on Unicode.
    is_foreign_letter = 0x100 <= code < 0xFD00 or code >= 0x1000000
    is_digit = at_place.isdigit() and not held
    if is_foreign_letter or is_digit:
        return before + at_place
    return ""


def name_of_code(code: int) -> str:
    """What is written on the key with this code, if it is a special key or in ASCII, else ""."""
    if code in SPECIAL_KEYS:
        return SPECIAL_KEYS[code]
    return chr(code).lower() if code < 128 else ""


def waited_key_name(code: int) -> str:
    """The name in KEYS of the key with this code of cv2.waitKeyEx; "" where it has none."""
    if code in SPECIAL_KEYS:  # first, for Windows' codes of arrows have GTK's bits in them
        return SPECIAL_KEYS[code]
    if code & GTK_ALT:
        return ""
    held = ""
    if code & GTK_CTRL:
        held = "ctrl+shift+" if code & GTK_SHIFT else "ctrl+"
    return key_name(code & 0xFFFF, held=held)


# --- window: layout --------------------------------------------------------------------------

# Sizes are in units: pixels of a window of WINDOW_SIZE. A larger window has larger units.
WINDOW_SIZE = (900, CANVAS_SIZE)  # as it opens: the canvas, and the panel at its right
TALL_SIZE = (CANVAS_SIZE, 900)  # on a screen that stands on its side: the panel below the canvas
PANEL_WIDTH = WINDOW_SIZE[0] - CANVAS_SIZE
LAYERS_WIDTH = 440  # of the layers' column, by which the window widens where there is room
LAYERS_HEIGHT = 440  # of the layers below a tall window that cannot widen
SMALLEST_SIDE = 2  # pixels: of the square of a map or unit
MARGIN = 22
PANEL_SHARE = 0.4  # of the width to spare; the layers take the rest
WIDEST_PANEL = 480  # in a wider one the eye would lose its way from a digit to its figure
ANSWER_HEIGHT = 116
THUMBNAILS_HEIGHT = 74
LARGEST_THUMBNAILS = 180  # where there is room
LABEL_GAP = 6  # between the hint below the answer and the words above the thumbnails
LABEL_HEIGHT = 18  # of the words above the thumbnails
SMALLEST_BAR = 16  # its height, with the gap to the next one
LARGEST_BAR = 26  # where there is room
CAP_HEIGHT = 26  # of a key that can be clicked, with the gap to the next one
CAP_GAP = 5
LAYERS_MARGIN = 16
LAYERS_GAP = 10  # between the digit image and what stands beside and below it
DIGIT_IMAGE = 112  # the side of the digit image, and of a map that is pointed at: 4 for each pixel
LAYER_TITLE = 17  # the height of its name and shape
LAYER_GAP = 3
ANSWER_TILE = 26  # the side of the squares of the last layer, which bear the answers' names
LARGEST_SIDE = 64  # of the square of a map or unit
UNIT_AS_MAP = 2  # when layers share the room, a unit counts as a map 2 pixels high
NAMED_UNIT_AS_MAP = 14  # and one in whose square a name is written, as one 14 pixels high

BARS = [*range(10), OTHER]  # what has a bar: the digits, and that it is none


class View(NamedTuple):
    """All that one picture of the window shows."""

    image: np.ndarray  # the drawing or picture: uint8, grey or BGR
    is_drawing: bool = False
    reading: Reading | None = None
    chosen: int = 0  # the part that the bars and "why" are of, as an index into reading.parts
    margin: float = 0  # how far ink reaches beyond the boxes of the parts, in pixels of the image
    pointer: tuple[int, int] | None = None  # in pixels of the window; None once it has left that
    brush: int = 0  # its width in pixels of the image; 0 where there is none
    erases: bool = False
    invitation: tuple[str, str] | None = None  # said, large and small, before a drawing
    status: Sequence[str] = ()  # what is not as usual
    message: str = ""  # what came of the last key, "" where that is over
    lit: Collection[str] = ()  # the keys whose switches are on
    flash: bool = False  # whether the answer has just been printed
    help: bool = False
    why: bool = False
    activations: Sequence[LayerOutput] = ()  # of the network's layers for the part, if they show

    @property
    def parts(self) -> list[Part]:
        """The parts of the reading, from left to right and from top to bottom."""
        if self.reading is None:
            return []
        return self.reading.parts

    @property
    def part(self) -> Part | None:
        """The part that the bars and "why" are of."""
        if not self.parts:
            return None
        return self.parts[self.chosen]

    @property
    def size(self) -> tuple[int, int]:
        """The image's width and height."""
        return size_of(self.image)

    def part_boxes(self) -> list[Box]:
        """The boxes of the parts with all their ink, in pixels of the image."""
        whole = Box(0, 0, *self.size)
        reach = round(self.margin)
        return [part.box.inset(-reach).clipped(whole) for part in self.parts]


class Target(NamedTuple):
    """What one can point at, or click on.

    By kind, value is: "key", its name; "bar", a digit or OTHER; "part", its index; "map", the
    indices of a layer and of one of its maps.
    """

    kind: str
    value: object


def size_of(image: np.ndarray) -> tuple[int, int]:
    """The width and height of an image."""
    height, width = image.shape[:2]
    return width, height


def fitted(box: Box, size: tuple[int, int]) -> Box:
    """The box that a picture of this width and height fills in the middle of another box."""
    width, height = size
    scale = min(box.width / width, box.height / height)
    width = max(1, round(width * scale))
    height = max(1, round(height * scale))
    x = box.x + (box.width - width) // 2
    y = box.y + (box.height - height) // 2
    return Box(x, y, width, height)


def square_in(box: Box) -> Box:
    """The largest square in the middle of a box."""
    return fitted(box, (1, 1))


def stack(box: Box, heights: Sequence[float]) -> list[Box]:
    """Boxes of these heights, at least two, one below another, as far apart as there is room."""
    spare = box.height - sum(heights)
    gap = spare / (len(heights) - 1)
    boxes = []
    y = box.y
    for height in heights:
        boxes.append(box._replace(y=round(y), height=round(height)))
        y += height + gap
    return boxes


def rows_of(box: Box, count: int) -> list[Box]:
    """A box cut into so many rows of equal height."""
    rows = []
    for remaining in range(count, 0, -1):
        row, box = box.split_top(round(box.height / remaining))
        rows.append(row)
    return rows


def columns_of(box: Box, count: int) -> list[Box]:
    """A box cut into so many columns of equal width."""
    columns = []
    for remaining in range(count, 0, -1):
        column, box = box.split_left(round(box.width / remaining))
        columns.append(column)
    return columns


class Grid(NamedTuple):
    """Squares in rows: small images, or the maps or units of a layer."""

    x: int  # of its left edge
    y: int  # of its upper edge
    side: int  # of a square, in pixels
    columns: int
    count: int

    @property
    def rows(self) -> int:
        """How many squares stand one below another."""
        return math.ceil(self.count / self.columns)

    @property
    def box(self) -> Box:
        """All of it; places are left over at the end of the last row."""
        width = self.columns * self.side
        height = self.rows * self.side
        return Box(self.x, self.y, width, height)

    def tile(self, number: int) -> Box:
        """The square of this number."""
        row, column = divmod(number, self.columns)
        x = self.x + column * self.side
        y = self.y + row * self.side
        return Box(x, y, self.side, self.side)

    def number_at(self, x: int, y: int) -> int | None:
        """The number of the square at a pixel."""
        if not self.box.contains(x, y):
            return None
        row = (y - self.y) // self.side
        column = (x - self.x) // self.side
        number = row * self.columns + column
        return number if number < self.count else None


def largest_grid(box: Box, count: int) -> Grid:
    """So many squares from the top left of a box, as large as they fit into it together."""
    grids = []
    for rows in range(1, count + 1):
        columns = math.ceil(count / rows)
        side = min(box.height // rows, box.width // columns)
        grids.append(Grid(box.x, box.y, side, columns, count))
    return max(grids, key=lambda grid: grid.side)


def place_layers(room: Box, counts: Sequence[int], rows: Sequence[int], scale: float) -> list[Grid]:
    """The maps of layers, each in its number of rows, one layer below another in the room."""
    grids = []
    y = room.y
    for number, (count, row_count) in enumerate(zip(counts, rows, strict=True)):
        y += round(LAYER_TITLE * scale)
        columns = math.ceil(count / row_count)
        side = room.width // columns
        if number == len(counts) - 1:  # the answers
            side = min(side, round(ANSWER_TILE * scale))
        grid = Grid(room.x, y, side, columns, count)
        grids.append(grid)
        y = grid.box.bottom + round(LAYER_GAP * scale)
    return grids


def layers_to_enlarge(
    grids: Sequence[Grid], shapes: Sequence[tuple[int, ...]], scale: float
) -> list[int]:
    """Which layers but the last may be larger, first those whose maps are smallest for their size.

    The last one, the answers, always has squares of one size.
    """
    zooms = {}
    for number, (grid, shape) in enumerate(zip(grids[:-1], shapes[:-1], strict=True)):
        height = shape[0] if len(shape) == 3 else UNIT_AS_MAP
        is_full = grid.columns == 1 or grid.side >= LARGEST_SIDE * scale
        if not is_full:
            # A small map needs more for each of its pixels; how much more was chosen by eye.
            zooms[number] = grid.side / height**0.75
    return sorted(zooms, key=zooms.get)


def with_another_row(
    room: Box, shapes: Sequence[tuple[int, ...]], rows: Sequence[int], scale: float
) -> list[int] | None:
    """The rows of each layer, with one more for the layer that needs it most; None: no room."""
    counts = [shape[-1] for shape in shapes]
    grids = place_layers(room, counts, rows, scale)
    for layer in layers_to_enlarge(grids, shapes, scale):
        more = list(rows)
        more[layer] += 1
        larger = place_layers(room, counts, more, scale)
        if larger[-1].box.bottom <= room.bottom:
            return more
    return None


def shape_to_place(activations: Sequence[LayerOutput], layer: int) -> tuple[int, ...]:
    """A layer's shape for arrange_layers(): units with names count as maps that need more room."""
    shape = activations[layer].values.shape[1:]
    if names_of_units(activations, layer):
        return NAMED_UNIT_AS_MAP, NAMED_UNIT_AS_MAP, *shape
    return shape


@functools.lru_cache(maxsize=4)
def arrange_layers(room: Box, shapes: tuple[tuple[int, ...], ...], scale: float) -> list[Grid]:
    """Where the maps of each layer are shown, as large as all fit into the room together.

    shapes are (height, width, maps) or (units,). Layers for which there is no room are left out.
    """
    counts = [shape[-1] for shape in shapes]
    most_columns = max(1, room.width // SMALLEST_SIDE)
    rows = [math.ceil(count / most_columns) for count in counts]
    while more := with_another_row(room, shapes, rows, scale):
        rows = more
    grids = place_layers(room, counts, rows, scale)
    return [grid for grid in grids if grid.box.bottom <= room.bottom]


class Regions(NamedTuple):
    """How a window is shared out, in its pixels."""

    scale: float  # pixels of a unit
    canvas: Box  # a square
    panel: Box
    layers: Box | None
    is_tall: bool  # the panel stands below the canvas


def share_out_wide(window: Box, layers_width: int) -> Regions:
    """Canvas, panel and, where their width is not 0 units, layers side by side."""
    usual_width, usual_height = WINDOW_SIZE
    usual_width += layers_width
    scale = min(window.width / usual_width, window.height / usual_height)
    column, panel = window.split_left(round(CANVAS_SIZE * scale))
    layers = None
    if layers_width:
        spare = window.width - usual_width * scale
        panel_width = PANEL_WIDTH * scale + PANEL_SHARE * spare
        panel, layers = panel.split_left(round(panel_width))
    return Regions(scale, square_in(column), panel, layers, is_tall=False)


def share_out_tall(window: Box, layers_width: int) -> Regions:
    """The panel below the canvas; the layers, where their width is not 0 units, beside both."""
    usual_width, usual_height = TALL_SIZE
    usual_width += layers_width
    scale = min(window.width / usual_width, window.height / usual_height)
    layers = None
    if layers_width:
        window, layers = window.split_right(round(layers_width * scale))
    row, panel = window.split_top(round(CANVAS_SIZE * scale))
    return Regions(scale, square_in(row), panel, layers, is_tall=True)


def share_out_in_a_column(window: Box) -> Regions:
    """Canvas, panel and layers one below another."""
    width, height = TALL_SIZE
    scale = min(window.width / width, window.height / (height + LAYERS_HEIGHT))
    upper, layers = window.split_top(round(height * scale))
    row, panel = upper.split_top(round(CANVAS_SIZE * scale))
    return Regions(scale, square_in(row), panel, layers, is_tall=True)


def regions_of(size: tuple[int, int], shows_layers: bool) -> Regions:
    """The way to share a window out in which everything is largest."""
    window = Box(0, 0, *size)
    layers_width = LAYERS_WIDTH if shows_layers else 0
    ways = [share_out_wide(window, layers_width), share_out_tall(window, layers_width)]
    if shows_layers:
        ways.append(share_out_in_a_column(window))
    return max(ways, key=lambda way: way.scale)


class Layout:
    """Where everything stands in a window of one size, in pixels: computed once, never changed.

    digit_image, large_map, unit_words and layers_room are there only where it shows the layers.
    """

    def __init__(self, size: tuple[int, int], shows_layers: bool = False) -> None:
        regions = regions_of(size, shows_layers)
        self.size = size
        self.scale = regions.scale
        self.canvas = regions.canvas
        self.layers = regions.layers
        if regions.is_tall:
            content = self._content(regions.panel, 2 * WIDEST_PANEL)
            self._place_in_two_columns(content)
        else:
            content = self._content(regions.panel, WIDEST_PANEL)
            self._place_in_one_column(content)
        if shows_layers:
            margin = self.pixels(LAYERS_MARGIN)
            self._place_layers(regions.layers.inset(margin))

    def pixels(self, units: float) -> int:
        """So many units in pixels, at least one."""
        return max(1, round(units * self.scale))

    def _content(self, panel: Box, widest: float) -> Box:
        """The panel without its margins; what stands in it is not wider than so many units."""
        content = panel.inset(self.pixels(MARGIN))
        spare = max(0, content.width - self.pixels(widest))
        return content.inset(spare // 2, 0)

    def _place_in_one_column(self, content: Box) -> None:
        """Answer, thumbnails, bars and keys one below another."""
        rows = math.ceil(len(CAPS) / 3)
        usual = WINDOW_SIZE[1] - 2 * MARGIN
        half = max(0, content.height / self.scale - usual) / 2  # of the height to spare, in units
        thumbnails = min(LARGEST_THUMBNAILS, THUMBNAILS_HEIGHT + half)
        bar = min(LARGEST_BAR, SMALLEST_BAR + half / len(BARS))
        keys = rows * CAP_HEIGHT - CAP_GAP
        heights = [ANSWER_HEIGHT, thumbnails, len(BARS) * bar, keys]
        places = stack(content, [height * self.scale for height in heights])
        self.answer, self.thumbnails, bars, caps = places
        self.bars = rows_of(bars, len(BARS))
        self.caps = self._caps(caps, 3)

    def _place_in_two_columns(self, content: Box) -> None:
        """Answer and thumbnails at the left, the bars at the right, the keys below both."""
        rows = math.ceil(len(CAPS) / 5)
        gap = self.pixels(MARGIN)
        keys = self.pixels(rows * CAP_HEIGHT - CAP_GAP)
        upper, caps = content.split_bottom(keys)
        upper, _ = upper.split_bottom(gap)
        left, bars = upper.split_left(upper.width // 2)
        left, _ = left.split_right(gap)
        self.answer, thumbnails = left.split_top(self.pixels(ANSWER_HEIGHT))
        _, self.thumbnails = thumbnails.split_top(self.pixels(LABEL_GAP))
        largest = self.pixels(len(BARS) * LARGEST_BAR)
        bars = bars._replace(height=min(bars.height, largest))
        self.bars = rows_of(bars, len(BARS))
        self.caps = self._caps(caps, 5)

    def _caps(self, box: Box, columns: int) -> dict[str, Box]:
        """The places of the keys by their names, column by column."""
        gap = self.pixels(CAP_GAP)  # at the right of each and below it
        box = box._replace(width=box.width + gap, height=box.height + gap)
        rows = math.ceil(len(CAPS) / columns)
        places = []
        for column in columns_of(box, columns):
            column, _ = column.split_right(gap)
            places += [place.split_bottom(gap)[0] for place in rows_of(column, rows)]
        return dict(zip(CAPS, places, strict=False))  # the last column may not be full

    def _place_layers(self, content: Box) -> None:
        """The digit image, the map that is pointed at, what is said of it, and the layers."""
        side = self.pixels(DIGIT_IMAGE)
        pitch = side + self.pixels(LAYERS_GAP)
        if content.width > content.height:
            places = self._beside_layers(content, side, pitch)
        else:
            places = self._above_layers(content, side, pitch)
        digit_image, large_map, unit_words, self.layers_room = places
        self.digit_image = digit_image._replace(width=side, height=side)
        self.large_map = large_map._replace(width=side, height=side)
        self.unit_words = unit_words._replace(height=side)

    def _beside_layers(self, content: Box, side: int, pitch: int) -> tuple[Box, Box, Box, Box]:
        """Digit image, map and words one below another, and the layers at their right."""
        left, layers = content.split_left(pitch)
        digit_image, large_map, unit_words = stack(left, [side, side, side])
        return digit_image, large_map, unit_words, layers

    def _above_layers(self, content: Box, side: int, pitch: int) -> tuple[Box, Box, Box, Box]:
        """Digit image, words and map side by side, and the layers below them."""
        upper, layers = content.split_top(pitch)
        digit_image, rest = upper.split_left(pitch)
        unit_words, large_map = rest.split_right(side)
        return digit_image, large_map, unit_words, layers

    def canvas_point(self, x: int, y: int) -> tuple[int, int]:
        """Where on the canvas, in its own pixels, a pixel of the window lies."""
        scale = CANVAS_SIZE / self.canvas.width
        column = (x + 0.5 - self.canvas.x) * scale
        row = (y + 0.5 - self.canvas.y) * scale
        return math.floor(column), math.floor(row)

    def part_boxes(self, view: View) -> list[Box]:
        """Where the ink of each part of the reading is shown."""
        image = fitted(self.canvas, view.size)
        width, _ = view.size
        scale = image.width / width
        return [box.scaled(scale, image.x, image.y) for box in view.part_boxes()]

    def thumbnail_boxes(self, view: View) -> list[Box]:
        """Where the digit image of each part of the reading is shown."""
        if not view.parts:
            return []
        _, room = self.thumbnails.split_top(self.pixels(LABEL_HEIGHT))
        grid = largest_grid(room, len(view.parts))
        side = grid.side - max(2, grid.side // 16)  # the rest is a gap
        side = max(1, side)  # where there is no room, one is drawn over the other
        tiles = map(grid.tile, range(grid.count))
        return [tile._replace(width=side, height=side) for tile in tiles]

    def layer_grids(self, view: View) -> list[Grid]:
        """Where the maps of each layer are shown."""
        if self.layers is None or not view.activations:
            return []
        shapes = [shape_to_place(view.activations, i) for i in range(len(view.activations))]
        return arrange_layers(self.layers_room, tuple(shapes), self.scale)

    def target(self, x: int, y: int, view: View) -> Target | None:
        """What is at a pixel of the window that one can point at or click on."""
        for name, box in self.caps.items():
            if box.contains(x, y):
                return Target("key", name.lower())
        for answer, box in zip(BARS, self.bars, strict=True):
            if box.contains(x, y):
                return Target("bar", answer)
        part = self._part_at(x, y, view)
        if part is not None:
            return Target("part", part)
        for layer, grid in enumerate(self.layer_grids(view)):
            number = grid.number_at(x, y)
            if number is not None:
                return Target("map", (layer, number))
        return None

    def _part_at(self, x: int, y: int, view: View) -> int | None:
        """The part whose thumbnail or ink is at a pixel; where ink overlaps, the smallest part."""
        for part, thumbnail in enumerate(self.thumbnail_boxes(view)):
            if thumbnail.contains(x, y):
                return part
        if view.help:  # it hides the ink
            return None
        boxes = self.part_boxes(view)
        under = [part for part, box in enumerate(boxes) if box.contains(x, y)]
        return min(under, key=lambda part: boxes[part].longest, default=None)


layout_of = functools.lru_cache(maxsize=4)(Layout)  # a frame and each mouse event ask for it


def pointed_at(layout: Layout, view: View) -> Target | None:
    """What the pointer is on."""
    if view.pointer is None:
        return None
    return layout.target(*view.pointer, view)


# --- window: text and shapes -----------------------------------------------------------------

# Blue, green, red. What differs in meaning differs in lightness, too: for prints and many eyes.
Colour = tuple[int, int, int]
CANVAS_COLOUR: Colour = (22, 18, 16)
PANEL_COLOUR: Colour = (44, 38, 34)
TROUGH_COLOUR: Colour = (30, 25, 22)  # of empty bars, and of the lower rim of a cap
CAP_COLOUR: Colour = (78, 68, 62)
POINTED_COLOUR: Colour = (112, 100, 92)  # of a cap under the pointer, and of the flash
EDGE_COLOUR: Colour = (136, 124, 114)  # of what is empty; in light three times the panel's colour
TEXT_COLOUR: Colour = (246, 244, 242)
QUIET_COLOUR: Colour = (196, 188, 180)
BAR_COLOUR: Colour = (190, 172, 156)
BEST_COLOUR: Colour = (40, 176, 255)
OTHER_COLOUR: Colour = (232, 104, 44)  # of ink that speaks for the runner-up, and of the eraser
FIELD_COLOUR: Colour = (110, 230, 110)  # of what a unit of the network looks at

CAPITALS = 0.72  # the height of capitals and figures, in sizes of the font
SMALLEST_TEXT = 9  # pixels; smaller, nobody could read it
SHORTEST_TEXT = 8  # characters; the words on the keys are never shortened
KEY_GAP = 4  # at the right of a key that stands in a text
NOTE_HEIGHT = 22
NOTE_PITCH = 26  # its height, with the gap to the next one


class Style(NamedTuple):
    """How a text looks."""

    size: float  # in units
    colour: Colour = TEXT_COLOUR
    weight: int = 400
    align: str = "left"  # or "middle" or "right": where in its box the text stands
    face: str = "sans"  # or "uni": figures of equal width, whose small 0 does not look like an 8


CAP_STYLE = Style(12, TEXT_COLOUR, 500, "middle")


@functools.cache
def font(face: str, weight: int) -> cv2.FontFace:
    """OpenCV's own font. Each weight has one of its own: to change a font's weight takes long."""
    return cv2.FontFace(face)


@functools.lru_cache(maxsize=1000)
def width_of(text: str, face: str, size: int, weight: int) -> int:
    """How wide a text is, in pixels."""
    _, _, width, _ = cv2.getTextSize((0, 0), text, (0, 0), font(face, weight), size, weight)
    return width


# Names of keys alone: a message may hold the name of a file that is called <draft>.png.
KEY_IN_TEXT = re.compile(f"<({'|'.join(map(re.escape, KEY_NAMED))})>", re.IGNORECASE)


def words_and_keys(text: str) -> list[tuple[str, bool]]:
    """The pieces of a text in which <Esc> is a key, each with whether it is one.

    What cannot be printed, as in a strange file's name, is written in ASCII: cv2 crashes on it.
    """
    found = []
    for number, piece in enumerate(KEY_IN_TEXT.split(printable(text))):
        is_key = number % 2 == 1  # words and keys come in turns
        found.append((piece, is_key))
    return found


class Sheet:
    """A picture of the window to draw on: places in pixels, sizes of text and lines in units.

    layout tells where things stand on it. In each text that is written, <Esc> and the names of the
    other keys are drawn as keys.
    """

    def __init__(self, layout: Layout) -> None:
        """A sheet in the panel's colour."""
        width, height = layout.size
        self.layout = layout
        self.whole = Box(0, 0, width, height)
        self.scale = layout.scale
        self.pixels = layout.pixels
        self.image = np.empty((height, width, 3), np.uint8)
        self.fill(self.whole, PANEL_COLOUR)

    def area(self, box: Box) -> np.ndarray:
        """The pixels in a box, as far as it lies on the sheet: a view."""
        return crop(self.image, box.clipped(self.whole))

    def fill(self, box: Box, colour: Colour) -> None:
        """Fill a box."""
        cv2.rectangle(self.image, box, colour, cv2.FILLED)  # ten times as fast as NumPy

    def outline(self, box: Box, colour: Colour, width: float = 1) -> None:
        """Draw a frame inside the edges of a box."""
        line = self.pixels(width)
        top, _ = box.split_top(line)
        _, bottom = box.split_bottom(line)
        left, _ = box.split_left(line)
        _, right = box.split_right(line)
        for edge in (top, bottom, left, right):
            self.fill(edge, colour)

    def rounded(self, box: Box, colour: Colour) -> None:
        """Fill a box with round corners."""
        radius = min(self.pixels(4), box.width // 2, box.height // 2)
        self.fill(box.inset(radius, 0), colour)
        self.fill(box.inset(0, radius), colour)
        centers = box.inset(radius)
        for x in (centers.x, centers.right - 1):
            for y in (centers.y, centers.bottom - 1):
                cv2.circle(self.image, (x, y), radius, colour, cv2.FILLED, cv2.LINE_AA)

    def squares(self, box: Box, image: np.ndarray) -> None:
        """Put a small BGR image into a box, its pixels as squares."""
        size = box.width, box.height
        self.area(box)[:] = cv2.resize(image, size, interpolation=cv2.INTER_NEAREST)

    def draw_digit_image(self, box: Box, image: np.ndarray) -> None:
        """Put a digit image into a box."""
        grey = np.uint8(255 * image)
        self.squares(box, cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR))

    def write(self, box: Box, text: str, style: Style) -> None:
        """Write a text at half the height of a box, at the side of it that the style aligns to.

        A text that is too wide is written smaller, and shortened where it would be too small.
        """
        style = self.style_that_fits(text, style, box.width)
        text = self._shortened(text, style, box.width)
        spare = box.width - self.measure(text, style)
        x = box.x
        if style.align == "middle":
            x += spare / 2
        if style.align == "right":
            x += spare
        capitals = CAPITALS * max(SMALLEST_TEXT, style.size * self.scale)
        baseline = box.center[1] + capitals / 2
        for piece, is_key in words_and_keys(text):
            if is_key:
                x += self._draw_key(piece, x, baseline - capitals / 2)
            else:
                x += self._write_words(piece, x, baseline, style)

    def lines(self, box: Box, lines: Sequence[str], style: Style) -> None:
        """Write lines one below another from the top of a box."""
        pitch = self.pixels(1.5 * style.size)
        for line in lines:
            place, box = box.split_top(pitch)
            self.write(place, line, style)

    def note(self, box: Box, text: str, style: Style) -> None:
        """Write a text on a ground of its own at the top left of a box."""
        margin = self.pixels(8)
        width = self.measure(text, style) + 2 * margin
        line, _ = box.split_top(self.pixels(NOTE_HEIGHT))
        ground = line._replace(width=min(width, box.width))
        self.rounded(ground, PANEL_COLOUR)
        self.write(ground.inset(margin, 0), text, style)

    def measure(self, text: str, style: Style) -> int:
        """How wide a text is, in pixels."""
        width = 0
        for piece, is_key in words_and_keys(text):
            if is_key:
                width += self._key_width(piece) + self.pixels(KEY_GAP)
            else:
                width += width_of(piece, *self._font(style))
        return width

    def style_that_fits(self, text: str, style: Style, width: int) -> Style:
        """The style, smaller where the text would be wider than so many pixels."""
        wanted = self.measure(text, style)
        if wanted <= width:
            return style
        pixels = math.floor(style.size * self.scale * width / wanted)
        return style._replace(size=pixels / self.scale)

    def _shortened(self, text: str, style: Style, width: int) -> str:
        """The text; without its middle where it would be wider than so many pixels."""
        middle = len(text) // 2
        begin, end = text[:middle], text[middle:]
        while self.measure(text, style) > width and len(begin) > SHORTEST_TEXT // 2:
            begin, end = begin[:-1], end[1:]
            text = f"{begin}…{end}"
        return text

    def _font(self, style: Style) -> tuple[str, int, int]:
        """The name of a style's font, its size in pixels and its weight."""
        size = round(style.size * self.scale)
        return style.face, max(SMALLEST_TEXT, size), style.weight

    def _write_words(self, text: str, x: float, baseline: float, style: Style) -> int:
        """Write a text without keys from x on; return its width."""
        face, size, weight = self._font(style)
        place = round(x), round(baseline)
        cv2.putText(self.image, text, place, style.colour, font(face, weight), size, weight)
        return width_of(text, face, size, weight)

    def _key_width(self, key: str) -> int:
        """How wide a key in a text is, in pixels."""
        name = self.measure(key, CAP_STYLE)
        return self.pixels(8) + max(self.pixels(10), name)

    def _draw_key(self, key: str, x: float, middle: float) -> int:
        """Draw a key in a text from x on, at this height; return its width and that of a gap."""
        height = self.pixels(17)
        top = middle - height / 2
        cap = Box(round(x), round(top), self._key_width(key), height)
        self.rounded(cap, POINTED_COLOUR)
        self.write(cap, key, CAP_STYLE)
        return cap.width + self.pixels(KEY_GAP)


# --- window: why it is this answer -----------------------------------------------------------

PATCH = 4  # pixels of a digit image: the side of what is left out at a time, to tell why
LEAST_INK = 2  # a patch is left out only if its ink makes more than so many full pixels
LEAST_SHARE = 1e-9  # probabilities keep this distance from 0 and 1, whose log odds are infinite
RUNNER_UP = 0.01  # an answer with a smaller probability is no rival: its ink gets no colour


class Explanation(NamedTuple):
    """What the ink of a part speaks for, patch by patch."""

    answer: int  # a digit or OTHER
    runner_up: int | None  # the same; None where no other answer is probable enough
    taught: bool  # whether the answer comes from a lesson
    strengths: np.ndarray  # in [0, 1], shape (rows, columns): of each patch of the ink's box
    is_for_runner_up: np.ndarray  # bool, the same shape; other patches speak for the answer


def probability(prediction: Prediction, answer: int) -> float:
    """The probability of a digit, or of OTHER: that it is no digit."""
    if answer == OTHER:
        return prediction.none
    return float(prediction.probabilities[answer])


def answer_of(prediction: Prediction) -> int:
    """The digit that was answered, or OTHER."""
    if prediction.digit is None:
        return OTHER
    return prediction.digit


def name_of(answer: int | None) -> str:
    """What an answer is called in a sentence: "7", "no digit"."""
    if answer is None or answer == OTHER:
        return "no digit"
    return str(answer)


def why_in_words(explanation: Explanation) -> str:
    """Why this answer: "6 rather than 5"."""
    answer = name_of(explanation.answer)
    if explanation.taught:
        return f"why {answer}: you taught it"
    if explanation.runner_up is None:
        return f"why {answer}: nothing else comes near"
    return f"why {answer} rather than {name_of(explanation.runner_up)}"


def log_odds(prediction: Prediction) -> np.ndarray:
    """The logarithms of the odds of all answers that have a bar, shape (11,)."""
    shares = [probability(prediction, answer) for answer in BARS]
    shares = np.clip(shares, LEAST_SHARE, 1 - LEAST_SHARE)
    return np.log(shares / (1 - shares))


def without_each_patch(image: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Digit images in each of which a patch of the ink is missing, and which patch that is.

    The ink's box is cut into rows and columns of patches. Gives the images, shape (n, 28, 28), and
    a mask, shape (rows, columns), of the n patches that hold enough ink to be left out.
    """
    box = Box(*cv2.boundingRect(np.uint8(image > 0)))
    rows = rows_of(box, math.ceil(box.height / PATCH))
    columns = math.ceil(box.width / PATCH)
    images = []
    holds_ink = np.zeros((len(rows), columns), bool)
    for row, row_box in enumerate(rows):
        for column, patch in enumerate(columns_of(row_box, columns)):
            without = image.copy()
            area = crop(without, patch)
            holds_ink[row, column] = area.sum() > LEAST_INK
            if holds_ink[row, column]:
                area[:] = 0
                images.append(without)
    return np.reshape(images, (-1, IMAGE_SIZE, IMAGE_SIZE)), holds_ink


def explain(part: Part, recognizer: Recognizer) -> Explanation:
    """What each patch of a part's ink speaks for: for what is less probable without the patch.

    After Zeiler and Fergus, "Visualizing and understanding convolutional networks", 2014.
    """
    images, holds_ink = without_each_patch(part.image)
    # The part is judged by itself, whatever stands beside it.
    judged, *after = recognizer.predict_all(np.concatenate([part.image[None], images]))
    before = log_odds(judged)
    falls = np.zeros((len(BARS), *holds_ink.shape))  # of each answer's log odds
    for place, prediction in zip(np.argwhere(holds_ink), after, strict=True):
        falls[:, *place] = before - log_odds(prediction)
    first = BARS.index(answer_of(part.prediction))  # amid a word, not the network's likeliest one
    second = next(place for place in np.argsort(before)[::-1] if place != first)
    runner_up = BARS[second]
    if probability(judged, runner_up) < RUNNER_UP:
        runner_up = None
        falls[second] = 0  # no ink speaks for it
    is_for_runner_up = falls[second] > falls[first].clip(0)
    strengths = np.where(is_for_runner_up, strength(falls[second]), strength(falls[first]))
    return Explanation(BARS[first], runner_up, part.prediction.taught, strengths, is_for_runner_up)


def strength(falls: np.ndarray) -> np.ndarray:
    """How strongly patches of ink speak for an answer, in [0, 1], by how far its log odds fall."""
    most = max(1, falls.max())  # a fall below 1 is weak, even where no other is greater
    return falls.clip(0) / most


# --- window: the network's layers ------------------------------------------------------------

LAYER_TEXT = 12.5
SMALLEST_PARTED = 4  # pixels; larger squares have a line between them
WEIGHTS = 50  # the side of the square of a map's weights
# They change no value. In lower case: our own kinds, and Keras's classes of other networks.
KINDS_NOT_SHOWN = ("flatten", "reshape", "dropout", "inputlayer")
LAYERS_HEADING = "Inside the network"
LAYERS_HINT = ["bright: strong", "point at a map:", "green: what it sees"]
ANSWER_NAMES = [*DIGITS, "?", "??"]  # "??": several characters
LARGEST_NAME = 13  # the size of a unit's name in its square, in units of the window
SMALLEST_NAME = 8  # smaller ones could not be read
NAME_IN_SQUARE = 0.7  # of the square's side: so a "W" and an "@" have room


def heat() -> np.ndarray:
    """The colours of values from 0 to 255, shape (256, 1, 3): the canvas's, orange, white."""
    white = (255, 255, 255)
    channels = []
    for stops in zip(CANVAS_COLOUR, BEST_COLOUR, white, strict=True):  # blue, green, red
        channels.append(np.interp(range(256), [0, 150, 255], stops))
    return np.uint8(np.dstack(channels)).reshape(256, 1, 3)


HEAT = heat()


def look_inside(image: np.ndarray, network: Network) -> list[LayerOutput]:
    """What each layer makes of a digit image, without those that change no value."""
    activations = []
    for activation in network.activations(np.float32(image)[None]):
        if activation.kind.lower() in KINDS_NOT_SHOWN:
            continue
        values = activation.values
        if values.ndim != 4:
            values = values.reshape(1, -1)
        activations.append(activation._replace(values=values))
    return activations


def field_of(units: Box, name: str, layers: Sequence[Layer]) -> Box:
    """What of the digit image some units of a layer depend on: their receptive field."""
    whole = Box(0, 0, IMAGE_SIZE, IMAGE_SIZE)
    names = [layer.name for layer in layers]
    for layer in reversed(layers[: names.index(name) + 1]):
        if layer.kind == "pooling":
            units = units.scaled(2)
        elif layer.kind == "convolution":
            units = under_kernel(units, layer)
        else:
            return whole
    return units.clipped(whole)


def under_kernel(units: Box, layer: Layer) -> Box:
    """What some units of a convolution depend on in the layer before it."""
    height, width = layer.weights.shape[:2]
    x, y = units.x, units.y
    if layer.padding == "same":
        x -= (width - 1) // 2
        y -= (height - 1) // 2
    return Box(x, y, units.width + width - 1, units.height + height - 1)


def names_of_layers(activations: Sequence[LayerOutput]) -> list[str]:
    """What each layer is called: "convolution 1", "pooling 1", ..., "answers"."""
    words = []
    for activation in activations[:-1]:
        words.append("kinds of characters" if is_of_kinds(activation) else activation.kind)
    names = []
    for index, word in enumerate(words):
        name = word
        if words.count(word) > 1:
            before = words[:index].count(word)
            name = f"{word} {before + 1}"
        names.append(name)
    return [*names, "answers"]


def shape_in_words(values: np.ndarray) -> str:
    """The shape of what a layer makes of one image: "32 maps, 28×28", "128 units"."""
    if values.ndim == 1:
        return f"{len(values)} units"
    height, width, maps = values.shape
    return f"{maps} maps, {width}×{height}"


def names_of_units(activations: Sequence[LayerOutput], layer: int) -> Sequence[str]:
    """What the units of a layer stand for: the answers or kinds of characters; [] for nothing."""
    if is_of_kinds(activations[layer]):
        return [*ANSWER_NAMES, *NAMED_CHARACTERS]
    is_last = layer == len(activations) - 1
    return ANSWER_NAMES[: activations[layer].values.shape[1]] if is_last else []


def is_of_kinds(activation: LayerOutput) -> bool:
    """Whether a layer is that of the default recipe whose units stand for kinds of characters."""
    return activation.name == "kinds" and activation.values.shape[1:] == (len(ANSWER_OF_KIND),)


class Unit(NamedTuple):
    """A unit of the network that is pointed at."""

    layer: int  # its layer, as an index into the view's activations
    map: int  # its map
    place: Box  # in its map, one by one
    tile: Box  # where its map is shown


def unit_pointed_at(layout: Layout, view: View) -> Unit | None:
    """The unit of the network under the pointer."""
    target = pointed_at(layout, view)
    if target is None or target.kind != "map":
        return None
    layer, number = target.value
    values = view.activations[layer].values
    tile = layout.layer_grids(view)[layer].tile(number)
    if values.ndim == 2:
        return Unit(layer, number, Box(0, 0, 1, 1), tile)
    height, width = values.shape[1:3]
    x, y = view.pointer
    row = (y - tile.y) * height // tile.height
    column = (x - tile.x) * width // tile.width
    return Unit(layer, number, Box(column, row, 1, 1), tile)


def shade(values: np.ndarray) -> np.ndarray:
    """Values of a layer as uint8, 255 the greatest; by their roots, which show weak ones, too."""
    least = min(0.0, float(values.min()))  # of layers that have negative values
    greatest = max(float(values.max()), least + 1e-6)
    shares = (values - least) / (greatest - least)
    return np.uint8(255 * np.sqrt(shares))


def as_maps(values: np.ndarray) -> np.ndarray:
    """The values of a layer as maps, (height, width, maps): of a unit the map is one pixel."""
    if values.ndim == 1:
        return values[None, None]
    return values


def mosaic(maps: np.ndarray, grid: Grid) -> np.ndarray:
    """All maps of a layer, uint8, shape (height, width, maps), side by side as in its grid: BGR."""
    height, width, count = maps.shape
    picture = np.zeros((grid.rows * height, grid.columns * width), np.uint8)
    for number in range(count):
        row, column = divmod(number, grid.columns)
        place = Box(column * width, row * height, width, height)
        crop(picture, place)[:] = maps[:, :, number]
    how = cv2.INTER_AREA if grid.side < height else cv2.INTER_NEAREST
    size = grid.box.width, grid.box.height
    picture = cv2.resize(picture, size, interpolation=how)
    return cv2.applyColorMap(picture, HEAT)


def draw_layers(sheet: Sheet, view: View) -> None:
    """Draw what each layer of the network makes of the chosen part."""
    layout = sheet.layout
    line = layout.layers._replace(width=sheet.pixels(1))
    if layout.layers.x == 0:  # they stand below the panel
        line = layout.layers._replace(height=sheet.pixels(1))
    sheet.fill(line, EDGE_COLOUR)
    draw_seen(sheet, view)
    names = names_of_layers(view.activations)
    grids = layout.layer_grids(view)
    for number, (grid, name) in enumerate(zip(grids, names, strict=False)):
        values = view.activations[number].values[0]
        height = sheet.pixels(LAYER_TITLE)
        title = layout.layers_room._replace(y=grid.y - height, height=height)
        sheet.write(title, f"{name}: {shape_in_words(values)}", Style(LAYER_TEXT, QUIET_COLOUR))
        draw_layer(sheet, grid, values)
        draw_names_of_units(sheet, grid, values, names_of_units(view.activations, number))


def draw_seen(sheet: Sheet, view: View) -> None:
    """Draw the digit image that the network is given, large."""
    box = sheet.layout.digit_image
    sheet.fill(box, CANVAS_COLOUR)
    if view.part:
        sheet.draw_digit_image(box, view.part.image)
    sheet.outline(box.inset(-sheet.pixels(1)), EDGE_COLOUR)


def draw_layer(sheet: Sheet, grid: Grid, values: np.ndarray) -> None:
    """Draw the maps, (height, width, maps), or the units, (units,), of one layer."""
    shades = shade(as_maps(values))
    area = sheet.area(grid.box)
    area[:] = mosaic(shades, grid)
    if grid.side > SMALLEST_PARTED:
        area[grid.side - 1 :: grid.side] = PANEL_COLOUR
        area[:, grid.side - 1 :: grid.side] = PANEL_COLOUR
    for number in range(grid.count, grid.rows * grid.columns):  # places left over
        sheet.fill(grid.tile(number), PANEL_COLOUR)


def draw_names_of_units(sheet: Sheet, grid: Grid, values: np.ndarray, names: Sequence[str]) -> None:
    """Write into the squares of units, with these values, what they stand for, if one can read it.

    names may be empty: most layers' units stand for nothing in particular.
    """
    size = min(LARGEST_NAME, NAME_IN_SQUARE * grid.side / sheet.layout.scale)
    if not names or size < SMALLEST_NAME:
        return
    for number, (name, light) in enumerate(zip(names, shade(values), strict=True)):
        colour = CANVAS_COLOUR if light > 127 else QUIET_COLOUR
        sheet.write(grid.tile(number), name, Style(size, colour, 600, "middle"))


def draw_pointed_unit(sheet: Sheet, view: View, network: Network) -> None:
    """Draw the map that is pointed at large, and what its unit under the pointer looks at."""
    unit = unit_pointed_at(sheet.layout, view)
    if unit is None:
        draw_layers_hint(sheet)
        return
    draw_unit(sheet, view, unit)
    name = view.activations[unit.layer].name
    layers = {layer.name: layer for layer in network.layers}
    draw_weights(sheet, layers[name], unit.map)
    field = field_of(unit.place, name, network.layers)
    draw_field(sheet, view, field)


def draw_layers_hint(sheet: Sheet) -> None:
    """Say what one sees of the network, and that one may point at it."""
    heading, below = sheet.layout.unit_words.split_top(sheet.pixels(22))
    sheet.write(heading, LAYERS_HEADING, Style(15, TEXT_COLOUR, 600))
    sheet.lines(below, LAYERS_HINT, Style(LAYER_TEXT, QUIET_COLOUR))


def draw_unit(sheet: Sheet, view: View, unit: Unit) -> None:
    """Draw the map that is pointed at large, with the unit framed, and say which it is."""
    layout = sheet.layout
    sheet.outline(unit.tile, FIELD_COLOUR, 1.5)
    values = view.activations[unit.layer].values[0]
    maps = as_maps(values)
    _, width, count = maps.shape
    box = layout.large_map
    alone = Grid(box.x, box.y, box.width, columns=1, count=1)
    shades = shade(maps)[:, :, [unit.map]]
    sheet.area(box)[:] = mosaic(shades, alone)
    sheet.outline(box.inset(-sheet.pixels(1)), EDGE_COLOUR)
    place = unit.place.scaled(box.width / width, box.x, box.y)
    sheet.outline(place, FIELD_COLOUR, 1.5)
    name = names_of_layers(view.activations)[unit.layer]
    thing = "map" if values.ndim == 3 else "unit"
    value = maps[unit.place.y, unit.place.x, unit.map]
    lines = [name, f"{thing} {unit.map + 1} of {count}", f"here {value:.2f}"]
    names_of_its_units = names_of_units(view.activations, unit.layer)
    if names_of_its_units:
        lines.append(f"it stands for {names_of_its_units[unit.map]}")
    sheet.lines(layout.unit_words, lines, Style(LAYER_TEXT, TEXT_COLOUR))


def draw_weights(sheet: Sheet, layer: Layer, number: int) -> None:
    """Draw the weights of one map of a convolution that looks at the digit image itself."""
    if layer.weights.ndim != 4 or layer.weights.shape[2] != 1:
        return
    weights = layer.weights[:, :, 0, number]
    side = sheet.pixels(WEIGHTS)
    _, room = sheet.layout.unit_words.split_bottom(side)
    square, caption = room.split_left(side)
    strongest = max(np.abs(weights).max(), 1e-9)  # all may be 0
    strengths = np.abs(weights[:, :, None]) / strongest
    colours = np.where(weights[:, :, None] > 0, BEST_COLOUR, OTHER_COLOUR)
    sheet.squares(square, np.uint8(colours * strengths))
    _, caption = caption.split_left(sheet.pixels(8))
    if caption.width > side:
        sheet.lines(caption, ["its weights", "orange +", "blue −"], Style(11, QUIET_COLOUR))


def draw_field(sheet: Sheet, view: View, field: Box) -> None:
    """Frame on the digit image and on the drawing what a unit of the network looks at."""
    layout = sheet.layout
    image = layout.digit_image
    in_image = field.scaled(image.width / IMAGE_SIZE, image.x, image.y)
    sheet.outline(in_image, FIELD_COLOUR, 1.5)
    if view.part is None:
        return
    ink = Box(*cv2.boundingRect(np.uint8(view.part.image > 0)))
    shown = layout.part_boxes(view)[view.chosen]
    scale = shown.longest / max(1, ink.longest)
    # The digit image's top left, where its ink lies on the ink that is shown.
    left, top = np.subtract(shown.center, np.multiply(scale, ink.center))
    frame = field.scaled(scale, left, top).clipped(layout.canvas)
    around = frame.inset(-sheet.pixels(1))
    sheet.outline(around, CANVAS_COLOUR, 4)  # for it to be seen on white ink, too
    sheet.outline(frame, FIELD_COLOUR, 2)


# --- window: drawing it ----------------------------------------------------------------------

LOOK_TWICE = 0.85  # of digits by 35 hands 84 % read with 0.80 to 0.85 were right, 96 % up to 0.90
SMALLEST_FIGURE = 0.001  # a smaller probability is not written beside its bar
CONFIDENCE_WIDTH = 106  # at the right of the answer
BAR_LABEL = 42  # the width of what stands left of a bar
BAR_FIGURE = 58  # and right of it
LABEL_RATIO = 1.35  # a part's label is so many times as high as its text
SMALLEST_LABEL = 9  # the size of its text, where the part is small
LARGEST_LABEL = 16  # and where it is large
LEGEND_WIDTH = 300  # of what is said of the colours of "why"
MESSAGE_HEIGHT = 44
INVITATION = ("Draw a digit", "or several, side by side")


class Meaning(NamedTuple):
    """What help says of a thing that is seen."""

    thing: str
    meaning: str
    ground: Colour = CAP_COLOUR  # what the thing's name is written on, and in which colour
    ink: Colour = TEXT_COLOUR


MEANINGS = [
    Meaning("a part", "point at it: its bars, and why"),
    Meaning("a bar", "click on it: it is this one"),
    Meaning("a map", "point at it: what it looks at"),
    Meaning("orange", "a sure answer; ink that speaks for it", BEST_COLOUR, CANVAS_COLOUR),
    Meaning("blue", "ink that speaks for the runner-up", OTHER_COLOUR),
    Meaning("grey", "a guess, or no digit: look twice", QUIET_COLOUR, CANVAS_COLOUR),
]


def draw(view: View, layout: Layout, recognizer: Recognizer) -> np.ndarray:
    """The window's picture: uint8 BGR, shape (height, width, 3)."""
    sheet = Sheet(layout)
    pointed = pointed_at(layout, view)
    explanation = None
    if view.why and view.part:
        explanation = explain(view.part, recognizer)
    draw_caps(sheet, view, pointed)
    draw_answer(sheet, view)
    draw_thumbnails(sheet, view)
    draw_bars(sheet, view, pointed)
    draw_image(sheet, view, explanation)
    draw_part_labels(sheet, view)
    if layout.layers:
        draw_layers(sheet, view)
        draw_pointed_unit(sheet, view, recognizer.network)
    if view.help:
        draw_help(sheet)
    else:
        draw_notes(sheet, view, explanation)
        draw_ring(sheet, view)
    draw_message(sheet, view)
    return sheet.image


def answer_colour(prediction: Prediction) -> Colour:
    """Orange for an answer that one can rely on, else grey."""
    if prediction.digit is None or prediction.confidence < LOOK_TWICE:
        return QUIET_COLOUR
    return BEST_COLOUR


def draw_answer(sheet: Sheet, view: View) -> None:
    """Draw what was read in large type, how sure that is, and how to put it right."""
    box = sheet.layout.answer
    if view.flash:
        ground = box.inset(-sheet.pixels(5))
        sheet.rounded(ground, POINTED_COLOUR)
    upper, lower = box.split_top(round(0.8 * box.height))
    reading = view.reading
    if reading is None:
        sheet.write(upper, "?", Style(96, EDGE_COLOUR, 600))
        return
    number, right = upper.split_right(sheet.pixels(CONFIDENCE_WIDTH))
    draw_number(sheet, number, reading)
    _, right = right.split_top(sheet.pixels(20))
    figure, right = right.split_top(sheet.pixels(28))
    caption, _ = right.split_top(sheet.pixels(20))
    sheet.write(figure, f"{reading.confidence:.1%}", Style(24, align="right", face="uni"))
    sheet.write(caption, confidence_in_words(reading), Style(14, QUIET_COLOUR, align="right"))
    hint = "wrong? press its digit, or click its bar"
    if len(view.parts) > 1:
        hint = "wrong? type the right number"
    sheet.write(lower, hint, Style(14, QUIET_COLOUR))


def confidence_in_words(reading: Reading) -> str:
    """What the figure of a reading's confidence stands for."""
    if any(prediction.taught for prediction in reading.digits):
        return "from a lesson"
    if reading.confidence < LOOK_TWICE:
        return "a guess"
    return "confidence"


def draw_number(sheet: Sheet, box: Box, reading: Reading) -> None:
    """Write what was read, row by row, as large as it fits into a box."""
    rows = reading.text.split(" ") if reading.has_digit else ["no digit"]
    is_sure = reading.digits_alone and reading.confidence >= LOOK_TWICE
    colour = BEST_COLOUR if is_sure else QUIET_COLOUR
    ways = [joined_rows(rows, count) for count in range(1, len(rows) + 1)]
    lines = max(ways, key=lambda lines: largest_size_of_text(sheet, box, lines))
    style = Style(largest_size_of_text(sheet, box, lines), colour, 600)
    for line, place in zip(lines, rows_of(box, len(lines)), strict=True):
        sheet.write(place, line, style)


def joined_rows(rows: Sequence[str], count: int) -> list[str]:
    """Lines, each of so many rows with spaces between them; the last may have fewer."""
    lines = []
    for start in range(0, len(rows), count):
        line = rows[start : start + count]
        lines.append(" ".join(line))
    return lines


def largest_size_of_text(sheet: Sheet, box: Box, lines: Sequence[str]) -> float:
    """The size in units in which lines of bold text fit into a box."""
    pitch = box.height / len(lines)
    style = Style(1.2 * pitch / sheet.scale, weight=600)  # figures are lower than their size
    return min(sheet.style_that_fits(line, style, box.width).size for line in lines)


def draw_thumbnails(sheet: Sheet, view: View) -> None:
    """Draw the digit images of the parts; the one that the bars are of is framed."""
    layout = sheet.layout
    boxes = layout.thumbnail_boxes(view)
    if not boxes:
        return
    words = "the network sees"
    if len(boxes) > 1:
        words = f"the network sees; the bars are of the framed {view.part.prediction}"
    label = layout.thumbnails._replace(height=sheet.pixels(14))
    sheet.write(label, words, Style(13, QUIET_COLOUR))
    for part, box in zip(view.parts, boxes, strict=True):
        sheet.draw_digit_image(box, part.image)
        sheet.outline(box, CAP_COLOUR)
    if len(boxes) > 1:
        chosen = boxes[view.chosen]
        sheet.outline(chosen.inset(-sheet.pixels(1)), BEST_COLOUR, 2.5)


def draw_bars(sheet: Sheet, view: View, pointed: Target | None) -> None:
    """Draw the probabilities of one part's ten digits, and that it is none."""
    prediction = view.part.prediction if view.part else None
    for answer, box in zip(BARS, sheet.layout.bars, strict=True):
        if pointed == Target("bar", answer):
            sheet.rounded(box, CAP_COLOUR)
        draw_bar(sheet, box, answer, prediction)


def draw_bar(sheet: Sheet, box: Box, answer: int, prediction: Prediction | None) -> None:
    """Draw the probability of one answer."""
    is_best = prediction is not None and answer == answer_of(prediction)
    style = Style(15, QUIET_COLOUR)
    if is_best:
        style = Style(15, TEXT_COLOUR, 700)
    name = "none" if answer == OTHER else str(answer)
    sheet.write(box, name, style)
    _, bar = box.split_left(sheet.pixels(BAR_LABEL))
    bar, figure = bar.split_right(sheet.pixels(BAR_FIGURE))
    bar = bar.inset(0, bar.height // 8)
    sheet.fill(bar, TROUGH_COLOUR)
    sheet.outline(bar, EDGE_COLOUR)
    share = probability(prediction, answer) if prediction else 0
    if share < SMALLEST_FIGURE:
        return
    filled = round(share * bar.width)
    colour = answer_colour(prediction) if is_best else BAR_COLOUR
    sheet.fill(bar._replace(width=max(1, filled)), colour)
    style = Style(14, style.colour, align="right", face="uni")
    sheet.write(figure, f"{share:.1%}", style)


def draw_caps(sheet: Sheet, view: View, pointed: Target | None) -> None:
    """Draw the keys that can be clicked, as copies: that saves a quarter of a frame's time."""
    layout = sheet.layout
    name = None
    if pointed and pointed.kind == "key":
        name = pointed.value
    drawn = caps_drawn(layout, frozenset(view.lit), name)
    for box in layout.caps.values():
        sheet.area(box)[:] = drawn.area(box)


@functools.lru_cache(maxsize=4)
def caps_drawn(layout: Layout, lit: frozenset[str], pointed: str | None) -> Sheet:
    """A sheet with nothing but the keys, those that are switched on and the one pointed at."""
    sheet = Sheet(layout)
    for name, box in layout.caps.items():
        draw_cap(sheet, box, name, name in lit, name.lower() == pointed)
    return sheet


def draw_cap(sheet: Sheet, box: Box, name: str, is_lit: bool, is_pointed: bool) -> None:
    """Draw a key that can be clicked, and what it does in a word."""
    face, _ = box.split_bottom(sheet.pixels(2))
    sheet.rounded(box, BEST_COLOUR if is_lit else TROUGH_COLOUR)  # the cap's lower rim
    sheet.rounded(face, POINTED_COLOUR if is_pointed else CAP_COLOUR)
    style = Style(13, BEST_COLOUR if is_lit else TEXT_COLOUR, 600)
    text = face.inset(sheet.pixels(6), 0)
    sheet.write(text, name, style)
    key_width = sheet.measure(name, style) + sheet.pixels(6)
    _, word = text.split_left(max(sheet.pixels(13), key_width))
    sheet.write(word, CAPS[name], Style(13, QUIET_COLOUR))


def draw_image(sheet: Sheet, view: View, explanation: Explanation | None) -> None:
    """Draw the drawing or picture, its parts outlined, in colour what its ink speaks for."""
    layout = sheet.layout
    sheet.fill(layout.canvas, CANVAS_COLOUR)
    area = sheet.area(fitted(layout.canvas, view.size))
    image = as_shown(view, explanation, size_of(area))
    if view.is_drawing:  # it has the canvas's colour behind it, and its ink is before the outlines
        draw_outlines(sheet, view)
        cv2.max(area, image, area)
    else:
        area[:] = image
        draw_outlines(sheet, view)


def as_shown(view: View, explanation: Explanation | None, size: tuple[int, int]) -> np.ndarray:
    """The drawing or picture in the size in which it is shown, BGR."""
    image = view.image
    if image.ndim == 2:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    if explanation:
        image = tinted(image, view, explanation)
    how = cv2.INTER_AREA if size[0] < view.size[0] else cv2.INTER_LINEAR
    return cv2.resize(image, size, interpolation=how)


def tinted(image: np.ndarray, view: View, explanation: Explanation) -> np.ndarray:
    """A BGR image with the chosen part's ink in the colours of what it speaks for."""
    box = view.part_boxes()[view.chosen]
    size = box.width, box.height
    colours = np.where(explanation.is_for_runner_up[:, :, None], OTHER_COLOUR, BEST_COLOUR)
    colours = cv2.resize(np.uint8(colours), size, interpolation=cv2.INTER_NEAREST)
    shares = cv2.resize(np.float32(explanation.strengths), size) * ink_of_part(view, box)
    coloured = image.copy()
    area = crop(coloured, box)
    area[:] = cv2.blendLinear(crop(image, box), colours, 1 - shares, shares)
    return coloured


def ink_of_part(view: View, box: Box) -> np.ndarray:
    """How much ink of the chosen part is at each pixel of its box: [0, 1]."""
    if view.is_drawing:  # its ink is what is white
        return crop(view.image, box) / np.float32(255)
    return cv2.resize(np.float32(view.part.mask), (box.width, box.height))


def outlines_of_parts(sheet: Sheet, view: View) -> list[Box]:
    """The outlines around the parts, where there are several."""
    if len(view.parts) < 2:
        return []
    return [box.inset(-sheet.pixels(3)) for box in sheet.layout.part_boxes(view)]


def draw_outlines(sheet: Sheet, view: View) -> None:
    """Outline each of several parts, the one that the bars are of in its answer's colour."""
    for number, outline in enumerate(outlines_of_parts(sheet, view)):
        colour = EDGE_COLOUR
        if number == view.chosen:
            colour = answer_colour(view.part.prediction)
        sheet.outline(outline.clipped(sheet.layout.canvas), colour, 1.5)


def draw_part_labels(sheet: Sheet, view: View) -> None:
    """Write beside each of several parts what it was read as."""
    labels = label_places(sheet, outlines_of_parts(sheet, view))
    for part, label in zip(view.parts, labels, strict=False):  # one part has no label
        sheet.rounded(label, PANEL_COLOUR)
        size = label.height / LABEL_RATIO / sheet.scale
        style = Style(size, answer_colour(part.prediction), 600, "middle")
        sheet.write(label, str(part.prediction), style)


def label_places(sheet: Sheet, outlines: Sequence[Box]) -> list[Box]:
    """Where each part's label stands: beside it where that is free, else in its corner."""
    places = []
    for outline in outlines:
        height = outline.height / sheet.scale  # in units
        size = np.clip(0.3 * height, SMALLEST_LABEL, LARGEST_LABEL)
        side = sheet.pixels(LABEL_RATIO * size)
        places.append(place_beside(outline, side, sheet.layout.canvas, [*outlines, *places]))
    return places


def place_beside(outline: Box, side: int, room: Box, taken: Sequence[Box]) -> Box:
    """A square of this side in a room: beside an outline where that is free, else in its corner."""
    for place in beside(outline, side):
        if is_free(place, room, taken):
            return place
    return outline._replace(width=side, height=side)


def beside(outline: Box, side: int) -> list[Box]:
    """Places for a square of this side: below an outline, above it, at its right, at its left."""
    middle = outline.x + (outline.width - side) // 2
    foot = outline.bottom - side
    return [
        Box(middle, outline.bottom, side, side),
        Box(middle, outline.y - side, side, side),
        Box(outline.right, foot, side, side),
        Box(outline.x - side, foot, side, side),
    ]


def is_free(place: Box, room: Box, taken: Sequence[Box]) -> bool:
    """Whether a place lies in a room, and on none of the boxes that are taken."""
    if place.clipped(room) != place:
        return False
    return not any(place.meets(box) for box in taken)


def draw_notes(sheet: Sheet, view: View, explanation: Explanation | None) -> None:
    """Draw the status lines and what colours stand for, each on its own ground; the invitation."""
    canvas = sheet.layout.canvas
    pitch = sheet.pixels(NOTE_PITCH)
    room = canvas.inset(sheet.pixels(10))
    for line in view.status:
        sheet.note(room, line, Style(13, QUIET_COLOUR))
        _, room = room.split_top(pitch)
    if explanation:
        draw_legend(sheet, legend_place(sheet, view, room), explanation)
    if view.invitation:
        large, small = view.invitation
        lower = canvas._replace(y=canvas.y + sheet.pixels(42))
        sheet.write(canvas, large, Style(40, QUIET_COLOUR, 500, "middle"))
        sheet.write(lower, small, Style(17, QUIET_COLOUR, align="middle"))


def legend_place(sheet: Sheet, view: View, room: Box) -> Box:
    """Where the legend stands: at the top of the room, or at its foot if it would hide the ink."""
    height = 3 * sheet.pixels(NOTE_PITCH)
    room = room._replace(width=sheet.pixels(LEGEND_WIDTH))
    top, _ = room.split_top(height)
    above_message, _ = room.split_bottom(sheet.pixels(MESSAGE_HEIGHT))
    _, foot = above_message.split_bottom(height)
    ink = sheet.layout.part_boxes(view)[view.chosen]
    if ink.meets(top) and not ink.meets(foot):
        return foot
    return top


def draw_legend(sheet: Sheet, room: Box, explanation: Explanation) -> None:
    """Say why it is this answer, and what the ink's colours stand for."""
    sheet.note(room, why_in_words(explanation), Style(14))
    _, room = room.split_top(sheet.pixels(NOTE_PITCH))
    meanings = [(BEST_COLOUR, explanation.answer)]
    if explanation.runner_up is not None:
        meanings.append((OTHER_COLOUR, explanation.runner_up))
    for colour, answer in meanings:
        sample, words = room.split_left(sheet.pixels(14))
        sheet.note(words, f"speaks for {name_of(answer)}", Style(14))
        sheet.fill(sample._replace(height=sheet.pixels(NOTE_HEIGHT)), colour)
        _, room = room.split_top(sheet.pixels(NOTE_PITCH))


def draw_ring(sheet: Sheet, view: View) -> None:
    """Draw a ring as wide as the brush, or as the eraser, around the pointer."""
    if view.pointer is None or not view.is_drawing:
        return
    x, y = view.pointer
    canvas = sheet.layout.canvas
    diameter = view.brush * canvas.width / view.size[0]
    radius = round(diameter / 2)
    if not canvas.inset(-radius).contains(x, y):
        return  # nothing of it is seen, and cv2 refuses numbers beyond 32 bits
    colour, width = BAR_COLOUR, 1
    if view.erases:
        colour, width = OTHER_COLOUR, 2
    center = x - canvas.x, y - canvas.y
    line = sheet.pixels(width)
    cv2.circle(sheet.area(canvas), center, radius, colour, line, cv2.LINE_AA)


def draw_message(sheet: Sheet, view: View) -> None:
    """Write what came of the last key, on a ground of its own at the canvas's lower edge."""
    if not view.message:
        return
    _, strip = sheet.layout.canvas.split_bottom(sheet.pixels(MESSAGE_HEIGHT))
    edge, _ = strip.split_top(sheet.pixels(1))
    sheet.fill(strip, PANEL_COLOUR)
    sheet.fill(edge, EDGE_COLOUR)
    text = strip.inset(sheet.pixels(20), 0)
    sheet.write(text, view.message, Style(16))


def draw_help(sheet: Sheet) -> None:
    """Draw in the canvas's place what the keys do, what can be pointed at, what colours mean."""
    canvas = sheet.layout.canvas
    sheet.fill(canvas, PANEL_COLOUR)
    page = canvas.inset(sheet.pixels(MARGIN))
    lines = rows_of(page, len(KEYS) + 1 + len(MEANINGS))  # one stays empty
    size = 0.68 * lines[0].height / sheet.scale
    style = Style(min(15, size))
    for key, line in zip(KEYS, lines, strict=False):
        names, words = line.split_left(sheet.pixels(210))
        sheet.write(names, key.names_as_keys, style)
        sheet.write(words, key.does, style)
    for meaning, line in zip(MEANINGS, lines[len(KEYS) + 1 :], strict=True):
        thing, words = line.split_left(sheet.pixels(210))
        thing = thing._replace(width=sheet.pixels(60), height=sheet.pixels(17))
        sheet.rounded(thing, meaning.ground)
        sheet.write(thing, meaning.thing, CAP_STYLE._replace(colour=meaning.ink))
        sheet.write(words, meaning.meaning, style)


# --- window ----------------------------------------------------------------------------------

MESSAGE_SECONDS = 4  # a message is shown: long enough to be read
FLASH_SECONDS = 0.3  # the answer is lit up when it was printed
IDLE_SECONDS = 0.03  # the window waits where nothing changed: nobody sees so short a time
MOST_GAPS = 10  # digits still to be typed that are shown one by one
NOTCH = 120  # eighths of a degree by which a mouse's wheel turns at a time
GRACE_SECONDS = 1  # Esc that comes so late for a message does not quit
WIDE_SCREEN = 1920  # pixels; on wider ones the window is larger than usual as it opens
WIDE_SCREEN_SHARE = 0.75  # of such a screen's width or height
CORNER = 40  # pixels from the screen's left and upper edge to where it opens
BESIDE_WINDOW = 80  # pixels of a screen's width that panels and the window's frame may take
ABOVE_WINDOW = 100  # and of its height


def opening_size(screen: Screen) -> tuple[int, int]:
    """The window's first width and height: wide or tall, where there is room for the larger one."""
    sizes = [largest_size(usual, screen) for usual in (WINDOW_SIZE, TALL_SIZE)]
    return max(sizes, key=math.prod)


def largest_size(usual: tuple[int, int], screen: Screen) -> tuple[int, int]:
    """The usual size; smaller on a small screen; on a wide one as large as 3/4 of it allows."""
    width, height = usual
    room = room_on(screen)
    scale = min(1, room.width / width, room.height / height)
    if screen.width > WIDE_SCREEN:
        whole = min(screen.width / width, screen.height / height)
        scale = WIDE_SCREEN_SHARE * whole
    return int(width * scale), int(height * scale)


def room_on(screen: Screen) -> Screen:
    """What of a screen is left beside the desktop's panels and the window's frame, as a screen."""
    return Screen(screen.width - BESIDE_WINDOW, screen.height - ABOVE_WINDOW)


class Message(NamedTuple):
    """What is said at the lower edge of the drawing for some seconds."""

    text: str = ""
    ends: float = 0.0  # when, as time.monotonic() gives it
    holds_esc: bool = False  # it is about a lesson: Esc ends it, and not the program

    def is_shown(self, grace: float = 0) -> bool:
        """Whether it is still shown, or was so many seconds ago."""
        return time.monotonic() < self.ends + grace


class TypedNumber:
    """The right number, as it is typed by a person, character by character; "?" is no digit."""

    def __init__(self) -> None:
        self.text = ""
        self.is_learned = False  # complete: what it says was learned, or was known already
        self.correction: int | None = None  # the number of what was learned from it

    @property
    def is_open(self) -> bool:
        """Whether more is to come."""
        return bool(self.text) and not self.is_learned

    @property
    def digits(self) -> list[int | None]:
        """What was typed; None for no digit."""
        return [None if character == NO_DIGIT else int(character) for character in self.text]


def lessons_for(digits: Sequence[int | None], parts: Sequence[Part]) -> list[Lesson]:
    """What is to be learned so that parts are read as these digits; None for no digit.

    A part that is read rightly, and not by guess, needs no lesson.
    """
    lessons = []
    for part, digit in zip(parts, digits, strict=True):
        if part.prediction.digit != digit or part.prediction.confidence < LOOK_TWICE:
            lessons.append(Lesson(part.image, digit))
    return lessons


def advice(typed: str, parts: int) -> str:
    """What to do where so many parts are seen and another number of digits was typed."""
    seen = counted(parts, "part")
    if len(typed) > parts:
        return f"{typed} does not fit {seen}: write the digits further apart"
    return f"{typed} does not fit {seen}: write each digit's strokes closer together"


def counted(number: int, thing: str) -> str:
    """A number of things in words: "1 part", "2 parts"."""
    ending = "" if number == 1 else "s"
    return f"{number} {thing}{ending}"


def annotated(image: np.ndarray, reading: Reading) -> np.ndarray:
    """A picture, uint8, grey or BGR, with a box around each part, and what it was read as."""
    picture = image.copy()
    if picture.ndim == 2:
        picture = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
    line = 1 + max(picture.shape) // 600  # thickness in pixels
    taken = [part.box for part in reading.parts]
    for part in reading.parts:
        box = part.box
        colour = answer_colour(part.prediction)
        cv2.rectangle(picture, box, colour, line)
        size = int(np.clip(box.height // 4, 12, 40))  # of the label
        label = place_beside(box, size, Box(0, 0, *size_of(picture)), taken)
        taken.append(label)
        cv2.rectangle(picture, label, PANEL_COLOUR, cv2.FILLED)
        place = label.x + size // 5, label.bottom - size // 7
        cv2.putText(picture, str(part.prediction), place, colour, font("sans", 600), size, 600)
    return picture


def save_annotated(source: Picture | Camera, reading: Reading, folder: Path) -> Path:
    """Save a picture with what was read in it, as NAME-read.png or NAME-read-2.png and so on.

    Returns the file's path. Raises OSError.
    """
    _, content = cv2.imencode(".png", annotated(source.image, reading))
    stem = Path(source.name).stem

    def path_of(number: int) -> Path:
        ending = "" if number == 1 else f"-{number}"
        return folder / f"{stem}-read{ending}.png"

    return write_numbered(path_of, {".png": content})


class Window:
    """The window's state and what its keys do; run() shows it until the person quits."""

    def __init__(
        self,
        recognizer: Recognizer,
        sources: Sequence[Source] = (),
        folder: Path = Path(),
    ) -> None:
        self.recognizer = recognizer
        self.sources = list(sources) or [Canvas()]
        self.source = self.sources[0]  # the one that is shown
        self.folder = folder.resolve()  # where drawings are saved; it may vanish
        self.size = WINDOW_SIZE
        self.live = True  # whether it reads along, and not on Enter only
        self.help = False
        self.why = False
        self.layers = False
        self.erases = False  # whether the left button does
        self.is_running = True
        self.pointer: tuple[int, int] | None = None  # as in View
        self.chosen: int | None = None  # the part that was clicked, as an index
        self.typed = TypedNumber()
        self._message = Message()
        self._turned = 0  # by the wheel, less than a notch, in eighths of a degree
        self._events = 0  # of mouse and keys: each may change what is shown, see state()
        self._repeats = False  # whether the last key goes on while it is held
        self._flash_ends = 0.0
        # What was read last: which source, and after how many of its changes. Where it does not
        # read along, an answer that Enter asked for is shown until the drawing changes.
        self._read_at = (self.source, -1)
        # The window's widths without the layers and with them; None where none show.
        self._widths: tuple[int, int] | None = None
        self._shown: tuple | None = None  # the state of the picture that is shown

    # --- what it shows

    @property
    def canvas(self) -> Canvas | None:
        """What is drawn on; None while a picture is shown."""
        return self.source if isinstance(self.source, Canvas) else None

    @property
    def layout(self) -> Layout:
        """Where everything stands at the window's size."""
        return layout_of(self.size, self.layers)

    def read(self) -> Reading | None:
        """Read what is shown as it is now; None while nothing is drawn.

        The answer is shown from now on, also where it does not read along.
        """
        self._read_at = (self.source, self.source.changes)
        return self.source.read(self.recognizer)

    def part_shown(self, view: View) -> int:
        """The part that the bars are of: the one pointed at, or chosen, or the least sure one.

        The view need not say it yet.
        """
        if view.reading is None:
            return 0
        target = pointed_at(self.layout, view)
        if target and target.kind == "part":
            return target.value
        if self.chosen is not None and self.chosen < len(view.parts):
            return self.chosen
        confidences = [prediction.confidence for prediction in view.reading.digits]
        return int(np.argmin(confidences))

    def status(self) -> list[str]:
        """What is not as usual, in lines."""
        lines = []
        if not self.live:
            lines.append("live reading is off: <Enter> answers")
        if self.erases:
            lines.append("eraser: <e> draws again")
        if isinstance(self.source, Camera) and self.source.is_held:
            lines.append("the picture is held: <Space> goes on")
        if self.chosen is not None:
            lines.append("digits are for the chosen part alone: <Esc> chooses all")
        if self.recognizer.path.absolute() != MODEL:
            lines.append(f"network: {self.recognizer.path.name}")
        if len(self.recognizer.hand):
            lines.append(f"drawings learned from you: {len(self.recognizer.hand)}")
        return lines

    @property
    def message(self) -> str:
        """What is said at the lower edge of the drawing; "" where nothing is."""
        return self._message.text if self._message.is_shown() else ""

    def view(self) -> View:
        """All that the window shows now."""
        reading = None
        if self.live or self._read_at == (self.source, self.source.changes):
            reading = self.read()
        view = View(
            image=self.source.image,
            reading=reading,
            pointer=self.pointer,
            status=self.status(),
            message=self.message,
            lit=self.lit(),
            flash=time.monotonic() < self._flash_ends,
            help=self.help,
            why=self.why,
        )
        if self.canvas:
            view = self.with_canvas(view)
        view = view._replace(chosen=self.part_shown(view))
        if self.layers:
            view = view._replace(activations=self.activations_of(view.part))
        return view

    def with_canvas(self, view: View) -> View:
        """A view and what there is to be seen of the canvas besides."""
        brushes = [stroke.brush for stroke in self.canvas.strokes]
        return view._replace(
            is_drawing=True,
            margin=max(brushes, default=0) / 2,
            brush=self.canvas.brush,
            erases=self.canvas.is_erasing if self.canvas.button else self.erases,
            invitation=None if brushes else INVITATION,
        )

    @property
    def nothing_read(self) -> str:
        """What is said where there is nothing to be read."""
        return "Nothing is drawn yet" if self.canvas else "Nothing is read in this picture"

    def activations_of(self, part: Part | None) -> list[LayerOutput]:
        """What each layer of the network makes of a part; all 0 where there is none."""
        network = self.recognizer.network
        if part:
            return look_inside(part.image, network)
        nothing = np.zeros((IMAGE_SIZE, IMAGE_SIZE), np.float32)
        layers = look_inside(nothing, network)  # biases make them differ from 0
        return [layer._replace(values=0 * layer.values) for layer in layers]

    def lit(self) -> set[str]:
        """The keys whose switches are on, but for reading along, which is usual."""
        switches = [key for key in KEYS if key.switch and key.switch != "live"]
        return {key.cap for key in switches if getattr(self, key.switch)}

    def frame(self) -> np.ndarray:
        """The window's picture: uint8 BGR, shape (height, width, 3)."""
        return draw(self.view(), self.layout, self.recognizer)

    def state(self) -> tuple:
        """What tells whether the picture is still as it was."""
        return (
            self._events,
            self.source.changes,
            self.pointer,
            self.size,
            self._message.is_shown(),
            time.monotonic() < self._flash_ends,
        )

    # --- the mouse

    def on_mouse(self, event: int, x: int, y: int, flags: int, param: object = None) -> None:
        """Draw, or do what was clicked: cv2's callback."""
        if event == cv2.EVENT_MOUSEWHEEL:
            # How far it was turned, cv2 tells differently on each system; but the sign is right.
            self.on_wheel(NOTCH if flags > 0 else -NOTCH)
            return
        self._events += 1
        self.pointer = (x, y)
        is_press = PRESSES.get(event) == LEFT
        draws = self.canvas and self.layout.canvas.contains(x, y)
        if is_press and not draws:
            self.click(x, y)
        if self.canvas:
            column, row = self.layout.canvas_point(x, y)
            self.pass_to_canvas(event, column, row, flags)

    def pass_to_canvas(self, event: int, x: int, y: int, flags: int) -> None:
        """Pass a mouse event on to the canvas; what is drawn ends message, number and help."""
        changes = self.canvas.changes
        self.canvas.erases = self.erases
        self.canvas.on_mouse(event, x, y, flags)
        if self.canvas.changes != changes:
            self.help = False
            self.chosen = None
            self.end_message()
            self.typed = TypedNumber()

    def click(self, x: int, y: int) -> None:
        """Do what the thing stands for that was clicked, if there is one."""
        view = self.view()
        target = self.layout.target(x, y, view)
        if target is None:
            return
        if target.kind == "key":
            self.press(target.value)
        elif target.kind == "bar":
            self.typed = TypedNumber()
            self.perform(functools.partial(self.say_it_is, target.value), teaches=True)
        elif target.kind == "part":
            self.typed = TypedNumber()
            self.end_message()
            if len(view.parts) > 1:  # else there is nothing to choose
                self.hold_still()  # a camera's next frame may hold other parts
                self.chosen = target.value

    def on_wheel(self, turn: int) -> None:
        """Make the brush wider or narrower: the wheel was turned away (turn > 0) or back.

        A wheel turns by notches, a touchpad by any eighths of a degree.
        """
        self._turned += turn
        notches = int(self._turned / NOTCH)  # cut off towards 0
        self._turned -= NOTCH * notches
        if self.canvas:
            for _ in range(abs(notches)):
                self._events += 1  # as press() does, which would have a key that is held repeat
                self.act(KEY_NAMED["]" if notches > 0 else "["])

    def on_leave(self) -> None:
        """The mouse has left the window."""
        self.pointer = None

    # --- keys

    def on_key(self, code: int) -> None:
        """Do what the key with this code of cv2.waitKeyEx stands for."""
        self.press(waited_key_name(code))

    def press(self, name: str, is_repeat: bool = False) -> None:
        """Do what a key stands for, if anything; a held key that repeats itself is one press."""
        self._events += 1
        key = KEY_NAMED.get(name)
        takes_back_character = name == "backspace" and self.typed.is_open
        if not is_repeat:
            self._repeats = key is not None and key.repeats and not takes_back_character
        elif not self._repeats:
            return
        if takes_back_character:
            self.perform(self.take_back_character, teaches=True)
        elif name in TYPED:
            self.perform(functools.partial(self.type_character, TYPED[name]), teaches=True)
        elif key and not (name == "esc" and self.cancel()):
            self.act(key)

    def act(self, key: Key) -> None:
        """Do what a row of the table of keys says."""
        if key.act != "enter":
            self.typed = TypedNumber()
        changes = self.source.changes
        if key.draws and not self.canvas:
            self.perform(self.refuse_to_draw)
        elif key.switch:
            self.perform(functools.partial(self.toggle, key.switch))
        else:
            self.perform(getattr(self, key.act))
        if self.source.changes != changes:
            self.chosen = None  # it may be another part now

    def perform(self, act: Callable[[], str | None], teaches: bool = False) -> None:
        """Do it, and show for some seconds what it says; what fails is said there, and printed.

        teaches: it is about a lesson, as Enter is while a number is typed.
        """
        teaches = teaches or self.typed.is_open
        text = self.said_by(act)
        if not text:
            self.end_message()
            return
        ends = time.monotonic() + MESSAGE_SECONDS
        if self.typed.is_open:
            ends = math.inf
        self._message = Message(text, ends, holds_esc=teaches)

    def said_by(self, act: Callable[[], str | None]) -> str | None:
        """Do it; what it says, or what failed, which is printed, too."""
        try:
            return act()
        except OSError as error:
            self.typed = TypedNumber()
            path = Path(error.filename or self.folder)
            say(f"mnist_digit: {printable(path)}: {reason(error)}")
            return f"Failed: {path.name}: {reason(error)}"

    def end_message(self) -> None:
        """Show no message any more."""
        if self._message.is_shown():
            self._message = self._message._replace(ends=time.monotonic())

    def cancel(self) -> bool:
        """End what is shown first, and so keep Esc from quitting; False where nothing is.

        A message about a lesson comes last. It counts for GRACE_SECONDS after it went away, for a
        person may press Esc late, and would lose the drawing.
        """
        if self.help:
            self.help = False
        elif self.typed.is_open:
            self.typed = TypedNumber()
            self._message = Message()
        elif self.chosen is not None:
            self.chosen = None
        elif self.why:
            self.why = False
        elif self.layers:
            self.layers = False
        elif self._message.holds_esc and self._message.is_shown(GRACE_SECONDS):
            self.typed = TypedNumber()
            self._message = Message()
        else:
            return False
        return True

    def quit(self) -> None:
        """End the program."""
        self.is_running = False

    def show_next(self) -> str:
        """Show the next source."""
        return self.show_source(self.sources.index(self.source) + 1)

    def show_previous(self) -> str:
        """Show the source before."""
        return self.show_source(self.sources.index(self.source) - 1)

    def show_source(self, number: int) -> str:
        """Show the source of this number, after the last one the first; say which it is."""
        if len(self.sources) == 1:
            return ""
        number %= len(self.sources)
        self.source = self.sources[number]
        self.chosen = None
        return f"{self.source.name}   ({number + 1} of {len(self.sources)})"

    def refuse_to_draw(self) -> str:
        """Say why a key that is about drawing does nothing."""
        return "This is a picture: it cannot be drawn on"

    def undo(self) -> None:
        """Take back what was done to the drawing last."""
        self.canvas.undo()

    def redo(self) -> None:
        """Do again what was taken back last."""
        self.canvas.redo()

    def clear(self) -> None:
        """Take the whole drawing away."""
        self.canvas.clear()

    def widen_brush(self) -> str:
        """Make the brush a step wider."""
        return self.change_brush(1)

    def narrow_brush(self) -> str:
        """Make the brush a step narrower."""
        return self.change_brush(-1)

    def change_brush(self, steps: int) -> str:
        """Make the brush so many steps wider; say how wide it is."""
        return f"Brush: {self.canvas.change_brush(steps)} pixels"

    def toggle(self, switch: str) -> None:
        """Turn one of the window's switches, an attribute, on or off."""
        setattr(self, switch, not getattr(self, switch))

    def hold_or_go_on(self) -> None:
        """Hold a camera's picture, or go on."""
        if isinstance(self.source, Camera) and self.source.is_held:
            self.source.go_on()
        else:
            self.hold_still()

    def hold_still(self) -> None:
        """Hold a camera's picture, so that what is taught or saved is what is seen."""
        if isinstance(self.source, Camera):
            self.source.hold()

    def save(self) -> str:
        """Save what is shown; say under which names."""
        if self.canvas:
            return self.save_drawing()
        self.hold_still()
        reading = self.read()
        if reading is None:
            return self.nothing_read
        path = save_annotated(self.source, reading, self.folder)
        say(f"Saved {printable(path)}")
        return f"Saved {path.name}"

    def save_drawing(self) -> str:
        """Save the drawing and its strokes; say under which names."""
        self.canvas.finish()
        if not self.canvas.strokes:
            return self.nothing_read
        path = save_drawing(self.canvas, self.folder)
        say(f"Saved {printable(path.with_suffix('.png'))} and {path.name}")
        return f"Saved {path.stem}.png and .json"

    def enter(self) -> str:
        """Print the answer; where a number was typed, end and learn it."""
        if not self.live:
            self.hold_still()  # a camera's next frame would take the answer away again
        reading = self.read_to_the_end()
        if reading is None:
            return self.nothing_read
        if self.typed.is_open:
            return self.learn_typed()
        self.typed = TypedNumber()
        print_answer(str(reading))
        self._flash_ends = time.monotonic() + FLASH_SECONDS
        return ""

    def read_to_the_end(self) -> Reading | None:
        """Read what is shown, also the stroke that is being drawn: it ends here."""
        if self.canvas:
            self.canvas.finish()
        return self.read()

    # --- what it is taught

    def parts_asked(self) -> list[int]:
        """The parts, as indices, that a typed number is for: the one that was clicked, or all."""
        count = len(self.read().parts)
        if self.chosen is not None and self.chosen < count:
            return [self.chosen]
        return list(range(count))

    def type_character(self, character: str) -> str:
        """Take the next character of the right number; learn it once it is as long as the parts.

        If the person types on nevertheless, the number is a longer one: what was learned of its
        beginning is taken back.
        """
        self.hold_still()
        if self.read_to_the_end() is None:
            return self.nothing_read
        if self.typed.is_learned:
            self.take_back_lessons()
        self.typed.text += character
        if len(self.typed.text) == len(self.parts_asked()):
            return self.learn_typed()
        return self.typed_so_far()

    def take_back_character(self) -> str:
        """Take back what was typed last."""
        self.typed.text = self.typed.text[:-1]
        return self.typed_so_far() if self.typed.text else ""

    def typed_so_far(self) -> str:
        """What was typed of the right number, and what may be done now."""
        parts = len(self.parts_asked())
        typed = self.typed.text
        missing = parts - len(typed)
        if missing < 0:
            return f"right: {typed}, but {counted(parts, 'part')} seen   <Esc> cancels"
        if missing == 0:  # after one character too many was taken back
            return f"right: {typed}   <Enter> learns it   <Esc> cancels"
        gaps = " _" * missing
        if missing > MOST_GAPS:
            gaps = f" and {missing} more"
        if len(typed) == 1:
            return f"right: {typed}{gaps}   <Enter> if all of it is one digit   <Esc> cancels"
        return f"right: {typed}{gaps}   <Esc> cancels"

    def learn_typed(self) -> str:
        """Learn the number that was typed, where it fits what is seen; say what came of it."""
        number = self.typed
        places = self.parts_asked()
        if len(number.text) == len(places):  # a digit for each part
            parts = [self.read().parts[place] for place in places]
            lessons = lessons_for(number.digits, parts)
            expected = self.text_with(number.text, places)
        elif len(number.text) == 1:  # all of it is one digit
            image = self.source.digit_image()
            lessons = [Lesson(image, number.digits[0])]
            expected = number.text
        else:  # it fits neither
            self.typed = TypedNumber()
            return advice(number.text, len(places))
        number.correction = self.recognizer.teach_all(lessons)
        number.is_learned = True
        return self.what_came_of(lessons, expected)

    def text_with(self, typed: str, places: Sequence[int]) -> str:
        """What is read, without spaces, but for the parts of these indices, which are as typed."""
        characters = [str(prediction) for prediction in self.read().digits]
        for place, character in zip(places, typed, strict=True):
            characters[place] = character
        return "".join(characters)

    def say_it_is(self, value: int) -> str:
        """Learn that the part whose bars are shown is this digit, or none for OTHER."""
        self.hold_still()
        if self.read_to_the_end() is None:
            return self.nothing_read
        typed, digit = str(value), value
        if value == OTHER:
            typed, digit = NO_DIGIT, None
        view = self.view()
        lesson = Lesson(view.part.image, digit)
        expected = self.text_with(typed, [view.chosen])
        self.recognizer.teach_all([lesson])
        return self.what_came_of([lesson], expected)

    def what_came_of(self, lessons: Sequence[Lesson], expected: str) -> str:
        """Read again after lessons; say whether it is as expected now."""
        text = self.read().text
        if text.replace(" ", "") != expected:
            return f"Learned, yet it reads {text}"
        if not lessons:
            return f"It reads {text} already"
        return f"Learned: it is {text}   <f> forgets it"

    def take_back_lessons(self) -> None:
        """Forget what was learned of the typed number, which is open again."""
        if self.typed.correction is not None:
            self.recognizer.forget(self.typed.correction)
        self.typed.is_learned = False
        self.typed.correction = None

    def forget(self) -> str:
        """Take back the last correction; say what it had taught."""
        lessons = self.recognizer.forget()
        if lessons is None:
            return "There is nothing to forget"
        names = [name_of(lesson.digit) for lesson in lessons]
        return f"Forgotten: {', '.join(names)}"

    # --- the loop

    def run(self) -> None:
        """Show the window until the person quits.

        Raises ValueError where there is no display, KeyboardInterrupt on Ctrl-C, and SystemExit on
        SIGTERM and SIGHUP.
        """
        prepare_qt()
        with Display() as display, signals_noted() as signals, QtEvents(self) as events:
            flags = cv2.WINDOW_NORMAL | cv2.WINDOW_FREERATIO | cv2.WINDOW_GUI_NORMAL
            cv2.namedWindow(WINDOW_TITLE, flags)
            cv2.resizeWindow(WINDOW_TITLE, *opening_size(display.screen()))
            cv2.moveWindow(WINDOW_TITLE, CORNER, CORNER)
            cv2.setMouseCallback(WINDOW_TITLE, self.on_mouse)
            display.watch(events.window_id)
            end_without_destructors()
            while self.is_running and self.update_size() and not signals:
                if display.window_is_lost():
                    raise ValueError("the window is gone: another program destroyed it")
                self.make_room_for_layers(display.screen())
                self.show()
            cv2.destroyAllWindows()
        end_as_told(signals)

    def update_size(self) -> bool:
        """Note how large the window is now; False where it was closed."""
        size = window_size()
        if size is None:
            return False
        self.size = size
        return True

    def make_room_for_layers(self, screen: Screen) -> None:
        """Widen the window by the layers' column while they show, as far as the screen has room."""
        if self.layers == (self._widths is not None):
            return
        width, height = self.size
        if self.layers:
            wider = width + round(LAYERS_WIDTH * layout_of(self.size).scale)
            wider = max(width, min(wider, room_on(screen).width))
            self._widths = width, wider
            width = wider
        else:
            before, widened = self._widths
            self._widths = None
            if width != widened:  # the person has given it another size since
                return
            width = before
        cv2.resizeWindow(WINDOW_TITLE, width, height)
        x = cv2.getWindowImageRect(WINDOW_TITLE)[0]
        if x + width > screen.width:
            x = screen.width - width - CORNER
            cv2.moveWindow(WINDOW_TITLE, max(0, x), CORNER)

    def show(self) -> None:
        """Draw the window if something changed, and do what the person does for a moment."""
        if isinstance(self.source, Camera) and not self.source.is_held:
            self.source.check()
        state = self.state()
        if state != self._shown:
            cv2.imshow(WINDOW_TITLE, self.frame())
            self._shown = state
        else:
            time.sleep(IDLE_SECONDS)  # cv2, while it waits, looks for events every 2 ms
        code = cv2.waitKeyEx(10)
        if code != -1:
            self.on_key(code)


def end_as_told(signals: Sequence[int]) -> None:
    """End the program as the first of these signals asks for, if there is one."""
    if not signals:
        return
    if signals[0] == signal.SIGINT:
        raise KeyboardInterrupt
    say(f"mnist_digit: ended by {signal.Signals(signals[0]).name}")
    raise SystemExit(128 + signals[0])


# --- this machine ----------------------------------------------------------------------------


def say(line: str) -> None:
    """Print a line of progress or trouble to standard error, if there is anybody to hear it."""
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr, flush=True)


def print_answer(line: str) -> None:
    """Print a line to standard output. Raises OSError, naming it, where that fails."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    expressible = line.encode(encoding, "backslashreplace").decode(encoding)
    try:
        print(expressible, flush=True)
    except OSError as error:
        with silenced(1):
            sys.stdout.flush()  # what could not be written would be tried again at the end
        raise OSError(error.errno, error.strerror, "standard output") from error


def printable(path: str | os.PathLike[str]) -> str:
    """A path, or another text, on one line, whatever it holds."""
    characters = []
    for character in os.fspath(path):
        if not character.isprintable():
            character = ascii(character).strip("'")  # as in "\n", without the quotes
        characters.append(character)
    return "".join(characters)


def reason(error: BaseException) -> str:
    """Why something failed: one sentence, on one line.

    An error may have been raised while an earlier one was handled. That one knows more, so the
    first of all is asked, unless the operating system has words for a later one.
    """
    system_says = getattr(error, "strerror", None)
    while error.__context__ and not system_says:
        error = error.__context__
        system_says = getattr(error, "strerror", None)
    opencv_says = getattr(error, "err", None)
    words = system_says or opencv_says or str(error).strip() or type(error).__name__
    first_sentence = re.split(r"(?<!\d)\. |\n", words)[0]  # no dot behind a digit
    return printable(first_sentence)[:160]


@contextlib.contextmanager
def errors_naming(path: Path, trouble: str) -> Iterator[None]:
    """Turn every error in reading a file into a ValueError that says "FILE: trouble (reason)".

    This is so for this program's own errors, too: these need to say the reason alone.
    """
    try:
        yield
    except Exception as error:  # Keras, h5py, OpenCV, NumPy and zipfile raise nearly every kind
        raise ValueError(f"{printable(path)}: {trouble} ({reason(error)})") from error


@contextlib.contextmanager
def naming(file: str | os.PathLike[str]) -> Iterator[None]:
    """Put the name of a file before what a ValueError says."""
    try:
        yield
    except ValueError as error:
        raise ValueError(f"{printable(file)}: {error}") from error


# Bytes that reading a file may take, as a small file may hold gigabytes.
MOST_MEMORY = 700_000_000
MOST_KERAS_MEMORY = 400_000_000  # where Keras opens a network


@contextlib.contextmanager
def open_arrays(path: Path) -> Iterator[np.lib.npyio.NpzFile]:
    """The arrays of an .npz file, none of which may run code. Raises nearly every kind of error."""
    require_file(path)
    with memory_limit(MOST_MEMORY):
        arrays = np.load(path, allow_pickle=False)
        if not isinstance(arrays, np.lib.npyio.NpzFile):
            raise ValueError("it holds one array without a name")
        with arrays:
            yield arrays


def require_file(path: Path) -> None:
    """Raise OSError where a path is no file: a folder, or a pipe or device, which may never end."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise FileNotFoundError(errno.ENOENT, "no such file", path) from None
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "not a file", path)


@contextlib.contextmanager
def silenced(descriptor: int = 2) -> Iterator[None]:
    """Standard error, or another stream, goes nowhere, also what libraries write to it."""
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
def memory_limit(more: int) -> Iterator[None]:
    """While this lasts, the whole process, all its threads, may take so many bytes more.

    On Linux alone. Small files may hold gigabytes.
    """
    if sys.platform != "linux":
        yield
        return
    import resource

    usual, highest = resource.getrlimit(resource.RLIMIT_DATA)
    pages = Path("/proc/self/statm").read_text().split()[5]  # of data and stack, see proc(5)
    limit = int(pages) * resource.getpagesize() + more
    if usual != resource.RLIM_INFINITY:
        limit = min(limit, usual)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, highest))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (usual, highest))


def keep_freed_memory() -> None:
    """Have the C library keep what is freed: trainings are twice as fast.

    glibc else gives the memory of each batch back to Linux and asks for it again, page by page.
    """
    if sys.platform == "linux":
        top_pad = -2  # M_TOP_PAD of mallopt(3): how much more than is needed is asked for and kept
        with contextlib.suppress(AttributeError):  # another C library
            ctypes.CDLL(None).mallopt(top_pad, 1 << 28)


@contextlib.contextmanager
def interrupts_ending_at_once(last_words: str) -> Iterator[None]:
    """While this lasts, Ctrl-C says these words and ends the process at once, with status 130.

    KeyboardInterrupt may hang in a training: TensorFlow waits for its threads, one of which runs
    Python. What is on the disk is whole at every moment.
    """
    stderr = os.dup(2)  # it may be silenced just then

    def end(*_: object) -> None:
        with contextlib.suppress(OSError):
            os.write(stderr, f"{last_words}\n".encode())
        os._exit(130)

    usual = signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
        os.close(stderr)


@contextlib.contextmanager
def interrupts_put_off() -> Iterator[None]:
    """While this lasts, Ctrl-C does nothing; what it usually does comes at the end."""
    if threading.current_thread() is not threading.main_thread():  # others get no signals
        yield
        return
    interrupts: list[int] = []
    usual = signal.signal(signal.SIGINT, lambda number, _: interrupts.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, usual)
    if interrupts:
        signal.raise_signal(signal.SIGINT)


@contextlib.contextmanager
def replacing(path: Path, mark: str = ".new") -> Iterator[Path]:
    """A new file that takes path's place when all went well.

    Even a loss of power leaves one of the two, and whole. A symbolic link stays one, and the new
    file has the mode (who may read and write it) of the old one.
    """
    path = Path(os.path.realpath(path))
    new = path.with_suffix(mark + path.suffix)
    with interrupts_put_off():
        try:
            yield new
            with open(new, "rb+") as file:
                os.fsync(file.fileno())
            if path.exists():
                shutil.copymode(path, new)
            new.replace(path)
        finally:
            new.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(path: Path, busy: str = "") -> Iterator[None]:
    """Hold a folder, or an empty file that is made for it, against other processes.

    Waits until it is free; or, where there are words for a busy one, raises ValueError with them.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if os.name == "nt":  # no flock there
        yield
        return
    import fcntl

    opened = os.open(path, os.O_RDONLY if path.is_dir() else os.O_CREAT, 0o666)
    how = fcntl.LOCK_EX
    if busy:
        how |= fcntl.LOCK_NB  # do not wait
    try:
        try:
            fcntl.flock(opened, how)  # the system lets go of it with the process, however that ends
        except BlockingIOError as error:
            raise ValueError(f"{printable(path)}: {busy}") from error
        yield
    finally:
        os.close(opened)


def window_size() -> tuple[int, int] | None:
    """The window's width and height in pixels, never too small to draw; None once it is closed."""
    try:
        *_, width, height = cv2.getWindowImageRect(WINDOW_TITLE)
    except cv2.error:  # Qt's answer where no window at all is left
        return None
    return None if width < 0 else (max(width, 100), max(height, 100))


class Screen(NamedTuple):
    """The size of a screen, in pixels."""

    width: int
    height: int


class Display:
    """The display that the window is opened on, asked by a connection of its own."""

    # Constants of X11/X.h.
    _STRUCTURE_NOTIFY_MASK = 1 << 17
    _DESTROY_NOTIFY = 17
    _EVENT_SIZE = 24 * ctypes.sizeof(ctypes.c_long)

    def __init__(self) -> None:
        """Connect; raises ValueError where no window can be opened: cv2's Qt would abort there."""
        self._display = None
        # Xlib calls it where the display itself is lost, and would end the process after it.
        self._on_lost_display = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p)(end_without_display)
        if not sys.platform.startswith("linux"):
            return
        try:
            self._x11 = ctypes.CDLL("libX11.so.6")
            ctypes.CDLL("libSM.so.6")  # cv2's Qt aborts all where this one is missing
        except OSError as error:
            advice = "on Debian: apt install libgl1 libsm6"
            raise ValueError(f"no window can be opened ({error}); {advice}") from error
        self._x11.XOpenDisplay.restype = ctypes.c_void_p
        self._display = ctypes.c_void_p(self._x11.XOpenDisplay(None))
        if not self._display:
            name = os.environ.get("DISPLAY") or "not set"
            raise ValueError(
                f"no display (DISPLAY is {name}): run under xvfb-run, or name image files to read"
            )

    def __enter__(self) -> Display:
        return self

    def __exit__(self, *_: object) -> None:
        if self._display:
            self._x11.XSetIOErrorHandler(None)
            self._x11.XCloseDisplay(self._display)

    def screen(self) -> Screen:
        """The screen's size; a usual one where it cannot be asked for."""
        if not self._display:
            return Screen(1920, 1080)
        number = self._x11.XDefaultScreen(self._display)
        width = self._x11.XDisplayWidth(self._display, number)
        height = self._x11.XDisplayHeight(self._display, number)
        return Screen(width, height)

    def watch(self, window_id: int) -> None:
        """Have window_is_lost() tell when somebody else destroys this window of X's."""
        if not self._display or not window_id:
            return
        self._x11.XSetIOErrorHandler(self._on_lost_display)
        self._x11.XSelectInput(
            self._display, ctypes.c_ulong(window_id), ctypes.c_long(self._STRUCTURE_NOTIFY_MASK)
        )

    def window_is_lost(self) -> bool:
        """Whether the window that is watched was destroyed."""
        if not self._display:
            return False
        event = ctypes.create_string_buffer(self._EVENT_SIZE)
        kind = ctypes.c_int.from_buffer(event)
        mask = ctypes.c_long(self._STRUCTURE_NOTIFY_MASK)
        # Others tell of resizing; taken out with it, they do not pile up.
        while self._x11.XCheckMaskEvent(self._display, mask, event):
            if kind.value == self._DESTROY_NOTIFY:
                return True
        return False


def check_display() -> None:
    """Raise ValueError where there is no display to open a window on."""
    with Display():
        pass


def end_without_display(_: object) -> int:
    """End the process at once: the display is gone, and with it the window."""
    say("mnist_digit: the display is gone")
    os._exit(1)


def end_without_destructors() -> None:
    """Have the C library's exit() end the process at once from now on.

    Qt calls it where it loses the display, and the destructors of cv2 would then abort the process
    if a thread reads a camera meanwhile.
    """
    if sys.platform.startswith("linux"):
        libc = ctypes.CDLL(None)
        if hasattr(libc, "on_exit"):  # as in glibc; it calls a function with the exit status
            libc.on_exit(libc._exit, None)


def prepare_qt() -> None:
    """Tell cv2's Qt, before it starts, to use X as it is; the window chooses its size by itself."""
    os.environ["QT_QPA_PLATFORM"] = "xcb"  # cv2 brings no other, and Qt aborts on another
    os.environ["QT_ENABLE_HIGHDPI_SCALING"] = "0"  # its pixels are those of the screen
    os.environ["QT_SCALE_FACTOR"] = "1"
    os.environ.pop("QT_SCREEN_SCALE_FACTORS", None)
    os.environ.pop("QT_DEVICE_PIXEL_RATIO", None)


@contextlib.contextmanager
def signals_noted() -> Iterator[list[int]]:
    """Take up in a list which signals ask the program to end; what is ignored stays ignored.

    An exception would be lost in one of cv2's callbacks. Ctrl-C counts always.
    """
    noted: list[int] = []
    numbers = [signal.SIGINT]
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # there is no SIGHUP on Windows
        if number and signal.getsignal(number) != signal.SIG_IGN:
            numbers.append(number)
    usual = {}
    for number in numbers:
        usual[number] = signal.signal(number, lambda number, frame: noted.append(number))
    try:
        yield noted
    finally:
        for number, handler in usual.items():
            signal.signal(number, handler)


# Events of Qt 5.15 as they lie in memory on 64-bit Linux (qcoreevent.h, qevent.h). open_qt() finds
# no Qt elsewhere.


class QtEvent(ctypes.Structure):
    """QEvent, and what every QInputEvent adds to it."""

    _fields_: ClassVar = [
        ("vtable", ctypes.c_void_p),
        ("private", ctypes.c_void_p),
        ("type", ctypes.c_ushort),
        ("flags", ctypes.c_ushort),
        ("modifiers", ctypes.c_uint),
        ("timestamp", ctypes.c_ulong),
    ]


class QtKeyEvent(QtEvent):
    """QKeyEvent."""

    _fields_: ClassVar = [
        ("text", ctypes.c_void_p),
        ("key", ctypes.c_int),
        ("scan_code", ctypes.c_uint),  # X's keycode: the key's place on the keyboard
        ("virtual_key", ctypes.c_uint),  # X's keysym: what the layout has at this place
        ("native_modifiers", ctypes.c_uint),
        ("count", ctypes.c_ushort),
        ("is_repeat", ctypes.c_ushort, 1),
    ]


class QtWheelEvent(QtEvent):
    """QWheelEvent, as far as it is needed."""

    _fields_: ClassVar = [
        ("position", ctypes.c_double * 2),
        ("global_position", ctypes.c_double * 2),
        ("pixel_delta", ctypes.c_int * 2),
        ("angle_delta", ctypes.c_int * 2),  # x, y
    ]


# QInternal::Callback
QT_EVENT_NOTIFY = 0  # EventNotifyCallback: called for every event
# QEvent::Type
QT_KEY_PRESS = 6
QT_KEY_RELEASE = 7
QT_LEAVE = 11
QT_WHEEL = 31
QT_WINDOW_ID_CHANGE = 203
# Qt::KeyboardModifier
QT_SHIFT = 1 << 25
QT_CTRL = 1 << 26
QT_ALT = 1 << 27
QT_SUPER = 1 << 28
QT_ALT_GR = 1 << 30
# Qt::ApplicationAttribute
QT_COMPRESS_EVENTS = 25  # AA_CompressHighFrequencyEvents

# Functions of cv2's Qt, whose namespace is QtOpenCVPython, by the names that C++ gives them.
QT_SET_ATTRIBUTE = (
    "_ZN14QtOpenCVPython16QCoreApplication12setAttributeENS_2Qt20ApplicationAttributeEb"
)
QT_REGISTER = "_ZN14QtOpenCVPython9QInternal16registerCallbackENS0_8CallbackEPFbPPvE"
QT_UNREGISTER = "_ZN14QtOpenCVPython9QInternal18unregisterCallbackENS0_8CallbackEPFbPPvE"
QT_WINDOW_ID = "_ZNK14QtOpenCVPython7QWidget5winIdEv"


class Qt(NamedTuple):
    """Functions of cv2's Qt."""

    set_attribute: Callable
    register: Callable  # a function that Qt calls for every event
    unregister: Callable
    window_id: Callable  # of a widget: the number that X knows it by


def open_qt() -> Qt | None:
    """The Qt that cv2 brings along; None where it is none whose events are known here."""
    if ctypes.sizeof(ctypes.c_void_p) != 8:
        return None
    folder = Path(cv2.__file__).parent.parent
    core = list(folder.glob("opencv*.libs/libQt5Core-*.so.5.15.*"))
    widgets = list(folder.glob("opencv*.libs/libQt5Widgets-*.so.5.15.*"))
    if len(core) != 1 or len(widgets) != 1:
        return None
    qt_core = ctypes.CDLL(os.fspath(core[0]))
    qt_widgets = ctypes.CDLL(os.fspath(widgets[0]))
    try:
        set_attribute = qt_core[QT_SET_ATTRIBUTE]
        register = qt_core[QT_REGISTER]
        unregister = qt_core[QT_UNREGISTER]
        window_id = qt_widgets[QT_WINDOW_ID]
    except AttributeError:  # another build of it, with other names
        return None
    window_id.restype = ctypes.c_ulong
    window_id.argtypes = [ctypes.c_void_p]
    return Qt(set_attribute, register, unregister, window_id)


def moment_of(event: QtKeyEvent) -> tuple[int, int]:
    """Which key it is, and X's time in milliseconds."""
    return event.scan_code, event.timestamp


class QtEvents:
    """While this is open the window learns from cv2's own Qt what cv2 keeps to itself.

    Each of several keys pressed at once, keys with Ctrl, repeats, where a key stands on the
    keyboard, the mouse's leaving, and its moves that Qt would join. The wheel no longer zooms,
    which shifts the picture under the drawing mouse (opencv/opencv#11500). Where cv2 has another
    Qt, or none, nothing of this happens, and keys come from cv2.waitKeyEx.
    """

    def __init__(self, window: Window) -> None:
        self.window_id = 0  # of the window in X, as soon as it is there
        self._window = window
        self._qt = open_qt()
        callback = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.POINTER(ctypes.c_void_p))
        self._hook = callback(self._on_event)  # kept as long as Qt may call it
        self._released: tuple[int, int] | None = None  # which key was released last, and when

    def __enter__(self) -> QtEvents:
        if self._qt:
            self._qt.register(QT_EVENT_NOTIFY, self._hook)
        return self

    def __exit__(self, *_: object) -> None:
        if self._qt:
            self._qt.unregister(QT_EVENT_NOTIFY, self._hook)

    def _on_event(self, receiver_and_event: ctypes._Pointer) -> bool:
        """Called by Qt for every event; True ends it here."""
        receiver, address = receiver_and_event[0], receiver_and_event[1]
        kind = QtEvent.from_address(address).type
        if kind == QT_WINDOW_ID_CHANGE:
            self.window_id = self._qt.window_id(receiver)
            self._qt.set_attribute(QT_COMPRESS_EVENTS, False)  # Qt set it when it started
        elif kind == QT_LEAVE:
            self._window.on_leave()
        elif kind == QT_WHEEL:
            self._window.on_wheel(QtWheelEvent.from_address(address).angle_delta[1])
        elif kind == QT_KEY_PRESS:
            self._on_key(QtKeyEvent.from_address(address))
        elif kind == QT_KEY_RELEASE:
            self._released = moment_of(QtKeyEvent.from_address(address))
        return kind in (QT_WHEEL, QT_KEY_PRESS)

    def _on_key(self, event: QtKeyEvent) -> None:
        """Press in the window what was pressed on the keyboard."""
        held = event.modifiers
        if held & (QT_ALT | QT_SUPER):  # the desktop's own keys
            return
        place = 0 if held & QT_ALT_GR else event.scan_code
        held_too = ""
        if held & QT_CTRL:
            held_too += "ctrl+"
        if held & QT_SHIFT:
            held_too += "shift+"
        name = key_name(event.virtual_key, place, held_too)
        # X repeats a held key as a release and a press of one moment; Qt now and then misses that.
        is_repeat = bool(event.is_repeat) or moment_of(event) == self._released
        self._window.press(name, is_repeat)


# --- command line --------------------------------------------------------------------------

MOST_PIPED = 200_000_000  # bytes of a picture from standard input


def build_parser() -> argparse.ArgumentParser:
    """The parser of the command line; its help is the manual."""
    keys = "\n".join(f"  {key.names:25}{key.does}" for key in KEYS)
    parser = argparse.ArgumentParser(
        description=f"{__doc__}\nIn the window:\n{keys}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_reading_options(parser.add_argument)
    add_training_options(parser.add_argument_group("training").add_argument)
    return parser


def add_reading_options(add: Callable) -> None:
    """Add the options of reading and of the window."""
    add("files", nargs="*", metavar="FILE", help="pictures to read; - is standard input")
    add("--json", action="store_true", help="say all that is known of a picture, as JSON")
    add("--show", action="store_true", help="show the pictures in the window")
    add(
        "--camera",
        nargs="?",
        const="0",
        metavar="N or FILE",
        help="read what a camera sees (default: 0), or a video file",
    )
    add("--open", type=Path, metavar="FILE", help="a saved drawing to go on with, or a picture")
    add("--teach", metavar="DIGITS", help="what the files show: one digit for each part; learn it")
    add("--as-one", action="store_true", help="with --teach: all that a file shows is one digit")
    add("--forget", action="store_true", help="forget all that was taught")
    add(
        "--hand",
        type=Path,
        metavar="FILE",
        help="what you taught (model/hand.npz); with --train: train on it, too",
    )
    add("--model", type=Path, metavar="FILE", help="the network: .npz, .keras or .h5")


def add_training_options(add: Callable) -> None:
    """Add the options of training."""
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
        help="how to train; each but default has a model/RECIPE.npz",
    )
    add("--epochs", type=int, metavar="N", help="(default: the recipe's)")
    add("--batch-size", type=int, metavar="N", help="(default: the recipe's)")
    add("--seed", type=int, metavar="N", help="of all that is random (default: 0)")
    add(
        "--plots",
        type=Path,
        metavar="DIR",
        help="where the plots go (default: plots/, plots/RECIPE/)",
    )


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The options, with their defaults. Ends the program on wrong usage."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    check_values(parser, options)
    check_combinations(parser, options)
    fill_defaults(options)
    if not options.train:
        check_recipe_is_trained(parser, options)
    return options


def check_values(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """End the program where the value of an option cannot be right."""
    for name in ("open", "hand", "model", "data"):
        path = getattr(options, name)
        if path is not None and not path.name:
            parser.error(f"--{name} is to name a file")
    for name in ("epochs", "batch_size"):
        number = getattr(options, name)
        if number is not None and number < 1:
            parser.error(f"--{name.replace('_', '-')} is to be above 0")
    if options.seed is not None and not 0 <= options.seed < 1 << 32:
        parser.error("--seed is to be from 0 to 4294967295")
    if options.teach is not None and not re.fullmatch("[0-9]+", options.teach):
        parser.error("--teach takes digits")
    if options.camera == "":
        parser.error("--camera takes the number of a camera, or a video file")


def check_combinations(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """End the program where an option would do nothing, or two do not go together."""
    check_training_options(parser, options)
    check_window_options(parser, options)
    if options.teach and not options.files:
        parser.error("--teach needs the files that show the digits")
    if options.json and not options.files:
        parser.error("--json needs the files to read")
    if options.show and not options.files:
        parser.error("--show needs the pictures to show")
    if options.as_one and len(options.teach or "") != 1:
        parser.error("--as-one needs --teach and one digit")
    if options.files.count("-") > 1:
        parser.error("- can be read once only")


def check_training_options(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """End the program where an option of training would do nothing."""
    if options.train:
        return
    for name in ("data", "epochs", "batch_size", "seed", "plots"):
        if getattr(options, name) is not None:
            parser.error(f"--{name.replace('_', '-')} does nothing without --train")
    if options.recipe and options.model:
        parser.error("--recipe does nothing beside --model without --train")
    if options.no_window and not (options.files or options.forget):
        parser.error("--no-window leaves nothing to do but --train")


def check_window_options(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """End the program where options that open the window do not go with others."""
    chosen = [f"--{name}" for name in ("open", "show", "camera") if getattr(options, name)]
    if len(chosen) > 1:
        parser.error(f"{chosen[0]} and {chosen[1]} do not go together")
    if not chosen:
        return
    if options.no_window or options.forget or options.json or options.teach:
        parser.error(f"{chosen[0]} opens the window: nothing else is to be done")
    if options.files and not options.show:
        parser.error(f"{chosen[0]} opens the window: files are not read; try --show")


def fill_defaults(options: argparse.Namespace) -> None:
    """Fill in what was not said: the recipe, its network, its plots, the seed.

    The hand stays as it is: training takes lessons only where their file is named.
    """
    options.is_own_model = options.model is None  # not named: it is trained where it is missing
    options.recipe = options.recipe or "default"
    if options.model is None:
        is_default = options.recipe == "default"
        options.model = MODEL if is_default else MODEL.with_stem(options.recipe)
    if options.plots is None:
        options.plots = PLOTS if options.model.absolute() == MODEL else PLOTS / options.model.stem
    options.seed = options.seed or 0


def check_recipe_is_trained(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    """End the program where another recipe is asked for, and has not been trained."""
    if options.recipe != "default" and not is_trained(options.model):
        parser.error(f"--recipe {options.recipe} was never trained: add --train")


def is_trained(model: Path) -> bool:
    """Whether there is a network of this name, in either of its two files."""
    return model.exists() or model.with_suffix(".keras").exists()


def called(file: str) -> str:
    """What a file is called in words: "-" is standard input."""
    return "standard input" if file == "-" else file


def picture_named(file: str) -> np.ndarray:
    """The picture in a file, or on standard input where it is "-", as open_picture() gives it."""
    return read_piped() if file == "-" else open_picture(file)


def read_piped() -> np.ndarray:
    """The picture on standard input, as open_picture() gives it. Raises ValueError."""
    name = Path(called("-"))
    with errors_naming(name, "cannot be read"):
        data = sys.stdin.buffer.read(MOST_PIPED + 1)
    if len(data) > MOST_PIPED:
        raise ValueError(f"{name}: larger than {MOST_PIPED // 10**6} megabytes")
    with errors_naming(name, "cannot be read"), silenced(), memory_limit(MOST_MEMORY):
        return decode(np.frombuffer(data, np.uint8))


def open_sources(options: argparse.Namespace) -> list[Source]:
    """What the window is to show; empty where none is to open.

    Raises ValueError and OSError where a drawing, a picture or a camera cannot be opened.
    """
    if options.show:
        return [open_as_source(file) for file in options.files]
    if options.files or options.no_window or options.forget:
        return []
    if options.camera:
        return [Camera(options.camera)]
    if options.open is None:
        return [Canvas()]
    if options.open.suffix.lower() == ".json":
        return [Canvas(open_drawing(options.open))]
    return [open_as_source(os.fspath(options.open))]


def open_as_source(file: str) -> Picture:
    """The picture in a file, for the window. Raises ValueError naming the file."""
    stored = picture_named(file)
    with naming(called(file)):
        return Picture(Path(called(file)).name, stored)


def forget_all(path: Path) -> None:
    """Forget all that was taught, and say how much that was."""
    before = Hand(path).change(lambda taught: NO_LESSONS)
    forgotten = counted(len(before.labels), "taught digit")
    say(f"{printable(path)}: forgot {forgotten}")


def train_as_told(options: argparse.Namespace) -> None:
    """Train by the recipe, and save the network and its plots."""
    options.model = options.model.with_suffix(".npz")
    last_words = "\nInterrupted; the same command goes on after the last finished epoch."
    with interrupts_ending_at_once(last_words):
        train(
            options.data,
            options.recipe,
            options.epochs,
            options.batch_size,
            options.seed,
            options.model,
            options.plots,
            options.hand if options.train else None,  # without --train, --hand is for reading alone
        )


def read_as_told(file: str, options: argparse.Namespace, recognizer: Recognizer) -> Reading:
    """What a picture says, after it was taught what it shows. Raises ValueError and OSError."""
    stored = picture_named(file)
    with naming(called(file)):
        reading = read_image(stored, recognizer)
        if options.teach:
            teach_as_told(reading, options, recognizer)
            reading = read_image(stored, recognizer)
    return reading


def teach_as_told(reading: Reading, options: argparse.Namespace, recognizer: Recognizer) -> None:
    """Teach what is read as the digits that were told. Raises ValueError where they do not fit."""
    images = [part.image for part in reading.parts]
    if options.as_one:
        images = [ink_together(reading)]
    if len(images) != len(options.teach):
        seen = counted(len(images), "part")
        raise ValueError(
            f"{seen} seen, not {len(options.teach)}: --teach takes a digit for each part,"
            " --as-one one digit for all of it"
        )
    lessons = zip(images, map(int, options.teach), strict=True)
    recognizer.teach_all([Lesson(image, digit) for image, digit in lessons])


def as_json(file: str, reading: Reading) -> str:
    """All that is known of a picture that was read, as one line of JSON."""
    rows = []
    for row in reading.rows:
        rows.append([part_as_dict(part) for part in row])
    said = {"file": file, "text": reading.text, "confidence": reading.confidence, "rows": rows}
    return json.dumps(said)


def part_as_dict(part: Part) -> dict[str, object]:
    """A part of a reading for JSON; its box is x, y, width, height in pixels of the picture."""
    return {
        "digit": part.prediction.digit,
        "confidence": part.prediction.confidence,
        "probabilities": part.prediction.probabilities.tolist(),
        "box": part.box,
    }


def read_files(options: argparse.Namespace, recognizer: Recognizer) -> int:
    """Print a line for each file; return the exit status: 1 where one could not be read."""
    status = 0
    for file in options.files:
        try:
            reading = read_as_told(file, options, recognizer)
        except ValueError as error:
            say(f"mnist_digit: {error}")
            status = 1
            continue
        if options.json:
            print_answer(as_json(file, reading))
        else:
            print_answer(f"{printable(file)}: {reading}")
    return status


def run(options: argparse.Namespace) -> int:
    """Forget, train, show the window or read files, as the options say; return the exit status."""
    sources = open_sources(options)  # what cannot work is refused before a training, not after it
    try:
        if sources:
            check_display()
        if options.forget:
            forget_all(options.hand or HAND)
        has_use = sources or options.files
        if options.train or (options.is_own_model and has_use and not is_trained(options.model)):
            close_cameras(sources)  # others may use them meanwhile
            train_as_told(options)
            if options.camera:
                sources = open_sources(options)
        if not has_use:
            return 0
        recognizer = Recognizer(options.model, options.hand or HAND)
        if sources:
            Window(recognizer, sources).run()
            return 0
        return read_files(options, recognizer)
    finally:
        close_cameras(sources)


def close_cameras(sources: Sequence[Source]) -> None:
    """Let go of the cameras among the sources, and of their threads."""
    for source in sources:
        if isinstance(source, Camera):
            source.close()


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
        file = error.filename or options.model.parent
        say(f"mnist_digit: {printable(file)}: {reason(error)}")
    except ValueError as error:
        say(f"mnist_digit: {error}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
