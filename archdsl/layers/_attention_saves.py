"""What attention saves for the backward pass, on the CPU."""

from math import prod

from ..contract.saves import SavedTensor, Saves, contiguous
from ..shapes.shape import Layout, Shape
from ._attention import AttentionSizes
from ._attention_options import AttentionOptions

_UNITS = 512


def window_saves(op: AttentionOptions, sizes: AttentionSizes, shifted: bool) -> Saves:
    """What attention in windows, or with a learned table of positions, saves."""
    y = sizes.x
    own = [] if op.frozen else [SavedTensor(per_sample=y.numel)]  # the input, rearranged into windows
    own += _window_products(op, sizes, shifted)
    casts = ("out_proj.weight", "position_out.weight") if op.relative == "mlp" else ("out_proj.weight",)
    last = (*range(1, y.rank), 0) if y.spatial and not op.windowed else tuple(range(y.rank))
    return Saves(
        saved=tuple(own),
        autocast=True,
        cast_weights=casts,
        cast_for_input_gradient=("in_proj_weight",),
        output_format=lambda order: last,
    )


def _window_products(op: AttentionOptions, sizes: AttentionSizes, shifted: bool) -> list[SavedTensor]:
    """What the products of queries, keys and values save."""
    places, seen, features = sizes.steps, prod(sizes.seen), sizes.x.numel
    pairs = op.heads * places * seen
    unit = [
        SavedTensor(per_sample=(3 if op.frozen else 4) * features),
        SavedTensor(per_sample=4 * op.heads * places),
    ]
    own = unit if op.cosine else []
    if op.relative == "mlp":
        distances = prod(2 * size - 1 for size in sizes.seen)
        own = [*own, SavedTensor(per_batch=distances * (_UNITS + op.heads))]
    result = SavedTensor(per_sample=features)
    if op.relative == "mlp" or (op.relative == "table" and not op.frozen) or op.dropout:
        # With a learned mask or dropout, torch computes attention step by step in 32 bits; the next linear layer
        # saves it.
        masks = 1 + (2 if op.dropout else 0)
        steps = [SavedTensor(per_sample=3 * features, bytes=4), SavedTensor(per_sample=masks * pairs, bytes=4)]
        return [*own, *steps, *([] if op.frozen else [result])]
    queries = SavedTensor(per_sample=(2 if op.cosine else 3) * features)
    mask: list[SavedTensor] = []
    heads = op.heads if op.relative == "table" else 1
    if shifted:
        mask = [SavedTensor(per_sample=heads * places * seen)]
    elif op.relative == "table":
        mask = [SavedTensor(per_batch=heads * seen * seen)]
    return [*own, *mask, queries, SavedTensor(per_sample=op.heads * places, bytes=4), result]


def general_saves(op: AttentionOptions, sizes: AttentionSizes, mask: Shape | None) -> Saves:
    """What attention over a whole sequence saves. The mask counts as not trained."""
    y, source = sizes.x, sizes.source
    own: list[SavedTensor] = []
    inputs = [] if op.frozen else [0]
    others = [other for other in (source, sizes.values) if other is not None]
    for number, other in enumerate(others if not op.frozen else (), 1):
        if other.spatial:
            own.append(SavedTensor(per_sample=other.numel))  # its positions as steps
        else:
            inputs.append(number)
    is_fused = not _is_step_by_step(op, sizes)
    own += _changed_products(op, sizes, is_fused) if op.rope or op.qk_norm != "none" else _products(sizes, is_fused)
    own += _trained_positions(op, sizes, mask)
    result = sizes.steps * sizes.value_width
    if is_fused:
        own += [SavedTensor(per_sample=op.heads * sizes.steps, bytes=4), SavedTensor(per_sample=result)]
        own += _mask(op, sizes, mask)
        if mask is not None and mask.layout is not Layout.IDS and not _masks_by_position(op) and op.relative == "none":
            inputs.append(1 + len(others))
        # The result is in the memory order of the queries; the last layer needs it in the order of the steps.
        is_copied = op.rope or op.qk_norm != "none"
    else:
        pairs = op.heads * sizes.steps * sizes.source_steps
        own.append(SavedTensor(per_sample=(3 if op.dropout else 1) * pairs, bytes=4))
        is_copied = True
    if is_copied and not op.frozen:
        own.append(SavedTensor(per_sample=result))
    channels_last = (*range(1, y.rank), 0)
    return Saves(
        inputs=tuple(inputs),
        saved=tuple(own),
        autocast=True,
        cast_weights=("out_proj.weight",),
        cast_for_input_gradient=("in_proj_weight", "q_proj_weight", "k_proj_weight", "v_proj_weight"),
        required_format=channels_last if y.spatial else (0, 1),
        output_format=(lambda order: channels_last) if y.spatial else contiguous(2),
    )


def _is_step_by_step(op: AttentionOptions, sizes: AttentionSizes) -> bool:
    """Whether torch has no fused kernel: with dropout, a trained bias, or values narrower or wider than the queries."""
    return bool(op.dropout) or (op.relative == "t5" and not op.frozen) or sizes.width != sizes.value_width


def _products(sizes: AttentionSizes, is_fused: bool) -> list[SavedTensor]:
    """Queries, keys and values as returned by the linear layers."""
    queries, keys, values = sizes.rows
    count = sizes.steps * queries + sizes.source_steps * (keys + values)
    if not is_fused and sizes.kv_heads < sizes.heads:
        # Keys and values are copied for each head.
        count = sizes.steps * queries + sizes.source_steps * (sizes.width + sizes.value_width)
    return [SavedTensor(per_sample=count, bytes=None if is_fused else 4)]


def _changed_products(op: AttentionOptions, sizes: AttentionSizes, is_fused: bool) -> list[SavedTensor]:
    """Queries, keys and values, where queries and keys were normalized or rotated."""
    queries, keys, values = sizes.rows
    steps, seen = sizes.steps, sizes.source_steps
    changed = steps * queries + seen * keys
    is_normed = op.qk_norm != "none"
    # If one linear layer computes all three, the values are a view of its output.
    kept = changed if is_normed or (sizes.joint and is_fused) else 0
    own = [SavedTensor(per_sample=kept + (seen * values if is_fused or is_normed else 0))]
    if is_normed:
        own.append(SavedTensor(per_sample=_statistics(op, sizes), bytes=4))
        if op.qk_norm == "rms" and not op.frozen:
            own.append(SavedTensor(per_sample=changed))
    if op.rope:
        own.append(SavedTensor(per_batch=(steps + seen) * sizes.rotated(op.rope_part)))
    return [*own, *(_products(sizes, is_fused=False) if not is_fused else [SavedTensor(per_sample=changed)])]


def _statistics(op: AttentionOptions, sizes: AttentionSizes) -> int:
    """The statistics of each head of each step: RMSNorm saves one number, LayerNorm two."""
    return (1 if op.qk_norm == "rms" else 2) * (sizes.steps * sizes.heads + sizes.source_steps * sizes.kv_heads)


def _trained_positions(op: AttentionOptions, sizes: AttentionSizes, mask: Shape | None) -> list[SavedTensor]:
    """What a trained bias saves: the bucket of each pair, and which steps are masked."""
    pairs = sizes.steps * sizes.source_steps
    if op.relative != "t5" or op.frozen:
        return []
    own = [SavedTensor(per_batch=pairs, bytes=8)]
    own += [SavedTensor(per_batch=pairs, bytes=1)] if _masks_by_position(op) else []
    hides = mask is not None and mask.layout is Layout.IDS
    return [*own, SavedTensor(per_sample=sizes.source_steps, bytes=1)] if hides else own


def _masks_by_position(op: AttentionOptions) -> bool:
    """Whether steps are masked because of their positions."""
    return op.causal or op.sliding


def _mask(op: AttentionOptions, sizes: AttentionSizes, mask: Shape | None) -> list[SavedTensor]:
    """The tensor that is added to the products, unless it is an unchanged input."""
    pairs = sizes.steps * sizes.source_steps
    if op.relative in ("t5", "alibi"):
        every = op.heads * pairs
        return [SavedTensor(per_batch=every) if mask is None else SavedTensor(per_sample=every)]
    if mask is None:
        return [SavedTensor(per_batch=pairs)] if op.sliding else []
    if _masks_by_position(op):
        return [SavedTensor(per_sample=(sizes.heads if mask.rank == 3 else 1) * pairs)]
    return [SavedTensor(per_sample=sizes.source_steps)] if mask.layout is Layout.IDS else []
