"""A graph as source of Keras 3, and weights of the torch module for the Keras model."""

from .values import Unsupported
from .writer import to_keras

__all__ = ["Unsupported", "to_keras"]
