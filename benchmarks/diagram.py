"""Time of `archdsl diagram` for ResNet-152 in a fresh process, compared with torchview and Keras if they are installed.

The targets: the view `layers` in 1.5 s, and `stages` in 0.4 s. Exits with status 1 if one is missed.
"""

import importlib.util
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from _harness import compare, process, report, script

NETWORK = "zoo:resnet152"
LAYERS, STAGES = "archdsl, layers", "archdsl, stages"
TARGETS = {LAYERS: 1500, STAGES: 400}
TORCHVIEW = Path(__file__).with_name("_torchview_resnet152.py")
KERAS = Path(__file__).with_name("_keras_resnet152.py")


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder, "resnet152.svg")
        draw = (script("archdsl"), "diagram", NETWORK, "-o", picture)
        contenders: dict[str, Callable[[], None]] = {
            STAGES: process(*draw, "--view", "stages"),
            "archdsl, blocks": process(*draw, "--view", "blocks"),
            "archdsl, volumes": process(*draw, "--view", "volumes"),
            LAYERS: process(*draw),
            "archdsl, layers, unfolded": process(*draw, "--no-fold"),
        }
        if importlib.util.find_spec("torchview"):
            contenders["torchview"] = process(sys.executable, TORCHVIEW, picture)
        if importlib.util.find_spec("keras") and importlib.util.find_spec("pydot") and shutil.which("dot"):
            contenders["Keras' plot_model"] = process(sys.executable, KERAS, picture)
        timings = compare(contenders)
    report("diagram", timings)
    missed = [timing.name for timing in timings if timing.median_ms > TARGETS.get(timing.name, float("inf"))]
    for name, target in TARGETS.items():
        print(f"target: {name} in {target} ms; {'missed' if name in missed else 'met'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
