"""How other tools report errors that `archdsl check` reports: the same errors, written for each of them.

    python benchmarks/suggestions_peers.py [--python PYTHON] [--show] [--publish]

`suggestions_peers/CASE/` has one file for each tool that can express the error. A comment `# right: …` on the line with
the error says what should be there; if a tool also rejects the text without the error, its report does not count.
PYTHON is that of an environment with the other tools; without it, their published results are kept:

    pip install torch keras pyrefly pyrefly-torch-stubs hndl

- reported: the tool reports an error; when: statically, at construction, or in the first forward pass
- line: the output points at the line with the error, perhaps among others
- numbers: the message has at least two of the sizes; not for misspelled names
- edit: the output has a replacement that can be applied as it is; works: one of the first two replacements leaves no
  error; restores: one of them restores the network without the error

`--publish` keeps the results in published/suggestions-peers.json and the table in docs/comparison.md.
"""

import argparse
import json
import re
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from _harness import RESULTS, machine
from _peers import Outcome, archdsl, cases, peers, versions
from _peers_table import table

from archdsl.version import __version__

HERE = Path(__file__).resolve().parent
PUBLISHED = HERE / "published" / "suggestions-peers.json"
PAGE = HERE.parent / "docs" / "comparison.md"
LEFT_OUT = {
    "heads_do_not_divide": {"keras": "the width of a head is a separate argument, so any number of heads is valid"},
    "dilation_without_padding": {"keras": "padding is not given in numbers, and `same` includes the dilation"},
    "channels_read_inside_the_branch": {"hndl": "a definition cannot read the size of a tensor"},
    "incomplete_condition": {"hndl": "a definition has no conditions"},
    "parameter_by_another_name": {"hndl": "a definition has no blocks with parameters"},
}
"""Why a tool has no file for a case."""


def row(outcome: Outcome) -> dict[str, Any]:
    """An outcome as it is published."""
    if outcome.message is None:
        return {"reported": False}
    message = outcome.message.partition("\n\nArguments received")[0]
    return {"reported": outcome.reported, **asdict(outcome), "message": message}


def totals(found: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """How many cases a tool has, and in how many of the reported ones each measure holds."""
    done = [outcome for outcome in found.values() if outcome["reported"]]
    result = {"cases": len(found), "reported": len(done)}
    for when in ("static", "construction", "forward"):
        result[when] = sum(outcome["when"] == when for outcome in done)
    result["with_sizes"] = sum(outcome["numbers"] is not None for outcome in done)
    for name in ("line", "numbers", "edit", "works", "restores"):
        result[name] = sum(bool(outcome[name]) for outcome in done)
    return result


def measured(python: Path | None) -> dict[str, Any]:
    """The result: for archdsl now, for the other tools now or as published."""
    ours = {name: row(outcome) for name, outcome in archdsl().items()}
    if python is None:
        before = json.loads(PUBLISHED.read_text(encoding="utf-8"))
        used = {**before["versions"], "archdsl": __version__}
        theirs = {tool: found for tool, found in before["tools"].items() if tool != "archdsl"}
    else:
        used = {"archdsl": __version__, **versions(python)}
        theirs = {
            tool: {name: row(outcome) for name, outcome in found.items()} for tool, found in peers(python).items()
        }
    tools = {"archdsl": ours, **theirs}
    return {
        "benchmark": "suggestions-peers",
        "machine": machine(),
        "versions": used,
        "cases": [case.name for case in cases("archdsl")],
        "left_out": LEFT_OUT,
        "totals": {tool: totals(found) for tool, found in tools.items()},
        "tools": tools,
    }


def publish(result: Mapping[str, Any]) -> None:
    """Keep a result, and its table on the page."""
    PUBLISHED.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(re.sub(r"^\| error \|.*?(?=\n\n)", lambda _: table(result), page, flags=re.M | re.S), "utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", type=Path, help="the Python of an environment with the other tools")
    parser.add_argument("--show", action="store_true", help="print each message")
    parser.add_argument("--publish", action="store_true", help="save the result, and the table of the page")
    given = parser.parse_args()
    result = measured(given.python and given.python.absolute())
    if given.show:
        for tool, found in result["tools"].items():
            for case, outcome in found.items():
                print(f"--- {case}, {tool}: {outcome.get('message')}")
    print(table(result))
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / PUBLISHED.name).write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    if given.publish:
        publish(result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
