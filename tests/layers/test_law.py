"""Every layer, for any arguments and any input, is what torch makes of it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .law import OPS, check
from .strategies import cases


@pytest.mark.parametrize("keyword", sorted(OPS))
@settings(max_examples=50)
@given(data=st.data())
def test_what_a_layer_declares_is_what_torch_does(keyword, data):
    op, xs = data.draw(cases(OPS[keyword]))
    check(op, xs)
