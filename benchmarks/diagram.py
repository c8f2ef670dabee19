"""Time of `archdsl diagram` in a fresh process, compared with the imports that it cannot avoid, and with its peers.

For ResNet-152, torchview and Keras are compared if they are installed; DenseNet-121 as PNG is the largest figure of
the zoo that fits a page. The targets are ratios to `python -c "import lark, click"`, so that they hold on a slow or a
busy machine. Exits with status 1 if one is missed.
"""

import importlib.util
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from _harness import compare, process, report, script

NETWORK = "zoo:resnet152"
LAYERS, STAGES, PNG = "archdsl, layers", "archdsl, stages", "archdsl, densenet121 as PNG"
TARGETS = {STAGES: 5.0, LAYERS: 10.0, PNG: 50.0}
"""With 60 ms for the imports: 0.3 s, 0.6 s and 3 s."""
TORCHVIEW = Path(__file__).with_name("_torchview_resnet152.py")
KERAS = Path(__file__).with_name("_keras_resnet152.py")


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        figure, pixels = Path(folder, "resnet152.svg"), Path(folder, "densenet121.png")
        draw = (script("archdsl"), "diagram", NETWORK, "-o", figure)
        contenders: dict[str, Callable[[], None]] = {
            "import lark, click": process(sys.executable, "-c", "import lark, click"),
            STAGES: process(*draw, "--view", "stages"),
            "archdsl, blocks": process(*draw, "--view", "blocks"),
            "archdsl, volumes": process(*draw, "--view", "volumes"),
            LAYERS: process(*draw),
            "archdsl, layers, unfolded": process(*draw, "--no-fold"),
            "archdsl, HTML": process(script("archdsl"), "diagram", NETWORK, "-o", Path(folder, "resnet152.html")),
            PNG: process(script("archdsl"), "diagram", "zoo:densenet121", "-o", pixels),
        }
        if importlib.util.find_spec("torchview"):
            contenders["torchview"] = process(sys.executable, TORCHVIEW, figure)
        if importlib.util.find_spec("keras") and importlib.util.find_spec("pydot") and shutil.which("dot"):
            contenders["Keras' plot_model"] = process(sys.executable, KERAS, figure)
        timings = compare(contenders)
    report("diagram", timings)
    missed = [timing.name for timing in timings if timing.ratio > TARGETS.get(timing.name, float("inf"))]
    for name, target in TARGETS.items():
        print(f"target: {name} in {target:g} times the imports; {'missed' if name in missed else 'met'}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
