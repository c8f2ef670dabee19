"""A data set of arrays in memory: checks them, and finds the kinds of inputs and targets from types and shapes."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...text.counts import counted
from .box_arrays import COLUMNS
from .dataset_spec import IGNORED, NO_TARGETS, PYTHON_PREFIX, DataSpec, ImageShape, InputKind, Targets
from .images import DataSource, ImageSet, Inputs, Request, Splits, TargetArray, hold_out
from .memory_boxes import box_targets
from .number_targets import notes_of_numbers
from .python_data import Array, RawSamples, checked_names, class_names, raw_splits, refuse_infinite

_MOST_CLASSES = 1 << 16
_BYTES = 256
_AS_CLASSES = 'give integers, or `task="classification"`'
_LARGEST = np.iinfo(np.int64).max

_BY_TASK: Mapping[str, Targets] = {
    "classification": "class", "multilabel": "classes", "regression": "numbers", "segmentation": "mask",
    "reconstruction": "class", "language": "next", "detection": "boxes",
}  # fmt: skip


@dataclass(frozen=True)
class NetworkInput:
    """What a network takes: an `image`, `numbers` or `ids`, its dimensions without the batch, and the number of IDs."""

    kind: InputKind
    dims: tuple[int, ...]
    vocabulary: int | None = None


class MemorySource(DataSource):
    """Samples in memory, by split."""

    def __init__(self, spec: DataSpec, splits: Mapping[str, ImageSet], notes: tuple[str, ...] = ()) -> None:
        self._spec, self._splits, self._notes = spec, splits, notes

    @property
    def spec(self) -> DataSpec:
        return self._spec

    @property
    def origin(self) -> str:
        digest = hashlib.sha256()
        for name, samples in sorted(self._splits.items()):
            for array in (samples.images, samples.labels):
                digest.update(f"{name} {array.dtype} {array.shape} ".encode())
                digest.update(np.ascontiguousarray(array).data)
        return PYTHON_PREFIX + digest.hexdigest()[:32]

    def load(self, request: Request) -> Splits:
        train, validation = self._splits["train"], self._splits.get("validation")
        if validation is None:
            train, validation = hold_out(train, request.split)
        return Splits(train, validation, self._splits.get("test"), self._notes)


def memory_source(
    data: object, takes: NetworkInput, task: str, name: str, classes: Sequence[str] | None = None
) -> MemorySource:
    """The data of a Python program as a source for a network that takes this input.

    The kind of the targets follows from the `task` of the recipe, or from their type and shape if that is `auto`.
    `classes` names the classes, or the numbers to predict. Raises TypeError, ValueError, or CustomCodeFailed.
    """
    raw = raw_splits(data, takes.dims[0] if takes.kind == "image" else 3)
    kind = _BY_TASK.get(task) or _kind_of_targets(raw["train"].targets, takes)
    if kind == "next":
        raw = {split: _sequences(samples, takes, split) for split, samples in raw.items()}
    inputs = _inputs(raw, takes)
    given = {split: samples.targets for split, samples in raw.items()}
    named = checked_names(classes) if classes is not None else class_names(data)
    labels, names = _targets(given, kind, named, inputs)
    sets = {split: ImageSet(inputs[split], labels[split]) for split in raw}
    first = inputs["train"]
    image = first.dtype == np.uint8 and first.ndim == 4
    for split, masks in labels.items() if kind == "mask" else ():
        if masks.shape[1:] != first.shape[-2:]:
            sizes = ("×".join(map(str, each)) for each in (masks.shape[1:], first.shape[-2:]))
            raise ValueError("`{}`: the masks have {} pixels, but the images have {}".format(split, *sizes))
    shape = ImageShape(*first.shape[1:]) if image else tuple(first.shape[1:])
    found: InputKind = "image" if image else "ids" if takes.kind == "ids" else "numbers"
    vocabulary = takes.vocabulary if found == "ids" else None
    spec = DataSpec(name, names, shape, targets=kind, inputs=found, vocabulary=vocabulary)
    chosen = kind == "numbers" and task not in _BY_TASK
    return MemorySource(spec, sets, notes_of_numbers(names[0], labels["train"], _AS_CLASSES) if chosen else ())


def input_array(array: Array, takes: NetworkInput, name: str, exact: bool = False) -> Inputs:
    """Inputs in the form that a network takes: images uint8 of N×C×H×W, numbers float32 of N×…, or IDs int64 of N×T.

    `exact` keeps float images as they are, even if they are bytes divided by 255. Raises ValueError.
    """
    if array.dtype.kind == "U":
        raise ValueError(f"{name}: the inputs are strings; give numbers")
    if takes.kind == "ids":
        return _ids(array, takes, name)
    if array.dtype.kind == "f":
        refuse_infinite(array, f"{name}: the input")
    array = array[:, None] if array.ndim == 1 else array
    return _images(array, takes, exact) if takes.kind == "image" else _own_copy(array, np.float32)


def _inputs(raw: Mapping[str, RawSamples], takes: NetworkInput) -> dict[str, Inputs]:
    """The inputs of all splits, of one type and one shape."""
    kinds = {split: "f" if samples.inputs.dtype.kind == "f" else "i" for split, samples in raw.items()}
    for split, samples in raw.items():
        if kinds[split] != kinds["train"]:
            types = f"`train` is {raw['train'].inputs.dtype} and `{split}` is {samples.inputs.dtype}"
            raise ValueError(f"{types}: give the same type, in the same units")
    found = {split: input_array(samples.inputs, takes, split) for split, samples in raw.items()}
    if len({array.dtype for array in found.values()}) > 1:  # float images, only some of which look like scaled bytes
        found = {split: input_array(samples.inputs, takes, split, exact=True) for split, samples in raw.items()}
    for split, array in found.items():
        if array.shape[1:] != found["train"].shape[1:]:
            first, other = ("×".join(map(str, each.shape[1:])) for each in (found["train"], array))
            raise ValueError(f"the samples of `train` are {first}, but those of `{split}` are {other}")
    return found


def _ids(array: Array, takes: NetworkInput, name: str) -> NDArray[np.int64]:
    if array.dtype.kind not in "iu":
        raise ValueError(f"{name}: the network takes integer IDs, not {array.dtype}")
    ids = array[:, None] if array.ndim == 1 else array
    if ids.ndim != 2:
        raise ValueError(f"{name}: IDs are an array of samples × positions, not of {counted(ids.ndim, 'dimension')}")
    if takes.vocabulary is not None and (ids.min() < 0 or ids.max() >= takes.vocabulary):
        odd = ids.min() if ids.min() < 0 else ids.max()
        raise ValueError(
            f"{name}: the ID {odd} of sample {_first(ids, odd)} is not between 0 and {takes.vocabulary - 1}, "
            f"the network's vocabulary"
        )
    return _own_copy(ids, np.int64)


def _images(array: Array, takes: NetworkInput, exact: bool) -> Inputs:
    """Images with channels first, as bytes if that loses nothing, else as numbers."""
    if array.ndim == 3 and takes.dims[0] == 1:
        array = array[:, None]
    if array.ndim == 4 and array.shape[1] != takes.dims[0] and array.shape[3] == takes.dims[0]:
        array = array.transpose(0, 3, 1, 2)
    if array.ndim != 4:
        return _own_copy(array, np.float32)  # the check of the network reports the shape
    if array.dtype == np.uint8:
        return _own_copy(array, np.uint8)
    if array.dtype.kind in "iu" and array.min() >= 0 and array.max() <= 255:
        return _own_copy(array, np.uint8)
    if not exact and array.dtype.kind == "f" and array.min() >= 0 and array.max() <= 1:
        scaled = array * np.float32(255)
        pixels = np.rint(scaled)
        if np.abs(scaled - pixels).max() < 1e-3:  # ToTensor divided bytes by 255
            return _own_copy(pixels, np.uint8)
    return _own_copy(array, np.float32)


def _sequences(samples: RawSamples, takes: NetworkInput, name: str) -> RawSamples:
    """Sequences of IDs, and the next ID at each step: given as targets, or as one more ID in each sequence."""
    if takes.vocabulary != _BYTES:
        given = f"bytes, IDs below {_BYTES}, not below {takes.vocabulary}"
        raise ValueError(f"{name}: language models learn from arrays of {given}")
    inputs, targets, length = samples.inputs, samples.targets, takes.dims[0]
    if targets is None:
        if inputs.ndim != 2 or inputs.shape[1] != length + 1:
            shape = "×".join(map(str, inputs.shape))
            raise ValueError(f"{name}: IDs of {shape}; give sequences of {length} IDs and the next one, N×{length + 1}")
        inputs, targets = inputs[:, :-1], inputs[:, 1:]
    if targets.shape != inputs.shape:
        raise ValueError(f"{name}: the IDs that follow have the shape {targets.shape}, not {inputs.shape}")
    return RawSamples(inputs, input_array(targets, takes, f"{name}, targets"))


def _kind_of_targets(targets: Array | None, takes: NetworkInput) -> Targets:
    """The kind of targets by their type and shape. Raises ValueError."""
    if targets is None:
        return "next" if takes.kind == "ids" else "class"
    kind, shape = targets.dtype.kind, targets.shape
    if kind == "f":
        return "boxes" if len(shape) == 3 and shape[2] == COLUMNS and takes.kind == "image" else "numbers"
    if len(shape) == 1 or kind == "U":
        return "class"
    if len(shape) == 3 or (len(shape) == 4 and shape[1] == 1):
        return "mask"
    if takes.kind == "ids" and len(shape) == 2 and shape[1] == takes.dims[0]:
        return "next"
    if len(shape) == 2 and shape[1] == 1:
        return "class"
    if len(shape) == 2 and targets.min() >= 0 and targets.max() <= 1:
        return "classes"
    dims = "×".join(map(str, shape))
    raise ValueError(f"targets of {dims} integers may be classes or numbers: give `task`, or numbers as floats")


def _targets(
    given: Mapping[str, Array | None], kind: Targets, names: tuple[str, ...] | None, inputs: Mapping[str, Inputs]
) -> tuple[dict[str, TargetArray], tuple[str, ...]]:
    """The targets of each split in the form of this kind, and the names of the classes or numbers."""
    if all(targets is None for targets in given.values()):
        return {split: np.zeros(len(each), np.int64) for split, each in inputs.items()}, NO_TARGETS
    found: dict[str, Array] = {}
    for split, targets in given.items():
        if targets is None:
            raise ValueError(f"`{split}` has no targets, but other splits do")
        found[split] = targets
    match kind:
        case "class":
            return _classes(found, names)
        case "numbers":
            return _numbers(found, names)
        case "mask":
            return _masks(found, names)
        case "classes":
            return _sets(found, names)
        case "next":
            return {split: _own_copy(targets, np.int64) for split, targets in found.items()}, ()
        case "caption":
            raise ValueError("captions are read from COCO folders, not from arrays")
        case "boxes":
            boxes, count = box_targets(found, names, inputs)
            return boxes, names or _numbered(count)


def _classes(
    given: Mapping[str, Array], names: tuple[str, ...] | None
) -> tuple[dict[str, TargetArray], tuple[str, ...]]:
    flat = {split: targets[:, 0] if targets.shape[1:] == (1,) else targets for split, targets in given.items()}
    for split, targets in flat.items():
        if targets.ndim != 1:
            raise ValueError(f"`{split}`: class targets have one dimension, not {targets.ndim}")
    if all(targets.dtype.kind == "U" for targets in flat.values()):
        known = names or tuple(sorted({str(name) for targets in flat.values() for name in np.unique(targets)}))
        numbers = {name: number for number, name in enumerate(known)}
        unknown = [(s, str(name)) for s, targets in flat.items() for name in targets if str(name) not in numbers]
        if unknown:
            raise ValueError(f"`{unknown[0][0]}` has the class `{unknown[0][1]}`, which is not in `classes`")
        return {s: np.array([numbers[str(name)] for name in t], np.int64) for s, t in flat.items()}, known
    integers = {split: _integers(targets, split) for split, targets in flat.items()}
    count = len(names) if names else 1 + max(int(targets.max()) for targets in integers.values())
    return {s: _in_range(t, count, s).astype(np.int64) for s, t in integers.items()}, names or _numbered(count)


def _numbers(
    given: Mapping[str, Array], names: tuple[str, ...] | None
) -> tuple[dict[str, TargetArray], tuple[str, ...]]:
    found: dict[str, TargetArray] = {}
    for split, targets in given.items():
        if targets.dtype.kind == "U":
            raise ValueError(f"`{split}`: the targets are strings; give numbers")
        rows = targets[:, None] if targets.ndim == 1 else targets
        if rows.ndim != 2:
            raise ValueError(f"`{split}`: numbers to predict have one or two dimensions, not {rows.ndim}")
        refuse_infinite(rows, f"`{split}`: the target")
        found[split] = _own_copy(rows, np.float32)
    count = found["train"].shape[1]
    if any(rows.shape[1] != count for rows in found.values()) or (names is not None and len(names) != count):
        raise ValueError(
            f"`train` has {counted(count, 'number')} to predict; the other splits and `classes` also need {count}"
        )
    return found, names or (("y",) if count == 1 else tuple(f"y{number}" for number in range(1, count + 1)))


def _masks(given: Mapping[str, Array], names: tuple[str, ...] | None) -> tuple[dict[str, TargetArray], tuple[str, ...]]:
    found = {}
    for split, targets in given.items():
        masks = _integers(targets[:, 0] if targets.ndim == 4 and targets.shape[1] == 1 else targets, split)
        if masks.ndim != 3:
            raise ValueError(
                f"`{split}`: masks are an array of samples × height × width, not of {counted(masks.ndim, 'dimension')}"
            )
        found[split] = masks
    most = max(int(np.where(masks == IGNORED, 0, masks).max()) for masks in found.values())
    count = len(names) if names else most + 1
    if count > IGNORED:
        raise ValueError(f"masks have the classes 0 to {IGNORED - 1}, and {IGNORED} for pixels without one")
    for split, masks in found.items():
        _in_range(np.where(masks == IGNORED, 0, masks), count, split)
    return {split: _own_copy(masks, np.uint8) for split, masks in found.items()}, names or _numbered(count)


def _sets(given: Mapping[str, Array], names: tuple[str, ...] | None) -> tuple[dict[str, TargetArray], tuple[str, ...]]:
    count = given["train"].shape[1] if given["train"].ndim == 2 else 0
    for split, targets in given.items():
        if targets.ndim != 2 or targets.shape[1] != count or not np.isin(targets, (0, 1)).all():
            raise ValueError(f"`{split}`: sets of classes are an array of samples × classes with 0 and 1")
    if names is not None and len(names) != count:
        raise ValueError(f"`classes` has {counted(len(names), 'name')} for {counted(count, 'class')}")
    return {split: _own_copy(targets, np.uint8) for split, targets in given.items()}, names or _numbered(count)


def _integers(targets: Array, split: str) -> Array:
    """Classes as integers; floats without a fraction are accepted."""
    is_integral = targets.dtype.kind == "f" and np.isfinite(targets).all() and (targets == np.rint(targets)).all()
    if targets.dtype.kind not in "iub" and not is_integral:
        raise ValueError(f"`{split}`: classes are integers or names, not {targets.dtype}")
    most = int(targets.max())
    if most > _LARGEST:  # int64 would wrap around
        raise ValueError(f"`{split}` has the class {most}, but at most {_MOST_CLASSES:,} classes are supported")
    return targets.astype(np.int64)


def _in_range(targets: Array, count: int, split: str) -> Array:
    if targets.min() < 0 or targets.max() >= count:
        least, most = int(targets.min()), int(targets.max())
        numbers = "from 0" if least < 0 else f"from 0 to {count - 1}"
        odd = least if least < 0 else most
        row = _first(targets, odd)
        raise ValueError(f"sample {row} of `{split}` has the class {odd}, but classes are numbered {numbers}")
    return targets


def _first(array: Array, value: int) -> int:
    """The first sample that has a value."""
    return int(np.argwhere(array == value)[0][0])


def _numbered(count: int) -> tuple[str, ...]:
    if count > _MOST_CLASSES:
        raise ValueError(
            f'{counted(count, "class")} are more than {_MOST_CLASSES:,}: for numbers, give `task="regression"`'
        )
    return tuple(map(str, range(count)))


def _own_copy(array: Array, dtype: type[np.generic]) -> Array:
    """A writable, contiguous copy, which shares no memory with the program's array."""
    return np.array(array, dtype, order="C")
