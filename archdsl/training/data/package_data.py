"""Data sets of packages: modules with SPEC and `load`, like those in `sets/`. Imports neither numpy nor torch."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from ...diagnostics import Sink
from ...diagnostics.catalog.file_errors import PackageFault
from ...packages.failures import PackageError, described
from ...packages.package import Package, UsedPackage
from ..errors.data_errors import PackageDataFailed
from ..errors.problem import Problem
from .dataset_spec import DataSpec

if TYPE_CHECKING:
    from .images import DataSource, Request, Splits


def spec_in_packages(name: str, packages: Sequence[UsedPackage], sink: Sink) -> DataSpec | None:
    """The facts about a package's data set; None for another name, or if it has an error, which is reported at the
    `use`.
    """
    for used in packages:
        if name in used.package.datasets:
            try:
                return _module(name, used.package)[0]
            except PackageError as error:
                sink.emit(PackageFault(span=used.span, name=used.package.name, why=str(error)))
    return None


def package_source(name: str, package: Package) -> "DataSource":
    """A package's data set. Raises PackageDataFailed."""
    from .published import Published

    try:
        spec, load = _module(name, package)
    except PackageError as error:
        raise PackageDataFailed(package.name, str(error)) from error
    return Published(spec, _contained(package.name, name, load))


def _module(name: str, package: Package) -> tuple[DataSpec, Callable[..., Any]]:
    """SPEC and `load` of a data set. Raises PackageError."""
    module = package.datasets[name]()
    spec, load = getattr(module, "SPEC", None), getattr(module, "load", None)
    if not isinstance(spec, DataSpec) or not callable(load):
        raise PackageError(f"the data set `{name}` is not a module with SPEC, a DataSpec, and a function `load`")
    if spec.name != name:
        raise PackageError(f"the entry point `{name}` is a data set named `{spec.name}`: both need the same name")
    return spec, load


def _contained(package: str, name: str, load: "Callable[..., Any]") -> "Callable[[Request], Splits]":
    """`load`, whose errors become PackageDataFailed."""
    from .images import Splits

    def contained(request: "Request") -> "Splits":
        try:
            splits = load(request)
        except Problem:
            raise
        except Exception as error:
            raise PackageDataFailed(package, f"the data set `{name}` cannot be read: {described(error)}") from error
        if not isinstance(splits, Splits):
            why = f"the data set `{name}` returned {type(splits).__name__}, not Splits"
            raise PackageDataFailed(package, why)
        return splits

    return contained
