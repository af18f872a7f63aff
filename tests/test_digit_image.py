"""The digit image: what every digit becomes before the network sees it."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mnist_digit as md
from tests.handwritten import write_character

SEVEN = [np.array([(0, 0), (60, 0), (20, 100)], float), np.array([(15, 50), (55, 50)], float)]


def test_ink_fills_mnists_box_and_is_centred_by_mass():
    image = md.draw_digit_image(SEVEN)
    _, _, width, height = cv2.boundingRect(np.uint8(image > 0.2))
    assert max(width, height) in (19, 20)
    y, x = np.mgrid[:28, :28]
    assert abs((x * image).sum() / image.sum() - 14) <= 0.51
    assert abs((y * image).sum() / image.sum() - 14) <= 0.51


def test_strokes_have_the_width_asked_for():
    ink = [
        md.draw_digit_image([np.array([(0, 0), (0, 100)], float)], width).sum()
        for width in (1.5, 3.0)
    ]
    assert ink[1] / ink[0] == pytest.approx(
        2, rel=0.25
    )  # cv2 draws soft edges half a pixel outwards


@given(st.floats(0.001, 1e4), st.floats(-1e5, 1e5), st.floats(-1e5, 1e5))
def test_size_and_place_do_not_matter(scale, x, y):
    moved = md.draw_digit_image([stroke * scale + (x, y) for stroke in SEVEN])
    assert np.abs(moved - md.draw_digit_image(SEVEN)).max() < 0.1


@given(
    st.lists(st.lists(st.tuples(st.integers(0, 559), st.integers(0, 559)), min_size=1), min_size=1)
)
def test_any_strokes_give_a_digit_image(strokes):
    image = md.draw_digit_image([np.array(stroke, float) for stroke in strokes])
    assert (
        image.shape == (28, 28)
        and np.isfinite(image).all()
        and image.min() >= 0
        and image.max() <= 1
    )
    assert image.sum() > 0


@given(digit=st.integers(0, 9), seed=st.integers(0, 10**6))
def test_handwriting_gives_digit_images(digit, seed):
    strokes = write_character(str(digit), np.random.default_rng(seed))
    assert all(
        stroke.shape[1] == 2 and len(stroke) > 0 and np.isfinite(stroke).all() for stroke in strokes
    )
    assert 20 < md.draw_digit_image(strokes).sum() < 350


def test_augmented_digits_differ_but_stay_digit_images():
    images = np.uint8(255 * np.stack([md.draw_digit_image(SEVEN)] * 1500))
    changed = md.augment(images, 1, np.random.default_rng(0))
    assert changed.shape == images.shape and changed.dtype == np.float32
    assert changed.min() >= 0 and changed.max() <= 1
    difference = np.abs(changed - images / 255).mean(axis=(1, 2))
    assert 0.01 < difference.mean() < 0.15 and difference.std() > 0.01
