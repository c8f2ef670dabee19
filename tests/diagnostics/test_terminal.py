"""Diagnostics as text: carets at the exact words, whatever the text contains and however narrow the terminal is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archdsl.diagnostics import BlockUse, Diagnostic, Label, Sink
from archdsl.diagnostics.printable import cells, printable, width
from archdsl.diagnostics.terminal import render
from archdsl.text.source import Source, Span


class LabeledDiagnostic(Diagnostic):
    """A diagnostic with any number of labels."""

    title = "a mistake"
    words: str = "here"
    more: tuple[Label, ...] = ()

    def message(self) -> str:
        return "something is wrong"

    def label(self) -> str:
        return self.words

    def others(self) -> tuple[Label, ...]:
        return self.more


LabeledDiagnostic.code = "E9999"  # set from outside, so that the catalog's test does not include it


def shown(text: str, start: int, end: int, words: str = "here", columns: int = 120, **facts: object) -> list[str]:
    """The lines of the excerpt of one diagnostic."""
    sink = Sink()
    source = Source(text, name="net.arch")
    sink.emit(LabeledDiagnostic(span=Span(source, start, end), words=words, **facts))  # type: ignore[arg-type]  # facts are more
    return render(sink, columns=columns).splitlines()[2:]


def test_several_labels_on_a_line_are_in_order() -> None:
    source = Source("conv 64 k3\n", name="net.arch")
    sink = Sink()
    sink.emit(LabeledDiagnostic(span=Span(source, 5, 7), more=(Label(span=Span(source, 0, 4), text="this"),)))
    assert render(sink).splitlines()[2:] == ["1 │ conv 64 k3", "  │ ──── this", "  │      ^^ here"]


def test_range_over_several_lines_is_marked_at_both_ends() -> None:
    assert shown("stage a {\n  conv 8\n  relu\n}\n", 8, 28) == [
        "1 │ stage a {",
        "  │         ^ from here …",
        "4 │ }",
        "  │ ^ … to here: here",
    ]


def test_caret_at_the_end_of_the_text() -> None:
    assert shown("conv", 4, 4) == ["1 │ conv", "  │     ^ here"]
    assert shown("conv\n", 5, 5) == ["2 │", "  │ ^ here"]
    assert shown("", 0, 0) == ["1 │", "  │ ^ here"]


def test_carets_align_with_tabs_wide_and_combining_characters() -> None:
    assert shown("\tconv", 1, 5) == ["1 │     conv", "  │     ^^^^ here"]
    assert shown("# 畳畳 x", 2, 4) == ["1 │ # 畳畳 x", "  │   ^^^^ here"]
    assert shown("# e\u0301 x", 5, 6) == ["1 │ # e\u0301 x", "  │     ^ here"]
    # A mark without a base letter is escaped, so that it cannot change our own text.
    assert shown("\u0301", 0, 1) == ["1 │ \\u{301}", "  │ ^^^^^^^ here"]


@pytest.mark.parametrize("columns", [0, 20, 40, 80])
def test_long_lines_are_truncated_around_the_mark(columns: int) -> None:
    text = "; ".join(f"conv {i} k3" for i in range(100))
    place = text.index("conv 50")
    line, under, *rest = shown(text, place, place + 4, columns=columns)
    assert width(line) <= max(columns, 24)
    assert line[under.index("^") :].startswith("conv")
    assert line.startswith("1 │ …")
    assert line.endswith("…")
    assert "here" in (under + "".join(rest))


def test_label_that_does_not_fit_is_placed_below() -> None:
    assert shown("input 3x32x32; conv 64", 15, 19, words="a long explanation", columns=34) == [
        "1 │ input 3x32x32; conv 64",
        "  │                ^^^^",
        "  │             a long explanation",
    ]


def test_nested_block_uses_are_summarized() -> None:
    source = Source("abcdef\n" * 9, name="net.arch")
    uses = tuple(BlockUse(block=f"b{i}", span=Span(source, 7 * i, 7 * i + 1)) for i in range(7))
    notes = shown(source.text, 0, 1, uses=uses)[2:]
    assert [note.split("= ")[1].split(",")[0] for note in notes] == [
        "in this use of `b6`",
        "in this use of `b5`",
        "in this use of `b4`",
        "in this use of `b3`",
        "… inside 3 more uses of blocks",
    ]


ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@given(ANY)
def test_control_characters_are_escaped(text: str) -> None:
    safe = printable(text)
    assert safe.isprintable() or all(char.isprintable() or char in "\u3000\xa0" or char.isspace() for char in safe)
    assert not set(safe) & {"\x1b", "\r", "\n", "\u202e", "\u2066", "\u200b", "\x00", "\x9b"}
    assert printable(text) == "".join(cells(text))


@given(ANY, st.data(), st.integers(0, 90))
def test_rendering_of_any_text_position_and_width(text: str, data: st.DataObject, columns: int) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    lines = shown(text, start, end, columns=columns)
    assert any("^" in line for line in lines)
    assert all(width(line) <= max(columns, 24) for line in lines if "│ " in line and "^" not in line and "…" in line)
