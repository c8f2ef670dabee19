"""Shell completions of arguments and options. Each imports what it needs when it runs."""

import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem

_SUFFIX = ".arch"
_ZOO = "zoo:"


class CompletionWord(NamedTuple):
    """A word that completes another, its description, and whether it is a path."""

    word: str
    help: str | None = None
    path: bool = False


Completion = Callable[["click.Context", "click.Parameter", str], "list[CompletionItem]"]


def _completion(
    find: Callable[["click.Context", str], Iterable[CompletionWord]], otherwise: str | None = None
) -> Completion:
    """A completion from candidates; if there are none, or only folders, the shell completes paths (`dir`, `file`).

    Candidates and paths are never combined, because the scripts of click discard one of the two. Only the shell can
    omit the space after a folder.
    """

    def complete(context: "click.Context", parameter: "click.Parameter", start: str) -> "list[CompletionItem]":
        from click.shell_completion import CompletionItem

        try:
            found = list(find(context, start))
        except OSError:  # a folder that cannot be read
            found = []
        if otherwise is not None and all(each.path and each.word.endswith("/") for each in found):
            return [CompletionItem(start, type=otherwise)]
        return [CompletionItem(each.word, help=each.help, path=each.path) for each in found]

    return complete


def _matching(words: Iterable[str], start: str) -> list[CompletionWord]:
    return [CompletionWord(word) for word in words if word.startswith(start)]


def _networks(context: "click.Context", start: str) -> Iterator[CompletionWord]:
    """Files of networks, folders, and zoo networks."""
    if start.startswith(_ZOO):
        from ..zoo import entries

        yield from _matching((f"{_ZOO}{name}" for name in entries()), start)
        return
    yield from _files(start)
    if start and _ZOO.startswith(start):
        from ..zoo import entries

        yield from (CompletionWord(f"{_ZOO}{name}") for name in entries())


def _files(start: str) -> Iterator[CompletionWord]:
    """Networks and folders whose paths start with this text; hidden ones only if its last part is hidden."""
    head, tail = os.path.split(start)
    with os.scandir(os.path.expanduser(head) or ".") as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        if not entry.name.startswith(tail) or (entry.name.startswith(".") and not tail):
            continue
        path = os.path.join(head, entry.name)
        if entry.is_dir():
            yield CompletionWord(f"{path}/", path=True)
        elif entry.name.lower().endswith(_SUFFIX):
            yield CompletionWord(path, path=True)


def _codes(context: "click.Context", start: str) -> Iterator[CompletionWord]:
    from ..analysis.codes import by_code

    for code, kind in by_code().items():
        if code.startswith(start.upper()):
            yield CompletionWord(code, kind.title)


def _layers(context: "click.Context", start: str) -> Iterator[CompletionWord]:
    from ..graph import MoeOp
    from ..layers import merges, registry
    from ..text.docstrings import docstring
    from ..text.library import standard_blocks

    known = {**registry(), **merges(), MoeOp.keyword: MoeOp}
    for name in sorted({*known, *standard_blocks()}):
        if name.startswith(start):
            doc = docstring(known[name]).strip().splitlines() if name in known else ["a block of `std`"]
            yield CompletionWord(name, doc[0] if doc else None)


def _zoo(context: "click.Context", start: str) -> Iterable[CompletionWord]:
    from ..zoo import entries

    return _matching(entries(), start)


def _data(context: "click.Context", start: str) -> Iterable[CompletionWord]:
    from ..training.data.registry import data_sets

    return _matching(data_sets(), start)


def _splits(context: "click.Context", start: str) -> Iterable[CompletionWord]:
    return _matching(("train:", "validation:", "test:"), start)


def _cache_parts(context: "click.Context", start: str) -> Iterable[CompletionWord]:
    from .cache_sections import SECTIONS

    return (CompletionWord(each.name, each.meaning) for each in SECTIONS if each.name.startswith(start))


def _columns(context: "click.Context", start: str) -> Iterator[CompletionWord]:
    from ..analysis.columns import NAMES

    before, comma, last = start.rpartition(",")
    return (CompletionWord(f"{before}{comma}{name}") for name in NAMES if name.startswith(last))


def _nodes(context: "click.Context", start: str) -> Iterable[CompletionWord]:
    """Names of the layers of the network that the command names."""
    from ..diagnostics import Sink
    from ..network import analyze
    from ..text.files import UnreadableFile
    from ..zoo import read_named

    try:
        draft = analyze(read_named(context.params.get("file") or ""), Sink()).draft
    except UnreadableFile:
        return []
    return _matching(dict.fromkeys(node.name for node in draft.nodes), start)


complete_network = _completion(_networks, "dir")
complete_code = _completion(_codes)
complete_layer = _completion(_layers)
complete_zoo = _completion(_zoo)
complete_data = _completion(_data, "dir")
complete_splits = _completion(_splits)
complete_cache = _completion(_cache_parts)
complete_columns = _completion(_columns)
complete_node = _completion(_nodes)
complete_folder = _completion(lambda context, start: (), "dir")
complete_file = _completion(lambda context, start: (), "file")
