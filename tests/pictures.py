#!/usr/bin/env python3
"""Make README's pictures of the window from the real window: plots/window.png and plots/drawing.gif.

Needs what the tests of the window need.
"""

import tempfile
from pathlib import Path

import cv2
import numpy as np
from conftest import Display, ProgramWindow
from PIL import Image  # comes with matplotlib

from mnist_digit import PLOTS, parse_template

SEVEN = "110,130 400,120! 290,290 230,460 / 190,300 365,285"  # flag, stem and bar, in pixels of the canvas
FRAMES_PER_STROKE = 14
FRAME_MS, LAST_MS = 90, 2500


def strokes_of(template: str) -> list[np.ndarray]:
    """The points of a template's strokes, as many as a hand's movements give."""
    points, curves = parse_template(template)
    return [curve @ stroke for stroke, curve in zip(points, curves, strict=True)]


def draw_and_look(window: ProgramWindow, strokes: list[np.ndarray]) -> list[np.ndarray]:
    """Draw strokes; return screenshots (uint8 BGR) from before the first one to after the last."""
    pictures = [window.screenshot()]
    for stroke in strokes:
        parts = np.array_split(stroke, FRAMES_PER_STROKE)
        window.mouse(*window.at(*stroke[0]), "mousedown", 1)
        for part in filter(len, parts):
            window.mouse(*(word for point in part for word in [*window.at(*point), "sleep", 0.02]), "sleep", 0.1)
            pictures.append(window.screenshot())
        window.mouse("mouseup", 1, "sleep", 0.2)
        pictures.append(window.screenshot())
    return pictures


def main() -> None:
    with Display() as display, tempfile.TemporaryDirectory() as folder:
        window = ProgramWindow(display, Path(folder), Path(folder))
        pictures = draw_and_look(window, strokes_of(SEVEN))
        window.stop()
    cv2.imwrite(str(PLOTS / "window.png"), pictures[-1], [cv2.IMWRITE_PNG_COMPRESSION, 9])
    small = [cv2.resize(picture, None, fx=2 / 3, fy=2 / 3, interpolation=cv2.INTER_AREA) for picture in pictures]
    frames = [Image.fromarray(picture[..., ::-1]).quantize(64) for picture in small]
    durations = [10 * FRAME_MS, *[FRAME_MS] * (len(frames) - 2), LAST_MS]
    frames[0].save(PLOTS / "drawing.gif", save_all=True, append_images=frames[1:], duration=durations, loop=0)


if __name__ == "__main__":
    main()
