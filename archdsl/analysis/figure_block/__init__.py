"""The `figure { … }` block: its settings, checked against the network that it draws."""

from .read import KINDS, figure_of_program, read_figure
from .written_lines import FORMS

__all__ = ["FORMS", "KINDS", "figure_of_program", "read_figure"]
