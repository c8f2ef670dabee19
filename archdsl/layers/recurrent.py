"""Recurrent layers, which process a sequence step by step."""

from collections.abc import Mapping
from math import prod
from typing import Annotated, Any, ClassVar, Literal

from ..contract.arguments import Flag, OneOf, PositiveInt, Probability, argument
from ..contract.call import ARG, Module, Steps, operator
from ..contract.initializers import MATRIX_DOC, MatrixInit, fill
from ..contract.layer import Layer, Reject, Weights
from ..contract.reads import ALL, Links, ReadsBefore
from ..contract.saves import SavedTensor, Saves, contiguous
from ..diagnostics import Change
from ..shapes.shape import Shape
from ._calls import given
from ._reading import sequential

MOST_LAYERS = 1000
"""Layers of one recurrent network: each has weights with their own names."""


class Recurrent(Layer):
    """What recurrent networks share: a state that each step of T×C updates; the output has the last layer's states."""

    style = "recurrent"
    module: ClassVar[str]
    gates: ClassVar[int]
    states: ClassVar[int]
    """The number of values of each unit that are saved at each step."""
    workspace: ClassVar[int] = 0
    """Bytes saved in addition for each unit and step, in any precision."""
    fused: ClassVar[bool] = False
    """Whether oneDNN computes all steps at once, which saves all weights."""

    units: PositiveInt = argument(positional=True, doc="features of the hidden state")
    layers: PositiveInt = argument(1, doc="number of stacked layers")
    bidirectional: Flag = argument(
        False,
        words={"bidirectional": True},
        doc="add a second one that reads from the end; the output has the features of both",
    )
    dropout: Probability = argument(0.0, doc="probability of zeroing a feature between layers in training")
    bias: Flag = argument(True, words={"nobias": False}, doc="whether to add a bias in each step")
    frozen: Flag = argument(False, words={"frozen": True}, doc="the weights are not trained; the biases are")
    init: MatrixInit | None = argument(None, doc=MATRIX_DOC)

    def out(self, x: Shape) -> Shape:
        y = sequential(x).with_channels(self.units * (2 if self.bidirectional else 1))
        if self.layers > MOST_LAYERS:
            raise Reject("layers", f"{self.layers:,} is more than the limit of {MOST_LAYERS:,}", language_rule=True)
        if self.dropout and self.layers == 1:
            raise Reject(
                "dropout",
                "a single layer has no dropout between layers",
                changes=(Change.of(layers="2"), Change.of(dropout=None)),
                recovery_shape=y,
                language_rule=True,
            )
        return y

    def weights(self, x: Shape) -> Weights:
        shapes: dict[str, tuple[int, ...]] = {}
        features, rows = x.features, self.gates * self.units
        for number, end in enumerate(self._ends()):
            if number == (2 if self.bidirectional else 1):
                features = self.units * number
            shapes[f"weight_ih{end}"] = (rows, features)
            shapes[f"weight_hh{end}"] = (rows, self.units)
            if self.bias:
                shapes[f"bias_ih{end}"] = (rows,)
                shapes[f"bias_hh{end}"] = (rows,)
        return shapes

    def _ends(self) -> list[str]:
        """The suffixes of torch's weight names: by layer and direction."""
        directions = ("", "_reverse") if self.bidirectional else ("",)
        return [f"_l{layer}{direction}" for layer in range(self.layers) for direction in directions]

    def frozen_weights(self) -> tuple[str, ...]:
        return tuple(f"weight_{of}{end}" for end in self._ends() for of in ("ih", "hh")) if self.frozen else ()

    def initializers(self, x: Shape) -> Mapping[str, Steps]:
        return fill(self.init, self.weights(x))

    def macs(self, x: Shape, y: Shape) -> int:
        return x.dims[0] * sum(prod(shape) for name, shape in self.weights(x).items() if name.startswith("weight"))

    def reads(self, x: Shape, y: Shape) -> Links:
        return (0, ALL if self.bidirectional else ReadsBefore()), (1, ALL)

    def saves(self, x: Shape, y: Shape) -> Saves:
        ends, steps = 2 if self.bidirectional else 1, x.dims[0]
        own, features = [], x.features
        reads = self.fused or not self.frozen  # only the gradients of the weights need the input of each layer
        for layer in range(self.layers):
            if reads:
                own.append(SavedTensor(per_sample=steps * features))
            if self.dropout and layer:
                own.append(SavedTensor(per_sample=steps * features))
            features = self.units * ends
            states = ends * steps * self.units
            own += [
                SavedTensor(per_sample=self.states * states),
                SavedTensor(per_sample=states, bytes=self.workspace if reads else 0),
            ]
        names = [name for name in self.weights(x) if self.fused or name.startswith("weight")]
        first = () if self.fused else tuple(name for name in names if name.startswith("weight_ih_l0"))
        rest = tuple(name for name in names if name not in first)
        return Saves(
            saved=tuple(own),
            autocast=True,
            cast_weights=rest,
            cast_for_input_gradient=first,
            output_format=contiguous(2),
        )

    def torch(self, x: Shape) -> Steps:
        options = given(
            num_layers=(self.layers, 1),
            bias=(self.bias, True),
            dropout=(self.dropout, 0.0),
            bidirectional=(self.bidirectional, False),
        )
        kwargs = self._options() | options | {"batch_first": True}
        module = Module(target=f"torch.nn.{self.module}", args=(x.features, self.units), kwargs=tuple(kwargs.items()))
        return module, operator.getitem(ARG, 0)

    def _options(self) -> dict[str, Any]:
        """Further arguments of torch's module."""
        return {}


class LSTM(Recurrent):
    """Long short-term memory: a state whose gates decide what is kept (Hochreiter & Schmidhuber, 1997).

    Example:
        input 100x64; lstm 256
    """

    keyword = "lstm"
    module = "LSTM"
    states = 10
    workspace = 25
    fused = True
    gates = 4


class GRU(Recurrent):
    """Gated recurrent unit: an LSTM with one state and fewer gates (Cho et al., 2014).

    Example:
        input 100x64; gru 256 bidirectional
    """

    keyword = "gru"
    module = "GRU"
    states = 6
    workspace = 4
    gates = 3


class RNN(Recurrent):
    """Simple recurrent network: the state is tanh of a weighted sum of itself and the step (Elman, 1990).

    Example:
        input 100x64; rnn 256
    """

    keyword = "rnn"
    synonyms = ("simplernn", "simple_rnn")
    module = "RNN"
    states = 1
    gates = 1

    activation: Annotated[Literal["tanh", "relu"], OneOf(choices=("tanh", "relu"))] = argument(
        "tanh", words={"tanh": "tanh", "relu": "relu"}, doc="activation of the sum"
    )

    def _options(self) -> dict[str, Any]:
        return given(nonlinearity=(self.activation, "tanh"))
