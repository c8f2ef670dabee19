"""Which parameter each argument of a statement sets, determined before any is bound."""

from collections.abc import Sequence
from typing import Any

from ..contract.arguments import InvalidValue, ParameterSpec, TensorName, find_parameter, parameter_of_word
from ..expressions.scope import UNKNOWN, Callee, ListValue, NamedTensor
from ..syntax import ast


def slots(
    parameters: Sequence[ParameterSpec], args: Sequence[ast.Argument], name: ast.Argument | None = None
) -> dict[int, ParameterSpec] | None:
    """The parameter of each argument, by index; None if an argument has no place, is given twice, or is missing.

    `name` is an argument that is a name even if it looks like a shorthand.
    """
    found: dict[int, ParameterSpec] = {}
    given: set[str] = set()
    for index, arg in enumerate(args):
        p = None if arg is name else _worded(parameters, arg)
        if p is None and arg.name is None:
            p = next((p for p in parameters if p.positional and (p.many or p.name not in given)), None)
        if p is None or (p.name in given and not (p.many or p.rest)):
            return None
        given.add(p.name)
        found[index] = p
    return found if all(p.name in given for p in parameters if p.required) else None


def _worded(parameters: Sequence[ParameterSpec], arg: ast.Argument) -> ParameterSpec | None:
    """The parameter of an argument that is named, a flag or a shorthand."""
    if arg.name is not None:
        known = find_parameter(parameters, arg.name.text)
        return known or next((p for p in parameters if p.rest), None)
    return parameter_of_word(parameters, arg.value.name) if isinstance(arg.value, ast.Variable) else None


def accepts(p: ParameterSpec, value: Any, word: str = "") -> bool:
    """Whether a parameter accepts a value; `word` is the name that it is written as."""
    if p.kind is None or value is UNKNOWN or p.kind.takes_word(word):
        return True
    if isinstance(value, NamedTensor | ListValue | Callee):
        return isinstance(value, NamedTensor) and isinstance(p.kind, TensorName)
    try:
        p.kind.accept(value)
    except InvalidValue:
        return False
    return True


def kind_of_name(value: Any) -> str:
    """What a name refers to, in one word."""
    return "tensor" if isinstance(value, NamedTensor) else "layer" if isinstance(value, Callee) else "variable"
