"""SVHN (Netzer et al., 2011): digits of house numbers, 32×32 in color, for noncommercial research.

The 531,131 easier images (`extra`) are not used.
"""

from typing import TYPE_CHECKING

from ..dataset_spec import DataSpec, ImageShape

if TYPE_CHECKING:
    from ..images import Request, Splits
    from ..svhn_files import SvhnSource

SPEC = DataSpec("svhn", tuple("0123456789"), ImageShape(3, 32, 32), images=(73_257, 26_032))
LICENSE = "noncommercial use only"


def source() -> "SvhnSource":
    """The two files at their original address."""
    from ..svhn_files import SvhnSource, svhn_file

    return SvhnSource(
        SPEC,
        svhn_file("train_32x32.mat", "435e94d69a87fde4fd4d7f3dd208dfc32cb6ae8af2240d066de1df7508d083b8"),
        svhn_file("test_32x32.mat", "cdce80dfb2a2c4c6160906d0bd7c68ec5a99d7ca4831afa54f09182025b6a75b"),
    )


def load(request: "Request") -> "Splits":
    """The images, by split. Raises the errors of a data source."""
    return source().load(request)
