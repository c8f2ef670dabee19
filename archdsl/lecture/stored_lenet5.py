"""The stored digits and weights: one test image for each digit, and LeNet-5 trained on the digits."""

import json
from base64 import b64decode
from functools import cache
from importlib.resources import files
from random import Random
from typing import Any

from ..contract.layer import Weights as Shapes
from ..graph import Graph
from ..network import loads
from .small_networks import Map, Weights


@cache
def _stored() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(files(__package__).joinpath("lenet5.json").read_text(encoding="utf-8"))
    return found


def digit(label: int) -> list[list[int]]:
    """A test image of a digit: 8×8 pixels from 0 to 255."""
    found: list[list[int]] = _stored()["small"][label]
    return found


def large_digit(label: int) -> list[list[int]]:
    """The same image at 32×32 pixels, as LeNet-5 was trained on it."""
    values = b64decode(_stored()["large"][label])
    return [list(values[start : start + 32]) for start in range(0, 1024, 32)]


def standardized(rows: list[list[int]]) -> Map:
    """Pixels as LeNet-5 receives them: of mean 0 and standard deviation 1 over the training images."""
    mean, deviation = _stored()["mean"], _stored()["deviation"]
    return [[(value / 255 - mean) / deviation for value in row] for row in rows]


@cache
def lenet5() -> Graph:
    """The network of the stored weights."""
    return loads(_stored()["network"]).graph


@cache
def trained() -> Weights:
    """The weights after training, restored from 8 bits each."""
    return {
        name: [(value - 256 if value > 127 else value) * each["scale"] for value in b64decode(each["data"])]
        for name, each in _stored()["weights"].items()
    }


@cache
def untrained(seed: int = 0) -> Weights:
    """Random weights, uniform in ±1/√n for n inputs of a unit, as torch initializes convolutions and linear layers."""
    random, graph = Random(seed), lenet5()
    found = {}
    for node in graph.layers:
        shapes: Shapes = node.op.weights_of(graph.shapes_in(node))
        inputs = 1
        for size in shapes.get("weight", (1,))[1:]:
            inputs *= size
        for name, dims in shapes.items():
            count = 1
            for size in dims:
                count *= size
            found[".".join((*node.path, name))] = [random.uniform(-1, 1) * inputs**-0.5 for _ in range(count)]
    return found
