"""What is taught is read so from then on, kept, and can be taken back."""

import contextlib
import errno
import io
import json
import multiprocessing
import os
import resource
import signal
import stat
import subprocess
import sys
import time
import unittest.mock
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mnist_digit as md
from tests.handwritten import write_character, write_digits
from tests.hostile_files import good_picture, npz_bomb
from tests.program import PROGRAM, run
from tests.tiny_training import write_mnist


@pytest.fixture(scope="module")
def recognizer():
    """One that may be taught; each test forgets what it taught."""
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
    while recognizer.forget():
        pass


def lessons_of(digits):
    """Lessons of one correction: digit images as write_digits() gives them."""
    return [
        md.Lesson(image / np.float32(255), int(label))
        for image, label in zip(digits.images, digits.labels, strict=True)
    ]


answers = st.one_of(st.none(), st.integers(0, 9))


@settings(max_examples=20)
@given(lessons=st.lists(st.tuples(st.integers(0, 99), answers), min_size=1, max_size=30))
def test_what_is_taught_is_read_and_what_is_forgotten_leaves_no_trace(
    recognizer, drawings, lessons
):
    """Whatever the drawing, whatever was said of it before."""
    before = [recognizer.predict(image) for image in drawings]
    for drawing, digit in lessons:
        recognizer.teach(drawings[drawing], digit)
        assert recognizer.predict(drawings[drawing]).digit == digit
    for drawing, digit in dict(lessons).items():  # the last that was said of each
        prediction = recognizer.predict(drawings[drawing])
        assert prediction.digit == digit and prediction.confidence > 0.99 and prediction.taught
    assert len(recognizer.hand) == len(lessons)
    for _, digit in reversed(lessons):
        [lesson] = recognizer.forget()
        assert lesson.digit == digit
    assert recognizer.forget() is None
    for image, answer in zip(drawings, before, strict=True):
        prediction = recognizer.predict(image)
        assert np.array_equal(prediction.probabilities, answer.probabilities)
        assert not prediction.taught


def test_a_window_takes_back_only_its_own_correction(drawings, tmp_path):
    """Also where another window has forgotten that, and taught since."""
    first, second = md.Hand(tmp_path / "hand.npz"), md.Hand(tmp_path / "hand.npz")
    number = first.add([md.Lesson(drawings[0], 4)])
    second.take_back(number)
    second.add([md.Lesson(drawings[1], 7)])
    assert not first.take_back(number)
    assert len(second) == 1


def test_without_a_file_lessons_are_kept_in_memory_alone(drawings, monkeypatch):
    monkeypatch.setattr(md, "write_lessons", lambda *_: pytest.fail("it writes a file"))
    recognizer = md.Recognizer()
    recognizer.teach(drawings[0], 3)
    assert recognizer.hand.path is None and len(recognizer.hand) == 1


def test_forgetting_nothing_writes_no_file(tmp_path):
    assert not md.Hand(tmp_path / "hand.npz").take_back()
    assert not list(tmp_path.glob("hand.npz"))


def test_a_correction_of_several_digits_is_taken_back_as_a_whole(drawings, tmp_path):
    recognizer = md.Recognizer(hand=tmp_path / "hand.npz")
    recognizer.teach(drawings[0], 7)
    recognizer.teach_all([md.Lesson(drawings[1], 4), md.Lesson(drawings[2], None)])
    recognizer.teach_all([])
    recognizer = md.Recognizer(hand=tmp_path / "hand.npz")
    assert [lesson.digit for lesson in recognizer.forget()] == [4, None]
    assert recognizer.predict(drawings[0]).digit == 7
    assert [lesson.digit for lesson in recognizer.forget()] == [7]
    assert recognizer.forget() is None and len(md.Hand(tmp_path / "hand.npz")) == 0


def test_what_is_no_lesson_is_refused(recognizer, drawings):
    for image, digit in [(drawings[0], 10), (drawings[0], -1), (np.zeros((28, 27)), 3)]:
        with pytest.raises(ValueError, match="digit"):
            recognizer.teach_all([md.Lesson(drawings[1], 1), md.Lesson(image, digit)])
    assert len(recognizer.hand) == 0


def test_one_lesson_is_learned_for_drawings_like_it_and_for_no_others(recognizer):
    """A sign is taught as a 4: others of its kind are read so, and digits as before."""
    rng = np.random.default_rng(3)
    sign = [np.array([[80, 0], [0, 0], [40, 45], [0, 90], [80, 90.0]])]

    def drawn_again():
        return md.draw_digit_image([stroke + rng.normal(0, 2, stroke.shape) for stroke in sign])

    digits = write_digits(300, rng).images / np.float32(255)
    before = [recognizer.predict(image).digit for image in digits]
    assert recognizer.predict(drawn_again()).digit != 4
    recognizer.teach(drawn_again(), 4)
    assert sum(recognizer.predict(drawn_again()).digit == 4 for _ in range(20)) >= 18
    far = recognizer.predict(md.draw_digit_image([np.array([[0, 0], [0, 90.0]])]))
    recognizer.forget()
    again = recognizer.predict(md.draw_digit_image([np.array([[0, 0], [0, 90.0]])]))
    assert np.array_equal(far.probabilities, again.probabilities)
    recognizer.teach(drawn_again(), 4)
    assert (
        sum(recognizer.predict(i).digit == digit for i, digit in zip(digits, before, strict=True))
        >= 299
    )
    forget_all(recognizer)


def teach_from_another_process(path, start):
    hand = md.Hand(path)
    for i in range(start, start + 20):
        hand.add([md.Lesson(np.full((28, 28), i / 255), i % 10)] * 2)


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
    hand = md.Hand(path)
    taught = hand.taught
    assert sorted(taught.images[::2, 0, 0].tolist()) == list(range(60))
    assert (taught.labels == taught.images[:, 0, 0] % 10).all()
    assert [len(hand.take_back()) for _ in range(61)] == [2] * 60 + [0]


def test_killed_at_any_moment_what_was_taught_is_kept(tmp_path):
    path = tmp_path / "hand.npz"
    code = (
        "import sys, numpy as np, mnist_digit as md\n"
        "hand = md.Hand(md.Path(sys.argv[1]))\n"
        "while True:\n"
        "    hand.add([md.Lesson(np.zeros((28, 28)), 0)] * 500)\n"
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


def damaged_hands(content):
    """A file of lessons, cut off or with one bit changed, at many places."""
    for place in np.linspace(100, len(content) - 100, 40).astype(int):
        yield content[:place]
        changed = bytearray(content)
        changed[place] ^= 1
        yield bytes(changed)


def test_a_damaged_hand_is_set_aside_or_read_as_it_was(tmp_path, capsys):
    path = tmp_path / "hand.npz"
    md.Hand(path).add(lessons_of(write_digits(50, np.random.default_rng(0))))
    whole = path.read_bytes()
    lessons = md.Hand(path).taught
    set_aside = 0
    for content in damaged_hands(whole):
        path.write_bytes(content)
        hand = md.Hand(path)
        line = capsys.readouterr().err
        aside = list(tmp_path.glob("hand.npz.damaged-*"))
        if aside:
            set_aside += 1
            assert line.count("\n") == 1 and "hand.npz" in line and aside[0].name in line
            assert aside[0].read_bytes() == content and len(hand) == 0
            aside[0].unlink()
        else:  # the damage is in nothing that matters, as in a time
            assert all(map(np.array_equal, hand.taught, lessons)) and not line
    assert set_aside > 60


def test_a_hand_that_is_damaged_while_the_window_is_open_is_set_aside(tmp_path, drawings, capsys):
    path = tmp_path / "hand.npz"
    recognizer = md.Recognizer(hand=path)
    recognizer.teach(drawings[0], 1)
    damaged = path.read_bytes()[:-300]
    path.write_bytes(damaged)
    recognizer.teach(drawings[1], 2)
    [aside] = tmp_path.glob("hand.npz.damaged-*")
    assert aside.read_bytes() == damaged and aside.name in capsys.readouterr().err
    assert md.Hand(path).taught.labels.tolist() == [2]


def npz(**arrays):
    """The bytes of an .npz file."""
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


def archive():
    """The bytes of a zip archive, as of a letter that an office program wrote."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as parts:
        parts.writestr("letter.xml", "Dear aunt")
    return file.getvalue()


FOREIGN = {  # what files hold that this program did not write
    "text": lambda: b"my holiday pictures",
    "text that names arrays": lambda: b"images.npy and labels.npy are in hand.npz",
    "archive": archive,
    "half an archive": lambda: archive()[:60],
    "other arrays": lambda: npz(x_train=np.arange(9)),
    "other images": lambda: npz(images=np.zeros((9, 32, 32), np.uint8), labels=np.arange(9)),
    "other labels": lambda: npz(images=np.zeros((1, 28, 28), np.uint8), labels=np.array([200])),
    "objects": lambda: npz(images=np.array([{}]), labels=np.array([{}])),
    "bomb": lambda: npz_bomb("images", 300),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_file_that_never_held_lessons_is_refused_and_left_alone(tmp_path, drawings, kind, capsys):
    path, hand = tmp_path / "notes.txt", tmp_path / "hand.npz"
    content = FOREIGN[kind]()
    path.write_bytes(content)
    with pytest.raises(OSError, match="lessons of this program"):
        md.Hand(path)
    recognizer = md.Recognizer(hand=hand)
    hand.write_bytes(content)
    with pytest.raises(OSError, match="lessons of this program"):
        recognizer.teach(drawings[0], 3)
    assert len(recognizer.hand) == 0 and capsys.readouterr().err == ""
    assert path.read_bytes() == hand.read_bytes() == content
    assert {file.name for file in tmp_path.iterdir()} <= {"notes.txt", "hand.npz", "hand.npz.lock"}


def test_a_file_of_gigabytes_is_no_hand(tmp_path):
    path = tmp_path / "hand.npz"
    path.write_bytes(npz(images=np.zeros((1, 28, 28), np.uint8), labels=np.array([3])))
    os.truncate(path, 2_000_000_000)
    with pytest.raises(OSError, match="too large"):
        md.Hand(path)
    assert path.stat().st_size == 2_000_000_000


def test_more_lessons_than_can_be_read_again_are_not_kept(tmp_path, drawings, monkeypatch):
    monkeypatch.setattr(md, "MOST_LESSON_BYTES", 4000)
    hand = md.Hand(tmp_path / "hand.npz")
    with pytest.raises(OSError, match="too many lessons"):
        for _ in range(9):
            hand.add([md.Lesson(drawings[0], 3)])
    assert 1 < len(hand) == len(md.Hand(tmp_path / "hand.npz")) < 9


def test_lessons_whose_compression_is_damaged_are_set_aside(tmp_path, drawings, capsys):
    path = tmp_path / "hand.npz"
    md.Hand(path).add([md.Lesson(drawings[0], 3)])
    content = bytearray(path.read_bytes())
    entry = content.index(b"PK\1\2")  # of the archive's list of its files
    content[entry + 10] = content[8] = zipfile.ZIP_BZIP2  # there, and at the file itself
    path.write_bytes(content)
    assert len(md.Hand(path)) == 0
    assert "hand.npz.damaged-" in capsys.readouterr().err


@pytest.mark.parametrize("act", ["read", "teach", "forget"])
def test_the_command_line_refuses_a_file_that_is_no_hand(tmp_path, act):
    notes, picture = tmp_path / "notes.txt", good_picture(tmp_path)
    notes.write_text("my notes")
    acts = {"read": [picture], "teach": ["--teach", 3, picture], "forget": ["--forget"]}
    status, out, err, _ = run(*acts[act], "--hand", notes, cwd=tmp_path)
    assert status == 1 and not out
    assert err == f"mnist_digit: {notes}: not lessons of this program\n"
    assert notes.read_text() == "my notes"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["good.png", "notes.txt"]


@contextlib.contextmanager
def no_more_files():
    """No more files can be opened by this process."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with open(os.devnull) as file:
        next_one = file.fileno()
    resource.setrlimit(resource.RLIMIT_NOFILE, (next_one, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def failing(where, name, error):
    """What makes a function fail with this error."""
    return unittest.mock.patch.object(where, name, side_effect=error)


PASSING_ERRORS = {
    "too many open files": no_more_files,
    "input/output error": lambda: failing(Path, "read_bytes", OSError(errno.EIO, "I/O error")),
    "no memory": lambda: failing(zipfile, "ZipFile", MemoryError()),
    "no permission": lambda: failing(Path, "stat", PermissionError(errno.EACCES, "Denied")),
}


@pytest.mark.parametrize("kind", PASSING_ERRORS)
def test_a_passing_error_leaves_a_good_hand_where_it_is(tmp_path, drawings, kind, capsys):
    path = tmp_path / "hand.npz"
    recognizer = md.Recognizer(hand=path)
    recognizer.teach(drawings[0], 3)
    content = path.read_bytes()
    acts = (lambda: md.Hand(path), lambda: recognizer.teach(drawings[1], 4), recognizer.forget)
    for act in acts:
        with PASSING_ERRORS[kind](), pytest.raises(OSError):
            act()
    assert path.read_bytes() == content and len(recognizer.hand) == 1
    assert capsys.readouterr().err == ""
    recognizer.teach(drawings[1], 4)
    assert md.Hand(path).taught.labels.tolist() == [3, 4]


@pytest.mark.parametrize("name", ["x.lock", "x", "x.new", ".npz", "hand.npz.lock"])
def test_a_hand_may_have_any_name(tmp_path, drawings, name):
    path = tmp_path / name
    md.Recognizer(hand=path).teach(drawings[0], 3)
    md.Recognizer(hand=path).teach(drawings[1], 4)
    assert md.Hand(path).taught.labels.tolist() == [3, 4]


def test_a_link_stays_one_and_the_mode_stays(tmp_path, drawings):
    real, link = tmp_path / "synced" / "hand.npz", tmp_path / "hand.npz"
    real.parent.mkdir()
    link.symlink_to(real)
    md.Recognizer(hand=link).teach(drawings[0], 3)
    real.chmod(0o640)
    recognizer = md.Recognizer(hand=link)
    recognizer.teach(drawings[1], 4)
    recognizer.forget()
    assert link.is_symlink() and stat.S_IMODE(real.stat().st_mode) == 0o640
    assert md.Hand(real).taught.labels.tolist() == [3]


def test_lessons_of_the_versions_before_corrections_are_read(tmp_path, drawings):
    path = tmp_path / "hand.npz"
    images = np.array([np.uint8(255 * drawing) for drawing in drawings[:2]])
    np.savez(path, images=images, labels=np.array([3, 4], np.uint8))
    recognizer = md.Recognizer(hand=path)
    assert recognizer.predict(drawings[1]).digit == 4
    recognizer.teach(drawings[2], 5)
    assert [recognizer.forget()[0].digit for _ in range(3)] == [5, 4, 3]


def test_an_empty_file_is_a_hand_without_lessons(tmp_path, drawings):
    path = tmp_path / "hand.npz"
    path.touch()
    md.Recognizer(hand=path).teach(drawings[0], 3)
    assert len(md.Hand(path)) == 1


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
    """Taught to the shipped network, known to an untrained one of ten answers."""
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


def test_a_lesson_on_several_parts_holds_for_the_same_shape_drawn_again(recognizer):
    """An 8 that is read as two digits is taught; drawn again a pixel off, it is read as taught."""
    rng = np.random.default_rng(0)
    strokes = [[(200, 100), (205, 200), (203, 300)], [(300, 100), (310, 210), (300, 300)]]

    def drawn_again(off):
        return md.Canvas(
            [
                md.Stroke((np.array(points) + rng.integers(-off, off + 1, (3, 2))).tolist(), 24)
                for points in strokes
            ]
        )

    canvas = drawn_again(0)
    assert len(canvas.read(recognizer).text) == 2
    recognizer.teach(canvas.digit_image(), 8)
    assert [drawn_again(1).read(recognizer).text for _ in range(20)] == ["8"] * 20
    assert [drawn_again(2).read(recognizer).text for _ in range(20)].count("8") >= 18
    forget_all(recognizer)


@pytest.mark.parametrize("named", [["--train", "--hand"], ["--train"], ["three.png", "--hand"]])
def test_training_takes_lessons_only_where_both_are_named(tmp_path, monkeypatch, named):
    """Also where a network is missing, and so is trained, lessons are for reading only."""
    taken = []

    def prepare(data, recipe, seed, hand):
        taken.append(hand)
        raise KeyboardInterrupt  # enough is seen

    monkeypatch.setattr(md, "MODEL", tmp_path / "model" / "digit.npz")
    monkeypatch.setattr(md, "PLOTS", tmp_path / "plots")
    monkeypatch.setattr(md, "prepare", prepare)
    hand = tmp_path / "hand.npz"
    words = [*named, str(hand)] if "--hand" in named else named
    assert md.main([*words, "--no-window"]) == 130
    assert taken == [hand if named == ["--train", "--hand"] else None]


def test_training_learns_lessons_beside_mnist(tmp_path, capsys):
    hand = tmp_path / "hand.npz"
    lessons = write_digits(30, np.random.default_rng(30))
    md.Hand(hand).add(lessons_of(lessons))
    data = write_mnist(tmp_path / "mnist.npz", 240)
    training = md.prepare(data, md.RECIPES["plain-sgd"], 0, hand).training
    assert np.array_equal(training.images[220:], lessons.images)
    assert np.array_equal(training.labels[220:], lessons.labels)
    assert "30 lessons join the training" in capsys.readouterr().err


def test_the_record_of_a_training_tells_which_lessons_joined_it(tmp_path):
    hand, model = tmp_path / "hand.npz", tmp_path / "digit.npz"
    md.Hand(hand).add(lessons_of(write_digits(3, np.random.default_rng(3))))
    data = write_mnist(tmp_path / "mnist.npz", 240)
    md.train(data, recipe="plain-sgd", epochs=1, path=model, plots=tmp_path, hand=hand)
    record = json.loads(model.with_suffix(".json").read_text())
    assert record["sha256 of the lessons"] == md.sha256(hand.read_bytes())


@pytest.mark.parametrize("content", [None, b"damaged"])
def test_lessons_that_cannot_be_read_are_not_left_out_of_a_training_silently(
    tmp_path, content, capsys
):
    hand, data = tmp_path / "lessons.npz", write_mnist(tmp_path / "mnist.npz", 240)
    if content:
        hand.write_bytes(content)
    words = ["--train", "--no-window", "--recipe", "plain-sgd", "--hand", hand, "--data", data]
    words += ["--model", tmp_path / "model" / "digit.npz", "--plots", tmp_path]
    assert md.main(list(map(str, words))) == 1
    err = capsys.readouterr().err
    assert err.startswith(f"mnist_digit: {hand}: no") and err.count("\n") == 1
    assert list(tmp_path.glob("lessons*")) == [hand] * bool(content)


def test_a_camera_may_read_while_a_lesson_is_learned_or_forgotten(monkeypatch):
    """Its thread then finds the lessons from before or after, never half of each."""
    rng = np.random.default_rng(3)
    first, second = (
        md.draw_digit_image(write_character(label, rng)).astype(np.float32) for label in "17"
    )
    hand = md.Hand()
    hand.add([md.Lesson(first, 1)])
    in_nine_places, describe = md.in_nine_places, md.describe
    answers = []

    def read_meanwhile(images):
        answers.append(hand.correct(np.full((1, 12), 1 / 12), first[None])[0].argmax())
        return in_nine_places(images)

    monkeypatch.setattr(md, "in_nine_places", read_meanwhile)
    hand.add([md.Lesson(second, 7)])

    def forget_meanwhile(images):
        monkeypatch.undo()
        hand.take_back()
        return describe(images)

    monkeypatch.setattr(md, "describe", forget_meanwhile)
    answers.append(hand.correct(np.full((1, 12), 1 / 12), second[None])[0].argmax())
    assert answers == [1, 7]


def test_a_lesson_with_ink_at_an_edge_has_none_at_the_opposite_edge():
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 0, 0] = 255
    places = [moved[0] for moved in md.in_nine_places(image)]
    assert len(places) == 9 and np.any([place.any() for place in places])
    assert not np.any([place[14:].any() or place[:, 14:].any() for place in places])


def test_the_most_lessons_that_are_read_fit_into_memory(tmp_path):
    hand = md.Hand(tmp_path / "hand.npz")
    hand.add([md.Lesson(np.eye(28), 1)] * 1000)
    most = 1000 * md.MOST_LESSON_BYTES / hand.path.stat().st_size
    assert most * 9 * md.describe(hand.taught.images)[0].nbytes < 500_000_000


def test_no_image_gets_no_prediction():
    recognizer = md.Recognizer()
    none = np.zeros((0, 28, 28), np.float32)
    assert recognizer.predict_all(none) == []
    recognizer.teach(np.eye(28), 1)
    assert recognizer.predict_all(none) == []
