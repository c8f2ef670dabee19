"""`rearrange`, `reduce` and `einsum` compute what the einops package does."""

from random import Random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from archdsl.backends.torch import apply, make_module
from archdsl.contract.call import Module
from archdsl.contract.layer import Op, Reject
from archdsl.layers._pattern import PatternTerm, parse
from archdsl.layers.contraction import Einsum
from archdsl.layers.rearrange import Rearrange, Reduce
from archdsl.shapes.shape import Shape

from .patterns import operand, pattern
from .strategies import shapes

einops = pytest.importorskip("einops", reason="a development extra: `make test` installs it")


def run(op: Op, inputs: list[torch.Tensor]) -> torch.Tensor:
    """An op's steps, applied to a batch."""
    steps = op.steps(tuple(Shape(*each.shape[1:]) for each in inputs))
    current = list(inputs)
    for step in steps:
        current[0] = apply(step, make_module(step) if isinstance(step, Module) else None, current)
    return current[0]


def named(term: PatternTerm, factors: list[int]) -> tuple[str, dict[str, int]]:
    """A term with a name for each number, split into these factors, as einops has it; and their sizes."""
    rest, sizes, groups = list(factors), {}, []
    for group in term.groups:
        words = []
        for axis in group.axes:
            left = axis.number or 1
            words += [axis.name] if axis.number is None else []
            while left > 1:
                sizes[f"n{len(factors) - len(rest)}"] = rest[0]
                words.append(f"n{len(factors) - len(rest)}")
                left //= rest.pop(0)
        groups.append(f"({' '.join(words)})" if len(words) != 1 else words[0])
    return " ".join(groups), sizes


def prime_factors(term: PatternTerm) -> list[int]:
    """Those of the numbers of a term, number by number."""
    found = []
    for number in (axis.number for axis in term.axes):
        left, divisor = number or 1, 2
        while left > 1:
            while left % divisor == 0:
                found.append(divisor)
                left //= divisor
            divisor += 1
    return found


@settings(max_examples=150)
@given(st.data(), st.integers(0, 2**32))
def test_rearrange_matches_einops(data, seed):
    x, random = data.draw(shapes()), Random(seed)
    text, sizes = pattern(random, "rearrange", x)
    op = Rearrange(pattern=text, sizes=sizes)
    try:
        y = op.infer((x,))
    except Reject:
        return
    terms = parse(text)
    # Numbers as axes of their prime factors, which are those of both sides where each is of one prime.
    factors = prime_factors(terms.left[0])
    if factors != prime_factors(terms.right):
        return
    (left, known), (right, _) = named(terms.left[0], factors), named(terms.right, factors)
    batch = torch.rand(2, *x.dims)
    wanted = einops.rearrange(batch, f"batch {left} -> batch {right}", **known, **dict(sizes))
    assert wanted.shape[1:] == y.dims
    assert torch.equal(run(op, [batch]), wanted), (text, x)


@settings(max_examples=150)
@given(st.data(), st.integers(0, 2**32), st.sampled_from(["mean", "sum", "max", "min"]))
def test_reduce_matches_einops(data, seed, operation):
    x, random = data.draw(shapes()), Random(seed)
    text, sizes = pattern(random, "reduce", x)
    op = Reduce(pattern=text, sizes=sizes, operation=operation)
    try:
        op.infer((x,))
    except Reject:
        return
    terms = parse(text)
    left, known = named(terms.left[0], prime_factors(terms.left[0]))
    right, _ = named(terms.right, [])
    batch = torch.rand(2, *x.dims)
    wanted = einops.reduce(batch, f"batch {left} -> batch {right}", operation, **known, **dict(sizes))
    torch.testing.assert_close(run(op, [batch]), wanted, msg=lambda why: f"{text} of {x}: {why}")


@settings(max_examples=150)
@given(st.data(), st.integers(0, 2**32))
def test_einsum_matches_einops(data, seed):
    x, random = data.draw(shapes()), Random(seed)
    text, _ = pattern(random, "einsum", x)
    other = operand(random, text, x)
    op, xs = Einsum(pattern=text), (x,) if other is None else (x, other)
    try:
        op.infer(xs)
    except Reject:
        return
    left, _, right = text.partition("->")
    terms = ", ".join(f"batch {term.strip()}" for term in left.split(","))
    inputs = [torch.rand(2, *each.dims) for each in xs]
    wanted = einops.einsum(*inputs, f"{terms} -> batch {right.strip()}")
    torch.testing.assert_close(run(op, inputs), wanted, msg=lambda why: f"{text} of {xs}: {why}")
