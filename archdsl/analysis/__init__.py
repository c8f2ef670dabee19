"""Independent passes over a graph; each returns a side table."""
