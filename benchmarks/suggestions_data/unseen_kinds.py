"""The kinds of errors whose author has not seen how suggestions are generated.

They come from what people do when they know PyTorch, Keras or a paper, or when they change a network that works. The
pages of the documentation and the zoo are all that their author read of archdsl.
"""

from .unseen_habits import *  # noqa: F403  # every kind of each module, in its order
from .unseen_heads import *  # noqa: F403
from .unseen_names import *  # noqa: F403
from .unseen_shapes import *  # noqa: F403
