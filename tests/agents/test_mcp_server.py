"""The MCP server, through the SDK's own client, over standard input and output."""

import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("mcp")

import anyio
from mcp.client.session import ClientSession
from mcp.client.stdio import StdioServerParameters, stdio_client

import archdsl

ERROR = "input 3x8x8\nconvv 4 k3\nflatten\nfc 10\n"


def session(folder: Path, use: Callable[[ClientSession], Awaitable[None]]) -> None:
    """Start the server in a folder as a client does, and use it."""

    async def run() -> None:
        import os

        parameters = StdioServerParameters(
            command=sys.executable, args=["-m", "archdsl", "mcp"], cwd=str(folder), env=dict(os.environ)
        )
        async with stdio_client(parameters) as (read, write), ClientSession(read, write) as client:
            await client.initialize()
            await use(client)

    with anyio.from_thread.start_blocking_portal() as portal:
        portal.call(run)


async def call(client: ClientSession, tool: str, **arguments: Any) -> Any:
    """What a tool returns. Raises ValueError with the text of its error."""
    result = await client.call_tool(tool, arguments)
    text = "".join(getattr(each, "text", "") for each in result.content)
    if result.is_error:
        raise ValueError(text)
    return json.loads(text) if result.structured_content is not None and tool != "diagram" else text


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "net.arch").write_text("input 1x8x8\nconv 4 k3; relu\nflatten; fc 10\n")
    (tmp_path / "work" / "wrong.arch").write_text(ERROR)
    (tmp_path / "secret.arch").write_text("input 8\nfc 1234567\n")
    (tmp_path / "work" / "link.arch").symlink_to(tmp_path / "secret.arch")
    return tmp_path / "work"


def command(folder: Path, *words: str) -> Any:
    """The JSON that a command prints."""
    done = subprocess.run(
        [sys.executable, "-m", "archdsl", *words, "--format", "json"],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return json.loads(done.stdout)


def test_tool_results_match_the_commands(folder: Path) -> None:
    async def use(client: ClientSession) -> None:
        listed = (await client.list_tools()).tools
        assert {tool.name for tool in listed} == {"check", "why", "diff", "suggestions", "diagram", "import_network"}
        assert all(tool.annotations and tool.annotations.read_only_hint and tool.description for tool in listed)

        report = await call(client, "check", network="net.arch")
        expected = command(folder, "check", "net.arch")
        assert report["totals"] == {**report["totals"], **expected["totals"]}
        assert [layer["shape"] for layer in report["layers"]] == [layer["shape"] for layer in expected["layers"]]

        found = await call(client, "why", network="net.arch", layer="conv1")
        assert found == command(folder, "why", "net.arch", "conv1")
        found = await call(client, "diff", before="net.arch", after="zoo:lenet5")
        assert found == command(folder, "diff", "net.arch", "zoo:lenet5")

        small = await call(client, "check", network="zoo:resnet18", settings={"classes": 10}, input="3x64x64")
        assert small["totals"]["parameters"] == archdsl.load("zoo:resnet18", classes=10).parameters

    session(folder, use)


def test_applying_suggestions_gives_a_valid_network(folder: Path) -> None:
    async def use(client: ClientSession) -> None:
        text = ERROR
        for _ in range(3):
            found = await call(client, "suggestions", text=text)
            if found["ok"]:
                break
            text = found["suggestions"][0]["text"]
        assert (await call(client, "check", text=text))["ok"]
        assert (folder / "wrong.arch").read_text() == ERROR  # nothing is written
        report = await call(client, "check", network="wrong.arch")
        assert report["diagnostics"][0]["code"] == "E0201"

    session(folder, use)


def test_diagram_tool_returns_svg(folder: Path) -> None:
    async def use(client: ClientSession) -> None:
        assert (await call(client, "diagram", network="net.arch")).startswith(("flowchart", "%%", "---"))
        svg = await call(client, "diagram", text="input 8; fc 2", format="svg", view="layers")
        assert "<svg" in svg
        with pytest.raises(ValueError, match="there is no layer or block `convv`"):
            await call(client, "diagram", network="wrong.arch")

    session(folder, use)


def test_errors_are_returned_as_results_and_the_server_survives(folder: Path) -> None:
    async def use(client: ClientSession) -> None:
        wrong: list[tuple[str, dict[str, Any], str]] = [
            ("check", {}, "give either"),
            ("check", {"network": "gone.arch"}, "no such file"),
            ("check", {"network": "../secret.arch"}, r"`\.\.` is not allowed"),
            ("check", {"network": "link.arch"}, "outside the folder"),
            ("check", {"network": str(folder / "net.arch")}, "relative"),
            ("check", {"network": "net.arch", "input": "abc"}, "abc"),
            ("check", {"network": "net.arch", "settings": {"classes": {}}}, "classes"),
            ("check", {"network": 3}, "network"),
            ("why", {"network": "net.arch", "layer": "conv9"}, "there is no layer"),
            ("diff", {"before": "net.arch", "after": "wrong.arch"}, "convv"),
            ("diagram", {"network": "net.arch", "format": "exe"}, "format"),
            ("import_network", {"file": "os:system"}, "no such file"),
            ("import_network", {"file": "net.arch"}, "only files that end in"),
        ]
        for tool, arguments, message in wrong:
            with pytest.raises(ValueError, match=message) as error:
                await call(client, tool, **arguments)
            assert "Traceback" not in str(error.value)
            assert "1234567" not in str(error.value)
        assert (await call(client, "check", network="net.arch"))["ok"]

    session(folder, use)
