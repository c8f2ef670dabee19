"""Checkpoints of sharded networks: a folder, into which each process writes its shards, in the background.

torch.distributed.checkpoint plans who writes and reads what; the files are safetensors and JSON, like those of other
checkpoints, so nothing is ever unpickled. `checkpoint.json` is written last and atomically: a folder without it is not
a checkpoint. It has the training's numbers, the place of each shard and its digest.
"""

import shutil
import uuid
import warnings
from collections.abc import Callable, Mapping
from concurrent.futures import Future as Pending
from contextlib import suppress
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.metadata import (
    ChunkStorageMetadata,
    Metadata,
    MetadataIndex,
    TensorProperties,
    TensorStorageMetadata,
)
from torch.distributed.checkpoint.planner import LoadPlan, LoadPlanner, SavePlan, SavePlanner
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import async_save
from torch.distributed.checkpoint.storage import StorageReader, StorageWriter, WriteResult
from torch.futures import Future

from ..errors.problem import Problem
from ..safe_files import make_folder, write_atomically, write_text
from .checkpoint_index import INDEX, CheckpointIndex, Shard, ShardedTensor, key_of, read_index
from .checkpoint_numbers import Numbers
from .digests import Damaged, of_tensor
from .sealed_json import seal

_DTYPES = {str(dtype).removeprefix("torch."): dtype for dtype in (
    torch.float32, torch.float64, torch.bfloat16, torch.float16, torch.int64, torch.int32, torch.uint8, torch.bool,
)}  # fmt: skip


class ShardedSaver:
    """Saves checkpoints in the background, one at a time. All processes of the group call the same methods."""

    def __init__(self) -> None:
        self._pending: Pending[Any] | None = None
        # a separate group: the training steps communicate at the same time
        self._group = dist.new_group(backend="gloo")

    def save(self, tensors: Mapping[str, Tensor], state: str, folder: Path, done: Callable[[], None]) -> None:
        """Copy the tensors to the CPU and write them to the folder in the background; the leader then calls `done`.

        Raises the error of the previous save.
        """
        self.wait()
        writer = _Writer(folder, dist.get_rank(), state, done)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # async_save is experimental
            pending = async_save(dict(tensors), storage_writer=writer, process_group=self._group)
        assert isinstance(pending, Pending)  # the copy to the CPU is complete
        self._pending = pending

    def wait(self) -> None:
        """Wait until the checkpoint is complete. Raises DiskFull, CannotWrite, or another process's problem."""
        pending, self._pending = self._pending, None
        if pending is None:
            return
        try:
            pending.result()
        except CheckpointException as error:
            causes = [each[0] for _, each in sorted(error.failures.items())]
            raise next((each for each in causes if isinstance(each, Problem)), causes[0]) from error


class _Writer(StorageWriter):
    """Writes the shards of this process as one file; the coordinator makes the checkpoint visible."""

    def __init__(self, folder: Path, rank: int, state: str, done: Callable[[], None]) -> None:
        self._folder, self._rank, self._state, self._done = folder, rank, state, done

    def reset(self, checkpoint_id: object = None) -> None:
        pass

    def set_up_storage_writer(self, is_coordinator: bool, *args: Any, **kwargs: Any) -> None:
        make_folder(self._folder)

    def prepare_local_plan(self, plan: SavePlan) -> SavePlan:
        return plan

    def prepare_global_plan(self, plans: list[SavePlan]) -> list[SavePlan]:
        return plans

    def write_data(self, plan: SavePlan, planner: SavePlanner) -> Future[list[WriteResult]]:
        # A new name: files of an earlier checkpoint of the same step stay valid until the new one is complete.
        name = f"shard-{self._rank}-{uuid.uuid4().hex[:12]}.safetensors"
        shards: dict[str, Tensor] = {}
        results = []
        for item in plan.items:
            tensor = planner.resolve_data(item)
            assert isinstance(tensor, Tensor)
            offsets = tuple(item.index.offset or (0,) * tensor.ndim)
            shards[key_of(item.index.fqn, offsets)] = tensor = tensor.detach().contiguous()
            found = Shard(offsets=offsets, sizes=tuple(tensor.shape), file=name, digest=of_tensor(tensor))
            results.append(WriteResult(item.index, tensor.nbytes, found))
        write_atomically(self._folder / name, lambda temporary: save_file(shards, temporary))
        future: Future[list[WriteResult]] = Future()
        future.set_result(results)
        return future

    def finish(self, metadata: Metadata, results: list[list[WriteResult]]) -> None:
        found: dict[str, list[Shard]] = {}
        for result in (each for of_process in results for each in of_process):
            found.setdefault(result.index.fqn, []).append(result.storage_data)
        tensors = {}
        for name, about in metadata.state_dict_metadata.items():
            assert isinstance(about, TensorStorageMetadata)
            dtype = str(about.properties.dtype).removeprefix("torch.")
            tensors[name] = ShardedTensor(dtype=dtype, sizes=tuple(about.size), shards=found[name])
        write_text(self._folder / INDEX, seal(CheckpointIndex(state=self._state, tensors=tensors)))
        used = {INDEX, *(shard.file for shards in found.values() for shard in shards)}
        for path in self._folder.iterdir():
            if path.name not in used:  # of an earlier checkpoint of this step
                path.unlink(missing_ok=True)
        self._done()

    @classmethod
    def validate_checkpoint_id(cls, checkpoint_id: object) -> bool:
        return True


def read_whole(folder: Path) -> tuple[dict[str, Tensor], Numbers]:
    """The whole tensors of a checkpoint, on the CPU, and its numbers. Raises OSError or ValueError."""
    return read_shards(folder, {})


def read_shards(folder: Path, shards: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], Numbers]:
    """Like `read_whole`, but tensors with a counterpart in `shards` are read as the same shards."""
    index = read_index(folder)
    tensors = empty_tensors(index, shards)
    fill(tensors, folder, index)
    return tensors, Numbers.read(index.state)


def empty_tensors(index: CheckpointIndex, shards: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors without values: shards as in `shards`, by name or by `optimizer.INDEX`, otherwise whole tensors.

    Raises ValueError for an unknown dtype.
    """
    found = {}
    for name, tensor in index.tensors.items():
        if tensor.dtype not in _DTYPES:
            raise ValueError(f"{name} has the unknown dtype {tensor.dtype}")
        like = shards.get(name, shards.get(name.rpartition(".")[0]))
        if like is not None and tuple(like.shape) == tensor.sizes:
            found[name] = torch.empty_like(like, dtype=_DTYPES[tensor.dtype])
        else:
            found[name] = torch.empty(tensor.sizes, dtype=_DTYPES[tensor.dtype])
    return found


def fill(tensors: dict[str, Tensor], folder: Path, index: CheckpointIndex) -> None:
    """Read the values of tensors, whole or shards of any number of processes. Raises OSError or ValueError."""
    for name, tensor in tensors.items():
        if tuple(tensor.shape) != index.tensors[name].sizes:
            raise ValueError(f"{name} is {list(index.tensors[name].sizes)}, not {list(tensor.shape)}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # each process reads for itself, which torch warns about
            load(tensors, storage_reader=_Reader(folder, index), no_dist=True)
    except CheckpointException as error:
        cause = next(iter(error.failures.values()))[0]
        raise cause if isinstance(cause, OSError | ValueError) else ValueError(str(cause)) from error


class _Reader(StorageReader):
    """Reads shards and verifies their digests."""

    def __init__(self, folder: Path, index: CheckpointIndex) -> None:
        self._folder, self._index = folder, index

    def reset(self, checkpoint_id: object = None) -> None:
        pass

    def read_metadata(self, *args: Any, **kwargs: Any) -> Metadata:
        about: dict[str, Any] = {}
        where: dict[MetadataIndex, Shard] = {}
        for name, tensor in self._index.tensors.items():
            chunks = [ChunkStorageMetadata(torch.Size(s.offsets), torch.Size(s.sizes)) for s in tensor.shards]
            properties = TensorProperties(dtype=_DTYPES[tensor.dtype])
            about[name] = TensorStorageMetadata(properties, torch.Size(tensor.sizes), chunks)
            where.update({MetadataIndex(name, torch.Size(s.offsets)): s for s in tensor.shards})
        return Metadata(about, storage_data=where)

    def set_up_storage_reader(self, metadata: Metadata, is_coordinator: bool, *args: Any, **kwargs: Any) -> None:
        self._where: dict[MetadataIndex, Shard] = metadata.storage_data

    def prepare_local_plan(self, plan: LoadPlan) -> LoadPlan:
        return plan

    def prepare_global_plan(self, plans: list[LoadPlan]) -> list[LoadPlan]:
        return plans

    def read_data(self, plan: LoadPlan, planner: LoadPlanner) -> Future[None]:
        for item in plan.items:
            name, offsets = item.storage_index.fqn, item.storage_index.offset or ()
            values = self._read(name, self._where[MetadataIndex(name, torch.Size(offsets))])
            for dim, (first, length) in enumerate(zip(item.storage_offsets, item.lengths, strict=True)):
                values = values.narrow(dim, first, length)
            target = planner.resolve_tensor(item).detach()
            target.copy_(values)
            planner.commit_tensor(item, target)
        future: Future[None] = Future()
        future.set_result(None)
        return future

    def _read(self, name: str, shard: Shard) -> Tensor:
        path = self._folder / shard.file
        if not path.is_file():
            raise Damaged(f"it is incomplete: {shard.file} is missing")
        with safe_open(path, framework="pt") as file:
            values: Tensor = file.get_tensor(key_of(name, shard.offsets))
        if of_tensor(values) != shard.digest or tuple(values.shape) != shard.sizes:
            raise Damaged(f"it is corrupt: the checksum of `{name}` does not match")
        return values

    @classmethod
    def validate_checkpoint_id(cls, checkpoint_id: object) -> bool:
        return True


def remove(folder: Path) -> None:
    """Remove a checkpoint; it becomes invisible first."""
    (folder / INDEX).unlink(missing_ok=True)
    with suppress(OSError):
        shutil.rmtree(folder)
