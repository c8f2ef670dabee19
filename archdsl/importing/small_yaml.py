"""The subset of YAML that tables of layers use: mappings, lists, numbers and words. Tags and aliases are rejected."""

import re
from typing import Any

from .import_problem import ImportFailed

MOST_BYTES = 2**20
MOST_DEPTH = 20
_NUMBER = re.compile(r"[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?")
_WORDS = {"True": True, "true": True, "False": False, "false": False, "None": None, "null": None, "~": None, "": None}


def read_yaml(text: str) -> Any:
    """The value of a text. Raises ImportFailed for anything outside this subset."""
    if len(text) > MOST_BYTES:
        raise ImportFailed(f"the YAML has more than {MOST_BYTES:,} bytes")
    lines = [(number, line) for number, raw in enumerate(text.splitlines(), 1) if (line := _content(raw)).strip()]
    value, rest = _block(lines, 0, 0) if lines else ({}, 0)
    if rest < len(lines):
        raise ImportFailed(f"line {lines[rest][0]} of the YAML has a different indentation from the lines before it")
    return value


def _content(line: str) -> str:
    """A line without its comment."""
    found = re.match(r"""(?:[^#'"]|(?<=\S)#|'[^']*'|"[^"]*")*""", line)
    return found[0].rstrip() if found else ""


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _block(lines: list[tuple[int, str]], at: int, depth: int) -> tuple[Any, int]:
    """The value that starts at a line, and the line after it."""
    number, first = lines[at]
    if depth > MOST_DEPTH or "\t" in first[: _indent(first) + 1]:
        raise ImportFailed(f"line {number} of the YAML is nested too deeply or indented with tabs")
    indent = _indent(first)
    return _list(lines, at, indent, depth) if first.lstrip().startswith("- ") else _mapping(lines, at, indent, depth)


def _list(lines: list[tuple[int, str]], at: int, indent: int, depth: int) -> tuple[list[Any], int]:
    found = []
    while at < len(lines) and _indent(lines[at][1]) == indent and lines[at][1].lstrip().startswith("- "):
        number, line = lines[at]
        found.append(_flow(line.lstrip()[2:].strip(), number))
        at += 1
    return found, at


def _mapping(lines: list[tuple[int, str]], at: int, indent: int, depth: int) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    while at < len(lines) and _indent(lines[at][1]) == indent:
        number, line = lines[at]
        entry = re.fullmatch(r"\s*([\w.-]+)\s*:(?:\s+(.*))?", line)
        if entry is None:
            raise ImportFailed(f"line {number} of the YAML is not `name: value`")
        at += 1
        if entry[2]:
            value = _flow(entry[2], number)
        elif at < len(lines) and _is_inside(lines[at][1], indent):
            value, at = _block(lines, at, depth + 1)
        else:
            value = None
        if entry[1] in found:
            raise ImportFailed(f"line {number} of the YAML gives `{entry[1]}` twice")
        found[entry[1]] = value
    return found, at


def _is_inside(line: str, indent: int) -> bool:
    """Whether a line is part of the value of a name with this indentation."""
    return _indent(line) > indent or (_indent(line) == indent and line.lstrip().startswith("- "))


def _flow(text: str, number: int) -> Any:
    """A value on one line."""
    value, rest = _value(text, number, 0)
    if rest.strip():
        raise ImportFailed(f"line {number} of the YAML continues after its value: {rest.strip()[:40]}")
    return value


def _value(text: str, number: int, depth: int) -> tuple[Any, str]:
    text = text.strip()
    if depth > MOST_DEPTH:
        raise ImportFailed(f"line {number} of the YAML has lists that are nested too deeply")
    if text[:1] in ("!", "&", "*", "{", "|", ">", "@", "`", "%"):
        kind = {"!": "a tag", "&": "an anchor", "*": "an alias"}.get(text[0], f"`{text[0]}`")
        raise ImportFailed(f"line {number} of the YAML has {kind}, which tables of layers do not need: {text[:40]}")
    if text.startswith("["):
        return _items(text[1:], number, depth)
    if text[:1] in ("'", '"'):
        end = text.find(text[0], 1)
        if end < 0:
            raise ImportFailed(f"line {number} of the YAML has an unclosed quote")
        return text[1:end], text[end + 1 :]
    word = re.match(r"[^,\[\]]*", text)
    plain = word[0].strip() if word else ""
    return _plain(plain), text[len(word[0]) if word else 0 :]


def _items(text: str, number: int, depth: int) -> tuple[list[Any], str]:
    found: list[Any] = []
    while True:
        text = text.lstrip()
        if text.startswith("]"):
            return found, text[1:]
        if not text:
            raise ImportFailed(f"line {number} of the YAML has an unclosed list")
        value, text = _value(text, number, depth + 1)
        found.append(value)
        text = text.lstrip()
        if text.startswith(","):
            text = text[1:]
        elif not text.startswith("]"):
            raise ImportFailed(f"line {number} of the YAML has an unclosed list")


def _plain(word: str) -> Any:
    if word in _WORDS:
        return _WORDS[word]
    if _NUMBER.fullmatch(word):
        return int(word) if re.fullmatch(r"[-+]?\d{1,18}", word) else float(word)
    return word
