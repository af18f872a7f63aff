"""How fast this program is, beside the plain way."""

from __future__ import annotations

import contextlib
import functools
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

import mnist_digit
from mnist_digit import CANVAS_SIZE, IMAGE_SIZE, Digits, Recognizer, read_file, say
from tests.benchmark import papers
from tests.benchmark.measures import (
    add_mnist,
    add_model,
    milliseconds,
    print_table,
)
from tests.benchmark.pen_files import (
    Character,
    mouse_events,
    replay,
)
from tests.benchmark.reading import put_together
from tests.handwritten import write_character, write_digits
from tests.program import PROGRAM
from tests.real_window import Display

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator, Sequence


STARTS = 5  # of each window; the median counts
EPOCHS = 2  # that one epoch's training time is the mean of
SPEED_HEAD = ("", "this program", "plain way", "ratio", "goal")
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
    with Display(1280, 800) as screen:
        os.environ["DISPLAY"] = screen.name
        try:
            yield
        finally:
            del os.environ["DISPLAY"]


@contextlib.contextmanager
def opened(command: Sequence[str], title: str) -> Iterator[tuple[int, float]]:
    """A running program whose window is visible: its process's number and the seconds that took."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    search = [
        "xdotool",
        "search",
        "--all",
        "--onlyvisible",
        "--pid",
        str(process.pid),
        "--name",
        title,
    ]
    try:
        while subprocess.run(
            search, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ).returncode:
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


def measure_open_window(
    command: Sequence[str], title: str, seconds: float = 10
) -> tuple[float, float]:
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


def answer_rows(options: argparse.Namespace, images: np.ndarray) -> Iterator[tuple[str, ...]]:
    """One answer of the recognizer against one of Model.predict, for digit images of shape (n, 28, 28)."""
    say("Reading digits one by one ...")
    ours = milliseconds(Recognizer(options.model).predict, images)
    model = mnist_digit.open_keras_model(options.model.with_suffix(".keras"))
    plain = milliseconds(
        lambda image: model.predict(image[None, ..., None], verbose=0), images[:310]
    )
    ours, plain = ours[10:], plain[10:]  # the first answers set things up
    yield compare(
        "one answer, median", "{:.3f} ms", np.median(ours), np.median(plain), "ratio at least 50"
    )
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
        window.on_mouse(*event, None)
        window.frame()

    window.frame()  # the first one sets things up
    waits = milliseconds(draw, list(mouse_events([scribble.astype(int)])))
    yield compare(
        "wait of a mouse event, 99th percentile",
        "{:.1f} ms",
        np.percentile(waits, 99),
        None,
        FRAME_TIME,
    )
    yield compare("wait of a mouse event, longest", "{:.1f} ms", waits.max(), None, "")
    waits = np.concatenate(
        [wait_with_ten_digits(window, draw, np.random.default_rng(seed)) for seed in range(20)]
    )
    name = "wait of a mouse event, ten digits on the canvas"
    yield compare(
        f"{name}, 99th percentile", "{:.1f} ms", np.percentile(waits, 99), None, FRAME_TIME
    )
    yield compare(f"{name}, longest", "{:.1f} ms", waits.max(), None, "")
    window.why = True
    waits = np.concatenate(
        [wait_with_ten_digits(window, draw, np.random.default_rng(seed)) for seed in range(20)]
    )
    yield compare(
        f"{name}, explained, 99th percentile",
        "{:.1f} ms",
        np.percentile(waits, 99),
        None,
        FRAME_TIME,
    )


def wait_with_ten_digits(
    window: mnist_digit.Window,
    draw: Callable[[tuple[int, int, int, int]], None],
    rng: np.random.Generator,
) -> np.ndarray:
    """How long each mouse event of the tenth digit takes beside nine others."""
    digits = [
        Character(str(d), "", "", write_character(str(d), rng)) for d in rng.integers(10, size=10)
    ]
    *nine, tenth = put_together(digits, rng)
    window.canvas = replay([stroke for digit in nine for stroke in digit])
    window.frame()  # what is there already has been read
    return milliseconds(draw, list(mouse_events(tenth)))


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
    for i, image in enumerate(write_digits(1000, np.random.default_rng(0)).images):
        files.append(folder / f"{i}.png")
        cv2.imwrite(
            os.fspath(files[-1]), cv2.resize(255 - image, (200, 200), interpolation=cv2.INTER_CUBIC)
        )
    runs = [[run_on_files(options, files[:count]) for count in (100, 1000)] for _ in range(3)]
    (few, few_memory), (many, many_memory) = np.median(runs, axis=0)
    yield compare("image files a second (of 1,000)", "{:.0f}", 1000 / many, None, "")
    yield compare("time for 1,000 files ÷ for 100", "{:.2f}", many / few, None, "at most 10")
    yield compare("memory for 1,000 files ÷ for 100", "{:.2f}", many_memory / few_memory, None, "1")


def picture_rows(options: argparse.Namespace, folder: Path) -> Iterator[tuple[str, ...]]:
    """Reading one photograph of 480x480 pixels, against decoding it alone."""
    rng, file, recognizer = (
        np.random.default_rng(0),
        os.fspath(folder / "photograph.png"),
        Recognizer(options.model),
    )
    picture, _ = papers.written(rng, lambda _: ([write_character("3", rng)], "3"))
    cv2.imwrite(file, cv2.resize(picture, (480, 480)))
    turns = [[milliseconds(way, [file])[0] for way in (lambda f: read_file(f, recognizer), cv2.imread)]
             for _ in range(50)]  # fmt: skip
    ours, decoding = np.median(turns, axis=0)
    yield compare(
        "a photograph of 480x480, beside decoding alone", "{:.1f} ms", ours, decoding, "under 40 ms"
    )


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
    images, labels = (
        mnist_digit.as_input(training.images),
        keras.utils.to_categorical(training.labels),
    )
    held_out = len(labels) // 12
    output = keras.layers.Dense(10, activation="softmax")
    model = keras.Sequential(
        [keras.Input((IMAGE_SIZE, IMAGE_SIZE, 1)), *recipe.layers(keras.layers), output]
    )
    model.compile(
        recipe.optimizer(keras.optimizers, 0), "categorical_crossentropy", metrics=["accuracy"]
    )
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
        mnist_digit.train(
            options.mnist, "plain-sgd", epochs, path=folder / "digit.npz", plots=folder
        )

    ours, plain = seconds_an_epoch([train, functools.partial(plain_fit, training)])
    yield compare("training, one epoch", "{:.1f} s", ours, plain, "ratio at least 1")


def measure(options: argparse.Namespace) -> None:
    """Print how fast this program is, beside the plain way."""
    _, test = mnist_digit.load_mnist(options.mnist)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with display():
            print_table(SPEED_HEAD, [*window_rows(options, folder)])
        images = test.images[:2010] / np.float32(255)
        print_table(
            SPEED_HEAD,
            [*answer_rows(options, images), *wait_rows(options), *picture_rows(options, folder)],
        )
        print_table(SPEED_HEAD, [*file_rows(options, folder)])
        print_table(SPEED_HEAD, [*training_rows(options, folder)])


def add_options(parser: argparse.ArgumentParser) -> None:
    add_mnist(parser)
    add_model(parser)
