"""The answers of the service as types of the protocol."""

from collections.abc import Callable, Sequence
from typing import Any

from lsprotocol import types

from ..service.answers import (
    Action,
    CodeLens,
    Completion,
    DocumentProblem,
    Fold,
    Hint,
    Hover,
    Location,
    SemanticToken,
    Signature,
    Symbol,
    TextEdit,
)
from ..service.layer_pages import SITE
from ..service.semantic_tokens import TOKEN_TYPES
from .positions import LinePositions

Locate = Callable[[Location], Any]
"""A function that converts a location to the protocol; it returns None if the file has no URI."""

_SYMBOLS = {
    "network": types.SymbolKind.Module,
    "block": types.SymbolKind.Class,
    "stage": types.SymbolKind.Namespace,
    "aux": types.SymbolKind.Namespace,
    "input": types.SymbolKind.Interface,
    "tensor": types.SymbolKind.Variable,
    "number": types.SymbolKind.Constant,
}
_COMPLETIONS = {
    "layer": types.CompletionItemKind.Function,
    "block": types.CompletionItemKind.Class,
    "keyword": types.CompletionItemKind.Keyword,
    "argument": types.CompletionItemKind.Field,
    "flag": types.CompletionItemKind.EnumMember,
    "value": types.CompletionItemKind.Value,
    "name": types.CompletionItemKind.Variable,
    "file": types.CompletionItemKind.File,
}


def diagnostic(each: DocumentProblem, at: LinePositions, locate: Locate) -> Any:
    """A diagnostic; its suggestions follow the message."""
    related = [
        types.DiagnosticRelatedInformation(location=location, message=other.text)
        for other in each.related
        if (location := locate(other.location)) is not None
    ]
    is_error = each.severity == "error"
    return types.Diagnostic(
        range=at.range(each.range),
        message="\n".join([each.message, *(f"help: {text}" for text in each.help)]),
        severity=types.DiagnosticSeverity.Error if is_error else types.DiagnosticSeverity.Warning,
        code=each.code,
        code_description=types.CodeDescription(href=f"{SITE}diagnostics/#{each.code.lower()}"),
        source="archdsl",
        related_information=related,
        tags=[types.DiagnosticTag.Unnecessary] if each.is_unused else None,
    )


def hover(found: Hover | None, at: LinePositions) -> Any:
    """A hover in Markdown."""
    if found is None:
        return None
    content = types.MarkupContent(kind=types.MarkupKind.Markdown, value=found.text)
    return types.Hover(contents=content, range=at.range(found.range))


def hint(each: Hint, at: LinePositions) -> Any:
    """An inlay hint."""
    return types.InlayHint(
        position=at.position(each.offset),
        label=each.text,
        kind=types.InlayHintKind.Type,
        tooltip=each.detail or None,
        padding_left=True,
    )


def completion(each: Completion, number: int, at: LinePositions) -> Any:
    """A completion item, which the client sorts by its number."""
    return types.CompletionItem(
        label=each.label,
        kind=_COMPLETIONS[each.kind],
        detail=each.detail or None,
        documentation=types.MarkupContent(kind=types.MarkupKind.Markdown, value=each.documentation)
        if each.documentation
        else None,
        sort_text=f"{number:04}",
        filter_text=each.text,
        text_edit=types.TextEdit(range=at.range(each.range), new_text=each.text),
    )


def signature(found: Signature | None) -> Any:
    """Signature help."""
    if found is None:
        return None
    parameters = [
        types.ParameterInformation(label=each.label, documentation=each.documentation) for each in found.parameters
    ]
    information = types.SignatureInformation(
        label=found.label,
        documentation=types.MarkupContent(kind=types.MarkupKind.Markdown, value=found.documentation),
        parameters=parameters,
    )
    return types.SignatureHelp(signatures=[information], active_signature=0, active_parameter=found.active)


def symbol(each: Symbol, at: LinePositions) -> Any:
    """An entry of the outline."""
    return types.DocumentSymbol(
        name=each.name,
        kind=_SYMBOLS[each.kind],
        range=at.range(each.range),
        selection_range=at.range(each.selection),
        detail=each.detail or None,
        children=[symbol(child, at) for child in each.children],
    )


def fold(each: Fold) -> Any:
    """Lines that can be folded."""
    kind = types.FoldingRangeKind.Comment if each.kind == "comment" else types.FoldingRangeKind.Region
    return types.FoldingRange(start_line=each.first, end_line=each.last, kind=kind)


def tokens(found: Sequence[SemanticToken], at: LinePositions) -> Any:
    """Semantic tokens, each relative to the one before it."""
    data: list[int] = []
    line = character = 0
    for each in found:
        start, end = at.position(each.range.start), at.position(each.range.end)
        if start.line != end.line:
            continue
        data += [
            start.line - line,
            start.character - (character if start.line == line else 0),
            end.character - start.character,
            TOKEN_TYPES.index(each.type),
            int(each.is_definition),
        ]
        line, character = start.line, start.character
    return types.SemanticTokens(data=data)


def edit(each: TextEdit, at: LinePositions) -> Any:
    """An edit of the document."""
    return types.TextEdit(range=at.range(each.range), new_text=each.text)


def action(each: Action, uri: str, at: LinePositions, problems: Sequence[Any]) -> Any:
    """A code action, with those of the client's diagnostics that it fixes."""
    fixed = [problem for problem in problems if problem.code == each.code]
    return types.CodeAction(
        title=each.title,
        kind=types.CodeActionKind.QuickFix,
        diagnostics=fixed or None,
        edit=types.WorkspaceEdit(changes={uri: [edit(one, at) for one in each.edits]}),
        is_preferred=each.is_preferred or None,
    )


def lens(each: CodeLens, uri: str, at: LinePositions, command: str) -> Any:
    """A code lens; one that only shows a text has a command without a name."""
    run = command if each.command == "diagram" else ""
    return types.CodeLens(
        range=at.range(each.range),
        command=types.Command(title=each.text, command=run, arguments=[uri] if run else None),
    )
