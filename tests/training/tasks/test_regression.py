"""Regression: scores against scikit-learn's definitions, tables and labeled images, runs, predictions, exports."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from click.testing import CliRunner
from PIL import Image

import archdsl
from archdsl.cli.eval import command as eval_command
from archdsl.cli.predict import command as predict_command
from archdsl.training.data.dataset_spec import ImageShape, TaskFacts
from archdsl.training.data.images import ImageSet, Request
from archdsl.training.data.registry import data_sets, find_source
from archdsl.training.data.table_file import read_table
from archdsl.training.errors.data_errors import BadTable, NoSuchFile
from archdsl.training.inference.assess import assess
from archdsl.training.inference.export_source import of_run
from archdsl.training.loop.device_setup import choose_device
from archdsl.training.loop.process_group import SINGLE_PROCESS
from archdsl.training.loop.standardization import measure
from archdsl.training.recipe.recipe import AnyLoss, Huber, Mae, Mse
from archdsl.training.report.run_report import TrainingReport
from archdsl.training.runs.loaded_run import load_run
from archdsl.training.runs.run_folder import Run
from archdsl.training.tasks.choice import TASKS
from archdsl.training.tasks.number_scores import NumberMeter, NumberScores, make_number_loss
from tests.training.helpers import StopAfter
from tests.training.tasks.task_helpers import KillAfter, Killed, errors, sample_training
from tests.training.test_session import assert_same

NETWORK = "input 3\nfc 8; tanh; dropout 0.1; fc 2\n"
TRUE = np.array([[3.0, -0.5], [2.0, 1.0], [7.0, -6.0], [4.0, 0.5]])
MADE = np.array([[2.5, 0.0], [0.0, 2.0], [8.0, -5.0], [4.0, 0.0]])
# scikit-learn 1.9.1: r2_score, mean_absolute_error and mean_squared_error of TRUE and MADE, multioutput="raw_values"
R2S, MAES, MSES = [0.625, 0.92], [0.875, 0.75], [1.3125, 0.625]


def scores(true: np.ndarray[Any, Any], made: np.ndarray[Any, Any], recipe: AnyLoss | None = None) -> NumberScores:
    """The scores of predictions, in several batches, one of them empty."""
    deviation = (2.0, 5.0)[: true.shape[1]]
    facts = TaskFacts(("a", "b")[: true.shape[1]], target_mean=(1.0, -1.0)[: true.shape[1]], target_deviation=deviation)
    meter = NumberMeter(make_number_loss(recipe or Mse()), facts)
    standard = [
        torch.from_numpy((each - np.array(facts.target_mean)) / np.array(deviation)).float() for each in (made, true)
    ]
    for part in (slice(0, 3), slice(3, len(true)), slice(0, 0)):
        meter.update(*(each[part] for each in standard))
    return meter.scores(SINGLE_PROCESS, len(true))


def test_regression_scores_match_scikit_learn() -> None:
    found = scores(TRUE, MADE)
    assert found.r2s == pytest.approx(R2S, abs=1e-6)
    assert found.maes == pytest.approx(MAES, abs=1e-6)
    assert np.square(found.rmses).tolist() == pytest.approx(MSES, abs=1e-6)
    assert found.summary() == pytest.approx({"loss": found.loss, "r2": np.mean(R2S), "mae": np.mean(MAES)}, abs=1e-6)
    for (true, made), wanted, output in zip(found.shown, TRUE, MADE, strict=True):
        assert true == pytest.approx(wanted.tolist(), abs=1e-6)
        assert made == pytest.approx(output.tolist(), abs=1e-6)


def test_r2_of_random_values_matches_scikit_learn() -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(0)
    for _ in range(10):
        true, made = rng.normal(3, 4, (2, 50, 2))
        found = scores(true, made)
        assert found.r2s == pytest.approx(metrics.r2_score(true, made, multioutput="raw_values").tolist(), abs=1e-5)


def test_constant_targets_have_an_r2_of_zero_or_one() -> None:
    constant = np.full((5, 1), 3.0)
    assert scores(constant, constant).r2s == [1.0]
    assert scores(constant, constant + 1).r2s == [0.0]


@pytest.mark.parametrize(
    ("recipe", "function"),
    [(Mse(), F.mse_loss), (Mae(), F.l1_loss), (Huber(delta=0.5), lambda o, t: F.huber_loss(o, t, delta=0.5))],
)
def test_split_loss_is_computed_over_all_samples(recipe: AnyLoss, function: Any) -> None:
    mean, deviation = np.array([1.0, -1.0]), np.array([2.0, 5.0])
    true, made = (torch.from_numpy((each - mean) / deviation).float() for each in (TRUE, MADE))
    assert scores(TRUE, MADE, recipe).loss == pytest.approx(function(made, true).item(), abs=1e-6)


def test_inputs_and_targets_are_standardized_by_column() -> None:
    rng = np.random.default_rng(0)
    numbers = rng.normal([5, -3, 0], [10, 0.1, 1], (500, 3)).astype(np.float32)
    numbers[:, 2] = 7
    standard = measure(numbers)
    assert standard.mean == pytest.approx(numbers.mean(0, dtype=float).tolist())
    assert standard.deviation == pytest.approx([*numbers[:, :2].std(0, dtype=float).tolist(), 1.0])
    facts = TaskFacts(target_mean=standard.mean, target_deviation=standard.deviation)
    made = TASKS["regression"].prepare(ImageSet(numbers, numbers), facts).labels
    assert made[:, :2].mean(0) == pytest.approx([0, 0], abs=1e-5)
    assert made[:, :2].std(0) == pytest.approx([1, 1], abs=1e-5)
    assert np.all(made[:, 2] == 0)


@pytest.mark.parametrize(
    ("text", "recipe", "code", "words"),
    [
        ("input 9\nfc 1", {}, "E0818", "`friedman` has 10 numbers per sample, but this network takes 9"),
        ("input 1x8x8\nflatten; fc 1", {}, "E0818", "this network takes 1×8×8"),
        ("input 10 int(5)\nembedding 3; flatten; fc 1", {}, "E0818", "takes IDs below 5"),
        ("input 10\nfc 3", {}, "E0812", "`friedman` has 1 number to predict, but this network outputs 3"),
        ("input 10\nfc 1", {"augment": {"flip": True}}, "E0817", "`flip` changes images"),
        ("input 10\nfc 1", {"tta": "flip"}, "E0817", "`tta flip` changes images"),
        ("input 10\nfc 1", {"data": {"fit": "pad"}}, "E0817", "`fit pad` changes images"),
        ("input 10\nfc 1", {"loss": {"name": "bce"}}, "E0817", "regression cannot minimize `bce`"),
        ("input 10\nfc 1", {"task": "classification"}, "E0817", "`friedman` has numbers to predict for each sample"),
        ("input a 10\ninput b 10\nfrom a; add b; fc 1", {}, "E0818", "takes 2 inputs"),
    ],
)
def test_incompatible_network_is_reported_before_data_are_read(
    text: str, recipe: dict[str, Any], code: str, words: str
) -> None:
    found = errors(text, data_sets()["friedman"], **recipe)
    assert [each for each, _ in found] == [code], found
    assert words in found[0][1]


@pytest.mark.parametrize(("outputs", "is_helped"), [("fc 2", True), ("reshape 5x2", False)])
def test_numbers_as_targets_of_a_classifier_are_explained(outputs: str, is_helped: bool) -> None:
    with pytest.raises(archdsl.ArchError) as raised:
        archdsl.fit(f"input 10\n{outputs}", data="friedman")
    assert ("for classes, give names as targets" in str(raised.value)) == is_helped


def table(path: Path, rows: int = 60) -> np.ndarray[Any, Any]:
    """A table of three inputs and two targets; returns its numbers."""
    rng = np.random.default_rng(0)
    inputs = rng.normal(2, 3, (rows, 3))
    targets = np.stack([inputs @ [1.0, -2.0, 0.5] + 100, np.abs(inputs[:, 0])], 1)
    numbers = np.concatenate([inputs, targets], 1).round(6)
    lines = ["a,b,c,price,size", *(",".join(map(str, row)) for row in numbers.tolist())]
    path.write_text("\n".join(lines) + "\n")
    return numbers


def test_table_columns_are_split_into_inputs_and_targets(tmp_path: Path) -> None:
    numbers = table(tmp_path / "houses.csv")
    source = find_source(f"{tmp_path}/houses.csv:price,size")
    spec = source.spec
    assert (spec.name, spec.classes, spec.shape, spec.features) == ("houses", ("price", "size"), (3,), ("a", "b", "c"))
    splits = source.load(Request((3,), tmp_path / "cache"))
    assert splits.validation is not None
    assert splits.test is not None
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (49, 5, 6)
    parts = (splits.train, splits.validation, splits.test)
    rows = np.concatenate([np.concatenate([part.images, part.labels], 1) for part in parts])
    assert np.allclose(np.sort(rows, 0), np.sort(numbers, 0).astype(np.float32))
    assert find_source(source.origin).spec == spec
    assert find_source(f"{tmp_path}/houses.csv").spec.classes == ("size",)


def test_tables_of_splits_and_of_other_formats(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet  # type: ignore[import-untyped]  # it ships no types

    folder = tmp_path / "houses"
    folder.mkdir()
    numbers = table(folder / "train.csv")
    (folder / "val.tsv").write_text((folder / "train.csv").read_text().replace(",", "\t"))
    (folder / "test.csv").write_text("\ufeff" + (folder / "train.csv").read_text().replace(",", ";"))
    splits = find_source(str(folder)).load(Request((4,), tmp_path / "cache"))
    assert splits.validation is not None
    assert splits.test is not None
    for part in (splits.train, splits.validation, splits.test):
        assert np.allclose(part.images, numbers[:, :4])
        assert np.allclose(part.labels[:, 0], numbers[:, 4])
    columns = dict(zip("abcde", numbers.T, strict=True))
    parquet.write_table(pyarrow.table(columns), tmp_path / "houses.parquet")
    source = find_source(f"{tmp_path}/houses.parquet:d")
    assert source.spec.features == ("a", "b", "c", "e")
    assert len(source.load(Request((4,), tmp_path)).train) == 49
    (tmp_path / "bad.parquet").write_bytes(b"PAR1 not")
    with pytest.raises(BadTable, match=r"bad\.parquet"):
        find_source(f"{tmp_path}/bad.parquet").spec  # noqa: B018  # reads the file


def test_text_in_the_target_column_becomes_classes(tmp_path: Path) -> None:
    (tmp_path / "iris.csv").write_text("w,h,kind\n" + "1,2,rose\n3,4,lily\n" * 10)
    source = find_source(f"{tmp_path}/iris.csv")
    assert (source.spec.targets, source.spec.classes) == ("class", ("lily", "rose"))
    train = source.load(Request((2,), tmp_path)).train
    assert np.array_equal(train.labels == 1, train.images[:, 0] == 1)


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        ("", "header", 1),
        ("a,b\n", "no rows", None),
        ("a,a\n1,2\n", "two columns are named `a`", 1),
        ("a,\n1,2\n", "header", 1),
        ("a\n1\n", "one column", None),
        ("a,b\n1,2\n3\n", "1 value, but the header has 2 columns", 3),
        ("a,b\n1,2\n\nx,4\n", "this value is `x`", 4),
        ("a,b\n1,2\n,4\n", "this value is empty", 3),
        ("a,b\n1,2\nnan,4\n", "not finite", 3),
        ("a,b\n1,2\n1e300,4\n", "32 bits", 3),
        ('a,b\n1,"2\n', "not CSV", 2),
        ('a,b\n1,2\n"3"x,4\n', "not CSV", 3),
        ("a,b\n1,2\n" + "x" * 200_000 + ",4\n", "not CSV", 3),
        ("a,b\n1_0,2\n", "`1_0`", 2),
        ("a,b\n1,2\n2,3\n3,N/A\n", "this value is `N/A`", 4),  # no classes `2`, `3` and `N/A`
        ("a,b\n1,cat\n2,dog\n3,\n", "has no value", 4),
    ],
)
def test_invalid_tables_are_reported_with_the_line(tmp_path: Path, text: str, words: str, line: int | None) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(BadTable) as caught:
        find_source(str(path)).load(Request((1,), tmp_path))
    assert words in caught.value.message()
    assert caught.value.line == line


def test_unknown_columns_and_files_are_reported(tmp_path: Path) -> None:
    table(tmp_path / "houses.csv")
    with pytest.raises(BadTable, match="prise") as caught:
        find_source(f"{tmp_path}/houses.csv:prise").spec  # noqa: B018  # reads the file
    assert caught.value.help() == ("did you mean `price`?",)
    with pytest.raises(NoSuchFile, match="missing"):
        find_source(f"{tmp_path}/missing.csv")
    (tmp_path / "latin.csv").write_bytes(b"a,b\n" + b"1,2\n" * 5000 + "1,\xe9\n".encode("latin-1"))
    with pytest.raises(BadTable, match="UTF-8") as caught:
        find_source(f"{tmp_path}/latin.csv").spec  # noqa: B018  # reads the file
    assert caught.value.line == 5002
    with pytest.raises(BadTable, match="not a regular file"):  # a pipe could keep it waiting
        read_table(tmp_path)
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(BadTable, match="no table of training samples"):
        find_source(f"{tmp_path}/folder.csv").spec  # noqa: B018  # looks into the folder


@pytest.mark.parametrize("samples", [1, 3])
def test_tables_without_validation_rows_train(tmp_path: Path, samples: int) -> None:
    """The report omits the charts of metrics that were not measured."""
    table(tmp_path / "few.csv", samples)
    sample_training("input 4; fc 1", f"{tmp_path}/few.csv", tmp_path / "run", epochs=1).start()
    page = (tmp_path / "run" / "report.html").read_text()
    assert "<h3>Loss</h3>" in page
    assert "<h3>R²</h3>" not in page


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Gray images, whose brightness is the number in labels.csv."""
    root = tmp_path / "photos"
    (root / "in").mkdir(parents=True)
    lines = ["file,light"]
    for number in range(20):
        Image.new("L", (6, 6), number * 10).save(root / "in" / f"{number}.png")
        lines.append(f"in/{number}.png,{number * 10}")
    (root / "labels.csv").write_text("\n".join(lines))
    return root


def test_images_with_numeric_targets(photos: Path, tmp_path: Path) -> None:
    source = find_source(str(photos))
    assert (source.spec.targets, source.spec.classes) == ("numbers", ("light",))
    splits = source.load(Request(ImageShape(1, 6, 6), tmp_path / "cache", split=0.8))
    assert splits.validation is not None
    assert splits.test is not None
    assert (len(splits.train), len(splits.validation), len(splits.test)) == (14, 4, 2)
    for part in (splits.train, splits.validation, splits.test):
        assert np.array_equal(part.images[:, 0, 0, 0], part.labels[:, 0])
    text = (photos / "labels.csv").read_text().splitlines()
    named = [f"{line},{'split' if n == 0 else ('val' if n < 4 else 'train')}" for n, line in enumerate(text)]
    (photos / "labels.csv").write_text("\n".join(named))
    splits = find_source(str(photos)).load(Request(ImageShape(1, 6, 6), tmp_path / "cache"))
    assert (len(splits.train), splits.validation and len(splits.validation), splits.test) == (17, 3, None)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../secret.png", "not a path below"),
        ("/etc/passwd", "not a path below"),
        ("C:/x.png", "not a path below"),
        ("in/0.png", "also listed on line 2"),
        ("in/99.png", "there is no image"),
        ("", "not a path below"),
    ],
)
def test_invalid_image_lists_are_reported(photos: Path, tmp_path: Path, name: str, words: str) -> None:
    with (photos / "labels.csv").open("a") as stream:
        stream.write(f"\n{name},1\n")
    with pytest.raises(BadTable) as caught:
        find_source(str(photos)).load(Request(ImageShape(1, 6, 6), tmp_path))
    assert words in caught.value.message()
    assert caught.value.line == 22


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("regression")
    table(folder / "houses.csv", 200)
    recipe: dict[str, Any] = {"epochs": 12, "optimizer": {"name": "adam", "lr": 0.02}}
    sample_training(NETWORK, f"{folder}/houses.csv:price,size", folder / "run", **recipe).start()
    return folder / "run"


def test_regression_run_learns_and_reports(run: Path) -> None:
    lines = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert set(lines[0]["validation"]) == {"loss", "r2", "mae"}
    result = json.loads((run / "result.json").read_text())
    assert result["best"]["r2"] == max(line["validation"]["r2"] for line in lines)
    assert result["test"]["r2"] > 0.7
    report = TrainingReport.model_validate_json((run / "report.json").read_bytes())
    assert (report.task, report.recipe.loss.name, report.data.target_mean[0] > 50) == ("regression", "mse", True)
    assert report.scores is not None
    assert [row[0] for row in report.scores.tables[0].rows] == ["price", "size"]
    assert len(report.scores.tables[1].rows) == 12
    assert "R²" in (run / "report.html").read_text(encoding="utf-8")


def test_predictions_are_in_the_units_of_the_table(run: Path) -> None:
    file = run.parent / "houses.csv"
    numbers = np.loadtxt(file, delimiter=",", skiprows=1)
    done = CliRunner().invoke(predict_command, [str(run), str(file), "--format", "json"])
    assert done.exit_code == 0, done.output
    answers = json.loads(done.stdout)
    made = np.array([[each["values"]["price"], each["values"]["size"]] for each in answers])
    assert np.abs(made[:, 0] - numbers[:, 3]).mean() < 0.5 * numbers[:, 3].std()
    assert answers[0]["image"].endswith("houses.csv:2")
    trained = archdsl.load_run(run)
    assert trained.predict(str(file))[5] == pytest.approx(answers[5]["values"])
    (one,) = trained.predict("test:0")
    assert set(one) == {"price", "size"}
    done = CliRunner().invoke(predict_command, [str(run), str(file), "--top", "2"])
    assert done.exit_code == 2
    assert "--top is for classes" in done.stderr
    other = run.parent / "other.csv"
    other.write_text("c,B,a\n1,2,3\n")
    done = CliRunner().invoke(predict_command, [str(run), str(other)])
    assert done.exit_code == 1
    assert "no column `b`" in done.stderr
    done = CliRunner().invoke(predict_command, [str(run), "test:0"])
    assert "price" in done.stdout
    assert "true: price" in done.stdout


def test_evaluation_and_export_match_the_training(run: Path) -> None:
    loaded = load_run(Run.open(run, writes=False), choose_device("cpu"))
    result = json.loads((run / "result.json").read_text())
    done = CliRunner().invoke(eval_command, [str(run), "--format", "json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["metrics"] == pytest.approx(result["test"])
    source = find_source(loaded.settings.data.source)
    splits = source.load(Request(loaded.shape, run.parent, split=loaded.settings.recipe.split))
    assert splits.test is not None
    prepared = loaded.task.prepare(splits.test, loaded.facts)
    assert assess(loaded, prepared).summary() == pytest.approx(result["test"])
    exported = of_run(loaded, prepare=True)
    assert exported.facts["target_mean"] == loaded.settings.data.target_mean
    with torch.inference_mode():
        raw = exported.module(torch.from_numpy(splits.test.images))
    mean, deviation = (torch.tensor(exported.facts[name]) for name in ("target_mean", "target_deviation"))
    error = (raw * deviation + mean - torch.from_numpy(splits.test.labels)).abs().mean(0)
    assert error.mean().item() == pytest.approx(result["test"]["mae"], rel=1e-4)


def test_other_tables_are_matched_by_column_name(run: Path, tmp_path: Path) -> None:
    lines = [line.split(",") for line in (run.parent / "houses.csv").read_text().splitlines()]
    turned = tmp_path / "turned.csv"
    turned.write_text("\n".join(",".join([c, a, b, size, price]) for a, b, c, price, size in lines))
    argument_lists = [["--split", "all"], ["--data", f"{turned}:size,price", "--split", "all"]]
    found = [
        json.loads(CliRunner().invoke(eval_command, [str(run), "--format", "json", *arguments]).stdout)
        for arguments in argument_lists
    ]
    assert found[1]["metrics"] == pytest.approx(found[0]["metrics"], rel=1e-5)
    for text, words in (("a,b,d,price,size", "no column `c`"), ("a,b,c,size,x", "no class `x`")):
        turned.write_text("\n".join([text, *(",".join(line) for line in lines[1:])]))
        done = CliRunner().invoke(eval_command, [str(run), "--data", f"{turned}:{','.join(text.split(',')[3:])}"])
        assert (done.exit_code, words in done.stderr) == (1, True), done.output
    turned.write_text("\n".join(",".join(line[:4]) for line in lines))
    done = CliRunner().invoke(eval_command, [str(run), "--data", f"{turned}:price"])
    assert (done.exit_code, "no `size`, which the run predicts" in done.stderr) == (1, True), done.output


def test_resumed_and_killed_runs_are_bit_for_bit_the_same(tmp_path: Path) -> None:
    table(tmp_path / "houses.csv")
    data = f"{tmp_path}/houses.csv:price,size"
    recipe: dict[str, Any] = {"loss": {"name": "huber"}, "epochs": 3}
    sample_training(NETWORK, data, tmp_path / "whole", **recipe).start()
    sample_training(NETWORK, data, tmp_path / "parts", StopAfter(8), **recipe).start()
    sample_training(NETWORK, data, tmp_path / "parts", **recipe).resume()
    assert_same(tmp_path / "whole", tmp_path / "parts")
    with pytest.raises(Killed):
        sample_training(NETWORK, data, tmp_path / "killed", KillAfter(9), **recipe).start()
    sample_training(NETWORK, data, tmp_path / "killed", **recipe).resume()
    assert_same(tmp_path / "whole", tmp_path / "killed")


def test_steps_match_a_handwritten_loop(tmp_path: Path) -> None:
    table(tmp_path / "houses.csv")
    started = sample_training("input 3\nfc 2\n", f"{tmp_path}/houses.csv:price,size", tmp_path / "run", StopAfter(3))
    state = started.start().state
    splits = started.source.load(started.resources.request)
    inputs, targets = (torch.from_numpy(each).double() for each in (splits.train.images, splits.train.labels))
    inputs, targets = ((each - each.mean(0)) / each.std(0, correction=0) for each in (inputs, targets))
    from archdsl.training.loop.training_state import derive

    torch.manual_seed(derive(0, "weights"))
    model = started.model_spec.build()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    order = torch.randperm(len(inputs), generator=torch.Generator().manual_seed(derive(0, "order 0")))
    for indices in torch.split(order, 8)[: state.step]:
        optimizer.zero_grad()
        F.mse_loss(model(inputs[indices].float()), targets[indices].float()).backward()  # type: ignore[no-untyped-call]  # torch has no types here
        optimizer.step()
    for ours, theirs in zip(state.model.parameters(), model.parameters(), strict=True):
        assert torch.allclose(ours, theirs, atol=1e-6)
