"""The run folder: checkpoints, settings, locks, and loading runs."""
