"""What follows a training while it runs: progress, TensorBoard."""
