"""Options that `archdsl train` and `archdsl sweep` share, apart from those of the recipe."""

from ..training.recipe.grouped_options import grouped_option
from ..training.recipe.groups import OptionGroup
from .named_path import NAMED_PATH

device_option = grouped_option(
    OptionGroup.COMMON,
    "--device",
    default="auto",
    metavar="auto|cpu|cuda",
    show_default=True,
    help="Device to train on.",
)

data_dir_option = grouped_option(
    OptionGroup.DATA,
    "--data-dir",
    type=NAMED_PATH,
    metavar="FOLDER",
    help="Read the data set from this folder instead of downloading it.",
)

expression_option = grouped_option(
    OptionGroup.MODEL, "-e", "--expr", "text", metavar="TEXT", help="Use this source text instead of a file."
)
input_option = grouped_option(
    OptionGroup.MODEL,
    "--input",
    "inputs",
    multiple=True,
    metavar="SIZE",
    help="Set the input size: 3x224x224, or NAME=3x224x224.",
)
