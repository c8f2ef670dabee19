"""The valid sizes agree with checking the program at each size."""

import random

import pytest

from archdsl import ArchError
from archdsl.analysis.state_dict import state_dict
from archdsl.analysis.valid_sizes import Sizes, weights_fit
from archdsl.diagnostics import Sink
from archdsl.elaborate import Override
from archdsl.graph import Graph
from archdsl.network import analyze
from archdsl.text.source import Source
from scripts.verify_sizes import arguments

LAYERS = """
conv 4 k3|conv 4 k3 p1|conv 4 k3 s2 p1|conv 4 k5 same|conv 4 k2 s2|conv 4 k3 s2 same_upper|conv 4 k3 d2|dwconv k3 p1
conv 4 k3x1|conv 4 k2 same|upconv 4 k2 s2|upconv 4 k3 s2 p1|upconv 4 k4 s2 p1|maxpool 2|maxpool 3 s2|maxpool 3 s2 p1
maxpool 2 ceil|maxpool 3 s2 ceil|avgpool 2|avgpool 3 s2 p1 ceil|lppool 2|adaptive_avgpool 2|upsample 2|upsample 2x3
upsample size=7|pad 1|pad before=1 after=2 axis=1|crop 3|crop @h-2|pixelunshuffle 2; conv 4 k1|relu|bn|instancenorm
groupnorm 2|conv 4 k3 p1 pad_mode=reflect|conv 4 k3 p2 pad_mode=circular|layernorm|conv 4 k1
""".replace("\n", "|").split("|")
MERGES = [
    "add {{ {0} }}",
    "add {{ {0} }} {{ {1} }}",
    "concat {{ {0} }} {{ {1} }}; conv 4 k1",
    "mul {{ {0} }} {{ {1} }}",
]
MERGES += [
    "residual {{ {0} }} shortcut {{ {1} }}",
    "mul {{ gap keep; conv 4 k1; sigmoid }}",
    "concat {{ {0} }}; conv 4 k1",
]
CHOICES = ["if @h > 7 {{ {0} }}", "if @h > @w {{ {0} }} else {{ {1} }}", "repeat min(@h, 2) {{ {0} }}"]
CHOICES += ["let n{n} = max(@w - 4, 1); crop n{n}x1", "conv 4 k3 p1 as t{n}; {0}; concat t{n}; conv 4 k1"]
CHOICES += ["residual when @h == 8 {{ {0} }}", "upsample size=@h; {0}", "conv 4 k(min(@h, 3)) p1"]
HEADS = [
    "gap; fc 3",
    "flatten; fc 3",
    "",
    "adaptive_avgpool 1; flatten; fc 2",
    "gap keep; conv 2 k1",
    "tokens; pos; fc 2",
]


def program(draw: random.Random) -> str:
    """A random text; its own size may be invalid."""
    parts = [f"input 2x{draw.choice([8, 16, 17, 30, 64])}x{draw.choice([8, 16, 17, 30, 64])}", "conv 4 k3 p1"]
    for number in range(draw.randint(1, 4)):
        kind = draw.choice([LAYERS, LAYERS, MERGES, CHOICES])
        pattern = draw.choice(kind)
        layers = [draw.choice(LAYERS) for _ in range(2)]
        parts.append(pattern.format(*layers, n=number) if kind is not LAYERS else pattern)
    return "\n".join([*parts, draw.choice(HEADS)])


def at(text: str, sizes: tuple[int, ...]) -> Graph | None:
    """The graph of a text for one size of its input, None if it has an error."""
    sink = Sink()
    network = analyze(Source(text), sink, override=Override({None: (2, *sizes)}))
    return None if sink.errors else network.graph


def sizes_of(text: str) -> Sizes | None:
    network = analyze(Source(text), Sink())
    try:
        return network.sizes
    except ArchError:
        return None


def check_verdicts(text: str, asked: list[tuple[int, int]]) -> int:
    """Check the verdicts on some sizes; returns their number."""
    sizes = sizes_of(text)
    if sizes is None:
        return 0
    for each in asked:
        verdict = sizes.verdict(each)
        found = at(text, each)
        if found is not None and not weights_fit(sizes.graph, found):
            found = None
        shapes = [found.nodes[node].shape for _, node in found.outputs] if found is not None else []
        outputs = tuple(shape.dims for shape in shapes) if found is not None else None
        reported = verdict.outputs if verdict.failed is None else None
        assert reported == outputs, f"{text}\nat {each}: reported {reported} ({verdict.failed}), the check {outputs}"
        for near in (verdict.larger, verdict.smaller):
            assert near is None or at(text, near) is not None, f"{text}\nat {each}: {near} is no way out"
    return len(asked)


def draw_sizes(draw: random.Random, rectangles: int) -> list[tuple[int, int]]:
    squares = [(n, n) for n in draw.sample(range(1, 65), rectangles)]
    return squares + [(draw.randint(1, 64), draw.randint(1, 64)) for _ in range(rectangles)]


@pytest.mark.parametrize("seed", range(8))
def test_valid_sizes_of_random_networks_agree_with_checking(seed: int) -> None:
    draw = random.Random(f"sizes {seed}")
    asked = sum(check_verdicts(program(draw), draw_sizes(draw, 8)) for _ in range(20))
    assert asked > 60


CHECKED_AS_COMPILED = [
    "input 3xHxW; let P = @h; conv 8 k3 s2 p1; upsample size=PxP",
    "input 3xHxW; conv 4 k3; crop @h-2",
    "input 3xHxW; conv 4 k3; let n = @w - 3; slice 0 n axis=1",
    "input 3xHxW; conv 8 k3; gap; fc 2",
    "input TxC; permute 1 0",
    "input 3xHxW; pad before=(@h - 2) after=0 axis=1",
    "input 3x8x8; flatten; fc 3",
    "input 3x8x8; conv 4 k4 s4; tokens; pos; fc 3",
    "input 3x8x8; conv 4 k3 as a; conv 4 k3; upsample size=@h; crop 2; relu",
]


@pytest.mark.parametrize("text", CHECKED_AS_COMPILED)
def test_check_and_compile_agree_on_validity(text: str) -> None:
    symbolic = Override({None: (3, "H", "W")}) if "3x8x8" in text else None
    sink = Sink()
    network = analyze(Source(text), sink, override=symbolic)
    layers = network.graph.layers if network.graph else ()
    if network.network is None:
        # Rejected for a reason: torch's call would depend on the size.
        assert {found.diagnostic.code for found in network.diagnostics} == {"E0512"}
        assert any("Sym" in type(each).__name__ for node in layers for each in arguments(node))
        return
    network.network.source()
    network.network.to_torch()


CASES = [
    "input 8x64x64; add { maxpool 2 } { conv 8 k3 s2 p1 }",
    "input 8x64x64; mul { maxpool 3 s2 } { conv 8 k3 s2 }",
    "input 3x358x358; conv 4 k3 same as a; maxpool 2; conv 4 k3 same; upsample 2; concat a",
    "input 3x32x32; if @h > 7 { conv 4 k3 } else { conv 4 k1 }",
    "input 3x32x32; if @h > 7 { maxpool 2 }; gap; fc 2",
    "input 3x30x30; conv 4 k3; flatten; fc 3",
    "input 3x32x32; conv 4 k4 s4; tokens; pos; fc 2",
]


@pytest.mark.parametrize("text", CASES)
def test_every_square_size_agrees_with_checking(text: str) -> None:
    text = text.replace("input 3x", "input 2x").replace("input 8x", "input 2x").replace("conv 8", "conv 2")
    assert check_verdicts(text, [(n, n) for n in range(1, 65)] + [(n, 33) for n in range(1, 65, 5)])


def test_weight_shapes_follow_the_input_override() -> None:
    """`--input 2x20x20` chooses the weights, not the sizes in the text."""
    network = analyze(Source("input 2x8x8; flatten; fc 3"), Sink(), override=Override({None: (2, 20, 20)}))
    sizes = network.sizes
    assert {name: t.shape for name, t in state_dict(sizes.graph).items()} == {"fc1.weight": (3, 800), "fc1.bias": (3,)}
    assert sizes.verdict((20, 20)).failed is None
    assert sizes.verdict((8, 8)).failed is not None
