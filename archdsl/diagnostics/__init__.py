"""Mistakes as facts, and their rendering."""

from .diagnostic import Diagnostic, Edit, Fix, Label, Related, Severity, Sink, Use

__all__ = ["Diagnostic", "Edit", "Fix", "Label", "Related", "Severity", "Sink", "Use"]
