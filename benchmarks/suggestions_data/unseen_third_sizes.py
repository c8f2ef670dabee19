"""Sizes in another order, left out, or changed in one of several places."""

from itertools import pairwise
from random import Random

from .protocol import Valid, kind
from .unseen_third_edits import places, substituted, swapped, wrong


@kind("shape of the input as in another framework")
def input_shape(random: Random, valid: Valid) -> str | None:
    """A Keras or NumPy user, channels last: `input 32x32x3`; or a PyTorch or ONNX user, with a batch: `1x3x32x32`."""
    name = r"(\binput (?:[a-z]\w* )?)"
    last = substituted(valid, name + r"(\d)x(\d\d+(?:x\w+)*)(?= *(?:$|;))", r"\1\3x\2")
    batch = substituted(valid, name + r"(\d+(?:x\w+)*)(?= *(?:$|;|int))", r"\g<1>1x\2", r"\g<1>32x\2", r"\g<1>Nx\2")
    found = list(batch)
    return wrong(random, [*last, *random.sample(found, min(len(found), 1))])


@kind("axes counted with the batch")
def batch_axes(random: Random, valid: Valid) -> str | None:
    """A PyTorch user, for whom axis 0 is the batch: `flatten 1`, `permute 0 2 1`, `reshape 1x64x8x8`."""
    texts = [
        *substituted(valid, r"\bflatten\b(?= *(?:[;}]|$))", "flatten 1", "flatten start_dim=1"),
        *substituted(valid, r"\bpermute 1 0\b", "permute 0 2 1"),
        *substituted(valid, r"\bpermute (\d) (\d) (\d)\b", "permute 0 1 3 2", "permute 0 2 3 1"),
        *substituted(valid, r"\breshape (?=[\d(])", "reshape 1x", "reshape -1x"),
        *substituted(valid, r"\b(concat|softmax)\b(?! *axis)", r"\1 dim=1"),
        *substituted(valid, r"\baxis=(?:t|0)\b", "axis=1", "dim=1"),
        *substituted(valid, r"\baxis=hw\b", "axis=2x3"),
    ]
    return wrong(random, texts)


@kind("transposed convolution without its stride")
def no_upconv_stride(random: Random, valid: Valid) -> str | None:
    """A student who takes doubling for granted where a decoder has `upconv`, whose stride is 1 by default."""
    return wrong(random, substituted(valid, r"(\bupconv\b[^;{}\n]*?) s2\b", r"\1"))


@kind("size of a window left out")
def no_window(random: Random, valid: Valid) -> str | None:
    """A Keras user, for whom 2 is the default of a pooling, or a person who takes 3×3 for granted: `conv 64 p1`."""
    texts = [
        *substituted(valid, r"\b(maxpool|avgpool|upsample) 2(?= *(?:[;}]|$))", r"\1"),
        *substituted(valid, r"(\bconv [\w*]+) k3(?= p1| same)", r"\1"),
    ]
    return wrong(random, texts)


@kind("input of ids without their number")
def no_int(random: Random, valid: Valid) -> str | None:
    """A Keras or PyTorch user, whose embedding knows the vocabulary: `input 50`, `embedding vocabulary 100`."""
    bare = list(substituted(valid, r"(?<=\w) int\([a-z]\w*\)", ""))
    spans, words = places(valid, r"\bint\((\w+)\)", 1), places(valid, r"\bembedding (?=\w)")
    both = [valid.replace(word, f"embedding {span.text} ") for span in spans for word in words]
    return wrong(random, [*bare, *both])


@kind("block called with its arguments in another order")
def block_arguments(random: Random, valid: Valid) -> str | None:
    """A person who calls a block as a function in PyTorch, the tensor first: `up e2 32`; or in another order."""
    texts = []
    for each in valid.uses():
        spans = [argument.span for argument in each.args if argument.name is None]
        texts += [swapped(valid, a, b) for a, b in pairwise(spans) if a.text != b.text]
    return wrong(random, texts)
