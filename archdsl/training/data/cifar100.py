"""CIFAR-100: as CIFAR-10, with a hundred classes; the coarse label of each record (20 classes) is left aside."""

from .cifar import CifarSource, mirrored
from .dataset_spec import SPECS

CIFAR100 = CifarSource(
    facts=SPECS["cifar100"],
    archive=mirrored(
        "cifar-100-binary.tar.gz", "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec", "cifar100"
    ),
    folder="cifar-100-binary",
    train=("train.bin",),
    test=("test.bin",),
    records=(50_000, 10_000),
    label_bytes=2,
)
