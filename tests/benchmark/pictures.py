"""How well pictures of handwriting are read, for each kind of paper and of writing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmark import papers
from tests.benchmark.measures import add_model, print_table

if TYPE_CHECKING:
    import argparse

HEAD = ("picture", "right", "wrong and sure", "seconds, median", "longest")


def measure(options: argparse.Namespace) -> None:
    """Print how many pictures of each kind are read rightly: digits, numbers, no digits.

    Wrong and sure is an answer that is wrong, has no "?", and 85 % confidence or more. Digits,
    letters and signs are those of the writers in handwriting.npz who were never trained on.
    """
    print_table(HEAD, papers.run(options))


def add_options(parser: argparse.ArgumentParser) -> None:
    add_model(parser)
    parser.add_argument(
        "--count", type=int, default=100, metavar="N", help="pictures of each kind (default: 100)"
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of the pictures (default: 0)"
    )
    parser.add_argument(
        "--kind", action="append", metavar="NAME", help="only this kind (default: all)"
    )
    parser.add_argument(
        "--photographs",
        type=Path,
        metavar="DIR",
        help="only squares of photographs without writing",
    )
    parser.add_argument(
        "--training-writers", action="store_true", help="who were trained on instead: to tune by"
    )
    parser.add_argument(
        "--sheet", type=Path, metavar="FILE.png", help="draw there ten of each kind"
    )
    parser.add_argument(
        "--mistakes-only", action="store_true", help="draw all that were misread instead"
    )
