"""The groups in which `--help` and the documentation list the settings of a training."""

from enum import Enum


class Group(Enum):
    """A group's heading. A field of the recipe declares its group as metadata: `Annotated[int, Group.OPTIMIZATION]`.

    What a part declares holds for all of its fields that declare none. `COMMON` beside another group holds for the
    line's first word alone: `optimizer` is a common option, `momentum` one of `OPTIMIZATION`.
    """

    COMMON = "Common options"
    DATA = "Data"
    MODEL = "Model"
    OPTIMIZATION = "Optimization"
    REGULARIZATION = "Regularization and augmentation"
    HARDWARE = "Precision and hardware"
    OUTPUT = "Output"
