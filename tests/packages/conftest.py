"""The worked example, as if it were installed."""

from pathlib import Path

import pytest

from .written_packages import write_example_metadata


@pytest.fixture(scope="session")
def example_paths(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The folders that `sys.path` has where the worked example is installed."""
    return write_example_metadata(tmp_path_factory.mktemp("gempool"))


@pytest.fixture
def gempool(example_paths: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """The worked example, installed."""
    for path in example_paths:
        monkeypatch.syspath_prepend(path)
