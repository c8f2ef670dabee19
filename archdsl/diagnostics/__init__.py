"""Diagnostics as structured data, and their output formats."""

from .diagnostic import BlockUse, Diagnostic, Edit, Fix, Label, Related, Severity, Sink

__all__ = ["BlockUse", "Diagnostic", "Edit", "Fix", "Label", "Related", "Severity", "Sink"]
