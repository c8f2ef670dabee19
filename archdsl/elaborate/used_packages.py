"""The packages that a program and its files name: `use "shiftnet"`."""

import posixpath
from typing import TYPE_CHECKING

from ..contract.layer import LayerOp
from ..diagnostics import Sink
from ..diagnostics.catalog import file_errors, name_errors
from ..syntax import ast
from ..text.library import SUFFIX, Library
from ..text.package_names import RequiredPackage, wanted_package

if TYPE_CHECKING:
    from ..packages.package import Package, UsedPackage


def package_in(use: ast.UseFile) -> RequiredPackage | None:
    """The package that `use` names; None for a file."""
    return wanted_package(use.target.text) if use.quoted else None


class UsedPackages:
    """The packages named so far, each once, in `found`. Only those that the library allows are loaded."""

    def __init__(self, sink: Sink, library: Library) -> None:
        self._sink = sink
        self._library = library
        self.found: list[UsedPackage] = []

    def add(self, layers: dict[str, type[LayerOp]], use: ast.UseFile, wanted: RequiredPackage) -> bool:
        """Add a package's layers to those of a file; returns whether it could be used. If not, that is reported."""
        span = use.target.span
        if not self._library.allows(wanted.name):
            near = self._file_named(use, wanted)
            self._sink.emit(file_errors.PackageNotAllowed(span=span, name=wanted.name, nearest=near))
            return False
        # Imported only here: a text that names no package is checked without the code that finds packages.
        from ..packages.failures import PackageError
        from ..packages.package import UsedPackage
        from ..packages.package_loading import load_package

        try:
            package = load_package(wanted)
        except PackageError as error:
            self._sink.emit(file_errors.PackageFault(span=span, name=wanted.name, why=str(error)))
            return False
        if all(used.package is not package for used in self.found):
            self.found.append(UsedPackage(package=package, span=span))
        self._merge(layers, package, use)
        return True

    def _merge(self, layers: dict[str, type[LayerOp]], package: "Package", use: ast.UseFile) -> None:
        for word, layer in package.layers.items():
            if layers.setdefault(word, layer) is not layer:
                why = f"is a layer of two packages, `{self.owner(layers[word])}` and `{package.name}`"
                self._sink.emit(name_errors.NameTaken(span=use.target.span, name=word, why=why))

    def owner(self, layer: type[LayerOp]) -> str:
        """The name of the package that a layer belongs to."""
        return next(used.package.name for used in self.found if layer in used.package.layers.values())

    def _file_named(self, use: ast.UseFile, wanted: RequiredPackage) -> str | None:
        """The file of the library whose name is that of the package with a suffix."""
        name = f"{wanted.name}{SUFFIX}"
        folder = posixpath.dirname(use.span.source.key)
        return name if posixpath.join(folder, name) in self._library.list(folder) else None
