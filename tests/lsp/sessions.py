"""A real client for the language server: the server runs in a process of its own, over its standard streams."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SERVER = [sys.executable, "-m", "archdsl", "lsp"]
TIMEOUT = 60


class Client:
    """An editor: it opens and edits documents, and keeps the diagnostics that were published."""

    def __init__(self, protocol: Any) -> None:
        self.protocol = protocol
        self.published: dict[str, list[Any]] = {}
        self.versions: dict[str, int] = {}
        self.shown: list[str] = []
        self._changed = asyncio.Event()

    def on_publish(self, params: Any) -> None:
        self.published[params.uri] = params.diagnostics
        self._changed.set()

    def open(self, uri: str, text: str) -> None:
        from lsprotocol import types

        item = types.TextDocumentItem(uri=uri, language_id="arch", version=0, text=text)
        self.protocol.text_document_did_open(types.DidOpenTextDocumentParams(text_document=item))

    def change(self, uri: str, start: tuple[int, int], end: tuple[int, int], text: str) -> None:
        from lsprotocol import types

        self.versions[uri] = self.versions.get(uri, 0) + 1
        document = types.VersionedTextDocumentIdentifier(uri=uri, version=self.versions[uri])
        place = types.Range(start=types.Position(*start), end=types.Position(*end))
        change = types.TextDocumentContentChangePartial(range=place, text=text)
        self.protocol.text_document_did_change(
            types.DidChangeTextDocumentParams(text_document=document, content_changes=[change])
        )

    async def diagnostics(self, uri: str, fits: Callable[[list[str]], bool]) -> list[str]:
        """The codes of the diagnostics of a document, once they fit."""

        async def wait() -> list[str]:
            while True:
                found = [each.code for each in self.published.get(uri, [])]
                if uri in self.published and fits(found):
                    return found
                self._changed.clear()
                await self._changed.wait()

        return await asyncio.wait_for(wait(), TIMEOUT)

    async def ask(self, method: str, uri: str, position: tuple[int, int] | None = None, **more: Any) -> Any:
        """The answer to a request about a document, as plain values."""
        from lsprotocol import types
        from pygls.protocol import default_converter

        params: dict[str, Any] = {"textDocument": {"uri": uri}, **more}
        if position is not None:
            params["position"] = {"line": position[0], "character": position[1]}
        converter = default_converter()
        kind = types.METHOD_TO_TYPES[method][2] if method in types.METHOD_TO_TYPES else None
        given = params if kind is None else converter.structure(params, kind)
        found = await asyncio.wait_for(self.protocol.protocol.send_request_async(method, given), TIMEOUT)
        return converter.unstructure(found)

    async def run(self, command: str, arguments: list[Any]) -> Any:
        """The result of a command of the server, as plain values."""
        from lsprotocol import types

        params = types.ExecuteCommandParams(command=command, arguments=arguments)
        found = await asyncio.wait_for(self.protocol.workspace_execute_command_async(params), TIMEOUT)
        return plain(found)


def plain(value: Any) -> Any:
    """The named tuples that pygls makes of objects, as dicts."""
    if hasattr(value, "_asdict"):
        return {key: plain(each) for key, each in value._asdict().items()}
    return [plain(each) for each in value] if isinstance(value, list) else value


@asynccontextmanager
async def session(
    folder: Path | None = None, command: list[str] | None = None, options: dict[str, Any] | None = None
) -> AsyncIterator[Client]:
    """A client that is connected to a new server."""
    from lsprotocol import types
    from pygls.lsp.client import LanguageClient

    connection = LanguageClient("test", "1")
    client = Client(connection)
    connection.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(lambda params: client.on_publish(params))
    connection.feature(types.WINDOW_LOG_MESSAGE)(lambda params: None)
    connection.feature(types.WINDOW_SHOW_MESSAGE)(lambda params: client.shown.append(params.message))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path])}
    await connection.start_io(*(command or SERVER), env=environment)
    capabilities = types.ClientCapabilities()
    await asyncio.wait_for(
        connection.initialize_async(
            types.InitializeParams(
                capabilities=capabilities,
                root_uri=folder.as_uri() if folder else None,
                initialization_options=options,
            )
        ),
        TIMEOUT,
    )
    connection.initialized(types.InitializedParams())
    server = connection._server
    assert server is not None
    try:
        yield client
        await asyncio.wait_for(connection.shutdown_async(None), TIMEOUT)
        connection.exit(None)
        # `stop` stops to read at once: a server with much to write would wait for a reader, and `stop` for the server
        await asyncio.wait_for(server.wait(), TIMEOUT)
    finally:
        if server.returncode is None:
            server.kill()
        await asyncio.wait_for(connection.stop(), TIMEOUT)


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a test that talks to a server."""
    asyncio.run(test())
