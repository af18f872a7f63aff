"""How well single digits are read, beside drawing and reading as usually written."""

from __future__ import annotations

import collections
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

import mnist_digit
from mnist_digit import IMAGE_SIZE, Recognizer, say
from tests.benchmark.measures import (
    Answers,
    add_mnist,
    add_model,
    add_strokes,
    add_unipen,
    answers_of,
    expected_calibration_error,
    print_table,
)
from tests.benchmark.pen_files import (
    image_as_usual,
    read_strokes,
    read_unipen,
    replay,
)
from tests.real_window import put_text

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    import keras


def answers_as_usual(model: keras.Model, images: np.ndarray, labels: np.ndarray) -> Answers:
    """The digit images as a Keras model of ten outputs reads them."""
    return Answers(images, labels, model.predict(images[..., None], batch_size=500, verbose=0))


def mistakes(answers: Answers) -> list[tuple[str, int]]:
    """What was read as what and how often, the commonest first."""
    wrong = ~answers.right
    pairs = zip(answers.labels[wrong].tolist(), answers.digits[wrong].tolist(), strict=True)
    return collections.Counter(f"{label} read as {digit}" for label, digit in pairs).most_common()


def print_side_by_side(name: str, groups: Sequence[object], ours: Answers, usual: Answers) -> None:
    """Print both accuracies for each group; groups: the group of each digit."""
    groups = np.array(groups)
    rows = [
        (
            str(group),
            str(member.sum()),
            f"{ours.right[member].mean():.2%}",
            f"{usual.right[member].mean():.2%}",
        )
        for group in np.unique(groups)
        for member in [groups == group]
    ]
    print_table((name, "digits", "this program", "as usually written"), rows)


def plain_model(options: argparse.Namespace) -> keras.Model:
    """The network of recipe plain-sgd: from the file that was named, or trained now."""
    if options.plain:
        return mnist_digit.open_keras_model(options.plain)
    say(
        "Training a network by recipe plain-sgd for the comparison (--plain FILE.keras names one that is there) ..."
    )
    with tempfile.TemporaryDirectory() as folder:
        return mnist_digit.train(
            options.mnist, recipe="plain-sgd", path=Path(folder, "digit.npz"), plots=Path(folder)
        )


def measure(options: argparse.Namespace) -> None:
    """Print how well this program reads single digits, beside drawing and reading as usually written."""
    _, test = mnist_digit.load_mnist(options.mnist)
    test_images = test.images / np.float32(255)
    recognizer = Recognizer(options.model)
    model = plain_model(options)
    sets = [(
        "MNIST's test set",
        [f"no. {number}" for number in range(len(test.labels))],
        answers_of(recognizer, test_images, test.labels),
        answers_as_usual(model, test_images, test.labels),
    )]  # fmt: skip
    written = {"pen digits": [(c, f"writer {c.writer}") for c in read_strokes(options.strokes)]}
    if options.unipen:
        written["UNIPEN's digits"] = [
            (c, f"{c.donor} {c.writer}") for c in read_unipen(options.unipen, "1a")
        ]
    for name, characters in written.items():
        say(f"Replaying {name} ...")
        labels = np.array([int(character.label) for character, _ in characters])
        drawn = np.stack([replay(character.strokes).digit_image() for character, _ in characters])
        as_usual = np.stack([image_as_usual(character.strokes) for character, _ in characters])
        ours, usual = (
            answers_of(recognizer, drawn, labels),
            answers_as_usual(model, as_usual, labels),
        )
        sets.append((name, [note for _, note in characters], ours, usual))

    rows = []
    for name, _, *both in sets:
        ours, _ = both
        rows.append(
            (f"{name}, most probable digit right", *(f"{a.right.mean():.2%}" for a in both))
        )
        errors = (expected_calibration_error(a.ten_way.max(axis=1), a.right) for a in both)
        rows.append(
            (f"{name}, calibration error (ECE) of that digit", *map("{:.2%}".format, errors))
        )
        rows.append((f"{name}, refused as no digit", f"{ours.refused.mean():.2%}", ""))
        error = expected_calibration_error(ours.confidence, ours.right & ~ours.refused)
        rows.append((f"{name}, ECE of what is said, refusals among it", f"{error:.2%}", ""))
    print_table(("", "this program", "as usually written"), rows)
    for name, notes, ours, usual in sets[1:]:
        print_side_by_side(f"digit, {name}", ours.labels, ours, usual)
        print_side_by_side(f"by whom, {name}", [group(note) for note in notes], ours, usual)
    for name, _, ours, _ in sets:
        rows = [(what, str(count)) for what, count in mistakes(ours)[:12]]
        print_table((f"commonest mistakes, {name}", "times"), rows)

    if options.mistakes:
        sheet = np.vstack(
            [draw_mistakes(name, ours, notes) for name, notes, ours, _ in [*sets[1:], sets[0]]]
        )
        options.mistakes.write_bytes(cv2.imencode(".png", sheet)[1])
        say(f"Drew {options.mistakes}")


def group(note: str) -> str:
    """Who stands for a row of the table: a writer of the pen digits, a donor of UNIPEN's."""
    return note if note.startswith("writer") else note.split()[0]


TILE = 5 * IMAGE_SIZE  # side of a digit image on the sheet of mistakes, in pixels
COLUMNS = 10
PAPER, INK, QUIET, ANSWER = (
    (255, 255, 255),
    (40, 36, 32),
    (140, 134, 128),
    (30, 40, 200),
)  # blue, green, red


def draw_mistakes(title: str, answers: Answers, notes: Sequence[str]) -> np.ndarray:
    """A sheet of what was misread, by digit, the surest first: uint8 BGR; notes has one for each digit."""
    confidence = answers.ten_way.max(axis=1)
    order = np.lexsort((-confidence, answers.labels))
    wrong = order[~answers.right[order]]
    step_x, step_y, margin = TILE + 16, TILE + 58, 64
    rows = max(1, -(-len(wrong) // COLUMNS))
    sheet = np.full((rows * step_y + margin, COLUMNS * step_x + 16, 3), PAPER, np.uint8)
    heading = f"{title}: {len(wrong):,} of {len(answers.labels):,} misread ({answers.right.mean():.2%} right)"
    put_text(sheet, heading, 16, 42, 26, INK, 600)
    for place, i in enumerate(wrong):
        row, column = divmod(place, COLUMNS)
        x, y = column * step_x + 16, row * step_y + margin
        image = cv2.resize(
            np.uint8(255 * answers.images[i]), (TILE, TILE), interpolation=cv2.INTER_NEAREST
        )
        sheet[y : y + TILE, x : x + TILE] = image[..., None]
        put_text(sheet, f"{answers.labels[i]} read as", x, y + TILE + 19, 14, INK)
        put_text(sheet, str(answers.digits[i]), x + 70, y + TILE + 19, 17, ANSWER, 700)
        put_text(sheet, f"{confidence[i]:.0%}", x + TILE - 28, y + TILE + 19, 13, QUIET)
        put_text(sheet, notes[i], x, y + TILE + 36, 12, QUIET)
    return sheet


def add_options(parser: argparse.ArgumentParser) -> None:
    add_mnist(parser)
    add_strokes(parser)
    add_unipen(parser)
    add_model(parser)
    parser.add_argument(
        "--mistakes", type=Path, metavar="FILE.png", help="draw there what was misread"
    )
    parser.add_argument(
        "--plain", type=Path, metavar="FILE.keras", help="a network of recipe plain-sgd"
    )
