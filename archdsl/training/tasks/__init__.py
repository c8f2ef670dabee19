"""What can be trained: each task is one class in one file, found by its name."""
