"""Every layer reads exactly the declared positions of its input; at most those if it is not exact."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archdsl.contract.layer import Reject

from .layer_property import OPS
from .reading import check_reads
from .strategies import cases


@pytest.mark.parametrize("keyword", sorted(OPS))
@settings(max_examples=5)
@given(data=st.data())
def test_a_layer_reads_what_it_declares(keyword, data):
    op, xs = data.draw(cases(OPS[keyword]))
    try:
        y = op.infer(xs)
    except Reject:
        return
    check_reads(op, xs, y)
