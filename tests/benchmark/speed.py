"""How fast this program is, beside the plain way."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

import mnist_digit
from mnist_digit import CANVAS_SIZE, IMAGE_SIZE, Digits, Recognizer, read_file, say
from tests.benchmark import papers
from tests.benchmark.measures import add_mnist, add_model, milliseconds, print_table
from tests.benchmark.pen_files import Character, mouse_events, replay
from tests.benchmark.reading import put_together
from tests.handwritten import write_character, write_digits
from tests.program import PROGRAM
from tests.real_window import Display

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterable, Iterator, Sequence


STARTS = 5  # of each window; the median counts
IDLE = 10  # seconds that an open window is watched
EPOCHS = 2  # that one epoch's training time is the mean of
HEAD = ("", "this program", "plain way", "ratio", "goal")
FRAME_TIME = "under 16 ms"  # one frame of a screen that shows 60 a second
BATCH = 32  # digit images that are answered together

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


class Speed(NamedTuple):
    """A row of the table."""

    what: str
    form: str  # how a number is written, "{:.2f} s"
    ours: float
    plain: float | None = None  # the plain way's; None where there is no such thing
    goal: str = ""

    def cells(self) -> tuple[str, ...]:
        """What stands in the table's columns; the ratio is the plain way's ÷ ours."""
        ours = self.form.format(self.ours)
        if self.plain is None:
            return self.what, ours, "", "", self.goal
        ratio = f"{self.plain / self.ours:.2f}" if self.ours else ""
        return self.what, ours, self.form.format(self.plain), ratio, self.goal


def print_speeds(rows: Iterable[Speed]) -> None:
    """Print a table of speeds."""
    print_table(HEAD, [row.cells() for row in rows])


# --- the window ------------------------------------------------------------------------------


@contextlib.contextmanager
def opened(command: Sequence[str], title: str) -> Iterator[tuple[int, float]]:
    """A running program whose window is visible: its process's number and the seconds that took."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    search = f"xdotool search --all --onlyvisible --pid {process.pid} --name".split()
    try:
        while subprocess.run([*search, title], capture_output=True).returncode != 0:
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
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"process {pid} has no memory")


def processor_seconds(pid: int) -> float:
    """The seconds of processor time that a process has used."""
    after_its_name = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    user, system = after_its_name[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def start_seconds(command: Sequence[str], title: str) -> float:
    """The time from command to visible window."""
    with opened(command, title) as (_, seconds):
        return seconds


def memory_and_load(command: Sequence[str], title: str) -> tuple[float, float]:
    """The memory in MiB of an open window, and the share of one core that it uses while idle."""
    with opened(command, title) as (pid, _):
        time.sleep(2)  # all that follows the first frame is over
        before = processor_seconds(pid)
        time.sleep(IDLE)
        return resident_memory(pid), (processor_seconds(pid) - before) / IDLE


def window_rows(model: Path, folder: Path) -> Iterator[Speed]:
    """Opening a window and keeping it open."""
    say(f"Opening windows, {STARTS} times each ...")
    plain_program = folder / "plain.py"
    plain_program.write_text(PLAIN_PROGRAM)
    ours = [sys.executable, PROGRAM, "--model", model], mnist_digit.WINDOW_TITLE
    plain = [sys.executable, plain_program, model.with_suffix(".keras")], PLAIN_TITLE
    seconds = []
    for _ in range(1 + STARTS):  # in turn, so that both meet the same machine
        seconds.append((start_seconds(*ours), start_seconds(*plain)))
    medians = np.median(seconds[1:], axis=0)  # the first of each only warms up the disk's cache
    yield Speed("command to visible window", "{:.2f} s", *medians, "ratio at least 8")
    our_memory, our_load = memory_and_load(*ours)
    plain_memory, plain_load = memory_and_load(*plain)
    yield Speed(
        "memory of the open window", "{:.0f} MiB", our_memory, plain_memory, "ratio at least 4"
    )
    yield Speed("one core's share while idle", "{:.1%}", our_load, plain_load, "under 3%")


# --- answers ---------------------------------------------------------------------------------


def answer_rows(model: Path, images: np.ndarray) -> Iterator[Speed]:
    """One answer of the recognizer against one of Model.predict, for images (n, 28, 28)."""
    say("Reading digits ...")
    recognizer = Recognizer(model)
    plain_model = mnist_digit.open_keras_model(model.with_suffix(".keras"))

    def predict_plainly(image: np.ndarray) -> np.ndarray:
        return plain_model.predict(image[None, ..., None], verbose=0)

    ours = milliseconds(recognizer.predict, images)[10:]  # the first answers set things up
    plain = milliseconds(predict_plainly, images[:310])[10:]
    yield Speed(
        "one answer, median", "{:.3f} ms", np.median(ours), np.median(plain), "ratio at least 50"
    )
    slowest = np.percentile(ours, 99), np.percentile(plain, 99)
    yield Speed("one answer, 99th percentile", "{:.3f} ms", *slowest, FRAME_TIME)
    batches = np.split(images[: len(images) // BATCH * BATCH], len(images) // BATCH)
    together = np.median(milliseconds(recognizer.predict_all, batches)) / BATCH
    yield Speed(f"one answer, {BATCH} of ours together", "{:.3f} ms", together, np.median(plain))


# --- waits -----------------------------------------------------------------------------------


def slowest_wait(waits: np.ndarray, what: str) -> Speed:
    """The 99th percentile of the waits of mouse events, in milliseconds."""
    return Speed(
        f"{what}, 99th percentile", "{:.1f} ms", np.percentile(waits, 99), None, FRAME_TIME
    )


def wait_rows(model: Path) -> Iterator[Speed]:
    """How long a mouse event may have to wait while the window reads along.

    The loop draws at most one frame between two events, so none waits longer than one frame
    and one event take.
    """
    say("Drawing with live reading ...")
    window = mnist_digit.Window(Recognizer(model))
    window.frame()  # the first one sets things up
    turns = 2 * np.pi * np.linspace(0, 1, 1999)  # each point one event, and the release
    waves = np.stack([np.sin(7 * turns), np.cos(9 * turns)], axis=1)
    scribble = CANVAS_SIZE * (0.5 + 0.45 * waves)
    waits = waits_of(window, [scribble.astype(int)])
    yield slowest_wait(waits, "wait of a mouse event")
    yield Speed("wait of a mouse event, longest", "{:.1f} ms", waits.max())
    waits = waits_with_ten_digits(window)
    yield slowest_wait(waits, "the same, ten digits on the canvas")
    yield Speed("the same, ten digits on the canvas, longest", "{:.1f} ms", waits.max())
    window.why = True
    yield slowest_wait(waits_with_ten_digits(window), "the same, explained")
    window.why, window.layers = False, True
    window.size = (
        mnist_digit.WINDOW_SIZE[0] + mnist_digit.LAYERS_WIDTH,
        mnist_digit.WINDOW_SIZE[1],
    )
    yield slowest_wait(waits_with_ten_digits(window), "the same, with the layers")


def waits_of(window: mnist_digit.Window, strokes: Sequence[np.ndarray]) -> np.ndarray:
    """How long each mouse event of the strokes and the frame after it take, in milliseconds."""

    def draw(event: tuple[int, int, int, int]) -> None:
        window.on_mouse(*event, None)
        window.frame()

    return milliseconds(draw, list(mouse_events(strokes)))


def waits_with_ten_digits(window: mnist_digit.Window) -> np.ndarray:
    """How long each mouse event of a tenth digit takes beside nine others, in 20 drawings."""
    waits = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        labels = [str(digit) for digit in rng.integers(10, size=10)]
        digits = [Character(label, "", "", "", write_character(label, rng)) for label in labels]
        *nine, tenth = put_together(digits, rng)
        window.source = replay([stroke for digit in nine for stroke in digit])
        window.frame()  # what is there already has been read
        waits.append(waits_of(window, tenth))
    return np.concatenate(waits)


# --- files -----------------------------------------------------------------------------------


def run_on_files(model: Path, files: Sequence[Path]) -> tuple[float, float]:
    """The seconds that the program takes to read image files, and its peak of memory in MiB."""
    start = time.perf_counter()
    command = [sys.executable, PROGRAM, "--model", model, *files]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise ValueError(f"{PROGRAM.name} could not read the image files")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def file_rows(model: Path, folder: Path) -> Iterator[Speed]:
    """Reading 1,000 image files against reading 100."""
    say("Reading image files ...")
    files = []
    for number, image in enumerate(write_digits(1000, np.random.default_rng(0)).images):
        picture = cv2.resize(255 - image, (200, 200), interpolation=cv2.INTER_CUBIC)
        files.append(folder / f"{number}.png")
        cv2.imwrite(str(files[-1]), picture)
    runs = [(*run_on_files(model, files[:100]), *run_on_files(model, files)) for _ in range(3)]
    few, few_memory, many, many_memory = np.median(runs, axis=0)
    yield Speed("image files a second (of 1,000)", "{:.0f}", 1000 / many)
    yield Speed("time for 1,000 files ÷ for 100", "{:.2f}", many / few, None, "at most 10")
    yield Speed("memory for 1,000 files ÷ for 100", "{:.2f}", many_memory / few_memory, None, "1")


def picture_rows(model: Path, folder: Path) -> Iterator[Speed]:
    """Reading one photograph of 480x480 pixels, against decoding it alone."""
    picture = papers.draw("plain paper", 0, 0, papers.read_writers(held_out=True)).pixels
    file = str(folder / "photograph.png")
    cv2.imwrite(file, cv2.resize(picture, (480, 480)))
    recognizer = Recognizer(model)
    reading, decoding = [], []
    for _ in range(50):  # in turn, so that both meet the same machine
        reading += milliseconds(lambda file: read_file(file, recognizer), [file]).tolist()
        decoding += milliseconds(cv2.imread, [file]).tolist()
    name = "a photograph of 480x480, beside decoding alone"
    yield Speed(name, "{:.1f} ms", np.median(reading), np.median(decoding), "under 40 ms")


# --- training --------------------------------------------------------------------------------


def seconds_an_epoch(train: Callable[[int], object]) -> float:
    """What each epoch adds to the time of train(epochs), all that is done once left aside."""
    train(1)  # warms up
    short, long = milliseconds(train, [1, 1 + EPOCHS]) / 1000
    return (long - short) / EPOCHS


def plain_fit(training: Digits, epochs: int) -> None:
    """Train the network of recipe plain-sgd by nothing but compile and fit."""
    keras = mnist_digit.import_keras()
    recipe = mnist_digit.RECIPES["plain-sgd"]
    images = mnist_digit.as_input(training.images)
    labels = keras.utils.to_categorical(training.labels)
    held_out = len(labels) // 12
    shape = keras.Input((IMAGE_SIZE, IMAGE_SIZE, 1))
    output = keras.layers.Dense(10, activation="softmax")
    model = keras.Sequential([shape, *recipe.layers(keras.layers), output])
    optimizer = recipe.optimizer(keras.optimizers, 0)
    model.compile(optimizer, "categorical_crossentropy", metrics=["accuracy"])
    model.fit(
        images[:-held_out],
        labels[:-held_out],
        batch_size=recipe.batch_size,
        epochs=epochs,
        validation_data=(images[-held_out:], labels[-held_out:]),
        verbose=0,
    )


def training_rows(mnist: Path, folder: Path) -> Iterator[Speed]:
    """One epoch of train() without augmentation against one of fit."""
    say("Training by recipe plain-sgd, and by plain fit ...")
    training, _ = mnist_digit.load_mnist(mnist)

    def train(epochs: int) -> None:
        mnist_digit.train(mnist, "plain-sgd", epochs, path=folder / "digit.npz", plots=folder)

    def fit(epochs: int) -> None:
        plain_fit(training, epochs)

    ours, plain = seconds_an_epoch(train), seconds_an_epoch(fit)
    yield Speed("training, one epoch", "{:.1f} s", ours, plain, "ratio at least 1")


# --- all of it -------------------------------------------------------------------------------


def measure(options: argparse.Namespace) -> None:
    """Print how fast this program is, beside the plain way."""
    _, test = mnist_digit.load_mnist(options.mnist)
    images = test.images[:2010] / np.float32(255)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with display():
            print_speeds(window_rows(options.model, folder))
        print_speeds(answer_rows(options.model, images))
        print_speeds(wait_rows(options.model))
        print_speeds([*picture_rows(options.model, folder), *file_rows(options.model, folder)])
        print_speeds(training_rows(options.mnist, folder))


def add_options(parser: argparse.ArgumentParser) -> None:
    add_mnist(parser)
    add_model(parser)
