"""FSDP2: each process keeps a shard of each parameter, gradient and optimizer state, and gathers one part at a time."""

import warnings
from collections.abc import Iterable

import torch
from torch import nn
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard


def shard(model: nn.Module, parts: Iterable[str], device: torch.device, size: int) -> nn.Module:
    """The model with sharded parameters on the device; `parts` are the names of modules that are gathered together.

    A module is moved to the device and sharded before the next one, so no device ever holds the whole network. Inner
    parts come before outer ones. Each part is sharded again after its forward pass, and so is the rest of the network:
    otherwise an evaluation would leave gathered weights behind.
    """
    # Blocks may return views, which FSDP2 warns about: an in-place operation would lose its hook. No layer operates in
    # place.
    warnings.filterwarnings("ignore", "FSDP2-wrapped module", UserWarning)
    mesh = init_device_mesh(device.type, (size,))
    for name in (*parts, ""):
        fully_shard(model.get_submodule(name), mesh=mesh, reshard_after_forward=True)
    return model
