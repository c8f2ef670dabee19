"""Lines of a `train { … }` block, as written."""

from ..record import Record
from ..text.source import Span

Value = int | float | str | bool | tuple[int, ...] | None
"""A number, a word, a boolean, or sizes; None after an error."""


class Setting(Record):
    """One line of the block: `optimizer sgd lr=0.1 nesterov` has the values sgd and nesterov and the named value lr."""

    name: str
    values: tuple[Value, ...]
    named: tuple[tuple[str, Value], ...]
    span: Span
    value_spans: tuple[Span, ...]
    named_spans: tuple[Span, ...]
