"""examples/airbench94.arch, trained by its recipe, is equivalent to the training of its paper, handwritten here."""

import math
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
from archdsl.training.loop.standardization import measure
from archdsl.training.loop.train_context import TrainContext
from archdsl.training.loop.training_state import TrainingState
from archdsl.training.model_spec import model_spec_of
from archdsl.training.recipe.composition import compose
from archdsl.training.recipe.recipe import Recipe
from archdsl.training.runs.run_folder import Run

BATCH, EPOCHS, WHITEN_EPOCHS = 24, 4.5, 2
CPU = torch.device("cpu")
CHANGED = {"epochs": EPOCHS, "batch": BATCH, "augment": {}}


class SlowWeights:
    """Jordan's LookaheadState."""

    def __init__(self, model: nn.Module) -> None:
        self.slow = {name: tensor.clone() for name, tensor in model.state_dict().items()}

    @torch.no_grad()
    def update(self, model: nn.Module, decay: float) -> None:
        for slow, fast in zip(self.slow.values(), model.state_dict().values(), strict=True):
            if fast.is_floating_point():
                slow.lerp_(fast, 1 - decay)
                fast.copy_(slow)


def reference_training(model: nn.Module, context: TrainContext, inputs: Tensor, labels: Tensor) -> None:
    """The paper's loop: learning rates for the sum, three parameter groups, triangular schedule, slow weights."""
    scale = 1024 * (1 + 1 / (1 - 0.85))
    lr, decay = 11.5 / scale, 0.0153 * 1024 / scale
    norms = {name for name, module in model.named_modules() if isinstance(module, nn.BatchNorm2d)}
    shifts = [p for n, p in model.named_parameters() if p.requires_grad and n.rpartition(".")[0] in norms]
    others = [p for n, p in model.named_parameters() if p.requires_grad and n.rpartition(".")[0] not in norms]
    optimizer = torch.optim.SGD(
        [
            {"params": shifts, "lr": lr * 64, "weight_decay": decay / (lr * 64)},
            {"params": others, "lr": lr, "weight_decay": decay / lr},
        ],
        momentum=0.85,
        nesterov=True,
    )
    peaks = [group["lr"] for group in optimizer.param_groups]
    steps, slow, done = math.ceil(EPOCHS * math.ceil(len(labels) / BATCH)), SlowWeights(model), 0
    for epoch in range(math.ceil(EPOCHS)):
        model.get_parameter("whiten.conv1.bias").requires_grad_(epoch < WHITEN_EPOCHS)
        for indices in torch.split(context.order(epoch), BATCH):
            triangle = np.interp(done, [0, 0.23 * steps, steps - 1], [0.2, 1, 0.07])
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["lr"] = peak * float(triangle)
            loss = F.cross_entropy(model(inputs[indices]), labels[indices], label_smoothing=0.2, reduction="sum")
            optimizer.zero_grad(set_to_none=True)
            torch.autograd.backward(loss)
            optimizer.step()
            done += 1
            if done % 5 == 0:
                slow.update(model, 0.95**5 * (done / steps) ** 3)
            if done == steps:
                slow.update(model, 1.0)
                return


@pytest.fixture
def trained(tmp_path: Path) -> tuple[TrainingState, TrainContext, nn.Module]:
    """The state after the recipe's training, the context, and the initial network, after whitening."""
    text = (
        (paths.examples() / "airbench94.arch").read_text(encoding="utf-8").replace("after=3", f"after={WHITEN_EPOCHS}")
    )
    text = text.replace("assert params == 1972792 and macs == 118147360", "")
    network = archdsl.loads(text, w1=6, w2=8, w3=8)
    in_file = compose(network.settings, {}, Sink())
    assert in_file is not None
    recipe = Recipe.model_validate({**in_file.model_dump(), **CHANGED})
    rng = np.random.default_rng(0)
    images = ImageSet(rng.integers(0, 256, (72, 3, 32, 32)).astype(np.uint8), rng.integers(0, 10, 72))
    splits, standard, model_spec = Splits(images, None, None), measure(images.images), model_spec_of(network, {}, ())
    model = assemble.build(model_spec, recipe, CPU)
    assemble.prepare(model, model_spec, splits, standard, CPU)
    context = assemble.make_context(recipe, DeviceSetup(CPU), standard, splits, 10, StopRequest())
    first = model_spec.build()
    first.load_state_dict(model.state_dict())
    state = assemble.first_state(model, context)
    fit(state, context, Run.create(tmp_path / "run", tmp_path, "unused"), TrainingCallback())
    return state, context, first


def test_recipe_matches_the_handwritten_loop_of_the_paper(
    trained: tuple[TrainingState, TrainContext, nn.Module],
) -> None:
    state, context, model = trained
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    reference_training(model.train(), context, context.standardize(context.train.images), context.train.labels)
    assert state.step == 14
    assert state.average is not None
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point():
            torch.testing.assert_close(state.average[name], tensor, rtol=2e-3, atol=2e-4, msg=name)
    moved = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])}
    assert "whiten.conv1.weight" not in moved
    assert {"whiten.conv1.bias", "group1.conv1.weight", "fc1.weight"} <= moved
