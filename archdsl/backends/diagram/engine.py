"""Render DOT with the renderer that is installed with the package, or with Graphviz's `dot` for other formats.

The embedded renderer is preferred, because it writes the same bytes on every machine.
"""

import os
import shutil
import sys
import sysconfig
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import cast

EMBEDDED = "graphviz-pure"
EMBEDDED_FORMATS = frozenset({"svg", "png", "json"})

Renderer = Callable[[str, str], bytes]
"""Renders a DOT program in a format. Raises CannotDraw, Failed."""

_LOCK = threading.Lock()
_registered: list[Renderer] = []


class CannotDraw(Exception):
    """The diagram cannot be rendered; the message gives the reason and a suggestion."""


class Failed(CannotDraw):
    """The renderer failed on this diagram; another arrangement may succeed."""


def register_renderer(render: Renderer) -> None:
    """Render with this function instead of a program: a browser has no processes."""
    _registered[:] = [render]


def draw(dot: str, format: str, dpi: int | None = None, *, fixed: bool = False) -> bytes:
    """Render a DOT program in a format; `fixed` keeps its positions. Raises CannotDraw, Failed."""
    if _registered:
        return _registered[0](dot, format)
    import graphviz  # type: ignore[import-untyped]  # it has no types

    renderer = _renderer(format)
    if dpi is not None:
        dot = dot.replace("{", f"{{\n  graph [dpi={dpi}]", 1)
    try:
        with _using(renderer):
            settings = {"engine": "neato", "neato_no_op": 2} if fixed else {"engine": "dot"}
            return cast(bytes, graphviz.pipe(format=format, data=dot.encode(), quiet=True, **settings))
    except graphviz.ExecutableNotFound:
        raise CannotDraw(f"{renderer} cannot be run") from None
    except OSError as error:  # a system without processes, or a file that is not a program
        raise CannotDraw(f"{renderer} cannot be run: {error.strerror or error}") from None
    except graphviz.CalledProcessError as error:
        message = (error.stderr or b"").decode(errors="replace").strip()
        raise Failed(f"{renderer.name} failed: {message or f'exit status {error.returncode}'}") from error


def _renderer(format: str) -> Path:
    if format in EMBEDDED_FORMATS and (installed := embedded()):
        return installed
    if system := shutil.which("dot"):
        return Path(system)
    if format in EMBEDDED_FORMATS:
        if sys.platform == "emscripten":
            raise CannotDraw("a browser cannot run the program that renders diagrams: use archdsl outside the browser")
        raise CannotDraw(f"the renderer {EMBEDDED} is missing: install the package {EMBEDDED}, or Graphviz")
    raise CannotDraw(f"{format} needs the program `dot`: install Graphviz, or use svg or png")


def embedded() -> Path | None:
    """The renderer that is installed with the package: next to this Python, or on the PATH."""
    name = EMBEDDED + (".exe" if os.name == "nt" else "")
    for folder in _script_folders():
        if os.access(path := Path(folder, name), os.X_OK):
            return path
    found = shutil.which(EMBEDDED)
    return Path(found) if found else None


def _script_folders() -> Iterator[str]:
    """Where installers put scripts, on systems that have such folders; a browser has none."""
    for key in ("prefix", "user"):
        with suppress(KeyError, ValueError):
            yield sysconfig.get_path("scripts", sysconfig.get_preferred_scheme(key))
    if sys.executable:
        yield str(Path(sys.executable).parent)


@contextmanager
def _using(renderer: Path) -> Iterator[None]:
    """Let the graphviz package use this program during the call; the package has one program for all threads."""
    from graphviz.backend import dot_command  # type: ignore[import-untyped]  # it has no types

    with _LOCK:
        before, dot_command.DOT_BINARY = dot_command.DOT_BINARY, renderer
        try:
            yield
        finally:
            dot_command.DOT_BINARY = before
