"""The tasks by name, and which one a training has. Imports no torch."""

from collections.abc import Mapping

from .classification import Classification
from .task import Task

TASKS: Mapping[str, Task] = {task.name: task for task in (Classification(),)}
"""The tasks by name."""
