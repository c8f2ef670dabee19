"""The number in `conv2d`, `maxpool1d`, `batchnorm3d`: how many spatial dimensions the input must have."""

from ..diagnostics.catalog import shape_errors
from ..graph import DraftNode
from ..shapes.shape import Layout, Shape
from ..syntax import ast
from .state import State

_NUMBERS = {"1d": 1, "2d": 2, "3d": 3}


def fits_dimensions(state: State, keyword: ast.Word, x: Shape, maker: DraftNode, *, vector_too: bool) -> bool:
    """Whether the number in a layer's name matches the tensor's spatial dimensions; if not, that is reported.

    `vector_too` is for normalization: like torch's, `batchnorm1d` also takes a vector.
    """
    wanted = _NUMBERS.get(keyword.text.lower().removesuffix("transpose")[-2:])
    if wanted is None or x.layout in (Layout.SEQUENCE, Layout.IDS):
        return True  # The layer itself rejects those.
    count = len(x.spatial_size) if x.spatial else 0
    if count == wanted or (vector_too and wanted == 1 and count == 0):
        return True
    error = shape_errors.WrongDimensions(
        span=keyword.span,
        uses=state.uses,
        keyword=keyword.text,
        shape=str(x),
        count=count,
        wanted=wanted,
        maker=state.related(maker),
    )
    state.emit(error)
    return False


def other_number(word: str, count: int) -> tuple[str, ...]:
    """A layer's name with another number of spatial dimensions, and without one: `conv2d`, `conv`."""
    at = len(word.lower().removesuffix("transpose")) - 2
    before, letter, after = word[:at], word[at + 1], word[at + 2 :]
    return (*((f"{before}{count}{letter}{after}",) if count else ()), before + after)
