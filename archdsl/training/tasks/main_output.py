"""The main output of a network."""

import torch
from torch import Tensor


def main_output(output: object) -> Tensor:
    """The first output of a network, in 32 bits; auxiliary outputs follow it in a tuple."""
    main = output[0] if isinstance(output, tuple | list) else output
    assert isinstance(main, torch.Tensor)
    return main.float()
