"""Padding, including padding by a negative number of elements, which crops."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..arranging import channels_first
from ..atoms import BATCH, axis_of, whole
from ..import_problem import NotExpressible
from ..values import Tensor
from . import rule
from .convolution_rules import compact
from .slicing_rules import part


@rule("pad", "constant_pad_nd")
def pad(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`pad` of all spatial dimensions, or of each axis."""
    b, x = lifter.b, a["self"]
    amounts = list(a["pad"])
    pairs = [(amounts[i], amounts[i + 1]) for i in range(0, len(amounts), 2)][::-1]
    if not any(amounts):
        return x  # type: ignore[no-any-return]  # the tensor itself
    mode = {"replicate": "replicate", "reflect": "reflect", "circular": "circular"}.get(
        a.get("mode", "constant"), "constant"
    )
    value = float(a.get("value") or 0)
    more: dict[str, Any] = {} if mode == "constant" else {"mode": mode}
    if value:
        # -1e38 stands for minus infinity: a max pooling after it never selects the padding.
        more["value"] = max(value, -1e38)
    if min(amounts) < 0:
        return _cropped(lifter, x, pairs, more)
    if len(pairs) == len(x.view) - 2 and x.view[0] == axis_of(BATCH, b.batch):
        before, after = (compact([pair[i] for pair in pairs]) for i in range(2))
        given = {"amount": before} if before == after else {"before": before, "after": after}
        given = {name: each for name, each in given.items() if each != 0}
        node = lifter.made("pad", channels_first(b, x), **given, **more)
        return Tensor(node, whole(b.dims(node), b.batch))
    for place, (before, after) in enumerate(pairs, len(x.view) - len(pairs)):
        if before or after:
            x = _padded_axis(lifter, x, place, before, after, more)
    return x  # type: ignore[no-any-return]  # a tensor


def _padded_axis(lifter: Any, x: Tensor, dim: int, before: int, after: int, more: Mapping[str, Any]) -> Tensor:
    from .reduction_rules import own_axes

    node, axes, view = own_axes(lifter, x, [dim])
    given = {"amount": before} if before == after else {"before": before, "after": after}
    given = {name: each for name, each in given.items() if each}
    made = lifter.made("pad", node, **given, axis=axes[0], **more)
    size = lifter.b.dims(made)[axes[0]]
    return Tensor(made, tuple(axis_of(axes[0], size) if i == dim else group for i, group in enumerate(view)))


def _cropped(lifter: Any, x: Tensor, pairs: Sequence[tuple[int, int]], more: Mapping[str, Any]) -> Tensor:
    """Negative padding is a slice."""
    if more:
        raise NotExpressible("negative padding of a kind other than zeros", "`slice` and `pad`")
    for place, (before, after) in enumerate(pairs, len(x.view) - len(pairs)):
        size = x.sizes[place]
        x = part(lifter, x, place, max(0, -before), size - max(0, -after))
        if before > 0 or after > 0:
            x = _padded_axis(lifter, x, place, max(0, before), max(0, after), more)
    return x
