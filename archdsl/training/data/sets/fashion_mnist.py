"""Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017, MIT license): 28×28 grayscale images of clothes, in MNIST's format."""

from typing import TYPE_CHECKING

from ..dataset_spec import DataSpec, ImageShape

if TYPE_CHECKING:
    from ..idx_source import IdxSource
    from ..images import Request, Splits

_CLASSES = "t-shirt trouser pullover dress coat sandal shirt sneaker bag ankle-boot"
SPEC = DataSpec("fashion_mnist", tuple(_CLASSES.split()), ImageShape(1, 28, 28), images=(60_000, 10_000))
LICENSE = "MIT"


def source() -> "IdxSource":
    """The four files at their mirrors."""
    from ..idx_source import IdxSource, remote_files

    places = ("FashionMNIST/raw", "fashion_mnist", "fashion-mnist")
    return IdxSource(SPEC, remote_files(DIGESTS, MIRRORS), places)


def load(request: "Request") -> "Splits":
    """The images, by split. Raises the errors of a data source."""
    return source().load(request)


DIGESTS = (
    "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
)
MIRRORS = (
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",  # the original has no https; the digest is checked
    "https://storage.googleapis.com/tensorflow/tf-keras-datasets",
    "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion",
)
