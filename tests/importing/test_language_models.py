"""Attention of language models as one layer: rotary positions, shared keys and values, norms by hand."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import archdsl

STEPS, WIDTH, HEADS = 10, 24, 4


def rotate(x: torch.Tensor, base: float, count: int, *, halves: bool = False) -> torch.Tensor:
    """Rotary positions of N×heads×steps×features, as in Llama; only the first `count` features are rotated."""
    turned, rest = x[..., :count], x[..., count:]
    rates = 1.0 / base ** (torch.arange(0, count, 2, dtype=torch.int64).float() / count)
    angles = torch.arange(x.shape[2])[:, None].float() * rates
    cos, sin = (torch.cat([each, each], -1)[None, None] for each in (angles.cos(), angles.sin()))
    first, second = turned[..., : count // 2], turned[..., count // 2 :]
    if halves:
        cos, sin = cos[..., : count // 2], sin[..., : count // 2]
        turned = torch.cat((first * cos - second * sin, first * sin + second * cos), -1)
    else:
        turned = turned * cos + torch.cat((-second, first), -1) * sin
    return torch.cat((turned, rest), -1) if count < x.shape[-1] else turned


class RootMeanSquare(nn.Module):
    """RMSNorm by hand; `offset` is added to the weight, as in Gemma."""

    def __init__(self, offset: float) -> None:
        super().__init__()
        self.weight, self.offset = nn.Parameter(torch.randn(WIDTH)), offset

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        normed = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6)
        return normed * (self.offset + self.weight) if self.offset else self.weight * normed


class Decoder(nn.Module):
    """An embedding, a norm and causal attention. `fused`: each head's features are its queries, keys and values."""

    def __init__(
        self,
        kv_heads: int,
        base: float,
        count: int,
        *,
        fused: bool = False,
        offset: float = 0.0,
        halves: bool = False,
    ) -> None:
        super().__init__()
        self.halves = halves
        self.kv_heads, self.base, self.count, self.fused = kv_heads, base, count, fused
        self.table = nn.Embedding(40, WIDTH)
        self.norm, self.out = RootMeanSquare(offset), nn.Linear(WIDTH, WIDTH, bias=False)
        self.qkv = nn.Linear(WIDTH, WIDTH + 2 * kv_heads * WIDTH // HEADS, bias=False)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        x = self.table(ids)
        mixed, head = self.qkv(self.norm(x)), WIDTH // HEADS
        if self.fused:
            q, k, v = mixed.view(-1, STEPS, HEADS, 3 * head).transpose(1, 2).chunk(3, -1)
        else:
            sizes = [WIDTH, self.kv_heads * head, self.kv_heads * head]
            q, k, v = (each.unflatten(-1, (-1, head)).transpose(1, 2) for each in mixed.split(sizes, -1))
        q, k = (rotate(each, self.base, self.count, halves=self.halves) for each in (q, k))
        if self.kv_heads < HEADS:
            k, v = (self.repeated(each) for each in (k, v))
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        made: torch.Tensor = x + self.out(seen.transpose(1, 2).reshape(x.shape))
        return made

    def repeated(self, x: torch.Tensor) -> torch.Tensor:
        """Keys or values for all heads."""
        times = HEADS // self.kv_heads
        return x[:, :, None].expand(-1, -1, times, -1, -1).reshape(-1, HEADS, *x.shape[2:])


@pytest.mark.parametrize(
    ("decoder", "attention"),
    [
        (lambda: Decoder(4, 10000, 6), "attention h4 causal rope nobias"),
        (lambda: Decoder(2, 500000, 6), "attention h4 kv_heads=2 rope_base=500000 causal rope nobias"),
        (lambda: Decoder(1, 10000, 6, offset=1.0), "attention h4 kv_heads=1 causal rope nobias"),
        (lambda: Decoder(2, 10000, 6, halves=True), "attention h4 kv_heads=2 causal rope nobias"),
        (lambda: Decoder(4, 10000, 4, fused=True), "rope_part=0.6666666666666666 causal rope nobias"),
    ],
)
def test_handwritten_decoder_attention_becomes_one_layer(decoder: type[Decoder], attention: str) -> None:
    torch.manual_seed(0)
    module = decoder().eval()  # type: ignore[call-arg]  # a function that makes one
    imported = archdsl.from_torch(module, torch.randint(0, 40, (1, STEPS)))
    assert attention in imported.text
    assert "rmsnorm eps=1e-6" in imported.text
    assert "matmul" not in imported.text
    assert "noaffine" not in imported.text
    x = torch.randint(0, 40, (3, STEPS))
    with torch.no_grad():
        torch.testing.assert_close(imported.to_torch()(x), module(x), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("change", ["cosines", "order", "steps"])
def test_nonstandard_rotation_is_not_imported_as_rope(change: str) -> None:
    class Other(Decoder):
        def forward(self, ids: torch.Tensor) -> torch.Tensor:
            x = self.table(ids)
            q, k, v = self.qkv(self.norm(x)).view(-1, STEPS, 3, HEADS, 6).permute(2, 0, 3, 1, 4)
            q, k = (self.turned(each) for each in (q, k))
            made: torch.Tensor = self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(x.shape))
            return made

        def turned(self, x: torch.Tensor) -> torch.Tensor:
            found = rotate(x, 10000, 6)
            match change:
                case "cosines":
                    return found + x * torch.linspace(0, 1, 6)
                case "order":
                    return rotate(x[..., [1, 0, 2, 3, 4, 5]], 10000, 6)
                case _:
                    return rotate(x.flip(2), 10000, 6).flip(2)

    with pytest.raises(archdsl.importing.ImportFailed):
        archdsl.from_torch(Other(4, 10000, 6), torch.randint(0, 40, (1, STEPS)))


def test_exported_attention_round_trip() -> None:
    text = (
        "net a\ninput 10 int(40)\n\nembedding 24\nattention h4 kv_heads=2 causal rope nobias\n"
        "attention h4 rope_part=0.6666666666666666 rope\n"
    )
    module = archdsl.loads(text).to_torch()
    assert archdsl.from_torch(module, torch.randint(0, 40, (1, 10)), name="a").text == text
