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
from collections.abc import Callable
from importlib.metadata import distribution, version
from pathlib import Path

from archdsl.browser.json_values import plain
from archdsl.highlight.rules import states

ROOT = Path(__file__).resolve().parent.parent
WEB = ROOT / "web"
BUILD = ROOT / "build"
PACKAGES = BUILD / "web-packages"
TRAINING = BUILD / "web-training"
RULES = BUILD / "web-lexer.json"
NEEDED = ("lark",)
"""The packages that archdsl imports in a browser, besides itself."""
LEFT_OUT = ("agents", "cli", "explain", "importing", "integrations", "lsp", "training")
"""The parts of archdsl that need more than a browser provides."""
RECIPES = ("__init__.py", "duration.py", "network_check.py", "data/", "errors/", "recipe/", "tasks/")
"""The parts of `archdsl/training/` that check a `train` block. A page loads them when a text has one."""
RECIPES_NEED = ("annotated-types", "pydantic", "typing-extensions", "typing-inspection")
COMPILED = ("pydantic-core",)
"""Compiled packages that these parts need; PyPI has pydantic-core compiled for Pyodide."""


def main() -> int:
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        print("the interactive pages need Node.js 20 or newer with npm", file=sys.stderr)
        return 1
    wheel = _wheel()
    _write_packages(wheel)
    if status := _install(npm) or _write_training(wheel):
        return status
    RULES.write_text(json.dumps(plain(states())), encoding="utf-8")
    return subprocess.call([node, "build/site.mjs", str(PACKAGES), str(TRAINING), str(RULES)], cwd=WEB)


def _install(npm: str) -> int:
    """Install the packages of the lock file, unless they are installed."""
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


def _wheel() -> Path:
    """Build archdsl's wheel."""
    wheels = BUILD / "web-wheel"
    shutil.rmtree(wheels, ignore_errors=True)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(wheels)]
    subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    (wheel,) = wheels.glob("*.whl")
    return wheel


def _write_packages(wheel: Path) -> None:
    """Write the folder of the Python packages: archdsl's wheel without `LEFT_OUT`, and the packages that it imports."""
    left_out = tuple(f"archdsl/{name}/" for name in LEFT_OUT)
    _extract(wheel, PACKAGES, lambda name: not name.startswith(left_out))
    for name in NEEDED:
        _copy(name, PACKAGES)


def _write_training(wheel: Path) -> int:
    """Write the folder of the parts that check `train` blocks; return the status of pip, which downloads compiled
    packages.
    """
    parts = tuple(f"archdsl/training/{name}" for name in RECIPES)
    _extract(wheel, TRAINING, lambda name: name.startswith(parts))
    for name in RECIPES_NEED:
        _copy(name, TRAINING)
    for name in COMPILED:
        wheels = BUILD / "web-compiled" / f"{name}-{version(name)}"
        if not list(wheels.glob("*.whl")) and (status := _download(f"{name}=={version(name)}", wheels)):
            return status
        (found,) = wheels.glob("*.whl")
        with zipfile.ZipFile(found) as archive:
            archive.extractall(TRAINING)
    return 0


def _download(requirement: str, folder: Path) -> int:
    """Download a wheel for the Pyodide of web/package-lock.json."""
    info = json.loads((WEB / "node_modules" / "pyodide" / "pyodide-lock.json").read_text(encoding="utf-8"))["info"]
    python = "".join(info["python"].split(".")[:2])
    options = ["--no-deps", "--only-binary=:all:", "--implementation=cp", f"--python-version={python}"]
    tags = [f"--abi=cp{python}", f"--platform=pyemscripten_{info['abi_version']}_{info['arch']}"]
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-input"]
    status = subprocess.call([*pip, *options, *tags, "--dest", str(folder), requirement])
    if status:
        print(f"pip cannot download {requirement} for Pyodide: see its output above", file=sys.stderr)
    return status


def _extract(wheel: Path, folder: Path, is_wanted: Callable[[str], bool]) -> None:
    """The wanted files of a wheel, in an empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder, [name for name in archive.namelist() if is_wanted(name)])


def _copy(name: str, folder: Path) -> None:
    """The files of an installed package, with its metadata."""
    found = distribution(name)
    for file in found.files or ():
        if ".." not in file.parts and "__pycache__" not in file.parts:
            to = folder / file
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(found.locate_file(file)), to)


if __name__ == "__main__":
    sys.exit(main())
