"""What holds for all tests: their own cache, few threads, the same examples of Hypothesis on every run."""

import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples for everybody, on every run; `make fuzz`, or HYPOTHESIS_PROFILE=fuzz, draws anew.
settings.register_profile("same", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("fuzz", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or "same")

# Read by torch and its libraries when they are first imported, here and in the processes that tests start. Several
# workers that each use all cores would only be in each other's way.
os.environ.update(OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
os.environ["MPLBACKEND"] = "Agg"
# IPython warns of another environment that happens to be active in the shell; the tests run in their own.
os.environ.pop("VIRTUAL_ENV", None)
# The hundreds of processes that tests start would each compile the package again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

# With Python's default of 700 new objects, a quarter of the time of many tests is garbage collection: graphs and caches
# of networks live long, so a collection of an older generation scans much and frees little. 5,000 fit into the caches
# of a processor.
gc.set_threshold(5_000, 20, 20)

CACHE = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Give the whole run one cache, so that the user's stays as it is, the grammar is compiled once, and mypy reads
    torch once.
    """
    if hasattr(config, "workerinput"):  # a worker of pytest-xdist, which has the environment of the main process
        return
    cache = Path(tempfile.mkdtemp(prefix="archdsl-tests-"))
    config.stash[CACHE] = cache
    os.environ["ARCHDSL_CACHE"] = str(cache / "archdsl")
    os.environ["MPLCONFIGDIR"] = str(cache / "matplotlib")
    os.environ["MYPY_CACHE_DIR"] = str(cache / "mypy")


def pytest_collection_finish() -> None:
    """Exclude modules and the 14,000 tests, which live until the end, from garbage collection."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure(config: pytest.Config) -> None:
    if CACHE in config.stash:
        shutil.rmtree(config.stash[CACHE], ignore_errors=True)


@pytest.fixture(scope="session")
def onnx_functions() -> Iterator[None]:
    """Read torch's functions for ONNX once. torch.onnx.export parses the source of all of them for each file, which
    takes more time than to export a small module.
    """
    from torch.onnx._internal.exporter._registration import ONNXRegistry

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ONNXRegistry, "from_torchlib", staticmethod(cache(ONNXRegistry.from_torchlib)))
        yield
