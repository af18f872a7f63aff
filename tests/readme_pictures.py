"""Make README's pictures of the window from the real window, under Xvfb.

    python -m tests.readme_pictures

writes plots/window.png and plots/drawing.gif. It needs what the window tests need.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image  # comes with matplotlib

import mnist_digit
from tests.program import ROOT
from tests.real_window import Display, ProgramWindow

if TYPE_CHECKING:
    from collections.abc import Iterator

PLOTS = ROOT / "plots"
SHAPES = {  # as in model/handwriting.txt
    "3": "60,190 95,160 150,155 190,185 175,225 126,246! 176,260 200,300 170,347 115,355 70,330",
    "7": "230,170 290,167 360,165! 325,235 295,290 280,355 / 255,260 350,255",
    "5": "420,165 412,240 465,222 520,260 510,330 455,355 400,335 / 418,165 518,158",
    "A": "120,480 280,80! 440,480 / 190,330 370,330",
    "a seven much like a one": "245,125 300,100! 285,220 255,350 240,480",
    "another such": "225,140 285,110! 270,230 250,350 230,470",
}
STEPS = 12  # of a digit's drawing, each a frame
STEP_MS, LAST_MS = 70, 1400
SCALE = 0.6


def written(shape: str) -> list[np.ndarray]:
    """The strokes of a shape, in pixels of the canvas."""
    return [curve @ points for points, curve in mnist_digit.parse_template(SHAPES[shape])]


def draw_slowly(
    window: ProgramWindow, strokes: list[np.ndarray]
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Draw strokes with the mouse; after each step, the window's picture and the mouse's point."""
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
    small = [
        cv2.resize(frame[..., ::-1], None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_AREA)
        for frame in frames
    ]
    # One palette and no dithering: what does not change from frame to frame then takes no room.
    palette = Image.fromarray(small[len(small) // 2]).quantize(128)
    first, *others = (
        Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE)
        for frame in small
    )
    first.save(path, save_all=True, append_images=others, duration=durations, loop=0, optimize=True)


def main() -> None:
    PLOTS.mkdir(exist_ok=True)
    frames, durations = [], []

    def show(picture: np.ndarray, point: np.ndarray, milliseconds: int) -> None:
        frames.append(with_pointer(picture, point))
        durations.append(milliseconds)

    with Display() as display, tempfile.TemporaryDirectory() as folder:
        window = ProgramWindow(display, Path(folder), Path(folder))
        for scene in (["3", "7", "5"], ["A"], ["a seven much like a one"], ["another such"]):
            for shape in scene:
                for picture, point in draw_slowly(window, written(shape)):
                    show(picture, point, STEP_MS)
            durations[-1] = LAST_MS
            if "5" in scene:
                cv2.imwrite(str(PLOTS / "window.png"), picture, [cv2.IMWRITE_PNG_COMPRESSION, 9])
            if scene == ["a seven much like a one"]:
                window.press("7")
                show(window.still(), point, LAST_MS)
            window.press("c")
            window.still()
        window.stop()
    save_animation(frames, durations, PLOTS / "drawing.gif")
    for name in ("window.png", "drawing.gif"):
        print(f"{PLOTS / name}: {(PLOTS / name).stat().st_size // 1000} kB")


if __name__ == "__main__":
    main()
