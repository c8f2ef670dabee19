"""Exact arithmetic with symbolic dimensions: polynomials over symbols and floors.

A `Sym` is an integer with provenance. It has an example value, so that code written for integers runs on it, and a
closed form for all values. A comparison is decided by the example value and recorded as a condition. The conditions of
a successful run are what any other size must satisfy for the run to succeed in the same way.

The closed forms are in polynomial.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from ..record import Record
from .polynomial import Form, Var, grouped

__all__ = ["Condition", "Form", "Sym", "Undecided", "Var", "concrete", "evaluated", "form_of", "grouped", "recording"]


class Condition(Record):
    """`form` RELATION 0, where the relation is `>=`, `==` or `!=`."""

    form: Form
    relation: str

    def holds(self, sizes: Mapping[str, int]) -> bool:
        """Whether it holds for these sizes."""
        value = self.form.value(sizes)
        return value >= 0 if self.relation == ">=" else (value == 0) is (self.relation == "==")


_RECORD: ContextVar[list[Condition] | None] = ContextVar("conditions", default=None)


@contextmanager
def recording() -> Iterator[list[Condition]]:
    """Collect the conditions that are decided within the context."""
    found: list[Condition] = []
    token = _RECORD.set(found)
    try:
        yield found
    finally:
        _RECORD.reset(token)


def _decide(form: Form, relation: str, holds: bool) -> bool:
    """Record how `form relation 0` was decided, and return it."""
    found = _RECORD.get()
    if found is not None and not form.is_constant:
        if relation == "==":
            condition = Condition(form=form, relation="==" if holds else "!=")
        else:
            # form >= 0, or else −form − 1 >= 0
            condition = Condition(form=form if holds else -form - 1, relation=">=")
        if condition not in found:
            found.append(condition)
    return holds


class Sym(int):
    """An integer with a closed form. `int(sym)` is its example value."""

    form: Form

    def __new__(cls, value: int, form: Form) -> "Sym":
        self = super().__new__(cls, value)
        self.form = form
        return self

    def __reduce__(self) -> tuple[type["Sym"], tuple[int, Form]]:
        return Sym, (int(self), self.form)

    @staticmethod
    def symbol(name: str, example: int) -> "Sym":
        """A symbolic dimension with an example value."""
        return Sym(example, Form({(Var(name=name),): 1}))

    def __add__(self, other: int) -> int:
        return _make(int(self) + int(other), self.form + _operand(other))

    __radd__ = __add__

    def __neg__(self) -> int:
        return _make(-int(self), -self.form)

    def __sub__(self, other: int) -> int:
        return _make(int(self) - int(other), self.form - _operand(other))

    def __rsub__(self, other: int) -> int:
        return _make(int(other) - int(self), -self.form + _operand(other))

    def __mul__(self, other: int) -> int:
        return _make(int(self) * int(other), self.form * _operand(other))

    __rmul__ = __mul__

    def __floordiv__(self, other: int) -> int:
        if isinstance(other, Sym) or other <= 0:
            raise Undecided(f"{self} is divided by {other}")
        return _make(int(self) // other, self.form // other)

    def __mod__(self, other: int) -> int:
        return self - self // other * other

    def __rfloordiv__(self, other: int) -> int:
        raise Undecided(f"{other} is divided by {self}")

    def _undecided(self, *_: object) -> Any:
        raise Undecided(f"this operation is not supported on {self} without a value")

    # Without these, Python would compute with the example value as if it were the only one.
    __truediv__ = __rtruediv__ = __rmod__ = __pow__ = __rpow__ = __divmod__ = __rdivmod__ = _undecided
    __lshift__ = __rshift__ = __and__ = __or__ = __xor__ = __abs__ = __round__ = _undecided

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, int):
            return NotImplemented
        form = self.form - _operand(other)
        return not form.terms if form.is_constant else _decide(form, "==", int(self) == int(other))

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __ge__(self, other: int) -> bool:
        return _decide(self.form - _operand(other), ">=", int(self) >= int(other))

    def __gt__(self, other: int) -> bool:
        return _decide(self.form - _operand(other) - 1, ">=", int(self) > int(other))

    def __le__(self, other: int) -> bool:
        return _decide(-self.form + _operand(other), ">=", int(self) <= int(other))

    def __lt__(self, other: int) -> bool:
        return _decide(-self.form + _operand(other) - 1, ">=", int(self) < int(other))

    def __hash__(self) -> int:
        return hash(self.form)

    def __bool__(self) -> bool:
        return self != 0

    def __str__(self) -> str:
        return str(self.form)

    __repr__ = __str__

    def __format__(self, spec: str) -> str:
        return str(self.form)


class Undecided(ValueError):
    """An operation whose result has no closed form."""


def form_of(value: int) -> Form:
    """The closed form of a number or a Sym."""
    return value.form if isinstance(value, Sym) else Form.of(int(value))


def _operand(value: int) -> "int | Form":
    """An operand of a form: a plain number needs no form of its own."""
    return value.form if isinstance(value, Sym) else int(value)


def _make(value: int, form: Form) -> int:
    """A symbolic value with this form, or a plain number if the form has no symbol."""
    return form.constant if form.is_constant else Sym(value, form)


def evaluated(dims: Sequence[int], sizes: Mapping[str, int]) -> tuple[int, ...]:
    """The dimensions for these sizes of the symbols."""
    return tuple(form_of(dim).value(sizes) for dim in dims)


def concrete(value: int) -> int:
    """The example value as a plain number, for comparisons that must not become conditions."""
    return int(value) if isinstance(value, Sym) else value
