#!/usr/bin/env python3
"""Measure how well and how fast digits are read; not a test.

Examples:
  benchmark.py accuracy --mnist mnist.npz --strokes pendigits-orig.tra --mistakes mistakes.png
  benchmark.py recipes --mnist mnist.npz --strokes pendigits-orig.tra --recipe plain-sgd --recipe adam
  benchmark.py speed --mnist mnist.npz
  benchmark.py faults --mnist mnist.npz --kills 20

MNIST is an .npz file with x_train, y_train, x_test and y_test. The strokes are a file of the UCI
dataset "Pen-Based Recognition of Handwritten Digits" as published (pendigits-orig.tra or .tes,
https://archive.ics.uci.edu/dataset/81). Results go to standard output as Markdown tables, progress
to standard error. speed needs Linux with xdotool, and Xvfb where there is no display.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import functools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

PROGRAM = Path(__file__).resolve().parent.parent / "mnist_digit.py"
sys.path.insert(0, str(PROGRAM.parent))

import mnist_digit  # noqa: E402  found only by the line above
from mnist_digit import CANVAS_SIZE, IMAGE_SIZE, Canvas, Digits, Recognizer, say  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import keras

# --- pen strokes ---------------------------------------------------------------------------

PEN_BOX = 500  # side of the box that people wrote in, in the tablet's units
UNIPEN_SIZE = 400  # the longer side of a character of UNIPEN on the canvas, in pixels


class Character(NamedTuple):
    """A digit, letter or sign as somebody wrote it with a pen on a tablet."""

    label: str  # "7"
    donor: str  # who recorded it
    writer: str  # a number of the donor's, or the file
    strokes: list[np.ndarray]  # integer points (x, y) in pixels of the canvas, shape (n, 2), n >= 1


def read_strokes(path: Path) -> list[Character]:
    """The digits of a UNIPEN file of the UCI dataset, scaled to the canvas and y turned downwards.

    Raises ValueError where the file holds none.
    """
    written = []  # digit, writer, strokes as lists of points
    try:
        for line in path.read_text().splitlines():
            match line.split():
                case [".COMMENT", digit, writer, _]:
                    written.append((str(int(digit)), writer, []))
                case [".PEN_DOWN"]:
                    written[-1][2].append([])
                case [x, y] if not x.startswith("."):
                    written[-1][2][-1].append((int(x), PEN_BOX - int(y)))
    except (ValueError, IndexError):
        written = []
    if not written:
        raise ValueError(f"{path}: not a file of pen digits; pendigits-orig.tra is wanted, as UCI publishes it")
    scale = (CANVAS_SIZE - 1) / PEN_BOX
    return [
        Character(digit, "UCI", writer, [np.rint(np.array(points) * scale).astype(int) for points in strokes if points])
        for digit, writer, strokes in written
    ]


def read_unipen(folder: Path, kind: str) -> list[Character]:
    """The characters of UNIPEN in a folder (with data/ and include/), y turned downwards, in the canvas's middle.

    kind is 1a (digits), 1b (capitals), 1c (small letters) or 1d (signs). A file under data/ names the files
    that hold the strokes and which of these each character is made of: Guyon et al., "UNIPEN project of
    on-line data exchange and recognizer benchmarks", 1994. Raises ValueError where the folder holds none.
    """
    written = []
    for path in sorted((folder / "data" / kind).rglob("*.dat")):
        components = []
        for line in path.read_text(encoding="latin-1").splitlines():
            match line.split(maxsplit=3):
                case [".INCLUDE", included]:
                    components += read_components(folder / "include" / included)
                case [".SEGMENT", "CHARACTER", pieces, label]:
                    strokes = [stroke for piece in pieces.split(",") for stroke in cut(components, piece)]
                    donor, *_ = path.relative_to(folder / "data" / kind).parts
                    if strokes:
                        written.append(Character(label.rstrip()[-2], donor, path.stem, strokes))
    if not written:
        raise ValueError(f"{folder}: no data/{kind} with characters; a folder of UNIPEN as published is wanted")
    return [character._replace(strokes=in_the_middle(character.strokes)) for character in written]


@functools.cache
def read_components(path: Path) -> list[np.ndarray]:
    """The strokes in a file of UNIPEN, each of shape (n, 2), y downwards."""
    strokes, down = [], False
    for line in path.read_text(encoding="latin-1").splitlines():
        match line.split():
            case [".PEN_DOWN"]:
                down = True
                strokes.append([])
            case [word, *_] if word.startswith("."):
                down = False
            case [x, y, *_] if down:
                strokes[-1].append((float(x), -float(y)))
    return [np.array(stroke) for stroke in strokes]


def cut(components: Sequence[np.ndarray], piece: str) -> list[np.ndarray]:
    """The components from one to another that "4", "4-5" or "4:10-5:20" names, the last two numbers being points."""
    (first, start), (last, stop) = ([*map(int, end.split(":")), None][:2] for end in (piece.split("-") * 2)[:2])
    strokes = list(components[first : last + 1])
    if strokes and stop is not None:
        strokes[-1] = strokes[-1][: stop + 1]
    if strokes and start is not None:
        strokes[0] = strokes[0][start:]
    return [stroke for stroke in strokes if len(stroke)]


def in_the_middle(strokes: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The strokes in the middle of the canvas, UNIPEN_SIZE pixels in their longer side."""
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = UNIPEN_SIZE / max(*(high - low), 1e-6)
    return [np.rint((stroke - (low + high) / 2) * scale + CANVAS_SIZE / 2).astype(int) for stroke in strokes]


def mouse_events(strokes: Sequence[np.ndarray]) -> Iterator[tuple[int, int, int, int]]:
    """The events (event, x, y, flags) that cv2 would send had the strokes been drawn with the left button."""
    for stroke in strokes:
        first, *further = stroke.tolist()
        yield cv2.EVENT_LBUTTONDOWN, *first, cv2.EVENT_FLAG_LBUTTON
        for point in further:
            yield cv2.EVENT_MOUSEMOVE, *point, cv2.EVENT_FLAG_LBUTTON
        yield cv2.EVENT_LBUTTONUP, *stroke[-1].tolist(), 0


def replay(strokes: Sequence[np.ndarray]) -> Canvas:
    """The canvas after the strokes were drawn on it by mouse events."""
    canvas = Canvas()
    for event in mouse_events(strokes):
        canvas.on_mouse(*event, None)
    return canvas


def image_as_usual(strokes: Sequence[np.ndarray]) -> np.ndarray:
    """The strokes as programs of this kind usually draw and shrink them: a circle at each mouse event.

    Returns float32, shape (28, 28), in [0, 1].
    """
    canvas = np.zeros((CANVAS_SIZE, CANVAS_SIZE), np.uint8)
    for _, x, y, _ in mouse_events(strokes):
        cv2.circle(canvas, (x, y), 8, 255, -1)
    return cv2.resize(canvas, (IMAGE_SIZE, IMAGE_SIZE), interpolation=cv2.INTER_AREA) / np.float32(255)


# --- accuracy ------------------------------------------------------------------------------


class Reading(NamedTuple):
    """Digit images, which digits they are, and how probable each digit was held to be."""

    images: np.ndarray  # float32 in [0, 1], shape (n, 28, 28)
    labels: np.ndarray  # shape (n,)
    probabilities: np.ndarray  # shape (n, 10)

    @property
    def answers(self) -> np.ndarray:
        return self.probabilities.argmax(axis=1)

    @property
    def right(self) -> np.ndarray:
        return self.answers == self.labels

    @property
    def accuracy(self) -> float:
        return float(self.right.mean())

    @property
    def calibration_error(self) -> float:
        return expected_calibration_error(self.probabilities, self.labels)


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = 10) -> float:
    """How far confidence and accuracy lie apart in the mean over bins of equal width, in [0, 1].

    probabilities: shape (n, 10); labels: shape (n,). Guo et al., "On calibration of modern neural
    networks", 2017.
    """
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    return float(np.abs(np.bincount(place, weights=right - confidence)).sum()) / len(labels)


def read_with(recognizer: Recognizer, images: np.ndarray, labels: np.ndarray) -> Reading:
    """The digit images as the recognizer reads them, one by one as in the window."""
    return Reading(images, labels, np.stack([recognizer.predict(image).probabilities for image in images]))


def read_as_usual(model: keras.Model, images: np.ndarray, labels: np.ndarray) -> Reading:
    """The digit images as a Keras model reads them."""
    return Reading(images, labels, model.predict(images[..., None], batch_size=500, verbose=0))


def mistakes(reading: Reading) -> list[tuple[str, int]]:
    """What was read as what and how often, the commonest first."""
    wrong = ~reading.right
    pairs = zip(reading.labels[wrong].tolist(), reading.answers[wrong].tolist(), strict=True)
    return collections.Counter(f"{label} read as {answer}" for label, answer in pairs).most_common()


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a Markdown table, its first column aligned to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    rules = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    for first, *others in (head, rules, *rows):
        cells = [first.ljust(widths[0]), *map(str.rjust, others, widths[1:])]
        print("|", " | ".join(cells), "|", flush=True)
    print()


def print_side_by_side(name: str, groups: np.ndarray, ours: Reading, usual: Reading) -> None:
    """Print both accuracies for each group; groups: shape (n,), the group of each digit."""
    rows = [
        (str(group), str(member.sum()), f"{ours.right[member].mean():.2%}", f"{usual.right[member].mean():.2%}")
        for group in np.unique(groups)
        for member in [groups == group]
    ]
    print_table((name, "digits", "this program", "as usually written"), rows)


def plain_model(options: argparse.Namespace) -> keras.Model:
    """The network of recipe plain-sgd: from the file that was named, or trained now."""
    if options.plain:
        return mnist_digit.open_keras_model(options.plain)
    say("Training a network by recipe plain-sgd for the comparison (--plain FILE.keras names one that is there) ...")
    with tempfile.TemporaryDirectory() as folder:
        return mnist_digit.train(
            options.mnist, recipe="plain-sgd", path=Path(folder, "digit.tflite"), plots=Path(folder)
        )


def measure_accuracy(options: argparse.Namespace) -> None:
    """Print how well this program reads, beside drawing and reading as usually written."""
    pen = read_strokes(options.strokes)
    labels, writers = (np.array([int(getattr(digit, name)) for digit in pen]) for name in ("label", "writer"))
    _, test = mnist_digit.load_mnist(options.mnist)
    test_images = test.images / np.float32(255)
    recognizer = Recognizer(options.model)
    model = plain_model(options)

    say("Replaying the pen digits ...")
    drawn = np.stack([replay(digit.strokes).digit_image() for digit in pen])
    drawn_as_usual = np.stack([image_as_usual(digit.strokes) for digit in pen])
    mnist, strokes = read_with(recognizer, test_images, test.labels), read_with(recognizer, drawn, labels)
    usual_mnist = read_as_usual(model, test_images, test.labels)
    usual_strokes = read_as_usual(model, drawn_as_usual, labels)

    rows = []
    for name, ours, usual in (("MNIST test set", mnist, usual_mnist), ("pen digits", strokes, usual_strokes)):
        rows.append((f"{name}, accuracy", f"{ours.accuracy:.2%}", f"{usual.accuracy:.2%}"))
        errors = ours.calibration_error, usual.calibration_error
        rows.append((f"{name}, calibration error (ECE)", *map("{:.2%}".format, errors)))
    print_table(("", "this program", "as usually written"), rows)
    print_side_by_side("pen digit", labels, strokes, usual_strokes)
    print_side_by_side("writer", writers, strokes, usual_strokes)
    for name, reading in (("MNIST test digits", mnist), ("pen digits", strokes)):
        rows = [(what, str(count)) for what, count in mistakes(reading)[:12]]
        print_table((f"commonest mistakes, {name}", "times"), rows)

    if options.mistakes:
        sheet = np.vstack([
            draw_mistakes("Pen digits", strokes, [f"writer {writer}" for writer in writers]),
            draw_mistakes("MNIST's test set", mnist, [f"no. {number}" for number in range(len(test.labels))]),
        ])  # fmt: skip
        options.mistakes.write_bytes(cv2.imencode(".png", sheet)[1])
        say(f"Drew {options.mistakes}")


TILE = 5 * IMAGE_SIZE  # side of a digit image on the sheet of mistakes, in pixels
COLUMNS = 10
PAPER, INK, QUIET, ANSWER = (255, 255, 255), (40, 36, 32), (140, 134, 128), (30, 40, 200)  # blue, green, red


def draw_mistakes(title: str, reading: Reading, notes: Sequence[str]) -> np.ndarray:
    """A sheet of what was misread, by digit, the surest first: uint8 BGR; notes has one for each digit."""
    confidence = reading.probabilities.max(axis=1)
    order = np.lexsort((-confidence, reading.labels))
    wrong = order[~reading.right[order]]
    step_x, step_y, margin = TILE + 16, TILE + 58, 64
    rows = max(1, -(-len(wrong) // COLUMNS))
    sheet = np.full((rows * step_y + margin, COLUMNS * step_x + 16, 3), PAPER, np.uint8)
    heading = f"{title}: {len(wrong):,} of {len(reading.labels):,} misread ({reading.accuracy:.2%} right)"
    mnist_digit.write(sheet, heading, 16, 42, 26, INK, 600)
    for place, i in enumerate(wrong):
        row, column = divmod(place, COLUMNS)
        x, y = column * step_x + 16, row * step_y + margin
        image = cv2.resize(np.uint8(255 * reading.images[i]), (TILE, TILE), interpolation=cv2.INTER_NEAREST)
        sheet[y : y + TILE, x : x + TILE] = image[..., None]
        mnist_digit.write(sheet, f"{reading.labels[i]} read as", x, y + TILE + 19, 14, INK)
        mnist_digit.write(sheet, str(reading.answers[i]), x + 70, y + TILE + 19, 17, ANSWER, 700)
        mnist_digit.write(sheet, f"{confidence[i]:.0%}", x + TILE, y + TILE + 19, 13, QUIET, align="right")
        mnist_digit.write(sheet, notes[i], x, y + TILE + 36, 12, QUIET)
    return sheet


# --- recipes -------------------------------------------------------------------------------


def train_recipe(name: str, mnist: Path, folder: Path) -> tuple[keras.Model, float]:
    """Train by a recipe into folder/NAME.tflite and .keras; return the network and the seconds it took."""
    say(f"Training by recipe {name} ...")
    start = time.perf_counter()
    model = mnist_digit.train(mnist, recipe=name, path=folder / f"{name}.tflite", plots=folder / name)
    return model, time.perf_counter() - start


def measure_recipes(options: argparse.Namespace) -> None:
    """Train by each recipe and print what it costs and gives."""
    pen = read_strokes(options.strokes)
    pen_labels = np.array([int(digit.label) for digit in pen])
    drawn = np.stack([replay(digit.strokes).digit_image() for digit in pen])
    _, test = mnist_digit.load_mnist(options.mnist)
    mnist_digit.import_keras()  # or the first recipe's time would hold these seconds
    # plain-sgd comes first: it is what the others' times are compared with.
    names = sorted(options.recipe or mnist_digit.RECIPES, key=lambda name: name != "plain-sgd")
    rows, plain_seconds = [], None
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for name in names:
            model, seconds = train_recipe(name, options.mnist, folder)
            plain_seconds = seconds if name == "plain-sgd" else plain_seconds
            recognizer = Recognizer(folder / f"{name}.tflite")
            rows.append((
                name,
                type(model.optimizer).__name__,
                str(mnist_digit.RECIPES[name].epochs),
                f"{model.count_params():,}",
                f"{seconds:.0f} s",
                f"{seconds / plain_seconds:.2f}" if plain_seconds else "",
                f"{read_with(recognizer, test.images / np.float32(255), test.labels).accuracy:.2%}",
                f"{read_with(recognizer, drawn, pen_labels).accuracy:.2%}",
            ))  # fmt: skip
        if options.keep:
            shutil.copytree(folder, options.keep, dirs_exist_ok=True)
    head = ("recipe", "optimizer", "epochs", "parameters", "training", "÷ plain-sgd", "MNIST test", "pen digits")
    print_table(head, rows)


# --- speed ---------------------------------------------------------------------------------

STARTS = 5  # of each window; the median counts
EPOCHS = 2  # that one epoch's training time is the mean of
FRAME_TIME = "under 16 ms"  # one frame of a screen that shows 60 a second

PLAIN_TITLE = "The plain way"
PLAIN_PROGRAM = f'''
import sys

import cv2
import numpy as np
import tensorflow as tf

model = tf.keras.models.load_model(sys.argv[1])
canvas = np.zeros(({CANVAS_SIZE}, {CANVAS_SIZE}, 3), np.uint8)


def draw(event, x, y, flags, param):
    if flags & cv2.EVENT_FLAG_LBUTTON:
        cv2.circle(canvas, (x, y), 8, (255, 255, 255), -1)


cv2.namedWindow("{PLAIN_TITLE}")
cv2.setMouseCallback("{PLAIN_TITLE}", draw)
while True:
    cv2.imshow("{PLAIN_TITLE}", canvas)
    key = cv2.waitKey(1) & 0xFF
    if key == 27:
        break
    if key == 13:
        image = cv2.resize(canvas[..., 0], (28, 28), interpolation=cv2.INTER_AREA) / 255
        print(model.predict(image[None, ..., None]).argmax())
'''


@contextlib.contextmanager
def display() -> Iterator[None]:
    """A display for windows: the one that is there, or else an Xvfb of our own."""
    if os.environ.get("DISPLAY"):
        yield
        return
    read_end, write_end = os.pipe()
    # Without -noreset the server starts over when a window is closed, and turns away the next one.
    command = ["Xvfb", "-displayfd", str(write_end), "-screen", "0", "1280x800x24", "-noreset"]
    server = subprocess.Popen(command, pass_fds=[write_end], stderr=subprocess.DEVNULL)
    os.close(write_end)
    try:
        with open(read_end) as number:  # Xvfb writes the display's number once it can be reached
            os.environ["DISPLAY"] = f":{number.readline().strip()}"
        yield
    finally:
        os.environ.pop("DISPLAY", None)
        server.terminate()
        server.wait()


@contextlib.contextmanager
def opened(command: Sequence[str], title: str) -> Iterator[tuple[int, float]]:
    """A running program whose window is visible: its process's number and the seconds that took."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    search = ["xdotool", "search", "--all", "--onlyvisible", "--pid", str(process.pid), "--name", title]
    try:
        while subprocess.run(search, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
            if process.poll() is not None:
                raise ValueError(f"{command[1]} ended without showing a window")
            time.sleep(0.01)
        yield process.pid, time.perf_counter() - start
    finally:
        process.kill()
        process.wait()


def resident_memory(pid: int) -> float:
    """The memory of a process in MiB: its resident set.

    Its proportional set (PSS) would flatter our window, which shares OpenCV with this process.
    """
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def processor_seconds(pid: int) -> float:
    """The seconds of processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()  # from the third on
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")  # user and system time


def measure_open_window(command: Sequence[str], title: str, seconds: float = 10) -> tuple[float, float]:
    """The memory in MiB of an open window and the share of one core that it uses while nothing happens."""
    with opened(command, title) as (pid, _):
        time.sleep(2)  # all that follows the first frame is over
        before = processor_seconds(pid)
        time.sleep(seconds)
        return resident_memory(pid), (processor_seconds(pid) - before) / seconds


def start_seconds(command: Sequence[str], title: str) -> float:
    """The time from command to visible window."""
    with opened(command, title) as (_, seconds):
        return seconds


def window_rows(options: argparse.Namespace, folder: Path) -> Iterator[tuple[str, ...]]:
    """Opening a window and keeping it open, against the plain way."""
    say(f"Opening windows, {STARTS} times each ...")
    plain_program = folder / "plain.py"
    plain_program.write_text(PLAIN_PROGRAM)
    ways = (
        ([sys.executable, PROGRAM, "--model", options.model], mnist_digit.WINDOW_TITLE),
        ([sys.executable, plain_program, options.model.with_suffix(".keras")], PLAIN_TITLE),
    )
    # In turn, so that both meet the same machine; the first of each only warms up the disk's cache.
    starts = [[start_seconds(*way) for way in ways] for _ in range(1 + STARTS)][1:]
    ours, plain = np.median(starts, axis=0)
    yield compare("command to visible window", "{:.2f} s", ours, plain, "ratio at least 8")
    (ours, our_load), (plain, plain_load) = (measure_open_window(*way) for way in ways)
    yield compare("memory of the open window", "{:.0f} MiB", ours, plain, "ratio at least 4")
    yield compare("one core's share while idle", "{:.1%}", our_load, plain_load, "under 3%")


def compare(name: str, form: str, ours: float, plain: float | None, goal: str) -> tuple[str, ...]:
    """A row of the table: ours, the plain way's (None where there is none), how many times that is ours."""
    if plain is None:
        return name, form.format(ours), "", "", goal
    return name, form.format(ours), form.format(plain), f"{plain / ours:.2f}" if ours else "", goal


def milliseconds(action: Callable[[object], object], values: Sequence) -> np.ndarray:
    """How long an action takes on each value."""
    times = []
    for value in values:
        start = time.perf_counter()
        action(value)
        times.append(time.perf_counter() - start)
    return 1000 * np.array(times)


def answer_rows(options: argparse.Namespace, images: np.ndarray) -> Iterator[tuple[str, ...]]:
    """One answer of the recognizer against one of Model.predict, for digit images of shape (n, 28, 28)."""
    say("Reading digits one by one ...")
    ours = milliseconds(Recognizer(options.model).predict, images)
    model = mnist_digit.open_keras_model(options.model.with_suffix(".keras"))
    plain = milliseconds(lambda image: model.predict(image[None, ..., None], verbose=0), images[:310])
    ours, plain = ours[10:], plain[10:]  # the first answers set things up
    yield compare("one answer, median", "{:.3f} ms", np.median(ours), np.median(plain), "ratio at least 50")
    ours, plain = (np.percentile(times, 99) for times in (ours, plain))
    yield compare("one answer, 99th percentile", "{:.3f} ms", ours, plain, FRAME_TIME)


def wait_rows(options: argparse.Namespace) -> Iterator[tuple[str, ...]]:
    """How long a mouse event may have to wait while the window reads along.

    The loop draws at most one frame between two events, so none waits longer than one frame
    and one event take.
    """
    say("Drawing with live reading ...")
    window = mnist_digit.Window(Recognizer(options.model))
    turns = 2 * np.pi * np.linspace(0, 1, 1999)  # each point one event, and the release
    scribble = CANVAS_SIZE * (0.5 + 0.45 * np.stack([np.sin(7 * turns), np.cos(9 * turns)], axis=1))

    def draw(event: tuple[int, int, int, int]) -> None:
        window.canvas.on_mouse(*event, None)
        window.frame()

    window.frame()  # the first one sets things up
    waits = milliseconds(draw, list(mouse_events([scribble.astype(int)])))
    yield compare("wait of a mouse event, 99th percentile", "{:.1f} ms", np.percentile(waits, 99), None, FRAME_TIME)
    yield compare("wait of a mouse event, longest", "{:.1f} ms", waits.max(), None, "")


def run_on_files(options: argparse.Namespace, files: Sequence[Path]) -> tuple[float, float]:
    """The seconds that the program takes to read image files, and the most memory it had, in MiB."""
    start = time.perf_counter()
    command = [sys.executable, PROGRAM, "--model", options.model, *files]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise ValueError(f"{PROGRAM.name} could not read the image files")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def file_rows(options: argparse.Namespace, folder: Path) -> Iterator[tuple[str, ...]]:
    """Reading 1,000 image files against reading 100."""
    say("Reading image files ...")
    files = []
    for i, image in enumerate(mnist_digit.write_digits(1000, np.random.default_rng(0)).images):
        files.append(folder / f"{i}.png")
        cv2.imwrite(os.fspath(files[-1]), cv2.resize(255 - image, (200, 200), interpolation=cv2.INTER_CUBIC))
    runs = [[run_on_files(options, files[:count]) for count in (100, 1000)] for _ in range(3)]
    (few, few_memory), (many, many_memory) = np.median(runs, axis=0)
    yield compare("image files a second (of 1,000)", "{:.0f}", 1000 / many, None, "")
    yield compare("time for 1,000 files ÷ for 100", "{:.2f}", many / few, None, "at most 10")
    yield compare("memory for 1,000 files ÷ for 100", "{:.2f}", many_memory / few_memory, None, "1")


def seconds_an_epoch(ways: Sequence[Callable[[int], object]]) -> np.ndarray:
    """What each epoch adds to the time of way(epochs), all that is done once left aside."""
    times = []
    for epochs in (1, 1, 1 + EPOCHS):  # the first only warms up
        times.append(milliseconds(lambda way, epochs=epochs: way(epochs), ways) / 1000)
    return (times[2] - times[1]) / EPOCHS


def plain_fit(training: Digits, epochs: int) -> None:
    """Train the network of recipe plain-sgd on the same digits as train() does, by nothing but compile and fit."""
    keras = mnist_digit.import_keras()
    recipe = mnist_digit.RECIPES["plain-sgd"]
    images, labels = mnist_digit.as_input(training.images), keras.utils.to_categorical(training.labels)
    held_out = len(labels) // 12
    output = keras.layers.Dense(10, activation="softmax")
    model = keras.Sequential([keras.Input((IMAGE_SIZE, IMAGE_SIZE, 1)), *recipe.layers(keras.layers), output])
    model.compile(recipe.optimizer(keras.optimizers, 0), "categorical_crossentropy", metrics=["accuracy"])
    model.fit(
        images[:-held_out],
        labels[:-held_out],
        batch_size=recipe.batch_size,
        epochs=epochs,
        validation_data=(images[-held_out:], labels[-held_out:]),
        verbose=0,
    )


def training_rows(options: argparse.Namespace, folder: Path) -> Iterator[tuple[str, ...]]:
    """One epoch of train() without augmentation against one of fit."""
    say("Training by recipe plain-sgd, and by plain fit ...")
    training, _ = mnist_digit.load_mnist(options.mnist)

    def train(epochs: int) -> None:
        mnist_digit.train(options.mnist, "plain-sgd", epochs, path=folder / "digit.tflite", plots=folder)

    ours, plain = seconds_an_epoch([train, functools.partial(plain_fit, training)])
    yield compare("training, one epoch", "{:.1f} s", ours, plain, "ratio at least 1")


def measure_speed(options: argparse.Namespace) -> None:
    """Print how fast this program is, beside the plain way."""
    _, test = mnist_digit.load_mnist(options.mnist)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with display():
            rows = [*window_rows(options, folder)]
        rows += file_rows(options, folder)
        rows += wait_rows(options)
        rows += answer_rows(options, test.images[:2010] / np.float32(255))
        rows += training_rows(options, folder)
    print_table(("", "this program", "plain way", "ratio", "goal"), rows)


# --- command line --------------------------------------------------------------------------


def measure_faults(options: argparse.Namespace) -> None:
    """What happens when the program is killed or given what it cannot use: see faults.py."""
    import faults

    faults.run(options)


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)

    def command(name: str, measure: Callable[[argparse.Namespace], None]) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=measure.__doc__, description=measure.__doc__)
        added.set_defaults(measure=measure)
        added.add_argument("--mnist", type=Path, required=True, metavar="FILE", help="MNIST as an .npz file")
        return added

    accuracy = command("accuracy", measure_accuracy)
    recipes = command("recipes", measure_recipes)
    speed = command("speed", measure_speed)
    faults = command("faults", measure_faults)
    for parser_with_strokes in (accuracy, recipes):
        parser_with_strokes.add_argument(
            "--strokes", type=Path, required=True, metavar="FILE", help="pendigits-orig.tra, as UCI publishes it"
        )
    for parser_with_model in (accuracy, speed):
        parser_with_model.add_argument(
            "--model", type=Path, default=mnist_digit.MODEL, metavar="FILE", help="(default: model/digit.tflite)"
        )
    accuracy.add_argument("--mistakes", type=Path, metavar="FILE.png", help="draw there what was misread")
    accuracy.add_argument("--plain", type=Path, metavar="FILE.keras", help="a network of recipe plain-sgd")
    recipes.add_argument("--recipe", action="append", choices=mnist_digit.RECIPES, help="(default: all)")
    recipes.add_argument("--keep", type=Path, metavar="DIR", help="where the trained networks and plots are to stay")
    faults.add_argument("--kills", type=int, default=20, metavar="N", help="(default: 20)")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line. Returns the exit status."""
    options = parse_arguments(arguments)
    try:
        options.measure(options)
    except KeyboardInterrupt:
        return 130
    except (ValueError, OSError) as error:
        say(f"benchmark: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
