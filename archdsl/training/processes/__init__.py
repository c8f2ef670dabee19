"""One training process, or several."""
