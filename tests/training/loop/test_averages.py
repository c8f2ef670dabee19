"""Slow weights, frozen parts, whitened filters, partial epochs: the features of airbench, each on its own."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import archdsl
from archdsl.diagnostics import Sink
from archdsl.network import analyze
from archdsl.text.source import Source
from archdsl.training.assemble import build, prepare
from archdsl.training.data.images import ImageSet, Splits
from archdsl.training.loop.averages import WeightAverages, slow_weight_fraction
from archdsl.training.loop.callback import StopRequest
from archdsl.training.loop.device_setup import DeviceSetup
from archdsl.training.loop.evaluation import answers
from archdsl.training.loop.freezing import freeze
from archdsl.training.loop.metrics import EpochMetrics
from archdsl.training.loop.optimizers import make_optimizer, parameter_groups
from archdsl.training.loop.standardization import Standard, Standardizer, measure
from archdsl.training.loop.tensor_parts import weights_of
from archdsl.training.loop.train_context import Batches, TrainContext
from archdsl.training.loop.training_state import RandomGenerators, TrainingState
from archdsl.training.loop.whitening import patches_of
from archdsl.training.model_spec import model_spec_of
from archdsl.training.network_check import check_recipe
from archdsl.training.recipe.recipe import Recipe, Sgd
from archdsl.training.recipe.sections import Freeze, Lookahead
from archdsl.training.tasks.classification import Classification
from archdsl.training.tasks.outputs import objective_of
from tests.training.helpers import StopAfter, small_network, training
from tests.training.test_session import assert_same

CPU = torch.device("cpu")


def a_state(model: nn.Module) -> TrainingState:
    average = {name: tensor.clone() for name, tensor in weights_of(model).items()}
    return TrainingState(model, make_optimizer(model, Sgd()), RandomGenerators(0, CPU), EpochMetrics(CPU), average)


# --- slow weights -----------------------------------------------------------------------------------------------------


def test_lookahead_interpolates_and_resets_the_fast_weights() -> None:
    model = nn.Linear(2, 1, bias=False)
    with torch.no_grad():
        model.weight.zero_()
    state = a_state(model)
    means, recipe = WeightAverages(state), Recipe(lookahead=Lookahead(every=2, alpha=0.5))
    seen = []
    for step in range(4):
        with torch.no_grad():
            model.weight += 1  # the fast weights' own step
        means.step(recipe, step, 4)
        seen.append(model.weight[0, 0].item())
    assert seen == [1.0, 1.0, 2.0, 2.0]  # 2 · ½, then 1 + (3 − 1) · ½
    assert state.average is not None
    assert state.average["weight"][0, 0].item() == 2.0


def test_lookahead_ramp_matches_airbench() -> None:
    """Jordan's decay is 0.95⁵·(t/T)³ of the slow weights."""
    recipe = Lookahead(every=5, alpha=1 - 0.95**5, ramp=3)
    for done in (5, 100, 480):
        assert 1 - slow_weight_fraction(recipe, done, 480) == pytest.approx(0.95**5 * (done / 480) ** 3)
    assert slow_weight_fraction(Lookahead(every=5, alpha=0.3), 5, 480) == pytest.approx(0.3)


def test_lookahead_weights_are_the_result_and_resume(tmp_path: Path) -> None:
    recipe: dict[str, Any] = {"lookahead": {"every": 4, "alpha": 0.6, "ramp": 1}, "epochs": 2.5}
    whole = training(tmp_path / "whole", **recipe).start()
    assert whole.state.step == math.ceil(2.5 * math.ceil(90 / 16)) == 15
    assert whole.state.history[-1]["step"] == 15
    training(tmp_path / "cut", stop=StopAfter(9), **recipe).start()
    training(tmp_path / "cut", **recipe).resume()
    assert_same(tmp_path / "whole", tmp_path / "cut")
    fast, slow = weights_of(whole.state.model), whole.state.average
    assert slow is not None
    assert any(not torch.equal(fast[name], slow[name]) for name in fast)  # 15 is not a multiple of 4


@pytest.mark.parametrize(
    ("epochs", "steps", "in_all"), [(1.1, 110, 2), (2, 200, 2), (2 + 1e-9, 200, 2), (0.001, 1, 1), (9.9, 990, 10)]
)
def test_fractional_number_of_epochs(epochs: float, steps: int, in_all: int) -> None:
    batches = Batches(torch.zeros(100, 1, 1, 1, dtype=torch.uint8), torch.zeros(100, dtype=torch.int64))
    recipe = Recipe.model_validate({"epochs": epochs, "batch": 1})
    plain = Standardizer(Standard((0.0,), (1.0,)), CPU, torch.contiguous_format)
    context = TrainContext(
        recipe, DeviceSetup(CPU), objective_of(Classification(), recipe), plain, 2, batches, None, StopRequest()
    )
    assert (context.steps, context.epochs) == (steps, in_all)
    assert sum(context.batches_of(epoch) for epoch in range(in_all)) == steps
    assert context.images_left(0, 0) == steps
    assert context.images_left(in_all - 1, context.batches_of(in_all - 1)) == 0


def test_ema_and_lookahead_are_mutually_exclusive() -> None:
    with pytest.raises(ValueError, match="one of them"):
        Recipe.model_validate({"ema": 0.9, "lookahead": {"every": 5}})


# --- learning rates and sums ------------------------------------------------------------------------------------------


def test_norm_biases_have_their_own_learning_rate_and_decay() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.GroupNorm(1, 2))
    groups = parameter_groups(model, Sgd(lr=0.1, weight_decay=0.02, decay_all=True, norm_bias_lr=64))
    apart = groups[-1]
    assert [id(p) for p in apart["params"]] == [id(model.get_parameter(name)) for name in ("1.bias", "2.bias")]
    assert apart["peak_lr"] == pytest.approx(6.4)
    assert all(group["peak_lr"] * group["weight_decay"] == pytest.approx(0.002) for group in groups)
    assert parameter_groups(model, Sgd(weight_decay=0.02, norm_bias_lr=64))[-1]["weight_decay"] == 0


@pytest.mark.parametrize("accumulate", [1, 2])
def test_summed_loss_equals_mean_loss_with_scaled_learning_rate(tmp_path: Path, accumulate: int) -> None:
    """90 images in batches of 30, so that every batch has as many."""
    batch, decay = 30, 0.01
    plain: dict[str, Any] = {"epochs": 1, "batch": batch, "accumulate": accumulate}
    images = batch * accumulate
    by_mean = {"name": "sgd", "lr": 0.3, "weight_decay": decay, "momentum": 0.5}
    by_sum = {**by_mean, "lr": 0.3 / images, "weight_decay": decay * images}
    if accumulate == 2:
        plain["epochs"] = 0.5  # the last step of an epoch has only one batch
    mean = training(tmp_path / "mean", optimizer=by_mean, **plain).start().state
    summed = (
        training(tmp_path / "sum", optimizer=by_sum, loss={"name": "cross_entropy", "sum": True}, **plain).start().state
    )
    assert mean.step == summed.step > 0
    ours = weights_of(summed.model)
    for name, tensor in weights_of(mean.model).items():
        assert torch.allclose(tensor, ours[name], atol=1e-5), name
    assert summed.history[0]["train"]["loss"] == pytest.approx(mean.history[0]["train"]["loss"], rel=1e-4)


# --- frozen parts -----------------------------------------------------------------------------------------------------


def test_freeze_after_stops_training_of_a_part(tmp_path: Path) -> None:
    made = training(tmp_path / "run", freeze={"name": "0, 1", "after": 1}, epochs=1)
    first = {n: t.clone() for n, t in weights_of(made.start().state.model).items()}
    longer = training(tmp_path / "longer", freeze={"name": "0, 1", "after": 1}, epochs=3).start().state.model
    for name, tensor in longer.named_parameters():
        assert torch.equal(tensor, first[name]) == name.startswith(("0.", "1.")), name


def test_weights_frozen_in_the_text_remain_frozen() -> None:
    model = small_network()
    model.get_parameter("0.weight").requires_grad_(False)
    freeze(model, Freeze(name="0,6", after=1), 0)
    assert not model.get_parameter("0.weight").requires_grad
    assert model.get_parameter("6.weight").requires_grad
    freeze(model, Freeze(name="0,6", after=1), 1)
    assert not model.get_parameter("6.weight").requires_grad
    freeze(model, Freeze(name="0,6", after=3), 2)  # a resumed run with more epochs
    assert model.get_parameter("6.weight").requires_grad
    assert not model.get_parameter("0.weight").requires_grad


def test_unknown_names_to_freeze_are_reported() -> None:
    text = "input 1x8x8\nstage stem { conv 4 k3 }\nflatten; fc 16; relu; fc 10\ntrain { data digits; freeze FROZEN }\n"
    for name, wrong in (("stem", None), ('"stem.conv1, fc1"', None), ("stme", "stem"), ('"stem.conv2"', "stem.conv1")):
        sink = Sink()
        analyze(Source(text.replace("FROZEN", name)), sink, recipe=check_recipe)
        message = [each.diagnostic.help() for each in sink]
        assert message == ([(f"did you mean `{wrong}`?",)] if wrong else [])


# --- whitening --------------------------------------------------------------------------------------------------------


def test_patches_match_a_convolution() -> None:
    inputs, filters = torch.randn(2, 3, 5, 6), torch.randn(4, 3, 2, 3)
    rows = patches_of(inputs, (2, 3)) @ filters.flatten(1).T
    assert torch.allclose(rows.view(2, 4, 4, 4).permute(0, 3, 1, 2), nn.functional.conv2d(inputs, filters), atol=1e-5)


def whitened(text: str) -> tuple[nn.Module, Tensor]:
    """The network, and the standardized images that its filters were computed from."""
    rng = np.random.default_rng(0)
    smooth = rng.normal(size=(300, 3, 9, 9)).cumsum(2).cumsum(3) * 12 + 128
    images = ImageSet(smooth.clip(0, 255).astype(np.uint8), np.zeros(300, np.int64))
    model_spec = model_spec_of(archdsl.loads(text), {}, ())
    model, standard = build(model_spec, Recipe(), CPU), measure(images.images)
    prepare(model, model_spec, Splits(images, None, None), standard, CPU)
    return model, _inputs(images, standard)


def _inputs(images: ImageSet, standard: Standard) -> Tensor:
    mean, deviation = (torch.tensor(each).view(1, 3, 1, 1) for each in (standard.mean, standard.deviation))
    return (torch.from_numpy(images.images) / 255 - mean) / deviation


def test_whitened_filter_responses_are_uncorrelated_with_unit_variance() -> None:
    model, inputs = whitened("input 3x9x9\nconv 24 k2 init=whiten(1e-6) nobias frozen\n")
    with torch.no_grad():
        answer = model(inputs).movedim(1, 0).flatten(1)
    assert torch.allclose(answer[:12], -answer[12:], atol=1e-4)
    moments = answer[:12] @ answer[:12].T / answer.shape[1]
    assert torch.allclose(moments, torch.eye(12), atol=0.02)


def test_deeper_layer_is_whitened_by_its_own_inputs() -> None:
    model, inputs = whitened("input 3x9x9\nconv 4 k3; relu\nconv 8 k2 init=whiten(1e-6)\n")
    with torch.no_grad():
        answer = model(inputs).movedim(1, 0).flatten(1)
    moments = answer[:4] @ answer[:4].T / answer.shape[1]  # the four largest of 16 directions
    assert torch.allclose(moments, torch.eye(4), atol=0.05)


# --- test-time augmentation -------------------------------------------------------------------------------------------


def test_outputs_are_averaged_over_flips_and_shifts() -> None:
    class Corner(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x[:, 0, :1, 0]

    image = torch.arange(16.0).view(1, 1, 4, 4)
    assert answers(Corner(), image, "none").item() == 0
    assert answers(Corner(), image, "flip").item() == (0 + 3) / 2
    # shifted down and right, (0, 0) is (1, 1) by reflection; up and left it is (1, 1): mirrored (1, 2), each time
    assert answers(Corner(), image, "shift").item() == (1.5 + (5 + 6) / 2) / 2


def test_all_copies_are_combined_alike() -> None:
    class Two(nn.Module):
        def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
            return x[:, 0, :1, 0], x[:, 0, :1, 0] + 100

    image = torch.arange(16.0).view(1, 1, 4, 4)
    for tta in ("none", "flip", "shift"):
        second = answers(Two(), image, tta, lambda outputs: outputs[1])  # type: ignore[index]  # the module's tuple
        assert second.item() == answers(Two(), image, tta).item() + 100
