from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from archdsl.analysis.diff.align import align, common

WORDS = st.lists(st.sampled_from("abcd"), max_size=40)


def longest(a: list[str], b: list[str]) -> int:
    """The length by the textbook algorithm."""
    rows = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            rows[i + 1][j + 1] = rows[i][j] + 1 if x == y else max(rows[i][j + 1], rows[i + 1][j])
    return rows[-1][-1]


@given(WORDS, WORDS)
def test_common_subsequence_is_the_longest(a: list[str], b: list[str]) -> None:
    pairs = common(a, b)
    assert all(a[i] == b[j] for i, j in pairs)
    assert all(i < k and j < m for (i, j), (k, m) in pairwise(pairs))
    assert len(pairs) == longest(a, b)


@given(WORDS, WORDS)
def test_alignment_keeps_the_order_and_pairs_similar_items(a: list[str], b: list[str]) -> None:
    """Keys are characters; a and b are similar, and so are c and d."""
    sides = {"a": 1, "b": 1, "c": 2, "d": 2}
    pairs = align([[x] for x in a], [[x] for x in b], lambda i, j: int(sides[a[i]] == sides[b[j]]))
    assert all(i < k and j < m for (i, j), (k, m) in pairwise(pairs))
    assert all(sides[a[i]] == sides[b[j]] for i, j in pairs)
    equal = [(i, j) for i, j in pairs if a[i] == b[j]]
    assert len(equal) >= longest(a, b)


def test_first_of_several_equal_items_is_paired() -> None:
    assert common("xyxy", "xy") == [(0, 0), (1, 1)]
    assert common("xy", "xyxyz") == [(0, 0), (1, 1)]
    assert common("axyz", "axyxyz") == [(0, 0), (1, 1), (2, 2), (3, 5)]


def test_highest_scoring_pair_in_a_gap_is_chosen() -> None:
    scores = {("p", "P"): 3, ("q", "Q"): 3, ("p", "Q"): 4}
    a, b = "pq", "PQ"
    assert align([[x] for x in a], [[x] for x in b], lambda i, j: scores.get((a[i], b[j]), 0)) == [(0, 0), (1, 1)]


def test_common_subsequence_of_thousands_of_items() -> None:
    a = [f"{i % 7}" for i in range(9000)]
    b = [x for i, x in enumerate(a) if i % 11] + ["new"] * 300
    assert len(common(a, b)) == len(b) - 300
