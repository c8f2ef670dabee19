"""Expressions: their scopes and values."""
