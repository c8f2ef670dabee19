"""Patterns of axes: an error points at the axis that is wrong; names say how a result is read."""

import pytest
import torch

import archdsl
from archdsl.network import ArchError


@pytest.mark.parametrize(
    ("statement", "at", "why"),
    [
        ('rearrange "c (h 2) (w 2) -> (c 4) h w"', "2", "2 does not divide the 15 of 8×15×16"),
        ('rearrange "c h w -> c (h q)"', "q", "`q` is not on the left"),
        ('rearrange "c h w -> c h"', "w", "`w` is missing on the right"),
        ('rearrange "c h w -> c h h w"', "h", "`h` appears twice in one tensor"),
        ('rearrange "(c 2) h (w 2) -> (c 5) h w"', "5", "5 cannot be formed from 2 and 2 in this order"),
        (
            'rearrange "(c 2) h (w 2) -> (c 2) h w"',
            "2",
            "the product of the numbers is 4 on the left and 2 on the right",
        ),
        (
            'rearrange "(c p) h w -> c (p h) w"',
            "p",
            "the sizes of `c` and `p` cannot be determined from an axis of length 8",
        ),
        ('rearrange "c h -> h c"', "c h", "2 axes are named, but 8×15×16 has 3"),
        ('rearrange "3 h w -> h w"', "3", "3, but this axis of 8×15×16 is 8"),
        ('rearrange "(c p) h w -> c (p h) w" c=3 p=2', "(c p)", "3·2 = 6, but this axis of 8×15×16 is 8"),
        ('rearrange "c h w -> c h w 1 1"', "c h w 1 1", "a tensor has one to four dimensions, but this has 5"),
        ('rearrange "c h (w -> c h w"', "(", "this parenthesis is not closed"),
        ('rearrange "... h w -> h w ..."', ".", "`.` is not allowed here"),
        ('rearrange "c h w -> w -> c h"', "->", "a second `->`"),
        ('reduce "c h w -> c h w" mean', "c h w", "all axes stay"),
        (
            'reduce "c h (w 2) -> c h 2" mean',
            "2",
            "a number before the arrow is reduced: an axis that stays needs a name",
        ),
        ('reduce "c h w -> " mean', "", "a tensor has one to four dimensions, but this has 0"),
        ('einsum "c h w, c d w -> h d" { flatten }', "c d w", "3 axes are named, but 1920 has 1"),
        ('einsum "c h w, c w w2 -> h w2" { }', "w", "`w` is 16 in the first tensor, but 15 in the second"),
        ('einsum "c (h w) -> c"', "(h w)", "`einsum` takes names only"),
        ('einsum "c h w, c, h -> c" { } { }', "h", "at most two tensors can be multiplied"),
        ('einsum "c h w, c h w -> c" { } { } { }', "c h w", "the pattern is for 2 tensors, not 3"),
    ],
)
def test_pattern_error_points_at_the_axis(statement, at, why):
    text = f"input 8x15x16\n{statement}\n"
    with pytest.raises(ArchError) as caught:
        archdsl.loads(text)
    (found,) = caught.value.diagnostics
    span = found.diagnostic.span
    assert (span.text, found.diagnostic.label()) == (at, why)
    start, end = statement.index('"') + 15, statement.rindex('"') + 14
    assert start <= span.start <= span.end <= end


@pytest.mark.parametrize(
    ("pattern_", "layout"),
    [
        ("c h w -> (h w) c", "sequence"),
        ("t h w -> t (h w)", "sequence"),
        ("c h w -> c (h w)", "signal"),
        ("c h l -> (c h) l", "signal"),
        ("a h w -> (h w) a", "signal or sequence"),
        ("c h w -> (c h w)", "vector"),
        ("c h (w 2) -> c 2 h w", "volume"),
    ],
)
def test_axis_names_determine_the_layout(pattern_, layout):
    network = archdsl.loads(f'input 8x15x16\nrearrange "{pattern_}"')
    assert network.graph.output.shape.layout == layout


def test_printed_source_needs_no_einops():
    text = (
        'input 8x16x16\nrearrange "c (h 2) (w 2) -> (c 4) h w"\neinsum "c h w, c h v -> w v" { }\nreduce "w v -> w" max'
    )
    source = archdsl.loads(text).source()
    calls = ["unflatten(x, 3, (-1, 2))", "permute(0, 1, 3, 5, 2, 4)", "flatten(1, 3)", "amax(2)", "torch.einsum("]
    assert all(call in source for call in calls), source
    assert "einops" not in source


def test_pattern_without_fixed_sizes_accepts_any_size():
    module = archdsl.loads('input 3xHxW\nrearrange "c (h p) (w q) -> (p q c) h w" p=2 q=2\nconv 4 k1').to_torch()
    for height, width in ((4, 6), (8, 2)):
        assert module(torch.rand(2, 3, height, width)).shape == (2, 4, height // 2, width // 2)
