"""Training memory is what torch takes: saved tensors, weights, gradients and optimizer state."""

import pytest
import torch

import archdsl
from archdsl.analysis.memory import largest_batch, memory
from archdsl.training.loop.optimizers import make_optimizer
from archdsl.training.recipe.recipe import Adam, AdamW, Muon, RmsProp, Sgd

from .saved import saved_bytes

# A few of the networks that scripts/verify_memory.py compares.
ZOO = ("lenet5", "resnet20", "squeezenet1_1", "char_lstm")

LAYERS = {
    "poolings": "input 4x9x9; conv 6 k2 same; maxpool 3 s2 ceil; relu; conv 4 k1; lppool 2; conv 4 k1; gmp; fc 3",
    "paddings": "input 3x8x8; conv 4 k3 p1 pad_mode=reflect; relu; pad 2 mode=replicate; conv 4 k3; pad 1; conv 2 k2",
    "norms": "input 3x8x8; conv 8 k1; bn; conv 8 k1; groupnorm 2; conv 8 k1; layernorm; conv 8 k1; lrn 5; conv 2 k1",
    "axes": "input 3x8x8; conv 8 k1; layernorm; fc 16 axis=0; gelu; fc 8 axis=0; permute 1 2 0; flatten; fc 3",
    "steps": "input 3x8x8; conv 8 k1; tokens; cls; pos; attention h2; rmsnorm; fc 16; silu; fc 8; take 0; fc 3",
    "windows": "input 8x8x8; conv 8 k1; attention h2 window=4 relative=mlp cosine; attention h2 grid=4; conv 3 k1",
    "gates": "input 3x8x8; conv 8 k1; mul { gap keep; conv 8 k1; sigmoid }; scale 0.1 learned; dropout2d; conv 2 k1",
    "masks": "input 3x8x8; conv 8 k1; mul { conv 1 k3 p1; sigmoid }; conv 4 k1; identity as x; conv 1 k1; mul x",
    "views": "input 3x8x8; conv 8 k1; concat { slice 0 4 } { slice 4 8; glu; conv 4 k1 }; relu; dropout; fc 2 axis=0",
    "ids": "input 12 int(50); embedding 8 as table; gru 8; fc 8; reuse table",
}

BODIES = {
    "experts": "input 20x8; fc 8; moe experts=4 { fc 12; relu; fc 8 }; fc 3",
    "two experts": "input 8; fc 8; moe experts=4 top=2 renormalize { layernorm; fc 5; gelu; dropout 0.1; fc 20 }; fc 3",
    "gated experts": "input 20x8; moe experts=8 top=3 { fc 12; silu; mul { from in; fc 12 }; fc 8 nobias }; fc 3",
    "one expert": "input 20x8; fc 8; moe experts=1 { identity }; fc 3",
    "a scan": "input 20x8; fc 8; scan carry h = 6 { concat h; fc 6; tanh as h }; fc 3",
    "a scan with two states": "input 9x4; scan carry h = 6, c = 6 { concat h; fc 6; mul c as c; sigmoid as h }; fc 3",
    "a linear scan": "input 9x4; scan carry h = 6 { fc 6; add { from h; scale learned } as h; fc 4 }",
    "a scan over images": "input 3x5x6x7; scan carry h = 4x6x7 { concat h; conv 4 k3 p1; relu as h }; conv 2 k1",
    "a scan of experts": "input 20x8; scan carry h = 8 { moe experts=3 { fc 8; relu }; add h as h }",
}


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("name", BODIES)
def test_declared_saved_tensors_of_bodies_match_torch(name, precision):
    network = archdsl.loads(BODIES[name])
    torch.manual_seed(0)
    declared = memory(network.graph, batch=16, precision=precision).activations
    # The first step of a scan saves less: zeros have no gradient.
    tolerance = 0.025 if "states" in name else 0.002
    assert declared == pytest.approx(saved_bytes(network, 16, precision, fake=False), rel=tolerance)


@pytest.mark.filterwarnings("ignore:Mismatch dtype between input and weight")  # RMSNorm's statistics under autocast
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("name", LAYERS)
def test_declared_saved_tensors_of_layers_match_torch(name, precision):
    network = archdsl.loads(LAYERS[name])
    declared = memory(network.graph, batch=3, precision=precision).activations
    assert declared == pytest.approx(saved_bytes(network, 3, precision, fake=False), rel=0.002)


@pytest.mark.parametrize("name", ZOO)
def test_activation_memory_of_zoo_networks_matches_torch(name):
    network = archdsl.load(f"zoo:{name}")
    declared = memory(network.graph, batch=2).activations
    assert declared == pytest.approx(
        saved_bytes(network, 2, "fp32", fake=False), rel=0.1 if name == "char_lstm" else 0.001
    )


@pytest.mark.parametrize(
    ("recipe", "momentum"),
    [(Sgd(), True), (Sgd(momentum=0), False), (Adam(), None), (AdamW(), None), (RmsProp(), None),
     (RmsProp(momentum=0.9), True), (Muon(), None), (Muon(other="sgd"), True),
     (Muon(other="sgd", other_momentum=0), False)],
)  # fmt: skip
def test_optimizer_state_size_matches_torch(recipe, momentum):
    network = archdsl.loads("input 3x8x8; conv 4 k3 frozen; bn; conv 8 k3; prelu; gap; fc 5")
    model = network.to_torch()
    optimizer = make_optimizer(model, recipe)
    model(torch.rand(2, 3, 8, 8)).sum().backward()
    optimizer.step()
    other = recipe.other if isinstance(recipe, Muon) else "adamw"
    declared = memory(network.graph, batch=2, optimizer=recipe.name, momentum=momentum, other=other)
    kept = (value for state in optimizer.state.values() for value in state.values())
    assert declared.optimizer == sum(4 * value.numel() for value in kept if torch.is_tensor(value) and value.ndim)
    assert declared.gradients == sum(4 * p.numel() for p in model.parameters() if p.requires_grad)
    assert declared.parameters == sum(4 * p.numel() for p in model.parameters())
    assert declared.buffers == sum(b.nbytes for b in model.buffers())


def test_largest_batch_fits_and_the_next_does_not():
    graph = archdsl.load("zoo:resnet20").graph
    batch = largest_batch(graph, 1 << 30, optimizer="adamw", precision="bf16")
    assert memory(graph, batch=batch, optimizer="adamw", precision="bf16").total <= 1 << 30
    assert memory(graph, batch=batch + 1, optimizer="adamw", precision="bf16").total > 1 << 30
    assert largest_batch(graph, 1000) == 0


def test_memory_of_layers_sums_to_the_activations():
    found = memory(archdsl.load("zoo:resnet20").graph, batch=7)
    assert sum(found.layers) == found.activations


def test_unknown_optimizer_or_precision_is_refused():
    with pytest.raises(ValueError, match="optimizer 'lion', precision 'fp32': use one of"):
        memory(archdsl.load("zoo:lenet5").graph, batch=1, optimizer="lion")
