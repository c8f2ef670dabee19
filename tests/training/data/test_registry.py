"""The registry of data sets: one file each, and every list of data sets is generated from it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import CliRunner

from archdsl.cli import main
from archdsl.training.data import sets
from archdsl.training.data.registry import data_sets, find_source
from archdsl.training.errors.data_errors import UnknownData

ROOT = Path(__file__).parents[3]


def test_every_data_set_file_is_registered() -> None:
    files = {path.stem for path in Path(sets.__path__[0]).glob("*.py")} - {"__init__"}
    assert set(data_sets()) == files
    assert {name: find_source(name).spec for name in files} == data_sets()


@pytest.mark.parametrize("spec", data_sets().values(), ids=lambda spec: spec.name)
def test_data_set_specs_are_consistent(spec: object) -> None:
    known = data_sets()[getattr(spec, "name")]  # noqa: B009  # parametrize types it as an object
    least = {"numbers": 1, "next": 0}.get(known.targets, 2)
    assert len(set(known.classes)) == len(known.classes) >= least
    assert (known.shape is None) == (known.inputs == "ids")
    assert known.images is not None


@pytest.mark.parametrize("page", ["docs/data.md", "docs/training.md"])
def test_pages_list_each_data_set_with_its_figures(page: str) -> None:
    rows = [line for line in (ROOT / page).read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    listed = {name: row for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    for name, spec in data_sets().items():
        assert name in listed, f"{page} does not list {name}"
        assert spec.images is not None
        shape = "×".join(map(str, spec.shape or ()))
        counted = {"numbers": f"{len(spec.classes)} number", "next": "bytes"}.get(
            spec.targets, f"{len(spec.classes)} classes"
        )
        for figure in (shape, counted, *(f"{count:,}" for count in spec.images)):
            assert figure in listed[name], f"{page}: {name} has {figure}"


def test_help_lists_every_data_set() -> None:
    text = " ".join(CliRunner().invoke(main, ["train", "--help"]).output.split())
    assert ", ".join(data_sets()) in text


def test_shell_completes_every_data_set() -> None:
    offered = ShellComplete(main, {}, "archdsl", "_ARCHDSL_COMPLETE").get_completions(["train", "--data"], "")
    assert set(data_sets()) <= {item.value for item in offered}
    some = ShellComplete(main, {}, "archdsl", "_ARCHDSL_COMPLETE").get_completions(["train", "--data"], "cif")
    assert {"cifar10", "cifar100"} == {item.value for item in some if item.type == "plain"}


def test_error_lists_all_data_sets() -> None:
    with pytest.raises(UnknownData) as caught:
        find_source("nosuch")
    assert ", ".join(data_sets()) in " ".join(caught.value.help())


def test_registry_imports_no_heavy_package() -> None:
    program = (
        "import sys\nfrom archdsl.training.data.registry import data_sets\nassert data_sets()\n"
        "heavy = {'torch', 'numpy', 'pydantic', 'PIL', 'pooch', 'requests'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
