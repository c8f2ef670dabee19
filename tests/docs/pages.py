"""Runs what a page of the documentation shows.

A fenced block's first word says how it is taken:

- `arch`: a whole program that checks without a complaint; a file's name after it puts it there for the page's commands.
- `console`: commands after `$ `, and exactly what each one prints.
- `pycon`: a Python session, as doctest reads it.

Anything else (`sh`, `text`, none) is only shown. A page's blocks run in its order, in a folder of its own that holds a
copy of examples/.

`python -m tests.docs.pages` writes into all pages what their commands print now; read the difference before committing.
"""

import doctest
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block: its first word, the rest of that line, its text, the line it is on."""

    kind: str
    title: str
    text: str
    line: int


def prepare(folder: Path) -> None:
    """Lay out the folder that a page's blocks run in."""
    shutil.copytree(ROOT / "examples", folder / "examples")


def blocks(page: str) -> list[Block]:
    return [
        Block(match[1], match[2].strip(), match[3], page.count("\n", 0, match.start()) + 1)
        for match in FENCE.finditer(page)
    ]


def happens(block: Block, folder: Path) -> str:
    """Run a block, and return what should stand in its place; raise AssertionError where it cannot be mended so."""
    match block.kind:
        case "arch":
            _check(block, folder)
        case "console":
            return _type_in(block, folder)
        case "pycon":
            _converse(block, folder)
    return block.text


def _check(block: Block, folder: Path) -> None:
    file = folder / (block.title or f"line{block.line}.arch")
    file.write_text(block.text, encoding="utf-8")
    status, output = _shell(f"archdsl check {file.name}", folder)
    assert status == 0, f"line {block.line}:\n{output}"


def _type_in(block: Block, folder: Path) -> str:
    commands = re.findall(r"^\$ (.*)", block.text, re.MULTILINE)
    return "".join(f"$ {command}\n{_shell(command, folder)[1]}" for command in commands)


def _converse(block: Block, folder: Path) -> None:
    here = Path.cwd()
    session = doctest.DocTestParser().get_doctest(block.text, {}, "session", None, block.line)
    said: list[str] = []
    os.chdir(folder)
    try:
        failed = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(session, out=said.append).failed
    finally:
        os.chdir(here)
    assert not failed, "".join(said)


def _shell(command: str, folder: Path) -> tuple[int, str]:
    """Return the status of a command and all that it prints, with this environment's programs first on the path."""
    programs = str(Path(sys.executable).parent)
    done = subprocess.run(
        command,
        shell=True,
        cwd=folder,
        env=os.environ | {"PATH": programs + os.pathsep + os.environ["PATH"], "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, done.stdout


def update(page: Path) -> None:
    """Write into a page what its commands print now."""
    text = page.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder)
        for block in blocks(text):
            old = f"```{block.kind}{' ' if block.title else ''}{block.title}\n{block.text}```"
            text = text.replace(old, old.replace(block.text, happens(block, folder)) if block.text else old)
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    for each in PAGES:
        update(each)
