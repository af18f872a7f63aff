"""The trained network that is in model/."""

import os

import numpy as np
import pytest

import mnist_digit as md
from tests.handwritten import write_digits


@pytest.fixture(scope="module")
def mnist_test():
    if "MNIST_NPZ" not in os.environ:
        pytest.skip("MNIST_NPZ names no copy of MNIST")
    return md.load_mnist(os.environ["MNIST_NPZ"])[1]


@pytest.fixture(scope="module")
def recognizer():
    return md.Recognizer()


@pytest.fixture(scope="module")
def export_probabilities(mnist_test, recognizer):
    """What the shipped export gives for MNIST's test set: shape (10000, 10)."""
    return np.stack([recognizer.predict(image / 255).probabilities for image in mnist_test.images])


def test_it_reads_mnist(mnist_test, export_probabilities):
    assert (export_probabilities.argmax(axis=1) == mnist_test.labels).mean() > 0.992


def test_export_and_keras_model_agree(mnist_test, export_probabilities):
    model = md.open_keras_model(md.MODEL.with_suffix(".keras"))
    probabilities = model.predict(md.as_input(mnist_test.images), batch_size=500, verbose=0)
    assert np.abs(probabilities[:, :10] - export_probabilities).max() <= 1e-4


def test_it_reads_handwriting_of_every_style(recognizer):
    digits = write_digits(2000, np.random.default_rng(99))
    answers = [recognizer.predict(image / 255).digit for image in digits.images]
    assert (np.array(answers) == digits.labels).mean() > 0.95


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


def test_another_shape_is_refused(recognizer):
    with pytest.raises(ValueError, match=r"\(28, 28\)"):
        recognizer.predict(np.zeros((1, 784)))
