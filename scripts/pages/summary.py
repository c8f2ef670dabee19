"""docs/language/summary.md, the language on one page, and docs/llms.txt, the list of pages for language models."""

import re
from pathlib import Path

import yaml

from archdsl.contract.arguments import Bool, ParameterSpec
from archdsl.contract.layer import Op
from archdsl.layers import merges, registry

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
_LEFT_OUT = {"first_program", "errors", "grammar", "summary", "recipe"}
_CODE = re.compile(r"^```arch[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LONGEST_EXAMPLE = 12
"""Lines of an example; a longer one is left out."""
_NAV = re.compile(r"([\w./]+\.md)$")

_HEAD = """\
# Language on one page

The language in brief, to paste into a prompt or to print. [The other pages](../language.md) have the details.
"""
_LLMS = """\
# archdsl

> A language for neural network architectures. A text of a few lines is checked (shapes, parameters,
> multiply-accumulates, suggestions for errors), drawn, compiled to PyTorch, and trained. `archdsl check FILE --format
> json` reports everything as JSON; `archdsl mcp` offers the same tools over the Model Context Protocol.

[Language on one page](language/summary.md) is short enough to paste.
"""


def page() -> str:
    """The language on one page: what each page of the language begins with, and one line for each layer."""
    parts = [_HEAD]
    for name in language_pages():
        text = (DOCS / "language" / f"{name}.md").read_text(encoding="utf-8")
        title, body = text.removeprefix("# ").split("\n", 1)
        parts.append(f"## {title}\n\n{_unlinked(_first_paragraph(body))}\n")
        if example := _first_example(body):
            parts.append(f"```text\n{example}\n```\n")
    notation = (
        "`CAPITALS` are positional, `sN` is written like `s2`, `name=` takes a value, and other words are flags;\n"
        "`?` marks optional arguments."
    )
    parts.append(f"## Layers\n\n{notation}\n")
    parts.append("```text\n" + "\n".join(_usage(layer) for _, layer in sorted(registry().items())) + "\n```\n")
    parts.append("## Merges\n")
    parts.append("```text\n" + "\n".join(_usage(layer) for _, layer in sorted(merges().items())) + "\n```\n")
    return "\n".join(parts)


def language_pages() -> list[str]:
    """The pages of the language that the summary covers, in the order of the site."""
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    return [name for name in re.findall(r"- language/(\w+)\.md", text) if name not in _LEFT_OUT]


def _first_paragraph(body: str) -> str:
    return next(
        (part for part in body.strip().split("\n\n") if part and not part.startswith(("```", "#", "|", "<"))), ""
    )


def _first_example(body: str) -> str:
    found = (match[1].strip() for match in _CODE.finditer(body))
    return next((text for text in found if text.count("\n") < _LONGEST_EXAMPLE), "")


def _unlinked(text: str) -> str:
    """Text without links, which would lead nowhere in a page that is pasted elsewhere."""
    return re.sub(r"\[([^\]]+)\]\([^)]+\)", r"\1", text)


def _usage(layer: type[Op]) -> str:
    """`conv CHANNELS k? s? …  # what it does`."""
    words = [layer.keyword]
    for p in sorted(layer.parameters, key=lambda p: not p.positional):
        words.append(_argument(p) if p.required else f"{_argument(p)}?")
    doc = (layer.__doc__ or "").strip().splitlines()
    return f"{' '.join(words)}  # {doc[0]}" if doc else " ".join(words)


def _argument(parameter: ParameterSpec) -> str:
    """`CHANNELS` for a positional argument, `sN` for a shorthand, `nobias` for a flag, `init=` for a named one."""
    if parameter.positional:
        return parameter.name.upper()
    if parameter.letter:
        return f"{parameter.letter}N"
    if isinstance(parameter.kind, Bool) and parameter.words:
        return parameter.words[0][0]
    return f"{'NAME' if parameter.rest else parameter.name}="


def llms() -> str:
    """The list of pages, as https://llmstxt.org describes it."""
    parts = [_LLMS]
    for section, names in _sections().items():
        parts += [f"## {section}\n", *filter(None, map(_entry, names)), ""]
    return "\n".join(parts)


def _sections() -> dict[str, list[str]]:
    """The pages of the site by section, except Home and Contributing, and except pages that only the site has."""

    class Loader(yaml.SafeLoader):  # type: ignore[misc]  # yaml ships no types
        pass

    Loader.add_multi_constructor("tag:", lambda loader, suffix, node: None)
    nav = yaml.load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"), Loader)["nav"]
    found = {}
    for entry in nav:
        ((section, value),) = entry.items()
        if section not in ("Contributing", "Home"):
            found[section] = _pages(value)
    return found


def _pages(value: object) -> list[str]:
    if isinstance(value, dict):
        return [name for each in value.values() for name in _pages(each)]
    if isinstance(value, list):
        return [name for each in value for name in _pages(each)]
    return [value] if isinstance(value, str) and _NAV.search(value) else []


def _entry(name: str) -> str | None:
    """A page's title, and the first sentence of its text; None if the page is made by the site."""
    path = DOCS / name
    if not path.is_file():
        return None
    title, _, body = path.read_text(encoding="utf-8").removeprefix("# ").partition("\n")
    text = " ".join(_unlinked(_first_paragraph(body)).split())
    sentence = re.split(r"(?<=[.:]) ", text, maxsplit=1)[0].rstrip(":")
    return f"- [{title}]({name})" + (f": {sentence}" if sentence else "")
