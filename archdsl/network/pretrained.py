"""`archdsl.load_weights`: loads weights that another program saved into a module."""

from pathlib import Path
from typing import TYPE_CHECKING

from ..extras import require

if TYPE_CHECKING:
    from torch.nn import Module

    from ..backends.weight_loading import LoadedWeights


def load_weights(module: "Module", path: str | Path) -> "LoadedWeights":
    """Copy the weights of a file into a module of `to_torch()`: all that fit, or none.

    The file is a .safetensors file, the index of a sharded one, a .pth file with a `state_dict`, or a folder with one
    of these, such as a run; no code in it is run. Tensors are matched by name, or by the kind, size and order of
    their layers if only one match is possible. A last layer of a different size keeps its values. The result lists the
    matches.

    Raises CannotLoad (`archdsl.backends.weight_files`) for a file that cannot be read, or that does not fit.
    """
    require("load_weights", "torch", uses=("torch", "safetensors"))
    from ..backends import weight_loading

    return weight_loading.load_weights(module, path)
