"""A scan: a body that runs on each step of a sequence, with tensors that carry over from step to step."""

from ..contract.call import Module, Steps
from ..contract.layer import Reject, Weights
from ..contract.reads import MIXED, Links, ReadsBefore
from ..contract.reasons import Reasons, reasons
from ..contract.saves import Saves, contiguous
from ..shapes.shape import Layout, Shape
from ..shapes.symbolic import concrete
from .body_op import BodyOp, BodyRuns

_PREFIX = "body"


def scanned(x: Shape) -> tuple[int, Shape]:
    """The axis of x that a scan runs along, and the shape of a step. Raises Reject.

    The steps are those of a sequence, the positions of a signal, and the first spatial dimension of a volume.
    """
    match x.layout:
        case Layout.SEQUENCE | Layout.OPEN:
            return 0, Shape(x.dims[1])
        case Layout.SIGNAL:
            return 1, Shape(x.dims[0])
        case Layout.VOLUME:
            return 1, Shape(x.dims[0], *x.dims[2:])
        case Layout.IDS if x.rank:
            return 0, Shape(layout=Layout.IDS, vocabulary=x.vocabulary)
        case _:
            why = f"it needs steps: a sequence T×C, a signal C×L or a volume C×D×H×W, but this is {x}"
            raise Reject(None, why, language_rule=True)


class ScanOp(BodyOp):
    """The body's inputs are a step, the carried tensors and the outer tensors that it reads.

    Its outputs are the result of the step and the carried tensors. `initial` has the shape of a carried tensor that
    starts with zeros, and None for one that starts with an input of the scan.
    """

    keyword = "scan"
    style = "recurrent"

    initial: tuple[Shape | None, ...]

    def _states(self, xs: tuple[Shape, ...]) -> tuple[tuple[Shape, ...], tuple[Shape, ...]]:
        """The carried tensors before the first step, and the outer tensors."""
        given = list(xs[1:])
        states = tuple(given.pop(0) if zeros is None else zeros for zeros in self.initial)
        return states, tuple(given)

    def _shapes(self, xs: tuple[Shape, ...]) -> tuple[Shape, ...]:
        """The shapes of all nodes of the body."""
        states, outer = self._states(xs)
        return self.body.shapes((scanned(xs[0])[1], *states, *outer))

    def infer(self, xs: tuple[Shape, ...]) -> Shape:
        states, _ = self._states(xs)
        result, *after = self.body.outputs(self._shapes(xs))
        names = self.body.graph.input_names[1:]
        for name, before, now in zip(names, states, after, strict=False):
            if before.dims != now.dims:
                why = f"`{name}` is {before} before a step, but {now} after it"
                raise Reject(None, why, language_rule=True)
        return self._joined(xs[0], result)[1]

    def _joined(self, x: Shape, result: Shape) -> tuple[int, Shape]:
        """The axis of the steps in the output, and the output's shape. Raises Reject."""
        steps = x.dims[scanned(x)[0]]
        match result.layout:
            case Layout.VECTOR if x.layout is Layout.SIGNAL:
                return 1, Shape(result.channels, steps, layout=Layout.SIGNAL)
            case Layout.VECTOR:
                return 0, Shape(steps, result.channels, layout=Layout.SEQUENCE)
            case Layout.IMAGE:
                return 1, Shape(result.channels, steps, *result.spatial_size)
            case _:
                why = f"its body must end with a vector or an image, but this is {result}"
                raise Reject(None, why, language_rule=True)

    def _steps(self, xs: tuple[Shape, ...]) -> int:
        return xs[0].dims[scanned(xs[0])[0]]

    def weights_of(self, xs: tuple[Shape, ...]) -> Weights:
        return self.body.weights(self._shapes(xs), _PREFIX)

    def buffers_of(self, xs: tuple[Shape, ...]) -> Weights:
        return self.body.buffers(self._shapes(xs), _PREFIX)

    def frozen_weights(self) -> tuple[str, ...]:
        return self.body.frozen(_PREFIX)

    def macs_of(self, xs: tuple[Shape, ...], y: Shape) -> int:
        return self._steps(xs) * self.body.macs(self._shapes(xs))

    def reads_of(self, xs: tuple[Shape, ...], y: Shape) -> tuple[Links, ...]:
        axis, _ = scanned(xs[0])
        joined, _ = self._joined(xs[0], self.body.outputs(self._shapes(xs))[0])
        # At most everything along the other axes: a state may mix them.
        steps: Links = tuple((joined, ReadsBefore()) if index == axis else (None, MIXED) for index in range(xs[0].rank))
        return (steps, *(((None, MIXED),) * x.rank for x in xs[1:]))

    def saves_of(self, xs: tuple[Shape, ...], y: Shape) -> Saves:
        return Saves(output_format=contiguous(y.rank))

    def runs_of(self, xs: tuple[Shape, ...]) -> BodyRuns:
        given = iter(range(1, len(xs)))
        for zeros in self.initial:
            if zeros is None:
                next(given)
        states: tuple[int | None, ...] = (None,) * len(self.initial)
        outer = tuple(given)
        return BodyRuns(
            times=concrete(self._steps(xs)),
            copies=1,
            sources=(0, *states, *outer),
            carried=(None, *range(1, 1 + len(self.initial)), *(None for _ in outer)),
            saves_result=False,
        )

    def reason_of(self, xs: tuple[Shape, ...], y: Shape, names: tuple[str, ...]) -> Reasons:
        result = self.body.outputs(self._shapes(xs))[0]
        return reasons(f"{self._steps(xs)} steps of {result}")

    def steps(self, xs: tuple[Shape, ...]) -> Steps:
        axis, _ = scanned(xs[0])
        joined, _ = self._joined(xs[0], self.body.outputs(self._shapes(xs))[0])
        zeros = tuple(None if shape is None else shape.dims for shape in self.initial)
        target = "archdsl.backends.modules.ScanLoop"
        return (Module(target=target, args=(self.body, axis + 1, joined + 1, zeros)),)
