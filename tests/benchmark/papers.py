"""Pictures of handwriting on papers of many kinds, drawn for benchmark and tests.

A picture is float32 BGR in [0, 1] until the camera makes uint8 of it. Each kind of picture is a
function of (rng, writing) that gives a Picture; writing is what one person wrote.
"""

from __future__ import annotations

import collections
import re
import time
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from mnist_digit import (
    DIGITS,
    LETTERS_UNLIKE_DIGITS,
    LOOK_TWICE,
    Box,
    Reading,
    Recognizer,
    read_file,
    read_handwriting,
    read_image,
    say,
)
from tests.real_window import put_text

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.random import Generator

    Strokes = list[np.ndarray]  # points (x, y), shape (n, 2) each
    Span = tuple[float, float]  # a number between these two, drawn anew for each picture

# --- writing -------------------------------------------------------------------------------

CAPITALS = [letter for letter in LETTERS_UNLIKE_DIGITS if letter.isupper()]
SMALL_LETTERS = [letter for letter in LETTERS_UNLIKE_DIGITS if letter.islower()]


class Writing:
    """What one person wrote; where they left no letters or signs, those of others stand in."""

    def __init__(self, rng: Generator, writers: Writers, writer: int) -> None:
        self.rng, self.writers, self.writer = rng, writers, writer

    def one(self, label: str) -> Strokes:
        """The strokes of one of their characters with this label."""
        own = self.writers[self.writer].get(label)
        if not own:
            others = [written[label] for written in self.writers.values() if label in written]
            own = others[self.rng.integers(len(others))]
        return own[self.rng.integers(len(own))]

    def digits(self, count: int) -> tuple[list[Strokes], str]:
        """So many digits by chance, and their labels."""
        own = [label for label in DIGITS if label in self.writers[self.writer]]
        text = "".join(self.rng.choice(own, count))
        return [self.one(label) for label in text], text

    def among(self, labels: str, count: int) -> list[Strokes]:
        """So many characters by chance, each of one of these labels."""
        return [self.one(label) for label in self.rng.choice([*labels], count)]


# The strokes of each character, by its label, by its writer.
Writers = dict[int, dict[str, list]]
LEAST_DIGITS = 5  # different ones: who left fewer writes no pictures


def read_writers(held_out: bool) -> Writers:
    """What the writers of handwriting.npz left: those never trained on, or all the others."""
    training, others = read_handwriting()
    writers: Writers = collections.defaultdict(lambda: collections.defaultdict(list))
    for character in others if held_out else training:
        writers[character.writer][character.label].append(character.strokes)
    return {writer: dict(written) for writer, written in writers.items()}


def some_writing(rng: Generator, writers: Writers) -> Writing:
    """The writing of one person by chance who left at least LEAST_DIGITS different digits."""
    names = [
        name for name, written in writers.items() if len(set(written) & set(DIGITS)) >= LEAST_DIGITS
    ]
    return Writing(rng, writers, names[rng.integers(len(names))])


class Picture(NamedTuple):
    """A picture and what is to be read in it."""

    pixels: np.ndarray  # uint8 BGR
    text: str  # as it is shown to people; "" where there is no digit
    pattern: str = (
        ""  # regular expression of the readings that are right, where more than the text is
    )

    def is_right(self, text: str) -> bool:
        """Whether a reading, "" for no digit, is right."""
        return re.fullmatch(self.pattern or re.escape(self.text), text) is not None


# --- ink -----------------------------------------------------------------------------------


def box_of(strokes: Strokes) -> tuple[np.ndarray, np.ndarray]:
    """The least x and y of strokes, and their width and height."""
    points = np.concatenate(strokes).astype(float)
    return points.min(axis=0), np.ptp(points, axis=0)


def at(x: float, y: float) -> np.ndarray:
    """A place, to which points can be moved by adding it."""
    return np.array([x, y])


def turned(points: np.ndarray, angle: float) -> np.ndarray:
    """Points (x, y), shape (n, 2), turned about the origin by an angle in radians."""
    cos, sin = np.cos(angle), np.sin(angle)
    return points @ np.array([[cos, sin], [-sin, cos]])


def side_by_side(
    rng: Generator,
    characters: Sequence[Strokes],
    gaps: Span = (0.08, 0.4),
    heights: Span = (0.88, 1.08),
) -> Strokes:
    """Characters about 1 high in a row, with gaps as people leave them, a little uneven."""
    strokes, x = [], 0.0
    for character in characters:
        low, extent = box_of(character)
        scale = rng.uniform(*heights) / max(extent[1], 0.8 * extent[0], 1)
        height = extent[1] * scale
        top = (1 - height) * (0.5 if height < 0.6 else 1) + rng.uniform(
            -0.06, 0.06
        )  # a "=" hangs, digits stand
        strokes += [(stroke - low) * scale + (x, top) for stroke in character]
        x += extent[0] * scale + rng.uniform(*gaps)
    return strokes


def fitted(rng: Generator, strokes: Strokes, box: Sequence[float]) -> Strokes:
    """The strokes as large as a box (left, top, right, bottom) allows, anywhere in it."""
    low, extent = box_of(strokes)
    room = np.subtract(box[2:], box[:2])
    scale = (room / np.maximum(extent, 1e-3)).min()
    start = box[:2] + (room - extent * scale) * rng.uniform(0, 1, 2)
    return [(stroke - low) * scale + start for stroke in strokes]


def draw_ink(shape: tuple[int, int], strokes: Strokes, pen: float) -> np.ndarray:
    """How much of each pixel strokes of a pen (pixels wide) cover: float32 in [0, 1]."""
    ink = np.zeros(shape, np.uint8)
    lines = [
        np.rint(np.repeat(s, 2, axis=0)[: max(2, 2 * len(s) - 1)] * 16).astype(np.int32)
        for s in strokes
    ]
    cv2.polylines(ink, lines, False, 255, max(1, round(pen)), cv2.LINE_AA, shift=4)
    return ink / np.float32(255)


def noise(
    rng: Generator, shape: tuple[int, int], high: float, wide: float | None = None
) -> np.ndarray:
    """Smooth noise of deviation about 1 whose waves are so many pixels high and wide."""
    cells = [
        max(2, round(side / wave) + 1)
        for side, wave in zip(shape, (high, wide or high), strict=True)
    ]
    return cv2.resize(
        np.float32(rng.normal(size=cells)), shape[::-1], interpolation=cv2.INTER_CUBIC
    )


PENS = [
    (0.12, 0.1, 0.1),
    (0.1, 0.1, 0.12),
    (0.5, 0.16, 0.1),
    (0.6, 0.3, 0.1),
    (0.15, 0.12, 0.7),
    (0.2, 0.4, 0.08),
]


def pen_colour(rng: Generator) -> np.ndarray:
    """BGR of a ball pen's ink: black, blue, red or green."""
    return np.float32(PENS[rng.choice(6, p=[0.25, 0.2, 0.25, 0.12, 0.1, 0.08])]) * rng.uniform(
        0.7, 1.4
    )


def inked(
    picture: np.ndarray, ink: np.ndarray, colour: np.ndarray, strength: float = 1
) -> np.ndarray:
    share = strength * ink[..., None]
    return picture * (1 - share) + colour * share


# --- paper, light and camera ---------------------------------------------------------------


def paper(rng: Generator, shape: tuple[int, int]) -> np.ndarray:
    """White to cream or grey, not quite even."""
    colour = np.float32(
        [rng.uniform(0.78, 1), rng.uniform(0.9, 1), rng.uniform(0.92, 1)]
    ) * rng.uniform(0.82, 1)
    grain = (
        1
        + rng.uniform(0, 0.012) * noise(rng, shape, 2)
        + rng.uniform(0, 0.01) * noise(rng, shape, 60)
    )
    return colour * grain[..., None]


def rule(rng: Generator, sheet: np.ndarray, step: float, both_ways: bool) -> np.ndarray:
    """The paper with printed rules step pixels apart, across and, if asked for, down."""
    shape, lines, step = sheet.shape[:2], [], max(step, 14)
    long = 2 * max(shape)
    for way in range(1 + both_ways):
        for at in np.arange(rng.uniform(0, step), max(shape), step):
            ends = np.array([(-long, at), (long, at)])
            lines.append(ends[:, ::-1] if way else ends)
    turn = np.radians(rng.uniform(-4, 4))
    ink = draw_ink(
        shape, [turned(line, turn) for line in lines], max(1, step * rng.uniform(0.02, 0.08))
    )
    if rng.random() < 0.25:  # printed not quite to the sheet's edge
        unprinted = round(rng.uniform(0.02, 0.06) * min(shape))
        ink = np.pad(ink[unprinted:-unprinted, unprinted:-unprinted], unprinted)
    dark, hue = rng.uniform(0.25, 0.85), rng.integers(4)  # grey, blue, red, green
    colour = dark + (1 - dark) * np.float32(
        [(0, 0, 0), (0.6, 0.1, 0), (0, 0, 0.6), (0, 0.4, 0)][hue]
    )
    sheet = inked(sheet, ink, colour, rng.uniform(0.5, 1))
    if rng.random() < 0.3:  # a margin
        at = shape[1] * rng.uniform(0.05, 0.2)
        ink = draw_ink(
            shape,
            [np.array([(at, 0), (at * rng.uniform(0.8, 1.2), shape[0])])],
            max(1, step * 0.05),
        )
        sheet = inked(sheet, ink, np.float32([0.45, 0.4, 0.85]), rng.uniform(0.4, 1))
    return sheet


def ruled(rng: Generator, sheet: np.ndarray, height: float, steps: Span = (0.2, 1.2)) -> np.ndarray:
    return rule(rng, sheet, height * rng.uniform(*steps), both_ways=False)


def squared(
    rng: Generator, sheet: np.ndarray, height: float, steps: Span = (0.15, 0.6)
) -> np.ndarray:
    return rule(rng, sheet, height * rng.uniform(*steps), both_ways=True)


def framed(rng: Generator, sheet: np.ndarray, _height: float, thickness: Span) -> np.ndarray:
    """The paper with a drawn or printed box, somewhat inside the picture's edge or on it."""
    shape = np.array(sheet.shape[:2])
    line = min(shape) * rng.uniform(*thickness)
    margin = rng.choice([0.0, rng.uniform(0.01, 0.06)]) * min(shape) + line / 2
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * (shape[::-1] - 2 * margin) + margin
    corners += rng.normal(0, 0.006, (4, 2)) * min(shape)
    return inked(
        sheet, draw_ink(sheet.shape[:2], [corners[[0, 1, 2, 3, 0]]], line), pen_colour(rng)
    )


def places(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The x and y of each pixel from the picture's middle, in its longer sides."""
    y, x = np.mgrid[: picture.shape[0], : picture.shape[1]].astype(np.float32) / max(picture.shape)
    return x - x.max() / 2, y - y.max() / 2


def shadow(rng: Generator, picture: np.ndarray, darkness: Span, softness: Span) -> np.ndarray:
    """A shadow over a part: of an edge, a hand or a head; softness: in sides of the picture."""
    (x, y), angle = places(picture), rng.uniform(0, 2 * np.pi)
    if rng.random() < 0.6:
        distance = x * np.cos(angle) + y * np.sin(angle) - rng.uniform(-0.3, 0.3)
    else:
        away, tall = rng.uniform(0.3, 0.6), rng.uniform(0.6, 1.6)
        distance = np.hypot(
            x - away * np.cos(angle), tall * (y - away * np.sin(angle))
        ) - rng.uniform(0.3, 0.6)
    share = np.clip(0.5 - distance / rng.uniform(*softness), 0, 1)
    return picture * (1 - rng.uniform(*darkness) * share * share * (3 - 2 * share))[..., None]


def lamp(rng: Generator, picture: np.ndarray) -> np.ndarray:
    """Warm light of a lamp that stands near one side."""
    (x, y), angle, away = places(picture), rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 0.7)
    distance = np.hypot(x - away * np.cos(angle), y - away * np.sin(angle))
    light = 1.1 / (1 + (distance / rng.uniform(0.45, 0.9)) ** 2)
    return picture * light[..., None] * np.float32([rng.uniform(0.6, 1), rng.uniform(0.8, 1), 1])


def desk(rng: Generator, shape: tuple[int, int], dark: bool) -> np.ndarray:
    """Wood, cloth or plastic."""
    brightness = rng.uniform(0.12, 0.35) if dark else rng.uniform(0.45, 0.72)
    colour = np.float32([rng.uniform(0.4, 1), rng.uniform(0.65, 1), 1]) * brightness
    wood = rng.random() < 0.7
    streaks = (
        noise(rng, shape, rng.uniform(3, 14), rng.uniform(80, 300))
        if wood
        else noise(rng, shape, 4)
    )
    return colour * (1 + rng.uniform(0.02, 0.12) * streaks)[..., None]


def on_desk(rng: Generator, sheet: np.ndarray, dark: bool, share: Span = (0.6, 0.85)) -> np.ndarray:
    """A sheet photographed on a desk from not quite above; share: of the picture's width."""
    size = np.array(sheet.shape[1::-1])
    shape = tuple(np.int32(size / rng.uniform(*share))[::-1].tolist())
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)]) * size
    middle = np.array(shape[::-1]) * (0.5 + rng.uniform(-0.06, 0.06, 2))
    laid = (
        turned(corners - size / 2, np.radians(rng.uniform(-12, 12)))
        + middle
        + rng.normal(0, 0.025, (4, 2)) * size
    )
    across = cv2.getPerspectiveTransform(np.float32(corners), np.float32(laid))
    cover = cv2.warpPerspective(np.ones(sheet.shape[:2], np.float32), across, shape[::-1])
    under = cv2.GaussianBlur(cover, (0, 0), rng.uniform(2, 12))  # the sheet's own shadow
    laid = cv2.warpPerspective(np.float32(sheet), across, shape[::-1], flags=cv2.INTER_AREA)
    return desk(rng, shape, dark) * ((1 - 0.4 * under) * (1 - cover))[..., None] + laid


def photograph(
    rng: Generator,
    picture: np.ndarray,
    blur: Span = (0.3, 1.5),
    grain: Span = (0.002, 0.02),
    quality: Span = (55, 96),
) -> np.ndarray:
    """As a camera gives it: exposure, blur, noise and JPEG: uint8 BGR."""
    picture = cv2.GaussianBlur(
        np.float32(picture * rng.uniform(0.75, 1.02)), (0, 0), rng.uniform(*blur)
    )
    picture = picture + rng.uniform(*grain) * rng.normal(size=picture.shape)
    settings = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(*quality))]
    return cv2.imdecode(
        cv2.imencode(".jpg", np.uint8(255 * picture.clip(0, 1)), settings)[1], cv2.IMREAD_COLOR
    )


# --- the kinds of paper --------------------------------------------------------------------


def page(
    rng: Generator, writing: Writing, pen: Span, margin: float = 0.16
) -> tuple[np.ndarray, float, str]:
    """The ink of a digit amid a page, its height and label; the pen's width is given in heights."""
    side = int(rng.integers(260, 900))
    shape = side, round(side * rng.uniform(0.8, 1.35))
    (digit,), text = writing.digits(1)
    room = margin + rng.uniform(0, 0.2)
    strokes = fitted(rng, digit, np.array([room, room, 1 - room, 1 - room]) * (shape[::-1] * 2))
    height = max(box_of(strokes)[1])
    return draw_ink(shape, strokes, max(1.5, height * rng.uniform(*pen))), height, text


def written(
    rng: Generator,
    writing: Writing,
    pen: Span = (0.03, 0.09),
    on: Callable[[Generator, np.ndarray, float], np.ndarray] | None = None,
    light: Callable[[Generator, np.ndarray], np.ndarray] | None = None,
) -> Picture:
    """A digit written with a pen on some kind of sheet and photographed in some light."""
    ink, height, text = page(rng, writing, pen)
    sheet = paper(rng, ink.shape)
    picture = inked(on(rng, sheet, height) if on else sheet, ink, pen_colour(rng))
    return Picture(photograph(rng, light(rng, picture) if light else picture), text)


def painted(rng: Generator, writing: Writing) -> Picture:
    """Of a paint program: any two colours, no camera."""
    ink, _, text = page(rng, writing, (0.03, 0.16), 0.04)
    if rng.random() < 0.3:
        ink = cv2.resize(
            ink, (round(28 * ink.shape[1] / ink.shape[0]), 28), interpolation=cv2.INTER_AREA
        )
    dark, light = np.float32(rng.uniform(0, 0.35, 3)), np.float32(rng.uniform(0.65, 1, 3))
    if rng.random() < 0.7:
        dark, light = np.zeros(3, np.float32), np.ones(3, np.float32)
    ground, colour = (dark, light) if rng.random() < 0.5 else (light, dark)
    return Picture(np.uint8(255 * inked(np.full((*ink.shape, 3), ground), ink, colour)), text)


def pencilled(rng: Generator, writing: Writing) -> Picture:
    """Grey, thin, and broken where the paper's grain is low."""
    ink, _, text = page(rng, writing, (0.015, 0.045))
    grain = np.clip(0.75 + 0.5 * noise(rng, ink.shape, 2), 0, 1)
    colour = np.float32([1, 1, 1]) * rng.uniform(0.25, 0.45)
    return Picture(
        photograph(rng, inked(paper(rng, ink.shape), ink * grain, colour, rng.uniform(0.6, 0.95))),
        text,
    )


def chalked(rng: Generator, writing: Writing) -> Picture:
    """Light and grainy on a board that was wiped."""
    ink, _, text = page(rng, writing, (0.04, 0.11))
    colour = np.float32(
        [rng.uniform(0.7, 1.1), rng.uniform(1, 1.5), rng.uniform(0.7, 1)]
    ) * rng.uniform(0.12, 0.26)
    board = colour * (1 + rng.uniform(0.02, 0.12) * noise(rng, ink.shape, 30, 90))[..., None]
    grain = np.clip(0.8 + 0.45 * noise(rng, ink.shape, 2), 0, 1)
    light = np.float32([0.9, 0.93, 0.93])
    return Picture(photograph(rng, inked(board, ink * grain, light, rng.uniform(0.7, 1))), text)


def on_dark_card(rng: Generator, writing: Writing) -> Picture:
    """In a light pen on a dark card, which lies on a light desk."""
    ink, _, text = page(rng, writing, (0.04, 0.1))
    colour = np.float32(rng.uniform(0.04, 0.25, 3))
    card = colour * (1 + 0.05 * noise(rng, ink.shape, 2))[..., None]
    light = np.float32(rng.uniform(0.75, 1, 3))
    laid = on_desk(rng, inked(card, ink, light), dark=False, share=(0.4, 0.8))
    return Picture(photograph(rng, laid), text)


def small(rng: Generator, writing: Writing) -> Picture:
    """A digit of 4 to 12 % of the height of a large page."""
    side = int(rng.integers(700, 1400))
    shape = side, round(side * rng.uniform(0.7, 1.4))
    (digit,), text = writing.digits(1)
    height = rng.uniform(0.04, 0.12) * side
    middle = rng.uniform(0.15, 0.85, 2) * shape[::-1]
    strokes = fitted(rng, digit, [*(middle - height / 2), *(middle + height / 2)])
    ink = draw_ink(shape, strokes, max(1.5, height * rng.uniform(0.04, 0.1)))
    return Picture(photograph(rng, inked(paper(rng, shape), ink, pen_colour(rng))), text)


def cropped(rng: Generator, writing: Writing) -> Picture:
    """Cut out along the ink, or a few pixels into it or around it."""
    ink, height, text = page(rng, writing, (0.03, 0.09))
    picture = photograph(rng, inked(paper(rng, ink.shape), ink, pen_colour(rng)))
    x, y, w, h = cv2.boundingRect(np.uint8(ink > 0.5))
    gap = round(height * rng.uniform(-0.01, 0.05))
    cut_out = picture[max(0, y - gap) : y + h + gap, max(0, x - gap) : x + w + gap]
    return Picture(np.ascontiguousarray(cut_out), text)


def bitmap(rng: Generator, writing: Writing, margin: Span) -> Picture:
    """A digit in 16 to 48 pixels, black and white or grey, with so much around it, in its size."""
    side = int(rng.integers(16, 49))
    ink, text = cut_out(rng, writing, 4 * side, margin)
    scale = side / max(ink.shape)
    ink = cv2.resize(ink, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    if rng.random() < 0.5:
        ink = np.float32(ink > 0.5)
    is_dark = rng.random() < 0.5
    grey = np.uint8(255 * (1 - ink if is_dark else ink))
    return Picture(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), text)


def cut_out(rng: Generator, writing: Writing, size: int, margin: Span) -> tuple[np.ndarray, str]:
    """The ink of a digit in a thick pen, so many pixels large, cut off around it; and its label.

    margin: how much is left around it, in its size.
    """
    (digit,), text = writing.digits(1)
    low, high = size / 2, 3 * size / 2  # in the middle of a page twice as large
    pen = size * rng.uniform(0.08, 0.2)
    ink = draw_ink((2 * size, 2 * size), fitted(rng, digit, [low, low, high, high]), pen)
    box = Box(*cv2.boundingRect(np.uint8(ink > 0.5)))
    gap = int(box.longest * rng.uniform(*margin))
    return np.pad(ink[box.y : box.bottom, box.x : box.right], gap), text


def thick_scan(rng: Generator, writing: Writing) -> Picture:
    """A digit in a thick pen, cut off around its ink or a few pixels outside it."""
    ink, text = cut_out(rng, writing, int(rng.integers(80, 600)), (0, 0.05))
    return Picture(photograph(rng, inked(paper(rng, ink.shape), ink, pen_colour(rng))), text)


def poorly_taken(rng: Generator, writing: Writing) -> Picture:
    """Dark, with noise, blur and hard JPEG."""
    ink, height, text = page(rng, writing, (0.03, 0.09))
    picture = inked(paper(rng, ink.shape), ink, pen_colour(rng), rng.uniform(0.6, 1)) * rng.uniform(
        0.4, 0.9
    )
    return Picture(
        photograph(rng, picture, (0.005 * height, 0.02 * height), (0.03, 0.07), (15, 50)), text
    )


def numbers(rng: Generator, writing: Writing, slope: float = 2, rows: int = 1) -> Picture:
    """Rows of 3 to 6 digits of one person on plain, ruled or squared paper, in any light."""
    digits, texts = zip(
        *(writing.digits(int(rng.integers(3, 7))) for _ in range(rows)), strict=True
    )
    lines = [side_by_side(rng, line) for line in digits]
    width, margin, turn = int(rng.integers(500, 1200)), 0.05, np.radians(rng.uniform(-slope, slope))
    widest = max(box_of(line)[1][0] for line in lines)
    height = width * (1 - 2 * margin) / max(widest, 2.5) * rng.uniform(0.6, 0.95)  # of a digit
    band = 1.25 * height + np.tan(np.radians(slope)) * width
    shape = round(rows * band * rng.uniform(1, 1.2) + 0.6 * height), width
    ink, pen = np.zeros(shape, np.float32), max(1.5, height * rng.uniform(0.03, 0.1))
    for i, line in enumerate(lines):
        top = (shape[0] - rows * band) / 2 + i * band
        long = box_of(line)[1][0] * height + 2 * pen
        left = rng.uniform(margin * width, max(margin * width, (1 - margin) * width - long))
        box = [left, top, min(left + long, (1 - margin) * width), top + band]
        ink = np.maximum(
            ink, draw_ink(shape, fitted(rng, [turned(stroke, turn) for stroke in line], box), pen)
        )
    sheet = paper(rng, shape)
    if rows == 1 and rng.random() < 0.3:
        sheet = (squared if rng.random() < 0.5 else ruled)(rng, sheet, height, (0.2, 1.2))
    picture = inked(sheet, ink, pen_colour(rng))
    picture = lamp(rng, picture) if rng.random() < 0.25 else picture
    picture = shadow(rng, picture, (0.1, 0.4), (0.05, 0.3)) if rng.random() < 0.25 else picture
    return Picture(photograph(rng, picture), " ".join(texts))


# --- more than one digit -------------------------------------------------------------------


class Line(NamedTuple):
    """A line of writing and where it is to stand."""

    strokes: Strokes  # about 1 high
    height: float  # pixels
    left: float
    top: float

    def placed(self) -> Strokes:
        """Its strokes in pixels of the picture."""
        low, _ = box_of(self.strokes)
        return [(stroke - low) * self.height + (self.left, self.top) for stroke in self.strokes]


def on_clean_paper(
    rng: Generator, lines: Sequence[Line], pen: Span = (0.04, 0.1), room: float = 0.5
) -> np.ndarray:
    """The photograph of lines on clean paper, room heights of the first of them left around."""
    height = lines[0].height
    strokes = [stroke for line in lines for stroke in line.placed()]
    low, extent = box_of(strokes)
    margin = height * rng.uniform(room, 1.6 * room, 4)
    shape = tuple(np.int32(np.ceil(extent + margin[:2] + margin[2:]))[::-1].tolist())
    ink = draw_ink(
        shape,
        [stroke - low + margin[:2] for stroke in strokes],
        max(1.5, height * rng.uniform(*pen)),
    )
    return photograph(rng, inked(paper(rng, shape), ink, pen_colour(rng)))


def some_height(rng: Generator) -> float:
    """Of a digit, in pixels."""
    return rng.uniform(50, 180)


def apart(
    rng: Generator,
    writing: Writing,
    count: int = 3,
    gaps: Span = (0.15, 0.6),
    heights: Span = (0.88, 1.08),
) -> Picture:
    """Digits of one person with room between them."""
    digits, text = writing.digits(count)
    line = Line(side_by_side(rng, digits, gaps, heights), some_height(rng), 0, 0)
    return Picture(on_clean_paper(rng, [line]), text)


def with_word(rng: Generator, writing: Writing, above: bool) -> Picture:
    """Three digits, and a word of capitals or small letters above or beside them."""
    (digits, text), height = writing.digits(3), some_height(rng)
    letters = writing.among(
        CAPITALS if rng.random() < 0.5 else SMALL_LETTERS, int(rng.integers(3, 7))
    )
    number, word = side_by_side(rng, digits, (0.15, 0.5)), side_by_side(rng, letters, (0.1, 0.4))
    size = height * rng.uniform(0.7, 1.1)
    if above:
        lines = [Line(number, height, rng.uniform(0, height), 0)]
        lines.append(Line(word, size, rng.uniform(0, height), -size * rng.uniform(1.35, 1.9)))
        return Picture(on_clean_paper(rng, lines), text)
    gap, word_first = height * rng.uniform(0.6, 1.2), rng.random() < 0.5
    first, second = (word, number) if word_first else (number, word)
    first, second = Line(first, height, 0, 0), Line(second, height, 0, 0)
    start = box_of(first.placed())[1][0] + gap
    picture = on_clean_paper(rng, [first, second._replace(left=start)])
    unread = "?" * len(letters)
    return Picture(picture, unread + text if word_first else text + unread, rf"\?* ?{text} ?\?*")


def sums(rng: Generator, writing: Writing) -> Picture:
    """63+6 or 7+5=12, with signs of the same hand or of others."""
    characters, text = [], ""
    for part in ("dd+d", "d+d", "d+dd", "d+d=dd", "dd+dd")[rng.integers(5)]:
        if part == "d":
            (digit,), label = writing.digits(1)
        else:
            digit, label = writing.one(part), "?"
        characters, text = [*characters, digit], text + label
    return Picture(
        on_clean_paper(
            rng, [Line(side_by_side(rng, characters, (0.15, 0.5)), some_height(rng), 0, 0)]
        ),
        text,
    )


def among_letters(rng: Generator, writing: Writing) -> Picture:
    """Two digits among two to four letters, as in A38K."""
    digits, labels = writing.digits(2)
    start, stop = rng.integers(1, 3, 2)
    before, after = writing.among(CAPITALS, int(start)), writing.among(CAPITALS, int(stop))
    line = side_by_side(rng, [*before, *digits, *after], (0.15, 0.5))
    return Picture(
        on_clean_paper(rng, [Line(line, some_height(rng), 0, 0)]), "?" * start + labels + "?" * stop
    )


def touching(rng: Generator, writing: Writing) -> Picture:
    """Two to four digits; at least two touch, or their boxes overlap by up to an eighth."""
    count = int(rng.integers(2, 5))
    digits, text = writing.digits(count)
    apart = rng.random(count - 1) < 0.3
    apart[rng.integers(count - 1)] = False
    line: Strokes = []
    right = 0.0
    for i, digit in enumerate(digits):
        strokes = side_by_side(rng, [digit])
        gap = rng.uniform(0.1, 0.3) if i and apart[i - 1] else rng.uniform(-0.125, 0)
        line += [stroke + at(right + gap, 0) for stroke in strokes]
        right = max(stroke[:, 0].max() for stroke in line)
    return Picture(on_clean_paper(rng, [Line(line, some_height(rng), 0, 0)]), text)


def many_rows(
    rng: Generator, writing: Writing, rows: int, columns: int, pen: Span = (0.04, 0.09)
) -> Picture:
    """Rows of digits on one page."""
    height, lines, texts = rng.uniform(40, 130) * (0.6 if rows > 4 else 1), [], []
    for row in range(rows):
        digits, text = writing.digits(columns)
        top = row * height * 1.6 + height * rng.uniform(-0.1, 0.1)
        lines.append(
            Line(side_by_side(rng, digits, (0.2, 0.7)), height, height * rng.uniform(0, 0.5), top)
        )
        texts.append(text)
    return Picture(on_clean_paper(rng, lines, pen), " ".join(texts))


def on_base_line(rng: Generator, writing: Writing) -> Picture:
    """Two to five digits that stand on a printed line, or a little above or below it."""
    digits, text = writing.digits(int(rng.integers(2, 6)))
    height = some_height(rng)
    line = Line(side_by_side(rng, digits, (0.12, 0.5)), height, 0, 0)
    _, (width, _) = box_of(line.placed())
    ends = np.array(
        [(-rng.uniform(0.1, 0.8) * height, 0), (width + rng.uniform(0.1, 0.8) * height, 0)]
    )
    shape = round(2.4 * height), round(width + 2 * height)
    place = np.array([height, 0.7 * height])
    rule = (
        turned(ends, np.radians(rng.uniform(-2, 2))) + place + (0, height * rng.uniform(0.93, 1.12))
    )
    sheet = inked(
        paper(rng, shape),
        draw_ink(shape, [rule], max(1, height * rng.uniform(0.015, 0.05))),
        printed(rng),
    )
    strokes = [stroke + place for stroke in line.placed()]
    return Picture(
        photograph(
            rng, inked(sheet, draw_ink(shape, strokes, pen_width(rng, height)), pen_colour(rng))
        ),
        text,
    )


def pen_width(rng: Generator, height: float) -> float:
    """Of a usual pen beside digits so high, in pixels."""
    return max(1.5, height * rng.uniform(0.04, 0.1))


def printed(rng: Generator) -> np.ndarray:
    """BGR of printed lines: black, grey or a hue."""
    return np.float32(
        [(0.1, 0.1, 0.1), (0.5, 0.5, 0.5), (0.6, 0.4, 0.2), (0.3, 0.3, 0.75)][rng.integers(4)]
    )


def in_boxes(rng: Generator, writing: Writing) -> Picture:
    """Digits in the printed boxes of a form, one each, some of them on a box's line."""
    count, height = int(rng.integers(2, 6)), some_height(rng)
    digits, text = writing.digits(count)
    box = height * np.array([rng.uniform(1.05, 1.35), rng.uniform(1.2, 1.5)])
    gap = 0 if rng.random() < 0.6 else height * rng.uniform(0.1, 0.4)
    shape = round(box[1] + 1.2 * height), round(count * (box[0] + gap) + 1.2 * height)
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]) * box
    ink, lines = np.zeros(shape, np.float32), []
    for i, digit in enumerate(digits):
        start = np.array([0.6 * height + i * (box[0] + gap), 0.6 * height])
        lines.append(corners + start)
        strokes, pen = side_by_side(rng, [digit]), pen_width(rng, height)
        low, extent = box_of(strokes)
        size = height / max(1, extent[0] * height / (0.95 * box[0]))
        middle = start + box / 2 + rng.uniform(-0.12, 0.12, 2) * box
        placed = [(stroke - low - extent / 2) * size + middle for stroke in strokes]
        ink = np.maximum(ink, draw_ink(shape, placed, pen))
    frames = draw_ink(shape, lines, max(1, height * rng.uniform(0.015, 0.04)))
    sheet = inked(paper(rng, shape), frames, printed(rng))
    return Picture(photograph(rng, inked(sheet, ink, pen_colour(rng))), text)


def cut_off(rng: Generator, writing: Writing) -> Picture:
    """Three or four digits, the last or first of them cut off by the picture's edge."""
    digits, text = writing.digits(int(rng.integers(3, 5)))
    height = some_height(rng)
    line = Line(side_by_side(rng, digits, (0.15, 0.4)), height, 0, 0)
    whole = on_clean_paper(rng, [line], room=0.3)
    first = rng.random() < 0.5
    cut = side_by_side(rng, [digits[0 if first else -1]])
    edge = round(0.48 * height + box_of(cut)[1][0] * height * rng.uniform(0.1, 0.6))
    pixels = np.ascontiguousarray(whole[:, edge:] if first else whole[:, :-edge])
    if first:
        return Picture(pixels, text, rf"[{text[0]}?]?{text[1:]}")
    return Picture(pixels, text, rf"{text[:-1]}[{text[-1]}?]?")


def with_speck(rng: Generator, writing: Writing) -> Picture:
    """Two or three digits, and a dot, a comma or dirt beside one of them."""
    digits, text = writing.digits(int(rng.integers(2, 4)))
    strokes = side_by_side(rng, digits, (0.25, 0.6))
    width = box_of(strokes)[1][0]
    specks = rng.uniform(0, 0.1, (int(rng.integers(1, 3)), 2, 2)) * rng.choice([0.1, 1])
    places = np.stack(
        [rng.uniform(-0.25, width + 0.25, len(specks)), rng.choice([-0.25, 1.15], len(specks))],
        axis=1,
    )
    strokes += [speck + place for speck, place in zip(specks, places, strict=True)]
    return Picture(on_clean_paper(rng, [Line(strokes, some_height(rng), 0, 0)]), text)


def amount(rng: Generator, writing: Writing) -> Picture:
    """An amount as on a bank cheque: in a printed box with a sign, on a pattern, with cents."""
    height = rng.uniform(40, 90)
    whole, text = writing.digits(int(rng.integers(2, 5)))
    cents, cents_text = writing.digits(2)
    ending = rng.integers(4)  # none, dashes or stars, cents above a line, cents after a point
    strokes, right = [], 0.0
    for i, digit in enumerate(whole):
        placed = side_by_side(rng, [digit])
        gap = rng.uniform(0.02, 0.3)
        strokes += [stroke + at(right + gap, 0) for stroke in placed]
        right = max(stroke[:, 0].max() for stroke in strokes)
        if len(whole) - i == 4:  # thousands
            strokes.append(np.array([(0.08, 0.95), (0.02, 1.15)]) + at(right, 0))
            right += 0.08
    pattern = re.escape(text)
    if ending == 1:
        dash = np.array([(0, 0.6), (0.6, 0.55)])
        strokes += [dash + at(right + 0.25, 0.15 * i) for i in range(rng.integers(1, 3))]
        pattern += r"\?*"
    elif ending == 2:
        small = [0.5 * stroke for stroke in side_by_side(rng, cents, (0.1, 0.25))]
        wide = box_of(small)[1][0]
        strokes += [stroke + at(right + 0.3, -0.1) for stroke in small]
        strokes.append(np.array([(right + 0.2, 0.55), (right + 0.4 + wide, 0.5)]))
        hundred = [np.array([(0.1, 0), (0.1, 0.35)]) + at(right + 0.2, 0.65)]
        turn = np.linspace(0, 2 * np.pi, 20)
        ring = np.stack([0.1 * np.sin(turn), 0.17 * np.cos(turn)], axis=1) + at(right + 0.45, 0.82)
        strokes += [*hundred, ring, ring + at(0.25, 0)]
        pattern, text = pattern + rf"\?*({cents_text})?[?01 ]*", f"{text}?{cents_text}"
    elif ending == 3:
        strokes.append(np.array([(0, 0.97), (0.02, 1.0)]) + at(right + 0.12, 0))
        strokes += [stroke + at(right + 0.3, 0) for stroke in side_by_side(rng, cents, (0.05, 0.3))]
        pattern, text = pattern + rf"\??{cents_text}", text + cents_text
    return Picture(cheque(rng, strokes, height), text, rf"\??{pattern}")


def cheque(rng: Generator, strokes: Strokes, height: float) -> np.ndarray:
    """The photograph of a cheque's part with the amount: printed box, "$", the paper's pattern."""
    _, extent = box_of(strokes)
    low = box_of(strokes)[0]
    box = (
        np.array(
            [extent[0] + rng.uniform(0.6, 1.6), max(1.25, extent[1] + rng.uniform(-0.05, 0.4))]
        )
        * height
    )
    shape = (
        round(box[1] + rng.uniform(0.4, 1.2) * height),
        round(box[0] + rng.uniform(1.4, 2) * height),
    )
    start = np.array([1.1 * height, (shape[0] - box[1]) / 2])
    sheet = paper(rng, shape)
    if rng.random() < 0.5:
        waves = noise(rng, shape, rng.uniform(4, 25), rng.uniform(4, 60))
        sheet *= 1 - rng.uniform(0.01, 0.06) * np.float32(waves[..., None] > 0)
    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)]) * box + start
    shown = rng.integers(3)  # box, line below, neither
    frame = [[corners], [corners[2:4]], []][shown]
    if frame:
        sheet = inked(sheet, draw_ink(shape, frame, max(1, 0.02 * height)), printed(rng))
    sign = np.zeros(shape, np.uint8)
    at = (round(0.2 * height), round(start[1] + 0.5 * box[1] + 0.4 * height))
    cv2.putText(
        sign,
        "$",
        at,
        cv2.FONT_HERSHEY_SIMPLEX,
        height / 32,
        255,
        max(1, round(height / 16)),
        cv2.LINE_AA,
    )
    sheet = inked(sheet, sign / np.float32(255), printed(rng))
    room = np.maximum(box - extent * height, 0)
    place = start + room * rng.uniform(0.1, 0.9, 2)
    ink = draw_ink(
        shape, [(stroke - low) * height + place for stroke in strokes], pen_width(rng, height)
    )
    return photograph(rng, inked(sheet, ink, pen_colour(rng)))


# --- marks that people add ------------------------------------------------------------------


def drawn_line(rng: Generator, left: float, right: float, y: float) -> np.ndarray:
    """A level line as a hand draws it, a little shaky; in heights of a digit, shape (8, 2)."""
    x = np.linspace(left, right, 8)
    slope = rng.uniform(-0.05, 0.05) * np.linspace(-0.5, 0.5, 8)
    return np.stack([x, y + slope + rng.normal(0, 0.01, 8).cumsum()], axis=1)


def ringed(rng: Generator, writing: Writing) -> Picture:
    """One to three digits in a ring, whose ends overlap or do not meet."""
    digits, text = writing.digits(int(rng.integers(1, 4)))
    strokes = side_by_side(rng, digits, (0.12, 0.45))
    low, extent = box_of(strokes)
    radii = 0.56 * extent + rng.uniform(0.2, 0.45, 2)
    angles = np.linspace(0, 2 * np.pi * rng.uniform(0.93, 1.1), 60) + rng.uniform(0, 2 * np.pi)
    wave = 1 + 0.04 * np.cos(angles / 2 + rng.uniform(0, 2 * np.pi))
    around = np.stack([wave * np.cos(angles), wave * np.sin(angles)], axis=1)
    strokes.append(low + extent / 2 + radii * around)
    return Picture(on_clean_paper(rng, [Line(strokes, some_height(rng), 0, 0)]), text)


def underlined(rng: Generator, writing: Writing) -> Picture:
    """One to four digits above one line or two."""
    digits, text = writing.digits(int(rng.integers(1, 5)))
    strokes = side_by_side(rng, digits, (0.12, 0.45))
    low, extent = box_of(strokes)
    left, right = low[0] - rng.uniform(-0.05, 0.3), low[0] + extent[0] + rng.uniform(-0.05, 0.3)
    below = low[1] + extent[1] + rng.uniform(0.08, 0.3)
    for i in range(int(rng.integers(1, 3))):
        strokes.append(drawn_line(rng, left, right, below + 0.15 * i))
    return Picture(on_clean_paper(rng, [Line(strokes, some_height(rng), 0, 0)]), text)


def in_the_middle(line: Strokes, x: float, y: float) -> Strokes:
    """A line of writing with the middle of its upper edge at (x, y)."""
    low, extent = box_of(line)
    return [stroke - low + at(x - extent[0] / 2, y) for stroke in line]


def fraction(rng: Generator, writing: Writing) -> Picture:
    """One or two digits above a line, and one or two below it."""
    written, texts = zip(*(writing.digits(int(rng.integers(1, 3))) for _ in range(2)), strict=True)
    upper, lower = (side_by_side(rng, digits, (0.12, 0.4)) for digits in written)
    half = max(box_of(line)[1][0] for line in (upper, lower)) / 2 + rng.uniform(0.05, 0.3)
    bar = drawn_line(rng, -half, half, 1 + rng.uniform(0.12, 0.3))
    lower = in_the_middle(lower, 0, bar[:, 1].max() + rng.uniform(0.12, 0.3))
    line = Line([*in_the_middle(upper, 0, 0), bar, *lower], some_height(rng), 0, 0)
    return Picture(on_clean_paper(rng, [line], (0.04, 0.08)), " ".join(texts))


def column_sum(rng: Generator, writing: Writing) -> Picture:
    """Two numbers of two digits, one below the other, a "+", a line and a third number."""
    strokes, texts = [], []
    for row in range(3):
        digits, text = writing.digits(2)
        line = side_by_side(rng, digits, (0.15, 0.35))
        top = 1.4 * row + (0.25 if row == 2 else 0)
        strokes += in_the_middle(line, -box_of(line)[1][0] / 2, top)  # their right edges at 0
        texts.append(text)
    left = box_of(strokes)[0][0]
    plus = side_by_side(rng, [writing.one("+")])
    _, extent = box_of(plus)
    plus = [0.7 * stroke for stroke in plus]
    strokes += in_the_middle(plus, left - 0.7 * extent[0], 1.4 + rng.uniform(0.1, 0.3))
    strokes.append(drawn_line(rng, box_of(strokes)[0][0], 0.2, 2.4 + rng.uniform(0.05, 0.2)))
    picture = on_clean_paper(rng, [Line(strokes, some_height(rng), 0, 0)], (0.04, 0.08))
    upper, lower, result = texts
    return Picture(picture, " ".join(texts), rf"{upper} \??{lower} {result}")


def thin_lines(rng: Generator, writing: Writing) -> Picture:
    """One to three large digits as a paint program draws them with a pen of one pixel."""
    digits, text = writing.digits(int(rng.integers(1, 4)))
    height = rng.uniform(350, 800)
    strokes = [stroke * height for stroke in side_by_side(rng, digits)]
    low, extent = box_of(strokes)
    shape = tuple(np.int32(extent[::-1] + height * rng.uniform(0.6, 1.2)).tolist())
    start = np.subtract(shape[::-1], extent) * rng.uniform(0.3, 0.7, 2) - low
    ink = draw_ink(shape, [stroke + start for stroke in strokes], 1)
    dark, light = rng.uniform(0, 0.15), rng.uniform(0.85, 1)
    paper_shade, ink_shade = (light, dark) if rng.random() < 0.5 else (dark, light)
    picture = inked(np.full((*shape, 3), paper_shade), ink, np.full(3, ink_shade))
    return Picture(np.uint8(255 * picture), text)


BRIGHT = [  # BGR of a paint program's palette
    (0.1, 0.1, 0.9),
    (0.9, 0.1, 0.05),
    (0.1, 0.7, 0.15),
    (0.05, 0.5, 1),
    (0.7, 0.1, 0.55),
    (0.9, 0.7, 0.1),
    (0.05, 0.8, 0.9),
    (0.7, 0.4, 1),
]


def coloured(rng: Generator, writing: Writing) -> Picture:
    """Two to four digits, each in another colour: on paper, or in a paint program."""
    digits, text = writing.digits(int(rng.integers(2, 5)))
    height, strokes, right = some_height(rng), [], 0.0
    for digit in digits:
        placed = [stroke + at(right, 0) for stroke in side_by_side(rng, [digit])]
        right = np.concatenate(placed)[:, 0].max() + rng.uniform(0.12, 0.4)
        strokes.append([height * stroke for stroke in placed])
    low, extent = box_of([stroke for digit in strokes for stroke in digit])
    start = height * rng.uniform(0.5, 1, 2) - low
    shape = tuple(np.int32(extent[::-1] + height * rng.uniform(1.2, 2)).tolist())
    is_paint = rng.random() < 0.5
    sheet = np.full((*shape, 3), rng.choice([0, 1, 1])) if is_paint else paper(rng, shape)
    pen = max(2, height * rng.uniform(0.05, 0.14))
    for digit, colour in zip(strokes, rng.permutation(BRIGHT), strict=False):
        ink = draw_ink(shape, [stroke + start for stroke in digit], pen)
        sheet = inked(sheet, ink, np.float32(colour))
    return Picture(np.uint8(255 * sheet) if is_paint else photograph(rng, sheet), text)


def beside_pencil(rng: Generator, writing: Writing) -> Picture:
    """A number in ink and one in pencil: two rows, either of them above."""
    height, lines, texts = some_height(rng), [], []
    for row in range(2):
        digits, text = writing.digits(int(rng.integers(1, 4)))
        left = height * rng.uniform(0.6, 1.2)
        top = height * (0.6 + 1.6 * row + rng.uniform(0, 0.2))
        lines.append(Line(side_by_side(rng, digits, (0.12, 0.45)), height, left, top))
        texts.append(text)
    _, extents = zip(*(box_of(line.placed()) for line in lines), strict=True)
    shape = round(4 * height), round(max(extent[0] for extent in extents) + 2 * height)
    rng.shuffle(lines)
    in_ink, in_pencil = lines
    graphite = np.float32(np.clip(0.75 + 0.5 * noise(rng, shape, 2), 0, 1))
    pencil = graphite * draw_ink(shape, in_pencil.placed(), max(1.5, 0.04 * height))
    grey = np.full(3, rng.uniform(0.3, 0.45))
    sheet = inked(paper(rng, shape), pencil, grey, rng.uniform(0.65, 0.9))
    pen = height * rng.uniform(0.05, 0.09)
    sheet = inked(sheet, draw_ink(shape, in_ink.placed(), pen), pen_colour(rng))
    return Picture(photograph(rng, sheet), " ".join(texts))


LIGHT, DARK = (0.12, 0.3), (0.45, 0.7)  # of what the light has, a shadow takes away
SOFT, HARD = (0.08, 0.35), (0.004, 0.015)
DIGIT_KINDS = {
    "paint program": painted,
    "plain paper": written,
    "ruled": partial(written, on=ruled),
    "squared": partial(written, on=squared),
    "thin frame": partial(written, on=partial(framed, thickness=(0.004, 0.012))),
    "thick frame": partial(written, on=partial(framed, thickness=(0.025, 0.07))),
    "light shadow, soft edge": partial(
        written, light=partial(shadow, darkness=LIGHT, softness=SOFT)
    ),
    "light shadow, hard edge": partial(
        written, light=partial(shadow, darkness=LIGHT, softness=HARD)
    ),
    "dark shadow, soft edge": partial(written, light=partial(shadow, darkness=DARK, softness=SOFT)),
    "dark shadow, hard edge": partial(written, light=partial(shadow, darkness=DARK, softness=HARD)),
    "lamp light": partial(written, light=lamp),
    "sheet on a dark desk": partial(written, light=partial(on_desk, dark=True)),
    "sheet on a light desk": partial(written, light=partial(on_desk, dark=False)),
    "ruled sheet on a dark desk": partial(written, on=ruled, light=partial(on_desk, dark=True)),
    "card on a dark desk": partial(written, light=partial(on_desk, dark=True, share=(0.3, 0.6))),
    "dark card on a light desk": on_dark_card,
    "pencil": pencilled,
    "marker": partial(written, pen=(0.1, 0.2)),
    "chalk": chalked,
    "small on a large page": small,
    "tight crop": cropped,
    "poor camera": poorly_taken,
}
BITMAP_KINDS = {
    "bitmap with a margin": partial(bitmap, margin=(0.1, 0.3)),
    "bitmap, cut off around its digit": partial(bitmap, margin=(0, 0)),
    "scan, cut off around a thick digit": thick_scan,
}
NUMBER_KINDS = {
    "3 to 6 digits in a row": numbers,
    "the same, sloping": partial(numbers, slope=15),
    "two rows": partial(numbers, slope=5, rows=2),
    "two rows, sloping": partial(numbers, slope=12, rows=2),
    "three digits apart": apart,
    "unequal heights": partial(apart, heights=(0.6, 1.1), count=4),
    "a word above": partial(with_word, above=True),
    "a word beside": partial(with_word, above=False),
    "sums": sums,
    "two digits among letters": among_letters,
    "touching": touching,
    "four rows of three": partial(many_rows, rows=4, columns=3),
    "four rows of three, thick pen": partial(many_rows, rows=4, columns=3, pen=(0.1, 0.17)),
    "ten rows of four": partial(many_rows, rows=10, columns=4),
    "on a base line": on_base_line,
    "in boxes": in_boxes,
    "cut off by the edge": cut_off,
    "with a speck": with_speck,
    "amounts of money": amount,
    "in a ring": ringed,
    "underlined": underlined,
    "a fraction": fraction,
    "a sum in columns": column_sum,
    "lines of one pixel": thin_lines,
    "each digit in its colour": coloured,
    "in ink and in pencil": beside_pencil,
}


# --- pictures without a digit --------------------------------------------------------------


def letters(rng: Generator, writing: Writing) -> Picture:
    """One to four letters that look like no digit."""
    word = side_by_side(
        rng, writing.among(LETTERS_UNLIKE_DIGITS, int(rng.integers(1, 5))), (0.1, 0.4)
    )
    return Picture(on_clean_paper(rng, [Line(word, some_height(rng), 0, 0)]), "")


def blank(rng: Generator, _writing: Writing) -> Picture:
    """Paper with nothing on it but rules, a shadow or a frame."""
    sheet = paper(rng, (400, int(rng.integers(350, 560))))
    sheet = (
        rule(rng, sheet, rng.uniform(20, 120), rng.random() < 0.5) if rng.random() < 0.6 else sheet
    )
    sheet = framed(rng, sheet, 0, (0.005, 0.05)) if rng.random() < 0.3 else sheet
    sheet = shadow(rng, sheet, (0.1, 0.6), (0.01, 0.3)) if rng.random() < 0.4 else sheet
    return Picture(photograph(rng, sheet), "")


def texture(rng: Generator, _writing: Writing) -> Picture:
    """Wood, cloud or noise."""
    waves = noise(rng, (400, 500), *rng.uniform(2, 150, 2))
    colour = np.float32(rng.uniform(0.2, 0.8, 3))
    return Picture(photograph(rng, colour * (1 + rng.uniform(0.05, 0.5) * waves)[..., None]), "")


def ellipse(
    shape: tuple[int, int], centre: Sequence[float], axes: Sequence[float], turn: float = 0
) -> np.ndarray:
    """A filled ellipse: float32 in [0, 1]; centre and axes in sides of the picture."""
    ink = np.zeros(shape, np.uint8)
    middle, half = np.int32(np.multiply(centre, shape[0])), np.int32(np.multiply(axes, shape[0]))
    cv2.ellipse(ink, middle.tolist(), half.tolist(), turn, 0, 360, 255, -1, cv2.LINE_AA)
    return cv2.GaussianBlur(ink / np.float32(255), (0, 0), 2)


def face(rng: Generator, _writing: Writing) -> Picture:
    """A head with hair, eyes, brows, nose and mouth in some light."""
    shape = (480, 480)
    skin = np.float32([0.55, 0.65, 0.9]) * rng.uniform(0.5, 1.05)
    picture = np.float32(rng.uniform(0.1, 0.9, 3)) * (1 + 0.05 * noise(rng, shape, 60))[..., None]
    centre = np.array([0.5, 0.52]) + rng.uniform(-0.05, 0.05, 2)
    wide = rng.uniform(0.22, 0.32)
    hair = skin * rng.uniform(0.05, 0.5)
    picture = inked(picture, ellipse(shape, centre - (0, 0.08), (1.15 * wide, 0.38)), hair)
    picture = inked(picture, ellipse(shape, centre, (wide, 0.35)), skin)
    for side in (-1, 1):
        eye = centre + at(side * 0.45 * wide, -0.06)
        picture = inked(picture, ellipse(shape, eye, (0.05, 0.025)), np.float32([0.85, 0.85, 0.85]))
        picture = inked(picture, ellipse(shape, eye, (0.022, 0.022)), np.float32([0.15, 0.1, 0.1]))
        brow = ellipse(shape, eye - (0, 0.06), (0.07, 0.012), side * rng.uniform(-15, 15))
        picture = inked(picture, brow, hair)
    picture = inked(picture, ellipse(shape, centre + at(0, 0.08), (0.03, 0.04)), 0.85 * skin)
    picture = inked(
        picture, ellipse(shape, centre + at(0, 0.2), (0.09, rng.uniform(0.01, 0.04))), 0.6 * skin
    )
    return Picture(photograph(rng, shadow(rng, picture, (0.2, 0.7), (0.3, 1.0))), "")


def landscape(rng: Generator, _writing: Writing) -> Picture:
    """Sky, hills one behind the other, and trees."""
    shape = (400, int(rng.integers(400, 640)))
    y = np.arange(shape[0], dtype=np.float32)[:, None]
    sky = np.float32([0.95, 0.8, 0.6]) * rng.uniform(0.6, 1)
    picture = sky * (1 + 0.15 * noise(rng, shape, 40, 120))[..., None]
    for hill in range(rng.integers(1, 4)):
        line = (
            shape[0] * (0.4 + 0.18 * hill) + 40 * noise(rng, shape, 1e6, rng.uniform(60, 250))[:1]
        )
        colour = np.float32([0.25, 0.5, 0.35]) * rng.uniform(0.3, 1.1)
        grain = colour * (1 + 0.25 * noise(rng, shape, 3))[..., None]
        picture = np.where((y > line)[..., None], grain, picture)
    for _ in range(rng.integers(0, 6)):
        centre = rng.uniform(0.05, shape[1] / shape[0]), rng.uniform(0.4, 0.8)
        size = rng.uniform(0.03, 0.12)
        leaves = ellipse(shape, centre, (size, size * rng.uniform(1, 1.6))) * (
            noise(rng, shape, 4) > -0.7
        )
        picture = inked(picture, leaves, np.float32([0.1, 0.25, 0.12]))
    return Picture(photograph(rng, picture), "")


NO_DIGIT_KINDS = {
    "letters only": letters,
    "paper without a digit": blank,
    "textures": texture,
    "drawn faces": face,
    "drawn landscapes": landscape,
}
KINDS = {
    "digits": DIGIT_KINDS,
    "bitmaps": BITMAP_KINDS,
    "numbers": NUMBER_KINDS,
    "no digit": NO_DIGIT_KINDS,
}


# --- measuring -----------------------------------------------------------------------------


class Answer(NamedTuple):
    """How a picture was read."""

    picture: Picture
    text: str  # "" for no digit
    confidence: float
    seconds: float

    @property
    def right(self) -> bool:
        return self.picture.is_right(self.text)

    @property
    def wrong_and_sure(self) -> bool:
        return (
            not self.right
            and self.text != ""
            and "?" not in self.text
            and self.confidence >= LOOK_TWICE
        )


def draw(name: str, number: int, seed: int, writers: Writers) -> Picture:
    """Picture so-and-so of a kind."""
    rng = np.random.default_rng([seed, number, *name.encode()])
    (draw_kind,) = (kinds[name] for kinds in KINDS.values() if name in kinds)
    return draw_kind(rng, some_writing(rng, writers))


def read_saved(pixels: np.ndarray, recognizer: Recognizer, folder: Path) -> Reading:
    """What is read in a picture that is saved and opened. Raises ValueError: no ink."""
    file = folder / "picture.png"
    cv2.imwrite(str(file), pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return read_file(file, recognizer)


def digits_in(reading: Reading | None) -> str:
    """The text of a reading; "" where there is no digit in it."""
    if reading is None or not set(reading.text) - set("? "):
        return ""
    return reading.text


def read_pixels(pixels: np.ndarray, recognizer: Recognizer) -> Reading | None:
    """What is read in a picture; None where there is no ink."""
    try:
        return read_image(pixels, recognizer)
    except ValueError:
        return None


def ask(picture: Picture, recognizer: Recognizer) -> Answer:
    """How a picture is read, and in how many seconds."""
    start = time.perf_counter()
    reading = read_pixels(picture.pixels, recognizer)
    seconds = time.perf_counter() - start
    return Answer(picture, digits_in(reading), reading.confidence if reading else 1.0, seconds)


def draw_sheet(answers: Sequence[Answer]) -> np.ndarray:
    """Pictures, each above what was to be read and what was: uint8 BGR."""
    tile, columns = 180, 10
    rows = -(-len(answers) // columns)
    sheet = np.full((rows * (tile + 26), columns * (tile + 8), 3), 255, np.uint8)
    for i, answer in enumerate(answers):
        y, x = i // columns * (tile + 26), i % columns * (tile + 8)
        pixels = answer.picture.pixels
        scale = tile / max(pixels.shape[:2])
        height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
        sheet[y : y + height, x : x + width] = cv2.resize(
            pixels, (width, height), interpolation=cv2.INTER_AREA
        )
        colour = (40, 36, 32) if answer.right else (30, 40, 200)
        words = f"{answer.picture.text or '-'}: {answer.text or 'no digit'} {answer.confidence:.0%}"
        put_text(sheet, words, x, y + tile + 18, 13, colour)
    return sheet


def table_row(name: str, answers: Sequence[Answer]) -> tuple[str, ...]:
    """What is told of a kind of picture."""
    right, sure = np.mean([(answer.right, answer.wrong_and_sure) for answer in answers], axis=0)
    seconds = [answer.seconds for answer in answers]
    return (
        name,
        f"{right:.1%}",
        f"{sure:.1%}",
        f"{np.median(seconds):.3f}",
        f"{np.max(seconds):.3f}",
    )


def squares_of(photograph: np.ndarray, rng: Generator) -> Iterator[Picture]:
    """Four squares of a photograph without writing, 480 pixels wide: the largest, and parts."""
    for share in (1, *rng.uniform(0.25, 0.8, 3)):
        side = int(share * min(photograph.shape[:2]))
        y, x = rng.integers(np.array(photograph.shape[:2]) - side + 1)
        how = cv2.INTER_AREA if side > 480 else cv2.INTER_CUBIC
        square = photograph[y : y + side, x : x + side]
        yield Picture(cv2.resize(square, (480, 480), interpolation=how), "")


def ask_photographs(options: argparse.Namespace, recognizer: Recognizer) -> list[Answer]:
    """How squares of the photographs in a folder and those below it are read."""
    rng = np.random.default_rng(options.seed)
    answers = []
    for path in sorted(options.photographs.rglob("*")):
        photograph = cv2.imread(str(path)) if path.is_file() else None
        if photograph is not None:
            answers += [ask(square, recognizer) for square in squares_of(photograph, rng)]
    return answers


def chosen_kinds(names: Sequence[str] | None) -> Iterator[tuple[str, list[str]]]:
    """The groups of kinds, each with those of its kinds that were asked for."""
    for title, kinds in KINDS.items():
        chosen = [name for name in kinds if not names or name in names]
        if chosen:
            yield title, chosen


def run(options: argparse.Namespace) -> list[tuple[str, ...]]:
    """Measure every kind of picture: rows of kind, right, wrong and sure, seconds."""
    recognizer, writers = Recognizer(options.model), read_writers(not options.training_writers)
    rows, shown = [], []
    if options.photographs:
        shown = ask_photographs(options, recognizer)
        rows.append(table_row("photographs", shown))
    groups = () if options.photographs else chosen_kinds(options.kind)
    for title, names in groups:
        all_answers = []
        for name in names:
            pictures = [draw(name, i, options.seed, writers) for i in range(options.count)]
            answers = [ask(picture, recognizer) for picture in pictures]
            rows.append(table_row(name, answers))
            say(" | ".join(rows[-1]))
            all_answers += answers
            misread = [answer for answer in answers if not answer.right]
            shown += misread if options.mistakes_only else answers[:10]
        rows.append(table_row(f"all {title}", all_answers))
    if options.sheet:
        options.sheet.write_bytes(cv2.imencode(".png", draw_sheet(shown))[1])
    return rows
