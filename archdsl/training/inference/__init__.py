"""A trained network in use: prediction, evaluation, feature maps, export."""
