"""Recurrent layers: `lstm`, `gru` and `rnn`."""

from collections.abc import Mapping, Sequence
from typing import Any

from ...shapes.shape import Layout
from ..arranging import arranged
from ..atoms import BATCH, Group, axis_of, whole
from ..building import same
from ..import_problem import NotExpressible
from ..values import Computed, ConstantTensor, FinalStates, NoResult, SourceParameter, Tensor, only_moves
from . import rule
from .joining_rules import stacked
from .slicing_rules import part, selected


@rule("lstm")
def lstm(lifter: Any, a: Mapping[str, Any]) -> tuple[Any, ...]:
    """`lstm`: the states of all steps, the final ones, and no cell state."""
    hidden, cell = a["hx"]
    made = _recurrent(lifter, a, "lstm", (hidden, cell))
    return *made, NoResult("the final cell state", "a layer that gives it")


@rule("gru")
def gru(lifter: Any, a: Mapping[str, Any]) -> tuple[Any, ...]:
    """`gru`: the states of all steps, and the final ones."""
    return _recurrent(lifter, a, "gru", (a["hx"],))


@rule("rnn_tanh", "rnn_relu")
def rnn(lifter: Any, a: Mapping[str, Any]) -> tuple[Any, ...]:
    """`rnn`: the states of all steps, and the final ones."""
    more = {"activation": "relu"} if "relu" in str(lifter.at.target) else {}
    return _recurrent(lifter, a, "rnn", (a["hx"],), **more)


def _recurrent(
    lifter: Any, a: Mapping[str, Any], keyword: str, initial: Sequence[Any], **arguments: Any
) -> tuple[Tensor, FinalStates]:
    if "batch_sizes" in a:
        raise NotExpressible("sequences of different lengths", "a recurrent layer that takes the lengths")
    if not all(isinstance(each, ConstantTensor) and not bool(each.tensor.any()) for each in initial):
        raise NotExpressible("a recurrent layer with an initial state", "`initial=` with the axes of torch")
    count, directions = a["num_layers"], 2 if a["bidirectional"] else 1
    names = _names(count, directions, biased=a["has_biases"])
    if len(a["params"]) != len(names):
        raise NotExpressible("a recurrent layer that projects its states")
    if not all(isinstance(p, SourceParameter) or (isinstance(p, Computed) and only_moves(p)) for p in a["params"]):
        raise NotExpressible("a recurrent layer whose weights are computed", "a layer with computed weights")
    weights = {name: same(p) for name, p in zip(names, a["params"], strict=True)}
    units = a["params"][1].sizes[1]
    if count > 1:
        arguments |= {"layers": count} | ({"dropout": float(a["dropout"])} if a["dropout"] else {})
    arguments |= {"bidirectional": True} if directions == 2 else {}
    arguments |= {} if a["has_biases"] else {"bias": False}
    steps_axis = 1 if a["batch_first"] else 0
    node = lifter.made(keyword, _sequence(lifter, a["input"], steps_axis), weights=weights, units=units, **arguments)
    batch, steps, features = whole(lifter.b.dims(node), lifter.b.batch)
    outputs = Tensor(node, (batch, steps, features) if steps_axis == 1 else (steps, batch, features))
    return outputs, _final(lifter, outputs, steps_axis, count, directions)


def _names(layers: int, directions: int, *, biased: bool) -> list[str]:
    """The names of the weights, in the order in which the operation takes them."""
    kinds = ("weight_ih", "weight_hh", *(("bias_ih", "bias_hh") if biased else ()))
    ends = [f"_l{layer}{end}" for layer in range(layers) for end in ("", "_reverse")[:directions]]
    return [f"{kind}{end}" for end in ends for kind in kinds]


def _sequence(lifter: Any, x: Tensor, steps_axis: int) -> int:
    """A node with the steps and features of each sample."""
    groups: list[Group] = list(x.view)
    samples = groups.pop(1 - steps_axis) if len(groups) == 3 else ()
    if len(groups) != 2 or samples != axis_of(BATCH, lifter.b.batch):
        raise NotExpressible(
            "a recurrent layer along the batch axis", "operations that process each sample independently"
        )
    return arranged(lifter.b, x.node, groups, Layout.SEQUENCE)


def _final(lifter: Any, outputs: Tensor, steps_axis: int, layers: int, directions: int) -> FinalStates:
    """The final states of the last layer; those of the layers before it are not known."""
    unknown = NoResult("the final state of a layer before the last", "a layer that gives it")
    return FinalStates((unknown,) * (directions * (layers - 1)), directions, outputs, steps_axis)


def final_state(lifter: Any, states: FinalStates, index: int) -> Tensor | NoResult:
    """The final state of one layer and direction."""
    count = len(states.before) + states.directions
    index %= count
    if index < len(states.before):
        return states.before[index]
    direction = index - len(states.before)
    units = states.outputs.sizes[-1] // states.directions
    # The other direction ends with the first step.
    last = selected(lifter, states.outputs, states.steps_axis, 0 if direction else -1)
    return part(lifter, last, 1, direction * units, (direction + 1) * units)


def all_states(lifter: Any, args: Any) -> Any:
    """Arguments with the final states of a recurrent layer as a tensor: the layers and directions come first."""
    if isinstance(args, FinalStates):
        found = [final_state(lifter, args, index) for index in range(len(args.before) + args.directions)]
        unknown = next((each for each in found if isinstance(each, NoResult)), None)
        return unknown or stacked(lifter, [each for each in found if isinstance(each, Tensor)], 0)
    if isinstance(args, list) or type(args) is tuple:
        return [all_states(lifter, each) for each in args]
    return args
