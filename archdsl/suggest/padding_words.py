"""How a text writes the padding that keeps a spatial size: `same`, or the number."""

from collections import Counter
from collections.abc import Mapping, Sequence

from ..contract.arguments import ParameterSpec, parameter_named
from ..syntax import ast
from .written_arguments import value_text, written_arguments


def writes_same(written: Counter[str]) -> bool:
    """Whether a text with these arguments writes `same`; it does unless it has only numbers, such as `p1`."""
    return bool(written["same"]) or not any(text[0] == "p" and text[1:].isdigit() for text in written)


def in_usual_words(
    statement: ast.LayerStatement,
    parameters: Sequence[ParameterSpec],
    values: Mapping[str, str | None],
    with_same: bool,
) -> Mapping[str, str | None]:
    """New values of arguments, with a padding that keeps the size in the word or the number that the text uses."""
    p = parameter_named(parameters, "padding")
    if values.get("padding") is None or p is None or all(flag != "same" for flag, _ in p.words):
        return values
    given = written_arguments(statement, parameters)
    by_name = {p.name: p for p in parameters}

    def number(name: str) -> int | None:
        written = value_text(given[name], by_name[name]) if name in given and name in by_name else "1"
        text = values.get(name, written) or "1"
        return int(text) if text.isdigit() else None

    kernel, stride, dilation = number("kernel"), number("stride"), number("dilation")
    if kernel is None or dilation is None or stride != 1 or kernel % 2 == 0:
        return values
    half = dilation * (kernel - 1) // 2
    if not half or values["padding"] not in ("same", str(half)):
        return values
    return {**values, "padding": "same" if with_same else str(half)}
