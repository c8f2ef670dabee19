"""What a graph becomes: a torch module, PyTorch source, a picture."""
