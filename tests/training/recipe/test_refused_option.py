"""A setting that does not suit the task: reported at its line of the text, or under the name of its option."""

import ast
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

import archdsl
from archdsl.cli.train import command
from archdsl.diagnostics import Sink
from archdsl.diagnostics.catalog.task_errors import NotForTask
from archdsl.training.data.dataset_spec import DataSpec
from archdsl.training.data.registry import data_sets
from archdsl.training.network_check import check
from archdsl.training.recipe import composition
from archdsl.training.recipe.composition import BadOption, compose, option_at
from archdsl.training.recipe.fields import RecipeField, recipe_fields
from archdsl.training.recipe.refused_option import refused_option
from tests.training.test_fit_options import partners, values_of

NETWORKS = {
    "digits": "input 1x8x8; flatten; fc 10",
    "shapes": "input 3x64x64; conv 4 k1",
    "shape_boxes": "input 3x64x64; conv 8 k1 s4",
    "shape_sets": "input 3x64x64; gap; fc 3",
    "friedman": "input 10; fc 1",
    "alice": "input 12 int(256); embedding 4; fc 256",
}
VALUES = {("task",): "multilabel", ("loss", "name"): "dice", ("augment", "operations"): "2", ("tta",): "flip"}


@pytest.mark.parametrize("data", NETWORKS)
@pytest.mark.parametrize("entry", recipe_fields(), ids=lambda entry: entry.option)
def test_only_given_options_are_refused(entry: RecipeField, data: str) -> None:
    value = VALUES.get(entry.path) or next(values_of(entry))
    given = {("data", "name"): data, **partners(entry, value), entry.path: value}
    network, sink = archdsl.loads(NETWORKS[data]), Sink()
    recipe = compose(network.settings, given, sink)
    assert recipe is not None
    check(network.graph, data_sets()[data], recipe, sink)
    refused = refused_option(sink, given, network.graph)
    assert any(isinstance(each.diagnostic, NotForTask) for each in sink) == (refused is not None)
    assert refused is None or refused.option in {option_at(path) for path in given if path[0] == entry.path[0]}


@pytest.mark.parametrize(
    ("block", "options", "status", "message"),
    [
        ("", "--mixup 0.2", 2, "--mixup: `mixup` is not supported for segmentation"),
        ("augment flip", "--mixup 0.2", 2, "--mixup: `mixup` is not supported"),
        ("augment mixup=0.2", "--flip", 1, "augment mixup=0.2"),
        ("", "--loss mse", 2, "--loss: segmentation cannot minimize `mse`"),
        ("loss mse", "", 1, "loss mse"),
        ("loss mse", "--loss bce", 2, "--loss: segmentation cannot minimize `bce`"),
    ],
)
def test_unsuitable_setting_is_reported_at_its_line_or_option(
    block: str, options: str, status: int, message: str
) -> None:
    text = f"{NETWORKS['shapes']}\ntrain {{ data shapes; {block} }}"
    done = CliRunner().invoke(command, ["-e", text, *options.split()])
    assert (done.exit_code, message in done.stderr) == (status, True), done.stderr


def test_fit_names_the_unsuitable_argument() -> None:
    with pytest.raises(ValueError, match=r"^mixup: `mixup` is not supported"):
        archdsl.fit(archdsl.loads(NETWORKS["shapes"]), data="shapes", mixup=0.2)
    with pytest.raises(ValueError, match=r"^loss: segmentation cannot minimize `mse`"):
        archdsl.fit(archdsl.loads(NETWORKS["shapes"]), data="shapes", loss="mse")


@pytest.mark.parametrize(
    ("block", "given", "option"),
    [
        ("", {("augment", "flip"): True, ("augment", "alternate"): True}, "--flip"),
        ("augment flip", {("augment", "crop"): 4, ("augment", "alternate"): True}, "--alternate"),
        ("", {("augment", "crop"): 4, ("augment", "operations"): 3}, "--operations"),
        ("optimizer sgd decay_all weight_decay=0.1", {("optimizer", "weight_decay"): 0.0}, "--weight-decay"),
        ("", {("optimizer", "momentum"): 0.0, ("optimizer", "nesterov"): True, ("optimizer", "name"): "sgd"},
         "--nesterov"),
        ("lookahead every=5", {("ema",): 0.9}, "--ema"),
        ("ema 0.9", {("lookahead", "every"): 5}, "--lookahead-every"),
        ("augment random_resized_crop=0.5", {("data", "loading"): "cache"}, "--loading"),
        ("shard", {("compile",): True}, "--compile"),
        ("shard", {("optimizer", "name"): "muon"}, "--optimizer"),
        ("freeze head after=2", {("shard",): True}, "--shard"),
        ("freeze head after=2", {("freeze", "name"): "off", ("batch",): 3}, "--freeze"),
    ],
)  # fmt: skip
def test_conflict_names_its_option(block: str, given: dict[tuple[str, ...], Any], option: str) -> None:
    network = archdsl.loads(f"{NETWORKS['digits']}\ntrain {{ data digits; {block} }}")
    with pytest.raises(BadOption) as found:
        compose(network.settings, given, Sink())
    assert found.value.option == option


def test_every_conflict_names_its_fields() -> None:
    """A validator of a whole section cannot be blamed on an option without them."""
    raised = []
    for path in sorted(Path(composition.__file__).parent.glob("*.py")):
        for each in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(each, ast.FunctionDef) and _is_conflict_check(each):
                raised += [node.exc for node in ast.walk(each) if isinstance(node, ast.Raise)]
    assert len(raised) >= 16
    assert {_name(each) for each in raised} == {"SettingConflict"}
    assert all(isinstance(each, ast.Call) and len(each.args) >= 2 for each in raised)


def _is_conflict_check(function: ast.FunctionDef) -> bool:
    """Whether it validates a section, or a line of the recipe together with the lines before it."""
    arguments = [argument.arg for argument in function.args.args]
    return "model_validator" in map(_name, function.decorator_list) or "info" in arguments


def _name(node: ast.expr | None) -> str:
    return node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""


def test_single_class_data_set_is_reported_at_the_data_option() -> None:
    network, spec = archdsl.loads("input 1x8x8; flatten; fc 1"), DataSpec("pets", ("cat",), None)
    pets: dict[tuple[str, ...], Any] = {("data", "name"): "pets"}
    for given in (pets, {**pets, ("batch",): 3}):
        sink = Sink()
        recipe = compose(network.settings, given, sink)
        assert recipe is not None
        check(network.graph, spec, recipe, sink)
        refused = refused_option(sink, given, network.graph)
        assert refused is not None
        assert refused.option == "--data"
    text = archdsl.loads("input 1x8x8; flatten; fc 1\ntrain { batch 3; data pets }")
    sink = Sink()
    recipe = compose(text.settings, {}, sink)
    assert recipe is not None
    check(text.graph, spec, recipe, sink)
    assert [each.diagnostic.span.text for each in sink] == ["data pets"]
