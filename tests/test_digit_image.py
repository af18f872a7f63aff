"""The digit image: what every drawing and every image file becomes before the network sees it."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mnist_digit as md

SEVEN = [np.array([(0, 0), (60, 0), (20, 100)], float), np.array([(15, 50), (55, 50)], float)]
LIKE = 0.04  # mean difference of two digit images that a person would call the same


def paint(strokes, size, width, margin=0.15):
    """Strokes as a paint program draws them: uint8, shape (size, size), white on black."""
    points = np.concatenate(strokes)
    scale = (size * (1 - 2 * margin) - width) / np.ptp(points, axis=0).max()
    lines = [np.rint((s - points.min(axis=0)) * scale + size * margin + width / 2).astype(np.int32) for s in strokes]
    image = np.zeros((size, size), np.uint8)
    cv2.polylines(image, lines, False, 255, width, cv2.LINE_AA)
    return image


def read(tmp_path, picture, name="digit.png"):
    path = tmp_path / name
    assert cv2.imwrite(str(path), picture)
    return md.read_digit_image(path)


def is_seven(image):
    assert image.shape == (28, 28) and image.dtype == np.float32
    assert image.min() >= 0 and image.max() <= 1
    return np.abs(image - md.draw_digit_image(SEVEN)).mean() < LIKE


def test_ink_fills_mnists_box_and_is_centred_by_mass():
    image = md.draw_digit_image(SEVEN)
    _, _, width, height = cv2.boundingRect(np.uint8(image > 0.2))
    assert max(width, height) in (19, 20)
    y, x = np.mgrid[:28, :28]
    assert abs((x * image).sum() / image.sum() - 14) <= 0.51
    assert abs((y * image).sum() / image.sum() - 14) <= 0.51


def test_strokes_have_the_width_asked_for():
    ink = [md.draw_digit_image([np.array([(0, 0), (0, 100)], float)], width).sum() for width in (1.5, 3.0)]
    assert ink[1] / ink[0] == pytest.approx(2, rel=0.25)  # cv2 draws soft edges half a pixel outwards


@given(st.floats(0.001, 1e4), st.floats(-1e5, 1e5), st.floats(-1e5, 1e5))
def test_size_and_place_do_not_matter(scale, x, y):
    moved = md.draw_digit_image([stroke * scale + (x, y) for stroke in SEVEN])
    assert np.abs(moved - md.draw_digit_image(SEVEN)).max() < 0.1


@given(st.lists(st.lists(st.tuples(st.integers(0, 559), st.integers(0, 559)), min_size=1), min_size=1))
def test_any_strokes_give_a_digit_image(strokes):
    image = md.draw_digit_image([np.array(stroke, float) for stroke in strokes])
    assert image.shape == (28, 28) and np.isfinite(image).all() and image.min() >= 0 and image.max() <= 1
    assert image.sum() > 0


@pytest.mark.parametrize("size, width", [(16, 1), (28, 2), (100, 3), (280, 4), (280, 20), (400, 50), (2000, 100)])
@pytest.mark.parametrize("dark", [True, False], ids=["dark on light", "light on dark"])
def test_any_size_and_brush(tmp_path, size, width, dark):
    picture = paint(SEVEN, size, width)
    assert is_seven(read(tmp_path, 255 - picture if dark else picture))


def test_smallest_picture(tmp_path):
    assert read(tmp_path, 255 - paint(SEVEN, 8, 1, 0.05)).sum() > 20


def test_forty_megapixels(tmp_path):
    assert is_seven(read(tmp_path, 255 - cv2.resize(paint(SEVEN, 1000, 60), (6400, 6400)), "large.jpg"))


@pytest.mark.parametrize(
    "ink, paper",
    [
        ((0, 0, 255), (255, 255, 255)),
        ((0, 255, 255), (255, 255, 255)),
        ((0, 160, 0), (0, 0, 255)),
        ((200, 60, 30), (10, 10, 10)),
    ],
)
def test_any_colour(tmp_path, ink, paper):
    share = paint(SEVEN, 200, 14)[..., None] / 255
    assert is_seven(read(tmp_path, np.uint8(share * ink + (1 - share) * paper)))


@pytest.mark.parametrize("ink, behind", [(0, 0), (255, 0), (0, 255), (255, 255)])
def test_drawing_on_transparency(tmp_path, ink, behind):
    alpha = paint(SEVEN, 200, 14)
    colour = np.where(alpha > 0, ink, behind).astype(np.uint8)
    assert is_seven(read(tmp_path, np.dstack([colour] * 3 + [alpha])))


def test_paper_cut_out_on_transparency(tmp_path):
    picture = 255 - cv2.copyMakeBorder(paint(SEVEN, 160, 12), 20, 20, 20, 20, cv2.BORDER_CONSTANT)
    alpha = np.zeros_like(picture)
    cv2.circle(alpha, (100, 100), 96, 255, -1)
    assert is_seven(read(tmp_path, np.dstack([np.where(alpha, picture, 0)] * 3 + [alpha])))


@pytest.mark.parametrize("kind", [np.uint16, np.float32])
def test_depth(tmp_path, kind):
    picture = 1 - paint(SEVEN, 200, 14) / 255
    picture = (picture * 65535).astype(kind) if kind is np.uint16 else picture.astype(kind)
    assert is_seven(read(tmp_path, picture, "deep.tiff"))


def photograph(rng, rules=False, shadow=False):
    """A photograph of a seven on paper: light from one side, noise, blur, a shadow or rules if asked for."""
    y, x = np.mgrid[:600, :800] / 600
    light = 0.6 + 0.3 * x
    if shadow:
        light = light * np.where(x + 0.5 * y > 1.4, 0.55, 1)
    paper = np.ones((600, 800))
    if rules:
        paper[20::60] = paper[21::60] = 0.75
        turn = cv2.getRotationMatrix2D((400, 300), 1.0, 1)
        paper = cv2.warpAffine(paper, turn, (800, 600), borderMode=cv2.BORDER_REFLECT)
    ink = np.zeros((600, 800))
    ink[100:500, 250:650] = paint(SEVEN, 400, 12) / 255
    picture = cv2.GaussianBlur(paper * (1 - 0.7 * ink) * light + rng.normal(0, 0.02, ink.shape), (0, 0), 1.2)
    return np.uint8(255 * picture.clip(0, 1))


@pytest.mark.parametrize("kind", [{}, {"rules": True}, {"shadow": True}], ids=["uneven light", "rules", "shadow"])
def test_photograph_of_paper(tmp_path, kind):
    assert is_seven(read(tmp_path, photograph(np.random.default_rng(0), **kind), "photo.jpg"))


def test_turned_photograph_is_turned_back(tmp_path):
    _, data = cv2.imencode(".jpg", cv2.rotate(255 - paint(SEVEN, 200, 14), cv2.ROTATE_90_COUNTERCLOCKWISE))
    exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"  # orientation 6
    path = tmp_path / "turned.jpg"
    path.write_bytes(data[:2].tobytes() + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + data[2:].tobytes())
    assert is_seven(md.read_digit_image(path))


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_uniform_picture_has_no_ink(tmp_path, shade):
    with pytest.raises(ValueError, match=r"blank\.png: no ink"):
        read(tmp_path, np.full((50, 70), shade, np.uint8), "blank.png")


def test_blank_paper_has_no_ink(tmp_path):
    rng = np.random.default_rng(0)
    light = np.linspace(150, 230, 400)[None] + rng.normal(0, 4, (300, 400))
    with pytest.raises(ValueError, match=r"paper\.png: no ink"):
        read(tmp_path, np.uint8(light), "paper.png")


@settings(deadline=None)  # the first one reads all templates
@given(digit=st.integers(0, 9), seed=st.integers(0, 10**6))
def test_handwriting_gives_digit_images(digit, seed):
    strokes = md.write_character(str(digit), np.random.default_rng(seed))
    assert all(stroke.shape[1] == 2 and len(stroke) > 0 and np.isfinite(stroke).all() for stroke in strokes)
    assert 20 < md.draw_digit_image(strokes).sum() < 350


def test_curve_runs_through_its_points_and_turns_at_corners():
    [(points, smooth_curve)] = md.parse_template("0,0 50,0! 50,50 0,100")
    curve = smooth_curve @ points
    for point in points:
        assert np.hypot(*(curve - point).T).min() < 1e-9
    before_corner = curve[: md.POINTS_PER_SEGMENT + 1]
    assert np.allclose(before_corner[:, 1], 0)  # straight on into the corner, not around it


def test_augmented_digits_differ_but_stay_digit_images():
    images = np.uint8(255 * np.stack([md.draw_digit_image(SEVEN)] * 1500))
    changed = md.augment(images, 1, np.random.default_rng(0))
    assert changed.shape == images.shape and changed.dtype == np.float32
    assert changed.min() >= 0 and changed.max() <= 1
    difference = np.abs(changed - images / 255).mean(axis=(1, 2))
    assert 0.01 < difference.mean() < 0.15 and difference.std() > 0.01
