"""A third set of kinds of errors, by an author who has seen neither the suggestions nor the other kinds."""

from .unseen_third_habits import *  # noqa: F403
from .unseen_third_merges import *  # noqa: F403
from .unseen_third_names import *  # noqa: F403
from .unseen_third_notation import *  # noqa: F403
from .unseen_third_places import *  # noqa: F403
from .unseen_third_sizes import *  # noqa: F403
