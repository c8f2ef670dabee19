"""Activation checkpointing changes neither gradients nor buffers, and runs the blocks again in the backward pass."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

import archdsl
from archdsl.analysis.network_blocks import blocks
from archdsl.training.loop.activation_checkpointing import recomputed
from archdsl.training.loop.tensor_parts import weights_of
from archdsl.training.recipe.recipe import Recipe
from tests.training.helpers import training
from tests.training.processes.sharded_processes import make
from tests.training.recipe.recipe_effects import Notes
from tests.training.test_session import assert_same

TEXTS = {
    "norms": "block b(c) { conv c k3 p1; bn; relu; dropout }\ninput 1x8x8; stage s { b 4; b 6 }; flatten; fc 3",
    "spectral": "block b(c) { conv c k3 p1 weight=spectral; bn; relu }\ninput 1x8x8; b 4; b 4; flatten; fc 3",
    "branches": "input 1x8x8; stage s { conv 4 k1; concat { conv 2 k1; bn } { conv 3 k1; dropout2d } }; flatten; fc 3",
    "reused": "block b { fc 8; relu; dropout }\ninput 5x8; b as one; reuse one; b; flatten; fc 3",
    "experts": "input 5x8; stage s { fc 8; moe experts=2 { fc 8; relu } }; stage t { attention h2 }; flatten; fc 3",
    "none": "input 1x8x8; flatten; fc 3",
}


def step(model: nn.Module, inputs: Tensor, names: tuple[str, ...]) -> dict[str, Tensor]:
    """Gradients and buffers after a training step with accumulated gradients, and the state of the generator."""
    torch.manual_seed(1)
    model.train()
    with recomputed(model, names):
        for part in torch.split(inputs, 4):
            model(part).square().mean().backward()
    found = {name: parameter.grad for name, parameter in model.named_parameters() if parameter.grad is not None}
    return {**{n: g.clone() for n, g in found.items()}, **dict(model.named_buffers()), "rng": torch.get_rng_state()}


@pytest.mark.parametrize("name", TEXTS)
def test_checkpointing_preserves_gradients_and_buffers(name: str) -> None:
    network = archdsl.loads(TEXTS[name])
    names = tuple(".".join(path) for path in blocks(network.graph))
    assert bool(names) == (name != "none")
    inputs = torch.randn(8, *network.graph.nodes[network.graph.inputs[0]].shape.dims)
    results = []
    for each in ((), names):
        torch.manual_seed(0)
        results.append(step(network.to_torch(), inputs, each))
    plain, again = results
    assert plain.keys() == again.keys()
    assert all(torch.equal(tensor, again[key]) for key, tensor in plain.items())


def test_only_checkpointed_blocks_are_recomputed() -> None:
    network = archdsl.loads(TEXTS["norms"])
    model = network.to_torch()
    calls: Counter[str] = Counter()
    for name, module in model.named_modules():
        if isinstance(module, nn.Conv2d | nn.Linear):
            module.register_forward_hook(lambda *_, name=name: calls.update([name]))
    names = tuple(".".join(path) for path in blocks(network.graph))
    with recomputed(model, names):
        model(torch.randn(2, 1, 8, 8)).sum().backward()
    assert calls == {"s.b1.conv1": 2, "s.b2.conv1": 2, "fc1": 1}
    with torch.no_grad(), recomputed(model, names):
        model(torch.randn(2, 1, 8, 8))
    assert calls["s.b1.conv1"] == 3
    assert not any("forward" in vars(module) for module in model.modules())


def test_checkpointing_gives_the_same_run(tmp_path: Path) -> None:
    recipe: dict[str, Any] = {"epochs": 1, "optimizer": {"name": "sgd"}}
    made = [make(tmp_path / name, activation_checkpointing=name == "two", **recipe).start() for name in ("one", "two")]
    weights = [weights_of(each.state.model) for each in made]
    assert all(torch.equal(tensor, weights[1][name]) for name, tensor in weights[0].items())
    assert_same(tmp_path / "one", tmp_path / "two")


def test_checkpointing_without_blocks_is_reported(tmp_path: Path) -> None:
    notes = Notes()
    training(tmp_path / "run", callback=notes, epochs=1, activation_checkpointing=True).start()
    assert notes.warned == ["`activation_checkpointing` has no effect: the network has no blocks"]
    assert Recipe(activation_checkpointing=True) != Recipe()
