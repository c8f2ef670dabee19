"""Any bytes, any truncation and any mutation of a text produce a tree or diagnostics, quickly."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from archdsl import limits
from archdsl.cli import main
from archdsl.diagnostics import Sink
from archdsl.diagnostics.diagnostic import Finding
from archdsl.diagnostics.fixes import fix
from archdsl.network import analyze
from archdsl.text.files import UnreadableFile, read_source
from archdsl.text.source import Source

from .anything import SHORT, TEXTS, WORDS, survives

ROUNDS = int(os.environ.get("ARCHDSL_FUZZ", "1"))
"""Factor for the number of texts: `ARCHDSL_FUZZ=100 pytest tests/hardening`."""

program = st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join)


@settings(max_examples=150 * ROUNDS)
@given(st.text(max_size=200))
def test_any_text_is_survived(text: str) -> None:
    survives(text)


@settings(max_examples=150 * ROUNDS)
@given(program)
def test_any_words_are_survived(text: str) -> None:
    survives(text)


@settings(max_examples=100 * ROUNDS)
@given(program)
def test_any_words_after_an_input_are_survived(text: str) -> None:
    survives(f"input 3x32x32\nconv 8 k3 p1 as a\n{text}")


@settings(max_examples=60 * ROUNDS)
@given(st.sampled_from(TEXTS), st.floats(0, 1))
def test_any_truncation_is_survived(text: str, part: float) -> None:
    survives(text[: int(len(text) * part)])


@settings(max_examples=120 * ROUNDS)
@given(st.sampled_from(SHORT), st.data())
def test_any_mutation_is_survived(text: str, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 12)))
        put = data.draw(st.one_of(st.sampled_from(WORDS), st.text(max_size=3), st.just(text[start : start + 40])))
        text = text[:start] + put + text[end:]
    survives(text)


@settings(max_examples=40 * ROUNDS)
@given(st.sampled_from(SHORT), st.data())
def test_any_mutation_can_be_fixed(text: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(text)))
    text = text[:place] + data.draw(st.sampled_from(WORDS)) + text[place + data.draw(st.integers(0, 3)) :]
    source = Source(text)

    def check(some: Source) -> tuple[Finding, ...]:
        sink = Sink()
        analyze(some, sink)
        return tuple(sink)

    found = check(source)
    after = fix(source, found, check, unsafe=True).found
    assert sum(i.diagnostic.code < "W" for i in after) <= sum(i.diagnostic.code < "W" for i in found)


@settings(max_examples=100 * ROUNDS)
@given(st.binary(max_size=200))
def test_any_bytes_are_survived(data: bytes) -> None:
    done = CliRunner().invoke(main, ["check", "-"], input=data)
    assert done.exit_code in (0, 1, 2)
    assert done.exception is None or isinstance(done.exception, SystemExit)
    assert "\x1b" not in done.output


BOMBS = {
    "braces": "input 8\n" + "stage a {" * 5000,
    "parentheses": "input 8\nfc " + "(" * 20000 + "1" + ")" * 20000,
    "repeats": "input 8\n" + "repeat 99999 { " * 12 + "relu" + " }" * 12,
    "blocks": "".join(f"block b{i} {{ b{i + 1}; b{i + 1} }}\n" for i in range(60))
    + "block b60 { relu }\ninput 8\nb0\n",
    "chain of blocks": "".join(f"block b{i} {{ b{i + 1} }}\n" for i in range(3000)) + "input 8\nb0\n",
    "times": "input 8\nrelu x999999999999\n",
    "powers": "input 8\nlet a = 999999999999999999\nfc a*a*a*a*a*a\n",
    "turns without a layer": "input 8\nrepeat 999999999999 { let a = 1 }",
    "blocks without a layer": "block b { }\ninput H\nb x999999999999",
    "turns that count": "input 8\nrepeat 3 as i { repeat i * 999999999999 { } }",
    "turns in a branch": "input 8\nrepeat 2 { if 1 { gelu a b c x1000000000 } }",
    "inputs": "input 8\nrepeat 999999999999 { input 0x0x0 }",
    "examples of symbols": "input C\nadd { celu; relu; ln } x100000007",
    "sizes": "input 999999999999x999999999999x999999999999\nconv 999999999 k999999999 s999999999\n",
    "mistakes in a repetition": "input 8\nrepeat 200 { repeat 200 { covn 8; frobnicate 3; fc 8 wrogn=1 nobais } }",
    "as many layers as may be": "input 8\nrepeat 999 { repeat 99 { relu } }",
    "mistakes": "input 8\n" + "covn 8\n" * 5000,
    "one line": "input 8; " + "relu; " * 5000,
    "one statement": "input 8\nconcat " + "a " * 50000,
    "signs": "-" * 50000,
    "quotes": '"' * 50001,
    "comments": "# archdsl: ignore[" + "W0903," * 20000 + "]\ninput 8\n",
    "names": "".join(f"let a{i} = {i}\n" for i in range(5000)) + "input 8\nfc b1\n",
    "else": "input 8\n" + "if 1 { relu } else " * 3000 + "{ relu }",
    "lets": "input 8\nlet a = 1\n" + "let a = a\n" * 5000,
    "ways": "input 3x8x8\nrepeat 300 { concat { conv 2 k1x3 p0x1 } { conv 2 k3x1 p1x0 } }\ngap\nassert rf > 3",
    "marks": "input 8\nfc " + "\u0301" * 20000,
    "blanks": " \t" * 500000,
    "lines": "\n" * 500000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_nested_and_huge_texts_are_survived(name: str) -> None:
    survives(BOMBS[name])


def test_oversized_text_is_refused() -> None:
    found = survives("#" * (limits.MAX_TEXT + 1))
    assert [item.diagnostic.code for item in found] == ["E0702"]


@pytest.mark.parametrize("lines", [199_000, 799_000])
def test_too_many_tokens_are_reported_before_parsing(lines: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archdsl.syntax.parser._Driver", None)
    found = survives("input 3x8x8\n" + "relu\n" * lines)
    assert [item.diagnostic.code for item in found] == ["E0702"]


FILES = {
    "nothing": (b"", 1, "E0502"),
    "latin1": ("# é".encode("latin-1"), 2, "not valid UTF-8"),
    "utf16": ("input 8".encode("utf-16"), 2, "not valid UTF-8"),
    "nul": (b"input 8\x00\n", 1, "E0105"),
}


@pytest.mark.parametrize("name", FILES)
def test_invalid_files_are_reported(name: str, tmp_path: Path) -> None:
    data, status, words = FILES[name]
    file = tmp_path / "odd\x1b[31m.arch"
    file.write_bytes(data)
    done = CliRunner().invoke(main, ["check", str(file)])
    assert done.exit_code == status
    assert words in done.output
    assert "\x1b" not in done.output


def test_non_regular_files_are_refused(tmp_path: Path) -> None:
    large = tmp_path / "large.arch"
    with large.open("wb") as file:
        file.truncate(100_000_000)
    for path, words in ((tmp_path, "folder"), (tmp_path / "gone.arch", "no such file"), (large, "longer than")):
        with pytest.raises(UnreadableFile, match=words):
            read_source(path)
        done = CliRunner().invoke(main, ["check", str(path)])
        assert done.exit_code == 2
        assert len(done.output.splitlines()) == 1
