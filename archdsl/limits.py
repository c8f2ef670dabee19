"""Resource limits, checked before anything is built, so that no text can exhaust memory or time."""

MAX_TEXT = 4_000_000
"""Characters in one file."""
MAX_TOKENS = 250_000
"""Tokens of one file, including line ends; a file of this size is checked within ten seconds."""
MAX_NESTING = 40
"""Nesting depth of braces and parentheses."""
MAX_STATEMENT_TOKENS = 400
"""Tokens of one statement, counting only the longest entry of each list."""
MAX_DIGITS = 18
"""Digits of an integer, so that it fits in 63 bits."""
MAX_NODES = 200_000
"""Layers of a network, after repetitions and blocks are expanded."""
MAX_ITERATIONS = 2 * MAX_NODES
"""Iterations of all repetitions and uses of blocks, including those that create no layer."""
MAX_STEPS = 500_000
"""Statements and operations of expressions that elaboration executes; a text at this limit takes a few seconds."""
SYMBOLIC_STEPS = 20
"""How many operations on numbers take as long as one on symbolic dimensions."""
MAX_ENTRIES = 10_000
"""Entries of a list, including nested lists, and entries that one expression computes."""
MAX_FILES = 100
"""Files used by one program."""
MAX_DEPTH = 100
"""Nesting depth of bodies and blocks during elaboration; each level takes about six of Python's thousand stack frames.
"""
MAX_COUNT = 2**63 - 1
"""Elements of a tensor, parameters, multiply-accumulates."""
