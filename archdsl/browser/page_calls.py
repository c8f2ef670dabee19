"""The calls of web pages: a function by name and its arguments as JSON, answered as JSON."""

import gc
import json
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from ..network import Network, analyze_given, load, loads
from ..network.rendered_diagram import RenderedDiagram
from ..version import __version__
from ..zoo import names, read_named
from .json_values import plain
from .playground import PLAYGROUND_CALLS

Arguments = Mapping[str, Any]
_PACKAGE = "archdsl"


def call(name: str, arguments: str) -> str:
    """The answer to a call: `{"result": …}` or `{"error": {"kind": …, "message": …}}`.

    `name` is one of CALLS, or a public function of archdsl by its full name: `archdsl.shapes.windows.out`. `arguments`
    is a JSON object, for arguments by name, or a JSON list.
    """
    return json.dumps(answer(lambda: _run(name, json.loads(arguments))))


def _run(name: str, given: Arguments | list[Any]) -> Any:
    function = CALLS.get(name) or _public(name)
    return function(**given) if isinstance(given, dict) else function(*given)


def answer(run: Callable[[], Any]) -> dict[str, Any]:
    """The result of a call as JSON values, or the error that it raised."""
    try:
        return {"result": plain(run())}
    except Exception as error:
        return {"error": {"kind": type(error).__name__, "message": _message(error)}}


def _message(error: Exception) -> str:
    if isinstance(error, RecursionError | MemoryError):
        return "this network needs more memory than a browser provides; `archdsl check` may still accept it"
    return str(error).strip() or type(error).__name__


def _public(name: str) -> Callable[..., Any]:
    """A public function of archdsl by its full name. Raises LookupError."""
    package, *parts = name.split(".")
    if package != _PACKAGE or not parts or any(not part.isidentifier() or part.startswith("_") for part in parts):
        raise LookupError(f"there is no call `{name}`")
    found: Any = import_module(package)
    path = package
    for part in parts:
        path += f".{part}"
        try:
            found = getattr(found, part)
        except AttributeError:
            try:
                found = import_module(path)
            except ImportError:
                raise LookupError(f"there is no call `{name}`") from None
    if not callable(found):
        raise LookupError(f"`{name}` is not a function")
    function: Callable[..., Any] = found
    return function


def start() -> str:
    """Prepare for the first call, and return the version of archdsl."""
    loads("input 3x8x8; conv 4 k3 same; relu; gap; fc 2").report()
    # Exclude the objects that exist now from garbage collection.
    gc.collect()
    gc.freeze()
    return __version__


# --- texts as networks ---


def _network(text: str, input: str | None = None, settings: Arguments | None = None) -> Network:
    return loads(text, input=input, **(settings or {}))


def report(
    text: str, input: str | None = None, settings: Arguments | None = None, columns: str | None = None
) -> dict[str, Any]:
    """The report of `archdsl check --format json`, even for a text with errors."""
    analysis = analyze_given(text=text, input=input, parameters=settings or {})
    if analysis.network is not None:
        return analysis.network.report(columns=columns)
    from ..analysis.check_report import report as draft_report

    return draft_report(analysis.source.name, analysis.draft, None, analysis.diagnostics, None)


def table(
    text: str, input: str | None = None, settings: Arguments | None = None, columns: str | None = None
) -> dict[str, str]:
    """What `archdsl check` prints, and the table alone, which is empty for a text with errors."""
    analysis = analyze_given(text=text, input=input, parameters=settings or {})
    return {
        "check": str(analysis),
        "table": "" if analysis.network is None else analysis.network.table(columns=columns),
    }


def diagram(text: str, input: str | None = None, settings: Arguments | None = None, **options: Any) -> RenderedDiagram:
    """The diagram of a text as SVG; the options are those of `Network.diagram`. Raises ArchError, CannotDraw."""
    return _network(text, input, settings).diagram(**options)


def source(text: str, input: str | None = None, settings: Arguments | None = None) -> str:
    """PyTorch source of a text. Raises ArchError."""
    return _network(text, input, settings).source()


def zoo_diagram(name: str, **options: Any) -> RenderedDiagram:
    """The diagram of a zoo network, as `archdsl diagram zoo:NAME` renders it."""
    return load(f"zoo:{name}").diagram(**options)


def zoo_text(name: str) -> str:
    """The text of a zoo network: `resnet50`. Raises UnreadableFile."""
    return read_named(f"zoo:{name}").text


CALLS: Mapping[str, Callable[..., Any]] = {
    "report": report,
    "table": table,
    "diagram": diagram,
    "source": source,
    "zoo.text": zoo_text,
    "zoo.diagram": zoo_diagram,
    "zoo.names": names,
    **PLAYGROUND_CALLS,
}
"""The calls by name."""
