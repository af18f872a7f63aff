#!/usr/bin/env python3
"""Make README's pictures of the window from the real window, under Xvfb.

Writes plots/window.png and plots/drawing.gif. Needs what the window tests need.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from conftest import ROOT, Display, ProgramWindow
from PIL import Image  # comes with matplotlib

import mnist_digit

if TYPE_CHECKING:
    from collections.abc import Iterator

PLOTS = ROOT / "plots"
DIGITS = {  # as in model/handwriting.txt
    3: "130,150 190,90 300,80 380,140 350,220 250,262! 350,290 400,370 340,465 230,480 140,430",
    7: "140,110 260,105 400,100! 330,240 270,350 240,480 / 190,290 380,280",
    5: "190,100 175,250 280,215 390,290 370,430 260,480 150,440 / 185,100 385,90",
}
STEPS = 16  # of a digit's drawing, each a frame
STEP_MS, LAST_MS = 70, 1400
SCALE = 0.6


def written(digit: int) -> list[np.ndarray]:
    """The strokes of a digit, in pixels of the canvas."""
    template = mnist_digit.parse_template(DIGITS[digit])
    return [curve @ points for points, curve in zip(template.points, template.curves, strict=True)]


def draw_slowly(window: ProgramWindow, strokes: list[np.ndarray]) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Draw strokes with the mouse; after each step give what the window shows, and where the mouse is."""
    points = np.concatenate(strokes)
    starts = {0, *np.cumsum([len(stroke) for stroke in strokes])}
    per_step = -(-len(points) // STEPS)
    for i, point in enumerate(points):
        words = ["mouseup", 1] if i in starts and i else []
        words += window.at(*point)
        words += ["mousedown", 1] if i in starts else []
        window.mouse(*words, "sleep", 0.012)
        if i % per_step == per_step - 1:
            yield window.still(), point
    window.mouse("mouseup", 1)
    yield window.still(), point


def with_pointer(picture: np.ndarray, point: np.ndarray) -> np.ndarray:
    """The picture with the mouse pointer, which screenshots leave out."""
    picture = picture.copy()
    shape = np.array([(0, 0), (0, 17), (4, 13), (7, 20), (10, 19), (7, 12), (12, 12)]) * 1.3 + point
    shape = np.rint(shape).astype(np.int32)
    cv2.fillPoly(picture, [shape], (255, 255, 255), cv2.LINE_AA)
    cv2.polylines(picture, [shape], True, (0, 0, 0), 1, cv2.LINE_AA)
    return picture


def save_animation(frames: list[np.ndarray], durations: list[int], path: Path) -> None:
    """Write BGR frames, each shown for so many milliseconds, as an endless GIF."""
    small = [cv2.resize(frame[..., ::-1], None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_AREA) for frame in frames]
    # One palette and no dithering: what does not change from frame to frame then takes no room.
    palette = Image.fromarray(small[len(small) // 2]).quantize(128)
    first, *others = (Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE) for frame in small)
    first.save(path, save_all=True, append_images=others, duration=durations, loop=0, optimize=True)


def main() -> None:
    PLOTS.mkdir(exist_ok=True)
    frames, durations = [], []
    with Display() as display, tempfile.TemporaryDirectory() as folder:
        window = ProgramWindow(display, Path(folder), Path(folder))
        for digit in DIGITS:
            for picture, point in draw_slowly(window, written(digit)):
                frames.append(with_pointer(picture, point))
                durations.append(STEP_MS)
            durations[-1] = LAST_MS
            if digit == 3:
                cv2.imwrite(str(PLOTS / "window.png"), picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])
            window.press("c")
            window.still()
        window.stop()
    save_animation(frames, durations, PLOTS / "drawing.gif")
    for name in ("window.png", "drawing.gif"):
        print(f"{PLOTS / name}: {(PLOTS / name).stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
