"""How time and memory grow with the number of layers: parsing, elaborating and counting residual blocks.

    python benchmarks/scale.py

Each size runs in a fresh process; the memory is the process's peak minus that of one with ten layers. With linear
growth, microseconds and bytes per layer are constant.
"""

import json
import subprocess
import sys
from statistics import median

from _harness import RESULTS

SIZES = (1_000, 10_000, 100_000)
ROUNDS = 5
BLOCK = "residual { conv 64 k3 p1 nobias; bn; relu; conv 64 k3 p1 nobias; bn }; relu"
LAYERS_A_BLOCK = 7

CHILD = """
import resource, sys, time
from archdsl.diagnostics import Sink
from archdsl.network import analyze
from archdsl.text.source import Source
analyze(Source("input 3x8x8; conv 3 k3"), Sink())
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.perf_counter()
sink = Sink()
network = analyze(Source(sys.stdin.read()), sink).checked()
total = network.costs.total
seconds = time.perf_counter() - start
assert not sink.errors, list(sink)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(len(network.graph.layers), seconds, (peak - before) * 1024)
"""


def measure(layers: int) -> tuple[int, float, float]:
    """Number of layers, seconds, and bytes of one fresh process."""
    text = f"input 64x32x32\nrepeat {layers // LAYERS_A_BLOCK} {{ {BLOCK} }}\n"
    done = subprocess.run([sys.executable, "-c", CHILD], input=text, capture_output=True, text=True, check=True)
    made, seconds, memory = done.stdout.split()
    return int(made), float(seconds), float(memory)


def main() -> None:
    """Print a table and save the numbers."""
    rows = []
    for layers in SIZES:
        runs = [measure(layers) for _ in range(ROUNDS)]
        made, seconds, memory = runs[0][0], median(run[1] for run in runs), median(run[2] for run in runs)
        rows.append({"layers": made, "seconds": seconds, "bytes": memory})
        rates = f"{seconds / made * 1e6:6.1f} µs and {memory / made:6.0f} bytes a layer"
        print(f"{made:>8,} layers  {seconds:7.3f} s  {memory / 2**20:7.1f} MiB  {rates}", flush=True)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "scale.json").write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
