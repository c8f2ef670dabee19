"""The zoo's modules: parameters keep their names, and the parts compute what the flat graph does."""

import warnings
from typing import Any

import pytest
import torch

import archdsl
from archdsl import zoo
from tests.programs.flat import flat_outputs
from tests.programs.parts_property import check_counts, recorded

from .dataflow import dataflow
from .meta_results import MetaResults
from .parameter_names import build, digest, stored
from .references.reference import input_shapes, random_inputs

FIRST = {entry.path.stem: name for name, entry in reversed([*zoo.entries().items()])}
"""The first network of each text."""
LONG = ("mamba_130m",)
"""Tens of thousands of operations: its scans run step by step."""


@pytest.mark.parametrize("name", stored())
def test_parameter_names_are_stable(name: str) -> None:
    assert digest(build(name)) == stored()[name]


def floats(result: Any) -> list[torch.Tensor]:
    """The results that a gradient can start from."""
    results = result if isinstance(result, tuple) else (result,)
    return [each for each in results if each.requires_grad]


@pytest.mark.parametrize("name", [name for name in FIRST.values() if name not in LONG])
def test_parts_run_the_same_operations_as_the_flat_graph(name: str) -> None:
    """Forward and backward pass of a training step: operations, their order, and the tensors between them."""
    network = archdsl.load(f"zoo:{name}")
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as in `build`
        module = network.to_torch().train()
        inputs = random_inputs(input_shapes(network), 2, "meta")
    state = [*module.state_dict(keep_vars=True).values(), *inputs]
    trained = [tensor for tensor in state if tensor.requires_grad]

    def gradients(result: Any) -> tuple[Any, ...]:
        return torch.autograd.grad([each.sum() for each in floats(result)], trained, allow_unused=True)

    def of_parts() -> Any:
        calls, result = recorded(network.graph, module, inputs)
        check_counts(network.graph, calls, whole=True)
        return result, gradients(result)

    def of_graph() -> Any:
        result = flat_outputs(network.graph, module, inputs)
        return result, gradients(result)

    with MetaResults():
        assert dataflow(of_parts, state) == dataflow(of_graph, state)
