"""Time of `archdsl check` in a fresh process, compared with the imports that it cannot avoid, and with torchinfo.

The target is at most 2.5 times `python -c "import lark, click"`. Exits with status 1 if it is missed.
"""

import sys
from pathlib import Path

from _harness import ROOT, compare, process, report, script

TARGET = 2.5
NETWORK = ROOT / "examples" / "zoo" / "vgg.arch"  # vgg16_bn by default
TORCHINFO = Path(__file__).with_name("_torchinfo_vgg16_bn.py")


def main() -> int:
    timings = compare(
        {
            "import lark, click": process(sys.executable, "-c", "import lark, click"),
            "archdsl check vgg16_bn": process(script("archdsl"), "check", NETWORK),
            "archdsl check zoo:resnet152": process(script("archdsl"), "check", "zoo:resnet152"),
            "torchinfo, meta device": process(sys.executable, TORCHINFO, "meta"),
            "torchinfo": process(sys.executable, TORCHINFO),
        }
    )
    report("startup", timings)
    ratio = max(timing.ratio for timing in timings[1:3])
    print(f"target: at most {TARGET}; {'met' if ratio <= TARGET else 'missed'} with {ratio:.2f}")
    return 0 if ratio <= TARGET else 1


if __name__ == "__main__":
    sys.exit(main())
