"""From text to tree: tokens, grammar, recovery."""

from .parser import parse

__all__ = ["parse"]
