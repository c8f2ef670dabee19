"""Training: data, recipe, loop, checkpoints, and the contents of a run folder."""
