"""Converts the data of a Python program to arrays: tuples of arrays, data sets of samples, or iterables.

torch and pandas are not imported: their objects are recognized by their attributes.
"""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...text.counts import counted
from ..errors.custom_errors import custom_code
from .memory_boxes import box_rows, listed_boxes, padded_rows

Array = NDArray[Any]
SPLITS = ("train", "validation", "test")
_COUNTED = 1024
_MOST_MEMORY = 0.75


@dataclass(frozen=True)
class RawSamples:
    """The inputs of samples, and their targets, if they have any."""

    inputs: Array
    targets: Array | None


def raw_splits(data: object, channels: int) -> dict[str, RawSamples]:
    """The samples of each split; data that are not a dictionary of splits are all for training.

    `channels` is the number of channels that Pillow's images get. Raises TypeError, ValueError, or CustomCodeFailed.
    """
    if not isinstance(data, Mapping):
        return {"train": _samples(data, channels, "data")}
    unknown = [name for name in data if name not in SPLITS]
    if unknown:
        raise ValueError(f"data has no split `{unknown[0]}`; the splits are {', '.join(SPLITS)}")
    if "train" not in data:
        raise ValueError("data has no split `train`")
    return {name: _samples(value, channels, name) for name, value in data.items() if value is not None}


def class_names(data: object) -> tuple[str, ...] | None:
    """The names of the classes that a data set declares, as torchvision data sets do."""
    found = getattr(data.get("train") if isinstance(data, Mapping) else data, "classes", None)
    if isinstance(found, list | tuple) and found and all(isinstance(name, str) for name in found):
        return tuple(found)
    return None


def checked_names(names: Sequence[str]) -> tuple[str, ...]:
    """The names of classes or numbers that a program gives. Raises TypeError or ValueError."""
    if isinstance(names, str) or not is_iterable(names):
        raise TypeError(f"classes: a list of strings is expected, not {names!r}")
    found = tuple(names)  # before anything else: a generator can be read only once
    if not all(isinstance(name, str) for name in found):
        raise TypeError(f"classes: a list of strings is expected, not {names!r}")
    if not all(name.strip() for name in found):
        raise ValueError("classes: a name is empty")
    if twice := next((name for name in found if found.count(name) > 1), None):
        raise ValueError(f"classes: `{twice}` appears twice")
    return found


def is_iterable(value: object) -> bool:
    """Whether a value has items."""
    return hasattr(value, "__iter__")


def refuse_infinite(array: Array, name: str) -> None:
    """Raise ValueError for numbers that are not finite as float32. `name` names the split and the numbers."""
    with np.errstate(over="ignore"):
        finite = np.isfinite(array.astype(np.float32))
    if not finite.all():
        row = int(np.argwhere(~finite)[0][0])
        raise ValueError(f"{name} of sample {row} has a value that is NaN or infinite in float32")


def is_array(value: object) -> bool:
    """Whether a value is an array: a NumPy array, a tensor or a pandas DataFrame."""
    return hasattr(value, "shape") and (hasattr(value, "dtype") or hasattr(value, "to_numpy"))


def as_array(value: Any, name: str) -> Array:
    """A value as an array of numbers or texts. Raises TypeError."""
    try:
        if hasattr(value, "detach"):  # a tensor
            value = value.detach().cpu()
            value = value.float() if str(value.dtype) == "torch.bfloat16" else value
        elif hasattr(value, "to_numpy"):
            value = value.to_numpy()
        array = np.asarray(value)
    except (ValueError, TypeError, RuntimeError) as error:  # such as lists of different lengths, sparse tensors
        why = str(error).partition("\n")[0]
        raise TypeError(f"{name}: {type(value).__name__} cannot be converted to an array: {why}") from error
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise TypeError(f"{name}: a masked array lacks values; remove these samples, or replace the values")
    if array.dtype.kind == "O" and array.size and all(isinstance(each, str) for each in array.flat):
        array = array.astype(str)
    if array.dtype.kind == "U" and not is_array(value):
        values = np.asarray(value, dtype=object).flat
        other = next((index for index, each in enumerate(values) if not isinstance(each, str)), None)
        if other is not None:
            raise TypeError(f"{name}: strings are mixed with other values, such as {values[other]!r} at index {other}")
    if array.dtype.kind not in "biufU":
        raise TypeError(f"{name}: an array of {array.dtype} has neither numbers nor strings")
    return array


def _samples(value: Any, channels: int, name: str) -> RawSamples:
    """The samples of a split, in one of the documented forms."""
    if isinstance(value, tuple):
        if not 1 <= len(value) <= 2:
            raise ValueError(f"{name}: a tuple has inputs and targets, not {len(value)} items")
        targets = None
        if len(value) == 2:
            targets = listed_boxes(value[1], f"{name}, targets")
            targets = as_array(value[1], f"{name}, targets") if targets is None else targets
        return _same_length(RawSamples(_listed_inputs(value[0], channels, name), targets), name)
    if is_array(value):
        return RawSamples(as_array(value, name), None)
    tensors = getattr(value, "tensors", None)  # torch's TensorDataset
    if isinstance(tensors, tuple) and tensors and all(map(is_array, tensors)):
        return _samples(tensors, channels, name)
    if hasattr(value, "dataset") and hasattr(value, "batch_size"):
        raise TypeError(f"{name}: a data loader makes batches, as `fit` does: give its data set, `loader.dataset`")
    if isinstance(value, str | bytes) or not (hasattr(value, "__getitem__") or hasattr(value, "__iter__")):
        raise TypeError(f"{name}: {type(value).__name__} is neither arrays nor a data set")
    return _collected(_counted(value, name), value, channels, name)


def _listed_inputs(value: Any, channels: int, name: str) -> Array:
    """Inputs that are given together: an array, or a list of arrays or Pillow images of the same shape."""
    if not isinstance(value, list | tuple) or not value or not (is_array(value[0]) or _is_pillow(value[0])):
        return as_array(value, f"{name}, inputs")
    arrays = [_input(each, channels, f"{name}, sample {index}") for index, each in enumerate(value)]
    for index, array in enumerate(arrays):
        _refuse_other_shape(arrays[0], array, index, name)
    return np.stack(arrays)


def _refuse_other_shape(first: Array, array: Array, index: int, name: str) -> None:
    if array.shape != first.shape:
        shape, other = ("×".join(map(str, each.shape)) or "a single value" for each in (first, array))
        raise ValueError(f"{name}: sample 0 is {shape}, but sample {index} is {other}; make them the same size")


def _is_pillow(value: object) -> bool:
    return hasattr(value, "convert") and hasattr(value, "mode")


def _counted(value: Any, name: str) -> Iterator[object]:
    """The samples of a data set: by index if it has a length, else in the order of its iterator."""
    with custom_code("data set", value):
        if hasattr(value, "__getitem__") and hasattr(value, "__len__"):
            for index in range(len(value)):
                yield value[index]
        else:
            yield from value


def _collected(samples: Iterable[object], data: object, channels: int, name: str) -> RawSamples:
    inputs: list[Array] = []
    targets: list[Array] = []
    size, most = 0, _memory()
    for index, sample in enumerate(samples):
        given, target = _parts(sample, f"{name}, sample {index}")
        array = _input(given, channels, f"{name}, sample {index}")
        _refuse_other_shape(inputs[0] if inputs else array, array, index, name)
        inputs.append(array)
        if target is not None:
            rows = box_rows(target, f"{name}, sample {index}, target")
            targets.append(as_array(target, f"{name}, sample {index}, target") if rows is None else rows)
        size += array.nbytes
        if most is not None and index % _COUNTED == 0 and size > most:
            why = f"{counted(index + 1, 'sample')} take {size / 1e9:.1f} GB, more than fits into memory"
            raise ValueError(f"{name}: {why}; `fit` reads a data set once, to its end")
    if not inputs:
        raise ValueError(f"{name}: {type(data).__name__} has no samples")
    if targets and len(targets) < len(inputs):
        raise ValueError(f"{name}: only {len(targets):,} of {counted(len(inputs), 'sample')} have a target")
    return RawSamples(np.stack(inputs), _stacked(targets, name) if targets else None)


def _stacked(targets: Sequence[Array], name: str) -> Array:
    if len({target.shape for target in targets}) > 1:
        boxes = padded_rows(targets)
        if boxes is not None:
            return boxes
        first = targets[0].shape
        index = next(i for i, target in enumerate(targets) if target.shape != first)
        other = targets[index].shape
        shapes = f"the target of sample 0 has the shape {first}, but that of sample {index} has {other}"
        raise ValueError(f"{name}: {shapes}")
    return np.stack(targets)


def _parts(sample: object, name: str) -> tuple[object, object]:
    """Input and target of a sample."""
    if isinstance(sample, Mapping):
        keys = ", ".join(map(str, sample))
        raise TypeError(f"{name}: a dictionary of {keys}; give pairs of input and target")
    if isinstance(sample, tuple | list):
        if not 1 <= len(sample) <= 2:
            raise ValueError(f"{name}: a sample is an input and a target, not {len(sample)} items")
        return sample[0], sample[1] if len(sample) == 2 else None
    return sample, None


def _input(value: Any, channels: int, name: str) -> Array:
    """The input of a sample; a Pillow image becomes uint8 of C×H×W, converted like an image file."""
    if _is_pillow(value):
        from .decoding import as_mode

        pixels = np.asarray(as_mode(value, "L" if channels == 1 else "RGB"))
        return pixels[None] if pixels.ndim == 2 else np.ascontiguousarray(pixels.transpose(2, 0, 1))
    return as_array(value, name)


def _same_length(samples: RawSamples, name: str) -> RawSamples:
    inputs, targets = samples.inputs, samples.targets
    if not inputs.ndim or not len(inputs):
        raise ValueError(f"{name}: the inputs have no samples")
    if targets is not None and (not targets.ndim or len(targets) != len(inputs)):
        raise ValueError(
            f"{name}: {counted(len(inputs), 'input')}, but {counted(len(targets) if targets.ndim else 1, 'target')}"
        )
    return samples


def _memory() -> int | None:
    """The number of bytes that samples may take; None if the system does not report its memory."""
    try:
        return int(_MOST_MEMORY * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return None
