"""The benchmark of suggestions: what it counts as the same network, as valid, as restored; and that its kinds work."""

import pytest
from suggestions_data import known_arguments, known_branches, known_forms, known_sizes, known_words
from suggestions_data.cases import Case, cases, errors, wrong_texts
from suggestions_data.known_arguments import same_but_order
from suggestions_data.known_branches import same_but_shortcuts
from suggestions_data.networks import networks
from suggestions_data.protocol import Kind, Valid, kinds_of, same_layers, same_network
from suggestions_data.two_errors import TwoErrors, merged, two_errors

from archdsl.diagnostics import Edit, Fix
from archdsl.text.source import Span

TEXT = "input 3x32x32\nconv 16 k3 p1; relu\nconv 8 k1 # narrow\ngap; fc 10\n"
KINDS = [
    kind
    for module in (known_words, known_arguments, known_branches, known_sizes, known_forms)
    for kind in kinds_of(module)
]


def valid(text: str = TEXT) -> Valid:
    return Valid("some", "some", text)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ("input 3x32x32\nconv 16 3 same; relu\nstage low { conv filters=8 kernel=1 as y }\ngap; fc 10\n", True),
        ("input 3x32x32\nblock b(c) { conv c k1 }\nconv 16 k3 p1; relu\nb 8\ngap; fc 10\nassert out == 10\n", True),
        ("input 3x32x32\nconv 16 k3; relu\nconv 8 k1\ngap; fc 10\n", False),
        ("input 3x32x32\nconv 16 k3 p1; silu\nconv 8 k1\ngap; fc 10\n", False),
        ("input 3x32x32\nconv 16 k3 p1; relu\nconv 8 k1 frozen\ngap; fc 10\n", False),
        ("input 3x32x32\nconv 16 k3 p1; relu\nconv 8 k1 init=kaiming\ngap; fc 10\n", False),
        ("input 3x32x32\nconv 16 k3 p1; relu\nconv 8 k1\ngap; fc 10; relu\n", False),
        ("input 3x32x32\nconv 16 k3 p1; relu as a\nconv 8 k1\ngap; fc 10 as b\noutput b, a\n", False),
        ("input 3x40x40\nconv 16 k3 p1; relu\nconv 8 k1\ngap; fc 10\n", False),
    ],
)
def test_same_network_ignores_how_layers_are_written(other, same):
    assert same_network(valid().graph, valid(other).graph) is same


def test_same_network_compares_the_order_of_inputs():
    text = "input 3x8x8\nconv 4 k1 as a\nconv 4 k1 as b\nconcat {} \n"
    graphs = [valid(text.format(names)).graph for names in ("a b", "b a")]
    assert not same_network(*graphs)


def test_same_layers_ignores_input_sizes():
    assert same_layers(valid().graph, valid(TEXT.replace("32x32", "40x40")).graph)
    assert not same_layers(valid().graph, valid(TEXT.replace("fc 10", "fc 11")).graph)


def test_same_but_shortcuts_ignores_only_shortcuts():
    text = "input 16x8x8\nresidual {{ conv 32 k3 p1 }} shortcut {{ {} }}\n"
    one, other, wrong = (valid(text.format(body)).graph for body in ("conv 32 k1; bn", "conv 32 k1", "conv 32 k3 p1"))
    assert same_but_shortcuts(one, other)
    assert same_but_shortcuts(one, wrong)
    assert not same_but_shortcuts(one, valid("input 16x8x8\nresidual { conv 16 k3 p1 }\n").graph)


@pytest.mark.parametrize(
    ("other", "same"),
    [
        ("conv 8 k3; flatten; relu; fc 5", True),
        ("conv 8 k3; relu; flatten; relu; fc 5", False),
        ("conv 8 k3; silu; flatten; fc 5", False),
        ("conv 8 k3; relu; gap; fc 5", False),
        ("conv 8 k3; relu; conv 8 k1; flatten; fc 5", False),
    ],
)
def test_same_but_order_ignores_only_moved_layers_without_weights(other, same):
    original = valid("input 3x8x8\nconv 8 k3; relu; flatten; fc 5\n")
    assert same_but_order(original.graph, valid(f"input 3x8x8\n{other}\n").graph) is same


@pytest.mark.parametrize(
    ("keyword", "left"),
    [
        ("relu", "input 3x32x32\nconv 16 k3 p1\nconv 8 k1 # narrow\ngap; fc 10\n"),
        ("gap", "input 3x32x32\nconv 16 k3 p1; relu\nconv 8 k1 # narrow\nfc 10\n"),
        ("conv", "input 3x32x32\nrelu\nconv 8 k1 # narrow\ngap; fc 10\n"),
    ],
)
def test_removing_a_statement_removes_its_separator(keyword, left):
    network = valid()
    assert network.without(network.layers(keyword)[0]) == left


def test_removing_a_statement_removes_its_line():
    network = valid("input 8\nfc 4\nrelu\nfc 2\n")
    assert network.without(network.layers("relu")[0]) == "input 8\nfc 4\nfc 2\n"


def case(text: str, *edits: tuple[str, str], original: str = TEXT) -> Case:
    """A text with errors, of which the first has these edits as suggestions."""
    found = errors(text)
    source = found[0].diagnostic.span.source
    fixes = tuple(
        Fix(title=new, edits=(Edit(span=Span(source, text.index(old), text.index(old) + len(old)), text=new),))
        for old, new in edits
    )
    pairs = [(each, fixes if each is found[0] else ()) for each in found]
    return Case(Kind("some", lambda random, valid: None, same_network), valid(original), text, pairs, 0.0, 0.0)


WRONG = TEXT.replace("relu", "rellu")


def test_edit_that_restores_the_original_is_counted():
    assert case(WRONG, ("rellu", "relu")).measures == {
        "located": True,
        "offered": True,
        "first": True,
        "first two": True,
        "valid": True,
    }


def test_edit_that_gives_another_network_is_valid_but_restores_nothing():
    measures = case(WRONG, ("rellu", "silu"), ("rellu", "relu")).measures
    assert (measures["valid"], measures["first"], measures["first two"]) == (True, False, True)


@pytest.mark.parametrize(
    ("text", "edit", "is_valid"),
    [
        (WRONG, ("rellu", "reelu"), False),
        (WRONG, ("; rellu\nconv 8", "; relu\nconv 8 k99"), False),
        (WRONG.replace("fc 10", "fc 10 k3"), ("; rellu", "; bn; relu"), True),
        (WRONG.replace("fc 10", "fc 10 k3"), ("; rellu", ""), True),
        (WRONG, ("; rellu\nconv 8 k1 # narrow\ngap;", "; relu\n"), False),
    ],
)
def test_valid_edit_removes_its_error_and_adds_none(text, edit, is_valid):
    assert case(text, edit).measures["valid"] is is_valid


def test_error_elsewhere_is_not_located():
    text = TEXT.replace("input 3x32x32", "input 3x0x32")
    assert case(text, ("input 3x0x32", "input 3x32x32")).measures["located"]
    unflat = TEXT.replace("gap; ", "")
    assert not case(unflat, ("fc", "gap; fc"), original=TEXT.replace("conv 16", "conv 32")).measures["first"]


def test_added_assertion_is_not_the_location_of_the_error():
    text = TEXT.replace("conv 8 k1", "conv 8 k1 s2")
    unlike = text + "assert out == 11\n"
    assert not case(unlike).measures["located"]
    assert case(unlike, ("k1 s2", "k1")).measures["located"]


def test_error_without_edits_counts_as_no_suggestion():
    assert case(WRONG).measures == {"located": True, "offered": False, "first": False, "first two": False}


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
def test_each_kind_introduces_errors_into_several_networks(kind):
    made = list(cases(kind, networks(), 0, 3))
    assert len(made) == 3
    assert all(each.suggested and each.valid.graph for each in made)  # the graph of a text without errors
    assert [(each.valid, each.text) for each in made] == list(wrong_texts(kind, networks(), 0, 3))
    # Every suggestion that is shown has been tried; the pages' networks change too often to be part of a test.
    assert all(each.measures.get("valid", True) for each in made if each.valid.family != "docs")


def test_corpus_has_hundreds_of_networks_of_many_families():
    assert len({network.text for network in networks()}) == len(networks()) > 300
    assert len({network.family for network in networks()}) > 40


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("a\nB\nc\nd\ne", "a\nb\nc\nD\ne", "a\nB\nc\nD\ne"),
        ("b\nc\nd\ne", "a\nb\nc\nd\ne\nf", "b\nc\nd\ne\nf"),
        ("a\nx\nb\nc\nd\ne", "a\nb\nc\nd", "a\nx\nb\nc\nd"),
        ("a\nB\nc\nd\ne", "a\nX\nc\nd\ne", None),
        ("a\nB\nc\nd\ne", "a\nb\nC\nd\ne", None),
    ],
)
def test_separate_changes_are_merged(one, other, both):
    assert merged("a\nb\nc\nd\ne", one, other) == both


def test_two_errors_are_introduced():
    for each in two_errors(KINDS, networks(), 0, 3):
        assert len(errors(each.text)) > 1
        assert each.text != each.valid.text


def test_two_errors_are_followed_step_by_step():
    text = TEXT.replace("relu", "rellu").replace("gap", "gapp")
    kinds = KINDS[0], KINDS[0]
    assert TwoErrors(valid(), kinds, text).measures == {"offered": True, "no errors": True, "restored": True}
    assert TwoErrors(valid(), kinds, text).steps[-1] == TEXT
    other = TwoErrors(valid(TEXT.replace("fc 10", "fc 11")), kinds, text)
    assert other.measures == {"offered": True, "no errors": True, "restored": False}
    assert TwoErrors(valid(), kinds, TEXT).measures == {"offered": False, "no errors": True, "restored": True}
