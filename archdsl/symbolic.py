"""Exact arithmetic with unknown sizes: polynomials over symbols and floors of them.

A `Sym` is an integer that knows where it came from. It has a value for one example (its *witness*), so that all code
written for integers runs on it, and a closed form for all values. Comparing it decides by the witness and records the
condition that was decided; the conditions of a run that succeeded are what every other size must meet to succeed in the
same way.

The closed forms are quasi-polynomials: with floor((H + 1)/2) and its like, everything that convolutions, poolings and
upsamplings make of a side. No floating point, no sampling.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from math import gcd, lcm
from typing import Any, Union

from .record import Record

Monomial = tuple["Atom", ...]


class Var(Record):
    """A symbol: a size that is not known."""

    name: str

    def __str__(self) -> str:
        return self.name


class Floor(Record):
    """floor(form / divisor), in the shape that cannot be made shorter."""

    form: "Form"
    divisor: int

    def __str__(self) -> str:
        inner = str(self.form)
        return f"⌊{inner}/{self.divisor}⌋" if len(self.form.terms) == 1 else f"⌊({inner})/{self.divisor}⌋"


Atom = Union[Var, Floor]  # noqa: UP007  # the classes refer to each other


class Form:
    """A polynomial with integer coefficients over symbols and floors. Equal forms are equal for all values."""

    __slots__ = ("_hash", "terms")

    def __init__(self, terms: Mapping[Monomial, int]) -> None:
        self.terms = {monomial: count for monomial, count in terms.items() if count}
        self._hash = hash(frozenset(self.terms.items()))

    @staticmethod
    def of(value: "int | Form") -> "Form":
        """A number as a form."""
        return value if isinstance(value, Form) else Form({(): value})

    @property
    def constant(self) -> int:
        """The term without symbols."""
        return self.terms.get((), 0)

    @property
    def is_constant(self) -> bool:
        """Whether no symbol is in it."""
        return not self.terms or set(self.terms) == {()}

    def __add__(self, other: "int | Form") -> "Form":
        terms = dict(self.terms)
        for monomial, count in Form.of(other).terms.items():
            terms[monomial] = terms.get(monomial, 0) + count
        return Form(terms)

    def __neg__(self) -> "Form":
        return Form({monomial: -count for monomial, count in self.terms.items()})

    def __sub__(self, other: "int | Form") -> "Form":
        return self + -Form.of(other)

    def __rsub__(self, other: int) -> "Form":
        return -self + other

    def __mul__(self, other: "int | Form") -> "Form":
        terms: dict[Monomial, int] = {}
        for a, x in self.terms.items():
            for b, y in Form.of(other).terms.items():
                monomial = tuple(sorted((*a, *b), key=str))
                terms[monomial] = terms.get(monomial, 0) + x * y
        return Form(terms)

    def __floordiv__(self, divisor: int) -> "Form":
        """floor(self / divisor) for a positive divisor."""
        whole = {m: count // divisor for m, count in self.terms.items() if count % divisor == 0 and m}
        rest = {m: count for m, count in self.terms.items() if count % divisor and m}
        if not rest:
            return Form({**whole, (): self.constant // divisor})
        # floor((g·A + c)/(g·e)) = floor((A + floor(c/g))/e)
        common = gcd(divisor, *rest.values())
        divisor //= common
        rest = {m: count // common for m, count in rest.items()}
        constant = self.constant // common
        only = next(iter(rest))
        if len(rest) == 1 and rest[only] == 1 and len(only) == 1 and isinstance(only[0], Floor):
            # floor((floor(N/b) + c)/d) = floor((N + b·c)/(b·d))
            inner = only[0]
            return Form(whole) + (inner.form + constant * inner.divisor) // (inner.divisor * divisor)
        inside = Form({**rest, (): constant % divisor})
        if all(count < 0 for count in rest.values()):
            # floor(−A/d) = −ceil(A/d) = −floor((A + d − 1)/d)
            return Form(whole) + constant // divisor - (divisor - 1 - inside) // divisor
        atom = Floor(form=inside, divisor=divisor)
        return Form({**whole, (atom,): 1}) + constant // divisor

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Form) and self.terms == other.terms

    def __hash__(self) -> int:
        return self._hash

    def value(self, sizes: Mapping[str, int]) -> int:
        """The number that it is for these sizes. Raises KeyError for a symbol without one."""
        total = 0
        for monomial, count in self.terms.items():
            for atom in monomial:
                count *= sizes[atom.name] if isinstance(atom, Var) else atom.form.value(sizes) // atom.divisor
            total += count
        return total

    def symbols(self) -> frozenset[str]:
        """The symbols in it."""
        found: set[str] = set()
        for atom in self._atoms():
            found |= {atom.name} if isinstance(atom, Var) else atom.form.symbols()
        return frozenset(found)

    def period(self) -> int:
        """After how many steps of any symbol the floors repeat, up to a linear part."""
        floors = [atom for atom in self._atoms() if isinstance(atom, Floor)]
        return lcm(*(floor.divisor * floor.form.period() for floor in floors)) if floors else 1

    def _atoms(self) -> Iterator[Atom]:
        return (atom for monomial in self.terms for atom in monomial)

    def put(self, values: Mapping[str, "Form"]) -> "Form":
        """The form with other forms in place of some symbols."""
        total = Form({})
        for monomial, count in self.terms.items():
            product = Form.of(count)
            for atom in monomial:
                if isinstance(atom, Var):
                    product = product * values.get(atom.name, Form({(atom,): 1}))
                else:
                    product = product * (atom.form.put(values) // atom.divisor)
            total = total + product
        return total

    def factors(self) -> "list[Form] | None":
        """A number and one factor a symbol, if it is such a product: 48·⌊H/2⌋·(W − 4)."""
        symbols = sorted(self.symbols())
        if len(symbols) < 2 or any(_symbol_of(atom) is None for atom in self._atoms()):
            return None
        first = {m: tuple(a for a in m if _symbol_of(a) == symbols[0]) for m in self.terms}
        rows: dict[Monomial, Form] = {}
        for monomial, count in self.terms.items():
            rest = tuple(a for a in monomial if a not in first[monomial])
            rows[first[monomial]] = rows.get(first[monomial], Form({})) + Form({rest: count})
        shapes = {key: _primitive(row) for key, row in rows.items()}
        base = next(iter(shapes.values()))[1]
        if any(row != base for _, row in shapes.values()):
            return None
        content, left = _primitive(Form({key: count for key, (count, _) in shapes.items()}))
        inner = base.factors()
        return [Form.of(content), left, *(inner[1:] if inner else [base])]

    def __str__(self) -> str:
        if (factors := self.factors()) is not None:
            number, *rest = factors
            return "·".join(([] if number == Form.of(1) else [str(number)]) + [grouped(each) for each in rest])
        terms = dict(self.terms)
        parts: list[str] = []
        floors = [m for m, count in terms.items() if count == 1 and len(m) == 1 and isinstance(m[0], Floor)]
        constant = terms.pop((), 0)
        if len(floors) == 1 and len(terms) == 1 and constant:
            # ⌊(H − 1)/2⌋ + 1 is ⌊(H + 1)/2⌋
            floor = floors[0][0]
            assert isinstance(floor, Floor)
            return _floor_text(floor.form + constant * floor.divisor, floor.divisor)
        for monomial in sorted(terms, key=lambda m: [str(atom) for atom in m]):
            parts.append(_term(terms[monomial], "·".join(map(str, monomial)), first=not parts))
        if constant or not parts:
            parts.append(_term(constant, "", first=not parts))
        return "".join(parts)

    def __repr__(self) -> str:
        return f"Form({self})"


def _symbol_of(atom: Atom) -> str | None:
    """The one symbol in an atom; None where there are several."""
    symbols = {atom.name} if isinstance(atom, Var) else atom.form.symbols()
    return next(iter(symbols)) if len(symbols) == 1 else None


def _primitive(form: Form) -> tuple[int, Form]:
    """The greatest number that divides a form, and the rest; the first term of the rest is positive."""
    content = gcd(*form.terms.values())
    first = min(form.terms, key=lambda m: (not m, [str(atom) for atom in m]))
    content = -content if form.terms[first] < 0 else content
    return content, Form({m: count // content for m, count in form.terms.items()})


def grouped(form: Form) -> str:
    """The text of a form as a factor: in parentheses where it is a sum."""
    text = str(form)
    return f"({text})" if " + " in _outside(text) or " − " in _outside(text) else text


def _outside(text: str) -> str:
    """What stands outside of floors."""
    depth, found = 0, []
    for char in text:
        depth += (char == "⌊") - (char == "⌋")
        found.append(char if depth == 0 else "")
    return "".join(found)


def _floor_text(form: Form, divisor: int) -> str:
    inner = str(form)
    return f"⌊{inner}/{divisor}⌋" if len(form.terms) == 1 else f"⌊({inner})/{divisor}⌋"


def _term(count: int, atoms: str, *, first: bool) -> str:
    sign = ("−" if count < 0 else "") if first else (" − " if count < 0 else " + ")
    size = abs(count)
    return sign + (str(size) if not atoms else atoms if size == 1 else f"{size}·{atoms}")


class Condition(Record):
    """`form` RELATION 0, for one of `>=`, `==`, `!=`."""

    form: Form
    relation: str

    def holds(self, sizes: Mapping[str, int]) -> bool:
        """Whether it holds for these sizes."""
        value = self.form.value(sizes)
        return value >= 0 if self.relation == ">=" else (value == 0) is (self.relation == "==")


_RECORD: ContextVar[list[Condition] | None] = ContextVar("conditions", default=None)


@contextmanager
def recording() -> Iterator[list[Condition]]:
    """Collect the conditions that are decided inside."""
    found: list[Condition] = []
    token = _RECORD.set(found)
    try:
        yield found
    finally:
        _RECORD.reset(token)


def _decide(form: Form, relation: str, truth: bool) -> bool:
    """Note that `form relation 0` was decided to be so, and return it."""
    found = _RECORD.get()
    if found is not None and not form.is_constant:
        if relation == "==":
            condition = Condition(form=form, relation="==" if truth else "!=")
        else:
            # form >= 0, or else −form − 1 >= 0
            condition = Condition(form=form if truth else -form - 1, relation=">=")
        if condition not in found:
            found.append(condition)
    return truth


class Sym(int):
    """An integer with a closed form. `int(sym)` is its witness."""

    form: Form

    def __new__(cls, value: int, form: Form) -> "Sym":
        self = super().__new__(cls, value)
        self.form = form
        return self

    @staticmethod
    def symbol(name: str, witness: int) -> "Sym":
        """A size that is not known, and an example of it."""
        return Sym(witness, Form({(Var(name=name),): 1}))

    def __add__(self, other: int) -> int:
        return _make(int(self) + int(other), self.form + form_of(other))

    __radd__ = __add__

    def __neg__(self) -> int:
        return _make(-int(self), -self.form)

    def __sub__(self, other: int) -> int:
        return _make(int(self) - int(other), self.form - form_of(other))

    def __rsub__(self, other: int) -> int:
        return _make(int(other) - int(self), form_of(other) - self.form)

    def __mul__(self, other: int) -> int:
        return _make(int(self) * int(other), self.form * form_of(other))

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
        raise Undecided(f"only +, −, · and // by a number have a closed form of {self}")

    # Without these, Python would work on the witness and forget that it is an example.
    __truediv__ = __rtruediv__ = __rmod__ = __pow__ = __rpow__ = __divmod__ = __rdivmod__ = _undecided
    __lshift__ = __rshift__ = __and__ = __or__ = __xor__ = __abs__ = __round__ = _undecided

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, int):
            return NotImplemented
        form = self.form - form_of(other)
        return not form.terms if form.is_constant else _decide(form, "==", int(self) == int(other))

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __ge__(self, other: int) -> bool:
        return _decide(self.form - form_of(other), ">=", int(self) >= int(other))

    def __gt__(self, other: int) -> bool:
        return _decide(self.form - form_of(other) - 1, ">=", int(self) > int(other))

    def __le__(self, other: int) -> bool:
        return _decide(form_of(other) - self.form, ">=", int(self) <= int(other))

    def __lt__(self, other: int) -> bool:
        return _decide(form_of(other) - self.form - 1, ">=", int(self) < int(other))

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


def _make(value: int, form: Form) -> int:
    """A plain number where the form has no symbol."""
    return form.constant if form.is_constant else Sym(value, form)


def plain(value: int) -> int:
    """The witness, as a plain number: for questions that must not become conditions."""
    return int(value) if isinstance(value, Sym) else value
