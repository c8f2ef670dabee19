"""Mistakes as facts, and their rendering."""

from .model import Diagnostic, Edit, Fix, Label, Related, Severity, Sink, Use

__all__ = ["Diagnostic", "Edit", "Fix", "Label", "Related", "Severity", "Sink", "Use"]
