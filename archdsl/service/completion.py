"""Completion: what can be written at a position."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence

from ..contract.arguments import Bool, Int, OneOf, ParameterSpec, SpatialInt, TensorName, find_parameter
from ..contract.layer import Op
from ..expressions.operations import FUNCTIONS
from ..graph import MoeOp
from ..graph.block_call import block_parameters
from ..layers import merges, registry
from ..shapes.shape import Shape
from ..shapes.symbolic import Sym
from ..syntax.words import parameters as written_parameters
from .answers import Completion, TextRange
from .defined_names import visible
from .document import Version
from .figure_lines import figure_completions, is_in_figure
from .layer_pages import KEYWORDS, block_documentation, documentation, headline, operation, parameter
from .syntax_at import Prefix, position_at, prefix, scope_at, shape_before, value_at, word_at
from .trials import Trials

_STATEMENTS = {
    "net": 0, "use": 0, "input": 1, "output": 1, "block": 0, "stage": 1, "aux": 1, "train": 0, "figure": 0,
    "residual": 1, "shortcut": 1, "repeat": 1, "if": 1, "else": 1, "let": 1, "from": 1, "reuse": 1, "assert": 1,
    "scan": 1,
}  # fmt: skip
"""The words that begin a statement, and whether they are allowed in a body."""
_TENSORS = re.compile(r"(?:from|reuse|output(?:[^;{}\n]*,)?|add|mul|concat|sub|div|maximum|minimum|stack|matmul)\b")
_SIZES = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 24, 32, 48, 64, 96, 100, 128, 192, 256, 384, 512, 768, 1000, 1024, 2048)
_MOST_SIZES = 12
_ARGUMENT = re.compile(r"([A-Za-z_]\w*)=([A-Za-z_0-9.]*)$")
_SHORT = re.compile(r"([a-z])(\d*)$")


def completions(version: Version, offset: int) -> tuple[Completion, ...]:
    """The texts that fit at a position; `order` sorts them."""
    found = {(each.kind, each.label): each for each in reversed(tuple(_completions(version, offset)))}
    return tuple(sorted(found.values(), key=lambda each: (each.order, each.label)))


def _completions(version: Version, offset: int) -> tuple[Completion, ...]:
    before = prefix(version.text, offset)
    if before.is_quiet:
        return ()
    start, end = word_at(version.text, offset)
    range = TextRange(start=start, end=end)
    if before.in_string and is_in_figure(version, offset):
        return ()
    if before.in_string:
        return tuple(_files(version, before, offset))
    words = before.text.split()
    typed = version.text[start:offset]
    earlier = before.text[: len(before.text) - len(typed)] if typed else before.text
    if is_in_figure(version, offset):
        return tuple(figure_completions(version, earlier, range))
    if not earlier.strip():
        return tuple(_at_statement_start(version, offset, range))
    if words[0] == "use":
        return (
            Completion(label="std", kind="file", range=range, text="std", detail="the blocks that ship with archdsl"),
        )
    if earlier.rstrip().endswith("@"):
        return tuple(_sizes_of(version, offset, range))
    if before.in_brackets or re.match(r"(?:let|if|assert|repeat|residual\s+when)\b", earlier):
        return tuple(_expressions(version, offset, range))
    if re.search(r"\bas\s+$", earlier) or words[0] in ("net", "block", "stage", "aux", "input"):
        return ()
    tensors = _TENSORS.match(earlier)
    if tensors:
        return tuple(_names(version, offset, range, tensors=True))
    return tuple(_arguments(version, offset, before, range))


# --- the first word of a statement ---


def _at_statement_start(version: Version, offset: int, range: TextRange) -> Iterator[Completion]:
    here = position_at(version, range.start)
    in_body = here.body is not None
    for word, inside in _STATEMENTS.items():
        if inside or not in_body:
            yield Completion(label=word, kind="keyword", range=range, text=word, detail=KEYWORDS[word], order=2)
    for name, block in sorted(version.blocks.items()):
        detail = written_parameters(block.parameters)
        about = block_documentation(block)
        yield Completion(label=name, kind="block", range=range, text=name, detail=detail, documentation=about, order=0)
    layers: dict[str, type[Op]] = {**registry(), **merges(), MoeOp.keyword: MoeOp, **version.layers}
    shape = shape_before(version, range.start)
    for word, layer in sorted(layers.items()):
        order = 1 if shape is None or _takes(version, shape, word, layer, range.start) else 3
        yield Completion(
            label=word,
            kind="layer",
            range=range,
            text=word,
            detail=headline(layer),
            documentation=documentation(layer),
            order=order,
        )


def _takes(version: Version, shape: Shape, word: str, layer: type[Op], offset: int) -> bool:
    """Whether a layer without arguments accepts the tensor; a layer that requires arguments is assumed to accept it."""
    if (
        any(p.required for p in layer.parameters)
        or word not in registry()
        or any(isinstance(d, Sym) for d in shape.dims)
    ):
        return True
    return _trials(version, shape, offset).shape_after(word) is not None


def _trials(version: Version, shape: Shape, offset: int) -> Trials:
    return Trials(shape, scope_at(version, offset), version.block_definitions, version.layers)


# --- arguments ---


def _arguments(version: Version, offset: int, before: Prefix, range: TextRange) -> Iterator[Completion]:
    keyword = before.text.split()[0]
    block = version.blocks.get(keyword)
    layer = operation(keyword, version.layers) if block is None else None
    specs: Sequence[ParameterSpec] = (
        block_parameters(block) if block is not None else layer.parameters if layer is not None else ()
    )
    text = before.text
    named = _ARGUMENT.search(text)
    if named is not None and text[: named.start()].strip():
        p = find_parameter(specs, named[1])
        yield from _values(version, offset, before, p, TextRange(start=offset - len(named[2]), end=range.end))
        return
    short = _SHORT.search(text[len(text) - (offset - range.start) :]) if offset > range.start else None
    given = given_parameters(text, specs)
    if short is not None and (p := next((p for p in specs if p.letter == short[1]), None)) is not None:
        yield from _shorthands(version, before, p, range)
    free = next((p for p in specs if p.positional and (p.many or p.name not in given)), None)
    if free is not None and (offset == range.start or text[-1].isdigit()):
        yield from _values(version, offset, before, free, range, order=0)
    for p in specs:
        if p.name in given and not p.many:
            continue
        yield Completion(
            label=f"{p.name}=",
            kind="argument",
            range=range,
            text=f"{p.name}=",
            detail=parameter(p).strip("; "),
            order=2,
        )
        for word, _ in p.words:
            yield Completion(label=word, kind="flag", range=range, text=word, detail=parameter(p), order=1)
    yield from _names(version, offset, range, tensors=False)
    yield Completion(label="as", kind="keyword", range=range, text="as", detail=KEYWORDS["as"], order=4)


def given_parameters(text: str, specs: Sequence[ParameterSpec]) -> set[str]:
    """The parameters that the words of a statement set, apart from the last word, which is being typed."""
    words = text.split()[1:]
    words = words if text[-1:].isspace() else words[:-1]
    given: set[str] = set()
    queue = [p for p in specs if p.positional]
    for word in words:
        name = word.partition("=")[0] if "=" in word else None
        short = re.match(r"([a-z])\d", word)
        p = next(
            (
                p
                for p in specs
                if (name in (p.name, p.letter) and name is not None)
                or any(word == flag for flag, _ in p.words)
                or (short is not None and p.letter == short[1])
            ),
            None,
        )
        if p is None and name is None:
            p = next((p for p in queue if p.many or p.name not in given), None)
        if p is not None:
            given.add(p.name)
    return given


def _values(
    version: Version, offset: int, before: Prefix, p: ParameterSpec | None, range: TextRange, order: int = 0
) -> Iterator[Completion]:
    """Values of a parameter: its words, sizes that fit, tensors, names."""
    if p is not None and p.kind is not None:
        if isinstance(p.kind, OneOf):
            for choice in p.kind.choices:
                yield Completion(label=choice, kind="value", range=range, text=choice, detail=p.doc, order=order)
            return
        if isinstance(p.kind, TensorName):
            yield from _names(version, offset, range, tensors=True)
            return
        if isinstance(p.kind, Bool):
            for value in ("0", "1"):
                yield Completion(label=value, kind="value", range=range, text=value, detail=p.doc, order=order)
            return
        if isinstance(p.kind, Int | SpatialInt):
            yield from _fitting(version, before, p, range, before.text[: len(before.text) - (offset - range.start)])
    yield from _names(version, offset, range, tensors=False)


def _shorthands(version: Version, before: Prefix, p: ParameterSpec, range: TextRange) -> Iterator[Completion]:
    """`k3`, `k5` after `k` is typed."""
    typed = before.text.split()[-1]
    start = before.text[: len(before.text) - len(typed)]
    yield from _fitting(version, before, p, range, f"{start}{p.letter}", letter=p.letter or "")


def _fitting(
    version: Version, before: Prefix, p: ParameterSpec, range: TextRange, text: str, letter: str = ""
) -> Iterator[Completion]:
    """The values with which the checker accepts the statement, each with the shape that it gives."""
    shape = shape_before(version, before.start)
    if shape is None or any(isinstance(dim, Sym) for dim in shape.dims):
        return
    trials = _trials(version, shape, before.start)
    tried: Iterable[int] = dict.fromkeys([*_likely(shape), *_SIZES])
    fitting: list[tuple[int, Shape]] = []
    for value in tried:
        if len(fitting) == _MOST_SIZES:
            break
        after = trials.shape_after(f"{text}{value}")
        if after is not None:
            fitting.append((value, after))
    for index, (value, after) in enumerate(fitting):
        written = f"{letter}{value}"
        yield Completion(
            label=written,
            kind="value",
            range=range,
            text=written,
            detail=f"{p.name}: {shape} → {after}",
            order=-100 + index,
        )


def _likely(shape: Shape) -> Iterator[int]:
    """Sizes near the current ones: the number of channels, twice and half that number, and its divisors."""
    channels = shape.channels if shape.rank else 1
    yield from (channels, 2 * channels)
    if channels % 2 == 0:
        yield channels // 2
    yield from _divisors(channels)


def _divisors(count: int) -> Iterator[int]:
    """The divisors of a number from 2 to 64."""
    yield from (d for d in range(2, min(count, 64) + 1) if count % d == 0)


# --- names, sizes, files ---


def _names(version: Version, offset: int, range: TextRange, *, tensors: bool) -> Iterator[Completion]:
    here = position_at(version, range.start)
    for name, kind in visible(version.program, here.chain, range.start).items():
        if tensors == (kind == "tensor"):
            detail = value_at(version, range.start, name) or kind
            yield Completion(label=name, kind="name", range=range, text=name, detail=detail, order=0)
    if tensors:
        yield Completion(label="in", kind="keyword", range=range, text="in", detail=KEYWORDS["in"], order=1)


def _sizes_of(version: Version, offset: int, range: TextRange) -> Iterator[Completion]:
    shape = shape_before(version, range.start - 1)
    words = {"c": "channels", "h": "height", "w": "width", "d": "depth", "l": "length", "t": "steps"}
    for letter, size in zip(shape.letters, shape.dims, strict=True) if shape is not None else ():
        detail = f"{words[letter]} of the current tensor: {size}"
        yield Completion(label=letter, kind="value", range=range, text=letter, detail=detail)


def _expressions(version: Version, offset: int, range: TextRange) -> Iterator[Completion]:
    yield from _names(version, offset, range, tensors=False)
    for function in sorted(FUNCTIONS):
        yield Completion(label=function, kind="value", range=range, text=function, order=2)


def _files(version: Version, before: Prefix, offset: int) -> Iterator[Completion]:
    """The names of files after `use "`."""
    if not before.text.startswith("use"):
        return
    start = version.text.rfind('"', 0, offset) + 1
    stop = next((i for i in range(offset, len(version.text)) if version.text[i] in '"\n'), len(version.text))
    folder = posixpath.dirname(version.source.key) or "."
    for name in version.library.list():
        if name.endswith(".arch") and name != version.source.key:
            written = posixpath.relpath(name, folder)
            yield Completion(label=written, kind="file", range=TextRange(start=start, end=stop), text=written)
