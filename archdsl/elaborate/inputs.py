"""The `input` statement: `input [NAME] SIZES [int(V)]`."""

import re
from collections.abc import Mapping
from contextlib import nullcontext
from math import prod

from ..contract.layer import INPUT
from ..diagnostics import Edit, Fix
from ..diagnostics.catalog import structure_errors, syntax_errors
from ..expressions.scope import UNKNOWN, NamedTensor
from ..limits import MAX_COUNT
from ..shapes.shape import Layout, Shape
from ..shapes.symbolic import Sym, concrete
from ..syntax import ast
from ..text.counts import counted
from ..text.names import as_size
from ..text.source import Source, Span
from .evaluation_context import evaluator
from .shared_results import Result
from .state import State

_SYMBOL = re.compile(r"[A-Z]\d*$")


class Override:
    """Sizes from the caller that replace the text's: `--input 3x224x224`, `--input left=3x32x32`, `--input 3xHxW`.

    `examples` are example sizes for symbolic dimensions, by input. If it is None, the text's own sizes are the
    examples; an input that it does not name has none.
    """

    def __init__(
        self,
        sizes: dict[str | None, tuple[int | str, ...]],
        examples: Mapping[str | None, tuple[int, ...]] | None = None,
    ) -> None:
        self.sizes = sizes
        self.examples = examples
        self._used: set[str | None] = set()

    def get(self, name: str | None) -> tuple[int | str, ...] | None:
        """The sizes for the input of this name; unnamed sizes are for the only input."""
        key = name if name in self.sizes else None
        self._used.add(key)
        return self.sizes.get(key)

    @property
    def unused(self) -> tuple[str | None, ...]:
        """The names with given sizes for which there has been no input so far."""
        return tuple(name for name in self.sizes if name not in self._used)

    def example(self, name: str | None, own: tuple[int, ...] | None) -> tuple[int, ...] | None:
        """The example for the input of this name, whose text has these sizes; None if any example will do."""
        return own if self.examples is None else self.examples.get(name, self.examples.get(None))

    def without_examples(self) -> "Override":
        """The same sizes, without examples for symbolic dimensions."""
        found = Override(self.sizes, {})
        found._used = self._used
        return found

    @property
    def is_symbolic(self) -> bool:
        """Whether it has a symbolic dimension."""
        return any(isinstance(size, str) for sizes in self.sizes.values() for size in sizes)


def run_input(state: State, statement: ast.Input, override: Override) -> None:
    """Create an input node and make it the current tensor."""
    errors = len(state.sink)
    name, sizes, vocabulary = _read(state, statement)
    # A size or vocabulary in which an error was reported is unknown.
    unclear = len(state.sink) > errors
    word = name.text if name else None
    if len(state.inputs) and (name is None or state.inputs[0][0] is None):
        span = statement.span if name is None else state.inputs[0][1].span
        word_span = Span(span.source, span.start, span.start + len("input"))
        state.emit(structure_errors.NeedsInputName(span=word_span, uses=state.uses))
    given = override.get(word)
    shape = None
    # A single ID has no sizes.
    dims = _dims(state, sizes) if sizes is not None else None if vocabulary is None else ()
    if given is not None and dims is not None and len(given) != len(dims):
        sizes_of = "x".join(map(str, given))
        count = counted(len(dims), "dimension") if dims else "no dimensions"
        why = f"it has {count}, but {sizes_of} was given"
        error = structure_errors.BadInput(span=statement.span, uses=state.uses, why=why, help_texts=())
        state.emit(error)
        dims = None
    elif given is not None:
        dims = state.sizes(given, override.example(word, dims))
    if dims is not None and (vocabulary is not None or not _has_vocabulary(statement)):
        shape = _shape(state, sizes.span if sizes else statement.span, dims, sizes, vocabulary)
    # A letter may be a parameter of a `net` that could not be read; a statement before the input may need another one.
    letters = given is None and shape is not None and any(isinstance(dim, Sym) for dim in shape.dims)
    late = bool(state.nodes) and not state.inputs
    with state.guessing() if unclear or late or (letters and state.may_lack_parameters) else nullcontext():
        _make(state, name, shape, statement.span)


def _has_vocabulary(statement: ast.Input) -> bool:
    """Whether an input is written as one of IDs, even if the size of their vocabulary is unknown."""
    return any(isinstance(arg.value, ast.Call) and arg.value.function.text == "int" for arg in statement.args)


def run_override(state: State, source: Source, override: Override) -> None:
    """Create the caller's inputs for a text that has none: `-e 'conv 64 k3' --input 3x32x32`."""
    place = Span(source, 0, 0)
    for name in override.sizes:
        dims = override.get(name) or ()
        word = None if name is None else ast.Word(text=name, span=place)
        example = override.example(name, None)
        _make(state, word, _shape(state, place, state.sizes(dims, example), None, None), place)


def _make(state: State, name: ast.Word | None, shape: Shape | None, span: Span) -> None:
    word = name.text if name else None
    path = state.named_child(word or "x")
    state.add(INPUT, (), Result(shape), path, span)
    node = state.nodes[-1]
    state.inputs.append((word, node))
    if name is not None:
        state.define(name, NamedTensor(node=node.id, first=node.id))


def _read(state: State, statement: ast.Input) -> tuple[ast.Word | None, ast.Expr | None, int | None]:
    """The name, sizes and vocabulary as written; reported if they cannot be distinguished."""
    name: ast.Word | None = None
    sizes: ast.Expr | None = None
    vocabulary: int | None = None
    values = [arg.value for arg in statement.args if arg.name is None]
    named = values[0] if values and isinstance(values[0], ast.Variable) else None
    sized = values[1:] if named is not None else values
    if (numbers := _apart(sized)) is not None:
        span = sized[0].span.to(sized[-1].span)
        size = "x".join(map(str, numbers))
        _refuse(state, span, "its sizes are separated by spaces", Edit(span=span, text=size))
        word = ast.Word(text=named.name, span=named.span) if named is not None else None
        return word, ast.Size(dims=numbers, span=span), None
    for index, value in enumerate(values):
        if isinstance(value, ast.Call) and value.function.text == "int":
            vocabulary = _vocabulary(state, value)
        elif isinstance(value, ast.Variable) and index == 0 and not _is_size(state, value, values):
            name = ast.Word(text=value.name, span=value.span)
            if value.name.startswith("__"):
                state.emit(syntax_errors.PythonName(span=value.span, uses=state.uses, name=value.name))
        elif sizes is None:
            sizes = value
        else:
            _refuse(state, value.span, "one value too many")
    for arg in statement.args:
        if arg.name is not None:
            _refuse(state, arg.span, "an input takes no named arguments")
    if sizes is None and vocabulary is None and not any(arg.name for arg in statement.args):
        meant = as_size(name.text) if name else None
        correction = Edit(span=name.span, text=meant) if name is not None and meant is not None else None
        why = "symbolic dimensions are capital letters" if correction else "its shape is missing"
        _refuse(state, statement.span, why, correction)
    return name, sizes, vocabulary


def _refuse(state: State, span: Span, why: str, correction: Edit | None = None) -> None:
    """Report an input that cannot be read; `correction` is its most likely meaning."""
    fix = None if correction is None else Fix(title=f"write `{correction.text}`", edits=(correction,))
    state.emit(structure_errors.BadInput(span=span, uses=state.uses, why=why, correction=fix))


def _apart(values: list[ast.Expr]) -> tuple[int, ...] | None:
    """The sizes of `input 3 32 32`, or None if the arguments are not several integers."""
    numbers = tuple(v.value for v in values if isinstance(v, ast.Number) and isinstance(v.value, int))
    return numbers if 1 < len(numbers) == len(values) else None


def _is_size(state: State, value: ast.Variable, values: list[ast.Expr]) -> bool:
    """Whether a bare word stands for the sizes (a symbol or a parameter) rather than a name."""
    others = [v for v in values[1:] if not isinstance(v, ast.Call)]
    if others:
        return False
    return bool(_SYMBOL.match(value.name)) or state.scope.find(value.name) is not None


def _vocabulary(state: State, call: ast.Call) -> int | None:
    value = evaluator(state).number(call.args[0]) if len(call.args) == 1 else None
    if value is UNKNOWN:
        return None
    if type(value) is not int or value < 1:
        _refuse(state, call.span, "IDs need the size of their vocabulary: `int(V)` is for IDs from 0 to V − 1")
        return None
    return value


def _dims(state: State, sizes: ast.Expr) -> tuple[int, ...] | None:
    """The sizes as written. A capital letter that is not a parameter is a symbolic dimension."""
    if isinstance(sizes, ast.Size):
        names = sizes.dims
        known = {n: found.value for n in names if isinstance(n, str) and (found := state.scope.find(n))}
        found_dims = [
            evaluator(state).dimension(n) if isinstance(n, ast.Expr) else known.get(n, n) if isinstance(n, str) else n
            for n in names
        ]
        value: object = UNKNOWN if UNKNOWN in found_dims else state.sizes(tuple(found_dims))
    elif isinstance(sizes, ast.Variable) and state.scope.find(sizes.name) is None and _SYMBOL.match(sizes.name):
        value = state.sizes((sizes.name,))
    else:
        value = evaluator(state).number(sizes)
    dims = value if isinstance(value, tuple) else (value,)
    if UNKNOWN in dims:
        return None
    if not all(isinstance(dim, int) and not isinstance(dim, bool) and concrete(dim) >= 1 for dim in dims):
        _refuse(state, sizes.span, "every size must be an integer of at least 1")
        return None
    return dims


def _shape(
    state: State, span: Span, dims: tuple[int, ...], sizes: ast.Expr | None, vocabulary: int | None
) -> Shape | None:
    most = 1 if vocabulary is not None else 4
    if len(dims) > most:
        why = (
            "an input of IDs has at most one dimension"
            if vocabulary is not None
            else "an input has one to four dimensions, without the batch"
        )
        _refuse(state, span, why)
        return None
    count = prod(map(concrete, dims))
    if count > MAX_COUNT:
        _refuse(state, span, f"it has {count:,} elements, more than 2^63")
        return None
    if vocabulary is not None:
        return Shape(*dims, layout=Layout.IDS, vocabulary=vocabulary)
    return Shape(*dims, layout=_layout(sizes, len(dims)))


def _layout(sizes: ast.Expr | None, rank: int) -> Layout | None:
    """The letters distinguish a sequence `TxC` from a signal `CxL`; two numbers leave the layout open."""
    if rank != 2 or not isinstance(sizes, ast.Size):
        return None
    first, last = sizes.dims[0], sizes.dims[-1]
    if (isinstance(first, str) and first[0] == "T") or (isinstance(last, str) and last[0] == "C"):
        return Layout.SEQUENCE
    if (isinstance(last, str) and last[0] == "L") or (isinstance(first, str) and first[0] == "C"):
        return Layout.SIGNAL
    return None
