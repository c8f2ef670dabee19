"""More kinds of errors by an author who has seen neither the suggestions nor the other kinds, written later."""

from .unseen_later_names import *  # noqa: F403
from .unseen_later_notation import *  # noqa: F403
from .unseen_later_places import *  # noqa: F403
from .unseen_later_sizes import *  # noqa: F403
