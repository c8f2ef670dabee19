"""Networks with gates, attention, grouped normalization, and shapes other than an image's."""

from random import Random

from .style import Style


def se_residual(random: Random) -> str:
    """Residual blocks with squeeze and excitation."""
    style, base = Style(random), random.choice([32, 64])
    ratio, gate = style.pick(4, 8, 16), random.choice(["sigmoid", "hardsigmoid"])
    text = style.header("SEResNet", "classes = 10", "Hu et al., 2017") + "input 3x64x64\n\n"
    if random.random() < 0.5:
        text += (
            "block unit(c, s = 1) {\n  residual {\n    conv c k3 s=s p1 nobias; bn; relu\n    conv c k3 p1 nobias; bn\n"
            f"    mul {{ gap keep; conv c//{ratio} k1; relu; conv c k1; {gate} }}\n"
            "  } shortcut {\n    if s != 1 or @c != c { conv c k1 s=s nobias; bn }\n  }\n  relu\n}\n\n"
        )
        return text + f"conv {base} k3 s2 p1; relu\nunit {base} x2\nunit {2 * base} s2\ngap; fc classes\n"
    text += f"conv {base} k3 s2 p1; relu\n"
    for wide in (base, base):
        text += (
            f"residual {{\n  {style.conv(wide)}; bn; relu\n  {style.conv(wide)}; bn\n"
            f"  mul {{ gap keep; conv {wide // ratio} k1; relu; conv {wide} k1; {gate} }}\n}}\nrelu\n"
        )
    return text + "gap; fc classes\n"


def xception(random: Random) -> str:
    """Separable convolutions and poolings, beside a convolution with a stride."""
    style, width = Style(random), random.choice([32, 64])
    text = style.header("Xception", comment="Chollet, 2017") + f"input 3x{style.pick(64, 96)}x64\n"
    text += style.lines(style.unit(width, 3, 2))
    for factor in (2, 4)[: style.pick(1, 2)]:
        wide = width * factor
        text += (
            f"residual {{\n  dwconv k3 p1; conv {wide} k1; bn; relu\n  dwconv k3 p1; conv {wide} k1; bn\n"
            f"  maxpool 3 s2 p1\n}} shortcut {{ conv {wide} k1 s2 }}\nrelu\n"
        )
    return text + "gap\nfc 10\n"


def stem_branches(random: Random) -> str:
    """Reductions of Inception v4: convolutions beside poolings, with and without padding."""
    style, a = Style(random), random.choice([16, 24, 32])
    size = style.pick(63, 75, 95)
    pool = random.choice(["maxpool 3 s2", "avgpool 3 s2"])
    text = style.header("Stem") + f"input 3x{size}x{size}\nconv {a} k3 s2; relu\n"
    text += f"concat {{ {pool} }} {{ conv {2 * a} k3 s2; relu }}\n"
    text += f"concat {{ conv {a} k1; conv {2 * a} k3 p1; relu }}\n"
    text += f"       {{ conv {a} k1; conv {a} k1x7 p0x3; conv {2 * a} k7x1 p3x0; relu }}\n"
    text += f"       {{ maxpool 3 s1 p1; conv {a} k1 }}\n"
    return text + f"concat {{ conv {2 * a} k3 s2; relu }} {{ {pool} }}\ngap\nfc 10\n"


def wavenet(random: Random) -> str:
    """Gated dilated convolutions: a tanh times a sigmoid."""
    style, width = Style(random), random.choice([16, 32])
    text = style.header("WaveNet", comment="van den Oord et al., 2016") + f"input 1x{style.pick(512, 1024)}\n"
    text += f"conv {width} k1\n"
    for d in (1, 2, 4)[: style.pick(2, 3)]:
        text += (
            f"residual {{\n  mul {{ conv {width} k3 d{d} p{d}; tanh }} {{ conv {width} k3 d{d} p{d}; sigmoid }}\n"
            f"  conv {width} k1\n}}\n"
        )
    return text + f"relu; conv {2 * width} k1; relu\ngap; fc 8\n"


def attention_unet(random: Random) -> str:
    """A U-Net whose skip connections pass through a gate."""
    style, width = Style(random), random.choice([16, 32])
    size = 4 * style.pick(16, 24, 30)
    text = style.header("AttentionUNet") + f"input 1x{size}x{size}\n\n"
    for level in (1, 2):
        unit = style.unit(width * level)
        unit[-1] += f" as e{level}"
        text += style.lines(unit, ["maxpool 2"])
    text += style.lines(style.unit(4 * width))
    for level in (2, 1):
        text += f"upconv {width * level} k2 s2 as g{level}\n"
        text += f"concat {{ }} {{ from e{level}; mul {{ conv 1 k1; sigmoid }} }}\n"
        text += style.lines(style.unit(width * level))
    return text + "conv 1 k1; sigmoid\n"


def hourglass(random: Random) -> str:
    """An hourglass: down, up, and the tensors of equal size added."""
    style, width = Style(random), random.choice([32, 64])
    size = 8 * style.pick(8, 12)
    names = random.choice([["a1", "a2", "a3"], ["high", "middle", "low"]])
    text = style.header("Hourglass", "joints = 16", "Newell et al., 2016") + f"input 3x{size}x{size}\n"
    text += style.lines(style.unit(width))
    for name in names:
        unit = style.unit(width)
        unit[-1] += f" as {name}"
        text += style.lines(unit, ["maxpool 2"])
    text += style.lines(style.unit(width))
    for name in reversed(names):
        text += f"upsample 2\nadd {name}\n"
    return text + "conv joints k1\n"


def mixer(random: Random) -> str:
    """A small MLP-Mixer."""
    style, width, patch = Style(random), random.choice([32, 64]), random.choice([4, 8])
    steps = (32 // patch) ** 2
    text = style.header("Mixer", f"width = {width}", "Tolstikhin et al., 2021") + "input 3x32x32\n\n"
    text += f"conv width k{patch} s{patch}\ntokens\n"
    for _ in range(style.pick(1, 2)):
        text += f"residual {{ layernorm; fc {2 * steps} axis=0; gelu; fc {steps} axis=0 }}\n"
        text += "residual { layernorm; fc 4*width; gelu; fc width }\n"
    return text + "layernorm\ngap\nfc 10\n"


def convolutions_and_lstm(random: Random) -> str:
    """A signal through convolutions, then step by step through an LSTM."""
    style, width = Style(random), random.choice([32, 64])
    text = style.header("Activity") + f"input {style.pick(3, 6, 9)}x128\n"
    text += style.lines([*style.unit(width, 5), "maxpool 2"], [*style.unit(2 * width, 5), "maxpool 2"])
    return text + style.lines(["permute 1 0"], [f"lstm {style.pick(64, 100)}"], ["take -1"], ["dropout 0.5"], ["fc 6"])


def unet_3d(random: Random) -> str:
    """A U-Net on volumes."""
    style, width = Style(random), random.choice([8, 16])
    size = 4 * style.pick(8, 12, 16)
    text = style.header("Organs", comment="Cicek et al., 2016") + f"input 1x{4 * style.pick(4, 8)}x{size}x{size}\n"
    for level in (1, 2):
        unit = style.unit(width * level)
        unit[-1] += f" as level{level}"
        text += style.lines(unit, ["maxpool 2"])
    text += style.lines(style.unit(4 * width))
    for level in (2, 1):
        text += style.lines(["upsample 2", f"concat level{level}"], style.unit(width * level))
    return text + "conv 3 k1\n"


def unet_1d(random: Random) -> str:
    """A U-Net on signals."""
    style, width, levels = Style(random), random.choice([16, 24]), random.choice([2, 3])
    length = 2**levels * style.pick(64, 100, 125)
    text = style.header("Separator") + f"input {style.pick(1, 2)}x{length}\n"
    for level in range(levels):
        unit = style.unit(width * (level + 1), 5)
        unit[-1] += f" as d{level + 1}"
        text += style.lines(unit, ["maxpool 2"])
    text += style.lines(style.unit(width * (levels + 1), 5))
    for level in reversed(range(levels)):
        text += style.lines(
            [f"upconv {width * (level + 1)} k2 s2", f"concat d{level + 1}"], style.unit(width * (level + 1), 5)
        )
    return text + "conv 1 k1; tanh\n"


def grouped_norm(random: Random) -> str:
    """Residual blocks with group normalization, and attention at a low resolution, as in diffusion models."""
    style, groups = Style(random), random.choice([4, 8])
    width, heads = groups * style.pick(4, 8), style.pick(2, 4)
    text = style.header("Denoiser", comment="Ho et al., 2020") + "input 3x32x32\n"
    text += f"conv {width} k3 p1\n"
    text += (
        f"residual {{ groupnorm {groups}; silu; conv {width} k3 p1; groupnorm {groups}; silu; conv {width} k3 p1 }}\n"
    )
    text += f"conv {2 * width} k3 s2 p1\n"
    text += f"residual {{ groupnorm {groups}; attention {heads} }}\n"
    text += f"residual {{ groupnorm {groups}; silu; conv {2 * width} k3 p1 }}\nupsample 2\n"
    return text + f"groupnorm {groups}; silu; conv 3 k3 p1\nassert out == 3x32x32\n"


def cropped_residual(random: Random) -> str:
    """Residual connections around convolutions without padding: the shortcut is cropped."""
    style, width = Style(random), random.choice([16, 32])
    size = style.pick(32, 40, 48)
    text = style.header("Unpadded") + f"input 1x{size}x{size}\nconv {width} k3; relu\n"
    size -= 2
    for _ in range(style.pick(2, 3)):
        size -= 4
        text += f"add {{ conv {width} k3; relu; conv {width} k3 }} {{ crop {size} }}\nrelu\n"
    return text + f"assert out == {width}x{size}x{size}\n"


def scales(random: Random) -> str:
    """Outputs at three scales, as detectors have them."""
    style, boxes = Style(random), random.choice([3, 5])
    text = style.header("Boxes", "classes = 20", "Redmon & Farhadi, 2018") + "input 3x128x128\n"
    text += style.lines(style.unit(16, 3, 2))
    for number, filters in enumerate((32, 64, 128), 1):
        unit = style.unit(filters, 3, 2)
        unit[-1] += f" as f{number}"
        text += style.lines(unit)
    text += f"conv {boxes}*(classes + 5) k1 as coarse\n"
    text += f"from f3; conv 64 k1; upsample 2; concat f2; {style.conv(64)}; relu as m2\n"
    text += f"conv {boxes}*(classes + 5) k1 as medium\n"
    text += f"from m2; conv 32 k1; upsample 2; concat f1; {style.conv(32)}; relu\n"
    return text + f"conv {boxes}*(classes + 5) k1 as fine\noutput coarse, medium, fine\n"


def cross_features(random: Random) -> str:
    """A table whose features are multiplied, beside a deep branch."""
    style, width = Style(random), random.choice([16, 32, 64])
    text = style.header("Cross") + f"input {style.pick(10, 24)}\nfc {width}; relu as base\n"
    text += f"residual {{ fc {2 * width}; relu; fc {width} }}\n"
    text += f"mul {{ fc {width}; sigmoid }}\n"
    return text + f"concat base\nfc {width}; relu\nfc 1\n"
