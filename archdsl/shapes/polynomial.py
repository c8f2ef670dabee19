"""Closed forms: polynomials with integer coefficients over symbols and floors.

They are quasi-polynomials: with terms such as floor((H + 1)/2), they express every size that convolutions, pooling and
upsampling produce. All arithmetic is exact.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from math import gcd, lcm
from typing import Union

Monomial = tuple["Atom", ...]


class Var:
    """A symbol: a symbolic dimension."""

    __slots__ = ("_hash", "name", "symbols")

    def __init__(self, *, name: str) -> None:
        self.name = name
        self.symbols = frozenset((name,))
        self._hash = hash(name)

    def __reduce__(self) -> "tuple[partial[Var], tuple[()]]":
        return partial(Var, name=self.name), ()  # constructed again: the hash of a string differs between processes

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, Var) and self.name == other.name)

    def __hash__(self) -> int:
        return self._hash

    def __str__(self) -> str:
        return self.name


class Floor:
    """floor(form / divisor), simplified."""

    __slots__ = ("_hash", "_text", "divisor", "form", "symbols")

    def __init__(self, *, form: "Form", divisor: int) -> None:
        self.form = form
        self.divisor = divisor
        self.symbols = form.symbols()
        self._hash = hash((form, divisor))
        self._text: str | None = None

    def __reduce__(self) -> "tuple[partial[Floor], tuple[()]]":
        return partial(Floor, form=self.form, divisor=self.divisor), ()

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Floor) and self.divisor == other.divisor and self.form == other.form

    def __hash__(self) -> int:
        return self._hash

    def __str__(self) -> str:
        if self._text is None:
            self._text = _floor_text(self.form, self.divisor)
        return self._text


Atom = Union[Var, Floor]  # noqa: UP007  # the classes refer to each other


class Form:
    """A polynomial with integer coefficients over symbols and floors. Equal forms are equal for all values."""

    __slots__ = ("_degree", "_hash", "_symbols", "terms")

    def __init__(self, terms: Mapping[Monomial, int]) -> None:
        self.terms = {monomial: count for monomial, count in terms.items() if count}
        self._hash: int | None = None
        self._degree: int | None = None
        self._symbols: frozenset[str] | None = None

    def __reduce__(self) -> "tuple[type[Form], tuple[Mapping[Monomial, int]]]":
        return Form, (self.terms,)

    @staticmethod
    def of(value: "int | Form") -> "Form":
        """A number or a form as a form."""
        return value if isinstance(value, Form) else Form({(): value})

    @property
    def constant(self) -> int:
        """The constant term."""
        return self.terms.get((), 0)

    @property
    def is_constant(self) -> bool:
        """Whether it has no symbol."""
        return not self.terms or (len(self.terms) == 1 and () in self.terms)

    def __add__(self, other: "int | Form") -> "Form":
        terms = dict(self.terms)
        if not isinstance(other, Form):
            terms[()] = terms.get((), 0) + other
            return Form(terms)
        for monomial, count in other.terms.items():
            terms[monomial] = terms.get(monomial, 0) + count
        return Form(terms)

    def __neg__(self) -> "Form":
        return Form({monomial: -count for monomial, count in self.terms.items()})

    def __sub__(self, other: "int | Form") -> "Form":
        return self + -other

    def __rsub__(self, other: int) -> "Form":
        return -self + other

    def __mul__(self, other: "int | Form") -> "Form":
        if not isinstance(other, Form):
            return Form({monomial: count * other for monomial, count in self.terms.items()})
        terms: dict[Monomial, int] = {}
        for a, x in self.terms.items():
            for b, y in other.terms.items():
                monomial = tuple(sorted((*a, *b), key=str)) if a and b else a or b
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
        if self._hash is None:
            self._hash = hash(frozenset(self.terms.items()))
        return self._hash

    def value(self, sizes: Mapping[str, int]) -> int:
        """The value for these sizes. Raises KeyError for a symbol without a size."""
        total = 0
        for monomial, count in self.terms.items():
            for atom in monomial:
                count *= sizes[atom.name] if isinstance(atom, Var) else atom.form.value(sizes) // atom.divisor
            total += count
        return total

    def symbols(self) -> frozenset[str]:
        """The symbols in it."""
        if self._symbols is None:
            self._symbols = frozenset().union(*(atom.symbols for atom in self._atoms()))
        return self._symbols

    def period(self) -> int:
        """The period of the floors in steps of any symbol, up to a linear part."""
        floors = [atom for atom in self._atoms() if isinstance(atom, Floor)]
        return lcm(*(floor.divisor * floor.form.period() for floor in floors)) if floors else 1

    def degree(self) -> int:
        """The highest power, also in floors: between jumps of the floors, the form is a polynomial of this degree."""
        if self._degree is None:
            self._degree = max((sum(map(_degree, monomial)) for monomial in self.terms), default=0)
        return self._degree

    def grows_from(self, sizes: Mapping[str, int]) -> bool:
        """Whether it is non-decreasing from these sizes on, judged by its signs: True is certain, False is not."""
        return all(count > 0 for monomial, count in self.terms.items() if monomial) and all(
            isinstance(atom, Var) or (atom.form.value(sizes) >= 0 and atom.form.grows_from(sizes))
            for atom in self._atoms()
        )

    def _atoms(self) -> Iterator[Atom]:
        return (atom for monomial in self.terms for atom in monomial)

    def substitute(self, values: Mapping[str, "Form"]) -> "Form":
        """The form with other forms substituted for symbols."""
        total = Form({})
        for monomial, count in self.terms.items():
            product = Form.of(count)
            for atom in monomial:
                if isinstance(atom, Var):
                    product = product * values.get(atom.name, Form({(atom,): 1}))
                else:
                    product = product * (atom.form.substitute(values) // atom.divisor)
            total = total + product
        return total

    def factors(self) -> "list[Form] | None":
        """A number and one factor for each symbol, if it is such a product: 48·⌊H/2⌋·(W − 4). None otherwise."""
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


def _degree(atom: Atom) -> int:
    return 1 if isinstance(atom, Var) else atom.form.degree()


def _symbol_of(atom: Atom) -> str | None:
    """The only symbol in an atom; None if there are several."""
    return next(iter(atom.symbols)) if len(atom.symbols) == 1 else None


def _primitive(form: Form) -> tuple[int, Form]:
    """The greatest common divisor of the coefficients, and the quotient, whose first term is positive."""
    content = gcd(*form.terms.values())
    first = min(form.terms, key=lambda m: (not m, [str(atom) for atom in m]))
    content = -content if form.terms[first] < 0 else content
    return content, Form({m: count // content for m, count in form.terms.items()})


def grouped(form: Form) -> str:
    """The text of a form as a factor: in parentheses if it is a sum."""
    text = str(form)
    return f"({text})" if " + " in _outside(text) or " − " in _outside(text) else text


def _outside(text: str) -> str:
    """The characters outside floors and parentheses."""
    depth, found = 0, []
    for char in text:
        depth += (char in "⌊(") - (char in "⌋)")
        found.append(char if depth == 0 else "")
    return "".join(found)


def _floor_text(form: Form, divisor: int) -> str:
    inner = str(form)
    return f"⌊{inner}/{divisor}⌋" if len(form.terms) == 1 else f"⌊({inner})/{divisor}⌋"


def _term(count: int, atoms: str, *, first: bool) -> str:
    sign = ("−" if count < 0 else "") if first else (" − " if count < 0 else " + ")
    size = abs(count)
    return sign + (str(size) if not atoms else atoms if size == 1 else f"{size}·{atoms}")
