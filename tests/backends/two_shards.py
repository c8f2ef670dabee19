"""Training with `fully_shard` by two processes with gloo: each runs this module, with a FOLDER and its rank."""

import os
import sys
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.distributed.checkpoint.state_dict import StateDictOptions, get_model_state_dict
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import FSDPModule, fully_shard
from torch.distributed.tensor import DTensor

import archdsl

TEXT = """
input 3x8x8
block basic(c) { residual { conv c k3 p1; relu; conv c k3 p1 } shortcut { conv c k1 }; relu }
stage stem { conv 8 k3 p1; relu }
stage body { basic 8; basic 16 }
gap; fc 4
"""
STEPS = 3


def model() -> Any:
    """The network, with the same weights in every process."""
    torch.manual_seed(0)
    return archdsl.loads(TEXT).to_torch()


def batches() -> list[tuple[torch.Tensor, torch.Tensor]]:
    """A batch of eight for each step; each process takes half of it."""
    random = torch.Generator().manual_seed(1)
    return [(torch.randn(8, 3, 8, 8, generator=random), torch.randint(4, (8,), generator=random)) for _ in range(STEPS)]


def train(module: nn.Module, rank: int = 0, size: int = 1) -> None:
    """A few steps on this process's part of the batches."""
    optimizer = torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9)
    for images, labels in batches():
        optimizer.zero_grad()
        nn.functional.cross_entropy(module(images[rank::size]), labels[rank::size]).backward()  # type: ignore[no-untyped-call]  # torch has no types here
        optimizer.step()


def main(rank: int, folder: str) -> None:
    """Train with the stages and blocks sharded one by one; the first process writes the full weights."""
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)
    module = model()
    mesh = init_device_mesh("cpu", (2,))
    for part in [*module.body.children(), module.stem, module]:
        fully_shard(part, mesh=mesh)
    assert isinstance(module.body.basic1, FSDPModule)
    assert all(isinstance(each, DTensor) for each in module.parameters())
    train(module, rank, 2)
    state = get_model_state_dict(module, options=StateDictOptions(full_state_dict=True))
    if rank == 0:
        torch.save(state, Path(folder) / "weights.pt")
    dist.destroy_process_group()
    os._exit(0)  # a thread of gloo that still holds a tensor would abort the process while Python finalizes


if __name__ == "__main__":
    main(int(sys.argv[2]), sys.argv[1])
