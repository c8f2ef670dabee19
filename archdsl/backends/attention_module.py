"""Attention with all its options: cross-attention, fewer key and value heads, rotary positions, masks, position biases.

Like those in `modules.py`, the class depends only on torch, so that printed source can include its code.
"""

import math

import torch
from torch import nn


class MultiHeadAttention(nn.Module):
    """Each step of x, N×T×C, attends to the steps of `source`, N×S×C′; without a source, to those of x.

    Values are computed from `value`, N×S×C″, if there is one. With a `window`, a step attends only to the nearest
    steps.

    The weights have the names of nn.MultiheadAttention: one matrix for queries, keys and values if all are computed
    from the same number of features, else three. With `kv_heads`, groups of query heads share the heads of keys and
    values. `channels_first` and `source_channels_first` are for inputs N×C×… of any spatial size.
    """

    def __init__(
        self,
        features: int,
        heads: int,
        *,
        source_features: int | None = None,
        value_features: int | None = None,
        kv_heads: int | None = None,
        width: int | None = None,
        value_width: int | None = None,
        causal: bool = False,
        window: int | None = None,
        rope: int = 0,
        rope_base: float = 10000.0,
        qk_norm: str = "none",
        eps: float = 1e-6,
        relative: str = "none",
        buckets: int = 32,
        distance: int = 128,
        dropout: float = 0.0,
        scale: float | None = None,
        qkv_bias: bool | str = True,
        out_bias: bool = True,
        channels_first: bool = False,
        source_channels_first: bool = False,
        value_channels_first: bool = False,
    ) -> None:
        super().__init__()
        self.heads, self.kv_heads = heads, kv_heads or heads
        self.causal, self.window, self.dropout, self.scale = causal, window, dropout, scale
        self.rope, self.rope_base = rope, rope_base
        self.relative, self.buckets, self.distance = relative, buckets, distance
        self.channels_first, self.source_channels_first = channels_first, source_channels_first
        self.value_channels_first = value_channels_first
        width = width or features
        value_width = value_width or width
        self.rows = (width, width // heads * self.kv_heads, value_width // heads * self.kv_heads)
        self.key_bias = qkv_bias != "qv"
        biases = sum(self.rows) if self.key_bias else self.rows[0] + self.rows[2]
        source_features = source_features or features
        self.add_projections(features, source_features, value_features or source_features)
        self.in_proj_bias = nn.Parameter(torch.empty(biases)) if qkv_bias else None
        self.position_bias = nn.Parameter(torch.empty(buckets, heads)) if relative == "t5" else None
        self.out_proj = nn.Linear(value_width, features, bias=out_bias)
        if qk_norm != "none":
            norm = nn.RMSNorm if qk_norm == "rms" else nn.LayerNorm
            self.q_norm = norm(width // heads, eps=eps)
            self.k_norm = norm(width // heads, eps=eps)
        self.qk_norm = qk_norm
        self.reset_parameters()

    def add_projections(self, features: int, source_features: int, value_features: int) -> None:
        if features == source_features == value_features:
            self.in_proj_weight = nn.Parameter(torch.empty(sum(self.rows), features))
            return
        self.q_proj_weight = nn.Parameter(torch.empty(self.rows[0], features))
        self.k_proj_weight = nn.Parameter(torch.empty(self.rows[1], source_features))
        self.v_proj_weight = nn.Parameter(torch.empty(self.rows[2], value_features))

    def reset_parameters(self) -> None:
        for name, weight in self.named_parameters(recurse=False):
            if name.endswith("proj_weight"):
                nn.init.xavier_uniform_(weight)
        self.out_proj.reset_parameters()
        if self.in_proj_bias is not None:
            nn.init.zeros_(self.in_proj_bias)
        if self.out_proj.bias is not None:
            nn.init.zeros_(self.out_proj.bias)
        if self.position_bias is not None:
            nn.init.trunc_normal_(self.position_bias, std=0.02)

    def forward(
        self,
        x: torch.Tensor,
        source: torch.Tensor | None = None,
        value: torch.Tensor | None = None,
        mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        steps = x.flatten(2).transpose(1, 2) if self.channels_first else x
        if source is not None and self.source_channels_first:
            source = source.flatten(2).transpose(1, 2).contiguous()
        if value is not None and self.value_channels_first:
            value = value.flatten(2).transpose(1, 2).contiguous()
        heads = (self.heads, self.kv_heads, self.kv_heads)
        query, key, value = (
            each.reshape(*each.shape[:2], count, -1).transpose(1, 2)
            for each, count in zip(self.project(steps, source, value), heads, strict=True)
        )
        if self.qk_norm != "none":
            query, key = self.q_norm(query), self.k_norm(key)
        if self.rope:
            query, key = self.rotate(query), self.rotate(key)
        bias = self.bias(query, key.shape[2], mask)
        seen = nn.functional.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=bias,
            dropout_p=self.dropout if self.training else 0.0,
            is_causal=self.causal and bias is None,
            scale=self.scale,
            enable_gqa=self.kv_heads < self.heads,
        )
        result: torch.Tensor = self.out_proj(seen.transpose(1, 2).flatten(2))
        return result.transpose(1, 2).reshape(x.shape) if self.channels_first else result

    def project(
        self, x: torch.Tensor, source: torch.Tensor | None, value: torch.Tensor | None
    ) -> tuple[torch.Tensor, ...]:
        """Queries of x, keys of the source, and values of `value`: N×T×width each."""
        bias: torch.Tensor | None = self.in_proj_bias
        if bias is not None and not self.key_bias:
            bias = torch.cat([bias[: self.rows[0]], bias.new_zeros(self.rows[1]), bias[self.rows[0] :]])
        if source is None and value is None:
            return nn.functional.linear(x, self.in_proj_weight, bias).split_with_sizes(self.rows, -1)
        source = x if source is None else source
        value = source if value is None else value
        weights = self.source_weights()
        biases = (None, None, None) if bias is None else bias.split_with_sizes(self.rows)
        return tuple(
            nn.functional.linear(each, weight, offset)
            for each, weight, offset in zip((x, source, value), weights, biases, strict=True)
        )

    def source_weights(self) -> tuple[torch.Tensor, ...]:
        """The matrices for queries, keys and values."""
        if hasattr(self, "in_proj_weight"):
            return self.in_proj_weight.split_with_sizes(self.rows)
        return self.q_proj_weight, self.k_proj_weight, self.v_proj_weight

    def rotate(self, x: torch.Tensor) -> torch.Tensor:
        """Rotate `rope` features of each head, i paired with i + rope/2, by angles that grow with the step."""
        rates = self.rope_base ** (-torch.arange(0, self.rope, 2, device=x.device) / self.rope)
        angles = torch.arange(x.shape[2], device=x.device)[:, None] * rates
        cos, sin = (each.to(x.dtype) for each in (angles.cos(), angles.sin()))
        first, second = x[..., : self.rope].chunk(2, -1)
        rotated = [first * cos - second * sin, second * cos + first * sin]
        return torch.cat([*rotated, x[..., self.rope :]], -1)

    def bias(self, query: torch.Tensor, length: int, mask: torch.Tensor | None) -> torch.Tensor | None:
        """The bias added to the attention scores, broadcastable to N×heads×T×S; None if there is none."""
        # A finite bias masks a step, so that the result is finite even if all steps are masked.
        least = torch.finfo(query.dtype).min
        added: torch.Tensor | None = None
        if self.relative != "none":
            added = self.positions(length, query.device).to(query.dtype)
        if mask is not None:
            # N×S, N×T×S or N×heads×T×S
            mask = mask.reshape(mask.shape[0], *(1,) * (4 - mask.ndim), *mask.shape[1:])
            if mask.is_floating_point():
                added = mask.to(query.dtype) if added is None else added + mask
            else:
                added = query.new_zeros(1) if added is None else added
                added = added.masked_fill(mask == 0, least)
        if self.window is not None or (self.causal and added is not None):
            added = query.new_zeros(1, 1, 1, 1) if added is None else added
            added = added.masked_fill(self.hidden(query.shape[2], length, query.device), least)
        return added

    def hidden(self, steps: int, length: int, device: torch.device) -> torch.Tensor:
        """Which steps are masked for each step: those outside its window if there is one, and later ones if causal;
        T×S.
        """
        every = torch.ones(steps, length, dtype=torch.bool, device=device)
        if self.window is None:
            return every.triu(1)
        before, after = (self.window - 1, 0) if self.causal else (self.window // 2, self.window // 2)
        return every.triu(after + 1) | every.tril(-before - 1)

    def positions(self, length: int, device: torch.device) -> torch.Tensor:
        """The bias of each head, step and attended step: 1×heads×T×T."""
        steps = torch.arange(length, device=device)
        offsets = steps[None] - steps[:, None]
        if self.position_bias is not None:
            return self.position_bias[self.bucket(offsets)].permute(2, 0, 1)[None]
        # The slopes of ALiBi: powers of two, and values between them if the number of heads is not a power of two.
        whole = 2 ** int(math.log2(self.heads))
        slopes = [2 ** (-8 * (i + 1) / whole) for i in range(whole)]
        slopes += [2 ** (-4 * (2 * i + 1) / whole) for i in range(self.heads - whole)]
        return -torch.tensor(slopes, device=device)[None, :, None, None] * offsets.abs()

    def bucket(self, offsets: torch.Tensor) -> torch.Tensor:
        """The bucket of each distance: one for each short distance, then logarithmic up to `distance`, as in T5."""
        side = self.buckets if self.causal else self.buckets // 2
        steps = (-offsets).clamp(min=0) if self.causal else offsets.abs()
        exact = side // 2
        ratio = (steps.clamp(min=1) / exact).log() / math.log(self.distance / exact)
        far = (exact + (ratio * (side - exact)).long()).clamp(max=side - 1)
        found = torch.where(steps < exact, steps, far)
        return found if self.causal else found + (offsets > 0) * side

    def extra_repr(self) -> str:
        facts = ("heads", "kv_heads", "rows", "causal", "window", "rope", "rope_base", "qk_norm", "relative", "buckets")
        more = ("distance", "key_bias", "dropout", "scale", "channels_first", "source_channels_first")
        return ", ".join(f"{name}={getattr(self, name)}" for name in (*facts, *more, "value_channels_first"))
