"""What the errors of settings that are given twice have in common."""

from ..text.source import Span
from .diagnostic import Diagnostic, Label


class SetTwice(Diagnostic):
    """The same setting in two lines of a block. Its subclasses are final."""

    name: str
    first: Span

    def message(self) -> str:
        return f"`{self.name}` is set twice"

    def others(self) -> tuple[Label, ...]:
        return (Label(span=self.first, text="first set here"),)

    def help(self) -> tuple[str, ...]:
        return ("remove one of the two",)
