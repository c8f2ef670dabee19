"""Shapes, the arithmetic of windows, and symbolic dimensions."""
