"""The input sizes for which a network is valid: derived from the conditions of its statements, not found by trial."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from itertools import product

from ..graph import Graph
from ..record import Record
from ..shapes.shape import Shape
from ..shapes.symbolic import Condition, Form, evaluated
from ..text.source import Span
from .size_sets import SizeSet, TooComplex, in_words, solve, square
from .state_dict import StateTensor, state_dict


class SizeRequirement(Record):
    """A condition and the statement that requires it."""

    condition: Condition
    span: Span

    @property
    def statement(self) -> str:
        """The first line of the statement."""
        return self.span.text.strip().splitlines()[0]

    def __str__(self) -> str:
        symbols = self.condition.form.symbols()
        if len(symbols) == 1:
            symbol = next(iter(symbols))
            with suppress(TooComplex):
                return in_words(solve([self.condition], symbol), symbol)
        relation = {">=": "≥", "==": "=", "!=": "≠"}[self.condition.relation]
        left, right = _sides(self.condition.form)
        if left.is_constant and relation == "≥":
            return f"{right} ≤ {left}"
        return f"{left} {relation} {right}"


def _sides(form: Form) -> tuple[Form, Form]:
    """A form split into terms, or a product, and the constant that it is compared with; the first term is positive."""
    right = _completing(form) or -form.constant
    left = form + right
    if str(left).startswith("−"):
        return Form.of(-right), -left
    return left, Form.of(right)


def _completing(form: Form) -> int | None:
    """The constant that makes a·A·B + b·A + c·B + d a product: (A + c/a)·(B + b/a)·a needs b·c/a in place of d."""
    by_size = sorted((m for m in form.terms if m), key=len)
    if len(by_size) != 3 or sorted((*by_size[0], *by_size[1]), key=str) != list(by_size[2]):
        return None
    a, b, c = form.terms[by_size[2]], form.terms[by_size[0]], form.terms[by_size[1]]
    return b * c // a - form.constant if b * c % a == 0 else None


class Verdict(Record):
    """The result for one choice of sizes.

    `failed` is the first condition that does not hold; `larger` and `smaller` are the nearest valid sizes for padding
    and for cropping (None if there are none near).
    """

    sizes: tuple[int, ...]
    outputs: tuple[tuple[int, ...], ...]
    failed: SizeRequirement | None = None
    larger: tuple[int, ...] | None = None
    smaller: tuple[int, ...] | None = None


GraphAt = Callable[[Graph, Mapping[str, int]], Graph | None]
"""Returns the graph with sizes in place of another graph's symbols; None if the program has an error at these sizes."""


def weights_fit(graph: Graph, other: Graph) -> bool:
    """Whether the weights of a graph fit another graph, built for one size."""
    ours, theirs = state_dict(graph), state_dict(other)
    if [name for name, t in ours.items() if t.parameter] != [name for name, t in theirs.items() if t.parameter]:
        return False
    return all(_fits(graph, ours[name], each.shape) for name, each in theirs.items() if each.parameter)


def _fits(graph: Graph, tensor: StateTensor, shape: tuple[int, ...]) -> bool:
    """Whether a weight fits this shape: its own is equal, or longer along an axis that may be longer."""
    longer = graph.nodes[tensor.node].op.variable_length
    pairs = list(enumerate(zip(tensor.shape, shape, strict=False)))
    return len(tensor.shape) == len(shape) and all(
        ours == theirs or (theirs < ours and (tensor.local, axis) in longer) for axis, (ours, theirs) in pairs
    )


def _results(graph: Graph) -> tuple[Shape, ...]:
    return tuple(graph.nodes[node].shape for _, node in graph.outputs)


class Sizes:
    """The valid sizes of a graph with symbols.

    `symbols` are in the order of the input's axes. A condition on one symbol is *separate*; one on several is *joint*.
    The conditions are those of one run of the program, so they are sufficient, not necessary: other sizes may be valid
    in another way, for example where an image of one pixel becomes a gate. For those, `graph_at` elaborates the
    program.
    """

    def __init__(self, graph: Graph, graph_at: GraphAt) -> None:
        self.graph = graph
        self._graph_at = graph_at
        self.symbols: tuple[str, ...] = tuple(graph.symbols)
        self.requirements = [
            SizeRequirement(condition=condition, span=span) for condition, span in _unique(graph.conditions)
        ]

    def __repr__(self) -> str:
        return f"<Sizes: {'; '.join(self.described()) or 'all fixed'}>"

    @cached_property
    def sets(self) -> Mapping[str, SizeSet]:
        """The valid sizes of each symbol separately. Raises TooComplex."""
        return {symbol: solve(self._conditions_on(symbol), symbol) for symbol in self.symbols}

    @cached_property
    def joint(self) -> list[SizeRequirement]:
        """The conditions on several symbols that the separate ones do not imply. Raises TooComplex."""
        joint = [requirement for requirement in self.requirements if len(requirement.condition.form.symbols()) > 1]
        equal = {
            _sides(requirement.condition.form)[0] for requirement in joint if requirement.condition.relation == "=="
        }
        # If a product must be 49, a condition that it is at least 1 is redundant.
        new = [d for d in joint if d.condition.relation == "==" or _sides(d.condition.form)[0] not in equal]
        return [requirement for requirement in new if not self._implied(requirement.condition)]

    @cached_property
    def squares(self) -> SizeSet:
        """The sizes that are valid for all symbols at once."""
        name = self.symbols[0]
        return solve([d.condition.replace(form=square(d.condition.form, name)) for d in self.requirements], name)

    def _implied(self, condition: Condition) -> bool:
        """Whether a bound on several symbols holds for the minimum of each, and grows with them."""
        least = {symbol: found.least for symbol, found in self.sets.items()}
        known = {symbol: size for symbol, size in least.items() if size is not None}
        if condition.relation != ">=" or len(known) < len(least):
            return False
        return condition.form.grows_from(known) and condition.holds(known)

    def _conditions_on(self, symbol: str) -> list[Condition]:
        return [d.condition for d in self.requirements if d.condition.form.symbols() == {symbol}]

    def first_failed(self, sizes: Mapping[str, int]) -> SizeRequirement | None:
        """The first condition, in program order, that these sizes do not satisfy."""
        return next((requirement for requirement in self.requirements if not requirement.condition.holds(sizes)), None)

    def reasons(self, symbol: str) -> list[SizeRequirement]:
        """The conditions that bound one symbol: each excludes a size that no other one excludes first."""
        found, least = self.sets[symbol], self.sets[symbol].least
        if least is None:
            return self._blocking(symbol, range(1, 2))
        tried = [least - 1, *(n for n in range(least + 1, least + 1 + found.period) if n not in found)]
        if found.greatest is not None:
            tried.append(found.greatest + 1)
        return self._blocking(symbol, [n for n in tried if n >= 1])

    def _blocking(self, symbol: str, sizes: Sequence[int]) -> list[SizeRequirement]:
        own = [requirement for requirement in self.requirements if requirement.condition.form.symbols() == {symbol}]
        blocking = [next((d for d in own if not d.condition.holds({symbol: n})), None) for n in sizes]
        return list(dict.fromkeys(requirement for requirement in blocking if requirement is not None))

    # --- one choice of sizes ---

    def graph_at(self, sizes: Mapping[str, int]) -> Graph | None:
        """The graph with sizes in place of its symbols; None if the program has an error at these sizes."""
        return self._graph_at(self.graph, sizes)

    def verdict(self, sizes: tuple[int, ...]) -> Verdict:
        """Whether sizes are valid, with the output sizes, or else the nearest valid sizes."""
        env = dict(zip(self.symbols, sizes, strict=True))
        failed = self.first_failed(env)
        if failed is None:
            return Verdict(sizes=sizes, outputs=self.outputs(env))
        other = self.graph_at(env)
        if other is not None and weights_fit(self.graph, other):
            return Verdict(sizes=sizes, outputs=tuple(evaluated(shape.dims, env) for shape in _results(other)))
        larger, smaller = self._nearest(sizes)
        return Verdict(sizes=sizes, outputs=(), failed=failed, larger=larger, smaller=smaller)

    def _nearest(self, sizes: tuple[int, ...]) -> tuple[tuple[int, ...] | None, tuple[int, ...] | None]:
        """The nearest valid sizes above and below."""
        try:
            near = _near_square if len(set(sizes)) == 1 and len(sizes) > 1 and self.joint else _near
            return near(self, sizes, up=True), near(self, sizes, up=False)
        except TooComplex:
            return None, None

    def outputs(self, env: Mapping[str, int]) -> tuple[tuple[int, ...], ...]:
        """The output shapes for valid sizes."""
        return tuple(evaluated(shape.dims, env) for shape in _results(self.graph))

    def described(self) -> list[str]:
        """The valid sizes in words, one line for each symbol, with the statements that impose the bounds.

        If the period is too long, the lines are the conditions themselves.
        """
        try:
            return self._solved()
        except TooComplex:
            return [f"{requirement}{_sources([requirement])}" for requirement in self.requirements]

    def _solved(self) -> list[str]:
        lines = [f"{in_words(self.sets[symbol], symbol)}{_sources(self.reasons(symbol))}" for symbol in self.symbols]
        if len({line.replace(s, "·") for line, s in zip(lines, self.symbols, strict=True)}) == 1 and len(lines) > 1:
            both = " and ".join(self.symbols)
            lines = [lines[0].replace(self.symbols[0], both, 1)]
        lines += [f"{requirement}{_sources([requirement])}" for requirement in self.joint]
        if self.joint:
            lines.append(f"squares: {in_words(self.squares, '='.join(self.symbols))}")
        return lines


def _unique(conditions: Sequence[tuple[Condition, Span]]) -> list[tuple[Condition, Span]]:
    """Each condition once, with the first statement that requires it."""
    found: dict[Condition, Span] = {}
    for condition, span in conditions:
        found.setdefault(condition, span)
    return list(found.items())


def _sources(requirements: Sequence[SizeRequirement]) -> str:
    """``  — `maxpool 2`, line 13``."""
    places = dict.fromkeys(f"`{requirement.statement}`, line {requirement.span.line}" for requirement in requirements)
    shown = list(places)[:3]
    more = f" and {len(places) - 3} more" if len(places) > 3 else ""
    return f"  — {'; '.join(shown)}{more}" if shown else ""


def _near(sizes: Sizes, wanted: tuple[int, ...], *, up: bool) -> tuple[int, ...] | None:
    """The nearest valid sizes that are all at least (or at most) the wanted ones, with the smallest total change."""
    dimensions = [
        _candidates(sizes.sets[s], n, up, 1 if not sizes.joint else 64)
        for s, n in zip(sizes.symbols, wanted, strict=True)
    ]
    best: tuple[int, ...] | None = None
    for choice in product(*dimensions):
        if sizes.first_failed(dict(zip(sizes.symbols, choice, strict=True))) is None:
            change = sum(abs(a - b) for a, b in zip(choice, wanted, strict=True))
            if best is None or change < sum(abs(a - b) for a, b in zip(best, wanted, strict=True)):
                best = choice
    return best


def _near_square(sizes: Sizes, wanted: tuple[int, ...], *, up: bool) -> tuple[int, ...] | None:
    side = sizes.squares.next(wanted[0]) if up else sizes.squares.previous(wanted[0])
    return None if side is None else (side,) * len(wanted)


def _candidates(found: SizeSet, size: int, up: bool, count: int) -> list[int]:
    candidates: list[int] = []
    following = found.next(size) if up else found.previous(size)
    while following is not None and len(candidates) < count:
        candidates.append(following)
        following = found.next(following + 1) if up else found.previous(following - 1)
    return candidates


def symbolic_sizes(shape: Shape) -> tuple[int | str, ...]:
    """The sizes of an input with a symbol for each spatial dimension: `3xHxW` for 3×224×224, `T` for ids."""
    letters = shape.letters.upper()
    return tuple(size if letter == "C" else letter for size, letter in zip(shape.dims, letters, strict=True))
