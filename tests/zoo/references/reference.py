"""Comparing a network of the zoo with another implementation: parameters, multiply-accumulates, outputs.

The weights are a fixed function of their position in the network's module. A reference that is a library is compared
once (`python -m tests.zoo.references.record`), and what it counted and computed is recorded in `recorded.json`, so that
the tests need no library. Hand-written references are compared in each run.
"""

from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

import archdsl
from archdsl.shapes.shape import Layout, Shape

TOLERANCE = 1e-4
"""As a fraction of the largest output."""
_SAMPLED = 12


class Reference(NamedTuple):
    """Another implementation of a network.

    `build` makes the module for values of the text's parameters; `small` are those at which outputs are compared.
    `library` is the package it comes from, None for a module written by hand.
    """

    build: Callable[..., nn.Module]
    small: Mapping[str, int | float] = {}
    library: str | None = None


class Counts(NamedTuple):
    """Parameters and multiply-accumulates of one sample."""

    parameters: int
    macs: int


def input_shapes(network: archdsl.Network) -> list[Shape]:
    """The shapes of the network's inputs."""
    return [network.graph.nodes[i].shape for i in network.graph.inputs]


def random_inputs(shapes: Sequence[Shape], batch: int, device: str = "cpu") -> list[Tensor]:
    """Tensors of these shapes, the same each time."""
    generator = torch.Generator().manual_seed(1)
    made = []
    for shape in shapes:
        sizes = (batch, *shape.dims)
        if device == "meta":
            kind = torch.long if shape.layout is Layout.IDS else torch.float32
            made.append(torch.empty(sizes, dtype=kind, device=device))
        elif shape.layout is Layout.IDS:
            made.append(torch.randint(0, shape.vocabulary or 2, sizes, generator=generator))
        else:
            made.append(torch.randn(sizes, generator=generator))
    return made


def count(module: nn.Module, shapes: Sequence[Shape]) -> Counts:
    """What torch counts in a module on the meta device."""
    counter = FlopCounterMode(display=False)
    with counter, torch.no_grad():
        module(*random_inputs(shapes, 2, "meta"))
    return Counts(sum(p.numel() for p in module.parameters()), counter.get_total_flops() // 2 // 2)


# --- weights ---


def _kind(name: str, tensor: Tensor) -> str:
    kinds = ("bias", "running_mean", "running_var") if tensor.ndim == 1 else ()
    return next((kind for kind in kinds if name.endswith(kind)), "weight")


def _parts(module: nn.Module) -> list[tuple[str, Tensor]]:
    """The parameters and running statistics, in the order of the module; packed projections one by one."""
    parameters = {name for name, _ in module.named_parameters()}
    found: list[tuple[str, Tensor]] = []
    for name, tensor in module.state_dict().items():
        if name in parameters or "running_" in name:
            rows = _rows(module, name, tensor) if "in_proj_" in name else (len(tensor),) if tensor.ndim else None
            found += [(name, part) for part in (tensor.split(rows) if rows else (tensor,))]
    return found


def _rows(module: nn.Module, name: str, tensor: Tensor) -> tuple[int, ...]:
    """The rows of queries, keys and values in a packed projection; only queries and values may have a bias."""
    owner: Any = module.get_submodule(name.rpartition(".")[0])
    queries: int = owner.out_proj.in_features
    if name.endswith("bias") and not getattr(owner, "key_bias", True):
        return queries, queries
    return queries, (len(tensor) - queries) // 2, (len(tensor) - queries) // 2


@torch.no_grad()
def fill(module: nn.Module) -> None:
    """Give each tensor values that depend only on its position and shape."""
    for index, (name, tensor) in enumerate(_parts(module)):
        generator = torch.Generator().manual_seed(index)
        kind = _kind(name, tensor)
        if kind == "running_var" or (kind == "weight" and tensor.squeeze().ndim < 2):
            tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.5)
        elif kind != "weight":
            tensor.copy_(torch.randn(tensor.shape, generator=generator) * 0.1)
        else:
            fan_in = tensor[0].numel()
            tensor.copy_(torch.randn(tensor.shape, generator=generator) * (1.5 / fan_in) ** 0.5)


def _called(module: nn.Module, inputs: Sequence[Tensor]) -> list[tuple[str, Tensor]]:
    """The parts of a module in the order in which its submodules are called."""
    names = {part: name for name, part in module.named_modules()}
    reached = {"": 0}

    def note(part: nn.Module, _: object) -> None:
        reached.setdefault(names[part], len(reached))

    hooks = [part.register_forward_pre_hook(note) for part in module.modules()]
    module(*inputs)
    for hook in hooks:
        hook.remove()

    def turn(name: str) -> int:
        while name not in reached:
            name = name.rpartition(".")[0]
        return reached[name]

    return sorted(_parts(module), key=lambda item: turn(item[0].rpartition(".")[0]))


@torch.no_grad()
def copy_to(reference: nn.Module, ours: nn.Module, inputs: Sequence[Tensor]) -> None:
    """Copy our weights to a reference: each tensor to the next unused one of its kind and shape, in order of use.

    Axes of length 1 do not matter: a linear layer is a convolution with a kernel of 1. Raises LookupError if the
    tensors of the two are not the same.
    """
    waiting: dict[tuple[str, tuple[int, ...]], deque[Tensor]] = defaultdict(deque)
    for name, tensor in _parts(ours):
        waiting[_kind(name, tensor), tensor.squeeze().shape].append(tensor)
    for name, tensor in _called(reference, inputs):
        queue = waiting[_kind(name, tensor), tensor.squeeze().shape]
        if not queue:
            raise LookupError(f"there is no tensor for {name}, {tuple(tensor.shape)}")
        tensor.copy_(queue.popleft().reshape(tensor.shape))
    left = {key: len(queue) for key, queue in waiting.items() if queue}
    if left:
        raise LookupError(f"the reference has no place for {left}")


# --- outputs ---


def outputs(module: nn.Module, inputs: Sequence[Tensor]) -> list[Tensor]:
    """The outputs of a module in eval mode."""
    with torch.no_grad():
        y = module(*inputs)
    return [y] if isinstance(y, Tensor) else list(y)


def ours_filled(network: archdsl.Network) -> nn.Module:
    """The network's module in eval mode, with the fixed weights."""
    module = network.to_torch().eval()
    fill(module)
    return module


class Recorded(NamedTuple):
    """A part of an output that fits in a file."""

    shape: list[int]
    largest: float
    values: list[float]
    """At positions that are the same for each output of this size."""

    @classmethod
    def of(cls, y: Tensor) -> "Recorded":
        y = y.detach().double()
        chosen = torch.randint(0, y.numel(), (_SAMPLED,), generator=torch.Generator().manual_seed(2))
        return cls(list(y.shape), float(y.abs().max()), y.flatten()[chosen].tolist())

    def differs(self, other: "Recorded") -> float:
        """The largest difference, as a fraction of the largest output; infinite for another shape."""
        if self.shape != other.shape or not self.largest > 0:
            return float("inf")
        values = [self.largest, *self.values]
        return max(abs(a - b) for a, b in zip(values, [other.largest, *other.values], strict=True)) / self.largest


def small_network(name: str, reference: Reference) -> archdsl.Network:
    """The network of the zoo at the size at which outputs are compared."""
    values: dict[str, Any] = {**reference.small}
    return archdsl.load(f"zoo:{name}", **values)


def reference_outputs(name: str, reference: Reference) -> list[Tensor]:
    """What the reference computes with the weights of the network."""
    network = small_network(name, reference)
    inputs = random_inputs(input_shapes(network), 2)
    theirs = reference.build(**settings(name, reference.small)).eval()
    copy_to(theirs, ours_filled(network), inputs)
    return outputs(theirs, inputs)


def settings(name: str, given: Mapping[str, int | float] = {}) -> dict[str, Any]:
    """The values of the text's parameters: the network's own, and those given."""
    return {**archdsl.zoo.find(name).settings, **given}
