"""Diagnostics as SARIF 2.1.0, the exchange format of static analyzers (OASIS, 2020)."""

import inspect
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..text.docstrings import docstring
from ..text.source import Source, Span
from ..version import __version__
from .diagnostic import Diagnostic, Finding, Fix
from .help_lines import help_lines
from .printable import printable

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render(found: Iterable[Finding]) -> str:
    """One log with one run; each code that was reported is a rule of it."""
    return "".join(write(found))


def write(found: Iterable[Finding]) -> Iterator[str]:
    """The log in parts, each result as soon as it is found. The rules come last, when all of them are known."""
    kinds: dict[type[Diagnostic], int] = {}
    yield f'{{\n"$schema": {json.dumps(_SCHEMA)},\n"version": "2.1.0",\n"runs": [{{\n'
    yield '"columnKind": "unicodeCodePoints",\n"results": ['
    for number, item in enumerate(found):
        kinds.setdefault(type(item.diagnostic), len(kinds))
        yield ("," * (number > 0)) + "\n" + json.dumps(_result(item, kinds), ensure_ascii=False)
    driver = {"name": "archdsl", "version": __version__, "rules": [_rule(kind) for kind in kinds]}
    yield f'],\n"tool": {json.dumps({"driver": driver}, ensure_ascii=False, indent=2)}\n}}]\n}}'


def _rule(kind: type[Diagnostic]) -> dict[str, Any]:
    page = inspect.cleandoc(docstring(kind))
    return {
        "id": kind.code,
        "name": kind.__name__,
        "shortDescription": {"text": kind.title},
        "fullDescription": {"text": page.partition("\n\n")[0].replace("\n", " ")},
        "help": {"text": page},
        "defaultConfiguration": {"level": kind.severity.value},
    }


def _result(item: Finding, kinds: Mapping[type[Diagnostic], int]) -> dict[str, Any]:
    each = item.diagnostic
    words = [each.message(), *([each.label()] if each.label() else []), *help_lines(item)]
    others = [(label.span, label.text) for label in each.others()]
    others += [(use.span, f"in this use of `{use.block}`") for use in reversed(each.uses)]
    result: dict[str, Any] = {
        "ruleId": each.code,
        "ruleIndex": kinds[type(each)],
        "level": each.severity.value,
        "message": {"text": printable(". ".join(words))},
        "locations": [{"physicalLocation": _location(each.span)}],
    }
    if others:
        result["relatedLocations"] = [
            {"id": number, "physicalLocation": _location(span), "message": {"text": printable(text)}}
            for number, (span, text) in enumerate(others)
        ]
    if item.other_occurrences:
        result["occurrenceCount"] = item.other_occurrences + 1
    if item.suggestions:
        result["fixes"] = [_fix(fix) for fix in item.suggestions]
    return result


def _fix(fix: Fix) -> dict[str, Any]:
    changes: dict[Source, list[dict[str, Any]]] = {}
    for edit in fix.edits:
        change = {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}}
        changes.setdefault(edit.span.source, []).append(change)
    made = [{"artifactLocation": _artifact(source), "replacements": those} for source, those in changes.items()]
    return {"description": {"text": printable(fix.title)}, "artifactChanges": made}


def _location(span: Span) -> dict[str, Any]:
    return {"artifactLocation": _artifact(span.source), "region": _region(span)}


def _region(span: Span) -> dict[str, Any]:
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


def _artifact(source: Source) -> dict[str, Any]:
    """The location of a source. A relative path is a relative URI: a reader knows the folder that it is relative to."""
    path = Path(source.name)
    if source.path is not None and path.is_absolute():
        return {"uri": path.as_uri()}
    return {"uri": quote(path.as_posix() if source.path is not None else source.name)}
