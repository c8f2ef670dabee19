"""A graph as source of Keras 3, and weights of the torch module for the Keras model."""

from .keras_values import Unsupported
from .keras_writer import to_keras

__all__ = ["Unsupported", "to_keras"]
