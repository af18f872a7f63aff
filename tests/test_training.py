"""Training for real, but tiny: a few hundred synthetic digits in MNIST's place."""

import json
import re
import shutil
import sys

import cv2
import numpy as np
import pytest

import mnist_digit as md
from tests.handwritten import write_digits
from tests.program import run


def test_training_leaves_the_model_the_plots_and_nothing_else(trained):
    folder, *_ = trained
    files = sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())
    assert files == [
        "model/digit.json",
        "model/digit.keras",
        "model/digit.npz",
        "plots/confusion_matrix.png",
        "plots/learning_curves.png",
    ]


@pytest.mark.parametrize("recipe", md.RECIPES)
def test_numpy_gives_what_keras_gives(recipe, tmp_path):
    model = md.compiled(md.RECIPES[recipe], 100)
    rng = np.random.default_rng(0)
    for layer in model.layers:  # as training would, also means and variances
        layer.set_weights([one + rng.normal(0, 0.03, one.shape) for one in layer.get_weights()])
    if md.RECIPES[recipe].handwriting:
        model = md.with_answers(model)
    md.save_network(md.network_of(model), tmp_path / "network.npz")
    network = md.open_network(tmp_path / "network.npz")
    images = write_digits(16, np.random.default_rng(2)).images
    answers = network.activations(images / np.float32(255))[-1].values
    assert answers.max() < 0.99  # of answers that are all 1 or 0, most faults would not be seen
    assert np.abs(network.answers(images / np.float32(255)) - answers).max() < 1e-6
    assert np.abs(answers - model.predict(md.as_input(images), verbose=0)).max() < 1e-5


def test_every_layers_activations_are_those_of_keras():
    keras = md.import_keras()
    model = md.compiled(md.RECIPES["conv5"], 100)
    shown = [layer for layer in model.layers if "dropout" not in layer.name]
    inner = keras.Model(model.inputs, [layer.output for layer in shown])
    images = write_digits(3, np.random.default_rng(2)).images
    found = md.network_of(model).activations(images / np.float32(255))
    assert [one.name for one in found] == [layer.name for layer in shown]
    for one, values in zip(found, inner(md.as_input(images)), strict=True):
        assert np.abs(one.values - values).max() < 1e-4


def test_a_network_with_other_layers_is_computed_by_keras(tmp_path):
    keras = md.import_keras()
    k = keras.layers
    layers = [k.Conv2D(4, 3, strides=2), k.LeakyReLU(), k.GlobalAveragePooling2D()]
    answers = k.Dense(10, activation="softmax")
    model = keras.Sequential([keras.Input((28, 28, 1)), *layers, answers])
    model.save(tmp_path / "own.keras")
    network = md.open_network(tmp_path / "own.keras")
    images = write_digits(3, np.random.default_rng(2)).images
    found = network.activations(images / np.float32(255))
    assert [one.values.shape[1:] for one in found] == [(13, 13, 4), (13, 13, 4), (4,), (10,)]
    assert np.abs(found[-1].values - model.predict(md.as_input(images), verbose=0)).max() < 1e-5


def with_a_layer_used_twice(keras):
    k = keras.layers
    dense = k.Dense(10)
    start = keras.Input((28, 28, 1))
    values = dense(k.Dense(10)(k.Flatten()(start)))
    return keras.Model(start, k.Activation("softmax")(dense(values)))


def normalized_along_its_rows(keras):
    k = keras.layers
    convolution = k.Conv2D(28, 3, padding="same", use_bias=False)
    normalization = k.BatchNormalization(axis=1, scale=False)
    layers = [convolution, normalization, k.Flatten(), k.Dense(10, activation="softmax")]
    model = keras.Sequential([keras.Input((28, 28, 1)), *layers])
    normalization.set_weights([np.arange(28.0), np.arange(28.0), np.ones(28)])
    return model


def quantized(keras):
    k = keras.layers
    layers = [k.Flatten(), k.Dense(10, activation="softmax")]
    model = keras.Sequential([keras.Input((28, 28, 1)), *layers])
    model.quantize("int8")
    return model


@pytest.mark.parametrize("make", [with_a_layer_used_twice, normalized_along_its_rows, quantized])
def test_known_layers_that_are_used_in_unknown_ways_are_computed_by_keras(make, capfd, tmp_path):
    model = make(md.import_keras())
    model.save(tmp_path / "own.keras")
    network = md.open_network(tmp_path / "own.keras")
    images = write_digits(3, np.random.default_rng(2)).images
    capfd.readouterr()
    answers = network.answers(images / np.float32(255))
    assert "Warning" not in capfd.readouterr().err
    assert np.abs(answers - model.predict(md.as_input(images), verbose=0)).max() < 1e-5


def test_an_earlier_copy_stays_until_the_new_one_is_whole(tmp_path, monkeypatch):
    (tmp_path / "digit.npz").write_text("new")
    (tmp_path / "digit.old.npz").write_text("old")

    def fail(source, target):
        raise OSError("the disk is full")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="full"):
        patch.setattr(shutil, "copyfile", fail)
        md.keep_as_old([tmp_path / "digit.npz"])
    assert (tmp_path / "digit.old.npz").read_text() == "old"
    assert md.keep_as_old([tmp_path / "digit.npz"]) == ["digit.old.npz"]
    assert (tmp_path / "digit.old.npz").read_text() == "new"


def test_batches_too_small_are_refused_and_the_largest_make_one_step(small_mnist, tmp_path):
    files = {"path": tmp_path / "digit.npz", "plots": tmp_path}
    with pytest.raises(ValueError, match="batches of 2 are too small"):
        md.train(small_mnist, batch_size=2, **files)
    optimizer = md.default_optimizer(md.import_keras().optimizers, steps=1)
    assert optimizer.momentum == 0.9  # it could be made


def test_the_record_tells_how_to_train_the_same_again(trained):
    record = json.loads((trained[0] / "model" / "digit.json").read_text())
    assert (record["recipe"], record["epochs"], record["seed"]) == ("default", 3, 0)
    assert len(record["history"]) == 3 and 0 <= record["test_accuracy"] <= 1
    assert {"keras", "tensorflow", "numpy", "opencv", "python"} <= set(record["versions"])
    assert {"training images", "handwriting.npz"} <= set(record["sha256"])


def test_handwriting_that_is_missing_is_said_in_one_line(small_mnist, tmp_path, monkeypatch):
    monkeypatch.setattr(md, "HANDWRITING", tmp_path / "handwriting.npz")
    with pytest.raises(ValueError, match=r"handwriting\.npz: no handwriting .*no such file"):
        md.train(small_mnist, path=tmp_path / "digit.npz", plots=tmp_path)


def test_missing_export_is_made_anew(trained, tmp_path, capfd):
    folder, *_ = trained
    (tmp_path / "digit.keras").write_bytes((folder / "model" / "digit.keras").read_bytes())
    recognizer = md.Recognizer(tmp_path / "digit.npz")
    assert re.fullmatch(r".*digit\.npz is missing: making it anew.*\n", capfd.readouterr().err)
    assert recognizer.predict(np.zeros((28, 28))).probabilities.shape == (10,)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["digit.keras", "digit.npz"]


def test_plots_are_pictures(trained):
    folder, *_ = trained
    for name in ("learning_curves", "confusion_matrix"):
        picture = cv2.imread(str(folder / "plots" / f"{name}.png"))
        assert min(picture.shape[:2]) > 300 and picture.std() > 10


@pytest.mark.slow
@pytest.mark.parametrize(
    "recipe", [name for name in md.RECIPES if name not in ("default", "plain-sgd")]
)
def test_recipes_that_learn_in_seconds_do(small_mnist, tmp_path, recipe, capfd):
    """The default one, in which digits are hardest, needs more than a few seconds to."""
    md.train(
        small_mnist, recipe, epochs=4, batch_size=16, path=tmp_path / "digit.npz", plots=tmp_path
    )
    said = re.search(r"Test loss: \d+\.\d+, test accuracy: (\d+\.\d+)%", capfd.readouterr().err)
    assert float(said[1]) > 40  # a guess gets 10
    assert md.Recognizer(tmp_path / "digit.npz").predict(
        np.zeros((28, 28))
    ).probabilities.shape == (10,)


def test_progress_is_counted_to_its_end_and_the_last_lines_say_where_all_is(trained):
    folder, _, said = trained
    steps = [tuple(map(int, step.split("/"))) for step in re.findall(r"\b\d+/\d+\b", said)]
    assert len(steps) > 6 and all(number <= whole for number, whole in steps)
    assert {(1, 3), (2, 3), (3, 3)} < set(steps)  # epochs
    plots, model = folder / "plots", folder / "model" / "digit.npz"
    last_lines = [f"Drew the plots in {plots}", f"Saved {model} and digit.keras"]
    assert said.splitlines()[-2:] == last_lines


def test_what_is_replaced_stays_under_a_name_that_is_said(trained, tmp_path, capsys):
    folder, model, _ = trained
    old = {
        path.name: path.read_bytes()
        for path in shutil.copytree(folder / "model", tmp_path / "model").iterdir()
        if path.suffix != ".json"
    }
    for _ in range(2):  # one generation is kept, not all
        kept = {path.name: path.read_bytes() for path in (tmp_path / "model").iterdir()}
        md.save_model(model, tmp_path / "model" / "digit.npz")
        now = {path.name: path.read_bytes() for path in (tmp_path / "model").iterdir()}
        assert set(now) - {"digit.json"} == {*old, "digit.old.keras", "digit.old.npz"}
        assert all(now[name.replace(".", ".old.")] == kept[name] for name in old)
        assert "digit.old.keras and digit.old.npz" in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["keras", "npz"])
def test_one_of_the_two_forms_alone_is_kept_too_when_it_is_replaced(
    trained, tmp_path, kind, capsys
):
    folder, model, _ = trained
    alone = tmp_path / f"digit.{kind}"
    shutil.copy(folder / "model" / alone.name, alone)
    (tmp_path / "digit.old.keras").write_text("of an earlier network")
    (tmp_path / "digit.old.npz").write_text("of an earlier network")
    before = alone.read_bytes()
    md.save_model(model, tmp_path / "digit.npz")
    kept = {path.name: path.read_bytes() for path in tmp_path.glob("*.old.*")}
    assert (
        kept == {f"digit.old.{kind}": before}
        and f"is now digit.old.{kind}\n" in capsys.readouterr().err
    )


def test_missing_matplotlib_is_said_before_anything_is_trained(
    small_mnist, tmp_path, monkeypatch, capsys
):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)  # as where it is not installed
    words = ["--train", "--no-window", "--data", str(small_mnist)]
    assert md.main([*words, "--model", str(tmp_path / "a.npz"), "--plots", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1 and "Matplotlib is not installed" in said and "pip install" in said
    assert not list(tmp_path.glob("a.*"))


# Ctrl-C while the data is loaded: before the first epoch.
INTERRUPTED = """
import signal, sys
import mnist_digit
mnist_digit.load_mnist = lambda path: signal.raise_signal(signal.SIGINT)
mnist_digit.main(["--train", "--no-window", "--model", sys.argv[1], "--plots", sys.argv[2]])
"""


def test_a_training_that_is_interrupted_says_how_to_go_on(tmp_path):
    outcome = run(tmp_path / "a.npz", tmp_path, code=INTERRUPTED)
    assert (outcome.status, outcome.out) == (130, "")
    last_line = outcome.err.splitlines()[-1]
    assert last_line == "Interrupted; the same command goes on after the last finished epoch."


def test_another_recipe_leaves_the_default_network_and_its_plots(
    small_mnist, trained, tmp_path, monkeypatch, capsys
):
    """As in --help's example."""
    shutil.copytree(trained[0], tmp_path, dirs_exist_ok=True)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.*")}
    monkeypatch.setattr(md, "MODEL", tmp_path / "model" / "digit.npz")
    monkeypatch.setattr(md, "PLOTS", tmp_path / "plots")
    words = [
        "--train",
        "--no-window",
        "--recipe",
        "plain-sgd",
        "--epochs",
        "1",
        "--data",
        str(small_mnist),
    ]
    assert md.main(words) == 0
    assert {path: path.read_bytes() for path in before} == before
    new = sorted(
        str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.*") if path not in before
    )
    assert new == [
        "model/plain-sgd.json",
        "model/plain-sgd.keras",
        "model/plain-sgd.npz",
        "plots/plain-sgd/confusion_matrix.png",
        "plots/plain-sgd/learning_curves.png",
    ]
    monkeypatch.setattr(md, "check_display", lambda: None)
    monkeypatch.setattr(md.Window, "run", lambda window: None)
    monkeypatch.setattr(md, "Recognizer", lambda path, hand: md.say(f"opens {path}"))
    monkeypatch.setattr(md, "train", lambda *_: pytest.fail("it trains again"))
    assert md.main(["--recipe", "plain-sgd"]) == 0
    assert f"opens {tmp_path / 'model' / 'plain-sgd.npz'}" in capsys.readouterr().err


def test_calibration_makes_confidence_what_is_right_and_keeps_the_digits():
    """A network made too shy or far too sure is brought back to what digits allow."""
    keras = md.import_keras()
    digits = write_digits(1000, np.random.default_rng(4))
    images = md.as_input(digits.images)
    judged = []
    for factor in (0.6, 1, 1.7):
        answering = md.open_keras_model(md.MODEL.with_suffix(".keras"))
        model = keras.Sequential([keras.Input((28, 28, 1)), *answering.layers[:-1]])
        before = model.predict(images, verbose=0)
        model.layers[-1].set_weights(
            [factor * weights for weights in model.layers[-1].get_weights()]
        )
        md.calibrate(model, digits)
        judged.append(model.predict(images, verbose=0))
        assert np.array_equal(judged[-1][:, :10].argmax(axis=1), before[:, :10].argmax(axis=1))
        right = judged[-1].argmax(axis=1) == digits.labels
        # Without it, 0.027 for a factor of 0.6, and 0.0044 for 1.7.
        assert abs(judged[-1].max(axis=1).mean() - right.mean()) < 0.003
    assert np.abs(judged[0] - judged[1]).max() < 0.05 and np.abs(judged[2] - judged[1]).max() < 0.05


@pytest.mark.parametrize("kind", [np.uint64, np.int8])
def test_labels_may_be_integers_of_any_kind(small_mnist, tmp_path, kind):
    with np.load(small_mnist) as arrays:
        np.savez(tmp_path / "data.npz", **{**arrays, "y_test": arrays["y_test"].astype(kind)})
        labels = arrays["y_test"]
    _, test = md.load_mnist(tmp_path / "data.npz")
    joined = md.join(test, write_digits(1, np.random.default_rng(0), 1))
    assert joined.labels.dtype.kind in "iu" and joined.labels[:-2].tolist() == labels.tolist()
    md.plot_confusion(test.labels, labels.astype(int), tmp_path / "plot.png")


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


def test_too_few_of_kerass_own_digits_are_named(monkeypatch):
    few = write_digits(3, np.random.default_rng(0))
    monkeypatch.setattr(md, "load_mnist", lambda path: (few, few))
    with pytest.raises(ValueError, match="MNIST: too few digits"):
        md.prepare(None, md.RECIPES["adam"], 0, None)


def test_a_dollar_sign_is_an_s_with_a_bar_that_ends_above_and_below_it():
    characters, _ = md.read_handwriting()
    handwriting = md.Handwriting(characters, np.random.default_rng(0))
    for _ in range(20):
        *letter, upper, lower = handwriting.dollar()
        y = np.concatenate(letter)[:, 1]
        assert upper[:, 1].min() < y.min() < upper[:, 1].max() <= y.max()
        assert y.min() <= lower[:, 1].min() < y.max() < lower[:, 1].max()
        assert np.ptp(upper[:, 0]) == np.ptp(lower[:, 0]) == 0  # upright


def test_a_line_keeps_its_ends_and_its_even_points_but_not_its_corners():
    corner = np.array([(0.0, 0.0), (8.0, 0.0), (8.0, 8.0)])
    rounded = md.rounded_off(corner)
    assert rounded[0].tolist() == [0, 0] and rounded[-1].tolist() == [8, 8]
    x, y = rounded.T
    assert x.min() == y.min() == 0 and x.max() == y.max() == 8
    assert 1 < np.hypot(x - 8, y).min() < 3  # from the corner


def test_greek_letters_are_drawn_as_many_hands_would(monkeypatch):
    rng = np.random.default_rng(0)
    drawn = [md.greek_letter(rng) for _ in range(200)]
    counts = {len(strokes) for strokes in drawn}
    assert counts == {1, 2, 3}
    monkeypatch.setattr(md, "GREEK_LETTERS", ["09 40 89"])  # a Lambda: one stroke, open below
    lambdas = [np.concatenate(md.greek_letter(rng)) for _ in range(50)]
    assert all(line[[0, -1], 1].min() > line[:, 1].min() + md.LEVELS / 3 for line in lambdas)
    shapes = {round(np.ptp(line[:, 0]) / np.ptp(line[:, 1]), 1) for line in lambdas}
    assert len(shapes) > 3


@pytest.mark.parametrize("what, label", [("letter", "K"), ("sign", "%"), ("dollar", "$")])
def test_letters_and_signs_are_taught_by_their_names(what, label, monkeypatch):
    characters, _ = md.read_handwriting()
    some = [one for one in characters if one.label in (label, "S")]  # "$" is made of an S
    monkeypatch.setattr(md, "OTHER_SHARES", {what: 1})
    taught = md.Handwriting(some, np.random.default_rng(0)).write(0, 5, 0)
    assert set(taught.labels) == {md.kind_of(label)}


def test_the_answers_are_sums_of_the_kinds():
    model = md.compiled(md.RECIPES["default"], 10)
    images = md.as_input(write_digits(8, np.random.default_rng(0)).images)
    kinds = model.predict(images, verbose=0)
    answers = md.with_answers(model).predict(images, verbose=0)
    assert kinds.shape == (8, 12 + len(md.NAMED_CHARACTERS))
    others = kinds[:, md.OTHER] + kinds[:, md.CLASSES :].sum(axis=1)
    expected = [*kinds[:, : md.OTHER].T, others, kinds[:, md.SEVERAL]]
    assert np.abs(answers - np.transpose(expected)).max() < 1e-6


def test_accuracy_is_of_answers_not_of_kinds():
    seven, letter_a, letter_k = 7, md.kind_of("A"), md.kind_of("K")
    likeliest = [letter_k, seven, letter_k, md.OTHER]
    true = [letter_a, seven, seven, letter_a]  # an A is another character, whatever its name
    probabilities = np.eye(len(md.ANSWER_OF_KIND), dtype=np.float32)[likeliest]
    assert np.array(md.is_right_answer(true, probabilities)).tolist() == [True, True, False, True]
    # Two letters together are more probable than the seven, which alone is the likeliest kind.
    shared = np.zeros((1, len(md.ANSWER_OF_KIND)), np.float32)
    shared[0, [seven, letter_a, letter_k]] = 0.4, 0.3, 0.3
    assert np.array(md.is_right_answer([letter_a], shared)).tolist() == [True]


@pytest.mark.parametrize(
    "name, value",
    [
        ("LOW_RESOLUTION", 0.5),
        ("PEN_WIDTH", 2.6),
        ("OTHER_SHARES", {"blot": 1}),
        ("augment", lambda images, strength, rng: images / np.float32(256)),
    ],
)
def test_a_training_goes_on_only_where_images_are_made_as_before(name, value, monkeypatch):
    some = write_digits(480, np.random.default_rng(0))
    characters, _ = md.read_handwriting()
    material = md.Material(some, some, some, characters)
    recipe = md.RECIPES["default"]
    model = md.compiled(recipe, 10)
    before = md.settings_digest(model, material, recipe, 9, 0)
    assert md.settings_digest(model, material, recipe, 9, 0) == before
    monkeypatch.setattr(md, name, value)
    assert md.settings_digest(model, material, recipe, 9, 0) != before
