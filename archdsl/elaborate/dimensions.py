"""The number in `conv2d`, `maxpool1d`, `batchnorm3d`: how many spatial dimensions their input has."""

from ..contract.layer import InputOp
from ..diagnostics.catalogue import shape_errors
from ..graph import DraftNode
from ..shapes.shape import Layout, Shape, times
from ..syntax import ast
from .state import State

_NUMBERS = {"1d": 1, "2d": 2, "3d": 3}


def fits_dimensions(state: State, keyword: ast.Word, x: Shape, maker: DraftNode, *, vector_too: bool) -> bool:
    """Whether a layer of this name is for a tensor with so many spatial dimensions; if not, that is reported.

    `vector_too` is for normalisations: `batchnorm1d` takes a vector as torch's does.
    """
    wanted = _NUMBERS.get(keyword.text.lower().removesuffix("transpose")[-2:])
    if wanted is None or x.layout in (Layout.SEQUENCE, Layout.IDS):
        return True  # those are the layer's own to refuse
    count = len(x.spatial_size) if x.spatial else 0
    if count == wanted or (vector_too and wanted == 1 and count == 0):
        return True
    mistake = shape_errors.WrongDimensions(
        span=keyword.span,
        uses=state.uses,
        keyword=keyword.text,
        shape=str(x),
        count=count,
        wanted=wanted,
        helps=_helps(keyword.text, x, maker, wanted),
        maker=state.related(maker),
    )
    state.emit(mistake)
    return False


def _number_in(word: str) -> str:
    """The part of a name that is the number: `2d`, or `2D`."""
    at = len(word.lower().removesuffix("transpose"))
    return word[at - 2 : at]


def _helps(word: str, x: Shape, maker: DraftNode, wanted: int) -> tuple[str, ...]:
    general = word.replace(_number_in(word), "")
    written = times(x.dims).replace("×", "x")
    if isinstance(maker.op, InputOp) and x.rank == wanted:
        alone = (f"or use `{general}`, which takes {x}",) if x.spatial else ()
        return (f"the channel dimension is missing: write `input 1x{written}`", *alone)
    if x.spatial and x.rank < wanted + 1:
        return (f"`reshape 1x{written}` adds a channel dimension", f"`{general}` takes {x}")
    if x.spatial:
        return (f"use `{general}`, which takes {x}",)
    return (f"add a spatial dimension: `reshape 1x{written}`",) if wanted == 1 else ()
