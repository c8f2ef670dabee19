"""Mistakes as facts, and their rendering."""

from .diagnostic import BlockUse, Diagnostic, Edit, Fix, Label, Related, Severity, Sink

__all__ = ["BlockUse", "Diagnostic", "Edit", "Fix", "Label", "Related", "Severity", "Sink"]
