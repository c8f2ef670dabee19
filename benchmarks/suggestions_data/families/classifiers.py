"""Networks from an image to classes."""

from random import Random

from .style import Style


def lenet(random: Random) -> str:
    """A network in the manner of LeNet-5."""
    style, classes = Style(random), random.choice([10, 26])
    act, pool = random.choice(["tanh", "relu"]), random.choice(["avgpool 2", "maxpool 2"])
    first, second = random.choice([(6, 16), (8, 16), (20, 50)])
    return (
        style.header("LeNet", comment="LeNet-5, LeCun et al., 1998")
        + random.choice(["input 1x28x28\n", "input 1x32x32\n"])
        + style.lines([f"conv {first} k5", act, pool], [f"conv {second} k5", act, pool])
        + style.lines(["flatten"], ["fc 120", act], ["fc 84", act], [f"fc {classes}"])
    )


def vgg(random: Random) -> str:
    """Groups of convolutions, each with a pooling at its end, written out."""
    style, size = Style(random), random.choice([32, 48, 64, 96])
    width, groups = style.pick(16, 32, 64), style.pick(2, 3, 4)
    text = style.header("Classifier", comment="a small VGG") + f"input 3x{size}x{size}\n\n"
    for number in range(groups):
        filters = min(width * 2**number, 256)
        units = [style.unit(filters) for _ in range(style.pick(1, 2))]
        text += style.lines(*units, ["maxpool 2"]) + "\n"
    if random.random() < 0.5:
        return text + style.lines(["flatten"], ["fc 256", "relu", "dropout 0.5"], ["fc 10"])
    return text + style.lines(["gap"], ["fc 10"])


def vgg_blocks(random: Random) -> str:
    """VGG with a block and a parameter for the width."""
    style, width = Style(random), random.choice([16, 24, 32])
    size = style.pick(32, 64)
    body = style.lines(style.unit("filters"), style.unit("filters"), ["maxpool 2"], depth=1)
    uses = "".join(f"  pair {factor}\n" for factor in ("width", "2*width", "4*width")[: style.pick(2, 3)])
    return (
        style.header("Small", f"classes = 10, width = {width}")
        + f"input 3x{size}x{size}\n\nblock pair(filters) {{\n{body}}}\n\nstage features {{\n{uses}}}\n"
        + random.choice(["flatten\ndropout 0.3\nfc classes\n", "flatten; fc 128; relu; fc classes\n"])
    )


def resnet(random: Random) -> str:
    """Residual blocks whose shortcut projects where the shape changes."""
    style = Style(random)
    act, size, base = "relu", style.pick(32, 64), style.pick(16, 32, 64)
    depth, stages = style.pick(1, 2, 3), style.pick(2, 3)
    pad = style.padding(3)
    text = style.header("ResNet", "classes = 10", "He et al., 2015") + f"input 3x{size}x{size}\n\n"
    text += (
        "block basic(filters, s = 1) {\n  residual {\n"
        f"    conv filters k3 s=s p1 nobias; bn; {act}\n    conv filters k3 {pad} nobias; bn\n"
        "  } shortcut {\n    if s != 1 or @c != filters { conv filters k1 s=s nobias; bn }\n  }\n"
        f"  {act}\n}}\n\n"
    )
    text += f"stage stem {{ conv {base} k3 {pad} nobias; bn; {act} }}\n"
    for number in range(stages):
        first = f"basic {base * 2**number}" + (" s2" if number else "")
        rest = f"; basic {base * 2**number}" + (f" x{depth - 1}" if depth > 2 else "") if depth > 1 else ""
        text += f"stage layer{number + 1} {{ {first}{rest} }}\n"
    return text + "gap\nfc classes\n"


def residual_written_out(random: Random) -> str:
    """Residual connections without a block."""
    style, size = Style(random), random.choice([32, 64])
    filters = style.pick(16, 32)
    text = style.header("Residual") + f"input 3x{size}x{size}\n" + style.lines(style.unit(filters))
    for _ in range(style.pick(2, 3)):
        text += f"residual {{\n{style.lines(style.unit(filters), [style.conv(filters)], depth=1)}}}\nrelu\n"
        filters *= 2
        body = style.lines(style.unit(filters, 3, 2), [style.conv(filters)], depth=1)
        text += f"residual {{\n{body}}} shortcut {{ conv {filters} k1 s2 }}\nrelu\n"
    return text + "gap\nfc 10\n"


def bottleneck(random: Random) -> str:
    """ResNeXt: grouped convolutions in bottlenecks."""
    style, groups = Style(random), random.choice([4, 8])
    width = groups * style.pick(4, 8)
    norm = random.choice(["bn", f"groupnorm {groups}"])
    return (
        style.header("ResNeXt", f"classes = 100, groups = {groups}", "Xie et al., 2016")
        + "input 3x64x64\n\n"
        + "block bottleneck(mid, out, s = 1) {\n  residual {\n"
        + f"    conv mid k1 nobias; {norm}; relu\n"
        + f"    conv mid k3 s=s p1 groups=groups nobias; {norm}; relu\n"
        + f"    conv out k1 nobias; {norm}\n"
        + "  } shortcut {\n    if s != 1 or @c != out { conv out k1 s=s nobias }\n  }\n  relu\n}\n\n"
        + f"conv {width} k3 s2 p1; relu\n"
        + f"bottleneck {width} {2 * width} x2\nbottleneck {2 * width} {4 * width} s2\n"
        + "gap; fc classes\n"
    )


def gates(random: Random) -> str:
    """Squeeze and excitation, written out or as a block."""
    style, filters, ratio = Style(random), random.choice([32, 64]), random.choice([4, 8])
    text = style.header("Gated", comment="Hu et al., 2017") + "input 3x32x32\n"
    use = random.random() < 0.4
    if use:
        text += (
            f"\nblock se(ratio = {ratio}) {{\n  let c = @c\n"
            "  mul { gap keep; conv c//ratio k1; relu; conv c k1; sigmoid }\n}\n\n"
        )
    for number in range(style.pick(2, 3)):
        wide = filters * 2**number
        gate = f"mul {{ gap keep; conv {wide // ratio} k1; relu; conv {wide} k1; sigmoid }}"
        text += style.lines(style.unit(wide)) + ("se\n" if use else f"{gate}\n") + "maxpool 2\n"
    return text + style.lines(["gap"], ["fc 10"])


def inception(random: Random) -> str:
    """Branches of several kernels, and reductions."""
    style, a = Style(random), random.choice([16, 32])
    size = style.pick(32, 56, 64)
    pool = random.choice(["maxpool 3 s1 p1", "avgpool 3 s1 p1"])
    text = style.header("Inception", comment="Szegedy et al., 2014") + f"input 3x{size}x{size}\n"
    text += style.lines(style.unit(a, 3, 2))
    for number in range(style.pick(1, 2)):
        a *= 2
        text += (
            f"concat {{ conv {a} k1; relu }}\n"
            f"       {{ conv {a // 2} k1; relu; {style.conv(a)}; relu }}\n"
            f"       {{ conv {a // 4} k1; relu; {style.conv(a // 2, 5)}; relu }}\n"
            f"       {{ {pool}; conv {a // 2} k1; relu }}\n"
        )
        text += random.choice(
            [
                "maxpool 3 s2 p1\n" if number else "maxpool 2\n",
                f"concat {{ conv {a} k3 s2 p1; relu }} {{ maxpool 3 s2 p1 }}\n",
                f"concat {{ conv {a} k3 s2; relu }}\n       {{ conv {a // 2} k1; conv {a} k3 s2; relu }}\n"
                "       { maxpool 3 s2 }\n",
            ]
        )
    return text + "gap\ndropout 0.4\nfc 10\n"


def mobile(random: Random) -> str:
    """Depthwise separable convolutions, or inverted residuals."""
    style, width = Style(random), random.choice([16, 24, 32])
    text = style.header("MobileNet", "classes = 10") + "input 3x96x96\n\n"
    if random.random() < 0.5:
        text += (
            "block separable(c, s = 1) {\n  dwconv k3 s=s p1 nobias; bn; relu6\n  conv c k1 nobias; bn; relu6\n}\n\n"
        )
        text += f"conv {width} k3 s2 p1 nobias; bn; relu6\nseparable {2 * width}\nseparable {4 * width} s2\n"
        text += f"separable {4 * width}\nseparable {8 * width} s2\n"
    else:
        text += (
            "block inverted(c, expand = 6, s = 1) {\n  residual when s == 1 and @c == c {\n"
            "    conv expand*@c k1 nobias; bn; relu6\n    dwconv k3 s=s p1 nobias; bn; relu6\n"
            "    conv c k1 nobias; bn\n  }\n}\n\n"
            f"conv {width} k3 s2 p1 nobias; bn; relu6\ninverted {width} expand=1\ninverted {width + 8} s2\n"
            f"inverted {width + 8}\ninverted {2 * width} s2; inverted {2 * width} x2\n"
        )
    return text + "gap; dropout 0.2\nfc classes\n"


def densenet(random: Random) -> str:
    """Dense blocks and transitions."""
    style, growth = Style(random), random.choice([12, 16, 24])
    bottle = random.choice(["", "conv 4*growth k1 nobias; bn; relu; "])
    depth = style.pick(2, 3, 4)
    return (
        style.header("DenseNet", f"growth = {growth}, classes = 10", "Huang et al., 2016")
        + "input 3x32x32\n\n"
        + f"block dense {{ concat {{ bn; relu; {bottle}conv growth k3 {style.padding(3)} nobias }} }}\n"
        + "block transition { bn; relu; conv @c//2 k1 nobias; avgpool 2 }\n\n"
        + f"conv 2*growth k3 {style.padding(3)} nobias\n"
        + f"stage dense1 {{ dense x{depth} }}\ntransition\nstage dense2 {{ dense x{depth} }}\ntransition\n"
        + "bn; relu; gap\nfc classes\n"
    )


def shuffle(random: Random) -> str:
    """Grouped pointwise convolutions with channel shuffles, written out."""
    style, groups = Style(random), random.choice([2, 4])
    width = 12 * groups
    text = style.header("ShuffleNet") + f"input 3x64x64\nconv {width} k3 s2 p1; bn; relu\nmaxpool 3 s2 p1\n"
    for _ in range(style.pick(2, 3)):
        text += (
            f"residual {{\n  conv {width} k1 g{groups} nobias; bn; relu\n  shuffle {groups}\n"
            f"  dwconv k3 p1 nobias; bn\n  conv {width} k1 g{groups} nobias; bn\n}}\nrelu\n"
        )
    return text + "gap; fc 10\n"


def parametric(random: Random) -> str:
    """A loop over stages, with expressions of the network's parameters."""
    style, depth = Style(random), random.choice([3, 4])
    width = style.pick(8, 16, 32)
    tail = random.choice(["gap\nfc classes\n", "flatten\nfc 64; relu\nfc classes\nassert out == classes\n"])
    return (
        style.header("Plain", f"depth = {depth}, width = {width}, classes = 10")
        + "input 3x64x64\n"
        + "repeat depth as i {\n  let filters = width * (i + 1)\n"
        + style.lines(style.unit("filters"), depth=1)
        + "  if i < depth - 1 { maxpool 2 }\n}\n"
        + tail
    )


def attention_pooling(random: Random) -> str:
    """Convolutional block attention: a gate over channels, then one over positions."""
    style, filters = Style(random), random.choice([32, 64])
    text = style.header("Attentive") + "input 3x64x64\n" + style.lines(style.unit(filters, 3, 2), ["maxpool 2"])
    text += f"mul {{ gap keep; conv {filters // 8} k1; relu; conv {filters} k1; sigmoid }}\n"
    text += f"mul {{ conv 1 k7 {style.padding(7)}; sigmoid }}\n"
    return text + style.lines(style.unit(2 * filters, 3, 2), ["gap"], ["fc 10"])


def assertions(random: Random) -> str:
    """A network whose author asserts what should come out."""
    style, size = Style(random), random.choice([28, 32])
    filters = style.pick(16, 32)
    text = style.header("Asserted", comment="for Fashion-MNIST") + f"input 1x{size}x{size}\n"
    text += style.lines(style.unit(filters), style.unit(filters, 3, 2), style.unit(2 * filters, 3, 2))
    text += f"assert @c == {2 * filters} and @h == {size // 4}\n"
    return text + style.lines(["flatten"], ["fc 128", "relu"], ["fc 10"]) + "assert out == 10\n"
