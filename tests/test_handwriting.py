"""How real people write: the file that is shipped, and the command that makes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from mnist_digit import HANDWRITING, LEVELS
from tests import make_handwriting as handwriting
from tests import published_strokes
from tests.published_strokes import Character

if TYPE_CHECKING:
    from pathlib import Path

PEN = """
.SEGMENT DIGIT    0 ? "7"
.COMMENT 7 12  224
.PEN_DOWN
 10 490
 90 490
 30 400
.PEN_UP
.DT 100
.PEN_DOWN
 20 450
 60 450
.PEN_UP
"""
INCLUDED = """
.WRITER_ID Ada
.X_POINTS_PER_INCH 100
.Y_POINTS_PER_INCH 200
.PEN_DOWN
0 0
0 10
.PEN_UP
5 5
.PEN_DOWN
.PEN_UP
.PEN_DOWN
20 0
20 10
30 10
.PEN_UP
"""


@pytest.fixture
def pen(tmp_path: Path) -> Path:
    path = tmp_path / "pen.tra"
    path.write_text(PEN)
    return path


@pytest.fixture
def unipen(tmp_path: Path) -> Path:
    """A folder of UNIPEN: one person's 7, 1, A, a and minus."""
    labels = {"1a": ("0-2", "7"), "1b": ("2", "A"), "1c": ("0,2", "a"), "1d": ("2:1-2:2", "-")}
    (tmp_path / "include" / "abc").mkdir(parents=True)
    (tmp_path / "include" / "abc" / "ada.dat").write_text(INCLUDED)
    for kind, (pieces, label) in labels.items():
        (tmp_path / "data" / kind / "abc").mkdir(parents=True)
        (tmp_path / "data" / kind / "abc" / "ada.dat").write_text(
            f'.INCLUDE abc/ada.dat\n.SEGMENT CHARACTER {pieces} ? "{label}"\n'
        )
    return tmp_path


def character(label: str = "7", writer: str = "1", place: str = "pen 0", x: float = 0) -> Character:
    stroke = np.array([(x, 0), (x + 9, 0), (x + 3, 12)], float)
    return Character(label, "pen", writer, place, [stroke])


def longest(strokes: list[np.ndarray]) -> int:
    return np.ptp(np.concatenate(strokes), axis=0).max()


# --- the file ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shipped() -> dict[str, np.ndarray]:
    with np.load(HANDWRITING, allow_pickle=False) as arrays:
        return dict(arrays)


def test_the_file_stays_below_two_megabytes():
    assert HANDWRITING.stat().st_size <= 2_000_000


def test_all_that_is_stored_belongs_together(shipped):
    assert shipped["stroke_lengths"].min() >= 1
    assert shipped["stroke_lengths"].sum() == len(shipped["points"])
    assert shipped["stroke_counts"].min() >= 1
    assert shipped["stroke_counts"].sum() == len(shipped["stroke_lengths"])
    assert len(shipped["labels"]) == len(shipped["stroke_counts"]) == len(shipped["writer"])
    assert set(shipped["writer"]) == set(range(len(shipped["writers"])))
    assert len(shipped["held_out"]) == len(shipped["writers"]) == len(set(shipped["writers"]))


def test_each_character_is_of_the_same_size(shipped):
    strokes = np.split(shipped["points"].astype(int), np.cumsum(shipped["stroke_lengths"])[:-1])
    start = 0
    for count in shipped["stroke_counts"].tolist():
        side = longest(strokes[start : start + count])
        assert side == 0 or side > LEVELS - 2 * handwriting.TOLERANCE - 1  # 0: a dot
        start += count


def test_people_are_held_out_and_they_wrote_all_kinds(shipped):
    unseen = shipped["held_out"][shipped["writer"]]
    for labels in (shipped["labels"][unseen], shipped["labels"][~unseen]):
        assert set("0123456789ABCXYZabcxyz+=?") <= set(labels)
    donors = {name.rsplit(" ", 1)[0] for name in shipped["writers"][shipped["held_out"]]}
    assert {"pen", "unipen apa", "unipen apb", "unipen app", "unipen aga", "unipen ced"} == donors


# --- reading what was published ------------------------------------------------------------


def test_pen_digits_are_read_with_their_writers(pen):
    [digit] = published_strokes.read_pen(pen)
    assert digit[:4] == ("7", "pen", "12", "pen 0")
    assert [stroke.tolist() for stroke in digit.strokes] == [
        [[10, -490], [90, -490], [30, -400]],
        [[20, -450], [60, -450]],
    ]


@pytest.mark.parametrize("text", ["", "10 20\n", ".COMMENT 7 12 x y\n", ".COMMENT seven 12 224\n"])
def test_what_is_no_file_of_pen_digits_is_refused(pen, text):
    pen.write_text(text)
    with pytest.raises(ValueError, match="not a file of pen digits"):
        published_strokes.read_pen(pen)


def test_a_character_of_unipen_is_made_of_the_strokes_that_it_names(unipen):
    [seven] = published_strokes.read_unipen(unipen, "1a")
    assert seven[:4] == ("7", "unipen abc", "Ada", "1a/abc/ada 0-2")
    # Twice as wide as it says: this tablet has half as many units across as upwards.
    assert [stroke.tolist() for stroke in seven.strokes] == [
        [[0, 0], [0, -10]],
        [[40, 0], [40, -10], [60, -10]],
    ]


@pytest.mark.parametrize(
    ("piece", "points"),
    [
        ("1", [[3, 4, 5]]),
        ("0-1", [[0, 1, 2], [3, 4, 5]]),
        ("0:1-1:1", [[1, 2], [3, 4]]),
        ("1:1-1:2", [[4, 5]]),
        ("0:2-1", [[2], [3, 4, 5]]),
        ("0:3-1:0", [[3]]),
        ("2", []),
        ("3-4", []),
    ],
)
def test_strokes_are_cut_where_a_piece_says(piece, points):
    components = [np.arange(3), np.arange(3, 6), np.arange(0)]
    assert [stroke.tolist() for stroke in published_strokes.cut(components, piece)] == points


def test_a_folder_without_unipen_is_refused(tmp_path):
    with pytest.raises(ValueError, match="no data/1a with characters"):
        published_strokes.read_unipen(tmp_path, "1a")


# --- choosing and storing ------------------------------------------------------------------


def test_copies_are_left_out():
    once, again, another = character(place="a"), character(place="b"), character(place="c", x=1)
    assert handwriting.without_copies([once, again, another]) == [once, another]


def test_at_most_three_of_a_kind_by_each_person_are_taken():
    many = [character(label, writer, x=x) for label in "AB" for writer in "12" for x in range(9)]
    chosen = list(handwriting.some_of_each([*many, character("C")]))
    assert [(one.label, one.writer) for one in chosen] == [
        *[("A", "1")] * 3,
        *[("A", "2")] * 3,
        *[("B", "1")] * 3,
        *[("B", "2")] * 3,
        ("C", "1"),
    ]


def test_wrong_ones_are_taken_out_and_those_not_found_are_said(capsys):
    wrong = {"pen 0: 7": "a one", "pen 1: 7": "a 1", "pen 2: 7": "a 1"}
    both = [character(place="pen 0"), character("8", place="pen 1"), character(place="pen 2")]
    assert handwriting.without_wrong(both, wrong) == [both[1]]
    assert "pen 1: 7" in capsys.readouterr().err


def test_one_person_in_six_of_each_donor_is_held_out():
    people = sorted([f"pen {number}" for number in range(30)] + [f"x y {n}" for n in range(12)])
    out = handwriting.held_out(people)
    assert sum(name.startswith("pen") for name in np.array(people)[out]) == 5
    assert out.sum() == 7


def test_simplified_strokes_have_few_points_near_all_that_were_left_out():
    angle = np.linspace(0, 2 * np.pi, 400)
    circle = 50 * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    line = np.stack([np.linspace(-50, 50, 300), np.zeros(300)], axis=1)
    few, ends = handwriting.simplify([circle, line])
    assert ends[:, 0].tolist() == [0, LEVELS]
    assert np.abs(ends[:, 1] - LEVELS / 2).max() <= 0.5
    assert longest([few]) == LEVELS
    assert len(few) < 40
    middles = (few[:-1].astype(float) + few[1:]) / 2
    radius = np.hypot(*(middles - LEVELS / 2).T)
    assert radius.min() > LEVELS / 2 - handwriting.TOLERANCE - 1


@pytest.mark.parametrize("points", [[(7, 7)], [(7, 7), (7, 7)]])
def test_a_dot_stays_a_dot(points):
    [dot] = handwriting.simplify([np.array(points, float)])
    assert np.unique(dot, axis=0).tolist() == [[0, 0]]


def test_the_digit_image_hardly_changes(pen):
    digits = published_strokes.read_pen(pen)
    stored = [digit._replace(strokes=handwriting.simplify(digit.strokes)) for digit in digits]
    change = handwriting.measure_change(digits, stored)
    assert change.mean < 0.01
    assert change.percentile < 0.1


# --- the command ---------------------------------------------------------------------------


def test_the_command_stores_what_both_datasets_hold(pen, unipen, tmp_path, capsys):
    output = tmp_path / "made.npz"
    options = ["--pen", str(pen), "--unipen", str(unipen), "--output", str(output)]
    assert handwriting.main(options) == 0
    assert "unipen abc: 1 people (0 held out), 1 digits (0), 2 letters (0), 1 signs (0)" in (
        capsys.readouterr().out
    )
    with np.load(output, allow_pickle=False) as made:
        assert made["labels"].tolist() == ["7", "7", "A", "a", "-"]
        assert made["writers"].tolist() == ["pen 12", "unipen abc Ada"]
        assert made["writer"].tolist() == [0, 1, 1, 1, 1]
        assert made["stroke_counts"].tolist() == [2, 2, 1, 2, 1]
        assert made["stroke_lengths"].tolist() == [3, 2, 2, 3, 3, 2, 3, 2]
        assert made["points"][:3].tolist() == [[0, 0], [227, 0], [57, 255]]


def test_the_command_says_what_it_cannot_read(tmp_path, capsys):
    options = ["--pen", str(tmp_path / "none"), "--unipen", str(tmp_path)]
    assert handwriting.main(options) == 1
    assert str(tmp_path / "none") in capsys.readouterr().err
