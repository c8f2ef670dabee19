"""Requests of each feature and the answers that the server gives, recorded in recorded.json.

`python -m tests.lsp.recorded --update` records the present answers.
"""

import asyncio
import json
import re
import sys
from pathlib import Path
from typing import Any

from tests.lsp.sessions import session

FILE = Path(__file__).with_name("recorded.json")
URI = "untitled:net"
TEXT = """# Two stages
net Small(width = 8)
input image 3x32x32
block unit(c, k = 3) {
  conv c k=k p1 nobias; bn; relu
}
stage one { unit width; maxpool 2 }
unit 2*width k=1 as last
add last last
gap; covn 10
"""
WHOLE = {"start": {"line": 0, "character": 0}, "end": {"line": 10, "character": 0}}
REQUESTS: list[tuple[str, tuple[int, int] | None, dict[str, Any]]] = [
    ("textDocument/hover", (4, 3), {}),
    ("textDocument/inlayHint", None, {"range": WHOLE}),
    ("textDocument/completion", (6, 24), {}),
    ("textDocument/completion", (7, 13), {}),
    ("textDocument/signatureHelp", (7, 13), {}),
    ("textDocument/definition", (7, 7), {}),
    ("textDocument/references", (7, 7), {"context": {"includeDeclaration": True}}),
    ("textDocument/documentHighlight", (8, 5), {}),
    ("textDocument/prepareRename", (8, 5), {}),
    ("textDocument/rename", (8, 5), {"newName": "result"}),
    ("textDocument/documentSymbol", None, {}),
    ("textDocument/foldingRange", None, {}),
    ("textDocument/formatting", None, {"options": {"tabSize": 2, "insertSpaces": True}}),
    ("textDocument/semanticTokens/full", None, {}),
    ("textDocument/codeAction", None, {"range": WHOLE, "context": {"diagnostics": []}}),
    ("textDocument/codeLens", None, {}),
]


async def record() -> dict[str, Any]:
    """The answers of a new server, by request."""
    found: dict[str, Any] = {}
    async with session() as client:
        client.open(URI, TEXT)
        await client.diagnostics(URI, lambda codes: "E0201" in codes)
        found["textDocument/publishDiagnostics"] = [
            {"code": each.code, "message": each.message, "start": [each.range.start.line, each.range.start.character]}
            for each in client.published[URI]
        ]
        for method, position, more in REQUESTS:
            name = method if position is None else f"{method} {position[0]}:{position[1]}"
            found[name] = _short(await client.ask(method, URI, position, **more))
        found["archdsl.preview"] = _short(await client.run("archdsl.preview", [URI]))
    return json.loads(json.dumps(found))  # type: ignore[no-any-return]  # an object


def _short(answer: Any) -> Any:
    """An answer without documentation of layers, and with the first completions only."""
    if isinstance(answer, dict):
        if "items" in answer:
            answer = {**answer, "items": answer["items"][:5]}
        return {key: _short(value) for key, value in answer.items() if key != "documentation"}
    if isinstance(answer, list) and not (answer and isinstance(answer[0], int)):
        return [_short(each) for each in answer]
    return re.sub(r"\n\n[^\n]*\n\n```arch.*", "", answer, flags=re.DOTALL) if isinstance(answer, str) else answer


if __name__ == "__main__":
    if sys.argv[1:] != ["--update"]:
        sys.exit("usage: python -m tests.lsp.recorded --update")
    FILE.write_text(json.dumps(asyncio.run(record()), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
