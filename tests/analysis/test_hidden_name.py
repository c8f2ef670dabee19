"""A word that is a shorthand of a block and a name of a value, too: E0209 where both are possible."""

from archdsl.diagnostics import Sink
from archdsl.network import analyze
from archdsl.text.source import Source

BLOCK = "block unit(c, kernel) { conv c kernel }"


def codes(text: str) -> list[str]:
    return [found.diagnostic.code for found in analyze(Source(text), Sink()).diagnostics]


def test_block_shorthand_that_is_also_a_name_is_ambiguous() -> None:
    assert "E0209" in codes(f"net N(c1 = 8); input 3x8x8; {BLOCK}; unit c1 kernel=1")


def test_word_that_is_no_shorthand_shadows_no_name() -> None:
    assert "W0916" not in codes(f"net N(w1 = 8); input 3x8x8; {BLOCK}; unit w1 1")
    assert "W0916" not in codes(f"net N(c1 = 8); input 3x8x8; {BLOCK}; unit c=c1 kernel=1")


def test_word_that_is_read_as_the_name_hides_none() -> None:
    assert codes("input 3x8x8; let s2 = 4; conv s2 k3") == []
    assert codes("input 3x9x9; let s2 = 4; conv 8 k3 s2") == ["W0916"]
