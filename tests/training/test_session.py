"""Trainings from start to end."""

import functools
import json
import math
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from archdsl.training import report
from archdsl.training.errors.device_errors import CannotCompile
from archdsl.training.errors.loop_errors import BatchOfOne, Diverged
from archdsl.training.errors.run_errors import CannotResume, NoRun
from archdsl.training.loop.callback import TrainingCallback
from archdsl.training.loop.loop import Ending
from archdsl.training.runs.checkpoint import list_checkpoints, read
from archdsl.training.runs.run_folder import Run
from archdsl.training.session import Training
from tests.training.helpers import Patches, StopAfter, model_spec, small_network, training


@pytest.fixture(autouse=True)
def _no_figures(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures take longer than these trainings; one test draws them."""
    if "writes_all_files" not in request.node.name.split("[")[0]:
        monkeypatch.setattr(report, "draw_curves", lambda *_: None)
        monkeypatch.setattr(report, "draw_confusion", lambda *_: None)


class Notes(TrainingCallback):
    """Records the callback's calls."""

    def __init__(self) -> None:
        self.message: list[str] = []

    def note(self, text: str) -> None:
        self.message.append(text)


def final(folder: Path) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """The complete result of a run: every tensor and number of its newest checkpoint except the elapsed time."""
    tensors, numbers = read(list_checkpoints(folder / "checkpoints")[-1])
    message = numbers.model_dump(exclude={"seconds": True})
    for line in message["history"]:
        del line["seconds"], line["images_per_second"]
    return tensors, message


def assert_same(one: Path, other: Path) -> None:
    (tensors, numbers), (tensors2, numbers2) = final(one), final(other)
    assert numbers == numbers2
    assert tensors.keys() == tensors2.keys()
    for name, tensor in tensors.items():
        assert torch.equal(tensor, tensors2[name]), name


def test_training_learns_and_writes_all_files(tmp_path: Path) -> None:
    outcome = training(tmp_path / "run", epochs=12).start()
    assert outcome.ending is Ending.FINISHED
    assert outcome.tested is not None
    name, scores = outcome.tested
    assert name == "test"
    assert scores.summary()["accuracy"] >= 0.9
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert names == {
        "net.arch", "settings.json", "metrics.jsonl", "checkpoints", "best.safetensors", "last.safetensors",
        "curves.png", "curves.svg", "confusion.png", "confusion.svg", "confusion.json", "result.json",
        "report.json", "report.html",
    }  # fmt: skip
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == list(range(1, 13))
    assert lines[-1]["step"] == 12 * math.ceil(90 / 16)
    assert lines[-1]["train"]["loss"] < lines[0]["train"]["loss"]
    matrix = json.loads((tmp_path / "run" / "confusion.json").read_text())["matrix"]
    assert sum(map(sum, matrix)) == 30
    assert sum(matrix[i][i] for i in range(3)) == round(30 * scores.summary()["accuracy"])
    assert len(list_checkpoints(tmp_path / "run" / "checkpoints")) == 2


def test_best_weights_give_the_best_scores(tmp_path: Path) -> None:
    made = training(tmp_path / "run", epochs=6)
    outcome = made.start()
    history, best = outcome.state.history, outcome.state.best
    assert best is not None
    accuracies = [(line["validation"]["accuracy"], -line["validation"]["loss"]) for line in history]
    assert accuracies[best.epoch - 1] == max(accuracies)
    weights = load_file(tmp_path / "run" / "best.safetensors")
    again = training(tmp_path / "again", epochs=best.epoch)
    again.start()
    assert all(torch.equal(t, weights[n]) for n, t in load_file(tmp_path / "again" / "last.safetensors").items())


@pytest.mark.parametrize("steps", [4, 6, 9], ids=["in the first epoch", "at its end", "in the second"])
@pytest.mark.parametrize(
    "recipe",
    [
        {},
        {"optimizer": {"name": "muon"}, "layout": "channels_last", "precision": "fp16", "clip": 1.0},
        {"optimizer": {"name": "sgd", "nesterov": True, "weight_decay": 1e-3}, "schedule": {"name": "onecycle"}},
        {
            "ema": 0.95, "accumulate": 2, "clip": 1.0, "layout": "channels_last", "precision": "bf16",
            "augment": {
                "alternate": True, "crop": 1, "cutout": 3, "mixup": 0.3, "cutmix": 1.0, "rotate": 10, "jitter": 0.1,
            },
            "optimizer": {"name": "rmsprop", "momentum": 0.5}, "loss": {"name": "bce", "smoothing": 0.1},
        },
    ],
    ids=["plain", "muon fp16", "sgd onecycle", "everything"],
)  # fmt: skip
def test_resumed_run_is_bit_for_bit_the_same(tmp_path: Path, recipe: dict[str, Any], steps: int) -> None:
    training(tmp_path / "whole", **recipe).start()
    stopped = training(tmp_path / "run", stop=StopAfter(steps), **recipe).start()
    assert stopped.ending is Ending.STOPPED
    assert stopped.tested is None
    torch.manual_seed(12345)  # nothing may depend on what the process did before
    assert training(tmp_path / "run", **recipe).resume().ending is Ending.FINISHED
    assert_same(tmp_path / "whole", tmp_path / "run")
    results = [json.loads((tmp_path / run / "result.json").read_text()) for run in ("whole", "run")]
    for result in results:
        del result["seconds"]
    assert results[0] == results[1]


def test_resume_can_add_epochs(tmp_path: Path) -> None:
    training(tmp_path / "long", epochs=5).start()
    training(tmp_path / "run", epochs=3).start()
    training(tmp_path / "run", epochs=5).resume()
    assert_same(tmp_path / "long", tmp_path / "run")


@pytest.mark.parametrize(
    ("schedule", "message"),
    [("constant", None), ("cosine", "the cosine schedule now spans 5 epochs: the learning rate changes from ")],
)
def test_changed_learning_rate_is_reported(tmp_path: Path, schedule: str, message: str | None) -> None:
    training(tmp_path / "run", epochs=3, schedule={"name": schedule}).start()
    callback = Notes()
    training(tmp_path / "run", callback=callback, epochs=5, schedule={"name": schedule}).resume()
    courses = [note for note in callback.message if "schedule" in note]
    assert len(courses) == (message is not None)
    assert message is None or courses[0].startswith(message)


def test_seed_determines_the_result(tmp_path: Path) -> None:
    for name, seed in (("one", 7), ("same", 7), ("other", 8)):
        training(tmp_path / name, seed=seed, epochs=1).start()
    assert_same(tmp_path / "one", tmp_path / "same")
    one, other = (load_file(tmp_path / name / "last.safetensors") for name in ("one", "other"))
    assert not torch.equal(one["0.weight"], other["0.weight"])


def test_accumulated_batches_equal_one_large_batch(tmp_path: Path) -> None:
    plain = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))  # nothing in it mixes the images of a batch

    def run(name: str, **recipe: Any) -> dict[str, Tensor]:
        made = training(tmp_path / name, optimizer={"name": "sgd", "lr": 0.05}, epochs=2, **recipe)
        Training(model_spec(lambda: _copy(plain)), made.source, made.recipe, made.resources, made.callback).start()
        return load_file(tmp_path / name / "last.safetensors")

    large, small = run("large", batch=32), run("small", batch=8, accumulate=4)
    assert all(torch.allclose(large[name], small[name], atol=1e-6) for name in large)


def _copy(module: nn.Module) -> nn.Module:
    copy = nn.Sequential(nn.Flatten(), nn.Linear(64, 3))
    copy.load_state_dict(module.state_dict())
    return copy


def test_patience_stops_training_early(tmp_path: Path) -> None:
    outcome = training(tmp_path / "run", epochs=50, patience=2, optimizer={"name": "sgd", "lr": 1e-9}).start()
    assert outcome.ending is Ending.EARLY
    assert outcome.state.best is not None
    assert outcome.state.epoch == outcome.state.best.epoch + 2
    assert outcome.tested is not None


def test_patience_without_validation_images_is_reported(tmp_path: Path) -> None:
    callback = Notes()
    made = training(tmp_path / "run", epochs=2, patience=1)
    outcome = Training(made.model_spec, Patches(33, 0, 0), made.recipe, made.resources, callback).start()
    assert outcome.state.epoch == 2
    assert "`patience 1` has no effect: there are no validation images (`split 0.9`)" in callback.message


def test_nan_loss_stops_training_and_keeps_finite_weights(tmp_path: Path) -> None:
    with pytest.raises(Diverged) as caught:
        training(tmp_path / "run", optimizer={"name": "sgd", "lr": 1e30}, epochs=3).start()
    assert not math.isfinite(caught.value.loss)
    assert any("--lr 1e+29" in way for way in caught.value.help())
    weights = load_file(tmp_path / "run" / "last.safetensors")
    assert all(bool(t.isfinite().all()) for t in weights.values())
    for path in list_checkpoints(tmp_path / "run" / "checkpoints"):
        tensors, _ = read(path)
        assert all(bool(t.isfinite().all()) for t in tensors.values())


def test_training_without_validation_or_test_images(tmp_path: Path) -> None:
    made = training(tmp_path / "run", epochs=2)
    outcome = Training(made.model_spec, Patches(33, 0, 0), made.recipe, made.resources, made.callback).start()
    assert outcome.tested is None
    assert outcome.state.best is None
    assert not (tmp_path / "run" / "best.safetensors").exists()
    assert (tmp_path / "run" / "last.safetensors").exists()


def test_last_batch_of_one_image_is_dropped(tmp_path: Path) -> None:
    made = training(tmp_path / "run", epochs=2, batch=16)
    outcome = Training(made.model_spec, Patches(33, 10, 0), made.recipe, made.resources, made.callback).start()
    assert outcome.state.step == 2 * 2  # 16 + 16, and the 33rd another time
    assert outcome.tested is not None
    assert outcome.tested[0] == "validation"


def test_resume_with_changed_data_is_refused(tmp_path: Path) -> None:
    training(tmp_path / "run", stop=StopAfter(2)).start()
    made = training(tmp_path / "run")
    with pytest.raises(CannotResume, match="the data set has changed"):
        Training(made.model_spec, Patches(80, 30, 30), made.recipe, made.resources, made.callback).resume()


def test_folder_without_a_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NoRun, match=r"it has no settings\.json"):
        Run.open(tmp_path)


def test_fp16_trains_with_scaled_gradients(tmp_path: Path) -> None:
    outcome = training(tmp_path / "run", epochs=8, precision="fp16").start()
    assert outcome.state.scaler is not None
    assert outcome.state.scaler.get_scale() > 1
    assert outcome.tested is not None
    assert outcome.tested[1].summary()["accuracy"] >= 0.8


def test_compiled_training_gives_the_same_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # a backend without code generation: the code is traced and called, which is what concerns this package
    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend="eager"))
    training(tmp_path / "plain", epochs=1).start()
    training(tmp_path / "compiled", epochs=1, compile=True).start()
    assert_same(tmp_path / "plain", tmp_path / "compiled")


def test_compilation_failure_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("No working C++ compiler found")

    monkeypatch.setattr(torch, "compile", functools.partial(torch.compile, backend=broken))
    with pytest.raises(CannotCompile, match=r"torch\.compile failed: .*No working C\+\+ compiler found"):
        training(tmp_path / "run", epochs=1, compile=True).start()


def test_saved_weights_have_the_names_of_the_module(tmp_path: Path) -> None:
    training(tmp_path / "run", epochs=1).start()
    assert set(load_file(tmp_path / "run" / "last.safetensors")) == set(small_network().state_dict())


def test_run_killed_before_its_first_checkpoint_restarts_when_resumed(tmp_path: Path) -> None:
    training(tmp_path / "whole").start()
    shutil.copytree(tmp_path / "whole", tmp_path / "run")
    for path in (tmp_path / "run").iterdir():
        if path.name not in ("settings.json", "net.arch"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    training(tmp_path / "run").resume()
    assert_same(tmp_path / "whole", tmp_path / "run")
    shutil.rmtree(tmp_path / "run" / "checkpoints")
    with pytest.raises(CannotResume, match="it has no checkpoint"):  # the trained weights are not overwritten
        training(tmp_path / "run").resume()


def test_resuming_a_finished_run_is_refused(tmp_path: Path) -> None:
    notes: list[str] = []

    class Noting(TrainingCallback):
        def note(self, text: str) -> None:
            notes.append(text)

    training(tmp_path / "run").start()
    training(tmp_path / "run", callback=Noting()).resume()
    assert notes[-1] == "all 3 epochs are finished; `--epochs 6` trains for 3 more"


@pytest.mark.parametrize("damage", ["text", "other"])
def test_corrupt_best_weights_are_reported(tmp_path: Path, damage: str) -> None:
    training(tmp_path / "run").start()
    best = tmp_path / "run" / "best.safetensors"
    if damage == "text":
        best.write_text("hi")
    else:
        save_file({"a": torch.zeros(3)}, best)
    with pytest.raises(CannotResume, match=r"best\.safetensors") as caught:
        training(tmp_path / "run").resume()
    assert caught.value.help()[0].startswith("delete ")
    best.unlink()
    assert training(tmp_path / "run").resume().tested is not None


@pytest.mark.parametrize("precision", ["fp32", "auto"])
def test_batch_of_one_with_batch_norm_is_refused(tmp_path: Path, precision: str) -> None:
    def flat() -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(64, 4), nn.BatchNorm1d(4), nn.Linear(4, 3))

    made = replace(training(tmp_path / "run", batch=1, precision=precision), model_spec=model_spec(flat))
    with pytest.raises(BatchOfOne, match="cannot normalize over a batch of one image"):
        made.start()
