"""Every layer agrees with torch, for any arguments and inputs; also with symbolic dimensions."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .layer_property import OPS, check
from .sizes import check_sizes
from .strategies import cases


@pytest.mark.parametrize("keyword", sorted(OPS))
@settings(max_examples=50)
@given(data=st.data())
def test_layer_declarations_match_torch(keyword, data):
    op, xs = data.draw(cases(OPS[keyword]))
    if check(op, xs) == "accepted":
        check_sizes(data.draw, op, xs)
