"""Attention computes the same as the published implementations with the same weights."""

import importlib
import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

import archdsl
from archdsl.backends.modules import SelfAttention, WindowAttention
from scripts.conformance import Missing, torchvision_models

FEATURES, HEADS = 12, 3


def take_over(ours: nn.Module, theirs: nn.Module) -> None:
    """Give both the same random weights, in order."""
    torch.manual_seed(0)
    pairs = list(zip(ours.parameters(), theirs.parameters(), strict=True))
    with torch.no_grad():
        for own, other in pairs:
            assert own.shape == other.shape
            # Small values: Swin adds −100 to masked products, which large products would outweigh.
            own.copy_(torch.randn_like(own) * 0.3)
            other.copy_(own)


def torchvision(module: str) -> Any:
    """A module of torchvision's models, from any build: its compiled operators are not called."""
    try:
        torchvision_models()
    except Missing as missing:
        pytest.skip(str(missing))
    return importlib.import_module(f"torchvision.models.{module}")


def assert_equal(ours: torch.Tensor, theirs: torch.Tensor) -> None:
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("causal", [False, True])
def test_self_attention_matches_torch(causal):
    ours = SelfAttention(FEATURES, HEADS, causal=causal).eval()
    theirs = nn.MultiheadAttention(FEATURES, HEADS, batch_first=True).eval()
    take_over(ours, theirs)
    x = torch.randn(2, 7, FEATURES)
    mask = nn.Transformer.generate_square_subsequent_mask(7) if causal else None
    assert_equal(ours(x), theirs(x, x, x, need_weights=False, attn_mask=mask)[0])


@pytest.mark.parametrize("version", ["", "V2"])
@pytest.mark.parametrize("shift", [(0, 0), (2, 1)])
def test_window_attention_matches_swin(version, shift):
    swin = torchvision("swin_transformer")
    theirs = getattr(swin, f"ShiftedWindowAttention{version}")(FEATURES, [4, 3], list(shift), HEADS).eval()
    relative = {"relative": "mlp", "cosine": True} if version else {"relative": "table"}
    ours = WindowAttention(FEATURES, HEADS, (4, 3), shift=shift, **relative).eval()
    take_over(ours, theirs)
    x = torch.randn(2, 8, 9, FEATURES)
    assert_equal(ours(x.permute(0, 3, 1, 2)).permute(0, 2, 3, 1), theirs(x))


@pytest.mark.parametrize("partition", ["window", "grid"])
def test_window_and_grid_attention_match_maxvit(partition):
    maxvit = torchvision("maxvit")
    theirs = maxvit.PartitionAttentionLayer(
        FEATURES, FEATURES // HEADS, 4, partition, (12, 12), 4, nn.GELU, nn.LayerNorm, 0.0, 0.0, 0.0
    ).eval()
    ours = WindowAttention(
        FEATURES, HEADS, (4, 4), grid=partition == "grid", relative="table", scale=FEATURES**-0.5
    ).eval()
    take_over(ours, theirs.attn_layer[1])
    theirs.attn_layer[0], theirs.mlp_layer = nn.Identity(), nn.Sequential(Zero())
    x = torch.randn(2, FEATURES, 12, 12)
    assert_equal(x + ours(x), theirs(x))


class Zero(nn.Module):
    def forward(self, x):
        return x * 0


def test_sequence_windows_are_independent():
    ours = WindowAttention(FEATURES, HEADS, (3,), shift=(1,), relative="table").eval()
    x = torch.randn(1, FEATURES, 9)
    before = ours(x)
    x[..., 4] += 1
    changed = (ours(x) - before).abs().amax((0, 1)) > 1e-6
    # The windows are shifted by one: 1 to 3, 4 to 6, 7 and 8 with 0, which do not mix.
    assert changed.tolist() == [place in (4, 5, 6) for place in range(9)]
    x[..., 0] += 1
    assert torch.equal((ours(x) - before).abs().amax((0, 1))[7:] > 1e-6, torch.tensor([False, False]))


# --- attention over a whole sequence, against references written out here ---


def split(x: torch.Tensor, heads: int) -> torch.Tensor:
    return x.reshape(*x.shape[:2], heads, -1).transpose(1, 2)


def dot_product(
    query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, bias: torch.Tensor | None = None, scale: float = 0
) -> torch.Tensor:
    """Attention step by step; a group of heads shares a key."""
    groups = query.shape[1] // key.shape[1]
    key, value = key.repeat_interleave(groups, 1), value.repeat_interleave(groups, 1)
    products = query @ key.transpose(2, 3) * (scale or query.shape[3] ** -0.5)
    return ((products if bias is None else products + bias).softmax(3) @ value).transpose(1, 2).flatten(2)


def earlier(steps: int) -> torch.Tensor:
    return torch.full((steps, steps), -math.inf).triu(1)


class Llama(nn.Module):
    """Grouped queries and rotary positions, as published with complex numbers, on halves of the features."""

    def __init__(self, features: int, heads: int, kv_heads: int, width: int, base: float) -> None:
        super().__init__()
        self.heads, self.kv_heads, self.base = heads, kv_heads, base
        head = width // heads
        self.q_proj = nn.Linear(features, width, bias=False)
        self.k_proj = nn.Linear(features, head * kv_heads, bias=False)
        self.v_proj = nn.Linear(features, head * kv_heads, bias=False)
        self.o_proj = nn.Linear(width, features, bias=False)

    def rotate(self, x: torch.Tensor) -> torch.Tensor:
        half = x.shape[3] // 2
        angles = torch.outer(torch.arange(x.shape[2]), self.base ** (-torch.arange(half) / half))
        turned = torch.complex(x[..., :half], x[..., half:]) * torch.polar(torch.ones_like(angles), angles)
        return torch.cat([turned.real, turned.imag], 3)

    def forward(self, x: torch.Tensor) -> Any:
        query = self.rotate(split(self.q_proj(x), self.heads))
        key = self.rotate(split(self.k_proj(x), self.kv_heads))
        return self.o_proj(dot_product(query, key, split(self.v_proj(x), self.kv_heads), earlier(x.shape[1])))

    def weights(self) -> dict[str, torch.Tensor]:
        packed = torch.cat([self.q_proj.weight, self.k_proj.weight, self.v_proj.weight])
        return {"in_proj_weight": packed, "out_proj.weight": self.o_proj.weight}


class Whisper(nn.Module):
    """Keys have no bias; queries and keys are normalized by head, as in the ViT with 22 billion parameters."""

    def __init__(self, features: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q_proj, self.v_proj, self.out_proj = (nn.Linear(features, features) for _ in range(3))
        self.k_proj = nn.Linear(features, features, bias=False)
        self.q_norm, self.k_norm = nn.LayerNorm(features // heads, 1e-6), nn.LayerNorm(features // heads, 1e-6)

    def forward(self, x: torch.Tensor) -> Any:
        query, key, value = (split(layer(x), self.heads) for layer in (self.q_proj, self.k_proj, self.v_proj))
        return self.out_proj(dot_product(self.q_norm(query), self.k_norm(key), value))

    def weights(self) -> dict[str, torch.Tensor]:
        return {
            "in_proj_weight": torch.cat([self.q_proj.weight, self.k_proj.weight, self.v_proj.weight]),
            "in_proj_bias": torch.cat([self.q_proj.bias, self.v_proj.bias]),
            **{name: value for name, value in self.state_dict().items() if name.startswith(("out", "q_n", "k_n"))},
        }


class T5(nn.Module):
    """The published T5 attention: learned buckets of distances, and no scale."""

    def __init__(self, features: int, heads: int, causal: bool) -> None:
        super().__init__()
        self.heads, self.causal = heads, causal
        self.q, self.k, self.v, self.o = (nn.Linear(features, features, bias=False) for _ in range(4))
        self.relative_attention_bias = nn.Embedding(32, heads)

    def bucket(self, relative_position: torch.Tensor) -> torch.Tensor:
        buckets, found = 32, torch.zeros_like(relative_position)
        if not self.causal:
            buckets //= 2
            found = found + (relative_position > 0).long() * buckets
            relative_position = relative_position.abs()
        else:
            relative_position = -torch.min(relative_position, torch.zeros_like(relative_position))
        exact = buckets // 2
        ratio = torch.log(relative_position.float() / exact) / math.log(128 / exact)
        large = (exact + ratio * (buckets - exact)).clamp(max=buckets - 1).long()
        return found + torch.where(relative_position < exact, relative_position, large)

    def forward(self, x: torch.Tensor) -> Any:
        steps = torch.arange(x.shape[1])
        bias = self.relative_attention_bias(self.bucket(steps[None] - steps[:, None])).permute(2, 0, 1)[None]
        bias = bias + earlier(x.shape[1]) if self.causal else bias
        query, key, value = (split(layer(x), self.heads) for layer in (self.q, self.k, self.v))
        return self.o(dot_product(query, key, value, bias, scale=1.0))

    def weights(self) -> dict[str, torch.Tensor]:
        return {
            "in_proj_weight": torch.cat([self.q.weight, self.k.weight, self.v.weight]),
            "position_bias": self.relative_attention_bias.weight,
            "out_proj.weight": self.o.weight,
        }


class Torch(nn.Module):
    """torch's own, whose state dict has the names of ours; `added` is a bias of the products."""

    def __init__(self, features: int, heads: int, added: torch.Tensor | None = None, **options: Any) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(features, heads, batch_first=True, **options)
        self.register_buffer("added", added)

    def weights(self) -> dict[str, torch.Tensor]:
        return self.attention.state_dict()

    def forward(
        self,
        x: torch.Tensor,
        source: torch.Tensor | None = None,
        value: torch.Tensor | None = None,
        mask: torch.Tensor | None = None,
    ) -> Any:
        keywords: dict[str, Any] = {"attn_mask": self.added}
        if mask is not None and mask.ndim == 2:
            keywords = {"key_padding_mask": mask == 0}
        elif mask is not None:
            added: Any = dict(self.named_buffers()).get("added", 0)
            keywords = {"attn_mask": mask.repeat_interleave(self.attention.num_heads, 0) + added}
        source = x if source is None else source
        value = source if value is None else value
        return self.attention(x, source, value, need_weights=False, **keywords)[0]


def alibi(heads: int, steps: int) -> torch.Tensor:
    """The slopes of the paper: a geometric sequence from 2^(−8/n), for n heads."""
    apart = (torch.arange(steps)[None] - torch.arange(steps)[:, None]).abs()
    slopes = torch.tensor([2.0 ** (-8 * (i + 1) / heads) for i in range(heads)])
    return (-slopes[:, None, None] * apart).repeat(2, 1, 1)


def near(steps: int, before: int, after: int) -> torch.Tensor:
    """0 for the steps around each, −∞ for all others."""
    apart = torch.arange(steps)[None] - torch.arange(steps)[:, None]
    return torch.zeros(steps, steps).masked_fill((apart < -before) | (apart > after), -math.inf)


REFERENCES: dict[str, Callable[[], Any]] = {
    "attention h6 kv_heads=2 width=24 rope rope_base=500 causal nobias": lambda: Llama(12, 6, 2, 24, 500.0),
    "attention h3 kv_heads=1 rope causal nobias": lambda: Llama(12, 3, 1, 12, 10000.0),
    "attention h3 qkv_bias=qv qk_norm=layer": lambda: Whisper(12, 3),
    "attention h3 t5 scale=1 nobias": lambda: T5(12, 3, causal=False),
    "attention h3 t5 scale=1 nobias causal": lambda: T5(12, 3, causal=True),
    "attention h4 alibi": lambda: Torch(12, 4, alibi(4, 9)),
    "attention h4 alibi causal": lambda: Torch(12, 4, alibi(4, 9) + earlier(9)),
    "attention h3 from=other": lambda: Torch(12, 3, kdim=8, vdim=8),
    "attention h3 from=alike nobias": lambda: Torch(12, 3, bias=False),
    "attention h3 mask=ids": lambda: Torch(12, 3),
    "attention h3 mask=bias": lambda: Torch(12, 3),
    "attention h3 from=alike mask=padding": lambda: Torch(12, 3),
    "attention h3 value=same": lambda: Torch(12, 3),
    "attention h3 value=short nobias": lambda: Torch(12, 3, bias=False, vdim=8),
    "attention h3 from=other value=fifth": lambda: Torch(12, 3, kdim=8, vdim=7),
    "attention h3 window=3 sliding": lambda: Torch(12, 3, near(9, 1, 1)),
    "attention h3 window=4 sliding causal": lambda: Torch(12, 3, near(9, 3, 0)),
    "attention h4 window=4 sliding causal alibi": lambda: Torch(12, 4, alibi(4, 9) + near(9, 3, 0)),
    "attention h3 window=5 sliding causal mask=bias": lambda: Torch(12, 3, near(9, 4, 0)),
    "attention h3 window=1 sliding causal value=same": lambda: Torch(12, 3, near(9, 0, 0)),
}
TENSORS = {
    "other": "5x8",
    "alike": "7x12",
    "ids": "9 int(2)",
    "padding": "7 int(2)",
    "bias": "9x9",
    "same": "9x12",
    "short": "9x8",
    "fifth": "5x7",
}


@pytest.mark.parametrize("layer", REFERENCES)
def test_attention_matches_the_reference(layer):
    torch.manual_seed(0)
    names = [name for name in TENSORS if f"={name}" in layer]
    text = "".join(f"input {name} {TENSORS[name]}\n" for name in names)
    network = archdsl.loads(f"{text}input x 9x12\n{layer}")
    reference, ours = REFERENCES[layer]().eval(), network.to_torch().eval()
    for weight in reference.parameters():
        nn.init.normal_(weight.requires_grad_(False), std=0.5)
    state = {f"attention1.{name}": weight for name, weight in reference.weights().items()}
    ours.load_state_dict(state)
    values = {name: tensor_of(TENSORS[name]) for name in names}
    x = torch.randn(2, 9, 12)
    roles = {"from": "source", "value": "value", "mask": "mask"}
    keywords = {
        roles[word.split("=")[0]]: values[word.split("=")[1]] for word in layer.split() if "=" in word
                and word.split("=")[1] in values}  # fmt: skip
    assert_equal(ours(*values.values(), x), reference(x, **keywords))
    assert network.costs.total.parameters == sum(weight.numel() for weight in reference.parameters())
    assert network.costs.total.macs == reference_macs(reference.to("meta"), keywords)


def tensor_of(dims: str) -> torch.Tensor:
    size, _, ids = dims.partition(" ")
    shape = [int(each) for each in size.split("x")]
    # The first step is never hidden: a step that sees nothing has no result.
    return torch.tensor([1, 0] * 9)[: shape[0]].expand(2, -1) if ids else torch.randn(2, *shape)


def reference_macs(reference: nn.Module, keywords: dict[str, torch.Tensor]) -> float:
    on_meta = {name: value.to("meta") for name, value in keywords.items()}
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        reference(torch.randn(2, 9, 12), **on_meta)
    return float(counter.get_total_flops()) / 2 / 2


FUSED = (
    "attention h4",
    "attention h4 causal",
    "attention h2 kv_heads=1 rope qk_norm causal",
    "attention h4 from=other",
    "attention h4 from=other kv_heads=1 qk_norm=layer",
    "attention h4 mask=ids",
    "attention h4 mask=bias causal",
    "attention h4 alibi causal mask=ids",
    "attention h4 width=32 qkv_bias=qv out_bias=0",
    "attention h4 t5 frozen",
    "attention h4 value=same",
    "attention h2 value=same rope causal",
    "attention h4 window=4 sliding causal",
    "attention h2 window=3 sliding rope kv_heads=1 qk_norm",
    "untokens 3x3; attention h4 from=other",
    "untokens 3x3; attention h4",
)


@pytest.mark.parametrize("layer", FUSED)
def test_attention_uses_the_fused_kernel(layer):
    text = "input other 5x8\ninput ids 9 int(2)\ninput bias 9x9\ninput same 9x12\ninput x 9x12\n"
    model = archdsl.loads(text + layer).to_torch()
    inputs = [tensor_of(dims) for dims in ("5x8", "9 int(2)", "9x9", "9x12", "9x12")]
    inputs[-1].requires_grad_()
    with sdpa_kernel(SDPBackend.FLASH_ATTENTION):  # raises where the kernel does not apply
        model(*inputs).sum().backward()
    assert inputs[-1].grad is not None


LENGTHS = (
    "attention h3",
    "attention h3 from=x",
    "attention h3 causal rope",
    "attention h3 t5",
    "attention h3 alibi kv_heads=1",
    "attention h3 window=5 sliding",
    "attention h3 window=4 sliding causal rope value=x",
)


@pytest.mark.parametrize("layer", LENGTHS)
def test_attention_accepts_any_sequence_length(layer):
    model = archdsl.loads(f"input x Tx12\nfc 12\n{layer}").to_torch().eval()
    for steps in (1, 2, 5, 33, 300):
        fixed = archdsl.loads(f"input x {steps}x12\nfc 12\n{layer}").to_torch().eval()
        fixed.load_state_dict(model.state_dict())
        x = torch.randn(2, steps, 12)
        assert_equal(model(x), fixed(x))


def test_attention_accepts_any_image_size():
    model: Any = archdsl.loads("input text 7x8\ninput x 12xHxW\nattention h3\nattention h3 from=text").to_torch().eval()
    text = torch.randn(2, 7, 8)
    for height, width in ((1, 1), (3, 5), (16, 9)):
        x = torch.randn(2, 12, height, width)
        steps = x.flatten(2).transpose(1, 2)
        first, second = model.attention1, model.attention2
        first.channels_first = second.channels_first = False
        expected = second(first(steps), source=text).transpose(1, 2).reshape(x.shape)
        first.channels_first = second.channels_first = True
        assert_equal(model(text, x), expected)
