"""The data sets by name."""

from pathlib import Path

from ...text.names import nearest
from ..errors import UnknownData
from .cifar10 import CIFAR10
from .cifar100 import CIFAR100
from .digits import DigitsSource
from .fashion_mnist import FASHION_MNIST
from .hub import PREFIX
from .image_folder import FolderSource
from .images import Source
from .mnist import MNIST
from .svhn import SVHN

SOURCES: dict[str, Source] = {
    source.spec.name: source for source in (DigitsSource(), MNIST, FASHION_MNIST, CIFAR10, CIFAR100, SVHN)
}


def find_source(name: str, beside: Path | None = None) -> Source:
    """The data set of this name, of the Hub for `hf:OWNER/NAME`, or the folder of images at this path.

    A relative path is meant from `beside`, where that is given (a network's file that names its data), else from the
    working folder. Raises UnknownData, MissingExtra, HubFailed.
    """
    if name in SOURCES:
        return SOURCES[name]
    if name.startswith(PREFIX):
        from .hf import HubSource

        return HubSource(name.removeprefix(PREFIX))
    folder = Path(name).expanduser() if beside is None else beside / Path(name).expanduser()
    if name and folder.is_dir():
        return FolderSource(folder)
    raise UnknownData(name, tuple(SOURCES), nearest(name.replace("-", "_"), SOURCES))
