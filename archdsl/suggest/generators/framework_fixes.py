"""Layers of other frameworks that are written here with other arguments, or as several layers."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from ...diagnostics import Edit
from ...diagnostics.catalog import name_errors
from ...syntax import ast
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext

_Texts = Iterator[tuple[str, str]]
"""Statements, each with what it is."""


def layers(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The statements that compute what another framework's layer does, for its name."""
    if not isinstance(site.diagnostic, name_errors.UnknownLayer) or site.layer is None:
        return
    name = re.sub(r"[123]d$", "", site.diagnostic.name.lower().replace("_", ""))
    write = _STATEMENTS.get(name)
    if write is None:
        return
    layer = site.layer
    whole = layer.keyword.span.to(layer.args[-1].span) if layer.args else layer.keyword.span
    meanings = list(write(context, site, layer))
    for index, (text, why) in enumerate(meanings):
        edit = Edit(span=whole, text=text)
        # Each has a separate kind, so that all are shown.
        found = Candidate(title=f"write `{text}`", edits=(edit,), rank=0.1 * index, why=why, kind=f"{name} {index}")
        yield found.replace(ambiguous=len(meanings) > 1)


def _separable(_: SuggestionContext, __: ErrorSite, layer: ast.LayerStatement) -> _Texts:
    """A separable convolution as its two layers (Chollet, 2017)."""
    words = [argument.span.text for argument in layer.args]
    filters = next((word for word in words if word.isdigit() or (word.isidentifier() and word[1:].isalpha())), None)
    if filters is None:
        return
    words.remove(filters)
    kernel = next((word for word in words if re.fullmatch(r"k?\d+", word)), None)
    rest = " ".join(word for word in words if word != kernel)
    text = f"dwconv k{(kernel or 'k3').removeprefix('k')} {rest}".rstrip() + f"; conv {filters} k1"
    yield text, "a separable convolution is two layers"


def _layer_scale(_: SuggestionContext, __: ErrorSite, layer: ast.LayerStatement) -> _Texts:
    """LayerScale (Touvron et al., 2021): a learned factor per channel."""
    values = [argument.value.span.text for argument in layer.args if isinstance(argument.value, ast.Number)]
    if len(values) == len(layer.args) == 1:
        yield f"scale {values[0]} learned", "the factors of LayerScale are learned"


def _positional_encoding(_: SuggestionContext, __: ErrorSite, layer: ast.LayerStatement) -> _Texts:
    """Both kinds of Vaswani et al. (2017)."""
    if not layer.args:
        yield "pos sines", "sines and cosines"
        yield "pos", "a learned vector for each step"


def _depth_to_space(_: SuggestionContext, __: ErrorSite, layer: ast.LayerStatement) -> _Texts:
    """https://www.tensorflow.org/api_docs/python/tf/nn/depth_to_space orders the channels as ONNX does by default."""
    for size in _only_number(layer):
        yield f'rearrange "(p q c) h w -> c (h p) (w q)" p={size} q={size}', "the order of TensorFlow and ONNX"
        yield f"pixelshuffle {size}", "the order of PyTorch"


def _space_to_depth(_: SuggestionContext, __: ErrorSite, layer: ast.LayerStatement) -> _Texts:
    """The inverse of `depth_to_space`."""
    for size in _only_number(layer):
        yield f'rearrange "c (h p) (w q) -> (p q c) h w" p={size} q={size}', "the order of TensorFlow and ONNX"
        yield f"pixelunshuffle {size}", "the order of PyTorch"


def _only_number(layer: ast.LayerStatement) -> Iterator[str]:
    if len(layer.args) == 1 and isinstance(layer.args[0].value, ast.Number):
        yield layer.args[0].value.span.text


def _transpose(context: SuggestionContext, site: ErrorSite, layer: ast.LayerStatement) -> _Texts:
    """The two axes exchanged: https://docs.pytorch.org/docs/stable/generated/torch.transpose.html counts the batch."""
    node = site.node
    shape = context.shape(node.inputs[0]) if node is not None and node.inputs else None
    axes = [argument.span.text for argument in layer.args if argument.name is None]
    if shape is None or len(axes) != len(layer.args) or not all(re.fullmatch(r"-?\d", axis) for axis in axes):
        return
    rank = shape.rank
    given = [int(axis) for axis in axes]
    if len(given) == rank > 2 and sorted(given) == [*range(rank)]:
        yield f"permute {' '.join(axes)}", "the input axis for each output axis"
        return
    pairs = {_exchanged(given, rank, offset): offset for offset in (1, 0)} if len(given) == 2 else {}
    if not given and rank == 2:
        pairs = {(1, 0): 0}
    for order, offset in pairs.items():
        if order:
            yield f"permute {' '.join(map(str, order))}", "the batch is not counted" if offset else ""


def _exchanged(pair: Sequence[int], rank: int, offset: int) -> tuple[int, ...]:
    """The order of the axes with two of them exchanged, whose numbers count so many axes before the first."""
    one, two = (axis % rank if axis < 0 else axis - offset for axis in pair)
    if one == two or not {one, two} <= {*range(rank)}:
        return ()
    return tuple({one: two, two: one}.get(axis, axis) for axis in range(rank))


def _patches(_: SuggestionContext, __: ErrorSite, layer: ast.LayerStatement) -> _Texts:
    """The patch embedding of Dosovitskiy et al. (2020): it has more features than a patch has rows."""
    numbers = [argument.span.text for argument in layer.args if argument.name is None]
    if len(numbers) == len(layer.args) == 2 and all(re.fullmatch(r"\d{1,5}", number) for number in numbers):
        size, width = sorted(map(int, numbers))
        yield f"conv {width} k{size} s{size}; tokens", "patches are the windows of a convolution"


_STATEMENTS: Mapping[str, Callable[[SuggestionContext, ErrorSite, ast.LayerStatement], _Texts]] = {
    "separableconv": _separable,
    "separableconvolution": _separable,
    "sepconv": _separable,
    "layerscale": _layer_scale,
    "positionalencoding": _positional_encoding,
    "positionencoding": _positional_encoding,
    "posencoding": _positional_encoding,
    "posenc": _positional_encoding,
    "depthtospace": _depth_to_space,
    "spacetodepth": _space_to_depth,
    "transpose": _transpose,
    "patch": _patches,
    "patches": _patches,
    "patchify": _patches,
    "patchembed": _patches,
}
"""By the layer's name without underscores and number of dimensions."""
