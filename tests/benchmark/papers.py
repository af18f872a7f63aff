"""Pictures of digits on papers of many kinds, drawn for benchmark and tests, and how many of each are read rightly.

A picture is float32 BGR in [0, 1] until the camera makes uint8 of it. Each kind is a function of
(rng, writing) where writing(count) gives count digits of one person and their labels.
"""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from mnist_digit import Recognizer, read_file, say, turned
from tests.handwritten import write_character
from tests.real_window import put_text

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from numpy.random import Generator

    Strokes = list[np.ndarray]  # points (x, y), shape (n, 2) each
    Writing = Callable[[int], tuple[list[Strokes], str]]  # digits of one person, and their labels
    Span = tuple[float, float]  # a number between these two, drawn anew for each picture

# --- ink -----------------------------------------------------------------------------------


def box_of(strokes: Strokes) -> tuple[np.ndarray, np.ndarray]:
    """The least x and y of strokes, and their width and height."""
    points = np.concatenate(strokes).astype(float)
    return points.min(axis=0), np.ptp(points, axis=0)


def side_by_side(rng: Generator, characters: Sequence[Strokes]) -> Strokes:
    """Characters about 1 high in a row, with gaps as people leave them, sizes and heights a little uneven."""
    strokes, x = [], 0.0
    for character in characters:
        low, extent = box_of(character)
        scale = rng.uniform(0.88, 1.08) / max(extent[1], 0.5 * extent[0], 1)
        drop = rng.uniform(-0.06, 0.06)
        strokes += [(stroke - low) * scale + (x, drop) for stroke in character]
        x += extent[0] * scale + rng.uniform(0.08, 0.4)
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
    """A shadow over a part: of a straight edge, or of a hand or head; softness is in sides of the picture."""
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


def on_desk(rng: Generator, sheet: np.ndarray, dark: bool) -> np.ndarray:
    """A sheet photographed on a desk from not quite above."""
    size = np.array(sheet.shape[1::-1])
    shape = tuple(np.int32(size / rng.uniform(0.6, 0.85))[::-1].tolist())
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
    """The ink of one digit in the midst of a page, its height and label; the pen's width is given in heights."""
    side = int(rng.integers(260, 900))
    shape = side, round(side * rng.uniform(0.8, 1.35))
    (digit,), text = writing(1)
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
) -> tuple[np.ndarray, str]:
    """A digit written with a pen on some kind of sheet and photographed in some light."""
    ink, height, text = page(rng, writing, pen)
    sheet = paper(rng, ink.shape)
    picture = inked(on(rng, sheet, height) if on else sheet, ink, pen_colour(rng))
    return photograph(rng, light(rng, picture) if light else picture), text


def painted(rng: Generator, writing: Writing) -> tuple[np.ndarray, str]:
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
    return np.uint8(255 * inked(np.full((*ink.shape, 3), ground), ink, colour)), text


def pencilled(rng: Generator, writing: Writing) -> tuple[np.ndarray, str]:
    """Grey, thin, and broken where the paper's grain is low."""
    ink, _, text = page(rng, writing, (0.015, 0.045))
    grain = np.clip(0.75 + 0.5 * noise(rng, ink.shape, 2), 0, 1)
    colour = np.float32([1, 1, 1]) * rng.uniform(0.25, 0.45)
    return photograph(
        rng, inked(paper(rng, ink.shape), ink * grain, colour, rng.uniform(0.6, 0.95))
    ), text


def chalked(rng: Generator, writing: Writing) -> tuple[np.ndarray, str]:
    """Light and grainy on a board that was wiped."""
    ink, _, text = page(rng, writing, (0.04, 0.11))
    colour = np.float32(
        [rng.uniform(0.7, 1.1), rng.uniform(1, 1.5), rng.uniform(0.7, 1)]
    ) * rng.uniform(0.12, 0.26)
    board = colour * (1 + rng.uniform(0.02, 0.12) * noise(rng, ink.shape, 30, 90))[..., None]
    grain = np.clip(0.8 + 0.45 * noise(rng, ink.shape, 2), 0, 1)
    return photograph(
        rng, inked(board, ink * grain, np.float32([0.9, 0.93, 0.93]), rng.uniform(0.7, 1))
    ), text


def small(rng: Generator, writing: Writing) -> tuple[np.ndarray, str]:
    """A digit of 4 to 12 % of the height of a large page."""
    side = int(rng.integers(700, 1400))
    shape = side, round(side * rng.uniform(0.7, 1.4))
    (digit,), text = writing(1)
    height = rng.uniform(0.04, 0.12) * side
    middle = rng.uniform(0.15, 0.85, 2) * shape[::-1]
    strokes = fitted(rng, digit, [*(middle - height / 2), *(middle + height / 2)])
    ink = draw_ink(shape, strokes, max(1.5, height * rng.uniform(0.04, 0.1)))
    return photograph(rng, inked(paper(rng, shape), ink, pen_colour(rng))), text


def cropped(rng: Generator, writing: Writing) -> tuple[np.ndarray, str]:
    """Cut out along the ink, or a few pixels into it or around it."""
    ink, height, text = page(rng, writing, (0.03, 0.09))
    picture = photograph(rng, inked(paper(rng, ink.shape), ink, pen_colour(rng)))
    x, y, w, h = cv2.boundingRect(np.uint8(ink > 0.5))
    gap = round(height * rng.uniform(-0.01, 0.05))
    return np.ascontiguousarray(
        picture[max(0, y - gap) : y + h + gap, max(0, x - gap) : x + w + gap]
    ), text


def poorly_taken(rng: Generator, writing: Writing) -> tuple[np.ndarray, str]:
    """Dark, with noise, blur and hard JPEG."""
    ink, height, text = page(rng, writing, (0.03, 0.09))
    picture = inked(paper(rng, ink.shape), ink, pen_colour(rng), rng.uniform(0.6, 1)) * rng.uniform(
        0.4, 0.9
    )
    return photograph(rng, picture, (0.005 * height, 0.02 * height), (0.03, 0.07), (15, 50)), text


def numbers(
    rng: Generator, writing: Writing, slope: float = 2, rows: int = 1
) -> tuple[np.ndarray, str]:
    """Rows of 3 to 6 digits of one person on plain, ruled or squared paper, in any light."""
    digits, texts = zip(*(writing(int(rng.integers(3, 7))) for _ in range(rows)), strict=True)
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
    return photograph(rng, picture), " ".join(texts)


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
    "pencil": pencilled,
    "marker": partial(written, pen=(0.1, 0.2)),
    "chalk": chalked,
    "small on a large page": small,
    "tight crop": cropped,
    "poor camera": poorly_taken,
}
NUMBER_KINDS = {
    "3 to 6 digits in a row": numbers,
    "the same, sloping": partial(numbers, slope=15),
    "two rows": partial(numbers, slope=5, rows=2),
}


# --- pictures without a digit --------------------------------------------------------------

LETTERS = "ACEFHKMNPRTVWXYadefhkmnprtuvwx"


def letters(rng: Generator) -> np.ndarray:
    """A few letters that look like no digit, as people write them."""
    word = "".join(rng.choice([*LETTERS], rng.integers(1, 5)))
    line = side_by_side(rng, [write_character(letter, rng) for letter in word])
    ink = draw_ink((300, 600), fitted(rng, line, [60, 60, 540, 240]), rng.uniform(4, 14))
    return photograph(rng, inked(paper(rng, ink.shape), ink, pen_colour(rng)))


def blank(rng: Generator) -> np.ndarray:
    """Paper with nothing on it but rules, a shadow or a frame."""
    sheet = paper(rng, (400, int(rng.integers(350, 560))))
    sheet = (
        rule(rng, sheet, rng.uniform(20, 120), rng.random() < 0.5) if rng.random() < 0.6 else sheet
    )
    sheet = framed(rng, sheet, 0, (0.005, 0.05)) if rng.random() < 0.3 else sheet
    sheet = shadow(rng, sheet, (0.1, 0.6), (0.01, 0.3)) if rng.random() < 0.4 else sheet
    return photograph(rng, sheet)


def texture(rng: Generator) -> np.ndarray:
    """Wood, cloud or noise."""
    waves = noise(rng, (400, 500), *rng.uniform(2, 150, 2))
    return photograph(
        rng, np.float32(rng.uniform(0.2, 0.8, 3)) * (1 + rng.uniform(0.05, 0.5) * waves)[..., None]
    )


NO_DIGIT_KINDS = {"letters only": letters, "paper without a digit": blank, "textures": texture}
KINDS = {"digits": DIGIT_KINDS, "numbers": NUMBER_KINDS, "no digit": NO_DIGIT_KINDS}


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


def read_saved(picture: np.ndarray, recognizer: Recognizer, folder: Path) -> str:
    """What is read in a picture when it is saved and opened; "" where there is no digit."""
    cv2.imwrite(str(folder / "picture.png"), picture, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    try:
        text = read_file(folder / "picture.png", recognizer).text
    except ValueError:  # no ink
        return ""
    return text if set(text) - set("? ") else ""


def draw_sheet(pictures: Sequence[tuple[np.ndarray, str, str]]) -> np.ndarray:
    """Pictures, each above what was to be read and what was: uint8 BGR."""
    tile, columns = 180, 10
    rows = -(-len(pictures) // columns)
    sheet = np.full((rows * (tile + 26), columns * (tile + 8), 3), 255, np.uint8)
    for i, (picture, text, answer) in enumerate(pictures):
        y, x = i // columns * (tile + 26), i % columns * (tile + 8)
        scale = tile / max(picture.shape[:2])
        height, width = (max(1, round(side * scale)) for side in picture.shape[:2])
        sheet[y : y + height, x : x + width] = cv2.resize(
            picture, (width, height), interpolation=cv2.INTER_AREA
        )
        colour = (40, 36, 32) if text == answer else (30, 40, 200)
        put_text(sheet, f"{text or '-'}: {answer or 'no digit'}", x, y + tile + 18, 15, colour)
    return sheet


def run(options: argparse.Namespace, pen: Sequence) -> list[tuple[str, str]]:
    """Measure every kind of picture; the rows of the table, (kind, share read rightly)."""
    recognizer, rows, shown = Recognizer(options.model), [], []
    with tempfile.TemporaryDirectory() as folder:
        for title, kinds in KINDS.items():
            shares = []
            for name in options.kind or kinds:
                if name not in kinds:
                    continue
                drawn = [draw(name, i, options.seed, pen) for i in range(options.count)]
                read = [
                    (picture, text, read_saved(picture, recognizer, Path(folder)))
                    for picture, text in drawn
                ]
                right = [text == answer for _, text, answer in read]
                shares.append(np.mean(right))
                rows.append((name, f"{shares[-1]:.1%}"))
                say(": ".join(rows[-1]))
                shown += (
                    [entry for entry in read if entry[1] != entry[2]]
                    if options.mistakes_only
                    else read[:10]
                )
            if shares:
                rows.append((f"mean, {title}", f"{np.mean(shares):.1%}"))
    if options.sheet:
        options.sheet.write_bytes(cv2.imencode(".png", draw_sheet(shown))[1])
    return rows
