"""A diagram as one HTML file, which zooms, folds and searches without a network connection."""

from .page import write_page

__all__ = ["write_page"]
