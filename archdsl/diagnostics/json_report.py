"""Diagnostics as plain values for JSON; json_models.py documents every field."""

from typing import Any

from ..text.source import Span
from .diagnostic import Finding, Fix

Values = dict[str, Any]


def diagnostic(found: Finding) -> Values:
    """The values of one diagnostic."""
    each = found.diagnostic
    suggestions = [_fix(fix) for fix in found.suggestions]
    return {
        "code": each.code,
        "severity": each.severity.value,
        "message": each.message(),
        "range": source_range(each.span),
        "label": each.label(),
        "others": [{"range": source_range(label.span), "text": label.text} for label in each.others()],
        "help": list(each.help()),
        "fix": next(iter(suggestions), None),
        "suggestions": suggestions,
        "merged": [
            {"range": source_range(each.diagnostic.span), "text": each.diagnostic.message()} for each in found.merged
        ],
        "uses": [{"range": source_range(use.span), "text": use.block} for use in each.uses],
        "other_occurrences": found.other_occurrences,
    }


def _fix(fix: Fix) -> Values:
    edits = [{"range": source_range(edit.span), "text": edit.text} for edit in fix.edits]
    return {"title": fix.title, "why": fix.why, "safe": fix.safe, "edits": edits}


def source_range(span: Span) -> Values:
    """The lines and columns of a span, as counted in json_models.py."""
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {"file": span.source.name, "line": line, "column": column, "end_line": end_line, "end_column": end_column}
