"""Generators of valid networks as people write them: one function for each family of architectures."""
