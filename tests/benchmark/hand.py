"""How much better a person is read whose misread digits are corrected, and what that costs."""

from __future__ import annotations

import collections
import functools
import itertools
from typing import TYPE_CHECKING

import numpy as np

import mnist_digit
from mnist_digit import Canvas, Lessons, Recognizer, say
from tests.benchmark.measures import (
    Answers,
    add_mnist,
    add_model,
    add_strokes,
    add_unipen,
    answers_of,
    expected_calibration_error,
    milliseconds,
    print_table,
)
from tests.benchmark.pen_files import Character, read_strokes, read_unipen, replay
from tests.handwritten import write_digits

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence


ORDERS = 3  # that each writer's digits are taken in; all of them count
FEWEST_DIGITS = 40  # of a writer


def read_drawing(recognizer: Recognizer, canvas: Canvas, label: str) -> tuple[float, float]:
    """The confidence of the answer to a drawing, and whether it is right (1 or 0)."""
    reading = canvas.read(recognizer)
    return reading.confidence, float(reading.text == label)


def take_lessons(
    recognizer: Recognizer,
    canvases: Sequence[Canvas],
    labels: Sequence[str],
    order: np.ndarray,
    slips: Iterator[bool],
) -> tuple[np.ndarray, dict[int, str]]:
    """Read a writer's digits in this order, correcting each misread one; slips: when wrongly.

    Returns confidence and right of each answer, shape (n, 2), and what was said of which digit.
    """
    answers, said = [], {}
    for i in order:
        answers.append(read_drawing(recognizer, canvases[i], labels[i]))
        if not answers[-1][1]:
            said[i] = str(
                (int(labels[i]) + next(slips) * (1 + i % 9)) % 10
            )  # another digit where the person errs
            recognizer.teach(canvases[i].digit_image(), int(said[i]))
    return np.array(answers), said


def hand_row(
    name: str, recognizer: Recognizer, characters: Sequence[Character], test: Answers
) -> tuple[str, ...]:
    """What learning gives for all who wrote these digits, and what it costs on MNIST's test set."""
    writers = collections.defaultdict(list)
    for character in characters:
        writers[character.donor, character.writer].append(character)
    writers = {
        writer: written for writer, written in writers.items() if len(written) >= FEWEST_DIGITS
    }
    never, tenth = itertools.repeat(False), itertools.cycle([False] * 9 + [True])
    before, after, with_slips, lost = [], [], [], []  # the answers of second halves; points lost
    corrections, kept = 0, 0
    for writer, written in writers.items():
        say(f"Learning {name}, {' '.join(writer)} ...")
        canvases, labels = (
            [replay(character.strokes) for character in written],
            [c.label for c in written],
        )
        unlearned = np.array([*map(functools.partial(read_drawing, recognizer), canvases, labels)])
        for seed in range(ORDERS):
            order = np.random.default_rng(seed).permutation(len(labels))
            half = len(order) // 2
            before.append(unlearned[order[half:]])
            for answers, slips in ((with_slips, tenth), (after, never)):
                taken, said = take_lessons(recognizer, canvases, labels, order, slips)
                answers.append(taken[half:])
                if slips is never:
                    corrections += len(said)
                    kept += sum(
                        canvases[i].read(recognizer).text == digit for i, digit in said.items()
                    )
                    if seed == 0:
                        learned = answers_of(recognizer, test.images, test.labels)
                        lost.append(
                            np.mean(test.right & ~test.refused)
                            - np.mean(learned.right & ~learned.refused)
                        )
                while recognizer.forget():
                    pass
    before, after, with_slips = map(np.concatenate, (before, after, with_slips))
    return (
        name,
        str(len(writers)),
        *(f"{answers[:, 1].mean():.2%}" for answers in (before, after, with_slips)),
        f"{corrections / ORDERS / len(writers):.1f}",
        f"{kept / max(corrections, 1):.1%}",
        *(f"{expected_calibration_error(*answers.T):.2%}" for answers in (before, after)),
        f"{100 * np.mean(lost):.3f}",
        f"{100 * max(lost):.2f}",
    )


def measure(options: argparse.Namespace) -> None:
    """Print how much better a person is read whose misread digits are corrected, and its cost."""
    _, test = mnist_digit.load_mnist(options.mnist)
    recognizer = Recognizer(options.model)
    mnist = answers_of(recognizer, test.images / np.float32(255), test.labels)
    rows = [hand_row("pen digits", recognizer, read_strokes(options.strokes), mnist)]
    if options.unipen:
        rows.append(hand_row("UNIPEN", recognizer, read_unipen(options.unipen, "1a"), mnist))
    head = (
        "second half of each writer's digits",
        "writers",
        "without",
        "with learning",
        "1 in 10 corrected wrongly",
    )
    head += (
        "corrections",
        "read again as taught",
        "ECE without",
        "with",
        "MNIST loses (points)",
        "by worst writer",
    )
    print_table(head, rows)

    lessons = write_digits(10_000, np.random.default_rng(0))
    rows = []
    for count in (0, 100, 10_000):
        taught = Lessons(lessons.images[:count], lessons.labels[:count], np.arange(count))
        recognizer.hand.change(lambda _, taught=taught: taught)
        times = milliseconds(recognizer.predict, mnist.images[:1010])[10:]
        rows.append(
            (f"{count:,}", *(f"{np.percentile(times, share):.3f} ms" for share in (50, 99)))
        )
    print_table(("teachings", "one answer, median", "99th percentile"), rows)


def add_options(parser: argparse.ArgumentParser) -> None:
    add_mnist(parser)
    add_strokes(parser)
    add_unipen(parser)
    add_model(parser)
