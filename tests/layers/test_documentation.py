"""Every layer has a description, an example that runs, and a description of each argument."""

import pytest

import archdsl
from archdsl.layers import merges, registry

MERGES = tuple(merges().values())
OPS = {**registry(), **merges()}


@pytest.mark.parametrize("layer", OPS.values(), ids=OPS)
def test_layer_example_runs(layer):
    text, _, example = (layer.__doc__ or "").partition("Example:\n")
    assert text.strip().splitlines()[0].endswith(".")
    network = archdsl.loads(example)
    assert not network.diagnostics
    assert any(isinstance(node.op, layer) for node in network.graph.layers)
    assert network.to_torch() is not None


@pytest.mark.parametrize("layer", OPS.values(), ids=OPS)
def test_every_argument_is_documented(layer):
    for parameter in layer.parameters:
        assert parameter.doc, f"{layer.keyword}: {parameter.name}"
        # They are used in the middle of a sentence.
        assert not parameter.doc.endswith(".")


def test_keywords_and_synonyms_are_unique():
    words = [word for op in (*registry().values(), *MERGES) for word in (op.keyword, *op.synonyms)]
    assert len(words) == len(set(words))


@pytest.mark.parametrize("layer", OPS.values(), ids=OPS)
def test_letters_and_flags_of_a_layer_are_distinct(layer):
    letters = [parameter.letter for parameter in layer.parameters if parameter.letter]
    assert len(letters) == len(set(letters))
    flags = [word for parameter in layer.parameters for word, _ in parameter.words]
    names = [parameter.name for parameter in layer.parameters]
    assert len(flags) == len(set(flags))
    # A flag that is also a name, such as `ceil`, sets the argument with this name.
    for parameter in layer.parameters:
        assert all(word == parameter.name or word not in names for word, _ in parameter.words)
