"""From text to syntax tree: tokens, grammar, error recovery."""

from .parser import parse

__all__ = ["parse"]
