"""The receptive field: which elements of the input one position of a layer depends on.

Along a side it has a size (from the first element to the last that is read), a jump (how far apart the fields of
neighbours are) and a start (the middle of the first position's field, where the first element's middle is 0.5), as in
Dumoulin & Visin (2016) and Araujo, Norris & Sim (2019). They hold far from the ends and for inputs of any size;
`support` also knows the ends.

Where branches meet, each way has a field and the whole has their union. A layer that mixes all positions (attention, a
gate, normalisation of a whole picture) sees the whole side. Single channels are not told apart: a field is that of all
channels at a position.
"""

from .field import Field, Fields, Seen, channel_axes, fields, receptive_field
from .field_paths import input_axes
from .support import Support, support

__all__ = ["Field", "Fields", "Seen", "Support", "channel_axes", "fields", "input_axes", "receptive_field", "support"]
