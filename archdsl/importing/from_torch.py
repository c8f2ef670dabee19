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
    """Import a torch module: its text, its network and its weights, verified to be equivalent to the module.

    `example` is an input of the module: a tensor, a sequence of tensors, or tensors by the names of arguments; the
    first axis of each is the batch. `name` is the name of the network, by default that of the module's class. The
    module is not changed.

    Raises ImportFailed if torch.export cannot trace the module, if an operation has no counterpart (unless `partial`:
    then the text has `unknown` in its place), or if parameters, multiply-accumulates or outputs differ.
    """
    require("from_torch", "torch", uses=("torch",))
    from .torch_module import import_module

    imported = import_module(module, example, name or type(module).__name__)
    imported.check(partial=partial)
    return imported
