"""The optional packages: which extra includes which, what is missing, and the command that installs it here."""

import importlib.util
import json
import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import Distribution

# importlib.metadata and urllib are imported only when something is missing: importing them takes longer than a check.

_TORCH = ("torch", "numpy", "safetensors")
_TRAIN = (*_TORCH, "pillow", "matplotlib", "pooch", "rich")

EXTRAS: dict[str, tuple[str, ...]] = {
    "torch": _TORCH,
    "train": _TRAIN,
    "export": (*_TRAIN, "onnx", "onnxruntime", "onnxscript"),
    "hf": (*_TRAIN, "huggingface-hub", "pyarrow"),
    "sweep": (*_TRAIN, "optuna"),
    "tokenizers": (*_TRAIN, "tokenizers"),
    "tensorboard": (*_TRAIN, "tensorboard"),
    "lsp": ("lsprotocol", "pygls"),
    "mcp": ("mcp",),
    "notebook": ("anywidget",),
    "pptx": ("python-pptx",),
}
"""The packages of each extra for users. pyproject.toml has their versions; a test compares the two."""

_MODULES = {
    "pillow": "PIL",
    "huggingface-hub": "huggingface_hub",
    "graphviz-pure": "graphviz_pure",
    "python-pptx": "pptx",
}
"""The import name of a package, if it differs from the package's name."""


class MissingPackages(ImportError):
    """A function of the Python interface whose packages are not installed. The message has the install command."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{needs(what, extra)}; run: {install_command(extra)}", name=next(iter(missing(extra)), None))
        self.what, self.extra = what, extra

    def __reduce__(self) -> tuple[type["MissingPackages"], tuple[str, str]]:
        return type(self), (self.what, self.extra)


def missing(extra: str) -> tuple[str, ...]:
    """The packages of an extra that cannot be imported."""
    return tuple(name for name in EXTRAS[extra] if not _importable(_MODULES.get(name, name)))


def require(what: str, extra: str, *, uses: tuple[str, ...] | None = None) -> None:
    """Raise MissingPackages if a package of the extra cannot be imported; `uses` limits the check to some of them."""
    if any(uses is None or package in uses for package in missing(extra)):
        raise MissingPackages(what, extra)


def needs(what: str, extra: str) -> str:
    """A sentence that says that `what` needs an extra, and which of its packages are missing."""
    gone = missing(extra)
    verb = "is" if len(gone) == 1 else "are"
    return f"{what} needs the extra `{extra}`: {', '.join(gone)} {verb} not installed"


def package_of(module: str) -> str:
    """The package that provides a module: `pillow` for `PIL.Image`."""
    top = module.partition(".")[0]
    return next((package for package, name in _MODULES.items() if name == top), top)


def install_command(extra: str | None) -> str:
    """The command that adds an extra to this environment; for None, the command that installs archdsl itself.

    It uses the program that created the environment (pip, uv, pipx), and the origin from which archdsl was installed
    (an index, a checkout, a repository, a file).
    """
    requirement = shlex.quote(_requirement(extra)) if not _editable() else f"-e {shlex.quote(_requirement(extra))}"
    prefix = Path(sys.prefix)
    if (prefix / "uv-receipt.toml").is_file():
        return f"uv tool install {requirement}"
    if (prefix / "pipx_metadata.json").is_file():
        return f"pipx install --force {requirement}"
    return f"{_installer()} {requirement}"


def _installer() -> str:
    """`pip install` if it is the pip of this Python, otherwise a command that installs into this Python."""
    if importlib.util.find_spec("pip") is None:
        return f"uv pip install --python {shlex.quote(sys.executable)}"
    pip = shutil.which("pip")
    if pip is not None and Path(pip).parent == Path(sys.executable).parent:
        return "pip install"
    return f"{shlex.quote(sys.executable)} -m pip install"


def _requirement(extra: str | None) -> str:
    """The requirement to install: `archdsl[train]`, or the checkout, repository or file with the extra."""
    brackets = f"[{extra}]" if extra is not None else ""
    origin = _origin()
    if origin is None:
        return f"{_checkout() or 'archdsl'}{brackets}"
    url = str(origin.get("url", ""))
    revision = origin.get("vcs_info")
    if isinstance(revision, dict):
        at = revision.get("requested_revision") or revision.get("commit_id", "")
        return f"archdsl{brackets} @ {revision.get('vcs', 'git')}+{url}" + (f"@{at}" if at else "")
    if "dir_info" in origin:
        return f"{_local_path(url)}{brackets}"
    return f"archdsl{brackets} @ {url}"


def _editable() -> bool:
    origin = _origin()
    if origin is None:
        return _checkout() is not None
    folder = origin.get("dir_info")
    return isinstance(folder, dict) and bool(folder.get("editable"))


def _origin() -> dict[str, object] | None:
    """Where archdsl was installed from, if not from an index (PEP 610's direct_url.json)."""
    distribution = _distribution()
    text = distribution.read_text("direct_url.json") if distribution is not None else None
    try:
        found = json.loads(text) if text else None
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _checkout() -> Path | None:
    """The checkout from which this package runs, if it is not installed."""
    root = Path(__file__).resolve().parent.parent
    return root if _distribution() is None and (root / "pyproject.toml").is_file() else None


def _distribution() -> "Distribution | None":
    from importlib import metadata

    try:
        return metadata.distribution("archdsl")
    except metadata.PackageNotFoundError:
        return None


def _local_path(url: str) -> str:
    from urllib.parse import unquote, urlsplit
    from urllib.request import url2pathname

    return url2pathname(unquote(urlsplit(url).path)) if re.match("file:", url) else url


def _importable(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):  # ValueError: a module that was set to None by hand
        return False
