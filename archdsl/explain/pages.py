"""The page of a diagnostic: what it means, a wrong and a right example, what `check` says to the wrong one."""

import inspect
from collections.abc import Mapping

from ..diagnostics.diagnostic import Diagnostic
from ..diagnostics.terminal import render
from .examples import NAME, run_example

_LINES = 9
_COLUMNS = 100

FAMILIES: Mapping[str, str] = {
    "E01": "The text cannot be read",
    "E02": "Names",
    "E03": "Arguments and expressions",
    "E04": "A tensor that a layer cannot take",
    "E05": "The parts of a network",
    "E06": "Files",
    "E07": "Bounds",
    "E08": "Training",
    "W09": "Lints: legal, and most likely bad",
}
"""What the codes that begin so are about."""


def meaning(kind: type[Diagnostic]) -> str:
    """The text of the page."""
    return inspect.cleandoc(kind.__doc__ or "")


def example(text: str) -> str:
    """An example as it is shown: a long one is cut in its middle, a long line at its end."""
    lines = [line if len(line) <= _COLUMNS else f"{line[: _COLUMNS - 1]}…" for line in text.splitlines()]
    if len(lines) > _LINES:
        lines[3:-3] = ["…"]
    return "\n".join(lines)


def surroundings(kind: type[Diagnostic]) -> list[str]:
    """What the examples need besides their text, in words."""
    found = [f"`--set {name}={value}` is given." for name, value in kind.settings.items()]
    for name, text in list(kind.files.items())[:3]:
        found.append(f"`{name}` holds `{text.strip()}`.")
    more = len(kind.files) - 3
    return [*found, f"And so on, {more} files more."] if more > 0 else found


def shown(kind: type[Diagnostic]) -> str:
    """What `archdsl check` says to the wrong example."""
    source, found = run_example(kind, kind.wrong)
    return render(found, root=source, columns=_COLUMNS)


def plain(kind: type[Diagnostic]) -> str:
    """The page for a terminal."""
    severity = "warning, with --pedantic only" if kind.pedantic else kind.severity.value
    parts = [f"{kind.code}: {kind.title} ({severity})", meaning(kind), *surroundings(kind)]
    parts += ["Wrong:", _indented(example(kind.wrong)), _indented(shown(kind))]
    parts += ["Right:", _indented(example(kind.right))]
    return "\n\n".join(parts)


def markdown(kinds: Mapping[str, type[Diagnostic]]) -> str:
    """All pages as one of Markdown, by family."""
    parts = [_INTRODUCTION]
    for prefix, title in FAMILIES.items():
        members = [kind for code, kind in kinds.items() if code.startswith(prefix)]
        rows = [f"| [{kind.code}](#{kind.code.lower()}) | {kind.title} |" for kind in members]
        parts.append(f"## {title}\n\n| code | what |\n| --- | --- |\n" + "\n".join(rows))
        parts += [_section(kind) for kind in members]
    return "\n\n".join(parts) + "\n"


def _section(kind: type[Diagnostic]) -> str:
    note = ["Told with `--pedantic` only."] if kind.pedantic else []
    wrong, right = (f"```text\n{example(text)}\n```" for text in (kind.wrong, kind.right))
    said = f"```text\n{shown(kind)}\n```"
    title = f"### {kind.code}\n\n**{kind.title[0].upper()}{kind.title[1:]}.** {meaning(kind)}"
    return "\n\n".join([title, *note, *surroundings(kind), "Wrong:", wrong, said, "Right:", right])


def _indented(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.splitlines())


def listing(kinds: Mapping[str, type[Diagnostic]]) -> str:
    """Code and title of each, by family."""
    lines: list[str] = []
    for prefix, title in FAMILIES.items():
        lines += ["", title]
        lines += [f"  {code}  {kind.title}" for code, kind in kinds.items() if code.startswith(prefix)]
    return "\n".join(lines[1:])


_INTRODUCTION = f"""# Diagnostics

What `archdsl check` can say, by code; `archdsl explain E0402` shows one of these in the terminal. Written by
`python scripts/docs.py` from the catalogue, whose examples all run as tests (each is checked as `{NAME}`).

An **error** (E) keeps a network from being built, and makes the exit status 1. A **warning** (W) does not, unless
`--strict` is given; `# archdsl: ignore[W0903]` at the end of a line silences it there (a comma between several codes).
`--fix` applies safe fixes; `--fix --unsafe` also applies likely ones. `--diff` shows the changes without writing them."""
