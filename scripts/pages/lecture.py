"""The tutorial's interactive figures and its Korean pages, inserted while the site is built.

A page requests a figure with a comment, which is invisible in the Markdown: `<!-- archdsl lecture window -->`. Korean
pages have only the prose: `<!-- example 2 -->` stands for the second fenced block of the English page, so that every
program, command and output exists once and is run once. The comments of programs are translated.
"""

import re
from functools import cache
from pathlib import Path

from archdsl.lecture.controls import FIGURES, interactive
from archdsl.lecture.panels import image, panel, panels
from archdsl.lecture.photograph import photograph
from scripts.pages.korean_comments import in_korean

ROOT = Path(__file__).resolve().parents[2]
COMMENT = re.compile(r"^<!-- archdsl lecture (\w+) -->$", re.MULTILINE)
EXAMPLE = re.compile(r"^<!-- example (\d+) -->$", re.MULTILINE)
FENCE = re.compile(r"^```\w+[^\n]*\n.*?^```$", re.MULTILINE | re.DOTALL)
KOREAN = "ko/"
SCRIPT = "archdsl/archdsl.js"
"""The module that runs archdsl in a page, in the folder of the interactive pages."""

AUGMENTATIONS = (
    ("original", "원본"),
    ("mirrored", "좌우 반전"),
    ("shifted", "이동"),
    ("rotated", "회전"),
    ("brightness", "밝기"),
    ("cutout", "컷아웃"),
)


def language(page: str) -> str:
    """The language of a page, by its path in docs/."""
    return "ko" if page.startswith(KOREAN) else "en"


def translated(page: str) -> str | None:
    """The path of a page in the other language, where there is one."""
    other = page.removeprefix(KOREAN) if page.startswith(KOREAN) else KOREAN + page
    return other if (ROOT / "docs" / other).is_file() else None


def with_examples(markdown: str, page: str) -> str:
    """A Korean page with the fenced blocks of the English one, whose comments are in Korean.

    Raises IndexError for a block that does not exist, KeyError for a comment without a translation.
    """
    if not page.startswith(KOREAN):
        return markdown
    english = (ROOT / "docs" / page.removeprefix(KOREAN)).read_text(encoding="utf-8")
    blocks = FENCE.findall(english)
    return EXAMPLE.sub(lambda found: in_korean(str(blocks[int(found[1]) - 1])), markdown)


def with_figures(markdown: str, page: str, script: str | None) -> str:
    """A page with its figures; `script` is the address of the module that runs archdsl, if the site has it."""
    return COMMENT.sub(lambda found: _figure(found[1], language(page), script), markdown)


@cache
def _figure(name: str, language: str, script: str | None) -> str:
    if name in FIGURES:
        return interactive(name, language, script)
    if name == "augmentation":
        return augmentation(language)
    raise ValueError(f"there is no figure `{name}`")


def augmentation(language: str) -> str:
    """The photograph after each of the augmentations of training, computed by the functions of the training loop."""
    titles = [names[language == "ko"] for names in AUGMENTATIONS]
    shown = [panel(title, image(rows, title, 144)) for title, rows in zip(titles, _augmented(), strict=True)]
    return f'<figure class="lecture"><div class="lecture-output">{panels(*shown)}</div></figure>'


@cache
def _augmented() -> tuple[list[list[int]], ...]:
    import torch

    from archdsl.training.loop import augmentation as changes

    pixels = torch.tensor(photograph(), dtype=torch.uint8)[None, None]
    random = torch.Generator().manual_seed(4)
    made = (
        pixels,
        changes.mirror(pixels, torch.tensor([True])),
        changes.shift(pixels, 16, "zero", random),
        changes.rotate(pixels, 15, random),
        changes.jitter(pixels.repeat(1, 3, 1, 1), 0.5, random)[:, :1],
        changes.cutout(pixels.float(), 40, random).to(torch.uint8),
    )
    return tuple(each[0, 0].tolist() for each in made)
