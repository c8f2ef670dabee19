"""torchvision's names for Inception v3, MaxViT and Swin Transformers; published_names.py has the other families."""

import re

from .weight_naming import WINDOW_ATTENTION, Naming, fixed, from_zero

# --- Inception v3 ---

_STEM = ("Conv2d_1a_3x3", "Conv2d_2a_3x3", "Conv2d_2b_3x3", "Conv2d_3b_1x1", "Conv2d_4a_3x3")
_INCEPTION_5 = {"branch1": "branch1x1", "branch2": "branch5x5", "branch3": "branch3x3dbl", "branch4": "branch_pool"}
_INCEPTION_6 = {
    "branch1.unit1": "branch1x1",
    "branch2.unit1": "branch7x7_1",
    "branch2.wide1.unit1": "branch7x7_2",
    "branch2.tall1.unit1": "branch7x7_3",
    "branch3.unit1": "branch7x7dbl_1",
    "branch3.tall1.unit1": "branch7x7dbl_2",
    "branch3.wide1.unit1": "branch7x7dbl_3",
    "branch3.tall2.unit1": "branch7x7dbl_4",
    "branch3.wide2.unit1": "branch7x7dbl_5",
    "branch4.unit1": "branch_pool",
}
_INCEPTION_7 = {
    "branch1.unit1": "branch1x1",
    "branch2.unit1": "branch3x3_1",
    "branch2.fork1.branch1.unit1": "branch3x3_2a",
    "branch2.fork1.branch2.unit1": "branch3x3_2b",
    "branch3.unit1": "branch3x3dbl_1",
    "branch3.unit2": "branch3x3dbl_2",
    "branch3.fork1.branch1.unit1": "branch3x3dbl_3a",
    "branch3.fork1.branch2.unit1": "branch3x3dbl_3b",
    "branch4.unit1": "branch_pool",
}
_REDUCTIONS = {
    "6.branch1.unit1": "Mixed_6a.branch3x3",
    "6.branch2.unit1": "Mixed_6a.branch3x3dbl_1",
    "6.branch2.unit2": "Mixed_6a.branch3x3dbl_2",
    "6.branch2.unit3": "Mixed_6a.branch3x3dbl_3",
    "7.branch1.unit1": "Mixed_7a.branch3x3_1",
    "7.branch1.unit2": "Mixed_7a.branch3x3_2",
    "7.branch2.unit1": "Mixed_7a.branch7x7x3_1",
    "7.branch2.wide1.unit1": "Mixed_7a.branch7x7x3_2",
    "7.branch2.tall1.unit1": "Mixed_7a.branch7x7x3_3",
    "7.branch2.unit2": "Mixed_7a.branch7x7x3_4",
}
_LAYER = r"(conv|bn)1"


def _words(table: dict[str, str]) -> str:
    return "(" + "|".join(map(re.escape, table)) + ")"


def _block(found: re.Match[str]) -> str:
    """`Mixed_5b` for the first block of this size; `a` is the reduction before it."""
    return f"Mixed_{found[1]}{'bcdefgh'[from_zero(found[2])]}"


def _fifth(found: re.Match[str]) -> str:
    single = found[3] in ("branch1", "branch4")
    return f"{_block(found)}.{_INCEPTION_5[found[3]]}{'' if single else f'_{found[4]}'}.{found[5]}"


INCEPTION = Naming(
    rules=(
        (rf"stem\.unit(\d)\.{_LAYER}", lambda m: f"{_STEM[from_zero(m[1])]}.{m[2]}"),
        (rf"inception(5)\.mixed5(\d)\.(branch\d)\.unit(\d)\.{_LAYER}", _fifth),
        (
            rf"inception(6)\.mixed6(\d)\.{_words(_INCEPTION_6)}\.{_LAYER}",
            lambda m: f"{_block(m)}.{_INCEPTION_6[m[3]]}.{m[4]}",
        ),
        (
            rf"inception(7)\.mixed7(\d)\.{_words(_INCEPTION_7)}\.{_LAYER}",
            lambda m: f"{_block(m)}.{_INCEPTION_7[m[3]]}.{m[4]}",
        ),
        (rf"reduction{_words(_REDUCTIONS)}\.{_LAYER}", lambda m: f"{_REDUCTIONS[m[1]]}.{m[2]}"),
        (rf"classifier\.unit(\d)\.{_LAYER}", lambda m: f"AuxLogits.conv{from_zero(m[1])}.{m[2]}"),
        (r"classifier\.fc1", fixed("AuxLogits.fc")),
        (r"fc1", fixed("fc")),
    ),
    unused=r"AuxLogits\..*",
)

# --- Transformers with windows ---

_BUFFERS = r".*\.(relative_position_index|relative_coords_table)"
_UNIT = r"stage(\d)\.unit(\d+)"
_PARTS = {"layernorm1": "norm1", "layernorm2": "norm2", "fc1": "mlp.0", "fc2": "mlp.3", "attention1": "attn"}


def _swin(found: re.Match[str]) -> str:
    return f"features.{2 * int(found[1]) - 1}.{from_zero(found[2])}.{_PARTS[found[3]]}"


_SWIN_RULES = (
    (r"patches\.conv1", fixed("features.0.0")),
    (r"patches\.layernorm1", fixed("features.0.2")),
    (rf"{_UNIT}\.(layernorm\d|fc\d|attention1)", _swin),
    (r"stage(\d)\.merge1\.layernorm1", lambda m: f"features.{2 * int(m[1]) - 2}.norm"),
    (r"stage(\d)\.merge1\.fc1", lambda m: f"features.{2 * int(m[1]) - 2}.reduction"),
    (r"layernorm1", fixed("norm")),
    (r"fc1", fixed("head")),
)
SWIN = Naming(rules=_SWIN_RULES, unused=_BUFFERS, tensors=WINDOW_ATTENTION)
SWIN_V2 = Naming(
    rules=_SWIN_RULES,
    unused=_BUFFERS,
    tensors={
        **WINDOW_ATTENTION,
        "position_in.weight": "cpb_mlp.0.weight",
        "position_in.bias": "cpb_mlp.0.bias",
        "position_out.weight": "cpb_mlp.2.weight",
    },
)

_MBCONV = {
    "norm1.bn1": "pre_norm",
    "conv1": "conv_a.0",
    "norm2.bn1": "conv_a.1",
    "dwconv1": "conv_b.0",
    "norm3.bn1": "conv_b.1",
    "conv2": "squeeze_excitation.fc1",
    "conv3": "squeeze_excitation.fc2",
    "conv4": "conv_c",
}
_PERCEPTRON = {"layernorm1": "0", "fc1": "1", "fc2": "3"}


def _place(found: re.Match[str]) -> str:
    return f"blocks.{from_zero(found[1])}.layers.{from_zero(found[2])}.layers"


def _attention(found: re.Match[str]) -> str:
    """The first attention of a unit is in windows, the second on a grid."""
    return f"{_place(found)}.{'window' if found[4] == '1' else 'grid'}_attention"


MAXVIT = Naming(
    rules=(
        (r"stem\.conv1", fixed("stem.0.0")),
        (r"stem\.norm1\.bn1", fixed("stem.0.1")),
        (r"stem\.conv2", fixed("stem.1.0")),
        (rf"{_UNIT}\.mbconv1\.branch1\.conv1", lambda m: f"{_place(m)}.MBconv.proj.1"),
        (
            rf"{_UNIT}\.mbconv1\.branch2\.{_words(_MBCONV)}",
            lambda m: f"{_place(m)}.MBconv.layers.{_MBCONV[m[3]]}",
        ),
        (rf"{_UNIT}\.(layernorm)(\d)", lambda m: f"{_attention(m)}.attn_layer.0"),
        (rf"{_UNIT}\.(attention)(\d)", lambda m: f"{_attention(m)}.attn_layer.1"),
        (
            rf"{_UNIT}\.(perceptron)(\d)\.(\w+)",
            lambda m: f"{_attention(m)}.mlp_layer.{_PERCEPTRON[m[5]]}",
        ),
        (r"layernorm1", fixed("classifier.2")),
        (r"fc1", fixed("classifier.3")),
        (r"fc2", fixed("classifier.5")),
    ),
    unused=_BUFFERS,
    tensors={
        **WINDOW_ATTENTION,
        "in_proj_weight": "to_qkv.weight",
        "in_proj_bias": "to_qkv.bias",
        "out_proj.weight": "merge.weight",
        "out_proj.bias": "merge.bias",
    },
)
