"""The widget of `archdsl.widget`. Importing this module needs anywidget."""

import json
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from ..browser.json_values import plain
from ..browser.page_calls import answer
from ..browser.playground import Playground, playground_calls
from ..diagnostics import Sink
from ..highlight.rules import states
from ..network import Analysis, Network, analyze
from ..text.library import Library
from ..text.source import Source


class NetworkWidget(anywidget.AnyWidget):  # type: ignore[misc]  # a class without types where the extra is missing
    """A network that is edited in a notebook; `text` is its current text, which may be set.

    The front end is the module `widget.js`, built from `web/src/widget/`. It sends messages with an id, a name and
    arguments, as the playground does to its worker; every view of the widget has its own ids.
    """

    _esm = Path(__file__).with_name("widget.js")
    text: str = traitlets.Unicode().tag(sync=True)
    _rules: dict[str, Any] = traitlets.Dict().tag(sync=True)

    def __init__(self, source: Source, library: Library) -> None:
        super().__init__(text=source.text, _rules=plain(states()))
        self._source = source
        self._library = library
        playground = Playground(library, name=source.name, path=source.path)
        playground.check_recipes()
        self._calls = playground_calls(playground)
        self.on_msg(self._receive)

    @property
    def analysis(self) -> Analysis:
        """The analysis of the current text, with its diagnostics; `str` turns it into the output of `archdsl check`."""
        source = self._source
        return analyze(Source(self.text, name=source.name, path=source.path), Sink(), library=self._library)

    @property
    def network(self) -> Network:
        """The network of the current text. Raises ArchError for a text with errors."""
        return self.analysis.checked()

    def _receive(self, _: Any, message: Any, buffers: Any) -> None:
        """Answer a message of the front end."""
        if not isinstance(message, dict) or not isinstance(message.get("arguments"), dict):
            return
        found = answer(lambda: self._calls[message["name"]](**message["arguments"]))
        # As text: kernels in a browser give the front end `undefined` for None.
        self.send({"view": message.get("view"), "answer": json.dumps({"id": message.get("id"), **found})})
