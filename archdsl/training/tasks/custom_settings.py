"""User-defined losses and metrics, as they are stored in a run: by import path, since their code is not part of it."""

from pydantic import BaseModel, ConfigDict


class CustomSettings(BaseModel):
    """The import paths of the user's losses, for the main output and for others, and of the user's metrics."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    loss: str | None = None
    output_losses: dict[str, str] = {}
    metrics: dict[str, str] = {}

    @property
    def paths(self) -> tuple[str, ...]:
        """All import paths."""
        main = (self.loss,) if self.loss is not None else ()
        return tuple(dict.fromkeys((*main, *self.output_losses.values(), *self.metrics.values())))
