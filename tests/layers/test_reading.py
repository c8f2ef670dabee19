"""Every layer reads exactly the declared positions of its input; at most those if it is not exact."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import archdsl
from archdsl.contract.layer import Reject

from .layer_property import OPS
from .reading import check_reads
from .strategies import cases


@pytest.mark.parametrize("keyword", sorted(OPS))
@settings(max_examples=5)
@given(data=st.data())
def test_layer_reads_its_declared_positions(keyword, data):
    op, xs = data.draw(cases(OPS[keyword]))
    try:
        y = op.infer(xs)
    except Reject:
        return
    check_reads(op, xs, y)


@pytest.mark.parametrize(
    "layer",
    [
        "attention h2 value=other",
        "attention h2 value=other causal",
        "attention h2 from=five value=other5",
        "attention h2 window=3 sliding",
        "attention h2 window=3 sliding causal value=other",
        "attention h2 window=1 sliding",
        "attention h2 window=99 sliding causal",
        "untokens 3x3 as image; from x; attention h2 value=image",
        "untokens 3x3; attention h2 value=other",
    ],
)
def test_attention_reads_its_declared_positions(layer: str) -> None:
    text = f"input other 9x6\ninput five 5x4\ninput other5 5x3\ninput x 9x4\n{layer}"
    graph = archdsl.loads(text).graph
    node = graph.nodes[-1]
    check_reads(node.op, graph.shapes_in(node), node.shape)
