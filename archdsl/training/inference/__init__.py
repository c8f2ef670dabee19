"""Using a trained network: prediction, evaluation, feature maps, and export."""
