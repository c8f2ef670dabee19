"""Statements that are interpreted differently than they are written: `x2` as a repetition, a name as its layer."""

from collections.abc import Sequence
from typing import Any, TypeVar

from ..contract.arguments import ParameterSpec
from ..diagnostics import Edit
from ..diagnostics.catalog import limit_errors, name_errors, syntax_errors
from ..expressions.scope import Callee, NamedTensor
from ..graph.block_call import block_parameters
from ..limits import MAX_DIGITS
from ..syntax import ast
from ..text.source import Span
from .evaluation_context import StateContext
from .shared_results import BlockDef
from .slots import accepts, kind_of_name, slots
from .state import State

S = TypeVar("S", ast.LayerStatement, ast.Merge)


def renamed(state: State, statement: ast.LayerStatement, name: str) -> ast.LayerStatement:
    """The statement with the name of the layer or block that its keyword refers to."""
    key = id(statement), name
    if key not in state.caches.readings:
        word = statement.keyword.replace(text=name)
        state.caches.readings[key] = statement, statement.replace(keyword=word)
    found = state.caches.readings[key][1]
    assert isinstance(found, ast.LayerStatement)
    return found


def as_layer(state: State, statement: ast.LayerStatement) -> ast.LayerStatement:
    """The statement as interpreted: its last argument, such as `x2`, is a name or a repetition.

    If it may be either, that is reported, and it counts as a repetition.
    """
    last = statement.args[-1]
    word = last.value.span.text
    value = _named(state, word)
    parameters = _parameters(state, statement)
    if statement.times > 1 or parameters is None:
        return statement if value is not None else _repeated(state, statement, last.span)
    taken = slots(parameters, statement.args, last)
    slot = None if taken is None else taken[len(statement.args) - 1]
    is_name = value is not None and slot is not None and accepts(slot, value, word)
    # A repetition of 1 is pointless, so `x1` is then the name.
    is_count = _count(word) > 1 and slots(parameters, statement.args[:-1]) is not None
    if is_name and is_count and slot is not None:
        _report(state, statement, value, last.span, Edit(span=last.span, text=f"{slot.name}={word}"))
    if is_name and not is_count:
        return statement
    return _repeated(state, statement, last.span)


def _named(state: State, word: str) -> Any:
    """The tensor, variable or block of this name; None if there is none."""
    binding = state.scope.find(word)
    return StateContext(state).callee(word) if binding is None else binding.value


def as_merge(state: State, statement: ast.Merge) -> ast.Merge:
    """The statement as interpreted: its last operand, such as `x2`, is a tensor or a repetition.

    After a body, it may be either, which is reported. Among names it is a tensor: repeating `add a` is pointless.
    """
    *others, last = statement.operands
    assert isinstance(last, ast.Word)
    binding = state.scope.find(last.text)
    if not others or statement.times > 1 or _count(last.text) < 1:
        return statement
    if binding is not None and isinstance(binding.value, NamedTensor):
        if _count(last.text) > 1 and any(isinstance(operand, ast.Body) for operand in others):
            edit = Edit(span=last.span, text=f"{{ from {last.text} }}")
            _report(state, statement, binding.value, last.span, edit)
        return statement
    return _repeated(state, statement, last.span)


def _parameters(state: State, statement: ast.LayerStatement) -> Sequence[ParameterSpec] | None:
    """The parameters of the layer or block that a statement uses; None for an unknown layer."""
    word = statement.keyword.text
    binding = state.scope.find(word) if word in state.callees else None
    if binding is not None and isinstance(binding.value, Callee):
        definition = binding.value.definition
    else:
        definition = state.blocks.get(word) or state.find_layer(word)
    if isinstance(definition, BlockDef):
        return block_parameters(definition.block)
    return getattr(definition, "parameters", None)


def _repeated(state: State, statement: S, word: Span) -> S:
    """The statement without its last word, which is its repeat count."""
    count = _count(word.text)
    if len(word.text) > MAX_DIGITS + 1:
        state.emit(limit_errors.TooManyDigits(span=word, uses=state.uses, limit=MAX_DIGITS))
        count = 1
    elif count < 1:
        state.emit(syntax_errors.NoRepetition(span=word, uses=state.uses, written=word.text))
    key = id(statement), word.text
    if key not in state.caches.readings:
        rest: dict[str, Any] = {"times": max(1, count), "unsure": False}
        if isinstance(statement, ast.LayerStatement):
            rest["args"] = statement.args[:-1]
        else:
            rest["operands"] = statement.operands[:-1]
        meant = statement.replace(**rest)
        state.caches.readings[key] = statement, meant
    return state.caches.readings[key][1]  # type: ignore[return-value]  # made of the same class


def _count(word: str) -> int:
    return int(word[1:]) if len(word) <= MAX_DIGITS + 1 else 1


def _report(state: State, statement: ast.LayerStatement | ast.Merge, value: Any, word: Span, as_name: Edit) -> None:
    """Report a word that is the name of a tensor or variable and may be a repetition."""
    source, start = word.source, statement.span.start
    before = source.text[start : word.start].rstrip()
    whole = Span(source, start, word.end)
    as_count = Edit(span=whole, text=f"repeat {word.text[1:]} {{ {before} }}")
    meanings = f"the {kind_of_name(value)} `{word.text}`", "a repetition"
    state.emit(
        name_errors.AmbiguousWord(
            span=word, uses=state.uses, name=word.text, meanings=meanings, readings=(as_name, as_count)
        )
    )
