"""Arrays, tensors and Pillow images as inputs of a trained network."""

from typing import Any, NamedTuple

import numpy as np

from ..data.images import Inputs
from ..data.memory_source import NetworkInput, input_array
from ..data.python_data import as_array, is_array
from ..runs.loaded_run import LoadedRun


class ArrayInput(NamedTuple):
    """One input in memory, in the form of the samples of the run's data set."""

    values: Inputs
    number: int

    def __str__(self) -> str:
        return f"input {self.number}"


def array_inputs(loaded: LoadedRun, value: Any) -> list[ArrayInput]:
    """The samples in a value: one, or a batch of them. Raises TypeError or ValueError."""
    data = loaded.settings.data
    sample_shape = tuple(data.shape) if data.shape is not None else tuple(loaded.shape)
    network_input = NetworkInput(
        data.inputs if len(sample_shape) == 3 or data.inputs != "numbers" else "numbers", sample_shape, data.vocabulary
    )
    if data.inputs == "numbers" and len(sample_shape) == 3:
        network_input = NetworkInput("image", sample_shape)  # float images
    array = _array(value, network_input)
    single = array.ndim <= len(sample_shape) and array.ndim < 4 and not _is_batch(array, sample_shape)
    found = input_array(array[None] if single else array, network_input, "predict", exact=data.inputs == "numbers")
    if data.inputs == "image" and found.dtype != np.uint8:
        raise ValueError("predict: the run was trained on bytes: give uint8, or floats that are bytes divided by 255")
    if data.inputs == "numbers":
        found = found.astype(np.float32)
    if found.shape[1:] != sample_shape:
        there, here = ("×".join(map(str, each)) for each in (found.shape[1:], sample_shape))
        raise ValueError(f"predict: samples of {there}, but the run was trained on {here}")
    return [ArrayInput(each, number) for number, each in enumerate(found)]


def _array(value: Any, network_input: NetworkInput) -> Any:
    if hasattr(value, "convert") and hasattr(value, "mode"):  # a Pillow image
        return np.asarray(value.convert("L" if network_input.dims[0] == 1 else "RGB"))
    if not is_array(value) and not isinstance(value, list | tuple):
        raise TypeError(f"predict takes files, arrays or images, not {type(value).__name__}")
    return as_array(value, "predict")


def _is_batch(array: Any, sample_shape: tuple[int, ...]) -> bool:
    """Whether an array with the same number of dimensions as a sample is a batch without channels: N×H×W of grayscale
    images.
    """
    return (
        array.ndim == len(sample_shape) == 3
        and sample_shape[0] == 1
        and array.shape[1:] == sample_shape[1:]
        and array.shape != sample_shape
    )
