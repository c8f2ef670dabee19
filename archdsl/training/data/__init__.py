"""Data sets: where they come from and how they are read. One file a source; `sources` finds them by name."""
