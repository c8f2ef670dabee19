"""Callbacks of a training: progress, TensorBoard."""
