"""The examples of the catalogue, run as `archdsl check` would run them."""

from pathlib import Path
from tempfile import TemporaryDirectory

from ..diagnostics.diagnostic import Diagnostic, Found, Sink
from ..network import analyse
from ..text.source import Source

NAME = "example.arch"


def run_example(kind: type[Diagnostic], text: str) -> tuple[Source, tuple[Found, ...]]:
    """The text as a source, and what is found in it; the files it uses lie beside it."""
    sink = Sink()
    with TemporaryDirectory(prefix="archdsl-") as above:
        folder = Path(above) / "project"
        folder.mkdir()
        for name, content in kind.files.items():
            (folder / name).write_text(content, encoding="utf-8")
        source = Source(text, name=NAME, path=folder / NAME)
        analyse(source, sink, kind.settings, recipe=True, pedantic=kind.pedantic)
    return source, tuple(sink)
