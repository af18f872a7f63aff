"""The file of handwriting: what is refused in it, and what the one that is shipped holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
import pytest

import mnist_digit

if TYPE_CHECKING:
    from pathlib import Path

BAR = "30,0 30,100"
DIGITS = "".join(f"{digit}  {BAR}\n" for digit in range(10))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "handwriting.txt"


@pytest.mark.parametrize(
    "strokes", ["", "30", "30,0 30,0,0", "30,0 3o,9", "30,0 / ", "30,0 nan,1", "30,0 30,!"]
)
def test_a_malformed_line_is_refused_by_its_number(path, strokes):
    path.write_text(f"# a comment\n\n{DIGITS}A  {strokes}\n")
    with pytest.raises(ValueError, match=re.escape(f"{path}, line 13: ")):
        mnist_digit.read_handwriting(path)


def test_a_file_that_lacks_a_digit_is_refused(path):
    path.write_text(DIGITS.replace("7", "# 7"))
    with pytest.raises(ValueError, match=re.escape(f"{path}: no way to write 7")):
        mnist_digit.read_handwriting(path)


def test_comments_and_blank_lines_say_nothing(path):
    path.write_text(
        f"# 1  {BAR}\n\n  \n{DIGITS}1  30,0! 30,50! / 0,100 60,100\n#  {BAR}\n", encoding="utf-8"
    )
    templates = mnist_digit.read_handwriting(path)
    assert {label: len(ways) for label, ways in templates.items()} == {
        **dict.fromkeys("023456789", 1),
        "1": 2,
    }
    assert [len(points) for points, _ in templates["1"][1]] == [2, 2]


def test_the_shipped_file_holds_many_ways_for_each_digit_and_letters_and_signs():
    templates = mnist_digit.read_handwriting()
    assert min(len(templates[digit]) for digit in "0123456789") >= 10
    others = [*"ACEFHKMNPRTVWXYadefhkmnprtuvwx$%&@*+=?<>", "hash"]
    assert min(len(templates[label]) for label in others) >= 4


@pytest.mark.parametrize("digit", "0123456789")
def test_the_ways_of_a_digit_are_of_the_sheets_size(digit):
    for template in mnist_digit.read_handwriting()[digit]:
        way = np.concatenate([curve @ points for points, curve in template])
        low, high = way.min(axis=0), way.max(axis=0)
        assert (low > (-35, -25)).all() and (high < (95, 125)).all()
        assert (high - low)[1] > 80
