"""The names of the classes of a folder in YOLO's format: `classes.txt`, or `names` in `data.yaml`."""

import re
from pathlib import Path

from ...text.counts import counted
from ..errors.data_errors import BadImages
from ..safe_files import read_bytes

_FILES = ("classes.txt", "data.yaml", "data.yml")
_LARGEST = 1 << 20
_MOST = 10_000
_HELP = "write the names of the classes into classes.txt, one per line: class 0 first"
_ENTRY = re.compile(r"(?:-\s+|(?P<number>\d{1,5})\s*:\s+)(?P<name>.+)")


def read_names(folder: Path) -> tuple[str, ...]:
    """The names, in the order of their numbers. Raises BadImages."""
    path = next((folder / name for name in _FILES if (folder / name).is_file()), None)
    if path is None:
        raise BadImages(folder, f"neither {_FILES[0]} nor {_FILES[1]} names the classes", _HELP)
    try:
        lines = read_bytes(path, _LARGEST).decode("utf-8").splitlines()
    except OSError as error:
        raise BadImages(path, error.strerror or str(error), _HELP) from error
    except UnicodeDecodeError as error:
        raise BadImages(path, "not UTF-8 text", _HELP) from error
    names = [line.strip() for line in lines if line.strip()] if path.suffix == ".txt" else _listed(path, lines)
    if not 1 <= len(names) <= _MOST:
        raise BadImages(path, f"{counted(len(names), 'name')}, not 1 to {_MOST:,}", _HELP)
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BadImages(path, f"`{twice[:40]}` is listed twice", "give each class its own name")
    return tuple(names)


def _listed(path: Path, lines: list[str]) -> list[str]:
    """The entries of `names` in YAML: `[cat, dog]`, or one per line, `- cat` or `0: cat`. Raises BadImages."""
    start = next((number for number, line in enumerate(lines) if line.startswith("names:")), None)
    if start is None:
        raise BadImages(path, "there is no `names:`", _HELP)
    inline = _uncommented(lines[start].removeprefix("names:"))
    if inline:
        return _inline(path, inline, start + 1)
    found: list[str] = []
    for number, line in enumerate(lines[start + 1 :], start + 2):
        text = _uncommented(line)
        if not text:
            continue
        if not line[0].isspace() and not text.startswith("-"):
            break
        match = _ENTRY.fullmatch(text)
        if match is None or (match["number"] is not None and int(match["number"]) != len(found)):
            why = f"line {number} is neither `- NAME` nor `{len(found)}: NAME`"
            raise BadImages(path, why, _HELP)
        found.append(_unquoted(match["name"]))
    return found


def _inline(path: Path, text: str, number: int) -> list[str]:
    pairs = {"[": "]", "{": "}"}
    if pairs.get(text[0]) != text[-1] or len(text) < 2:
        raise BadImages(path, f"line {number}: `names` is neither a list nor one name per line", _HELP)
    entries = [entry.strip() for entry in text[1:-1].split(",") if entry.strip()]
    if text[0] == "[":
        return [_unquoted(entry) for entry in entries]
    found = []
    for index, entry in enumerate(entries):
        match = _ENTRY.fullmatch(entry)
        if match is None or match["number"] is None or int(match["number"]) != index:
            raise BadImages(path, f"line {number}: entry {index} of `names` is not `{index}: NAME`", _HELP)
        found.append(_unquoted(match["name"]))
    return found


def _uncommented(text: str) -> str:
    return re.split(r"(?:^|\s)#", text, maxsplit=1)[0].strip()


def _unquoted(text: str) -> str:
    text = text.strip()
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text
