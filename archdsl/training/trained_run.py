"""`archdsl.load_run`: a run's network with its trained weights."""

import errno
import html
import json
import warnings
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from ..extras import require
from ..text.counts import counted
from ..text.given_path import given_path
from ..text.names import nearest

if TYPE_CHECKING:
    from torch.nn import Module

    from ..network import Network
    from .data.images import DataSource
    from .inference.prediction import ImageName, Prediction
    from .inference.split_images import OwnImages
    from .runs.loaded_run import LoadedRun

Ranked = tuple[tuple[str, float], ...]
"""Classes with their probabilities, the most likely first."""


class EpochLog(Sequence[dict[str, Any]]):
    """The epochs of a run: each is an entry of metrics.jsonl.

    `log[-1]["validation"]["accuracy"]` is a value of the last epoch, and `log["validation.accuracy"]` that of every
    epoch, None for an epoch without it; `log.names` are the names of all values.
    """

    def __init__(self, epochs: Sequence[dict[str, Any]]) -> None:
        self._epochs = list(epochs)

    @property
    def names(self) -> tuple[str, ...]:
        """`epoch`, `step`, `lr`, `train.loss`, `validation.accuracy`, …"""
        return tuple(dict.fromkeys(name for epoch in self._epochs for name, _ in _named(epoch)))

    @overload
    def __getitem__(self, key: int) -> dict[str, Any]: ...

    @overload
    def __getitem__(self, key: slice) -> "EpochLog": ...

    @overload
    def __getitem__(self, key: str) -> list[float | None]: ...

    def __getitem__(self, key: int | slice | str) -> Any:
        """An epoch by index from 0, a range of epochs, or the values with a name. Raises IndexError or KeyError."""
        if isinstance(key, str):
            if key not in self.names:
                near = nearest(key, self.names)
                raise KeyError(
                    f"no value `{key}`" + (f"; did you mean `{near}`?" if near else f": {', '.join(self.names)}")
                )
            return [dict(_named(epoch)).get(key) for epoch in self._epochs]
        return EpochLog(self._epochs[key]) if isinstance(key, slice) else self._epochs[key]

    def __len__(self) -> int:
        return len(self._epochs)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EpochLog) and self._epochs == other._epochs

    __hash__ = None  # type: ignore[assignment]  # it holds dictionaries

    def __repr__(self) -> str:
        return f"<EpochLog: {counted(len(self), 'epoch')} of {', '.join(self.names)}>"


def _named(epoch: dict[str, Any]) -> Iterator[tuple[str, float | None]]:
    """The values of an epoch, by dotted names."""
    for name, value in epoch.items():
        if isinstance(value, dict):
            yield from ((f"{name}.{inner}", each) for inner, each in value.items())
        elif value is not None or name not in ("train", "validation"):
            yield name, value


class TrainedRun:
    """A run: its folder, its network, its recipe, its metrics, and the trained module."""

    def __init__(self, loaded: "LoadedRun") -> None:
        self._loaded = loaded

    @property
    def folder(self) -> Path:
        """The folder of the run."""
        return self._loaded.run.folder

    @property
    def network(self) -> "Network":
        """The network, with the parameters and sizes of the run."""
        return self._loaded.network

    @property
    def model(self) -> "Module":
        """The torch module in evaluation mode, with the weights of the best epoch, or else of the last one.

        It takes standardized inputs, such as images, float32 of N×C×H×W; `predict` standardizes files as in training.
        """
        return self._loaded.model

    @property
    def classes(self) -> tuple[str, ...]:
        """The names of the classes, in the order of the model's outputs."""
        return tuple(self._loaded.settings.data.classes)

    @property
    def recipe(self) -> dict[str, Any]:
        """The recipe, as stored in the run's settings.json."""
        return self._loaded.settings.recipe.model_dump(mode="json")

    @property
    def metrics(self) -> EpochLog:
        """The epochs: a sequence of the entries of metrics.jsonl, and values by name. Raises OSError."""
        text = self._loaded.run.metrics.read_text(encoding="utf-8")
        return EpochLog([json.loads(line) for line in text.splitlines()])

    @property
    def result(self) -> dict[str, float]:
        """The final scores by name, on the test images or else on the validation images; empty for a stopped run."""
        path = self.folder / "result.json"
        found = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        return next((dict(found[split]) for split in ("test", "validation") if split in found), {})

    @property
    def report(self) -> Path:
        """The HTML report of the run."""
        return self.folder / "report.html"

    @property
    def task(self) -> str:
        """What the network has learned: `classification`, `segmentation`, `regression`, …"""
        return self._loaded.task.name

    def predict(
        self,
        *images: Any,
        top: int = 5,
        invert: bool = False,
        beams: int = 1,
        length: int = 200,
        temperature: float = 0.8,
        seed: int = 0,
    ) -> list[Any]:
        """For each image, the `top` most likely classes with their probabilities, the most likely first.

        For segmentation the mask, uint8 of H×W with class numbers; for reconstruction the image, uint8 of C×H×W; for
        regression the numbers by name; for detection a tuple of objects, each with its `name`, `score` and `box` (left,
        top, right, bottom in pixels); for a language model, what follows each text, given in place of an image:
        `length` bytes, sampled at `temperature` (0 for the most likely ones); for captioning a sentence, found with
        this many `beams`.

        An image is a file, or `test:225` for one of the run's own data set; a run on numbers takes tables, and predicts
        for each row. An image may also be an array, a tensor or a Pillow image: one sample, or a batch of them.
        `invert` inverts the brightness. Warns with `archdsl.ArchWarning` if the brightness is unlike that of the
        training images. Raises BadImages for an image that cannot be read, BadTable, and ValueError for an array of
        another shape.
        """
        from .inference.array_inputs import array_inputs
        from .inference.prediction import ImageName, named_images, predict

        if self._loaded.task.generates:
            from .inference.generation import continued

            if odd := [text for text in images if not isinstance(text, str)]:
                raise TypeError(f"a language model continues strings, not {type(odd[0]).__name__}")
            given = [str(text).encode("utf-8") for text in images]
            return [
                continued(self._loaded, text, length, temperature, seed).decode("utf-8", "replace") for text in given
            ]
        found: list[ImageName] = []
        for image in images:
            if not isinstance(image, str | Path):
                found += array_inputs(self._loaded, image)
            elif self._loaded.settings.data.inputs == "image":
                found.append(_image(str(image)))
            else:
                found += named_images(str(image), self._loaded)
        made = [_readable(each) for each in predict(self._loaded, found, top, self._own, invert, beams)]
        self._warn(made, invert)
        images_found = [each.image for each in made if each.image is not None]
        if self._loaded.task.reads_words:
            return [each.text for each in made]
        if boxes := [each.boxes for each in made if each.boxes is not None]:
            return list(boxes)
        if self._loaded.task.name == "regression":
            return [dict(each.values) for each in made]
        return images_found or [each.classes for each in made]

    def _warn(self, made: "list[Prediction]", inverted: bool) -> None:
        """Warn of images that are unlike the training images."""
        from ..network import ArchWarning
        from .inference.brightness import brightness_notes

        means = [(each.name, each.mean) for each in made if each.mean is not None]
        for note in brightness_notes(self._loaded, means, inverted):
            warnings.warn(note.replace("`--invert`", "`invert=True`"), ArchWarning, stacklevel=3)

    def attach(self, source: "DataSource") -> None:
        """Use this data set, on which the run was trained, for names such as `test:225`."""
        self._own.attach(source)

    @cached_property
    def _own(self) -> "OwnImages":
        from ..text import paths
        from .data.images import Request
        from .inference.split_images import OwnImages

        folder = self._loaded.settings.data.folder
        data_dir = Path(folder) if folder else None
        return OwnImages(self._loaded, Request(self._loaded.shape, paths.user_cache(), data_dir=data_dir))

    def _repr_html_(self) -> str | None:
        """The report, for Jupyter, in its own frame."""
        if not self.report.is_file():
            return None
        page = html.escape(self.report.read_text(encoding="utf-8"), quote=True)
        return f'<iframe srcdoc="{page}" sandbox style="width:100%;height:600px;border:1px solid #ccc"></iframe>'

    def __repr__(self) -> str:
        return f"<TrainedRun {self.folder}: {self.network.name}, {counted(len(self.metrics), 'epoch')}>"


def _image(name: str) -> "ImageName":
    from .inference.split_images import parse_split_image

    return parse_split_image(name) or Path(name)


def _readable(prediction: "Prediction") -> "Prediction":
    if prediction.problem is not None:
        raise prediction.problem
    return prediction


def load_run(folder: str | Path, *, device: str = "auto", allow: Collection[str] = ()) -> TrainedRun:
    """Load a run with its trained weights: `archdsl.load_run("runs/LeNet5-mnist-1").predict("seven.png")`.

    `device` is auto, cpu or cuda; `allow` lists the Python packages that may run if the network names them. Raises
    FileNotFoundError if there is no run in the folder, ArchError, and `archdsl.training.errors.problem.Problem` for a
    run whose files are damaged.
    """
    require("archdsl.load_run", "train")
    from .errors.run_errors import NoRun
    from .loop.device_setup import choose_device
    from .runs.loaded_run import load_run as load
    from .runs.run_folder import Run

    try:
        run = Run.open(given_path("folder", folder), writes=False)
    except NoRun as missing:
        raise FileNotFoundError(errno.ENOENT, missing.why, str(folder)) from None
    return TrainedRun(load(run, choose_device(device), allow))
