"""The bounds that hold before anything is built, so that no text can take the machine."""

MAX_TEXT = 4_000_000
"""Characters in one file."""
MAX_TOKENS = 250_000
"""Words and signs in one file, ends of statements included: what is read and checked within ten seconds."""
MAX_NESTING = 40
"""Braces and parentheses inside one another."""
MAX_STATEMENT_TOKENS = 400
"""Words and signs in one statement."""
MAX_DIGITS = 18
"""Digits of an integer: what fits 63 bits."""
MAX_NODES = 200_000
"""Layers of a network, after repeats and blocks."""
MAX_TURNS = 2 * MAX_NODES
"""Turns of all repetitions and uses of blocks, those that make no layer counted, too."""
MAX_FILES = 100
"""Files that one program uses."""
MAX_DEPTH = 100
"""Bodies and blocks inside one another while a network is made; each takes some six frames of Python's thousand."""
MAX_COUNT = 2**63 - 1
"""Elements of a tensor, parameters, multiply-accumulates."""
