"""Properties of arbitrary texts, and strategies for such texts: for property tests and for the fuzzer."""

import time

from archdsl.diagnostics import Sink
from archdsl.diagnostics.diagnostic import Finding
from archdsl.diagnostics.terminal import render
from archdsl.layers import registry
from archdsl.network import analyze
from archdsl.syntax.tokens import KEYWORDS
from archdsl.text import paths
from archdsl.text.source import Source
from archdsl.training.network_check import check_recipe

TEXTS = [path.read_text(encoding="utf-8") for path in sorted(paths.examples().rglob("*.arch"))]
SHORT = [text for text in TEXTS if len(text) < 1500]
SECONDS = 20
"""CPU seconds: far more than any of these texts takes."""

# Words and symbols of the language, so that generated texts pass the lexer.
WORDS = [*sorted(KEYWORDS), *sorted(registry()), *'{}();=,@+-*/%<>\n#"', "x3", "k3", "s2", "p1", "3x32x32", "HxW", "64"]
WORDS += [
    "same",
    "nobias",
    "a",
    "b",
    "@c",
    "1e400",
    "0",
    "-1",
    "9" * 30,
    "TxC",
    "int(",
    "1M",
    "//",
    "==",
    "≠",
    "\u202e",
]


def survives(text: str) -> tuple[Finding, ...]:
    """The diagnostics of a text, rendered and fixed as for a user; anything else raises."""
    start = time.process_time()
    source, sink = Source(text, name="any.arch"), Sink()
    network = analyze(source, sink, recipe=check_recipe, pedantic=True)
    found = tuple(sink)
    assert render(found, columns=60).count("\x1b") == 0
    assert all(item.diagnostic.help() is not None for item in found)
    assert sink.errors or network.draft.nodes
    assert time.process_time() - start < SECONDS
    return found
