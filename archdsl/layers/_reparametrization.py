"""Weights that are computed from others: standardized, spectrally normalized, or as direction and length."""

from collections.abc import Mapping
from math import prod
from typing import Annotated, Literal

from ..contract.arguments import OneOf
from ..contract.call import Module, ours
from ..contract.layer import Reject, Weights
from ..contract.saves import SavedTensor
from ..diagnostics import Change
from ..diagnostics.catalog.shape_errors import ArgumentsConflict
from ..shapes.symbolic import concrete

WeightForm = Annotated[Literal["standardized", "spectral", "norm"], OneOf(choices=("standardized", "spectral", "norm"))]
WEIGHT_DOC = (
    "reparametrization of the weight: weight standardization (`standardized`, Qiao et al., 2019), spectral "
    "normalization (`spectral`, Miyato et al., 2018) or weight normalization (`norm`, Salimans & Kingma, 2016)"
)
_ORIGINAL = "parametrizations.weight.original"


class WeightLayout:
    """The sizes of a weight, and the axis of its outputs: 1 for transposed convolutions, 0 for all others."""

    def __init__(self, sizes: tuple[int, ...], *, axis: int = 0, groups: int = 1) -> None:
        self.sizes = sizes
        self.axis = axis
        self.groups = groups

    @property
    def fan_in(self) -> int:
        """How many numbers a filter has."""
        if self.axis == 0:
            return prod(self.sizes[1:])
        return self.sizes[0] // self.groups * prod(self.sizes[2:])

    @property
    def filters(self) -> int:
        """How many filters there are."""
        return self.sizes[0] if self.axis == 0 else self.sizes[1] * self.groups


def parameters(form: str, layout: WeightLayout, bias: Weights) -> Weights:
    """The parameters by torch's names, in its order."""
    if form == "norm":
        lengths = (layout.sizes[0], *(1 for _ in layout.sizes[1:]))
        return {**bias, f"{_ORIGINAL}0": lengths, f"{_ORIGINAL}1": layout.sizes}
    return {**bias, _ORIGINAL: layout.sizes}


def frozen_names(form: str | None) -> tuple[str, ...]:
    """The names of the parameters that a frozen weight is, or is computed from."""
    if form is None:
        return ("weight",)
    return (f"{_ORIGINAL}0", f"{_ORIGINAL}1") if form == "norm" else (_ORIGINAL,)


def buffers(form: str | None, layout: WeightLayout) -> Weights:
    """The vectors of the power iteration."""
    if form != "spectral":
        return {}
    rows = layout.sizes[layout.axis]
    others = prod(size for i, size in enumerate(layout.sizes) if i != layout.axis)
    return {"parametrizations.weight.0._u": (rows,), "parametrizations.weight.0._v": (others,)}


def saved(form: str | None, layout: WeightLayout, *, frozen: bool) -> tuple[SavedTensor, ...]:
    """What is saved for the backward pass besides what the layer saves: the weight and its intermediate results."""
    if form is None:
        return ()
    numel = concrete(prod(layout.sizes))
    if frozen:
        return (SavedTensor(per_batch=numel),)
    steps: Mapping[str, int] = {
        "norm": layout.sizes[0],
        "spectral": 1 + sum(prod(sizes) for sizes in buffers(form, layout).values()),
        "standardized": 2 * layout.filters,
    }
    return (SavedTensor(per_batch=numel + concrete(steps[form])),)


def check_weight(form: str | None, layout: WeightLayout, init: object) -> None:
    """Check that the form fits the weight. Raises Reject."""
    if form is not None and init is not None:
        why = f"`weight={form}` computes the weight, so `init` cannot set it"
        changes = (Change.of(init=None), Change.of(weight=None))
        raise Reject("init", why, changes=changes, kind=ArgumentsConflict, language_rule=True)
    if form == "standardized" and layout.fan_in == 1:
        raise Reject("weight", "a filter of one number cannot be standardized", language_rule=True)


def applied(form: str | None, module: Module, layout: WeightLayout) -> Module:
    """The module with its weight computed from others."""
    match form:
        case "norm":
            return Module(target="torch.nn.utils.parametrizations.weight_norm", args=(module,))
        case "spectral":
            return Module(target="torch.nn.utils.parametrizations.spectral_norm", args=(module,))
        case "standardized":
            step = ours.Standardize() if layout.axis == 0 else ours.StandardizeTransposed(layout.groups)
            target = "torch.nn.utils.parametrize.register_parametrization"
            return Module(target=target, args=(module, "weight", step))
        case _:
            return module
