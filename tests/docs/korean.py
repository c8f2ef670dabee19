"""The English texts that the Korean ones were last compared with.

    python -m tests.docs.korean            English texts that have changed since
    python -m tests.docs.korean --update   record the present English texts, once the Korean ones say the same

`korean_sources.json` has a digest of each English paragraph, so a correction of the English cannot leave the Korean
behind unnoticed. Line breaks do not count, nor do examples, which exist once for both languages.
"""

import json
import re
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

from archdsl.lecture.controls import CONTROLS, FIGURES, Control, interactive
from archdsl.lecture.phrases import ENGLISH as PHRASES

ROOT = Path(__file__).resolve().parents[2]
ENGLISH = ROOT / "docs" / "tutorial"
KOREAN = ROOT / "docs" / "ko" / "tutorial"
PAGES = sorted(path.name for path in ENGLISH.glob("*.md"))
FENCE = re.compile(r"^```\w+[^\n]*\n.*?^```$", re.MULTILINE | re.DOTALL)
REVIEWED = Path(__file__).with_name("korean_sources.json")
FIGURE_TEXTS = "archdsl/lecture"
"""The key of the texts of the interactive figures."""


def both(name: str) -> tuple[str, str]:
    """A page in English, with its examples as comments, and in Korean."""
    number = iter(range(1, 100))
    english = FENCE.sub(lambda found: f"<!-- example {next(number)} -->", (ENGLISH / name).read_text(encoding="utf-8"))
    return english, (KOREAN / name).read_text(encoding="utf-8")


def blocks(page: str) -> list[str]:
    """The headings, paragraphs, lists and tables of a page, each on one line."""
    return [" ".join(block.split()) for block in re.split(r"\n\n+", page.strip())]


def paired(name: str) -> Iterator[tuple[str, str]]:
    """The blocks of a page in English, each with the Korean one. Raises ValueError if their numbers differ."""
    english, korean = both(name)
    return zip(blocks(english), blocks(korean), strict=True)


def sources() -> dict[str, list[str]]:
    """The English texts that have a translation, by page."""
    found = {name: [block for block in blocks(both(name)[0]) if not block.startswith("<!--")] for name in PAGES}
    labels = [text for controls in CONTROLS.values() for control in controls for text in _labels(control)]
    titles = re.findall(r"<strong>(.*?)\.</strong>", "".join(map(interactive, FIGURES)))
    return found | {FIGURE_TEXTS: sorted({*PHRASES.values(), *labels, *titles})}


def _labels(control: Control) -> Iterator[str]:
    yield control.labels[0]
    yield from (english for _, english, _ in control.choices)


def digest(text: str) -> str:
    """Eight hexadecimal digits."""
    return sha256(text.encode()).hexdigest()[:8]


def changed() -> Iterator[tuple[str, str]]:
    """English texts that the Korean ones have not been compared with, each with its page."""
    reviewed = json.loads(REVIEWED.read_text(encoding="utf-8"))
    for page, texts in sources().items():
        yield from ((page, text) for text in texts if digest(text) not in reviewed.get(page, []))


def removed() -> Iterator[str]:
    """The pages with English texts that are gone, whose translation may remain."""
    found = sources()
    for page, digests in json.loads(REVIEWED.read_text(encoding="utf-8")).items():
        if set(digests) - set(map(digest, found.get(page, []))):
            yield page


def main() -> int:
    """Print what has changed, or record it."""
    if sys.argv[1:] == ["--update"]:
        recorded = {page: list(map(digest, texts)) for page, texts in sources().items()}
        REVIEWED.write_text(json.dumps(recorded, indent=2) + "\n", encoding="utf-8")
    elif sys.argv[1:]:
        print(__doc__)
        return 2
    found = [*changed(), *((page, "a text was removed") for page in removed())]
    for page, text in found:
        print(f"{page}: {text}")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
