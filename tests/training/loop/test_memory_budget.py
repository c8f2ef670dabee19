"""Training that runs out of memory."""

import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from archdsl import loads
from archdsl.training.data.images import Request, Splits
from archdsl.training.errors.device_errors import OutOfMemory
from archdsl.training.loop.memory_budget import Budget, room
from archdsl.training.recipe.recipe import Recipe
from tests.training.helpers import SHAPE, Patches

NET = """input 1x8x8
conv 1536 k1; relu; conv 8 k1
flatten; fc 10
train { data digits; precision fp32; layout channels_first; epochs 1 }
"""
CPU = torch.device("cpu")

LIMITED = """
import resource
from pathlib import Path
import matplotlib.figure, rich.console, torch
import archdsl.training.session
torch.set_num_threads(1)
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (660 << 20),) * 2)
from archdsl.cli import main
main()
"""


def limited(folder: Path, *args: str) -> "subprocess.CompletedProcess[str]":
    """`archdsl train` in a process that may use 660 MiB more than after importing torch."""
    command = [sys.executable, "-c", LIMITED, "train", "net.arch", *args]
    environment = {**os.environ, "MALLOC_ARENA_MAX": "1"}
    return subprocess.run(command, cwd=folder, env=environment, text=True, capture_output=True, check=False)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="needs Linux")
def test_suggested_batch_fits_in_memory(tmp_path: Path) -> None:
    (tmp_path / "net.arch").write_text(NET)
    failed = limited(tmp_path, "--batch", "1200", "--out", "r")
    assert failed.returncode == 1, failed.stdout
    assert "a batch of 1200 takes about 1." in failed.stdout  # reported before it is tried, by the analysis
    assert failed.stderr.startswith("error: cpu is out of memory for a batch of 1200; 0.6")
    found = re.search(
        r"a batch of (\d+) fits; `(--batch (\d+) --accumulate (\d+))` gives the same batch per step", failed.stderr
    )
    assert found is not None, failed.stderr
    assert int(found[3]) * int(found[4]) == 1200
    assert int(found[3]) <= int(found[1])
    assert "Traceback" not in failed.stderr
    made = limited(tmp_path, *found[2].split(), "--out", "s")
    assert made.returncode == 0, made.stderr
    assert "takes about" not in made.stdout


def budget(text: str | None, batch: int) -> Budget:
    graph = loads(text).graph if text else None
    train = Patches().load(Request(SHAPE, Path())).train
    return Budget(graph, Recipe(batch=batch), CPU, Splits(train, None, None), processes=1)


@pytest.mark.parametrize(
    ("error", "is_memory"),
    [
        (RuntimeError("[enforce fail at alloc_cpu.cpp:127] DefaultCPUAllocator: can't allocate memory: 12"), True),
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."), True),
        (MemoryError(), True),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), False),
    ],
)
def test_out_of_memory_errors_are_recognized(error: Exception, is_memory: bool) -> None:
    with pytest.raises(OutOfMemory if is_memory else RuntimeError) as caught, budget(None, 64):
        raise error
    assert isinstance(caught.value, OutOfMemory) == is_memory
    if isinstance(caught.value, OutOfMemory):
        assert "`--batch 32 --accumulate 2`" in str(caught.value.help())  # no graph, no analysis: half of the batch


def test_out_of_memory_help_for_any_batch_size() -> None:
    assert OutOfMemory(8, "cpu", 0, 10).help() == (
        "according to the memory analysis, not even one image fits: make the network or its input smaller",
    )
    assert "--batch 33 --accumulate 3" in OutOfMemory(101, "cpu", 40, 10).help()[0]  # a prime number of images


def test_free_memory_is_measured() -> None:
    free = room(CPU)
    assert free is not None
    assert 1 << 20 < free < os.sysconf("SC_PHYS_PAGES") * resource.getpagesize()
    assert budget(NET, 8).warning() is None
    assert "takes about" in (budget(NET, 10**9).warning() or "")


def test_memory_budget_without_resource_module() -> None:
    program = (
        "import sys\nsys.modules['resource'] = None\nimport torch\n"
        "from archdsl.training.loop import memory_budget as memory\n"
        "assert memory._address_space() is None\nmemory.room(torch.device('cpu'))\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
