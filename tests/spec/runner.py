"""Programs with the whole of what `archdsl check` prints about them, kept in Markdown.

A case is a heading of the second level with, under it, in this order: any number of files beside the program, the
program, and what is printed, both streams as a terminal shows them. The words after `arch` are options.

    ## A misspelt layer

    ```file blocks.arch
    block unit { relu }
    ```
    ```arch --strict
    use "blocks.arch"
    …
    ```
    ```text exit 1
    …
    ```
"""

import os
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from click.testing import CliRunner

from archdsl.cli import main
from tests import markdown_cases

HERE = Path(__file__).parent


class Case(NamedTuple):
    """One program: its position in the page, its files and options, its expected output and exit status."""

    page: Path
    title: str
    files: dict[str, str]
    options: str
    program: str
    output: str
    status: int

    def __str__(self) -> str:
        return f"{self.page.stem}: {self.title}"


def cases(page: Path) -> Iterator[Case]:
    """The cases of a page, in its order."""
    for section in markdown_cases.sections(page):
        (options, program), (info, output) = (
            next((words, text) for kind, words, text in section.fences if kind == wanted) for wanted in ("arch", "text")
        )
        status = int(info.removeprefix("exit ") or 0)
        yield Case(page, section.title, section.files, options, program, output, status)


def pages() -> list[Path]:
    """All pages."""
    return markdown_cases.pages(HERE)


def run(case: Case, folder: Path) -> tuple[str, int]:
    """The output of `archdsl check` and its exit status, in its own folder."""
    for name, text in {**case.files, "net.arch": case.program}.items():
        (folder / name).write_text(text, encoding="utf-8")
    here = Path.cwd()
    os.chdir(folder)
    try:
        done = CliRunner().invoke(main, ["check", *shlex.split(case.options), "net.arch"])
    finally:
        os.chdir(here)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output.rstrip() + "\n", done.exit_code


def update(page: Path, folder: Path) -> bool:
    """Write the current output into a page; returns whether anything changed."""
    sections = markdown_cases.texts(page)
    for index, case in enumerate(cases(page)):
        output, status = run(case, folder)
        new = f"```text{f' exit {status}' if status else ''}\n{output}```"
        start = sections[index].index("```text")
        old = markdown_cases.FENCE.search(sections[index], start)
        assert old is not None
        sections[index] = sections[index][:start] + new + sections[index][old.end() :]
    return markdown_cases.rewrite(page, sections)
