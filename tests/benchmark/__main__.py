"""Measure how well and how fast digits are read; not a test.

Examples:
  python -m tests.benchmark accuracy --mnist mnist.npz --pen pendigits-orig.tes
  python -m tests.benchmark reading
  python -m tests.benchmark recipes --mnist mnist.npz --strokes pendigits-orig.tra --recipe adam
  python -m tests.benchmark speed --mnist mnist.npz
  python -m tests.benchmark hand --mnist mnist.npz --strokes pendigits-orig.tra --unipen unipen
  python -m tests.benchmark pictures --count 100 --sheet sheet.png
  python -m tests.benchmark faults --kills 20

MNIST is an .npz file with x_train, y_train, x_test and y_test. The strokes are a file of the UCI
dataset "Pen-Based Recognition of Handwritten Digits" as published (pendigits-orig.tra or .tes,
https://archive.ics.uci.edu/dataset/81); UNIPEN is a folder of train_r01_v07 as published, with
data/ and include/ (https://doi.org/10.5281/zenodo.1195803). Results go to standard output as
Markdown tables, progress to standard error. speed and faults need Linux with xdotool and Xvfb.
"""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from mnist_digit import say
from tests.benchmark import accuracy, faults, hand, pictures, reading, recipes, speed

if TYPE_CHECKING:
    from collections.abc import Sequence

MEASUREMENTS = (accuracy, reading, recipes, speed, hand, pictures, faults)


def parse_arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmark",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True)
    for module in MEASUREMENTS:
        name = module.__name__.rpartition(".")[2]
        what = module.measure.__doc__.replace("%", "%%")  # argparse takes "%" for a format
        command = commands.add_parser(name, help=what, description=what)
        command.set_defaults(measure=module.measure)
        module.add_options(command)
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line. Returns the exit status."""
    options = parse_arguments(arguments)
    try:
        options.measure(options)
    except KeyboardInterrupt:
        return 130
    except (ValueError, OSError) as error:
        say(f"benchmark: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
