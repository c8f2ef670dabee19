"""Property of layers: what a layer declares is what torch does.

`python -m tests.layers.layer_property --examples 100000` checks that many examples, spread over all layers.
"""

import argparse
import os
import sys
import time
from collections import Counter

import hypothesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from archdsl.contract.call import Steps
from archdsl.contract.layer import Layer, Op, Reject
from archdsl.layers import merges, registry
from archdsl.layers.contraction import Einsum
from archdsl.shapes.shape import Shape, Window

from .oracle import BATCH, Outcome, Refused, check_initializers, check_source, run
from .sizes import check_sizes
from .strategies import cases

OPS: dict[str, type[Op]] = {**registry(), **merges()}


def check(op: Op, xs: tuple[Shape, ...]) -> str:
    """Compare one op with one set of inputs to torch. Returns the verdict, raises AssertionError."""
    try:
        y = op.infer(xs)
    except Reject as reject:
        return _check_refusal(op, xs, reject)
    _check_acceptance(op, xs, y)
    return "accepted"


def _check_refusal(op: Op, xs: tuple[Shape, ...], reject: Reject) -> str:
    assert reject.argument is None or reject.argument in {p.name for p in op.parameters}, reject.argument
    if reject.language_rule:
        return "refused by the language"
    steps = op.steps(xs)
    try:
        outcome = run(steps, xs, "cpu")
    except Refused:
        return "refused as by torch"
    # torch supports tensors without elements; this language does not.
    assert 0 in outcome.shape, f"{op} refuses {xs} ({reject.why}), and torch gives {outcome.shape}"
    return "refused as by torch"


def _check_acceptance(op: Op, xs: tuple[Shape, ...], y: Shape) -> None:
    steps = op.steps(xs)
    try:
        real, meta = run(steps, xs, "cpu"), _count(steps, xs)
    except Refused as refused:
        raise AssertionError(f"{op} takes {xs}, and torch does not: {refused}") from refused
    assert real.shape == (BATCH, *y.dims), f"{op} of {xs}: {y}, and torch gives {real.shape}"
    assert meta.shape[1:] == y.dims
    weights, buffers = dict(op.weights_of(xs)), dict(op.buffers_of(xs))
    assert weights | buffers == meta.state, f"{op} of {xs}: {weights | buffers}, and torch has {meta.state}"
    assert tuple(weights) == meta.parameters, f"{op}: {tuple(weights)} is another order than torch's {meta.parameters}"
    assert set(op.frozen_of(xs)) == set(op.frozen_weights()) & set(weights)
    macs = 0 if _is_uncounted(op, xs) else op.macs_of(xs, y)
    assert macs == meta.macs, f"{op} of {xs}: {macs} multiply-accumulates, and torch counts {meta.macs}"
    check_source(steps, xs)
    check_initializers(steps, op.initializers_of(xs), whitened=op.whitening() is not None)
    if isinstance(op, Layer):
        _check_windows(op.windows(xs[0]), op.explain(xs[0], y), xs[0], y)


def _is_uncounted(op: Op, xs: tuple[Shape, ...]) -> bool:
    """Whether torch multiplies element by element, which it does not count: it sums along axes of length 1 alone."""
    if not isinstance(op, Einsum):
        return False
    shared, sizes = op.contracted(xs)
    return all(sizes[name] == 1 for name in shared)


def _count(steps: Steps, xs: tuple[Shape, ...]) -> Outcome:
    try:
        return run(steps, xs, "meta", batch=1)
    except Refused:
        # A group norm of single numbers needs a larger batch.
        return run(steps, xs, "meta")


def _check_windows(windows: tuple[Window, ...], explained: tuple[str, ...], x: Shape, y: Shape) -> None:
    assert all(line.rpartition(" ")[2] in map(str, y.spatial_size) for line in explained), f"{explained} of {x} to {y}"
    if windows:
        assert tuple(window.out(side) for window, side in zip(windows, x.spatial_size, strict=True)) == y.spatial_size


def main() -> int:
    """Check many generated layers; the exit status is 1 if one disagrees with torch."""
    parser = argparse.ArgumentParser(description="Hold drawn layers against torch.")
    parser.add_argument("--examples", type=int, default=10_000, help="how many layers in all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("only", nargs="*", help="keywords; all where none is given")
    options = parser.parse_args()
    names = options.only or sorted(OPS)
    start, failed = time.perf_counter(), 0
    drawn, sizes = Counter[str](), Counter[str]()
    for name in names:
        verdicts, reaches, error = _try(OPS[name], options.examples // len(names), options.seed)
        drawn, sizes = drawn + verdicts, sizes + reaches
        print(f"{name:18} {_counts(verdicts)}" + (f"\n    {error}" if error else ""), flush=True)
        failed += error is not None
    seconds = time.perf_counter() - start
    print(f"{drawn.total():,} drawn layers in {seconds:.0f} s: {_counts(drawn)}; {failed} keywords disagree")
    print(f"{sizes.total():,} of them over unknown sizes: {_counts(sizes)}")
    return 1 if failed else 0


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{count:,} {what}" for what, count in sorted(counter.items()))


def _try(op: type[Op], examples: int, seed: int) -> tuple[Counter[str], Counter[str], str | None]:
    verdicts, reaches = Counter[str](), Counter[str]()

    @hypothesis.seed(seed)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.shrink],
        report_multiple_bugs=False,
    )
    @given(st.data())
    def attempt(data: st.DataObject) -> None:
        case = data.draw(cases(op))
        verdict = check(*case)
        verdicts[verdict] += 1
        if verdict == "accepted":
            reaches[check_sizes(data.draw, *case)] += 1

    try:
        attempt()
    except Exception as error:
        return verdicts, reaches, f"{type(error).__name__}: {error}"
    return verdicts, reaches, None


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
