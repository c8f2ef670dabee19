"""Training that runs out of memory: the error, and the batch size that would fit."""

import contextlib
from pathlib import Path
from typing import Self

import torch

from ...analysis.memory_options import MemoryOptions
from ...graph import Graph
from ..data.images import Splits
from ..errors.device_errors import OutOfMemory
from ..recipe.recipe import Recipe
from ..recipe.recipe_memory import memory_options_of

try:
    import resource
except ImportError:  # Windows has no such limits
    resource = None  # type: ignore[assignment]  # marks the missing module

_USED_PART = 0.9
"""Fraction of the free memory to use: allocators leave gaps, and kernels need workspaces."""

_CPU_WORDS = ("can't allocate memory", "could not create a memory", "std::bad_alloc", "Unable to allocate")


class Budget:
    """The memory that a device has for a training run. Use it as a context manager: it raises OutOfMemory if torch runs
    out.

    `graph` is None for a handwritten network, for which there is no analysis.
    """

    def __init__(
        self, graph: Graph | None, recipe: Recipe, device: torch.device, splits: Splits, processes: int
    ) -> None:
        self._graph, self._recipe, self._device, self._processes = graph, recipe, device, processes
        self._free = room(device)
        if self._free is not None and device.type == "cuda":
            self._free = max(0, self._free - _bytes(splits))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, where: object) -> None:
        if error is not None and is_memory(error):
            raise OutOfMemory(self._recipe.batch, self._device.type, self._fits(), self._free) from error

    def warning(self) -> str | None:
        """A message for the user if the batch will not fit, according to the analysis.

        Linux overcommits memory and kills the process when the memory is used: there is no error to catch.
        """
        if self._graph is None or self._free is None:
            return None
        needed = self._options().memory(self._graph).total
        if needed <= self._free:
            return None
        return (
            f"a batch of {self._recipe.batch} takes about {needed / 1e9:.2f} GB, but only {self._free / 1e9:.2f} GB "
            "are free: use a smaller `--batch`, with `--accumulate` for as many samples per step"
        )

    def _fits(self) -> int | None:
        """The largest global batch that fits, according to the analysis."""
        if self._graph is None or self._free is None:
            return None
        options, free = self._options(), int(_USED_PART * self._free)
        largest = options.largest_batch(self._graph, free)
        return largest if options.shards > 1 else self._processes * largest

    def _options(self) -> MemoryOptions:
        """The settings of the analysis; the batch is that of one process unless the weights are sharded."""
        options = memory_options_of(self._recipe, self._processes if self._recipe.shard else 1)
        return options if options.shards > 1 else options.replace(batch=-(-options.batch // self._processes))


def room(device: torch.device) -> int | None:
    """Number of free bytes on a device; None if the system does not report it."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0] + torch.cuda.memory_reserved(device)
    known = [bound for bound in (_available(), _group(), _address_space()) if bound is not None]
    return max(0, min(known)) if known else None


def is_memory(error: BaseException) -> bool:
    """Whether an error means that memory has run out."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or any(word in str(error) for word in _CPU_WORDS)


def _bytes(splits: Splits) -> int:
    return sum(part.images.nbytes for part in (splits.train, splits.validation) if part)


def _available() -> int | None:
    """Linux's estimate of the available memory."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text().splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return None


def _group() -> int | None:
    """The remaining memory of the control group of a container or a job."""
    with contextlib.suppress(OSError, ValueError):
        inside = Path("/proc/self/cgroup").read_text().strip().rpartition("::/")[2]
        for folder in (Path("/sys/fs/cgroup", inside), Path("/sys/fs/cgroup")):
            if (folder / "memory.max").is_file() and (bound := (folder / "memory.max").read_text().strip()) != "max":
                return int(bound) - int((folder / "memory.current").read_text())
    return None


def _address_space() -> int | None:
    """The remaining memory under `ulimit -v`."""
    if resource is None:
        return None
    bound = resource.getrlimit(resource.RLIMIT_AS)[0]
    if bound == resource.RLIM_INFINITY:
        return None
    with contextlib.suppress(OSError, ValueError):
        return bound - int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    return None
