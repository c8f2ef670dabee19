"""Semantic tokens: the type of each word, which a lexical grammar cannot determine."""

from ..syntax import ast
from .answers import SemanticToken, TextRange
from .defined_names import DefinedNames
from .document import Version
from .syntax_at import end_of, start_of, statements

TOKEN_TYPES = ("function", "class", "parameter", "variable", "property", "namespace", "macro", "keyword")
"""Layers, blocks, parameters, values and tensors, names of arguments, stages, flags and shorthands, keywords."""

_KINDS = {
    "parameter": "parameter",
    "number": "variable",
    "tensor": "variable",
    "input": "variable",
    "block": "class",
    "aux": "namespace",
}


def semantic_tokens(version: Version) -> tuple[SemanticToken, ...]:
    """The words that are layers, blocks, names, arguments or flags, in the order of the text, without overlaps."""
    found: dict[int, SemanticToken] = {}

    def add(span: object, type: str, is_definition: bool = False) -> None:
        start, end = start_of(span), end_of(span)  # type: ignore[arg-type]  # a span
        if start < end and start not in found:
            found[start] = SemanticToken(range=TextRange(start=start, end=end), type=type, is_definition=is_definition)

    names = DefinedNames(version.program, version.layers)
    for statement in statements(version.program):
        if isinstance(statement, ast.Stage):
            add(statement.name.span, "namespace", True)
    for name in names.all:
        for span in name.definitions:
            add(span, _KINDS[name.kind], True)
        for span in name.uses:
            add(span, _KINDS[name.kind])
        for span in name.shorthands:
            add(span, "macro")
    for figure in version.program.figures:
        for line in figure.body.statements:
            if isinstance(line, ast.LayerStatement):
                add(line.keyword.span, "property")
                for arg in line.args:
                    if isinstance(arg.value, ast.Variable):
                        add(arg.value.span, "variable")
    for statement in statements(version.program):
        keyword = getattr(statement, "keyword", None)
        if isinstance(keyword, ast.Word):
            is_keyword = isinstance(statement, ast.Residual | ast.Scan) or keyword.text in ("add", "mul", "concat")
            is_block = keyword.text in version.blocks
            add(keyword.span, "keyword" if is_keyword else "class" if is_block else "function")
        for arg in getattr(statement, "args", ()):
            if arg.name is not None:
                add(arg.name.span, "property")
            elif isinstance(arg.value, ast.Variable) and not isinstance(statement, ast.Input):
                add(arg.value.span, "macro")
    ordered = [found[start] for start in sorted(found)]
    return tuple(
        token
        for before, token in zip([None, *ordered], ordered, strict=False)
        if before is None or before.range.end <= token.range.start
    )
