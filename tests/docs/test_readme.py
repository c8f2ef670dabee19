"""What README.md and the pages of docs/ show is what happens.

A fenced block's first word says how it is taken:

- `arch`: a whole program that checks without a complaint; a file's name after it puts it there for the page's commands.
- `console`: commands after `$ `, and exactly what each one prints.
- `pycon`: a Python session, as doctest reads it.

Anything else (`sh`, `text`, none) is only shown. A page's blocks run in its order, in a folder of its own that holds a
copy of examples/.
"""

import doctest
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
FENCE = re.compile(r"^```(\w+)([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    kind: str
    title: str
    text: str
    line: int

    def run(self, folder: Path) -> None:
        match self.kind:
            case "arch":
                self.check(folder)
            case "console":
                self.type_in(folder)
            case "pycon":
                self.converse(folder)

    def check(self, folder: Path) -> None:
        file = folder / (self.title or f"line{self.line}.arch")
        file.write_text(self.text, encoding="utf-8")
        status, output = shell(f"archdsl check {file.name}", folder)
        assert status == 0, f"line {self.line}:\n{output}"

    def type_in(self, folder: Path) -> None:
        shown = ""
        for command in re.findall(r"^\$ (.*)", self.text, re.MULTILINE):
            shown += f"$ {command}\n{shell(command, folder)[1]}"
        assert shown == self.text, f"line {self.line}"

    def converse(self, folder: Path) -> None:
        here = Path.cwd()
        session = doctest.DocTestParser().get_doctest(self.text, {}, "session", None, self.line)
        said: list[str] = []
        os.chdir(folder)
        try:
            failed = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(session, out=said.append).failed
        finally:
            os.chdir(here)
        assert not failed, "".join(said)


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(match[1], match[2].strip(), match[3], text.count("\n", 0, match.start()) + 1)
        for match in FENCE.finditer(text)
    ]


def shell(command: str, folder: Path) -> tuple[int, str]:
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


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_page_shows_what_happens(page: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    for block in blocks(page):
        block.run(tmp_path)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []
