"""Wrong notation: separators, spaces, signs and braces, and what other languages write."""

from random import Random

from archdsl.syntax import ast

from .protocol import Valid, kind
from .unseen_third_edits import code, places, substituted, wrong


@kind("separator forgotten, or a comma")
def separator(random: Random, valid: Valid) -> str | None:
    """Everybody who writes several layers in a line: `conv 32 k3 p1 relu`; or `conv 32 k3, relu`, one key off."""
    return wrong(random, substituted(valid, r" *; +(?=[a-z])", " ", ", "))


@kind("space between arguments forgotten, or one too many")
def no_space(random: Random, valid: Valid) -> str | None:
    """Everybody who types fast, `conv 64 k3p1`, `conv64 k3`, `maxpool2`; or writes options apart: `conv 64 k 3`."""
    texts = [
        *substituted(valid, r"\b([kspdg]\d+) (?=[kspd]\d)", r"\1"),
        *substituted(valid, r"\b(conv|maxpool|avgpool|fc|upsample|lstm|gru|groupnorm) (?=\d)", r"\1"),
        *substituted(valid, r"\b(\d+) (?=k\d)", r"\1"),
        *substituted(valid, r"\b([kspdg]\d+) (?=nobias)", r"\1"),
    ]
    apart = list(substituted(valid, r"(?<= )([kspdghx])(\d+)\b", r"\1 \2"))
    return wrong(random, [*texts, *random.sample(apart, min(len(apart), len(texts) // 2))])


@kind("shape with another sign")
def shape_sign(random: Random, valid: Valid) -> str | None:
    """A person who pastes `3×32×32` from the table of a check or a paper, or types `3*32*32` or `3,32,32`."""
    size = r"(?P<before>\b(?:input|input [a-z]\w*|reshape|resize) )(?P<size>\w+x\w+(?:x\w+)*)(?= *(?:[;}]|$))"
    texts = []
    for span in places(valid, size, "size"):
        dims = span.text.split("x")
        texts += [valid.replace(span, sign.join(dims)) for sign in ("×", "×", "*", ",", " x ", "X")]
    return wrong(random, texts)


@kind("colon or indentation as in Python")
def colon(random: Random, valid: Valid) -> str | None:
    """A Python user who ends a header with a colon, `stage features: {`, or indents instead of using braces."""
    header = r"^(?P<header> *(?:stage|block|repeat|if|residual|aux)\b[^{}\n]*?) *\{"
    word = r"^(?P<header>(?P<indent> *)(?:stage|block|repeat|residual|aux)\b[^{}\n]*?)"
    body = word + r" *\{(?P<body>(?:\n.*)+?)\n(?P=indent)\}$"
    indented = substituted(valid, body, r"\g<header>:\g<body>")
    return wrong(random, [*substituted(valid, header, r"\g<header>: {"), *indented])


@kind("operator of C, or `=` for `==`")
def operator(random: Random, valid: Valid) -> str | None:
    """A C or JavaScript user in a condition, `&&`, `||`, `!`; or anybody who types one `=` for two."""
    texts = [
        *substituted(valid, r"(?<=[\w)]) == (?=[\w@(])", " = "),
        *substituted(valid, r"(?<=[\w)]) != (?=[\w@(])", " <> "),
        *substituted(valid, r"(?<=[\w)]) and (?=[\w@(])", " && "),
        *substituted(valid, r"(?<=[\w)]) or (?=[\w@(])", " || "),
        *substituted(valid, r"\bif not (?=\w)", "if !"),
    ]
    return wrong(random, texts)


@kind("dimension without its sign")
def dimension(random: Random, valid: Valid) -> str | None:
    """A person who forgets the `@` of `@c`, or writes `in_channels` as in PyTorch's constructors."""
    spans = places(valid, r"(?<![\w.])@[chwltd]\b")
    texts = [
        valid.replace(span, new) for span in spans for new in (span.text[1:], span.text.replace("@c", "@channels"))
    ]
    channels = [span for span in spans if span.text == "@c"]
    return wrong(random, [*texts, *(valid.replace(span, "in_channels") for span in channels)])


@kind("name of a tensor in braces, without `from`")
def braces_without_from(random: Random, valid: Valid) -> str | None:
    """A person who takes `{ … }` for the list of operands: `concat { e1 }`, `concat { e2; crop 48 } { }`."""
    texts = [
        *substituted(valid, r"\{ *from +(\w+)(?= *[;}])", r"{ \1"),
        *substituted(valid, r"\b(concat|add|mul) +([a-z]\w*)(?= *(?:[;}]|$))", r"\1 { \2 }", r"\1 from \2"),
    ]
    return wrong(random, texts)


@kind("line broken before its arguments")
def broken_line(random: Random, valid: Valid) -> str | None:
    """A person who breaks a long line where it is full, with or without a backslash, as shells and Python need it."""
    texts = []
    for each in valid.statements:
        if isinstance(each, ast.LayerStatement) and len(each.args) > 1:
            place = random.choice(each.args[1:]).span.start
            rest = code(valid)[: each.span.start].rpartition("\n")[2]
            indent = " " * (len(rest) - len(rest.lstrip()) + 4)
            for sign in ("", " \\"):
                texts.append(f"{valid.text[:place].rstrip()}{sign}\n{indent}{valid.text[place:]}")
    return wrong(random, texts)


@kind("closing brace forgotten or left over")
def closing_brace(random: Random, valid: Valid) -> str | None:
    """Everybody who deletes or copies the lines around a body without its last brace, or with one too many."""
    own_line, in_line = places(valid, r"^ *\}\n"), places(valid, r"(?<=\S) +\}(?=[ \n]|$)")
    without = [valid.replace(span, "") for span in (*own_line, *in_line)]
    more = [*substituted(valid, r"(?<=\})$", "\n}", " }"), *substituted(valid, r"(?<=[a-z\d]) \}", " } }")]
    return wrong(random, [*without, *random.sample(more, min(len(more), len(without)))])
