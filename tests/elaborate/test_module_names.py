"""Names used by torch, torch.fx or Python: a stage with any name works, or is rejected with a message."""

import keyword

import pytest
import torch
from torch import nn

import archdsl
from archdsl import ArchError
from archdsl.elaborate.module_names import RESERVED, module_name
from archdsl.syntax.tokens import KEYWORDS

MODULE = torch.fx.GraphModule(nn.Module(), torch.fx.Graph())
PUBLIC = {name for name in {*dir(MODULE), *dir(torch.fx.GraphModule), *dir(nn.Module)} if not name.startswith("_")}
PRIVATE = {name for name in {*dir(MODULE), *dir(torch.fx.GraphModule)} if name.startswith("_")}
OTHERS = {
    "self",
    "OrderedDict",
    "Tensor",
    "math",
    "torch",
    "nn",
    "F",
    "operator",
    "super",
    "object",
    "x",
    "y",
    "input_",
}

TEXTS = {
    "stage": "input 3x8x8; stage {0} {{ conv 4 k1; relu }}; conv 2 k1",
    "layer": "input 3x8x8; conv 4 k1 as {0}; relu",
    "input": "input {0} 3x8x8; conv 4 k1",
    "network": "net {0}(k = 1)\ninput 3x8x8; stage a {{ conv 4 k1; relu }}; stage b {{ conv 4 k1; relu }}; add a",
    "side branch": "input 3x8x8; aux {0} {{ conv 4 k1 }}; relu",
    "block": "input 3x8x8\nblock {0} {{ conv 3 k1; add {{ conv 3 k1 }} }}\n{0} x2; {0} as t",
}


def test_public_module_attributes_are_reserved() -> None:
    assert PUBLIC <= RESERVED


def runs(text: str) -> None:
    network = archdsl.loads(text)
    module = network.to_torch()
    x = torch.zeros(2, 3, 8, 8)
    module(x)
    made: dict[str, object] = {"__name__": "made"}
    exec(network.source(), made)
    classes = [each for each in made.values() if isinstance(each, type) and each.__module__ == "made"]
    written = classes[-1]()
    assert list(written.state_dict()) == list(module.state_dict())
    written(x)


@pytest.mark.parametrize("what", ["stage", "layer"])
def test_parts_can_be_named_like_module_attributes(what: str) -> None:
    for name in sorted((PUBLIC | OTHERS | {name for name in PRIVATE if not name.startswith("__")}) - KEYWORDS):
        runs(TEXTS[what].format(name))


@pytest.mark.parametrize("what", TEXTS)
def test_parts_can_be_named_like_identifiers_of_generated_code(what: str) -> None:
    taken = {"relu"} if what == "block" else set()
    names = {"graph", "code", "meta", "recompile", "forward", "_modules", *OTHERS, *keyword.kwlist}
    for name in sorted(names - KEYWORDS - taken):
        runs(TEXTS[what].format(name))


@pytest.mark.parametrize("name", ["__init__", "__class__", "__call__", "__dict__", "__", "__x"])
@pytest.mark.parametrize("what", TEXTS)
def test_python_keywords_are_refused_as_names(what: str, name: str) -> None:
    with pytest.raises(ArchError) as caught:
        archdsl.loads(TEXTS[what].format(name))
    assert {found.diagnostic.code for found in caught.value.diagnostics} == {"E0111"}


@pytest.mark.parametrize("word", sorted(KEYWORDS))
def test_language_keywords_are_refused_as_names(word: str) -> None:
    for text in (f"block {word}() {{ relu }}\ninput 8; fc 2", f"net {word}(n = 1)\ninput 8; fc 2"):
        with pytest.raises(ArchError) as caught:
            archdsl.loads(text)
        codes = {found.diagnostic.code for found in caught.value.diagnostics}
        assert codes & {"E0107", "E0101"}, text


def test_unreserved_names_are_unchanged() -> None:
    assert [module_name(name) for name in ("features", "graph", "_modules", "class")] == [
        "features",
        "graph_",
        "_modules_",
        "class_",
    ]
