"""A size given as a factor, or a factor given as a size."""

import re
from collections.abc import Iterator

from ...diagnostics import Diagnostic, Edit, Fix, Severity
from ...layers.resample import Resampling, Resize, Upsample
from ...shapes.shape import Shape, times
from ...shapes.symbolic import concrete
from ...text.source import Span
from ._facts import Facts

_LARGE, _LEAST, _SMALL = 32, 8, 4


class SizeOrFactor(Diagnostic):
    """`upsample 2` gives a factor and `resize 224` a size; here the two seem to be confused.

    `upsample 224x224` turns 7×7 into 1568×1568, and `resize 2` turns 7×7 into 2×2. `Upsample(size=224)` and
    `interpolate(x, 224)` of PyTorch are `resize 224`; `UpSampling2D(size=2)` of Keras is `upsample 2`.

    Source: torch.nn.Upsample, `size` and `scale_factor`; keras.layers.UpSampling2D, "the upsampling factors".
    """

    code = "W0919"
    title = "size and factor confused"
    wrong = "input 64x7x7\nupsample 224x224\n"
    right = "input 64x7x7\nresize 224x224\n"
    severity = Severity.WARNING
    fix_is_tried = True

    keyword: str
    numbers: str
    before: str
    after: str
    is_factor: bool
    instead: str | None

    def message(self) -> str:
        what = "a factor" if self.is_factor else "a size"
        return f"`{self.keyword}` turns {self.before} into {self.after}: {self.numbers} is {what} here"

    def label(self) -> str:
        other = "resize" if self.is_factor else "upsample"
        return f"did you mean `{other} {self.numbers}`?"

    def fix(self) -> Fix | None:
        if self.instead is None:
            return None
        edit = Edit(span=self.span, text=self.instead)
        return Fix(title=f"write `{self.instead}`", edits=(edit,))


def find(facts: Facts) -> Iterator[SizeOrFactor]:
    """Factors of more than 32, or equal to the size that they enlarge; sizes of at most 4 that shrink."""
    for node, op in facts.layers(Resampling):
        x = facts.graph.nodes[node.inputs[0]].shape
        if not _looks_wrong(op, x):
            continue
        is_factor = isinstance(op, Upsample) and op.factor is not None
        numbers = op.factor if is_factor else op.size
        written = times(numbers).replace("×", "x") if isinstance(numbers, tuple) else str(numbers)
        word = Span(node.span.source, node.span.start, node.span.start + len(node.text.split()[0]))
        is_literal = re.match(rf"\w+\s+{written}\b", node.span.text) is not None
        yield SizeOrFactor(
            span=word,
            uses=node.uses,
            keyword=op.keyword,
            numbers=written,
            before=times(x.spatial_size),
            after=times(node.shape.spatial_size),
            is_factor=is_factor,
            instead=("resize" if is_factor else "upsample") if is_literal else None,
        )


def _looks_wrong(op: Resampling, x: Shape) -> bool:
    match op:
        case Upsample(factor=tuple() as factors):
            pairs = [(concrete(f), concrete(side)) for f, side in zip(factors, x.spatial_size, strict=True)]
            return all(f >= max(side, _LEAST) for f, side in pairs) or max(f for f, _ in pairs) > _LARGE
        case Upsample(factor=int() as factor):
            return concrete(factor) > _LARGE
        case Upsample(size=int() as size) | Resize(size=int() as size):
            return type(size) is int and size <= _SMALL and all(size < concrete(side) for side in x.spatial_size)
        case _:
            return False
