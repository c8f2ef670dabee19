"""A graph as Keras 3 source, and the weights of the torch module for the Keras model."""

from .keras_values import Unsupported
from .keras_writer import to_keras

__all__ = ["Unsupported", "to_keras"]
