"""What `benchmarks/suggestions.py` measures on: valid networks, and kinds of errors to introduce into them."""
