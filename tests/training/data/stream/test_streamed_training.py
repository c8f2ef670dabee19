"""Trainings on images that are decoded in every epoch."""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from archdsl.cli.train import command
from archdsl.diagnostics import Sink
from archdsl.diagnostics.terminal import render
from archdsl.network import analyze, loads
from archdsl.text.source import Source
from archdsl.training import session
from archdsl.training.assemble import make_context
from archdsl.training.data.dataset_spec import ImageShape
from archdsl.training.data.image_folder import FolderSource
from archdsl.training.data.images import Request, Splits
from archdsl.training.errors.data_errors import UndecodableImage
from archdsl.training.errors.loop_errors import WrongTrainSize
from archdsl.training.loop.callback import StopRequest, TrainingCallback
from archdsl.training.loop.device_setup import DeviceSetup
from archdsl.training.loop.loop import Ending
from archdsl.training.loop.process_group import SINGLE_PROCESS, ProcessGroup
from archdsl.training.loop.standardization import Standard
from archdsl.training.loop.stream_settings import stream_settings
from archdsl.training.model_spec import ModelSpec
from archdsl.training.network_check import check_recipe
from archdsl.training.processes.distributed import DistributedGroup, ProcessRank
from archdsl.training.recipe.recipe import Recipe
from archdsl.training.runs.run_folder import Run
from archdsl.training.session import RunResources, Training
from tests.training.data.stream.stream_helpers import image_folder
from tests.training.helpers import StopAfter
from tests.training.test_session import assert_same

SHAPE = ImageShape(3, 12, 12)
CHANGES = {"random_resized_crop": 0.3, "flip": True, "randaugment": 9, "random_erasing": 0.3}


def network() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.2), nn.AdaptiveAvgPool2d(2),
        nn.Flatten(), nn.Linear(16, 3),
    )  # fmt: skip


@pytest.fixture(autouse=True)
def _no_report(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "write_report", lambda *_, **__: None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return image_folder(tmp_path_factory.mktemp("streamed") / "animals")


def training(
    run: Path, folder: Path, stop: StopRequest | None = None, workers: int = 0, build: Any = network, **recipe: Any
) -> Training:
    settings: dict[str, Any] = {
        "epochs": 2, "batch": 8, "precision": "fp32", "layout": "channels_first", "seed": 3,
        "optimizer": {"name": "sgd", "lr": 0.05}, **recipe,
    }  # fmt: skip
    settings["data"] = {"loading": "stream", "workers": workers, **settings.get("data", {})}
    made = Run(run) if run.exists() else Run.create(run, run.parent, "unused")
    return Training(
        ModelSpec("small", "input 3x12x12\n", SHAPE, build),
        FolderSource(folder),
        Recipe.model_validate(settings),
        RunResources(Request(SHAPE, run.parent / "cache"), "cpu", made),
        TrainingCallback(),
        stop or StopRequest(),
    )


def digest(run: Path) -> str:
    tensors = sorted(load_file(run / "last.safetensors").items())
    return hashlib.sha256(b"".join(tensor.numpy().tobytes() for _, tensor in tensors)).hexdigest()


class Killed(BaseException):
    """The process ends here."""


class KillAfter(StopRequest):
    """Ends the training without a word, after this many steps."""

    def __init__(self, steps: int) -> None:
        self.left = steps

    def __call__(self) -> bool:
        self.left -= 1
        if self.left == 0:
            raise Killed
        return False


@pytest.mark.parametrize("step", [1, 3, 7])
def test_killed_run_resumes_bit_for_bit(step: int, folder: Path, tmp_path: Path) -> None:
    recipe: dict[str, Any] = {"augment": {**CHANGES, "jitter": 0.2, "repeats": 2}, "checkpoint": 1e-9}
    whole = training(tmp_path / "whole", folder, **recipe).start()
    assert whole.ending is Ending.FINISHED
    with pytest.raises(Killed):  # the checkpoint is that of the step before
        training(tmp_path / "killed", folder, KillAfter(step), **recipe).start()
    resumed = training(tmp_path / "killed", folder, workers=2 if step == 3 else 0, **recipe).resume()
    assert resumed.ending is Ending.FINISHED
    assert_same(tmp_path / "whole", tmp_path / "killed")


def test_stopped_run_resumes_bit_for_bit_with_any_number_of_processes(folder: Path, tmp_path: Path) -> None:
    recipe: dict[str, Any] = {"augment": {**CHANGES, "mixup": 0.2}, "accumulate": 2}
    training(tmp_path / "whole", folder, workers=1, **recipe).start()
    assert training(tmp_path / "stopped", folder, StopAfter(2), **recipe).start().ending is Ending.STOPPED
    training(tmp_path / "stopped", folder, **recipe).resume()
    assert_same(tmp_path / "whole", tmp_path / "stopped")


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("repeats", [None, 3])
def test_several_processes_share_the_batches_of_one(size: int, repeats: int | None, folder: Path) -> None:
    recipe = Recipe.model_validate({"batch": 8, "augment": {**CHANGES, "repeats": repeats}})
    request = Request(SHAPE, folder.parent / "cache", stream=stream_settings(recipe, size))
    assert request.stream is not None
    splits = FolderSource(folder).load(replace(request, stream=replace(request.stream, workers=0)))

    def batches(group: ProcessGroup) -> list[tuple[torch.Tensor, int]]:
        standard, setup = Standard((0.5,) * 3, (0.2,) * 3), DeviceSetup(torch.device("cpu"))
        context = make_context(recipe, setup, standard, splits, 3, StopRequest(), group)
        order = list(torch.split(context.order(1), 8))
        decoded = context.streamed(1, order)
        assert decoded is not None
        return [(images.clone(), group.shard(samples)[1]) for images, samples in zip(decoded, order, strict=True)]

    whole = batches(SINGLE_PROCESS)
    assert sum(count for _, count in whole) == 36
    parts = [batches(DistributedGroup(ProcessRank(rank, size, rank, size))) for rank in range(size)]
    for number, (images, _) in enumerate(whole):
        mine = [part[number][0][: part[number][1]] for part in parts]
        assert torch.equal(torch.cat(mine), images)
    if repeats is not None:
        order = (_order(recipe, splits) // repeats).tolist()
        assert len(set(order)) == 12
        assert all(order.count(image) == 3 for image in set(order))


def _order(recipe: Recipe, splits: Splits) -> torch.Tensor:
    standard, setup = Standard((0.5,) * 3, (0.2,) * 3), DeviceSetup(torch.device("cpu"))
    return make_context(recipe, setup, standard, splits, 3, StopRequest()).order(0)


SETTINGS: dict[str, dict[str, Any]] = {
    "random_resized_crop": {"augment": {"random_resized_crop": 0.3}},
    "aspect_ratio": {"augment": {"random_resized_crop": 0.3, "aspect_ratio": 3}},
    "train_size": {"augment": {"random_resized_crop": 0.3, "train_size": 8}},
    "randaugment": {"augment": {"randaugment": 9}},
    "operations": {"augment": {"randaugment": 9, "operations": 3}},
    "magnitude": {"augment": {"randaugment": 15}},
    "random_erasing": {"augment": {"random_erasing": 0.5}},
    "repeats": {"augment": {"repeats": 2}},
    "flip": {"augment": {"flip": True}},
    "alternate": {"augment": {"alternate": True}},
    "crop": {"augment": {"crop": 2}},
    "seed": {"seed": 4},
}


def test_every_setting_has_an_effect(folder: Path, tmp_path: Path) -> None:
    found = {"none": ""}
    for name, recipe in {"none": {}, **SETTINGS}.items():
        training(tmp_path / name, folder, epochs=1, **recipe).start()
        found[name] = digest(tmp_path / name)
    assert len(set(found.values())) == len(SETTINGS) + 1, found


def test_streamed_and_cached_images_train_the_same_network(folder: Path, tmp_path: Path) -> None:
    made = [
        training(tmp_path / way, folder, data={"loading": way, "workers": None}).start() for way in ("cache", "stream")
    ]
    one, other = (each.state.model.state_dict() for each in made)
    for name, tensor in one.items():
        torch.testing.assert_close(tensor, other[name], rtol=1e-3, atol=1e-3)  # the mean of all images
    tested = [each.tested[1].summary()["accuracy"] for each in made if each.tested]
    assert tested[0] == tested[1]


def test_test_images_are_resized_before_cropping(folder: Path, tmp_path: Path) -> None:
    plain = training(tmp_path / "plain", folder, epochs=1).start()
    resized = training(tmp_path / "resized", folder, epochs=1, data={"test_resize": 18}).start()
    assert plain.tested is not None
    assert resized.tested is not None
    assert plain.tested[1].summary() != resized.tested[1].summary()


def test_unreadable_image_ends_training_which_can_be_resumed(tmp_path: Path) -> None:
    folder = image_folder(tmp_path / "animals")
    whole = training(tmp_path / "whole", folder, checkpoint=1e-9).start()
    path = folder / "train" / "cat" / "003.jpg"
    content, other = path.read_bytes(), (folder / "test" / "ant" / "001.jpg").read_bytes()

    class Damage(TrainingCallback):
        def epoch(self, line: dict[str, Any], best: bool) -> None:
            path.write_bytes(content[:200])
            (folder / "test" / "ant" / "001.jpg").write_bytes(b"none")

    made = replace(training(tmp_path / "run", folder, checkpoint=1e-9), callback=Damage())
    with pytest.raises(UndecodableImage, match=r"test/ant/001\.jpg .*, train/cat/003\.jpg"):
        made.start()  # one of them is in the way, and all are named
    (folder / "test" / "ant" / "001.jpg").write_bytes(other)
    path.write_bytes(content)
    assert training(tmp_path / "run", folder, checkpoint=1e-9).resume().state.step == whole.state.step
    assert_same(tmp_path / "whole", tmp_path / "run")


def test_network_with_a_fixed_input_size_is_reported(folder: Path, tmp_path: Path) -> None:
    def fixed() -> nn.Module:
        return nn.Sequential(nn.Flatten(), nn.Linear(432, 3))

    with pytest.raises(WrongTrainSize, match="cannot take images of 8x8"):
        training(tmp_path / "run", folder, build=fixed, augment={"random_resized_crop": 0.5, "train_size": 8}).start()


TEXT = "input 3x32x32\nflatten; fc 10\ntrain {{ data {} }}\n"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("cifar10 loading=stream", "`loading=stream` is for images that can be decoded in every epoch"),
        ("cifar10 loading=cache", "`loading=cache` is for images"),
        ("cifar10 workers=2", "`workers` is for images"),
        ("cifar10 test_resize=40", "`test_resize` is for images"),
        ("cifar10; augment random_resized_crop=0.5", "`random_resized_crop` is for images"),
        ("cifar10; augment randaugment=0.5", "`randaugment` is for images"),
        ("cifar10; augment random_erasing=0.5", "`random_erasing` is for images"),
        ("cifar10; augment repeats=2", "`repeats` is for images"),
        ("photos loading=cache workers=2", "`workers` is for streamed images"),
        ("photos loading=cache test_resize=40", "`test_resize` is for streamed images"),
        ("photos loading=cache; augment repeats=2", "`repeats` needs images that are decoded in every epoch"),
        ("photos; augment train_size=16", "`train_size` is a setting of `random_resized_crop`, which is off"),
        ("photos; augment aspect_ratio=2", "`aspect_ratio` is a setting of `random_resized_crop`, which is off"),
        ("photos; augment operations=3", "`operations` is a setting of `randaugment`, which is off"),
        ("photos; augment randaugment=31", "`randaugment` must be less than or equal to 30"),
    ],
)  # fmt: skip
def test_incompatible_stream_settings_are_refused(lines: str, message: str) -> None:
    sink = Sink()
    analysis = analyze(Source(TEXT.format(lines), name="net.arch"), sink)
    assert analysis.graph is not None
    check_recipe(analysis.graph, sink)
    assert message in render(tuple(sink), color=False)


def test_image_folder_accepts_all_stream_settings() -> None:
    recipe = loads(TEXT.format("photos loading=stream workers=3 test_resize=40; augment random_resized_crop=0.08"))
    assert recipe.settings
    assert {"--loading", "--workers", "--test-resize"} <= {word for each in command.params for word in each.opts}
