"""Training: data, recipe, loop, checkpoints, what a run leaves behind."""
