"""Import a Keras model from its configuration."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ..text.word_lists import listed
from .import_problem import ImportFailed
from .imported import Imported
from .keras_config import MODELS, KerasModel, model_of, read_keras
from .keras_functions import MERGES, function_of
from .keras_layers import (
    Config,
    KerasBatchNorm,
    KerasConv,
    KerasDense,
    KerasDropPath,
    KerasLayerNorm,
    KerasPool,
    KerasSeparable,
    KerasTransposed,
    first,
    last,
)
from .keras_options import left_out, refuse
from .torch_module import import_module

_RANKS = {"1D": 1, "2D": 2, "3D": 3}


def import_keras(path: Path, name: str) -> Imported:
    """Import a `.keras` archive or the JSON of a Keras model. Raises ImportFailed.

    Inputs have the channels first, as in all networks of the language.
    """
    model = read_keras(path)
    try:
        notes = left_out(model)
        shapes = [_input_shape(model.layers.get(layer)) for layer, _ in model.inputs]
        module = ChannelsFirst(KerasGraph(model, shapes), [len(shape) for shape in shapes])
        infos = [model.layers[layer][1] for layer, _ in model.inputs]
        example = [_example(shape, info) for shape, info in zip(shapes, infos, strict=True)]
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, RuntimeError) as error:
        if isinstance(error, ImportFailed):
            raise
        raise ImportFailed(f"{path.name} has an inconsistent configuration of a Keras model") from None
    imported = import_module(module.eval(), example, name)
    imported.notes += notes
    return imported


def _input_shape(layer: tuple[str, Config] | None) -> tuple[int, ...]:
    if layer is None:
        raise ImportFailed("an input of the model is a tensor of a layer that it does not have")
    kind, config = layer
    shape = config.get("batch_shape", config.get("batch_input_shape"))
    if kind != "InputLayer" or not shape or any(not isinstance(size, int) for size in shape[1:]):
        raise ImportFailed("an input has no fixed sizes: give them with `keras.Input(shape)` before the model is saved")
    return tuple(shape[1:])


def _example(shape: Sequence[int], config: Config) -> Tensor:
    if "int" in str(config.get("dtype", "float32")):
        return torch.zeros(1, *shape, dtype=torch.int64)
    dims = (shape[-1], *shape[:-1]) if len(shape) in (3, 4) else tuple(shape)
    return torch.randn(1, *dims, generator=torch.Generator().manual_seed(0))


class ChannelsFirst(nn.Module):
    """A Keras graph whose input and output images have their channels first."""

    def __init__(self, graph: nn.Module, ranks: Sequence[int]) -> None:
        super().__init__()
        self.network = graph
        self.ranks = list(ranks)

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        given = [last(x) if rank in (3, 4) else x for x, rank in zip(inputs, self.ranks, strict=True)]
        return tuple(first(y) if y.ndim in (4, 5) else y for y in self.network(*given))


class KerasGraph(nn.Module):
    """A Keras model, with its channels last."""

    def __init__(self, model: KerasModel, shapes: Sequence[Sequence[int]]) -> None:
        super().__init__()
        self.model = model
        self.parts = nn.ModuleDict()
        self.functions: dict[str, Callable[..., Tensor]] = {}
        sizes: dict[tuple[str, int], tuple[int, ...]] = {}
        given = dict(zip(model.inputs, shapes, strict=True))
        self.order = _ordered(model)
        known = {use for use, _ in self.order}
        for layer, _ in (each for each in (*model.inputs, *model.outputs) if each not in known):
            raise ImportFailed(f"an input or output of the model is a tensor that the layer `{layer}` does not have")
        for (layer, use), inputs in self.order:
            if (layer, use) in given:
                sizes[layer, use] = tuple(given[layer, use])
                continue
            read = [sizes[each] for each in inputs]
            with _naming(layer, read), torch.no_grad():
                if layer not in self.functions:
                    self._make(layer, read)
                sizes[layer, use] = tuple(self.functions[layer](*map(_zeros, read)).shape[1:])

    def _make(self, layer: str, read: Sequence[tuple[int, ...]]) -> None:
        kind, config = self.model.layers[layer]
        made = layer_of(kind, {"name": layer, **config}, read)
        # An operation has one use; a layer reads tensors only.
        if numbers := next((each.numbers for each in self.model.uses if each.layer == layer), None):
            made = _with_numbers(made, numbers)
        if isinstance(made, nn.Module):
            if config.get("trainable") is False:
                made.requires_grad_(requires_grad=False)
            self.parts[self._part_name(layer)] = made.eval()
        self.functions[layer] = made

    def _part_name(self, layer: str) -> str:
        """A name for the module of a layer: torch allows no dots, and no names of attributes."""
        name = layer.replace(".", "_")
        while name in self.parts or hasattr(self.parts, name) or (name != layer and name in self.model.layers):
            name += "_"
        return name

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        values = dict(zip(self.model.inputs, inputs, strict=True))
        for (layer, use), read in self.order:
            if (layer, use) not in values:
                values[layer, use] = self.functions[layer](*(values[each] for each in read))
        return tuple(values[each] for each in self.model.outputs)


@contextmanager
def _naming(layer: str, read: Sequence[Sequence[int]]) -> Iterator[None]:
    """Raise ImportFailed, with the name of a layer, if its configuration does not make one for these inputs."""
    try:
        yield
    except ImportFailed:
        raise
    except KeyError as error:
        raise refuse(f"its configuration has no `{error.args[0]}`", layer) from None
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, RuntimeError):
        sizes = listed("×".join(map(str, shape)) for shape in read)
        raise refuse(f"its configuration does not fit {f'an input of {sizes}' if sizes else 'it'}", layer) from None


def _with_numbers(function: Callable[..., Tensor], numbers: Mapping[int, float]) -> Callable[..., Tensor]:
    """A function of the tensors alone, with numbers at fixed positions among its arguments."""

    def applied(*x: Tensor) -> Tensor:
        tensors = iter(x)
        return function(*(numbers[i] if i in numbers else next(tensors) for i in range(len(x) + len(numbers))))

    return applied


def _zeros(shape: Sequence[int]) -> Tensor:
    return torch.zeros(2, *shape)


def _ordered(model: KerasModel) -> list[tuple[tuple[str, int], tuple[tuple[str, int], ...]]]:
    """The uses of layers in topological order."""
    counts: dict[str, int] = {}
    waiting = []
    for each in model.uses:
        waiting.append(((each.layer, counts.get(each.layer, 0)), each.inputs))
        counts[each.layer] = counts.get(each.layer, 0) + 1
    done: set[tuple[str, int]] = set()
    found = []
    while waiting:
        ready = [use for use in waiting if all(read in done for read in use[1])]
        if not ready:
            raise ImportFailed(f"the layer `{waiting[0][0][0]}` reads a tensor that no layer returns")
        found += ready
        done |= {use for use, _ in ready}
        waiting = [use for use in waiting if use[0] not in done]
    return found


def layer_of(kind: str, config: Config, read: Sequence[tuple[int, ...]]) -> Any:
    """The function of a layer for inputs of these shapes. Raises ImportFailed for one without a counterpart."""
    base, rank = (kind[:-2], _RANKS[kind[-2:]]) if kind[-2:] in _RANKS else (kind, 0)
    if kind in MODELS:
        model = model_of({"class_name": kind, "config": config})
        if len(model.outputs) != 1:
            raise refuse("a model as a layer needs exactly one output", config["name"])
        return _SingleOutput(KerasGraph(model, read))
    if (part := _with_weights(base, rank, config, read)) is not None:
        return part
    if (function := function_of(base, rank, config, read)) is not None:
        return function
    if kind in MERGES:
        return lambda *x: MERGES[kind](config, x)
    raise refuse(f"`{kind}` has no counterpart", config["name"])


class _SingleOutput(nn.Module):
    """A model with one output as a layer."""

    def __init__(self, graph: KerasGraph) -> None:
        super().__init__()
        self.network = graph

    def forward(self, *inputs: Tensor) -> Tensor:
        (found,) = self.network(*inputs)
        return found  # type: ignore[no-any-return]  # a tensor


def _with_weights(base: str, rank: int, config: Config, read: Sequence[tuple[int, ...]]) -> nn.Module | None:
    shape = read[0] if read else ()
    match base:
        case "Conv":
            return KerasConv(config, shape[-1], rank)
        case "DepthwiseConv":
            return KerasConv(config, shape[-1], rank, depthwise=True)
        case "SeparableConv":
            return KerasSeparable(config, shape[-1], rank)
        case "Conv2DTranspose" | "Conv1DTranspose" | "Conv3DTranspose":
            return KerasTransposed(config, shape[-1], int(base[4]))
        case "Dense":
            return KerasDense(config, shape[-1])
        case "BatchNormalization":
            return KerasBatchNorm(config, shape)
        case "LayerNormalization":
            if config.get("axis", -1) not in (-1, [-1], len(shape), [len(shape)]):
                raise refuse("it normalizes an axis other than the last", config["name"])
            return KerasLayerNorm(config, shape[-1])
        case "MaxPooling" | "AveragePooling":
            return KerasPool(config, rank, maximum=base == "MaxPooling")
        case "Dropout":
            return _dropout(config, (None, *shape))
        case _:
            return None


def _dropout(config: Config, shape: Sequence[int | None]) -> nn.Module:
    """Dropout of elements, or of whole samples or channels, which share the random numbers along axes of length 1."""
    rate, noise = float(config["rate"]), config.get("noise_shape")
    if noise is None or (len(noise) == len(shape) and all(a in (None, b) for a, b in zip(noise, shape, strict=True))):
        return nn.Dropout(rate)
    if noise[0] != 1 and len(noise) == len(shape) and set(noise[1:]) == {1}:
        return KerasDropPath(rate)
    raise refuse(f"its dropout has the `noise_shape` {noise}", config["name"])
