"""What is known of data sets without reading them: enough to check a network against one. Imports nothing heavy."""

from dataclasses import dataclass
from typing import NamedTuple


class ImageShape(NamedTuple):
    """Channels, height and width of one image."""

    channels: int
    height: int
    width: int

    def __str__(self) -> str:
        return f"{self.channels}x{self.height}x{self.width}"


@dataclass(frozen=True)
class DataSpec:
    """What is known of a data set without reading it.

    `shape` is None where images have no size of their own and are brought to the network's input (folders).
    """

    name: str
    classes: tuple[str, ...]
    shape: ImageShape | None


_DIGITS = tuple("0123456789")
_CLOTHES = "t-shirt trouser pullover dress coat sandal shirt sneaker bag ankle-boot"
_CIFAR10 = "airplane automobile bird cat deer dog frog horse ship truck"
_CIFAR100 = """
apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish
forest fox girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle
mountain mouse mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine
possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar
sunflower sweet_pepper table tank telephone television tiger tractor train trout tulip turtle wardrobe whale
willow_tree wolf woman worm
"""

SPECS: dict[str, DataSpec] = {
    spec.name: spec
    for spec in (
        DataSpec("digits", _DIGITS, ImageShape(1, 8, 8)),
        DataSpec("mnist", _DIGITS, ImageShape(1, 28, 28)),
        DataSpec("fashion_mnist", tuple(_CLOTHES.split()), ImageShape(1, 28, 28)),
        DataSpec("cifar10", tuple(_CIFAR10.split()), ImageShape(3, 32, 32)),
        DataSpec("cifar100", tuple(_CIFAR100.split()), ImageShape(3, 32, 32)),
        DataSpec("svhn", _DIGITS, ImageShape(3, 32, 32)),
    )
}
"""The published data sets by name."""
