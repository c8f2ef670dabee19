"""Several processes that train one network: torch's DistributedDataParallel, and what a run needs in addition.

torchrun, or a similar scheduler, starts the processes and identifies them in the environment: RANK and WORLD_SIZE over
all machines, LOCAL_RANK on one machine, MASTER_ADDR and MASTER_PORT as the rendezvous. CPU tensors are exchanged with
gloo, GPU tensors with NCCL.

A step of several processes is equivalent to a step of one process with the same batch, unless layers or losses mix the
images of a batch: each process computes its part, and gradients are weighted by the numbers of terms in their losses.
All processes have the same weights, sums and scores at the end of each step, so each makes the same decisions by
itself; information that only one process has (a signal, a clock) is exchanged.
"""

import inspect
import os
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from datetime import timedelta
from typing import NamedTuple, TypeVar

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.tensor import DTensor
from torch.nn.modules.batchnorm import _BatchNorm, _NormBase
from torch.nn.parallel import DistributedDataParallel

from ...text.counts import counted
from ..errors.problem import Problem
from ..errors.process_errors import CannotJoin, PeerLost
from ..loop.process_group import ProcessGroup
from ..loop.tensor_parts import copy_tensors
from ..tasks.outputs import Objective
from .preparation import preparing, wait_for
from .sharding import shard

T = TypeVar("T")

_AGREE_SECONDS = 0.25
_LONGEST_INTERVAL = 256
_TIMEOUT_MINUTES = 30
"""Timeout in minutes: some processes start later, or load the data after one of them has prepared it."""
_SHUTDOWN_SECONDS = 10
_SMALLEST_SHARD = 2
"""Batch normalization may have no variance to divide by in a single image."""

_SYNC_BUFFERS = next(
    name
    for name in ("forward_sync_buffers", "broadcast_buffers")  # the name since torch 2.13, and the earlier one
    if name in inspect.signature(DistributedDataParallel).parameters
)
"""Buffers are not broadcast before each forward pass: `sync_buffers` averages them instead."""


class ProcessRank(NamedTuple):
    """Rank and number of processes, over all machines and on this one."""

    rank: int
    size: int
    local_rank: int
    local_size: int


def process_rank() -> ProcessRank:
    """The values in the environment. Raises CannotJoin if only some are set."""
    names = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
    if missing := [name for name in names if not os.environ.get(name)]:
        raise CannotJoin(f"WORLD_SIZE is set, but not {', '.join(missing)}")
    if wrong := [name for name in names[:4] if not os.environ[name].isdecimal()]:
        raise CannotJoin(f"{wrong[0]} is `{os.environ[wrong[0]]}`, which is not a number")
    rank, size, local, local_size = (int(os.environ[name]) for name in names[:4])
    return ProcessRank(rank, size, local, local_size)


@contextmanager
def joined(at: ProcessRank, device: str) -> Iterator[ProcessGroup]:
    """The group of all processes, connected at MASTER_ADDR, to compute on `device`. Raises CannotJoin."""
    backend = "cpu:gloo,cuda:nccl" if device != "cpu" and torch.cuda.is_available() else "gloo"
    try:
        dist.init_process_group(backend, timeout=timedelta(minutes=_TIMEOUT_MINUTES))
    except (RuntimeError, ValueError) as error:
        raise CannotJoin(str(error).splitlines()[0]) from error
    group = DistributedGroup(at)
    yield group
    group.end()  # not after an error: it would wait for processes that have ended


def peer_lost(error: RuntimeError) -> PeerLost | None:
    """PeerLost, if a torch error means that another process has ended."""
    if not isinstance(error, dist.DistError) and "gloo" not in str(error):
        return None
    why = str(error).splitlines()[0]
    return PeerLost(re.sub(r"^(\[[^]]*\]\s*)+|\s\[.*|\. .*", "", why))  # without torch's source file and its advice


def _cores() -> int:
    """Number of cores that this process may use, if the system reports it; else all cores."""
    allowed = getattr(os, "sched_getaffinity", None)
    return len(allowed(0)) if allowed else os.cpu_count() or 1


class DistributedGroup(ProcessGroup):
    """One of several processes."""

    def __init__(self, at: ProcessRank) -> None:
        self.rank, self.size = at.rank, at.size
        self._local_rank, self.local_size = at.local_rank, at.local_size
        self._wrapped: DistributedDataParallel | None = None
        self._sharded = False
        self._prepared = 0
        self._statistics: list[Tensor] = []
        self._calls, self._interval, self._agreed = 0, 1, time.perf_counter()

    def end(self) -> None:
        """Leave together: no process ends before the leader has written everything, and the leader ends last.

        The leader hosts the rendezvous. If it ended first, the processes still leaving would be killed by a signal; if
        another process ended before the leader, a launcher would stop the leader, too.
        """
        store = dist.distributed_c10d._get_default_store()
        with _peers():
            dist.barrier()
        self._wrapped = None  # keeps a reference to the group
        if not self.is_leader:
            dist.destroy_process_group()
            with suppress(RuntimeError):
                store.set(f"left {self.rank}", "")
            return
        with suppress(RuntimeError):  # a process that was killed while leaving
            store.wait([f"left {rank}" for rank in range(1, self.size)], timedelta(seconds=_SHUTDOWN_SECONDS))
        dist.destroy_process_group()

    def device(self, wanted: str) -> str:
        return f"cuda:{self._local_rank}" if wanted in ("auto", "cuda") and torch.cuda.is_available() else wanted

    def notes(self, model: nn.Module, batch: int) -> tuple[str, ...]:
        """Notes on the division of the batch, its effect on batch normalization, and idle cores."""
        notes = [f"{counted(self.size, 'process')}; each takes {_range(batch, self.size)} images of a batch of {batch}"]
        on_cpu = next(model.parameters()).device.type == "cpu"
        if on_cpu and mixes_images(model):
            notes.append(
                "batch norm: each process normalizes over its own images, so results differ from those of one process"
            )
        threads, cores = torch.get_num_threads(), _cores()
        if on_cpu and threads * self.local_size < cores:
            notes.append(
                f"{counted(self.local_size, 'process')} with {counted(threads, 'thread')} each on "
                f"{counted(cores, 'core')}: OMP_NUM_THREADS={cores // self.local_size} would use them all"
            )
        return tuple(notes)

    def explain_error(self, error: RuntimeError) -> Problem | None:
        return peer_lost(error)

    def prepare_data(self, work: Callable[[], T]) -> T | None:
        """No collective operation waits for the work, which may take longer than the timeout of the process group."""
        first = torch.zeros(self.size, dtype=torch.int64)
        first[self.rank] = self._local_rank == 0
        ranks = self.total_of(first).nonzero()[:, 0].tolist()
        self._prepared += 1
        names = {rank: f"data {self._prepared} {rank}" for rank in ranks}
        store = dist.distributed_c10d._get_default_store()
        try:
            if self.rank not in names:
                return None
            with preparing(store, names[self.rank]):
                return work()
        finally:
            wait_for(store, [name for rank, name in names.items() if rank != self.rank])

    def agree(self, stop: bool, keep: bool, at_once: bool = False) -> tuple[bool, bool]:
        """Communicates a few times per second: the leader decides after how many calls to do so again."""
        self._calls += 1
        if not at_once and self._calls < self._interval:
            return False, False
        now = time.perf_counter()
        seconds = (now - self._agreed) / self._calls
        interval = min(max(int(_AGREE_SECONDS / max(seconds, 1e-6)), 1), _LONGEST_INTERVAL)
        flags = torch.tensor([stop, keep and self.is_leader, interval if self.is_leader else 0])
        with _peers():
            dist.all_reduce(flags, dist.ReduceOp.MAX)
        self._calls, self._agreed = 0, now
        stopped, kept, self._interval = flags.tolist()
        return bool(stopped), bool(kept)

    def shard(self, indices: Tensor) -> tuple[Tensor, int]:
        """Contiguous parts whose sizes differ by at most one; small parts are padded with images that do not count."""
        count = len(indices)
        part = self.slice(count)
        mine = part.stop - part.start
        if mine >= min(_SMALLEST_SHARD, count):
            return indices[part], mine
        wanted = torch.arange(part.start, part.start + min(_SMALLEST_SHARD, count), device=indices.device)
        return indices[wanted % count], mine

    def slice(self, count: int) -> slice:
        return slice(count * self.rank // self.size, count * (self.rank + 1) // self.size)

    def largest_slice(self, count: int) -> int:
        return -(-count // self.size)

    def no_gradients(self) -> AbstractContextManager[object]:
        """Weights that FSDP2 gathers in inference mode could not be trained afterwards."""
        return torch.no_grad() if self._sharded else torch.inference_mode()

    def prepare(self, model: nn.Module, device: torch.device, parts: Sequence[str] | None = None) -> nn.Module:
        """On GPUs batch normalization is over the whole batch; torch has no such layer for the CPU."""
        if device.type == "cuda":
            model = nn.SyncBatchNorm.convert_sync_batchnorm(model)  # type: ignore[no-untyped-call]  # torch has no types here
        if parts is None:
            return model.to(device)
        self._sharded = True
        return shard(model, parts, device, self.size)

    def wrap(
        self, model: nn.Module, objective: Objective, example: tuple[Tensor, ...], changing: bool = False
    ) -> nn.Module:
        trained: nn.Module = _OutputsWithLoss(model, objective)
        if not self._sharded:
            trained = self._wrapped = _replicated(trained, _reached(model, objective, example), changing)
        self._statistics = [
            tensor
            for module in model.modules()
            if isinstance(module, _NormBase) and not isinstance(module, nn.SyncBatchNorm)
            for tensor in (module.running_mean, module.running_var)
            if tensor is not None
        ]
        return trained

    def no_sync(self) -> AbstractContextManager[object]:
        """A sharded network accumulates synchronized gradients: unsynchronized ones may not fit into memory."""
        return self._wrapped.no_sync() if self._wrapped else nullcontext()

    def total(self, loss: Tensor, correct: Tensor, weight: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        sums = torch.stack([loss.double() * weight, correct.double(), weight])
        with _peers():
            dist.all_reduce(sums)
        total_weight = torch.where(sums[2] > 0, sums[2], 1)  # no word or pixel with a class in the whole batch
        return sums[0] / total_weight, sums[1].long(), total_weight

    def sync_buffers(self) -> None:
        if not self._statistics:
            return
        flat = torch.cat([tensor.flatten() for tensor in self._statistics])
        with _peers():
            dist.all_reduce(flat)
        sizes = [tensor.numel() for tensor in self._statistics]
        for tensor, mean in zip(self._statistics, torch.split(flat / self.size, sizes), strict=True):
            tensor.copy_(mean.view_as(tensor))

    def gather(self, rows: Tensor, count: int) -> Tensor:
        sizes = [count * (rank + 1) // self.size - count * rank // self.size for rank in range(self.size)]
        mine = rows.new_zeros(max(sizes), *rows.shape[1:])  # all must have the same size
        mine[: len(rows)] = rows
        parts = [torch.empty_like(mine) for _ in sizes]
        with _peers():
            dist.all_gather(parts, mine)
        return torch.cat([part[:size] for part, size in zip(parts, sizes, strict=True)])

    def total_of(self, sums: Tensor) -> Tensor:
        total = sums.clone()
        with _peers():
            dist.all_reduce(total)
        return total

    def collect(self, states: Mapping[str, Tensor]) -> dict[str, Tensor]:
        found: dict[str, Tensor] = {}
        for name, tensor in states.items():
            parts = [torch.empty_like(tensor) for _ in range(self.size)]
            with _peers():
                dist.all_gather(parts, tensor.contiguous())
            found.update({name if rank == 0 else f"{rank}.{name}": part for rank, part in enumerate(parts)})
        return found

    def select_own(self, states: Mapping[str, Tensor]) -> dict[str, Tensor]:
        if self.rank == 0:
            return super().select_own(states)
        start = f"{self.rank}."
        return {name.removeprefix(start): tensor for name, tensor in states.items() if name.startswith(start)}

    def broadcast_text(self, text: str) -> str:
        content = text.encode()
        length = torch.tensor(len(content))
        with _peers():
            dist.broadcast(length, 0)
            encoded = torch.zeros(int(length), dtype=torch.uint8)
            if self.is_leader:
                encoded = torch.frombuffer(bytearray(content), dtype=torch.uint8) if content else encoded
            dist.broadcast(encoded, 0)
        return bytes(encoded.tolist()).decode()

    def receive(self, source: Mapping[str, Tensor] | None, tensors: Mapping[str, Tensor]) -> None:
        with _peers():
            for name, tensor in tensors.items():
                whole = torch.empty(tensor.shape, dtype=tensor.dtype, device=tensor.device)
                if source is not None:
                    whole.copy_(source[name])
                dist.broadcast(whole, 0)
                copy_tensors({name: whole}, {name: tensor})

    def full_tensors(self, tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
        for name, tensor in tensors.items():
            with _peers():
                full = tensor.full_tensor() if isinstance(tensor, DTensor) else tensor
            if self.is_leader:
                yield name, full.cpu() if self._sharded else full

    def any(self, condition: bool) -> bool:
        flag = torch.tensor(int(condition))
        with _peers():
            dist.all_reduce(flag, dist.ReduceOp.MAX)
        return bool(flag)


def _range(batch: int, size: int) -> str:
    few, more = batch // size, -(-batch // size)
    return f"{few}" if few == more else f"{few} or {more}"


def mixes_images(model: nn.Module) -> bool:
    """Whether the network normalizes over the images of a batch, so that parts of a batch give different results."""
    return any(isinstance(module, _BatchNorm) for module in model.modules())


def _replicated(trained: nn.Module, reached: set[int], changing: bool) -> DistributedDataParallel:
    parameters = [p for p in trained.parameters() if p.requires_grad]
    device = parameters[0].device
    return DistributedDataParallel(
        trained,
        device_ids=[device.index] if device.type == "cuda" else None,
        find_unused_parameters=changing or any(id(p) not in reached for p in parameters),
        **{_SYNC_BUFFERS: False},  # type: ignore[arg-type]  # the type checker cannot know which name exists
    )


class _OutputsWithLoss(nn.Module):
    """The outputs of a network that have a loss. Parameters that only other outputs use must not appear to get
    gradients.
    """

    def __init__(self, model: nn.Module, objective: Objective) -> None:
        super().__init__()
        self.model, self._objective = model, objective

    def forward(self, *inputs: Tensor) -> object:
        return self._objective.without_free(self.model(*inputs))


def _reached(model: nn.Module, objective: Objective, example: tuple[Tensor, ...]) -> set[int]:
    """The ids of the parameters that get gradients from the outputs with a loss. The model does not change."""
    trained = model.training
    model.eval()  # uses no random numbers, changes no statistics
    try:
        with torch.enable_grad():
            starts = [output.grad_fn for output in objective.outputs(model(*example))]
    finally:
        model.train(trained)
    found: set[int] = set()
    waiting, seen = [*starts], set()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            found.add(id(node.variable))
        waiting.extend(following for following, _ in node.next_functions)
    return found


@contextmanager
def _peers() -> Iterator[None]:
    """Raise PeerLost if a communication fails."""
    try:
        yield
    except RuntimeError as error:
        if lost := peer_lost(error):
            raise lost from error
        raise
