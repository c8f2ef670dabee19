"""The wheel with its required dependencies alone: every command of the core works, and the others name their extra.

The dependencies are copied from the environment that runs the tests, so that nothing is downloaded; which ones, the
wheel's own metadata say.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from importlib import metadata
from pathlib import Path
from xml.etree import ElementTree

import click
import pytest

from archdsl import __version__
from archdsl.cli import main as every_command
from tests.packaging.test_wheel import ROOT, WHEEL, build, run

MOST_BYTES = 40_000_000
NET = "net LeNet(classes = 10)\ninput 1x28x28\nconv 6 k5 same; tanh; avgpool 2\nflatten; fc classes\n"
TRAINING = {"eval", "export", "import", "inspect", "lsp", "predict", "sweep", "train", "weights"}
CORE = {
    "check": (["check", "net.arch"], 0),
    "check of a line": (["check", "-e", "input 3x32x32; conv 8 k3"], 0),
    "check as JSON": (["check", "--format", "json", "net.arch"], 0),
    "check as SARIF": (["check", "--format", "sarif", "net.arch"], 0),
    "check of an error": (["check", "-e", "input 3x32x32; conf 8 k3"], 1),
    "check --schema": (["check", "--schema"], 0),
    "why": (["why", "net.arch", "avgpool1"], 0),
    "diff": (["diff", "net.arch", "zoo:lenet5"], 1),
    "fmt": (["fmt", "--check", "net.arch"], 0),
    "diagram in SVG": (["diagram", "net.arch", "-o", "net.svg"], 0),
    "diagram in PNG": (["diagram", "net.arch", "-o", "net.png"], 0),
    "diagram in PDF": (["diagram", "net.arch", "-o", "net.pdf"], 0),
    "compile": (["compile", "net.arch"], 0),
    "zoo": (["zoo"], 0),
    "zoo show": (["zoo", "show", "resnet50"], 0),
    "zoo cite": (["zoo", "cite", "resnet50"], 0),
    "layers": (["layers"], 0),
    "layers conv": (["layers", "conv"], 0),
    "explain": (["explain", "E0301"], 0),
    "data": (["data"], 0),
    "cache": (["cache"], 0),
    "import of a configuration": (["import", "config.json", "-o", "gpt2.arch"], 0),
}


def required(wheel: Path) -> Iterator[metadata.Distribution]:
    """The distributions that the wheel requires without an extra, and what these require."""
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read(f"archdsl-{__version__}.dist-info/METADATA").decode()
    queue = Parser().parsestr(text).get_all("Requires-Dist", [])
    seen = set()
    while queue:
        requirement = queue.pop()
        name = re.split(r"[^A-Za-z0-9._-]", requirement)[0]
        if name.lower() not in seen and not re.search(";.*(extra|win32|Windows)", requirement):
            seen.add(name.lower())
            queue += metadata.requires(name) or []
            yield metadata.distribution(name)


def copy_into(site: Path, programs: Path, distribution: metadata.Distribution) -> None:
    for file in distribution.files or ():
        source = Path(str(file.locate()))
        if file.suffix == ".pyc" or source.read_bytes().startswith(b"#!"):  # the scripts are for the other Python
            continue
        target = programs / file.name if ".." in file.parts else site / file
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python environment with the wheel and what it requires: the path of its interpreter."""
    folder = tmp_path_factory.mktemp("alone")
    venv.create(folder / "venv", with_pip=False, symlinks=os.name != "nt")
    programs = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    python = next(programs.glob("python*"))
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    build(ROOT, folder, "--wheel")
    for distribution in required(folder / WHEEL):
        copy_into(site, programs, distribution)
    quiet = ("--quiet", "--disable-pip-version-check", "--no-index", "--no-deps", "--no-compile")
    run(sys.executable, "-m", "pip", "install", *quiet, "--target", site, folder / WHEEL, cwd=folder)
    return python


def start(python: Path, folder: Path, *args: str) -> "subprocess.CompletedProcess[str]":
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    environment["ARCHDSL_CACHE"] = str(folder / "cache")
    return subprocess.run(
        [python, "-m", "archdsl", *args], cwd=folder, env=environment, text=True, capture_output=True, check=False
    )


def test_case_list_has_every_command() -> None:
    tried = {args[0] for args, _ in CORE.values()}
    assert tried | TRAINING | {"mcp"} == set(every_command.list_commands(click.Context(every_command)))


@pytest.mark.parametrize("name", CORE)
def test_core_commands_work_without_extras(alone: Path, tmp_path: Path, name: str) -> None:
    args, status = CORE[name]
    (tmp_path / "net.arch").write_text(NET, encoding="utf-8")
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}', encoding="utf-8")
    done = start(alone, tmp_path, *args)
    assert done.returncode == status, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    if "json" in args:
        assert json.loads(done.stdout)["totals"]["parameters"] == 11_926
    if args[0] == "diagram":
        drawn = (tmp_path / args[-1]).read_bytes()
        assert drawn.startswith((b"\x89PNG", b"%PDF")) or ElementTree.fromstring(drawn).tag.endswith("svg")


@pytest.mark.parametrize("command", sorted(TRAINING))
def test_other_commands_name_their_missing_extra(alone: Path, tmp_path: Path, command: str) -> None:
    (tmp_path / "r").mkdir()
    (tmp_path / "net.arch").write_text("input 1x8x8; flatten; fc 10\n", encoding="utf-8")
    (tmp_path / "w.safetensors").touch()
    args = {
        "train": ["net.arch", "--data", "digits"],
        "sweep": ["net.arch"],
        "export": ["net.arch"],
        "import": ["m:f"],
        "lsp": [],
        "weights": ["net.arch", "w.safetensors"],
    }
    done = start(alone, tmp_path, command, *args.get(command, ["r", "x.png"] if command == "predict" else ["r"]))
    assert done.returncode == 2
    error, suggestion = done.stderr.splitlines()
    extra = {"sweep": "sweep", "export": "export", "import": "torch", "weights": "torch", "lsp": "lsp"}.get(
        command, "train"
    )
    package = "pygls" if command == "lsp" else "torch"
    assert re.fullmatch(rf"error: `.+` needs the extra `{extra}`: .*{package}.* (is|are) not installed", error)
    assert re.fullmatch(rf"  = help: .* install .*archdsl\[{extra}].*", suggestion)


def test_mcp_names_its_missing_extra(alone: Path, tmp_path: Path) -> None:
    done = start(alone, tmp_path, "mcp")
    assert done.returncode == 2
    error, suggestion = done.stderr.splitlines()
    assert error == "error: `archdsl mcp` needs the extra `mcp`: mcp is not installed"
    assert re.fullmatch(r"  = help: .* install .*archdsl\[mcp].*", suggestion)


def test_core_installation_is_small(alone: Path) -> None:
    files = [path for path in alone.parent.parent.rglob("*") if path.is_file() and not path.is_symlink()]
    size = sum(path.stat().st_size for path in files if path.suffix != ".pyc")
    print(f"the core, installed: {size / 1e6:.1f} MB")
    assert size < MOST_BYTES
