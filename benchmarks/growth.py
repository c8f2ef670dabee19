"""How the time of each command grows with the number of layers: a chain of residual blocks at three sizes.

    python benchmarks/growth.py [COMMAND…]

Each command runs in this process, so imports are not counted; the result is the CPU time, the minimum of several
rounds. The exponent is the slope of a line through the logarithms: 1 is linear. The target is at most 1.1 for every
command. Exits with status 1 if one misses it. `--publish` writes the numbers to published/growth.json.
"""

import contextlib
import io
import json
import math
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from _harness import RESULTS, machine

from archdsl.cli import main as archdsl

TARGET = 1.1
BLOCKS = (200, 600, 1800)
ROUNDS = 3
LAYERS_A_BLOCK = 7
RESIDUAL = "residual {{ conv 16 k{kernel} p{padding} nobias; bn; relu; conv 16 k3 p1 nobias; bn }}\n  relu"

Command = Callable[[Path, Path], Sequence[str]]


def _on(*words: str, written: bool = False) -> Command:
    """A command for a text whose blocks are repeated, or written out one by one."""

    def command(repeated: Path, out: Path) -> Sequence[str]:
        return [word.format(file=out if written else repeated, other=out) for word in words]

    return command


COMMANDS: dict[str, Command] = {
    "check": _on("check", "{file}"),
    "check, written out": _on("check", "{file}", written=True),
    "check --explain": _on("check", "--explain", "{file}"),
    **{f"check --format {name}": _on("check", "--format", name, "{file}") for name in ("json", "github", "sarif")},
    "check --format json --columns all": _on("check", "--format", "json", "--columns", "all", "{file}"),
    "check --batch 64": _on("check", "--batch", "64", "{file}"),
    "check --fits 8G": _on("check", "--fits", "8G", "{file}"),
    "check --fix, written out": _on("check", "--fix", "{file}", written=True),
    "check --pedantic": _on("check", "--pedantic", "{file}"),
    **{
        f"check --columns {name}": _on("check", "--columns", name, "{file}")
        for name in ("params", "trainable", "macs", "memory", "share", "rf", "jump", "start", "paths")
    },
    "check --sizes": _on("check", "--sizes", "64,96", "{file}"),
    "check --input 3xHxW": _on("check", "--input", "3xHxW", "{file}"),
    "why": _on("why", "{file}", "output"),
    "why --full": _on("why", "{file}", "output", "--full"),
    "why --format json": _on("why", "{file}", "output", "--format", "json"),
    "diff": _on("diff", "{file}", "{other}"),
    "diff --format json": _on("diff", "{file}", "{other}", "--format", "json"),
    "fmt --check, written out": _on("fmt", "--check", "{file}", written=True),
    "compile": _on("compile", "{file}"),
    "compile, written out": _on("compile", "{file}", written=True),
    "diagram --view stages": _on("diagram", "{file}", "--view", "stages", "-o", "-", "--format", "svg"),
    "diagram --view blocks": _on("diagram", "{file}", "--view", "blocks", "-o", "-", "--format", "svg"),
    "diagram": _on("diagram", "{file}", "-o", "-", "--format", "svg"),
    "diagram, written out": _on("diagram", "{file}", "-o", "-", "--format", "dot", written=True),
}


def texts(blocks: int) -> tuple[str, str]:
    """A chain with its blocks repeated, in stages; and one with its blocks written out, one of them different."""
    head = "input 3x32x32\nconv 16 k3 p1; relu\n"
    tail = "gap; fc 10\n"
    usual = RESIDUAL.format(kernel=3, padding=1)
    stages = "".join(f"stage s{i} {{\n repeat {blocks // 4} {{\n  {usual}\n }}\n}}\n" for i in range(4))
    written = [usual] * (blocks - 1) + [RESIDUAL.format(kernel=5, padding=2)]
    parts = ["\n  ".join(written[i * blocks // 4 : (i + 1) * blocks // 4]) for i in range(4)]
    return head + stages + tail, head + "".join(f"stage s{i} {{\n  {part}\n}}\n" for i, part in enumerate(parts)) + tail


def cpu_seconds(words: Sequence[str]) -> float:
    """The CPU seconds of a command in this process. Raises RuntimeError if it fails."""
    output = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    before = time.process_time()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(output):
        try:
            archdsl(list(words), standalone_mode=False)
            status: Any = 0
        except SystemExit as end:
            status = end.code
    seconds = time.process_time() - before
    if status not in (0, 1, None):
        output.seek(0)
        raise RuntimeError(f"{' '.join(words)} ended with {status}: {output.read()[:2000]}")
    return seconds


def exponent(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """The slope of the line that best fits the logarithms."""
    xs, ys = [math.log(size) for size in sizes], [math.log(max(each, 1e-3)) for each in seconds]
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / sum((a - x) ** 2 for a in xs)


def measure(name: str, folder: Path) -> dict[str, Any]:
    """The minimum seconds of a command at each size, and the exponent."""
    seconds = []
    for blocks in BLOCKS:
        repeated, written = folder / f"repeated{blocks}.arch", folder / f"written{blocks}.arch"
        words = COMMANDS[name](repeated, written)
        if blocks == BLOCKS[0]:
            cpu_seconds(words)  # imports
        seconds.append(min(cpu_seconds(words) for _ in range(ROUNDS)))
    return {"cpu_seconds": [round(each, 3) for each in seconds], "exponent": round(exponent(BLOCKS, seconds), 2)}


def main() -> int:
    """Print a table, and save the numbers."""
    publish = "--publish" in sys.argv
    names = [word for word in sys.argv[1:] if word != "--publish"] or list(COMMANDS)
    layers = [LAYERS_A_BLOCK * blocks for blocks in BLOCKS]
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for blocks in BLOCKS:
            for kind, text in zip(("repeated", "written"), texts(blocks), strict=True):
                (folder / f"{kind}{blocks}.arch").write_text(text, encoding="utf-8")
        width = max(map(len, names))
        print(f"{'CPU seconds by number of layers':{width}}  {'  '.join(f'{n:>7,}' for n in layers)}  exponent")
        for command in names:
            found[command] = measure(command, folder)
            took = "  ".join(f"{each:7.3f}" for each in found[command]["cpu_seconds"])
            print(f"{command:{width}}  {took}  {found[command]['exponent']:8.2f}", flush=True)
    result = {"benchmark": "growth", "machine": machine(), "layers": layers, "commands": found}
    target = Path(__file__).with_name("published") if publish else RESULTS
    target.mkdir(exist_ok=True)
    (target / "growth.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    worst = max(found, key=lambda each: found[each]["exponent"])
    met = found[worst]["exponent"] <= TARGET
    print(f"target: at most {TARGET}; {'met' if met else 'missed'}: {worst} has {found[worst]['exponent']:.2f}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
