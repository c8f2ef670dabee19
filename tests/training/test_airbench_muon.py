"""examples/airbench94_muon.arch, trained by its recipe, is equivalent to its source's loop, handwritten here."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import archdsl
from archdsl.diagnostics import Sink
from archdsl.text import paths
from archdsl.training import assemble
from archdsl.training.data.images import ImageSet, Splits
from archdsl.training.loop.callback import StopRequest, TrainingCallback
from archdsl.training.loop.device_setup import DeviceSetup
from archdsl.training.loop.loop import fit
from archdsl.training.loop.optimizers import make_optimizer
from archdsl.training.loop.standardization import measure
from archdsl.training.loop.train_context import TrainContext
from archdsl.training.model_spec import model_spec_of
from archdsl.training.recipe.composition import compose
from archdsl.training.recipe.recipe import Muon, Recipe
from archdsl.training.runs.run_folder import Run

BATCH, EPOCHS, WHITEN_EPOCHS, IMAGES = 24, 4, 2, 72
CPU = torch.device("cpu")
TEXT = (paths.examples() / "airbench94_muon.arch").read_text(encoding="utf-8")


def orthogonalized(gradient: Tensor) -> Tensor:
    """Three Newton-Schulz iterations in 16 bits, as in airbench94_muon.py."""
    a, b, c = (3.4445, -4.7750, 2.0315)
    matrix = gradient.bfloat16()
    matrix = matrix / (matrix.norm() + 1e-7)
    for _ in range(3):
        gram = matrix @ matrix.T
        matrix = a * matrix + (b * gram + c * gram @ gram) @ matrix
    result: Tensor = matrix.float()
    return result


def scaled(gradient: Tensor, *_: object) -> Tensor:
    """A stand-in for the orthogonalization, which enlarges differences of rounding until weights differ after a few
    steps.
    """
    result: Tensor = gradient / gradient.norm() * len(gradient) ** 0.5
    return result


class MuonByHand:
    """The filters' optimizer of airbench94_muon.py; all of its matrices are at least as wide as high."""

    def __init__(self, filters: list[nn.Parameter], whiten: Callable[[Tensor], Tensor]) -> None:
        self.filters, self.moments, self.whiten = filters, [torch.zeros_like(each) for each in filters], whiten

    @torch.no_grad()
    def step(self, lr: float) -> None:
        for weight, moment in zip(self.filters, self.moments, strict=True):
            assert weight.grad is not None
            moment.mul_(0.6).add_(weight.grad)
            update = self.whiten(weight.grad.add(moment, alpha=0.6).flatten(1)).view_as(weight)
            weight.mul_(len(weight) ** 0.5 / weight.norm()).sub_(update, alpha=lr)


def reference_training(model: nn.Module, context: TrainContext, inputs: Tensor, labels: Tensor) -> None:
    """The source's loop: Muon for the filters, SGD for the rest, whose whitening bias has its own schedule."""
    whitening, head = model.get_parameter("whiten.conv1.bias"), model.get_parameter("fc1.weight")
    filters = [p for p in model.parameters() if p.requires_grad and p.ndim == 4]
    shifts = [p for n, p in model.named_parameters() if p.requires_grad and n.endswith("bias") and p is not whitening]
    rates, decay = (0.053, 0.053, 0.67), 0.004
    groups = [
        {"params": params, "lr": lr, "weight_decay": decay / lr}
        for params, lr in zip(([whitening], shifts, [head]), rates, strict=True)
    ]
    others, muon = torch.optim.SGD(groups, momentum=0.85, nesterov=True), MuonByHand(filters, scaled)
    in_epoch = IMAGES // BATCH
    steps, whiten_steps, step = EPOCHS * in_epoch, WHITEN_EPOCHS * in_epoch, 0
    for epoch in range(EPOCHS):
        for indices in torch.split(context.order(epoch), BATCH):
            whitening.requires_grad_(step < whiten_steps)
            loss = F.cross_entropy(model(inputs[indices]), labels[indices], label_smoothing=0.2, reduction="sum")
            others.zero_grad(set_to_none=True)
            model.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            shares = (1 - step / whiten_steps, 1 - step / steps, 1 - step / steps)
            for group, peak, share in zip(others.param_groups, rates, shares, strict=True):
                group["lr"] = peak * share
            others.step()
            muon.step(0.24 * (1 - step / steps))
            step += 1


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_muon_step_matches_the_source(layout: torch.memory_format) -> None:
    torch.manual_seed(0)
    conv = nn.Conv2d(8, 16, 3, bias=False)
    other = nn.Parameter(conv.weight.detach().clone())
    conv.weight.data = conv.weight.data.contiguous(memory_format=layout)
    first = other.detach().clone()
    source = MuonByHand([other], orthogonalized)
    recipe = Muon(lr=0.24, momentum=0.6, ns_steps=3, adjust_lr="original", normalize=True, weight_decay=0.1)
    optimizer = make_optimizer(conv, recipe)
    for _ in range(4):
        gradient = torch.randn(16, 8, 3, 3)
        other.grad = gradient
        torch.autograd.backward((conv.weight * gradient).sum())
        source.step(0.24)
        optimizer.step()
        optimizer.zero_grad()
        # the iterations are made in 16 bits
        assert (conv.weight - other).norm() < 0.02 * (other - first).norm()


def test_recipe_matches_the_handwritten_loop_of_the_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.optim._muon._zeropower_via_newtonschulz", scaled)
    text = TEXT.replace("after=3", f"after={WHITEN_EPOCHS}").replace("end=1/200", f"end=1/{EPOCHS * IMAGES // BATCH}")
    text = text.replace("assert params == 1972792 and macs == 118147360", "")
    network = archdsl.loads(text, w1=24, w2=24, w3=24)
    in_file = compose(network.settings, {}, Sink())
    assert in_file is not None
    changed = {"epochs": EPOCHS, "batch": BATCH, "augment": {}, "precision": "fp32", "layout": "channels_first"}
    recipe = Recipe.model_validate({**in_file.model_dump(), **changed})
    rng = np.random.default_rng(0)
    images = ImageSet(rng.integers(0, 256, (IMAGES, 3, 32, 32)).astype(np.uint8), rng.integers(0, 10, IMAGES))
    splits, standard, model_spec = Splits(images, None, None), measure(images.images), model_spec_of(network, {}, ())
    model = assemble.build(model_spec, recipe, CPU)
    assemble.prepare(model, model_spec, splits, standard, CPU)
    context = assemble.make_context(recipe, DeviceSetup(CPU), standard, splits, 10, StopRequest())
    reference = model_spec.build()
    reference.load_state_dict(model.state_dict())
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    fit(
        assemble.first_state(model, context),
        context,
        Run.create(tmp_path / "run", tmp_path, "unused"),
        TrainingCallback(),
    )
    reference_training(reference.train(), context, context.standardize(context.train.images), context.train.labels)
    for name, tensor in reference.state_dict().items():
        if tensor.is_floating_point():
            torch.testing.assert_close(model.state_dict()[name], tensor, rtol=2e-3, atol=2e-4, msg=name)
    moved = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])}
    assert "whiten.conv1.weight" not in moved
    assert {"whiten.conv1.bias", "group1.conv1.weight", "group3.unit2.bn1.bias", "fc1.weight"} <= moved
