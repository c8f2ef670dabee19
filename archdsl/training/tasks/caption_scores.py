"""Losses and scores of captioning, from logits N×T×V and captions, IDs N×(T+1) or N×R×(T+1)."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..data.captions import END, PADDING, START
from ..recipe.recipe import AnyLoss, CrossEntropy
from .caption_metrics import bleu, cider
from .caption_search import greedy
from .meter import Gatherer, Loss, Meter, Scores


def one_of(captions: Tensor) -> Tensor:
    """The first reference of each image: N×(T+1)."""
    return captions[:, 0] if captions.ndim == 3 else captions


def count_words(captions: Tensor) -> Tensor:
    """Number of words, including END, over which the loss is averaged."""
    return (one_of(captions)[:, 1:] != PADDING).sum()


def make_caption_loss(recipe: AnyLoss) -> Loss:
    """The mean over the words of a batch, as a scalar."""
    match recipe:
        case CrossEntropy(smoothing=smoothing):

            def loss(logits: Tensor, captions: Tensor) -> Tensor:
                wanted = one_of(captions)[:, 1:].long()
                steps = logits[:, -wanted.shape[1] :]
                total = F.cross_entropy(
                    steps.flatten(0, 1), wanted.flatten(), ignore_index=PADDING, label_smoothing=smoothing,
                    reduction="sum",
                )  # fmt: skip
                return total / count_words(captions).clamp(min=1)

            return loss
        case _:
            raise AssertionError(f"{recipe.name} is not a loss of captioning")


def words_before_end(ids: list[int]) -> list[int]:
    """The IDs of the words of a caption."""
    ids = ids[: ids.index(END)] if END in ids else ids
    return [each for each in ids if each not in (PADDING, START)]


@dataclass(frozen=True)
class CaptionScores(Scores):
    """The mean loss, and the captions that the network writes: IDs of N×T, with the references, IDs of N×R×(T+1)."""

    loss: float
    made: Tensor
    references: Tensor
    all_finite: bool

    @property
    def finite(self) -> bool:
        return self.all_finite

    def summary(self) -> dict[str, float]:
        """`bleu4` and `cider` compare the captions of the most likely words with all references."""
        captions = [words_before_end(ids) for ids in self.made.tolist()]
        wanted = [[words_before_end(ids) for ids in each if ids[0] == START] for each in self.references.tolist()]
        return {"loss": self.loss, "bleu4": bleu(captions, wanted), "cider": cider(captions, wanted)}


class CaptionMeter(Meter[CaptionScores]):
    """Lets the network write a caption for each image, and keeps all of them."""

    def __init__(self, loss: Loss) -> None:
        self._loss = loss
        self._sums: Tensor | None = None
        self._waiting: Tensor | None = None
        self._parts: list[tuple[Tensor, Tensor]] = []

    def observe(self, model: nn.Module, inputs: Tensor, targets: Tensor) -> None:
        self._waiting = greedy(model, inputs, targets.shape[-1] - 1)

    def update(self, output: Tensor, targets: Tensor) -> None:
        assert self._waiting is not None
        if self._sums is None:
            self._sums = torch.zeros(3, dtype=torch.float64, device=output.device)
        self._parts.append((self._waiting[: len(output)], targets))
        if len(output):
            infinite, words = (~output.isfinite()).any().double(), count_words(targets).double()
            self._sums += torch.stack([self._loss(output, targets).double() * words, infinite, words])

    def scores(self, group: Gatherer, count: int) -> CaptionScores:
        assert self._sums is not None
        loss, infinite, words = group.total_of(self._sums).tolist()
        made, wanted = (group.gather(torch.cat(each), count).cpu() for each in zip(*self._parts, strict=True))
        return CaptionScores(loss / max(words, 1), made, wanted, infinite == 0)
