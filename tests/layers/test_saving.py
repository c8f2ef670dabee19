"""Every layer keeps for the backward pass what it says, to the byte."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from archdsl.layer import Reject
from archdsl.layers.recurrent import Recurrent
from archdsl.layers.sequence import Attention

from .law import OPS
from .saving import kept, said
from .strategies import cases

# What kernels of recurrent networks keep is measured on sizes that people use; tests/analysis/test_memory.py has them.
KEYWORDS = sorted(keyword for keyword, op in OPS.items() if not issubclass(op, Recurrent | Attention))


@pytest.mark.parametrize("keyword", KEYWORDS)
@settings(max_examples=5)
@given(data=st.data())
def test_a_layer_keeps_what_it_says(keyword, data):
    op, xs = data.draw(cases(OPS[keyword]))
    assume(getattr(op, "p", 0) < 1)  # nothing is left of what comes in
    assume(all(size > 1 for x in xs for size in x.dims))  # an axis of 1 lies in any order
    try:
        y = op.infer(xs)
    except Reject:
        return
    assert said(op, xs, y) == kept(op, xs), f"{op} of {xs}"
