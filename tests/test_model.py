"""The trained network that is in model/."""

import os
from pathlib import Path

import numpy as np
import pytest

import mnist_digit as md


@pytest.fixture(scope="module")
def mnist_test():
    if "MNIST_NPZ" not in os.environ:
        pytest.skip("MNIST_NPZ names no copy of MNIST")
    return md.load_mnist(Path(os.environ["MNIST_NPZ"]))[1]


def test_it_reads_mnist_and_so_does_the_keras_model(mnist_test, recognizer):
    images = mnist_test.images[:2000] / np.float32(255)
    probabilities = recognizer.judge(images)
    assert (md.answers_of(probabilities) == mnist_test.labels[:2000]).mean() > 0.985
    model = md.open_keras_model(md.MODEL.with_suffix(".keras"))
    of_keras = model.predict(images[..., None], batch_size=500, verbose=0)
    assert np.abs(probabilities - of_keras).max() <= 1e-4


def test_it_reads_digits_and_refuses_letters_of_people_it_has_never_seen(recognizer):
    _, held_out = md.read_handwriting()
    digits = [character for character in held_out if character.label in md.DIGITS]
    answers = [recognizer.predict(md.draw_digit_image(c.strokes)).digit for c in digits[::4]]
    labels = [int(character.label) for character in digits[::4]]
    assert np.mean(np.array(answers) == labels) > 0.97
    letters = [c for c in held_out if c.label in md.LETTERS_UNLIKE_DIGITS][::8]
    answers = [recognizer.predict(md.draw_digit_image(c.strokes)).digit for c in letters]
    assert np.mean([answer is None for answer in answers]) > 0.9


@pytest.mark.parametrize(
    "change, words",
    [({"activation": "tanh"}, "the activation tanh"), ({"padding": "odd"}, "the padding odd")],
)
def test_a_layer_that_cannot_be_computed_is_refused(tmp_path, recognizer, change, words):
    first, *others = recognizer.network.layers
    path = tmp_path / "other.npz"
    md.save_network(md.Network([first._replace(**change), *others]), path)
    with pytest.raises(ValueError, match=words):
        md.open_network(path)


def test_the_keras_model_is_compiled_with_sgd():
    model = md.import_keras().models.load_model(md.MODEL.with_suffix(".keras"))
    assert type(model.optimizer).__name__ == "SGD"


@pytest.mark.parametrize("value", [0.0, 1.0, 0.5])
def test_any_image_gives_probabilities(recognizer, value):
    prediction = recognizer.predict(np.full((28, 28), value, np.float32))
    assert prediction.probabilities.shape == (10,)
    assert (prediction.probabilities >= 0).all()
    no_digit = 1 - prediction.probabilities.sum()  # where that is most probable, it is the answer
    assert no_digit >= -1e-6
    assert prediction.confidence == pytest.approx(max(no_digit, prediction.probabilities.max()))
    assert (prediction.digit is None) == (no_digit > prediction.probabilities.max())


@pytest.mark.parametrize(
    "image, words",
    [
        (np.zeros((1, 784)), r"has shape \(28, 28\)"),
        (np.zeros((28, 28), np.uint8), "not uint8"),
        (np.full((28, 28), 1.5), "from 0 to 1"),
        (np.full((28, 28), -0.1), "from 0 to 1"),
        (np.full((28, 28), np.nan), "from 0 to 1"),
    ],
)
def test_what_is_no_digit_image_is_refused(recognizer, image, words):
    with pytest.raises(ValueError, match=words):
        recognizer.predict(image)
