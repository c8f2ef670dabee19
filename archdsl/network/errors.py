"""The exception for a program with errors."""

from ..diagnostics.diagnostic import Finding
from ..text.source import Source


class ArchError(ValueError):
    """A program with errors.

    `diagnostics` lists them, each with its code, position and suggestions; `source` is the text. The message shows them
    as `archdsl check` does. The exception can be pickled.
    """

    def __init__(self, found: tuple[Finding, ...], source: Source) -> None:
        self.diagnostics = found
        self.source = source
        from ..diagnostics.terminal import render

        super().__init__("\n" + render(found, root=source))

    def __reduce__(self) -> tuple[type["ArchError"], tuple[tuple[Finding, ...], Source]]:
        # Process pools pickle exceptions, by default with the message as the only argument.
        return type(self), (self.diagnostics, self.source)


class ArchWarning(UserWarning):
    """A warning about a network that is being trained; the text is that of `archdsl check`."""
