"""Linear layers and embeddings."""

from collections.abc import Mapping

from ..contract.arguments import Flag, PositiveInt, argument
from ..contract.axes import AXIS_DOC, AnyAxis
from ..contract.call import ARG, ARG2, F, Step, Steps, method, nn
from ..contract.initializers import MATRIX_DOC, MatrixInit, fill
from ..contract.layer import Layer, Op, Reject, Weights
from ..contract.reads import ALL, Links, axis_links, pointwise
from ..contract.reasons import Reasons, argument_count, reasons
from ..contract.saves import Saves, contiguous, swapped
from ..diagnostics import Change
from ..diagnostics.catalog.shape_errors import NeedsFlatten
from ..shapes.shape import Layout, Shape
from ..text.counts import counted
from ._calls import given
from ._reading import featured, find_axis, numbers, with_axes
from ._reparametrization import (
    WEIGHT_DOC,
    WeightForm,
    WeightLayout,
    applied,
    buffers,
    check_weight,
    frozen_names,
    parameters,
    saved,
)


class Linear(Layer):
    """Fully connected: every output is a weighted sum of all features (Rosenblatt, 1958).

    It acts on the last axis of a vector or a sequence, or on the given axis.

    Example:
        input 400; fc 120
    """

    keyword = "fc"
    synonyms = ("linear", "dense", "fully_connected", "fullyconnected")
    style = "linear"

    units: PositiveInt = argument(positional=True, doc="number of outputs")
    axis: AnyAxis | None = argument(None, doc=f"{AXIS_DOC}; the features by default")
    bias: Flag = argument(True, words={"nobias": False}, doc="whether to add a bias to each output")
    frozen: Flag = argument(False, words={"frozen": True}, doc="only the bias is trained")
    init: MatrixInit | None = argument(None, doc=MATRIX_DOC)
    weight: WeightForm | None = argument(None, doc=WEIGHT_DOC)

    def out(self, x: Shape) -> Shape:
        y = self._made(x)
        check_weight(self.weight, self._layout(x), self.init)
        return y

    def _made(self, x: Shape) -> Shape:
        if self.axis is not None:
            x = with_axes(self.axis, numbers(x))
            return x.with_size(find_axis(self.axis, x), self.units)
        if x.layout in (Layout.IMAGE, Layout.SIGNAL, Layout.VOLUME):
            raise self._needs_flatten(x)
        return featured(x).with_channels(self.units)

    def _needs_flatten(self, x: Shape) -> Reject:
        spatial = x.rank - 1
        dimensions = counted(spatial, "spatial dimension")
        return Reject(
            None,
            f"it works on features, but {x} has {dimensions}",
            changes=(Change.of(axis="l"),) if x.layout is Layout.SIGNAL else (),
            recovery_shape=Shape(self.units),
            kind=NeedsFlatten,
            language_rule=True,
        )

    def axis_of(self, x: Shape) -> int:
        """The index of the axis that it acts on."""
        return x.rank - 1 if self.axis is None else find_axis(self.axis, x)

    def weights(self, x: Shape) -> Weights:
        bias = {"bias": (self.units,)} if self.bias else {}
        layout = self._layout(x)
        return {"weight": layout.sizes} | bias if self.weight is None else parameters(self.weight, layout, bias)

    def buffers(self, x: Shape) -> Weights:
        return buffers(self.weight, self._layout(x))

    def _layout(self, x: Shape) -> WeightLayout:
        return WeightLayout((self.units, x.dims[self.axis_of(x)]))

    def reason(self, x: Shape, y: Shape) -> Reasons:
        return (argument_count("units", self.units, "unit"),)

    def frozen_weights(self) -> tuple[str, ...]:
        return frozen_names(self.weight) if self.frozen else ()

    def initializers(self, x: Shape) -> Mapping[str, Steps]:
        return fill(self.init, self.weights(x))

    def macs(self, x: Shape, y: Shape) -> int:
        return x.numel * self.units

    def reads(self, x: Shape, y: Shape) -> Links:
        return axis_links(x.rank, self.axis_of(x), ALL)

    def saves(self, x: Shape, y: Shape) -> Saves:
        order = swapped(x.rank, self.axis_of(x))
        read = () if self.frozen else (0,)  # only the gradient of the weights needs it
        return Saves(
            inputs=read,
            saved=saved(self.weight, self._layout(x), frozen=self.frozen),
            autocast=True,
            cast_for_input_gradient=("weight",),
            required_format=order,
            output_format=lambda _: order,
        )

    def torch(self, x: Shape) -> Steps:
        axis = self.axis_of(x)
        module = nn.Linear(x.dims[axis], self.units, **given(bias=(self.bias, True)))
        module = applied(self.weight, module, self._layout(x))
        if axis == x.rank - 1:
            return (module,)
        return method.transpose(ARG, axis + 1, x.rank), module, method.transpose(ARG, axis + 1, x.rank)


class Embedding(Layer):
    """Embedding: a table with one feature vector per ID (Bengio et al., 2003).

    Example:
        input 128 int(1000); embedding 64
    """

    keyword = "embedding"
    synonyms = ("embed",)
    style = "linear"

    features: PositiveInt = argument(positional=True, doc="length of the feature vectors")
    vocabulary: PositiveInt | None = argument(None, doc="number of IDs; taken from the input by default")
    frozen: Flag = argument(False, words={"frozen": True}, doc="the table is not trained")
    init: MatrixInit | None = argument(None, doc="initializer of the table; PyTorch's default if not given")

    def out(self, x: Shape) -> Shape:
        if x.layout is not Layout.IDS:
            raise Reject(
                None,
                f"it needs integer IDs, but {x} contains numbers",
                language_rule=True,
            )
        if x.rank > 1:
            raise Reject(None, f"it takes one ID or a sequence of IDs, but {x} has {x.rank} axes", language_rule=True)
        y = Shape(*x.dims, self.features, layout=Layout.SEQUENCE if x.rank else Layout.VECTOR)
        rows = self._rows(x)
        if rows is None:
            raise Reject(
                None,
                "the vocabulary size is unknown",
                changes=Change.of(vocabulary="1000"),
                recovery_shape=y,
                language_rule=True,
            )
        if x.vocabulary is not None and rows < x.vocabulary:
            raise Reject(
                "vocabulary",
                f"a table of {rows:,} rows is too small for IDs up to {x.vocabulary - 1:,}",
                changes=(
                    Change.of(vocabulary=str(x.vocabulary)),
                    Change.of(vocabulary=None),
                ),
                recovery_shape=y,
                language_rule=True,
            )
        return y

    def reason(self, x: Shape, y: Shape) -> Reasons:
        return reasons(f"{self.features} features for each ID")

    def _rows(self, x: Shape) -> int | None:
        return x.vocabulary if self.vocabulary is None else self.vocabulary

    def weights(self, x: Shape) -> Weights:
        return {"weight": (self._rows(x) or 0, self.features)}

    def frozen_weights(self) -> tuple[str, ...]:
        return ("weight",) if self.frozen else ()

    def initializers(self, x: Shape) -> Mapping[str, Steps]:
        return fill(self.init, self.weights(x))

    def reads(self, x: Shape, y: Shape) -> Links:
        return pointwise(x.rank)

    def saves(self, x: Shape, y: Shape) -> Saves:
        return Saves(inputs=(0,), output_format=contiguous(y.rank))

    def torch(self, x: Shape) -> Step:
        return nn.Embedding(self._rows(x), self.features)

    def transposed(self, x: Shape) -> "Unembedding":
        """The transposed layer, from features to logits, with the embedding table that reads IDs like x."""
        return Unembedding(vocabulary=self._rows(x) or 0, features=self.features)


class Unembedding(Op):
    """The logits of each row of an embedding's table, with the same weights (Press & Wolf, 2016)."""

    keyword = "unembedding"
    style = "linear"
    shared_weights = ("weight",)

    vocabulary: int
    features: int

    def infer(self, xs: tuple[Shape, ...]) -> Shape:
        x = featured(xs[0])
        y = x.with_channels(self.vocabulary)
        if x.features != self.features:
            why = f"the table has rows of {self.features}, but {x} has {x.features} features"
            raise Reject(None, why, changes=Change(before=f"fc {self.features}"), recovery_shape=y)
        return y

    def weights_of(self, xs: tuple[Shape, ...]) -> Weights:
        return {"weight": (self.vocabulary, self.features)}

    def macs_of(self, xs: tuple[Shape, ...], y: Shape) -> int:
        return xs[0].numel * self.vocabulary

    def reads_of(self, xs: tuple[Shape, ...], y: Shape) -> tuple[Links, ...]:
        return (axis_links(xs[0].rank, xs[0].rank - 1, ALL),)

    def saves_of(self, xs: tuple[Shape, ...], y: Shape) -> Saves:
        rank = xs[0].rank
        return Saves(
            inputs=(0,),
            autocast=True,
            cast_for_input_gradient=("weight",),
            required_format=tuple(range(rank)),
            output_format=contiguous(rank),
        )

    def steps(self, xs: tuple[Shape, ...]) -> Steps:
        return (F.linear(ARG, ARG2),)
