"""Initializers: the values of `init=`, their argument kind, and the torch calls that they stand for."""

from collections.abc import Mapping
from typing import Annotated, Any

from ..diagnostics import Change
from ..diagnostics.catalog.shape_errors import ArgumentsConflict
from ..record import Record
from .arguments import Kind
from .call import ARG, Apply, Steps, init, operator
from .layer import Reject, Weights

_NUMBERS: Mapping[str, tuple[int, int]] = {
    "kaiming": (0, 0),
    "xavier": (0, 0),
    "orthogonal": (0, 1),
    "dirac": (0, 0),
    "zeros": (0, 0),
    "ones": (0, 0),
    "normal": (1, 1),
    "trunc_normal": (1, 1),
    "uniform": (1, 1),
    "constant": (1, 1),
    "whiten": (0, 1),
}
"""The minimum and maximum number of parameters of each initializer."""

WHITEN_EPS = 5e-4
"""The default value that whitening adds to the variances (Jordan 2024)."""


class Init(Record):
    """An initializer: `kaiming`, `normal(0.02)`."""

    name: str
    numbers: tuple[float, ...] = ()

    def __str__(self) -> str:
        # In an error, the values are what was written, which may not be numbers.
        shown = (f"{number:g}" if type(number) in (int, float) else str(number) for number in self.numbers)
        return self.name + (f"({', '.join(shown)})" if self.numbers else "")

    def steps(self) -> Steps:
        """The calls that initialize a weight, ARG. Raises KeyError for initializers that need more than the weight."""
        return (_CALLS[self.name](*self.numbers),)


_CALLS: Mapping[str, Any] = {
    "kaiming": lambda: init.kaiming_normal_(ARG, nonlinearity="relu"),
    "xavier": lambda: init.xavier_uniform_(ARG),
    "orthogonal": lambda *gain: init.orthogonal_(ARG, *gain),
    "zeros": lambda: init.zeros_(ARG),
    "ones": lambda: init.ones_(ARG),
    "normal": lambda std: init.normal_(ARG, std=std),
    "trunc_normal": lambda std: init.trunc_normal_(ARG, std=std),
    "uniform": lambda bound: init.uniform_(ARG, -bound, bound),
    "constant": lambda value: init.constant_(ARG, value),
}
_ZEROS: Apply = init.zeros_(ARG)


class Initializer(Kind):
    """One of several initializers, some with a number: `normal(0.02)`."""

    worded = True
    names: tuple[str, ...]

    def takes_word(self, word: str) -> bool:
        return word in self.names

    @property
    def words(self) -> str:
        *first, last = (f"`{name}`" if _NUMBERS[name][0] == 0 else f"`{name}(0.02)`" for name in self.names)
        return f"{', '.join(first)} or {last}"

    def accept(self, value: Any) -> Init:
        found = Init(name=value) if isinstance(value, str) else value
        if not isinstance(found, Init) or found.name not in self.names:
            raise self.invalid()
        least, most = _NUMBERS[found.name]
        real = all(type(number) in (int, float) for number in found.numbers)
        if not real or not least <= len(found.numbers) <= most:
            raise self.invalid()
        if found.name != "constant" and not all(number > 0 for number in found.numbers):
            raise self.invalid()
        return found


_RANDOM = ("kaiming", "xavier", "orthogonal", "normal", "trunc_normal", "uniform")
_FILLED = ("zeros", "ones", "constant")
MatrixInit = Annotated[Init, Initializer(names=(*_RANDOM, *_FILLED))]
FilterInit = Annotated[Init, Initializer(names=(*_RANDOM, *_FILLED, "dirac", "whiten"))]
TransposedFilterInit = Annotated[Init, Initializer(names=(*_RANDOM, *_FILLED, "dirac"))]
ScaleInit = Annotated[Init, Initializer(names=("zeros", "ones", "constant", "normal", "uniform"))]

MATRIX_DOC = "initializer of the weights (the bias starts at 0); PyTorch's default for both if not given"
SCALE_DOC = "initializer of the scale; 1 by default"


def fill(how: Init | None, weights: Weights) -> dict[str, Steps]:
    """The calls that initialize each weight: `how` for weights, zeros for biases. Empty if `how` is None."""
    if how is None:
        return {}
    return {name: (_ZEROS,) if "bias" in name else how.steps() for name in weights}


def fill_filters(how: Init | None, weights: Weights, groups: int) -> dict[str, Steps]:
    """Like `fill`, for the filters of a convolution: also `dirac`, and `whiten`, which needs training images."""
    if how is None or how.name not in ("dirac", "whiten"):
        return fill(how, weights)
    found: dict[str, Steps] = {"bias": (_ZEROS,)} if "bias" in weights else {}
    if how.name == "dirac":
        filters, channels = weights["weight"][:2]
        # The filters beyond the channels keep PyTorch's random values: if they were zeros, they would all learn the
        # same values.
        every = filters <= channels * groups
        whole = init.dirac_(ARG, groups) if groups > 1 else init.dirac_(ARG)
        found["weight"] = (whole,) if every else (operator.getitem(ARG, slice(None, channels)), init.dirac_(ARG))
    return found


def check_filters(how: Init | None, weights: Weights, groups: int, *, dilated: bool) -> None:
    """Check that an initializer fits the filters. Raises Reject."""
    if how is None:
        return
    filters, channels, *kernel = weights["weight"]
    if how.name == "dirac" and groups > 1 and filters > channels * groups:
        why = f"`dirac` preserves channels, but {filters} filters in {groups} groups have {channels * groups} channels"
        raise Reject("init", why, changes=Change.of(init="kaiming"), language_rule=True)
    if how.name == "whiten":
        _check_whitening(filters, channels, kernel, groups, dilated)


def _check_whitening(filters: int, channels: int, kernel: list[int], groups: int, dilated: bool) -> None:
    if groups > 1 or dilated:
        why = "`whiten` needs filters that see all channels, without gaps"
        changes = Change.of(groups=None, dilation=None)
        raise Reject("init", why, changes=changes, kind=ArgumentsConflict, language_rule=True)
    most = 2 * channels
    for size in kernel:
        most *= size
    if filters > most or filters % 2:
        patch = "×".join(map(str, (channels, *kernel)))
        why = f"`whiten` creates two filters of opposite sign for each direction of {patch}, but {filters} is not"
        raise Reject(
            "init",
            f"{why} an even number up to {most}",
            changes=Change.of(filters=str(most)),
            language_rule=True,
        )
