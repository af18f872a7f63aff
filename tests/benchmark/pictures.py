"""How well pictures of digits are read, for each kind of paper."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmark import papers
from tests.benchmark.measures import add_model, add_strokes, print_table
from tests.benchmark.pen_files import read_strokes

if TYPE_CHECKING:
    import argparse


def measure(options: argparse.Namespace) -> None:
    """Print how many pictures of pen digits are read rightly, for each kind of paper."""
    print_table(("picture", "right"), papers.run(options, read_strokes(options.strokes)))


def add_options(parser: argparse.ArgumentParser) -> None:
    add_strokes(parser)
    add_model(parser)
    parser.add_argument(
        "--count", type=int, default=200, metavar="N", help="pictures of each kind (default: 200)"
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of the pictures (default: 0)"
    )
    parser.add_argument(
        "--kind", action="append", metavar="NAME", help="only this kind (default: all)"
    )
    parser.add_argument(
        "--sheet", type=Path, metavar="FILE.png", help="draw there ten of each kind"
    )
    parser.add_argument(
        "--mistakes-only", action="store_true", help="draw all that were misread instead"
    )
