"""Build what the site's interactive pages load, in build/web: the worker with Python and archdsl, and the playground.

    python scripts/web.py            needs Node.js with npm; `make site` runs it

Everything comes from the package registries, at the versions in web/package-lock.json and constraints.txt. The pages
load nothing from other servers.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from importlib.metadata import distribution
from pathlib import Path

from archdsl.browser.json_values import plain
from archdsl.highlight.rules import states

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
BUILD = ROOT / "build"
PACKAGES = BUILD / "web-packages"
RULES = BUILD / "web-lexer.json"
NEEDED = ("lark",)
"""The packages that archdsl imports in a browser, besides itself."""
LEFT_OUT = ("agents", "cli", "explain", "importing", "integrations", "lsp", "training")
"""The parts of archdsl that need more than a browser has."""


def main() -> int:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        print("the interactive pages need Node.js 20 or newer with npm", file=sys.stderr)
        return 1
    _write_packages()
    RULES.write_text(json.dumps(plain(states())), encoding="utf-8")
    return _install(npm) or subprocess.call([node, "build/site.mjs", str(PACKAGES), str(RULES)], cwd=WEB)


def _install(npm: str) -> int:
    """Install the packages of the lock file, unless they are."""
    stamp = WEB / "node_modules" / ".archdsl-lock"
    digest = hashlib.sha256((WEB / "package-lock.json").read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == digest:
        return 0
    status = subprocess.call([npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=WEB)
    if status:
        print("npm cannot install the packages of web/package-lock.json: see its output above", file=sys.stderr)
        return status
    stamp.write_text(digest)
    return 0


def _write_packages() -> None:
    """The folder of the Python packages: archdsl's wheel without the parts that need more, and what it imports."""
    shutil.rmtree(PACKAGES, ignore_errors=True)
    PACKAGES.mkdir(parents=True)
    wheels = BUILD / "web-wheel"
    shutil.rmtree(wheels, ignore_errors=True)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    (wheel,) = wheels.glob("*.whl")
    left_out = tuple(f"archdsl/{name}/" for name in LEFT_OUT)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(PACKAGES, [name for name in archive.namelist() if not name.startswith(left_out)])
    for name in NEEDED:
        _copy(name)


def _copy(name: str) -> None:
    """The files of an installed package, with its metadata."""
    found = distribution(name)
    for file in found.files or ():
        if ".." not in file.parts and "__pycache__" not in file.parts:
            to = PACKAGES / file
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(found.locate_file(file)), to)


if __name__ == "__main__":
    sys.exit(main())
