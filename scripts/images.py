"""Render the diagrams in docs/images, which the README and the pages show.

python scripts/images.py            render them
python scripts/images.py --check    exit with 1 if one is out of date
"""

import argparse
import shlex
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from click.testing import CliRunner

from archdsl.cli import main as archdsl

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "images"
COMMANDS: Mapping[str, str] = {
    "lenet5": "zoo:lenet5",
    "lenet5_volumes": "zoo:lenet5 --view volumes --theme auto",
    "resnet50": "zoo:resnet50 --for readme --theme auto",
    "unet": "zoo:unet --view unet --theme auto",
}
"""The arguments of `archdsl diagram` for each image."""


def rendered(name: str) -> bytes:
    """An image, as `archdsl diagram` writes it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{name}.svg")
        done = CliRunner().invoke(archdsl, ["diagram", *shlex.split(COMMANDS[name]), "-o", str(path)])
        if done.exit_code:
            raise SystemExit(f"{name}: {done.output}")
        return path.read_bytes()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only compare")
    check = parser.parse_args().check
    old = [name for name in COMMANDS if not (FOLDER / f"{name}.svg").is_file()]
    old += [name for name in COMMANDS if name not in old and (FOLDER / f"{name}.svg").read_bytes() != rendered(name)]
    for name in old:
        print(f"{name}.svg {'is out of date' if check else 'rendered'}")
        if not check:
            (FOLDER / f"{name}.svg").write_bytes(rendered(name))
    return int(check and bool(old))


if __name__ == "__main__":
    sys.exit(main())
