"""The page of a diagnostic: what it means, a wrong and a right example, the output of `check` for the wrong one."""

import inspect
from collections.abc import Mapping

from ..diagnostics.diagnostic import Diagnostic
from ..diagnostics.terminal import render
from ..text.docstrings import docstring
from .examples import NAME, run_example

_LINES = 9
_COLUMNS = 100

FAMILIES: Mapping[str, str] = {
    "E01": "Syntax",
    "E02": "Names",
    "E03": "Arguments and expressions",
    "E04": "Shapes",
    "E05": "Structure",
    "E06": "Files",
    "E07": "Resource limits",
    "E08": "Training",
    "E10": "Figures",
    "W09": "Lints: valid code that is probably wrong",
}
"""The topic of the codes with this prefix."""


def meaning(kind: type[Diagnostic]) -> str:
    """The text of the page."""
    return inspect.cleandoc(docstring(kind))


def example(text: str) -> str:
    """An example as it is shown: long ones are cut in the middle, long lines at the end."""
    lines = [line if len(line) <= _COLUMNS else f"{line[: _COLUMNS - 1]}…" for line in text.splitlines()]
    if len(lines) > _LINES:
        lines[3:-3] = ["…"]
    return "\n".join(lines)


def example_context(kind: type[Diagnostic]) -> list[str]:
    """What the examples need besides their text, as sentences."""
    found = [f"The examples are checked with `--set {name}={value}`." for name, value in kind.settings.items()]
    found += [f"The examples are checked with `--allow {name}`." for name in kind.allow]
    for name, text in list(kind.files.items())[:3]:
        found.append(f"`{name}` contains `{text.strip()}`.")
    more = len(kind.files) - 3
    return [*found, f"And {more} more files like these."] if more > 0 else found


def shown(kind: type[Diagnostic]) -> str:
    """The output of `archdsl check` for the wrong example."""
    source, found = run_example(kind, kind.wrong)
    return render(found, root=source, columns=_COLUMNS)


def plain(kind: type[Diagnostic]) -> str:
    """The page as plain text for a terminal."""
    severity = "warning, only with --pedantic" if kind.pedantic else kind.severity.value
    parts = [f"{kind.code}: {kind.title} ({severity})", meaning(kind), *example_context(kind)]
    parts += ["Wrong:", _indented(example(kind.wrong)), _indented(shown(kind))]
    parts += ["Right:", _indented(example(kind.right))]
    return "\n\n".join(parts)


def markdown(kinds: Mapping[str, type[Diagnostic]]) -> str:
    """All pages as one Markdown page, by family."""
    parts = [_INTRODUCTION]
    for prefix, title in FAMILIES.items():
        members = [kind for code, kind in kinds.items() if code.startswith(prefix)]
        rows = [f"| [{kind.code}](#{kind.code.lower()}) | {kind.title} |" for kind in members]
        parts.append(f"## {title}\n\n| code | meaning |\n| --- | --- |\n" + "\n".join(rows))
        parts += [_section(kind) for kind in members]
    return "\n\n".join(parts) + "\n"


def _section(kind: type[Diagnostic]) -> str:
    wrong, right = (f"```text\n{example(text)}\n```" for text in (kind.wrong, kind.right))
    printed = f"```text\n{shown(kind)}\n```"
    title = f"### {kind.code}\n\n**{kind.title[0].upper()}{kind.title[1:]}.** {meaning(kind)}"
    return "\n\n".join([title, *example_context(kind), "Wrong:", wrong, printed, "Right:", right])


def _indented(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.splitlines())


def listing(kinds: Mapping[str, type[Diagnostic]]) -> str:
    """The code and title of each diagnostic, by family."""
    lines: list[str] = []
    for prefix, title in FAMILIES.items():
        lines += ["", title]
        lines += [f"  {code}  {kind.title}" for code, kind in kinds.items() if code.startswith(prefix)]
    if others := [code for code in kinds if not code.startswith(tuple(FAMILIES))]:
        lines += ["", "Lints of packages", *(f"  {code}  {kinds[code].title}" for code in others)]
    return "\n".join(lines[1:])


_INTRODUCTION = f"""# Diagnostics

This page lists every diagnostic that `archdsl check` reports, by code. `archdsl explain E0402` shows one of them in the
terminal. The examples are checked under the file name `{NAME}`.

An **error** (E) sets the exit status to 1, and a **warning** (W) does so only with `--strict`. To silence a warning on
a line, end the line with `# archdsl: ignore[W0903]`; separate several codes with commas. `--fix` applies safe fixes,
`--fix --unsafe` also applies likely ones, and `--diff` shows the changes without applying them."""
