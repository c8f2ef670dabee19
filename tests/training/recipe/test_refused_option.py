"""A setting that does not suit the task: reported at its line of the text, or under the name of its option."""

import pytest
from click.testing import CliRunner

import archdsl
from archdsl.cli.train import command
from archdsl.diagnostics import Sink
from archdsl.diagnostics.catalogue.task_errors import NotForTask
from archdsl.training.data.registry import data_sets
from archdsl.training.network_check import check
from archdsl.training.recipe.composition import BadOption, compose
from archdsl.training.recipe.fields import RecipeField, recipe_fields
from archdsl.training.recipe.refused_option import refused_option

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
def test_only_the_given_option_is_refused(entry: RecipeField, data: str) -> None:
    given = {("data", "name"): data, entry.path: VALUES.get(entry.path, str(entry.example))}
    network, sink = archdsl.loads(NETWORKS[data]), Sink()
    try:
        recipe = compose(network.settings, given, sink)
    except BadOption:
        return  # refused for its value, or as the setting of something that is off
    assert recipe is not None
    check(network.graph, data_sets()[data], recipe, sink)
    refused = refused_option(sink, given, network.graph)
    assert any(isinstance(each.diagnostic, NotForTask) for each in sink) == (refused is not None)
    assert refused is None or refused.option == entry.option


@pytest.mark.parametrize(
    ("block", "options", "status", "message"),
    [
        ("", "--mixup 0.2", 2, "--mixup: `mixup` changes the targets in a way that has no meaning for segmentation"),
        ("augment flip", "--mixup 0.2", 2, "--mixup: `mixup` changes the targets"),
        ("augment mixup=0.2", "--flip", 1, "augment mixup=0.2"),
        ("", "--loss mse", 2, "--loss: segmentation cannot minimize `mse`"),
        ("loss mse", "", 1, "loss mse"),
        ("loss mse", "--loss bce", 2, "--loss: segmentation cannot minimize `bce`"),
    ],
)
def test_it_is_reported_where_it_was_written(block: str, options: str, status: int, message: str) -> None:
    text = f"{NETWORKS['shapes']}\ntrain {{ data shapes; {block} }}"
    done = CliRunner().invoke(command, ["-e", text, *options.split()])
    assert (done.exit_code, message in done.stderr) == (status, True), done.stderr


def test_fit_names_its_argument() -> None:
    with pytest.raises(ValueError, match=r"^mixup: `mixup` changes the targets"):
        archdsl.fit(archdsl.loads(NETWORKS["shapes"]), data="shapes", mixup=0.2)
    with pytest.raises(ValueError, match=r"^loss: segmentation cannot minimize `mse`"):
        archdsl.fit(archdsl.loads(NETWORKS["shapes"]), data="shapes", loss="mse")
