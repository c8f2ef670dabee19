"""The Python side of the widget for its test: messages of the front end on standard input, its own on standard output.

Each line is a message as JSON; the first one that is written has the widget's state. The argument is its text.
"""

import json
import sys
from typing import Any

import comm

import archdsl


class Connection:
    """A connection to the front end that is standard input and output."""

    comm_id = "1"

    def __init__(self, data: Any, **_: Any) -> None:
        self.is_of_widget = "text" in data["state"]  # not of its layout
        self.send(data)

    def on_msg(self, callback: Any) -> None:
        """Called with each message."""
        self.receive = callback

    def close(self, *_: Any, **__: Any) -> None:
        """Nothing to close."""

    def send(self, data: Any = None, **_: Any) -> None:
        """Write a message."""
        if self.is_of_widget:
            print(json.dumps(data), flush=True)


def main() -> None:
    made: list[Connection] = []

    def create(**given: Any) -> Connection:
        made.append(Connection(**given))
        return made[-1]

    comm.create_comm = create
    widget = archdsl.widget(text=sys.argv[1])
    (connection,) = (each for each in made if each.is_of_widget)
    for line in sys.stdin:
        message = json.loads(line)
        if "set" in message:  # what a user does in Python
            widget.text = message["set"]
        else:
            connection.receive({"content": {"data": message}, "buffers": []})


if __name__ == "__main__":
    main()
