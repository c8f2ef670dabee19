"""The network as a graph, and the draft it is checked from."""
