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
    of these, such as a run; no code in it is run. `torchvision:resnet50` and `hf:OWNER/NAME` stand for published
    weights, which are downloaded into the cache. Tensors are matched by name, or by the kind, size and order of
    their layers if only one match is possible. A last layer of a different size keeps its values. The result lists the
    matches.

    Raises CannotLoad (`archdsl.backends.weight_files`) for weights that cannot be read or downloaded, or do not fit.
    """
    require("load_weights", "torch", uses=("torch", "safetensors"))
    from ..backends import weight_loading
    from ..backends.published_weights import is_published, resolved_weights

    if is_published(str(path)):
        kind = str(path).partition(":")[0]
        extra, package = ("hf", "huggingface-hub") if kind == "hf" else ("train", "pooch")
        require(f"load_weights of {kind}:NAME", extra, uses=(package,))
    return weight_loading.load_weights(module, resolved_weights(path, lambda line: None))
