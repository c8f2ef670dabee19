"""Run Python texts, one after the other, and print as JSON how each ended. Runs in the environment of the peers.

    python _peers_driver.py < texts.json    # [["FILE", "TEXT"], …]

For a text that raises, the output has the message as the interpreter prints it, and the lines of the text in the
traceback, the outermost first. It also has the files in the traceback, and the versions of the installed packages.
"""

import contextlib
import importlib.metadata
import io
import json
import os
import platform
import sys
import traceback
from types import TracebackType
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"
PEERS = ("torch", "keras", "pyrefly", "pyrefly-torch-stubs", "hndl")


def printed(error: BaseException, trace: TracebackType | None) -> str:
    """What the interpreter prints, with the names that it suggests."""
    out = io.StringIO()
    with contextlib.redirect_stderr(out):
        sys.__excepthook__(type(error), error, trace)
    return out.getvalue()


def run(path: str, text: str) -> dict[str, Any]:
    """How the text ended when it was run as the file at `path`."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            exec(compile(text, path, "exec"), {"__name__": "__main__"})
    except Exception as error:
        trace = error.__traceback__.tb_next if error.__traceback__ else None
        frames = traceback.extract_tb(trace)
        start = traceback.format_exception_only(error)[0].split("\n", 1)[0]
        output = printed(error, trace)
        return {
            "message": output[output.rfind(start) :].strip(),
            "lines": [frame.lineno for frame in frames if frame.filename == path],
            "files": [frame.filename for frame in frames],
        }
    return {"message": None, "lines": [], "files": []}


def main() -> None:
    texts: list[tuple[str, str]] = json.load(sys.stdin)
    installed = {name: importlib.metadata.version(name) for name in PEERS}
    versions = {"python": platform.python_version(), **installed}
    json.dump({"versions": versions, "runs": [run(path, text) for path, text in texts]}, sys.stdout)


if __name__ == "__main__":
    main()
