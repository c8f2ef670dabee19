"""The gallery: a figure of every network of the zoo, with its command and the BibTeX entry of its paper.

The networks of one paper share their text and their entry; each has its own figure.
"""

from collections.abc import Iterator
from functools import cache

from archdsl.backends.diagram import CannotDraw, View
from archdsl.zoo import Citation, ZooEntry, display_name
from scripts.pages import zoo
from scripts.pages.diagrams import draw

PLACEHOLDER = "<!-- the gallery, where the site is built -->"
_LARGEST = 70_000
"""The size in bytes above which a figure has too many boxes for a card."""
_WIDE = (View.UNET, View.VOLUMES)
"""The views that are wide; the others fill a card better from left to right."""


def cards() -> str:
    """The gallery in Markdown: a section for each paper, in the order of the zoo's index."""
    return "\n\n".join(section for family in zoo.families().values() for section in _sections(family))


def _sections(family: zoo.Family) -> Iterator[str]:
    for paper, entries in family.papers().items():
        figures = "\n\n".join(_card(entry, named=len(entries) > 1) for entry in entries)
        title = family.title if len(entries) > 1 and entries[0] is family.members[0] else _title(entries[0])
        yield "\n\n".join(
            (
                f"## {title} {{ #{entries[0].name} }}",
                f"{paper.authors}: *{paper.title}*, {paper.year}. The [text and the costs](zoo/{family.name}.md).",
                f'<div class="gallery" markdown>\n\n{figures}\n\n</div>',
                _bibtex(paper),
            )
        )


def _card(entry: ZooEntry, *, named: bool) -> str:
    view = suited_view(entry.name)
    options = f"--view {view}" + ("" if view in _WIDE else " --direction LR")
    command = f"archdsl diagram zoo:{entry.name} {options} -o {entry.name}.svg"
    return "\n\n".join(
        (
            '<div class="card" markdown>' + (f"\n\n**{_title(entry)}**" if named else ""),
            f"<!-- archdsl diagram zoo:{entry.name} {options} -->",
            f"```sh\n{command}\n```\n\n</div>",
        )
    )


def _title(entry: ZooEntry) -> str:
    return display_name(entry.name, zoo.network(entry.name).graph.name)


def _bibtex(paper: Citation) -> str:
    return f"```bibtex\n{paper.bibtex()}\n```"


@cache
def suited_view(name: str) -> View:
    """The view that shows the form of a network on a card: U for a U-Net, volumes for a chain, or else its stages."""
    for view in _WIDE:
        try:
            drawn = draw(f"zoo:{name} --view {view}", {})
        except CannotDraw:
            continue
        if len(drawn.svg) <= _LARGEST:
            return view
    return View.STAGES
