"""The words of the items of a chain: the values of their arguments, their conditions, their names."""

from collections.abc import Mapping, Sequence
from typing import Any

from .items import Code, Item, Ref, first


class Wording:
    """The words of items. This one writes the values of the first instance.

    `names` are those of tensors by node, `aliases` those that items give to what they make, by the item's identity and
    the number of the result.
    """

    def __init__(self, names: Mapping[int, str], aliases: Mapping[tuple[int, int], str]) -> None:
        self.names = names
        self.aliases = aliases

    def alias(self, item: Item) -> str | None:
        """The name that the item gives to its tensor; several names for several results."""
        if not item.results:
            return self.aliases.get((id(item), 0))
        return ", ".join(self.aliases[id(item), number] for number in range(len(item.makes)))

    def value(self, item: Item, name: str) -> Any:
        """The value of an argument: as it is, or as an expression."""
        value = first(item.args[name])
        return Code(self.names[value.node]) if isinstance(value, Ref) else value

    def operand(self, item: Item, index: int) -> str:
        """The name of the tensor that is an operand."""
        operand = item.operands[index]
        assert isinstance(operand, tuple)
        return self.names[first(operand).node]

    def condition(self, item: Item) -> str | None:
        """The condition under which an item is present; None if it always is."""
        return None

    def before(self, item: Item) -> Sequence[str]:
        """The statements that name values before an item."""
        return ()
