"""Errors, by topic."""
