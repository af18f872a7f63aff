"""How well single characters are read: digits, and what is no digit."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

import mnist_digit
from mnist_digit import Recognizer, say
from tests.benchmark.measures import (
    Answers,
    add_mnist,
    add_model,
    answers_of,
    expected_calibration_error,
    print_table,
)
from tests.benchmark.papers import digits_in, read_pixels
from tests.benchmark.pen_files import image_as_usual, in_the_middle, read_strokes, replay
from tests.benchmark.reading import UNLIKE_DIGITS, scribble
from tests.handwritten import held_out

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    import keras

DRAWINGS = 1000  # of each kind that is drawn by chance
SCANS = 1000  # of MNIST's test set that are read as pictures
VARIATIONS = 4  # of each Greek letter in each font
# Left out are those that look like digits: delta, zeta, iota, omicron, sigma; and capitals that are
# Latin ones, too.
GREEK = "ΓΔΘΛΞΠΣΦΨΩαβγεηθκλμνξπρτυφχψω"


def digit_row(name: str, answers: Answers, writers: Sequence[object]) -> tuple[str, ...]:
    """How digits fare, each alone; writers: who wrote each, or nothing where that is not known."""
    answered = answers.right & ~answers.refused
    error = expected_calibration_error(answers.confidence, answered)
    shares = answers.right.mean(), answered.mean(), answers.refused.mean(), error
    worst, mean = "", ""
    if len(writers):
        members = [np.array(writers) == writer for writer in set(writers)]
        rates = [answered[member].mean() for member in members]
        mean, worst = f"{np.mean(rates):.2%}", f"{min(rates):.2%}"
    return name, f"{len(answered):,}", *map("{:.2%}".format, shares), mean, worst


def drawn(drawings: Sequence[Sequence[np.ndarray]]) -> np.ndarray:
    """The digit images of strokes that are drawn by the mouse, shape (n, 28, 28)."""
    return np.stack([replay(in_the_middle(strokes)).digit_image() for strokes in drawings])


def refusal_row(name: str, recognizer: Recognizer, images: np.ndarray) -> tuple[str, ...]:
    """How often images that are no digit are refused."""
    refused = [prediction.digit is None for prediction in recognizer.predict_all(images)]
    return name, f"{len(refused):,}", f"{np.mean(refused):.1%}"


def polygon(rng: np.random.Generator) -> list[np.ndarray]:
    """A square, a diamond or a triangle as a careful hand draws it."""
    corners = [
        [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0)],
        [(0.5, 0), (1, 0.5), (0.5, 1), (0, 0.5), (0.5, 0)],
        [(0.5, 0), (1, 0.9), (0, 0.9), (0.5, 0)],
    ][rng.integers(3)]
    points = np.array(corners) * (rng.uniform(0.7, 1.3), 1) + rng.normal(0, 0.03, (len(corners), 2))
    sides = [np.linspace(*pair, 20) for pair in itertools.pairwise(points)]
    return [np.concatenate(sides)]


def greek_letters(rng: np.random.Generator) -> np.ndarray:
    """Greek letters of Matplotlib's fonts, varied, as digit images: float32, shape (n, 28, 28).

    No hands that wrote some are known here, and the network has learned none of these fonts.
    """
    families = ["DejaVu Sans", "DejaVu Serif", "DejaVu Sans Mono", "STIXGeneral"]
    images = []
    for family, style, weight in itertools.product(families, ("normal", "italic"), (400, 700)):
        font = FontProperties(family=family, style=style, weight=weight)
        for letter in GREEK:
            image = mnist_digit.redraw_at_stroke_width(printed(letter, font))
            images += [np.uint8(255 * image)] * VARIATIONS
    return mnist_digit.augment(np.array(images), 0.5, rng)


def printed(letter: str, font: FontProperties) -> np.ndarray:
    """A mask of a letter of a font: uint8, shape (200, 200), 1 is ink."""
    outlines = TextPath((40, -140), letter, size=100, prop=font).to_polygons()
    mask = np.zeros((200, 200), np.uint8)
    return cv2.fillPoly(mask, [np.int32(np.rint(outline * (1, -1))) for outline in outlines], 1)


def cut_off_around(image: np.ndarray) -> np.ndarray:
    """One of MNIST's images as a scanner's bitmap: black on white, 32 high, no paper around it."""
    ink = cv2.inRange(cv2.resize(image, (128, 128), interpolation=cv2.INTER_CUBIC), 128, 255)
    x, y, width, height = cv2.boundingRect(ink)
    size = max(1, round(32 * width / height)), 32
    return 255 - cv2.resize(ink[y : y + height, x : x + width], size, interpolation=cv2.INTER_AREA)


def picture_row(
    name: str, recognizer: Recognizer, pictures: Sequence[np.ndarray], labels: Sequence[int]
) -> tuple[str, ...]:
    """How often pictures of one digit are read as that and nothing else."""
    texts = [digits_in(read_pixels(picture, recognizer)) for picture in pictures]
    right = [text == str(label) for text, label in zip(texts, labels, strict=True)]
    return name, f"{len(right):,}", f"{np.mean(right):.1%}"


def measure(options: argparse.Namespace) -> None:
    """Print how well single digits are read, and how often letters, signs and others are refused.

    Held-out writers are those of model/handwriting.npz who are never trained on.
    """
    recognizer = Recognizer(options.model)
    _, test = mnist_digit.load_mnist(options.mnist)
    images = test.images / np.float32(255)
    rows = [digit_row("MNIST's test set", answers_of(recognizer, images, test.labels), [])]
    if options.pen:
        say("Replaying pen digits ...")
        pen = read_strokes(options.pen)
        images = np.stack([replay(digit.strokes).digit_image() for digit in pen])
        answers = answers_of(recognizer, images, np.array([int(digit.label) for digit in pen]))
        rows.append(digit_row(options.pen.name, answers, [digit.writer for digit in pen]))
    for source, name in (("pen", "pen, held-out writers"), ("unipen", "UNIPEN, held-out writers")):
        digits = [one for one in held_out(source) if one.label in mnist_digit.DIGITS]
        labels = np.array([int(digit.label) for digit in digits])
        answers = answers_of(recognizer, drawn([digit.strokes for digit in digits]), labels)
        rows.append(digit_row(name, answers, [digit.writer for digit in digits]))
    head = ("digits", "number", "most probable digit", "as answered", "refused", "ECE",
            "mean of writers", "worst writer")  # fmt: skip
    print_table(head, rows)
    scans, labels = test.images[:SCANS], test.labels[:SCANS]
    cut_off = [cut_off_around(scan) for scan in scans]
    rows = [
        picture_row("as it is, 28x28", recognizer, scans, labels),
        picture_row("cut off around its digit", recognizer, cut_off, labels),
    ]
    print_table(("MNIST's test set, read as pictures", "number", "right"), rows)
    if options.plain:
        model = mnist_digit.open_keras_model(options.plain)
        print_table(("as usually written", "right"), usual_rows(model, test, options.pen))

    others = held_out("unipen")
    rng = np.random.default_rng(0)
    drawings = {
        name: [one.strokes for one in others if one.label in labels]
        for name, labels in UNLIKE_DIGITS.items()
    }
    drawings["scribbles"] = [scribble(rng) for _ in range(DRAWINGS)]
    drawings["squares, diamonds, triangles"] = [polygon(rng) for _ in range(DRAWINGS)]
    rows = [refusal_row(name, recognizer, drawn(some)) for name, some in drawings.items()]
    rows.append(refusal_row("Greek letters, printed", recognizer, greek_letters(rng)))
    print_table(("no digits", "number", "refused"), rows)


def usual_rows(
    model: keras.Model, test: mnist_digit.Digits, pen: Path | None
) -> list[tuple[str, str]]:
    """How well a program as usually written reads: circles at the mouse events, shrunk to 28x28."""
    right = model.predict(mnist_digit.as_input(test.images), verbose=0).argmax(axis=1)
    rows = [("MNIST's test set", f"{np.mean(right == test.labels):.2%}")]
    if pen:
        digits = read_strokes(pen)
        images = np.stack([image_as_usual(digit.strokes) for digit in digits])
        answers = model.predict(images[..., None], verbose=0).argmax(axis=1)
        labels = [int(digit.label) for digit in digits]
        rows.append((pen.name, f"{np.mean(answers == labels):.2%}"))
    return rows


def add_options(parser: argparse.ArgumentParser) -> None:
    add_mnist(parser)
    add_model(parser)
    parser.add_argument("--pen", type=Path, metavar="FILE", help="pendigits-orig.tes, of UCI")
    parser.add_argument(
        "--plain",
        type=Path,
        metavar="FILE",
        help="a .keras network of recipe plain-sgd, to compare",
    )
