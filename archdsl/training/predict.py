"""A trained run put to use: pictures in, classes with their probabilities out."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from .checkpoint import part
from .data.decode import decode
from .data.fit import fit_images
from .data.model import Pixels
from .data.spec import ImageShape
from .errors import BadImages, CannotResume
from .loss import as_logits
from .run import Run
from .settings import RunSettings
from .standardise import Standard, Standardiser
from .state import weights_of

_BATCH = 64


@dataclass(frozen=True)
class Answer:
    """The classes of one picture with their probabilities, the likeliest first."""

    path: Path
    classes: tuple[tuple[str, float], ...]


def predict(model: nn.Module, settings: RunSettings, shape: ImageShape, paths: list[Path], top: int) -> list[Answer]:
    """The `top` likeliest classes of each picture, prepared as the images that the run learnt from.

    The model is on the device to compute on, in evaluation mode. Raises BadImages for what cannot be read.
    """
    device = next(model.parameters()).device
    data = settings.data
    standard = Standard(tuple(data.mean), tuple(data.deviation))
    standardise = Standardiser(standard, device, torch.contiguous_format)
    answers = []
    for start in range(0, len(paths), _BATCH):
        some = paths[start : start + _BATCH]
        pixels = np.stack([_read(path, settings, shape) for path in some])
        with torch.inference_mode():
            chances = as_logits(model(standardise(torch.from_numpy(pixels).to(device)))).softmax(1)
        best = chances.topk(min(top, chances.shape[1]), dim=1)
        for path, values, indices in zip(some, best.values.tolist(), best.indices.tolist(), strict=True):
            named = tuple((data.classes[i], value) for i, value in zip(indices, values, strict=True))
            answers.append(Answer(path, named))
    return answers


def load_weights(model: nn.Module, run: Run) -> None:
    """Give the model the run's weights: of the best epoch, else of the last, else of the newest checkpoint.

    Raises CannotResume where there are none, or where they are another network's.
    """
    path = run.weights
    if path is None:
        raise CannotResume(run.folder, "it has no weights yet")
    tensors = load_file(path)
    if path.parent == run.checkpoints:
        tensors = part(tensors, "average") or part(tensors, "model")
    wanted = weights_of(model)
    if {n: t.shape for n, t in wanted.items()} != {n: t.shape for n, t in tensors.items()}:
        raise CannotResume(run.folder, f"{path.name} has the weights of another network")
    _copy(tensors, wanted)


@torch.no_grad()
def _copy(source: dict[str, Tensor], target: dict[str, Tensor]) -> None:
    for name, tensor in target.items():
        tensor.copy_(source[name])


def _read(path: Path, settings: RunSettings, shape: ImageShape) -> Pixels:
    """A picture at the size of the data set's images, then fitted to the network as those were."""
    own = settings.data.shape
    try:
        pixels = decode(path, ImageShape(*own) if own else shape)
    except OSError as error:
        raise BadImages(path, error.strerror or str(error), "give pictures: PNG, JPEG, WebP, …") from error
    fitted: Pixels = fit_images(pixels[None], shape, settings.recipe.data.fit)[0]
    return fitted
