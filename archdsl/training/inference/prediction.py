"""A trained run put to use: pictures in, classes with their chances out."""

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
from ..loop.probabilities import chances
from ..loop.standardization import Standard, Standardiser
from ..runs.loaded_run import Opened, refuse_not_finite

BATCH = 64
"""Pictures at a time."""

LARGEST_INPUT = 256 << 20
"""Bytes of a picture that are read from standard input."""

Ranked = tuple[tuple[str, float], ...]
"""Classes with their chances, the likeliest first."""


@dataclass(frozen=True)
class Answer:
    """What is said about one picture: its ranked classes, or why it could not be read."""

    name: str
    classes: Ranked = ()
    problem: BadImages | None = None


class Predictor:
    """A run's network with all that was done to the images it learnt from, and to those it was tested on."""

    def __init__(self, opened: Opened) -> None:
        self._opened = opened
        data = opened.settings.data
        standard = Standard(tuple(data.mean), tuple(data.deviation))
        self._standardise = Standardiser(standard, opened.device, torch.contiguous_format)

    def read(self, path: Path | None) -> Pixels:
        """A picture, or the one in standard input for None, as uint8 of C×H×W.

        At the size of the data set's images, then fitted to the network as those were. Raises BadImages.
        """
        own, shape = self._opened.settings.data.shape, self._opened.shape
        try:
            pixels = decode(path if path is not None else _standard_input(), ImageShape(*own) if own else shape)
        except OSError as error:
            why = error.strerror or str(error)
            raise BadImages(path or Path("<stdin>"), why, "give pictures: PNG, JPEG, WebP, …") from error
        fitted: Pixels = fit_images(pixels[None], shape, self._opened.settings.recipe.data.fit)[0]
        return fitted

    def inputs(self, pixels: Sequence[Pixels]) -> Tensor:
        """Pictures as the network takes them: float32 of N×C×H×W on its device."""
        return self._standardise(torch.from_numpy(np.stack(pixels)).to(self._opened.device))

    def __call__(self, pixels: Sequence[Pixels], top: int) -> list[Ranked]:
        """The `top` likeliest classes of each picture; with the changed copies that the recipe's `tta` asks for."""
        settings = self._opened.settings
        with torch.inference_mode():
            logits = answers(self._opened.model, self.inputs(pixels), settings.recipe.tta)
        refuse_not_finite(logits, self._opened.run)
        sure = chances(logits, settings.recipe.loss)
        best = logits.topk(min(top, logits.shape[1]), dim=1).indices
        names = settings.data.classes
        return [
            tuple((names[index], float(row[index])) for index in ranked)
            for row, ranked in zip(sure.cpu(), best.tolist(), strict=True)
        ]


def predict(opened: Opened, paths: Sequence[Path | None], top: int) -> list[Answer]:
    """The `top` likeliest classes of each picture, None being standard input; of what cannot be read, why."""
    predictor = Predictor(opened)
    found: list[Answer] = []
    waiting: list[tuple[int, Pixels]] = []
    for index, path in enumerate(paths):
        name = "<stdin>" if path is None else str(path)
        try:
            waiting.append((index, predictor.read(path)))
            found.append(Answer(name))
        except BadImages as problem:
            found.append(Answer(name, problem=problem))
    if waiting:
        ranked = predictor([pixels for _, pixels in waiting], top)
        for (index, _), classes in zip(waiting, ranked, strict=True):
            found[index] = Answer(found[index].name, classes)
    return found


def pictures(name: str) -> list[Path | None]:
    """A picture's path, the pictures anywhere in a folder in the order of their names, or None for `-`.

    Raises BadImages for a folder without one.
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
    """What is on standard input. Raises OSError for more than a picture has, however long it goes on."""
    import sys

    content = sys.stdin.buffer.read(LARGEST_INPUT + 1)
    if len(content) > LARGEST_INPUT:
        raise OSError(f"more than {LARGEST_INPUT:,} bytes")
    return io.BytesIO(content)
