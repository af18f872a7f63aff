"""Make README's pictures of the window, as the window draws itself, without a screen.

    python -m tests.readme_pictures

writes plots/window.png, plots/layers.png, plots/picture.jpg and plots/drawing.gif. What is drawn
was written by people who are never trained on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image  # comes with matplotlib

import mnist_digit as md
from tests.handwritten import held_out
from tests.program import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PLOTS = ROOT / "plots"
WIDE = (md.WINDOW_SIZE[0] + md.LAYERS_WIDTH, md.WINDOW_SIZE[1])  # with the layers beside the panel
DIGIT_HEIGHT = 220  # pixels of the canvas, of a digit in a number
ALONE_HEIGHT = 400  # and of one that stands alone
FRAMES = 10  # of a digit's drawing
FRAME_MS = 80
LAST_MS = 1600  # of what is to be looked at
SCALE = 0.6  # of the animation


def strokes_of(label: str, number: int, box: md.Box) -> list[np.ndarray]:
    """The strokes of the number-th character of this label, fitted into a box."""
    characters = [character for character in held_out("pen") if character.label == label]
    strokes = characters[number].strokes
    points = np.concatenate(strokes)
    low, extent = points.min(axis=0), np.ptp(points, axis=0)
    scale = min(box.width / extent[0], box.height / extent[1])
    margin = (np.array([box.width, box.height]) - scale * extent) / 2
    return [(stroke - low) * scale + margin + (box.x, box.y) for stroke in strokes]


def draw(window: md.Window, strokes: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
    """Draw strokes with the mouse; now and then give what the window shows."""
    left = cv2.EVENT_FLAG_LBUTTON
    per_frame = sum(map(len, strokes)) // FRAMES + 1
    canvas = window.layout.canvas
    count = 0
    for stroke in strokes:
        places = np.rint(stroke * canvas.width / md.CANVAS_SIZE + (canvas.x, canvas.y)).astype(int)
        x, y = places[0].tolist()
        window.on_mouse(cv2.EVENT_LBUTTONDOWN, x, y, left)
        for x, y in places.tolist():
            window.on_mouse(cv2.EVENT_MOUSEMOVE, x, y, left)
            count += 1
            if count % per_frame == 0:
                yield shown(window)
        window.on_mouse(cv2.EVENT_LBUTTONUP, x, y, 0)
    yield shown(window)


def shown(window: md.Window) -> np.ndarray:
    """What the window shows, with the mouse's pointer, which belongs to the screen."""
    picture = window.frame()
    if window.pointer:
        arrow = np.array([(0, 0), (0, 17), (4, 13), (7, 20), (10, 19), (7, 12), (12, 12)])
        points = np.rint(1.3 * arrow + window.pointer).astype(np.int32)
        cv2.fillPoly(picture, [points], (255, 255, 255), cv2.LINE_AA)
        cv2.polylines(picture, [points], True, (0, 0, 0), 1, cv2.LINE_AA)
    return picture


def new_window(size: tuple[int, int], *sources: object) -> md.Window:
    window = md.Window(md.Recognizer(), sources)
    window.size = size
    return window


def number_strokes(text: str) -> Iterator[list[np.ndarray]]:
    """The strokes of each digit of a number that stands in the middle of the canvas."""
    width = (md.CANVAS_SIZE - 40) // len(text)
    top = (md.CANVAS_SIZE - DIGIT_HEIGHT) // 2
    for place, digit in enumerate(text):
        box = md.Box(20 + place * width, top, width - 30, DIGIT_HEIGHT)
        yield strokes_of(digit, 3 + place, box)


def alone(digit: str, number: int) -> list[np.ndarray]:
    """The strokes of a digit that fills the canvas."""
    margin = (md.CANVAS_SIZE - ALONE_HEIGHT) // 2
    return strokes_of(digit, number, md.Box(margin, margin, ALONE_HEIGHT, ALONE_HEIGHT))


def one_or_seven() -> list[np.ndarray]:
    """A 1 much like a 7, of many drawn that of which the network is least sure."""
    recognizer = md.Recognizer()

    def confidence(strokes: list[np.ndarray]) -> float:
        canvas = md.Canvas([md.Stroke(stroke.tolist(), 24) for stroke in strokes])
        return canvas.read(recognizer).confidence

    ways = []
    for x in range(90):
        corners = np.array([(220 - x // 2, 150), (220 + x, 130), (230 + x // 3, 300), (220, 480)])
        steps = np.linspace(0, 3, 40)
        curve = [np.interp(steps, range(4), axis) for axis in corners.T]
        ways.append([np.rint(np.stack(curve, axis=1)).astype(int)])
    return min(ways, key=confidence)


def point_at_map(window: md.Window, layer: int, number: int) -> np.ndarray:
    """What the window shows when the pointer is on a map of the network."""
    tile = window.layout.layer_grids(window.view())[layer].tile(number)
    window.on_mouse(cv2.EVENT_MOUSEMOVE, round(tile.center[0]), round(tile.center[1]), 0)
    return shown(window)


class Animation:
    """Frames, and for how many milliseconds each is shown."""

    def __init__(self) -> None:
        self.frames: list[np.ndarray] = []
        self.durations: list[int] = []

    def show(self, picture: np.ndarray, milliseconds: int = LAST_MS) -> None:
        self.frames.append(picture)
        self.durations.append(milliseconds)

    def draw(self, window: md.Window, strokes: Sequence[np.ndarray]) -> None:
        for picture in draw(window, strokes):
            self.show(picture, FRAME_MS)

    def save(self) -> None:
        """Write all of it as an endless GIF."""
        small = [
            cv2.resize(frame[..., ::-1], None, fx=SCALE, fy=SCALE, interpolation=cv2.INTER_AREA)
            for frame in self.frames
        ]
        # One palette and no dithering: what stays the same from frame to frame then takes no room.
        colours = [md.BEST_COLOUR, md.OTHER_COLOUR, md.FIELD_COLOUR]
        samples = [np.full_like(small[0], colour[::-1]) for colour in colours]
        everything = np.concatenate([*small[:: len(small) // 8], *samples])
        palette = Image.fromarray(everything).quantize(128)
        first, *others = (
            Image.fromarray(frame).quantize(palette=palette, dither=Image.Dither.NONE)
            for frame in small
        )
        first.save(
            PLOTS / "drawing.gif",
            save_all=True,
            append_images=others,
            duration=self.durations,
            loop=0,
            optimize=True,
        )


def animate() -> None:
    """A number; a guess, why, and its correction; the network at work."""
    animation, window = Animation(), new_window(WIDE)
    for strokes in number_strokes("375"):
        animation.draw(window, strokes)
    animation.show(shown(window))
    window.press("c")
    strokes = one_or_seven()
    animation.draw(window, strokes)
    window.press("w")
    animation.show(shown(window))
    window.press("w")
    window.press("1")
    animation.show(shown(window))
    window.press("c")
    window.press("n")
    animation.draw(window, alone("8", 5))
    animation.show(shown(window))
    for layer, number in ((0, 1), (0, 9), (2, 20)):
        animation.show(point_at_map(window, layer, number), LAST_MS // 2)
    animation.save()


def sheet_of_paper() -> np.ndarray:
    """Four rows of three digits written on paper in uneven light."""
    rng = np.random.default_rng(1)
    paper = np.full((640, 760, 3), (214, 224, 230), np.float32)
    for row in range(4):
        for column in range(3):
            box = md.Box(90 + 220 * column, 30 + 152 * row, 120, 112)
            strokes = strokes_of(str(rng.integers(10)), int(rng.integers(20)), box)
            lines = [np.rint(stroke).astype(np.int32) for stroke in strokes]
            cv2.polylines(paper, lines, False, (110, 52, 40), 6, cv2.LINE_AA)
    light = np.linspace(1, 0.62, paper.shape[1], dtype=np.float32)[None, :, None]
    grain = rng.normal(0, 3, paper.shape[:2])[..., None]
    return np.uint8(np.clip(paper * light + grain, 0, 255))


def write(name: str, picture: np.ndarray) -> None:
    cv2.imwrite(str(PLOTS / name), picture)
    print(f"{PLOTS / name}: {(PLOTS / name).stat().st_size // 1000} kB")


def main() -> None:
    PLOTS.mkdir(exist_ok=True)
    window = new_window(md.WINDOW_SIZE)
    for strokes in number_strokes("375"):
        *_, last = draw(window, strokes)
    write("window.png", last)
    window = new_window(WIDE)
    window.press("n")
    for _ in draw(window, alone("8", 5)):
        pass
    write("layers.png", point_at_map(window, 0, 1))
    write(
        "picture.jpg", new_window(md.WINDOW_SIZE, md.Picture("a sheet", sheet_of_paper())).frame()
    )
    animate()


if __name__ == "__main__":
    main()
