"""What keys, clicks and typed numbers do in the window, tried without a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

import mnist_digit as md

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


class ReadsByWidth(md.Recognizer):
    """Reads what is narrow as a 1, what is wider as no digit; is lost at what is wide."""

    def __init__(self) -> None:
        self.path = md.MODEL
        self.hand = md.Hand(None)

    def judge(self, images: np.ndarray) -> np.ndarray:
        probabilities = np.full((len(images), md.CLASSES), 0.001)
        for image, answers in zip(images, probabilities, strict=True):
            width = np.ptp(np.flatnonzero(image.any(axis=0)))
            if width < 15:
                answers[1 if width < 7 else md.OTHER] = 0.98
        return probabilities / probabilities.sum(axis=1, keepdims=True)


class Clock:
    """Stands still until it is set forward."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(md.time, "monotonic", clock)
    return clock


@pytest.fixture
def window(tmp_path: Path) -> md.Window:
    return md.Window(ReadsByWidth(), folder=tmp_path)


def draw(window: md.Window, points: Sequence[tuple[int, int]], right: bool = False) -> None:
    """Draw a stroke with the left button, or go so with the right one."""
    down, up = cv2.EVENT_LBUTTONDOWN, cv2.EVENT_LBUTTONUP
    flag = cv2.EVENT_FLAG_LBUTTON
    if right:
        down, up, flag = cv2.EVENT_RBUTTONDOWN, cv2.EVENT_RBUTTONUP, cv2.EVENT_FLAG_RBUTTON
    window.on_mouse(down, *points[0], flag)
    for point in points[1:]:
        window.on_mouse(cv2.EVENT_MOUSEMOVE, *point, flag)
    window.on_mouse(up, *points[-1], 0)


ONE = [(100, 100), (100, 400)]
BOW = [(290, 100), (420, 250), (290, 400)]


@pytest.fixture
def one_and_bow(window: md.Window) -> md.Window:
    """A window with a drawing that is read as "1?"."""
    draw(window, ONE)
    draw(window, BOW)
    assert window.read().text == "1?"
    return window


def press(window: md.Window, *names: str) -> None:
    for name in names:
        window.press(name)


def lessons(window: md.Window) -> int:
    return len(window.recognizer.hand)


# --- the right number, typed


def test_a_number_as_long_as_the_parts_is_learned_at_once(one_and_bow: md.Window) -> None:
    press(one_and_bow, "1")
    assert lessons(one_and_bow) == 0
    press(one_and_bow, "8")
    assert one_and_bow.read().text == "18"
    assert "it is 18" in one_and_bow.message


@pytest.mark.parametrize("number", ["1000", "100", "18181"])
def test_a_longer_number_than_the_parts_teaches_nothing(
    one_and_bow: md.Window, number: str
) -> None:
    press(one_and_bow, *number)
    assert lessons(one_and_bow) == 0
    assert number in one_and_bow.message
    press(one_and_bow, "enter")
    assert lessons(one_and_bow) == 0
    assert one_and_bow.read().text == "1?"
    assert f"{number} does not fit 2 parts" in one_and_bow.message
    assert "further apart" in one_and_bow.message


def test_a_shorter_number_than_the_parts_teaches_nothing(one_and_bow: md.Window) -> None:
    draw(one_and_bow, [(540, 100), (540, 400)])
    press(one_and_bow, "1", "8", "enter")
    assert lessons(one_and_bow) == 0
    assert "18 does not fit 3 parts" in one_and_bow.message
    assert "closer together" in one_and_bow.message


def test_one_digit_and_enter_teach_the_whole_drawing(one_and_bow: md.Window) -> None:
    press(one_and_bow, "4")
    assert lessons(one_and_bow) == 0
    press(one_and_bow, "enter")
    assert one_and_bow.recognizer.predict(one_and_bow.canvas.digit_image()).digit == 4
    assert lessons(one_and_bow) == 1


@pytest.mark.parametrize("pause", [0, 60])
def test_a_digit_after_the_last_part_begins_no_new_lesson(
    one_and_bow: md.Window, clock: Clock, pause: float
) -> None:
    """It shows that the number was longer, so what was learned of it came too early."""
    press(one_and_bow, "1", "8")
    clock.seconds += pause
    press(one_and_bow, "0")
    assert lessons(one_and_bow) == 0
    press(one_and_bow, "7")
    assert lessons(one_and_bow) == 0
    assert one_and_bow.read().text == "1?"


def test_backspace_takes_back_one_typed_digit(one_and_bow: md.Window) -> None:
    press(one_and_bow, "1", "8", "3")  # one too many
    press(one_and_bow, "backspace")
    assert "right: 18" in one_and_bow.message
    assert lessons(one_and_bow) == 0
    press(one_and_bow, "enter")
    assert one_and_bow.read().text == "18"
    assert len(one_and_bow.canvas.strokes) == 2
    press(one_and_bow, "backspace")  # the number is complete: as usual
    assert len(one_and_bow.canvas.strokes) == 1


def test_backspace_on_the_only_typed_digit_ends_the_number(one_and_bow: md.Window) -> None:
    press(one_and_bow, "1", "backspace")
    assert one_and_bow.message == ""
    press(one_and_bow, "1", "8")
    assert one_and_bow.read().text == "18"


def test_x_teaches_no_digit(window: md.Window) -> None:
    draw(window, ONE)
    assert window.read().text == "1"
    press(window, "x")
    assert window.read().text == "?"
    press(window, "f")
    assert window.read().text == "1"


def test_x_stands_for_a_part_of_a_number(one_and_bow: md.Window) -> None:
    press(one_and_bow, "x", "8")
    assert one_and_bow.read().text == "?8"


def test_what_is_read_rightly_already_is_not_learned(one_and_bow: md.Window) -> None:
    press(one_and_bow, "1", "x")
    assert lessons(one_and_bow) == 0
    assert "already" in one_and_bow.message


# --- clicks


def middle_of(box: md.Box) -> tuple[int, int]:
    return box.x + box.width // 2, box.y + box.height // 2


def click(window: md.Window, box: md.Box) -> None:
    draw(window, [middle_of(box)])


@pytest.mark.parametrize("name", list(md.CAPS))
def test_a_click_on_a_cap_does_what_the_key_does(tmp_path: Path, name: str) -> None:
    windows = []
    for way in ("key", "click"):
        folder = tmp_path / way
        folder.mkdir()
        window = md.Window(ReadsByWidth(), folder=folder)
        draw(window, ONE)
        draw(window, BOW)
        press(window, "u", "1")
        if way == "key":
            window.press(name.lower())
        else:
            click(window, window.layout.caps[name])
        windows.append(window)
    pressed, clicked = (
        (w.read() and w.read().text, w.message, w.lit(), w.canvas.brush, w.is_running, lessons(w),
         len(w.canvas.strokes), sorted(path.name for path in w.folder.iterdir()))
        for w in windows
    )  # fmt: skip
    assert pressed == clicked


def test_a_click_on_a_bar_says_that_it_is_this_one(window: md.Window) -> None:
    draw(window, ONE)
    click(window, window.layout.bars[8])
    assert window.read().text == "8"
    assert "it is 8" in window.message
    click(window, window.layout.bars[md.BARS.index(md.OTHER)])
    assert window.read().text == "?"
    assert len(window.canvas.strokes) == 1


def test_a_click_on_a_small_image_chooses_the_part_that_a_bar_speaks_of(
    one_and_bow: md.Window,
) -> None:
    for place, digit in ((0, 4), (1, 8)):
        click(one_and_bow, one_and_bow.layout.thumbnail_boxes(one_and_bow.view())[place])
        one_and_bow.on_leave()
        assert one_and_bow.view().chosen == place
        click(one_and_bow, one_and_bow.layout.bars[digit])
        assert one_and_bow.read().digits[place].digit == digit
    assert one_and_bow.read().text == "48"


def test_a_click_on_the_only_small_image_chooses_nothing(window: md.Window) -> None:
    draw(window, ONE)
    click(window, window.layout.thumbnail_boxes(window.view())[0])
    assert window.chosen is None
    assert window.status() == []


def test_a_digit_is_for_the_chosen_part_alone(one_and_bow: md.Window) -> None:
    click(one_and_bow, one_and_bow.layout.thumbnail_boxes(one_and_bow.view())[1])
    press(one_and_bow, "8")
    assert one_and_bow.read().text == "18"
    press(one_and_bow, "3")  # one too many
    assert one_and_bow.read().text == "1?"
    press(one_and_bow, "esc", "esc", "7")  # neither a number nor a part any more
    assert "right: 7 _" in one_and_bow.message


def test_a_click_ends_a_typed_number(one_and_bow: md.Window, clock: Clock) -> None:
    press(one_and_bow, "1")
    click(one_and_bow, one_and_bow.layout.thumbnail_boxes(one_and_bow.view())[0])
    assert one_and_bow.message == ""
    press(one_and_bow, "esc", "1")
    click(one_and_bow, one_and_bow.layout.bars[8])
    assert "it is" in one_and_bow.message
    clock.seconds += md.MESSAGE_SECONDS + 1
    assert one_and_bow.message == ""
    press(one_and_bow, "4")
    assert "right: 4 _" in one_and_bow.message


def test_clicks_beside_the_things_in_the_panel_do_nothing(one_and_bow: md.Window) -> None:
    one_and_bow.on_leave()
    before = one_and_bow.frame()
    corner = one_and_bow.size[0] - 2, one_and_bow.size[1] - 2
    draw(one_and_bow, [corner])
    one_and_bow.on_leave()
    assert np.array_equal(one_and_bow.frame(), before)


@pytest.mark.parametrize(
    "act",
    [lambda w: draw(w, [(540, 100), (540, 400)]), lambda w: w.press("u"), lambda w: w.press("s")],
    ids=["drawing", "undoing", "saving"],
)
def test_drawing_and_other_keys_drop_what_was_typed(
    one_and_bow: md.Window, act: Callable[[md.Window], None]
) -> None:
    press(one_and_bow, "8")
    act(one_and_bow)
    assert not one_and_bow.typed.is_open and lessons(one_and_bow) == 0


def test_the_bars_belong_to_the_part_that_is_pointed_at(one_and_bow: md.Window) -> None:
    predictions = one_and_bow.read().digits
    boxes = one_and_bow.layout.part_boxes(one_and_bow.view())
    for box, prediction in zip(boxes, predictions, strict=True):
        one_and_bow.on_mouse(cv2.EVENT_MOUSEMOVE, *middle_of(box), 0)
        assert one_and_bow.view().part.prediction is prediction
    one_and_bow.on_leave()
    least_sure = min(predictions, key=lambda prediction: prediction.confidence)
    assert one_and_bow.view().part.prediction is least_sure


# --- one press is one act


@pytest.mark.parametrize(
    "name, learned, lines", [("f", -1, 0), ("8", 1, 0), ("x", 1, 0), ("enter", 0, 1)]
)
def test_a_held_key_acts_once(
    window: md.Window, name: str, learned: int, lines: int, capsys: pytest.CaptureFixture[str]
) -> None:
    draw(window, ONE)
    press(window, "7", "enter", "5", "enter")  # two lessons
    before = lessons(window)
    capsys.readouterr()
    window.press(name)
    for _ in range(20):
        window.press(name, is_repeat=True)
    assert lessons(window) - before == learned
    assert capsys.readouterr().out.count("\n") == lines


def test_a_held_backspace_that_took_back_a_typed_digit_undoes_nothing(
    one_and_bow: md.Window,
) -> None:
    press(one_and_bow, "1", "backspace")
    for _ in range(20):
        one_and_bow.press("backspace", is_repeat=True)
    assert len(one_and_bow.canvas.strokes) == 2
    press(one_and_bow, "backspace")  # pressed anew it undoes, and goes on
    one_and_bow.press("backspace", is_repeat=True)
    assert not one_and_bow.canvas.strokes


def test_held_keys_that_undo_go_on(window: md.Window) -> None:
    for x in (100, 200, 300):
        draw(window, [(x, 100), (x, 400)])
    window.press("u")
    window.press("u", is_repeat=True)
    assert len(window.canvas.strokes) == 1


# --- what is taken back


def test_f_takes_back_the_whole_correction_and_says_it(one_and_bow: md.Window) -> None:
    press(one_and_bow, "4", "8")
    assert one_and_bow.read().text == "48"
    press(one_and_bow, "f")
    assert one_and_bow.read().text == "1?"
    assert "4" in one_and_bow.message and "8" in one_and_bow.message
    press(one_and_bow, "f")
    assert "nothing" in one_and_bow.message


# --- Esc


def test_esc_ends_what_is_shown_one_after_the_other(one_and_bow: md.Window) -> None:
    press(one_and_bow, "w", "h", "esc")
    assert one_and_bow.why and not one_and_bow.help
    press(one_and_bow, "8", "esc")
    assert one_and_bow.why and one_and_bow.message == ""
    press(one_and_bow, "esc")
    assert not one_and_bow.why and one_and_bow.is_running
    press(one_and_bow, "esc")
    assert not one_and_bow.is_running
    assert lessons(one_and_bow) == 0


@pytest.mark.parametrize("late, stays", [(0, True), (md.MESSAGE_SECONDS + 0.9, True),
                                         (md.MESSAGE_SECONDS + 1.1, False)])  # fmt: skip
def test_esc_that_comes_too_late_for_a_correction_does_not_quit(
    one_and_bow: md.Window, clock: Clock, late: float, stays: bool
) -> None:
    press(one_and_bow, "1", "8")
    clock.seconds += late
    press(one_and_bow, "esc")
    assert one_and_bow.is_running == stays


def test_esc_just_after_drawing_has_ended_a_typed_number_does_not_quit(
    one_and_bow: md.Window, clock: Clock
) -> None:
    press(one_and_bow, "1")
    draw(one_and_bow, [(540, 100), (540, 400)])
    clock.seconds += 0.5
    press(one_and_bow, "esc")
    assert one_and_bow.is_running
    clock.seconds += 2
    press(one_and_bow, "esc")
    assert not one_and_bow.is_running


# --- names of keys


@pytest.mark.parametrize(
    "layout, keysym, place, held, name",
    [
        ("English", ord("w"), 25, "", "w"),
        ("English", ord("W"), 25, "shift+", "w"),
        ("English", ord("?"), 61, "shift+", "?"),
        ("English, Shift+1", ord("!"), 10, "shift+", ""),
        ("Russian", 0x6C3, 25, "", "w"),
        ("Russian", 0x6D3, 54, "", "c"),
        ("Greek", 0x7F2, 25, "", "w"),
        ("Arabic", 0x5D5, 25, "", "w"),
        ("Georgian", 0x10010EC, 25, "", "w"),
        ("French", ord("&"), 10, "", "1"),
        ("French", 0xE0, 19, "", "0"),
        ("French", ord("1"), 10, "shift+", "1"),
        ("French", ord("z"), 25, "", ""),
        ("Czech", 0x1EC, 11, "", "2"),
        ("German", 0xFC, 34, "", ""),
        ("Dvorak", ord("c"), 31, "", "c"),
        ("English", ord("z"), 52, "ctrl+", "ctrl+z"),
        ("English", ord("Z"), 52, "ctrl+shift+", "ctrl+shift+z"),
        ("English", ord("p"), 33, "ctrl+", ""),
        ("Russian", 0x6D1, 52, "ctrl+", "ctrl+z"),
    ],
)
def test_keys_are_known_on_other_keyboards(
    layout: str, keysym: int, place: int, held: str, name: str
) -> None:
    assert md.key_name(keysym, place, held) == name, layout


@pytest.mark.parametrize("code", [ord("q") | md.GTK_ALT, ord("c") | md.GTK_ALT])
def test_alt_with_a_letter_does_nothing_in_gtk(window: md.Window, code: int) -> None:
    draw(window, ONE)
    window.on_key(code)
    assert window.is_running and window.canvas.strokes


@pytest.mark.parametrize(
    "code, strokes",
    [
        (ord("z") | md.GTK_CTRL, 0),  # undo
        (ord("Z") | md.GTK_CTRL, 0),  # with Caps Lock
        (ord("Z") | md.GTK_CTRL | md.GTK_SHIFT, 2),  # redo
    ],
)
def test_shift_turns_undo_into_redo_in_gtk(window: md.Window, code: int, strokes: int) -> None:
    draw(window, ONE)
    draw(window, BOW)
    press(window, "u")
    window.on_key(code)
    assert len(window.canvas.strokes) == strokes


# --- the eraser without a right button, and the window's size


def test_e_makes_the_left_button_the_eraser(window: md.Window) -> None:
    draw(window, [(100, 250), (400, 250)])
    press(window, "e")
    draw(window, [(250, 200), (250, 300)])
    assert len(window.canvas.strokes) == 2
    assert not window.canvas.image[250, 250]
    press(window, "u")
    assert len(window.canvas.strokes) == 1
    press(window, "e")
    draw(window, [(250, 200), (250, 300)])
    assert len(window.canvas.strokes) == 2


def test_the_pointer_shows_what_the_held_button_does(window: md.Window) -> None:
    """Pressed amid a stroke, e changes what the next press does, and the pointer's ring with it."""
    flag = cv2.EVENT_FLAG_LBUTTON
    window.on_mouse(cv2.EVENT_LBUTTONDOWN, 100, 100, flag)
    press(window, "e")
    window.on_mouse(cv2.EVENT_MOUSEMOVE, 100, 300, flag)
    assert not window.view().erases
    window.on_mouse(cv2.EVENT_LBUTTONUP, 100, 300, 0)
    assert window.view().erases


@pytest.mark.parametrize("width, height", [(800, 600), (1280, 720), (1366, 768), (1920, 1080)])
def test_the_window_opens_in_its_usual_size_or_what_there_is_room_for(
    width: int, height: int
) -> None:
    across, down = md.opening_size(md.Screen(width, height))
    assert (across, down) == md.WINDOW_SIZE or width < 1000
    assert across <= width - 80 and down <= height - 100
    assert across / down == pytest.approx(md.WINDOW_SIZE[0] / md.WINDOW_SIZE[1], abs=0.01)


@pytest.mark.parametrize("width, height", [(2560, 1440), (3840, 2160), (5120, 1440)])
def test_on_wide_screens_it_opens_at_three_quarters(width: int, height: int) -> None:
    across, down = md.opening_size(md.Screen(width, height))
    assert max(across / width, down / height) == pytest.approx(0.75, abs=0.01)


def test_esc_just_after_a_bar_was_clicked_does_not_quit(one_and_bow: md.Window) -> None:
    bar = one_and_bow.layout.bars[5]
    one_and_bow.on_mouse(cv2.EVENT_LBUTTONDOWN, *map(round, bar.center), 0)
    assert "Learned" in one_and_bow.message
    press(one_and_bow, "esc")
    assert one_and_bow.is_running and one_and_bow.message == ""


def test_esc_just_after_a_lesson_that_failed_does_not_quit(
    one_and_bow: md.Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(lessons: Sequence[md.Lesson]) -> None:
        raise OSError(13, "Permission denied", "hand.npz")

    monkeypatch.setattr(one_and_bow.recognizer, "teach_all", fail)
    press(one_and_bow, "1", "8")
    assert "Failed: hand.npz" in one_and_bow.message
    press(one_and_bow, "esc")
    assert one_and_bow.is_running and one_and_bow.message == ""
    press(one_and_bow, "]", "esc")  # how wide the brush is does not hold it
    assert not one_and_bow.is_running


# --- several windows, wheel and eraser


def test_a_number_that_is_typed_on_takes_back_its_own_lesson_alone(tmp_path: Path) -> None:
    windows = []
    for _ in range(2):
        recognizer = ReadsByWidth()
        recognizer.hand = md.Hand(tmp_path / "hand.npz")
        windows.append(md.Window(recognizer, folder=tmp_path))
    first, second = windows
    draw(first, ONE)
    draw(second, BOW)
    press(first, "5")
    press(second, "8")
    press(first, "2")  # the right number is 52: what was learned of the 5 is taken back
    assert md.Hand(tmp_path / "hand.npz").taught.labels.tolist() == [8]


def test_a_wheel_that_turns_while_a_key_is_held_does_not_make_the_key_repeat(
    window: md.Window,
) -> None:
    draw(window, ONE)
    window.press("s")
    window.on_wheel(md.NOTCH)
    window.press("s", is_repeat=True)
    assert len(list(window.folder.glob("drawing-*.json"))) == 1


def test_many_small_turns_of_a_wheel_are_one_notch(window: md.Window) -> None:
    before = window.canvas.brush
    for _ in range(9):
        window.on_wheel(13)
    assert window.canvas.brush == before
    window.on_wheel(13)
    assert window.canvas.brush == before + 6
    window.on_wheel(-13 - md.NOTCH)
    assert window.canvas.brush == before


def test_the_button_that_is_down_when_the_eraser_is_taken_can_be_released(
    window: md.Window,
) -> None:
    window.on_mouse(cv2.EVENT_LBUTTONDOWN, *ONE[0], cv2.EVENT_FLAG_LBUTTON)
    window.on_mouse(cv2.EVENT_MOUSEMOVE, *ONE[1], cv2.EVENT_FLAG_LBUTTON)
    press(window, "e")
    window.on_mouse(cv2.EVENT_LBUTTONUP, *ONE[1], 0)
    assert not window.canvas.button
    assert len(window.canvas.strokes) == 1


def test_another_button_does_not_end_what_the_eraser_in_the_left_one_does(
    window: md.Window,
) -> None:
    press(window, "e")
    held = cv2.EVENT_FLAG_LBUTTON
    window.on_mouse(cv2.EVENT_LBUTTONDOWN, 100, 100, held)
    window.on_mouse(cv2.EVENT_RBUTTONDOWN, 100, 100, held | cv2.EVENT_FLAG_RBUTTON)
    window.on_mouse(cv2.EVENT_RBUTTONUP, 100, 100, held)
    assert window.canvas.button
    window.on_mouse(cv2.EVENT_LBUTTONUP, 100, 100, 0)
    assert not window.canvas.button
