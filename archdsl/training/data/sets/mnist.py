"""MNIST (LeCun, Cortes and Burges, 1998): handwritten digits, 28×28 grayscale."""

from typing import TYPE_CHECKING

from ..dataset_spec import DataSpec, ImageShape

if TYPE_CHECKING:
    from ..idx_source import IdxSource
    from ..images import Request, Splits

SPEC = DataSpec("mnist", tuple("0123456789"), ImageShape(1, 28, 28), images=(60_000, 10_000))
LICENSE = "CC BY-SA 3.0"


def source() -> "IdxSource":
    """The four files at their mirrors."""
    from ..idx_source import IdxSource, remote_files

    return IdxSource(SPEC, remote_files(DIGESTS, MIRRORS), places=("MNIST/raw", "mnist"))


def load(request: "Request") -> "Splits":
    """The images, by split. Raises the errors of a data source."""
    return source().load(request)


DIGESTS = (
    "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
    "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
    "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
    "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
)
MIRRORS = (
    "https://storage.googleapis.com/cvdf-datasets/mnist",
    "https://ossci-datasets.s3.amazonaws.com/mnist",
)
