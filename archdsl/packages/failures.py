"""Errors in the code of a package, in one line that names the package."""


class PackageError(Exception):
    """A package that cannot be used: not installed, not an extension, or not as its entry points declare it."""


class PackageFailed(RuntimeError):
    """The code of a package raised an exception or returned an invalid value; the cause is chained."""

    def __init__(self, package: str, why: str) -> None:
        super().__init__(f"package `{package}`: {why}")
        self.package = package
        self.why = why

    def __reduce__(self) -> tuple[type["PackageFailed"], tuple[str, str]]:
        return type(self), (self.package, self.why)


def described(error: BaseException) -> str:
    """An exception in one line, with the file and line where it was raised: `KeyError: 'x' (layers.py:12)`."""
    # Imported here because every check loads this module.
    import traceback
    from pathlib import PurePath

    lines = str(error).strip().splitlines()
    text = f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith("<frozen")]
    return f"{text} ({PurePath(own[-1].filename).name}:{own[-1].lineno})" if own else text
