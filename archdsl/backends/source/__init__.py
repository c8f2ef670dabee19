"""A graph as PyTorch source without archdsl: classes with arguments, loops, and annotations."""
