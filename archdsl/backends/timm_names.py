"""timm's names, for the families whose names differ from torchvision's.

Some tensors have another shape there, with the same elements: per-channel scales, and fully connected layers that are
1×1 convolutions.
"""

import re
from collections.abc import Mapping

from .weight_naming import WINDOW_ATTENTION, Naming, Rule, fixed, from_zero

_UNIT = r"stage(\d)\.unit(\d+)"
_CONVNEXT_PARTS = {"dwconv1": "conv_dw", "layernorm1": "norm", "fc1": "mlp.fc1", "fc2": "mlp.fc2", "scale1": "gamma!"}
_CONVNEXT = Naming(
    rules=(
        (r"stem\.conv1", fixed("stem.0")),
        (r"stem\.layernorm1", fixed("stem.1")),
        (
            rf"{_UNIT}\.(dwconv1|layernorm1|fc1|fc2|scale1)",
            lambda m: f"stages.{from_zero(m[1])}.blocks.{from_zero(m[2])}.{_CONVNEXT_PARTS[m[3]]}",
        ),
        (r"stage(\d)\.down1\.layernorm1", lambda m: f"stages.{from_zero(m[1])}.downsample.0"),
        (r"stage(\d)\.down1\.conv1", lambda m: f"stages.{from_zero(m[1])}.downsample.1"),
        (r"layernorm1", fixed("head.norm")),
        (r"fc1", fixed("head.fc")),
    )
)

_VIT = Naming(
    rules=(
        (r"conv1", fixed("patch_embed.proj")),
        (r"cls1", fixed("cls_token!")),
        (r"pos1", fixed("pos_embed!")),
        (r"encoder(\d+)\.layernorm(\d)", lambda m: f"blocks.{from_zero(m[1])}.norm{m[2]}"),
        (r"encoder(\d+)\.attention1", lambda m: f"blocks.{from_zero(m[1])}.attn"),
        (r"encoder(\d+)\.fc(\d)", lambda m: f"blocks.{from_zero(m[1])}.mlp.fc{m[2]}"),
        (r"layernorm1", fixed("norm")),
        (r"fc1", fixed("head")),
    ),
    tensors=WINDOW_ATTENTION,
)

_SWIN_PARTS = {"layernorm1": "norm1", "layernorm2": "norm2", "fc1": "mlp.fc1", "fc2": "mlp.fc2", "attention1": "attn"}
_SWIN = Naming(
    rules=(
        (r"patches\.conv1", fixed("patch_embed.proj")),
        (r"patches\.layernorm1", fixed("patch_embed.norm")),
        (
            rf"{_UNIT}\.(layernorm\d|fc\d|attention1)",
            lambda m: f"layers.{from_zero(m[1])}.blocks.{from_zero(m[2])}.{_SWIN_PARTS[m[3]]}",
        ),
        (r"stage(\d)\.merge1\.layernorm1", lambda m: f"layers.{from_zero(m[1])}.downsample.norm"),
        (r"stage(\d)\.merge1\.fc1", lambda m: f"layers.{from_zero(m[1])}.downsample.reduction"),
        (r"layernorm1", fixed("norm")),
        (r"fc1", fixed("head.fc")),
    ),
    unused=r".*\.(relative_position_index|attn_mask)",
    tensors=WINDOW_ATTENTION,
)

_MIXER_PARTS = {"1": "mlp_tokens.fc1", "2": "mlp_tokens.fc2", "3": "mlp_channels.fc1", "4": "mlp_channels.fc2"}
_MIXER = Naming(
    rules=(
        (r"conv1", fixed("stem.proj")),
        (r"mixer(\d+)\.layernorm(\d)", lambda m: f"blocks.{from_zero(m[1])}.norm{m[2]}"),
        (r"mixer(\d+)\.fc(\d)", lambda m: f"blocks.{from_zero(m[1])}.{_MIXER_PARTS[m[2]]}"),
        (r"layernorm1", fixed("norm")),
        (r"fc1", fixed("head")),
    )
)


def _mixed_norm(found: re.Match[str]) -> str:
    """Each block has two norms: of the depthwise convolution, and of the other one; the first norm is the stem's."""
    block, second = divmod(int(found[1]) - 2, 2)
    return f"blocks.{block}.{'3' if second else '0.fn.2'}"


_CONVMIXER = Naming(
    rules=(
        (r"conv1", fixed("stem.0")),
        (r"norm1\.bn1", fixed("stem.2")),
        (r"dwconv(\d+)", lambda m: f"blocks.{from_zero(m[1])}.0.fn.0"),
        (r"conv(\d+)", lambda m: f"blocks.{int(m[1]) - 2}.1"),
        (r"norm(\d+)\.bn1", _mixed_norm),
        (r"fc1", fixed("head")),
    )
)

_KIND = {"conv1": "conv", "bn1": "bn"}
_REGNET_UNIT = r"stage(\d)\.xblock(\d+)"
_REGNET = Naming(
    rules=(
        (r"stem\.unit1\.(conv1|bn1)", lambda m: f"stem.{_KIND[m[1]]}"),
        (rf"{_REGNET_UNIT}\.branch1\.(conv1|bn1)", lambda m: f"s{m[1]}.b{m[2]}.downsample.{_KIND[m[3]]}"),
        (
            rf"{_REGNET_UNIT}\.\w+\.transform1\.unit(\d)\.(conv1|bn1)",
            lambda m: f"s{m[1]}.b{m[2]}.conv{m[3]}.{_KIND[m[4]]}",
        ),
        (rf"{_REGNET_UNIT}\.\w+\.transform1\.se1\.conv(\d)", lambda m: f"s{m[1]}.b{m[2]}.se.fc{m[3]}"),
        (rf"{_REGNET_UNIT}\.\w+\.transform1\.(conv1|bn1)", lambda m: f"s{m[1]}.b{m[2]}.conv3.{_KIND[m[3]]}"),
        (r"fc1", fixed("head.fc")),
    )
)

# --- networks of inverted residuals ---

_INVERTED = {
    "dwconv1": "conv_dw",
    "conv1": "conv_pw",
    "conv2": "conv_pwl",
    "squeeze1.conv1": "se.conv_reduce",
    "squeeze1.conv2": "se.conv_expand",
}
"""Without an expansion, the convolution that projects is called `conv_pw` in timm, too."""
_FUSED = {"conv1": "conv_exp", "conv2": "conv_pwl"}
_INNER = r"(dwconv1|conv\d|squeeze1\.conv\d|norm\d\.bn1|bn\d)"


def _inner(word: str, names: Mapping[str, str] = _INVERTED) -> str:
    """The name of a layer in a block; the batch norms are numbered in both namings."""
    norm = re.fullmatch(r"norm(\d)\.bn1|bn(\d)", word)
    return f"bn{norm[1] or norm[2]}" if norm is not None else names[word]


def _ends(stem: str, head: str) -> tuple[Rule, ...]:
    """The layers before and after the blocks, where `stem` and `head` match what comes before their names."""
    return (
        (rf"{stem}\.conv1", fixed("conv_stem")),
        (rf"{stem}\.(?:norm1\.)?bn1", fixed("bn1")),
        (rf"{head}", fixed("conv_head")),
        (r"fc1", fixed("classifier")),
    )


_EFFICIENT = r"stage(\d)\.units1\.\w+?(\d+)\.transform1"
_EFFICIENTNET = Naming(
    rules=(
        *_ends("stem", r"head\.conv1"),
        (r"head\.norm1\.bn1", fixed("bn2")),
        (rf"{_EFFICIENT}\.{_INNER}", lambda m: f"blocks.{from_zero(m[1])}.{from_zero(m[2])}.{_inner(m[3])}"),
        (rf"{_EFFICIENT}\.mbconv1\.{_INNER}", lambda m: f"blocks.{from_zero(m[1])}.{from_zero(m[2])}.{_inner(m[3])}"),
        (r"stage(1)\.units1\.unit(\d+)\.transform1\.fused1\.conv1", lambda m: f"blocks.0.{from_zero(m[2])}.conv"),
        (
            rf"{_EFFICIENT}\.fused1\.{_INNER}",
            lambda m: f"blocks.{from_zero(m[1])}.{from_zero(m[2])}.{_inner(m[3], _FUSED)}",
        ),
    )
)


def _in_stages(counts: tuple[int, ...], number: str) -> str:
    """The stage and place of a block whose number counts the blocks of all stages."""
    place = from_zero(number)
    for stage, count in enumerate(counts):
        if place < count:
            return f"blocks.{stage}.{place}"
        place -= count
    return f"blocks.{len(counts)}.{place}"


_MOBILENET_V2 = Naming(
    rules=(
        *_ends("features", r"features\.conv2"),
        (r"features\.bn2", fixed("bn2")),
        (
            rf"features\.bottleneck(\d+)\.{_INNER}",
            lambda m: f"{_in_stages((1, 2, 3, 4, 3, 3, 1), m[1])}.{_inner(m[2])}",
        ),
    )
)


def _mobilenet_v3(counts: tuple[int, ...]) -> Naming:
    """The rules for MobileNetV3: its head is a fully connected layer, which timm has as a 1×1 convolution."""
    last = f"blocks.{len(counts)}.0"
    return Naming(
        rules=(
            (r"features\.conv2", fixed(f"{last}.conv")),
            (r"features\.norm2\.bn1", fixed(f"{last}.bn1")),
            (r"fc2", fixed("classifier")),
            *_ends("features", "fc1"),
            (rf"features\.bneck(\d+)\.{_INNER}", lambda m: f"{_in_stages(counts, m[1])}.{_inner(m[2])}"),
        )
    )


_MNASNET = Naming(
    rules=(
        *_ends("features", r"features\.conv2"),
        (r"features\.norm2\.bn1", fixed("bn2")),
        (rf"features\.sepconv1\.{_INNER}", lambda m: f"blocks.0.0.{_inner(m[1])}"),
        (rf"features\.stack(\d)\.mbconv(\d)\.{_INNER}", lambda m: f"blocks.{m[1]}.{from_zero(m[2])}.{_inner(m[3])}"),
    )
)

TIMM: Mapping[str, Naming] = {
    "timm ConvNeXt": _CONVNEXT,
    "timm ViT": _VIT,
    "timm Swin": _SWIN,
    "timm Mixer": _MIXER,
    "timm ConvMixer": _CONVMIXER,
    "timm RegNet": _REGNET,
    "timm EfficientNet": _EFFICIENTNET,
    "timm MobileNetV2": _MOBILENET_V2,
    "timm MobileNetV3 large": _mobilenet_v3((1, 2, 3, 4, 2, 3)),
    "timm MobileNetV3 small": _mobilenet_v3((1, 2, 3, 2, 3)),
    "timm MnasNet": _MNASNET,
}
"""The rules by family."""
