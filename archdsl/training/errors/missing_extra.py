"""Errors for packages that are not installed."""

from ...extras import install_command, missing, needs
from .problem import Problem


class MissingExtra(Problem):
    """A feature whose packages are not installed. `what` names the feature, `extra` installs its packages."""

    exit_status = 2

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(what, extra)
        self.what, self.extra = what, extra

    def message(self) -> str:
        return needs(self.what, self.extra)

    def help(self) -> tuple[str, ...]:
        return (install_command(self.extra),)


class MissingPackage(Problem):
    """A feature that needs a package that no extra of archdsl installs."""

    exit_status = 2

    def __init__(self, what: str, package: str) -> None:
        super().__init__(what, package)
        self.what, self.package = what, package

    def message(self) -> str:
        return f"{self.what} needs the package {self.package}, which is not installed"

    def help(self) -> tuple[str, ...]:
        return (f"`pip install {self.package}`",)


class IncompleteInstallation(Problem):
    """A package that archdsl always requires is not installed."""

    exit_status = 2

    def __init__(self, package: str) -> None:
        super().__init__(package)
        self.package = package

    def message(self) -> str:
        return f"archdsl needs {self.package}, which is not installed"

    def help(self) -> tuple[str, ...]:
        return (install_command(None),)


def require(what: str, extra: str) -> None:
    """Raise MissingExtra if a package of the extra is not installed."""
    if missing(extra):
        raise MissingExtra(what, extra)
