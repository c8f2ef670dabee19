"""Alice's Adventures in Wonderland by Lewis Carroll, 1865: a text in the public domain, shipped with the package."""

from typing import TYPE_CHECKING

from ..dataset_spec import DataSpec

if TYPE_CHECKING:
    from ..images import Request, Splits

_BYTES = 148_476
SPEC = DataSpec(
    "alice",
    (),
    None,
    images=(_BYTES - round(_BYTES / 10), round(_BYTES / 10)),
    shipped=True,
    targets="next",
    inputs="ids",
    vocabulary=256,
)
LICENSE = "public domain"


def load(request: "Request") -> "Splits":
    """The bytes of the text (Millennium Fulcrum Edition 2.9); the last tenth is the test set."""
    import gzip
    from importlib.resources import files
    from pathlib import Path

    from ..text_source import text_splits

    content = gzip.decompress(files("archdsl.training.data").joinpath("alice.txt.gz").read_bytes())
    return text_splits(content, request, Path("alice"))
