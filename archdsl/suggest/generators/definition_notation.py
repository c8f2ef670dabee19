"""Variables, inputs, bodies and merges as other languages write them: `int c = 8`, `Input(shape=(32, 32, 3))`."""

import re
from collections.abc import Iterator

from ...diagnostics import Edit
from ...layers import merges
from ...syntax.tokens import KEYWORDS
from ...text.source import Span
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext
from ..text_parts import line_of, statement_of
from .chain_fixes import part_around
from .line_fixes import replaced
from .python_calls import CURRENT, split

_TYPE = r"(?:const|var|val|int|float|double|auto|set|final|def|define)"
_VARIABLE = re.compile(
    rf"(?:let|{_TYPE}(?:\s+(?:int|float|double))?)\s+(?P<first>[A-Za-z_]\w*)\s*(?::=|=|:|\s)\s*(?P<rest>[^\s=:].*)"
)
_ANOTHER = re.compile(r"(?P<name>[A-Za-z_]\w*)\s*(?::=|=|:)\s*(?P<value>\S.*)")
_VALUE = re.compile(r"-?[\w.]+(?:\s*[-+*/]+\s*[\w.]+)*|[\[(].*[\])]")
_INPUT = re.compile(
    r"(?P<name>[A-Za-z_]\w*\s*=\s*)?(?P<path>(?:[A-Za-z_]\w*\.)*)"
    r"(?P<word>[Ii]nput|INPUT|InputLayer|randn|rand|zeros|ones|placeholder)\b(?P<rest>[^A-Za-z].*|\s+[A-Za-z].*)"
)
_SIZE = re.compile(r"[\d\s,x×X*()\[\]$\\]|None|shape|times|size|batch_size=\d+|=")
_PARTS_OF_BODY = re.compile(r"(?P<head>(?:residual|stage\s+\w+|repeat\s+[\w.@]+|add|mul|concat))\s*(?P<open>[(\[])")
_DEFINED = re.compile(r"(?P<head>block\s+\w+\s*(?:\([^()]*\))?)\s*=\s*(?P<body>[^={}\s][^{}]*)")
_PARAMETER_TYPE = re.compile(r"(?<=[(,])\s*(?:int|float|bool|str|Int|Float|Bool|String)\s+(?=[A-Za-z_]\w*\s*[,=)])")
_MERGED = re.compile(r"(?P<merge>[a-z]+)(?!\w)\s*(?P<rest>\S.*)")
_SIGNS = {"⊕": "add", "⊗": "mul", "⊙": "mul", "⊖": "sub"}
_SAVED = re.compile(r"(?P<name>[A-Za-z_]\w*)\s*=\s*(?P<tensor>[a-z]\w*)")
_THOUSANDS = re.compile(r"(?<![\w.,])\d{1,3}(?:,\d{3})+(?![\w.,])")
_FRACTION = re.compile(r"(?<![\w.,])0,\d+(?![\w.,])")
_UNITS = re.compile(r"(?P<word>[A-Za-z]+)\s+\[?(?P<numbers>\d+(?:\s*,\s+\d+)+)\]?")
_FROM_TO = re.compile(r"(?P<word>[A-Za-z]\w*)\s+(?P<old>\d+)\s*(?:->|→|=>)\s*(?P<new>\d+)(?P<rest>(?:\s+\S.*)?)")


def statements(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """The line or statement of an error in the notation of this language."""
    if site.span.source is not context.source:
        return
    line, part = line_of(site.span), statement_of(site.span)
    text = part.text
    for span in dict.fromkeys((line, part_around(line, site.span.start))):
        yield from _bodies(span)
    yield from (replaced(part, new, 0.05) for new in _variables(text))
    yield from (replaced(part, new, 0.05) for new in _inputs(context, text))
    yield from (replaced(part, new, 0.1) for new in _merges(context, text))
    yield from (replaced(part, new, 0.1) for new in _saved(context, text))
    yield from (replaced(part, new, 0.1) for new in _sizes_from_to(context, part))
    yield from (replaced(part, new, 0.1) for new in _several_units(context, text))
    yield from _numbers(part)


def _variables(text: str) -> Iterator[str]:
    """`let c = 8; let k = 3` for `let c = 8, k = 3`; `let c = 8` for `int c = 8`, `let c 8`."""
    found = _VARIABLE.fullmatch(text)
    if found is None:
        return
    first, *others = split(found["rest"])
    pairs = [(found["first"], first)]
    for each in others:
        another = _ANOTHER.fullmatch(each)
        if another is None:
            return
        pairs.append((another["name"], another["value"]))
    if all(_VALUE.fullmatch(value) and name not in KEYWORDS for name, value in pairs):
        yield "; ".join(f"let {name} = {value}" for name, value in pairs)


def _inputs(context: SuggestionContext, text: str) -> Iterator[str]:
    """The input of a network in Keras, or an example of one in PyTorch, without the batch; channels first."""
    found = _INPUT.fullmatch(text)
    if found is None or not any(letter.isdigit() for letter in found["rest"]):
        return
    word, rest = found["word"], found["rest"]
    names = set(re.findall(r"[A-Za-z_]{2,}", re.sub(r"\\?times", "x", rest)))
    if re.fullmatch(r"input\s+\d+(?:×\d+)*", text):
        return  # only the sign is wrong
    if names - {"shape", "None", "size", "batch_size"} or _declares_input(context, text):
        return
    is_tensor = word in ("randn", "rand", "zeros", "ones", "placeholder")
    sizes = re.findall(r"\d+|None", re.sub(r"batch_size\s*=\s*\w+", "", rest))
    if is_tensor or sizes[:1] == ["None"]:
        sizes = sizes[1:]  # the batch
    is_keras = word in ("Input", "InputLayer") and "(" in rest
    if is_keras and len(sizes) > 2:
        sizes = [sizes[-1], *sizes[:-1]]
    if not sizes or "None" in sizes or not 0 < len(sizes) < 5:
        return
    if is_keras or is_tensor or _SIZE.sub("", rest) == "":
        yield f"input {'x'.join(sizes)}"


def _declares_input(context: SuggestionContext, text: str) -> bool:
    """Whether another line declares the input."""
    lines = re.findall(r"^[ \t]*(input\b.*)$", context.source.text, re.MULTILINE)
    return any(line.strip() != text for line in lines)


def _bodies(span: Span) -> Iterator[Candidate]:
    """Braces for a body in round or square brackets, or after `=`; parameters of a block without types."""
    text = span.text
    found = _PARTS_OF_BODY.match(text)
    close = {"(": ")", "[": "]"}.get(found["open"], "") if found is not None else ""
    if found is not None and text.endswith(close) and text.count(found["open"]) == text.count(close):
        inside = text[found.end() : -1].strip()
        if " " in inside or ";" in inside or not re.fullmatch(r"\w+", inside):
            parts = re.split(r"\s*;\s*", inside) if ";" in inside else split(inside)
            joint = " } { " if found["head"] in merges() else "; "
            body = joint.join(parts)
            if not re.fullmatch(r"[\w\s;]*", body) or _is_layers(body):
                yield replaced(span, f"{found['head']} {{ {body} }}", 0.1)
    defined = _DEFINED.fullmatch(text)
    if defined is not None:
        yield replaced(span, f"{defined['head']} {{ {defined['body']} }}", 0.1)
    types = list(_PARAMETER_TYPE.finditer(text)) if text.startswith("block") else []
    if types:
        edits = tuple(
            Edit(
                span=Span(span.source, span.start + each.start(), span.start + each.end()),
                text=" " if each[0][0] == " " else "",
            )
            for each in types
        )
        yield Candidate(title="remove the types of the parameters", edits=edits, rank=0.05, why="they have none")


def _is_layers(body: str) -> bool:
    """Whether a body consists of statements rather than of names: `conv 8 k3`, not `x; skip`."""
    return re.search(r"\s\d|\s[a-z]\d", body) is not None


def _merges(context: SuggestionContext, text: str) -> Iterator[str]:
    """`concat a b` for `concat [a, b]`, `concat a and b`; `add a` for `⊕ a`."""
    keyword = _SIGNS.get(text[:1])
    found = _MERGED.fullmatch(text) if keyword is None else None
    rest = text[1:] if keyword is not None else found["rest"] if found is not None else ""
    keyword = keyword or (found["merge"] if found is not None else None)
    if keyword not in merges():
        return
    names = [name for name in re.split(r"\s*(?:,|&|\+|\band\b|\bwith\b|\bto\b)\s*|\s+", rest.strip(" []()")) if name]
    tensors = [name for name in names if name in context.given_names or name == "in" or name not in CURRENT]
    if tensors and all(name.isidentifier() for name in names) and not any(map(context.find_layer, tensors)):
        yield " ".join([keyword, *tensors])


def _saved(context: SuggestionContext, text: str) -> Iterator[str]:
    """`identity as skip` for `skip = x`, where x is the current tensor."""
    found = _SAVED.fullmatch(text)
    if found is None or found["tensor"] not in CURRENT or found["tensor"] in context.given_names:
        return
    name = found["name"]
    if name not in CURRENT and not context.starts_statement(name):
        yield f"identity as {name}"


def _sizes_from_to(context: SuggestionContext, part: Span) -> Iterator[str]:
    """`fc 10` for `Linear 64 -> 10` after 64 features; else two layers."""
    found = _FROM_TO.fullmatch(part.text)
    layer = context.find_layer(found["word"].lower()) if found is not None else None
    if found is None or layer is None:
        return
    first = next((p.name for p in layer.parameters if p.positional), None)
    before = [
        node
        for node in context.draft.nodes
        if node.statement is not None and node.statement.span.source is part.source
        if node.statement.span.end <= part.start
    ]
    shape = context.shape(before[-1].id) if before else None
    if first in ("filters", "units") and shape is not None and str(shape.channels) == found["old"]:
        yield f"{layer.keyword} {found['new']}{found['rest']}"
    elif first == "units" and not found["rest"]:
        yield f"{layer.keyword} {found['old']}; {layer.keyword} {found['new']}"


def _several_units(context: SuggestionContext, text: str) -> Iterator[str]:
    """`fc 64; fc 10` for `fc 64, 10`: a layer for each number."""
    found = _UNITS.fullmatch(text)
    layer = context.find_layer(found["word"].lower()) if found is not None else None
    if found is not None and layer is not None and [p.name for p in layer.parameters if p.positional] == ["units"]:
        yield "; ".join(f"{layer.keyword} {each}" for each in re.findall(r"\d+", found["numbers"]))


def _numbers(part: Span) -> Iterator[Candidate]:
    """`1000` for `1,000`, `0.5` for `0,5`."""
    for pattern, old, new in ((_THOUSANDS, ",", ""), (_FRACTION, ",", ".")):
        found = list(pattern.finditer(part.text))
        if found:
            edits = tuple(
                Edit(
                    span=Span(part.source, part.start + each.start(), part.start + each.end()),
                    text=each[0].replace(old, new),
                )
                for each in found
            )
            title = f"write `{edits[0].text}` instead of `{found[0][0]}`"
            yield Candidate(title=title, edits=edits, rank=0.15, why="a comma separates values")
