"""Blocks of `std` in a file that does not use it: `use std` is suggested where that is enough."""

import pytest

from archdsl.diagnostics import Sink
from archdsl.diagnostics.diagnostic import Finding
from archdsl.diagnostics.fixes import fix
from archdsl.elaborate.known_operations import is_operation
from archdsl.layers import registry
from archdsl.network import Analysis, analyze
from archdsl.text.library import standard_blocks
from archdsl.text.source import Source

ARGUMENTS = {
    "fpn": "a b c 8 as x, y, z; output x, y, z",
    "pan": "a b c 8 as x, y, z; output x, y, z",
    "swiglu": "8",
    "geglu": "8",
    "transformer_encoder": "2 8",
    "transformer_decoder": "other 2 8",
    "cbs_pair": "8 8",
    "patch_embedding": "8 4",
    "eca": "",
    "grn": "",
}


def check(text: str) -> Analysis:
    return analyze(Source(text), Sink())


def found(source: Source) -> tuple[Finding, ...]:
    return analyze(source, Sink()).diagnostics


def suggested(text: str) -> list[str]:
    (error,) = check(text).diagnostics
    assert error.diagnostic.code == "E0201"
    return [suggestion.title for suggestion in error.suggestions]


@pytest.mark.parametrize("name", sorted(standard_blocks() - {"dense"}))
def test_use_std_is_suggested(name: str) -> None:
    header = "net N\ninput 8x8x8"
    if "glu" in name or "former" in name:
        header = "net N(T = 8, C = 8)\ninput other TxC\ninput steps TxC"
    elif name in ("fpn", "pan"):
        header = "net N\ninput a 8x8x8\ninput b 8x4x4\ninput c 8x2x2"
    text = f"{header}\n{name} {ARGUMENTS.get(name, '8')}\n"
    assert suggested(text) == ["insert `use std`"]
    source = Source(text)
    fixed = fix(source, found(source), found, unsafe=True)
    assert fixed.source.text == text.replace("input", "use std\ninput", 1)
    assert not check(fixed.source.text).diagnostics


def test_misspelled_standard_block_is_suggested() -> None:
    assert suggested("input 8x8x8\nmbcnv 8") == ["write `mbconv` instead of `mbcnv`, with `use std`"]
    assert suggested("use std\ninput 8x8x8\nmbcnv 8") == ["write `mbconv` instead of `mbcnv`"]


def test_wrong_arguments_of_a_standard_block_are_reported() -> None:
    (error,) = check("input 8x8x8\nmbconv k3").diagnostics
    assert error.diagnostic.label() == "a block of `std`, which this file does not use"
    assert "archdsl layers mbconv" in error.diagnostic.help()[0]


def test_standard_block_is_neither_a_layer_nor_an_operation() -> None:
    for name in standard_blocks():
        assert name not in registry()
        assert not is_operation(name)
