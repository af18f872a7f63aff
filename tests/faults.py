"""What the program does when it is killed, starved of disk, shut out, or given what it cannot use.

run() tries all of it at length, for `benchmark.py faults`; test_faults.py tries a little of
each. Every function that tries something returns what went wrong, one line each. Needs Linux;
a full disk also needs root, and the monkey Xvfb and xdotool.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import itertools
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

PROGRAM = Path(__file__).resolve().parent.parent / "mnist_digit.py"
sys.path.insert(0, str(PROGRAM.parent))

import mnist_digit as md  # noqa: E402  found only by the line above

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence

NOBODY = 65534
GIBIBYTE = 1 << 20  # in KiB, as the system counts a process's memory
CANARY = "code-was-run"  # what hostile code would leave in the folder where the program is started

# --- the program in a process ----------------------------------------------------------------

# A process of its own does the measuring: the peak of a child counts what its parent had.
MEASURE = """
import os, sys
child = os.spawnvp(os.P_NOWAIT, sys.argv[2], sys.argv[2:])
_, status, usage = os.wait4(child, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss, file=open(sys.argv[1], "w"))
"""


class Outcome(NamedTuple):
    """How one call of the program ended."""

    status: int  # its exit status; that of an abort is negative
    out: str
    err: str
    peak: int  # the most memory that it had, in KiB


def call(*arguments: object, folder: Path, through: Sequence[str] = ()) -> Outcome:
    """Run the program in a folder, perhaps through another one."""
    with tempfile.NamedTemporaryFile("r") as measured:
        words = [sys.executable, "-c", MEASURE, measured.name, *through, sys.executable, PROGRAM, *arguments]
        done = subprocess.run(
            [str(word) for word in words],
            cwd=folder, capture_output=True, text=True, errors="replace", timeout=600, check=True,
        )  # fmt: skip
        status, peak = map(int, measured.read().split())
    return Outcome(status, done.stdout, done.stderr, peak)


def faults_of(outcome: Outcome, *words: str, lines: int = 1, peak: int = GIBIBYTE) -> list[str]:
    """What is wrong with how a call ended that was to end with lines of error, which hold these words."""
    found = []
    if outcome.status != 1:
        found.append(f"exit status {outcome.status}")
    if "Traceback" in outcome.err or outcome.err.count("\n") != lines:
        found.append(f"not {lines} line(s) but: {outcome.err[-500:]!r}")
    found += [f"{word!r} is not in {outcome.err[-500:]!r}" for word in words if word not in outcome.err]
    if outcome.peak > peak:
        found.append(f"{outcome.peak >> 10} MiB of memory")
    return found


def write_mnist(path: Path, count: int = 480) -> Path:
    """An .npz file as MNIST's, of synthetic digits."""
    rng = np.random.default_rng(0)
    train, test = md.write_digits(count, rng), md.write_digits(100, rng)
    np.savez(path, x_train=train.images, y_train=train.labels, x_test=test.images, y_test=test.labels)
    return path


def write_small_mnist(path: Path, mnist: Path | None, count: int = 480) -> Path:
    """An .npz file of MNIST's first digits, or of synthetic ones where there is no MNIST."""
    if mnist is None:
        return write_mnist(path, count)
    train, test = md.load_mnist(mnist)
    np.savez(
        path,
        x_train=train.images[:count], y_train=train.labels[:count],
        x_test=test.images[:100], y_test=test.labels[:100],
    )  # fmt: skip
    return path


def training(data: Path, folder: Path, epochs: int = 3) -> list[object]:
    """The program's arguments for a training into a folder."""
    return [
        "--train", "--no-window", "--data", data, "--epochs", epochs, "--batch-size", 32,
        "--model", folder / "model" / "digit.tflite", "--plots", folder / "plots",
    ]  # fmt: skip


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def put_old_model(folder: Path) -> dict[str, bytes]:
    """Give a folder the shipped model, to be replaced; return its files."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "model").mkdir(parents=True)
    (folder / "plots").mkdir()
    for suffix in (".tflite", ".keras"):
        shutil.copy(md.MODEL.with_suffix(suffix), folder / "model" / f"digit{suffix}")
    return contents(folder)


# --- killed ----------------------------------------------------------------------------------


class Killed(NamedTuple):
    """What came of killing trainings."""

    kills: int
    models_lost: list[str]  # the trained network that was there, or the new one, is lost or half-written
    epochs_lost: list[str]
    trainings: int  # that were killed again and again, and then came to their end
    difference: float  # the largest of any weight between them and one that was left alone


# Moments to kill at: as soon as this is in the folder of the model.
SAVING = ["digit.training.new.npz", "digit.new.keras", "digit.new.tflite", "digit.training.npz"]


def kill_trainings(data: Path, folder: Path, moments: Sequence[str | float], epochs: int = 3) -> Killed:
    """Train, and kill the process at each of the moments.

    A moment is a file whose appearance in the folder of the model it is, or a share of the
    time that a whole training takes. After each kill the same command is given again; a
    training that has come to its end before is checked, and begun anew.
    """
    start = time.monotonic()
    reference = folder / "reference"
    outcome = call(*training(data, reference, epochs), folder=folder)
    assert outcome.status == 0, outcome.err
    duration = time.monotonic() - start
    folder = folder / "killed"
    old = put_old_model(folder)
    models_lost, epochs_lost, differences = [], [], []
    waiting = list(moments)
    while waiting or not differences or unfinished(folder):
        moment = waiting.pop(0) if waiting else None
        kept = epochs_kept(folder)
        err, killed = train_until(data, folder, epochs, moment, duration)
        began = max(map(int, re.findall(r"^Epoch (\d+)/", err, re.M)), default=1)
        going_on = re.search(r"^Going on after epoch (\d+),", err, re.M)
        said = int(going_on[1]) if going_on else 0
        if said != kept and (began > 1 or not killed):  # it got far enough to have said it
            epochs_lost.append(f"after {moment}: epoch {kept} was kept, but it went on after {said}")
        replaced = contents(folder)["model/digit.keras"] != old["model/digit.keras"]
        if not replaced and epochs_kept(folder) < began - 1:  # an epoch is finished when the next one begins
            epochs_lost.append(f"after {moment}: epoch {began - 1} was finished, {epochs_kept(folder)} kept")
        models_lost += [f"after {moment}: {fault}" for fault in faults_of_pair(folder / "model", old)]
        if not killed or (replaced and not unfinished(folder)):
            models_lost += faults_of_finished(folder, old)
            differences.append(largest_difference(reference, folder))
            if waiting:
                old = put_old_model(folder)
    return Killed(len(moments), models_lost, epochs_lost, len(differences), max(differences))


def unfinished(folder: Path) -> bool:
    """Whether a killed training waits to be gone on with."""
    return (folder / "model" / "digit.training.npz").exists()


def epochs_kept(folder: Path) -> int:
    """How many epochs of an interrupted training are kept."""
    if not unfinished(folder):
        return 0
    with np.load(folder / "model" / "digit.training.npz") as kept:
        return len(json.loads(str(kept["settings_and_history"]))[1])


def train_until(data: Path, folder: Path, epochs: int, moment: str | float | None, duration: float) -> tuple[str, bool]:
    """Train, and kill the process at the moment, if there is one.

    Returns what it wrote to standard error, and whether it was killed before it ended.
    """
    with tempfile.TemporaryFile("w+") as err:
        words = [sys.executable, PROGRAM, *training(data, folder, epochs)]
        process = subprocess.Popen([str(word) for word in words], stdout=subprocess.DEVNULL, stderr=err)
        end = time.monotonic() + (moment * duration if isinstance(moment, float) else 600)
        while moment is not None and process.poll() is None and time.monotonic() < end:
            if isinstance(moment, str) and (folder / "model" / moment).exists():
                break
            time.sleep(0.0002)
        killed = moment is not None and process.poll() is None
        if killed:
            process.kill()
        status = process.wait()
        err.seek(0)
        said = err.read()
    assert status == (-signal.SIGKILL if killed else 0), said
    return said, killed


def faults_of_pair(folder: Path, old: dict[str, bytes]) -> list[str]:
    """What is wrong with the two files of a network: they are the old ones, or both of one new network.

    The export may be missing, for it is made anew; a half-written or a mixed pair is a fault.
    """
    export, network = folder / "digit.tflite", folder / "digit.keras"
    if not network.exists():
        return ["no Keras model"]
    is_old = network.read_bytes() == old["model/digit.keras"]
    if export.exists() and (export.read_bytes() == old["model/digit.tflite"]) != is_old:
        return ["the two files are of different networks"]
    if is_old:
        return []
    try:
        recognizers = [md.Recognizer(path) for path in (network, export) if path.exists()]
    except ValueError as error:
        return [str(error)]
    image = md.write_digits(1, np.random.default_rng(0)).images[0] / np.float32(255)
    answers = [recognizer.predict(image).probabilities for recognizer in recognizers]
    return [] if np.abs(answers[0] - answers[-1]).max() < 1e-4 else ["the two files are of different networks"]


def faults_of_finished(folder: Path, old: dict[str, bytes]) -> list[str]:
    """What is wrong with what a training left that came to its end."""
    expected = ["model/digit.keras", "model/digit.tflite", "plots/confusion_matrix.png", "plots/learning_curves.png"]
    found = []
    if sorted(contents(folder)) != expected or unfinished(folder):
        found.append(f"left behind: {sorted(contents(folder))}")
    if contents(folder)["model/digit.keras"] == old["model/digit.keras"]:
        found.append("the new network was not saved")
    return found


def largest_difference(*folders: Path) -> float:
    """The largest difference of any weight between two trained networks."""
    first, second = (md.open_keras_model(folder / "model" / "digit.keras").get_weights() for folder in folders)
    return max(float(np.abs(a - b).max()) for a, b in zip(first, second, strict=True))


# --- starved and shut out --------------------------------------------------------------------


@contextlib.contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """A file system of so many bytes in memory, mounted on a folder. Raises OSError where that is not allowed."""
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        raise OSError(f"a small disk cannot be mounted here: {getattr(error, 'stderr', error)}") from error
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def train_on_full_disk(data: Path, folder: Path, free: int) -> list[str]:
    """Train where a model is, with so many bytes free beside it: too few."""
    with small_disk(folder / "disk", 16 << 20) as disk:
        old = put_old_model(disk)
        (disk / "filler").write_bytes(bytes(shutil.disk_usage(disk).free - free))
        outcome = call(*training(data, disk, epochs=1), folder=folder)
        (disk / "filler").unlink()
        kept = {name: content for name, content in contents(disk).items() if name in old}
        left = {name for name in set(contents(disk)) - set(old) if ".new" in name or "/new" in name}
        if left or (unfinished(disk) and not epochs_kept(disk)):
            left |= set(contents(disk))
    if outcome.status == 0:
        return ["the disk was large enough"]
    # Before it: what Keras and the program say of their progress.
    found = faults_of(outcome._replace(err=outcome.err.splitlines()[-1] + "\n"), "mnist_digit: ", "No space left")
    found += [] if "Traceback" not in outcome.err else ["Traceback"]
    found += [] if kept == old else ["the old model is lost"]
    return found + ([f"left behind: {sorted(left)}"] if left else [])


def save_on_full_disk(folder: Path) -> list[str]:
    """Save a drawing, and make a missing export anew, where nothing is free; neither may leave anything."""
    found = []
    with small_disk(folder / "disk", 4 << 20) as disk:
        shutil.copy(md.MODEL.with_suffix(".keras"), disk / "digit.keras")
        (disk / "filler").write_bytes(bytes(shutil.disk_usage(disk).free))
        window = md.Window(None, md.Canvas([md.Stroke([(10, 10), (500, 500)], 24)]), disk)
        with contextlib.redirect_stderr(io.StringIO()) as err:
            window.on_key(ord("s"))
        if not window.message.startswith("Not saved") or err.getvalue().count("\n") != 1:
            found.append(f"a drawing: {window.message} {err.getvalue()}")
        outcome = call("--model", disk / "digit.tflite", good_picture(folder), folder=folder)
        found += faults_of(outcome, "making it anew", "No space left", lines=2)
        if sorted(contents(disk)) != ["digit.keras", "filler"]:
            found.append(f"left behind: {sorted(contents(disk))}")
    return found


def without_power() -> list[str]:
    """How to start a command that permissions hold for: as another user, where root runs this.

    Where that one cannot get to this Python, as a root without any of root's capabilities.
    """
    if os.getuid() != 0:
        return []
    other = ["setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"]
    tried = subprocess.run([*other, sys.executable, str(PROGRAM), "--help"], capture_output=True)
    return other if tried.returncode == 0 else ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all"]


def take_permissions_away(data: Path, folder: Path) -> dict[str, list[str]]:
    """Have the program use what it may not: what was tried, and what went wrong.

    folder is one that every user can get to.
    """
    trained, only_keras, picture = folder / "trained", folder / "only keras", good_picture(folder)
    old = put_old_model(trained)
    data = Path(shutil.copy(data, folder / "data.npz"))
    only_keras.mkdir()
    shutil.copy(md.MODEL.with_suffix(".keras"), only_keras / "digit.keras")
    for path in folder.rglob("*"):
        path.chmod(0o777 if path.is_dir() else 0o666)
    through = without_power()
    tried = {}

    def attempt(what: str, locked: Path, *arguments: object, lines: int = 1) -> None:
        locked.chmod(0o555 if locked.is_dir() else 0)
        outcome = call(*arguments, folder=folder, through=through)
        locked.chmod(0o777 if locked.is_dir() else 0o666)
        tried[what] = faults_of(outcome, "mnist_digit: ", "ermission denied", locked.name, lines=lines)

    for name in ("model", "plots"):
        attempt(f"train with a locked {name}/", trained / name, *training(data, trained))
    attempt("train with locked data", data, *training(data, trained))
    for name in ("digit.tflite", "digit.keras"):
        attempt(f"open a locked {name}", trained / "model" / name, "--model", trained / "model" / name, picture)
    attempt("read a locked picture", picture, picture)
    attempt("make an export in a locked folder", only_keras, "--model", only_keras / "digit.tflite", picture, lines=2)
    if contents(trained) != old or sorted(contents(only_keras)) != ["digit.keras"]:
        tried["all of these"] = ["something was changed"]
    return tried


# --- damaged ---------------------------------------------------------------------------------

# Reads the same digit with each of the models; a crash ends it early.
READ_WITH_EACH = """
import sys
sys.path.insert(0, sys.argv[1])
import mnist_digit
for model in sys.argv[3:]:
    print(mnist_digit.main(["--model", model, sys.argv[2]]), flush=True)
"""


def damage_models(folder: Path, count: int, rng: np.random.Generator) -> dict[str, list[str]]:
    """Damage a byte in each of count equal regions of either file, and at its ends; read with each.

    Each is to be refused or, where the damage is in nothing that matters, to answer as before.
    """
    picture = good_picture(folder)
    answer = call(picture, folder=folder).out
    tried = {}
    for suffix in (".tflite", ".keras"):
        content = md.MODEL.with_suffix(suffix).read_bytes()
        edges = np.linspace(0, len(content), count + 1).astype(int)
        places = [int(rng.integers(low, high)) for low, high in itertools.pairwise(edges)]
        places += [*range(8), *range(len(content) - 64, len(content), 8)]
        models = []
        for i, place in enumerate(places):
            damaged = bytearray(content)
            damaged[place] ^= 1 << int(rng.integers(8))
            models.append(folder / f"damaged-{i}{suffix}")
            models[-1].write_bytes(damaged)
        done = subprocess.run(
            [sys.executable, "-c", READ_WITH_EACH, str(PROGRAM.parent), str(picture), *map(str, models)],
            cwd=folder, capture_output=True, text=True, timeout=1800,
        )  # fmt: skip
        ends = [line for line in done.stdout.splitlines() if line in ("0", "1")]
        answers = [line + "\n" for line in done.stdout.splitlines() if line not in ("0", "1")]
        found = [f"another answer: {line}" for line in answers if line != answer]
        if done.returncode != 0 or len(ends) != len(places) or "Traceback" in done.stderr:
            found.append(f"exit status {done.returncode} after {len(ends)} of {len(places)}: {done.stderr[-500:]}")
        if done.stderr.count("\n") != ends.count("1"):
            found.append(f"{ends.count('1')} refused with {done.stderr.count(chr(10))} lines")
        for model in models:
            model.unlink()
        tried[f"{len(places)} bytes of digit{suffix}"] = found
    return tried


# --- hostile pictures ------------------------------------------------------------------------


def good_picture(folder: Path, name: str = "good.png") -> Path:
    """A picture that can be read."""
    path = folder / name
    path.write_bytes(cv2.imencode(".png", digit_picture())[1])
    return path


def digit_picture() -> np.ndarray:
    """A picture of a 3, dark on light: uint8, shape (280, 280, 3)."""
    ink = md.draw_digit_image(md.write_character("3", np.random.default_rng(3)))
    grey = np.uint8(255 * (1 - cv2.resize(ink, (280, 280), interpolation=cv2.INTER_CUBIC).clip(0, 1)))
    return cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)


def png_of_size(width: int, height: int) -> bytes:
    """A black PNG of one bit a pixel: kilobytes, whatever its size."""
    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)), (b"IDAT", data), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def tiff_of_size(width: int, height: int, bits: int, samples: int, kind: int) -> bytes:
    """A black TIFF, deflated: kilobytes, whatever its size. kind: 1 unsigned, 2 signed, 3 floating point."""
    strip = zlib.compress(bytes(width * samples * bits // 8 * 100), 9)  # of 100 rows
    count = height // 100
    start = 8 + len(strip)  # all rows are the same, and so share one strip
    offsets, sizes = struct.pack(f"<{count}I", *[8] * count), struct.pack(f"<{count}I", *[len(strip)] * count)
    depths, kinds = struct.pack("<4H", *[bits] * 4), struct.pack("<4H", *[kind] * 4)
    place = [start + sum(map(len, (offsets, sizes, depths)[:i])) for i in range(4)]
    tags = [
        (256, 4, 1, width), (257, 4, 1, height), (259, 3, 1, 8), (262, 3, 1, 2 if samples > 2 else 1),
        (277, 3, 1, samples), (278, 4, 1, 100), (284, 3, 1, 1), (273, 4, count, place[0]), (279, 4, count, place[1]),
        (258, 3, samples, place[2] if samples > 2 else bits), (339, 3, samples, place[3] if samples > 2 else kind),
    ]  # fmt: skip
    entries = b"".join(struct.pack("<HHII", *tag) for tag in sorted(tags))
    head = b"II*\0" + struct.pack("<I", place[3] + len(kinds)) + strip + offsets + sizes + depths + kinds
    return head + struct.pack("<H", len(tags)) + entries + bytes(4)


def hostile_pictures(folder: Path) -> Iterator[Path]:
    """Files that are no picture of a digit, whatever they are called."""
    picture = digit_picture()
    bogus: dict[str, bytes] = {}
    for kind in ("png", "jpg", "bmp", "tiff", "webp", "gif", "pgm", "jp2"):
        whole = cv2.imencode(f".{kind}", picture[..., 0] if kind == "pgm" else picture)[1].tobytes()
        for share in (0.1, 0.5, 0.99):
            bogus[f"truncated at {share:.0%}.{kind}"] = whole[: int(share * len(whole))]
    for name, value in {"nan": np.nan, "infinite": np.inf, "minus infinite": -np.inf}.items():
        values = np.float32(picture) / 255
        values[7, 7] = value
        bogus[f"{name}.tiff"] = cv2.imencode(".tiff", values)[1].tobytes()
    bogus["all nan.tiff"] = cv2.imencode(".tiff", np.full((30, 30), np.nan, np.float32))[1].tobytes()
    extremes = np.where(picture[..., 0] > 127, 1e308, -1e308)
    bogus["beyond every range.tiff"] = cv2.imencode(".tiff", extremes)[1].tobytes()
    for width, height in ((1, 1), (1, 3000), (3000, 1), (300, 300)):
        for shade in (0, 255):
            blank = np.full((height, width), shade, np.uint8)
            bogus[f"{width}x{height} of {shade}.png"] = cv2.imencode(".png", blank)[1].tobytes()
    damaged = bytearray(cv2.imencode(".png", picture)[1].tobytes())
    damaged[len(damaged) // 2] ^= 255
    bogus |= {
        "empty.png": b"",
        "text.png": b"This is no picture.\n",
        "page.jpg": b"<html><body>404 Not Found</body></html>",
        "drawing.png": b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
        "zip.png": b"PK\x05\x06" + bytes(18),
        "network.jpg": md.MODEL.read_bytes(),
        "noise.png": np.random.default_rng(1).bytes(5000),
        "noise behind a head.png": b"\x89PNG\r\n\x1a\n" + np.random.default_rng(2).bytes(5000),
        "noise behind a head.jpg": b"\xff\xd8\xff\xe0" + np.random.default_rng(3).bytes(5000),
        "noise behind a head.tiff": b"II*\0\x08\0\0\0" + np.random.default_rng(4).bytes(5000),
        "damaged.png": bytes(damaged),
        "30,000 x 30,000.png": png_of_size(30_000, 30_000),
        "49 megapixels.png": png_of_size(7000, 7000),
        "1.5 gigabytes.tiff": tiff_of_size(7000, 7000, 64, 4, 3),
        "600 megabytes.tiff": tiff_of_size(7000, 7000, 32, 3, 3),
        "signed.tiff": tiff_of_size(100, 100, 32, 1, 2),
        "two words.png": b"no picture",
        "Ziffer ü 数字 \u202e.png": b"no picture",
        "two\nlines.png": b"no picture",
    }
    for name, content in bogus.items():
        (folder / name).write_bytes(content)
        yield folder / name
    with open(folder / "a gigabyte.bmp", "wb") as file:
        file.write(b"BM")
        file.truncate(1 << 30)  # sparse
    (folder / "folder.png").mkdir()
    (folder / "dangling.png").symlink_to("nowhere")
    (folder / "circle.png").symlink_to("circle.png")
    (folder / "endless.png").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe.png")
    for name in ("a gigabyte.bmp", "folder.png", "dangling.png", "circle.png", "endless.png", "pipe.png", "none.png"):
        yield folder / name


def read_pictures(pictures: Sequence[Path], folder: Path) -> list[str]:
    """Have hostile pictures read, each between good ones, by one call of the program."""
    good = good_picture(folder, "good picture.png")
    mixed = [good, *itertools.chain.from_iterable((path, good) for path in pictures)]
    outcome = call(*mixed, folder=folder)
    found = faults_of(outcome, lines=len(pictures))
    if outcome.out.count("\n") != len(pictures) + 1 or len(set(outcome.out.splitlines())) != 1:
        found.append("not every good picture was answered alike")
    for path, line in zip(pictures, outcome.err.splitlines(), strict=False):
        if not line.startswith(f"mnist_digit: {md.printable(path)}: ") or len(line) > len(str(path)) + 200:
            found.append(f"{path.name!r}: {line}")
    return found


# --- hostile models --------------------------------------------------------------------------


def run_code(x: object) -> object:
    """Leave a trace; what stands in hostile models."""
    __import__("pathlib").Path("code-was-run").touch()
    return x


def sealed(content: bytes) -> bytes:
    """Content with the digest that exports end with."""
    return content + hashlib.sha256(content).digest()


def hostile_exports(folder: Path) -> Iterator[Path]:
    """Files that are no network for OpenCV, whatever they are called. TensorFlow is not needed for them."""
    whole = md.MODEL.read_bytes()
    picture = cv2.imencode(".png", digit_picture())[1].tobytes()
    noise = np.random.default_rng(5).bytes(100_000)
    bogus = {
        "empty": b"", "short": b"TFL3", "noise": noise, "text": b"no network\n" * 100, "picture": picture,
        "halved": whole[: len(whole) // 2], "without its end": whole[:-1], "without its digest": whole[:-32],
        "longer": whole + b"\0", "sealed noise": sealed(noise), "sealed half": sealed(whole[: len(whole) // 2]),
        "sealed head": sealed(whole[:8] + noise), "sealed nothing": sealed(b""),
    }  # fmt: skip
    for name, content in bogus.items():
        (folder / f"{name}.tflite").write_bytes(content)
        yield folder / f"{name}.tflite"
    (folder / "folder.tflite").mkdir()
    (folder / "dangling.tflite").symlink_to("nowhere")
    os.mkfifo(folder / "pipe.tflite")
    for name in ("folder", "dangling", "pipe", "none", "two\nlines"):
        yield folder / f"{name}.tflite"


def hostile_networks(folder: Path) -> Iterator[Path]:
    """Files that are no network for Keras, would run code, or ask for gigabytes."""
    keras = md.import_keras()
    from keras import layers

    def network(*some: keras.layers.Layer, shape: tuple = (28, 28, 1)) -> keras.Model:
        return keras.Sequential([keras.Input(shape), *some])

    def ends() -> list[keras.layers.Layer]:
        return [layers.Flatten(), layers.Dense(10, activation="softmax")]

    anonymous = lambda x: (__import__("pathlib").Path("code-was-run").touch(), x)[1]  # noqa: E731  it is to be one
    networks = {
        "lambda": network(layers.Lambda(anonymous, output_shape=(28, 28, 1)), *ends()),
        "lambda of a name": network(layers.Lambda(run_code, output_shape=(28, 28, 1)), *ends()),
        "lambda as activation": network(layers.Flatten(), layers.Dense(10, activation=anonymous)),
        "of another shape": network(*ends(), shape=(32, 32, 3)),
        "of seven digits": network(layers.Flatten(), layers.Dense(7, activation="softmax")),
        "without probabilities": network(layers.Flatten(), layers.Dense(10)),
    }
    networks["not a number"] = network(*ends())
    networks["not a number"].layers[-1].set_weights([np.full((784, 10), np.nan), np.zeros(10)])
    with md.silenced():
        for name, suffix in itertools.product(networks, (".keras", ".h5")):
            networks[name].save(folder / f"{name}{suffix}")
            yield folder / f"{name}{suffix}"
        huge = network(layers.UpSampling2D(2), layers.MaxPooling2D(2), layers.Flatten(), layers.Dense(64), *ends()[1:])
        huge.save(folder / "whole.keras")
        huge.save(folder / "whole.h5")
        export = folder / "of seven digits.tflite"
        md.export(networks["of seven digits"], export)
    yield export

    with zipfile.ZipFile(folder / "whole.keras") as parts:
        whole = {name: parts.read(name) for name in parts.namelist()}
    config = json.loads(whole["config.json"])

    def write(name: str, **changed: object) -> Path:
        changed = {"config.json": json.dumps(changed["config"])} if "config" in changed else changed
        with zipfile.ZipFile(folder / f"{name}.keras", "w", zipfile.ZIP_DEFLATED) as file:
            for part, content in {**whole, **changed}.items():
                file.writestr(part, content)
        return folder / f"{name}.keras"

    def write_with(name: str, **layer: object) -> Path:
        changed = json.loads(whole["config.json"])
        changed["config"]["layers"].insert(1, {"registered_name": None, **layer})
        return write(name, config=changed)

    yield write_with("system", module="os", class_name="system", config={"command": f"touch {CANARY}"})
    yield write_with("function", module="os", class_name="function", config="system")
    yield write_with("download", module="keras.utils", class_name="function", config="get_file")
    yield write_with("pickle", module="keras.layers", class_name="TorchModuleWrapper", config={"module": "gAN9"})
    yield write_with("graph", module="keras.layers", class_name="TFSMLayer", config={"filepath": "/"})
    yield write_with(
        "file", module="keras.layers", class_name="StringLookup", config={"vocabulary": "/etc/hostname", "name": "v"}
    )
    text = json.dumps(config)
    yield write("two gigabytes of units", **{"config.json": text.replace('"units": 64', '"units": 700000')})
    yield write("a billion units", **{"config.json": text.replace('"units": 64', '"units": 1000000000')})
    yield write("vast picture", **{"config.json": text.replace('"size": [2, 2]', '"size": [2000, 2000]')
                                   .replace('"pool_size": [2, 2]', '"pool_size": [2000, 2000]')
                                   .replace('"strides": [2, 2]', '"strides": [2000, 2000]')})  # fmt: skip
    yield write("deep", **{"config.json": "[" * 100_000 + "]" * 100_000})
    yield write("no input", config={**config, "build_config": {}, "config": {
        **config["config"], "layers": config["config"]["layers"][1:], "build_input_shape": None}})  # fmt: skip
    yield write("a layer", config=keras.saving.serialize_keras_object(layers.Dense(3)))
    yield write("weights bomb", **{"model.weights.h5": bytes(1 << 30)})
    yield write("config bomb", **{"config.json": bytes(1 << 30)})
    yield write("shape bomb", **{"model.weights.h5": with_vast_dataset(whole["model.weights.h5"])})
    shutil.copy(folder / "whole.h5", folder / "units.h5")
    with open_h5(folder / "units.h5") as file:
        file.attrs["model_config"] = file.attrs["model_config"].replace('"units": 64', '"units": 700000')
    yield folder / "units.h5"

    for suffix in (".keras", ".h5"):
        content = (folder / f"whole{suffix}").read_bytes()
        noise = np.random.default_rng(6).bytes(5000)
        for name, bogus in {"empty": b"", "noise": noise, "halved": content[: len(content) // 2]}.items():
            (folder / f"{name}{suffix}").write_bytes(bogus)
            yield folder / f"{name}{suffix}"
    (folder / "folder.keras").mkdir()
    os.mkfifo(folder / "pipe.keras")
    for name in ("folder.keras", "pipe.keras", "none.keras"):
        yield folder / name


def open_h5(file: Path | io.BytesIO):
    """An .h5 file, to be changed. Keras brings h5py along."""
    import h5py

    return h5py.File(file, "r+")


def with_vast_dataset(content: bytes) -> bytes:
    """An .h5 file of weights with one set of 4 GB that takes no room in the file."""
    kept = io.BytesIO(content)
    with open_h5(kept) as file:
        values = file["layers/dense/vars"]
        del values["0"]
        values.create_dataset("0", shape=(784, 1_300_000), dtype="f4", chunks=(784, 100), compression="gzip")
    return kept.getvalue()


def open_models(models: Iterable[Path], folder: Path, peak: int = GIBIBYTE) -> dict[str, list[str]]:
    """Have a picture read with each of the models: what was tried, and what went wrong."""
    picture = good_picture(folder, "good picture.png")
    tried = {}
    for model in models:
        outcome = call("--model", model, picture, folder=folder)
        found = faults_of(outcome, f"mnist_digit: {md.printable(model)}: ", peak=peak)
        found += ["an answer"] if outcome.out else []
        found += [f"unclear: {outcome.err}"] if len(outcome.err) > len(str(model)) + 300 else []
        if (folder / CANARY).exists():
            (folder / CANARY).unlink()
            found.append("its code was run")
        if "lambda" in model.name:
            found += [] if "needs code of its own" in outcome.err else ["the reason is not said"]
        tried[model.name] = found
    return tried


def npz_bomb() -> bytes:
    """An .npz file of a megabyte with a gigabyte of images."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as parts, parts.open("x_train.npy", "w") as images:
        header = {"descr": "|u1", "fortran_order": False, "shape": (1_400_000, 28, 28)}
        np.lib.format.write_array_header_1_0(images, header)
        for _ in range(1400):
            images.write(bytes(1000 * 28 * 28))
    return file.getvalue()


# --- the window ------------------------------------------------------------------------------

# Draws, reads, erases, undoes and clears; writes the memory after each number of drawings.
DRAW_ON_AND_ON = """
import os, sys
sys.path.insert(0, sys.argv[1])
import cv2, numpy as np
import mnist_digit as md

window, rng = md.Window(md.Recognizer()), np.random.default_rng(0)
sys.stdout = open(os.devnull, "w")
marks = [int(word) for word in sys.argv[2:]]
for number in range(1, marks[-1] + 1):
    for _ in range(3):
        points = np.cumsum(rng.normal(0, 25, (40, 2)), axis=0) + rng.uniform(100, 460, 2)
        left = rng.random() < 0.8
        kind = cv2.EVENT_FLAG_LBUTTON if left else cv2.EVENT_FLAG_RBUTTON
        window.canvas.on_mouse(cv2.EVENT_LBUTTONDOWN if left else cv2.EVENT_RBUTTONDOWN, 280, 280, kind)
        for x, y in points.astype(int).tolist():
            window.canvas.on_mouse(cv2.EVENT_MOUSEMOVE, x, y, kind)
        window.canvas.on_mouse(cv2.EVENT_LBUTTONUP if left else cv2.EVENT_RBUTTONUP, x, y, 0)
        window.frame()
    for key in "\\ruuyc":
        window.on_key(ord(key))
    if number in marks:
        pages = int(open("/proc/self/statm").read().split()[1])
        print(pages * os.sysconf("SC_PAGE_SIZE") >> 10, file=sys.stderr)
"""


def memory_of_drawings(*marks: int) -> list[int]:
    """The memory in KiB of a process that made so many drawings in one window's state."""
    done = subprocess.run(
        [sys.executable, "-c", DRAW_ON_AND_ON, str(PROGRAM.parent), *map(str, marks)],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [int(line) for line in done.stderr.splitlines()]


def random_events(rng: np.random.Generator, window: str, count: int) -> list[str]:
    """Words for xdotool for so many events: wild moves, presses, releases, wheel, keys, sizes."""
    keys = ["c", "u", "y", "BackSpace", "bracketleft", "bracketright", "l", "h", "question", "Return", "KP_Enter",
            "Tab", "space", "F1", "Left", "ctrl+c", "7", "udiaeresis", "s"]  # fmt: skip
    words: list[str] = []
    for _ in range(count):
        kind = rng.choice(["move", "press", "release", "wheel", "key", "size"], p=[0.6, 0.14, 0.14, 0.02, 0.095, 0.005])
        if kind == "move":
            x, y = rng.integers(0, (1280, 720))
            words += ["mousemove", str(x), str(y)]
        elif kind == "key":
            words += ["key", str(rng.choice(keys))]
        elif kind == "size":
            width, height = rng.integers((200, 150), (1280, 720))
            words += ["windowsize", window, str(width), str(height)]
        elif kind == "wheel":
            words += ["click", str(rng.integers(4, 6))]
        else:
            words += [{"press": "mousedown", "release": "mouseup"}[kind], str(rng.integers(1, 4))]
        words += ["sleep", "0.004"]
    return words


def monkey(folder: Path, count: int, rng: np.random.Generator) -> tuple[list[str], float]:
    """Let wild events loose on the real window: what went wrong, and how much its memory grew.

    The growth is the memory at the end divided by that after a fifth of the events.
    """
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1280x720x24", "-nolisten", "tcp"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    screen = {**os.environ, "DISPLAY": f":{server.stdout.readline().strip()}"}
    found, memory = [], []
    with server, open(folder / "err", "w+") as err:
        words = [sys.executable, str(PROGRAM)]
        program = subprocess.Popen(words, cwd=folder, env=screen, stdout=subprocess.DEVNULL, stderr=err)
        search = ["xdotool", "search", "--sync", "--onlyvisible", "--name", md.WINDOW_TITLE]
        window = subprocess.run(search, env=screen, capture_output=True, text=True, check=True).stdout.split()[0]
        subprocess.run(["xdotool", "windowfocus", window], env=screen, check=True)
        for done in range(100, count + 1, 100):
            words = ["xdotool", *random_events(rng, window, 100)]
            subprocess.run(words, env=screen, capture_output=True, check=program.poll() is None)
            if program.poll() is not None:
                found.append(f"the window was gone after {done} events")
                break
            if done in (count // 500 * 100, count):
                status = Path(f"/proc/{program.pid}/status").read_text()
                memory.append(int(re.search(r"VmRSS:\s+(\d+)", status)[1]))
        subprocess.run(["xdotool", "mouseup", "1", "mouseup", "3", "key", "Escape"], env=screen, check=False)
        try:
            status = program.wait(30)
        except subprocess.TimeoutExpired:
            program.kill()
            status = "none: it had to be killed"
        err.seek(0)
        said = [line for line in err if not line.startswith(("Saved ", "QFontDatabase", "Note that Qt", "qt.qpa"))]
        server.terminate()
    found += [f"exit status {status}"] if status != 0 else []
    found += [f"said: {''.join(said)[-500:]}"] if said else []
    return found, memory[-1] / memory[0] if len(memory) == 2 else float("nan")


# --- all of it -------------------------------------------------------------------------------


def report(what: str, tried: int, lost: object) -> None:
    """Print a row of the table, and what went wrong to standard error."""
    if isinstance(lost, dict):
        lost = [f"{name}: {fault}" for name, found in lost.items() for fault in found]
    if isinstance(lost, list):
        for fault in lost:
            md.say(f"{what}: {fault}")
        lost = len(lost)
    print(f"| {what} | {tried:,} | {lost} |", flush=True)


def run(options: argparse.Namespace) -> None:
    """Try everything at length, and print what was tried, how often, and what was lost."""
    rng = np.random.default_rng()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        places = {
            word: folder / word for word in ("kills", "disk", "locked", "damaged", "pictures", "models", "window")
        }
        for place in places.values():
            place.mkdir()
        data = write_small_mnist(folder / "mnist.npz", options.mnist)

        print("| what was tried | how often | what was lost |\n| --- | ---: | --- |")
        moments = [SAVING[i // 2 % len(SAVING)] if i % 2 else float(rng.random()) for i in range(options.kills)]
        killed = kill_trainings(data, places["kills"], moments, epochs=4)
        report("training killed: a model lost or half-written", killed.kills, killed.models_lost)
        report("training killed: finished epochs lost", killed.kills, killed.epochs_lost)
        report("training killed and resumed to its end: largest difference of a weight", killed.trainings,
               f"{killed.difference:.1g}")  # fmt: skip
        try:
            free = [int(megabytes * (1 << 20)) for megabytes in np.linspace(0, 5.4, 19)]
            lost = {f"{size:,} bytes free": train_on_full_disk(data, places["disk"], size) for size in free}
            report("training on a disk that is full", len(free), lost)
            report("saving a drawing, making an export, on a disk that is full", 2, save_on_full_disk(places["disk"]))
        except OSError as error:
            md.say(str(error))
            report("a disk that is full", 0, "not tried")
        tried = take_permissions_away(data, places["locked"])
        report("files and folders that are locked", len(tried), tried)
        tried = damage_models(places["damaged"], 200, rng)
        report("a damaged byte in a model: crash, traceback or another answer", 2 * 216, tried)

        pictures = list(hostile_pictures(places["pictures"]))
        tried = {path.name: read_pictures([path], places["pictures"]) for path in pictures}
        tried["all at once"] = read_pictures(pictures, places["pictures"])
        report("hostile pictures: traceback, abort, over 1 GiB of memory", len(pictures), tried)
        tried = open_models(hostile_exports(places["models"]), places["models"])
        tried |= open_models(hostile_networks(places["models"]), places["models"])
        report("hostile models: traceback, abort, code run, over 1 GiB of memory", len(tried), tried)

        found, growth = monkey(places["window"], 5000, rng)
        report("wild events in the real window: exceptions", 5000, found)
        report("the same: memory after 5,000 events, against after 1,000", 1, f"{growth:.3f} times")
        early, late = memory_of_drawings(50, 5000)
        report("drawings in one window: memory after 5,000, against after 50", 5000, f"{late / early:.3f} times")
