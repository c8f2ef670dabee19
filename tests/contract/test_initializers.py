"""Initializers: the module has the weights that the program declares."""

import math
from collections.abc import Iterator

import pytest
import torch
from torch import Tensor, nn

import archdsl


@pytest.fixture(autouse=True)
def _same_seed() -> Iterator[None]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        yield


def built(text: str) -> nn.Module:
    return archdsl.loads(f"input 64x16x16\n{text}\n").to_torch()


def weight(statement: str) -> Tensor:
    (module,) = built(statement).children()
    assert isinstance(module.weight, Tensor)
    return module.weight.detach()


def test_standard_deviations_match_the_papers() -> None:
    assert weight("conv 128 k3 init=kaiming").std().item() == pytest.approx(math.sqrt(2 / (64 * 9)), rel=0.02)
    assert weight("conv 128 k3 init=normal(0.02)").std().item() == pytest.approx(0.02, rel=0.02)
    bound = math.sqrt(6 / (64 * 9 + 128 * 9))
    assert weight("conv 128 k3 init=xavier").abs().max().item() == pytest.approx(bound, rel=0.01)
    assert weight("conv 128 k3 init=uniform(0.5)").abs().max().item() == pytest.approx(0.5, rel=0.01)


def test_orthogonal_initializer_gives_orthogonal_filters() -> None:
    matrix = weight("conv 32 k3 init=orthogonal(2)").flatten(1)
    assert torch.allclose(matrix @ matrix.T, 4 * torch.eye(32), atol=1e-4)


def test_dirac_initializer_copies_channels() -> None:
    image = torch.randn(2, 64, 16, 16)
    assert torch.equal(built("conv 64 k3 p1 init=dirac")(image), image)
    assert torch.equal(built("dwconv k3 p1 init=dirac")(image), image)
    assert torch.equal(built("conv 32 k3 p1 init=dirac")(image), image[:, :32])


def test_dirac_filters_beyond_the_channels_are_random() -> None:
    filters = weight("conv 96 k3 nobias init=dirac")
    assert torch.equal(filters[:64].sum((1, 2, 3)), torch.ones(64))
    assert filters[64:].std().item() == pytest.approx(math.sqrt(1 / (3 * 64 * 9)), rel=0.05)


def test_residual_with_zero_initialized_norm_is_the_identity() -> None:
    image = torch.randn(2, 64, 16, 16)
    network = built("residual { conv 64 k3 p1 init=kaiming; bn; relu; conv 64 k3 p1; bn init=zeros }")
    assert torch.equal(network(image), image)


def test_bias_is_zero_if_the_weights_have_an_initializer() -> None:
    initialized, default = (built(f"conv 8 k3{how}").get_parameter("conv1.bias") for how in (" init=kaiming", ""))
    assert not initialized.any()
    assert default.all()


def test_recurrent_gates_are_initialized_separately() -> None:
    module = archdsl.loads("input TxC\nlstm 8 layers=2 init=orthogonal", input="5x4").to_torch()
    for name, parameter in module.named_parameters():
        if "bias" in name:
            assert not parameter.any()
        else:
            columns = parameter.T @ parameter
            assert torch.allclose(columns, torch.eye(len(columns)), atol=1e-5)


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("conv 8 k3 init=kaimin", "expected `kaiming`"),
        ("conv 8 k3 init=normal", "`normal(0.02)`"),
        ("conv 8 k3 init=normal(-1)", "`normal(0.02)`"),
        ("fc 8 axis=0 init=dirac", "expected `kaiming`"),
        ("conv 7 k3 init=whiten", "7 is not an even number up to 1152"),
        ("conv 8 k3 d2 init=whiten", "without gaps"),
        ("conv 128 k3 g2 init=dirac", "128 filters in 2 groups have 64 channels"),
        ("bn noaffine init=zeros", "there is no scale to initialize"),
    ],
)
def test_impossible_initializer_is_an_error(statement: str, why: str) -> None:
    with pytest.raises(archdsl.ArchError) as caught:
        built(statement)
    assert why in str(caught.value)
