"""What README says: its lines of Python, its keys, its options, its files."""

import json
import re
import shutil
import subprocess
import sys

import cv2
import numpy as np
import pytest

import mnist_digit as md
from tests.program import ROOT, environment, run

README = (ROOT / "README.md").read_text()
# What follows the program's name in the examples of README and --help. Words that two spaces or a
# "#" part from it explain it.
COMMANDS = re.findall(r"mnist_digit\.py((?: [^\s`#]+)+)", README + md.__doc__)


def picture_of_a_three():
    """A 3, black on white: uint8, shape (220, 200)."""
    three = np.array([(60, 40), (140, 40), (100, 90), (140, 140), (60, 170)])
    picture = np.full((220, 200), 255, np.uint8)
    cv2.polylines(picture, [three], False, 0, 12, cv2.LINE_AA)
    return picture


def test_the_lines_of_python_do_what_they_say(tmp_path):
    """They read the pictures of a 3, and teach that one of them is a 5."""
    lines = re.search(r"```python\n(.*?)```", README, re.S)[1]
    for name in ("three.png", "photo.jpg"):
        cv2.imwrite(str(tmp_path / name), picture_of_a_three())
    again = '\nprint(mnist_digit.read_file("three.png", recognizer))'
    outcome = run(code=lines + again, cwd=tmp_path)
    assert (outcome.status, outcome.err) == (0, "")
    file, array, taught = outcome.out.splitlines()
    assert re.fullmatch(r"3 \(\d+\.\d%\)", file)
    assert re.match(r"3 [01]\.\d+ \[Box", array)
    assert taught.startswith("5 (")


def test_every_key_is_in_the_table():
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", README, re.M)
    named = {name.strip("`") for names, does in rows for name in re.split(", | ", names)}
    mentioned = set(re.findall("`(.)`", README))
    for key in md.KEYS:
        for name in key.names.split(", "):
            assert set(name.split()) <= named | mentioned, name


def test_every_option_is_one(capsys):
    with pytest.raises(SystemExit):
        md.main(["--help"])
    said = capsys.readouterr().out
    for line in re.findall(r"mnist_digit\.py .*|`--\w.*?`", README):
        for option in re.findall(r"--[a-z][a-z-]*", line.partition("#")[0]):
            assert option in said


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_line_is_right_usage(command):
    md.parse_arguments(command.partition(" <")[0].split())


def test_every_file_that_it_links_to_is_there():
    for path in re.findall(r"\]\((?!http)(.+?)\)", README):
        assert (ROOT / path).exists(), path


def test_the_packages_in_the_file_are_those_of_requirements():
    """What uv and pipx install is what pip does, but for what only training needs."""
    program = (ROOT / "mnist_digit.py").read_text()
    in_the_file = re.search(r"^# dependencies = (\[.*\])$", program, re.M)
    required = (ROOT / "requirements.txt").read_text().splitlines()
    assert json.loads(in_the_file[1]) == required[:2]


@pytest.mark.slow
def test_uv_runs_it_from_nothing(tmp_path):
    """Through a link, in a path with spaces: it reads, and training says what it needs."""
    copied = shutil.copytree(ROOT / "model", tmp_path / "draw a digit" / "model").parent
    shutil.copy(ROOT / "mnist_digit.py", copied)
    (tmp_path / "link.py").symlink_to(copied / "mnist_digit.py")
    cv2.imwrite(str(tmp_path / "three.png"), picture_of_a_three())
    command = [sys.executable, "-m", "uv", "run", "--quiet", "--python", sys.executable, "link.py"]
    variables = environment(UV_CACHE_DIR=str(tmp_path / "cache"), VIRTUAL_ENV=None)
    for words, status, out, err in (
        (["three.png"], 0, r"three\.png: 3 \(\d+\.\d%\)\n", ""),
        (["--train", "--no-window"], 1, "", r"mnist_digit: TensorFlow is not installed .*\n"),
    ):
        done = subprocess.run(
            [*command, *words], cwd=tmp_path, env=variables, capture_output=True, text=True
        )
        assert done.returncode == status
        assert re.fullmatch(out, done.stdout) and re.fullmatch(err, done.stderr)
