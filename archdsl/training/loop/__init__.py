"""The training loop: batches, steps, optimizers, schedules, validation."""
