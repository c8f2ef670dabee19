"""A mixture of experts: each step runs through a few of several copies of a body, which a router chooses."""

from math import prod

from ..contract.arguments import Flag, PositiveInt, argument
from ..contract.call import Copies, Module, Steps
from ..contract.layer import Reject, Weights
from ..contract.reads import MIXED, SAME, Links
from ..contract.reasons import Reasons, reasons
from ..contract.saves import SavedTensor, Saves, contiguous
from ..diagnostics import Change
from ..shapes.shape import Layout, Shape
from ..shapes.symbolic import concrete
from .body_op import BodyOp, BodyRuns

MOST_EXPERTS = 4096
"""Maximum number of experts of one layer: each has weights with their own names."""


class MoeOp(BodyOp):
    """The body is an expert on a vector: the features of one step (Shazeer et al., 2017; Fedus et al., 2021)."""

    keyword = "moe"
    style = "linear"

    experts: PositiveInt = argument(doc="number of experts")
    top: PositiveInt = argument(1, doc="number of experts selected for each step")
    renormalize: Flag = argument(
        False,
        words={"renormalize": True},
        doc="divide the probabilities of the chosen experts by their sum (Jiang et al., 2024)",
    )

    def _shapes(self, xs: tuple[Shape, ...]) -> tuple[Shape, ...]:
        return self.body.shapes((Shape(xs[0].features),))

    def infer(self, xs: tuple[Shape, ...]) -> Shape:
        x = xs[0]
        if x.layout not in (Layout.VECTOR, Layout.SEQUENCE, Layout.OPEN):
            raise Reject(None, f"it needs a vector or a sequence T×C, but this is {x}", language_rule=True)
        (result,) = self.body.outputs(self._shapes(xs))
        if result.layout is not Layout.VECTOR:
            raise Reject(None, f"an expert must end with a vector, but this is {result}", language_rule=True)
        if (node := next((node for node in self.body.graph.layers if node.op.over_batch), None)) is not None:
            why = f"`{node.text}` needs several steps, but an expert may get a single one"
            raise Reject(None, why, recovery_shape=self._result(x, result), language_rule=True)
        if self.experts > MOST_EXPERTS:
            why = f"{self.experts:,} is more than the limit of {MOST_EXPERTS:,}"
            raise Reject("experts", why, language_rule=True)
        y = self._result(x, result)
        if self.top > self.experts:
            why = f"{self.top} is more than the number of experts, {self.experts}"
            changes = Change.of(top=str(self.experts))
            raise Reject("top", why, changes=changes, recovery_shape=y, language_rule=True)
        return y

    def _result(self, x: Shape, result: Shape) -> Shape:
        return Shape(*x.dims[:-1], result.channels, layout=Layout.VECTOR if x.rank == 1 else Layout.SEQUENCE)

    def weights_of(self, xs: tuple[Shape, ...]) -> Weights:
        return self._router(xs) | self._each(self.body.weights(self._shapes(xs), ""))

    def buffers_of(self, xs: tuple[Shape, ...]) -> Weights:
        return self._each(self.body.buffers(self._shapes(xs), ""))

    def _router(self, xs: tuple[Shape, ...]) -> dict[str, tuple[int, ...]]:
        return {"router.weight": (self.experts, xs[0].features)}

    def _each(self, weights: Weights) -> dict[str, tuple[int, ...]]:
        return {f"experts.{i}{name}": dims for i in range(self.experts) for name, dims in weights.items()}

    def frozen_weights(self) -> tuple[str, ...]:
        return tuple(f"experts.{i}{name}" for i in range(self.experts) for name in self.body.frozen(""))

    def macs_of(self, xs: tuple[Shape, ...], y: Shape) -> int:
        steps = prod(xs[0].dims[:-1])
        return steps * (xs[0].features * self.experts + self.top * self.body.macs(self._shapes(xs)))

    def reads_of(self, xs: tuple[Shape, ...], y: Shape) -> tuple[Links, ...]:
        # A feature that the router and the body ignore is not read.
        steps: Links = ((0, SAME),) if xs[0].rank == 2 else ()
        return ((*steps, (y.rank - 1, MIXED)),)

    def saves_of(self, xs: tuple[Shape, ...], y: Shape) -> Saves:
        steps = concrete(prod(xs[0].dims[:-1]))
        routed = steps * self.top
        # The probabilities; for each chosen expert, its probability, and its result among all that are added.
        numbers = steps * (concrete(self.experts) + (self.top + 1 if self.renormalize else 0)) + routed * (
            1 + y.features
        )
        # The chosen expert, the step and place among its choices, and the step again among all results.
        indices = 4 * routed
        return Saves(
            inputs=(0,),
            saved=(SavedTensor(per_sample=concrete(numbers)), SavedTensor(per_sample=indices, bytes=8)),
            autocast=True,
            cast_for_input_gradient=("router.weight",),
            output_format=contiguous(xs[0].rank),
        )

    def runs_of(self, xs: tuple[Shape, ...]) -> BodyRuns:
        routed = concrete(prod(xs[0].dims[:-1])) * self.top
        return BodyRuns(
            times=routed, copies=concrete(self.experts), sources=(None,), carried=(None,), saves_result=True
        )

    def reason_of(self, xs: tuple[Shape, ...], y: Shape, names: tuple[str, ...]) -> Reasons:
        return reasons(f"{self.top} of {self.experts} experts, each {Shape(xs[0].features)} to {Shape(y.features)}")

    def steps(self, xs: tuple[Shape, ...]) -> Steps:
        kwargs = (("renormalize", True),) if self.renormalize else ()
        args = (Copies(body=self.body, count=self.experts), xs[0].features, self.top)
        return (Module(target="archdsl.backends.modules.MixtureOfExperts", args=args, kwargs=kwargs),)
