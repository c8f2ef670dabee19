"""The rotary positions of a configuration: `rope_theta`, `rope_scaling` and, in newer ones, `rope_parameters`."""

from typing import Any

from ...record import Record
from .model_config import ModelConfig
from .model_text import number


class RotaryFields(Record):
    """The base of the wavelengths, and the fraction of the features of a head that is rotated."""

    base: float
    part: float = 1.0

    @property
    def words(self) -> str:
        """The arguments of `attention`."""
        base = "" if self.base == 10000 else " rope_base=base"
        return f"rope{base}" + ("" if self.part == 1 else f" rope_part={number(self.part)}")

    @property
    def parameters(self) -> dict[str, float]:
        """The parameters of the network that the words use."""
        return {} if self.base == 10000 else {"base": self.base}


def rotary(config: ModelConfig, features: int, *, part: float | None = None, older: str = "") -> RotaryFields:
    """The rotary positions for heads with this many features. Raises ImportFailed for wavelengths that are scaled.

    `part` is the default of the fraction, None if the model rotates all features. `older` is an older name of the base.
    """
    scaling: dict[str, Any] = {}
    for field in ("rope_scaling", "rope_parameters"):
        name = config.find(field)
        found = config.fields[field] if name is not None else None
        if found is None or found == {}:
            continue
        if not isinstance(found, dict):
            raise config.refused(field, "an object is expected")
        _refuse_scaled(config, field, found)
        # As in transformers, `rope_scaling` replaces `rope_parameters`.
        scaling = scaling or found
    names = ("rope_theta", older) if older else ("rope_theta",)
    base = config.positive(*names, default=10000.0)
    fraction = _fraction(config, scaling, part)
    if int(features * fraction) % 2 or not int(features * fraction):
        field = config.find("partial_rotary_factor", "rotary_pct") or "num_attention_heads"
        raise config.refused(
            field, f"{int(features * fraction)} features of a head would be rotated, which is not an even number"
        )
    if "rope_theta" in scaling:
        base = ModelConfig(scaling, config.file).positive("rope_theta", default=10000.0)
    return RotaryFields(base=base, part=fraction)


def _fraction(config: ModelConfig, scaling: dict[str, Any], part: float | None) -> float:
    names = ("partial_rotary_factor", "rotary_pct")
    found = config.number(*names, default=1.0 if part is None else part)
    if "partial_rotary_factor" in scaling:
        found = ModelConfig(scaling, config.file).number("partial_rotary_factor", default=1.0)
    if part is None and found != 1:
        raise config.refused(config.find(*names) or "rope_parameters", "this model rotates all features of a head")
    if not 0 < found <= 1:
        raise config.refused(config.find(*names) or "rope_parameters", "a fraction from 0 to 1 is expected")
    return found


def _refuse_scaled(config: ModelConfig, field: str, found: dict[str, Any]) -> None:
    kind = found.get("rope_type", found.get("type", "default"))
    known = {"rope_type", "type", "rope_theta", "partial_rotary_factor"}
    if kind != "default" or found.get("type", kind) != kind:
        raise config.refused(field, "rotary positions with scaled wavelengths have no counterpart")
    if left := [name for name, value in found.items() if name not in known and value is not None]:
        raise config.refused(field, f"`{left[0]}` is not supported for rotary positions that are not scaled")
