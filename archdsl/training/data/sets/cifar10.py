"""CIFAR-10 (Krizhevsky, 2009): 32×32 color photographs in ten classes."""

from typing import TYPE_CHECKING

from ..dataset_spec import DataSpec, ImageShape

if TYPE_CHECKING:
    from ..cifar_archive import CifarSource
    from ..images import Request, Splits

_CLASSES = "airplane automobile bird cat deer dog frog horse ship truck"
SPEC = DataSpec("cifar10", tuple(_CLASSES.split()), ImageShape(3, 32, 32), images=(50_000, 10_000))
LICENSE = "not stated"


def source() -> "CifarSource":
    """The archive at its mirrors."""
    from ..cifar_archive import CifarSource, mirrored

    return CifarSource(
        facts=SPEC,
        archive=mirrored(
            "cifar-10-binary.tar.gz", "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd", "cifar10"
        ),
        folder="cifar-10-batches-bin",
        train=tuple(f"data_batch_{i}.bin" for i in range(1, 6)),
        test=("test_batch.bin",),
        records=(10_000, 10_000),
        label_bytes=1,
    )


def load(request: "Request") -> "Splits":
    """The images, by split. Raises the errors of a data source."""
    return source().load(request)
