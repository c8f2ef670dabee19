"""Linear layers, products of tensors, attention as it is computed, embeddings."""

from collections.abc import Mapping
from math import sqrt
from typing import Any

import torch

from ...shapes.shape import Layout, Shape
from ..arranging import arranged, features
from ..atoms import BATCH, REPEATED, Atom, Group, View, axis_of, length, merged, whole
from ..building import Weight, same
from ..import_problem import NotExpressible
from ..values import Computed, ConstantTensor, SourceParameter, Tensor
from . import rule
from .arithmetic_rules import combined, scaled
from .convolution_rules import weights_of
from .normalization_rules import with_features


@rule("linear")
def linear(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`fc` of a vector or a sequence, `conv … k1` of a tensor with channels first."""
    if not isinstance(a["input"], Tensor) or isinstance(a["weight"], Tensor):
        raise NotExpressible("a linear layer whose weights depend on the input", "`matmul`")
    weights, arguments = linear_weights(lifter, a["weight"], a["bias"])
    return along_features(lifter, a["input"], a["weight"].sizes[0], weights, arguments)


def linear_weights(lifter: Any, weight: Any, bias: Any) -> tuple[dict[str, Weight], dict[str, Any]]:
    """The weights; a bias with parts that are fixed at zero is kept for the pass that finds attention."""
    if isinstance(bias, Computed):
        found, arguments = weights_of(lifter, weight, None)
        del arguments["bias"]
        return found | {"bias": Weight((bias,), lambda tensor: tensor)}, arguments
    return weights_of(lifter, weight, bias)


def along_features(
    lifter: Any, x: Tensor, units: int, weights: Mapping[str, Weight], arguments: Mapping[str, Any]
) -> Tensor:
    """A linear layer along the last source axis."""
    b = lifter.b
    if len(x.view) == 1:
        raise NotExpressible("a linear layer along the batch axis", "operations that process each sample independently")
    node, view, axis = features(b, x)
    shape = b.nodes[node].shape
    if shape.layout is Layout.OPEN and axis == 0:
        node, view = with_features(b, x)
        axis, shape = b.nodes[node].shape.rank - 1, b.nodes[node].shape
    new: View = (*view[:-1], axis_of(axis, units))
    if shape.layout in (Layout.SEQUENCE, Layout.VECTOR, Layout.OPEN) and axis == shape.rank - 1:
        return Tensor(lifter.made("fc", node, weights=dict(weights), units=units, **arguments), new)
    if shape.layout in (Layout.IMAGE, Layout.VOLUME, Layout.SIGNAL) and axis == 0:
        kernel = (1,) * (shape.rank - 1)
        filters = Weight(weights["weight"].sources, _as_filters(weights["weight"], kernel))
        given = {**weights, "weight": filters}
        return Tensor(lifter.made("conv", node, weights=given, filters=units, kernel=1, **arguments), new)
    word = shape.letters[axis] if shape.layout is not Layout.OPEN else axis
    return Tensor(lifter.made("fc", node, weights=dict(weights), units=units, axis=word, **arguments), new)


def _as_filters(weight: Weight, kernel: tuple[int, ...]) -> Any:
    return lambda *tensors: (made := weight.make(*tensors)).reshape(*made.shape, *kernel)


@rule("addmm")
def addmm(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`fc` with the weight transposed."""
    if not isinstance(a["mat1"], Tensor) or (a["beta"], a["alpha"]) != (1, 1):
        raise NotExpressible("a product of matrices of another form", "`fc` or `matmul`")
    weight = _transposed(a["mat2"])
    weights, arguments = weights_of(lifter, weight, a["self"])
    return along_features(lifter, a["mat1"], weight.sizes[0], weights, arguments)


def _transposed(value: Any) -> Computed:
    if not isinstance(value, SourceParameter | Computed):
        raise NotExpressible("a product with a tensor that is not learned", "`fc` or `matmul`")
    return Computed("transpose", torch.transpose, (value, -1, -2), (), value.sizes[::-1])


@rule("matmul", "mm", "bmm")
def matmul(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`matmul`; with a learned matrix, `fc`."""
    first, second = a.get("self"), a.get("other", a.get("mat2"))
    if isinstance(second, SourceParameter | Computed) and len(second.sizes) == 2 and isinstance(first, Tensor):
        weight = _transposed(second)
        weights, arguments = weights_of(lifter, weight, None)
        return along_features(lifter, first, weight.sizes[0], weights, arguments)
    return product(lifter, lifter.tensor(first), lifter.tensor(second))


def product(lifter: Any, first: Tensor, second: Tensor) -> Tensor:
    """The product over the last two source axes of tensors with equal axes before them."""
    b = lifter.b
    rank = max(len(first.view), len(second.view))
    if rank < 3:
        raise NotExpressible("a product of two matrices without a batch axis", "a batch axis")
    first, second = (_padded(each, rank) for each in (first, second))
    groups_a, groups_b, outer = _operand_axes(first, second)
    x = arranged(b, first.node, groups_a, Layout.SEQUENCE if len(groups_a) == 2 else None)
    y = arranged(b, second.node, groups_b, Layout.SEQUENCE if len(groups_b) == 2 else None)
    node = lifter.merged("matmul", [x, y])
    own = iter(whole(b.dims(node), None))
    view: list[Group] = []
    for batch, inner in outer:
        view.append(merged((*batch, *(next(own) if inner else ()))))
    return Tensor(node, (*view, next(own), next(own)))


def _padded(x: Tensor, rank: int) -> Tensor:
    return Tensor(x.node, ((),) * (rank - len(x.view)) + x.view)


def _operand_axes(first: Tensor, second: Tensor) -> tuple[list[Group], list[Group], list[tuple[Group, bool]]]:
    """The axes of both operands without the samples: the common ones, then the last two."""
    mine: list[Group] = []
    theirs: list[Group] = []
    outer: list[tuple[Group, bool]] = []
    for a, o in zip(first.view[:-2], second.view[:-2], strict=True):
        batch = tuple(atom for atom in a if atom.axis == BATCH) or tuple(atom for atom in o if atom.axis == BATCH)
        rest_a, rest_o = (tuple(atom for atom in group if atom.axis != BATCH) for group in (a, o))
        if length(rest_a) != length(rest_o) and (rest_a or rest_o):
            raise NotExpressible("a matrix product that broadcasts an axis", "a `matmul` that broadcasts")
        outer.append((batch, bool(rest_a)))
        if rest_a:
            mine.append(rest_a)
            theirs.append(rest_o)
    if len(mine) > 2:
        merged_a = merged(atom for group in mine for atom in group)
        merged_o = merged(atom for group in theirs for atom in group)
        raise NotExpressible(
            f"a product with {len(mine)} axes before the last two ({length(merged_a)} and {length(merged_o)} products)",
            "a tensor of more than four axes",
        )
    return [*mine, *first.view[-2:]], [*theirs, *second.view[-2:]], outer


@rule("baddbmm")
def baddbmm(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """A product, plus another tensor."""
    made = product(lifter, lifter.tensor(a["batch1"]), lifter.tensor(a["batch2"]))
    made = scaled(lifter, made, float(a["alpha"]))
    if a["beta"] == 0:
        return made
    return combined(lifter, "add", made, scaled(lifter, lifter.tensor(a["self"]), float(a["beta"])))


@rule("scaled_dot_product_attention")
def attention(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """The steps of attention; a later pass finds the layer that they are part of."""
    query, key, value = (lifter.tensor(a[name]) for name in ("query", "key", "value"))
    if a["enable_gqa"] and (times := query.sizes[-3] // key.sizes[-3]) > 1:
        # Each head of keys and values is shared by several consecutive query heads.
        shared = (Atom(REPEATED, 0, times),)
        key, value = (Tensor(x.node, (*x.view[:-3], (*x.view[-3], *shared), *x.view[-2:])) for x in (key, value))
    size = query.sizes[-1]
    swapped = Tensor(key.node, (*key.view[:-2], key.view[-1], key.view[-2]))
    scores = product(lifter, query, swapped)
    scores = scaled(lifter, scores, 1 / sqrt(size) if a["scale"] is None else float(a["scale"]))
    mask = a["attn_mask"]
    if a["is_causal"]:
        steps, seen = scores.sizes[-2:]
        mask = ConstantTensor(torch.zeros(steps, seen).masked_fill(torch.ones(steps, seen).tril() == 0, float("-inf")))
    if mask is not None:
        if isinstance(mask, ConstantTensor) and mask.tensor.dtype == torch.bool:
            mask = ConstantTensor(torch.zeros(mask.tensor.shape).masked_fill(~mask.tensor, float("-inf")))
        scores = combined(lifter, "add", scores, mask)
    axis = lifter.b.nodes[scores.node].shape.rank - 1
    node = lifter.made("softmax", scores.node, axis=axis)
    return product(lifter, Tensor(node, scores.view), value)


@rule("einsum")
def einsum(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`matmul`, or `fc` with a learned matrix. Raises NotExpressible for other equations."""
    equation = a["equation"].replace(" ", "")
    before, _, after = equation.partition("->")
    terms = before.split(",")
    tensors = a["tensors"]
    if len(terms) != 2 or not after or "." in equation:
        raise NotExpressible(f"einsum of {equation}", "`einsum` of one or two tensors with named axes")
    if any(isinstance(each, SourceParameter | Computed) for each in tensors) and len(terms[1]) == 2:
        learned, moved = (1, 0) if isinstance(tensors[1], SourceParameter | Computed) else (0, 1)
        return _linear_einsum(lifter, terms[moved], terms[learned], after, tensors[moved], tensors[learned])
    left, right = (lifter.tensor(each) for each in tensors)
    common = [c for c in after if c in terms[0] and c in terms[1]]
    inner = [c for c in terms[0] if c in terms[1] and c not in after]
    mine = [c for c in terms[0] if c not in terms[1]]
    theirs = [c for c in terms[1] if c not in terms[0]]
    if len(inner) != 1 or any(c not in after for c in mine + theirs):
        raise NotExpressible(f"einsum of {equation}", "a product over one axis")
    x = _grouped(left, terms[0], [*common, mine, inner])
    y = _grouped(right, terms[1], [*common, inner, theirs])
    made = product(lifter, x, y)
    axes = dict(zip(common, made.view[: len(common)], strict=True))
    axes |= dict(zip(mine, _ungrouped(made.view[-2], [left.view[terms[0].index(c)] for c in mine]), strict=True))
    axes |= dict(zip(theirs, _ungrouped(made.view[-1], [right.view[terms[1].index(c)] for c in theirs]), strict=True))
    return Tensor(made.node, tuple(axes[c] for c in after))


def _grouped(x: Tensor, term: str, order: list[Any]) -> Tensor:
    view = [merged(atom for c in each for atom in x.view[term.index(c)]) for each in order]
    return Tensor(x.node, tuple(view))


def _ungrouped(group: Group, parts: list[Group]) -> list[Group]:
    from ..atoms import reshaped

    if len(parts) == 1:
        return [group]
    made = reshaped((group,), [length(part) for part in parts])
    if made is None:
        raise NotExpressible("an einsum whose axes are split unevenly", "`einsum` with named axes")
    return list(made)


def _linear_einsum(lifter: Any, term: str, matrix: str, after: str, x: Tensor, learned: Any) -> Tensor:
    """A product with a learned matrix: `fc`."""
    inner = next((c for c in matrix if c in term and c not in after), None)
    new = next((c for c in matrix if c not in term), None)
    if inner is None or new is None:
        raise NotExpressible("an einsum with a learned tensor that is not a linear layer", "`einsum`")
    weight = learned if matrix == new + inner else _transposed(learned)
    rest = [c for c in term if c != inner]
    weights, arguments = weights_of(lifter, weight, None)
    moved = Tensor(x.node, tuple(x.view[term.index(c)] for c in [*rest, inner]))
    made = along_features(lifter, moved, weight.sizes[0], weights, arguments)
    axes = dict(zip([*rest, new], made.view, strict=True))
    return Tensor(made.node, tuple(axes[c] for c in after))


@rule("embedding")
def embedding(lifter: Any, a: Mapping[str, Any]) -> Tensor:
    """`embedding` of IDs."""
    b, ids, weight = lifter.b, a["indices"], a["weight"]
    if not isinstance(ids, Tensor) or not isinstance(weight, SourceParameter):
        raise NotExpressible(
            "`embedding` of constant IDs, or with a computed table", "IDs from an input, and a learned table"
        )
    rows, size = weight.sizes
    node = b.nodes[ids.node]
    if node.shape.layout is not Layout.IDS:
        raise NotExpressible("`embedding` of computed IDs", "IDs from an input")
    if node.shape.vocabulary is None and ids.node in b.inputs:
        node.shape = Shape(*node.shape.dims, layout=Layout.IDS, vocabulary=rows)
    arguments: dict[str, Any] = {} if node.shape.vocabulary == rows else {"vocabulary": rows}
    if a["padding_idx"] >= 0 and weight.name not in lifter.frozen:
        lifter.note("`padding_idx` is left out: the row of this ID is trained like the others")
    made = lifter.made("embedding", ids.node, weights={"weight": same(weight)}, features=size, **arguments)
    return Tensor(made, (*ids.view, axis_of(len(b.dims(made)) - 1, size)))
