"""Networks with several outputs: each has a loss or is free, and every trainable weight is reached."""

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import archdsl
from archdsl import ArchError
from archdsl.diagnostics import Sink
from archdsl.training.data.registry import data_sets
from archdsl.training.loop.tensor_parts import weights_of
from archdsl.training.model_spec import model_spec_of
from archdsl.training.network_check import check, check_names, check_recipe
from archdsl.training.recipe.composition import compose
from archdsl.training.recipe.recipe import Recipe
from archdsl.training.session import Training
from archdsl.training.tasks.choice import TASKS
from archdsl.training.tasks.outputs import objective_of
from tests.training.helpers import StopAfter, training
from tests.training.test_session import assert_same

HEAD = "input 1x8x8\nflatten; fc 16 as h; relu\n"
AUX = f"{HEAD}aux early {{ fc 3 }}\nfc 3\n"


def trained(text: str, folder: Path, stop: int | None = None, **recipe: Any) -> Training:
    """A training of a text on the patches of the helpers, with the recipe in its `train` block."""
    network = archdsl.loads(text)
    given = compose(network.settings, {}, Sink())
    assert given is not None
    plain = training(folder, StopAfter(stop) if stop else None)
    changed = {**plain.recipe.model_dump(), "loss": given.loss, "augment": given.augment, **recipe}
    return Training(
        model_spec_of(network, {}, ()), plain.source, Recipe.model_validate(changed), plain.resources,
        plain.callback, plain.stop,
    )  # fmt: skip


def reference_training(started: Training, steps: int) -> nn.Module:
    """The same network after plain steps: cross entropy, plus 0.3 of that of the auxiliary output."""
    from archdsl.training import assemble
    from archdsl.training.loop.device_setup import DeviceSetup
    from archdsl.training.loop.standardization import measure

    splits = started.source.load(started.resources.request)
    device = torch.device("cpu")
    standard = measure(splits.train.images)
    context = assemble.make_context(started.recipe, DeviceSetup(device), standard, splits, 3, started.stop)
    model = assemble.build(started.model_spec, started.recipe, device)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    state = assemble.first_state(started.model_spec.build(), context)
    for indices in torch.split(context.order(0), started.recipe.batch)[:steps]:
        inputs, labels = context.feed(indices, None, state.rng)
        main, early = model(inputs)
        optimizer.zero_grad()
        loss = F.cross_entropy(main, labels) + 0.3 * F.cross_entropy(early, labels)
        loss.backward()  # type: ignore[no-untyped-call]  # torch has no types here
        optimizer.step()
    return model


def test_auxiliary_output_matches_a_handwritten_training(tmp_path: Path) -> None:
    started = trained(f"{AUX}train {{ loss cross_entropy early=0.3 }}", tmp_path / "run", stop=4)
    outcome = started.start()
    wanted = weights_of(reference_training(started, outcome.state.step))
    assert outcome.state.step == 4
    for name, tensor in weights_of(outcome.state.model).items():
        assert torch.allclose(tensor, wanted[name], atol=1e-6), name


def test_run_with_two_losses_resumes_bit_for_bit(tmp_path: Path) -> None:
    text = f"{HEAD}fc 3 as a\nfrom h; fc 3 as b\noutput a, b\ntrain {{ loss a=cross_entropy b=mse }}"
    trained(text, tmp_path / "whole").start()
    trained(text, tmp_path / "parts", stop=3).start()
    trained(text, tmp_path / "parts").resume()
    assert_same(tmp_path / "whole", tmp_path / "parts")


def test_each_output_has_its_own_loss() -> None:
    graph = archdsl.loads(f"{HEAD}fc 3 as a\nfrom h; fc 3 as b\nfrom h; fc 3 as c\noutput a, b, c").graph
    recipe = Recipe.model_validate({"loss": {"name": "cross_entropy", "output_losses": "a=bce, b=mse, c=0.5"}})
    objective = objective_of(TASKS["classification"], recipe, graph)
    outputs, labels = tuple(torch.randn(5, 3) for _ in "abc"), torch.tensor([0, 1, 2, 0, 1])
    wanted = F.one_hot(labels, 3).float()
    reference_training = (
        F.binary_cross_entropy_with_logits(outputs[0], wanted)
        + F.mse_loss(outputs[1], wanted)
        + 0.5 * F.cross_entropy(outputs[2], labels)
    )
    assert torch.allclose(objective(objective.outputs(outputs), labels), reference_training)
    assert objective.without_free(outputs) == outputs


def test_outputs_without_loss_are_omitted() -> None:
    graph = archdsl.loads(f"{HEAD}relu as mid\nfc 3 as a\nfrom h; fc 3 as c\noutput a, mid, c").graph
    recipe = Recipe.model_validate({"loss": {"output_losses": "mid=free, c=2", "name": "cross_entropy"}})
    objective = objective_of(TASKS["classification"], recipe, graph)
    outputs = torch.randn(5, 3), torch.randn(5, 16), torch.randn(5, 3)
    assert [each.shape[1] for each in objective.outputs(outputs)] == [3, 3]
    kept = objective.without_free(outputs)
    assert isinstance(kept, tuple)
    assert [each is None for each in kept] == [False, True, False]


def test_googlenet_trains_its_auxiliary_classifiers() -> None:
    network = archdsl.load("zoo:googlenet", auxiliary=1, classes=10, input="3x32x32")
    sink = Sink()
    recipe = Recipe.model_validate({"loss": {"name": "cross_entropy", "output_losses": "aux1=0.3, aux2=0.3"}})
    assert check_names(network.graph, recipe, sink) is None
    check(network.graph, data_sets()["cifar10"], recipe, sink)
    assert not tuple(sink)
    objective, model = objective_of(TASKS["classification"], recipe, network.graph), network.to_torch()
    objective(objective.outputs(model(torch.randn(2, 3, 32, 32))), torch.tensor([0, 1])).backward()  # type: ignore[no-untyped-call]  # torch has no types here
    assert [name for name, parameter in model.named_parameters() if parameter.grad is None] == []
    early = [p for name, p in model.named_parameters() if name.startswith("inception4.aux1")]
    assert early
    assert all(bool(p.grad is not None and p.grad.abs().sum() > 0) for p in early if p.ndim > 1)


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        (f"{HEAD}aux early {{ fc 10 }}\nfc 10", "E0814", "the output `early` has no loss"),
        (f"{HEAD}aux early {{ fc 9 }}\nfc 10\ntrain {{ loss cross_entropy early=1 }}", "E0812", "10 classes"),
        (f"{HEAD}aux early {{ fc 10 }}\nfc 10\ntrain {{ loss mse early=free }}", "E0815", "weights of `early`"),
        (f"{HEAD}fc 7 as unused\nfrom h; fc 10\n", "E0815", "weights of `unused`"),
        (f"{HEAD}fc 10\ntrain {{ loss mse late=1 }}", "E0803", "the network has no output `late`"),
        (f"{AUX}train {{ loss mse early=-1 }}", "E0803", "positive weight"),
        (f"{AUX}train {{ loss mse early=nothing }}", "E0803", "positive weight"),
        (f"{AUX}train {{ loss mse early=1 early=2 }}", "E0804", "`early` is set twice"),
        (f"{HEAD}fc 10 as a\nfrom h; fc 10 as b\noutput a, b\ntrain {{ loss mse a=free b=1 }}", "E0803", "prediction"),
    ],
)
def test_weights_without_a_loss_are_an_error_before_data_are_read(text: str, code: str, words: str) -> None:
    network = archdsl.loads(text)
    sink = Sink()
    recipe = compose(network.settings, {}, sink)
    if recipe is not None:
        check_names(network.graph, recipe, sink)
        check(network.graph, data_sets()["digits"], recipe, sink)
    first = next(iter(sink)).diagnostic
    assert (first.code, words in first.message()) == (code, True), first.message()


@pytest.mark.parametrize(
    "text",
    [
        f"{HEAD}aux early {{ fc 10 }}\nfc 10\ntrain {{ data digits; loss cross_entropy early=0.3 }}",
        f"{HEAD}aux early {{ fc 10 }}\nfc 10\ntrain {{ data digits; loss cross_entropy early=free; freeze early }}",
        f"{HEAD}fc 10 as a\nfrom h; fc 10 as b\noutput a, b\ntrain {{ data digits; loss a=bce b=mse }}",
        f"{HEAD}relu as mid\nfc 10 as a\noutput a, mid\ntrain {{ data digits; loss cross_entropy mid=free }}",
    ],
)
def test_compatible_networks_with_several_outputs_are_accepted(text: str) -> None:
    sink = Sink()
    check_recipe(archdsl.loads(text).graph, sink)
    assert not tuple(sink)


def test_output_loss_option_matches_the_text() -> None:
    network = archdsl.loads(AUX)
    given = compose(network.settings, {("loss", "output_losses"): "early=0.3"}, Sink())
    in_text = compose(archdsl.loads(f"{AUX}train {{ loss cross_entropy early=0.3 }}").settings, {}, Sink())
    assert given is not None
    assert in_text is not None
    assert given.loss.by_output == in_text.loss.by_output == {"early": 0.3}
    with pytest.raises(ValueError, match="no output `erly`; did you mean `early`"):
        archdsl.fit(network, "digits", output_losses="erly=1")
    with pytest.raises(ArchError):
        archdsl.fit(network, "digits")
