"""Training for real, but tiny: a few hundred synthetic digits in MNIST's place."""

import re

import cv2
import numpy as np
import pytest

import mnist_digit as md


@pytest.fixture(scope="module")
def small_mnist(tmp_path_factory):
    """An .npz file as MNIST's, with 480 and 100 synthetic digits."""
    path = tmp_path_factory.mktemp("data") / "small mnist.npz"
    rng = np.random.default_rng(0)
    train, test = md.write_digits(480, rng), md.write_digits(100, rng)
    np.savez(path, x_train=train.images, y_train=train.labels, x_test=test.images, y_test=test.labels)
    return path


@pytest.fixture(scope="module")
def trained(small_mnist, tmp_path_factory):
    """The folder of a training by the default recipe, and the model that train() returned."""
    folder = tmp_path_factory.mktemp("trained")
    model = md.train(
        small_mnist, epochs=4, batch_size=32, path=folder / "model" / "digit.tflite", plots=folder / "plots"
    )
    return folder, model


def test_training_leaves_the_model_the_plots_and_nothing_else(trained):
    folder, _ = trained
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert files == [
        "model/digit.keras",
        "model/digit.tflite",
        "plots/confusion_matrix.png",
        "plots/learning_curves.png",
    ]


def test_the_network_is_the_one_described(trained):
    _, model = trained
    layers = [type(layer).__name__ for layer in model.layers]
    assert layers == [
        "Conv2D",
        "MaxPooling2D",
        "Conv2D",
        "MaxPooling2D",
        "Dropout",
        "Flatten",
        "Dense",
        "Dropout",
        "Dense",
    ]
    assert type(model.optimizer).__name__ == "SGD"
    assert model.count_params() == 421_771


def test_it_learned(trained):
    folder, _ = trained
    recognizer = md.Recognizer(folder / "model" / "digit.tflite")
    digits = md.write_digits(200, np.random.default_rng(1))
    right = sum(recognizer.predict(i / 255).digit == d for i, d in zip(digits.images, digits.labels, strict=True))
    assert right > 80  # of 200; a guess gets 20


def test_both_forms_give_the_same_prediction(trained):
    folder, _ = trained
    export, network = (md.Recognizer(folder / "model" / f"digit.{kind}") for kind in ("tflite", "keras"))
    for image in md.write_digits(30, np.random.default_rng(2)).images / 255:
        assert np.abs(export.predict(image).probabilities - network.predict(image).probabilities).max() < 1e-4


def test_missing_export_is_made_anew(trained, tmp_path, capfd):
    folder, _ = trained
    (tmp_path / "digit.keras").write_bytes((folder / "model" / "digit.keras").read_bytes())
    recognizer = md.Recognizer(tmp_path / "digit.tflite")
    assert re.fullmatch(r".*digit\.tflite is missing: making it anew.*\n", capfd.readouterr().err)
    assert recognizer.predict(np.zeros((28, 28))).probabilities.shape == (10,)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["digit.keras", "digit.tflite"]


def test_plots_are_pictures(trained):
    folder, _ = trained
    for name in ("learning_curves", "confusion_matrix"):
        picture = cv2.imread(str(folder / "plots" / f"{name}.png"))
        assert min(picture.shape[:2]) > 300 and picture.std() > 10


@pytest.mark.parametrize("recipe", [name for name in md.RECIPES if name != "default"])
def test_every_recipe_trains(small_mnist, tmp_path, recipe, capfd):
    md.train(small_mnist, recipe, epochs=1, path=tmp_path / "digit.tflite", plots=tmp_path)
    assert re.search(r"Test loss: \d+\.\d+, test accuracy: \d+\.\d+%", capfd.readouterr().err)
    assert md.Recognizer(tmp_path / "digit.tflite").predict(np.zeros((28, 28))).probabilities.shape == (10,)


def test_same_seed_gives_the_same_network(small_mnist, tmp_path):
    weights = []
    for name in ("a", "b"):
        model = md.train(small_mnist, epochs=2, seed=3, path=tmp_path / name / "digit.tflite", plots=tmp_path)
        weights.append(np.concatenate([w.ravel() for w in model.get_weights()]))
    assert np.allclose(*weights, atol=1e-5)


def test_calibration_makes_confidence_what_is_right(trained):
    """A network made far too sure is brought back to what held-out digits allow."""
    _, model = trained
    digits = md.write_digits(1000, np.random.default_rng(4))
    images = md.as_input(digits.images)

    def overconfidence():
        probabilities = model.predict(images, verbose=0)
        return probabilities.max(axis=1).mean() - (probabilities.argmax(axis=1) == digits.labels).mean()

    kept = model.layers[-1].get_weights()
    model.layers[-1].set_weights([weights * 3 for weights in kept])
    before = overconfidence()
    md.calibrate(model, images, digits.labels)
    assert abs(overconfidence()) < 0.05 < before
    model.layers[-1].set_weights(kept)


def test_the_most_probable_digit_stays_the_same_when_calibrated(trained):
    _, model = trained
    digits = md.write_digits(100, np.random.default_rng(5))
    before = model.predict(md.as_input(digits.images), verbose=0)[:, :10].argmax(axis=1)
    md.calibrate(model, md.as_input(digits.images), digits.labels)
    assert (model.predict(md.as_input(digits.images), verbose=0)[:, :10].argmax(axis=1) == before).all()


@pytest.mark.parametrize(
    "change, reason",
    [
        ({"x_test": None}, "not an .npz file with"),
        ({"x_train": np.zeros((100, 27, 28), np.uint8)}, "shape"),
        ({"x_train": np.zeros((480, 28, 28), float)}, "float64"),
        ({"y_train": np.full(480, 10)}, "labels"),
        ({"y_test": np.zeros(99, int)}, "labels"),
        ({"x_train": np.array([{}], dtype=object)}, "not an .npz file with"),
    ],
)
def test_other_data_is_refused(small_mnist, tmp_path, change, reason):
    with np.load(small_mnist) as arrays:
        changed = {name: array for name, array in {**arrays, **change}.items() if array is not None}
    np.savez(tmp_path / "other.npz", **changed)
    with pytest.raises(ValueError, match=rf"other\.npz: .*{re.escape(reason)}"):
        md.load_mnist(tmp_path / "other.npz")
