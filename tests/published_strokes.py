"""What people wrote with pens on tablets, read from two datasets as their authors published them.

- "Pen-Based Recognition of Handwritten Digits" by E. Alpaydin and F. Alimoglu, UCI Machine
  Learning Repository, 1998, CC BY 4.0: pendigits-orig.tra and pendigits-orig.tes.
- UNIPEN train_r01_v07 by the International Unipen Foundation, doi 10.5281/zenodo.1195803,
  CC BY 4.0: a folder with data/ and include/.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence


class Character(NamedTuple):
    """A digit, letter or sign as somebody wrote it with a pen on a tablet."""

    label: str  # "7"
    donor: str  # who recorded it: "pen", "unipen apa"
    writer: str  # who wrote it, as the donor calls this person: "12", "BobStrong"
    place: str  # its file, and its strokes there: "pen 1695-1696", "1a/apa/apa00/app0032 1-2"
    strokes: list[np.ndarray]  # points (x, y), float, (n, 2), n >= 1, y downwards, any unit


def read_pen(path: Path) -> list[Character]:
    """The digits of a file of the UCI dataset; the box that people wrote in is 500 units wide.

    Raises ValueError where the file holds none, OSError where it cannot be read.
    """
    characters = []
    pieces = ""
    try:
        for line in path.read_text().splitlines():
            match line.split():
                case [".SEGMENT", "DIGIT", pieces, *_]:
                    pass  # the next line says who wrote it
                case [".COMMENT", digit, writer, _]:
                    label = str(int(digit))
                    characters.append(Character(label, "pen", writer, f"pen {pieces}", []))
                case [".PEN_DOWN"]:
                    characters[-1].strokes.append([])
                case [x, y] if not x.startswith("."):
                    characters[-1].strokes[-1].append((float(x), -float(y)))
    except (ValueError, IndexError):
        characters = []
    if not characters:
        raise ValueError(
            f"{path}: not a file of pen digits; pendigits-orig.tra is wanted, as UCI publishes it"
        )
    return [
        character._replace(strokes=[np.array(points) for points in character.strokes if points])
        for character in characters
    ]


def read_unipen(folder: Path, kind: str) -> list[Character]:
    """The characters of a kind in a folder of UNIPEN, in the units of each tablet.

    kind is 1a (digits), 1b (capitals), 1c (small letters) or 1d (signs). The files are described in
    Guyon et al., "UNIPEN project of on-line data exchange and recognizer benchmarks", 1994.
    Raises ValueError where the folder holds none, OSError where a file cannot be read.
    """
    characters = []
    for path in sorted((folder / "data" / kind).rglob("*.dat")):
        characters += read_segments(path, folder)
    if not characters:
        raise ValueError(
            f"{folder}: no data/{kind} with characters; a folder of UNIPEN as published is wanted"
        )
    return characters


def read_segments(path: Path, folder: Path) -> list[Character]:
    """The characters of a file under data/, whose strokes are in the files that it includes."""
    name = path.relative_to(folder / "data").with_suffix("").as_posix()
    donor = name.split("/")[1]
    writer = ""
    components = []
    characters = []
    for line in path.read_text(encoding="latin-1").splitlines():
        match line.split(maxsplit=3):
            case [".INCLUDE", included]:
                person, strokes = read_components(folder / "include" / included)
                writer = person or writer
                components += strokes
            case [".SEGMENT", "CHARACTER", pieces, label]:
                strokes = []
                for piece in pieces.split(","):
                    strokes += cut(components, piece)
                if strokes:
                    letter = label.rstrip()[-2]  # of ? "7", and of ? "\"" too
                    place = f"{name} {pieces}"
                    characters.append(Character(letter, f"unipen {donor}", writer, place, strokes))
    return characters


@functools.cache
def read_components(path: Path) -> tuple[str, list[np.ndarray]]:
    """Who wrote a file of UNIPEN ("": it does not say), and its strokes, (n, 2), y downwards."""
    writer = ""
    per_inch = {"X": 1.0, "Y": 1.0}  # donor aga's tablet has other units across than upwards
    strokes = []
    down = False
    for line in path.read_text(encoding="latin-1").splitlines():
        match line.split():
            case [".PEN_DOWN"]:
                down = True
                strokes.append([])
            case [".WRITER_ID", writer]:
                down = False
            case [".X_POINTS_PER_INCH" | ".Y_POINTS_PER_INCH" as word, number]:
                per_inch[word[1]] = float(number)
            case [word, *_] if word.startswith("."):
                down = False
            case [x, y, *_] if down:
                strokes[-1].append((float(x), -float(y)))
    square = np.array([per_inch["Y"] / per_inch["X"], 1])
    # A stroke without points stays in the list: it counts where a character names its strokes.
    return writer, [np.reshape(stroke, (-1, 2)) * square for stroke in strokes]


def cut(components: Sequence[np.ndarray], piece: str) -> list[np.ndarray]:
    """The strokes that "4", "4-5" or "4:10-5:20" names; the last: from point 10 of 4 to 20 of 5."""
    start, _, end = piece.partition("-")
    first, _, first_point = start.partition(":")
    last, _, last_point = (end or start).partition(":")
    strokes = list(components[int(first) : int(last) + 1])
    if strokes and last_point:
        strokes[-1] = strokes[-1][: int(last_point) + 1]
    if strokes and first_point:
        strokes[0] = strokes[0][int(first_point) :]
    return [stroke for stroke in strokes if len(stroke)]
