"""The arrays of samples."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Labels = NDArray[np.int64]
Masks = NDArray[np.uint8]
Inputs = NDArray[Any]
"""The inputs of samples; see `ImageSet`."""
TargetArray = NDArray[Any]
"""The targets of samples; see `ImageSet`."""
