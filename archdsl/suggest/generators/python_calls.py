"""Expressions of Python as statements: calls of modules and functions of PyTorch and Keras, sums, assignments."""

import re
from collections.abc import Iterator, Sequence, Set
from decimal import Decimal
from typing import NamedTuple

from ...contract.arguments import ParameterSpec, parameter_named
from ...elaborate.torch_order import argument_of, orders_of
from ...layers import merges
from ..suggestion_context import SuggestionContext
from ..written_arguments import rendered
from .foreign_names import FOREIGN_NAMES

CURRENT = ("x", "out", "h", "y", "inputs", "input", "features", "hidden", "z", "self", "net", "model", "output")
"""The usual names of the current tensor in Python."""
_IGNORED = (
    "inplace",
    "input_shape",
    "in_channels",
    "in_features",
    "name",
    "batch_first",
    "trainable",
    "training",
    "dtype",
    "data_format",
)
"""Arguments without a counterpart here: the network is the same without them."""
_OBJECTS = ("self", "net", "model", "this")
_MOST_CALLS = 100
"""The largest number of calls in a line that is read."""
_DEEPEST = 20
"""The largest number of calls within each other that are read."""
_ASSIGNED = re.compile(r"^\s*(?:(?:self|this)\.)?([A-Za-z_]\w*)\s*(?::\s*[\w.]+\s*)?=\s*(?=[A-Za-z_(])(.*)$")
_SUM = re.compile(r"^\s*(\w+)\s*([+*-])=?\s*(\w+)\s*$")
_CALLED = re.compile(r"\s*((?:[A-Za-z_]\w*\.)*)([A-Za-z_]\w*)\(")
JOINED = {"+": "add", "*": "mul", "-": "sub"}
_FUNCTIONS = {"cat": "concat", "concatenate": "concat"}
_RESHAPING = ("view", "reshape")
_BATCH = re.compile(r"-1|(?:\w+\.)?(?:size\(0\)|shape\[0\])|len\(\w+\)|b|B|N|bs|batch|batch_size")
"""The size of a batch, or the one that follows from the others."""
_SPATIAL = (["2", "3"], ["-2", "-1"], ["-1", "-2"], ["3", "2"])
_CHANNELS = ("1", "-1")
_WRAPPERS = {"TimeDistributed": "", "Bidirectional": " bidirectional"}
"""Layers of Keras that contain another, and what they add to its statement."""
_RECURRENT = ("lstm", "gru", "rnn")


class _Call(NamedTuple):
    """`PATH.NAME(ARGS)`, or `PATH.NAME(ARGS)(TENSORS)`."""

    path: str
    name: str
    args: Sequence[str]
    tensors: Sequence[str] | None

    @property
    def is_method(self) -> bool:
        """Whether it is a method of a tensor: `x.view(-1)`."""
        return self.path.rstrip(".") in CURRENT and self.path.rstrip(".") not in _OBJECTS


def statements_of(context: SuggestionContext, text: str, depth: int = 0) -> Iterator[str]:
    """Statements for an expression or an assignment of Python, the likeliest first; none if a part has no meaning."""
    if depth > _DEEPEST or text.count("(") > _MOST_CALLS:
        return
    text = re.sub(r"^\s*return\b", "", text)
    names: list[str] = []
    while (assigned := _ASSIGNED.match(text)) is not None and not re.search(r"[{}]", text):
        names.append(assigned[1])
        text = assigned[2]
    if names:
        aliases = [f" as {name}" for name in names if name not in CURRENT][:1]
        yield from (new + alias for new in statements_of(context, text, depth + 1) for alias in (*aliases, ""))
        return
    joined = _SUM.match(text)
    if joined is not None:
        names = [name for name in (joined[1], joined[3]) if name not in CURRENT]
        yield f"{JOINED[joined[2]]} {' '.join(names)}"
        return
    call = _call(text)
    if call is None:
        return
    if call.name in ("add", "append", "add_module") and call.path and call.tensors is None and call.args:
        added = call.args[1:] if call.args[0][0] in "\"'" else call.args
        if len(added) == 1 and "(" in added[0]:
            yield from statements_of(context, added[0], depth + 1)
            return
    yield from _applied(context, call, depth)


def _call(text: str) -> _Call | None:
    """A text that is one call, and nothing else."""
    found = _CALLED.match(text)
    if found is None:
        return None
    end = _closing(text, found.end() - 1)
    if end is None:
        return None
    args, rest = split(text[found.end() : end]), text[end + 1 :].strip()
    if not rest:
        return _Call(found[1], found[2], args, None)
    if rest[0] != "(" or _closing(rest, 0) != len(rest) - 1:
        return None
    return _Call(found[1], found[2], args, split(rest[1:-1]))


def _closing(text: str, start: int) -> int | None:
    """The position of the parenthesis that closes the one at a position."""
    depth = 0
    for at in range(start, len(text)):
        depth += text[at] in "([{"
        depth -= text[at] in ")]}"
        if depth == 0:
            return at
    return None


def split(text: str) -> list[str]:
    """The parts between commas that are not in brackets."""
    parts, depth, start = [], 0, 0
    for at, letter in enumerate(text):
        depth += letter in "([{"
        depth -= letter in ")]}"
        if letter == "," and depth == 0:
            parts.append(text[start:at].strip())
            start = at + 1
    return [part for part in [*parts, text[start:].strip()] if part]


def _applied(context: SuggestionContext, call: _Call, depth: int) -> Iterator[str]:
    """The statements of a call, after those of the call that computes its tensor."""
    if call.name == "Sequential":
        parts = [next(statements_of(context, part.strip("[] "), depth + 1), None) for part in call.args]
        if None not in parts:
            yield "; ".join(part for part in parts if part)
        return
    if call.name in _WRAPPERS and call.args:
        yield from (new + _WRAPPERS[call.name] for new in statements_of(context, call.args[0], depth + 1))
        return
    before = ""
    inner = (call.tensors or call.args or [""])[0]
    is_nested = _CALLED.match(inner) is not None and (call.tensors is None or len(call.tensors) == 1)
    if is_nested and not call.is_method and call.name not in (*_RESHAPING, "Activation"):
        first = next(statements_of(context, inner, depth + 1), None)
        if first is None:
            return
        before = f"{first}; "
        call = call._replace(args=call.args[1:]) if call.tensors is None else call._replace(tensors=())
    for new in _called(context, call):
        yield before + new


def _keyword(context: SuggestionContext, name: str) -> str | None:
    """The layer, merge or block for a class or function of Python."""
    low = name.lower()
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
    if name in context.blocks:
        return name
    block = next((each for each in context.blocks if each.lower().replace("_", "") == low.replace("_", "")), None)
    if block is not None:
        return block
    for word in (low, snake, snake.replace("_", "")):
        if (layer := context.find_layer(word)) is not None:
            return layer.keyword
        if word in merges():
            return word
        found = _FUNCTIONS.get(word) or FOREIGN_NAMES.get(word)
        if found is not None:
            return found
    return None


def _called(context: SuggestionContext, call: _Call) -> Iterator[str]:
    if call.is_method or call.name in _RESHAPING or call.name == "Reshape":
        yield from _tensor_method(context, call)
        return
    if call.name == "Activation" and len(call.args) == 1:
        keyword = _keyword(context, call.args[0].strip("\"'").rpartition(".")[2])
        yield from [keyword] if keyword is not None else []
        return
    if call.name == "SeparableConv2D":
        yield from _separable(context, call)
        return
    is_scaled = call.name == "interpolate" and any(arg.startswith("scale_factor") for arg in call.args)
    keyword = "upsample" if is_scaled else _keyword(context, call.name)
    if keyword is None:
        return
    if keyword in merges():
        yield from _merged(keyword, call)
        return
    if keyword == "flatten":
        yield "flatten"
        return
    layer = context.find_layer(keyword)
    parameters = layer.parameters if layer is not None else ()
    given = [arg for arg in call.args if arg not in CURRENT and not arg.startswith("*")]
    if not given and any(p.required for p in parameters):
        return  # its values are elsewhere
    plain = [_value(arg) for arg in given if "=" not in arg]
    named = [arg.partition("=")[::2] for arg in given if "=" in arg]
    read = _named(parameters, _in_these_terms(keyword, call, plain, named))
    if read is None or any(re.search(r"[^\w.@+*/ -]", each) for each in plain):
        return
    words, after = read
    needed = {p.name for p in parameters if p.required} - {_name_here(key, parameters) for key, *_ in named}
    for values in _ordered(keyword, parameters, plain, needed):
        yield " ".join([keyword, *values, *words]) + after
    yield " ".join([keyword, *plain, *words]) + after


def _tensor_method(context: SuggestionContext, call: _Call) -> Iterator[str]:
    """A method of a tensor, or a function that reshapes one."""
    args = [arg for arg in call.args if arg not in CURRENT]
    named = {key.strip(): value.strip() for key, _, value in (arg.partition("=") for arg in args if "=" in arg)}
    plain = [arg for arg in args if "=" not in arg]
    if call.name in (*_RESHAPING, "Reshape"):
        sizes = split(plain[0].strip("()[]")) if len(plain) == 1 and plain[0][0] in "([" else plain
        if call.name != "Reshape":
            sizes = sizes[1:] if sizes and _BATCH.fullmatch(sizes[0]) else []
        if sizes == ["-1"]:
            yield "flatten"
        elif sizes and all(map(str.isdigit, sizes)):
            yield f"reshape {'x'.join(sizes if len(sizes) < 3 or call.name != 'Reshape' else [sizes[-1], *sizes[:-1]])}"
    elif call.name == "flatten":
        yield "flatten"
    elif call.name == "mean":
        axes = named.get("dim", named.get("axis", plain[0] if plain else ""))
        if split(axes.strip("()[]")) in _SPATIAL:
            yield "gap keep" if named.get("keepdim", named.get("keepdims")) == "True" else "gap"
    elif not args and (layer := context.find_layer(call.name)) is not None and layer.keyword == call.name:
        yield from [] if any(p.required for p in layer.parameters) else [call.name]


def _merged(keyword: str, call: _Call) -> Iterator[str]:
    """A merge of the current tensor and named ones, along the channels."""
    lists = [part for part in (*call.args, *(call.tensors or ())) if "=" not in part]
    axes = [part.partition("=")[2].strip() for part in call.args if re.match(r"(?:dim|axis)\s*=", part)]
    axes += [part for part in lists if re.fullmatch(r"-?\d+", part)]
    tensors = [part for part in split(", ".join(part.strip("[]() ") for part in lists)) if part not in axes]
    if any(axis not in ("1", "-1", "3") for axis in axes) or not all(map(str.isidentifier, tensors)):
        return
    yield " ".join([keyword, *(name for name in tensors if name not in CURRENT)])


def _separable(context: SuggestionContext, call: _Call) -> Iterator[str]:
    """A depthwise convolution and one of 1×1, which has the bias and the activation."""
    conv = next(_called(context, call._replace(name="Conv2D")), None)
    found = re.fullmatch(r"conv (\d+) k(\d+(?:x\d+)?)((?: [a-z]\w*)*?)(; \w+)?", conv or "")
    if found is not None:
        yield f"dwconv {found[2]}{found[3]} nobias; conv {found[1]} k1{found[4] or ''}"


def _in_these_terms(
    keyword: str, call: _Call, plain: Sequence[str], named: Sequence[tuple[str, ...]]
) -> list[tuple[str, str]]:
    """Named arguments of Keras as torch and this language define them."""
    found = {key.strip(): _value(value.strip()) for key, value in named}
    if call.name == "BatchNormalization" and re.fullmatch(r"0?\.\d+|[01]", found.get("momentum", "")):
        found["momentum"] = f"{1 - Decimal(found['momentum'])}"  # the weight of the old statistics
    if call.name.startswith("UpSampling") and "size" in found:
        found["factor"] = found.pop("size")
    if keyword == "attention" and {"num_heads", "key_dim"} <= found.keys():
        heads, features = found["num_heads"], found.pop("key_dim")
        found["width"] = f"{int(heads) * int(features)}" if (heads + features).isdigit() else f"{heads}*{features}"
    if keyword == "leakyrelu" and "alpha" in found:
        found["negative_slope"] = found.pop("alpha")
    is_keras = "nn." not in call.path and len(plain) + ("units" in found) == 1 and "hidden_size" not in found
    if keyword in _RECURRENT and is_keras and found.pop("return_sequences", "False") == "False":
        found["last"] = "True"
    if "softmax" in keyword and found.get("dim", found.get("axis")) in _CHANNELS:
        found = {key: value for key, value in found.items() if key not in ("dim", "axis")}
    return list(found.items())


def _value(text: str) -> str:
    sizes = re.fullmatch(r"[(\[]\s*(\d+(?:\s*,\s*\d+)*)(?:\s*,)?\s*[)\]]", text)
    if sizes is None:
        return text.strip("\"'")
    numbers = re.findall(r"\d+", sizes[1])
    return numbers[0] if len(set(numbers)) == 1 else "x".join(numbers)


def _named(parameters: Sequence[ParameterSpec], named: Sequence[tuple[str, str]]) -> tuple[list[str], str] | None:
    """Named arguments as words, and the activation that follows as a statement; None if one has no meaning."""
    words, after = [], ""
    flags = {flag: p for p in parameters for flag, _ in p.words}
    for key, value in named:
        name = _name_here(key, parameters)
        p = parameter_named(parameters, name)
        if key == "activation":
            after = f"; {value.rpartition('.')[2].lower()}" if value.lower() not in ("none", "linear") else ""
        elif value == "False" and f"no{name or key}" in flags:
            words.append(f"no{name or key}")
        elif value == "True" and p is not None and p.name in flags:
            words.append(p.name)
        elif value in ("True", "False", "None") or key in _IGNORED or value == "valid":
            continue
        elif p is not None:
            words.append(rendered(p, parameters, value))
        elif parameters:
            return None
        else:
            words.append(f"{key}={value}")
    return words, after


def _name_here(key: str, parameters: Sequence[ParameterSpec]) -> str | None:
    """The parameter that an argument of Python sets."""
    names = [p.name for p in parameters]
    return key.strip() if key.strip() in names else argument_of(key.strip(), names)


def _ordered(
    keyword: str, parameters: Sequence[ParameterSpec], values: Sequence[str], needed: Set[str]
) -> Iterator[list[str]]:
    """Positional values in the orders of PyTorch and of Keras that have the needed ones, as words of this language."""
    for order in orders_of(keyword):
        if not 0 < len(values) <= len(order) or not needed <= {*order[: len(values)]}:
            continue
        found = []
        for name, value in zip(order, values, strict=False):
            p = parameter_named(parameters, name)
            if p is not None and not (value == "0" and name == "padding") and not (value == "1" and name == "stride"):
                found.append(rendered(p, parameters, value))
        yield found
