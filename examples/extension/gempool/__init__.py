"""Generalized mean pooling for archdsl. Importing this package imports neither torch nor archdsl."""
