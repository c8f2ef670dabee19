"""Predictions of a trained run: class probabilities, masks, images, boxes, numbers or captions."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from torch import Tensor

from ..data.box_arrays import Placement
from ..data.dataset_spec import ImageShape
from ..data.decoding import EXTENSIONS, decode, decode_whole
from ..data.images import Inputs, Pixels
from ..data.resize import fit_images, fit_placement
from ..errors.data_errors import BadAudio, BadImages, BadTable
from ..loop.evaluation import answers
from ..loop.standardization import Standard, Standardizer
from ..runs.loaded_run import LoadedRun, refuse_not_finite
from ..tasks.caption_search import beam_search, greedy
from ..tasks.presentation import Answer, FoundBox
from .array_inputs import ArrayInput
from .audio_inputs import AudioFile, audio_files, read_audio
from .brightness import training_brightness
from .split_images import OwnImages, SplitImage, parse_split_image
from .table_rows import TableRow, table_rows

BATCH = 64
"""Number of images per batch."""

LARGEST_INPUT = 256 << 20
"""Largest number of bytes to read from standard input."""

Ranked = tuple[tuple[str, float], ...]
"""Classes with their probabilities, the most likely first."""

ImageName = Path | SplitImage | TableRow | ArrayInput | AudioFile | None
"""A sample: a file, one of the run's own data set, a row of a table, an array, or None for standard input."""


@dataclass(frozen=True)
class Prediction:
    """The result for one image: its ranked classes, or why it could not be read.

    Segmentation ranks classes by their fraction of the pixels, and its `image` is the mask, uint8 of H×W. For
    reconstruction, `image` is uint8 of C×H×W, with `values`. Detection has `boxes`, in pixels of the file, and an
    `image` of the network's size with these boxes. `true` is the target in words, for the run's own samples; `mean` is
    the mean of the image's pixels, in 0..1.
    """

    name: str
    classes: Ranked = ()
    problem: BadImages | BadTable | BadAudio | None = None
    true: str | None = None
    mean: float | None = None
    values: Mapping[str, float] = field(default_factory=dict)
    image: Pixels | None = None
    file: Path | None = None
    text: str | None = None
    boxes: tuple[FoundBox, ...] | None = None


class Predictor:
    """A run's network with the preprocessing of its training and test images."""

    def __init__(self, loaded: LoadedRun, beams: int = 1) -> None:
        self._loaded, self._beams = loaded, beams
        data = loaded.settings.data
        standard = Standard(tuple(data.mean), tuple(data.deviation))
        self._standardize = Standardizer(standard, loaded.device, torch.contiguous_format)
        self.placement = Placement()
        """The position, in the network's input, of the last image that was read."""

    def read(self, path: Path | None, invert: bool = False) -> Pixels:
        """An image, or standard input for None, as uint8 of C×H×W.

        The image is decoded at the data set's image size, then fitted to the network's input as in training. Raises
        BadImages.
        """
        own, shape, resize = self._loaded.settings.data.shape, self._loaded.image, None
        if own is None:
            resize = self._loaded.settings.recipe.data.test_resize
        try:
            source = path if path is not None else _standard_input()
            pixels, self.placement = self._decode(source, ImageShape(*own) if own else shape, resize)
        except OSError as error:
            why = error.strerror or str(error)
            raise BadImages(path or Path("<stdin>"), why, "give images: PNG, JPEG, WebP, …") from error
        return self.fit(pixels, invert)

    def _decode(self, path: Path | BinaryIO, shape: ImageShape, resize: int | None) -> tuple[Pixels, Placement]:
        """An image, and where its pixels are, if it is not cropped. Raises OSError."""
        if not self._loaded.task.keeps_whole_images:
            return decode(path, shape, resize), Placement()
        return decode_whole(path, shape)

    def read_audio(self, file: AudioFile) -> Inputs:
        """The audio of a file, float32 of C×L. Raises BadAudio."""
        return read_audio(file, self._loaded)

    def fit(self, pixels: Inputs, invert: bool = False) -> Inputs:
        """An image of the data set's size, fitted to the network's input; inversion comes first, so that padding is not
        inverted.

        Other inputs do not change.
        """
        if self._loaded.settings.data.inputs != "image":
            return pixels
        given = np.invert(pixels) if invert else pixels
        how = self._loaded.settings.recipe.data.fit
        self.placement = self.placement.then(fit_placement(given.shape[1:], self._loaded.image, how))
        fitted: Pixels = fit_images(given[None], self._loaded.image, how)[0]
        return fitted

    def inputs(self, pixels: Sequence[Inputs]) -> Tensor:
        """Images as network inputs: float32 of N×C×H×W on its device."""
        return self._standardize(torch.from_numpy(np.stack(pixels)).to(self._loaded.device))

    def __call__(self, pixels: Sequence[Inputs], top: int) -> list[Answer]:
        """The prediction for each image, averaged over the copies of the recipe's `tta`, with its `top` classes."""
        settings, task, inputs = self._loaded.settings, self._loaded.task, self.inputs(pixels)
        with torch.inference_mode():
            if task.reads_words:
                output = self._captions(inputs)
            else:
                output = answers(self._loaded.model, inputs, settings.recipe.tta, task.combined)
            refuse_not_finite(output, self._loaded.run)
            found = task.answers(output, np.stack(pixels), self._loaded.facts, settings.recipe.loss)
        return [replace(answer, ranked=answer.ranked[:top]) for answer in found]

    def _captions(self, inputs: Tensor) -> Tensor:
        """A caption for each image, IDs N×T."""
        model, steps = self._loaded.model, self._loaded.facts.steps
        if self._beams == 1:
            return greedy(model, inputs, steps)
        return torch.stack([beam_search(model, image[None], steps, self._beams) for image in inputs])


def predict(
    loaded: LoadedRun, images: Sequence[ImageName], top: int, own: OwnImages, invert: bool = False, beams: int = 1
) -> list[Prediction]:
    """The `top` most likely classes of each image, or why it could not be read; `own` are the run's own images.

    `beams` is the width of the search for captions.
    """
    predictor = Predictor(loaded, beams)
    brightness = training_brightness(loaded) if loaded.settings.data.inputs == "image" else None
    found: list[Prediction] = []
    waiting: list[tuple[int, Inputs]] = []
    placements: list[Placement] = []
    for index, image in enumerate(images):
        name = "<stdin>" if image is None else str(image)
        try:
            pixels, true = read_image(predictor, own, image, invert)
        except (BadImages, BadAudio) as problem:
            found.append(Prediction(name, problem=problem))
        else:
            waiting.append((index, pixels))
            placements.append(predictor.placement)
            bars = loaded.task.keeps_whole_images and (predictor.placement.left or predictor.placement.top)
            mean = brightness.of(pixels) if brightness and not bars else None  # black bars do not mean inversion
            found.append(Prediction(name, true=true, mean=mean))
    if waiting:
        made = predictor([pixels for _, pixels in waiting], top)
        for (index, _), answer, placement in zip(waiting, made, placements, strict=True):
            found[index] = replace(
                found[index],
                classes=answer.ranked,
                values=dict(answer.values or {}),
                image=answer.image,
                text=answer.text,
                boxes=_in_file(answer.boxes, placement),
            )
    return found


def _in_file(boxes: tuple[FoundBox, ...] | None, placement: Placement) -> tuple[FoundBox, ...] | None:
    """Boxes in pixels of the image file, from those in pixels of the input; boxes inside the bars are dropped."""
    if boxes is None:
        return None
    placed = [box._replace(box=tuple(placement.visible(np.array(box.box)).tolist())) for box in boxes]
    return tuple(each for each in placed if each.box[2] > each.box[0] and each.box[3] > each.box[1])


def read_image(
    predictor: Predictor, own: OwnImages, image: ImageName, invert: bool = False
) -> tuple[Inputs, str | None]:
    """An image at the network's size, uint8 of C×H×W, or another input, and its target in words if it is one of the
    run's own. Raises BadImages or BadAudio.
    """
    predictor.placement = Placement()
    if isinstance(image, AudioFile):
        return predictor.read_audio(image), None
    if isinstance(image, TableRow):
        return image.values, None
    if isinstance(image, ArrayInput):
        return predictor.fit(image.values, invert), None
    if isinstance(image, SplitImage):
        pixels, true = own.read(image)
        return predictor.fit(pixels, invert), true
    return predictor.read(image, invert), None


def named_images(name: str, loaded: LoadedRun) -> list[ImageName]:
    """An image, all images below a folder ordered by name, one of the run's own for `test:225`, None for `-`, or the
    rows of a table if the run takes numbers; WAV files if it takes audio.

    Raises BadImages or BadAudio for a folder without images or audio, or a split that does not exist, and BadTable.
    """
    path = Path(name)
    if split_image := parse_split_image(name):
        return [split_image]
    if loaded.settings.data.sample_rate is not None:
        return list(audio_files(name))
    if loaded.settings.data.inputs != "image":
        return list(table_rows(loaded, name))
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
