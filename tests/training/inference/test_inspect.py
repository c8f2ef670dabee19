"""`archdsl inspect` and `archdsl predict` from the command line."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from PIL import Image
from safetensors.torch import load_file

from archdsl import load
from archdsl.cli import main
from archdsl.training import report
from archdsl.training.inference.feature_maps import draw_filters, draw_maps
from archdsl.training.inference.inspection import (
    Filters,
    Maps,
    first_filters,
    inspection_point,
    inspection_points,
    maps,
)
from archdsl.training.inference.prediction import Predictor
from archdsl.training.runs.loaded_run import load_run
from archdsl.training.runs.run_folder import Run

NET = """net Small(classes = 2)
input 3x12x12
conv 4 k3 p1 nobias; bn; relu
maxpool 2
stage body { conv 6 k3 p1; tanh; conv 70 k3; relu }
gap; fc classes
train { precision fp32; layout channels_first; epochs 2; batch 8; data "images"; optimizer adam lr=0.02 }
"""


def run(*args: object, input: bytes | None = None) -> Result:
    result = CliRunner().invoke(main, [str(arg) for arg in args], input=input)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run on dark and light images, some of them, and a text file."""
    folder = tmp_path_factory.mktemp("inspect")
    (folder / "net.arch").write_text(NET)
    rng = np.random.default_rng(0)
    for name, shade in (("dark", 20), ("light", 200)):
        for index in range(15):
            path = folder / "images" / name / f"{index}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray((rng.integers(0, 50, (12, 12, 3)) + shade).astype(np.uint8)).save(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "draw_curves", lambda *_: None)
        patch.setattr(report, "draw_confusion", lambda *_: None)
        done = run("train", folder / "net.arch", "--out", folder / "run", "--tta", "flip")
    assert done.exit_code == 0, done.output
    (folder / "broken.png").write_text("no picture")
    return folder


def test_inspection_points_are_stage_ends_or_layers() -> None:
    def names(network: str) -> list[str]:
        return [point.name for point in inspection_points(load(network).graph)]

    assert names("zoo:resnet18") == ["stem", "layer1", "layer2", "layer3", "layer4"]
    assert names("examples/vgg_small.arch") == ["features.pair1", "features.pair2", "features.pair3"]
    lenet = inspection_points(load("examples/lenet5.arch").graph)
    assert [point.name for point in lenet][:3] == ["features.tanh1", "features.avgpool1", "features.tanh2"]
    assert lenet[0].text == "conv 6 k5; tanh"
    assert names("examples/fc_mnist.arch") == []
    graph = load("zoo:resnet18").graph
    found = inspection_point(graph, "layer2")
    assert found is not None
    assert graph.nodes[found.node].name.startswith("layer2.")
    assert inspection_point(graph, "fc1") is None


def test_feature_maps_match_the_network(trained: Path) -> None:
    loaded = load_run(Run.open(trained / "run"), torch.device("cpu"))
    predictor = Predictor(loaded)
    image = predictor.inputs([predictor.read(trained / "images/dark/0.png")])
    points = inspection_points(loaded.network.graph)
    assert [point.name for point in points] == ["relu1", "maxpool1", "body"]
    found = maps(loaded, image[0], points)
    weights = load_file(trained / "run/best.safetensors")
    with torch.inference_mode():
        values = torch.nn.functional.conv2d(image, weights["conv1.weight"], padding=1)
        values = (values - weights["bn1.running_mean"].view(1, -1, 1, 1)) / (
            weights["bn1.running_var"].view(1, -1, 1, 1) + 1e-5
        ).sqrt()
        values = (values * weights["bn1.weight"].view(1, -1, 1, 1) + weights["bn1.bias"].view(1, -1, 1, 1)).relu()
    assert torch.allclose(found[0].values, values[0], atol=1e-5)
    assert torch.allclose(found[1].values, torch.nn.functional.max_pool2d(values, 2)[0], atol=1e-5)
    filters = first_filters(loaded)
    assert filters is not None
    assert torch.equal(filters.weights, weights["conv1.weight"])


def test_inspect_writes_figures_and_a_page(trained: Path) -> None:
    done = run("inspect", trained / "run", "--image", trained / "images/light/0.png", "--device", "cpu")
    assert done.exit_code == 0, done.output
    folder = trained / "run/inspect-0"
    names = sorted(path.name for path in folder.iterdir())
    assert names == [
        "00-filters-conv1.png", "00-pairs-conv1.png", "01-relu1.png", "02-maxpool1.png", "03-body.png", "index.html",
    ]  # fmt: skip
    assert "03-body.png: body: the first 64 of 70 maps of 4×4" in done.output
    page = (folder / "index.html").read_text()
    assert page.count("<img") == 6
    assert "<script" not in page
    for name in names[:5]:
        with Image.open(folder / name) as source_image:
            assert source_image.width >= 400
    one = run(
        "inspect", trained / "run", "--image", trained / "broken.png", "--layer", "body.conv1", "-o", trained / "x"
    )
    assert one.exit_code == 1
    assert "broken.png: cannot identify image file" in one.output
    only = run("inspect", trained / "run", "-o", trained / "filters")
    assert only.exit_code == 0
    assert sorted(p.name for p in (trained / "filters").iterdir()) == ["00-filters-conv1.png", "index.html"]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--layer", "body"), "--layer plots feature maps of an image"),
        (("--image", "x.png", "--layer", "bodi"), "the network has no `bodi`; did you mean `body`?"),
        (("--image", "x.png", "--layer", "fc1"), "the output of `fc1` is not an image"),
    ],
)
def test_invalid_inspections_are_refused(trained: Path, args: tuple[str, ...], message: str) -> None:
    done = run("inspect", trained / "run", *args)
    assert done.exit_code == 2
    assert message in done.output


def test_unreadable_image_leaves_no_files(trained: Path) -> None:
    done = run("inspect", trained / "run", "--image", trained / "broken.png", "-o", trained / "none")
    assert done.exit_code == 1
    assert not (trained / "none").exists()


def pixels(source_image: Image.Image) -> np.ndarray:
    return np.asarray(source_image.convert("RGB"))


def test_all_maps_of_a_layer_share_one_scale() -> None:
    values = torch.zeros(3, 8, 8)
    values[0] = 1.0
    values[1] = 0.25
    sheet = draw_maps(Maps("a", "", values))
    assert sheet.title == "a: all 3 maps of 8×8"
    assert "3 of 3 maps are constant" in sheet.note
    drawn = pixels(sheet.image)
    bright = [tuple(drawn[80, x]) for x in (30, 150, 270)]
    assert bright[0] == (253, 231, 36)  # the upper end of viridis
    assert bright[2] == (68, 1, 84)  # its lower end
    assert bright[1] not in (bright[0], bright[2])


@pytest.mark.parametrize("shape", [(6, 1, 5, 5), (100, 3, 7, 7), (4, 2, 3, 3), (1, 1, 1, 1), (10, 1, 28, 28)])
def test_filters_of_any_shape_are_drawn(shape: tuple[int, ...]) -> None:
    sheet = draw_filters(Filters("conv1", "", torch.randn(shape, generator=torch.Generator().manual_seed(0))))
    assert f"{shape[1]}×{shape[2]}×{shape[3]}" in sheet.title
    assert sheet.image.width <= 1100
    assert len(np.unique(pixels(sheet.image).reshape(-1, 3), axis=0)) > 3


def test_title_counts_the_filters_that_are_drawn() -> None:
    titles = [draw_filters(Filters("a", "", torch.ones(16, channels, 3, 3))).title for channels in (1, 3, 12, 90)]
    shown = [title.removeprefix("filters of a: ").partition(" 16 of ")[0] for title in titles]
    assert shown == ["all", "all", "the first 5 of", "the first 1 of"]


def test_maps_with_nan_or_extreme_shapes_are_drawn() -> None:
    for values in (torch.full((5, 4, 4), torch.nan), torch.zeros(1, 1, 900), torch.randn(70, 3, 3)):
        assert draw_maps(Maps("a", "", values)).image.height < 4000


def test_predict_reads_folders_files_and_standard_input(trained: Path) -> None:
    done = run("predict", trained / "run", trained / "images/dark", trained / "broken.png", "--top", 1)
    assert done.exit_code == 1  # one is unreadable, fifteen are classified anyway
    assert len(done.stdout.splitlines()) == 15
    assert "broken.png: cannot identify image file\n" in done.stderr
    assert "Traceback" not in done.output
    assert "<stdin>: cannot identify image file\n" in run("predict", trained / "run", "-", input=b"").stderr
    data = (trained / "images/light/1.png").read_bytes()
    piped = run("predict", trained / "run", "-", "--format", "json", input=data)
    (answer,) = json.loads(piped.stdout)
    assert answer["image"] == "<stdin>"
    assert sum(answer["classes"].values()) == pytest.approx(1)
    named = run("predict", trained / "run", trained / "images/light/1.png", "--format", "json")
    assert json.loads(named.stdout)[0]["classes"] == answer["classes"]
    (trained / "empty").mkdir()
    empty = run("predict", trained / "run", trained / "empty", trained / "images/light/1.png")
    assert empty.exit_code == 1
    assert "no images in this folder" in empty.stderr
    assert "1.png: light" in empty.stdout
    bad = run("predict", trained / "run", trained / "broken.png", "--format", "json")
    assert json.loads(bad.stdout)[0]["error"].startswith("cannot identify")


def test_predictions_use_the_averages_of_the_test(trained: Path) -> None:
    loaded = load_run(Run.open(trained / "run"), torch.device("cpu"))
    predictor = Predictor(loaded)
    image = predictor.read(trained / "images/dark/3.png")
    inputs = predictor.inputs([image])
    with torch.inference_mode():
        logits = (loaded.model(inputs) + loaded.model(inputs.flip(3))) / 2
    probabilities = logits.softmax(1)[0]
    (answer,) = predictor([image], 2)
    assert dict(answer.ranked) == pytest.approx(
        {"dark": float(probabilities[0]), "light": float(probabilities[1])}, abs=1e-5
    )
