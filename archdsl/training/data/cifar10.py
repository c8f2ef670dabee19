"""CIFAR-10: 32×32 colour photographs of ten kinds of things, 50,000 to learn from and 10,000 to test."""

from .cifar import CifarSource, mirrored
from .dataset_spec import SPECS

CIFAR10 = CifarSource(
    facts=SPECS["cifar10"],
    archive=mirrored(
        "cifar-10-binary.tar.gz", "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd", "cifar10"
    ),
    folder="cifar-10-batches-bin",
    train=tuple(f"data_batch_{i}.bin" for i in range(1, 6)),
    test=("test_batch.bin",),
    records=(10_000, 10_000),
    label_bytes=1,
)
