"""The names that torchvision gives to the layers of the networks in the zoo, as rules from our names to theirs.

Structure alone cannot distinguish equal layers of a block: the convolution of a shortcut and the one before it. A set
of rules is used only if it names all tensors in question, and the file has all of them, with equal shapes. timm has the
same names for ResNet, ResNeXt, Wide ResNet, DenseNet and Inception v3; timm_names.py has the others.
"""

import re
from collections.abc import Mapping

from .timm_names import TIMM
from .torchvision_names import INCEPTION, MAXVIT, SWIN, SWIN_V2
from .weight_naming import Naming, Rule, fixed, from_zero

_FC: Rule = ("fc1", fixed("fc"))

_RESNET = Naming(
    rules=(
        (r"stem\.(conv1|bn1)", lambda m: m[1]),
        (r"layer(\d+)\.unit(\d+)\.\w+1\.(conv\d|bn\d)", lambda m: f"layer{m[1]}.{from_zero(m[2])}.{m[3]}"),
        (r"layer(\d+)\.unit(\d+)\.\w+1\.shortcut\.conv1", lambda m: f"layer{m[1]}.{from_zero(m[2])}.downsample.0"),
        (r"layer(\d+)\.unit(\d+)\.\w+1\.shortcut\.bn1", lambda m: f"layer{m[1]}.{from_zero(m[2])}.downsample.1"),
        _FC,
    )
)

_DENSENET = Naming(
    rules=(
        (r"stem\.conv1", fixed("features.conv0")),
        (r"stem\.bn1", fixed("features.norm0")),
        (r"dense(\d+)\.dense(\d+)\.bn(\d)", lambda m: f"features.denseblock{m[1]}.denselayer{m[2]}.norm{m[3]}"),
        (r"dense(\d+)\.dense(\d+)\.conv(\d)", lambda m: f"features.denseblock{m[1]}.denselayer{m[2]}.conv{m[3]}"),
        (r"transition(\d+)\.bn1", lambda m: f"features.transition{m[1]}.norm"),
        (r"transition(\d+)\.conv1", lambda m: f"features.transition{m[1]}.conv"),
        (r"bn1", fixed("features.norm5")),
        (r"fc1", fixed("classifier")),
    )
)

_CONVNEXT_PARTS = {"dwconv1": "block.0", "layernorm1": "block.2", "fc1": "block.3", "fc2": "block.5"}
_CONVNEXT = Naming(
    rules=(
        (r"stem\.conv1", fixed("features.0.0")),
        (r"stem\.layernorm1", fixed("features.0.1")),
        (
            r"stage(\d+)\.unit(\d+)\.(dwconv1|layernorm1|fc1|fc2)",
            lambda m: f"features.{2 * int(m[1]) - 1}.{from_zero(m[2])}.{_CONVNEXT_PARTS[m[3]]}",
        ),
        (
            r"stage(\d+)\.unit(\d+)\.scale1",
            lambda m: f"features.{2 * int(m[1]) - 1}.{from_zero(m[2])}.layer_scale!",
        ),
        (r"stage(\d+)\.down1\.layernorm1", lambda m: f"features.{2 * from_zero(m[1])}.0"),
        (r"stage(\d+)\.down1\.conv1", lambda m: f"features.{2 * from_zero(m[1])}.1"),
        (r"layernorm1", fixed("classifier.0")),
        (r"fc1", fixed("classifier.2")),
    )
)


def _regnet(found: re.Match[str]) -> str:
    stage, unit = found[1], from_zero(found[2])
    return f"trunk_output.block{stage}.block{stage}-{unit}"


_UNIT = r"stage(\d+)\.xblock(\d+)"
_KIND = {"conv1": "0", "bn1": "1"}
_REGNET = Naming(
    rules=(
        (r"stem\.unit1\.(conv1|bn1)", lambda m: f"stem.{_KIND[m[1]]}"),
        (rf"{_UNIT}\.branch1\.(conv1|bn1)", lambda m: f"{_regnet(m)}.proj.{_KIND[m[3]]}"),
        (
            rf"{_UNIT}\.\w+\.transform1\.unit([12])\.(conv1|bn1)",
            lambda m: f"{_regnet(m)}.f.{'ab'[from_zero(m[3])]}.{_KIND[m[4]]}",
        ),
        (rf"{_UNIT}\.\w+\.transform1\.se1\.conv(\d)", lambda m: f"{_regnet(m)}.f.se.fc{m[3]}"),
        (rf"{_UNIT}\.\w+\.transform1\.(conv1|bn1)", lambda m: f"{_regnet(m)}.f.c.{_KIND[m[3]]}"),
        _FC,
    )
)

_SHUFFLE = {"dwconv1": "0", "bn1": "1", "conv1": "2", "bn2": "3"}
_SHUFFLE_MAIN = {"conv1": "0", "bn1": "1", "dwconv1": "3", "bn2": "4", "conv2": "5", "bn3": "6"}
_SHUFFLENET = Naming(
    rules=(
        (r"stem\.(conv1|bn1)", lambda m: f"conv1.{_KIND[m[1]]}"),
        (r"stage(\d)\.down1\.branch1\.(\w+)", lambda m: f"stage{m[1]}.0.branch1.{_SHUFFLE[m[2]]}"),
        (r"stage(\d)\.down1\.branch2\.transform1\.(\w+)", lambda m: f"stage{m[1]}.0.branch2.{_SHUFFLE_MAIN[m[2]]}"),
        (
            r"stage(\d)\.unit(\d+)\.branch2\.transform1\.(\w+)",
            lambda m: f"stage{m[1]}.{m[2]}.branch2.{_SHUFFLE_MAIN[m[3]]}",
        ),
        (r"(conv1|bn1)", lambda m: f"conv5.{_KIND[m[1]]}"),
        _FC,
    )
)


def _letter(number: str) -> str:
    return "abcdefgh"[from_zero(number)]


_GOOGLENET = Naming(
    rules=(
        (r"stem\.unit(\d)\.(conv|bn)1", lambda m: f"conv{m[1]}.{m[2]}"),
        (
            r"inception(\d)\.inception(\d)\.branch1\.unit1\.(conv|bn)1",
            lambda m: f"inception{m[1]}{_letter(m[2])}.branch1.{m[3]}",
        ),
        (
            r"inception(\d)\.inception(\d)\.branch4\.unit1\.(conv|bn)1",
            lambda m: f"inception{m[1]}{_letter(m[2])}.branch4.1.{m[3]}",
        ),
        (
            r"inception(\d)\.inception(\d)\.branch([23])\.unit(\d)\.(conv|bn)1",
            lambda m: f"inception{m[1]}{_letter(m[2])}.branch{m[3]}.{from_zero(m[4])}.{m[5]}",
        ),
        _FC,
    ),
    unused=r"aux[12]\..*",
)

_VIT = Naming(
    rules=(
        (r"conv1", fixed("conv_proj")),
        (r"cls1", fixed("class_token!")),
        (r"pos1", fixed("encoder.pos_embedding!")),
        (r"encoder(\d+)\.layernorm(\d)", lambda m: f"encoder.layers.encoder_layer_{from_zero(m[1])}.ln_{m[2]}"),
        (r"encoder(\d+)\.attention1", lambda m: f"encoder.layers.encoder_layer_{from_zero(m[1])}.self_attention"),
        (r"encoder(\d+)\.fc1", lambda m: f"encoder.layers.encoder_layer_{from_zero(m[1])}.mlp.0"),
        (r"encoder(\d+)\.fc2", lambda m: f"encoder.layers.encoder_layer_{from_zero(m[1])}.mlp.3"),
        (r"layernorm1", fixed("encoder.ln")),
        (r"fc1", fixed("heads.head")),
    )
)

NAMINGS: Mapping[str, Naming] = {
    "ResNet": _RESNET,
    "DenseNet": _DENSENET,
    "ConvNeXt": _CONVNEXT,
    "RegNet": _REGNET,
    "ShuffleNet": _SHUFFLENET,
    "GoogLeNet": _GOOGLENET,
    "ViT": _VIT,
    "Inception": INCEPTION,
    "MaxViT": MAXVIT,
    "Swin": SWIN,
    "SwinV2": SWIN_V2,
    **TIMM,
}
"""The rules by family. The rules of one family never name all tensors of another family's network, so the order is
irrelevant.
"""
