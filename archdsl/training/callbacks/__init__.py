"""Callbacks of a training run: progress, TensorBoard."""
