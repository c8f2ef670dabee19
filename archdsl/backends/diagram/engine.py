"""Render DOT with the renderer that is installed with the package, or with Graphviz's `dot` for other formats.

The embedded renderer is preferred, because it writes the same bytes on every machine.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

EMBEDDED = "graphviz-pure"
EMBEDDED_FORMATS = frozenset({"svg", "png", "json"})

Renderer = Callable[[str, str], bytes]
"""Renders a DOT program in a format. Raises CannotDraw, Failed."""

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
    renderer = _renderer(format)
    if dpi is not None:
        dot = dot.replace("{", f"{{\n  graph [dpi={dpi}]", 1)
    layout = ["-Kneato", "-n2"] if fixed else ["-Kdot"]
    try:
        done = subprocess.run(
            [renderer, *layout, f"-T{format}"],
            input=dot.encode(),
            capture_output=True,
            check=False,
            # No console window opens on Windows.
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
    except OSError as error:  # a system without processes, or a file that is not a program
        raise CannotDraw(f"{renderer} cannot be run: {error.strerror or error}") from None
    if done.returncode:
        message = done.stderr.decode(errors="replace").strip()
        raise Failed(f"{renderer.name} failed: {message or f'exit status {done.returncode}'}")
    return done.stdout


def _renderer(format: str) -> Path:
    if format in EMBEDDED_FORMATS and (installed := embedded()):
        return installed
    if system := shutil.which("dot"):
        return Path(system)
    if format in EMBEDDED_FORMATS:
        raise CannotDraw(f"the renderer {EMBEDDED} is missing: install the package {EMBEDDED}, or Graphviz")
    raise CannotDraw(f"{format} needs the program `dot`: install Graphviz, or use svg or png")


def embedded() -> Path | None:
    """The renderer that is installed with the package: next to this Python, or on the path."""
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
