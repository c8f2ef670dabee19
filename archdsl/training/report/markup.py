"""HTML built from elements: every text that is inserted is escaped."""

import html
import re
from importlib.resources import files

_INVALID = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Characters that HTML or UTF-8 cannot represent: control characters, and lone surrogates in names that are not UTF-8.
"""
_WITHOUT_END = frozenset({"br", "img", "meta", "link", "source", "col"})


class Markup(str):
    """HTML that is already well-formed."""

    __slots__ = ()


def text(words: str) -> Markup:
    """Text escaped for HTML."""
    return Markup(html.escape(_INVALID.sub("\ufffd", words), quote=True))


def join(*parts: "Markup | str | None") -> Markup:
    """Elements and texts in sequence; None is omitted."""
    return Markup("".join(part if isinstance(part, Markup) else text(part) for part in parts if part is not None))


def tag(element: str, *parts: "Markup | str | None", **attributes: str | int | float | bool | None) -> Markup:
    """An element: `tag("a", "more", href="#more")`.

    An attribute that is None or False is omitted, and one that is True has no value; `_` stands for `-`, and a trailing
    one (`class_`) is dropped.
    """
    written = [
        name.rstrip("_").replace("_", "-") + ("" if value is True else f'="{text(str(value))}"')
        for name, value in attributes.items()
        if value is not None and value is not False
    ]
    start = " ".join([element, *written])
    return Markup(f"<{start}>" if element in _WITHOUT_END else f"<{start}>{join(*parts)}</{element}>")


def name(words: str, most: int = 60) -> Markup:
    """A name from outside: its text direction is isolated, and a long one is cut."""
    if len(words) <= most:
        return tag("bdi", words)
    return tag("bdi", f"{words[: most - 1]}…", title=words)


def path(words: str, most: int = 36) -> Markup:
    """Like `name`, for a path: the end of a long one is kept."""
    if len(words) <= most:
        return tag("bdi", words)
    return tag("bdi", f"…{words[-most + 1 :]}", title=words)


# Nothing is fetched and no script runs, whatever a name on the page contains.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def head(title: str) -> Markup:
    """The head of a page that is one file and loads nothing."""
    style = files("archdsl.training.report").joinpath("style.css").read_text(encoding="utf-8")
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        Markup(f"<style>\n{style}</style>"),
    )
