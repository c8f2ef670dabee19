"""Diagnostics as structured data, and their output formats."""

from .diagnostic import BlockUse, Change, Diagnostic, Edit, Fix, Label, Related, Severity, Sink

__all__ = ["BlockUse", "Change", "Diagnostic", "Edit", "Fix", "Label", "Related", "Severity", "Sink"]
