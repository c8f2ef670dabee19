"""The recipe of a training run: its sections, its options, and how they combine."""
