"""The recipe of a training: its sections, its options, and how they combine."""
