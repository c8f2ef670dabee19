"""The numbers in the calls of functions in a `forward`: those that differ between instances become arguments."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from ...contract.call import Apply, Module
from ...graph import Node
from ..units import Unit
from .calls import SourceText

Place = tuple[int, int, int]
"""A number: the node, the index of its step, and the index of the value in the step."""
ANY = SourceText("0")
"""The placeholder for each number in code that is compared."""
ARGUMENT = SourceText("self.any_number")
"""The placeholder for each argument in code whose length is measured."""

_HINTS = {
    "pad": "padding",
    "roll": "shift",
    "getitem": "bound",
    "mul": "scale",
    "truediv": "divisor",
    "clamp": "limit",
}


def numbers_of(unit: Unit) -> dict[Place, tuple[Any, str]]:
    """The numbers in the order of execution, each with a name for what it is."""
    found: dict[Place, tuple[Any, str]] = {}
    for node in unit.items:
        if not isinstance(node, Node):
            continue
        for number, step in enumerate(node.op.steps(unit.graph.shapes_in(node))):
            if isinstance(step, Apply):
                hint = _HINTS.get(step.target.rpartition(".")[2], "size")
                values = list(_numbers(step))
                found |= {(node.id, number, index): (value, hint) for index, value in enumerate(values)}
    return found


def varying(units: Sequence[Unit]) -> list[Place]:
    """The numbers of the first unit that differ in others with the same calls."""
    columns = zip(*(numbers_of(unit).items() for unit in units), strict=True)
    return [column[0][0] for column in columns if len({repr(value) for _, (value, _) in column}) > 1]


def with_numbers(step: Module | Apply, node: int, number: int, texts: Mapping[Place, SourceText]) -> Module | Apply:
    """A call with some of its numbers replaced by source."""
    if isinstance(step, Module) or not texts:
        return step
    count = iter(range(1 << 30))

    def replaced(value: Any) -> Any:
        index = next(count)
        return texts.get((node, number, index), value)

    args = tuple(_mapped(arg, replaced) for arg in step.args)
    kwargs = tuple((name, _mapped(value, replaced)) for name, value in step.kwargs)
    return Apply(target=step.target, args=args, kwargs=kwargs)


def _numbers(step: Apply) -> Iterator[Any]:
    found: list[Any] = []

    def seen(value: Any) -> Any:
        found.append(value)
        return value

    for value in (*step.args, *(value for _, value in step.kwargs)):
        _mapped(value, seen)
    yield from found


def _mapped(value: Any, of: Callable[[Any], Any]) -> Any:
    """A value with its numbers replaced."""
    if isinstance(value, tuple):
        return tuple(_mapped(each, of) for each in value)
    if isinstance(value, slice):
        return slice(*(_mapped(each, of) for each in (value.start, value.stop, value.step)))
    return of(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
