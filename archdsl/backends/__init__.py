"""What is generated from a graph: a torch module, PyTorch source, diagrams."""
