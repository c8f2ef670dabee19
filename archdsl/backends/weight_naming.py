"""The names that a publisher gives to the layers of a family of networks, as rules from our names to theirs."""

import re
from collections.abc import Callable, Mapping

from ..record import Record

Rule = tuple[str, Callable[[re.Match[str]], str]]
"""A pattern of a layer's whole name, and the layer's name in the file; one that ends in `!` is that of a tensor."""


class Naming(Record):
    """The rules of one family. `unused` matches tensors of the file that the network does without: auxiliary heads.

    `tensors` are the names of a layer's tensors in the file, where they differ from ours.
    """

    rules: tuple[Rule, ...]
    unused: str = r"(?!)"
    tensors: Mapping[str, str] = {}

    def tensor(self, layer: str, name: str) -> str | None:
        """The name in the file of a tensor of a layer; None if the rules do not know the layer."""
        for pattern, rename in self.rules:
            if (found := re.fullmatch(pattern, layer)) is not None:
                theirs = rename(found)
                return theirs.removesuffix("!") if theirs.endswith("!") else f"{theirs}.{self.tensors.get(name, name)}"
        return None

    def ignores(self, tensor: str) -> bool:
        """Whether the network does without this tensor of the file."""
        return re.fullmatch(self.unused, tensor) is not None


def from_zero(number: str) -> int:
    """The number from 0 of a part that is numbered from 1."""
    return int(number) - 1


def fixed(source_name: str) -> Callable[[re.Match[str]], str]:
    """A name that does not depend on ours."""
    return lambda found: source_name


WINDOW_ATTENTION = {
    "position_bias": "relative_position_bias_table",
    "in_proj_weight": "qkv.weight",
    "in_proj_bias": "qkv.bias",
    "out_proj.weight": "proj.weight",
    "out_proj.bias": "proj.bias",
}
"""The tensors of attention in windows, as torchvision and timm name them."""
