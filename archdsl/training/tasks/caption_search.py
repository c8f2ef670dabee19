"""Captions that a network writes word by word: the most likely word at each step, or a beam search."""

import torch
from torch import Tensor, nn

from ..data.captions import END, PADDING, START, UNKNOWN
from .main_output import main_output


def next_words(model: nn.Module, images: Tensor, words: Tensor, step: int) -> Tensor:
    """The log probabilities of the word after `step`, N×V; special IDs other than END have −∞.

    A network whose first step is the image has one output more than there are words.
    """
    output = main_output(model(images, words))
    logits = output[:, step + output.shape[1] - words.shape[1]].clone()
    logits[:, [PADDING, START, UNKNOWN]] = -torch.inf
    return logits.log_softmax(1)


@torch.no_grad()
def greedy(model: nn.Module, images: Tensor, length: int) -> Tensor:
    """The most likely word at each step: IDs N×length, without START, followed by END and PADDING."""
    words = torch.full((len(images), length + 1), PADDING, device=images.device)
    words[:, 0] = START
    done = torch.zeros(len(images), dtype=torch.bool, device=images.device)
    for step in range(length):
        found = next_words(model, images, words[:, :length], step).argmax(1)
        words[:, step + 1] = torch.where(done, PADDING, found)
        done |= found == END
        if bool(done.all()):
            break
    return words[:, 1:]


@torch.no_grad()
def beam_search(model: nn.Module, image: Tensor, length: int, beams: int) -> Tensor:
    """The caption of one image, 1×C×H×W, with the largest mean log probability of its words and END among those that a
    search with this many beams finds: IDs of `length`.
    """
    words = torch.full((1, length + 1), PADDING, device=image.device)
    words[:, 0] = START
    scores = torch.zeros(1, device=image.device)
    best, best_score = words[0, 1:], -torch.inf
    for step in range(length):
        likely = next_words(model, image.expand(len(words), -1, -1, -1), words[:, :length], step)
        total = scores[:, None] + likely
        scores, places = total.flatten().topk(min(beams, int(total.isfinite().sum())))
        words = words[places // likely.shape[1]].clone()
        words[:, step + 1] = places % likely.shape[1]
        ends = words[:, step + 1] == END
        if step == length - 1:
            ends = torch.ones_like(ends)
        for row in ends.nonzero()[:, 0].tolist():
            mean = float(scores[row]) / (step + 1)
            if mean > best_score:
                best, best_score = words[row, 1:], mean
        words, scores = words[~ends], scores[~ends]
        if not len(words):
            break
    return best
