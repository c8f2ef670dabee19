"""A call of a package's function, with its errors contained."""

from collections.abc import Callable
from typing import Any

from ...packages.failures import PackageFailed, described
from ..errors.problem import Problem


def called(package: str, where: str, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """What a function of a package returns. Raises PackageFailed, Problem, and out-of-memory errors."""
    try:
        return method(*args, **kwargs)
    except (PackageFailed, Problem, MemoryError):
        raise
    except Exception as error:
        if type(error).__name__ == "OutOfMemoryError":  # of torch, which is not imported here
            raise
        raise PackageFailed(package, f"{where}: {described(error)}") from error
