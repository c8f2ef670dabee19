"""The receptive field: which elements of the input one position of a layer depends on.

Along a dimension it has a size (from the first to the last element read), a jump (the distance between the fields of
neighboring positions) and a start (the center of the first position's field, where the first element's center is 0.5),
as in Dumoulin & Visin (2016) and Araujo, Norris & Sim (2019). They hold far from the ends and for inputs of any size;
`support` also handles the ends.

If branches merge, each path has a field, and the layer has their union. A layer that mixes all positions (attention, a
gate, normalization over the whole image) sees the whole dimension. Channels are not distinguished: a field is that of
all channels at a position.
"""

from .field import Field, Fields, ReceptiveField, channel_axes, fields, receptive_field
from .field_paths import input_axes
from .support import Support, support

__all__ = [
    "Field",
    "Fields",
    "ReceptiveField",
    "Support",
    "channel_axes",
    "fields",
    "input_axes",
    "receptive_field",
    "support",
]
