"""The channels of a detection network's outputs."""

BOX_CHANNELS = 5
"""Number of channels besides those of the classes: four distances, and center-ness."""
