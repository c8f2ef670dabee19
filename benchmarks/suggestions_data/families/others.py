"""Networks on signals, sequences, volumes and tables, and those with several inputs."""

from random import Random

from .style import Style


def signal(random: Random) -> str:
    """A 1-D convolutional network."""
    style, channels, length = Style(random), random.choice([1, 2, 3, 12]), random.choice([256, 500, 1000, 2048])
    width, letter = style.pick(16, 32), random.random() < 0.2
    text = style.header("Signal", f"L = {length}" if letter else "", "for electrocardiograms")
    text += f"input {channels}x{'L' if letter else length}\n"
    text += style.lines([*style.unit(width, 7, 2), "maxpool 2"])
    for number in range(style.pick(2, 3)):
        text += style.lines([*style.unit(width * 2 ** (number + 1), 5), "maxpool 2"])
    return text + style.lines(["gap"], ["dropout 0.3"], [f"fc {style.pick(2, 5)}"])


def signal_flat(random: Random) -> str:
    """A 1-D network with linear layers at its end."""
    style, length = Style(random), random.choice([100, 128, 187])
    text = style.header("Beats") + f"input 1x{length}\n"
    text += style.lines(["conv 16 k5", "relu", "maxpool 2"], ["conv 32 k5", "relu", "maxpool 2"])
    return text + style.lines(["flatten"], ["fc 64", "relu"], ["fc 5"])


def temporal(random: Random) -> str:
    """Dilated convolutions with residual connections."""
    style, width = Style(random), random.choice([32, 64])
    text = style.header("TCN", f"width = {width}", "Bai et al., 2018") + f"input {style.pick(2, 8)}x256\n"
    text += "conv width k1\n"
    for dilation in (1, 2, 4, 8)[: style.pick(2, 3, 4)]:
        text += (
            f"residual {{ conv width k3 d{dilation} p{dilation}; relu; conv width k3 d{dilation} p{dilation}; relu }}\n"
        )
    return text + "gap\nfc 4\n"


def recurrent(random: Random) -> str:
    """IDs, an embedding and a recurrent layer."""
    style, layer = Style(random), random.choice(["lstm", "gru"])
    units, features = style.pick(32, 64, 128), style.pick(32, 64, 100)
    text = style.header("Sentiment", f"vocabulary = {style.pick(5000, 20000)}, classes = 2")
    text += f"input {style.pick(50, 100, 200)} int(vocabulary)\n"
    option = random.choice(["", " bidirectional", " layers=2"])
    return text + style.lines(
        [f"embedding {features}"],
        [f"{layer} {units}{option}"],
        [random.choice(["take -1", "gap"])],
        ["dropout 0.5"],
        ["fc classes"],
    )


def sensors(random: Random) -> str:
    """A sequence of measurements."""
    style, layer = Style(random), random.choice(["lstm", "gru"])
    text = style.header("Forecast") + f"input {style.pick(24, 60, 96)}x{style.pick(4, 7, 9)}\n"
    return text + style.lines(
        [f"{layer} {style.pick(32, 64)} layers=2 dropout=0.2"],
        ["take -1"],
        ["fc 32", "relu"],
        [f"fc {style.pick(1, 3)}"],
    )


def transformer(random: Random) -> str:
    """An encoder on IDs, as a classifier or a language model."""
    style, heads = Style(random), random.choice([4, 8])
    width, tied = heads * style.pick(8, 16), random.random() < 0.4
    inner = f"residual {{ layernorm; attention heads{' causal' if tied else ''} }}"
    text = style.header("Transformer", f"width = {width}, n = {style.pick(2, 3)}, heads = {heads}, vocabulary = 8000")
    text += "input 64 int(vocabulary)\n\n"
    text += f"block encoder {{\n  {inner}\n  residual {{ layernorm; fc 4*width; gelu; fc width; dropout 0.1 }}\n}}\n\n"
    text += f"embedding width{' as table' if tied else ''}\npos\nrepeat n {{ encoder }}\nlayernorm\n"
    return text + ("reuse table\n" if tied else "gap\nfc 2\n")


def transformer_written_out(random: Random) -> str:
    """Encoder blocks without a block, on a sequence of features."""
    style, heads = Style(random), random.choice([2, 4, 8])
    width = heads * style.pick(8, 16)
    text = style.header("Encoder") + f"input {style.pick(50, 128)}x{style.pick(16, 40)}\n" + f"fc {width}; pos\n"
    for _ in range(style.pick(1, 2)):
        text += f"residual {{ layernorm; attention {heads} }}\n"
        text += f"residual {{ layernorm; fc {4 * width}; gelu; fc {width} }}\n"
    return text + "layernorm\ngap\nfc 6\n"


def vit(random: Random) -> str:
    """A vision transformer."""
    style, heads = Style(random), random.choice([3, 4, 6])
    width, patch = heads * 32, style.pick(4, 8)
    text = style.header("ViT", f"patch = {patch}, width = {width}, n = 2, heads = {heads}, classes = 10")
    text += "input 3x32x32\n\n"
    text += "block encoder {\n  residual { layernorm; attention heads }\n"
    text += "  residual { layernorm; fc 4*width; gelu; fc width }\n}\n\n"
    return (
        text + "conv width patch stride=patch\ntokens\ncls; pos\nrepeat n { encoder }\nlayernorm\ntake 0\nfc classes\n"
    )


def volume(random: Random) -> str:
    """A 3-D convolutional network."""
    style, depth = Style(random), random.choice([16, 32])
    size, width = style.pick(32, 64), style.pick(8, 16)
    text = style.header("Volume", comment="for computed tomography") + f"input 1x{depth}x{size}x{size}\n"
    for number in range(3):
        text += style.lines([*style.unit(width * 2**number), "maxpool 2"])
    if random.random() < 0.5:
        return text + style.lines(["flatten"], ["fc 64", "relu"], ["fc 2"])
    return text + style.lines(["gap"], ["fc 2"])


def video(random: Random) -> str:
    """3-D convolutions over a few color frames."""
    style, width = Style(random), random.choice([16, 32])
    text = style.header("Video") + f"input 3x16x{style.pick(56, 112)}x{style.pick(56, 112)}\n"
    text += style.lines([f"conv {width} k3x7x7 stride=1x2x2 padding=1x3x3", "bn", "relu"], ["maxpool 2"])
    return text + style.lines([f"conv {2 * width} k3 p1", "bn", "relu"], ["gap"], ["fc 10"])


def image_and_table(random: Random) -> str:
    """An image and a table of measurements, joined as vectors."""
    style, columns = Style(random), random.choice([5, 10, 12])
    image, table = random.choice([("img", "tab"), ("image", "table"), ("photo", "record")])
    end = random.choice(["gap", "flatten"])
    text = style.header("MergePoint") + f"input {image} 3x32x32\ninput {table} {columns}\n\nfrom {image}\n"
    text += style.lines([*style.unit(16), "maxpool 2"], [*style.unit(32), "maxpool 2"], [end])
    text = text.removesuffix("\n") + " as seen\n\n"
    text += f"from {table}\n" + style.lines(["fc 32", "relu as known"])
    joined = random.choice(["concat seen\n", "concat { from seen } { from known }\n", "concat seen known\n"])
    return text + joined + style.lines(["fc 64", "relu"], ["fc 3"])


def siamese(random: Random) -> str:
    """Two images through the same layers."""
    style, size = Style(random), random.choice([28, 32, 48])
    text = style.header("Siamese") + f"input left 1x{size}x{size}\ninput right 1x{size}x{size}\n\nfrom left\n"
    body = style.lines(
        [*style.unit(16), "maxpool 2"], style.unit(32), random.choice([["gap"], ["flatten", "fc 64"]]), depth=1
    )
    text += f"stage tower {{\n{body}}}\nfrom right\nreuse tower as other\nconcat tower\n"
    return text + style.lines(["fc 32", "relu"], ["fc 1", "sigmoid"])


def two_towers(random: Random) -> str:
    """A recommender: two IDs, with an embedding for each."""
    style, features = Style(random), random.choice([16, 32])
    text = style.header("Recommender", "users = 1000, items = 500")
    text += "input user int(users)\ninput item int(items)\n\n"
    text += f"from user; embedding {features} as u\nfrom item; embedding {features} as v\n"
    return text + random.choice(["mul u v\n", "concat u v\n"]) + style.lines(["fc 32", "relu"], ["fc 1"])


def table(random: Random) -> str:
    """A multilayer perceptron, some with residual connections."""
    style, columns = Style(random), random.choice([8, 20, 30])
    width = style.pick(64, 128)
    text = style.header("Tabular", f"width = {width}") + f"input {columns}\n" + style.lines(["fc width", "relu"])
    for _ in range(style.pick(1, 2)):
        text += "residual { bn; fc width; relu; dropout 0.1; fc width }\n"
    return text + style.lines([f"fc {width // 2}", "relu"], ["fc 1"])


def captions(random: Random) -> str:
    """An image and a question: convolutions beside a recurrent layer."""
    style, width = Style(random), random.choice([32, 64])
    text = style.header("Questions", "answers = 100, vocabulary = 3000")
    text += "input picture 3x64x64\ninput question 20 int(vocabulary)\n\nfrom picture\n"
    text += style.lines([*style.unit(16, 3, 2), "maxpool 2"], style.unit(width), ["gap"], [f"fc {2 * width} as seen"])
    text += "\nfrom question\n" + style.lines(["embedding 48"], [f"lstm {2 * width}"], ["take -1"])
    return text + random.choice(["mul seen\n", "concat seen\n"]) + "fc answers\n"


def text_convolutions(random: Random) -> str:
    """Kim's convolutions for sentences: kernels of several widths, each with its maximum."""
    style, filters = Style(random), random.choice([50, 100])
    text = style.header("Sentences", "vocabulary = 10000, classes = 2", "Kim, 2014")
    text += f"input 40 int(vocabulary)\nembedding {style.pick(50, 100)}\npermute 1 0\n"
    branches = "\n       ".join(f"{{ conv {filters} k{k}; relu; gmp }}" for k in (3, 4, 5))
    return text + f"concat {branches}\ndropout 0.5\nfc classes\n"


def spectrogram(random: Random) -> str:
    """Convolutions on a spectrogram, then a recurrent layer over its positions."""
    style, width = Style(random), random.choice([16, 32])
    text = style.header("Speech", "words = 35") + f"input 1x{style.pick(40, 64)}x{style.pick(64, 100)}\n"
    text += style.lines([*style.unit(width), "maxpool 2"], [*style.unit(2 * width), "maxpool 4"])
    return text + style.lines(["tokens"], [f"gru {style.pick(64, 128)} bidirectional"], ["take -1"], ["fc words"])
