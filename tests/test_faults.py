"""A little of every fault that `python -m tests.benchmark faults` tries at length."""

import os
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest

import mnist_digit as md
from tests import fault_injection as faults
from tests import hostile_files as hostile
from tests.program import run, skip_or_fail, start
from tests.tiny_training import train_tiny

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the faults are made by Linux's means"
)


@pytest.fixture
def public():
    """A folder that every user can get to; pytest's own are locked for others."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


# --- interrupted


@pytest.mark.slow
def test_killed_trainings_lose_nothing_and_end_as_if_left_alone(small_mnist, trained, tmp_path):
    killed = faults.kill_trainings(
        small_mnist, tmp_path, ["digit.training.new.npz", "digit.new.npz"], trained[0]
    )
    assert killed.kills == 2 and killed.trainings >= 1
    assert killed.models_lost == []
    assert killed.epochs_lost == []
    assert killed.difference < 1e-4


@pytest.mark.slow
def test_ctrl_c_ends_a_training_at_any_moment_and_the_same_command_goes_on(small_mnist, tmp_path):
    old = faults.put_old_model(tmp_path)
    for moment in (
        "starting", "the first step", "the first epoch", "saving an epoch", "a later epoch",
    ):  # fmt: skip
        kept = faults.epochs_kept(tmp_path)
        status, err = faults.interrupt_training(small_mnist, tmp_path, moment)
        assert status == 130, f"{moment}: {err}"
        assert "Traceback" not in err and "KeyboardInterrupt" not in err
        last = err.rstrip().splitlines()[-1]
        assert last == "Interrupted; the same command goes on after the last finished epoch."
        files = faults.contents(tmp_path)
        assert {name: files[name] for name in old} == old
        assert faults.epochs_kept(tmp_path) >= kept
        new = {name for name in set(files) - set(old) if not name.startswith("plots/")}
        assert new <= {"model/digit.training.npz"}
    kept = faults.epochs_kept(tmp_path)
    outcome = run(*faults.training(small_mnist, tmp_path), cwd=tmp_path)
    assert outcome.status == 0 and f"Going on after epoch {kept}," in outcome.err and kept
    assert faults.faults_of_finished(tmp_path, old) == []


class Interruption(BaseException):
    """Ends a training between two epochs."""


@pytest.fixture(scope="module")
def interrupted(small_mnist, tmp_path_factory):
    """A folder with a training that was interrupted after the first of three epochs."""
    folder = tmp_path_factory.mktemp("interrupted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(md, "plot_history", lambda *_: (_ for _ in ()).throw(Interruption))
        with pytest.raises(Interruption):
            train_tiny(small_mnist, folder)
    return folder


@pytest.mark.slow
def test_a_resumed_training_ends_like_one_left_alone(
    small_mnist, trained, interrupted, tmp_path, capfd
):
    shutil.copytree(interrupted, tmp_path / "resumed")
    resumed = train_tiny(small_mnist, tmp_path / "resumed")
    assert "Going on after epoch 1," in capfd.readouterr().err
    alone = md.open_keras_model(trained[0] / "model" / "digit.keras")
    for one, other in zip(resumed.get_weights(), alone.get_weights(), strict=True):
        assert np.allclose(one, other, atol=1e-5)
    assert not (tmp_path / "resumed" / "model" / "digit.training.npz").exists()


@pytest.mark.slow
@pytest.mark.parametrize("change", ["settings", "state"])
def test_what_cannot_be_resumed_is_begun_afresh(interrupted, tmp_path, capfd, change):
    content = (interrupted / "model" / "digit.training.npz").read_bytes()
    unfinished = tmp_path / "digit.training.npz"
    unfinished.write_bytes(content)
    with np.load(unfinished) as kept:
        arrays = dict(kept)
    [settings] = [name for name in arrays if not name.startswith("arr_")]
    del arrays[settings]
    state = [
        md.import_keras().Variable(np.zeros_like(array), dtype=array.dtype)
        for array in arrays.values()
    ]
    assert len(md.resume(unfinished, settings, state)) == 1
    before = [variable.numpy() for variable in state]
    unfinished.write_bytes(content if change == "settings" else content[:-1000])
    capfd.readouterr()
    assert md.resume(unfinished, settings + "0" * (change == "settings"), state) == []
    assert all(
        np.array_equal(variable, values) for variable, values in zip(state, before, strict=True)
    )
    err = capfd.readouterr().err
    assert "Starting afresh" in err and err.count("\n") == 1


def test_two_trainings_do_not_mix(small_mnist, tmp_path):
    old = faults.put_old_model(tmp_path)
    with md.locked(tmp_path / "model"):
        outcome = run(*faults.training(small_mnist, tmp_path), cwd=tmp_path)
    assert faults.faults_of(outcome, "a training is under way") == []
    assert faults.contents(tmp_path) == old


@pytest.mark.slow
def test_two_processes_that_miss_the_export_both_get_it(tmp_path):
    shutil.copy(md.MODEL.with_suffix(".keras"), tmp_path / "digit.keras")
    picture = hostile.good_picture(tmp_path)
    both = [start("--model", tmp_path / "digit.npz", picture) for _ in range(2)]
    answers = [process.communicate(timeout=300)[0] for process in both]
    assert answers[0] == answers[1] == run(picture, cwd=tmp_path).out != ""
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "digit.keras",
        "digit.npz",
        "good.png",
    ]


# --- starved and shut out


@pytest.mark.slow
@pytest.mark.parametrize(
    "free", [1 << 20, 4 << 20], ids=["in the first epoch", "in saving the network"]
)
def test_a_full_disk_ends_training_with_a_line_and_keeps_the_model(small_mnist, tmp_path, free):
    try:
        assert faults.train_on_full_disk(small_mnist, tmp_path, free) == []
    except OSError as error:
        skip_or_fail(str(error)) if os.getuid() == 0 else pytest.skip(str(error))


@pytest.mark.slow
def test_a_full_disk_keeps_no_half_drawing_and_no_half_export(tmp_path):
    try:
        assert faults.save_on_full_disk(tmp_path) == []
    except OSError as error:
        skip_or_fail(str(error)) if os.getuid() == 0 else pytest.skip(str(error))


@pytest.mark.slow
def test_what_is_locked_is_named_in_a_line(small_mnist, public):
    tried = faults.take_permissions_away(small_mnist, public)
    assert len(tried) == 7 and {what: found for what, found in tried.items() if found} == {}


# --- damaged and hostile


@pytest.mark.slow
def test_a_damaged_byte_is_found_or_does_not_matter(tmp_path):
    tried = faults.damage_models(tmp_path, 20, np.random.default_rng(0))
    assert len(tried) == 2 and {what: found for what, found in tried.items() if found} == {}


def test_hostile_pictures_get_a_line_each_and_the_others_an_answer(tmp_path):
    pictures = list(hostile.hostile_pictures(tmp_path))
    assert len(pictures) >= 60
    assert faults.read_pictures(pictures, tmp_path) == []


def test_a_picture_in_any_path_is_answered_in_a_line(tmp_path):
    for name in ("two words.png", "Ziffer ü 数字.png", "two\nlines.png", "-dash.png"):
        outcome = run(hostile.good_picture(tmp_path, name), cwd=tmp_path)
        assert outcome.status == 0 and outcome.err == "" and outcome.out.count("\n") == 1
        assert outcome.out.startswith(f"{md.printable(tmp_path / name)}: ")


@pytest.mark.slow
def test_hostile_npz_networks_are_refused(tmp_path):
    models = list(hostile.hostile_npz_networks(tmp_path))
    assert len(models) >= 20
    assert faults.open_models(models, tmp_path) == []


@pytest.mark.slow
def test_networks_that_would_run_code_or_take_gigabytes_are_refused(tmp_path):
    worst = ["lambda.h5", "lambda as activation.keras", "graph.keras", "vast picture.keras",
             "weights bomb.keras", "pipe.keras"]  # fmt: skip
    networks = [path for path in hostile.hostile_networks(tmp_path) if path.name in worst]
    assert len(networks) == len(worst)
    assert faults.open_models(networks, tmp_path) == []


@pytest.mark.slow
def test_the_hostile_code_runs_where_nothing_stops_it(tmp_path, monkeypatch):
    """What the tests above count on: that they would see it."""
    monkeypatch.chdir(tmp_path)
    network = next(path for path in hostile.hostile_networks(tmp_path) if path.name == "lambda.h5")
    model = md.import_keras().models.load_model(network, safe_mode=False, compile=False)
    model(np.zeros((1, 28, 28, 1)))
    assert (tmp_path / hostile.CANARY).exists()


@pytest.mark.parametrize("name", ["bomb", "text", "pipe"])
def test_hostile_data_is_refused(tmp_path, name):
    path = tmp_path / "data.npz"
    if name == "bomb":
        path.write_bytes(hostile.npz_bomb())
    elif name == "text":
        path.write_text("no data")
    else:
        os.mkfifo(path)
    outcome = run(*faults.training(path, tmp_path), cwd=tmp_path)
    assert faults.faults_of(outcome, "data.npz: ") == []


# --- the window


@pytest.mark.slow
def test_wild_events_in_the_real_window_raise_nothing(display, tmp_path):
    found, _ = faults.monkey(tmp_path, 500, np.random.default_rng(0))
    assert found == []


@pytest.mark.slow
def test_memory_does_not_grow_with_the_drawings():
    early, late = faults.memory_of_drawings(100, 300)
    assert late <= 1.05 * early


def test_a_reader_that_leaves_early_gets_no_traceback(tmp_path):
    """As in: mnist_digit.py *.png | head -1."""
    picture = hostile.good_picture(tmp_path)
    process = start(*[picture] * 200)
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == "" and process.wait() == 1


def test_an_error_under_a_lock_is_not_taken_for_a_busy_lock(tmp_path):
    with pytest.raises(BlockingIOError), md.locked(tmp_path, "a training is under way"):
        raise BlockingIOError("something else would block")
    with (
        md.locked(tmp_path),
        pytest.raises(ValueError, match="a training is under way"),
        md.locked(tmp_path, "a training is under way"),
    ):
        pass
