"""Weights of a torch module for the Keras model of the same network."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import nn

from ...graph import Graph
from ...shapes.symbolic import concrete
from .keras_writer import layer_names

Array = np.ndarray[Any, Any]


def copy_weights(graph: Graph, module: nn.Module, model: Any) -> None:
    """Copy the weights of a torch module into the Keras model that printed source builds for the same network."""
    state = {name: tensor.detach().cpu().numpy() for name, tensor in module.state_dict().items()}
    names = layer_names(graph)
    for node in graph.layers:
        prefix = f"{node.name}."
        own = {name.removeprefix(prefix): array for name, array in state.items() if name.startswith(prefix)}
        if not own or node.shared is not None:
            continue
        if "weight_ih_l0" in own:
            count = sum(name.startswith("weight_ih_l") and not name.endswith("_reverse") for name in own)
            for index in range(count):
                layer = model.get_layer(names[node.id] if count == 1 else f"{names[node.id]}_{index}")
                _set_recurrent(layer, own, index)
        else:
            layer = model.get_layer(names[node.id])
            layer.set_weights(_weights(type(layer).__name__, own, concrete(graph.shapes_in(node)[0].channels)))


def _weights(kind: str, own: Mapping[str, Array], channels: int) -> list[Array]:
    """The weights of a Keras layer in its order and layout; `channels` are those of its input."""
    weight = own["weight"]
    bias = [own["bias"]] if "bias" in own else []
    space = tuple(range(2, weight.ndim))
    if kind.startswith("DepthwiseConv"):
        kernel = weight.reshape(channels, -1, *weight.shape[2:])
        return [kernel.transpose(*space, 0, 1), *bias]
    if kind.startswith("Conv"):
        return [weight.transpose(*space, 1, 0), *bias]
    if kind == "Dense":
        return [weight.T, *bias]
    if kind == "BatchNormalization":
        return [weight, *bias, own["running_mean"], own["running_var"]]
    return [weight, *bias]


def _set_recurrent(layer: Any, own: Mapping[str, Array], index: int) -> None:
    """Set the weights of one layer of an LSTM, GRU or RNN, in one direction or two."""
    kind = type(layer).__name__
    if kind == "Bidirectional":
        inner = type(layer.forward_layer).__name__
        parts = [_gates(inner, own, f"l{index}"), _gates(inner, own, f"l{index}_reverse")]
        layer.set_weights([array for part in parts for array in part])
    else:
        layer.set_weights(_gates(kind, own, f"l{index}"))


def _gates(kind: str, own: Mapping[str, Array], suffix: str) -> list[Array]:
    """The kernel, the recurrent kernel and the bias; the gates of a GRU are in a different order from torch's."""
    kernels = [own[f"weight_ih_{suffix}"], own[f"weight_hh_{suffix}"]]
    biases = [own[f"bias_ih_{suffix}"], own[f"bias_hh_{suffix}"]]
    if kind == "GRU":
        reset, update, new = np.arange(len(biases[0])).reshape(3, -1)
        order = np.concatenate([update, reset, new])
        return [*(kernel[order].T for kernel in kernels), np.stack([bias[order] for bias in biases])]
    return [*(kernel.T for kernel in kernels), biases[0] + biases[1]]
