"""Compare what a layer saves for the backward pass to torch's saved-tensor hooks."""

import torch
from torch import Tensor, nn

from archdsl.analysis.tape import ResultTensor as Traced
from archdsl.analysis.tape import Tape
from archdsl.backends.torch import apply, make_module
from archdsl.contract.call import Module
from archdsl.contract.layer import INPUT, Op
from archdsl.graph import Graph, Node
from archdsl.shapes.shape import Layout, Shape
from archdsl.text.source import Source, Span

BATCH = 3


def declared_bytes(op: Op, xs: tuple[Shape, ...], y: Shape) -> int:
    """Bytes saved for one layer with trainable inputs, by the analysis."""
    span = Span(Source(""), 0, 0)
    nodes = [Node(i, INPUT, (), x, (f"x{i}",), span) for i, x in enumerate(xs)]
    nodes.append(Node(len(xs), op, tuple(range(len(xs))), y, ("layer",), span))
    names = tuple(f"x{i}" for i in range(len(xs)))
    graph = Graph(
        name="one", nodes=tuple(nodes), inputs=tuple(range(len(xs))), input_names=names,
        outputs=(("output", len(xs)),), settings={}, scopes={},
    )  # fmt: skip
    kept, _ = _Learned(graph, 4).run()
    return sum(each.bytes(BATCH) for each in kept)


class _Learned(Tape):
    def entry(self, node: Node) -> Traced:
        tensor = super().entry(node)
        return tensor._replace(trains=tensor.bytes == 4)


def saved_bytes(op: Op, xs: tuple[Shape, ...]) -> int:
    """Bytes that torch saves."""
    inputs = [_input(x) for x in xs]
    weights: set[int] = set()
    saved: dict[int, Tensor] = {}

    def pack(tensor: Tensor) -> Tensor:
        saved.setdefault(tensor.untyped_storage()._cdata, tensor)
        return tensor

    # Built outside of the hooks: a parametrization computes its weight once to check it.
    steps = [(step, make_module(step).train() if isinstance(step, Module) else None) for step in op.steps(xs)]
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        for step, module in steps:
            own = [*module.parameters(), *module.buffers()] if isinstance(module, nn.Module) else []
            weights |= {tensor.untyped_storage()._cdata for tensor in own}
            for name, parameter in module.named_parameters() if module else ():
                parameter.requires_grad_(name not in op.frozen_weights())
            inputs = [apply(step, module, inputs), *inputs[1:]]
    return sum(tensor.untyped_storage().nbytes() for memory, tensor in saved.items() if memory not in weights)


def _input(x: Shape) -> Tensor:
    if x.layout is Layout.IDS:
        return torch.zeros(BATCH, *x.dims, dtype=torch.long)
    return torch.rand(BATCH, *x.dims, requires_grad=True) * 1
