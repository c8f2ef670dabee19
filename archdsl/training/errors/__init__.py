"""What can go wrong, by topic."""
