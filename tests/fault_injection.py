"""What the program does when it is killed, starved of disk, shut out, or given what it cannot use.

try_all() tries all of it at length, for `python -m tests.benchmark faults`; test_faults.py tries
a little of each. Every function that tries something returns what went wrong, one line each. Needs
Linux; a full disk also needs root, and the monkey Xvfb and xdotool.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

import mnist_digit as md
from tests.handwritten import write_digits
from tests.hostile_files import (
    CANARY,
    good_picture,
    hostile_networks,
    hostile_npz_networks,
    hostile_pictures,
)
from tests.program import PATIENCE, PROGRAM, Outcome, run, start, wait_until
from tests.real_window import Display, ProgramWindow
from tests.tiny_training import write_mnist

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

NOBODY = 65534
SCREEN = (1280, 720)  # the monkey's
GIBIBYTE = 1 << 20  # in KiB, as the system counts a process's memory

# --- how calls end ---------------------------------------------------------------------------


def faults_of(outcome: Outcome, *words: str, lines: int = 1, peak: int = GIBIBYTE) -> list[str]:
    """What is wrong with how a call ended that was to say these words in so many lines of error."""
    found = []
    if outcome.status != 1:
        found.append(f"exit status {outcome.status}")
    if "Traceback" in outcome.err or outcome.err.count("\n") != lines:
        found.append(f"not {lines} line(s) but: {outcome.err[-500:]!r}")
    found += [
        f"{word!r} is not in {outcome.err[-500:]!r}" for word in words if word not in outcome.err
    ]
    if outcome.peak > peak:
        found.append(f"{outcome.peak >> 10} MiB of memory")
    return found


def training(data: Path, folder: Path, epochs: int = 3) -> list[object]:
    """The program's arguments for a training into a folder."""
    return [
        "--train", "--no-window", "--data", data, "--epochs", epochs, "--batch-size", 32,
        "--model", folder / "model" / "digit.npz", "--plots", folder / "plots",
    ]  # fmt: skip


def contents(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def put_old_model(folder: Path) -> dict[str, bytes]:
    """Give a folder the shipped model, to be replaced; return its files."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "model").mkdir(parents=True)
    (folder / "plots").mkdir()
    for suffix in (".npz", ".keras"):
        shutil.copy(md.MODEL.with_suffix(suffix), folder / "model" / f"digit{suffix}")
    return contents(folder)


# --- killed ----------------------------------------------------------------------------------


class Killed(NamedTuple):
    """What came of killing trainings."""

    kills: int
    models_lost: list[str]  # the network that was there, or the new one, is lost or half-written
    epochs_lost: list[str]
    trainings: int  # that were killed again and again, and then came to their end
    difference: float  # the largest of any weight between them and one that was left alone


# Moments to kill at: as soon as this is in the folder of the model.
SAVING = ["digit.training.new.npz", "digit.new.keras", "digit.new.npz", "digit.training.npz"]


def kill_trainings(
    data: Path, folder: Path, moments: Sequence[str | float], reference: Path
) -> Killed:
    """Train, and kill the process at each of the moments.

    A moment is a file whose appearance in the folder of the model it is, or seconds. After each
    kill the same command is given again; a training that has come to its end before is compared
    with the reference, a folder with one that was left alone, and begun anew.
    """
    old = put_old_model(folder)
    models_lost, epochs_lost, differences = [], [], []
    waiting = list(moments)
    while waiting or not differences or unfinished(folder):
        moment = waiting.pop(0) if waiting else None
        kept = epochs_kept(folder)
        err, killed = train_until(data, folder, moment)
        began = max(map(int, re.findall(r"^Epoch (\d+)/", err, re.M)), default=1)
        going_on = re.search(r"^Going on after epoch (\d+),", err, re.M)
        said = int(going_on[1]) if going_on else 0
        if said != kept and (began > 1 or not killed):  # it got far enough to have said it
            epochs_lost.append(
                f"after {moment}: epoch {kept} was kept, but it went on after {said}"
            )
        replaced = contents(folder)["model/digit.keras"] != old["model/digit.keras"]
        if (
            not replaced and epochs_kept(folder) < began - 1
        ):  # an epoch is finished when the next one begins
            epochs_lost.append(
                f"after {moment}: epoch {began - 1} was finished, {epochs_kept(folder)} kept"
            )
        models_lost += [
            f"after {moment}: {fault}" for fault in faults_of_pair(folder / "model", old)
        ]
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
        return next(
            len(json.loads(str(kept[name]))) for name in kept if not name.startswith("arr_")
        )


def train_until(data: Path, folder: Path, moment: str | float | None) -> tuple[str, bool]:
    """Train, and kill the process at the moment, if there is one.

    Returns what it wrote to standard error, and whether it was killed before it ended.
    """
    with tempfile.TemporaryFile("w+") as err:
        process = start(*training(data, folder), stdout=subprocess.DEVNULL, stderr=err)
        end = time.monotonic() + (moment if isinstance(moment, float) else 600)
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


def interrupt_training(data: Path, folder: Path, moment: str) -> tuple[int, str]:
    """Train, and send Ctrl-C at a moment; return the exit status and what was said.

    A training whose first epoch is kept is gone on with in the second.
    """
    with tempfile.NamedTemporaryFile("w") as err:
        process = start(*training(data, folder), stdout=subprocess.DEVNULL, stderr=err)

        def said() -> str:
            return Path(err.name).read_text()

        def has_come() -> bool:
            assert process.poll() is None, f"it ended before {moment}: {said()}"
            if moment == "starting":
                return "tensorflow" in Path(f"/proc/{process.pid}/maps").read_text()
            if moment == "saving an epoch":
                return (folder / "model" / "digit.training.new.npz").exists()
            if moment == "a later epoch":
                return said().count("Epoch ") == 2
            return "Epoch " in said()

        wait_until(has_come, moment, pause=0.0002)  # a file that is being saved is soon gone
        if moment == "the first epoch":
            time.sleep(0.7)
        process.send_signal(signal.SIGINT)
        try:
            return process.wait(PATIENCE), said()
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait(), f"it went on for {PATIENCE} seconds: {said()}"


def faults_of_pair(folder: Path, old: dict[str, bytes]) -> list[str]:
    """What is wrong with the files of a network: they are the old ones, or all of one new network.

    The export may be missing, for it is made anew; a half-written or a mixed pair is a fault.
    """
    export, network = folder / "digit.npz", folder / "digit.keras"
    if not network.exists():
        return ["no Keras model"]
    is_old = network.read_bytes() == old["model/digit.keras"]
    if export.exists() and (export.read_bytes() == old["model/digit.npz"]) != is_old:
        return ["the two files are of different networks"]
    if is_old:
        return []
    try:
        recognizers = [md.Recognizer(path) for path in (network, export) if path.exists()]
    except ValueError as error:
        return [str(error)]
    image = write_digits(1, np.random.default_rng(0)).images[0] / np.float32(255)
    answers = [recognizer.predict(image).probabilities for recognizer in recognizers]
    return (
        []
        if np.abs(answers[0] - answers[-1]).max() < 1e-4
        else ["the two files are of different networks"]
    )


def faults_of_finished(folder: Path, old: dict[str, bytes]) -> list[str]:
    """What is wrong with what a training left that came to its end."""
    new = contents(folder)
    expected = ["digit.json", "digit.keras", "digit.old.keras", "digit.old.npz", "digit.npz"]
    expected = [
        *(f"model/{name}" for name in expected),
        "plots/confusion_matrix.png",
        "plots/learning_curves.png",
    ]
    if sorted(new) != sorted(expected):
        return [f"left behind: {sorted(new)}"]
    kept = [
        new[f"model/digit.old.{kind}"] == old[f"model/digit.{kind}"] for kind in ("keras", "npz")
    ]
    return (
        []
        if all(kept) and new["model/digit.keras"] != old["model/digit.keras"]
        else ["not the new and the old network"]
    )


def largest_difference(*folders: Path) -> float:
    """The largest difference of any weight between two trained networks."""
    first, second = (
        md.open_keras_model(folder / "model" / "digit.keras").get_weights() for folder in folders
    )
    return max(float(np.abs(a - b).max()) for a, b in zip(first, second, strict=True))


# --- starved and shut out --------------------------------------------------------------------


@contextlib.contextmanager
def small_disk(folder: Path, size: int) -> Iterator[Path]:
    """A file system of so many bytes in memory, mounted on a folder. Raises OSError."""
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "none", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except (FileNotFoundError, subprocess.CalledProcessError) as error:
        raise OSError(
            f"a small disk cannot be mounted here: {getattr(error, 'stderr', error)}"
        ) from error
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def train_on_full_disk(data: Path, folder: Path, free: int) -> list[str]:
    """Train where a model is, with so many bytes free beside it: too few."""
    with small_disk(folder / "disk", 16 << 20) as disk:
        old = put_old_model(disk)
        (disk / "filler").write_bytes(bytes(shutil.disk_usage(disk).free - free))
        outcome = run(*training(data, disk, epochs=1), cwd=folder)
        (disk / "filler").unlink()
        kept = {name: content for name, content in contents(disk).items() if name in old}
        left = {name for name in set(contents(disk)) - set(old) if ".new" in name}
        if left or (unfinished(disk) and not epochs_kept(disk)):
            left |= set(contents(disk))
    if outcome.status == 0:
        return ["the disk was large enough"]
    # Before it: what Keras and the program say of their progress.
    found = faults_of(
        outcome._replace(err=outcome.err.splitlines()[-1] + "\n"), "mnist_digit: ", "No space left"
    )
    found += [] if "Traceback" not in outcome.err else ["Traceback"]
    found += [] if kept == old else ["the old model is lost"]
    return found + ([f"left behind: {sorted(left)}"] if left else [])


def save_on_full_disk(folder: Path) -> list[str]:
    """Save a drawing, and make a missing network anew, on a full disk; nothing may be left."""
    found = []
    with small_disk(folder / "disk", 4 << 20) as disk:
        shutil.copy(md.MODEL.with_suffix(".keras"), disk / "digit.keras")
        (disk / "filler").write_bytes(bytes(shutil.disk_usage(disk).free))
        window = md.Window(None, [md.Canvas([md.Stroke([(10, 10), (500, 500)], 24)])], disk)
        with contextlib.redirect_stderr(io.StringIO()) as err:
            window.on_key(ord("s"))
        if not window.message.startswith("Failed") or err.getvalue().count("\n") != 1:
            found.append(f"a drawing: {window.message} {err.getvalue()}")
        outcome = run("--model", disk / "digit.npz", good_picture(folder), cwd=folder)
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
    return (
        other
        if tried.returncode == 0
        else ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all"]
    )


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
        outcome = run(*arguments, cwd=folder, through=through)
        locked.chmod(0o777 if locked.is_dir() else 0o666)
        tried[what] = faults_of(
            outcome, "mnist_digit: ", "ermission denied", locked.name, lines=lines
        )

    for name in ("model", "plots"):
        attempt(f"train with a locked {name}/", trained / name, *training(data, trained))
    attempt("train with locked data", data, *training(data, trained))
    for name in ("digit.npz", "digit.keras"):
        attempt(
            f"open a locked {name}",
            trained / "model" / name,
            "--model",
            trained / "model" / name,
            picture,
        )
    attempt("read a locked picture", picture, picture)
    attempt(
        "make an export in a locked folder",
        only_keras,
        "--model",
        only_keras / "digit.npz",
        picture,
        lines=2,
    )
    if contents(trained) != old or sorted(contents(only_keras)) != ["digit.keras"]:
        tried["all of these"] = ["something was changed"]
    return tried


# --- damaged ---------------------------------------------------------------------------------

# Reads the same picture with each of the models, and prints how that ended; a crash ends it early.
READ_WITH_EACH = """
import sys
import mnist_digit
for model in sys.argv[2:]:
    print(mnist_digit.main(["--model", model, sys.argv[1]]), flush=True)
"""


def damage_models(folder: Path, count: int, rng: np.random.Generator) -> dict[str, list[str]]:
    """Damage a byte in each of count equal regions of either file, and at its ends; read with each.

    Each is to be refused or, where the damage is in nothing that matters, to answer as before.
    """
    picture = good_picture(folder)
    answer = run(picture, cwd=folder).out
    tried = {}
    for suffix in (".npz", ".keras"):
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
        done = run(picture, *models, code=READ_WITH_EACH, cwd=folder)
        ends = [line for line in done.out.splitlines() if line in ("0", "1")]
        answers = [line + "\n" for line in done.out.splitlines() if line not in ("0", "1")]
        found = [f"another answer: {line}" for line in answers if line != answer]
        if done.status != 0 or len(ends) != len(places) or "Traceback" in done.err:
            found.append(
                f"exit status {done.status} after {len(ends)} of {len(places)}: {done.err[-500:]}"
            )
        if done.err.count("\n") != ends.count("1"):
            found.append(f"{ends.count('1')} refused with {done.err.count(chr(10))} lines")
        for model in models:
            model.unlink()
        tried[f"{len(places)} bytes of digit{suffix}"] = found
    return tried


# --- hostile files ---------------------------------------------------------------------------


def read_pictures(pictures: Sequence[Path], folder: Path) -> list[str]:
    """Have hostile pictures read, each between good ones, by one call of the program."""
    good = good_picture(folder, "good picture.png")
    mixed = [good, *itertools.chain.from_iterable((path, good) for path in pictures)]
    outcome = run(*mixed, cwd=folder)
    found = faults_of(outcome, lines=len(pictures))
    if outcome.out.count("\n") != len(pictures) + 1 or len(set(outcome.out.splitlines())) != 1:
        found.append("not every good picture was answered alike")
    for path, line in zip(pictures, outcome.err.splitlines(), strict=False):
        if (
            not line.startswith(f"mnist_digit: {md.printable(path)}: ")
            or len(line) > len(str(path)) + 200
        ):
            found.append(f"{path.name!r}: {line}")
    return found


def open_models(models: Sequence[Path], folder: Path, peak: int = GIBIBYTE) -> list[str]:
    """Have a picture read with each of the hostile models, by one process: what went wrong."""
    outcome = run(
        good_picture(folder, "good picture.png"), *models, code=READ_WITH_EACH, cwd=folder
    )
    lines = outcome.err.splitlines()
    found = []
    refused = outcome.out == "1\n" * len(models) and len(lines) == len(models)
    if outcome.status != 0 or not refused:
        found.append(f"exit status {outcome.status}, {outcome.out!r}, {outcome.err[-500:]!r}")
    if outcome.peak > peak:
        found.append(f"{outcome.peak >> 10} MiB of memory")
    for model, line in zip(models, lines, strict=False):
        if (
            not line.startswith(f"mnist_digit: {md.printable(model)}: ")
            or len(line) > len(str(model)) + 300
        ):
            found.append(f"{model.name!r}: {line}")
        if "lambda" in model.name and not re.search(
            "safely .*(Lambda|Could not locate|Could not interpret)", line
        ):
            found.append(f"{model.name!r}: the reason is not said: {line}")
    if (folder / CANARY).exists():
        (folder / CANARY).unlink()
        found.append("its code was run")
    return found


# --- the window ------------------------------------------------------------------------------

# Draws, explains, reads, learns, forgets, erases, undoes and clears, and writes its memory.
DRAW_ON_AND_ON = """
import os, sys
import cv2, numpy as np
import mnist_digit as md

window, rng = md.Window(md.Recognizer()), np.random.default_rng(0)
sys.stdout = open(os.devnull, "w")
marks = [int(word) for word in sys.argv[1:]]
for number in range(1, marks[-1] + 1):
    for _ in range(3):
        points = np.cumsum(rng.normal(0, 25, (40, 2)), axis=0) + rng.uniform(100, 460, 2)
        left = rng.random() < 0.8
        kind = cv2.EVENT_FLAG_LBUTTON if left else cv2.EVENT_FLAG_RBUTTON
        window.on_mouse(cv2.EVENT_LBUTTONDOWN if left else cv2.EVENT_RBUTTONDOWN, 280, 280, kind)
        for x, y in points.astype(int).tolist():
            window.on_mouse(cv2.EVENT_MOUSEMOVE, x, y, kind)
        window.on_mouse(cv2.EVENT_LBUTTONUP if left else cv2.EVENT_RBUTTONUP, x, y, 0)
        window.frame()
    for key in "w\\r3fuuyc":
        window.on_key(ord(key))
    if number in marks:
        pages = int(open("/proc/self/statm").read().split()[1])
        print(pages * os.sysconf("SC_PAGE_SIZE") >> 10, file=sys.stderr)
"""


def memory_of_drawings(*marks: int) -> list[int]:
    """The memory in KiB of a process that made so many drawings in one window's state."""
    outcome = run(*marks, code=DRAW_ON_AND_ON)
    return [int(line) for line in outcome.err.splitlines()]


def random_events(rng: np.random.Generator, window: int, count: int) -> list[object]:
    """Words for xdotool for so many events: wild moves, presses, releases, wheel, keys, sizes."""
    named = "BackSpace bracketleft bracketright question Return KP_Enter Tab space F1 Left Delete"
    held = "ctrl+c ctrl+z ctrl+shift+z"
    keys = [*"cuylhswwnxef137", *named.split(), *held.split(), "udiaeresis"]
    words: list[object] = []
    for _ in range(count):
        kind = rng.choice(
            ["move", "press", "release", "wheel", "key", "size"],
            p=[0.6, 0.14, 0.14, 0.02, 0.095, 0.005],
        )
        if kind == "move":
            x, y = rng.integers(0, SCREEN)
            words += ["mousemove", x, y]
        elif kind == "key":
            words += ["key", str(rng.choice(keys))]
        elif kind == "size":
            words += ["windowsize", window, *rng.integers((200, 150), SCREEN)]
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
    found, memory = [], []
    with Display(*SCREEN) as display:
        window = ProgramWindow(display, folder, folder)
        for done in range(100, count + 1, 100):
            window.mouse(*random_events(rng, window.id, 100))
            if window.process.poll() is not None:
                found.append(f"the window was gone after {done} events")
                break
            if done in (count // 500 * 100, count):
                status = Path(f"/proc/{window.process.pid}/status").read_text()
                memory.append(int(re.search(r"VmRSS:\s+(\d+)", status)[1]))
        else:
            window.mouse("mouseup", 1, "mouseup", 3)
            window.press("Escape", "Escape", "q")  # the first may close the help
        try:
            status = window.wait()
        except subprocess.TimeoutExpired:
            window.stop()
            status = "none: it had to be killed"
        said = [line for line in window.errors.splitlines() if not line.startswith("Saved ")]
    found += [f"exit status {status}"] if status != 0 else []
    found += [f"said: {said}"] if said else []
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


def try_all(options: argparse.Namespace) -> None:
    """Try everything at length, and print what was tried, how often, and what was lost."""
    rng = np.random.default_rng()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        places = {
            word: folder / word
            for word in ("kills", "disk", "locked", "damaged", "pictures", "models", "window")
        }
        for place in places.values():
            place.mkdir()
        data = write_mnist(folder / "mnist.npz")

        print("| what was tried | how often | what was lost |\n| --- | ---: | --- |")
        begun = time.monotonic()
        assert run(*training(data, folder / "reference")).status == 0
        duration = time.monotonic() - begun
        moments = [
            SAVING[i // 2 % len(SAVING)] if i % 2 else duration * rng.random()
            for i in range(options.kills)
        ]
        killed = kill_trainings(data, places["kills"], moments, folder / "reference")
        report("training killed: a model lost or half-written", killed.kills, killed.models_lost)
        report("training killed: finished epochs lost", killed.kills, killed.epochs_lost)
        report(
            "training killed and resumed to its end: largest difference of a weight",
            killed.trainings,
            f"{killed.difference:.1g}",
        )
        try:
            free = [int(megabytes * (1 << 20)) for megabytes in np.linspace(0, 5.4, 19)]
            lost = {
                f"{size:,} bytes free": train_on_full_disk(data, places["disk"], size)
                for size in free
            }
            report("training on a disk that is full", len(free), lost)
            report(
                "saving a drawing, making an export, on a disk that is full",
                2,
                save_on_full_disk(places["disk"]),
            )
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
        models = [*hostile_npz_networks(places["models"]), *hostile_networks(places["models"])]
        tried = {model.name: open_models([model], places["models"]) for model in models}
        report(
            "hostile models: traceback, abort, code run, over 1 GiB of memory", len(tried), tried
        )

        found, growth = monkey(places["window"], 10_000, rng)
        report("wild events in the real window: exceptions", 10_000, found)
        report(
            "the same: memory after 10,000 events, against after 2,000", 1, f"{growth:.3f} times"
        )
        early, late = memory_of_drawings(100, 5000)
        report(
            "drawings in one window: memory after 5,000, against after 100",
            5000,
            f"{late / early:.3f} times",
        )
