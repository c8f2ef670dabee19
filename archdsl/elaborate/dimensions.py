"""The number in `conv2d`, `maxpool1d`, `batchnorm3d`: how many spatial dimensions their input has."""

from ..diagnostics.catalogue import shape_errors
from ..graph import DraftNode
from ..shapes.shape import Layout, Shape
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
        maker=state.related(maker),
    )
    state.emit(mistake)
    return False


def other_number(word: str, count: int) -> tuple[str, ...]:
    """A layer's name with another number of spatial dimensions, and without one: `conv2d`, `conv`."""
    at = len(word.lower().removesuffix("transpose")) - 2
    before, letter, after = word[:at], word[at + 1], word[at + 2 :]
    return (*((f"{before}{count}{letter}{after}",) if count else ()), before + after)
