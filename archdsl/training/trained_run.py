"""`archdsl.load_run`: a run's network with its trained weights."""

import errno
import json
from collections.abc import Collection
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..extras import require

if TYPE_CHECKING:
    from torch.nn import Module

    from ..network import Network
    from .inference.prediction import ImageName, Prediction
    from .inference.split_images import OwnImages
    from .runs.loaded_run import LoadedRun

Ranked = tuple[tuple[str, float], ...]
"""Classes with their probabilities, the most likely first."""


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

        It takes standardized images, float32 of N×C×H×W; `predict` standardizes files like the training.
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
    def metrics(self) -> list[dict[str, Any]]:
        """The entries of metrics.jsonl, one per epoch. Raises OSError."""
        text = self._loaded.run.metrics.read_text(encoding="utf-8")
        return [json.loads(line) for line in text.splitlines()]

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
        *images: str | Path,
        top: int = 5,
        invert: bool = False,
        length: int = 200,
        temperature: float = 0.8,
        seed: int = 0,
    ) -> list[Any]:
        """For each image, the `top` most likely classes with their probabilities, the most likely first.

        For segmentation the mask, uint8 of H×W with class numbers; for reconstruction the image, uint8 of C×H×W; for
        regression the numbers by name; for a language model, what follows each text, given in place of an image: this
        many bytes, sampled at this temperature (0 for the most likely ones).

        An image is a file, or `test:225` for one of the run's own data set; a run on numbers takes tables, and predicts
        for each row. `invert` inverts the brightness. Raises BadImages for an image that cannot be read, BadTable.
        """
        from .inference.prediction import named_images, predict

        if self._loaded.task.generates:
            from .inference.generation import continued

            given = [str(text).encode("utf-8") for text in images]
            return [
                continued(self._loaded, text, length, temperature, seed).decode("utf-8", "replace") for text in given
            ]
        if self._loaded.settings.data.inputs == "image":
            found = [_image(str(name)) for name in images]
        else:
            found = [each for name in images for each in named_images(str(name), self._loaded)]
        made = [_readable(each) for each in predict(self._loaded, found, top, self._own, invert)]
        images_found = [each.image for each in made if each.image is not None]
        if self._loaded.task.name == "regression":
            return [dict(each.values) for each in made]
        return images_found or [each.classes for each in made]

    @cached_property
    def _own(self) -> "OwnImages":
        from ..text import paths
        from .data.images import Request
        from .inference.split_images import OwnImages

        folder = self._loaded.settings.data.folder
        data_dir = Path(folder) if folder else None
        return OwnImages(self._loaded, Request(self._loaded.shape, paths.user_cache(), data_dir=data_dir))

    def __repr__(self) -> str:
        return f"<TrainedRun {self.folder}: {self.network.name}, {len(self.metrics)} epochs>"


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
        run = Run.open(Path(folder), writes=False)
    except NoRun as missing:
        raise FileNotFoundError(errno.ENOENT, missing.why, str(folder)) from None
    return TrainedRun(load(run, choose_device(device), allow))
