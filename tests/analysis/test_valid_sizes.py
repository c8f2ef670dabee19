"""The valid sizes of a network, compared to torch and to published ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

import archdsl
from archdsl.analysis.size_sets import in_words, solve
from archdsl.shapes.symbolic import Condition, Form, Sym, form_of
from scripts.verify_sizes import verify

# torchvision's `min_size` in the metadata of its weights.
LEAST = {
    "alexnet": 63,
    "convnext_tiny": 32,
    "densenet121": 29,
    "googlenet": 15,
    "inception_v3": 75,
    "squeezenet1_0": 21,
    "squeezenet1_1": 17,
    "vgg11": 32,
    "vgg16_bn": 32,
    "resnet18": 1,
}


@pytest.mark.parametrize(("name", "least"), LEAST.items())
def test_minimum_sizes_match_torchvision(name: str, least: int) -> None:
    sizes = archdsl.load(f"zoo:{name}").sizes
    assert [found.least for found in sizes.sets.values()] == [least, least]
    assert all(found.next(n) == n for found in sizes.sets.values() for n in range(least, 300))


@pytest.mark.parametrize("name", ["lenet5", "alexnet", "squeezenet1_0", "autoencoder", "airbench94"])
def test_valid_sizes_match_torch(name: str) -> None:
    assert verify(name, most=90, rectangles=20, step=3) == 50


UNET = """\
input 1x64x64
block double(c) { conv c k3 p1; relu; conv c k3 p1; relu }
block up(c, skip) { upconv c k2 s2; concat skip; double c }
double 8 as e1; maxpool 2
double 8 as e2; maxpool 2
double 8 as e3; maxpool 2
double 8 as e4; maxpool 2
double 8
up 8 e4
up 8 e3
up 8 e2
up 8 e1
conv 2 k1
"""


def test_unet_requires_multiples_of_16() -> None:
    sizes = archdsl.loads(UNET).sizes
    assert sizes.described() == ["H and W a multiple of 16  — `maxpool 2`, line 7; `concat skip`, line 3"]
    verdict = sizes.verdict((350, 525))
    assert verdict.larger == (352, 528)
    assert verdict.smaller == (336, 512)
    assert sizes.verdict((32, 48)).outputs == ((2, 32, 48),)


def test_flatten_weights_fix_a_product_of_sizes() -> None:
    sizes = archdsl.load("zoo:lenet5").sizes
    assert sizes.described()[1:] == [
        "120·⌊(H − 28)/4⌋·⌊(W − 28)/4⌋ = 120  — `fc 84`, line 12",
        "squares: H=W = 32 to 35",
    ]


def test_position_table_accepts_shorter_sequences() -> None:
    sizes = archdsl.load("zoo:vit_b_16").sizes
    assert sizes.described()[1:] == [
        "⌊H/16⌋·⌊W/16⌋ ≤ 196  — `pos`, line 13",
        "squares: H=W = 16 to 239",
    ]
    assert sizes.verdict((64, 320)).failed is None


def test_network_without_spatial_dimensions_has_no_valid_sizes() -> None:
    with pytest.raises(LookupError, match="no input has a dimension"):
        _ = archdsl.loads("input 784; fc 10").sizes


def test_symbolic_dimensions_in_the_text() -> None:
    network = archdsl.loads("input 3xHxW\nconv 8 k3 s2 p1; relu; maxpool 2\ngap; fc 10")
    assert [str(node.shape) for node in network.graph.nodes[1:4:2]] == [
        "8×⌊(H + 1)/2⌋×⌊(W + 1)/2⌋",
        "8×⌊(H + 1)/4⌋×⌊(W + 1)/4⌋",
    ]
    assert network.parameters == 3 * 8 * 9 + 8 + 8 * 10 + 10


def test_weights_that_depend_on_a_symbol_are_an_error() -> None:
    with pytest.raises(archdsl.ArchError) as caught:
        archdsl.loads("input 3xHxW; flatten; fc 10")
    assert [found.diagnostic.code for found in caught.value.diagnostics] == ["E0504"]


@given(
    st.lists(
        st.tuples(st.integers(-3, 3), st.integers(1, 6), st.integers(-20, 20), st.sampled_from([">=", "==", "!="])),
        min_size=1,
        max_size=4,
    )
)
def test_solved_conditions_agree_with_checking_each_size(facts: list[tuple[int, int, int, str]]) -> None:
    height = form_of(Sym.symbol("H", 1))
    conditions = [
        Condition(form=height * factor // divisor + height // 2 + constant, relation=relation)
        for factor, divisor, constant, relation in facts
    ]
    found = solve(conditions, "H")
    for size in range(1, 120):
        assert (size in found) == all(each.holds({"H": size}) for each in conditions)


@given(st.integers(-6, 6), st.integers(-40, 40), st.integers(-300, 300))
def test_products_are_solved_for_each_size(a: int, b: int, c: int) -> None:
    height = form_of(Sym.symbol("H", 1))
    for relation in (">=", "=="):
        condition = Condition(form=(height // 3) * (height * a + b) + Form.of(c), relation=relation)
        found = solve([condition], "H")
        assert all((size in found) == condition.holds({"H": size}) for size in range(1, 100))


@given(st.integers(1, 7), st.integers(-60, 60))
def test_floors_of_products_are_solved_for_each_size(divisor: int, c: int) -> None:
    """A power inside a floor counts too: on each residue this is a parabola, not a line."""
    height = form_of(Sym.symbol("H", 1))
    for relation in (">=", "==", "!="):
        condition = Condition(form=(height * height + height) // divisor + c, relation=relation)
        found = solve([condition], "H")
        assert all((size in found) == condition.holds({"H": size}) for size in range(1, 60))


def test_size_sets_are_described_in_words() -> None:
    height = form_of(Sym.symbol("H", 1))

    def words(*forms: Form, relation: str = ">=") -> str:
        return in_words(solve([Condition(form=form, relation=relation) for form in forms], "H"), "H")

    assert words(height - 32) == "H ≥ 32"
    assert words(height // 16 * 16 - height, relation="==") == "H a multiple of 16"
    assert words(height // 16 * 16 - height + 4, relation="==") == "H mod 16 = 4"
    assert words(height - 10, Form.of(12) - height) == "H = 10 to 12"
    assert words(Form.of(-1) - height) == "no H"


@pytest.mark.parametrize(
    "layer",
    ["conv 4 k2 s3 same_upper", "conv 4 k1 s2 same_upper", "maxpool 2 s3 same_upper", "avgpool 2 s3 same_upper"],
)
def test_kernel_smaller_than_its_stride_accepts_every_size(layer: str) -> None:
    """The padding of `same_upper` depends on the size; the output size does not depend on that."""
    sizes = archdsl.loads(f"input 3x32x32; {layer}; gap; fc 2").sizes
    assert sizes.described() == ["H and W ≥ 1"]
    for side in range(1, 20):
        shape = archdsl.loads(f"input 3x{side}x{side}; {layer}").graph.output.shape
        assert shape is not None
        symbolic = sizes.graph.nodes[1].shape
        assert symbolic is not None
        assert tuple(form_of(dim).value({"H": side, "W": side}) for dim in symbolic.dims) == shape.dims


def test_square_of_symbolic_token_count_is_an_error() -> None:
    network = archdsl.loads("input 3x224x224; conv 64 k16 s16; tokens; untokens; gap; fc 3")
    with pytest.raises(archdsl.ArchError, match="has no closed form"):
        _ = network.sizes


TWO_NUMBERS = {
    "input 97x48; attention 12": "T",
    "input 20x16; lstm 8 last; fc 2": "T",
    "input 20x16; layernorm; fc 5; mean axis=t": "T",
    "input 20x16; fc 8; relu; take -1; fc 2": "T",
    "input 2x100; conv 8 k9 s4 p4; relu; gap; fc 4": "L",
    "input 2x100; maxpool 5; conv 8 k3; gmp; fc 4": "L",
    "input 2x100; abs": "L",
}


@pytest.mark.parametrize(("text", "symbol"), TWO_NUMBERS.items())
def test_two_dimensional_input_varies_its_length_not_its_features(text: str, symbol: str) -> None:
    import torch

    network = archdsl.loads(text)
    module, sizes = network.to_torch(), network.sizes
    assert sizes.symbols == (symbol,)
    own = sizes.graph.nodes[sizes.graph.inputs[0]].shape
    for length in (40, 57):
        shape = [length if isinstance(dim, Sym) else dim for dim in own.dims]
        assert tuple(module(torch.zeros(2, *shape)).shape[1:]) == sizes.verdict((length,)).outputs[0]
