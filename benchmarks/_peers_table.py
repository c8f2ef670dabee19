"""The table of published/suggestions-peers.json, for docs/comparison.md."""

from collections.abc import Mapping
from typing import Any

TITLES = {"archdsl": "archdsl", "torch": "PyTorch", "keras": "Keras", "pyrefly": "Pyrefly", "hndl": "HNDL"}


def table(result: Mapping[str, Any]) -> str:
    """A row for each error and a column for each tool, in Markdown, and the totals."""
    tools = list(TITLES)
    lines = [_row(["error", *TITLES.values()]), _row(["---"] * (1 + len(tools)))]
    for case in result["cases"]:
        cells = [_cell(result["tools"][tool].get(case)) for tool in tools]
        lines.append(_row([case.replace("_", " "), *cells]))
    for name, of in (
        ("reported", "cases"),
        ("static", "cases"),
        ("line", "cases"),
        ("numbers", "with_sizes"),
        ("edit", "cases"),
        ("restores", "cases"),
    ):
        counts = [f"{total[name]} of {total[of]}" for total in (result["totals"][tool] for tool in tools)]
        lines.append(_row([f"**{NAMES[name]}**", *counts]))
    return "\n".join(lines)


NAMES = {
    "reported": "reported",
    "static": "reported statically",
    "line": "points at the line",
    "numbers": "shows the numbers",
    "edit": "proposes an edit",
    "restores": "the edit restores the network",
}


def _cell(outcome: Mapping[str, Any] | None) -> str:
    """When an error is reported, and what the report contains."""
    if outcome is None:
        return "–"
    if not outcome["reported"]:
        return "no (rejects the correct one, too)" if outcome.get("rejects_right") else "no"
    words = [outcome["when"], *(name for name in ("line", "numbers") if outcome[name])]
    if outcome["edit"]:
        words.append("**edit**" if outcome["restores"] else "another edit" if outcome["works"] else "wrong edit")
    return ", ".join(words)


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cells) + " |"
