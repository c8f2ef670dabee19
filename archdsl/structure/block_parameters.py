"""The parameters of a block, and how columns of values follow from others."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from ..contract.arguments import REQUIRED, ParameterSpec
from .items import Column, Item, Ref


class BlockParameter:
    """A parameter of a block, with its value in each instance."""

    def __init__(self, name: str, column: Column, is_word: bool = False) -> None:
        self.name = name
        self.is_word = is_word
        counts = Counter(value for value in column if value is not None)
        (common, uses), *_ = counts.most_common(1)
        self.column: Column = tuple(common if value is None else value for value in column)
        often = uses >= max(2, len(column) // 2) and not isinstance(common, Ref)
        self.default: Any = common if often or is_word else REQUIRED

    @property
    def spec(self) -> ParameterSpec:
        """The signature of the parameter, for uses of the block."""
        letter = self.name if len(self.name) == 1 else None
        return ParameterSpec(
            name=self.name, kind=None, default=self.default, letter=letter, positional=not self.is_word
        )


class BlockPlace:
    """Where an item is: the current tensor of each instance there, and to which instance of the block each belongs.

    `group` has the items around it, and `runs` says which instances run them.
    """

    def __init__(
        self, item: Item, current: Column, outer: tuple[int, ...], group: list[Item], runs: tuple[bool, ...]
    ) -> None:
        self.item = item
        self.current = current
        self.outer = outer
        self.group = group
        self.runs = runs


def is_equal(column: Column, values: Column) -> bool:
    """Whether values equal those of a column, where it has one."""
    return all(
        value is None or (value == each and each is not None) for value, each in zip(column, values, strict=True)
    )


def ratio_of(text: str, column: Column, values: Column) -> str | None:
    """`2*c` or `c//2`, where `c` is the text of some values, if that expression equals the column."""
    pairs = [(value, each) for value, each in zip(column, values, strict=True) if value is not None]
    if any(type(each) is not int or each < 1 for _, each in pairs):
        return None
    value, each = pairs[0]
    if value % each == 0 and all(a == value // each * b for a, b in pairs):
        return f"{value // each}*{text}"
    divisor = each // value
    return f"{text}//{divisor}" if divisor > 1 and all(b // divisor == a for a, b in pairs) else None


def agrees(wanted: Sequence[bool | None], values: Sequence[bool]) -> bool:
    """Whether values equal the required ones, where one is required."""
    return all(want is None or want == value for want, value in zip(wanted, values, strict=True))
