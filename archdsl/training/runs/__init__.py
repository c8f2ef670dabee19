"""The folder of a run: checkpoints, settings, locks, and loading it again."""
