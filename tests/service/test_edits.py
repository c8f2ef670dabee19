"""Answers while a text is being edited: those for the current text, whatever it was before."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from archdsl.diagnostics import Sink
from archdsl.diagnostics.diagnostic import Finding
from archdsl.elaborate import versions
from archdsl.network import analyze
from archdsl.record import Record
from archdsl.service import Document
from archdsl.service.answers import Refused, TextRange
from archdsl.text.library import MemoryLibrary, Stack
from archdsl.text.source import Source
from archdsl.zoo import entries, shipped

from .runner import _ANSWERS, answer

LIBRARY = Stack(MemoryLibrary({}), shipped())
TYPED = [
    "1",
    "7",
    " ",
    "\n",
    "",
    "",
    "x",
    "k",
    "conv 8 k3\n",
    "}",
    "{",
    "(",
    "relu; ",
    "@",
    "s2",
    "=",
    '"',
    "# ",
    "\r\n",
    "𝕏",
]
QUESTIONS = [each for each in _ANSWERS if each not in ("actions", "rename")]


def reported(found: tuple[Finding, ...]) -> list[Any]:
    """Diagnostics as values, in the order of the text."""
    return sorted(
        (d.span.source.name, d.span.source.start + d.span.start, d.span.source.start + d.span.end, d.code, d.message(),
         d.label(), item.other_occurrences, [label.text for label in d.others()], [use.block for use in d.uses])
        for item in found
        for d in [item.diagnostic]
    )  # fmt: skip


def diagnostics_from_scratch(text: str) -> list[Any]:
    return reported(analyze(Source(text, name="net.arch"), Sink(), library=LIBRARY, blocks_only=True).found)


def document_of(text: str) -> Document:
    return Document(text, LIBRARY, name="net.arch")


def edits(text: str, seed: object, count: int) -> Iterator[tuple[Document, int]]:
    """A document after each of some random edits, and where the last one was."""
    rng = random.Random(str(seed))
    document = document_of(text)
    for _ in range(count):
        length = len(document.text)
        start = rng.randint(0, length)
        document.edit(start, min(length, start + rng.choice([0, 0, 1, 1, 2])), rng.choice(TYPED))
        yield document, min(start + 1, len(document.text))
        if rng.random() < 0.35:
            document.replace(text)
            yield document, start


@pytest.mark.parametrize("name", sorted(entries())[::9])
def test_diagnostics_after_edits_match_a_full_check(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "_CACHED", 5)
    for document, _ in edits(entries()[name].source().text, name, 8):
        assert reported(document.now.found) == diagnostics_from_scratch(document.text), document.text


def ranges(value: object) -> Iterator[TextRange]:
    """The ranges in an answer."""
    if isinstance(value, TextRange):
        yield value
    elif isinstance(value, Record):
        for _, inner in value:
            yield from ranges(inner)
    elif isinstance(value, tuple):
        for inner in value:
            yield from ranges(inner)


@pytest.mark.parametrize("name", ["lenet5", "resnet18", "mobilenet_v2", "gpt2", "googlenet"])
def test_every_request_has_an_answer_while_typing(name: str) -> None:
    text = entries()[name].source().text
    for document, position in edits(text, name, 6):
        for question in QUESTIONS:
            after = answer(document, position, question)
            assert answer(document_of(document.text), position, question) == after, question


@pytest.mark.parametrize(
    "text", ["", "\n", "#", "{", "}", '"', "input", "input ", "conv", "use ", "net (", "as", "x2", "@"]
)
def test_every_request_has_an_answer_in_short_texts(text: str) -> None:
    for position in range(len(text) + 1):
        for question in _ANSWERS:
            options = {"rename": "other"}.get(question, "")
            answer(document_of(text), position, question, options)


def test_diagnostics_while_typing_match_a_full_check() -> None:
    text = "net N(c = 4)\ninput 3x8x8\nblock b(k) {\n  conv c k=k p1; relu }\nstage s { b 3 x2 }\nresidual { b 3 }\n"
    document = document_of("")
    for index, letter in enumerate(text):
        document.edit(index, index, letter)
        assert reported(document.now.found) == diagnostics_from_scratch(document.text)
        for question in ("completion", "signature", "hover", "hints"):
            answer(document, index + 1, question)
    assert document.now.graph is not None


def test_replacing_the_text_keeps_unchanged_statements() -> None:
    document = document_of("input 3x8x8\nconv 8 k3\nrelu\n")
    first = document.now.program.statements
    document.replace("input 3x8x8\nconv 16 k3\nrelu\n")
    after = document.now.program.statements
    assert [a is b for a, b in zip(first, after, strict=True)] == [True, False, True]


def test_changed_files_are_read_again() -> None:
    texts = {"b.arch": "block mine { conv 8 k3 }\n"}
    document = Document('use "b.arch"\ninput 3x8x8\nmine\n', MemoryLibrary(texts), name="net.arch", key="net.arch")
    assert str(document.now.draft.checked().output.shape) == "8×6×6"  # type: ignore[union-attr]  # has no errors
    texts["b.arch"] = "block mine { conv 4 k3 }\n"
    document.files_changed()
    assert str(document.now.draft.checked().output.shape) == "4×6×6"  # type: ignore[union-attr]


def test_renaming_keeps_the_network_or_is_refused() -> None:
    from archdsl.service.defined_names import DefinedNames
    from archdsl.service.navigation import rename

    refused = renamed = 0
    for name in ("resnet18", "googlenet", "gpt2", "squeezenet1_0"):
        text = entries()[name].source().text
        before = analyze(Source(text), Sink(), library=LIBRARY)
        for each in DefinedNames(document_of(text).now.program, {}).all:
            document = document_of(text)
            try:
                edits = rename(document.now, each.definitions[0].source.start + each.definitions[0].start, "renamed")
            except Refused:
                refused += 1
                continue
            for edit in sorted(edits, key=lambda edit: edit.range.start, reverse=True):
                document.edit(edit.range.start, edit.range.end, edit.text)
            after = analyze(Source(document.text), Sink(), library=LIBRARY)
            assert [(n.inputs, repr(n.op)) for n in after.draft.nodes] == [
                (n.inputs, repr(n.op)) for n in before.draft.nodes
            ]
            assert after.errors == before.errors == 0
            renamed += 1
    assert renamed > 20
    assert refused <= 2


def test_service_imports_no_heavy_package() -> None:
    import subprocess
    import sys

    modules = "document completion edits hints hover navigation outline document_problems semantic_tokens signature"
    code = f"import sys\nfor name in {modules.split()}: __import__('archdsl.service.' + name)\n"
    code += "print([m for m in ('torch', 'numpy', 'pydantic', 'rich') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
