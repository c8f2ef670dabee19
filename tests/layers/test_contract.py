"""No method of a layer rejects, or is slow for, an input that `infer` accepts, whatever the numbers."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .contract import accepted, call_all, large_cases, limited, symbolic
from .layer_property import OPS
from .strategies import cases


@pytest.mark.parametrize("keyword", sorted(OPS))
@settings(max_examples=40)
@given(data=st.data())
def test_layer_methods_are_fast_for_huge_numbers(keyword, data):
    op, xs = data.draw(large_cases(OPS[keyword]))
    with limited():
        y = accepted(op, xs)
        if y is not None:
            call_all(op, xs, y)


@pytest.mark.parametrize("keyword", sorted(OPS))
@settings(max_examples=40)
@given(data=st.data())
def test_inputs_accepted_by_infer_are_accepted_by_every_method(keyword, data):
    op, xs = data.draw(cases(OPS[keyword]))
    for each in (xs, symbolic(data.draw, xs)):
        y = accepted(op, each)
        if y is not None:
            call_all(op, each, y)
