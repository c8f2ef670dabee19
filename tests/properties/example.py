"""One input of a property: files, a command line, standard input. It can be saved as JSON and run again."""

import json
from pathlib import Path

from archdsl.record import Record

FOUND = Path(__file__).resolve().parent / "found"


class Example(Record):
    """The input that a property is checked on.

    `files` are texts by name; a byte that is not UTF-8 is a lone surrogate, as in Python's `surrogateescape`.
    `arguments` is the command line, or other input of the property. `stdin` is None if nothing is piped.
    """

    holds: str
    files: tuple[tuple[str, str], ...] = ()
    arguments: tuple[str, ...] = ()
    stdin: str | None = None

    def main_text(self) -> str:
        """The text of the first file."""
        return self.files[0][1]


def to_json(example: Example, kind: str) -> str:
    """An example and the kind of failure that it caused, as in a file of `found/`."""
    record = {
        "property": example.holds,
        "arguments": list(example.arguments),
        "files": dict(example.files),
        "stdin": example.stdin,
        "kind": kind,
    }
    return json.dumps(record, indent=2) + "\n"


def from_json(text: str) -> Example:
    """The example in a file of `found/`."""
    record = json.loads(text)
    return Example(
        holds=record["property"],
        arguments=tuple(record["arguments"]),
        files=tuple(record["files"].items()),
        stdin=record["stdin"],
    )


def found() -> dict[str, Example]:
    """All saved findings, which are replayed in every run, by file name."""
    return {path.stem: from_json(path.read_text(encoding="utf-8")) for path in sorted(FOUND.glob("*.json"))}


def encoded(text: str) -> bytes:
    """The bytes of a text in an example."""
    return text.encode("utf-8", "surrogateescape")
