"""The table of references in docs/zoo.md: `python -m tests.zoo.references.page` updates it."""

import re
from pathlib import Path

import archdsl
from archdsl import zoo
from archdsl.analysis.quantities import si
from scripts.brevity import measure

from .table import REFERENCES

PAGE = Path(__file__).parents[3] / "docs" / "zoo.md"
START, END = "<!-- references -->\n", "<!-- /references -->\n"
_REFERENCE = re.compile(r"^# Reference: (.+)$", re.MULTILINE)


def reference(entry: zoo.ZooEntry) -> str:
    """The reference that the header of a text names."""
    found = _REFERENCE.search(entry.source().text)
    return found[1] if found else ""


def table() -> str:
    """A row for each network that has a reference."""
    rows = [
        "| network | task | parameters | MACs | lines of text | reference |",
        "| --- | --- | ---: | ---: | ---: | --- |",
    ]
    for name in REFERENCES:
        entry, network = zoo.find(name), archdsl.load(f"zoo:{name}")
        lines = measure(re.sub(r"#.*", "", entry.source().text)).lines
        cells = (f"`{name}`", entry.task, f"{network.parameters:,}", si(network.macs), str(lines), reference(entry))
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows) + "\n"


def main() -> None:
    """Write the table to the page."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{START}{table()}{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
