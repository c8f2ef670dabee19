"""The language server, asked by a real client over stdio."""

import asyncio
import json
import random
import sys
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pygls", reason="the extra `lsp` is not installed")
pytest.importorskip("lsprotocol")

from lsprotocol import types

from archdsl.lsp.positions import LinePositions
from archdsl.service.answers import TextRange

from .recorded import FILE, record
from .sessions import TIMEOUT, run, session

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:pygls", "ignore::ResourceWarning")


def test_answers_match_the_recording() -> None:
    assert asyncio.run(record()) == json.loads(FILE.read_text(encoding="utf-8"))


def test_positions_count_utf16_units() -> None:
    text = "a𝕏b\r\nß\n\nend"
    at = LinePositions(text)
    assert at.range(TextRange(start=1, end=2)) == types.Range(start=types.Position(0, 1), end=types.Position(0, 3))
    for offset in range(len(text) + 1):
        if text[offset - 1 : offset + 1] != "\r\n":  # a position cannot be inside the end of a line
            assert at.offset(at.position(offset)) == offset
    assert at.offset(types.Position(0, 99)) == 3
    assert at.offset(types.Position(99, 0)) == len(text)


@pytest.mark.parametrize("seed", range(20))
def test_positions_match_the_encoded_text(seed: int) -> None:
    rng = random.Random(seed)
    text = "".join(rng.choice("ab𝕏😀é\n\r中") for _ in range(40))
    for encoding, codec, unit in (("utf-16", "utf-16-le", 2), ("utf-8", "utf-8", 1), ("utf-32", "utf-32-le", 4)):
        at = LinePositions(text, encoding)
        for offset in range(len(text) + 1):
            head = text[:offset].replace("\r\n", "\n\0")
            line = max(head.rfind("\n"), head.rfind("\r")) + 1
            units = len(text[line:offset].encode(codec)) // unit
            if text[offset - 1 : offset + 1] != "\r\n" and "\0" not in head[line:]:
                assert at.position(offset).character == units


def test_edit_after_a_non_bmp_character() -> None:
    async def exchange_messages() -> None:
        async with session() as client:
            uri = "untitled:a"
            client.open(uri, "input 3x8x8  # 𝕏😀\nconv 8 k3; fc 3  # 𝕏 covn\n")
            await client.diagnostics(uri, lambda codes: "E0401" in codes or bool(codes))
            client.change(uri, (0, 15), (0, 19), "𝕏; ")
            client.change(uri, (0, 17), (0, 19), "")
            client.change(uri, (1, 11), (1, 16), "gap; fc 3")
            await client.diagnostics(uri, lambda codes: not any(code.startswith("E") for code in codes))
            hover = await client.ask("textDocument/hover", uri, (1, 17))
            assert "8 → 3" in hover["contents"]["value"]

    run(exchange_messages)


def test_burst_of_edits_is_handled_quickly() -> None:
    async def exchange_messages() -> None:
        async with session() as client:
            uri = "untitled:a"
            client.open(uri, "input 3x8x8\nconv 8 k3\n")
            start = time.monotonic()
            for number in range(500):
                client.change(uri, (2 + number, 0), (2 + number, 0), "relu\n")
            hints = await client.ask(
                "textDocument/inlayHint",
                uri,
                range={"start": {"line": 0, "character": 0}, "end": {"line": 999, "character": 0}},
            )
            assert len(hints) == 501
            assert time.monotonic() - start < TIMEOUT / 2

    run(exchange_messages)


def test_request_can_be_cancelled() -> None:
    async def exchange_messages() -> None:
        async with session() as client:
            uri = "untitled:a"
            client.open(uri, "input 3x8x8\n" + "covn 8 k3\n" * 5)
            params = types.CodeActionParams(
                text_document=types.TextDocumentIdentifier(uri=uri),
                range=types.Range(start=types.Position(0, 0), end=types.Position(9, 0)),
                context=types.CodeActionContext(diagnostics=[]),
            )
            protocol = client.protocol.protocol
            outcomes: list[Any] = []
            # On a busy machine, a request may be answered before its cancellation arrives.
            for number in range(20):
                task = asyncio.ensure_future(
                    protocol.send_request_async("textDocument/codeAction", params, msg_id=f"request {number}")
                )
                await asyncio.sleep(0)
                protocol.notify("$/cancelRequest", types.CancelParams(id=f"request {number}"))
                outcomes += await asyncio.wait_for(asyncio.gather(task, return_exceptions=True), TIMEOUT)
                if isinstance(outcomes[-1], Exception):
                    break
            assert "cancel" in f"{type(outcomes[-1]).__name__} {outcomes[-1]}".lower()
            assert await client.ask("textDocument/hover", uri, (1, 0)) is not None

    run(exchange_messages)


def test_crash_in_a_request_does_not_stop_the_server() -> None:
    code = (
        "from archdsl.lsp import server\n"
        "def crash(*_): raise RuntimeError('no answer')\n"
        "server.folds = crash\n"
        "server.ArchServer().start()\n"
    )

    async def exchange_messages() -> None:
        async with session(command=[sys.executable, "-c", code]) as client:
            uri = "untitled:a"
            client.open(uri, "input 3x8x8\nconv 8 k3\n")
            with pytest.raises(Exception, match="no answer"):
                await client.ask("textDocument/foldingRange", uri)
            assert "8×6×6" in (await client.ask("textDocument/hover", uri, (1, 1)))["contents"]["value"]
            with pytest.raises(Exception, match="not open"):
                await client.ask("textDocument/hover", "untitled:other", (0, 0))

    run(exchange_messages)


def test_refused_rename_gives_its_reason() -> None:
    async def exchange_messages() -> None:
        async with session() as client:
            client.open("untitled:a", "input 3x8x8\nconv 8 k3\n")
            with pytest.raises(Exception, match="`conv` is a word of the language"):
                await client.ask("textDocument/rename", "untitled:a", (1, 1), newName="x")

    run(exchange_messages)


def test_used_files_are_read_from_open_editors(tmp_path: Path) -> None:
    """A file beside the document, which is then opened and edited, and closed again."""
    (tmp_path / "blocks.arch").write_text("block mine { conv 8 k3 }\n", encoding="utf-8")
    uri, blocks = ((tmp_path / name).as_uri() for name in ("net.arch", "blocks.arch"))

    async def shape(client: Any) -> str:
        hints = await client.ask(
            "textDocument/inlayHint",
            uri,
            range={"start": {"line": 0, "character": 0}, "end": {"line": 9, "character": 0}},
        )
        return str(hints[-1]["label"]) if hints else ""

    async def exchange_messages() -> None:
        async with session(tmp_path) as client:
            client.open(uri, 'use "blocks.arch"\ninput 3x8x8\nmine\n')
            assert await shape(client) == "8×6×6"
            client.open(blocks, "block mine { conv 8 k3 }\n")
            client.change(blocks, (0, 18), (0, 19), "4")
            assert await shape(client) == "4×6×6"
            places = await client.ask("textDocument/definition", uri, (2, 1))
            assert [(each["uri"], each["range"]["start"]["line"]) for each in places] == [(blocks, 0)]
            client.change(blocks, (0, 0), (0, 5), "blok")
            await client.diagnostics(uri, lambda codes: bool(codes))
            assert (await client.ask("textDocument/documentSymbol", uri)) == []

    run(exchange_messages)


def test_files_outside_a_workspace(tmp_path: Path) -> None:
    """Without a workspace: a saved file, one with a space and a non-ASCII letter in its path, and an unsaved one."""
    folder = tmp_path / "a b é"
    folder.mkdir()
    (folder / "other.arch").write_text("block mine { relu }\n", encoding="utf-8")
    text = 'use "other.arch"\ninput 3x8x8\nmine\n'

    async def exchange_messages() -> None:
        async with session() as client:
            for uri, codes in (((folder / "net.arch").as_uri(), []), ("untitled:Untitled-1", ["E0601"])):
                client.open(uri, text)
                assert await client.diagnostics(uri, lambda _: True) == codes
            client.open("file:///no/such/folder/net.arch", "input 3x8x8\nrelu\n")
            assert await client.diagnostics("file:///no/such/folder/net.arch", lambda _: True) == []

    run(exchange_messages)


def test_closed_document_has_no_diagnostics() -> None:
    async def exchange_messages() -> None:
        async with session() as client:
            client.open("untitled:a", "covn\n")
            await client.diagnostics("untitled:a", lambda codes: bool(codes))
            document = types.TextDocumentIdentifier(uri="untitled:a")
            client.protocol.text_document_did_close(types.DidCloseTextDocumentParams(text_document=document))
            await client.diagnostics("untitled:a", lambda codes: not codes)

    run(exchange_messages)


def test_code_actions_follow_the_diagnostics() -> None:
    async def exchange_messages() -> None:
        async with session() as client:
            uri = "untitled:a"
            client.open(uri, "input 3x8x8\ncovn 8 k3\n")
            await client.diagnostics(uri, lambda codes: codes == ["E0201"])
            await asyncio.wait_for(_until(lambda: "write `conv`" in client.published[uri][0].message), TIMEOUT)

    run(exchange_messages)


async def _until(holds: Any) -> None:
    while not holds():
        await asyncio.sleep(0.05)


def test_edits_leak_no_objects() -> None:
    """Objects of the server after 100 and after 300 edits; scripts/lsp_memory.py measures 10,000."""
    code = (
        "import gc\n"
        "from archdsl.lsp.server import ArchServer\n"
        "arch = ArchServer()\n"
        "arch.server.command('test.objects')(lambda *_: (gc.collect(), len(gc.get_objects()))[1])\n"
        "arch.start()\n"
    )

    async def exchange_messages() -> None:
        async with session(command=[sys.executable, "-c", code]) as client:
            uri = "untitled:a"
            client.open(uri, "input 3x8x8\nconv 8 k3\nfc 10\n")
            counts = []
            for count in (100, 200):
                for number in range(count):
                    client.change(uri, (1, 5), (1, 6), str(1 + number % 9))
                await client.ask("textDocument/documentSymbol", uri)
                counts.append(await client.run("test.objects", []))
            assert counts[1] < counts[0] + 600, counts  # one future alone has ten objects

    run(exchange_messages)
