"""The real program in a real window: real mouse and keys; what it prints, and what is seen."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

import mnist_digit
from mnist_digit import (
    BAR_COLOUR,
    BAR_FIGURE,
    BAR_LABEL,
    BEST_COLOUR,
    CANVAS_COLOUR,
    CANVAS_SIZE,
    LAYERS_WIDTH,
    OTHER_COLOUR,
    PANEL_COLOUR,
    QUIET_COLOUR,
    TEXT_COLOUR,
    WINDOW_SIZE,
)
from tests.handwritten import write_character
from tests.program import PATIENCE, environment, start, wait_until
from tests.real_window import ASIDE, Display, ProgramWindow, in_canvas, put_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LINE = re.compile(r"(\d+|no digit) \((\d+\.\d)%\)")
THREE = [
    [
        (180, 110),
        (290, 80),
        (390, 130),
        (370, 220),
        (270, 265),
        (380, 310),
        (390, 420),
        (290, 480),
        (170, 440),
    ]
]
SEVEN = [[(140, 110), (400, 100), (330, 240), (270, 350), (240, 480)], [(190, 290), (380, 280)]]
LETTER = [[(120, 480), (280, 80), (440, 480)], [(190, 330), (370, 330)]]
NO_INK = 0
LAYOUT = mnist_digit.Layout(WINDOW_SIZE)


def placed(strokes: list, left: int, top: int, scale: float) -> list:
    """Strokes made smaller and moved."""
    return [[(left + scale * x, top + scale * y) for x, y in stroke] for stroke in strokes]


# --- what a person sees


def inked(picture: np.ndarray) -> np.ndarray:
    """Where a picture is white: bool, shape (height, width)."""
    return (picture == 255).all(axis=2)


def ink(picture: np.ndarray) -> np.ndarray:
    """Where the canvas is white: bool, shape (560, 560)."""
    return inked(picture[:, :CANVAS_SIZE])


def middle_of(mask: np.ndarray) -> np.ndarray:
    """The centre of mass (x, y) of a mask."""
    return np.argwhere(mask).mean(axis=0)[::-1]


def within(picture: np.ndarray, box: mnist_digit.Box) -> np.ndarray:
    """The part of a picture that is in a box."""
    return picture[box.y : box.bottom, box.x : box.right]


def bars(picture: np.ndarray) -> tuple[np.ndarray, int | None]:
    """The eleven bars: how much of each is filled, and which one is marked as a sure answer."""
    filled, marked = [], []
    for number, box in enumerate(LAYOUT.bars):
        row = picture[round(box.center[1]), box.x : box.right]
        row = row[BAR_LABEL:-BAR_FIGURE]
        is_best, is_other = ((row == colour).all(axis=1) for colour in (BEST_COLOUR, BAR_COLOUR))
        filled.append((is_best | is_other).mean())
        if is_best.any():
            marked.append(number)
    assert len(marked) <= 1
    return np.array(filled), marked[0] if marked else None


def says_none(picture: np.ndarray) -> bool:
    """Whether the bar "none" is filled for the most part."""
    bar = within(picture, LAYOUT.bars[mnist_digit.BARS.index(mnist_digit.OTHER)])
    return (bar == QUIET_COLOUR).all(axis=2).mean() > 0.3


def answer(picture: np.ndarray) -> str | None:
    """The number in large type; None where there is none that is believed."""
    shown = (within(picture, LAYOUT.answer) == BEST_COLOUR).all(axis=2)
    if not shown.any():
        return None
    for text in [str(digit) for digit in range(10)] + ["37", "31"]:
        sure = [mnist_digit.Prediction(int(d), 1.0, np.eye(10)[int(d)]) for d in text]
        image = np.zeros((28, 28), np.float32)
        parts = [mnist_digit.Part(mnist_digit.Box(0, 0, 9, 9), image, digit) for digit in sure]
        sheet = mnist_digit.Sheet(LAYOUT)
        view = mnist_digit.View(image=image, reading=mnist_digit.Reading([parts]))
        mnist_digit.draw_answer(sheet, view)
        if np.array_equal((within(sheet.image, LAYOUT.answer) == BEST_COLOUR).all(axis=2), shown):
            return text
    return "something else"


def says(  # noqa: PLR0913  as put_text
    picture: np.ndarray,
    text: str,
    size: int = 16,
    colour=TEXT_COLOUR,
    weight=400,
    face="sans",
    on=PANEL_COLOUR,
) -> bool:
    """Whether a text stands somewhere on a colour."""
    left, top, width, height = cv2.getTextSize(
        (0, 0), text, (0, 0), mnist_digit.font(face, weight), size, weight
    )
    drawn = np.full((height + 8, width + 8, 3), on, np.uint8)
    put_text(drawn, text, 4 - left, 4 - top, size, colour, weight, face)
    x, y, width, height = cv2.boundingRect(np.uint8((drawn != on).any(axis=2)))
    return (
        cv2.matchTemplate(picture, drawn[y : y + height, x : x + width], cv2.TM_SQDIFF_NORMED).min()
        < 0.01
    )


def hints(picture: np.ndarray, text: str) -> bool:
    """Whether a text stands below the answer."""
    return says(within(picture, LAYOUT.answer), text, 14, QUIET_COLOUR)


def has(picture: np.ndarray, colour: tuple[int, int, int]) -> bool:
    """Whether the canvas has something of a colour."""
    return (picture[:, :CANVAS_SIZE] == colour).all(axis=2).sum() > 50


def tints(picture: np.ndarray) -> tuple[int, int]:
    """How many of the canvas's pixels are orange, and how many blue."""
    blue, _, red = np.moveaxis(picture[:, :CANVAS_SIZE].astype(int), 2, 0)
    return int((red - blue > 60).sum()), int((blue - red > 60).sum())


# --- a window for each test


@pytest.fixture
def open_window(display: Display, tmp_path: Path) -> Iterator[Callable[..., ProgramWindow]]:
    """A function that starts the program with arguments, in tmp_path / "drawings"."""
    windows = []
    folder = tmp_path / "drawings"
    folder.mkdir()

    def start(*arguments: object, screen: Display | None = None, **more: object) -> ProgramWindow:
        notes = tmp_path / f"notes-{len(windows)}"
        notes.mkdir()
        windows.append(ProgramWindow(screen or display, folder, notes, *arguments, **more))
        return windows[-1]

    yield start
    for window in windows:
        window.stop()


@pytest.fixture
def window(open_window: Callable[..., ProgramWindow]) -> ProgramWindow:
    return open_window()


# --- reading


def test_drawn_digits_are_read_one_line_for_each_enter(window: ProgramWindow) -> None:
    rng = np.random.default_rng(3)
    digits = list(range(10))
    for digit in digits:
        strokes = in_canvas(write_character(str(digit), rng))
        window.draw([[*stroke[:-1:2], stroke[-1]] for stroke in strokes])
        window.read()
        window.press("c")
        window.see(lambda p: not ink(p).any(), "the empty canvas")
    lines = [LINE.fullmatch(line) for line in window.lines]
    assert len(lines) == len(digits)
    assert all(lines), window.lines
    right = sum(line[1] == str(digit) for line, digit in zip(lines, digits, strict=True))
    assert right >= 8, window.lines


def test_what_enter_prints_is_shown_until_the_drawing_changes(window: ProgramWindow) -> None:
    window.press("l")
    window.see(
        lambda p: says(p, "live reading is off:", 13, QUIET_COLOUR),
        "what is not as usual",
    )
    window.draw(THREE)
    picture = window.see(lambda p: ink(p).any(), "ink")
    assert bars(picture)[1] is None
    digit, confidence = LINE.fullmatch(window.read()).groups()
    assert digit == "3"
    picture = window.see(
        lambda p: answer(p) == "3" and says(p, f"{confidence}%", 24, face="uni"), "the answer"
    )
    assert bars(picture)[0][3] == pytest.approx(float(confidence) / 100, abs=0.01)
    window.mouse(*window.at(720, 300))  # moving the mouse changes nothing
    assert answer(window.screenshot()) == "3"
    window.draw([[(60, 500), (100, 500)]])
    window.see(lambda p: bars(p)[1] is None, "the answer to go")
    window.press("l")
    window.see(lambda p: bars(p)[1] is not None, "live reading to be on again")
    assert len(window.lines) == 1


def test_live_reading_answers_while_the_pen_is_down(window: ProgramWindow) -> None:
    first, *others = THREE[0]
    moves = [word for point in others for word in ("sleep", 0.01, *window.at(*point))]
    window.mouse(*window.at(*first), "mousedown", 1, *moves)
    picture = window.see(lambda p: answer(p) == "3", "an answer before the button is released")
    assert (
        (picture[182:226, CANVAS_SIZE:] == 255).all(axis=2).any()
    )  # the digit image that was read
    window.mouse("mouseup", 1)
    assert window.lines == []


def test_the_keypad_does_the_same(window: ProgramWindow) -> None:
    window.draw(THREE)
    line = window.read()
    window.press("KP_Enter")
    wait_until(lambda: len(window.lines) == 2, "a second line")
    assert window.lines == [line, line]
    window.press("KP_8")
    window.see(lambda p: answer(p) == "8", "the digit that it was said to be")


def test_enter_on_the_empty_canvas_says_so(window: ProgramWindow) -> None:
    assert says(window.screenshot(), "Draw a digit", 40, QUIET_COLOUR, 500, on=CANVAS_COLOUR)
    window.press("Return")
    picture = window.see(lambda p: says(p, "Nothing is drawn yet"), "the message")
    assert bars(picture)[1] is None
    window.draw(THREE)
    picture = window.see(lambda p: ink(p).any(), "ink")
    assert not has(picture, QUIET_COLOUR)
    assert not says(picture, "Nothing is drawn yet")
    assert window.lines == []


# --- changing the drawing


def test_clear_undo_and_redo(window: ProgramWindow) -> None:
    def see_ink(expected: int, after: str) -> None:
        window.see(lambda p: ink(p).sum() == expected, f"the drawing after {after}")

    window.draw([[(100, 100), (400, 100)]])
    one = int(ink(window.still()).sum())
    window.draw([[(100, 300), (400, 300)]])
    two = int(ink(window.still()).sum())
    assert two > one > NO_INK
    window.press("u")
    see_ink(one, "u")
    window.press("BackSpace")
    see_ink(NO_INK, "Backspace")
    window.press("u", "y", "y", "y")  # more often than there is something to do
    see_ink(two, "y")
    window.press("c")
    see_ink(NO_INK, "c")
    window.press("u")
    see_ink(two, "u after c")
    window.press("u")
    see_ink(one, "a second u")
    window.draw([[(100, 500), (400, 500)]])
    window.see(lambda p: ink(p)[490:510].any(), "a third stroke")
    window.press("y")  # there is nothing left to redo
    see_ink(two, "y after a new stroke")


def test_brush_by_keys_and_wheel(window: ProgramWindow) -> None:
    """The wheel must not zoom either, which is what cv2's Qt window makes of it by itself."""

    def dot() -> float:
        """The width of a dot that is drawn now, and is where the mouse was."""
        window.draw([[(400, 160)]])
        window.see(lambda p: ink(p).any(), "a dot")
        mask = ink(window.still())
        window.press("u")
        window.see(lambda p: not ink(p).any(), "no dot")
        assert middle_of(mask) == pytest.approx((400, 160), abs=1.5)
        return 2 * np.sqrt(mask.sum() / np.pi)

    def change(action: Callable[..., None], *what: object) -> float:
        action(*what)
        window.see(lambda p: (p[-40, :CANVAS_SIZE] == PANEL_COLOUR).all(), "the brush's size")
        return dot()

    usual = dot()
    wider = change(window.press, "bracketright", "bracketright")
    assert wider > usual + 8
    assert change(window.press, "bracketleft", "bracketleft") == pytest.approx(usual, abs=1)
    assert change(window.wheel, 2) == pytest.approx(wider, abs=1)
    narrower = change(window.wheel, -3)
    assert narrower < usual - 4
    window.mouse("click", "--repeat", 2, "--delay", 20, 6)  # turned sideways it changes nothing
    window.still()
    assert dot() == pytest.approx(narrower, abs=1)
    window.mouse("keydown", "ctrl")
    window.wheel(3)
    window.mouse("keyup", "ctrl")
    assert dot() == pytest.approx(wider, abs=1)
    window.wheel(30)
    widest = dot()
    window.wheel(1)
    assert dot() == pytest.approx(widest, abs=1)


def test_right_button_erases_what_it_touches(window: ProgramWindow) -> None:
    window.draw([[(80, 280), (480, 280)]])
    window.see(lambda p: ink(p)[280, 460], "the line")
    window.draw([[(280, 200), (280, 360)]], button=3)
    after = ink(window.see(lambda p: not ink(p)[280, 280], "a gap"))
    assert after[280, 100]
    assert after[280, 460]
    window.press("u")
    window.see(lambda p: ink(p)[280, 280], "the gap to close")


# --- the mouse, wherever it goes


def test_the_moves_of_a_fast_hand_are_all_drawn(window: ProgramWindow, tmp_path: Path) -> None:
    """Qt joins those that wait for a busy program, unless it is told not to."""
    turns = np.linspace(0, 3 * np.pi, 400)
    points = (
        np.stack([280 + 28 * turns * np.cos(turns), 280 + 28 * turns * np.sin(turns)], axis=1)
        .astype(int)
        .tolist()
    )
    points = [
        point for point, before in zip(points, [None, *points], strict=False) if point != before
    ]
    window.draw([points], pause=0)
    window.press("s")
    window.see(lambda p: says(p, "Saved drawing-1.png and .json"), "that it is saved")
    saved = json.loads((tmp_path / "drawings" / "drawing-1.json").read_text())
    lost = [point for point in points if point not in saved["strokes"][0]["points"]]
    assert len(lost) <= 0.02 * len(points)  # a busy X server may lose one by itself


def test_fast_strokes_are_whole(window: ProgramWindow) -> None:
    """A second press at once comes as a double click, and a fast pen gives few points."""
    window.draw([[(60, 60), (500, 60)], [(500, 61), (60, 500)], [(60, 501), (500, 501)]], pause=0)
    mask = ink(window.see(lambda p: ink(p)[501, 60:480].all(), "the last stroke"))
    for x in range(70, 480, 10):
        assert mask[60, x]
        assert mask[560 - x, x]
        assert mask[501, x]


def test_a_double_click_draws(window: ProgramWindow) -> None:
    window.mouse(
        *window.at(200, 200),
        "click",
        1,
        "mousedown",
        1,
        "sleep",
        0.01,
        *window.at(300, 200),
        "mouseup",
        1,
    )
    window.see(
        lambda p: ink(p)[200, 200:286].mean() > 0.9, "the stroke that the double click began"
    )
    window.press("u")
    window.see(lambda p: ink(p)[200, 200] and not ink(p)[200, 250], "the click's dot alone")


def test_a_press_outside_the_canvas_draws_nothing(window: ProgramWindow) -> None:
    before = window.screenshot()
    window.draw([[(892, 300), (300, 300), (200, 200)]])
    window.draw([[(892, 300), (300, 300), (200, 200)]], button=3)
    window.draw([[(100, 400)]])  # what came before it has then been dealt with
    mask = ink(window.see(lambda p: ink(p).any(), "a dot"))
    assert middle_of(mask) == pytest.approx((100, 400), abs=1.5)
    window.press("u")
    window.see(lambda p: np.array_equal(p, before), "the empty canvas")


def test_a_stroke_may_leave_the_canvas(window: ProgramWindow) -> None:
    """It is cut off at the edge, goes on where it comes back, and ends with a release outside."""
    panel = window.screenshot()[:, CANVAS_SIZE:]
    window.draw(
        [[(400, 100), (800, 100), (800, 300), (400, 300), (800, 500), (1100, 600)]], pause=0.1
    )
    mask = ink(window.see(lambda p: ink(p)[300, 400:].all(), "the way back"))
    assert mask[100, 400:].all()
    assert not mask[150:250].any()
    window.mouse(*window.at(100, 500), *window.at(200, 500))
    window.press("u")
    window.see(lambda p: not ink(p).any(), "no ink")
    assert np.array_equal(window.screenshot()[:, CANVAS_SIZE:], panel)


@pytest.fixture(scope="module")
def large_display() -> Iterator[Display]:
    with Display(1600, 1000) as display:
        yield display


def test_at_every_size_the_window_is_filled_and_the_mouse_exact(
    open_window: Callable[..., ProgramWindow], large_display: Display
) -> None:
    window = open_window(screen=large_display)
    window.resize(40, 30)  # too small to show anything, but it lives on
    for width, height in [(450, 280), (1600, 1000), (600, 940), (1300, 400), (900, 560)]:
        window.resize(width, height)
        scale = max(min(width / 900, height / 560), min(width / 560, height / 900))
        side = 560 * scale
        window.mouse(
            "mousemove", "--window", window.id, width - 1, height - 1
        )  # no ring on the canvas
        picture = window.still()
        edges = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
        assert np.isin(edges, [*PANEL_COLOUR, *CANVAS_COLOUR]).all()
        canvas = np.argwhere((picture == CANVAS_COLOUR).all(axis=2))
        (top, left), (bottom, right) = canvas.min(axis=0), canvas.max(axis=0) + 1
        assert (right - left, bottom - top) == pytest.approx((side, side), abs=1.5)
        for across, down in [(0.1, 0.1), (0.9, 0.1), (0.5, 0.5), (0.1, 0.9), (0.9, 0.9)]:
            x, y = int(left + across * side), int(top + down * side)
            window.mouse(
                "mousemove",
                "--window",
                window.id,
                x,
                y,
                "click",
                1,
                "mousemove",
                "--window",
                window.id,
                1,
                1,
            )
            window.mouse("mousemove", "--window", window.id, width - 1, height - 1)
            canvas = np.s_[top:bottom, left:right]
            dot = inked(window.see(lambda p, at=canvas: inked(p[at]).any(), "a dot")[canvas])
            assert middle_of(dot) == pytest.approx((x - left, y - top), abs=1.5)
            window.press("c")
            window.see(lambda p, empty=picture: np.array_equal(p, empty), "the empty canvas")


@pytest.mark.parametrize("width, height", [(1366, 768), (800, 600)])
def test_the_window_opens_wholly_visible(
    open_window: Callable[..., ProgramWindow], width: int, height: int
) -> None:
    """Even where the environment asks for a platform of Qt's that cv2 does not bring along."""
    with Display(width, height) as screen:
        window = open_window(screen=screen, QT_QPA_PLATFORM="wayland")
        x, y, across, down = window.geometry()
        assert min(x, y) >= 0 and x + across <= width - 4 and y + down <= height - 4
        assert (across, down) == WINDOW_SIZE or width < 900
        window.draw(THREE)
        assert window.read().startswith("3")
        window.stop()


@pytest.mark.parametrize(
    "dpi, variables",
    [
        (144, {}),
        (192, {}),
        (96, {"QT_SCALE_FACTOR": "2"}),
        (96, {"QT_FONT_DPI": "192"}),
        (96, {"QT_SCREEN_SCALE_FACTORS": "2", "QT_AUTO_SCREEN_SCALE_FACTOR": "1"}),
    ],
)
def test_on_fine_screens_it_opens_wholly_visible_and_sharp(
    open_window: Callable[..., ProgramWindow], dpi: int, variables: dict[str, str]
) -> None:
    with Display(1366, 768) as screen:
        screen.set_dpi(dpi)
        window = open_window(screen=screen, **variables)
        x, y, across, down = window.geometry()
        assert x + across <= 1366 and y + down <= 768
        assert (across, down) == WINDOW_SIZE
        # Whoever scaled the picture would have blurred its words.
        assert says(window.still(), "Draw a digit", 40, QUIET_COLOUR, 500, on=CANVAS_COLOUR)
        window.draw(THREE)
        assert window.read().startswith("3")
        window.stop()


def test_on_a_wide_screen_it_opens_at_three_quarters(
    open_window: Callable[..., ProgramWindow],
) -> None:
    with Display(2560, 1440) as screen:
        screen.set_dpi(192)
        window = open_window(screen=screen)
        _, _, across, down = window.geometry()
        assert max(across / 2560, down / 1440) == pytest.approx(0.75, abs=0.01)
        window.draw(THREE)
        assert window.read().startswith("3")
        window.stop()


def test_the_window_widens_for_the_layers_as_far_as_there_is_room(
    open_window: Callable[..., ProgramWindow], large_display: Display
) -> None:
    window = open_window(screen=large_display)
    window.press("n")
    wait_until(lambda: window.geometry()[2] == WINDOW_SIZE[0] + LAYERS_WIDTH, "a wider window")
    window.press("Escape")
    wait_until(lambda: window.geometry()[2] == WINDOW_SIZE[0], "the window as it was")
    window.draw(THREE)
    assert window.read().startswith("3")
    with Display(1200, 800) as screen:
        window = open_window(screen=screen)
        window.press("n")
        wait_until(lambda: window.geometry()[2] > WINDOW_SIZE[0], "a wider window")
        x, _, width, _ = window.geometry()
        assert x >= 0 and x + width <= 1200
        window.stop()


def test_a_ring_follows_the_pointer(window: ProgramWindow) -> None:
    """As large as the brush; another one while it erases; none outside the canvas."""
    empty = window.screenshot()

    def ring(colour: tuple[int, int, int], x: int, y: int) -> Callable[[np.ndarray], bool]:
        return lambda p: (
            cv2.absdiff(p[y - 12 : y + 13 : 24, x], np.uint8([colour] * 2)) < 60
        ).all()

    window.mouse(*window.at(200, 100))
    window.see(ring(BAR_COLOUR, 200, 100), "a ring")
    window.mouse(*window.at(300, 100), "mousedown", 3)
    window.see(ring(OTHER_COLOUR, 300, 100), "the eraser's ring")
    window.mouse("mouseup", 3, *window.at(*ASIDE))
    window.see(lambda p: np.array_equal(p, empty), "no ring on the panel")
    window.mouse(*window.at(300, 100))
    window.see(ring(BAR_COLOUR, 300, 100), "a ring")
    window.mouse("mousemove", 1279, 719)
    window.see(lambda p: np.array_equal(p, empty), "no ring outside")


# --- guessing, learning, refusing, explaining


def one_or_seven() -> list:
    """The stroke, of many between a 1 and a 7, that the network is least sure of."""

    def confidence(strokes: list) -> float:
        canvas = mnist_digit.Canvas([mnist_digit.Stroke(stroke, 24) for stroke in strokes])
        return canvas.read(recognizer).confidence

    recognizer = mnist_digit.Recognizer()
    return min(
        (
            [[(220 - x // 2, 150), (220 + x, 130), (230 + x // 3, 300), (220, 480)]]
            for x in range(90)
        ),
        key=confidence,
    )


def test_a_guess_looks_like_one(window: ProgramWindow) -> None:
    window.draw(one_or_seven())
    picture = window.see(lambda p: says(p, "a guess", 14, QUIET_COLOUR), "a guess")
    assert (within(picture, LAYOUT.answer) == QUIET_COLOUR).all(axis=2).sum() > 500
    assert not (picture == BEST_COLOUR).all(axis=2).any()
    assert LINE.fullmatch(window.read())[1] in "17"


def test_a_number_is_read_marked_and_taught(
    open_window: Callable[..., ProgramWindow], tmp_path: Path
) -> None:
    hand = tmp_path / "hand.npz"
    window = open_window("--hand", hand)
    window.draw(placed(THREE, 0, 150, 0.4) + placed(SEVEN, 250, 150, 0.4))
    picture = window.see(lambda p: answer(p) == "37", "the number")
    assert hints(picture, "wrong? type the right number")
    assert window.read().startswith("37 (")
    picture = window.still()
    for x, digit in ((114, "3"), (358, "7")):  # below the ink
        below = np.flatnonzero(ink(picture)[:, x - 60 : x + 60].any(axis=1)).max()
        label = picture[below + 4 : below + 90, x - 40 : x + 40]
        assert says(label, digit, 16, BEST_COLOUR, 600)
    window.press("3")
    window.see(lambda p: says(p, "right: 3 _"), "the first digit")
    window.press("1")
    window.see(lambda p: answer(p) == "31" and says(p, "Learned: it is 31"), "the right number")
    assert window.read().startswith("31 (")
    window.press("q")
    assert window.wait() == 0

    again = open_window("--hand", hand)
    again.see(
        lambda p: says(p, "drawings learned from you: 1", 13, QUIET_COLOUR),
        "what it knows",
    )
    again.draw(placed(THREE, 0, 150, 0.4) + placed(SEVEN, 250, 150, 0.4))
    again.see(lambda p: answer(p) == "31", "what was taught")
    again.press("f")
    again.see(lambda p: answer(p) == "37", "what was read before")
    again.press("f")
    again.see(lambda p: says(p, "There is nothing to forget"), "that there is no more")


def test_a_letter_is_no_digit_until_it_is_taught(window: ProgramWindow) -> None:
    window.draw(LETTER)
    picture = window.see(lambda p: says_none(p) and answer(p) is None, "no digit, with its bar")
    assert bars(picture)[1] is None
    assert LINE.fullmatch(window.read())[1] == "no digit"
    window.press("4")
    window.see(lambda p: answer(p) == "4", "the digit that it was said to be")
    assert LINE.fullmatch(window.read())[1] == "4"


def test_why_tints_the_ink_and_names_the_runner_up(window: ProgramWindow) -> None:
    window.draw(one_or_seven())
    before = window.still()
    assert tints(before) == (0, 0)
    window.press("w")
    picture = window.see(lambda p: min(tints(p)) > 200, "orange and blue ink")
    assert says(picture, "why 1 rather than 7", 14) or says(picture, "why 7 rather than 1", 14)
    window.press("w")
    window.see(lambda p: np.array_equal(p, before), "white ink")


# --- saving and opening


def test_save_and_open_again(
    window: ProgramWindow, open_window: Callable[..., ProgramWindow], tmp_path: Path
) -> None:
    folder = tmp_path / "drawings"
    window.press("s")
    window.see(lambda p: says(p, "Nothing is drawn yet"), "that there is nothing to save")
    window.draw(THREE)
    window.press("s")
    window.see(lambda p: says(p, "Saved drawing-1.png and .json"), "the first message")
    first = [(folder / name).read_bytes() for name in ("drawing-1.png", "drawing-1.json")]
    window.draw([[(480, 500), (520, 500)]])
    window.press("s")
    picture = window.see(lambda p: says(p, "Saved drawing-2.png and .json"), "the second message")
    assert {file.name for file in folder.iterdir()} == {
        f"drawing-{n}.{kind}" for n in (1, 2) for kind in ("png", "json")
    }
    assert first == [(folder / name).read_bytes() for name in ("drawing-1.png", "drawing-1.json")]
    assert str(folder / "drawing-2.png") in window.errors
    saved = cv2.imread(str(folder / "drawing-2.png"), cv2.IMREAD_GRAYSCALE)
    assert np.array_equal(saved[:500] == 255, ink(picture)[:500])
    assert len(json.loads((folder / "drawing-2.json").read_text())["strokes"]) == 2

    line = window.read()
    window.press("q")
    assert window.wait() == 0
    again = open_window("--open", folder / "drawing-2.json")
    assert np.array_equal(ink(again.see(lambda p: ink(p).any(), "the drawing")), saved == 255)
    assert again.read() == line


def test_a_folder_that_cannot_be_written_to_loses_nothing(
    window: ProgramWindow, tmp_path: Path
) -> None:
    window.draw(THREE)
    before = ink(window.still())
    shutil.rmtree(tmp_path / "drawings")  # permissions would not stop root
    window.press("s")
    picture = window.see(
        lambda p: says(p, "Failed: drawing-1.json: No such file or directory"), "the message"
    )
    assert np.array_equal(ink(picture)[:500], before[:500])
    assert window.errors.count("\n") == 1
    assert "drawing-1.json" in window.errors
    (tmp_path / "drawings").mkdir()
    assert window.read().startswith("3")
    window.press("q")
    assert window.wait() == 0


# --- other keys, and the end


def test_help_comes_and_goes(window: ProgramWindow) -> None:
    window.draw(THREE)
    before = window.still()
    for shown, hidden in [("h", "h"), ("question", "question"), ("F1", "Escape")]:
        window.press(shown)
        picture = window.see(
            lambda p: (within(p, LAYOUT.canvas)[0] == PANEL_COLOUR).all() and not ink(p).any(),
            "the keys",
        )
        assert answer(picture) == "3"
        window.press(hidden)
        window.see(lambda p: np.array_equal(p, before), "the drawing as it was")
    window.press("h")
    window.see(lambda p: not ink(p).any(), "the keys again")
    window.draw([[(480, 500), (520, 500)]])
    window.see(lambda p: ink(p)[500, 500], "drawing to hide the keys")


def test_keys_do_what_they_do_elsewhere(window: ProgramWindow, tmp_path: Path) -> None:
    window.draw(THREE)
    before = window.still()
    for undo, redo in [("ctrl+z", "ctrl+y"), ("ctrl+z", "ctrl+shift+z"), ("Delete", "ctrl+z")]:
        window.press(undo)
        window.see(lambda p: not ink(p).any(), f"the empty canvas after {undo}")
        window.press(redo)
        window.see(lambda p: np.array_equal(p, before), f"the drawing after {redo}")
    window.press("ctrl+s")
    window.see(lambda p: says(p, "Saved drawing-1.png and .json"), "the message")
    assert len(list((tmp_path / "drawings").iterdir())) == 2


def test_keys_pressed_at_once_all_count(window: ProgramWindow) -> None:
    window.mouse("key", "--delay", 0, *["bracketright"] * 6)
    window.see(lambda p: says(p, "Brush: 60 pixels"), "the brush's size")


WITHOUT_QT = """
import sys, mnist_digit
mnist_digit.open_qt = lambda: None
sys.exit(mnist_digit.main())
"""


def test_it_works_where_cv2_has_another_qt(open_window: Callable[..., ProgramWindow]) -> None:
    """Keys come from cv2 there, and what Qt would tell besides is missing."""
    window = open_window(code=WITHOUT_QT)
    window.draw(THREE, pause=0.1)  # moves that come too fast are joined there
    assert window.read().startswith("3")
    window.press("8")
    window.see(lambda p: answer(p) == "8", "the digit that it was said to be")
    window.press("f", "c")
    window.see(lambda p: not ink(p).any(), "the empty canvas")
    window.press("BackSpace")
    window.see(lambda p: ink(p).any(), "the drawing")
    window.press("h", "Escape")
    assert window.read().startswith("3")
    window.press("Escape")
    assert window.wait() == 0
    assert window.errors == ""


def test_a_held_key_is_one_press(window: ProgramWindow) -> None:
    """One that changes the brush goes on, which shows that keys do repeat here."""
    window.draw(THREE)
    window.press("8", "f", "7", "Return", "5", "Return", "4", "Return")
    assert [line[0] for line in window.lines] == ["7", "5", "4"]
    window.mouse("keydown", "f", "sleep", 1.5, "keyup", "f")
    assert window.read().startswith("5")
    window.mouse("keydown", "Return", "sleep", 1.5, "keyup", "Return")
    window.press("bracketleft")
    window.see(lambda p: says(p, "Brush: 18 pixels"), "a narrower brush")
    assert len(window.lines) == 5
    window.mouse("keydown", "bracketright", "sleep", 2, "keyup", "bracketright")
    window.see(lambda p: says(p, "Brush: 60 pixels"), "the widest brush")


def test_keys_with_alt_and_super_do_nothing(window: ProgramWindow) -> None:
    window.draw(THREE)
    before = window.still()
    window.press("alt+q", "super+c", "alt+Escape", "super+u", "alt+8", "super+h")
    assert window.read().startswith("3")  # it has dealt with those before
    window.see(lambda p: np.array_equal(p, before), "the same picture")


@pytest.fixture
def keyboard(display: Display) -> Iterator[Callable[[str], None]]:
    """A function that gives the keyboard another layout until the test has ended."""

    def change(layout: str) -> None:
        display.run("setxkbmap", layout)

    yield change
    change("us")


# Keys by their place: X's keycodes.
U, W, C, THE_4, THE_8 = 30, 25, 54, 13, 17


@pytest.mark.parametrize("layout", ["ru", "gr", "ara", "ge", "th"])
def test_letters_work_by_their_place_where_the_keyboard_has_no_latin_ones(
    open_window: Callable[..., ProgramWindow], keyboard: Callable[[str], None], layout: str
) -> None:
    keyboard(layout)
    window = open_window()
    window.draw(THREE)
    before = window.still()
    window.press(str(W))
    window.see(lambda p: max(tints(p)) > 50, "why")
    window.press(str(W), str(C))
    window.see(lambda p: not ink(p).any(), "the empty canvas")
    window.press(f"ctrl+{52}")  # z
    window.see(lambda p: np.array_equal(p, before), "the drawing")


def test_the_digit_row_works_without_shift_on_a_french_keyboard(
    open_window: Callable[..., ProgramWindow], keyboard: Callable[[str], None]
) -> None:
    keyboard("fr")
    window = open_window()
    window.draw(THREE)
    window.press(str(THE_8))
    window.see(lambda p: answer(p) == "8", "the digit that it was said to be")
    window.press("f", f"shift+{THE_4}")
    window.see(lambda p: answer(p) == "4", "the digit with Shift")


def test_unknown_keys_do_nothing(window: ProgramWindow) -> None:
    window.draw(THREE)
    before = window.still()
    window.press("z", "Left", "space", "Tab", "Shift_L", "adiaeresis")
    window.press("ctrl+c", "ctrl+p", "ctrl+x", "ctrl+plus", "ctrl+minus", "ctrl+Left", "ctrl+q")
    assert window.read().startswith("3")  # it has dealt with those before
    window.see(lambda p: np.array_equal(p, before), "the same picture")
    assert len(window.lines) == 1
    assert window.errors == ""


def test_standard_output_that_fails_is_named_and_the_window_stays(
    open_window: Callable[..., ProgramWindow],
) -> None:
    window = open_window(stdout=Path("/dev/full"))
    window.draw(THREE)
    window.press("Return")
    window.see(lambda p: says(p, "Failed: standard output: No space left on device"), "the message")
    assert window.errors == "mnist_digit: standard output: No space left on device\n"
    window.press("q")
    assert window.wait() == 0
    assert window.errors.count("\n") == 1


@pytest.mark.parametrize("busy", [False, True])
def test_ctrl_c_closes_the_window(window: ProgramWindow, busy: bool) -> None:
    before = window.screenshot()
    if busy:
        words = [word for x in range(10, 550, 2) for word in (*window.at(x, x), "sleep", 0.005)]
        mouse = subprocess.Popen(
            ["xdotool", *map(str, words)],
            env=environment(DISPLAY=window.display.name),
            stderr=subprocess.DEVNULL,
        )
        window.see(lambda p: not np.array_equal(p, before), "the mouse's ring")
    window.process.send_signal(signal.SIGINT)
    assert window.wait() == 130
    assert window.errors == ""
    if busy:
        mouse.kill()
        mouse.wait()


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [1, 1.5, 2, 2.5])
def test_a_display_that_ends_while_a_video_is_read_aborts_nothing(
    tmp_path: Path, seconds: float
) -> None:
    """The thread that reads it goes on while the process ends."""
    path = tmp_path / "video.avi"
    video = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 10, (320, 240))
    sheet = np.full((240, 320, 3), 230, np.uint8)
    put_text(sheet, "42", 60, 170, 140, (20, 20, 20))
    for _ in range(10 * PATIENCE):
        video.write(sheet)
    video.release()
    with Display() as screen:
        process = start("--camera", path, env=environment(DISPLAY=screen.name))
        screen.run("xdotool", "search", "--sync", "--onlyvisible", "--name", "Draw a digit")
        time.sleep(seconds)
        screen.stop(by_force=True)
        _, errors = process.communicate(timeout=PATIENCE)
        assert process.returncode == 1
        assert errors.count("\n") == 1


@pytest.mark.parametrize("name, status", [("SIGTERM", 143), ("SIGHUP", 129)])
def test_other_signals_end_it_with_one_line(window: ProgramWindow, name: str, status: int) -> None:
    window.process.send_signal(getattr(signal, name))
    assert window.wait() == status
    assert window.errors == f"mnist_digit: ended by {name}\n"


def test_a_window_that_another_program_destroys_ends_the_program(window: ProgramWindow) -> None:
    window.mouse("windowclose", window.id)  # XDestroyWindow
    assert window.wait() == 1
    assert re.fullmatch("mnist_digit: .*destroyed.*\n", window.errors)


@pytest.mark.parametrize("how", ["killed", "ended"])
def test_a_display_that_ends_ends_the_program(
    open_window: Callable[..., ProgramWindow], how: str
) -> None:
    with Display() as screen:
        window = open_window(screen=screen)
        screen.stop(by_force=how == "killed")
        assert window.wait() == 1
        assert window.errors.count("\n") == 1


@pytest.mark.parametrize("how", ["Escape", "q", "close button"])
def test_quit(window: ProgramWindow, how: str) -> None:
    window.draw(THREE)
    window.see(lambda p: ink(p).any(), "ink")
    if how == "close button":
        window.close()
    else:
        window.press(how)
    assert window.wait() == 0
    assert window.lines == []
    assert window.errors == ""
