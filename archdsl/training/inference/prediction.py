"""Classification with a trained run: images in, class probabilities out."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..data.dataset_spec import ImageShape
from ..data.decoding import EXTENSIONS, decode
from ..data.images import Pixels
from ..data.resize import fit_images
from ..errors.data_errors import BadImages
from ..loop.evaluation import answers
from ..loop.probabilities import class_probabilities
from ..loop.standardization import Standard, Standardizer
from ..runs.loaded_run import LoadedRun, refuse_not_finite

BATCH = 64
"""Number of images per batch."""

LARGEST_INPUT = 256 << 20
"""Largest number of bytes to read from standard input."""

Ranked = tuple[tuple[str, float], ...]
"""Classes with their probabilities, the most likely first."""


@dataclass(frozen=True)
class Prediction:
    """The result for one image: its ranked classes, or why it could not be read."""

    name: str
    classes: Ranked = ()
    problem: BadImages | None = None


class Predictor:
    """A run's network with the preprocessing of its training and test images."""

    def __init__(self, loaded: LoadedRun) -> None:
        self._opened = loaded
        data = loaded.settings.data
        standard = Standard(tuple(data.mean), tuple(data.deviation))
        self._standardize = Standardizer(standard, loaded.device, torch.contiguous_format)

    def read(self, path: Path | None) -> Pixels:
        """An image, or standard input for None, as uint8 of C×H×W.

        At the data set's image size, then fitted to the network's input as in training. Raises BadImages.
        """
        own, shape = self._opened.settings.data.shape, self._opened.shape
        try:
            pixels = decode(path if path is not None else _standard_input(), ImageShape(*own) if own else shape)
        except OSError as error:
            why = error.strerror or str(error)
            raise BadImages(path or Path("<stdin>"), why, "give images: PNG, JPEG, WebP, …") from error
        fitted: Pixels = fit_images(pixels[None], shape, self._opened.settings.recipe.data.fit)[0]
        return fitted

    def inputs(self, pixels: Sequence[Pixels]) -> Tensor:
        """Images as network inputs: float32 of N×C×H×W on its device."""
        return self._standardize(torch.from_numpy(np.stack(pixels)).to(self._opened.device))

    def __call__(self, pixels: Sequence[Pixels], top: int) -> list[Ranked]:
        """The `top` most likely classes of each image, averaged over the augmented copies of the recipe's `tta`."""
        settings = self._opened.settings
        with torch.inference_mode():
            logits = answers(self._opened.model, self.inputs(pixels), settings.recipe.tta)
        refuse_not_finite(logits, self._opened.run)
        sure = class_probabilities(logits, settings.recipe.loss)
        best = logits.topk(min(top, logits.shape[1]), dim=1).indices
        names = settings.data.classes
        return [
            tuple((names[index], float(row[index])) for index in ranked)
            for row, ranked in zip(sure.cpu(), best.tolist(), strict=True)
        ]


def predict(loaded: LoadedRun, paths: Sequence[Path | None], top: int) -> list[Prediction]:
    """The `top` most likely classes of each image, None being standard input; or why it could not be read."""
    predictor = Predictor(loaded)
    found: list[Prediction] = []
    waiting: list[tuple[int, Pixels]] = []
    for index, path in enumerate(paths):
        name = "<stdin>" if path is None else str(path)
        try:
            waiting.append((index, predictor.read(path)))
            found.append(Prediction(name))
        except BadImages as problem:
            found.append(Prediction(name, problem=problem))
    if waiting:
        ranked = predictor([pixels for _, pixels in waiting], top)
        for (index, _), classes in zip(waiting, ranked, strict=True):
            found[index] = Prediction(found[index].name, classes)
    return found


def image_paths(name: str) -> list[Path | None]:
    """An image path, all images below a folder ordered by name, or None for `-`.

    Raises BadImages for a folder without images.
    """
    path = Path(name)
    if name == "-":
        return [None]
    if not path.is_dir():
        return [path]
    found = sorted(each for each in path.rglob("*") if each.suffix.lower() in EXTENSIONS and each.is_file())
    if not found:
        raise BadImages(path, "no images in this folder", f"supported extensions: {', '.join(sorted(EXTENSIONS))}")
    return list(found)


def _standard_input() -> io.BytesIO:
    """The content of standard input. Raises OSError if it exceeds the largest image file, even if it never ends."""
    import sys

    content = sys.stdin.buffer.read(LARGEST_INPUT + 1)
    if len(content) > LARGEST_INPUT:
        raise OSError(f"more than {LARGEST_INPUT:,} bytes")
    return io.BytesIO(content)
