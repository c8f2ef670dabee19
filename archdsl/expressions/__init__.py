"""Expressions: the names that they see, and their values."""
