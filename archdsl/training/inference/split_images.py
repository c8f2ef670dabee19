"""Images of a run's own data set, named by split and number: `test:225`."""

import re
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ...text.counts import counted
from ...text.names import nearest
from ...text.word_lists import listed
from ..data.box_arrays import is_boxes
from ..data.images import DataSource, Inputs, Request, Splits, TargetArray
from ..data.registry import find_source
from ..errors.data_errors import BadImages
from ..loop.stream_settings import stream_settings
from ..runs.loaded_run import LoadedRun
from ..tasks.box_images import box_words, true_boxes
from .assess import refuse_other_shape

SPLITS = ("train", "validation", "test")
"""The splits that can name an image."""
_NAMED = re.compile(r"([A-Za-z_]+):(.*)", re.DOTALL)


class SplitImage(NamedTuple):
    """An image of a split, by its number from 0."""

    split: str
    number: int

    def __str__(self) -> str:
        return f"{self.split}:{self.number}"


class OwnImages:
    """The data set of a run, split as in training; it is loaded when its first image is read."""

    def __init__(self, loaded: LoadedRun, request: Request) -> None:
        self._loaded_run, self._request = loaded, request
        self._splits: tuple[Splits, tuple[str, ...]] | None = None
        self._source: DataSource | None = None

    def attach(self, source: DataSource) -> None:
        """Use this data set instead of looking for it by its name."""
        self._source = source

    def read(self, image: SplitImage) -> tuple[Inputs, str | None]:
        """An image, uint8 of C×H×W at the data set's size, or another input, and its target in words; None for a mask
        and for a task without classes.

        Raises BadImages if there is no such image, and the errors of the data set.
        """
        splits, classes = self._load()
        parts = {"train": splits.train, "validation": splits.validation, "test": splits.test}
        found = parts[image.split]
        if found is None or not len(found):
            has = listed(name for name, part in parts.items() if part is not None and len(part))
            why = f"the data set has no {image.split} images"
            raise BadImages(Path(str(image)), why, f"it has {has} images")
        if image.number >= len(found):
            verb = "is" if len(found) == 1 else "are"
            why = f"there {verb} {counted(len(found), f'{image.split} image')}, numbered from 0"
            raise BadImages(Path(str(image)), why, f"the last one is `{image.split}:{len(found) - 1}`")
        true = _in_words(found.labels[image.number], classes) if self._loaded_run.task.of_classes else None
        return found.take(np.array([image.number])).images[0], true

    def _load(self) -> tuple[Splits, tuple[str, ...]]:
        if self._splits is None:
            settings = self._loaded_run.settings
            packages = self._loaded_run.network.graph.packages
            source = self._source or find_source(settings.data.source, packages=packages)
            refuse_other_shape(self._loaded_run, source, settings.recipe.data.fit)
            recipe = settings.recipe
            splits = source.load(replace(self._request, split=recipe.split, stream=stream_settings(recipe)))
            self._splits = splits, tuple(source.spec.classes)
        return self._splits


def _in_words(target: TargetArray, classes: tuple[str, ...]) -> str | None:
    """A target in words: a class, a set of classes, numbers with their names, or boxes; None for a mask."""
    if target.ndim == 0:
        return classes[int(target)]
    if is_boxes(target[None]):
        return box_words(true_boxes(target, classes), scores=False)
    if target.ndim > 1:
        return None
    if target.dtype == np.float32:
        return ", ".join(f"{name} {value:.6g}" for name, value in zip(classes, target, strict=True))
    return ", ".join(name for name, member in zip(classes, target, strict=True) if member) or "none"


def parse_split_image(name: str) -> SplitImage | None:
    """The image that `test:225` names; None for what may be a path, such as `./test:225`.

    Raises BadImages if the number is invalid, or the split is unknown and there is no such file.
    """
    match = _NAMED.fullmatch(name)
    if match is None:
        return None
    split, number = match.groups()
    if split in SPLITS:
        if not re.fullmatch("[0-9]{1,18}", number):
            raise BadImages(Path(name), "the number of an image is an integer from 0", f"for example `{split}:0`")
        return SplitImage(split, int(number))
    if not re.fullmatch("[0-9]+", number) or Path(name).exists():
        return None
    near = nearest(split, SPLITS)
    suggestion = f"did you mean `{near}:{number}`?" if near else f"splits: {', '.join(SPLITS)}"
    raise BadImages(Path(name), f"neither a file nor an image of a split: there is no split `{split}`", suggestion)
