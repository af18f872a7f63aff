"""What people wrote with pens on tablets, as published, and replayed as mouse events on a canvas."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from mnist_digit import CANVAS_SIZE, IMAGE_SIZE, Canvas

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


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
