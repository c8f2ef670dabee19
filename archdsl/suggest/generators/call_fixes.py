"""Lines of Python as statements: calls of modules and functions of PyTorch, Keras and JAX, assignments, operators."""

import re
from collections.abc import Iterator, Sequence

from ...contract.arguments import ParameterSpec, parameter_named
from ...elaborate.torch_order import argument_of, orders_of
from ...layers import merges
from ...text.source import Span
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext
from ..text_parts import line_of, statement_of
from ..written_arguments import rendered
from .foreign_names import FOREIGN_NAMES
from .line_fixes import replaced

_CURRENT = ("x", "out", "h", "y", "inputs", "input", "features", "hidden", "z", "self", "net", "model", "output")
"""The usual names of the current tensor in Python."""
_IGNORED = (
    "inplace",
    "input_shape",
    "in_channels",
    "in_features",
    "name",
    "batch_first",
    "affine",
    "trainable",
    "dtype",
)
_MOST_CALLS = 100
"""The largest number of calls in a line that is read."""
_ASSIGNED = re.compile(r"^\s*(?:(?:self|this)\.)?([A-Za-z_]\w*)\s*(?::\s*[\w.]+\s*)?=\s*(?=[A-Za-z_(])(.*)$")
_ADDED = re.compile(r"^\s*\w+\.(?:add|append|add_module)\((.*)\)\s*$")
_CALL = re.compile(r"^\s*(?:[A-Za-z_]\w*\.)*([A-Za-z_]\w*)\((.*)\)\s*$", re.DOTALL)
_SUM = re.compile(r"^\s*(\w+)\s*([+*-])=?\s*(\w+)\s*$")
_OPERATION = re.compile(r"([+*-])=?\s*([A-Za-z_]\w*)")
"""An operation with the current tensor: `+ shortcut`."""
_JOINED = {"+": "add", "*": "mul", "-": "sub"}
_FUNCTIONS = {"cat": "concat", "concatenate": "concat", "view": "flatten", "reshape": "flatten"}


def statements(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """A statement for Python in the line of an error; one candidate for each order of the values."""
    if site.span.source is not context.source:
        return
    statement = statement_of(site.span)
    operation = _OPERATION.fullmatch(statement.text)
    if operation is not None:
        yield replaced(statement, f"{_JOINED[operation[1]]} {operation[2]}", 0.3, kind="statement for a call")
    for part in dict.fromkeys((line_of(site.span), statement)):
        yield from _read(context, part)


def _read(context: SuggestionContext, line: Span) -> Iterator[Candidate]:
    """The statements for a line or for one of several statements in it."""
    text = line.text.rstrip(",;\\ \t")
    start = len(text) - len(text.lstrip())
    if not re.search(r"[(=+*]", text) or text.count("(") > _MOST_CALLS:
        return
    span = Span(line.source, line.start + start, line.end)
    for index, new in enumerate(dict.fromkeys(_statements(context, text.strip()))):
        if new and new != text.strip():
            yield replaced(span, new, 0.2 + 0.15 * index, kind="statement for a call")
    for found in re.finditer(r"(?<![\w.])((?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*)\(([^(){};]*)\)", text):
        part = Span(line.source, line.start + found.start(), line.start + found.end())
        if found[0].strip() != text.strip():
            for index, new in enumerate(dict.fromkeys(_statements(context, found[0]))):
                yield replaced(part, new, 0.6 + 0.15 * index, kind="statement for a call")


def _statements(context: SuggestionContext, text: str) -> Iterator[str]:
    """Statements for a line of Python, the likeliest first."""
    added = _ADDED.match(text)
    if added is not None:
        yield from _statements(context, re.sub(r"^\s*[\"'][^\"']*[\"']\s*,", "", added[1]))
        return
    names: list[str] = []
    while (assigned := _ASSIGNED.match(text)) is not None and not re.search(r"[{}]", text):
        names.append(assigned[1])
        text = assigned[2]
    if names:
        aliases = [f" as {name}" for name in names if name not in _CURRENT][:1]
        yield from (new + alias for new in _statements(context, text) for alias in (*aliases, ""))
        return
    joined = _SUM.match(text)
    if joined is not None:
        names = [name for name in (joined[1], joined[3]) if name not in _CURRENT]
        yield f"{_JOINED[joined[2]]} {' '.join(names)}"
        return
    call = _CALL.match(_without_tensor_call(text))
    if call is not None:
        yield from _called(context, call[1], _split(call[2]))


def _without_tensor_call(text: str) -> str:
    """`Conv2D(64, 3)(x)` without the tensor that the layer is applied to."""
    found = re.match(r"^(.*\))\s*\(\s*\w+\s*\)\s*$", text)
    return found[1] if found is not None else text


def _split(text: str) -> list[str]:
    """The arguments of a call."""
    parts, depth, current = [], 0, ""
    for letter in text:
        depth += letter in "([{"
        depth -= letter in ")]}"
        if letter == "," and depth == 0:
            parts.append(current.strip())
            current = ""
        else:
            current += letter
    return [part for part in [*parts, current.strip()] if part]


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


def _called(context: SuggestionContext, name: str, args: Sequence[str]) -> Iterator[str]:
    if name == "Sequential":
        parts = [next(_statements(context, part.strip("[] ")), part) for part in args]
        yield "; ".join(parts)
        return
    keyword = _keyword(context, name)
    if keyword is None:
        return
    if keyword in ("concat", "add", "mul", "stack", "sub", "matmul"):
        names = [n for n in re.findall(r"[A-Za-z_]\w*", " ".join(a for a in args if "=" not in a)) if n not in _CURRENT]
        yield " ".join([keyword, *names])
        return
    if keyword == "flatten":
        yield "flatten"
        return
    layer = context.find_layer(keyword)
    parameters = layer.parameters if layer is not None else ()
    given = [arg for arg in args if arg not in _CURRENT and not arg.startswith("*")]
    plain = [_value(arg) for arg in given if "=" not in arg]
    named = [arg.partition("=")[::2] for arg in given if "=" in arg]
    words, after = _named(parameters, named)
    for values in _ordered(keyword, parameters, plain):
        yield " ".join([keyword, *values, *words]) + after
    yield " ".join([keyword, *plain, *words]) + after


def _value(text: str) -> str:
    sizes = re.fullmatch(r"[(\[]\s*(\d+(?:\s*,\s*\d+)*)(?:\s*,)?\s*[)\]]", text)
    if sizes is None:
        return text.strip("\"'")
    numbers = re.findall(r"\d+", sizes[1])
    return numbers[0] if len(set(numbers)) == 1 else "x".join(numbers)


def _named(parameters: Sequence[ParameterSpec], named: Sequence[tuple[str, str]]) -> tuple[list[str], str]:
    """Named arguments as words, and the activation that follows as a statement."""
    words, after = [], ""
    names = [p.name for p in parameters]
    for key, value in ((key.strip(), _value(value.strip())) for key, value in named):
        flags = {flag: p for p in parameters for flag, _ in p.words}
        name = key if key in names else argument_of(key, names)
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
        else:
            words.append(f"{key}={value}")
    return words, after


def _ordered(keyword: str, parameters: Sequence[ParameterSpec], values: Sequence[str]) -> Iterator[list[str]]:
    """Positional values in the orders of PyTorch and of Keras, as words of this language."""
    for order in orders_of(keyword):
        if not 0 < len(values) <= len(order):
            continue
        found = []
        for name, value in zip(order, values, strict=False):
            p = parameter_named(parameters, name)
            if p is not None and not (value == "0" and name == "padding") and not (value == "1" and name == "stride"):
                found.append(rendered(p, parameters, value))
        yield found
