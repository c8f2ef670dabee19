"""Activation checkpointing: a block keeps its inputs, and computes its activations again in the backward pass."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint


@contextmanager
def recomputed(model: nn.Module, blocks: Iterable[str]) -> Iterator[None]:
    """Within the context, the named modules recompute their activations, with the same random numbers and the same
    buffers. Gradients and running statistics are bit-identical to those without activation checkpointing.
    """
    modules = [model.get_submodule(name) for name in blocks]
    for module in modules:
        module.forward = _Recomputed(module)  # for this instance only
    try:
        yield
    finally:
        for module in modules:
            del module.__dict__["forward"]


class _Recomputed:
    """The `forward` of a block."""

    def __init__(self, block: nn.Module) -> None:
        self._block, self._forward = block, block.forward
        self._buffers = [
            (module, name)
            for module in block.modules()
            for name in module._buffers.keys() - module._non_persistent_buffers_set
        ]

    def __call__(self, *inputs: Any) -> Any:
        if not torch.is_grad_enabled():
            return self._forward(*inputs)
        before = [self._values(module, name) for module, name in self._buffers] if self._block.training else None
        return checkpoint(
            self._forward,
            *inputs,
            use_reentrant=False,
            context_fn=lambda: (nullcontext(), self._restored_buffers(before)),
        )

    def _values(self, module: nn.Module, name: str) -> Tensor | None:
        tensor = module._buffers[name]
        return None if tensor is None else tensor.clone()

    @contextmanager
    def _restored_buffers(self, before: list[Tensor | None] | None) -> Iterator[None]:
        """A context in which the buffers are as they were before the forward pass: running statistics are not updated
        twice, and spectral normalization starts from the same vectors.
        """
        now = [module._buffers[name] for module, name in self._buffers]
        try:
            self._set(before)
            yield
        finally:
            self._set(now if before is not None else None)

    def _set(self, values: list[Tensor | None] | None) -> None:
        for (module, name), tensor in zip(self._buffers, values or (), strict=values is not None):
            module._buffers[name] = tensor
