"""The bytes that torch's autograd saves in a network's forward pass, counted by hooks."""

from contextlib import nullcontext

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import DataDependentOutputException, FakeTensorMode

from archdsl import Network
from archdsl.layers.recurrent import LSTM
from archdsl.layers.sequence import Attention
from archdsl.shapes.shape import Layout, Shape

DTYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


def saved_bytes(network: Network, batch: int, precision: str, *, fake: bool = True) -> int:
    """What is saved while training on the CPU: each storage once, without weights and buffers.

    With `fake`, nothing is computed, except for an LSTM, whose memory only its kernel knows. Under autocast, fake
    statistics of normalization have 16 bits, the real ones 32.
    """
    kinds = {type(node.op) for node in network.graph.nodes}
    fake = fake and LSTM not in kinds
    # The meta device is faster, but does not support autocast and the CPU kernels of attention.
    meta = precision == "fp32" and Attention not in kinds
    with (torch.device("meta") if meta else FakeTensorMode()) if fake else nullcontext():
        try:
            return _count(network, batch, precision)
        except (RuntimeError, DataDependentOutputException):
            pass  # shifted windows need a value: compute it
    return _count(network, batch, precision)


def _count(network: Network, batch: int, precision: str) -> int:
    model = network.to_torch().train()
    inputs = [_input(network.graph.nodes[i].shape, batch) for i in network.graph.inputs]
    weights = {_memory(tensor) for tensor in [*model.parameters(), *model.buffers()]}
    saved: dict[int, Tensor] = {}  # kept alive, so that no memory is reused

    def pack(tensor: Tensor) -> Tensor:
        saved.setdefault(_memory(tensor), tensor)
        return tensor

    autocast = torch.autocast("cpu", DTYPES[precision]) if precision in DTYPES else nullcontext()
    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor), autocast:
        _run(model, inputs)
    return sum(tensor.untyped_storage().nbytes() for memory, tensor in saved.items() if memory not in weights)


def _run(model: nn.Module, inputs: list[Tensor]) -> object:
    return model(*inputs)


def _input(shape: Shape | None, batch: int) -> Tensor:
    assert shape is not None
    ids = shape.layout is Layout.IDS
    return torch.zeros(batch, *shape.dims, dtype=torch.long) if ids else torch.rand(batch, *shape.dims)


def _memory(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)
