"""`archdsl.from_torch`: a torch module as a network of the language."""

from typing import TYPE_CHECKING

from ..extras import require

if TYPE_CHECKING:
    from torch import nn

    from .imported import Imported
    from .torch_module import Example


def from_torch(
    module: "nn.Module", example: "Example", *, name: str | None = None, partial: bool = False
) -> "Imported":
    """Import a torch module: its text, its network and its weights, proved equal to the module.

    `example` is what the module is called with: a tensor, a sequence of tensors, or tensors by the names of arguments;
    each has the samples as its first axis. `name` is that of the network, by default the module's class. The module
    stays as it is.

    Raises ImportFailed if torch.export cannot trace the module, if an operation has no counterpart (unless `partial`:
    then `unknown` stands for it in the text), or if parameters, multiply-accumulates or outputs differ.
    """
    require("from_torch", "torch", uses=("torch",))
    from .torch_module import import_module

    imported = import_module(module, example, name or type(module).__name__)
    imported.check(partial=partial)
    return imported
