"""The memory of the language server over 10,000 edits of a network, on Linux.

    python scripts/lsp_memory.py [EDITS]

It starts a server, edits zoo:resnet152 through a real client, and prints the server's resident memory after every tenth
of the edits. Exits with status 1 if any later tenth needs over 10 % more than the third one.
"""

import asyncio
import random
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from archdsl.zoo import read_named
from tests.lsp.sessions import Client, session

URI = "untitled:resnet152"
ALLOWED = 1.10


async def main(count: int) -> int:
    """Edit, measure, print."""
    text, rng = read_named("zoo:resnet152").text, random.Random(1)
    sizes: list[int] = []
    async with session() as client:
        client.open(URI, text)
        for tenth in range(10):
            for number in range(count // 10):
                edit(client, text, rng, number)
                if number % 20 == 19:
                    await client.ask("textDocument/hover", URI, (20, 4))
                    await client.ask("textDocument/completion", URI, (20, 4))
            await client.ask("textDocument/documentSymbol", URI)
            sizes.append(resident(client))
            print(f"{(tenth + 1) * count // 10:6} edits: {sizes[-1] / 1024:.1f} MiB", flush=True)
    flat = max(sizes[3:]) <= ALLOWED * sizes[2]
    print("flat" if flat else "growing")
    return int(not flat)


def edit(client: Client, text: str, rng: random.Random, number: int) -> None:
    """Replace one digit of the text, or put it back."""
    lines = text.split("\n")
    places = [(i, j) for i, line in enumerate(lines) for j, char in enumerate(line) if char.isdigit()]
    line, column = places[(number // 2) * 7919 % len(places)]
    new = str(rng.randint(1, 9)) if number % 2 == 0 else lines[line][column]
    client.change(URI, (line, column), (line, column + 1), new)


def resident(client: Client) -> int:
    """The resident memory of the server in KiB."""
    pid = client.protocol._server.pid
    for line in Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1])
    raise LookupError("no VmRSS")


if __name__ == "__main__":
    sys.exit(asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)))
