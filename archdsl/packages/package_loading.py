"""Load a package by its entry points. Only the named package is looked up, and only its code is imported.

`importlib.metadata` is imported here, not at the top of a module that every command loads: it takes a fifth of the time
of a check.
"""

import re
import sys
from collections.abc import Callable, Iterable, Mapping
from contextlib import redirect_stdout
from functools import cache, partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ..contract.layer import Layer, LayerOp
from ..diagnostics import Diagnostic, Severity
from ..layers import find, merges
from ..layers.merge import MergeOp
from ..syntax.tokens import KEYWORDS, MERGE_NAMES, MOE_WORD, SCAN_WORDS
from ..text.docstrings import docstring
from ..text.names import nearest
from ..text.package_names import RequiredPackage, is_older, normalized
from .failures import PackageError, described
from .guarded_layer import REQUIRED, guarded
from .package import Package, PackageLint

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUPS = ("archdsl.layers", "archdsl.lints", "archdsl.datasets", "archdsl.tasks", "archdsl.backends")
"""The entry points of an extension."""
OTHER_GROUPS = ("archdsl.loggers",)
"""Entry points of archdsl that do not extend the language."""

_KEYWORD = re.compile(r"[a-z][a-z0-9_]*")
_CODE = re.compile(r"[A-Z]{2,}[0-9]{2,4}")
_WORDS = KEYWORDS | MERGE_NAMES | {MOE_WORD, *SCAN_WORDS}


def load_package(wanted: RequiredPackage) -> Package:
    """The installed package with this name. Raises PackageError. It is loaded once in a process."""
    package = _package(normalized(wanted.name))
    if wanted.least is not None and is_older(package.version, wanted.least):
        raise PackageError(f"version {package.version} is installed, but the file requires {wanted.least} or newer")
    return package


@cache
def _package(name: str) -> Package:
    from importlib import metadata

    try:
        distribution = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        raise PackageError("no package with this name is installed in archdsl's environment") from None
    points: dict[str, dict[str, EntryPoint]] = {group: {} for group in GROUPS}
    for point in distribution.entry_points:
        if point.group in points:
            points[point.group][point.name] = point
        elif point.group in OTHER_GROUPS or not point.group.startswith("archdsl"):
            continue
        elif near := nearest(point.group, GROUPS):
            raise PackageError(f"there is no entry point group `{point.group}`; did you mean `{near}`?")
    if not any(points.values()):
        raise PackageError("it is installed, but does not extend archdsl: it has no archdsl entry points")
    layers, lints, datasets, tasks, backends = (points[group] for group in GROUPS)
    return Package(
        name=distribution.metadata["Name"],
        version=distribution.version,
        layers=_by_word(name, [_layer(point) for point in layers.values()]),
        lints=tuple(_lint(point) for point in lints.values()),
        datasets=_loaders(datasets),
        tasks=_loaders(tasks),
        backends=_loaders(backends),
    )


def _loaders(points: "Mapping[str, EntryPoint]") -> dict[str, Callable[[], Any]]:
    return {name: partial(_loaded, point) for name, point in points.items()}


def _loaded(point: "EntryPoint") -> Any:
    """What an entry point refers to. What the package prints meanwhile goes to standard error."""
    try:
        with redirect_stdout(sys.stderr):
            return point.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a module may also call sys.exit
        raise PackageError(f"`{point.value}` cannot be loaded: {described(error)}") from error


def _layer(point: "EntryPoint") -> type[LayerOp]:
    """The layer of an entry point, whose name must be the layer's keyword. Raises PackageError."""
    layer = _loaded(point)
    if not isinstance(layer, type) or not issubclass(layer, LayerOp) or issubclass(layer, MergeOp):
        raise PackageError(f"`{point.value}` is not a subclass of `Layer`")
    if layer.keyword != point.name:
        why = f"the entry point `{point.name}` is a layer with the keyword `{layer.keyword}`: both need the same name"
        raise PackageError(why)
    base: type[LayerOp] = Layer if issubclass(layer, Layer) else LayerOp
    if lacking := [name for name in REQUIRED[base] if getattr(layer, name) is getattr(base, name)]:
        raise PackageError(f"the layer `{layer.keyword}` does not implement `{'`, `'.join(lacking)}`")
    if not docstring(layer).strip():
        raise PackageError(f"the layer `{layer.keyword}` has no docstring")
    return layer


def _by_word(package: str, layers: Iterable[type[LayerOp]]) -> dict[str, type[LayerOp]]:
    """The layers by keyword and synonym, with their errors contained. Raises PackageError for a word already in use."""
    found: dict[str, type[LayerOp]] = {}
    for layer in layers:
        safe = guarded(layer, package)
        for word in (layer.keyword, *layer.synonyms):
            if not _KEYWORD.fullmatch(word):
                raise PackageError(f"`{word}` cannot be the name of a layer: use lowercase letters, digits and `_`")
            if word in _WORDS or word in merges() or find(word) is not None:
                raise PackageError(f"it declares a layer `{word}`, which is a word of the language")
            if word in found:
                raise PackageError(f"it declares two layers `{word}`")
            found[word] = safe
    return found


def _lint(point: "EntryPoint") -> PackageLint:
    """The lint of an entry point: a module with `find` and one diagnostic. Raises PackageError."""
    module = _loaded(point)
    if not isinstance(module, ModuleType) or not callable(getattr(module, "find", None)):
        raise PackageError(f"`{point.value}` is not a module with a function `find`")
    kinds = [value for value in vars(module).values() if isinstance(value, type) and issubclass(value, Diagnostic)]
    own = [kind for kind in kinds if "code" in vars(kind)]
    if len(own) != 1:
        raise PackageError(f"`{point.value}` defines {len(own)} diagnostics with a code, not one")
    (kind,) = own
    if not _CODE.fullmatch(kind.code):
        raise PackageError(f"the code `{kind.code}` must be two or more capital letters and two to four digits")
    if kind.severity is not Severity.WARNING:
        raise PackageError(f"{kind.code} must be a warning: `severity = Severity.WARNING`")
    return PackageLint(kind=kind, find=module.find)
