"""Independent passes over a graph; their results by node are side tables."""
