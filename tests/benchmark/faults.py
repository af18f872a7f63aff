"""What is lost when the program is killed, starved, shut out or badly fed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests import fault_injection

if TYPE_CHECKING:
    import argparse


def measure(options: argparse.Namespace) -> None:
    """Print what was tried and what was lost: see fault_injection.py."""
    fault_injection.try_all(options)


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--kills", type=int, default=20, metavar="N", help="(default: 20)")
