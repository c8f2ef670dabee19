"""Which layers of a decoder attend to all steps, and which ones within a sliding window."""

from collections.abc import Sequence
from itertools import groupby

from ...record import Record
from .model_config import ModelConfig

_SLIDING = {"sliding_attention": True, "full_attention": False}


class Windows(Record):
    """The size of the window if a layer has one, and for each layer whether it has a window."""

    size: int | None
    layers: tuple[bool, ...]

    @property
    def mixed(self) -> bool:
        """Whether there are both kinds of layers."""
        return len(set(self.layers)) == 2

    def words(self, sliding: bool) -> str:
        """The arguments of `attention`."""
        return " window=window sliding" if sliding else ""

    @property
    def parameters(self) -> dict[str, int]:
        """The parameters of the network that the words use."""
        return {"window": self.size} if self.size is not None and any(self.layers) else {}

    def statements(self, every: str, local: str) -> list[str]:
        """The uses of the two blocks: that of the layers that attend to all steps, and that of the local layers."""
        if not self.mixed:
            return [f"repeat n {{ {local if self.layers[0] else every} }}"]
        period = _period(self.layers)
        runs = [(each, len(list(group))) for each, group in groupby(self.layers[:period])]
        words = [
            f"repeat {count} {{ {local if sliding else every} }}" if count > 1 else (local if sliding else every)
            for sliding, count in runs
        ]
        times = len(self.layers) // period
        return [f"repeat n//{period} {{ {'; '.join(words)} }}"] if times > 1 else words


def _period(layers: Sequence[bool]) -> int:
    """The length of the shortest part that the layers repeat."""
    return next(
        length
        for length in range(1, len(layers) + 1)
        if len(layers) % length == 0 and list(layers) == list(layers[:length]) * (len(layers) // length)
    )


def every_layer(size: int | None, layers: int) -> Windows:
    """The same window in each layer, or none."""
    return Windows(size=size, layers=(size is not None,) * layers)


def optional_windows(config: ModelConfig, layers: int) -> Windows:
    """The windows of Qwen: only with `use_sliding_window`, in the layers of `layer_types`. Raises ImportFailed.

    Without `layer_types`, they are in the layers from `max_window_layers` on.
    """
    size = config.size_or_none("sliding_window", default=4096)
    if not config.flag("use_sliding_window", default=False):
        size = None
    first = config.size("max_window_layers", default=28, least=0)
    name = config.find("layer_types")
    if name is None or config.fields[name] is None:
        return Windows(size=size, layers=tuple(size is not None and i >= first for i in range(layers)))
    kinds = config.fields[name]
    if not isinstance(kinds, list) or len(kinds) != layers or not all(each in _SLIDING for each in map(str, kinds)):
        raise config.refused(name, f"{layers} entries `full_attention` or `sliding_attention` are expected")
    found = tuple(_SLIDING[each] for each in kinds)
    if any(found) and size is None:
        raise config.refused(
            name, "it has sliding windows, but `sliding_window` or `use_sliding_window` turns them off"
        )
    return Windows(size=size, layers=found)
