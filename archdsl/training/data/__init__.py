"""Data sets: where they are stored and how they are read. One file per source; `registry` finds them by name."""
