"""Runs the examples on the pages of the documentation.

The first word of a fenced block determines how it is run:

- `arch`: a complete program that checks without diagnostics; a file name after it creates the file for the page's
  commands.
- `console`: commands after `$ `, and the exact output of each; times of training runs are ignored, and losses and
  accuracies, which differ between processors, are compared with a tolerance.
- `pycon`: a Python session, as doctest reads it; the next one on the page continues it.
- `python title="FILE"`: creates the file for the page's commands.
- `sh` with `pip install ./examples/NAME`: the package in this folder is installed for the rest of the page.
- `diff`: a change to the project, which is applied to a copy of it; the rest of the page runs with that copy.

Anything else (other `sh`, `text`, none) is only shown. A page's blocks run in order, in a separate folder that contains
a copy of examples/.

`python -m tests.docs.pages` writes the current output of the commands into all pages, or the given ones; review the
difference before committing.
"""

import doctest
import io
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

from archdsl.cli import main
from tests.packages.written_packages import write_metadata

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SHELL = re.compile(r"[|&;<>$`*?~()\\]")
"""What requires a shell."""
TIME = re.compile(r"[\d,.]+(?= images/s| ?m?s of training|s \w)|(?<=running on ).*|  best$|(?<=best epoch, )\d+")
MEASURED = re.compile(r"(?<=loss )[\d.]+|(?<=accuracy )[\d.]+(?=%)")
INSTALLED = "installed"
"""The folder with the packages that a page installs."""
COPY = "project"
"""The copy of the project that differences are applied to."""
ENVIRONMENT = Path(__file__).with_name("environment")
"""What the page's processes import at their start."""
NEAR = {"loss": (0.25, 0.1), "accuracy": (0.0, 8.0)}
"""By how much a loss or an accuracy (in percent) may differ: relative, and absolute."""
_NAMES: dict[Path, dict[str, Any]] = {}
"""The names that the sessions of a page have defined, by the folder that the page runs in."""
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block: its first word, the rest of that line, its text, its line number."""

    kind: str
    title: str
    text: str
    line: int


def prepare(folder: Path) -> None:
    """Create the folder that a page's blocks run in."""
    shutil.copytree(ROOT / "examples", folder / "examples")


def blocks(page: str) -> list[Block]:
    return [
        Block(match[1], match[2].strip(), match[3], page.count("\n", 0, match.start()) + 1)
        for match in FENCE.finditer(page)
    ]


def run_block(block: Block, folder: Path) -> str:
    """Run a block, and return its updated text; raise AssertionError if an update cannot fix it."""
    match block.kind:
        case "arch":
            _check(block, folder)
        case "console":
            return _type_in(block, folder)
        case "pycon":
            _converse(block, folder)
        case "python" if name := re.fullmatch(r'title="([\w.]+)"', block.title):
            (folder / name[1]).write_text(block.text, encoding="utf-8")
        case "diff":
            _change(block, folder)
        case "sh" if found := re.fullmatch(r"pip install \./(examples/\w+)\n", block.text):
            _install(folder, found[1])
    return block.text


def _install(folder: Path, package: str) -> None:
    """What an installation of a package of examples/ leaves in the environment of the page's commands."""
    project = tomllib.loads((folder / package / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    write_metadata(folder / INSTALLED, project["name"], project["entry-points"], project["version"])
    shutil.copytree(folder / package / project["name"], folder / INSTALLED / project["name"])


def _change(block: Block, folder: Path) -> None:
    """Apply a difference to a copy of the project; the linter must then find nothing."""
    tree = folder / COPY
    if not tree.exists():
        for name in ("archdsl", "examples", "grammars", "tests/layers"):
            shutil.copytree(ROOT / name, tree / name)  # with bytecode, so that only what changes is compiled
        shutil.copy(ROOT / "pyproject.toml", tree)
    (folder / "change.diff").write_text(block.text, encoding="utf-8")
    # Without the ceiling, git would find a repository above the folder and apply nothing outside it.
    apply = f"cd {COPY} && GIT_CEILING_DIRECTORIES={folder} git apply ../change.diff"
    changed = " ".join(re.findall(r"^\+\+\+ b/(\S+)", block.text, re.MULTILINE))
    status, output = _shell(f"{apply} && ruff check -q {changed} && ruff format -q --check {changed}", folder)
    assert status == 0, f"line {block.line}:\n{output}"


def near(shown: str, now: str) -> bool:
    """Whether two outputs of commands agree, ignoring times, and approximately for training results."""
    if [MEASURED.sub("", TIME.sub("", line)) for line in shown.splitlines()] != [
        MEASURED.sub("", TIME.sub("", line)) for line in now.splitlines()
    ]:
        return False
    return all(_near(old, new) for old, new in zip(_measures(shown), _measures(now), strict=True))


def _measures(output: str) -> list[tuple[str, float]]:
    return [(output[: found.start()].split()[-1], float(found[0])) for found in MEASURED.finditer(output)]


def _near(old: tuple[str, float], new: tuple[str, float]) -> bool:
    part, beside = NEAR[old[0]]
    return abs(old[1] - new[1]) <= part * old[1] + beside


def _check(block: Block, folder: Path) -> None:
    file = folder / (block.title or f"line{block.line}.arch")
    file.write_text(block.text, encoding="utf-8")
    status, output = _run(f"archdsl check {file.name}", folder)
    assert status == 0, f"line {block.line}:\n{output}"


def _type_in(block: Block, folder: Path) -> str:
    commands = re.findall(r"^\$ (.*)", block.text, re.MULTILINE)
    now = "".join(f"$ {command}\n{_run(command, folder)[1]}" for command in commands)
    return block.text if near(block.text, now) else now


def _converse(block: Block, folder: Path) -> None:
    names = _NAMES.setdefault(folder, {})
    session = doctest.DocTestParser().get_doctest(block.text, names, "session", None, block.line)
    output: list[str] = []
    with chdir(folder):
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
        failed = runner.run(session, out=output.append, clear_globs=False).failed
    names.update(session.globs)
    assert not failed, "".join(output)


def _run(command: str, folder: Path) -> tuple[int, str]:
    """Return the exit status of a command and its output."""
    here = not (folder / COPY).exists()
    if here and command.startswith("archdsl ") and not SHELL.search(re.sub(r"'[^']*'", "", command)):
        return _call(shlex.split(command)[1:], folder)
    return _shell(command, folder)


def _call(words: list[str], folder: Path) -> tuple[int, str]:
    """Call the program's entry point in this process, so that torch is loaded only once per page."""
    output = io.StringIO()
    path = sys.path[:]
    if (folder / INSTALLED).exists():
        sys.path.insert(0, str(folder / INSTALLED))
    with chdir(folder), redirect_stdout(output), redirect_stderr(output):
        try:
            main(words, prog_name="archdsl")
            status = 0
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else int(end.code is not None)
        finally:
            sys.path[:] = path
    return status, output.getvalue()


def _shell(command: str, folder: Path) -> tuple[int, str]:
    """Return the exit status of a command and its output, with this environment's programs first on the path."""
    programs = str(Path(sys.executable).parent)
    own = [str(folder / name) for name in (COPY, INSTALLED) if (folder / name).exists()]
    others = [] if (folder / COPY).exists() else os.environ.get("PYTHONPATH", "").split(os.pathsep)
    python_path = os.pathsep.join([str(ENVIRONMENT), *own, *filter(None, others)])
    path = programs + os.pathsep + os.environ["PATH"]
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=os.environ | {"PATH": path, "PYTHONUTF8": "1", "PYTHONPATH": python_path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, done.stdout


def update(page: Path) -> None:
    """Write the current output of a page's commands into it."""
    text = page.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        for block in blocks(text):
            old = f"```{block.kind}{' ' if block.title else ''}{block.title}\n{block.text}```"
            text = text.replace(old, old.replace(block.text, run_block(block, folder)) if block.text else old)
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    for each in [Path(name).resolve() for name in sys.argv[1:]] or PAGES:
        update(each)
