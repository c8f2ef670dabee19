"""The views of a network."""

from enum import StrEnum


class View(StrEnum):
    """How much of a network a diagram shows."""

    LAYERS = "layers"
    """Every layer."""
    BLOCKS = "blocks"
    """Each block is one box, unless it is expanded."""
    STAGES = "stages"
    """Each stage is one box."""
    VOLUMES = "volumes"
    """Each tensor is a box whose dimensions follow its shape; otherwise like BLOCKS."""
    UNET = "unet"
    """Like STAGES, with equal resolutions at the same height: the encoder runs down on the left, the decoder up on the
    right.
    """
