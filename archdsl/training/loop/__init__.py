"""The training loop: batches, steps, optimizers, schedules, and validation."""
