"""The limits are exact: a value at the limit is accepted, one more is rejected."""

from pathlib import Path

import pytest

from archdsl.diagnostics import Sink
from archdsl.limits import MAX_FILES, MAX_NODES
from archdsl.network import analyze
from archdsl.text.source import Source


def messages(source: Source) -> list[str]:
    sink = Sink()
    analyze(source, sink)
    return [found.diagnostic.message() for found in sink if found.diagnostic.severity == "error"]


REPEATED = {
    "a body": "input 8; repeat {} {{ drop_path 0.1 }}",
    "a layer": "input 8; drop_path 0.1 x{}",
    "a block": "block b {{ drop_path 0.1 }}\ninput 8; b x{}",
    "two inputs": "input a 8; input b 8; drop_path 0.1 x{}",
}


@pytest.mark.parametrize("what", REPEATED)
def test_more_layers_than_the_limit_are_refused(what: str) -> None:
    assert messages(Source(REPEATED[what].format(MAX_NODES + 1))) == [
        f"this would create {MAX_NODES + 1:,} layers, more than the limit of {MAX_NODES:,}"
    ]


def test_number_of_layers_at_the_limit_is_accepted() -> None:
    assert messages(Source(f"input 8; identity x{MAX_NODES}")) == []


def test_limit_of_elements_or_multiply_accumulates_is_named() -> None:
    assert messages(Source("input 1000000000\nfc 10000000000")) == [
        "a tensor or weight would have 10,000,000,000,000,000,000 elements, more than 2^63"
    ]
    assert messages(Source("input 3000000000x3; fc 2000000000")) == [
        "the layer would have 18,000,000,000,000,000,000 multiply-accumulates, more than 2^63"
    ]


@pytest.mark.parametrize("chained", [True, False])
def test_number_of_used_files_is_limited(tmp_path: Path, chained: bool) -> None:
    for number in range(1, MAX_FILES + 2):
        after = f'use "f{number + 1}.arch"\n' if chained and number <= MAX_FILES else ""
        (tmp_path / f"f{number}.arch").write_text(f"{after}block b{number} {{ relu }}\n", encoding="utf-8")
    for count, expected in ((MAX_FILES, []), (MAX_FILES + 1, [f"more than {MAX_FILES} files are used"])):
        first = MAX_FILES + 2 - count
        names = [first] if chained else range(first, MAX_FILES + 2)
        text = "".join(f'use "f{number}.arch"\n' for number in names) + f"input 8; b{MAX_FILES + 1}\n"
        path = tmp_path / "net.arch"
        path.write_text(text, encoding="utf-8")
        assert messages(Source(text, name="net.arch", path=path)) == expected
