"""The memory of a document stays flat while it is edited."""

import gc
import random
import tracemalloc

from archdsl.service import Document
from archdsl.service.completion import completions
from archdsl.service.document_problems import problems
from archdsl.service.hover import hover
from archdsl.zoo import read_named


def edited(document: Document, rng: random.Random, count: int) -> None:
    for _ in range(count):
        at = rng.choice([i for i, char in enumerate(document.text) if char.isdigit()])
        old = document.text[at]
        for text in (str(rng.randint(1, 9)), old):
            document.edit(at, at + 1, text)
            problems(document.now)
            completions(document.now, at)
            hover(document.now, at)


def size() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def test_memory_does_not_grow_with_edits() -> None:
    """As long after caches were emptied, later edits take no more; scripts/lsp_memory.py makes 10,000 over the wire."""
    document, rng = Document(read_named("zoo:resnet20").text), random.Random(1)
    tracemalloc.start()
    try:
        edited(document, rng, 96)
        before = size()
        edited(document, rng, 128)
        after = size()
    finally:
        tracemalloc.stop()
    assert after < 1.15 * before, (before, after)
