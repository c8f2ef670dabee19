"""archdsl: a language for neural network architectures.

Importing this package loads nothing heavy: each public name is fetched from its module on first use.
"""

__version__ = "0.1.0"
