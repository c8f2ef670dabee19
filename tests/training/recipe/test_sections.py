"""Schedules, optimizers, losses, standardization, scores, and the choice of precision and layout."""

import math

import numpy as np
import pytest
import torch
from torch import nn

import archdsl
from archdsl.training.errors.device_errors import NoDevice
from archdsl.training.errors.loop_errors import NothingToTrain
from archdsl.training.loop import device_setup
from archdsl.training.loop.device_setup import DeviceSetup, choose_device, choose_setup
from archdsl.training.loop.evaluation import averaged, evaluate
from archdsl.training.loop.optimizers import make_optimizer, parameter_groups
from archdsl.training.loop.schedule import factor
from archdsl.training.loop.standardization import Standard, Standardizer, measure
from archdsl.training.loop.tensor_parts import weights_of
from archdsl.training.loop.training_state import RandomGenerators, derive
from archdsl.training.recipe.recipe import (
    Adam,
    AdamW,
    AnyLoss,
    AnyOptimizer,
    AnySchedule,
    Bce,
    Constant,
    Cosine,
    CrossEntropy,
    Mse,
    Muon,
    OneCycle,
    RmsProp,
    Sgd,
    Step,
    Triangular,
)
from archdsl.training.tasks.class_losses import class_indices, make_loss
from archdsl.training.tasks.class_scores import ClassMeter
from archdsl.training.tasks.classification import Classification
from archdsl.training.tasks.main_output import main_output
from archdsl.training.tasks.outputs import Objective
from tests.training.helpers import small_network

CPU = DeviceSetup(torch.device("cpu"))


def objective(loss: AnyLoss) -> Objective:
    return Objective(Classification(), make_loss(loss))


# --- schedules --------------------------------------------------------------------------------------------------------


def course(schedule: AnySchedule, steps: int = 100, per_epoch: int = 10) -> list[float]:
    return [factor(schedule, step, steps, per_epoch) for step in range(steps)]


def test_constant_schedule() -> None:
    assert course(Constant()) == [1.0] * 100
    warmed = course(Constant(warmup=0.1))
    assert warmed[10:] == [1.0] * 90
    assert np.allclose(np.diff(warmed[:11]), 1 / 11)


def test_step_schedule() -> None:
    assert np.allclose(course(Step(every=3, factor=0.1)), [0.1 ** (step // 30) for step in range(100)])


def test_step_schedule_at_given_epochs() -> None:
    falls = course(Step(at="2.5, 7", factor=0.1))
    assert np.allclose(falls, [1.0] * 25 + [0.1] * 45 + [0.01] * 30)
    assert Step.model_validate({"name": "step", "at": 82}).at == "82"
    for wrong in ("7, 2", "soon", "0", "nan", "", " ", ",", "3,", "2, 2"):
        with pytest.raises(ValueError, match="takes different epochs in ascending order"):
            Step(at=wrong)


def test_cosine_schedule_matches_torch() -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    theirs = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=99)
    for ours in course(Cosine()):
        assert math.isclose(ours, theirs.get_last_lr()[0], abs_tol=1e-9)
        optimizer.step()
        theirs.step()


def test_onecycle_schedule_matches_torch() -> None:
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    theirs = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, 1.0, total_steps=101, cycle_momentum=False, pct_start=0.3 + 1 / 101
    )
    wanted: list[float] = []
    for _ in range(101):
        wanted.append(float(theirs.get_last_lr()[0]))
        optimizer.step()
        if len(wanted) < 101:
            theirs.step()
    ours = [factor(OneCycle(warmup=0.3), step, 101, 10) for step in range(101)]
    assert np.allclose(ours, wanted, atol=0.02)
    assert math.isclose(ours[0], 0.04)
    assert math.isclose(ours[-1], 4e-6)


def test_triangular_schedule() -> None:
    got = course(Triangular(warmup=0.23, start=0.2, end=0.07))
    assert math.isclose(got[0], 0.2)
    assert math.isclose(got[23], 1.0)
    assert math.isclose(got[-1], 0.07)
    assert np.allclose(np.diff(got[23:]), -0.93 / 76)


@pytest.mark.parametrize("schedule", [Constant(warmup=0.5), Step(), Cosine(), OneCycle(), Triangular()])
@pytest.mark.parametrize("steps", [1, 2, 3])
def test_schedules_of_very_short_trainings_are_positive(schedule: AnySchedule, steps: int) -> None:
    assert all(0 <= value <= 1 for value in course(schedule, steps))
    assert course(schedule, steps)[0] > 0


# --- optimizers -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", [Sgd(), Adam(), AdamW(), RmsProp(), Muon()], ids=lambda recipe: recipe.name)
def test_optimizers_reduce_the_loss(recipe: AnyOptimizer) -> None:
    torch.manual_seed(0)
    layer = nn.Linear(4, 1)
    optimizer = make_optimizer(layer, recipe)
    inputs = torch.randn(64, 4)
    losses = []
    for _ in range(30):
        loss = (layer(inputs) - inputs[:, :1]).square().mean()
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < losses[0]
    assert all(group["peak_lr"] == recipe.lr for group in optimizer.param_groups)


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_muon_on_filters_matches_torch_on_the_flattened_matrix(layout: torch.memory_format) -> None:
    torch.manual_seed(0)
    conv = nn.Conv2d(3, 8, 3, bias=False)
    matrix = nn.Parameter(conv.weight.detach().flatten(1).clone())
    conv.weight.data = conv.weight.data.contiguous(memory_format=layout)
    theirs = torch.optim.Muon([matrix], lr=0.01, weight_decay=0.1, momentum=0.9, adjust_lr_fn="match_rms_adamw")
    ours = make_optimizer(conv, Muon(lr=0.01, weight_decay=0.1, momentum=0.9))
    for _ in range(3):
        gradient = torch.randn(8, 3, 3, 3)
        matrix.grad = gradient.flatten(1)
        torch.autograd.backward((conv.weight * gradient).sum())
        nn.utils.clip_grad_norm_(conv.parameters(), 5.0)
        nn.utils.clip_grad_norm_([matrix], 5.0)
        theirs.step()  # type: ignore[no-untyped-call]  # torch has no types here
        ours.step()
        ours.zero_grad()
        assert conv.weight.grad is None
        # Newton-Schulz steps are made in 16 bits, so columns in another order are rounded differently
        assert torch.allclose(conv.weight.detach().flatten(1), matrix.detach(), atol=2e-4)


def test_network_without_weights_cannot_be_trained() -> None:
    with pytest.raises(NothingToTrain):
        make_optimizer(nn.Flatten(), Sgd())


def test_weight_decay_excludes_norms_and_biases() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Linear(2, 2))
    decayed, spared = parameter_groups(model, Sgd(weight_decay=0.1))
    assert [p.ndim for p in decayed["params"]] == [4, 2]
    assert decayed["weight_decay"] == 0.1
    assert len(spared["params"]) == 4
    assert spared["weight_decay"] == 0
    (everything,) = parameter_groups(model, Sgd(weight_decay=0.1, decay_all=True))
    assert len(everything["params"]) == 6


def test_weight_decay_excludes_scales_tokens_and_positions() -> None:
    text = """
    input 3x8x8
    conv 8 k4 s4 nobias; layernorm; scale learned; prelu
    attention 2 window=2 relative cosine
    tokens; cls; pos; rmsnorm; take 0; fc 10
    """
    model = archdsl.loads(text).to_torch()
    decayed, spared = parameter_groups(model, AdamW())
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    assert [names[id(p)] for p in decayed["params"]] == [
        "conv1.weight",
        "attention1.in_proj_weight",
        "attention1.out_proj.weight",
        "fc1.weight",
    ]
    assert len(decayed["params"]) + len(spared["params"]) == len(names)
    (everything,) = parameter_groups(model, AdamW(decay_all=True))
    assert len(everything["params"]) == len(names)


def test_optimizer_excludes_frozen_parameters() -> None:
    model = small_network()
    for parameter in model.get_submodule("0").parameters():
        parameter.requires_grad_(False)
    count = sum(len(group["params"]) for group in parameter_groups(model, Sgd()))
    assert count == sum(1 for _ in model.parameters()) - 1


# --- losses -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", [CrossEntropy(), CrossEntropy(smoothing=0.1), Bce(), Bce(smoothing=0.1), Mse()])
def test_losses_of_classes_equal_those_of_one_hot_probabilities(recipe: AnyLoss) -> None:
    torch.manual_seed(0)
    logits, labels = torch.randn(5, 4), torch.tensor([0, 3, 1, 2, 2])
    loss, probabilities = make_loss(recipe), nn.functional.one_hot(labels, 4).float()
    assert torch.allclose(loss(logits, labels), loss(logits, probabilities))
    assert torch.equal(class_indices(probabilities), labels)
    right = 100 * probabilities - 50
    assert loss(right, labels) < loss(-right, labels)


def test_main_output_ignores_auxiliary_outputs() -> None:
    main, side = torch.randn(2, 3), torch.randn(2, 3)
    assert torch.equal(main_output((main, side)), main)
    assert main_output(main.bfloat16()).dtype == torch.float32


# --- pixels -----------------------------------------------------------------------------------------------------------


def test_standardization_matches_pixel_mean_and_deviation() -> None:
    images = np.random.default_rng(0).integers(0, 256, (50, 3, 7, 5)).astype(np.uint8)
    images[:, 2] = 7
    standard = measure(images)
    pixels = images / 255
    assert np.allclose(standard.mean, pixels.mean((0, 2, 3)))
    assert np.allclose(standard.deviation[:2], pixels.std((0, 2, 3))[:2])
    assert standard.deviation[2] == 1 / 255
    made = Standardizer(standard, torch.device("cpu"), torch.channels_last)(torch.from_numpy(images))
    assert made.is_contiguous(memory_format=torch.channels_last)
    assert torch.allclose(made[:, :2].mean((0, 2, 3)), torch.zeros(2), atol=1e-5)
    assert torch.allclose(made[:, :2].var((0, 2, 3), correction=0), torch.ones(2), atol=1e-4)
    assert torch.allclose(made[:, 2], torch.zeros(()), atol=1e-4)
    first = Standardizer(standard, torch.device("cpu"), torch.contiguous_format)
    last = Standardizer(standard, torch.device("cpu"), torch.channels_last)
    for width in (5, 3):  # the same instance, images of another width
        given = torch.from_numpy(images)[..., :width]
        turned = given.contiguous(memory_format=torch.channels_last)
        assert torch.equal(first(given), last(given))
        assert torch.equal(first(given), last(turned))
        assert torch.equal(torch.from_numpy(images)[..., :width], turned)  # nothing was written into them


# --- scores -----------------------------------------------------------------------------------------------------------


class Fixed(nn.Module):
    """Returns the pixels of the image's first row."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        assert not self.training
        return x[:, 0, 0]


def test_classification_scores_match_hand_computed_values() -> None:
    rows = torch.tensor(
        [[9, 1, 2, 3, 4, 5], [9, 1, 2, 3, 4, 5], [9, 1, 2, 3, 4, 5], [0, 50, 2, 3, 4, 5]], dtype=torch.uint8
    )
    labels = torch.tensor([0, 5, 1, 1])
    plain = Standardizer(Standard((0.0,), (1 / 255,)), torch.device("cpu"), torch.contiguous_format)
    model = Fixed().train()
    scores = evaluate(model, rows[:, None, None], labels, ClassMeter(make_loss(CrossEntropy())), CPU, plain, batch=3)
    assert model.training
    assert scores.accuracy == 0.5
    assert scores.top5 == 0.75
    assert scores.confusion.tolist()[0] == [1, 0, 0, 0, 0, 0]
    assert scores.confusion.sum() == 4
    assert scores.confusion[5, 0] == scores.confusion[1, 0] == scores.confusion[1, 1] == 1
    assert math.isclose(scores.loss, nn.functional.cross_entropy(rows.float(), labels).item(), rel_tol=1e-6)
    meter = ClassMeter(make_loss(CrossEntropy()))
    mirrored = evaluate(model, rows[:, None, None], labels, meter, CPU, plain, tta="flip")
    assert torch.allclose(mirrored.logits, (rows.float() + rows.float().flip(1)) / 2, atol=1e-5)


def test_scores_are_consistent_for_tied_logits() -> None:
    rows = torch.randint(0, 4, (500, 12), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(500) % 12
    plain = Standardizer(Standard((0.0,), (1 / 255,)), torch.device("cpu"), torch.contiguous_format)
    scores = evaluate(Fixed(), rows[:, None, None], labels, ClassMeter(make_loss(CrossEntropy())), CPU, plain)
    assert scores.accuracy == scores.confusion.trace().item() / 500
    assert scores.accuracy == (scores.logits.argmax(1) == labels).sum().item() / 500
    assert scores.top5 >= scores.accuracy


def test_averaged_weights_are_swapped_in_temporarily() -> None:
    model = small_network()
    before = {name: tensor.clone() for name, tensor in weights_of(model).items()}
    means = {name: torch.zeros_like(tensor) for name, tensor in before.items()}
    with averaged(model, means):
        assert all(not bool(tensor.any()) for tensor in weights_of(model).values())
    assert all(torch.equal(tensor, before[name]) for name, tensor in weights_of(model).items())


# --- precision and layout ---------------------------------------------------------------------------------------------


def test_given_precision_and_layout_skip_the_speed_trial() -> None:
    batch = torch.randn(4, 1, 8, 8), torch.zeros(4, dtype=torch.int64)
    chosen, trials = choose_setup(
        small_network(), objective(CrossEntropy()), batch, CPU.device, "bf16", "channels_last"
    )
    assert (chosen.precision, chosen.layout, trials) == ("bf16", "channels_last", [])


@pytest.mark.parametrize(
    ("speeds", "wanted"),
    [
        ([100, 102, 103, 104], ("fp32", "channels_first")),
        ([100, 120, 110, 110], ("fp32", "channels_last")),
        ([100, 120, 110, 200], ("bf16", "channels_last")),
        ([100, 90, 130, 90], ("bf16", "channels_first")),
    ],
)
def test_auto_setup_selects_the_clearly_faster_choice(
    speeds: list[float], wanted: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    left = iter(speeds)
    monkeypatch.setattr(device_setup, "_speed", lambda *_: next(left))
    batch = torch.randn(4, 1, 8, 8), torch.zeros(4, dtype=torch.int64)
    chosen, trials = choose_setup(small_network(), objective(Mse()), batch, CPU.device, "auto", "auto")
    assert (chosen.precision, chosen.layout) == wanted
    assert [speed for _, speed in trials] == speeds


def test_speed_trial_does_not_change_model_or_rng_state() -> None:
    model = small_network()
    before, rng = {n: t.clone() for n, t in weights_of(model).items()}, torch.get_rng_state()
    batch = torch.randn(4, 1, 8, 8, generator=torch.Generator()), torch.zeros(4, dtype=torch.int64)
    _, trials = choose_setup(model, objective(CrossEntropy()), batch, CPU.device, "auto", "auto")
    assert len(trials) == 4
    assert all(speed > 0 for _, speed in trials)
    assert all(torch.equal(t, before[n]) for n, t in weights_of(model).items())
    assert all(p.grad is None for p in model.parameters())
    assert torch.equal(torch.get_rng_state(), rng)


def test_device_selection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("cpu").type == choose_device("auto").type == "cpu"
    with pytest.raises(NoDevice, match="`cuda`: torch finds no such device"):
        choose_device("cuda")
    with pytest.raises(NoDevice, match="tpu"):
        choose_device("tpu")


# --- random numbers ---------------------------------------------------------------------------------------------------


def test_random_generators_continue_from_saved_states() -> None:
    rng = RandomGenerators(3, torch.device("cpu"))
    torch.manual_seed(5)
    torch.rand(7, generator=rng.device)
    states = rng.states()
    wanted = [torch.rand(3, generator=g) for g in (rng.host, rng.device)] + [torch.rand(3)]
    other = RandomGenerators(4, torch.device("cpu"))
    other.restore(states)
    assert all(
        torch.equal(a, b)
        for a, b in zip(
            wanted, [*(torch.rand(3, generator=g) for g in (other.host, other.device)), torch.rand(3)], strict=True
        )
    )


def test_seeds_for_different_purposes_differ() -> None:
    seeds = {derive(seed, purpose) for seed in range(50) for purpose in ("order 1", "order 2", "weights")}
    assert len(seeds) == 150
    assert all(0 <= seed < 2**63 for seed in seeds)
