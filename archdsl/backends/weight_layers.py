"""The layers of a module with weights, in the order of execution, and which of them run after which."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from ..record import Record
from .part_class import ChainPart, Part


class WeightLayer(Record):
    """A layer: its name, the shapes of its tensors by their names in the layer, and the layers that its input depends
    on.
    """

    name: str
    shapes: Mapping[str, tuple[int, ...]]
    after: frozenset[str] = frozenset()
    known: bool = True

    @property
    def signature(self) -> tuple[tuple[str, tuple[int, ...]], ...]:
        """What layers of the same kind and size have in common; the counters of batch norm may be missing in files."""
        return tuple(sorted((name, shape) for name, shape in self.shapes.items() if name != COUNTER))


COUNTER = "num_batches_tracked"


class _Flat(torch.fx.Tracer):
    """Runs through the parts, whose forward methods have no control flow, and takes anything else as one call."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return not isinstance(m, Part | ChainPart)


def weight_layers(module: nn.Module) -> list[WeightLayer]:
    """The layers with weights. The order is not `known` for a module that archdsl did not build."""
    state = {name: tuple(tensor.shape) for name, tensor in module.state_dict().items()}
    if not isinstance(module, Part | ChainPart):
        names = dict.fromkeys(name.rpartition(".")[0] for name in state)
        return [WeightLayer(name=name, shapes=_below(name, state), known=False) for name in names]
    before: dict[Any, frozenset[str]] = {}
    found: dict[str, WeightLayer] = {}
    for node in _Flat().trace(module).nodes:
        reached: frozenset[str] = frozenset().union(*(before[each] for each in node.all_input_nodes))
        if node.op == "call_module" and (shapes := _below(node.target, state)):
            if node.target not in found:
                found[node.target] = WeightLayer(name=node.target, shapes=shapes, after=reached)
            reached |= {node.target}
        before[node] = reached
    return [*found.values()]


def _below(name: str, state: Mapping[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
    return {key[len(name) + 1 :]: shape for key, shape in state.items() if key.startswith(f"{name}.")}
