"""A loaded package: its layers and lints, and its data sets, tasks and backends by name."""

from collections.abc import Callable, Mapping
from typing import Any

from ..contract.layer import LayerOp
from ..diagnostics import Diagnostic
from ..record import Record
from ..text.source import Span


class PackageLint(Record):
    """A lint of a package: `find` yields its diagnostics, which are of class `kind`."""

    kind: type[Diagnostic]
    find: Callable[[Any], Any]


class Package(Record):
    """A package that extends the language.

    `layers` has its layers by keyword and synonym, `lints` its lints. Data sets, tasks and backends are loaded when
    they are used: `datasets`, `tasks` and `backends` map their names to functions that load them, which raise
    PackageError.
    """

    name: str
    version: str
    layers: Mapping[str, type[LayerOp]]
    lints: tuple[PackageLint, ...]
    datasets: Mapping[str, Callable[[], Any]]
    tasks: Mapping[str, Callable[[], Any]]
    backends: Mapping[str, Callable[[], Any]]


class UsedPackage(Record):
    """A package, and the position where a text names it."""

    package: Package
    span: Span
