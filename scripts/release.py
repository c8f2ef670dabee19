"""Check whether a release can be made: metadata, distributions, and an installation on each supported Python.

    python scripts/release.py              every check; prints what fails and what could not be tried
    python scripts/release.py --metadata   the metadata only, without building anything

Exits with 1 if a check fails. It uploads nothing. The packages `build` and `twine` come with the extra `release`.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]

_PLACEHOLDERS = re.compile(r"(^|\.)(invalid|test|localhost|example(\.(com|net|org))?)$")
"""Hosts that RFC 2606 reserves: a URL there leads nowhere."""
_MANIFESTS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "editors/tree-sitter-arch/tree-sitter.json": (("metadata", "version"),),
    "editors/vscode/package.json": (("version",),),
    "editors/vscode/package-lock.json": (("version",), ("packages", "", "version")),
    "editors/zed/Cargo.toml": (("package", "version"),),
    "editors/zed/extension.toml": (("version",),),
    "web/package.json": (("version",),),
    "web/package-lock.json": (("version",), ("packages", "", "version")),
}
"""What the editors' extensions and the web pages declare, and the keys of the version there."""
_COMMANDS = (
    ("--version",),
    ("check", "-e", "input 3x32x32; conv 8 k3; relu; flatten; fc 10"),
    ("check", "zoo:resnet18"),
    ("diagram", "zoo:lenet5", "-o", "lenet5.svg"),
    ("compile", "zoo:lenet5", "-o", "lenet5.py"),
    ("explain", "E0301"),
)
"""What an installation of the core must be able to do."""


def project(root: Path) -> dict[str, Any]:
    """The table `project` of pyproject.toml."""
    found = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert isinstance(found, dict)
    return found


def version(root: Path) -> str:
    """The version that archdsl/version.py defines."""
    found = re.search(r'^__version__ = "(.+)"$', (root / "archdsl" / "version.py").read_text(encoding="utf-8"), re.M)
    assert found is not None
    return found[1]


def problems(root: Path) -> Iterator[str]:
    """What the metadata lacks for a release, one sentence each."""
    yield from _placeholders(root)
    yield from _versions(root)
    yield from _classifiers(root)


def _placeholders(root: Path) -> Iterator[str]:
    urls = dict(project(root).get("urls", {}))
    if not urls:
        yield "pyproject.toml has no project URLs"
    for name, url in urls.items():
        if is_placeholder(url):
            yield f"pyproject.toml: the URL `{name}` is a placeholder: {url}"
    for name, url in re.findall(r"^([\w-]+): (https?://\S+)$", _read(root, "CITATION.cff"), re.M):
        if is_placeholder(url):
            yield f"CITATION.cff: `{name}` is a placeholder: {url}"


def is_placeholder(url: str) -> bool:
    """Whether a URL leads nowhere."""
    host = urlsplit(url).hostname or ""
    return not host or bool(_PLACEHOLDERS.search(host))


def _versions(root: Path) -> Iterator[str]:
    here = version(root)
    if not re.fullmatch(r"\d+\.\d+\.\d+", here):
        yield f"{here} is not the version of a release, such as 1.2.3"
    cited = re.search(r"^version: (.+)$", _read(root, "CITATION.cff"), re.M)
    if cited is None or cited[1] != here:
        yield f"CITATION.cff has version {cited[1] if cited else 'none'}, not {here}"
    for name, found in manifest_versions(root):
        if found != here:
            yield f"{name} has version {found}, not {here}"
    for page in sorted((root / "docs").rglob("*.md")):
        for shown in re.findall(r"\brev: v(\S+)|archdsl@v(\S+)", page.read_text(encoding="utf-8")):
            if "".join(shown) != here:
                yield f"{page.relative_to(root).as_posix()} shows version {''.join(shown)}, not {here}"
    sections = re.findall(r"^## (.+)$", _read(root, "CHANGELOG.md"), re.M)
    if here not in [section.split(" ")[0] for section in sections]:
        yield f"CHANGELOG.md has no section {here}"
    _, _, after = _read(root, "CHANGELOG.md").partition("\n## Unreleased\n")
    if after.partition("\n## ")[0].strip():
        yield f"CHANGELOG.md has changes under Unreleased: move them to {here}"


def manifest_versions(root: Path) -> Iterator[tuple[str, str]]:
    """The versions in the manifests of the editors' extensions and of the web pages, each with its file."""
    for name, places in _MANIFESTS.items():
        text = (root / name).read_text(encoding="utf-8")
        manifest: Any = json.loads(text) if name.endswith(".json") else tomllib.loads(text)
        for keys in places:
            found = manifest
            for key in keys:
                found = found[key]
            yield name, str(found)


def _classifiers(root: Path) -> Iterator[str]:
    try:
        from trove_classifiers import classifiers
    except ImportError:
        return
    for each in project(root)["classifiers"]:
        if each not in classifiers:
            yield f"pyproject.toml: there is no classifier `{each}`"


def _read(root: Path, name: str) -> str:
    path = root / name
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def supported(root: Path) -> list[str]:
    """The Python versions of the classifiers: `["3.11", …]`."""
    return [each.rpartition(" ")[2] for each in project(root)["classifiers"] if re.search(r":: 3\.\d+$", each)]


def interpreter(minor: str) -> str | None:
    """A Python of this version: the current one, or one on the PATH, from uv or from pyenv; None if there is none."""
    if minor == "{}.{}".format(*sys.version_info):
        return sys.executable
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"
    found = [shutil.which(f"python{minor}"), *map(str, sorted(pyenv.glob(f"{minor}.*/bin/python"), reverse=True))]
    if uv := shutil.which("uv"):
        found.append(subprocess.run([uv, "python", "find", minor], capture_output=True, text=True).stdout.strip())
    return next((each for each in found if each and _is_version(each, minor)), None)


def _is_version(python: str, minor: str) -> bool:
    """Whether a Python runs, and is of this version: a shim of pyenv exists for versions that are not installed."""
    ask = [python, "-c", "import sys; print('{}.{}'.format(*sys.version_info))"]
    done = subprocess.run(ask, capture_output=True, text=True, check=False)
    return done.returncode == 0 and done.stdout.strip() == minor


class Failed(Exception):
    """A command that a release needs has failed; the message is its output."""


def run(command: Sequence[str], folder: Path) -> str:
    """The output of a command. Raises Failed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failed(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def build(root: Path, output: Path) -> list[Path]:
    """Build the sdist, and the wheel from it, and let twine check both."""
    run([sys.executable, "-m", "build", "--outdir", str(output), str(root)], output)
    found = sorted([*output.glob("*.whl"), *output.glob("*.tar.gz")])
    run([sys.executable, "-m", "twine", "check", "--strict", *map(str, found)], output)
    return found


def try_out(python: str, distribution: Path, folder: Path) -> None:
    """Install a distribution alone into a new environment, and use its core."""
    run([python, "-m", "venv", "venv"], folder)
    programs = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    run([str(programs / "python"), "-m", "pip", "install", "--quiet", str(distribution)], folder)
    for command in _COMMANDS:
        run([str(programs / "archdsl"), *command], folder)


def distributions(root: Path) -> bool:
    """Build, and install on every supported Python that this machine has. Prints the results; False if one failed."""
    with tempfile.TemporaryDirectory() as name:
        output = Path(name)
        try:
            built = build(root, output)
        except Failed as error:
            print(f"FAILED  {error}")
            return False
        print(f"ok      built and checked with twine: {', '.join(path.name for path in built)}")
        results = [_installed(minor, path, output) for minor in supported(root) for path in built]
        return all(results)


def _installed(minor: str, distribution: Path, output: Path) -> bool:
    python = interpreter(minor)
    if python is None:
        print(f"untried Python {minor}, {distribution.name}: this Python is not installed here")
        return True
    folder = Path(tempfile.mkdtemp(dir=output))
    try:
        try_out(python, distribution, folder)
    except Failed as error:
        print(f"FAILED  Python {minor}, {distribution.name}: {error}")
        return False
    print(f"ok      Python {minor}, {distribution.name}: installed, and the core works")
    return True


def main(words: Sequence[str] | None = None) -> int:
    """Print what prevents a release, and return the exit status."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--metadata", action="store_true", help="check the metadata only")
    parser.add_argument("--root", type=Path, default=ROOT, help="the project's folder")
    options = parser.parse_args(words)
    found = list(problems(options.root))
    for problem in found:
        print(f"FAILED  {problem}")
    works = options.metadata or distributions(options.root)
    print(f"{version(options.root)} can be released" if works and not found else "no release can be made yet")
    return int(bool(found) or not works)


if __name__ == "__main__":
    sys.exit(main())
