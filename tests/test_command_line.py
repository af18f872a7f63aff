"""The program as a person calls it: files, options, and what bad input gets."""

import os
import re
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import mnist_digit as md

PROGRAM = Path(md.__file__)


def run(*arguments, cwd=None, **environment):
    """Run the program; give its exit status and what it wrote to standard output and error."""
    environment = {**os.environ, "KERAS_HOME": os.devnull, **environment}
    done = subprocess.run(
        [sys.executable, PROGRAM, *map(str, arguments)],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done.returncode, done.stdout, done.stderr


def is_one_line_with(error, *words):
    return error.count("\n") == 1 and "Traceback" not in error and all(word in error for word in words)


@pytest.fixture
def digits(tmp_path):
    """Image files of the digits 0 to 9, dark on light, of different sizes: their paths."""
    rng = np.random.default_rng(7)
    paths = []
    for digit in range(10):
        ink = cv2.resize(
            md.draw_digit_image(md.write_character(str(digit), rng), 2.5), None, fx=digit + 2, fy=digit + 2
        )
        paths.append(tmp_path / f"{digit} é.png")
        paths[-1].write_bytes(cv2.imencode(".png", np.uint8(255 * (1 - ink)))[1])
    return paths


def test_files_get_a_line_each_in_their_order(digits):
    status, out, err = run(*digits[::-1])
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert [line.rpartition(": ")[0] for line in lines] == [str(path) for path in digits[::-1]]
    answers = [re.fullmatch(r"(\d) \((\d+\.\d)%\)", line.rpartition(": ")[2]) for line in lines]
    assert all(answers)
    assert sum(int(answer[1]) == 9 - i for i, answer in enumerate(answers)) >= 9


def test_one_bad_file_does_not_stop_the_others(digits, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_text("no picture")
    status, out, err = run(digits[0], bad, digits[1])
    assert status == 1
    assert len(out.splitlines()) == 2
    assert is_one_line_with(err, "bad.png", "not a picture")


@pytest.mark.parametrize("argument", ["--no-such-option", "--epochs=0", "--epochs=many", "--recipe=none"])
def test_wrong_usage(argument):
    status, out, err = run(argument)
    assert status == 2 and not out and argument.split("=")[0] in err


def test_help_is_the_manual():
    status, out, _ = run("--help")
    assert status == 0
    for word in ("Examples:", "In the window:", "right button", "--recipe", "--data", "--open", "Backspace"):
        assert word in out
    assert len(out.splitlines()) < 75


def test_reading_needs_neither_tensorflow_nor_matplotlib(digits):
    heavy = "import sys, mnist_digit as md; md.main(sys.argv[1:]); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", heavy, digits[3]], cwd=PROGRAM.parent, capture_output=True, text=True, check=True
    )
    assert not {"tensorflow", "keras", "matplotlib"} & set(done.stdout.split())


@pytest.mark.parametrize("name", ["none.keras", "none.tflite", "none.h5"])
def test_missing_model(tmp_path, digits, name):
    status, out, err = run("--model", tmp_path / name, digits[0])
    assert status == 1 and not out and is_one_line_with(err, name, "--train")


@pytest.mark.parametrize("name", ["foreign.keras", "foreign.h5", "foreign.tflite"])
def test_foreign_model(tmp_path, digits, name):
    (tmp_path / name).write_bytes(b"this is no network" * 100)
    status, out, err = run("--model", tmp_path / name, digits[0])
    assert status == 1 and not out and is_one_line_with(err, name)


def test_model_of_other_shapes(tmp_path, digits):
    keras = md.import_keras()
    keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Flatten(), keras.layers.Dense(10)]).save(
        tmp_path / "other.keras"
    )
    status, out, err = run("--model", tmp_path / "other.keras", digits[0])
    assert status == 1 and not out and is_one_line_with(err, "other.keras", "(None, 32, 32, 3)")


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_another_saved_model(tmp_path, digits, suffix):
    path = tmp_path / f"mine{suffix}"
    md.open_keras_model(md.MODEL.with_suffix(".keras")).save(path)
    status, out, _ = run("--model", path, digits[4])
    assert status == 0
    assert out == run(digits[4])[1]


def test_no_mnist_to_be_had(tmp_path):
    """Keras's folder for downloads cannot be written to, and holds none."""
    status, out, err = run("--train", "--no-window", "--model", tmp_path / "digit.tflite", KERAS_HOME=os.devnull)
    assert status == 1 and not out and is_one_line_with(err, "--data")


@pytest.mark.parametrize("content", [None, b"", b"no zip", b"PK\x03\x04 cut short"])
def test_data_that_is_none(tmp_path, content):
    path = tmp_path / "data.npz"
    if content is not None:
        path.write_bytes(content)
    status, out, err = run("--train", "--no-window", "--data", path, "--model", tmp_path / "digit.tflite")
    assert status == 1 and not out and is_one_line_with(err, "data.npz", ".npz")
    assert [p.name for p in tmp_path.iterdir()] == ["data.npz"] * path.exists()


def test_without_a_display():
    status, out, err = run(DISPLAY="")
    assert status == 1 and not out and is_one_line_with(err, "xvfb-run")


def test_display_that_cannot_be_reached():
    status, out, err = run(DISPLAY=":987")
    assert status == 1 and not out and is_one_line_with(err, ":987", "xvfb-run")


def test_missing_shared_library_is_named(tmp_path):
    (tmp_path / "cv2.py").write_text("raise ImportError('libGL.so.1: cannot open shared object file')")
    status, out, err = run(PYTHONPATH=str(tmp_path))
    assert status == 1 and not out and is_one_line_with(err, "libGL.so.1", "libgl1")
