"""Parts of texts: inputs, numbers, layers, statements of every kind, reasonable and absurd."""

from random import Random

from archdsl.layers import registry, synonyms

NUMBERS = ("0", "1", "2", "3", "4", "8", "-1", "-3", "7", "16", "0.5", "1.0", "1e-5", "1000", "65537", "100000007")
ABSURD = ("1000000000", "999999999999", "9223372036854775807", "1e18", "1e308", "1e400", "9" * 30, "-1000000000", "1/0")
SIZES = (
    *("3x32x32", "3x8x8", "1x28x28", "64x7x7", "4x6x5", "2x4x4x4", "1x16x64x64", "6x4", "128x9", "2x1000", "12", "784"),
    *("1", "1x1x1", "0", "0x0x0", "3xHxW", "CxHxW", "HxW", "TxC", "CxL", "CxT", "CxDxHxW", "N", "Tx8", "3x8xW", "HxH"),
    *("5 int(7)", "128 int(50257)", "T int(10)", "int(100)", "3x4 int(5)", "1000000000x1x1", "1x1000000000x1000000000"),
    *("2x3x4x5x6", "3x32", "32x32x3", "1x999999999999", "@c", "1x2x", "5 int(0)", "5 int(1000000000)", "3x64x64 5"),
)
NAMES = ("a", "b", "c", "skip", "x", "left", "right", "in", "f", "graph", "self", "code", "forward", "k3", "same", "H")
FLAGS = ("same", "valid", "nobias", "keep", "ceil", "frozen", "relu", "causal", "x2", "x0", "x3", "as a", "as b")
LETTERS = "kspdgnchxt"
SYMBOLS = ("@c", "@h", "@w", "@t", "@l", "@d", "H", "W", "T", "C", "width", "n", "i", "a")
COMMON = ("conv", "conv", "bn", "relu", "fc", "maxpool", "gap", "flatten", "layernorm", "embedding", "attention")
LAYERS = (*sorted(registry()), *COMMON, *COMMON, *COMMON, *sorted(synonyms()))


def number(random: Random) -> str:
    """A number or an expression."""
    match random.randrange(14):
        case 0 | 1:
            return random.choice(ABSURD)
        case 2:
            return random.choice(SYMBOLS)
        case 3:
            sign = random.choice(["+", "-", "*", "/", "//", "%", " - ", " + "])
            return f"{random.choice(SYMBOLS)}{sign}{random.choice(NUMBERS)}"
        case 4:
            function = random.choice(["max", "min", "round", "floor", "ceil", "sqrt", "round_to"])
            return f"{function}({number(random)}, {number(random)})" if random.random() < 0.6 else f"{function}(9)"
        case 5:
            return f"({random.choice(NUMBERS)} if {condition(random)} else {random.choice(NUMBERS)})"
        case _:
            return random.choice(NUMBERS)


def condition(random: Random) -> str:
    """A condition of an `if` or an assertion."""
    compare = random.choice(["==", "!=", "<", "<=", ">", ">="])
    left = random.choice([*SYMBOLS, *NUMBERS])
    one = f"{left} {compare} {random.choice(NUMBERS)}"
    return random.choice([one, one, f"not {one}", f"{one} and {left}", f"{one} or {one}", left])


def assertion(random: Random) -> str:
    """An assertion, usually about quantities of the language."""
    what = random.choice(["params", "trainable", "macs", "flops", "layers", "out", "rf", "rf", "out", *SYMBOLS])
    amount = random.choice([*NUMBERS, "50K", "1.5M", "2G", "8x3x3", "10x1", "HxW", "8xHxW", number(random)])
    return f"assert {what} {random.choice(['==', '!=', '<', '<=', '>', '>='])} {amount}"


def argument(random: Random, keyword: str) -> str:
    """One argument of a layer: positional, a shorthand, a flag or named; the layer's own or any other."""
    layer = registry().get(synonyms().get(keyword, keyword))
    own = layer.parameters if layer is not None else ()
    match random.randrange(8):
        case 0 | 1:
            return number(random)
        case 2:
            letters = [p.letter for p in own if p.letter] or list(LETTERS)
            return f"{random.choice(letters)}{random.choice(['1', '2', '3', '0', '3x5', '1x1x1', '1000000000', '7'])}"
        case 3:
            words = [word for p in own for word, _ in p.words] or list(FLAGS)
            return random.choice([*words, random.choice(FLAGS)])
        case 4 | 5 if own:
            return f"{random.choice(own).name}={random.choice([number(random), '3x3', 'same', 'H', '@h', '1x2x3'])}"
        case 6:
            initializers = ("zeros", "normal(0.02)", "whiten", "orthogonal(1e9)", "constant(-1)", "dirac", "uniform()")
            return f"init={random.choice(initializers)}"
        case _:
            return random.choice([*NAMES, "3x3", "224x224", "1000000000x1000000000", '"a"', "HxW"])


def layer(random: Random) -> str:
    """A layer's statement."""
    keyword = random.choice(LAYERS)
    likely = {"conv": "8 k3", "fc": "10", "maxpool": "2", "embedding": "8", "attention": "2"}
    words = [keyword]
    if keyword in likely and random.random() < 0.7:
        words.append(likely[keyword])
    words += [argument(random, keyword) for _ in range(random.choice([0, 0, 0, 1, 1, 2, 3]))]
    if random.random() < 0.12:
        words.append(f"x{random.choice([1, 2, 3, 0, 50, 1000000000])}")
    if random.random() < 0.12:
        words.append(f"as {random.choice(NAMES)}")
    return " ".join(words)


def body(random: Random, depth: int) -> str:
    """`{ … }`, perhaps empty."""
    inside = "; ".join(statement(random, depth + 1) for _ in range(random.choice([0, 1, 1, 2, 3])))
    return f"{{ {inside} }}"


def statement(random: Random, depth: int = 0) -> str:
    """A statement of any kind."""
    if depth > 2 or random.random() < 0.55:
        return layer(random)
    name = random.choice(NAMES)
    match random.randrange(14):
        case 0:
            operands = [random.choice([body(random, depth), name, "in"]) for _ in range(random.choice([1, 1, 2, 3]))]
            return f"{random.choice(['add', 'mul', 'concat'])} {' '.join(operands)}"
        case 1:
            shortcut = f" shortcut {body(random, depth)}" if random.random() < 0.3 else ""
            when = f" when {condition(random)}" if random.random() < 0.3 else ""
            return f"residual{when} {body(random, depth)}{shortcut}"
        case 2:
            return f"stage {name} {body(random, depth)}"
        case 3:
            index = " as i" if random.random() < 0.5 else ""
            return f"repeat {random.choice(['2', '3', '0', '50', number(random)])}{index} {body(random, depth)}"
        case 4:
            other = f" else {body(random, depth)}" if random.random() < 0.5 else ""
            return f"if {condition(random)} {body(random, depth)}{other}"
        case 5:
            return f"let {name} = {number(random)}"
        case 6:
            return f"from {name}"
        case 7:
            return f"reuse {name}"
        case 8:
            return f"aux {name} {body(random, depth)}"
        case 9:
            return assertion(random)
        case 10:
            return f"output {name}{random.choice(['', ', b', ', ' + name])}"
        case 11:
            return f"unit {random.choice(['8', '', 's2', 'filters=4', number(random)])}"
        case 12:
            return f"input {random.choice(['', name + ' '])}{random.choice(SIZES)}"
        case _:
            return recipe(random)


SETTINGS = (
    *(
        "data digits",
        "data cifar10",
        "data nothing",
        'data "folder"',
        "data hf:a/b",
        "split 0.9",
        "split 7",
        "epochs 20",
    ),
    *(
        "optimizer adam lr=1e-3",
        "optimizer sgd momentum=2",
        "optimizer muon",
        "schedule cosine",
        "schedule step every=0",
    ),
    *("epochs 1000000000", "batch 32", "batch 0", "seed -1", "loss mse", "loss bce", "loss cross_entropy smoothing=2"),
    *("precision bf16", "precision fp64", "augment flip", "flip", "ema 0.99", "clip 1", "freeze a", "patience off"),
    *(
        "layout channels_last",
        "tta flip",
        "checkpoint 3",
        "accumulate 2",
        "nonsense 1",
        "lookahead every=5",
        "device x",
    ),
)


def recipe(random: Random) -> str:
    """A `train { … }`."""
    return f"train {{ {'; '.join(random.choice(SETTINGS) for _ in range(random.choice([0, 1, 2, 3])))} }}"
