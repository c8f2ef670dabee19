"""`archdsl.fit`: the same training as `archdsl train`; data, losses, metrics and callbacks of a Python program."""

import json
import pickle
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from click.testing import CliRunner
from torch import Tensor, nn

import archdsl
from archdsl.cli import main
from archdsl.diagnostics import Sink
from archdsl.training.data.dataset_spec import DataSpec, ImageShape
from archdsl.training.data.images import Request
from archdsl.training.data.registry import find_source
from archdsl.training.errors.custom_errors import CustomCodeFailed
from archdsl.training.errors.problem import Problem
from archdsl.training.network_check import check
from archdsl.training.recipe.recipe import Recipe
from tests.training.helpers import leave_out_figures

TEXT = "input 1x8x8\nflatten; fc 16; relu; dropout 0.1; fc 10\n"
TWO = "input 1x8x8\nflatten; fc 16 as h; relu\naux early { fc 10 }\nfc 10\n"
FIXED: dict[str, Any] = {"precision": "fp32", "layout": "channels_first", "device": "cpu", "batch": 64}


@pytest.fixture(autouse=True)
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    leave_out_figures(monkeypatch)


@pytest.fixture(scope="module")
def digits() -> Mapping[str, tuple[Any, Any]]:
    """The images and classes of `digits`."""
    request = Request(ImageShape(1, 8, 8), Path("unused"), split=1.0)
    splits = find_source("digits").load(request)
    assert splits.test is not None
    return {"train": (splits.train.images, splits.train.labels), "test": (splits.test.images, splits.test.labels)}


@pytest.fixture(scope="module")
def few(digits: Mapping[str, tuple[Any, Any]]) -> Mapping[str, tuple[Any, Any]]:
    """A fifth of them, for trainings of milliseconds."""
    return {split: (images[:300], labels[:300]) for split, (images, labels) in digits.items()}


def weights(run: archdsl.TrainedRun) -> dict[str, Tensor]:
    return dict(run.model.state_dict())


def same(one: archdsl.TrainedRun, other: archdsl.TrainedRun) -> bool:
    """Whether two runs have the same weights, bit for bit."""
    a, b = weights(one), weights(other)
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


# --- the same training as the command ---


def test_fit_gives_the_same_weights_as_the_command(tmp_path: Path, digits: Mapping[str, tuple[Any, Any]]) -> None:
    (tmp_path / "net.arch").write_text(TEXT)
    options = ["--epochs", "2", "--batch", "64", "--precision", "fp32", "--layout", "channels_first", "--device", "cpu"]
    more = ["--optimizer", "sgd", "--lr", "0.05", "--crop", "1", "--mixup", "0.2", "--ema", "0.9", "--seed", "3"]
    command = ["train", str(tmp_path / "net.arch"), "--data", "digits", "--out", str(tmp_path / "command")]
    assert CliRunner().invoke(main, [*command, *options, *more]).exit_code == 0
    keywords = {**FIXED, "epochs": 2, "optimizer": "sgd", "lr": 0.05, "crop": 1, "mixup": 0.2, "ema": 0.9, "seed": 3}
    wanted = archdsl.load_run(tmp_path / "command", device="cpu")
    named = archdsl.fit(TEXT, "digits", out=tmp_path / "named", **keywords)
    arrays = archdsl.fit(tmp_path / "net.arch", digits, out=tmp_path / "arrays", **keywords)
    assert same(named, wanted)
    assert same(arrays, wanted)
    assert named.result == arrays.result == wanted.result
    for name in ("train.loss", "validation.accuracy"):
        assert named.metrics[name] == arrays.metrics[name] == wanted.metrics[name]


def test_loaded_run_equals_the_returned_one(tmp_path: Path, few: Mapping[str, tuple[Any, Any]]) -> None:
    run = archdsl.fit(TEXT, few, out=tmp_path / "run", epochs=2, **FIXED)
    again = archdsl.load_run(tmp_path / "run", device="cpu")
    assert same(run, again)
    for name in ("metrics", "result", "recipe", "report", "classes", "task"):
        assert getattr(run, name) == getattr(again, name)
    images = few["test"][0][:5]
    assert run.predict(images) == again.predict(images)
    assert [run.predict(image, top=1)[0][0][0] for image in images] == [each[0][0] for each in run.predict(images)]
    assert run.predict("test:0", "test:1") == run.predict(images[:2])
    assert run.predict(torch.from_numpy(images).float() / 255) == run.predict(images)
    with pytest.raises(Problem, match="given in Python"):
        again.predict("test:0")
    with pytest.raises(ValueError, match="samples of 1×7×8"):
        run.predict(images[:, :, 1:])
    with pytest.raises(TypeError, match="not int"):
        run.predict(3)


def test_run_metrics_have_one_entry_per_epoch(tmp_path: Path, few: Mapping[str, tuple[Any, Any]]) -> None:
    run = archdsl.fit(TEXT, few, out=tmp_path / "run", epochs=3, **FIXED)
    log = run.metrics
    lines = [json.loads(line) for line in (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()]
    assert list(log) == lines
    assert log[-1] == lines[-1]
    assert list(log[1:]) == lines[1:]
    assert log["validation.accuracy"] == [line["validation"]["accuracy"] for line in lines]
    assert log["epoch"] == [1, 2, 3]
    assert {"train.loss", "validation.top5", "lr"} <= set(log.names)
    with pytest.raises(KeyError, match=r"did you mean `validation.accuracy`"):
        log["validation.acuracy"]
    page = run._repr_html_()
    assert page is not None
    assert "<iframe srcdoc=" in page
    assert "<script" not in page


# --- networks ---


def test_module_training_starts_from_its_weights(tmp_path: Path, few: Mapping[str, tuple[Any, Any]]) -> None:
    network = archdsl.loads(TEXT)
    module = network.to_torch()
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    run = archdsl.fit(module, few, out=tmp_path / "run", epochs=1, freeze="fc1", **FIXED)
    assert torch.equal(weights(run)["fc1.weight"], before["fc1.weight"])
    assert not torch.equal(weights(run)["fc2.weight"], before["fc2.weight"])
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items()), "it does not change"
    other = archdsl.fit(network, few, out=tmp_path / "other", epochs=1, freeze="fc1", initial=module, **FIXED)
    assert same(run, other)
    with pytest.raises(Problem, match="in the module, but"):
        archdsl.fit("input 1x8x8\nflatten; fc 17; relu; fc 10", few, initial=module, out=tmp_path / "x", **FIXED)


@pytest.mark.parametrize(
    ("network", "error", "message"),
    [
        (nn.Linear(2, 3), TypeError, "from_torch"),
        (3, TypeError, "cannot train int"),
        ("nosuch.arch", FileNotFoundError, "nosuch.arch"),
        ("zoo:nosuch", OSError, "nosuch"),
        ("input 1x8x8; fcc 10", archdsl.ArchError, "fcc"),
        ("input 1x8x8; flatten; fc 9", archdsl.ArchError, "10"),
    ],
)
def test_untrainable_networks_are_refused(network: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        archdsl.fit(network, "digits")


@pytest.mark.parametrize("fit", ["exact", "pad", "resize"])
def test_symbolic_dimensions_need_a_size(few: Mapping[str, tuple[Any, Any]], fit: str) -> None:
    with pytest.raises(archdsl.ArchError, match=r"`--input 1x8x8`"):
        archdsl.fit("input 1xHxW; conv 8 k3; gap; fc 10", few, fit=fit)


TEXTS = DataSpec("texts", (), None, targets="next", inputs="ids", vocabulary=256)
TABLE = DataSpec("table", ("price",), (5,), targets="numbers", inputs="numbers")
PHOTOS = DataSpec("photos", ("a", "b"), None)
CAPTIONS = DataSpec("captions", (), None, targets="caption", vocabulary=9)


@pytest.mark.parametrize(
    ("text", "spec", "size"),
    [
        ("input 1xHxW; conv 8 k3; gap; fc 2", PHOTOS, "1x224x224"),
        ("input T int(256); embedding 8; fc 256", TEXTS, "128"),
        ("input F; relu", TABLE, "5"),
        ("input image 3xHxW\ninput words T int(9)\nembedding 8; fc 9", CAPTIONS, "image=3x224x224"),
    ],
)
def test_symbolic_dimensions_need_a_size_for_data_of_any_size(text: str, spec: DataSpec, size: str) -> None:
    sink = Sink()
    check(archdsl.loads(text).graph, spec, Recipe(), sink)
    (found,) = sink
    assert found.diagnostic.code == "E0811"
    assert f"`--input {size}`" in found.diagnostic.help()[0]


@pytest.mark.parametrize("spec", [PHOTOS, TEXTS, TABLE], ids=lambda spec: spec.name)
@pytest.mark.parametrize(
    "text",
    [
        "input 1xHxW; gap; fc 5",
        "input F; relu",
        "input TxC; relu",
        "input 7xL; relu",
        "input T int(256); embedding 8",
        "input 2xDxHxW; relu",
    ],
)
def test_symbolic_input_of_another_kind_does_not_suggest_the_data_size(text: str, spec: DataSpec) -> None:
    sink = Sink()
    network = archdsl.loads(text)
    check(network.graph, spec, Recipe(), sink)
    for found in sink:
        for size in re.findall(r"`--input ([^`]*)`", " ".join(found.diagnostic.help())):
            sized = archdsl.loads(text, input=size)
            fixed = Sink()
            check(sized.graph, spec, Recipe(), fixed)
            assert not {each.diagnostic.code for each in fixed} & {"E0811", "E0813", "E0818"}


def test_suggestions_are_exception_notes(few: Mapping[str, tuple[Any, Any]]) -> None:
    with pytest.raises(Problem, match="no logger `mlfow`") as raised:
        archdsl.fit(TEXT, few, loggers=["mlfow"])
    assert raised.value.__notes__[0] == "help: did you mean `mlflow`?"


# --- losses ---


def focal(output: Tensor, targets: Tensor) -> Tensor:
    """The focal loss of exponent 2."""
    wrong = 1 - output.softmax(1).gather(1, targets[:, None])[:, 0]
    return (wrong.square() * F.cross_entropy(output, targets, reduction="none")).mean()


@pytest.mark.parametrize(
    ("name", "function"),
    [
        ("cross_entropy", nn.CrossEntropyLoss()),
        ("mse", lambda output, targets: F.mse_loss(output, F.one_hot(targets, 10).float())),
    ],
)
def test_loss_function_matches_the_equivalent_named_loss(
    tmp_path: Path, few: Mapping[str, tuple[Any, Any]], name: str, function: Any
) -> None:
    one = archdsl.fit(TEXT, few, out=tmp_path / "named", loss=name, epochs=1, **FIXED)
    other = archdsl.fit(TEXT, few, out=tmp_path / "own", loss=function, epochs=1, **FIXED)
    assert same(one, other)
    assert one.result == other.result


def test_loss_functions_per_output(tmp_path: Path, few: Mapping[str, tuple[Any, Any]]) -> None:
    def squared(output: Tensor, targets: Tensor) -> Tensor:
        return F.mse_loss(output, F.one_hot(targets, 10).float())

    plain = archdsl.fit(TWO, few, out=tmp_path / "plain", output_losses={"early": "mse"}, epochs=1, **FIXED)
    losses: dict[str, dict[str, Any]] = {
        "names": {"output": "cross_entropy", "early": "mse"},
        "functions": {"output": nn.CrossEntropyLoss(), "early": squared},
        "both": {"output": nn.CrossEntropyLoss(), "early": "mse"},
    }
    for name, loss in losses.items():
        assert same(plain, archdsl.fit(TWO, few, out=tmp_path / name, loss=loss, epochs=1, **FIXED)), name
    with pytest.raises(archdsl.ArchError, match="`early` has no loss"):
        archdsl.fit(TWO, few, loss=focal, out=tmp_path / "x", **FIXED)


def test_loss_function_overrides_the_text(tmp_path: Path, few: Mapping[str, tuple[Any, Any]]) -> None:
    text = f"{TEXT}train {{ loss mse sum; epochs 1 }}"
    one = archdsl.fit(text, few, out=tmp_path / "one", loss=nn.CrossEntropyLoss(), **FIXED)
    other = archdsl.fit(TEXT, few, out=tmp_path / "other", epochs=1, **FIXED)
    assert same(one, other)
    assert one.recipe["loss"]["name"] == "cross_entropy"


def fails(output: Tensor, targets: Tensor) -> Tensor:
    raise RuntimeError("my own error")


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (fails, r"the loss `.*fails` raised RuntimeError: my own error \(test_fit.py:\d+\)"),
        (lambda output, targets: output - 1, r"returned a tensor of 64×10, not a scalar"),
        (lambda output, targets: 3.0, "returned float, not a tensor"),
        (lambda output, targets: output.sum().detach(), "without a gradient"),
        (lambda output, targets: output.argmax(), "not a floating-point number"),
    ],
)
def test_failing_loss_function_is_named(
    tmp_path: Path, few: Mapping[str, tuple[Any, Any]], loss: Any, words: str
) -> None:
    with pytest.raises(CustomCodeFailed, match=words) as raised:
        archdsl.fit(TEXT, few, loss=loss, out=tmp_path / "run", epochs=1, **FIXED)
    assert pickle.loads(pickle.dumps(raised.value)).message() == raised.value.message()
    if loss is fails:
        assert isinstance(raised.value.__cause__, RuntimeError)
        assert raised.value.__cause__.__traceback__ is not None


def test_loss_with_trainable_parameters_is_refused(few: Mapping[str, tuple[Any, Any]]) -> None:
    class Learned(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale = nn.Parameter(torch.ones(()))

        def forward(self, output: Tensor, targets: Tensor) -> Tensor:
            return F.cross_entropy(output * self.scale, targets)

    with pytest.raises(ValueError, match="trainable weights"):
        archdsl.fit(TEXT, few, loss=Learned(), **FIXED)


# --- metrics ---


class Errors:
    """The fraction of wrong predictions, in the protocol of torchmetrics."""

    def __init__(self) -> None:
        self.wrong = self.count = 0

    def reset(self) -> None:
        self.wrong = self.count = 0

    def update(self, output: Tensor, targets: Tensor) -> None:
        self.wrong += int((output.argmax(1) != targets).sum())
        self.count += len(targets)

    def compute(self) -> float:
        return self.wrong / self.count


def mean_margin(outputs: Tensor, targets: Tensor) -> Tensor:
    """The mean difference of the two largest outputs."""
    top = outputs.topk(2).values
    return (top[:, 0] - top[:, 1]).mean()


def test_custom_metrics_are_reported(tmp_path: Path, few: Mapping[str, tuple[Any, Any]]) -> None:
    run = archdsl.fit(TEXT, few, out=tmp_path / "run", metrics=[Errors(), mean_margin], epochs=2, **FIXED)
    log = run.metrics
    assert log["validation.errors"] == pytest.approx([1 - float(each or 0) for each in log["validation.accuracy"]])
    assert run.result["errors"] == pytest.approx(1 - run.result["accuracy"])
    images, labels = few["test"]
    rows = [[dict(ranked)[name] for name in run.classes] for ranked in run.predict(images, top=10)]
    outputs = torch.tensor(np.log(rows))
    assert run.result["mean_margin"] == pytest.approx(float(mean_margin(outputs, torch.from_numpy(labels))), rel=1e-3)
    report = json.loads((tmp_path / "run" / "report.json").read_text())
    assert report["result"]["metrics"] == {name: run.result[name] for name in ("errors", "mean_margin")}
    assert report["custom"]["metrics"]["mean_margin"].endswith("test_fit.mean_margin")
    assert "mean_margin" in (tmp_path / "run" / "report.html").read_text()


def test_torchmetrics_metrics_are_accepted(tmp_path: Path, few: Mapping[str, tuple[Any, Any]]) -> None:
    torchmetrics = pytest.importorskip("torchmetrics")
    metric = torchmetrics.classification.MulticlassAccuracy(10, average="micro")
    run = archdsl.fit(TEXT, few, out=tmp_path / "run", metrics={"micro": metric}, epochs=2, **FIXED)
    assert run.metrics["validation.micro"] == pytest.approx(run.metrics["validation.accuracy"])
    assert run.result["micro"] == pytest.approx(run.result["accuracy"])


@pytest.mark.parametrize(
    ("metrics", "error", "message"),
    [
        ({"accuracy": mean_margin}, ValueError, "is the name of a built-in metric"),
        ([lambda output, targets: 0.0], ValueError, "give the metrics as a dictionary"),
        ([mean_margin, mean_margin], ValueError, "two metrics are named `mean_margin`"),
        ({"a b": mean_margin}, ValueError, "`a b` is not a name"),
        ([Errors], TypeError, r"`errors` is a class: pass an instance, `Errors\(…\)`"),
        ({"x": 3}, TypeError, "neither a function nor an object"),
        ({3: mean_margin}, ValueError, "`3` is not a name"),
        (mean_margin, TypeError, "is a list or a dictionary"),
        (Errors(), TypeError, "is a list or a dictionary"),
        ("accuracy", TypeError, "is a list or a dictionary"),
        ({"x": lambda outputs, targets: outputs}, CustomCodeFailed, "returned a tensor of .*, not a number"),
        ({"x": lambda outputs, targets: 1 // 0}, CustomCodeFailed, "raised ZeroDivisionError"),
        ({"x": lambda outputs, targets: "good"}, CustomCodeFailed, "returned str, not a number"),
    ],
)
def test_invalid_metrics_are_refused(
    tmp_path: Path, few: Mapping[str, tuple[Any, Any]], metrics: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        archdsl.fit(TEXT, few, metrics=metrics, out=tmp_path / "run", epochs=1, **FIXED)


# --- callbacks ---


class Journal(archdsl.Callback):
    """Records its calls."""

    def __init__(self, stop_after: int = 0, fail: str = "") -> None:
        self.calls: list[Any] = []
        self.stop_after, self.fail = stop_after, fail

    def on_start(self, run: Any) -> None:
        self.calls.append(("start", run.status, run.epochs, run.data, run.recipe["batch"]))
        self.before = run.model.state_dict()["fc2.weight"].clone()
        self._note("on_start")

    def on_epoch(self, run: Any, epoch: Mapping[str, Any]) -> None:
        self.calls.append(("epoch", epoch["epoch"]))
        assert not torch.equal(self.before, run.model.state_dict()["fc2.weight"])
        if epoch["epoch"] == self.stop_after:
            run.stop()
        self._note("on_epoch")

    def on_end(self, run: Any) -> None:
        self.calls.append(("end", run.status, None if run.result is None else sorted(run.result)))
        self._note("on_end")

    def _note(self, name: str) -> None:
        if self.fail == name:
            raise KeyError(name)


def test_callbacks_are_called_in_order(tmp_path: Path, few: Mapping[str, tuple[Any, Any]]) -> None:
    journal = Journal()
    archdsl.fit(TEXT, few, out=tmp_path / "run", callbacks=[journal], epochs=2, **FIXED)
    names = ["test/accuracy", "test/loss", "test/top5"]
    assert journal.calls == [
        ("start", "running", 2, "arrays", 64), ("epoch", 1), ("epoch", 2), ("end", "finished", names),
    ]  # fmt: skip


def test_callback_can_stop_the_training(tmp_path: Path, few: Mapping[str, tuple[Any, Any]]) -> None:
    journal = Journal(stop_after=2)
    run = archdsl.fit(TEXT, few, out=tmp_path / "run", callbacks=[journal], epochs=5, **FIXED)
    assert len(run.metrics) == 2
    assert journal.calls[-1][:2] == ("end", "early")
    assert run.result["accuracy"] > 0
    page = run.report.read_text()
    assert "a callback stopped it" in page


class Eraser(archdsl.Callback):
    """Changes what it gets."""

    def on_epoch(self, run: archdsl.RunningTraining, epoch: Any) -> None:
        epoch["validation"].clear()
        epoch.clear()


def test_callbacks_receive_independent_copies(tmp_path: Path, few: Mapping[str, tuple[Any, Any]]) -> None:
    journal = Journal()
    run = archdsl.fit(TEXT, few, out=tmp_path / "run", callbacks=[Eraser(), journal], epochs=1, **FIXED)
    assert run.metrics[-1]["validation"]["accuracy"] > 0
    assert run.report.is_file()


@pytest.mark.parametrize("method", ["on_start", "on_epoch", "on_end"])
def test_failing_callback_is_named(tmp_path: Path, few: Mapping[str, tuple[Any, Any]], method: str) -> None:
    journal, other = Journal(fail=method), Journal()
    with pytest.raises(CustomCodeFailed, match=rf"the callback `.*Journal` raised KeyError: '{method}'") as raised:
        archdsl.fit(TEXT, few, out=tmp_path / "run", callbacks=[other, journal], epochs=1, **FIXED)
    assert isinstance(raised.value.__cause__, KeyError)
    assert other.calls[-1][0] == "end", "each callback that was started is told the end"
    assert other.calls[-1][1] == ("finished" if method == "on_end" else "failed")


def test_callbacks_without_known_methods_are_refused(few: Mapping[str, tuple[Any, Any]]) -> None:
    class Misspelled:
        def on_epoc(self, run: Any, epoch: Any) -> None: ...

    cases = ((Misspelled(), "did you mean `on_epoch`"), (object(), "none of the methods"), (Journal, "is a class"))
    for callback, words in cases:
        with pytest.raises(TypeError, match=words):
            archdsl.fit(TEXT, few, callbacks=[callback], **FIXED)


# --- resuming ---


def test_run_with_custom_code_resumes_bit_for_bit(tmp_path: Path, few: Mapping[str, tuple[Any, Any]]) -> None:
    own: dict[str, Any] = {"loss": focal, "metrics": {"errors": Errors()}}
    whole = archdsl.fit(TEXT, few, out=tmp_path / "whole", epochs=3, **own, **FIXED)
    archdsl.fit(TEXT, few, out=tmp_path / "parts", epochs=1, **own, **FIXED)
    resumed = archdsl.fit(TEXT, few, resume=tmp_path / "parts", epochs=3, device="cpu", **own)
    assert same(whole, resumed)
    assert whole.metrics["validation.loss"] == resumed.metrics["validation.loss"]
    assert whole.result == resumed.result
    done = CliRunner().invoke(main, ["eval", str(whole.folder), "--data", "digits", "--format", "json"])
    assert done.exit_code == 0
    assert "the loss below is `cross_entropy`" in done.stderr
    assert "left out below, since their code is not part of the run: `errors`" in done.stderr
    assert "errors" not in json.loads(done.stdout)["metrics"]


def test_run_with_custom_code_cannot_be_resumed_by_the_command(
    tmp_path: Path, few: Mapping[str, tuple[Any, Any]]
) -> None:
    archdsl.fit(TEXT, few, out=tmp_path / "run", loss=focal, epochs=1, **FIXED)
    done = CliRunner().invoke(main, ["train", "--resume", str(tmp_path / "run"), "--epochs", "2"])
    assert done.exit_code == 2
    assert "given in Python" in done.output
    done = CliRunner().invoke(main, ["eval", str(tmp_path / "run"), "--data", "digits"])
    assert done.exit_code == 0
    assert "test_fit.focal`, whose code is not part of the run; the loss below is `cross_entropy`" in done.stderr
    images, labels = few["train"]
    cases: list[tuple[dict[str, Any], str]] = [
        ({"data": few}, r"started in Python with `.*test_fit.focal`"),
        ({"data": few, "loss": fails}, r"started in Python with `.*test_fit.focal`"),
        ({"data": (255 - images, labels), "loss": focal}, "other data"),
        ({"data": "digits", "loss": focal}, "other data"),
        ({"loss": focal}, "given in Python"),
    ]
    for arguments, words in cases:
        with pytest.raises(Problem, match=words):
            archdsl.fit(TEXT, **{"resume": tmp_path / "run", "epochs": 2, "device": "cpu", **arguments})
    with pytest.raises(Problem, match="network differs"):
        archdsl.fit(TWO, few, resume=tmp_path / "run", loss=focal)
    for changed in ({"lr": 0.5}, {"out": tmp_path / "x"}, {"initial": archdsl.loads(TEXT).to_torch()}):
        with pytest.raises(ValueError, match=r"resumed"):
            archdsl.fit(TEXT, few, resume=tmp_path / "run", loss=focal, **changed)


def test_run_of_the_command_can_be_resumed_in_python(tmp_path: Path) -> None:
    (tmp_path / "net.arch").write_text(TEXT)
    options = {**FIXED, "epochs": 1}
    command = ["train", str(tmp_path / "net.arch"), "--data", "digits", "--out", str(tmp_path / "run")]
    assert (
        CliRunner().invoke(main, [*command, *(f"--{name}={value}" for name, value in options.items())]).exit_code == 0
    )
    run = archdsl.fit(tmp_path / "net.arch", resume=tmp_path / "run", epochs=2, device="cpu")
    assert len(run.metrics) == 2
    assert same(run, archdsl.fit(TEXT, "digits", out=tmp_path / "whole", **{**options, "epochs": 2}))


# --- warnings ---


def test_check_warnings_become_python_warnings(tmp_path: Path, few: Mapping[str, tuple[Any, Any]]) -> None:
    text = "input 1x8x8\nflatten; fc 16; relu; fc 10; softmax\n"
    with pytest.warns(archdsl.ArchWarning, match="W0906") as caught:
        archdsl.fit(text, few, out=tmp_path / "run", epochs=1, **FIXED)
    assert [Path(each.filename).name for each in caught] == ["test_fit.py"]
    archdsl.fit(text, few, out=tmp_path / "mse", loss="mse", epochs=1, **FIXED)
    archdsl.fit(text, few, out=tmp_path / "own", loss=lambda o, t: F.nll_loss(o.log(), t), epochs=1, **FIXED)


def test_training_and_prediction_notes_become_python_warnings(
    tmp_path: Path, few: Mapping[str, tuple[Any, Any]]
) -> None:
    with pytest.warns(archdsl.ArchWarning, match="patience 3"):
        run = archdsl.fit(TEXT, few, out=tmp_path / "run", epochs=1, split=1, patience=3, **FIXED)
    image = few["test"][0][0]
    with pytest.warns(archdsl.ArchWarning, match="`invert=True` inverts it"):
        run.predict(np.full_like(image, 250))
    with pytest.warns(archdsl.ArchWarning, match="darker than the training images"):
        run.predict(image, np.full_like(image, 5))
    run.predict(few["test"][0])


def test_several_processes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(RuntimeError, match="torchrun"):
        archdsl.fit(TEXT, "digits")


# --- tasks ---


TASKS = (
    "regression",
    "multilabel",
    "segmentation",
    "reconstruction",
    "images of floats",
    "a table of classes",
    "ids",
    "bytes",
)


@pytest.mark.parametrize("task", TASKS)
def test_other_tasks_train_on_arrays(tmp_path: Path, few: Mapping[str, tuple[Any, Any]], task: str) -> None:
    rng = np.random.default_rng(0)
    images, labels = few["train"]
    table, ids = rng.normal(size=(300, 4)).astype(np.float32), rng.integers(0, 9, (300, 4))
    bright, words = (images[:, 0] > 99).astype(int), np.where(table[:, 0] > 0, "up", "down")
    cases: dict[str, tuple[str, Any, str]] = {
        "regression": ("input 4\nfc 16; relu; fc 1\n", (table, table.sum(1)), "r2"),
        "multilabel": ("input 4\nfc 16; relu; fc 2\n", (table, (table[:, :2] > 0).astype(int)), "mean_ap"),
        "segmentation": ("input 1x8x8\nconv 8 k3 same; relu; conv 2 k1\n", (images, bright), "miou"),
        "reconstruction": ("input 1x8x8\nconv 8 k3 same; relu; conv 1 k3 same\n", images, "psnr"),
        "images of floats": (TEXT, (images / 16 - 4.321, labels), "accuracy"),
        "a table of classes": ("input 4\nfc 16; relu; fc 2\n", (table, words), "accuracy"),
        "ids": ("input 4 int(9)\nembedding 8; flatten; fc 2\n", (ids, (ids[:, 0] > 4).astype(int)), "accuracy"),
    }
    if task == "bytes":
        sequences = np.tile(np.arange(97, 107), (300, 2))[:, :9] + rng.integers(0, 2, (300, 1))
        cases[task] = ("input 8 int(256)\nembedding 16; fc 256\n", sequences, "perplexity")
    text, data, metric = cases[task]
    # without convolutions, a memory layout has no effect, which is reported
    fixed = {name: value for name, value in FIXED.items() if name != "layout" or "conv" in text}
    run = archdsl.fit(text, data, out=tmp_path / "run", epochs=3, lr=0.02, **fixed)
    values = run.metrics[f"validation.{metric}"]
    assert isinstance(values[0], float)
    assert values[-1] is not None
    assert (values[-1] > values[0]) == (metric != "perplexity")
    assert run.task == {"bytes": "language"}.get(task, task if task in TASKS[:4] else "classification")
    inputs = data[0] if isinstance(data, tuple) else data
    if task == "bytes":
        assert len(run.predict("abc", length=5)[0].encode()) >= 5
        with pytest.raises(TypeError, match="continues strings"):
            run.predict(inputs[:3])
    else:
        assert len(run.predict(inputs[:3])) == 3


@pytest.mark.parametrize(
    ("text", "data", "code"),
    [
        ("input 3x64x64; conv 8 k1", "shapes", "E0816"),
        ("input 3x64x64; conv 8 k3 same; stage head { gap; fc 3 }", "shapes", "E0816"),
        ("input 1x9x9; gap; fc 10", "digits", "E0811"),
        ("input 1x8x8; gap; fc 5", "digits", "E0812"),
    ],
)
def test_incompatible_network_has_the_same_edits_as_in_the_command(
    text: str, data: str, code: str, tmp_path: Path
) -> None:
    with pytest.raises(archdsl.ArchError) as caught:
        archdsl.fit(text, data, epochs=1, out=tmp_path / "run")
    (found,) = caught.value.diagnostics
    assert found.diagnostic.code == code
    assert found.suggestions
    (tmp_path / "a.arch").write_text(text)
    shown = CliRunner().invoke(
        main, ["train", str(tmp_path / "a.arch"), "--data", data, "--out", str(tmp_path / "run")]
    )
    assert shown.exit_code == 1
    for each in found.suggestions:
        assert each.title in shown.output
        assert each.title in str(caught.value)


def test_resized_network_has_no_edits_for_the_sizes_of_its_text() -> None:
    network = archdsl.loads("input 1x8x8; conv 4 k3 p1; gap; fc 5", input="1x16x16")
    with pytest.raises(archdsl.ArchError) as caught:
        archdsl.fit(network, "digits")
    assert all("input 1x16x16" not in each.title for item in caught.value.diagnostics for each in item.suggestions)
    assert {item.diagnostic.code for item in caught.value.diagnostics} == {"E0811", "E0812"}
