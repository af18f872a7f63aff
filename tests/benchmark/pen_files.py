"""What people wrote with pens on tablets, replayed as mouse events on a canvas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from mnist_digit import CANVAS_SIZE, IMAGE_SIZE, Canvas
from tests import published_strokes
from tests.published_strokes import Character, read_pen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path


PEN_BOX = 500  # side of the box that people wrote in, in the tablet's units
UNIPEN_SIZE = 400  # the longer side of a character of UNIPEN on the canvas, in pixels


def read_strokes(path: Path) -> list[Character]:
    """The digits of a file of the UCI dataset, integer points in pixels of the canvas.

    Raises ValueError where the file holds none.
    """
    scale = (CANVAS_SIZE - 1) / PEN_BOX
    corner = np.array([0, PEN_BOX])
    return [
        digit._replace(
            strokes=[np.rint((stroke + corner) * scale).astype(int) for stroke in digit.strokes]
        )
        for digit in read_pen(path)
    ]


def read_unipen(folder: Path, kind: str) -> list[Character]:
    """The characters of a kind in a folder of UNIPEN, integer points in the canvas's middle.

    Raises ValueError where the folder holds none.
    """
    return [
        character._replace(
            donor=character.donor.removeprefix("unipen "), strokes=in_the_middle(character.strokes)
        )
        for character in published_strokes.read_unipen(folder, kind)
    ]


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
    """The events (event, x, y, flags) that cv2 sends when the left button draws strokes."""
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
    """The strokes as programs of this kind usually draw them: a circle at each mouse event.

    Returns float32, shape (28, 28), in [0, 1].
    """
    canvas = np.zeros((CANVAS_SIZE, CANVAS_SIZE), np.uint8)
    for _, x, y, _ in mouse_events(strokes):
        cv2.circle(canvas, (x, y), 8, 255, -1)
    return cv2.resize(canvas, (IMAGE_SIZE, IMAGE_SIZE), interpolation=cv2.INTER_AREA) / np.float32(
        255
    )
