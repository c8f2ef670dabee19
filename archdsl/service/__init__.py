"""Answers for editors about a text that is being edited: functions of a document and a position in it.

Positions are offsets in characters. Nothing here knows a protocol; `archdsl/lsp/` speaks one.
"""

from .document import Document

__all__ = ["Document"]
