"""Diagnostics as SARIF 2.1.0, the exchange format of static analysers (OASIS, 2020)."""

import inspect
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..text.source import Source, Span
from ..version import __version__
from .diagnostic import Diagnostic, Fix, Found
from .printable import printable

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render(found: Iterable[Found]) -> str:
    """One log with one run; each kind of mistake that was found is a rule of it."""
    items = list(found)
    kinds = list({item.diagnostic.code: type(item.diagnostic) for item in items}.values())
    driver = {"name": "archdsl", "version": __version__, "rules": [_rule(kind) for kind in kinds]}
    results = [_result(item, kinds) for item in items]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _rule(kind: type[Diagnostic]) -> dict[str, Any]:
    page = inspect.cleandoc(kind.__doc__ or "")
    return {
        "id": kind.code,
        "name": kind.__name__,
        "shortDescription": {"text": kind.title},
        "fullDescription": {"text": page.partition("\n\n")[0].replace("\n", " ")},
        "help": {"text": page},
        "defaultConfiguration": {"level": kind.severity.value},
    }


def _result(item: Found, kinds: Sequence[type[Diagnostic]]) -> dict[str, Any]:
    each = item.diagnostic
    words = [each.message(), *([each.label()] if each.label() else []), *each.help()]
    others = [(label.span, label.text) for label in each.others()]
    others += [(use.span, f"in this use of `{use.block}`") for use in reversed(each.uses)]
    result: dict[str, Any] = {
        "ruleId": each.code,
        "ruleIndex": kinds.index(type(each)),
        "level": each.severity.value,
        "message": {"text": printable(". ".join(words))},
        "locations": [{"physicalLocation": _location(each.span)}],
    }
    if others:
        result["relatedLocations"] = [
            {"id": number, "physicalLocation": _location(span), "message": {"text": printable(text)}}
            for number, (span, text) in enumerate(others)
        ]
    if item.again:
        result["occurrenceCount"] = item.again + 1
    fix = each.fix()
    if fix is not None:
        result["fixes"] = [_fix(fix)]
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
    """A relative path is a relative URI: whoever reads the log knows the folder that it was made in."""
    path = Path(source.name)
    if source.path is not None and path.is_absolute():
        return {"uri": path.as_uri()}
    return {"uri": quote(path.as_posix() if source.path is not None else source.name)}
