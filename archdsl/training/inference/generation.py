"""Texts that a language model continues."""

from pathlib import Path

import numpy as np
import torch

from ..data.text_source import as_text
from ..data.tokenizer import Tokenizer
from ..errors.data_errors import BadText
from ..runs.loaded_run import LoadedRun, refuse_not_finite
from ..tasks.main_output import main_output
from .split_images import OwnImages, SplitImage

LENGTH, TEMPERATURE = 200, 0.8
"""Bytes or tokens to generate, and the divisor of the logits, unless others are given."""


@torch.inference_mode()
def continued(loaded: LoadedRun, prompt: bytes, length: int, temperature: float, seed: int) -> bytes:
    """The `length` bytes that follow a prompt, sampled one by one; with a temperature of 0, the most likely ones. For a
    run with a tokenizer, the bytes of the `length` tokens that follow.

    The network reads the last bytes, or tokens, up to the length of its input; a shorter text is padded with zeros at
    the end, which no earlier step reads. Raises BadText for an empty prompt, and ValueError for an invalid temperature.
    """
    if not prompt:
        raise BadText(Path("<prompt>"), "a language model continues text, but this text is empty", "give some text")
    if not 0 <= temperature < float("inf"):
        raise ValueError(f"temperature is a finite number of at least 0, not {temperature}")
    steps = loaded.shape[0]
    generator = torch.Generator().manual_seed(seed)
    tokenizer = loaded.tokenizer
    ids = list(prompt) if tokenizer is None else tokenizer.encode(prompt.decode("utf-8", "replace")).tolist()
    given = len(ids)
    for _ in range(length):
        seen = ids[-steps:]
        inputs = torch.tensor([seen + [0] * (steps - len(seen))], device=loaded.device)
        logits = main_output(loaded.model(inputs))[0, len(seen) - 1].cpu()
        refuse_not_finite(logits, loaded.run)
        if temperature == 0:
            ids.append(int(logits.argmax()))
        else:
            probabilities = ((logits - logits.max()).double() / temperature).softmax(0)  # finite at any temperature
            ids.append(int(torch.multinomial(probabilities, 1, generator=generator)))
    if tokenizer is None:
        return bytes(ids[given:])
    before, whole = (tokenizer.decode(np.array(part, np.int64)) for part in (ids[:given], ids))
    return whole.removeprefix(before).encode()


def prompt_of(own: OwnImages, sample: SplitImage, tokenizer: Tokenizer | None) -> str:
    """The text of one of the run's own sequences. Raises BadImages if there is none."""
    ids, _ = own.read(sample)
    return as_text(np.asarray(ids)) if tokenizer is None else tokenizer.decode(np.asarray(ids))
