"""Answers for editors about a text that is being edited: functions of a document and a position in it.

Positions are offsets in characters. Nothing here depends on a protocol; `archdsl/lsp/` implements one.
"""

from .document import Document

__all__ = ["Document"]
