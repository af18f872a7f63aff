"""Digits and letters as people write them, for tests and measurements that need some."""

from __future__ import annotations

import functools

import cv2
import numpy as np

import mnist_digit


@functools.cache
def characters() -> list[mnist_digit.Character]:
    """All characters that are trained on."""
    return mnist_digit.read_handwriting()[0]


def write_character(label: str, rng: np.random.Generator) -> list[np.ndarray]:
    """The strokes of a digit, letter or sign as somebody might write it: points (x, y), (n, 2)."""
    ways = [character for character in characters() if character.label == label]
    return mnist_digit.vary(ways[rng.integers(len(ways))].strokes, rng)


def rows_of_sevens(pen: int, gap: int) -> np.ndarray:
    """A page of three rows of three 7s, so many pixels apart: uint8, dark on light."""
    page = np.full((300, 420), 240, np.uint8)
    for row in range(3):
        top = 30 + row * (63 + pen + gap)
        for left in (60, 180, 300):
            seven = np.array([(left, top), (left + 40, top), (left + 15, top + 63)])
            cv2.polylines(page, [seven], False, 40, pen, cv2.LINE_AA)
    return page


def write_digits(count: int, rng: np.random.Generator, no_digits: int = 0) -> mnist_digit.Digits:
    """So many digits and, behind them, so many images that are none."""
    return mnist_digit.Handwriting(characters(), rng).write(count, no_digits, 0)


def held_out(source: str) -> list[mnist_digit.Character]:
    """The characters of those writers of a source, "pen" or "unipen", who are never trained on."""
    _, characters = mnist_digit.read_handwriting()
    return [character for character in characters if character.source == source]
