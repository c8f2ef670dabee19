"""Recurrent layers, which process a sequence step by step."""

from collections.abc import Iterator, Mapping
from math import prod
from typing import Annotated, Any, ClassVar, Literal

from ..contract.arguments import Flag, OneOf, PositiveInt, Probability, Tensor, argument
from ..contract.call import ARG, Module, Steps, method, operator
from ..contract.initializers import MATRIX_DOC, MatrixInit, fill
from ..contract.layer import LayerOp, Reject, Weights
from ..contract.reads import ALL, Links, ReadsBefore
from ..contract.saves import SavedTensor, Saves, contiguous
from ..diagnostics import Change
from ..diagnostics.catalog.shape_errors import ArgumentsConflict
from ..shapes.shape import Layout, Shape
from ._calls import given
from ._reading import sequential

MOST_LAYERS = 1000
"""Maximum number of stacked layers: each adds weights with their own names."""


class Recurrent(LayerOp):
    """The base class of recurrent networks: each step of T×C updates a state; the output is the last layer's states.

    `initial=NAME` is the state before the first step: `units` features times the layers and directions, in one axis or
    in two.
    """

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
        doc="also process the steps in reverse order; the output concatenates both directions",
    )
    dropout: Probability = argument(0.0, doc="probability of zeroing a feature between layers in training")
    initial: Tensor | None = argument(None, doc="tensor with the state before the first step; zeros by default")
    last: Flag = argument(
        False,
        words={"last": True},
        doc="return only the final state, a vector; with `bidirectional`, the final states of both directions",
    )
    bias: Flag = argument(True, words={"nobias": False}, doc="whether to add a bias in each step")
    frozen: Flag = argument(False, words={"frozen": True}, doc="only the biases are trained")
    init: MatrixInit | None = argument(None, doc=MATRIX_DOC)

    @property
    def directions(self) -> int:
        """The number of directions."""
        return 2 if self.bidirectional else 1

    def infer(self, xs: tuple[Shape, ...]) -> Shape:
        x, *states = xs
        y = sequential(x).with_channels(self.units * self.directions)
        if self.last:
            y = Shape(y.channels)
        if self.layers > MOST_LAYERS:
            raise Reject("layers", f"{self.layers:,} is more than the limit of {MOST_LAYERS:,}", language_rule=True)
        if self.dropout and self.layers == 1:
            raise Reject(
                "dropout",
                "a single layer has no dropout between layers",
                changes=(Change.of(layers="2"), Change.of(dropout=None)),
                recovery_shape=y,
                kind=ArgumentsConflict,
                language_rule=True,
            )
        for name, state in zip(self.named_inputs(), states, strict=True):
            self._check_state(name, state, y)
        self._check_names(y)
        return y

    def _check_state(self, name: str, state: Shape, y: Shape) -> None:
        """Check that a state has the units of all layers and directions. Raises Reject."""
        count = self.layers * self.directions
        if state.layout is Layout.IDS or state.dims not in ((count * self.units,), (count, self.units)):
            forms = f"{count * self.units} or {count}×{self.units}"
            what = f"{state} IDs" if state.layout is Layout.IDS else str(state)
            raise Reject(name, f"it is {what}, not {forms}", recovery_shape=y, language_rule=True)

    def _check_names(self, y: Shape) -> None:
        """Check for mutually exclusive arguments. Raises Reject."""

    def weights_of(self, xs: tuple[Shape, ...]) -> Weights:
        shapes: dict[str, tuple[int, ...]] = {}
        features, rows = xs[0].features, self.gates * self.units
        for number, end in enumerate(self._ends()):
            if number == self.directions:
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

    def initializers_of(self, xs: tuple[Shape, ...]) -> Mapping[str, Steps]:
        return fill(self.init, self.weights_of(xs))

    def macs_of(self, xs: tuple[Shape, ...], y: Shape) -> int:
        matrices = (shape for name, shape in self.weights_of(xs).items() if name.startswith("weight"))
        return xs[0].dims[0] * sum(map(prod, matrices))

    def reads_of(self, xs: tuple[Shape, ...], y: Shape) -> tuple[Links, ...]:
        features = y.channel_axis
        steps = (None, ALL) if self.last else (0, ALL if self.bidirectional else ReadsBefore())
        of_states: Iterator[Links] = ((*((None, ALL),) * (state.rank - 1), (features, ALL)) for state in xs[1:])
        return (steps, (features, ALL)), *of_states

    def saves_of(self, xs: tuple[Shape, ...], y: Shape) -> Saves:
        x = xs[0]
        ends, steps = self.directions, x.dims[0]
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
        names = [name for name in self.weights_of(xs) if self.fused or name.startswith("weight")]
        first = () if self.fused else tuple(name for name in names if name.startswith("weight_ih_l0"))
        rest = tuple(name for name in names if name not in first)
        return Saves(
            saved=tuple(own),
            autocast=True,
            cast_weights=rest,
            cast_for_input_gradient=first,
            output_format=contiguous(y.rank),
        )

    def steps(self, xs: tuple[Shape, ...]) -> Steps:
        options = given(
            num_layers=(self.layers, 1),
            bias=(self.bias, True),
            dropout=(self.dropout, 0.0),
            bidirectional=(self.bidirectional, False),
        )
        kwargs = self._options() | options | {"batch_first": True}
        target = f"archdsl.backends.modules.Initial{self.module}" if self.named_inputs() else f"torch.nn.{self.module}"
        args = (xs[0].features, self.units)
        names = tuple(self.named_inputs())
        module = Module(target=target, args=args, kwargs=tuple(kwargs.items()), inputs=names)
        if not self.last:
            return module, operator.getitem(ARG, 0)
        # The final states are (layers·directions)×N×units.
        states = (operator.getitem(ARG, 1), *self._hidden())
        if not self.bidirectional:
            return module, *states, operator.getitem(ARG, -1)
        both = operator.getitem(ARG, slice(-2, None))
        return module, *states, both, method.transpose(ARG, 0, 1), method.flatten(ARG, 1)

    def _hidden(self) -> Steps:
        """The calls that take the hidden state out of the state."""
        return ()

    def _options(self) -> dict[str, Any]:
        """Further arguments of torch's module."""
        return {}


class LSTM(Recurrent):
    """Long short-term memory: gates control what the state keeps (Hochreiter & Schmidhuber, 1997).

    `initial=` is the hidden state before the first step, and `initial_cell=` the cell state.

    Example:
        input 100x64; lstm 256
    """

    keyword = "lstm"
    module = "LSTM"
    states = 10
    workspace = 25
    fused = True
    gates = 4

    initial_cell: Tensor | None = argument(
        None, doc="tensor with the cell state before the first step; needs `initial` too; zeros by default"
    )

    def _check_names(self, y: Shape) -> None:
        if self.initial is None and self.initial_cell is not None:
            why = "it needs the hidden state, too: `initial`"
            raise Reject("initial_cell", why, recovery_shape=y, kind=ArgumentsConflict, language_rule=True)

    def _hidden(self) -> Steps:
        return (operator.getitem(ARG, 0),)


class GRU(Recurrent):
    """Gated recurrent unit: like an LSTM with one state and fewer gates (Cho et al., 2014).

    Example:
        input 100x64; gru 256 bidirectional
    """

    keyword = "gru"
    module = "GRU"
    states = 6
    workspace = 4
    gates = 3


class RNN(Recurrent):
    """Simple RNN: the state is the tanh of a weighted sum of the previous state and the input (Elman, 1990).

    Example:
        input 100x64; rnn 256
    """

    keyword = "rnn"
    synonyms = ("simplernn", "simple_rnn")
    module = "RNN"
    states = 1
    gates = 1

    activation: Annotated[Literal["tanh", "relu"], OneOf(choices=("tanh", "relu"))] = argument(
        "tanh", words={"tanh": "tanh", "relu": "relu"}, doc="activation applied to the sum"
    )

    def _options(self) -> dict[str, Any]:
        return given(nonlinearity=(self.activation, "tanh"))
