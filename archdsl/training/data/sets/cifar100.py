"""CIFAR-100 (Krizhevsky, 2009): a hundred classes; each record's coarse label (of 20) is ignored."""

from typing import TYPE_CHECKING

from ..dataset_spec import DataSpec, ImageShape

if TYPE_CHECKING:
    from ..cifar_archive import CifarSource
    from ..images import Request, Splits

_CLASSES = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish
forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle
mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine
possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar
sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle wardrobe whale
willow_tree wolf woman worm
"""
SPEC = DataSpec("cifar100", tuple(_CLASSES.split()), ImageShape(3, 32, 32), images=(50_000, 10_000))
LICENSE = "not stated"


def source() -> "CifarSource":
    """The archive at its mirrors."""
    from ..cifar_archive import CifarSource, mirrored

    return CifarSource(
        facts=SPEC,
        archive=mirrored(
            "cifar-100-binary.tar.gz", "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec", "cifar100"
        ),
        folder="cifar-100-binary",
        train=("train.bin",),
        test=("test.bin",),
        records=(50_000, 10_000),
        label_bytes=2,
    )


def load(request: "Request") -> "Splits":
    """The images, by split. Raises the errors of a data source."""
    return source().load(request)
