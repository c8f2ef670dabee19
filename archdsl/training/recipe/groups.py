"""The groups in which `--help` and the documentation list the settings of a training run."""

from enum import Enum


class OptionGroup(Enum):
    """A group's heading. A field of the recipe declares its group as metadata: `Annotated[int,
    OptionGroup.OPTIMIZATION]`.

    The group of a section applies to all of its fields that declare none. `COMMON` next to another group applies only
    to the line's first word: `optimizer` is a common option, and `momentum` belongs to `OPTIMIZATION`.
    """

    COMMON = "Common options"
    DATA = "Data"
    MODEL = "Model"
    OPTIMIZATION = "Optimization"
    REGULARIZATION = "Regularization and augmentation"
    HARDWARE = "Precision and hardware"
    OUTPUT = "Output"
