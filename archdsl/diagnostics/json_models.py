"""Diagnostics as JSON: a documented model, a part of `archdsl check --format json`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from ..text.source import Span
from .diagnostic import Found


class Model(BaseModel):
    """What all parts of the report share: frozen, no field that is not declared."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Place(Model):
    """A stretch of a text. Lines and columns count from 1, columns in characters; the end is excluded."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


class LabelReport(Model):
    """Words at a place that takes part in a mistake."""

    place: Place
    text: str


class EditReport(Model):
    """A stretch of the text to be replaced."""

    place: Place
    text: str


class FixReport(Model):
    """A change that `archdsl check --fix` applies; with `--unsafe` where it is not safe."""

    title: str
    safe: bool = Field(description="Whether it cannot change what a valid network means.")
    edits: list[EditReport]


class DiagnosticReport(Model):
    """One mistake."""

    code: str = Field(description="The stable code, E… or W….")
    severity: Literal["error", "warning"]
    message: str
    place: Place
    label: str = Field(description="The words at the place; may be empty.")
    others: list[LabelReport]
    help: list[str] = Field(description="Ways out, the best first.")
    fix: FixReport | None
    uses: list[LabelReport] = Field(description="The uses of blocks that led there, outermost first, with the blocks.")
    again: int = Field(description="In how many further uses of a block the same mistake was met.")


def diagnostic(found: Found) -> DiagnosticReport:
    """The model of one diagnostic."""
    each = found.diagnostic
    return DiagnosticReport(
        code=each.code,
        severity=each.severity.value,
        message=each.message(),
        place=place(each.span),
        label=each.label(),
        others=[LabelReport(place=place(label.span), text=label.text) for label in each.others()],
        help=list(each.help()),
        fix=_fix(found),
        uses=[LabelReport(place=place(use.span), text=use.block) for use in each.uses],
        again=found.again,
    )


def _fix(found: Found) -> FixReport | None:
    fix = found.diagnostic.fix()
    if fix is None:
        return None
    edits = [EditReport(place=place(edit.span), text=edit.text) for edit in fix.edits]
    return FixReport(title=fix.title, safe=fix.safe, edits=edits)


def place(span: Span) -> Place:
    """The lines and columns of a span."""
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return Place(file=span.source.name, line=line, column=column, end_line=end_line, end_column=end_column)
