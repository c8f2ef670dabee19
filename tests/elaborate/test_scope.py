"""What is visible where."""

import pytest

import archdsl
from archdsl import ArchError


def codes(text: str) -> list[str]:
    try:
        archdsl.loads(text)
    except ArchError as error:
        return [found.diagnostic.code for found in error.diagnostics]
    return []


VISIBLE = {
    "parameters of the network, in a block": "net A(c = 4)\ninput 3x8x8\nblock b { conv c k1 }\nb",
    "names around a body": "input 3x8x8; relu as a; let n = 3\nresidual { add a; conv n k1 }",
    "names around a repeat": "input 3x8x8; let n = 3\nrepeat 2 { conv n k1 }",
    "names of a stage, after it": "input 3x8x8; stage s { relu as a; let n = 3 }\nconv n k1; add a s",
    "names of an if, after it": "input 3x8x8; if 1 { relu as a; let n = 3 }\nconv n k1; add a",
    "an outer name, given anew": "input 3x8x8; let n = 3\nadd { let n = 4; conv n k1; conv 3 k1 }\nconv n k1",
    "`in`, what the stage began with": "input 3x8x8; stage s { conv 4 k1; concat in; concat { conv 3 k1; add in } }",
    "`in`, what the block began with": "input 3x8x8; b\nblock b { conv 8 k1; add { conv 3 k1; add in; conv 8 k1 } }",
    "`in`, in a side branch": "input 3x8x8; stage s { conv 8 k1; aux a { from in; add in; conv 3 k1; add in } }",
    "`in`, the network's input": "input 3x8x8; conv 3 k1; add in; if 1 { repeat 2 { add in } }",
    "a parameter, in a later default": "input 3x8x8\nblock b(c, d = 2*c) { conv d k1 }\nb 2",
    "a size, in a default": "input 3x8x8\nblock b(c = @c) { conv 4 k1; conv c k1 }\nb",
    "a tensor given to a block": "input 3x8x8; relu as a\nblock b(skip) { concat skip }\nb a",
    "a block defined later": "input 3x8x8; b\nblock b { relu }",
}
HIDDEN = {
    "names of the caller, in a block": "input 3x8x8; let n = 3\nblock b { conv n k1 }\nb",
    "tensors of the caller, in a block": "input 3x8x8; relu as a\nblock b { add a }\nb",
    "parameters of a block, after its use": "input 3x8x8\nblock b(n) { conv n k1 }\nb 4; conv n k1",
    "names of a branch, after it": "input 3x8x8; add { relu as a }\nadd a",
    "names of a branch, in the next": "input 3x8x8; concat { relu as a } { add a }",
    "names of a shortcut, after it": "input 3x8x8; residual { relu } shortcut { bn as a }\nadd a",
    "names of a repeat, after it": "input 3x8x8; repeat 2 { relu as a }\nadd a",
    "the index of a repeat, after it": "input 3x8x8; repeat 2 as i { relu }\nconv i k1",
    "names of a side branch, after it": "input 3x8x8; aux a { relu as inner }\nadd inner",
    "names of the branch not taken": "input 3x8x8; if 0 { relu as a } else { bn }\nadd a",
    "`in`, of two inputs": "input a 3x8x8; input b 3x8x8; add in",
    "a name, before it is given": "input 3x8x8; add a; relu as a",
}


@pytest.mark.parametrize("what", VISIBLE)
def test_names_in_scope_are_resolved(what: str) -> None:
    assert codes(VISIBLE[what]) == []


@pytest.mark.parametrize("what", HIDDEN)
def test_names_out_of_scope_are_undefined(what: str) -> None:
    assert codes(HIDDEN[what]) == ["E0202"]


@pytest.mark.parametrize(
    "text",
    [
        "net A(n = 4)\ninput 3x8x8; let n = 5",
        "input 3x8x8; relu as a; bn as a",
        "input 3x8x8; stage s { relu }\nlet s = 3",
        "net A(n = 4, n = 5)\ninput 3x8x8",
    ],
)
def test_duplicate_name_is_an_error(text: str) -> None:
    assert codes(text) == ["E0203"]


DEFINITIONS = ("net A", "use std", "block b { relu }", "train { epochs 2 }", "figure { font serif }")
BODIES = (
    "if 1 { %s }",
    "if 0 { relu } else { %s }",
    "repeat 2 { %s }",
    "stage s { if 1 { %s }; relu }",
    "add { %s; relu }",
)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("definition", DEFINITIONS)
def test_definition_in_a_body_is_an_error(definition: str, body: str) -> None:
    assert set(codes("input 8; " + body % definition)) == {"E0505"}
