"""Every value that the description of an argument lists is accepted for some input, with some other arguments."""

import re
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, settings
from hypothesis.errors import NoSuchExample

from archdsl.contract.arguments import Kind
from archdsl.contract.initializers import Init
from archdsl.contract.layer import Op, Reject
from archdsl.shapes.shape import Shape

from .layer_property import OPS
from .strategies import cases

_LISTED = re.compile(r'`([^`]*)`|"([^"]*)"')


def listed_values(kind: Kind) -> list[Any]:
    """The values in backticks or quotes in the description of a kind of argument, as layers store them.

    Sizes such as `3x5` are examples, which depend on the input.
    """
    values = (_value(word or text) for word, text in _LISTED.findall(kind.words))
    return [kind.accept(value) for value in values if not isinstance(value, tuple)]


def _value(word: str) -> Any:
    if call := re.fullmatch(r"(\w+)\(([\d.]+)\)", word):
        return Init(name=call[1], numbers=(float(call[2]),))
    if re.fullmatch(r"\d+(x\d+)+", word):
        return tuple(map(int, word.split("x")))
    return int(word) if word.isdigit() else word


@pytest.mark.parametrize("op", OPS.values(), ids=OPS)
def test_each_listed_value_is_accepted_somewhere(op: type[Op]) -> None:
    missing = {
        (p.name, value): (value,) if p.many else value
        for p in op.parameters
        if p.kind is not None and not p.rest
        for value in listed_values(p.kind)
    }

    def try_missing(case: tuple[Op, tuple[Shape, ...]]) -> bool:
        """Put each missing value in place of the argument that was drawn. Whether none is missing then."""
        drawn, xs = case
        for name, value in list(missing):
            if _is_accepted(drawn.replace(**{name: missing[name, value]}), xs):
                del missing[name, value]
        return not missing

    checks = settings(
        max_examples=3000, phases=[Phase.generate], derandomize=True, database=None,
        suppress_health_check=list(HealthCheck), deadline=None,
    )  # fmt: skip
    try:
        find(cases(op), try_missing, settings=checks)
    except NoSuchExample:
        assert not missing


def _is_accepted(op: Op, xs: tuple[Shape, ...]) -> bool:
    try:
        op.infer(xs)
    except Reject:
        return False
    return True
