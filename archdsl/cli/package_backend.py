"""`compile --to PACKAGE:BACKEND`: a backend of a package that the command names."""

from collections.abc import Callable
from typing import Any

from ..graph import Graph
from ..packages.failures import PackageError, PackageFailed, described
from ..packages.package_loading import load_package
from ..text.names import nearest
from ..text.package_names import wanted_package
from .allowing import allow_too
from .common import usage


def find_backend(target: str) -> Callable[[Graph], bytes]:
    """The backend, whose package the text may use as well. Exits with 2 if there is none."""
    package, _, name = target.partition(":")
    wanted = wanted_package(package)
    if wanted is None or not name:
        usage(f"--to {target}: write PACKAGE:BACKEND")
    try:
        found = load_package(wanted)
        if name not in found.backends:
            near = nearest(name, found.backends)
            hint = f"; did you mean `{found.name}:{near}`?" if near else _listed(found.name, found.backends)
            usage(f"--to {target}: package `{found.name}` has no backend `{name}`{hint}")
        backend = found.backends[name]()
    except PackageError as error:
        usage(f"--to {target}: package `{package}`: {error}")
    if not callable(backend):
        usage(f"--to {target}: package `{found.name}`: `{name}` is not a function")
    allow_too(package)
    return lambda graph: _output(found.name, name, backend, graph)


def _listed(package: str, names: Any) -> str:
    return f"; it has {', '.join(f'`{package}:{each}`' for each in names)}" if names else ""


def _output(package: str, name: str, backend: Callable[[Graph], Any], graph: Graph) -> bytes:
    """What a backend returns, as bytes. Raises PackageFailed."""
    try:
        found = backend(graph)
    except Exception as error:
        raise PackageFailed(package, f"the backend `{name}` failed: {described(error)}") from error
    if isinstance(found, str):
        return found.encode()
    if not isinstance(found, bytes):
        raise PackageFailed(package, f"the backend `{name}` returned {type(found).__name__}, not str or bytes")
    return found
