"""The habits of other frameworks: their names for layers and arguments, and what their calls look like."""

from random import Random

from .protocol import Valid, kind
from .unseen_third_edits import places, substituted, wrong

_LAYERS = {
    "conv": ("Conv2d", "Conv2D", "convolution2d"),
    "fc": ("Linear", "Dense", "fully_connected", "inner_product"),
    "bn": ("BatchNorm2d", "batch_normalization", "BN"),
    "relu": ("ReLU", "Relu"),
    "gelu": ("GELU",),
    "silu": ("SiLU",),
    "leakyrelu": ("LeakyReLU", "lrelu", "leaky"),
    "maxpool": ("MaxPool2d", "MaxPooling2D", "max_pooling"),
    "avgpool": ("AvgPool2d", "average_pool"),
    "gap": ("GlobalAveragePooling2D", "global_average_pool", "global_pool"),
    "flatten": ("Flatten",),
    "dropout": ("Dropout",),
    "upsample": ("Upsample", "UpSampling2D"),
    "upconv": ("ConvTranspose2d", "deconvolution", "transposed_conv"),
    "dwconv": ("DepthwiseConv2D", "depthwise", "conv_dw"),
    "layernorm": ("LayerNorm",),
    "groupnorm": ("GroupNorm",),
    "lstm": ("LSTM",),
    "gru": ("GRU",),
    "embedding": ("Embedding", "embed"),
    "attention": ("MultiheadAttention", "multi_head_attention"),
}
_LAYER = r"(?:^|[;{] *)(?P<call>(?P<word>[a-z]\w*)(?P<args>(?: +[\w.*/=@]+)*))(?= *(?:[;}]|$))"


@kind("layer by its class in PyTorch or Keras")
def layer_class(random: Random, valid: Valid) -> str | None:
    """A PyTorch or Keras user who types the class as in every other file: `ReLU`, `MaxPool2d`, `Dense`."""
    words = [each.keyword for each in valid.layers() if each.keyword.text in _LAYERS]
    word = random.choice(words) if words else None
    return wrong(random, (valid.replace(word.span, new) for new in _LAYERS[word.text])) if word else None


@kind("argument by its name in PyTorch or Keras")
def argument_name(random: Random, valid: Valid) -> str | None:
    """A PyTorch or Keras user: `conv 64 kernel_size=3`, `attention num_heads=8`, `bias=False`."""
    texts = [
        *substituted(valid, r"(?<=\bconv )(\d+|[a-z]\w+)(?= k)", r"out_channels=\1", r"filters=\1"),
        *substituted(valid, r"(?<= )k(\d+)\b(?!x)", r"kernel_size=\1", r"ksize=\1"),
        *substituted(valid, r"(?<= )s(\d+)\b(?!x)", r"strides=\1"),
        *substituted(valid, r"(?<= )p(\d+)\b(?!x)", r"pad=\1"),
        *substituted(valid, r"(?<=\bfc )([\w*]+)", r"out_features=\1"),
        *substituted(valid, r"\b(lstm|gru) (\w+)", r"\1 hidden_size=\2"),
        *substituted(valid, r"(?<=\battention )(\w+)", r"num_heads=\1"),
        *substituted(valid, r"(?<=\bgroupnorm )(\w+)", r"num_groups=\1"),
        *substituted(valid, r"(?<=\bupsample )(\d+)", r"scale_factor=\1", r"scale=\1"),
        *substituted(valid, r"(?<=\bdropout )(0\.\d+)", r"rate=\1", r"prob=\1"),
        *substituted(valid, r"\blayers=(\d+)", r"num_layers=\1"),
        *substituted(valid, r"\bd(\d+)\b(?= p)", r"dilation_rate=\1"),
    ]
    bias = ("bias=False", "bias=False", "use_bias=False", "no_bias")
    texts = random.sample(texts, min(len(texts), 6))
    return wrong(random, [*texts, *substituted(valid, r"\bnobias\b", random.choice(bias))])


@kind("activation=relu within the layer before it")
def activation_argument(random: Random, valid: Valid) -> str | None:
    """A Keras user: `conv 32 k3 activation=relu`, `fc 10 activation=sigmoid`."""
    activation = r"(?P<before>\b(?:conv|fc)\b[^;{}\n]*?) *(?:;|\n) *(?P<word>relu|tanh|sigmoid|gelu|silu)\b"
    return wrong(random, substituted(valid, activation, r"\g<before> activation=\g<word>", r"\g<before> act=\g<word>"))


@kind("layer as a call, or commas between its arguments")
def call(random: Random, valid: Valid) -> str | None:
    """A Python user whose fingers type the syntax of a call: `relu()`, `conv(64, k3, p1)`, `conv 64, k3, p1`."""
    found = [span for span in places(valid, _LAYER, "call") if not _is_language(span.text)]
    texts = []
    for span in found:
        word, *arguments = span.text.split()
        texts.append(valid.replace(span, f"{word}({', '.join(arguments)})"))
        texts += [valid.replace(span, f"{word} {', '.join(arguments)}")] if len(arguments) > 1 else []
    return wrong(random, texts)


@kind("number of inputs given as well")
def inputs_too(random: Random, valid: Valid) -> str | None:
    """A PyTorch user: `conv 3 64 k3` after `nn.Conv2d(3, 64, 3)`, `fc 512 10`, `bn 64`, `lstm 50 128`."""
    texts = []
    for statement in valid.layers("conv", "fc", "bn", "lstm", "gru", "upconv", "layernorm", "dwconv"):
        node = valid.nodes(statement)[0]
        shape = valid.graph.shapes_in(node)[0].dims
        features = shape[-1] if node.op.keyword in ("fc", "layernorm", "lstm", "gru") else shape[0]
        end = statement.keyword.span.end
        texts.append(f"{valid.text[:end]} {features}{valid.text[end:]}")
    return wrong(random, texts)


@kind("tuple or list as a size")
def tuple_size(random: Random, valid: Valid) -> str | None:
    """A PyTorch or Keras user: `input (3, 32, 32)`, `conv 64 k=(3, 3)`, `reshape [64, 8, 8]`."""
    texts = [
        *substituted(valid, r"(?<=\binput )(\w+)x(\w+)x(\w+)(?!x)\b", r"(\1, \2, \3)", r"[\1, \2, \3]"),
        *substituted(valid, r"(?<=\binput )(\d+)x(\d+)(?!x)\b", r"(\1, \2)"),
        *substituted(valid, r"(?<= )k(\d+)\b(?!x)", r"k=(\1, \1)", r"(\1,\1)", r"kernel=(\1, \1)"),
        *substituted(valid, r"(?<= )s(\d+)\b(?!x)", r"stride=(\1, \1)"),
        *substituted(valid, r"(?<=\breshape )(\d+)x(\d+)x(\d+)\b", r"(\1, \2, \3)"),
    ]
    return wrong(random, texts)


@kind("list of tensors as in torch.cat")
def tensor_list(random: Random, valid: Valid) -> str | None:
    """A PyTorch user: `concat [up, skip]`, `concat(a, b)`, `add skip, x`; with one operand, `concat(skip)`."""
    operands = r"\b(concat|add|mul) +([a-z]\w*)((?: +[a-z]\w*)*)(?= *(?:[;}]|$|as\b))"
    texts = []
    for span in places(valid, operands):
        word, *names = [each for each in span.text.split() if each != "as"]
        listed = ", ".join(names)
        texts += [valid.replace(span, f"{word}({listed})"), valid.replace(span, f"{word} [{listed}]")]
        texts += [valid.replace(span, f"{word} {listed}")] if len(names) > 1 else []
    return wrong(random, texts)


@kind("assignment for `as`")
def assignment(random: Random, valid: Valid) -> str | None:
    """A Python user who names a result on its left: `e1 = conv 64 k3 p1`."""
    named = r"(?P<call>\b[a-z]\w*(?: +[\w.*/=@]+)*) +as +(?P<name>[A-Za-z_]\w*)(?= *(?:[;}]|$))"
    return wrong(random, substituted(valid, named, r"\g<name> = \g<call>"))


def _is_language(text: str) -> bool:
    """Whether a statement is not a layer but begins with a keyword of the language."""
    words = ("input", "net", "from", "let", "use", "reuse", "assert", "output", "block", "stage", "if", "repeat", "aux")
    return text.split()[0] in words or text.split()[-2:-1] == ["as"]
