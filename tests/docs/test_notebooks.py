"""The notebooks run from top to bottom: each cell in IPython, in an empty folder."""

import json
import re
import sys
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any, cast

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
PLAIN = {"batches", "shapes"}
"""The notebooks that need no PyTorch, so that they run in JupyterLite."""


def cells(path: Path, kind: str) -> list[str]:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == kind]


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A new IPython without history or profile of the user."""
    from IPython.core.interactiveshell import InteractiveShell

    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    monkeypatch.setenv("MPLBACKEND", "agg")
    made: Any = cast(Any, InteractiveShell)()
    made.history_manager.enabled = False
    made.history_manager.end_session()
    with chdir(tmp_path):
        yield made
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        pyplot.close("all")


def test_notebooks_are_listed_in_the_index() -> None:
    assert {path.stem for path in NOTEBOOKS} >= PLAIN
    listed = re.findall(r"\]\((\w+)\.ipynb\)", (ROOT / "docs" / "notebooks" / "index.md").read_text(encoding="utf-8"))
    assert sorted(listed) == [path.stem for path in NOTEBOOKS]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs(path: Path, shell: Any) -> None:
    for number, cell in enumerate(cells(path, "code"), 1):
        result = shell.run_cell(cell)
        error = result.error_before_exec or result.error_in_exec
        assert error is None, f"cell {number}: {error!r}"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_is_stored_without_output(path: Path) -> None:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    assert notebook["nbformat"] == 4
    assert len({cell["id"] for cell in notebook["cells"]}) == len(notebook["cells"])
    for cell in notebook["cells"]:
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None
    assert cells(path, "markdown")[0].startswith("# ")
    install = "# %pip install archdsl" if path.stem in PLAIN else "# %pip install 'archdsl[train]'"
    assert install in cells(path, "code")[0].splitlines()


@pytest.mark.parametrize("name", sorted(PLAIN))
def test_plain_notebook_needs_no_torch(name: str) -> None:
    text = "\n".join(cells(ROOT / "docs" / "notebooks" / f"{name}.ipynb", "code"))
    assert not re.search(r"\btorch\b|numpy|matplotlib|archdsl\.training|\bfit\(", text)
