"""Weights of classes in the loss: their text, their values, and the loss against torch's."""

import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import archdsl
from archdsl.cli import main
from archdsl.diagnostics import Sink
from archdsl.training.data.dataset_spec import TaskFacts
from archdsl.training.data.registry import data_sets
from archdsl.training.errors.loop_errors import ClassWithoutSamples
from archdsl.training.network_check import check
from archdsl.training.recipe.class_weights import class_weights_text, numbers, parse_class_weights
from archdsl.training.recipe.composition import compose
from archdsl.training.recipe.recipe import Bce, CrossEntropy, Recipe
from archdsl.training.runs.run_folder import Run
from archdsl.training.tasks.class_counts import class_counts, class_weights
from archdsl.training.tasks.class_losses import make_loss
from archdsl.training.tasks.mask_losses import make_mask_loss
from tests.training.helpers import leave_out_figures, training
from tests.training.test_session import assert_same

WEIGHTS = (0.25, 1.0, 3.5)
FACTS = TaskFacts(class_weights=WEIGHTS)
NET = "input 1x8x8\nflatten; fc 32; relu; fc 10\n"


@pytest.fixture(autouse=True)
def no_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    leave_out_figures(monkeypatch)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("mixed", [False, True])
def test_weighted_cross_entropy_matches_torch(smoothing: float, mixed: bool) -> None:
    torch.manual_seed(0)
    logits, labels = torch.randn(20, 3), torch.randint(0, 3, (20,))
    targets = torch.softmax(torch.randn(20, 3), 1) if mixed else labels
    wanted = nn.CrossEntropyLoss(torch.tensor(WEIGHTS), label_smoothing=smoothing)(logits, targets)
    assert torch.equal(
        make_loss(CrossEntropy(smoothing=smoothing, class_weights="1, 2, 3"), FACTS)(logits, targets), wanted
    )
    plain = nn.CrossEntropyLoss(label_smoothing=smoothing)(logits, targets)
    assert torch.equal(make_loss(CrossEntropy(smoothing=smoothing), FACTS)(logits, targets), plain)


def test_weighted_binary_cross_entropy_matches_torch() -> None:
    torch.manual_seed(0)
    logits, labels = torch.randn(20, 3), torch.randint(0, 3, (20,))
    wanted = nn.BCEWithLogitsLoss(torch.tensor(WEIGHTS))(logits, nn.functional.one_hot(labels, 3).float())
    assert torch.allclose(make_loss(Bce(class_weights="1, 2, 3"), FACTS)(logits, labels), wanted)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_weighted_mask_loss_matches_torch(smoothing: float) -> None:
    torch.manual_seed(0)
    logits, masks = torch.randn(4, 3, 5, 6), torch.randint(0, 3, (4, 5, 6)).to(torch.uint8)
    masks[:, 2] = 255
    made = make_mask_loss(CrossEntropy(smoothing=smoothing, class_weights="1, 2, 3"), FACTS)
    loss = nn.CrossEntropyLoss(torch.tensor(WEIGHTS), ignore_index=255, label_smoothing=smoothing)
    assert torch.allclose(made(logits, masks), loss(logits, masks.long()))
    assert made(logits, torch.full_like(masks, 255)).item() == 0


@given(st.lists(st.integers(0, 4), min_size=30, max_size=80))
def test_balanced_weights_give_each_class_the_same_total(labels: list[int]) -> None:
    every = np.array([*labels, *range(5)])
    counts = class_counts(every, 5)
    assert counts == [int((every == number).sum()) for number in range(5)]
    weights = numbers("balanced", tuple("abcde"), counts)
    sums = [weight * count for weight, count in zip(weights, counts, strict=True)]
    assert sums == pytest.approx([len(every) / 5] * 5)


def test_unlabeled_pixels_are_excluded_from_class_counts() -> None:
    masks = np.array([[[0, 0, 255], [1, 255, 255]]], np.uint8)
    assert class_counts(masks, 3) == [2, 1, 0]
    with pytest.raises(Exception, match="no training pixels are of the class `c`"):
        class_weights(CrossEntropy(class_weights="balanced"), ("a", "b", "c"), masks)
    assert class_weights(CrossEntropy(class_weights="b=2"), ("a", "b", "c"), masks) == (1.0, 2.0, 1.0)


@pytest.mark.parametrize("name", ["cat", "a, b"])
def test_suggested_weights_are_accepted(name: str) -> None:
    (suggestion,) = ClassWithoutSamples(name, False).help()
    given = shlex.split(suggestion.partition("--class-weights ")[2].rstrip("`"))
    assert parse_class_weights(given[0].replace(", …", "")) == {name: 1.0}


@given(st.dictionaries(st.text('abc d=é,{}":', min_size=1), st.floats(1e-3, 1e3), min_size=1))
def test_class_weights_text_round_trip(weights: dict[str, float]) -> None:
    assert parse_class_weights(class_weights_text(weights)) == weights
    assert parse_class_weights(class_weights_text(list(weights.values()))) == tuple(weights.values())
    assert parse_class_weights(class_weights_text("balanced")) == "balanced"


@pytest.mark.parametrize("number", [2, 0.5, np.float32(0.5), np.float64(0.5), np.int64(2)])
@pytest.mark.parametrize("name", ["cat", "a, b", 0])
def test_class_weights_given_in_python_are_read(name: object, number: float) -> None:
    assert parse_class_weights(class_weights_text({name: number})) == {str(name): float(number)}
    assert parse_class_weights(class_weights_text([number])) == (float(number),)


@pytest.mark.parametrize("value", ["heavy", "2", None, True, [1], float("nan"), float("inf"), -1, 0])
@pytest.mark.parametrize("name", ["cat", "a, b"])
def test_class_weights_given_in_python_that_are_not_positive_numbers_are_refused(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=r"a positive number|takes an object like"):
        parse_class_weights(class_weights_text({name: value}))


def test_a_class_given_in_python_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="two weights"):
        parse_class_weights(class_weights_text({0: 1, "0": 2}))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("cat=0", "a positive number"), ("cat=-1", "a positive number"), ("cat=x", "a positive number"),
        ("1, nan", "a positive number"),
        ("cat=1, cat=2", "two weights"), ("cat", "a positive number"), ("1,,2", "takes `balanced`"),
        ("1, cat=2", "not"),
        ('{"cat": 0}', "a positive number"), ('{"cat": "2"}', "a positive number"),
        ('{"cat": true}', "a positive number"),
        ('{"cat": 1, "cat": 2}', "two weights"), ('{"cat": [2]}', "a positive number"),
        ("{}", "takes names"),
        ('{"cat": 2', "takes an object like"),
        ("{cat: 2}", "takes an object like"), ('{"cat": NaN}', "a positive number"),
        ("balancd", "or write `balanced`"), ("=2", "takes names"), ("inf", "a positive number"),
    ],
)  # fmt: skip
def test_invalid_class_weights_are_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_class_weights(text)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('loss cross_entropy class_weights="seven=2"', "there is no class `seven`"),
        ('loss bce class_weights="1, 2"', "2 class weights for 10 classes"),
        ("loss mse class_weights=balanced", "takes no"),
        ('loss cross_entropy class_weights="7=x"', "a positive number"),
        ("task reconstruction; loss bce class_weights=balanced", "no effect on the loss of reconstruction"),
        ("task reconstruction; loss bce smoothing=0.1", "no effect on the loss of reconstruction"),
        ("loss cross_entropy class_weights=balanced", None),
        ('loss cross_entropy class_weights="7=2, 9=0.5"', None),
    ],
)
def test_class_weights_are_checked_before_data_are_read(line: str, words: str | None) -> None:
    body = "input 1x8x8; conv 1 k3 same\n" if "reconstruction" in line else NET
    network = archdsl.loads(f"{body}train {{ data digits; {line} }}")
    sink = Sink()
    recipe = compose(network.settings, {}, sink)
    if recipe is not None:
        check(network.graph, data_sets()["digits"], recipe, sink)
    found = [f"{each.diagnostic.message()} {each.diagnostic.label()}" for each in sink]
    assert (words is None and not found) or (words is not None and any(words in each for each in found)), found


def test_run_stores_class_weights_and_resumes(tmp_path: Path) -> None:
    given: dict[str, Any] = {"loss": {"name": "cross_entropy", "class_weights": "balanced"}, "epochs": 2}
    whole = training(tmp_path / "whole", **given)
    whole.start()
    labels = whole.source.load(whole.resources.request).train.labels
    counts = [int((labels == number).sum()) for number in range(3)]
    settings = Run.open(tmp_path / "whole").read_settings()
    assert settings.data.class_weights == pytest.approx([len(labels) / (3 * count) for count in counts])
    assert settings.recipe.loss == CrossEntropy(class_weights="balanced")
    training(tmp_path / "parts", **{**given, "epochs": 1}).start()
    training(tmp_path / "parts", **given).resume()
    assert_same(tmp_path / "whole", tmp_path / "parts")


def test_class_weights_change_training_and_eval_gives_the_same_loss(tmp_path: Path) -> None:
    (tmp_path / "net.arch").write_text(NET)
    runner, results = CliRunner(), {}
    for name, options in {"plain": [], "weighted": ["--class-weights", "0=5"]}.items():
        command = ["train", str(tmp_path / "net.arch"), "--data", "digits", "--epochs", "1", *options]
        done = runner.invoke(main, [*command, "--precision", "fp32", "--out", str(tmp_path / name)])
        assert done.exit_code == 0, done.output
        again = runner.invoke(main, ["eval", str(tmp_path / name)]).stdout
        loss = done.stdout.split("loss ")[-1].split(" ")[0]
        assert f"loss {loss}" in again
        results[name] = loss
    assert results["plain"] != results["weighted"]


def test_main_output_has_no_loss_weight() -> None:
    network = archdsl.loads(f"{NET.rstrip()} as a\ntrain {{ loss cross_entropy a=0.3 }}")
    sink = Sink()
    recipe = compose(network.settings, {}, sink)
    assert isinstance(recipe, Recipe)
    from archdsl.training.network_check import check_names

    assert check_names(network.graph, recipe, sink) is None
    assert [each.diagnostic.code for each in sink] == ["E0803"]


def test_loss_of_another_task_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^loss: classification cannot minimize `dice`"):
        archdsl.fit("input 1x8x8; flatten; fc 10", "digits", loss="dice", out=tmp_path / "run")


def test_class_weights_for_regression_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^class_weights: the losses of regression take no `class_weights`"):
        archdsl.fit("input 10; fc 1", "friedman", class_weights="balanced", out=tmp_path / "run")
