"""Figures of VGG-16 and ResNet-50 by archdsl and by tools that people use today, if they are installed.

These are torchview, torchvista, Keras' plot_model and visualkeras. For each, it measures how many of the network's
edges the figure shows, how many it shows that the network does not have, its smallest text in a column of 85 mm, and
for ResNet-50 the time in a fresh process, which includes making the network. Exits with status 1 if archdsl's figure
lacks an edge, shows a wrong one, or has text below 6 points.
"""

import importlib.util
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

from _harness import RESULTS, compare, machine, process

TOOL = Path(__file__).with_name("_figure_tools.py")
NETWORKS = ("vgg16", "resnet50")
PACKAGES = {
    "archdsl": ("archdsl",),
    "torchview": ("torchview",),
    "torchvista": ("torchvista", "IPython"),
    "plot_model": ("keras", "pydot"),
    "visualkeras": ("visualkeras", "keras"),
}


def main() -> int:
    installed = [tool for tool, needs in PACKAGES.items() if all(map(importlib.util.find_spec, needs))]
    with tempfile.TemporaryDirectory() as folder:
        found = {name: {tool: measured(tool, name, folder) for tool in installed} for name in NETWORKS}
        work = [tool for tool in installed if all("failed" not in found[name][tool] for name in NETWORKS)]
        timings = compare(
            {tool: process(sys.executable, TOOL, tool, "resnet50", folder, "--only-draw") for tool in work}
        )
    for timing in timings:
        found["resnet50"][timing.name] |= {"median_ms": round(timing.median_ms), "ratio": round(timing.ratio, 1)}
    versions = {tool: version(PACKAGES[tool][0]) for tool in installed}
    result = {"benchmark": "figure_peers", "machine": machine(), "versions": versions, "networks": found}
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "figure_peers.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    for name, tools in found.items():
        for tool, values in tools.items():
            print(
                f"{name:9} {tool:12} {versions[tool]:8} " + ", ".join(f"{key} {value}" for key, value in values.items())
            )
    ours = [found[name]["archdsl"] for name in NETWORKS]
    return int(any(each["shown"] < each["edges"] or each["wrong"] or each["smallest_text_pt"] < 6 for each in ours))


def measured(tool: str, name: str, folder: str) -> dict[str, Any]:
    """What one figure shows, or the last line of the tool's error."""
    command = [sys.executable, str(TOOL), tool, name, folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"failed": done.stderr.strip().splitlines()[-1]}
    values: Mapping[str, Any] = json.loads(Path(folder, "measured.json").read_text(encoding="utf-8"))
    return dict(values)


if __name__ == "__main__":
    sys.exit(main())
