"""Sums over an epoch, which must not depend on how they were computed."""

import pytest
import torch
from torch import Tensor

from archdsl.training.loop import metrics
from archdsl.training.loop.metrics import EpochMetrics
from archdsl.training.tasks.class_losses import count_right

CPU = torch.device("cpu")


def batches(count: int, mixed: bool) -> list[tuple[Tensor, Tensor, Tensor]]:
    rng = torch.Generator().manual_seed(count)
    made = []
    for number in range(count):
        logits = torch.randn(5 + number % 3, 4, generator=rng)
        labels = torch.randint(4, (len(logits),), generator=rng)
        message = torch.nn.functional.one_hot(labels, 4).float().mul(0.7).add(0.075) if mixed else labels
        made.append((torch.rand((), generator=rng), logits, message))
    return made


@pytest.mark.parametrize("mixed", [False, True], ids=["classes", "mixed labels"])
def test_epoch_sums_do_not_depend_on_when_they_are_read(mixed: bool) -> None:
    seen, looked, single = EpochMetrics(CPU), EpochMetrics(CPU), EpochMetrics(CPU)
    for number, (loss, logits, labels) in enumerate(batches(50, mixed)):
        seen.update(loss, logits, labels)
        looked.update(loss, logits, labels)
        single.add(loss, count_right(logits, labels), len(logits))
        if number % 7 == 0:
            assert int(looked.correct) == int(single.correct)
    assert seen.seen == looked.seen == single.seen
    assert torch.equal(seen.loss, looked.loss)
    assert torch.equal(seen.loss, single.loss)
    assert torch.equal(seen.correct, single.correct)
    assert seen.loss.dtype == torch.float64


def test_pending_values_are_bounded_and_detached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_MOST_HELD", 100)
    made = EpochMetrics(CPU)
    for _ in range(20):
        logits = torch.randn(6, 4, requires_grad=True) * 2
        made.update(logits.sum().detach(), logits, torch.zeros(6, dtype=torch.int64))
        assert made._held < 100
        assert not any(kept.requires_grad for _, kept, _ in made._waiting)


def test_epoch_metrics_continue_from_saved_sums() -> None:
    made = batches(9, mixed=False)
    whole, rest = EpochMetrics(CPU), EpochMetrics(CPU)
    for batch in made[:4]:
        whole.update(*batch)
    rest.update(*made[0])  # previous values are discarded
    rest.restore(whole.loss.clone(), whole.correct.clone(), whole.seen)
    for batch in made[4:]:
        whole.update(*batch)
        rest.update(*batch)
    assert torch.equal(whole.loss, rest.loss)
    assert torch.equal(whole.correct, rest.correct)
    assert whole.seen == rest.seen
