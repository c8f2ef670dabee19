"""A graph as PyTorch source."""

from .source.calls import class_name, expression
from .source.writer import to_source

__all__ = ["class_name", "expression", "to_source"]
