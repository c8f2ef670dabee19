"""Friedman's regression problem: ten numbers, five of which determine the target; generated (Friedman 1991)."""

from typing import TYPE_CHECKING

from ..dataset_spec import DataSpec

if TYPE_CHECKING:
    from ..images import Request, Splits

_TRAIN, _TEST = 2_000, 1_000
SPEC = DataSpec(
    "friedman",
    ("y",),
    (10,),
    images=(_TRAIN, _TEST),
    shipped=True,
    targets="numbers",
    inputs="numbers",
    features=tuple(f"x{number}" for number in range(1, 11)),
)
LICENSE = "MIT, part of archdsl"


def load(request: "Request") -> "Splits":
    """3,000 samples, always the same ones: x uniform in 0..1, y = 10 sin(π x1 x2) + 20 (x3 − 1/2)² + 10 x4 + 5 x5 + ε.

    The noise ε has standard deviation 1, so no network reaches an R² above about 0.96.
    """
    from math import pi, sin
    from random import Random

    import numpy as np

    from ..images import ImageSet, Splits, hold_out

    random = Random(0)  # Python's generator is the same in all of its versions
    inputs = np.array([[random.random() for _ in range(10)] for _ in range(_TRAIN + _TEST)])
    targets = [
        10 * sin(pi * x[0] * x[1]) + 20 * (x[2] - 0.5) ** 2 + 10 * x[3] + 5 * x[4] + random.gauss(0, 1)
        for x in inputs.tolist()
    ]
    everything = ImageSet(inputs.astype(np.float32), np.array(targets, np.float32)[:, None])
    train, validation = hold_out(everything.take(np.arange(_TRAIN)), request.split)
    return Splits(train, validation, everything.take(np.arange(_TRAIN, _TRAIN + _TEST)))
