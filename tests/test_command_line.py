"""The program as a person calls it: files, options, and what bad input gets."""

import json
import multiprocessing
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

import mnist_digit as md
from tests import program
from tests.handwritten import write_character

PROGRAM = Path(md.__file__)


def run(*arguments, **variables):
    """Run the program where no MNIST can be downloaded: exit status, standard output and error."""
    return program.run(*arguments, **{"KERAS_HOME": os.devnull, **variables})[:3]


def is_one_line_with(error, *words):
    return (
        error.count("\n") == 1 and "Traceback" not in error and all(word in error for word in words)
    )


@pytest.fixture
def digits(tmp_path):
    """Image files of the digits 0 to 9, dark on light, of different sizes: their paths."""
    rng = np.random.default_rng(7)
    paths = []
    for digit in range(10):
        ink = cv2.resize(
            md.draw_digit_image(write_character(str(digit), rng), 2.5),
            None,
            fx=digit + 2,
            fy=digit + 2,
        )
        paths.append(tmp_path / f"{digit} é.png")
        paths[-1].write_bytes(cv2.imencode(".png", np.uint8(255 * (1 - ink)))[1])
    return paths


def test_files_get_a_line_each_in_their_order(digits):
    status, out, err = run(*digits[::-1])
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert [line.rpartition(": ")[0] for line in lines] == [str(path) for path in digits[::-1]]
    answers = [
        re.fullmatch(r"(\d|no digit) \((\d+\.\d)%\)", line.rpartition(": ")[2]) for line in lines
    ]
    assert all(answers)
    assert sum(answer[1] == str(9 - i) for i, answer in enumerate(answers)) >= 8


def test_one_bad_file_does_not_stop_the_others(digits, tmp_path):
    bad = tmp_path / "bad.png"
    bad.write_text("no picture")
    status, out, err = run(digits[0], bad, digits[1])
    assert status == 1
    assert len(out.splitlines()) == 2
    assert is_one_line_with(err, "bad.png", "not a picture")


@pytest.mark.parametrize(
    "arguments",
    [
        "--no-such-option",
        "--epochs=0 --train",
        "--epochs=many",
        "--recipe=none",
        "--seed=-1 --train",
        "--seed=4294967296 --train",
        "--no-window",
        "--open=",
        "--model=",
        "--data= --train",
        "--hand=",
        "--camera=",
        "--open=a.json --no-window --train",
        "--open=a.json three.png",
        "--open=a.json --camera",
        "--camera three.png --forget",
        "--show",
        "--show --json three.png",
        "--json",
        "--teach",
        "--teach=x three.png",
        "--teach=3",
        "--as-one three.png",
        "--as-one --teach=42 three.png",
        # What would do nothing here:
        "--epochs=3 three.png",
        "--batch-size=3",
        "--seed=3",
        "--data=mnist.npz three.png",
        "--plots=folder",
        "--recipe=adam --model=mine.keras three.png",
        # What would start a training to read a file:
        "--recipe=adam three.png",
    ],
)
def test_wrong_usage(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        md.main(arguments.split(" "))
    out, err = capsys.readouterr()
    option = arguments.split("=")[0].split(" ")[0]
    assert ended.value.code == 2 and not out and option in err.splitlines()[-1]


def test_plots_of_the_usual_network_stay_in_their_folder_where_it_is_named(monkeypatch):
    monkeypatch.chdir(md.MODEL.parent.parent)
    options = md.parse_arguments(["--train", "--model", "model/digit.npz"])
    assert options.plots == md.PLOTS
    assert md.parse_arguments(["--train", "--model", "mine.npz"]).plots == md.PLOTS / "mine"


@pytest.mark.parametrize(
    "name", ["none.json", "none", "none.png", "notes.md", "folder", "folder.json", "notes.json"]
)
def test_what_is_no_saved_drawing_is_named_before_a_training(tmp_path, name, capsys, monkeypatch):
    monkeypatch.setattr(md, "train", lambda *_: pytest.fail("it trains"))
    for notes in ("notes.md", "notes.json"):
        (tmp_path / notes).write_text("# Notes")
    for folder in ("folder", "folder.json"):
        (tmp_path / folder).mkdir()
    assert md.main(["--train", "--open", str(tmp_path / name)]) == 1
    assert is_one_line_with(capsys.readouterr().err, f"{tmp_path / name}: ")


def test_a_window_that_cannot_open_is_named_before_a_training(capsys, monkeypatch):
    monkeypatch.setattr(md, "train", lambda *_: pytest.fail("it trains"))
    monkeypatch.delenv("DISPLAY", raising=False)
    assert md.main(["--train"]) == 1
    assert is_one_line_with(capsys.readouterr().err, "DISPLAY", "xvfb-run")


def test_no_camera_is_held_during_a_training(monkeypatch):
    events = []

    class Recorded(md.Camera):
        def __init__(self, source):
            events.append("opens")

        def close(self):
            events.append("closes")

    monkeypatch.setattr(md, "Camera", Recorded)
    monkeypatch.setattr(md, "check_display", lambda: None)
    monkeypatch.setattr(md, "train", lambda *_: events.append("trains"))
    monkeypatch.setattr(md.Window, "__init__", lambda *_: None)
    monkeypatch.setattr(md.Window, "run", lambda window: events.append("shows"))
    assert md.main(["--train", "--camera"]) == 0
    assert events == ["opens", "closes", "trains", "opens", "shows", "closes"]


def test_the_picture_of_a_saved_drawing_is_read_and_its_strokes_are_opened(tmp_path, capsys):
    strokes = write_character("3", np.random.default_rng(1))
    drawing = [md.Stroke(np.rint(stroke + 280), 24) for stroke in strokes]
    path = md.save_drawing(md.Canvas(drawing), tmp_path)
    assert md.main([str(path), str(path.with_suffix(".png"))]) == 1
    out, err = capsys.readouterr()
    assert out.startswith(f"{path.with_suffix('.png')}: 3 (") and is_one_line_with(
        err, str(path), "--open"
    )


def save_some(folder, name):
    for _ in range(20):
        md.save_drawing(md.Canvas([md.Stroke([(name, 100), (300, 400)], 24)]), folder)


def test_json_says_all_that_is_known_in_a_line_for_each_file(digits, capsys):
    assert md.main(["--json", *map(str, digits[2:4])]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["file"] for line in lines] == [str(path) for path in digits[2:4]]
    for line, path in zip(lines, digits[2:4], strict=True):
        reading = md.read_file(path, md.Recognizer(hand=md.HAND))
        assert line["text"] == reading.text and line["confidence"] == reading.confidence
        ((part,),) = line["rows"]
        prediction = reading.digits[0]
        assert part["digit"] == prediction.digit and part["confidence"] == prediction.confidence
        assert part["probabilities"] == prediction.probabilities.tolist()
        assert part["box"] == list(reading.parts[0].box)


def test_json_has_a_list_for_each_row_and_null_for_no_digit():
    four = md.Prediction(4, 0.9, 0.9 * np.eye(10)[4])
    none = md.Prediction(None, 0.9, np.full(10, 0.01))
    first, second, below = (
        md.Part(md.Box(x, y, 3, 4), np.zeros((28, 28)), prediction)
        for x, y, prediction in ((1, 2, four), (5, 2, none), (1, 9, four))
    )
    said = json.loads(md.as_json("a.png", md.Reading([[first, second], [below]])))
    assert said["text"] == "4? 4"
    assert [[part["digit"] for part in row] for row in said["rows"]] == [[4, None], [4]]
    boxes = [[part["box"] for part in row] for row in said["rows"]]
    assert boxes == [[[1, 2, 3, 4], [5, 2, 3, 4]], [[1, 9, 3, 4]]]


def test_a_picture_is_read_from_standard_input(digits):
    def piped(content):
        command = [sys.executable, str(PROGRAM), "-"]
        done = subprocess.run(command, input=content, capture_output=True)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    status, out, err = piped(digits[3].read_bytes())
    assert (status, err) == (0, "") and out.startswith("-: 3 (")
    for content in (b"", b"no picture"):
        status, out, err = piped(content)
        assert status == 1 and not out and is_one_line_with(err, "standard input", "not a picture")


@pytest.fixture
def number(tmp_path):
    """The picture of two strokes, each a 1."""
    path = tmp_path / "number.png"
    ones = [md.Stroke([(x, 150), (x, 400)], 24) for x in (150, 350)]
    cv2.imwrite(str(path), 255 - md.Canvas(ones).image)
    return path


@pytest.mark.parametrize("digits", ["4", "444"])
def test_what_is_taught_is_to_have_a_digit_for_each_part(number, tmp_path, digits, capsys):
    hand = str(tmp_path / "hand.npz")
    assert md.main(["--teach", digits, "--hand", hand, str(number)]) == 1
    out, err = capsys.readouterr()
    seen = f"2 parts seen, not {len(digits)}"
    assert not out and is_one_line_with(err, str(number), seen, "--as-one")
    assert len(md.Hand(md.Path(hand))) == 0


@pytest.mark.parametrize(
    "words, text",
    [(["--teach", "44"], "44"), (["--teach", "4", "--as-one"], "4")],
)
def test_what_is_taught_is_read_until_it_is_forgotten(number, tmp_path, words, text, capsys):
    hand = str(tmp_path / "my hand")

    def answer(*more):
        assert md.main([*more, "--hand", hand, str(number)]) == 0
        return capsys.readouterr().out

    before = answer()
    assert before.startswith(f"{number}: 11 (")
    assert answer(*words).startswith(f"{number}: {text} (")
    assert answer().startswith(f"{number}: {text} (")
    assert md.main(["--forget", "--hand", hand]) == 0
    lessons = {"44": "2 taught digits", "4": "1 taught digit"}[text]
    assert capsys.readouterr().err == f"{hand}: forgot {lessons}\n"
    assert answer() == before


def test_windows_that_save_at_the_same_moment_lose_no_drawing(tmp_path):
    others = [
        multiprocessing.Process(target=save_some, args=(tmp_path, name)) for name in (10, 20, 30)
    ]
    for other in others:
        other.start()
    for other in others:
        other.join()
    drawings = [md.open_drawing(tmp_path / f"drawing-{number}.json") for number in range(1, 61)]
    assert (
        sorted(strokes[0].points[0][0] for strokes in drawings) == [10] * 20 + [20] * 20 + [30] * 20
    )
    for number, strokes in enumerate(drawings, start=1):
        picture = cv2.imread(str(tmp_path / f"drawing-{number}.png"), cv2.IMREAD_UNCHANGED)
        assert np.array_equal(picture, md.Canvas(strokes).image)


def test_help_is_the_manual():
    status, out, _ = run("--help")
    assert status == 0
    for word in (
        "Examples:",
        "In the window:",
        "right button",
        "--recipe",
        "--data",
        "--open",
        "Backspace",
    ):
        assert word in out
    assert len(out.splitlines()) < 75


# As where nothing but opencv-python and numpy is installed.
WITH_TWO_PACKAGES = """
import sys
class Blocked:
    def find_spec(self, name, *_):
        if name.partition(".")[0] not in {*sys.stdlib_module_names, "numpy", "cv2", "mnist_digit"}:
            raise ImportError(f"{name} is blocked")
sys.meta_path.insert(0, Blocked())
import mnist_digit as md
show = md.Window.frame
def answer_and_quit(window):
    window.on_mouse(0, 280, 300, 0)
    window.enter()
    window.is_running = False
    return show(window)
md.Window.frame = answer_and_quit
sys.exit(md.main(sys.argv[1:]))
"""


def test_drawing_and_reading_need_only_opencv_and_numpy(digits, tmp_path, display):
    """A picture, a saved drawing, a lesson and the real window; training says what it lacks."""
    drawing = md.save_drawing(md.Canvas([md.Stroke([(280, 100), (280, 400)], 24)]), tmp_path)
    picture = drawing.with_suffix(".png")
    hand = ("--hand", tmp_path / "hand.npz")
    status, out, err = run(digits[3], picture, *hand, code=WITH_TWO_PACKAGES)
    assert (status, err) == (0, "")
    assert out.startswith(f"{digits[3]}: 3 (") and f"\n{picture}: 1 (" in out
    status, out, err = run("--teach", 7, picture, *hand, code=WITH_TWO_PACKAGES)
    assert (status, err) == (0, "") and out.startswith(f"{picture}: 7 (")
    status, out, err = run(
        "--open", drawing, "--hand", tmp_path / "0", code=WITH_TWO_PACKAGES, DISPLAY=display.name
    )
    assert (status, err) == (0, "") and out.startswith("1 (")
    status, _, err = run("--train", "--no-window", code=WITH_TWO_PACKAGES)
    assert status == 1 and is_one_line_with(err, "keras is blocked", "pip install")


@pytest.mark.parametrize("name", ["none.keras", "none.npz", "none.h5"])
def test_missing_model(tmp_path, digits, name, capsys):
    assert md.main(["--model", str(tmp_path / name), str(digits[0])]) == 1
    out, err = capsys.readouterr()
    assert not out and is_one_line_with(err, name, "no such file")


def test_a_network_file_has_one_of_three_endings(tmp_path):
    with pytest.raises(ValueError, match=r"mine\.txt: not a \.npz, \.keras or \.h5 file"):
        md.Recognizer(tmp_path / "mine.txt")


@pytest.mark.parametrize("name", ["foreign.keras", "FOREIGN.KERAS", "foreign.h5", "foreign.npz"])
def test_foreign_model(tmp_path, name):
    (tmp_path / name).write_bytes(b"this is no network" * 100)
    with pytest.raises(ValueError, match=rf"{name}: not a network"):
        md.Recognizer(tmp_path / name)


def test_model_of_other_shapes(tmp_path):
    keras = md.import_keras()
    keras.Sequential(
        [keras.Input((32, 32, 3)), keras.layers.Flatten(), keras.layers.Dense(10)]
    ).save(tmp_path / "other.keras")
    with pytest.raises(ValueError, match=r"other\.keras: .*\(None, 32, 32, 3\)"):
        md.Recognizer(tmp_path / "other.keras")


@pytest.mark.parametrize("name", ["mine.keras", "mine.h5", "MINE.KERAS", "MINE.H5", "MINE.NPZ"])
def test_another_saved_model(tmp_path, name):
    if name.endswith("NPZ"):
        shutil.copy(md.MODEL, tmp_path / name)
    else:
        md.open_keras_model(md.MODEL.with_suffix(".keras")).save(tmp_path / name.lower())
        (tmp_path / name.lower()).rename(tmp_path / name)
    image = md.draw_digit_image(write_character("4", np.random.default_rng(1)))
    probabilities = [
        md.Recognizer(path).predict(image).probabilities for path in (md.MODEL, tmp_path / name)
    ]
    assert np.abs(np.subtract(*probabilities)).max() < 1e-4


@pytest.mark.slow
def test_no_mnist_to_be_had(tmp_path):
    """Keras's folder for downloads cannot be written to, and holds none."""
    status, out, err = run(
        "--train", "--no-window", "--model", tmp_path / "digit.npz", "--plots", tmp_path
    )
    assert status == 1 and not out and is_one_line_with(err, "--data")


@pytest.mark.parametrize("content", [None, b"", b"no zip", b"PK\x03\x04 cut short"])
def test_data_that_is_none(tmp_path, content, capsys):
    path = tmp_path / "data.npz"
    if content is not None:
        path.write_bytes(content)
    words = ["--train", "--no-window", "--data", str(path)]
    words += ["--model", str(tmp_path / "digit.npz"), "--plots", str(tmp_path)]
    assert md.main(words) == 1
    out, err = capsys.readouterr()
    assert not out and is_one_line_with(err, "data.npz", ".npz")
    assert [path.name for path in tmp_path.iterdir()] == ["data.npz"] * path.exists()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="others always have a display")
@pytest.mark.parametrize("name", [None, "", ":987", "nonsense"])
def test_without_a_display(name):
    status, out, err = run(DISPLAY=name)
    assert status == 1 and not out and is_one_line_with(err, name or "not set", "xvfb-run")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="others need none")
def test_a_library_that_the_window_lacks_is_named(monkeypatch, capsys):
    def missing(name):
        raise OSError(f"{name}: cannot open shared object file: No such file or directory")

    monkeypatch.setattr(md.ctypes, "CDLL", missing)
    assert md.main([]) == 1
    assert is_one_line_with(capsys.readouterr().err, "cannot open", "libsm6")


def test_missing_shared_library_is_named(tmp_path):
    (tmp_path / "cv2.py").write_text(
        "raise ImportError('libGL.so.1: cannot open shared object file')"
    )
    status, out, err = run(PYTHONPATH=str(tmp_path))
    assert status == 1 and not out and is_one_line_with(err, "libGL.so.1", "libgl1")


@pytest.mark.parametrize("closed", ["2>&-", "2>&- <&-", "0<&- 1>&- 2>&-"])
def test_closed_streams(digits, tmp_path, closed):
    """Nothing that is opened gets a closed stream's number, and nobody misses the stream."""
    for words, status in (((digits[3],), 0), ((tmp_path / "none.png",), 1)):
        command = shlex.join(map(str, [sys.executable, PROGRAM, *words]))
        done = subprocess.run(f"{command} {closed}", shell=True, capture_output=True, text=True)
        assert done.returncode == status and done.stderr == ""
        assert (f"{digits[3]}: 3" in done.stdout) == (status == 0 and "1>" not in closed)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has it")
def test_standard_output_that_is_full(digits):
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, PROGRAM, digits[3]], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert (
        done.returncode == 1
        and done.stderr == "mnist_digit: standard output: No space left on device\n"
    )
