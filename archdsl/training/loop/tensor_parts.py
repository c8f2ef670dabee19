"""The weights of a network by name, whole or as the shards that this process holds."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn


def weights_of(model: nn.Module) -> dict[str, Tensor]:
    """Parameters and persistent buffers by name; shared ones once."""
    unique: dict[int, tuple[str, Tensor]] = {}
    for name, tensor in model.state_dict(keep_vars=True).items():
        unique.setdefault(id(tensor), (name, tensor))
    return {name: tensor.detach() for name, tensor in unique.values()}


@torch.no_grad()
def copy_tensors(source: Mapping[str, Tensor], target: Mapping[str, Tensor]) -> None:
    """Copy the values of `source`, which may be whole tensors, into the tensors or shards of `target`, by name."""
    for name, tensor in target.items():
        local(tensor).copy_(local(placed(source[name], tensor)))


def local(tensor: Any) -> Tensor:
    """The values of a tensor that this process holds, in the same memory: its shard, or the tensor itself."""
    found: Tensor = tensor.to_local() if hasattr(tensor, "to_local") else tensor
    return found


def placed(whole: Tensor, like: Any) -> Tensor:
    """A whole tensor that each process has, sharded as `like` is; the tensor itself if `like` is not sharded."""
    if not hasattr(like, "to_local") or hasattr(whole, "to_local"):
        return whole
    from torch.distributed.tensor import DTensor, Replicate

    replicated = DTensor.from_local(whole.to(like.device), like.device_mesh, [Replicate()], run_check=False)
    found: Tensor = replicated.redistribute(placements=like.placements)
    return found


def is_sharded(model: nn.Module) -> bool:
    """Whether this process holds only shards of the parameters."""
    return any(hasattr(parameter, "to_local") for parameter in model.parameters())
