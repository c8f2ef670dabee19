"""The configuration of a Keras model: JSON from a `.keras` archive or a separate file. No code is read or run."""

import json
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from .import_problem import ImportFailed

MOST_BYTES = 2**26
"""The largest size of a configuration in bytes."""
MODELS = ("Sequential", "Functional", "Model")
_INTEGERS = {
    "axis", "batch_input_shape", "batch_shape", "cropping", "depth_multiplier", "dilation_rate", "dims", "filters",
    "groups", "input_dim", "kernel_size", "key_dim", "n", "num_heads", "output_dim", "output_size", "padding",
    "pool_size", "size", "strides", "target_shape", "units", "value_dim",
}  # fmt: skip
"""Fields of layers that are integers, or lists of them; Python would accept a boolean as an integer."""
_KERAS_MODULES = ("keras", "tf_keras", "tensorflow.keras", "builtins")
_OPS = ("Add", "Concatenate", "Divide", "Maximum", "Minimum", "Multiply", "Softmax", "Subtract", "TrueDivide")
"""The operations of `keras.ops` that are the same as the layer of this name, if there is one."""
WITH_NUMBERS = ("Add", "Divide", "Multiply", "Subtract", "TrueDivide")
"""Those that also take numbers in place of tensors: `x + 3.0`."""

_TRAINING_FALSE = ("Dropout", "GaussianNoise", "SpatialDropout2D")
"""The layers whose argument `training` is False by default in Keras 3; fitting passes True nevertheless."""


class KerasUse(NamedTuple):
    """One use of a layer: its name, the tensors that it reads, and its other arguments.

    A tensor is given as the use of the layer that returns it.
    """

    layer: str
    inputs: tuple[tuple[str, int], ...]
    options: Mapping[str, Any] = {}
    numbers: Mapping[int, float] = {}
    """The numbers among its arguments, by their positions."""


class KerasModel(NamedTuple):
    """A model: its layers by name (class and configuration), their uses in order, inputs and outputs."""

    name: str
    layers: Mapping[str, tuple[str, Mapping[str, Any]]]
    uses: tuple[KerasUse, ...]
    inputs: tuple[tuple[str, int], ...]
    outputs: tuple[tuple[str, int], ...]
    config: Mapping[str, Any]


def read_keras(path: Path) -> KerasModel:
    """The model of a file. Raises ImportFailed for one that cannot be read, or that has code or custom layers."""
    config = _json(path)
    try:
        return model_of(config)
    except (KeyError, TypeError, IndexError, AttributeError, ValueError, RecursionError) as error:
        if isinstance(error, ImportFailed):
            raise
        why = f": it has no `{error.args[0]}`" if isinstance(error, KeyError) else ""
        raise ImportFailed(f"{path.name} is not the configuration of a Keras model{why}") from None


def _json(path: Path) -> Any:
    try:
        if path.suffix.lower() != ".keras":
            data = path.read_bytes() if path.stat().st_size <= MOST_BYTES else None
        else:
            with zipfile.ZipFile(path) as archive:
                info = archive.getinfo("config.json")
                data = archive.read(info) if info.file_size <= MOST_BYTES else None
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError):
        raise ImportFailed(f"{path.name} is not a .keras archive") from None
    except RuntimeError:  # it needs a password
        raise ImportFailed(f"{path.name} is encrypted") from None
    except KeyError:
        raise ImportFailed(f"{path.name} has no config.json") from None
    if data is None:
        raise ImportFailed(f"the configuration in {path.name} has more than {MOST_BYTES:,} bytes")
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        raise ImportFailed(f"the configuration in {path.name} is not valid JSON") from None


def model_of(config: Any) -> KerasModel:
    """The model of a configuration. Raises ImportFailed, or the built-in error that a damaged configuration causes."""
    kind, inner = config["class_name"], config["config"]
    if kind not in MODELS:
        needs = "only Sequential and Functional models can be imported without running code"
        raise ImportFailed(f"`{kind}` is a custom class: {needs}")
    name = inner.get("name", "model") if isinstance(inner, dict) else "model"
    entries = inner["layers"] if isinstance(inner, dict) else inner
    for entry in entries:
        _check(entry)
    _check_names([_name(entry) for entry in entries])
    if kind == "Sequential":
        return _sequential(name, entries, inner if isinstance(inner, dict) else {})
    layers = {_name(entry): (entry["class_name"], entry["config"]) for entry in entries}
    uses = tuple(use for entry in entries for use in _uses(entry))
    return KerasModel(name, layers, uses, _tensors(inner["input_layers"]), _tensors(inner["output_layers"]), inner)


def _check(entry: Any) -> None:
    """Raises ImportFailed for a layer with code, or with a boolean in place of an integer."""
    kind, module = entry["class_name"], entry.get("module") or "keras"
    if kind == "Lambda":
        raise ImportFailed(f"the layer `{_name(entry)}` is a Lambda, which has code: write it as layers")
    if entry.get("registered_name") not in (None, kind) or not is_of_keras(module):
        raise ImportFailed(f"the layer `{_name(entry)}` is of a custom class, `{kind}`: its code would be needed")
    if ".ops." in str(module) and kind not in _OPS:
        raise ImportFailed(f"the layer `{_name(entry)}` cannot be imported: `{module}.{kind}` has no counterpart")
    for field in _INTEGERS & entry["config"].keys():
        if _has_boolean(entry["config"][field]):
            raise ImportFailed(f"`{field}` of the layer `{_name(entry)}` has a boolean in place of an integer")


def _check_names(names: Sequence[str]) -> None:
    """Raises ImportFailed for a name of several layers: the uses of a layer are given by its name."""
    repeated = next((name for name, count in Counter(names).items() if count > 1), None)
    if repeated is not None:
        raise ImportFailed(f"several layers are named `{repeated}`: give each layer its own name")


def is_of_keras(module: Any) -> bool:
    """Whether a module belongs to Keras, so that its classes and functions are known."""
    return f"{module}.".startswith(tuple(f"{each}." for each in _KERAS_MODULES))


def _has_boolean(value: Any) -> bool:
    return isinstance(value, bool) or (isinstance(value, list) and any(map(_has_boolean, value)))


def _name(entry: Any) -> str:
    return str(entry.get("name") or entry["config"]["name"])


def _sequential(name: str, entries: Any, inner: Mapping[str, Any]) -> KerasModel:
    layers: dict[str, tuple[str, Mapping[str, Any]]] = {}
    uses: list[KerasUse] = []
    if not entries:
        raise ImportFailed("the model has no layers")
    if entries[0]["class_name"] != "InputLayer":
        shape = entries[0]["config"].get("batch_input_shape", inner.get("build_input_shape"))
        if shape is None:
            raise ImportFailed("the model has no input size: build it before it is saved")
        names = {_name(entry) for entry in entries}
        own = next(each for i in range(len(names) + 1) if (each := "input" + "_" * i) not in names)
        layers[own] = ("InputLayer", {"batch_shape": shape})
        uses.append(KerasUse(own, ()))
    for entry in entries:
        layers[_name(entry)] = (entry["class_name"], entry["config"])
        uses.append(KerasUse(_name(entry), ((uses[-1].layer, 0),) if uses else ()))
    return KerasModel(name, layers, tuple(uses), ((uses[0].layer, 0),), ((uses[-1].layer, 0),), inner)


def _uses(entry: Any) -> Iterator[KerasUse]:
    """The uses of a layer."""
    name, nodes = _name(entry), entry.get("inbound_nodes") or []
    if not nodes:
        yield KerasUse(name, ())
    for node in nodes:
        if isinstance(node, dict):
            options = {key: value for key, value in node.get("kwargs", {}).items() if value is not None}
            if entry["class_name"] in _TRAINING_FALSE and options.get("training") is False:
                del options["training"]
            extra = {key for key, value in options.items() if _histories(value)}
            if extra:
                raise ImportFailed(f"the layer `{name}` reads {', '.join(sorted(extra))} as well")
            args, numbers = list(node["args"]), dict[int, float]()
            if ".ops." in str(entry.get("module")) and entry["class_name"] in WITH_NUMBERS:
                numbers = {i: float(each) for i, each in enumerate(args) if type(each) in (int, float)}
                args = [each for i, each in enumerate(args) if i not in numbers]
            yield KerasUse(name, tuple(_histories(args, name)), options, numbers)
        else:
            for each in node:
                _first_result(each[0], each[2] if len(each) > 2 else 0)
            options = {key: value for each in node for key, value in dict(*each[3:4]).items() if value is not None}
            yield KerasUse(name, tuple((str(each[0]), int(each[1])) for each in node), options)


def _histories(value: Any, of: str | None = None) -> list[tuple[str, int]]:
    """The tensors among arguments, in order. Raises ImportFailed for anything else among those `of` a layer."""
    if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
        layer, use, output = value["config"]["keras_history"]
        _first_result(layer, output)
        return [(str(layer), int(use))]
    if isinstance(value, list):
        return [each for item in value for each in _histories(item, of)]
    if of is not None and value is not None:
        raise ImportFailed(f"the layer `{of}` cannot be imported: one of its arguments is not a tensor, but {value}")
    return []


def _first_result(layer: Any, output: Any) -> None:
    if output:
        raise ImportFailed(f"the layer `{layer}` has several results")


def _tensors(value: Any) -> tuple[tuple[str, int], ...]:
    """Inputs or outputs: one, or a list of them."""
    if value and isinstance(value[0], str):
        value = [value]
    for name, _, *output in value:
        _first_result(name, any(output))
    return tuple((str(name), int(use)) for name, use, *_ in value)
