"""The documented JSON model of diagnostics, a part of `archdsl check --format json`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Model(BaseModel):
    """The base of all parts of the reports: immutable; fields added later do not break a reader."""

    model_config = ConfigDict(frozen=True)


class SourceRange(Model):
    """A range of a text. Lines and columns count from 1, columns in characters; the end is excluded."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int


class LabelReport(Model):
    """Text at a further place of a diagnostic."""

    place: SourceRange
    text: str


class EditReport(Model):
    """A range of the text to be replaced."""

    place: SourceRange
    text: str


class FixReport(Model):
    """A change that `archdsl check --fix` applies; with `--unsafe` if it is not safe."""

    title: str = Field(description="What the change does.")
    why: str = Field(description="What speaks for it; may be empty.")
    safe: bool = Field(description="Whether it cannot change what a valid network means.")
    edits: list[EditReport]


class DiagnosticReport(Model):
    """One error or warning."""

    code: str = Field(description="The stable code, E… or W….")
    severity: Literal["error", "warning"]
    message: str
    place: SourceRange
    label: str = Field(description="The words at the place; may be empty.")
    others: list[LabelReport]
    help: list[str] = Field(description="Explanations, without changes of the text.")
    fix: FixReport | None = Field(description="The first of the suggestions, which `--fix` applies; null without any.")
    suggestions: list[FixReport] = Field(
        description="At most two changes of the text, the best first; each was tried, and removes the error."
    )
    merged: list[LabelReport] = Field(description="Other errors that the first suggestion also removes.")
    uses: list[LabelReport] = Field(description="The uses of blocks that led there, outermost first, with the blocks.")
    again: int = Field(description="In how many further uses of a block the same mistake was met.")
