"""The built wheel is complete, and works without the checkout."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from archdsl import __version__

ROOT = Path(__file__).resolve().parents[2]
WHEEL = f"archdsl-{__version__}-py3-none-any.whl"
SDIST = f"archdsl-{__version__}.tar.gz"


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env=os.environ | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command} ended with status {done.returncode}:\n{done.stdout}{done.stderr}"
    return done.stdout


def build(source: Path, output: Path, *kinds: str) -> None:
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", output, *kinds, source, cwd=output)


def files_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("built")
    build(ROOT, output, "--wheel", "--sdist")
    return output


@pytest.fixture(scope="module")
def installed(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel in a folder of its own; its dependencies come from the environment that runs the tests."""
    target = tmp_path_factory.mktemp("installed")
    quiet = ("--quiet", "--disable-pip-version-check", "--no-index", "--no-deps")
    run(sys.executable, "-m", "pip", "install", *quiet, "--target", target, built / WHEEL, cwd=target)
    return target


def test_wheel_contains_all_required_files(built: Path) -> None:
    wanted = {"archdsl/py.typed", "archdsl/grammars/arch.lark", "archdsl/examples/lenet5.arch"}
    wanted |= {f"archdsl-{__version__}.dist-info/{name}" for name in ("licenses/LICENSE", "entry_points.txt")}
    wanted |= {f"archdsl/{path.relative_to(ROOT)}" for path in (ROOT / "examples").rglob("*.arch")}
    data = ROOT / "archdsl" / "training" / "data"
    wanted |= {str(path.relative_to(ROOT)) for kind in ("*.npz", "*.gz") for path in data.rglob(kind)}
    fonts = ROOT / "archdsl" / "backends" / "fonts"
    wanted |= {str(path.relative_to(ROOT)) for kind in ("*.ttf", "OFL.txt") for path in fonts.glob(kind)}
    viewer = ROOT / "archdsl" / "backends" / "diagram" / "viewer"
    wanted |= {str(path.relative_to(ROOT)) for kind in ("*.js", "*.css", "*.html") for path in viewer.glob(kind)}
    assert wanted - files_in(built / WHEEL) == set()


def test_wheel_contains_only_the_package(built: Path) -> None:
    folders = {name.split("/")[0] for name in files_in(built / WHEEL)}
    assert folders == {"archdsl", f"archdsl-{__version__}.dist-info"}


def test_sdist_builds_the_same_wheel(built: Path, tmp_path: Path) -> None:
    with tarfile.open(built / SDIST) as archive:
        archive.extractall(tmp_path, filter="data")
    build(tmp_path / SDIST.removesuffix(".tar.gz"), tmp_path, "--wheel")
    assert files_in(tmp_path / WHEEL) == files_in(built / WHEEL)


# Runs `python -m archdsl`, and fails if that opens a file of the checkout: an import from the wheel is not enough, as
# data could still be read from the editable installation.
WATCHED = f"""
import runpy, sys

def refuse(event, arguments):
    path = str(arguments[0]) if event == "open" else ""
    if path.startswith({str(ROOT) + os.sep!r}) and not path.startswith({sys.prefix + os.sep!r}):
        raise AssertionError(f"{{path}} belongs to the checkout")

sys.addaudithook(refuse)
runpy.run_module("archdsl", run_name="__main__", alter_sys=True)
"""


def test_installed_copy_works_without_the_checkout(installed: Path, tmp_path: Path) -> None:
    # Entries of PYTHONPATH come before site-packages, and so before the checkout's editable installation; -P excludes
    # the working folder.
    python = (sys.executable, "-P")
    environment = {"PYTHONPATH": str(installed), "ARCHDSL_CACHE": str(tmp_path / "cache")}
    imported = run(*python, "-c", "import archdsl; print(archdsl.__file__)", cwd=tmp_path, **environment)
    assert Path(imported.strip()).is_relative_to(installed)

    network = tmp_path / "net.arch"
    network.write_text("input 3x32x32; conv 64 k5 s1 same; maxpool 2; bn\n", encoding="utf-8")
    table = run(*python, "-c", WATCHED, "check", network, cwd=tmp_path, **environment)
    assert "64×16×16" in table
