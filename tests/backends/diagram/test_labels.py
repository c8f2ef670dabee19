import pytest

from archdsl.backends.diagram.labels import count, short
from tests.backends.diagram.programs import drawn


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("input 3x32x32; conv 64 k5 s1 same", "conv 64 5×5"),
        ("input 3x32x32; conv 64 k5 s2 p2 nobias", "conv 64 5×5 /2"),
        ("input 3x32x32; conv 64 3x5 stride=2x1", "conv 64 3×5 /2×1"),
        ("input 3x32; conv 64 k5", "conv 64 5"),
        ("input 3x8x8x8; conv 64 k3", "conv 64 3×3×3"),
        ("input 32x8x8; conv 64 k3 g32 d2", "conv 64 3×3 d2 g32"),
        ("input 32x8x8; dwconv k3 p1", "dwconv 3×3"),
        ("input 32x8x8; upconv 16 k2 s2", "upconv 16 2×2 s2"),
        ("input 32x8x8; maxpool 2", "maxpool 2×2 /2"),
        ("input 32x8x8; maxpool k3 s1 p1", "maxpool 3×3"),
        ("input 32x8x8; gap", "gap"),
        ("input 32; fc 10", "fc 10"),
        ("input 32; dropout 0.5", "dropout 0.5"),
        ("input 32x8x8; reshape 8x16x16", "reshape 8×16×16"),
        ("input 32x8x8; groupnorm 8", "groupnorm 8"),
        ("input 32x8x8; pad 2", "pad 2"),
        ("input 32x80; pad before=4 after=0", "pad 4+0"),
        ("input 32x8x8; pad 1 after=1x2", "pad 1+1×2"),
        ("input 20x32; moe experts=8 { fc 32 }", "moe experts=8"),
        ("input 20x32; moe experts=8 top=2 { fc 32 }", "moe experts=8 top=2"),
        ("input 20x32; lstm 64", "lstm 64"),
        ("input 20x32; lstm 64 layers=2", "lstm 64 layers=2"),
    ],
)
def test_layer_labels_follow_paper_notation(program: str, words: str) -> None:
    assert drawn(program).boxes[1].rows[0].words == words


def test_only_layers_with_weights_share_them() -> None:
    figure = drawn(
        "input one 1x8x8; input two 1x8x8; from one; stage a { conv 4 k3; relu }; from two; reuse a; add a; gap; fc 2"
    )
    shared = [row.words for box in figure.boxes for row in box.rows if row.shared]
    assert shared == ["conv 4 3×3"]


def test_numbers_are_formatted_with_units() -> None:
    assert [count(n, "parameter") for n in (0, 1, 61706)] == ["0 parameters", "1 parameter", "61,706 parameters"]
    numbers = (0, 999, 1000, 61706, 999_499, 999_500, 4_089_184_256, 10**18)
    assert [short(n, "MAC") for n in numbers] == [
        "0 MACs",
        "999 MACs",
        "1K MACs",
        "61.7K MACs",
        "999K MACs",
        "1M MACs",
        "4.09G MACs",
        "1e+03P MACs",
    ]


def test_labels_with_symbolic_dimensions() -> None:
    figure = drawn("net S; input 3xHxW; conv 8 k3 s2; maxpool 2; gap; fc 10")
    assert [arrow.shape for arrow in figure.arrows] == [
        "3×H×W",
        "8×(H − 1)//2×(W − 1)//2",
        "8×(H − 1)//4×(W − 1)//4",
        "8",
        "10",
    ]
    assert figure.caption == "S: 314 parameters, MACs by H, W"
