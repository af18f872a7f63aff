"""The drawing and the keys, without a window: by hand, and by thousands of wild events."""

import functools
import itertools
import json
import random

import cv2
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import mnist_digit as md

LEFT, RIGHT = cv2.EVENT_FLAG_LBUTTON, cv2.EVENT_FLAG_RBUTTON
PRESS = {LEFT: cv2.EVENT_LBUTTONDOWN, RIGHT: cv2.EVENT_RBUTTONDOWN}
RELEASE = {LEFT: cv2.EVENT_LBUTTONUP, RIGHT: cv2.EVENT_RBUTTONUP}
MOVE = cv2.EVENT_MOUSEMOVE
EVENTS = [
    value for name, value in vars(cv2).items() if name.startswith("EVENT_") and "FLAG" not in name
]


def drag(canvas, *points, button=LEFT):
    """Press at the first point, move over the others, and release at the last."""
    canvas.on_mouse(PRESS[button], *points[0], button)
    for point in points[1:]:
        canvas.on_mouse(MOVE, *point, button)
    canvas.on_mouse(RELEASE[button], *points[-1], 0)


def picture_of(strokes):
    """What strokes look like, drawn from nothing."""
    return md.Canvas([md.Stroke(stroke.points, stroke.brush) for stroke in strokes]).image


def state(canvas):
    """The drawing, strokes and picture, apart from what happens to the canvas later."""
    return [
        (stroke.points.tolist(), stroke.brush) for stroke in canvas.strokes
    ], canvas.image.tobytes()


class CountingRecognizer(md.Recognizer):
    """Stands in for the network: says how much ink is where, and counts how often it is asked."""

    asked = 0

    def __init__(self):
        super().__init__()
        self.asked = 0

    def judge(self, images):
        self.asked += len(images)
        assert images.dtype == np.float32 and images.shape[1:] == (28, 28)
        return np.stack([self.answers(image) for image in images])

    def answers(self, image):
        ink = 0.1 + image[4:24].reshape(10, -1).sum(axis=1, dtype=float)
        return np.append(ink, [0, 0]) / ink.sum()


@pytest.fixture
def canvas():
    return md.Canvas()


@pytest.fixture
def window(tmp_path):
    return md.Window(CountingRecognizer(), folder=tmp_path)


# --- drawing


def test_nothing_is_drawn_at_first(canvas):
    assert canvas.strokes == [] and not canvas.image.any() and canvas.digit_image() is None
    assert canvas.image.shape == (md.CANVAS_SIZE, md.CANVAS_SIZE)


def test_events_far_apart_are_joined_by_a_line(canvas):
    drag(canvas, (50, 50), (450, 250), (50, 450))
    for share in np.linspace(0, 1, 50):
        assert canvas.image[int(50 + 200 * share), int(50 + 400 * share)] == 255
        assert canvas.image[int(250 + 200 * share), int(450 - 400 * share)] == 255
    assert len(canvas.strokes) == 1


def test_a_line_is_as_wide_as_the_brush(canvas):
    drag(canvas, (100, 280), (460, 280))
    assert abs(np.count_nonzero(canvas.image[:, 280] > 127) - canvas.brush) <= 1


def test_a_click_is_a_dot(canvas):
    drag(canvas, (100, 200))
    assert canvas.image[200, 100] == 255
    assert canvas.image.sum() / 255 == pytest.approx(np.pi / 4 * canvas.brush**2, rel=0.15)


def test_a_fast_second_press_draws_too(canvas):
    canvas.on_mouse(cv2.EVENT_LBUTTONDBLCLK, 100, 100, LEFT)
    canvas.on_mouse(MOVE, 300, 100, LEFT)
    assert canvas.image[100, 200] == 255


def test_moving_without_a_button_draws_nothing(canvas):
    canvas.on_mouse(MOVE, 100, 100, 0)
    canvas.on_mouse(MOVE, 300, 300, 0)
    assert not canvas.strokes


def test_a_press_beside_the_canvas_draws_nothing(canvas):
    drag(canvas, (md.CANVAS_SIZE + 50, 100), (200, 100))
    assert not canvas.strokes


def test_the_pen_leaves_the_canvas_and_comes_back_elsewhere(canvas):
    drag(canvas, (500, 100), (700, 100), (700, 400), (500, 400))
    assert len(canvas.strokes) == 2
    assert canvas.image[100, md.CANVAS_SIZE - 1] == 255 == canvas.image[400, md.CANVAS_SIZE - 1]
    assert not canvas.image[150:350].any()


def test_a_line_through_the_canvas_from_far_outside(canvas):
    drag(canvas, (280, 280), (2**31 - 1, 280), (-(2**31), 280), (280, 280))
    assert (canvas.image[280] == 255).all()


def test_a_release_outside_the_window_shows_in_the_next_move(canvas):
    canvas.on_mouse(PRESS[LEFT], 100, 100, LEFT)
    canvas.on_mouse(MOVE, 200, 100, LEFT)
    canvas.on_mouse(MOVE, 200, 400, 0)
    assert canvas.strokes[-1].points[-1].tolist() == [200, 100]


def test_moves_whose_flags_never_tell_of_buttons_draw(canvas):
    canvas.on_mouse(PRESS[LEFT], 100, 100, 0)
    canvas.on_mouse(MOVE, 300, 100, 0)
    assert canvas.image[100, 200] == 255


def test_a_second_button_neither_draws_nor_erases(canvas):
    canvas.on_mouse(PRESS[LEFT], 100, 100, LEFT)
    canvas.on_mouse(PRESS[RIGHT], 100, 100, LEFT | RIGHT)
    canvas.on_mouse(MOVE, 300, 100, LEFT | RIGHT)
    canvas.on_mouse(RELEASE[RIGHT], 300, 100, LEFT)
    canvas.on_mouse(MOVE, 300, 300, LEFT)
    assert len(canvas.strokes) == 1 and canvas.strokes[0].points[-1].tolist() == [300, 300]


def test_the_wheel_sets_the_brush_within_bounds(window):
    for flags, brush in ((7864320, md.BRUSHES[-1]), (-7864320, md.BRUSHES[0])):
        for _ in range(30):
            window.on_mouse(cv2.EVENT_MOUSEWHEEL, 100, 100, flags)
        assert window.canvas.brush == brush


# --- erasing


def test_the_eraser_takes_away_what_it_touches_and_no_more(canvas):
    drag(canvas, (50, 100), (500, 100))
    drag(canvas, (50, 400), (500, 400))
    drag(canvas, (280, 50), (280, 150), button=RIGHT)
    assert not canvas.image[100, 270:290].any()
    assert canvas.image[100, 60] == 255 == canvas.image[100, 490]
    assert (canvas.image[400, 60:490] == 255).all()


def test_erasing_everything_leaves_nothing(canvas):
    drag(canvas, (100, 100), (120, 100))
    drag(canvas, (100, 100), (120, 100), button=RIGHT)
    assert canvas.strokes == [] and canvas.digit_image() is None


@pytest.mark.parametrize("width", [md.BRUSHES[0], md.BRUSHES[-1]])
def test_the_eraser_cuts_where_its_rim_went(canvas, width):
    """A stroke across a jump of the eraser, of any direction, loses what lies within both radii."""
    canvas.brush = 12
    drag(canvas, (50, 280), (510, 280))
    canvas.brush = width
    drag(canvas, (280, 100), (320, 500), button=RIGHT)
    left, right = canvas.strokes
    way = np.array([280, 100, 320, 500], float)
    slope = np.hypot(*(way[2:] - way[:2]))
    for end in (left.points[-1], right.points[0]):
        across, down = end - way[:2]
        distance = abs(across * (way[3] - way[1]) - down * (way[2] - way[0])) / slope
        assert distance == pytest.approx((width + 12) / 2 + 1, abs=0.8)


def test_erasing_once_more_at_the_same_place_takes_nothing_more(canvas):
    rng = np.random.default_rng(3)
    drag(canvas, *rng.integers(0, md.CANVAS_SIZE, (300, 2)).tolist())
    for _ in range(20):
        way = rng.integers(0, md.CANVAS_SIZE, (2, 2)).tolist()
        drag(canvas, *way, button=RIGHT)
        before = state(canvas)
        drag(canvas, *way, button=RIGHT)
        assert state(canvas) == before


def test_what_is_erased_looks_as_what_is_left_drawn_anew(canvas):
    rng = np.random.default_rng(4)
    for brush in (6, 24, 60):
        canvas.brush = brush
        drag(canvas, *rng.integers(0, md.CANVAS_SIZE, (40, 2)).tolist())
        canvas.brush = 24
        drag(canvas, *rng.integers(0, md.CANVAS_SIZE, (9, 2)).tolist(), button=RIGHT)
        assert np.array_equal(canvas.image, picture_of(canvas.strokes))


def test_the_eraser_leaves_all_that_it_does_not_touch(canvas):
    """Points all along what was drawn are left exactly where they are out of the eraser's reach."""
    rng = np.random.default_rng(5)
    drag(canvas, *rng.integers(0, md.CANVAS_SIZE, (30, 2)).tolist())
    before = np.float32(canvas.strokes[0].points)
    start, stop = np.array([100, 150]), np.array([420, 330])
    drag(canvas, start.tolist(), stop.tolist(), button=RIGHT)
    shares = np.linspace(0, 1, 200)[:, None]
    for begin, end in itertools.pairwise(before):
        points = begin + shares * (end - begin)
        share_of_way = ((points - start) @ (stop - start) / ((stop - start) ** 2).sum()).clip(0, 1)
        nearest = start + share_of_way[:, None] * (stop - start)
        distance = np.linalg.norm(points - nearest, axis=1)
        left = [
            any(
                abs(cv2.pointPolygonTest(np.float32([a, b]), point.tolist(), True)) < 1
                for stroke in canvas.strokes
                for a, b in itertools.pairwise(stroke.points)
            )
            for point in np.float32(points)
        ]
        assert all(np.array(left)[distance > canvas.brush + 2.5])


def test_of_a_mad_scribble_the_eraser_leaves_the_longest_pieces(canvas):
    rng = np.random.default_rng(6)
    scribble = md.Stroke(rng.integers(0, md.CANVAS_SIZE, (20_000, 2)), 24)
    canvas = md.Canvas([scribble])
    drag(canvas, (100, 300), (300, 250), button=RIGHT)
    assert 1 < len(canvas.strokes) <= md.MOST_STROKES
    assert not canvas.image[300, 100] and canvas.image[500, 500] == 255
    assert np.array_equal(canvas.image, picture_of(canvas.strokes))
    drag(canvas, (300, 250), (500, 500), button=RIGHT)
    assert 1 < len(canvas.strokes) <= md.MOST_STROKES
    canvas.undo()
    canvas.undo()
    assert canvas.strokes == [scribble]


def test_the_pieces_that_a_gap_leaves():
    stroke = md.Stroke([(0, 10), (100, 10), (200, 10)], 6)
    gaps = md.Gaps(np.array([0.5]), np.array([1.25]))
    pieces, area = md.pieces_left(stroke, gaps, 2)
    ends = [piece.points.tolist() for piece in pieces]
    assert ends == [[[0, 10], [50, 10]], [[125, 10], [200, 10]]]
    assert area.x == 0 and area.right > 200
    (longest,), area = md.pieces_left(stroke, gaps, 1)
    assert longest.points.tolist() == [[125, 10], [200, 10]] and area == stroke.inked


def test_the_longest_piece_is_that_of_most_pixels_not_of_most_points():
    slow = [(x, 10) for x in range(0, 100, 2)]
    stroke = md.Stroke([*slow, (100, 10), (400, 10)], 6)
    gaps = md.Gaps(np.array([50.0]), np.array([50.1]))
    (longest,), _ = md.pieces_left(stroke, gaps, 1)
    assert longest.points[-1].tolist() == [400, 10]


# --- undoing


@pytest.mark.parametrize("action", ["draw", "dot", "erase", "clear"])
def test_undo_and_redo_of_every_action(canvas, action):
    drag(canvas, (50, 50), (200, 300), (400, 100))
    drag(canvas, (400, 400), (100, 500))
    before = state(canvas)
    {
        "draw": lambda: drag(canvas, (10, 10), (500, 30), (20, 500)),
        "dot": lambda: drag(canvas, (300, 300)),
        "erase": lambda: drag(canvas, (200, 300), (300, 200), button=RIGHT),
        "clear": canvas.clear,
    }[action]()
    after = state(canvas)
    assert before != after
    canvas.undo()
    assert state(canvas) == before
    canvas.redo()
    assert state(canvas) == after


def test_undo_goes_back_to_nothing_and_no_further(canvas):
    for x in (100, 200, 300):
        drag(canvas, (x, 100), (x, 400))
    for left in (2, 1, 0, 0, 0):
        canvas.undo()
        assert len(canvas.strokes) == left


def test_what_is_undone_is_gone_once_something_new_is_drawn(canvas):
    drag(canvas, (100, 100), (100, 400))
    canvas.undo()
    drag(canvas, (300, 100), (300, 400))
    canvas.redo()
    assert [stroke.points[0].tolist() for stroke in canvas.strokes] == [[300, 100]]


def test_undo_in_the_middle_of_a_stroke_takes_it_back(canvas):
    drag(canvas, (100, 100), (100, 400))
    before = state(canvas)
    canvas.on_mouse(PRESS[LEFT], 200, 100, LEFT)
    canvas.on_mouse(MOVE, 200, 400, LEFT)
    canvas.undo()
    canvas.on_mouse(MOVE, 500, 400, LEFT)
    assert state(canvas) == before


def test_many_strokes_can_be_undone(canvas):
    for i in range(300):
        drag(canvas, (i, 100), (i, 400))
    for _ in range(400):
        canvas.undo()
    assert len(canvas.strokes) == 300 - md.UNDO_STEPS


# --- reading


def test_a_drawing_keeps_its_digit_image_wherever_it_is_drawn_and_however_large(canvas):
    points = [(100, 100), (160, 100), (120, 220)]
    drag(canvas, *points)
    image = canvas.digit_image()
    canvas.clear()
    drag(canvas, *[(2 * x + 50, 2 * y + 30) for x, y in points])
    assert np.abs(canvas.digit_image() - image).mean() < 0.02


def test_a_drawing_of_a_hundred_thousand_points_is_read_by_few_of_them(canvas, monkeypatch):
    rng = random.Random(0)
    drag(canvas, *[(rng.randrange(560), rng.randrange(560)) for _ in range(100_000)])
    for x in range(600):
        drag(canvas, (100 + x // 2, 100), (100, 400))
    drawn = []
    monkeypatch.setattr(md, "draw_digit_image", lambda strokes: drawn.extend(strokes))
    canvas.digit_image()
    assert sum(map(len, drawn)) < 2000
    for stroke, line in zip(canvas.strokes, drawn, strict=True):
        assert np.array_equal(line[[0, -1]], [stroke.points[0], stroke.points[-1]])


def test_a_slow_stroke_does_not_thin_out_the_others(canvas):
    slow = [
        (round(x), round(y))
        for x, y in zip(np.linspace(280, 100, 600), np.linspace(60, 340, 600), strict=True)
    ]
    drag(
        canvas,
        *slow,
        *[(x, 340) for x in range(100, 460)],
        *[(x, 340) for x in range(459, 100, -1)],
    )
    drag(canvas, (380, 200), (370, 500))
    quick = md.Canvas()
    drag(quick, (280, 60), (100, 340), (460, 340))
    drag(quick, (380, 200), (370, 500))
    assert len(canvas.strokes[0].points) > 1000
    assert np.abs(canvas.digit_image() - quick.digit_image()).max() < 0.3


def test_a_dot_on_a_stroke_touches_it_and_one_beside_it_does_not():
    line = md.Stroke([(100, 100), (100, 400)], 24)
    for x, touches in ((100, True), (103, True), (200, False)):
        dot = md.Stroke([(x, 250)], 24)
        assert md.touch(line, dot, 8) == md.touch(dot, line, 8) == touches
    assert md.touch(dot, md.Stroke(dot.points, 24), 8)


# --- keys


@pytest.mark.parametrize("code", [13, 10, 0xFF8D, 0x10FF8D, 0x10000D])
def test_every_enter_key_reads_and_prints_a_line(window, capfd, code):
    drag(window.canvas, (100, 100), (100, 400))
    window.on_key(code)
    assert capfd.readouterr().out == f"{window.canvas.read(window.recognizer)}\n"


def test_enter_with_nothing_drawn_prints_nothing_and_says_so(window, capfd):
    window.on_key(13)
    assert capfd.readouterr().out == "" and "Nothing" in window.message
    assert window.recognizer.asked == 0


@pytest.mark.parametrize("code", [27, 0xFF1B, ord("q"), ord("Q"), 0x100000 | ord("q")])
def test_keys_that_quit(window, code):
    window.on_key(code)
    assert not window.is_running


@pytest.mark.parametrize("code", [ord("u"), ord("U"), 8, 127, 0xFF08])
def test_keys_that_undo(window, code):
    drag(window.canvas, (100, 100), (100, 400))
    window.on_key(code)
    assert not window.canvas.strokes
    window.on_key(ord("y"))
    assert len(window.canvas.strokes) == 1


@pytest.mark.parametrize("code", [ord("c"), 0xFFFF])
def test_keys_that_clear(window, code):
    drag(window.canvas, (100, 100), (100, 400))
    window.on_key(code)
    assert window.canvas.strokes == [] and not window.canvas.image.any() and window.read() is None


def test_brackets_set_the_brush(window):
    brush = window.canvas.brush
    window.on_key(ord("]"))
    assert window.canvas.brush > brush and str(window.canvas.brush) in window.message
    window.on_key(ord("["))
    window.on_key(ord("["))
    assert window.canvas.brush < brush


def test_every_key_is_named_once():
    names = [name.lower() for key in md.KEYS for name in key.names.split(", ") if name != "wheel"]
    assert len(set(names)) == len(names)


def test_keys_without_a_meaning_change_nothing(window):
    drag(window.canvas, (100, 100), (100, 400))
    before, frame = state(window.canvas), window.frame()
    for code in (-1, 0, 233, 0xFFE1, 0x100000, 0x1F600, *range(0x80, 0xFD00, 37)):
        window.on_key(code)
    assert (
        window.is_running
        and state(window.canvas) == before
        and np.array_equal(window.frame(), frame)
    )


def test_a_drawing_is_saved_and_opened_again(window, capsys):
    drag(window.canvas, (100, 100), (300, 200), (100, 400))
    drag(window.canvas, (200, 300))
    window.on_key(ord("s"))
    window.on_key(ord("s"))
    names = sorted(path.name for path in window.folder.iterdir())
    assert names == ["drawing-1.json", "drawing-1.png", "drawing-2.json", "drawing-2.png"]
    assert capsys.readouterr().err.count("\n") == 2
    for name in names[::2]:
        opened = md.Canvas(md.open_drawing(window.folder / name))
        assert state(opened) == state(window.canvas)
    picture = cv2.imread(str(window.folder / "drawing-1.png"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(picture, window.canvas.image)


def test_a_drawing_from_a_larger_canvas_shrinks_with_its_brush(tmp_path):
    stroke = {"brush": 24, "points": [[200, 200], [200, 800]]}
    path = tmp_path / "large.json"
    path.write_text(json.dumps({"canvas_size": 2 * md.CANVAS_SIZE, "strokes": [stroke]}))
    (opened,) = md.open_drawing(path)
    assert opened.points.tolist() == [[100, 100], [100, 400]]
    assert opened.brush == 12


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "null",
        "[" * 100_000,
        '{"canvas_size": 0, "strokes": []}',
        '{"canvas_size": 9, "strokes": [{"brush": 9}]}',
        '{"canvas_size": 9, "strokes": [{"brush": 9, "points": []}]}',
        '{"canvas_size": 9, "strokes": [{"brush": 9, "points": [[NaN, 1]]}]}',
        '{"canvas_size": 9, "strokes": [{"brush": 9, "points": [[1, 2, 3]]}]}',
        '{"canvas_size": 9, "strokes": []}',
        '{"canvas_size": Infinity, "strokes": [{"brush": 9, "points": [[1, 2]]}]}',
        '{"canvas_size": 1e-320, "strokes": [{"brush": 9, "points": [[1, 2]]}]}',
        '{"canvas_size": "9", "strokes": [{"brush": 9, "points": [[1, 2]]}]}',
        '{"canvas_size": 9, "strokes": [{"brush": null, "points": [[1, 2]]}]}',
        '{"canvas_size": 9, "strokes": [{"brush": 9, "points": [[1e999, 2]]}]}',
        '{"canvas_size": 9, "strokes": [7]}',
        '{"canvas_size": 9, "strokes": [{"brush": "24", "points": [[1, 2]]}]}',
        '{"canvas_size": 9, "strokes": [{"brush": 9, "points": [["1", "2"]]}]}',
        '{"canvas_size": 9, "strokes": [{"brush": 9, "points": [[1, "2"]]}]}',
        '{"canvas_size": 9, "strokes": [{"brush": true, "points": [[1, 2]]}]}',
    ],
)
def test_what_is_no_drawing_is_refused(tmp_path, text):
    (tmp_path / "drawing.json").write_text(text)
    with pytest.raises(ValueError, match=r"drawing\.json: not a drawing"):
        md.open_drawing(tmp_path / "drawing.json")


@pytest.mark.parametrize(
    "drawing, words",
    [
        ({"canvas_size": 9, "strokes": []}, "no strokes"),
        ({"canvas_size": 0, "strokes": [{"brush": 9, "points": [[1, 2]]}]}, "canvas_size"),
        ({"canvas_size": 9, "strokes": [{"brush": 9, "points": []}]}, "pairs of numbers"),
        ({"canvas_size": 9, "strokes": [{"brush": [], "points": [[1, 2]]}]}, "brush"),
        ({"canvas_size": 9, "strokes": [{"brush": 9, "points": [[1, 2]] * 10**6}]}, "200,000"),
    ],
)
def test_what_is_odd_in_a_drawing_is_said(tmp_path, drawing, words):
    (tmp_path / "drawing.json").write_text(json.dumps(drawing))
    with pytest.raises(ValueError, match=words):
        md.open_drawing(tmp_path / "drawing.json")


@pytest.mark.parametrize("name", ["none.json", "folder.json", "."])
def test_a_drawing_that_is_not_there(tmp_path, name):
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(ValueError):
        md.open_drawing(tmp_path / name)


# --- what the window says, and learns


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still until it is set."""
    now = [1000.0]
    monkeypatch.setattr(md.time, "monotonic", lambda: now[0])
    return now


def test_messages_go_away_by_themselves(window, clock):
    window.on_key(ord("]"))
    told, shown = window.message, window.frame()
    clock[0] += 3.9
    assert window.message == told and np.array_equal(window.frame(), shown)
    clock[0] += 0.2
    assert window.message == "" and not np.array_equal(window.frame(), shown)


def test_enter_answers_by_a_short_highlight(window, clock, capfd):
    drag(window.canvas, (100, 100), (100, 400))
    before = window.frame()
    window.on_key(13)
    assert not np.array_equal(window.frame(), before)
    clock[0] += 0.5
    assert np.array_equal(window.frame(), before)


def test_what_is_not_as_usual_is_shown_for_as_long_as_it_is(window, clock):
    """Live reading off, a network of one's own, lessons: seen without a message, and not after."""
    drag(window.canvas, (100, 100), (100, 400))
    usual, path, digit = window.frame(), window.recognizer.path, window.read().text
    changes = {
        "live": lambda: window.on_key(ord("l")),
        "network": lambda: setattr(window.recognizer, "path", md.Path("mine.keras")),
        "lessons": lambda: window.recognizer.teach(np.eye(28), int(digit)),
    }
    back = {
        "live": changes["live"],
        "network": lambda: setattr(window.recognizer, "path", path),
        "lessons": window.recognizer.forget,
    }
    for name in changes:
        changes[name]()
        clock[0] += 5
        picture = window.frame()[:100, : md.CANVAS_SIZE]
        assert not np.array_equal(picture, usual[:100, : md.CANVAS_SIZE]), name
        back[name]()
        clock[0] += 5
        assert np.array_equal(window.frame(), usual), name


def test_the_picture_stands_still_when_its_state_does(window, clock):
    """The window's loop draws only when state() has changed: by an event, or by time alone."""
    window.recognizer = TopHeavy()
    drag(window.canvas, *[(x, 100) for x in range(100, 400, 10)], (400, 101), (400, 400))
    acts = [functools.partial(window.on_key, ord(key)) for key in "]hhww3wwfls\r"]
    acts += [functools.partial(window.on_mouse, MOVE, x, 300, 0) for x in (50, 100, 700)]
    acts += [window.on_leave, functools.partial(setattr, window, "size", (1000, 700))]
    seen, shown = window.state(), window.frame()
    for act in acts:
        act()
        for seconds in (0, 0.5, 5):
            clock[0] += seconds
            state, frame = window.state(), window.frame()
            assert state != seen or np.array_equal(frame, shown)
            seen, shown = state, frame


class Unsure(CountingRecognizer):
    """Reads all as 4, or as no digit, with a confidence that is set."""

    confidence, answer = 1.0, 4

    def answers(self, image):
        probabilities = np.full(12, (1 - self.confidence) / 11)
        probabilities[self.answer] = self.confidence
        return probabilities


def has_colour(picture, colour):
    """Whether the answer has a colour."""
    return (picture[30:120, md.CANVAS_SIZE : md.CANVAS_SIZE + 200] == colour).all(
        axis=2
    ).sum() > 500


@pytest.mark.parametrize(
    "confidence, answer, orange", [(0.999, 4, True), (0.4, 4, False), (0.999, 10, False)]
)
def test_only_what_is_believed_is_orange(window, confidence, answer, orange):
    window.recognizer = Unsure()
    window.recognizer.confidence, window.recognizer.answer = confidence, answer
    drag(window.canvas, (100, 100), (100, 400))
    picture = window.frame()
    assert has_colour(picture, md.BEST_COLOUR) == orange
    assert has_colour(picture, md.QUIET_COLOUR) != orange


def test_a_digit_is_taught_and_forgotten(window, capfd):
    drag(window.canvas, (100, 100), (100, 400))
    first = window.read().text
    other = str((int(first) + 5) % 10)
    for digit in (other, first, other):
        window.on_key(ord(digit))
        window.on_key(13)
        assert capfd.readouterr().out.startswith(f"{digit} (")
    assert len(window.recognizer.hand) == 3
    for digit in (first, other, first, first):
        window.on_key(ord("f"))
        assert window.read().text == digit
    assert "nothing" in window.message


def test_what_is_forgotten_is_read_again_without_live_reading_too(window, clock):
    window.on_key(ord("l"))
    drag(window.canvas, (100, 100), (100, 400))
    window.on_key(13)
    clock[0] += 5
    before = window.frame()
    for key in (str((int(window.read().text) + 5) % 10), "f"):
        window.on_key(ord(key))
    clock[0] += 5
    assert np.array_equal(window.frame(), before)


def test_a_lesson_that_cannot_be_kept_is_named(window, tmp_path, capfd):
    window.recognizer.hand = md.Hand(tmp_path / "file" / "hand.npz")
    (tmp_path / "file").touch()  # in its folder's place
    drag(window.canvas, (100, 100), (100, 400))
    before = window.read().text
    window.on_key(ord(str((int(before) + 5) % 10)))
    assert "Failed" in window.message and window.read().text == before
    assert capfd.readouterr().err.count("\n") == 1


class TopHeavy(CountingRecognizer):
    """Reads ink in the upper half as a 1, ink in the lower half as a 2."""

    def answers(self, image):
        upper, lower = np.exp(image[:14].sum() / 20), np.exp(image[14:].sum() / 20)
        return np.array([0, upper, lower, *[0] * 9]) / (upper + lower)


def test_why_tints_the_ink_and_leaves_it_white_again(window):
    window.recognizer = TopHeavy()
    drag(window.canvas, *[(x, 100) for x in range(100, 400, 10)], (400, 101), (400, 400))
    before = window.frame()
    window.on_key(ord("w"))
    after = window.frame()
    across, down = after[100, 250].astype(int), after[390, 400].astype(int)
    assert across[2] > across[0] + 20  # orange for 1
    assert down[0] > down[2] + 20  # blue for 2
    window.on_key(ord("w"))
    assert np.array_equal(window.frame(), before)


# --- wild events

BURST = 400  # events in a burst
KEYS = [*map(ord, "cccuuuyy[[]lh?wf3377xX "), *md.SPECIAL_KEYS, 0xFFE1, 0x10FF08, -1]


class Wild(RuleBasedStateMachine):
    """Mouse events and keys in any order; the drawing is to stay whole through all of them."""

    events = 0  # in all runs together
    recognizer = None  # the real one

    def __init__(self):
        super().__init__()
        self.window = md.Window(CountingRecognizer())
        self.canvas = self.window.canvas

    def mouse(self, event, x, y, flags):
        Wild.events += 1
        self.window.on_mouse(event, x, y, flags)

    def key(self, code):
        Wild.events += 1
        self.window.on_key(code)

    @rule(
        event=st.sampled_from(EVENTS),
        x=st.integers(-(2**31), 2**31 - 1),
        y=st.integers(-(2**31), 2**31 - 1),
        flags=st.integers(-(2**31), 2**31 - 1),
    )
    def any_event(self, event, x, y, flags):
        self.mouse(event, x, y, flags)

    @rule(code=st.integers(-1, 2**24).filter(lambda code: code & 0xFFFF not in (*map(ord, "sS"),)))
    def any_key(self, code):
        self.key(code)

    @rule(seed=st.integers(0, 2**32 - 1), spread=st.sampled_from([15, 300]))
    def burst(self, seed, spread):
        """Strokes and erasures as of a hand gone mad, with keys in between."""
        random = np.random.default_rng(seed)
        x, y = random.integers(0, md.CANVAS_SIZE, 2)
        flags = 0
        steps = random.normal(0, spread, (BURST, 2)).astype(int).tolist()
        for (dx, dy), kind in zip(steps, random.random(BURST).tolist(), strict=True):
            if kind < 0.93:
                x, y = x + dx, y + dy
                self.mouse(MOVE, int(x), int(y), flags if kind > 0.01 else 0)
            elif kind < 0.985:
                button = LEFT if kind < 0.975 else RIGHT
                down = not flags & button
                flags ^= button
                if down:
                    x, y = random.integers(-40, md.WINDOW_SIZE[0], 2)
                self.mouse((PRESS if down else RELEASE)[button], int(x), int(y), flags)
            else:
                self.key(KEYS[int(random.integers(len(KEYS)))])

    @rule(
        points=st.lists(
            st.tuples(st.integers(-99, 699), st.integers(-99, 699)), min_size=1, max_size=9
        ),
        button=st.sampled_from([LEFT, RIGHT]),
        end=st.sampled_from(["release", "unseen release", "undo", "clear"]),
    )
    def gesture(self, points, button, end):
        """One whole action; undo takes back exactly that, and redo brings it back."""
        self.canvas.finish()
        before = state(self.canvas)
        self.mouse(PRESS[button], *points[0], button)
        for point in points[1:]:
            self.mouse(MOVE, *point, button)
        acted = state(self.canvas)[0] != before[0]
        if end == "undo":
            if acted:
                self.key(ord("u"))
                assert state(self.canvas) == before
            return
        if end == "clear":
            after_stroke = state(self.canvas)
            self.key(ord("c"))
            assert (
                self.canvas.strokes == []
                and not self.canvas.image.any()
                and self.canvas.digit_image() is None
            )
            if after_stroke[0]:
                self.key(ord("u"))
                assert state(self.canvas) == after_stroke
        elif end == "release":
            self.mouse(RELEASE[button], *points[-1], 0)
        else:
            self.mouse(MOVE, 0, 0, 0)
        after = state(self.canvas)
        if after[0] != before[0]:
            self.key(ord("u"))
            assert state(self.canvas) == before
            self.key(ord("y"))
            assert state(self.canvas) == after

    @precondition(lambda self: self.canvas.strokes)
    @rule()
    def undo_and_redo_much(self):
        self.canvas.finish()
        states = [state(self.canvas)]
        for _ in range(10):
            changes = self.canvas.changes
            self.key(ord("u"))
            if self.canvas.changes == changes:
                break
            states.append(state(self.canvas))
        for expected in states[-2::-1]:
            self.key(ord("y"))
            assert state(self.canvas) == expected

    @rule(
        width=st.integers(100, 1200), height=st.integers(100, 1200)
    )  # a smaller window shows it shrunk
    def resize(self, width, height):
        self.window.size = (width, height)
        assert self.window.frame().shape == (height, width, 3)
        self.window.size = md.WINDOW_SIZE

    @rule()
    def look(self):
        frame = self.window.frame()
        assert frame.shape == (*self.window.size[::-1], 3) and frame.dtype == np.uint8
        assert np.array_equal(self.canvas.image, picture_of(self.canvas.strokes))

    @invariant()
    def the_drawing_is_whole(self):
        canvas = self.canvas
        assert canvas.brush in md.BRUSHES
        for stroke in canvas.strokes:
            assert len(stroke.points)
            assert stroke.points.min() >= 0 and stroke.points.max() < md.CANVAS_SIZE

    @invariant()
    def it_can_be_read(self):
        image = self.canvas.digit_image()
        reading = self.window.read()
        assert (image is None) == (reading is None) == (not self.canvas.strokes)
        if image is not None:
            assert image.shape == (28, 28) and image.dtype == np.float32
            assert np.isfinite(image).all() and image.min() >= 0 and 0 < image.max() <= 1
            for part in reading.parts:
                assert part.prediction.probabilities.sum() <= 1.000001
                expected = self.window.recognizer.predict(part.image).probabilities
                seen = part.prediction.probabilities
                if part.prediction.digit is None and part.prediction.confidence == 0.5:
                    seen = 2 * expected.sum() * seen  # a letter that looks like a digit
                assert not seen.any() or np.allclose(seen, expected, atol=1e-4)  # judged together

    def teardown(self):
        image = self.canvas.digit_image()
        if image is not None:
            prediction = self.recognizer.predict(image)
            assert prediction.probabilities.shape == (10,) and prediction.probabilities.min() >= 0
            assert prediction.probabilities.sum() <= 1 + 1e-6 and 0 <= prediction.confidence <= 1


@pytest.mark.slow
def test_wild_events_leave_the_drawing_whole():
    Wild.events, Wild.recognizer = 0, md.Recognizer()
    run_state_machine_as_test(
        Wild,
        settings=settings(
            max_examples=30,
            stateful_step_count=50,
            phases=[
                Phase.explicit,
                Phase.generate,
            ],  # shrinking bursts takes many minutes and tells little
        ),
    )
    assert Wild.events >= 10_000
