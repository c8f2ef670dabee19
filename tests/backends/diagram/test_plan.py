import pytest

from archdsl.backends.diagram.plan import make_plan
from tests.backends.diagram.programs import graph

BOTTLENECK = """
block b(c, s = 1) { residual { conv c k1; bn; relu; conv c k3 s=s p1; bn } shortcut { if s != 1 { conv c k1 s=s } } }
"""
DENSE = "block d() { concat { bn; relu; conv 4 k3 p1 } }\n"


def folds(text: str, exact: bool = True) -> list[tuple[str, int]]:
    plan = make_plan(graph(text), exact=exact)
    return [("/".join(frame.path), frame.times) for frame in plan.frames.values() if frame.times > 1]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("input 8x8x8; conv 8 k3 p1 x3", [("1×3", 3)]),
        ("input 8x8x8; repeat 3 { conv 8 k3 p1; bn; relu }", [("1×3", 3)]),
        ("input 8x8x8; conv 8 k3 p1; bn; relu; conv 8 k3 p1; bn; relu; maxpool 2", [("1×2", 2)]),
        (f"{BOTTLENECK} input 8x8x8; b 8 x4", [("b1", 4)]),
        (f"{BOTTLENECK} input 8x8x8; stage one {{ b 8; b 8 s2; b 8 x2 }}", [("one/b3", 2)]),
        (f"{BOTTLENECK} input 8x8x8; repeat 3 {{ b 8; relu }}", [("1×3", 3)]),
        ("input 8x8x8; repeat 2 { repeat 3 { conv 8 k3 p1; relu }; maxpool 2 }", [("1×3", 3), ("8×3", 3)]),
        ("input 8x8x8; repeat 2 { repeat 3 { conv 8 k3 p1; relu }; dropout 0.5 }", [("1×2", 2), ("1×2/1×3", 3)]),
    ],
)
def test_repetitions_are_folded(text: str, expected: list[tuple[str, int]]) -> None:
    assert folds(text) == expected


@pytest.mark.parametrize("before", ["", "relu", "bn; relu", "conv 8 k3 p1; bn; relu"])
@pytest.mark.parametrize("after", ["", "conv 8 k3 p1", "conv 8 k3 p1; bn"])
def test_frame_of_a_repetition_contains_its_body(before: str, after: str) -> None:
    """Even if the layers before it are those at the end of its body."""
    body = "residual { conv 8 k3 p1; bn; relu; conv 8 k3 p1; bn }; relu"
    plan = make_plan(graph(f"input 8x8x8\n{before}\nrepeat 3 {{ {body} }}\n{after}\n"))
    (frame,) = (frame.path for frame in plan.frames.values() if frame.times == 3)
    inside = [node.node for node in plan.nodes if node.place[: len(frame)] == frame]
    first = 1 + len([each for each in before.split(";") if each])
    assert inside == list(range(first, first + 7))


@pytest.mark.parametrize(
    "text",
    [
        "input 8x8x8; conv 4 k3; conv 8 k3",
        "input 8x8x8; conv 8 k3 p1; conv 8 k3 p1 nobias",  # which no diagram shows
        "input 8x8x8; conv 8 k3; conv 8 k3",  # the shapes differ
        "input 8x8x8; conv 8 k3 p1 as a; conv 8 k3 p1; add a",  # read from outside
        "input 8x8x8; conv 8 k3 p1 as a; conv 8 k3 p1 as b; gap; output a, b",
        "input 8x8x8; concat { conv 8 k1 } { conv 8 k1 }",  # side by side
        "input 8x8x8; stage a { conv 8 k3 p1 }; stage b { conv 8 k3 p1 }",  # with their own names
        f"{BOTTLENECK} input 8x8x8; b 8 as one; b 8 as two",
        f"{DENSE} input 8x8x8; d x3",
    ],
)
def test_similar_but_different_layers_are_not_folded(text: str) -> None:
    assert folds(text) == []


def test_collapsed_blocks_with_growing_shapes_are_folded() -> None:
    assert folds(f"{DENSE} input 8x8x8; d x3; conv 8 k1; conv 8 k3", exact=False) == [("d1", 3)]


def test_folded_node_lists_its_copies_and_resolves_them() -> None:
    found = graph("input 8x8x8; repeat 2 { repeat 3 { conv 8 k3 p1; relu }; dropout 0.5 }; gap")
    plan = make_plan(found)
    copies = {drawn.node: drawn.copies for drawn in plan.nodes}
    assert copies == {0: (0,), 1: (1, 3, 5, 8, 10, 12), 2: (2, 4, 6, 9, 11, 13), 7: (7, 14), 15: (15,)}
    assert sorted(copy for each in copies.values() for copy in each) == list(range(16))
    assert plan.resolve(14) == 7
    assert plan.resolve(6) == 2


def test_folding_can_be_disabled() -> None:
    plan = make_plan(graph("input 8x8x8; conv 8 k3 p1 x3"), fold=False)
    assert [drawn.copies for drawn in plan.nodes] == [(0,), (1,), (2,), (3,)]
