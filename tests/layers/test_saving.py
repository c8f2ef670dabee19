"""Every layer saves for the backward pass exactly the declared bytes."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import archdsl
from archdsl.contract.layer import Op, Reject
from archdsl.layers.recurrent import Recurrent
from archdsl.layers.reduction import Norm
from archdsl.layers.sequence import Attention
from archdsl.shapes.shape import Shape

from .layer_property import OPS
from .saving import declared_bytes, saved_bytes
from .strategies import cases

# Recurrent kernels are measured at realistic sizes, in tests/analysis/test_memory.py.
KEYWORDS = sorted(keyword for keyword, op in OPS.items() if not issubclass(op, Recurrent | Attention))


@pytest.mark.parametrize("keyword", KEYWORDS)
@settings(max_examples=5)
@given(data=st.data())
def test_saved_bytes_of_a_layer_match_torch(keyword, data):
    op, xs = data.draw(cases(OPS[keyword]))
    assume(isinstance(op, Norm) or getattr(op, "p", 0) < 1)  # all inputs are zeroed
    assume(all(size > 1 for x in xs for size in x.dims))  # an axis of length 1 has no defined memory order
    try:
        y = op.infer(xs)
    except Reject:
        return
    assert declared_bytes(op, xs, y) == saved_bytes(op, xs), f"{op} of {xs}"


def last_layer(text: str) -> tuple[Op, tuple[Shape, ...], Shape]:
    """The last layer of a text, with the shapes of its inputs and its output."""
    graph = archdsl.loads(text).graph
    node = graph.nodes[-1]
    return node.op, graph.shapes_in(node), node.shape


@pytest.mark.parametrize(
    "layer",
    [
        "attention h4",
        "gru 16 layers=2 bidirectional dropout=0.1",
        "rnn 16 layers=2",
        *(
            f"untokens 4x4; attention h4 window=2 shift={shift} relative={relative} dropout={dropout}"
            for shift in (0, 1)
            for relative in ("none", "table", "mlp")
            for dropout in (0, 0.1)
        ),
    ],
)
def test_saved_bytes_of_a_frozen_layer_match_torch(layer):
    op, xs, y = last_layer(f"input 16x24; {layer} frozen")
    assert declared_bytes(op, xs, y) == saved_bytes(op, xs)
    learning, _, _ = last_layer(f"input 16x24; {layer}")
    assert declared_bytes(op, xs, y) < declared_bytes(learning, xs, y)


OTHERS = "input other 6x10\ninput ids 8 int(2)\ninput values 8x12\ninput six 6x7\n"


@pytest.mark.parametrize(
    "layer",
    [
        "attention h4 from=other",
        "attention h4 from=other frozen qk_norm",
        "attention h4 kv_heads=2 rope causal",
        "attention h4 kv_heads=2 dropout=0.1",
        "attention h4 width=8 value_width=12",
        "attention h4 rope rope_part=0.5 dropout=0.1",
        "attention h4 qk_norm rope",
        "attention h4 qk_norm=layer from=other",
        "attention h4 qk_norm=layer frozen",
        "attention h4 mask=ids",
        "attention h4 mask=ids causal",
        "attention h4 mask=ids t5",
        "attention h4 t5 causal",
        "attention h4 t5 frozen",
        "attention h4 alibi",
        "attention h4 alibi causal mask=ids",
        "attention h4 value=values",
        "attention h4 value=values rope causal",
        "attention h4 value=values dropout=0.1",
        "attention h4 value=values frozen qk_norm",
        "attention h4 from=other value=six kv_heads=2",
        "attention h4 window=3 sliding",
        "attention h4 window=3 sliding causal mask=ids",
        "attention h4 window=3 sliding t5",
        "attention h4 window=3 sliding alibi",
        "attention h4 window=3 sliding causal rope qk_norm",
        "untokens 4x2; attention h4 qk_norm",
        "untokens 4x2 as image; from x; attention h4 value=image",
        "untokens 4x2; attention h4 from=other frozen",
        "untokens 4x2 as image; from x; attention h4 from=image",
    ],
)
def test_saved_bytes_of_attention_match_torch(layer):
    op, xs, y = last_layer(f"{OTHERS}input x 8x16\n{layer}")
    assert declared_bytes(op, xs, y) == saved_bytes(op, xs)


def test_saved_bytes_of_a_frozen_lstm_equal_a_trainable_one():
    (frozen, xs, y), (learning, _, _) = (last_layer(f"input 16x24; lstm 16{word}") for word in (" frozen", ""))
    assert saved_bytes(frozen, xs) == saved_bytes(learning, xs)
    assert declared_bytes(frozen, xs, y) == declared_bytes(learning, xs, y)
