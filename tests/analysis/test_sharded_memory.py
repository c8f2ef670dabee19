"""The memory of processes that shard a network, and of blocks that recompute their activations."""

from collections.abc import Callable, Iterator

import pytest
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.tensor import DTensor

import archdsl
from archdsl import Network
from archdsl.analysis.memory import largest_batch, memory
from archdsl.analysis.network_blocks import blocks, sharded_parts
from archdsl.training.loop.activation_checkpointing import recomputed
from archdsl.training.loop.optimizers import make_optimizer
from archdsl.training.loop.tensor_parts import local
from archdsl.training.processes.sharding import shard
from archdsl.training.recipe.recipe import Adam
from tests.cli.test_check_measures import check

BLOCK = "block b(c) { conv c k3 p1; bn; relu }\n"
NETWORKS = {
    "blocks": f"{BLOCK}input 3x8x8; stage s {{ conv 5 k3; b 6; b 7 }}; b 4; flatten; fc 3",
    "frozen": "input 3x8x8; stage s { conv 4 k3 frozen; relu; conv 8 k3; bn }; stage t { conv 9 k3 }; gap; fc 5",
    "tied": "input 5 int(19); embedding 8 as table; stage s { fc 7; relu; fc 8 }; reuse table",
    "large": "input 1024; fc 1024; relu; fc 1025; relu; fc 3",
    "small": "input 4; fc 1",
}


@pytest.fixture(params=[2, 3, 8])
def shards(request: pytest.FixtureRequest) -> Iterator[int]:
    """The number of processes, of which this is the first; the others exist only for torch."""
    from torch.testing._internal.distributed.fake_pg import FakeStore

    dist.init_process_group("fake", rank=0, world_size=request.param, store=FakeStore())
    yield request.param
    dist.destroy_process_group()


def inputs_of(network: Network, batch: int) -> Tensor:
    shape = network.graph.nodes[network.graph.inputs[0]].shape
    return torch.zeros(batch, *shape.dims, dtype=torch.long if shape.vocabulary else torch.float32)


@pytest.mark.parametrize("name", NETWORKS)
def test_sharded_memory_matches_torch_allocations(name: str, shards: int) -> None:
    network = archdsl.loads(NETWORKS[name])
    parts = sharded_parts(network.graph)
    model = shard(network.to_torch(), (".".join(part) for part in parts), torch.device("cpu"), shards)
    parameters = list(model.parameters())
    assert all(isinstance(parameter, DTensor) for parameter in parameters)
    held: list[int] = []

    def count_whole(*_: object) -> None:
        held.append(sum(p.nbytes for p in model.parameters() if not isinstance(p, DTensor)))

    for module in model.modules():
        if not list(module.children()):
            module.register_forward_pre_hook(count_whole)
    optimizer = make_optimizer(model, Adam())
    model(inputs_of(network, 2)).sum().backward()
    optimizer.step()
    declared = memory(network.graph, batch=2 * shards, optimizer="adam", shards=shards)
    held_shards = [local(parameter) for parameter in parameters]
    assert declared.parameters == sum(each.nbytes for each in held_shards)
    assert declared.gradients == sum(local(p.grad).nbytes for p in parameters if p.grad is not None)
    kept = (value for state in optimizer.state.values() for value in state.values())
    assert declared.optimizer == sum(local(value).nbytes for value in kept if isinstance(value, DTensor))
    one = memory(network.graph, batch=2, optimizer="adam")
    assert (declared.activations, declared.transient) == (one.activations, one.transient)
    most = 1 if name == "frozen" else 2
    assert most * max(held) <= declared.gathered <= 3 * max(held)
    assert declared.total == one.total - sum(
        before - now for before, now in (
            (one.parameters, declared.parameters), (one.gradients, declared.gradients),
            (one.optimizer, declared.optimizer),
        )
    ) + declared.gathered  # fmt: skip


def test_largest_batch_counts_all_processes() -> None:
    graph = archdsl.loads(NETWORKS["blocks"]).graph
    for again in (False, True):
        for shards in (1, 4):
            batch = largest_batch(graph, 1 << 20, activation_checkpointing=again, shards=shards)
            totals = [
                memory(graph, batch=each, activation_checkpointing=again, shards=shards).total
                for each in (batch, batch + shards)
            ]
            assert batch % shards == 0
            assert totals[0] <= 1 << 20 < totals[1]
    assert largest_batch(graph, 1000, shards=4) == 0


def test_check_reports_the_memory_of_each_process() -> None:
    shown = check("zoo:resnet18", "--fits", "8G", "--shards", "8")
    assert "the largest batch that fits in 8.0 GiB in each of 8 processes is 2," in shown
    assert "gathered weights and gradients" in shown
    assert "in each of 8 processes" in check("zoo:lenet5", "--shards", "8", "--batch", "64")
    less = check("zoo:lenet5", "--fits", "10k", "--shards", "8", status=1)
    assert "not even a batch of 8 fits in 10.0 KiB in each of 8 processes" in less
    check("zoo:lenet5", "--shards", "1", status=2)


RECOMPUTED = {
    "norms": f"{BLOCK}input 3x8x8; conv 4 k1; stage s {{ b 6; maxpool 2; b 7 }}; b 4; flatten; fc 3",
    "branches": "input 3x8x8; stage s { conv 4 k1; concat { conv 2 k1; relu } { conv 3 k1; gelu } }; gap; fc 3",
    "residual": "block r { residual { fc 8; gelu; fc 8 }; layernorm }\ninput 5x8; fc 8; r; r; relu; fc 3",
    "attention": "block t { residual { layernorm; attention h2 }; fc 8; silu }\ninput 5x8; t; t; fc 3",
    "none": "input 3x8x8; conv 4 k1; relu; flatten; fc 3",
}


@pytest.mark.parametrize("name", RECOMPUTED)
def test_activation_checkpointing_memory_matches_torch(name: str) -> None:
    network = archdsl.loads(RECOMPUTED[name])
    declared = memory(network.graph, batch=3, activation_checkpointing=True).activations
    assert declared == pytest.approx(saved_bytes(network, 3), rel=0.01)
    if name == "none":
        assert declared == memory(network.graph, batch=3).activations


def test_checkpointed_blocks_add_little_memory() -> None:
    text = "net N(n = 1)\nblock t { layernorm; fc 64; gelu; fc 8; dropout }\ninput 50x8; fc 8; repeat n { t }; fc 3"
    one, many = (
        [memory(archdsl.loads(text, n=n).graph, batch=8, activation_checkpointing=again).activations for n in (1, 12)]
        for again in (False, True)
    )
    assert one[1] > 11 * one[0] / 2
    assert many[1] < 2 * many[0]


def saved_bytes(network: Network, batch: int) -> int:
    """What is kept between the passes, and the most that a block saves when it is computed again."""
    model = network.to_torch().train()
    shape = network.graph.nodes[network.graph.inputs[0]].shape
    weights = {_storage(tensor) for tensor in [*model.parameters(), *model.buffers()]}
    names = [".".join(path) for path in blocks(network.graph)]
    entered: list[tuple[nn.Module, tuple[Tensor, ...]]] = []
    for name in names:
        model.get_submodule(name).register_forward_pre_hook(lambda module, args: entered.append((module, args)))
    kept: dict[int, Tensor] = {}
    with torch.autograd.graph.saved_tensors_hooks(_keep_in(kept), lambda tensor: tensor), recomputed(model, names):
        model(torch.rand(batch, *shape.dims))
    kept.update({_storage(each): each for _, args in entered for each in args})
    blocks_save = [0]
    for module, args in list(entered):
        saved: dict[int, Tensor] = {}
        given = [each.detach().requires_grad_(each.requires_grad) for each in args]
        with torch.autograd.graph.saved_tensors_hooks(_keep_in(saved), lambda tensor: tensor):
            module(*given)
        blocks_save.append(_bytes(saved, {*weights, *map(_storage, given)}))
    return _bytes(kept, weights) + max(blocks_save)


def _keep_in(kept: dict[int, Tensor]) -> Callable[[Tensor], Tensor]:
    return lambda tensor: kept.setdefault(_storage(tensor), tensor)


def _bytes(tensors: dict[int, Tensor], without: set[int]) -> int:
    return sum(t.untyped_storage().nbytes() for storage, t in tensors.items() if storage not in without)


def _storage(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)
