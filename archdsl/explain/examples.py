"""The examples of the catalogue, run as `archdsl check` would run them."""

from ..diagnostics.diagnostic import Diagnostic, Found, Sink
from ..network import analyse
from ..text.library import MemoryLibrary, Stack
from ..text.source import Source
from ..training.network_check import check_recipe
from ..zoo import shipped

NAME = "example.arch"


def run_example(kind: type[Diagnostic], text: str) -> tuple[Source, tuple[Found, ...]]:
    """The text as a source, and what is found in it; the files it uses lie beside it."""
    source, sink = Source(text, name=NAME), Sink()
    library = Stack(MemoryLibrary(kind.files), shipped())
    analyse(source, sink, kind.settings, library=library, recipe=check_recipe, pedantic=kind.pedantic)
    return source, tuple(sink)
