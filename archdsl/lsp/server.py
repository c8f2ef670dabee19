"""The language server over stdio, with pygls."""

import asyncio
import gc
from collections.abc import Callable, Collection, Sequence
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer

from ..backends.diagram import THEMES
from ..network import Check
from ..service import Document
from ..service.answers import DocumentProblem, Location, Refused
from ..service.completion import completions
from ..service.document_problems import problems, tried_problems
from ..service.edits import actions, formatting
from ..service.hints import inlay_hints, lenses
from ..service.hover import hover
from ..service.navigation import definition, references, rename, renamed_range
from ..service.outline import folds, symbols
from ..service.semantic_tokens import TOKEN_TYPES, semantic_tokens
from ..service.signature import signature
from ..version import __version__
from . import convert
from .open_documents import OpenDocuments
from .positions import LinePositions
from .preview import VIEWS, preview, write_diagram

AT_ONCE, SETTLED = 0.03, 0.5
"""Seconds after an edit until diagnostics are published, without and with tried suggestions."""
CANCELLABLE = 0.02
"""Seconds in which a request for suggestions can be canceled before the search for them."""
COLLECTED = 250
"""The number of changes after which garbage is collected: Python itself waits until the number of objects has grown by
a quarter.
"""


class ArchServer:
    """The server: its open documents, and what is to be published."""

    def __init__(self, recipe: Check | None = None, *, pedantic: bool = False, allow: Collection[str] = ()) -> None:
        self.server: Any = LanguageServer("archdsl", __version__)
        self.documents = OpenDocuments(recipe, pedantic=pedantic, allow=allow)
        self._timers: dict[str, list[asyncio.TimerHandle]] = {}
        self._opens_diagrams = False
        self._changes = 0
        for name, handler in self._features().items():
            self._register(name, handler)
        # Functions rather than methods, because pygls stores options as attributes of them.
        self.server.command("archdsl.preview")(lambda *args: self._preview(*args))
        self.server.command("archdsl.diagram")(lambda *args: self._diagram(*args))

    def start(self) -> None:
        """Answer over stdin and stdout until the client exits."""
        # Objects that exist at the start need not be searched for garbage each time.
        gc.collect()
        gc.freeze()
        self.server.start_io()

    def _features(self) -> dict[str, Callable[[Any], Any]]:
        return {
            types.INITIALIZE: self._initialized,
            types.TEXT_DOCUMENT_DID_OPEN: self._opened,
            types.TEXT_DOCUMENT_DID_CHANGE: self._changed,
            types.TEXT_DOCUMENT_DID_SAVE: self._files_changed,
            types.TEXT_DOCUMENT_DID_CLOSE: self._closed,
            types.WORKSPACE_DID_CHANGE_WATCHED_FILES: self._files_changed,
            types.TEXT_DOCUMENT_HOVER: self._hover,
            types.TEXT_DOCUMENT_INLAY_HINT: self._hints,
            types.TEXT_DOCUMENT_COMPLETION: self._completion,
            types.TEXT_DOCUMENT_SIGNATURE_HELP: self._signature,
            types.TEXT_DOCUMENT_DEFINITION: self._definition,
            types.TEXT_DOCUMENT_REFERENCES: self._references,
            types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT: self._highlight,
            types.TEXT_DOCUMENT_PREPARE_RENAME: self._prepare_rename,
            types.TEXT_DOCUMENT_RENAME: self._rename,
            types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: self._symbols,
            types.TEXT_DOCUMENT_FOLDING_RANGE: self._folds,
            types.TEXT_DOCUMENT_FORMATTING: self._formatting,
            types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL: self._tokens,
            types.TEXT_DOCUMENT_CODE_ACTION: self._actions,
            types.TEXT_DOCUMENT_CODE_LENS: self._lenses,
        }

    def _register(self, name: str, handler: Callable[[Any], Any]) -> None:
        options: dict[str, Any] = {
            types.TEXT_DOCUMENT_COMPLETION: types.CompletionOptions(trigger_characters=["@", '"', "=", " "]),
            types.TEXT_DOCUMENT_SIGNATURE_HELP: types.SignatureHelpOptions(trigger_characters=[" ", "="]),
            types.TEXT_DOCUMENT_RENAME: types.RenameOptions(prepare_provider=True),
            types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL: types.SemanticTokensLegend(
                token_types=list(TOKEN_TYPES), token_modifiers=["declaration"]
            ),
            types.TEXT_DOCUMENT_CODE_ACTION: types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix]),
        }
        feature = self.server.feature(name, *([options[name]] if name in options else []))
        if asyncio.iscoroutinefunction(handler):

            async def later(params: Any) -> Any:
                return await handler(params)

            feature(later)
        else:
            feature(lambda params: handler(params))

    # --- documents ---

    def _initialized(self, params: Any) -> None:
        """Note the encoding of positions, and whether the client itself opens diagrams."""
        self.documents.encoding = self.server.workspace.position_encoding
        options = params.initialization_options
        chosen = options.get("openDiagram") if isinstance(options, dict) else getattr(options, "openDiagram", None)
        self._opens_diagrams = bool(chosen)

    def _opened(self, params: Any) -> None:
        item = params.text_document
        self.documents.open(item.uri, item.text)
        self._publish_later(item.uri)

    def _changed(self, params: Any) -> None:
        self._forget_notifications()
        uri = params.text_document.uri
        self.documents.change(uri, params.content_changes)
        for each in (uri, *self.documents.users(uri)):
            self._publish_later(each)

    def _forget_notifications(self) -> None:
        """Drop the finished futures of notifications, which pygls 2.1 never removes."""
        futures = getattr(self.server.protocol, "_request_futures", {})
        for number in [number for number, future in futures.items() if future.done()]:
            del futures[number]
        self._changes += 1
        if self._changes % COLLECTED == 0:
            gc.collect()

    def _files_changed(self, _: Any) -> None:
        for uri in self.documents.users(""):
            self._publish_later(uri)

    def _closed(self, params: Any) -> None:
        uri = params.text_document.uri
        for timer in self._timers.pop(uri, []):
            timer.cancel()
        self.documents.close(uri)
        self.server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri=uri, diagnostics=[]))

    def _publish_later(self, uri: str) -> None:
        """Publish the diagnostics soon, and those with suggestions once no edit has come for a while."""
        for timer in self._timers.pop(uri, []):
            timer.cancel()
        loop = asyncio.get_running_loop()
        self._timers[uri] = [
            loop.call_later(AT_ONCE, self._publish, uri, problems),
            loop.call_later(SETTLED, self._publish, uri, tried_problems),
        ]

    def _publish(self, uri: str, ask: Callable[[Any], tuple[DocumentProblem, ...]]) -> None:
        document = self.documents.get(uri)
        if document is None or (ask is tried_problems and not document.now.found):
            return
        at = self.documents.positions(uri)
        found = [convert.diagnostic(each, at, self._locate(uri, at)) for each in ask(document.now)]
        self.server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri=uri, diagnostics=found))

    def _locate(self, uri: str, at: LinePositions) -> Callable[[Location], Any]:
        def locate(location: Location) -> Any:
            if location.file is None:
                return types.Location(uri=uri, range=at.range(location.range))
            other = self.documents.file_uri(uri, location.file)
            if other is None:
                return None
            return types.Location(uri=other, range=self.documents.positions(other).range(location.range))

        return locate

    # --- requests ---

    def _request(self, params: Any) -> tuple[Document, LinePositions, int]:
        """The document of a request, its positions, and the requested offset, 0 if there is none."""
        uri = params.text_document.uri
        document = self.documents.get(uri)
        if document is None:
            raise JsonRpcInvalidParams(f"{uri} is not open")
        at = self.documents.positions(uri)
        position = getattr(params, "position", None)
        return document, at, 0 if position is None else at.offset(position)

    def _hover(self, params: Any) -> Any:
        document, at, offset = self._request(params)
        return convert.hover(hover(document.now, offset), at)

    def _hints(self, params: Any) -> Any:
        document, at, _ = self._request(params)
        start, end = at.offset(params.range.start), at.offset(params.range.end)
        return [convert.hint(each, at) for each in inlay_hints(document.now, start, end)]

    def _completion(self, params: Any) -> Any:
        document, at, offset = self._request(params)
        found = completions(document.now, offset)
        items = [convert.completion(each, number, at) for number, each in enumerate(found)]
        return types.CompletionList(is_incomplete=False, items=items)

    def _signature(self, params: Any) -> Any:
        document, _, offset = self._request(params)
        return convert.signature(signature(document.now, offset))

    def _definition(self, params: Any) -> Any:
        document, at, offset = self._request(params)
        locate = self._locate(params.text_document.uri, at)
        return [location for each in definition(document.now, offset) if (location := locate(each)) is not None]

    def _references(self, params: Any) -> Any:
        document, at, offset = self._request(params)
        found = references(document.now, offset, with_definition=params.context.include_declaration)
        return [types.Location(uri=params.text_document.uri, range=at.range(each)) for each in found]

    def _highlight(self, params: Any) -> Any:
        document, at, offset = self._request(params)
        return [types.DocumentHighlight(range=at.range(each)) for each in references(document.now, offset)]

    def _prepare_rename(self, params: Any) -> Any:
        document, at, offset = self._request(params)
        return at.range(_or_invalid(lambda: renamed_range(document.now, offset)))

    def _rename(self, params: Any) -> Any:
        document, at, offset = self._request(params)
        edits: Sequence[Any] = _or_invalid(lambda: rename(document.now, offset, params.new_name))
        return types.WorkspaceEdit(changes={params.text_document.uri: [convert.edit(each, at) for each in edits]})

    def _symbols(self, params: Any) -> Any:
        document, at, _ = self._request(params)
        return [convert.symbol(each, at) for each in symbols(document.now)]

    def _folds(self, params: Any) -> Any:
        document, _, _ = self._request(params)
        return [convert.fold(each) for each in folds(document.now)]

    def _formatting(self, params: Any) -> Any:
        document, at, _ = self._request(params)
        try:
            return [convert.edit(each, at) for each in formatting(document.now)]
        except Refused:
            return []  # an editor that formats on save already shows the errors

    def _tokens(self, params: Any) -> Any:
        document, at, _ = self._request(params)
        return convert.tokens(semantic_tokens(document.now), at)

    async def _actions(self, params: Any) -> Any:
        """Suggestions take the longest, and most requests for them, sent at each move of the cursor, are canceled."""
        await asyncio.sleep(CANCELLABLE)
        document, at, _ = self._request(params)
        start, end = at.offset(params.range.start), at.offset(params.range.end)
        uri, given = params.text_document.uri, params.context.diagnostics
        return [convert.action(each, uri, at, given) for each in actions(document.now, start, end)]

    def _lenses(self, params: Any) -> Any:
        document, at, _ = self._request(params)
        command = "archdsl.openDiagram" if self._opens_diagrams else "archdsl.diagram"
        return [convert.lens(each, params.text_document.uri, at, command) for each in lenses(document.now)]

    # --- commands ---

    def _preview(self, uri: str, with_diagram: bool = True, view: str = "layers", theme: str = "light") -> Any:
        """The table and the diagram of a document."""
        if view not in VIEWS or theme not in THEMES:
            raise JsonRpcInvalidParams(f"views are {', '.join(VIEWS)}; themes are {', '.join(THEMES)}")
        document = self.documents.get(uri)
        if document is None:
            raise JsonRpcInvalidParams(f"{uri} is not open")
        return preview(document.now, with_diagram=with_diagram, view=view, theme=theme)

    def _diagram(self, uri: str) -> Any:
        """Write the diagram of a document to a temporary file, and show it; the answer is its URI."""
        found = self._preview(uri)
        document = self.documents.get(uri)
        if found["svg"] is None or document is None:
            message = types.ShowMessageParams(type=types.MessageType.Warning, message=f"archdsl: {found['error']}")
            self.server.window_show_message(message)
            return None
        target = write_diagram(found["svg"], document.source.name)
        window = self.server.client_capabilities.window
        if window is not None and window.show_document is not None and window.show_document.support:
            self.server.window_show_document(
                types.ShowDocumentParams(uri=target, external=True), callback=lambda _: None
            )
        return target


def _or_invalid(ask: Callable[[], Any]) -> Any:
    """The answer; a refusal becomes an error response, whose message the editor shows."""
    try:
        return ask()
    except Refused as refused:
        raise JsonRpcInvalidParams(str(refused)) from None
