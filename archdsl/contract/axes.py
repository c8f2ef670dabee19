"""Arguments that select axes of one sample, by name or by number."""

from typing import Annotated, Any

from .arguments import Int, InvalidValue, Kind, is_integer

LETTERS = "ctdhwl"
"""Channels or features, steps, depth, height, width, length."""


class AxisName(Kind):
    """One axis: one of `letters` or a number; negative numbers count from the end. `many` allows `hw` and `1x2`."""

    worded = True
    many: bool = False
    letters: str = LETTERS

    @property
    def words(self) -> str:
        if self.many:
            return "axes: names like `t` and `hw`, or numbers like `1` and `1x2`"
        return f"an axis: {', '.join(f'`{letter}`' for letter in self.letters)} or a number"

    def takes_word(self, word: str) -> bool:
        """Whether a word names one axis or, if several are allowed, distinct axes."""
        return (
            bool(word)
            and set(word) <= set(self.letters)
            and len(set(word)) == len(word)
            and (self.many or len(word) == 1)
        )

    def accept(self, value: Any) -> int | str | tuple[int, ...]:
        if isinstance(value, str) and self.takes_word(value):
            return value
        if self.many and type(value) is tuple and all(map(is_integer, value)):
            return value
        try:
            return Int().accept(value)
        except InvalidValue:
            raise self.invalid() from None


AnyAxis = Annotated[int | str, AxisName()]
NewAxis = Annotated[int | str, AxisName(letters="tld")]
AnyAxes = Annotated[int | str | tuple[int, ...], AxisName(many=True)]
AXIS_DOC = "axis, numbered from 0 without the batch"
