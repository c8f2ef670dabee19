"""W0916: a shorthand of a block hides a name, like one of a layer."""

import archdsl

BLOCK = "block unit(c, kernel) { conv c kernel }"


def codes(text: str) -> list[str]:
    return [found.diagnostic.code for found in archdsl.loads(text).diagnostics]


def test_a_shorthand_of_a_block_hides_a_name() -> None:
    assert "W0916" in codes(f"net N(c1 = 8); input 3x8x8; {BLOCK}; unit c1 kernel=1")


def test_a_word_that_is_no_shorthand_there_hides_nothing() -> None:
    assert "W0916" not in codes(f"net N(w1 = 8); input 3x8x8; {BLOCK}; unit w1 1")
    assert "W0916" not in codes(f"net N(c1 = 8); input 3x8x8; {BLOCK}; unit c=c1 kernel=1")
