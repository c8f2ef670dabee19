"""Source texts: reading and writing files, positions, names."""
