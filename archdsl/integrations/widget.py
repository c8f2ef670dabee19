"""`archdsl.widget`: a network in a notebook, with an editor, its errors, its table and its diagram."""

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from ..extras import require
from ..network import allowing, analyze_given, default_library, read_given

if TYPE_CHECKING:
    from .network_widget import NetworkWidget

EXAMPLE = "input 1x28x28\nconv 8 k3 same; relu\nmaxpool 2\nflatten; fc 10\n"
"""The text that a widget begins with if none is given."""


def widget(path: str | Path | None = None, *, text: str | None = None, allow: Collection[str] = ()) -> "NetworkWidget":
    """Edit a network in a notebook: `widget("net.arch")`, `widget("zoo:resnet18")`, `widget(text="input 8; fc 2")`.

    The widget shows the errors, with their suggestions as buttons, the table and the diagram of the text while you
    type. Its `text` is the current text; its `network` is the network of that text. A file is never written; `allow`
    has the same meaning as in `load`. Raises OSError if the file cannot be read, TypeError for both a path and a text,
    and MissingPackages, which names the extra to install.
    """
    require("the widget", "notebook")
    from .network_widget import NetworkWidget

    if path is not None and text is not None:
        raise TypeError("widget takes a path or text=…, not both")
    if path is None:
        source = analyze_given(text=EXAMPLE if text is None else text).source
    else:
        source = read_given("path", path, "archdsl.widget(text=…)")
    return NetworkWidget(source, allowing(default_library(source), allow))
