"""Independent passes over the finished graph; each returns a side table."""
