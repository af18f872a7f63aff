"""The module as other programs use it: imported without effects, and as README shows."""

import json
import re

import cv2
import numpy as np

from tests.program import ROOT, run

# Prints True where importing the module has left the environment and the streams as they were.
IMPORT_AND_COMPARE = """
import os, sys
import cv2, numpy  # what these change by themselves is theirs
def state():
    return dict(os.environ), os.getcwd(), sys.stdin, sys.stdout, sys.stderr, list(sys.path)
before = state()
import mnist_digit
print(state() == before, sorted({"tensorflow", "keras", "matplotlib"} & set(sys.modules)))
"""

IMPORT_WITH_A_CLOSED_STREAM = """
import sys
import mnist_digit
print(sys.stderr is None)
"""

IMPORT_WITHOUT_OPENCV = """
import sys
sys.modules["cv2"] = None
try:
    import mnist_digit
except ImportError as error:
    print(error.name)
"""


def test_importing_changes_nothing_and_imports_no_tensorflow():
    outcome = run(code=IMPORT_AND_COMPARE)
    assert (outcome.out, outcome.err) == ("True []\n", "")


def test_importing_without_opencv_is_an_import_error():
    assert run(code=IMPORT_WITHOUT_OPENCV)[:3] == (0, "cv2\n", "")


def test_importing_leaves_a_closed_stream_closed():
    closing = ("sh", "-c", 'exec "$@" 2>&-', "sh")
    assert run(code=IMPORT_WITH_A_CLOSED_STREAM, through=closing)[:2] == (0, "True\n")


def test_the_packages_in_the_file_are_those_of_requirements():
    """What uv and pipx install is what pip does, but for what only training needs."""
    in_the_file = re.search(
        r"^# dependencies = (\[.*\])$", (ROOT / "mnist_digit.py").read_text(), re.M
    )
    required = (ROOT / "requirements.txt").read_text().splitlines()
    assert json.loads(in_the_file[1]) == required[:2]


def test_the_lines_in_readme_do_what_they_say(tmp_path):
    """They read the pictures of a 3, and teach that one of them is a 5."""
    lines = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.S)[1]
    three = np.array([(60, 40), (140, 40), (100, 90), (140, 140), (60, 170)])
    picture = np.full((220, 200), 255, np.uint8)
    cv2.polylines(picture, [three], False, 0, 12, cv2.LINE_AA)
    for name in ("three.png", "photo.jpg"):
        cv2.imwrite(str(tmp_path / name), picture)
    outcome = run(code=lines + "\nprint(recognizer.predict(image).digit)", cwd=tmp_path)
    assert (outcome.status, outcome.err) == (0, "")
    first, second, third = outcome.out.splitlines()
    assert first.startswith("3 0.9") and (second, third) == ("3", "5")
