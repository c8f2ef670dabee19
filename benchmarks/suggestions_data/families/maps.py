"""Networks from an image to an image: segmentation, autoencoders, generators, and pyramids."""

from random import Random

from .style import Style

_NAMES = (["e1", "e2", "e3", "e4"], ["down1", "down2", "down3", "down4"], ["s1", "s2", "s3", "s4"])


def unet(random: Random) -> str:
    """A U-Net with padded convolutions, written out."""
    style, levels = Style(random), random.choice([2, 3, 4])
    size, width = 2**levels * style.pick(8, 12, 15, 20), style.pick(16, 32)
    names = random.choice(_NAMES)
    rise = random.choice(["upsample 2", "upsample 2", "upconv"])
    text = style.header("UNet", comment="Ronneberger et al., 2015") + f"input {style.pick(1, 3)}x{size}x{size}\n\n"
    for level in range(levels):
        first, second = style.unit(width * 2**level), style.unit(width * 2**level)
        second[-1] += f" as {names[level]}"
        text += style.lines(first, second, ["maxpool 2"])
    text += style.lines(style.unit(width * 2**levels), style.unit(width * 2**levels))
    for level in reversed(range(levels)):
        up = rise if rise != "upconv" else f"upconv {width * 2**level} k2 s2"
        text += style.lines([up, f"concat {names[level]}"], style.unit(width * 2**level))
    return text + f"conv {style.pick(1, 2, 3)} k1\n"


def unet_blocks(random: Random) -> str:
    """A U-Net with blocks for both paths."""
    style, levels = Style(random), random.choice([2, 3, 4])
    size, width = 2**levels * style.pick(8, 16, 20), style.pick(16, 32)
    names = random.choice(_NAMES)
    double = style.lines(style.unit("c"), style.unit("c"), depth=1)
    rise = random.choice(["upconv c k2 s2", "upsample 2; conv c k1"])
    text = style.header("UNet", f"classes = {style.pick(2, 4)}") + f"input 1x{size}x{size}\n\n"
    text += f"block double(c) {{\n{double}}}\n" + f"block up(c, skip) {{ {rise}; concat skip; double c }}\n\n"
    text += "".join(f"double {width * 2**i} as {names[i]}; maxpool 2\n" for i in range(levels))
    text += f"double {width * 2**levels}\n"
    text += "".join(f"up {width * 2**i} {names[i]}\n" for i in reversed(range(levels)))
    return text + "conv classes k1\n"


def unet_add(random: Random) -> str:
    """LinkNet: the encoder's tensors are added."""
    style, width = Style(random), random.choice([16, 32])
    size = 8 * style.pick(8, 16)
    text = style.header("LinkNet") + f"input 3x{size}x{size}\n"
    text += style.lines([*style.unit(width), "maxpool 2"])
    for level in range(2):
        unit = style.unit(width * 2**level)
        unit[-1] += f" as skip{level + 1}"
        text += style.lines(unit, ["maxpool 2"] if level else style.unit(width * 2, 3, 2))
    text += style.lines(style.unit(width * 2))
    text += style.lines(
        ["upsample 2", "add skip2", *style.unit(width)], ["upsample 2", "add skip1", *style.unit(width)]
    )
    return text + "upsample 2; conv 2 k1\n"


def unet_cropped(random: Random) -> str:
    """A U-Net without padding, whose skip connections are cropped."""
    style, width = Style(random), random.choice([16, 32])
    size = style.pick(92, 108, 124, 140)
    one = size - 4
    two = one // 2 - 4
    low = two // 2 - 4
    text = style.header("Valid", comment="without padding, as published") + f"input 1x{size}x{size}\n"
    text += f"conv {width} k3; relu; conv {width} k3; relu as a\nmaxpool 2\n"
    text += f"conv {2 * width} k3; relu; conv {2 * width} k3; relu as b\nmaxpool 2\n"
    text += f"conv {4 * width} k3; relu; conv {4 * width} k3; relu\n"
    text += f"upconv {2 * width} k2 s2\nconcat {{ from b; crop {2 * low} }} {{ }}\n"
    text += f"conv {2 * width} k3; relu; conv {2 * width} k3; relu\n"
    text += f"upconv {width} k2 s2\nconcat {{ from a; crop {4 * low - 8} }} {{ }}\n"
    return text + f"conv {width} k3; relu; conv {width} k3; relu\nconv 2 k1\n"


def autoencoder(random: Random) -> str:
    """An image through a code and back."""
    style, size = Style(random), random.choice([28, 32, 64])
    code, channels, width = style.pick(16, 32, 64), style.pick(1, 3), style.pick(16, 32)
    low = size // 4
    up = random.choice(["upconv {} k2 s2", "upconv {} k4 s2 p1", "upconv {} k3 s2 p1 output_padding=1"])
    inside = ["sigmoid"] if random.random() < 0.6 else ["tanh"]
    encoder = style.lines(style.unit(width, 3, 2), style.unit(2 * width, 3, 2), ["flatten"], [f"fc {code}"], depth=1)
    decoder = style.lines(
        [f"fc {2 * width}*{low}*{low}", "relu"],
        [f"reshape {2 * width}x{low}x{low}"],
        [up.format(width), "relu"],
        [up.format(channels), *inside],
        depth=1,
    )
    text = style.header("Autoencoder") + f"input {channels}x{size}x{size}\n\n"
    text += f"stage encoder {{\n{encoder}}}\nstage decoder {{\n{decoder}}}\n"
    return text + (f"assert out == {channels}x{size}x{size}\n" if random.random() < 0.7 else "")


def convolutional_autoencoder(random: Random) -> str:
    """An autoencoder without a code: poolings, and upsamplings to the size of the input."""
    style, levels = Style(random), random.choice([2, 3])
    size, width = 2**levels * style.pick(4, 8, 16), style.pick(16, 32)
    text = style.header("Denoiser") + f"input 1x{size}x{size}\n"
    text += "".join(style.lines([*style.unit(width * 2**i), "maxpool 2"]) for i in range(levels))
    padded = random.random() < 0.5
    for i in reversed(range(levels)):
        up = f"upconv {width * 2**i} k3 s2 p1 output_padding=1" if padded else "upsample 2"
        text += style.lines([up, "relu"] if padded else [up, *style.unit(width * 2**i)])
    return text + style.lines([style.conv(1), "sigmoid"]) + f"assert out == 1x{size}x{size}\n"


def generator(random: Random) -> str:
    """A generator in the manner of DCGAN."""
    style, width = Style(random), random.choice([16, 32, 64])
    noise, channels = style.pick(64, 100, 128), style.pick(1, 3)
    text = style.header("Generator", f"width = {width}", "Radford et al., 2015") + f"input {noise}\n\n"
    if random.random() < 0.5:
        text += f"reshape {noise}x1x1\nupconv 4*width k4; bn; relu\n"
    else:
        text += f"fc 4*width*4*4\nreshape {4 * width}x4x4\nbn; relu\n"
    up = random.choice(["k4 s2 p1", "k3 s2 p1 output_padding=1", "k5 s2 p2 output_padding=1"])
    text += f"upconv 2*width {up} nobias; bn; relu\nupconv width {up} nobias; bn; relu\n"
    return text + f"upconv {channels} {up}; tanh\nassert out == {channels}x32x32\n"


def discriminator(random: Random) -> str:
    """A discriminator in the manner of DCGAN: the last convolution leaves one number."""
    style, width = Style(random), random.choice([16, 32, 64])
    body = "".join(f"conv {width * 2**i} k4 s2 p1 nobias; bn; leakyrelu 0.2\n" for i in (1, 2, 3))
    text = style.header("Discriminator") + f"input 3x64x64\nconv {width} k4 s2 p1; leakyrelu 0.2\n{body}"
    return text + random.choice(["conv 1 k4\nflatten\nsigmoid\n", "flatten\nfc 1\nsigmoid\n"])


def pyramid(random: Random) -> str:
    """A feature pyramid: each level is added to the one above, scaled up."""
    style, width = Style(random), random.choice([32, 64])
    word = random.choice(["map", "out", "level"])
    text = style.header("Pyramid", comment="Lin et al., 2017") + "input 3x128x128\n"
    text += style.lines(style.unit(16, 3, 2))
    for number, filters in enumerate((32, 64, 128), 2):
        unit = style.unit(filters, 3, 2)
        unit[-1] += f" as c{number}_{word}"
        text += style.lines(unit)
    text += f"\nconv {width} k1 as p4_{word}\n"
    for number in (3, 2):
        text += f"upsample 2\nadd {{ }} {{ from c{number}_{word}; conv {width} k1 }} as p{number}_{word}\n"
    return text + f"\noutput p2_{word}, p3_{word}, p4_{word}\n"


def super_resolution(random: Random) -> str:
    """Residual blocks, then a pixel shuffle."""
    style, width, factor = Style(random), random.choice([32, 64]), random.choice([2, 4])
    pad = style.padding(3)
    text = style.header("SuperResolution", f"width = {width}") + "input 3x48x48\n"
    text += f"conv width k3 {pad} as head\n"
    text += f"repeat {style.pick(2, 3)} {{\n  residual {{ conv width k3 {pad}; relu; conv width k3 {pad} }}\n}}\n"
    text += f"conv width k3 {pad}\nadd head\n"
    return text + f"conv {3 * factor**2} k3 {pad}\npixelshuffle {factor}\nassert out == 3x{48 * factor}x{48 * factor}\n"


def heads(random: Random) -> str:
    """A trunk with several heads."""
    style, width = Style(random), random.choice([16, 32])
    text = style.header("Detector", "classes = 5") + "input 3x64x64\n"
    text += style.lines(style.unit(width, 3, 2), style.unit(2 * width, 3, 2), style.unit(4 * width, 3, 2))
    text = text.removesuffix("\n") + " as trunk\n\n"
    text += style.lines(["gap"], ["fc classes as label"])
    text += style.lines(["from trunk"], [style.conv(width), "relu"], ["conv 4 k1 as box"])
    if random.random() < 0.5:
        text += style.lines(["from trunk"], ["flatten"], ["fc 32", "relu"], ["fc 1 as score"])
        return text + "output label, box, score\n"
    return text + "output label, box\n"


def dilated(random: Random) -> str:
    """Atrous spatial pyramid pooling: branches of several dilations."""
    style, width = Style(random), random.choice([32, 64])
    text = style.header("Atrous", "classes = 21", "Chen et al., 2017") + "input 3x65x65\n"
    text += style.lines(style.unit(width // 2, 3, 2), style.unit(width, 3, 2))
    branches = "\n       ".join(f"{{ conv {width} k3 d{d} p{d}; relu }}" for d in (2, 4, 6))
    text += f"concat {{ conv {width} k1; relu }}\n       {branches}\n"
    return text + f"conv {width} k1; relu; dropout 0.1\nconv classes k1\nresize 65x65 bilinear\n"
