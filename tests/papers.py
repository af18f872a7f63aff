"""Pictures of pen digits on papers of many kinds, drawn for the benchmark, and how many of each are read rightly.

A picture is float32 BGR in [0, 1] until the camera makes uint8 of it. Each kind is a function of
(rng, writing) where writing(count) gives count digits of one person and their labels.
"""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
from conftest import put_text

from mnist_digit import Recognizer, read_file, read_handwriting, say, write_character

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from numpy.random import Generator

    Strokes = list[np.ndarray]  # points (x, y), shape (n, 2) each
    Writing = Callable[[int], tuple[list[Strokes], str]]  # digits of one person, and their labels

# --- ink -----------------------------------------------------------------------------------


class Line(NamedTuple):
    """Characters side by side as strokes; a digit's height is about 1, y grows downwards."""

    strokes: Strokes
    text: str


def line_of(rng: Generator, characters: Sequence[Strokes], text: str) -> Line:
    """Characters in a row with gaps as people leave them, sizes and heights a little uneven."""
    strokes, x = [], 0.0
    for character in characters:
        points = np.concatenate(character).astype(float)
        low, extent = points.min(axis=0), np.ptp(points, axis=0)
        scale = rng.uniform(0.88, 1.08) / max(extent[1], 0.5 * extent[0], 1)
        drop = rng.uniform(-0.06, 0.06)
        strokes += [(stroke - low) * scale + (x, drop) for stroke in character]
        x += extent[0] * scale + rng.uniform(0.08, 0.4)
    return Line(strokes, text)


def place(line: Line, box: Sequence[float], rng: Generator, turn: float = 0.0) -> Strokes:
    """The strokes, turned by so many degrees, as large as a box (left, top, right, bottom) allows, anywhere in it."""
    angle = np.radians(turn)
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    strokes = [stroke @ rotation for stroke in line.strokes]
    points = np.concatenate(strokes)
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    room = np.subtract(box[2:], box[:2])
    scale = (room / np.maximum(extent, 1e-3)).min()
    start = box[:2] + (room - extent * scale) * rng.uniform(0, 1, 2)
    return [(stroke - low) * scale + start for stroke in strokes]


def draw_ink(shape: tuple[int, int], strokes: Strokes, pen: float) -> np.ndarray:
    """How much of each pixel strokes of a pen (pixels wide) cover: float32 in [0, 1]."""
    ink = np.zeros(shape, np.uint8)
    lines = [np.rint(np.repeat(s, 2, axis=0)[: max(2, 2 * len(s) - 1)] * 16).astype(np.int32) for s in strokes]
    cv2.polylines(ink, lines, False, 255, max(1, round(pen)), cv2.LINE_AA, shift=4)
    return ink / np.float32(255)


def noise(rng: Generator, shape: tuple[int, int], *cells: float) -> np.ndarray:
    """Smooth noise of deviation about 1 whose waves are so many pixels high and wide."""
    high, wide = cells[0], cells[-1]
    small = rng.normal(size=(max(2, round(shape[0] / high) + 1), max(2, round(shape[1] / wide) + 1)))
    return cv2.resize(np.float32(small), shape[::-1], interpolation=cv2.INTER_CUBIC)


def pen_colour(rng: Generator) -> np.ndarray:
    """BGR of a ball pen's ink: black, blue, red or green."""
    colours = [
        (0.12, 0.1, 0.1),
        (0.1, 0.1, 0.12),
        (0.5, 0.16, 0.1),
        (0.6, 0.3, 0.1),
        (0.15, 0.12, 0.7),
        (0.2, 0.4, 0.08),
    ]
    return np.float32(colours[rng.choice(6, p=[0.25, 0.2, 0.25, 0.12, 0.1, 0.08])]) * rng.uniform(0.7, 1.4)


# --- paper, light and camera ---------------------------------------------------------------


def paper(rng: Generator, shape: tuple[int, int]) -> np.ndarray:
    """White to cream or grey, not quite even."""
    colour = np.float32([rng.uniform(0.78, 1), rng.uniform(0.9, 1), rng.uniform(0.92, 1)]) * rng.uniform(0.82, 1)
    grain = 1 + rng.uniform(0, 0.012) * noise(rng, shape, 2) + rng.uniform(0, 0.01) * noise(rng, shape, 60)
    return colour * grain[..., None]


def inked(picture: np.ndarray, ink: np.ndarray, colour: np.ndarray, strength: float = 1) -> np.ndarray:
    share = strength * ink[..., None]
    return picture * (1 - share) + colour * share


def rule(rng: Generator, picture: np.ndarray, step: float, both_ways: bool) -> np.ndarray:
    """The paper with printed rules step pixels apart, across and, if asked for, down."""
    shape, lines = picture.shape[:2], []
    long = 2 * max(shape)
    for way in range(1 + both_ways):
        for at in np.arange(rng.uniform(0, step), max(shape), step):
            ends = np.array([(-long, at), (long, at)])
            lines.append(ends[:, ::-1] if way else ends)
    turn = np.radians(rng.uniform(-4, 4))
    turned = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    ink = draw_ink(shape, [line @ turned for line in lines], max(1, step * rng.uniform(0.02, 0.08)))
    if rng.random() < 0.25:  # printed not quite to the sheet's edge
        unprinted = round(rng.uniform(0.02, 0.06) * min(shape))
        inside = np.zeros_like(ink)
        inside[unprinted:-unprinted, unprinted:-unprinted] = 1
        ink = ink * inside
    dark, hue = rng.uniform(0.25, 0.85), rng.integers(4)  # grey, blue, red, green
    colour = dark + (1 - dark) * np.float32([(0, 0, 0), (0.6, 0.1, 0), (0, 0, 0.6), (0, 0.4, 0)][hue])
    sheet = inked(picture, ink, colour, rng.uniform(0.5, 1))
    if rng.random() < 0.3:  # a margin
        at = shape[1] * rng.uniform(0.05, 0.2)
        ink = draw_ink(shape, [np.array([(at, 0), (at * rng.uniform(0.8, 1.2), shape[0])])], max(1, step * 0.05))
        sheet = inked(sheet, ink, np.float32([0.45, 0.4, 0.85]), rng.uniform(0.4, 1))
    return sheet


def frame(rng: Generator, picture: np.ndarray, thickness: float) -> np.ndarray:
    """A drawn or printed box around the writing, somewhat inside the picture's edge or on it."""
    height, width = picture.shape[:2]
    margin = rng.choice([0.0, rng.uniform(0.01, 0.06)]) * min(height, width) + thickness / 2
    corners = np.array(
        [(margin, margin), (width - margin, margin), (width - margin, height - margin), (margin, height - margin)]
    )
    corners = corners + rng.normal(0, 0.006, corners.shape) * min(height, width)
    ink = draw_ink((height, width), [corners[[0, 1, 2, 3, 0]]], thickness)
    return inked(picture, ink, pen_colour(rng))


def shadow(
    rng: Generator, picture: np.ndarray, darkness: tuple[float, float], softness: tuple[float, float]
) -> np.ndarray:
    """A shadow over a part: of a straight edge, or of a hand or head; softness is in sides of the picture."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32) / max(height, width)
    middle_y, middle_x = height / 2 / max(height, width), width / 2 / max(height, width)
    angle = rng.uniform(0, 2 * np.pi)
    if rng.random() < 0.6:
        distance = (x - middle_x) * np.cos(angle) + (y - middle_y) * np.sin(angle) - rng.uniform(-0.3, 0.3)
    else:
        away = rng.uniform(0.3, 0.6)
        across, down = x - middle_x - away * np.cos(angle), y - middle_y - away * np.sin(angle)
        distance = np.hypot(across, down * rng.uniform(0.6, 1.6)) - rng.uniform(0.3, 0.6)
    share = np.clip(0.5 - distance / rng.uniform(*softness), 0, 1)
    return picture * (1 - rng.uniform(*darkness) * share * share * (3 - 2 * share))[..., None]


def lamp(rng: Generator, picture: np.ndarray) -> np.ndarray:
    """Warm light of a lamp that stands near one side."""
    height, width = picture.shape[:2]
    y, x = np.mgrid[:height, :width].astype(np.float32) / max(height, width)
    angle, away = rng.uniform(0, 2 * np.pi), rng.uniform(0.2, 0.7)
    distance = np.hypot(x - 0.5 - away * np.cos(angle), y - 0.5 - away * np.sin(angle))
    light = 1.1 / (1 + (distance / rng.uniform(0.45, 0.9)) ** 2)
    return picture * light[..., None] * np.float32([rng.uniform(0.6, 1), rng.uniform(0.8, 1), 1])


def desk(rng: Generator, shape: tuple[int, int], dark: bool) -> np.ndarray:
    """Wood, cloth or plastic."""
    colour = np.float32([rng.uniform(0.4, 1), rng.uniform(0.65, 1), 1]) * (
        rng.uniform(0.12, 0.35) if dark else rng.uniform(0.45, 0.72)
    )
    streaks = (
        noise(rng, shape, rng.uniform(3, 14), rng.uniform(80, 300)) if rng.random() < 0.7 else noise(rng, shape, 4)
    )
    return colour * (1 + rng.uniform(0.02, 0.12) * streaks)[..., None]


def lay_on_desk(rng: Generator, sheet: np.ndarray, dark: bool) -> np.ndarray:
    """A sheet photographed on a desk from not quite above."""
    height, width = sheet.shape[:2]
    share = rng.uniform(0.6, 0.85)
    shape = round(height / share), round(width / share)
    corners = np.float32([(0, 0), (width, 0), (width, height), (0, height)])
    turn = np.radians(rng.uniform(-12, 12))
    turned = (corners - (width / 2, height / 2)) @ np.array(
        [[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]
    )
    middle = np.array(shape[::-1]) * (0.5 + rng.uniform(-0.06, 0.06, 2))
    turned = turned + middle + rng.normal(0, 0.025, (4, 2)) * (width, height)
    across = cv2.getPerspectiveTransform(corners, np.float32(turned))
    cover = cv2.warpPerspective(np.ones((height, width), np.float32), across, shape[::-1])[..., None]
    laid = cv2.warpPerspective(np.float32(sheet), across, shape[::-1], flags=cv2.INTER_AREA)
    under = cv2.GaussianBlur(cover, (0, 0), rng.uniform(2, 12))[..., None]  # the sheet's own shadow
    return desk(rng, shape, dark) * (1 - 0.4 * under) * (1 - cover) + laid


def photograph(rng: Generator, picture: np.ndarray) -> np.ndarray:
    """As a camera gives it: exposure, blur, noise and JPEG: uint8 BGR."""
    picture = picture * rng.uniform(0.75, 1.02) ** np.array([1, 1, 1])
    picture = cv2.GaussianBlur(np.float32(picture), (0, 0), rng.uniform(0.3, 1.5))
    picture = picture + rng.uniform(0.002, 0.02) * rng.normal(size=picture.shape)
    data = cv2.imencode(
        ".jpg", np.uint8(255 * picture.clip(0, 1)), [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(55, 96))]
    )[1]
    return cv2.imdecode(data, cv2.IMREAD_COLOR)


# --- the kinds of paper --------------------------------------------------------------------


class Page(NamedTuple):
    """What is written, and where: the steps that all kinds have in common."""

    ink: np.ndarray
    height: float  # of a digit, in pixels
    text: str


def page(rng: Generator, writing: Writing, pen: tuple[float, float] = (0.03, 0.09), margin: float = 0.16) -> Page:
    """One digit in the midst of a page, its pen's width given in digit heights."""
    side = int(rng.integers(260, 900))
    shape = side, round(side * rng.uniform(0.8, 1.35))
    (digit,), text = writing(1)
    room = margin + rng.uniform(0, 0.2)
    box = np.array([room * shape[1], room * shape[0], (1 - room) * shape[1], (1 - room) * shape[0]])
    strokes = place(line_of(rng, [digit], text), box, rng)
    height = max(np.ptp(np.concatenate(strokes), axis=0))
    return Page(draw_ink(shape, strokes, max(1.5, height * rng.uniform(*pen))), height, text)


def plain(rng: Generator, writing: Writing) -> tuple[np.ndarray, str]:
    ink, _, text = page(rng, writing)
    return photograph(rng, inked(paper(rng, ink.shape), ink, pen_colour(rng))), text


def painted(rng: Generator, writing: Writing) -> tuple[np.ndarray, str]:
    """Of a paint program: any two colours, no camera."""
    ink, _, text = page(rng, writing, (0.03, 0.16), 0.04)
    if rng.random() < 0.3:
        ink = cv2.resize(ink, (round(28 * ink.shape[1] / ink.shape[0]), 28), interpolation=cv2.INTER_AREA)
    dark, light = np.float32(rng.uniform(0, 0.35, 3)), np.float32(rng.uniform(0.65, 1, 3))
    if rng.random() < 0.7:
        dark, light = np.zeros(3, np.float32), np.ones(3, np.float32)
    ground, colour = (dark, light) if rng.random() < 0.5 else (light, dark)
    return np.uint8(255 * inked(np.full((*ink.shape, 3), ground), ink, colour)), text


def on_rules(rng: Generator, writing: Writing, both_ways: bool) -> tuple[np.ndarray, str]:
    ink, height, text = page(rng, writing)
    step = height * (rng.uniform(0.15, 0.6) if both_ways else rng.uniform(0.2, 1.2))
    sheet = rule(rng, paper(rng, ink.shape), max(step, 14), both_ways)
    return photograph(rng, inked(sheet, ink, pen_colour(rng))), text


def framed(rng: Generator, writing: Writing, thickness: tuple[float, float]) -> tuple[np.ndarray, str]:
    ink, _, text = page(rng, writing, margin=0.18)
    sheet = frame(rng, paper(rng, ink.shape), min(ink.shape) * rng.uniform(*thickness))
    return photograph(rng, inked(sheet, ink, pen_colour(rng))), text


def shadowed(
    rng: Generator, writing: Writing, darkness: tuple[float, float], softness: tuple[float, float]
) -> tuple[np.ndarray, str]:
    ink, _, text = page(rng, writing)
    return photograph(rng, shadow(rng, inked(paper(rng, ink.shape), ink, pen_colour(rng)), darkness, softness)), text


def lamp_lit(rng: Generator, writing: Writing) -> tuple[np.ndarray, str]:
    ink, _, text = page(rng, writing)
    return photograph(rng, lamp(rng, inked(paper(rng, ink.shape), ink, pen_colour(rng)))), text


def on_desk(rng: Generator, writing: Writing, dark: bool) -> tuple[np.ndarray, str]:
    ink, height, text = page(rng, writing)
    sheet = paper(rng, ink.shape)
    if rng.random() < 0.25:
        sheet = rule(rng, sheet, max(14, height * rng.uniform(0.2, 0.8)), rng.random() < 0.5)
    return photograph(rng, lay_on_desk(rng, inked(sheet, ink, pen_colour(rng)), dark)), text


def pencilled(rng: Generator, writing: Writing) -> tuple[np.ndarray, str]:
    """Grey, thin, and broken where the paper's grain is low."""
    ink, _, text = page(rng, writing, (0.015, 0.045))
    grain = np.clip(0.75 + 0.5 * noise(rng, ink.shape, 2), 0, 1)
    colour = np.float32([1, 1, 1]) * rng.uniform(0.25, 0.45)
    return photograph(rng, inked(paper(rng, ink.shape), ink * grain, colour, rng.uniform(0.6, 0.95))), text


def marked(rng: Generator, writing: Writing) -> tuple[np.ndarray, str]:
    ink, _, text = page(rng, writing, (0.1, 0.2))
    return photograph(rng, inked(paper(rng, ink.shape), ink, pen_colour(rng), rng.uniform(0.85, 1))), text


def chalked(rng: Generator, writing: Writing) -> tuple[np.ndarray, str]:
    """Light and grainy on a board that was wiped."""
    ink, _, text = page(rng, writing, (0.04, 0.11))
    colour = np.float32([rng.uniform(0.7, 1.1), rng.uniform(1, 1.5), rng.uniform(0.7, 1)]) * rng.uniform(0.12, 0.26)
    wiped = 1 + rng.uniform(0.02, 0.12) * noise(rng, ink.shape, 30, 90)
    board = colour * wiped[..., None]
    grain = np.clip(0.8 + 0.45 * noise(rng, ink.shape, 2), 0, 1)
    return photograph(rng, inked(board, ink * grain, np.float32([0.9, 0.93, 0.93]), rng.uniform(0.7, 1))), text


def small(rng: Generator, writing: Writing) -> tuple[np.ndarray, str]:
    """A digit of 4 to 12 % of the height of a large page."""
    side = int(rng.integers(700, 1400))
    shape = side, round(side * rng.uniform(0.7, 1.4))
    (digit,), text = writing(1)
    height = rng.uniform(0.04, 0.12) * side
    middle = rng.uniform(0.15, 0.85, 2) * shape[::-1]
    strokes = place(line_of(rng, [digit], text), [*(middle - height / 2), *(middle + height / 2)], rng)
    ink = draw_ink(shape, strokes, max(1.5, height * rng.uniform(0.04, 0.1)))
    return photograph(rng, inked(paper(rng, shape), ink, pen_colour(rng))), text


def cropped(rng: Generator, writing: Writing) -> tuple[np.ndarray, str]:
    """Cut out along the ink, or a few pixels into it or around it."""
    ink, height, text = page(rng, writing)
    picture = photograph(rng, inked(paper(rng, ink.shape), ink, pen_colour(rng)))
    x, y, w, h = cv2.boundingRect(np.uint8(ink > 0.5))
    gap = round(height * rng.uniform(-0.01, 0.05))
    return np.ascontiguousarray(picture[max(0, y - gap) : y + h + gap, max(0, x - gap) : x + w + gap]), text


def poor_camera(rng: Generator, writing: Writing) -> tuple[np.ndarray, str]:
    """Noise, blur and hard JPEG."""
    ink, height, text = page(rng, writing)
    picture = inked(paper(rng, ink.shape), ink, pen_colour(rng), rng.uniform(0.6, 1)) * rng.uniform(0.35, 0.8)
    picture = cv2.GaussianBlur(np.float32(picture), (0, 0), height * rng.uniform(0.005, 0.02))
    picture = picture + rng.uniform(0.03, 0.07) * rng.normal(size=picture.shape)
    data = cv2.imencode(
        ".jpg", np.uint8(255 * picture.clip(0, 1)), [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(15, 50))]
    )[1]
    return cv2.imdecode(data, cv2.IMREAD_COLOR), text


def number(
    rng: Generator, writing: Writing, slope: float = 2, rows: int = 1, margin: float = 0.05
) -> tuple[np.ndarray, str]:
    """Rows of 3 to 6 digits of one person on plain, ruled or squared paper, in any light."""
    lines = [line_of(rng, *writing(int(rng.integers(3, 7)))) for _ in range(rows)]
    widest = max(np.ptp(np.concatenate(line.strokes)[:, 0]) for line in lines)
    width = int(rng.integers(500, 1200))
    height = width * (1 - 2 * margin) / max(widest, 2.5) * rng.uniform(0.6, 0.95)  # of a digit
    steep = np.tan(np.radians(slope)) * width
    band = 1.25 * height + steep
    shape = round(rows * band * rng.uniform(1, 1.2) + 0.6 * height), width
    ink, turn = np.zeros(shape, np.float32), rng.uniform(-slope, slope)
    pen = max(1.5, height * rng.uniform(0.03, 0.1))
    for i, line in enumerate(lines):
        top = (shape[0] - rows * band) / 2 + i * band
        long = np.ptp(np.concatenate(line.strokes)[:, 0]) * height + 2 * pen
        left = rng.uniform(margin * width, max(margin * width, (1 - margin) * width - long))
        box = [left, top, min(left + long, (1 - margin) * width), top + band]
        ink = np.maximum(ink, draw_ink(shape, place(line, box, rng, turn), pen))
    sheet = paper(rng, shape)
    if rows == 1 and rng.random() < 0.3:
        sheet = rule(rng, sheet, max(14, height * rng.uniform(0.2, 1.2)), rng.random() < 0.5)
    picture = inked(sheet, ink, pen_colour(rng))
    picture = lamp(rng, picture) if rng.random() < 0.25 else picture
    picture = shadow(rng, picture, (0.1, 0.4), (0.05, 0.3)) if rng.random() < 0.25 else picture
    return photograph(rng, picture), " ".join(line.text for line in lines)


LIGHT, DARK = (0.12, 0.3), (0.45, 0.7)  # of what the light has, a shadow takes away
SOFT, HARD = (0.08, 0.35), (0.004, 0.015)
DIGIT_KINDS = {
    "paint program": painted,
    "plain paper": plain,
    "ruled": functools.partial(on_rules, both_ways=False),
    "squared": functools.partial(on_rules, both_ways=True),
    "thin frame": functools.partial(framed, thickness=(0.004, 0.012)),
    "thick frame": functools.partial(framed, thickness=(0.025, 0.07)),
    "light shadow, soft edge": functools.partial(shadowed, darkness=LIGHT, softness=SOFT),
    "light shadow, hard edge": functools.partial(shadowed, darkness=LIGHT, softness=HARD),
    "dark shadow, soft edge": functools.partial(shadowed, darkness=DARK, softness=SOFT),
    "dark shadow, hard edge": functools.partial(shadowed, darkness=DARK, softness=HARD),
    "lamp light": lamp_lit,
    "sheet on a dark desk": functools.partial(on_desk, dark=True),
    "sheet on a light desk": functools.partial(on_desk, dark=False),
    "pencil": pencilled,
    "marker": marked,
    "chalk": chalked,
    "small on a large page": small,
    "tight crop": cropped,
    "poor camera": poor_camera,
}
NUMBER_KINDS = {
    "3 to 6 digits in a row": number,
    "the same, sloping": functools.partial(number, slope=15),
    "two rows": functools.partial(number, slope=5, rows=2),
}


# --- pictures without a digit --------------------------------------------------------------

LETTERS = "ACEFHKMNPRTVWXYadefhkmnprtuvwx"


def letters(rng: Generator) -> np.ndarray:
    """A few letters that look like no digit, as handwriting.txt has them, or else as OpenCV's font does."""
    word = [LETTERS[rng.integers(len(LETTERS))] for _ in range(rng.integers(1, 5))]
    if all(letter in read_handwriting() for letter in word):
        line = line_of(rng, [write_character(letter, rng) for letter in word], "")
        ink = draw_ink((300, 600), place(line, [60, 60, 540, 240], rng), rng.uniform(4, 14))
    else:
        ink = np.zeros((300, 600), np.uint8)
        cv2.putText(
            ink, "".join(word), (60, 200), cv2.FONT_HERSHEY_SIMPLEX, 4, 255, int(rng.integers(4, 14)), cv2.LINE_AA
        )
        ink = ink / np.float32(255)
    return photograph(rng, inked(paper(rng, ink.shape), ink, pen_colour(rng)))


def blank(rng: Generator) -> np.ndarray:
    """Paper with nothing on it but rules, a shadow or a frame."""
    sheet = paper(rng, (400, int(rng.integers(350, 560))))
    sheet = rule(rng, sheet, rng.uniform(20, 120), rng.random() < 0.5) if rng.random() < 0.6 else sheet
    sheet = frame(rng, sheet, rng.uniform(2, 20)) if rng.random() < 0.3 else sheet
    sheet = shadow(rng, sheet, (0.1, 0.6), (0.01, 0.3)) if rng.random() < 0.4 else sheet
    return photograph(rng, sheet)


def texture(rng: Generator) -> np.ndarray:
    """Wood, cloud or noise."""
    shape = 400, 500
    cells = rng.uniform(2, 150, 2)
    shades = np.float32(rng.uniform(0.2, 0.8, 3)) * (1 + rng.uniform(0.05, 0.5) * noise(rng, shape, *cells))[..., None]
    return photograph(rng, shades)


NO_DIGIT_KINDS = {"letters only": letters, "paper without a digit": blank, "textures": texture}


# --- measuring -----------------------------------------------------------------------------


def writing_of(rng: Generator, pen: Sequence) -> Writing:
    """Digits of one random person among pen digits (digit, writer, strokes)."""
    writer = pen[rng.integers(len(pen))].writer
    theirs = [digit for digit in pen if digit.writer == writer]

    def writing(count: int) -> tuple[list[Strokes], str]:
        chosen = [theirs[i] for i in rng.integers(len(theirs), size=count)]
        return [digit.strokes for digit in chosen], "".join(digit.label for digit in chosen)

    return writing


def draw(name: str, number: int, seed: int, pen: Sequence) -> tuple[np.ndarray, str]:
    """Picture so-and-so of a kind, and what is to be read in it ("" where there is no digit)."""
    rng = np.random.default_rng([seed, number, *name.encode()])
    if name in NO_DIGIT_KINDS:
        return NO_DIGIT_KINDS[name](rng), ""
    return {**DIGIT_KINDS, **NUMBER_KINDS}[name](rng, writing_of(rng, pen))


def read_picture_file(picture: np.ndarray, recognizer: Recognizer, folder: Path) -> str:
    """What is read in a picture when it is saved and opened; "" where there is no digit."""
    file = folder / "picture.png"
    cv2.imwrite(str(file), picture, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    try:
        text = read_file(file, recognizer).text
    except ValueError:  # no ink
        return ""
    return text if set(text) - set("? ") else ""


def draw_sheet(pictures: Sequence[tuple[np.ndarray, str, str]]) -> np.ndarray:
    """Pictures, each under what was to be read and what was: uint8 BGR."""
    tile, columns = 180, 10
    rows = -(-len(pictures) // columns)
    sheet = np.full((rows * (tile + 26), columns * (tile + 8), 3), 255, np.uint8)
    for i, (picture, text, answer) in enumerate(pictures):
        y, x = i // columns * (tile + 26), i % columns * (tile + 8)
        scale = tile / max(picture.shape[:2])
        height, width = (max(1, round(side * scale)) for side in picture.shape[:2])
        sheet[y : y + height, x : x + width] = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
        colour = (40, 36, 32) if text == answer else (30, 40, 200)
        put_text(sheet, f"{text or '-'}: {answer or 'no digit'}", x, y + tile + 18, 15, colour)
    return sheet


def measure(name: str, options: argparse.Namespace, pen: Sequence, recognizer: Recognizer) -> tuple[float, list]:
    """The share of a kind's pictures that are read rightly, and all of them as (picture, text, answer)."""
    read = []
    with tempfile.TemporaryDirectory() as folder:
        for i in range(options.count):
            picture, text = draw(name, i, options.seed, pen)
            read.append((picture, text, read_picture_file(picture, recognizer, Path(folder))))
    return float(np.mean([text == answer for _, text, answer in read])), read


def run(options: argparse.Namespace, pen: Sequence) -> list[tuple[str, str]]:
    """Measure every kind of picture; the rows of the table, (kind, share read rightly)."""
    recognizer, rows, shown = Recognizer(options.model), [], []
    for title, kinds in (("digits", DIGIT_KINDS), ("numbers", NUMBER_KINDS), ("no digit", NO_DIGIT_KINDS)):
        shares = []
        for name in kinds:
            if options.kind and name not in options.kind:
                continue
            share, read = measure(name, options, pen, recognizer)
            say(f"{name}: {share:.1%}")
            rows.append((name, f"{share:.1%}"))
            shares.append(share)
            shown += [entry for entry in read if entry[1] != entry[2]] if options.mistakes_only else read[:10]
        if shares:
            rows.append((f"mean, {title}", f"{np.mean(shares):.1%}"))
    if options.sheet:
        options.sheet.write_bytes(cv2.imencode(".png", draw_sheet(shown))[1])
    return rows
