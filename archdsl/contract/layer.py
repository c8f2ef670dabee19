"""The contract of a layer: arguments, shape, weights, multiply-accumulates, torch call, declared once in one class."""

import inspect
import typing
from collections.abc import Mapping
from typing import Any, ClassVar, Self, dataclass_transform

from ..diagnostics import Change
from ..diagnostics.catalog.shape_errors import OperandsDiffer, UnsuitableInput
from ..record import Record
from ..shapes.shape import Shape, Window
from ..shapes.symbolic import Sym, concrete
from .arguments import REQUIRED, Declared, Kind, ParameterSpec, TensorName, argument
from .call import Step, Steps
from .reads import Links
from .reasons import Reasons, by_dimension, change
from .saves import Saves
from .styles import STYLES

Weights = Mapping[str, tuple[int, ...]]
"""Shapes by the parameter names of the torch module."""


class Reject(Exception):
    """An input or a combination of arguments that a layer rejects.

    `argument` is the argument to point at (None: the keyword), `at` a part of its text in quotes; `why` explains the
    rejection with its numbers; `help` has suggestions, as statements where possible; `recovery_shape` is the likely
    shape after a fix, with which elaboration continues; `kind` is the class of the diagnostic, from shape_errors.py;
    `language_rule` marks a rule of this language that torch does not have. A test checks that torch raises in all other
    cases.
    """

    def __init__(
        self,
        argument: str | None,
        why: str,
        *,
        help: tuple[str, ...] | str = (),
        at: tuple[int, int] | None = None,
        changes: tuple[Change, ...] | Change = (),
        recovery_shape: Shape | None = None,
        kind: type[UnsuitableInput] | type[OperandsDiffer] = UnsuitableInput,
        language_rule: bool = False,
    ) -> None:
        super().__init__(why)
        self.argument = argument
        self.why = why
        self.at = at
        self.help = (help,) if isinstance(help, str) else help
        self.changes = (changes,) if isinstance(changes, Change) else changes
        self.recovery_shape = recovery_shape
        self.kind = kind
        self.language_rule = language_rule


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(argument,))
class Op(Record):
    """The operation of a node: a layer with one input, or a merge with several."""

    keyword: ClassVar[str] = ""
    synonyms: ClassVar[tuple[str, ...]] = ()
    style: ClassVar[str] = ""
    """The kind of layer, one of those in styles.py; it decides the color in diagrams."""
    parameters: ClassVar[tuple[ParameterSpec, ...]] = ()
    tensor_parameters: ClassVar[tuple[ParameterSpec, ...]] = ()
    """The parameters that name additional inputs."""
    shared_weights: ClassVar[tuple[str, ...]] = ()
    """Weights that the layer shares with the node that owns them. The calls take them after the inputs."""

    starts: ClassVar[bool] = False
    """Whether it starts from a tensor of its own: its input is the network's first, which gives the batch size."""

    commutative: ClassVar[bool] = False
    """Whether the result does not depend on the order of the inputs."""

    over_batch: ClassVar[bool] = False
    """Whether it computes statistics over the samples of a batch in training: a single vector has none."""

    overridable: ClassVar[bool] = False
    """Whether a block may have its name, and then takes precedence: for common words like `norm`."""

    variable_length: ClassVar[tuple[tuple[str, int], ...]] = ()
    """Weights, by name and axis, that also work for an input that is shorter along that axis."""

    def __init_subclass__(cls, **options: Any) -> None:
        declared = {name: value for name, value in cls.__dict__.items() if isinstance(value, Declared)}
        for name, field in declared.items():
            if field.default is REQUIRED:
                delattr(cls, name)
            else:
                setattr(cls, name, field.default)
        super().__init_subclass__(**options)
        if cls.style and cls.style not in STYLES:
            raise TypeError(f"{cls.__name__}: there is no style {cls.style!r}; archdsl/contract/styles.py lists them")
        annotations = inspect.get_annotations(cls)
        own = {p.field or p.name: p for p in cls.parameters}
        own |= {name: _parameter(name, annotations[name], field) for name, field in declared.items()}
        cls.parameters = tuple(own.values())
        cls.tensor_parameters = tuple(p for p in cls.parameters if isinstance(p.kind, TensorName))

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """The op with these arguments, by the names under which they are written."""
        fields = {p.name: p.field or p.name for p in cls.parameters}
        return cls(**{fields[name]: value for name, value in values.items()})

    def value_of(self, parameter: ParameterSpec) -> Any:
        """The value of an argument."""
        return getattr(self, parameter.field or parameter.name)

    def named_inputs(self) -> Mapping[str, str]:
        """The tensors that arguments name, by argument: the inputs after the first, in order."""
        if not self.tensor_parameters:
            return {}
        given = ((p.name, self.value_of(p)) for p in self.tensor_parameters)
        return {argument: tensor for argument, tensor in given if tensor is not None}

    def check_text(self) -> None:
        """Check what the input does not affect in an argument that is a text of its own. Raises Reject.

        `infer` rejects the same. It is called where no shape is known: after an error, or in what does not run.
        """

    def infer(self, xs: tuple[Shape, ...]) -> Shape:
        """The output's shape. Raises Reject or Undecided. No other method raises for an input that this one accepts."""
        raise NotImplementedError

    def weights_of(self, xs: tuple[Shape, ...]) -> Weights:
        """The trainable and frozen parameters, by torch's names."""
        raise NotImplementedError

    def require_weights(self, xs: tuple[Shape, ...]) -> None:
        """Record the conditions under which the weights of the example sizes fit other sizes."""
        for name, dims in self.weights_of(xs).items():
            for axis, dim in enumerate(dims):
                if isinstance(dim, Sym):
                    # A comparison records a condition.
                    _ = dim <= concrete(dim) if (name, axis) in self.variable_length else dim == concrete(dim)

    def buffers_of(self, xs: tuple[Shape, ...]) -> Weights:
        """Entries of the state dict that are not parameters; a scalar has the shape ()."""
        return {}

    def macs_of(self, xs: tuple[Shape, ...], y: Shape) -> int:
        """Multiply-accumulates of one sample: of convolutions, linear maps and the products of attention only."""
        return 0

    def steps(self, xs: tuple[Shape, ...]) -> Steps:
        """The torch calls, in order."""
        raise NotImplementedError

    def frozen_weights(self) -> tuple[str, ...]:
        """The names of the weights that are not trained, among all that it can have."""
        return ()

    @typing.final
    def frozen_of(self, xs: tuple[Shape, ...]) -> tuple[str, ...]:
        """The names of the weights that are not trained."""
        frozen = self.frozen_weights()
        return tuple(name for name in frozen if name in self.weights_of(xs)) if frozen else ()

    def reason_of(self, xs: tuple[Shape, ...], y: Shape, names: tuple[str, ...]) -> Reasons:
        """Why the output has this shape; `names` are the names of the inputs."""
        return change(xs[0], y)

    def reads_of(self, xs: tuple[Shape, ...], y: Shape) -> tuple[Links, ...]:
        """Which positions of each input one position of the output depends on, in eval mode."""
        raise NotImplementedError

    def saves_of(self, xs: tuple[Shape, ...], y: Shape) -> Saves:
        """What autograd saves for the backward pass in training."""
        raise NotImplementedError

    def initializers_of(self, xs: tuple[Shape, ...]) -> Mapping[str, Steps]:
        """The calls that initialize weights, by name, if the program chooses an initializer; ARG is the weight."""
        return {}

    def whitening(self) -> float | None:
        """The value added to the variances if the weight is initialized by whitening training images; else None."""
        return None


class InputOp(Op):
    """An input of the network; its shape defines it."""

    keyword = "input"

    def weights_of(self, xs: tuple[Shape, ...]) -> Weights:
        return {}

    def reads_of(self, xs: tuple[Shape, ...], y: Shape) -> tuple[Links, ...]:
        return ()


INPUT = InputOp()


class LayerOp(Op):
    """A layer: it takes the current tensor, and those that its arguments name."""


class Layer(LayerOp):
    """A layer with one input: the contract that almost every layer implements.

    Only `out` rejects: it raises Reject, or Undecided for symbolic dimensions whose result has no closed form. For an
    input that it accepts, no other method raises, and each returns quickly whatever the sizes. A test checks this for
    all layers.

    The docstring is the layer's documentation: the first line describes the layer, and most cite a source;
    `Example:` is followed by a program that uses it, which runs as a test.
    """

    def out(self, x: Shape) -> Shape:
        """The output's shape. Raises Reject where torch would raise."""
        raise NotImplementedError

    def weights(self, x: Shape) -> Weights:
        """The shapes of the parameters, by the names in the torch module."""
        return {}

    def buffers(self, x: Shape) -> Weights:
        """The shapes of the buffers, by the names in the torch module."""
        return {}

    def macs(self, x: Shape, y: Shape) -> int:
        """Multiply-accumulates of one sample."""
        return 0

    def torch(self, x: Shape) -> Step | Steps:
        """The torch call, or several in order."""
        raise NotImplementedError

    def initializers(self, x: Shape) -> Mapping[str, Steps]:
        """The calls that initialize weights, by name, if the program chooses an initializer."""
        return {}

    def reads(self, x: Shape, y: Shape) -> Links:
        """Which positions along each axis of x one position of y depends on, in eval mode."""
        raise NotImplementedError

    def saves(self, x: Shape, y: Shape) -> Saves:
        """What autograd saves for the backward pass in training."""
        raise NotImplementedError

    def windows(self, x: Shape) -> tuple[Window, ...]:
        """The window along each spatial dimension of x; empty for layers without a window."""
        return ()

    def explain(self, x: Shape, y: Shape) -> tuple[str, ...]:
        """The arithmetic of each spatial dimension, for layers with a window."""
        pairs = zip(self.windows(x), x.spatial_size, strict=False)
        return tuple(dict.fromkeys(window.explain(size) for window, size in pairs))

    def slides(self, x: Shape) -> bool:
        """Whether the windows determine the spatial size: larger than one element, strided or padded."""
        return any(w.extent > 1 or w.stride > 1 or w.before or w.after for w in self.windows(x))

    def reason(self, x: Shape, y: Shape) -> Reasons:
        """Why the output has this shape: the arithmetic of the spatial dimensions, or what changes."""
        return by_dimension(self.explain(x, y), x) if self.slides(x) else change(x, y)

    @typing.final
    def infer(self, xs: tuple[Shape, ...]) -> Shape:
        return self.out(xs[0])

    @typing.final
    def weights_of(self, xs: tuple[Shape, ...]) -> Weights:
        return self.weights(xs[0])

    @typing.final
    def buffers_of(self, xs: tuple[Shape, ...]) -> Weights:
        return self.buffers(xs[0])

    @typing.final
    def initializers_of(self, xs: tuple[Shape, ...]) -> Mapping[str, Steps]:
        return self.initializers(xs[0])

    @typing.final
    def macs_of(self, xs: tuple[Shape, ...], y: Shape) -> int:
        return self.macs(xs[0], y)

    @typing.final
    def reason_of(self, xs: tuple[Shape, ...], y: Shape, names: tuple[str, ...]) -> Reasons:
        return self.reason(xs[0], y)

    @typing.final
    def reads_of(self, xs: tuple[Shape, ...], y: Shape) -> tuple[Links, ...]:
        return (self.reads(xs[0], y),)

    @typing.final
    def saves_of(self, xs: tuple[Shape, ...], y: Shape) -> Saves:
        return self.saves(xs[0], y)

    @typing.final
    def steps(self, xs: tuple[Shape, ...]) -> Steps:
        found = self.torch(xs[0])
        return found if isinstance(found, tuple) else (found,)


def _parameter(name: str, annotation: Any, declared: Declared) -> ParameterSpec:
    kind = next((each for each in getattr(annotation, "__metadata__", ()) if isinstance(each, Kind)), None)
    if kind is None:
        # `PositiveInt | None`, or tuple[PositiveInt, ...] for an argument that takes several values
        inner = [a for a in typing.get_args(annotation) if hasattr(a, "__metadata__")]
        kind = next(each for each in inner[0].__metadata__ if isinstance(each, Kind))
    return ParameterSpec(
        name=declared.name or name,
        field=name if declared.name else None,
        kind=kind,
        default=declared.default,
        letter=declared.letter,
        positional=declared.positional,
        many=declared.many,
        words=declared.words,
        doc=declared.doc,
        rest=declared.rest,
    )
