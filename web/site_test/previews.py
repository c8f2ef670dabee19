"""Answers to archdsl.preview for the test of the panel of VS Code, as JSON: by name, view and theme."""

import json
import sys

from archdsl.lsp.preview import VIEWS, preview
from archdsl.service import Document
from archdsl.zoo import read_named, shipped

TEXTS = {
    "small": "net Small\ninput 3x32x32\nconv 8 k3; relu\ngap\nfc 10\n",
    "wrong": "input 1x32x32\nconv 6 k5\nfc 10\n",
    "evil": 'input 3x8x8\nstage "<img src=x onerror=alert(1)>" { conv 4 k3 }\nconv 4 k3 as <script>alert(1)</script>\n',
    "large": read_named("zoo:resnet152").text,
    "wide": read_named("zoo:googlenet").text,
}


def main() -> None:
    found = {}
    for name, text in TEXTS.items():
        version = Document(text, shipped()).now
        for view in VIEWS if name == "small" else ("layers", "stages"):
            for theme in ("light", "dark"):
                found[f"{name} {view} {theme}"] = preview(version, view=view, theme=theme)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
