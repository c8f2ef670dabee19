"""The few modules that torch lacks. Each class depends only on torch, so that printed source can include its code."""

import math

import torch
from torch import nn

from .attention_module import MultiHeadAttention as MultiHeadAttention  # one namespace for all of them


class DropPath(nn.Module):
    """Zero whole samples with probability p in training, and scale up the others."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not self.training or self.p == 0:
            return x
        keep = torch.rand(x.shape[0], *(1,) * (x.ndim - 1), device=x.device) >= self.p
        return x * keep.to(x.dtype) / (1 - self.p) if self.p < 1 else x * 0

    def extra_repr(self) -> str:
        return f"p={self.p}"


class MeanInside(nn.Module):
    """The mean of each window over its elements inside x, excluding the padding, which is given as in `F.pad`."""

    def __init__(self, kernel: tuple[int, ...], stride: tuple[int, ...], padding: tuple[int, ...]) -> None:
        super().__init__()
        self.kernel, self.stride, self.padding = kernel, stride, padding

    def mean(self, x: torch.Tensor) -> torch.Tensor:
        """The mean of each window, with the padding as zeros."""
        pool = (nn.functional.avg_pool1d, nn.functional.avg_pool2d, nn.functional.avg_pool3d)[len(self.kernel) - 1]
        return pool(nn.functional.pad(x, self.padding), self.kernel, self.stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.mean(x) / self.mean(torch.ones_like(x[:1, :1]))

    def extra_repr(self) -> str:
        return f"{self.kernel}, stride={self.stride}, padding={self.padding}"


class Scale(nn.Module):
    """x times learned values of this shape."""

    def __init__(self, *sizes: int, init: float = 1.0) -> None:
        super().__init__()
        self.init = init
        self.weight = nn.Parameter(torch.empty(sizes))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        nn.init.constant_(self.weight, self.init)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.weight

    def extra_repr(self) -> str:
        return f"{', '.join(map(str, self.weight.shape))}, init={self.init}"


class Shift(nn.Module):
    """x plus learned values of this shape."""

    def __init__(self, *sizes: int, init: float = 0.0) -> None:
        super().__init__()
        self.init = init
        self.bias = nn.Parameter(torch.empty(sizes))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        nn.init.constant_(self.bias, self.init)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.bias

    def extra_repr(self) -> str:
        return f"{', '.join(map(str, self.bias.shape))}, init={self.init}"


class FixedConv(nn.Module):
    """A convolution with one given filter, repeated for each channel, that sums over the channels of each group; the
    filter is not trained.
    """

    weight: torch.Tensor

    def __init__(
        self,
        channels: int,
        rows: object,
        *,
        stride: int | tuple[int, ...] = 1,
        padding: int | tuple[int, ...] = 0,
        dilation: int | tuple[int, ...] = 1,
        groups: int = 1,
        padding_mode: str = "zeros",
    ) -> None:
        super().__init__()
        kernel = torch.tensor(rows, dtype=torch.get_default_dtype())
        copies = kernel.expand(groups, channels // groups, *kernel.shape)
        self.register_buffer("weight", copies.clone())
        self.stride, self.padding, self.dilation, self.groups = stride, padding, dilation, groups
        self.padding_mode = padding_mode

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        padding = self.padding
        dimensions = self.weight.dim() - 2
        if self.padding_mode != "zeros":
            ends = (padding,) * dimensions if isinstance(padding, int) else padding
            x = nn.functional.pad(x, [end for each in reversed(ends) for end in (each, each)], mode=self.padding_mode)
            padding = 0
        convolve = (nn.functional.conv1d, nn.functional.conv2d, nn.functional.conv3d)[dimensions - 1]
        return convolve(x, self.weight, None, self.stride, padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        return f"{tuple(self.weight.shape)}, stride={self.stride}, padding={self.padding}, groups={self.groups}"


class Standardize(nn.Module):
    """Filters with mean 0 and variance 1."""

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        return nn.functional.layer_norm(weight, weight.shape[1:])


class StandardizeTransposed(nn.Module):
    """Filters of a transposed convolution with mean 0 and variance 1; its weight has the inputs first, in groups."""

    def __init__(self, groups: int) -> None:
        super().__init__()
        self.groups = groups

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        filters = weight.reshape(self.groups, -1, *weight.shape[1:]).transpose(1, 2)
        filters = nn.functional.layer_norm(filters, filters.shape[2:])
        return filters.transpose(1, 2).flatten(0, 1)

    def extra_repr(self) -> str:
        return f"{self.groups}"


class UpsampleLike(nn.Module):
    """Interpolate to the spatial size of a second tensor."""

    def __init__(self, mode: str = "nearest", align_corners: bool | None = None) -> None:
        super().__init__()
        self.mode, self.align_corners = mode, align_corners

    def forward(self, x: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
        size = like.shape[2:]
        return nn.functional.interpolate(x, size, mode=self.mode, align_corners=self.align_corners)

    def extra_repr(self) -> str:
        return f"mode={self.mode!r}, align_corners={self.align_corners}"


class CropLike(nn.Module):
    """The part that has the spatial size of a second tensor: the center, or the part that begins at `start`."""

    def __init__(self, start: tuple[int, ...] | None = None) -> None:
        super().__init__()
        self.start = start

    def forward(self, x: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
        for axis in range(2, x.ndim):
            length, size = x.shape[axis], like.shape[axis]
            start = (length - size) // 2 if self.start is None else self.start[axis - 2]
            x = x.narrow(axis, start, size)
        return x

    def extra_repr(self) -> str:
        return "" if self.start is None else f"start={self.start}"


class AxesSoftmax(nn.Module):
    """Softmax over several axes, from the first to the last, as if they were one; or its logarithm."""

    def __init__(self, first: int, last: int, log: bool = False) -> None:
        super().__init__()
        self.first, self.last, self.log = first, last, log

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        flat = x.flatten(self.first, self.last)
        y = flat.log_softmax(self.first) if self.log else flat.softmax(self.first)
        return y.reshape(x.shape)

    def extra_repr(self) -> str:
        return f"{self.first}, {self.last}, log={self.log}"


class LearnedTensor(nn.Module):
    """A learned tensor of these sizes, the same for every sample."""

    def __init__(self, *sizes: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(sizes))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        nn.init.normal_(self.weight, std=0.02)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.weight.repeat(x.shape[0], *(1,) * self.weight.dim())

    def extra_repr(self) -> str:
        return ", ".join(map(str, self.weight.shape))


class Arange(nn.Module):
    """The numbers 0, 1, 2, …, the same for every sample."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        dtype = x.dtype if x.is_floating_point() else torch.get_default_dtype()
        return torch.arange(self.count, device=x.device, dtype=dtype).repeat(x.shape[0], 1)

    def extra_repr(self) -> str:
        return str(self.count)


class Zeros(nn.Module):
    """Zeros for each sample; a negative size is that of the input's axis, counted from the end."""

    def __init__(self, *sizes: int) -> None:
        super().__init__()
        self.sizes = sizes

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        dtype = x.dtype if x.is_floating_point() else torch.get_default_dtype()
        sizes = (x.shape[size] if size < 0 else size for size in self.sizes)
        return torch.zeros(x.shape[0], *sizes, device=x.device, dtype=dtype)

    def extra_repr(self) -> str:
        return ", ".join(map(str, self.sizes))


class RelativeBias(nn.Module):
    """A learned number for each head and each pair of steps, by their distance: N×T×C gives N×heads×T×T."""

    def __init__(self, heads: int, buckets: int = 32, distance: int = 128, causal: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(buckets, heads))
        self.distance, self.causal = distance, causal
        self.reset_parameters()

    def reset_parameters(self) -> None:
        nn.init.trunc_normal_(self.weight, std=0.02)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        steps = torch.arange(x.shape[1], device=x.device)
        found = self.weight[self.bucket(steps[None] - steps[:, None])].permute(2, 0, 1)
        return found.repeat(x.shape[0], 1, 1, 1)

    def bucket(self, offsets: torch.Tensor) -> torch.Tensor:
        """The bucket of each distance: one for each short distance, then logarithmic up to `distance`, as in T5."""
        side = len(self.weight) if self.causal else len(self.weight) // 2
        steps = (-offsets).clamp(min=0) if self.causal else offsets.abs()
        exact = side // 2
        ratio = (steps.clamp(min=1) / exact).log() / math.log(self.distance / exact)
        far = (exact + (ratio * (side - exact)).long()).clamp(max=side - 1)
        found = torch.where(steps < exact, steps, far)
        return found if self.causal else found + (offsets > 0) * side

    def extra_repr(self) -> str:
        return f"{self.weight.shape[1]}, buckets={len(self.weight)}, distance={self.distance}, causal={self.causal}"


class ClassToken(nn.Module):
    """Prepend a learned vector to the steps of a sequence: N×T×C becomes N×(T + 1)×C."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(1, 1, features))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        nn.init.zeros_(self.weight)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.weight.expand(x.shape[0], -1, -1), x], 1)

    def extra_repr(self) -> str:
        return f"{self.weight.shape[2]}"


class Positions(nn.Module):
    """Add a learned vector to each step of a sequence of at most `length` steps."""

    def __init__(self, length: int, features: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(1, length, features))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        nn.init.normal_(self.weight, std=0.02)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.weight[:, : x.shape[1]]

    def extra_repr(self) -> str:
        return f"{self.weight.shape[1]}, {self.weight.shape[2]}"


class SinePositions(nn.Module):
    """Add sines and cosines with wavelengths from 2π to 10000·2π to each step of a sequence."""

    table: torch.Tensor

    def __init__(self, length: int, features: int) -> None:
        super().__init__()
        rates = 10000.0 ** (-torch.arange(0, features, 2) / features)
        angles = torch.arange(length)[:, None] * rates
        table = torch.stack([angles.sin(), angles.cos()], 2).flatten(1)[:, :features]
        self.register_buffer("table", table, persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.table[: x.shape[1]]

    def extra_repr(self) -> str:
        return f"{self.table.shape[0]}, {self.table.shape[1]}"


class SelfAttention(nn.Module):
    """Each step of N×T×C attends to all steps (causal: up to itself), with the weights of nn.MultiheadAttention."""

    def __init__(
        self,
        features: int,
        heads: int,
        *,
        causal: bool = False,
        dropout: float = 0.0,
        scale: float | None = None,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.heads, self.causal, self.dropout, self.scale = heads, causal, dropout, scale
        self.in_proj_weight = nn.Parameter(torch.empty(3 * features, features))
        self.in_proj_bias = nn.Parameter(torch.empty(3 * features)) if bias else None
        self.out_proj = nn.Linear(features, features, bias=bias)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        nn.init.xavier_uniform_(self.in_proj_weight)
        self.out_proj.reset_parameters()
        if self.in_proj_bias is not None:
            nn.init.zeros_(self.in_proj_bias)
            nn.init.zeros_(self.out_proj.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mixed = nn.functional.linear(x, self.in_proj_weight, self.in_proj_bias)
        query, key, value = mixed.reshape(*x.shape[:2], 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        dropout = self.dropout if self.training else 0.0
        seen = nn.functional.scaled_dot_product_attention(
            query, key, value, dropout_p=dropout, is_causal=self.causal, scale=self.scale
        )
        result: torch.Tensor = self.out_proj(seen.transpose(1, 2).flatten(2))
        return result

    def extra_repr(self) -> str:
        return f"heads={self.heads}, causal={self.causal}, dropout={self.dropout}, scale={self.scale}"


class WindowAttention(nn.Module):
    """Each position of N×C×… attends to the positions of its window, whose size divides the spatial size.

    A grid makes sparse windows of evenly spaced positions. A shift moves the windows cyclically, and positions from
    opposite ends do not attend to each other. Relative positions have a learned bias, from a table or from a small
    network whose input is the logarithmic distance; cosine attention compares angles, and its keys have no bias.
    """

    position_index: torch.Tensor
    distances: torch.Tensor

    def __init__(
        self,
        features: int,
        heads: int,
        window: tuple[int, ...],
        *,
        grid: bool = False,
        shift: tuple[int, ...] = (0, 0, 0),
        relative: str = "none",
        cosine: bool = False,
        dropout: float = 0.0,
        scale: float | None = None,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.heads, self.window, self.grid, self.shift = heads, window, grid, shift[: len(window)]
        self.relative, self.cosine, self.dropout, self.scale = relative, cosine, dropout, scale
        self.logit_scale = nn.Parameter(torch.empty(heads, 1, 1)) if cosine else None
        positions = math.prod(2 * length - 1 for length in window)
        self.position_bias = nn.Parameter(torch.empty(positions, heads)) if relative == "table" else None
        self.in_proj_weight = nn.Parameter(torch.empty(3 * features, features))
        self.in_proj_bias = nn.Parameter(torch.empty(3 * features)) if bias else None
        self.out_proj = nn.Linear(features, features, bias=bias)
        if relative == "mlp":
            self.position_in = nn.Linear(len(window), 512)
            self.position_out = nn.Linear(512, heads, bias=False)
        self.register_buffer("position_index", self.make_position_index(), persistent=False)
        self.register_buffer("distances", self.make_distances(), persistent=False)
        self.reset_parameters()

    def make_position_index(self) -> torch.Tensor:
        """For each pair of positions of a window, the index of their relative position."""
        places = torch.cartesian_prod(*(torch.arange(length) for length in self.window)).view(-1, len(self.window))
        offsets = places[:, None] - places[None] + torch.tensor(self.window) - 1
        number = torch.zeros(offsets.shape[:2], dtype=torch.long)
        for axis, length in enumerate(self.window):
            number = number * (2 * length - 1) + offsets[..., axis]
        return number

    def make_distances(self) -> torch.Tensor:
        """Each relative position along each dimension: the logarithm of its fraction of the window, with its sign."""
        lines = (torch.arange(1.0 - length, length) * 8 / max(1, length - 1) for length in self.window)
        distances = torch.cartesian_prod(*lines).view(-1, len(self.window))
        return distances.sign() * (distances.abs() + 1).log2() / 3

    def reset_parameters(self) -> None:
        nn.init.xavier_uniform_(self.in_proj_weight)
        self.out_proj.reset_parameters()
        if self.in_proj_bias is not None:
            nn.init.zeros_(self.in_proj_bias)
            nn.init.zeros_(self.out_proj.bias)
        if self.logit_scale is not None:
            nn.init.constant_(self.logit_scale, math.log(10))
        if self.position_bias is not None:
            nn.init.trunc_normal_(self.position_bias, std=0.02)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        axes = range(len(self.window))
        sizes = x.shape[2:]
        counts = [length // size for length, size in zip(sizes, self.window, strict=True)]
        shifted = any(self.shift)
        if shifted:
            x = x.roll([-length for length in self.shift], [axis + 2 for axis in axes])
        pairs = zip(self.window, counts, strict=True) if self.grid else zip(counts, self.window, strict=True)
        split = x.reshape(*x.shape[:2], *(length for pair in pairs for length in pair))
        order = [0, *(2 * axis + 2 + self.grid for axis in axes), *(2 * axis + 3 - self.grid for axis in axes), 1]
        windows = split.permute(order)
        seen = self.attend(windows.reshape(-1, math.prod(self.window), x.shape[1]), counts if shifted else None)
        back = [order.index(axis) for axis in range(len(order))]
        x = seen.view(windows.shape).permute(back).reshape(x.shape)
        return x.roll(self.shift, [axis + 2 for axis in axes]) if shifted else x

    def attend(self, x: torch.Tensor, counts: list[int] | None) -> torch.Tensor:
        """Attention within each window; `counts` are the numbers of windows by dimension if the windows are shifted."""
        bias: torch.Tensor | None = self.in_proj_bias
        scale = self.scale
        if self.cosine and bias is not None:
            query_bias, _, value_bias = bias.chunk(3)
            bias = torch.cat([query_bias, torch.zeros_like(query_bias), value_bias])
        mixed = nn.functional.linear(x, self.in_proj_weight, bias)
        query, key, value = mixed.reshape(*x.shape[:2], 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        if self.logit_scale is not None:
            query = nn.functional.normalize(query, dim=-1) * self.logit_scale.clamp(max=math.log(100)).exp()
            key, scale = nn.functional.normalize(key, dim=-1), 1.0
        mask = self.relative_bias()
        if counts is not None:
            separated = self.separated(counts, x.device)
            hidden = torch.zeros(separated.shape, dtype=x.dtype, device=x.device).masked_fill(separated, -math.inf)
            mask = (hidden[:, None] if mask is None else hidden[:, None] + mask).repeat(
                x.shape[0] // separated.shape[0], 1, 1, 1
            )
        dropout = self.dropout if self.training else 0.0
        seen = nn.functional.scaled_dot_product_attention(
            query, key, value, attn_mask=mask, dropout_p=dropout, scale=scale
        )
        result: torch.Tensor = self.out_proj(seen.transpose(1, 2).flatten(2))
        return result

    def relative_bias(self) -> torch.Tensor | None:
        """The bias of each head, position and attended position: 1×heads×P×P."""
        if self.position_bias is not None:
            table: torch.Tensor = self.position_bias
        elif self.relative == "mlp":
            table = 16 * self.position_out(self.position_in(self.distances).relu()).sigmoid()
        else:
            return None
        return table[self.position_index].permute(2, 0, 1)[None]

    def separated(self, counts: list[int], device: torch.device) -> torch.Tensor:
        """Which pairs of positions of each window come from different ends of a shifted dimension: windows×P×P."""
        part = torch.zeros(1, dtype=torch.long, device=device)
        for count, size, shift in zip(counts, self.window, self.shift, strict=True):
            place = torch.arange(count * size, device=device)
            part = part[..., None] * 2 + (place >= count * size - shift)
        part = part[0]
        axes = range(len(counts))
        split = part.view([length for pair in zip(counts, self.window, strict=True) for length in pair])
        split = split.permute([2 * axis for axis in axes] + [2 * axis + 1 for axis in axes])
        windows = split.reshape(math.prod(counts), -1)
        return windows[:, :, None] != windows[:, None]

    def extra_repr(self) -> str:
        facts = ("heads", "window", "grid", "shift", "relative", "cosine", "dropout", "scale")
        return ", ".join(f"{name}={getattr(self, name)}" for name in facts)


class InitialLSTM(nn.LSTM):
    """An LSTM whose initial states are inputs: N×(layers·directions·units) or N×(layers·directions)×units."""

    def forward(  # type: ignore[override]  # the state is required, with the batch first
        self, x: torch.Tensor, initial: torch.Tensor, initial_cell: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]:
        hidden = initial.reshape(x.shape[0], -1, self.hidden_size).transpose(0, 1).contiguous()
        if initial_cell is None:
            return super().forward(x, (hidden, torch.zeros_like(hidden)))
        cell = initial_cell.reshape(x.shape[0], -1, self.hidden_size).transpose(0, 1).contiguous()
        return super().forward(x, (hidden, cell))


class InitialGRU(nn.GRU):
    """A GRU whose initial state is an input: N×(layers·directions·units) or N×(layers·directions)×units."""

    def forward(  # type: ignore[override]  # the state is required, with the batch first
        self, x: torch.Tensor, initial: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        return super().forward(x, initial.reshape(x.shape[0], -1, self.hidden_size).transpose(0, 1).contiguous())


class InitialRNN(nn.RNN):
    """A simple recurrent network whose initial state is an input: N×(layers·directions·units) or
    N×(layers·directions)×units.
    """

    def forward(  # type: ignore[override]  # the state is required, with the batch first
        self, x: torch.Tensor, initial: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        return super().forward(x, initial.reshape(x.shape[0], -1, self.hidden_size).transpose(0, 1).contiguous())


class ScanLoop(nn.Module):
    """Run a body on each step along an axis; the tensors that it carries over are inputs and outputs of each step.

    `zeros` has the sizes of a carried tensor that starts with zeros, and None for one that starts with an input.
    `joined` is the axis along which the results are stacked.
    """

    def __init__(self, body: nn.Module, axis: int, joined: int, zeros: tuple[tuple[int, ...] | None, ...]) -> None:
        super().__init__()
        self.body, self.axis, self.joined, self.zeros = body, axis, joined, zeros

    def forward(self, x: torch.Tensor, *others: torch.Tensor) -> torch.Tensor:
        given, results = list(others), []
        dtype = x.dtype if x.is_floating_point() else torch.get_default_dtype()
        carried = [
            given.pop(0) if sizes is None else x.new_zeros(x.shape[0], *sizes, dtype=dtype) for sizes in self.zeros
        ]
        for step in x.unbind(self.axis):
            result, *carried = self.body(step, *carried, *given)
            results.append(result)
        return torch.stack(results, self.joined)

    def extra_repr(self) -> str:
        return f"axis={self.axis}, joined={self.joined}, zeros={self.zeros}"


class MixtureOfExperts(nn.Module):
    """A router sends each step of N×…×C through the `top` experts that it gives the highest probabilities.

    The result is the sum of the experts' results, weighted by the probabilities.
    """

    def __init__(self, experts: list[nn.Module], features: int, top: int, renormalize: bool = False) -> None:
        super().__init__()
        self.top, self.renormalize = top, renormalize
        self.router = nn.Linear(features, len(experts), bias=False)
        self.experts = nn.ModuleList(experts)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        steps = x.reshape(-1, x.shape[-1])
        weights, chosen = self.router(steps).softmax(-1).topk(self.top, -1)
        if self.renormalize:
            weights = weights / weights.sum(-1, keepdim=True)
        results, places = [], []
        for number, expert in enumerate(self.experts):
            step, place = (chosen == number).nonzero(as_tuple=True)
            results.append(expert(steps[step]) * weights[step, place, None])
            places.append(step)
        result = torch.cat(results)
        total = torch.zeros(steps.shape[0], result.shape[1], dtype=result.dtype, device=x.device)
        return total.index_add(0, torch.cat(places), result).reshape(*x.shape[:-1], -1)

    def extra_repr(self) -> str:
        return f"top={self.top}, renormalize={self.renormalize}"


UNDECAYED: dict[type[nn.Module], tuple[str, ...]] = {
    Scale: ("weight",),
    ClassToken: ("weight",),
    Positions: ("weight",),
    MultiHeadAttention: ("position_bias",),
    WindowAttention: ("logit_scale", "position_bias"),
}
"""Weights with several dimensions that are directly added or multiplied: published vision transformers exclude them
from weight decay. Those with one dimension need no entry here."""
