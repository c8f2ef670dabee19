"""The documented JSON model of diagnostics, a part of `archdsl check --format json`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Model(BaseModel):
    """The base of all parts of the reports: immutable; fields added later do not break a reader."""

    model_config = ConfigDict(frozen=True)


class SourceRange(Model):
    """A range of a source text. Lines and columns are counted from 1, columns in characters; the end is excluded."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


class LabelReport(Model):
    """A secondary label of a diagnostic."""

    range: SourceRange
    text: str


class EditReport(Model):
    """A range and its replacement."""

    range: SourceRange
    text: str


class FixReport(Model):
    """A change of the text that a diagnostic suggests."""

    title: str = Field(description="What the change does.")
    why: str = Field(description="Why the change is suggested; may be empty.")
    safe: bool = Field(description="True if it cannot change the meaning of a valid network.")
    edits: list[EditReport]


class DiagnosticReport(Model):
    """One error or warning."""

    code: str = Field(description="The stable code, E… or W….")
    severity: Literal["error", "warning"]
    message: str
    range: SourceRange
    label: str = Field(description="The text shown at `range`; may be empty.")
    others: list[LabelReport]
    help: list[str] = Field(description="Advice without an edit.")
    fix: FixReport | None = Field(description="The first of the suggestions; null if there is none.")
    suggestions: list[FixReport] = Field(
        description="At most two changes to the text, the best first; each is verified to remove the error."
    )
    merged: list[LabelReport] = Field(description="Other errors that the first suggestion also removes.")
    uses: list[LabelReport] = Field(description="The uses of blocks that contain the error, outermost first.")
    other_occurrences: int = Field(
        description="How many more times the error occurs, in other uses of a block or in a repetition."
    )
