"""What is taught is read so from then on, kept, and can be taken back."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mnist_digit as md
from tests.handwritten import write_character, write_digits
from tests.program import PROGRAM, run
from tests.tiny_training import write_mnist


@pytest.fixture(scope="module")
def recognizer():
    return md.Recognizer()


@pytest.fixture(scope="module")
def drawings():
    """Digit images of digits and of what is none."""
    rng = np.random.default_rng(5)
    images = [*write_digits(60, rng, no_digits=20).images]
    images += [
        np.uint8(255 * md.draw_digit_image([rng.uniform(0, 100, (9, 2))])) for _ in range(20)
    ]
    return [image / np.float32(255) for image in images]


def forget_all(recognizer):
    while recognizer.forget() is not None:
        pass


@settings(max_examples=20, deadline=None)
@given(lessons=st.lists(st.tuples(st.integers(0, 99), st.integers(0, 9)), min_size=1, max_size=30))
def test_what_is_taught_is_read_and_what_is_forgotten_leaves_no_trace(
    recognizer, drawings, lessons
):
    """Whatever the drawing, whatever was said of it before; also once another network has learned it."""
    before = [recognizer.predict(image) for image in drawings]
    for drawing, digit in lessons:
        recognizer.teach(drawings[drawing], digit)
        assert recognizer.predict(drawings[drawing]).digit == digit
    for drawing, digit in dict(lessons).items():  # the last that was said of each
        prediction = recognizer.predict(drawings[drawing])
        assert prediction.digit == digit and prediction.confidence > 0.99
    assert len(recognizer.hand) == len(lessons)
    assert [recognizer.forget() for _ in range(len(lessons) + 1)] == [
        digit for _, digit in lessons[::-1]
    ] + [None]
    for image, answer in zip(drawings, before, strict=True):
        assert np.array_equal(recognizer.predict(image).probabilities, answer.probabilities)


def test_one_lesson_is_learned_for_drawings_like_it_and_for_no_others(recognizer):
    """A sign that is no digit is taught as a 4: others of its kind are read so, and digits as before."""
    rng = np.random.default_rng(3)
    sign = [np.array([[0, 0], [40, 60], [80, 0], [80, 100.0]]), np.array([[20, 90], [60, 90.0]])]

    def drawn_again():
        return md.draw_digit_image([stroke + rng.normal(0, 2, stroke.shape) for stroke in sign])

    digits = write_digits(300, rng).images / np.float32(255)
    before = [recognizer.predict(image).digit for image in digits]
    assert recognizer.predict(drawn_again()).digit != 4
    recognizer.teach(drawn_again(), 4)
    assert sum(recognizer.predict(drawn_again()).digit == 4 for _ in range(20)) >= 18
    assert (
        sum(recognizer.predict(i).digit == digit for i, digit in zip(digits, before, strict=True))
        >= 299
    )
    forget_all(recognizer)


def teach_from_another_process(path, start):
    hand = md.Hand(path)
    for i in range(start, start + 20):
        hand.change(
            lambda taught, i=i: md.join(
                taught, md.Digits(np.full((1, 28, 28), i, np.uint8), np.array([i % 10]))
            )
        )


def test_windows_on_the_same_file_lose_no_lesson(tmp_path):
    path = tmp_path / "hand.npz"
    others = [
        multiprocessing.Process(target=teach_from_another_process, args=(path, i))
        for i in (0, 20, 40)
    ]
    for other in others:
        other.start()
    for other in others:
        other.join()
    taught = md.Hand(path).taught
    assert sorted(taught.images[:, 0, 0].tolist()) == list(range(60))
    assert (taught.labels == taught.images[:, 0, 0] % 10).all()


def test_killed_at_any_moment_what_was_taught_is_kept(tmp_path):
    path = tmp_path / "hand.npz"
    code = (
        "import sys, numpy as np, mnist_digit as md\n"
        "hand = md.Hand(md.Path(sys.argv[1]))\n"
        "one = md.Digits(np.zeros((500, 28, 28), np.uint8), np.zeros(500, np.uint8))\n"
        "while True:\n"
        "    hand.change(lambda taught: md.join(taught, one))\n"
        "    print(len(hand), flush=True)\n"
    )
    rng = np.random.default_rng(0)
    for _ in range(4):
        path.unlink(missing_ok=True)
        process = subprocess.Popen(
            [sys.executable, "-c", code, path], stdout=subprocess.PIPE, cwd=PROGRAM.parent
        )
        lines = [process.stdout.readline() for _ in range(3)]
        time.sleep(rng.uniform(0, 0.05))
        os.kill(process.pid, signal.SIGKILL)
        lines += process.stdout.read().splitlines()
        process.wait()
        process.stdout.close()
        kept = len(md.Hand(path))
        assert kept % 500 == 0 and kept >= int(lines[-1])
        assert not list(tmp_path.glob("*damaged*"))


@pytest.mark.parametrize("kind", ["damaged", "foreign", "other arrays", "huge", "empty"])
def test_a_file_that_holds_no_lessons_is_set_aside(tmp_path, capsys, kind):
    path = tmp_path / "hand.npz"
    lessons = write_digits(50, np.random.default_rng(0))
    md.Hand(path).change(lambda taught: lessons)
    match kind:
        case "damaged":
            path.write_bytes(path.read_bytes()[:-3000])
        case "foreign":
            path.write_text("my holiday pictures")
        case "other arrays":
            np.savez(path, images=lessons.images, labels=lessons.labels + 200)
        case "huge":
            os.truncate(path, 2_000_000_000)
        case "empty":
            path.write_bytes(b"")
    size = path.stat().st_size
    hand = md.Hand(path)
    hand.change(lambda taught: md.join(taught, lessons))
    line = capsys.readouterr().err
    path.write_bytes(b"damaged while the window is open")
    assert hand.change(lambda taught: taught).labels.tolist() == lessons.labels.tolist()
    first, second = sorted(tmp_path.glob("hand.npz.damaged-*"))
    assert line.count("\n") == 1 and "hand.npz" in line and first.name in line
    assert (
        first.stat().st_size == size and second.read_bytes() == b"damaged while the window is open"
    )
    assert len(hand) == len(md.Hand(path)) == 50


def test_what_cannot_be_kept_is_not_taught(tmp_path, drawings):
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(OSError, match="not a file"):
        md.Recognizer(hand=folder)
    recognizer = md.Recognizer(hand=folder / "hand.npz")
    (folder / "hand.new.npz").mkdir()  # stands where the new file is to be written
    with pytest.raises(OSError):
        recognizer.teach(drawings[0], 3)
    assert len(recognizer.hand) == 0


def test_lessons_survive_another_network(tmp_path, drawings):
    """Taught to the shipped network, known to one that is untrained, of ten outputs and run by Keras."""
    keras = md.import_keras()
    layers = [
        keras.Input((28, 28, 1)),
        keras.layers.Flatten(),
        keras.layers.Dense(10, activation="softmax"),
    ]
    keras.Sequential(layers).save(tmp_path / "other.keras")
    md.Recognizer(hand=tmp_path / "hand.npz").teach(drawings[80], 7)
    other = md.Recognizer(tmp_path / "other.keras", hand=tmp_path / "hand.npz")
    assert other.predict(drawings[80]).digit == 7


def test_files_are_taught_and_forgotten_on_the_command_line(tmp_path):
    """A picture of a 3, and one of two upright lines, which are read as two digits before."""
    three, lines, hand = tmp_path / "three.png", tmp_path / "lines.png", tmp_path / "my hand"
    image = cv2.resize(
        md.draw_digit_image(write_character("3", np.random.default_rng(1))), None, fx=8, fy=8
    )
    three.write_bytes(cv2.imencode(".png", np.uint8(255 * (1 - image)))[1])
    paper = np.full((300, 300), 255, np.uint8)
    cv2.polylines(
        paper, [np.array([[100, 80], [100, 220]]), np.array([[200, 80], [190, 220]])], False, 0, 12
    )
    lines.write_bytes(cv2.imencode(".png", paper)[1])
    before = run(three, lines, "--hand", hand)
    assert "three.png: 3 (" in before[1] and "lines.png: 11 (" in before[1]
    assert "three.png: 5 (" in run("--teach", 5, three, "--hand", hand)[1]
    assert "lines.png: 4 (" in run("--teach", 4, lines, "--hand", hand)[1]
    status, out, err, _ = run("--teach", 42, three, "--hand", hand)
    assert status == 1 and not out and err.count("\n") == 1 and "three.png" in err
    status, out, err, _ = run(three, lines, "--hand", hand)
    assert (status, err) == (0, "") and "three.png: 5 (" in out and "lines.png: 4 (" in out
    status, out, err, _ = run("--forget", "--hand", hand)
    assert (status, out) == (0, "") and " 2 " in err and err.count("\n") == 1
    assert run(three, lines, "--hand", hand)[:3] == before[:3]


@pytest.mark.parametrize("arguments", [["--teach", "4"], ["--teach", "x", "a.png"], ["--teach"]])
def test_wrong_usage(arguments):
    status, out, err, _ = run(*arguments)
    assert status == 2 and not out and "--teach" in err


@pytest.mark.parametrize("lines", [2, 9])
def test_a_drawing_of_many_parts_can_be_taught_as_one_digit(recognizer, lines):
    """Lines side by side are read as a number, until they are taught as one digit."""
    canvas = md.Canvas(
        [md.Stroke([(50 * i, 100), (50 * i + 5, 250)], 24) for i in range(1, lines + 1)]
    )
    before = canvas.read(recognizer).text
    assert len(before) == lines
    recognizer.teach(canvas.digit_image(), 8)
    assert canvas.read(recognizer).text == "8"
    forget_all(recognizer)
    assert canvas.read(recognizer).text == before


@pytest.fixture
def trained_on(tmp_path, monkeypatch):
    """What trainings by the command line are given, in a folder where model/ is empty; they end there."""
    monkeypatch.setattr(md, "HAND", tmp_path / "hand.npz")
    monkeypatch.setattr(md, "MODEL", tmp_path / "model" / "digit.npz")
    write_mnist(tmp_path / "mnist.npz", 240)
    given = []

    def fit(training, *_):
        given.append(training)
        raise KeyboardInterrupt  # enough is seen

    monkeypatch.setattr(md, "fit", fit)
    return given


@pytest.mark.parametrize("named", [["--train", "--hand"], ["--train"], ["three.png", "--hand"]])
def test_training_takes_lessons_only_where_both_are_named(tmp_path, trained_on, named):
    lessons = write_digits(30, np.random.default_rng(30))
    md.Hand(tmp_path / "hand.npz").change(lambda taught: lessons)
    hand = [tmp_path / "hand.npz"] if "--hand" in named else []
    words = [*named, *hand, "--no-window", "--data", tmp_path / "mnist.npz", "--plots", tmp_path]
    assert md.main(list(map(str, words))) == 130
    taken = named[0] == "--train" and hand
    assert np.array_equal(
        trained_on[0].images[220:], lessons.images if taken else lessons.images[:0]
    )


@pytest.mark.parametrize("content", [None, b"damaged"])
def test_lessons_that_cannot_be_read_are_not_left_out_of_a_training_silently(
    tmp_path, trained_on, content, capsys
):
    hand = tmp_path / "lessons.npz"
    if content:
        hand.write_bytes(content)
    words = [
        "--train",
        "--no-window",
        "--hand",
        hand,
        "--data",
        tmp_path / "mnist.npz",
        "--plots",
        tmp_path,
    ]
    assert md.main(list(map(str, words))) == 1
    err = capsys.readouterr().err
    assert (
        trained_on == []
        and err.startswith(f"mnist_digit: {hand}: not an .npz file")
        and err.count("\n") == 1
    )
    assert list(tmp_path.glob("lessons*")) == [hand] * bool(content)
