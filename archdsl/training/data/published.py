"""A published data set as a source."""

from collections.abc import Callable

from .dataset_spec import DataSpec
from .images import DataSource, Request, Splits


class Published(DataSource):
    """The contents of a file in `sets/`: its SPEC and its `load`."""

    def __init__(self, facts: DataSpec, load: Callable[[Request], Splits]) -> None:
        self._facts, self._load = facts, load

    @property
    def spec(self) -> DataSpec:
        return self._facts

    @property
    def reads_data_dir(self) -> bool:
        return not self._facts.shipped

    def load(self, request: Request) -> Splits:
        return self._load(request)
