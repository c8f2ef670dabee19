"""The module of the widget, which is built from web/ and installed with the package."""

import hashlib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "web"
MODULE = ROOT / "archdsl" / "integrations" / "widget.js"
FILES = ("build/widget.mjs", "package-lock.json", "src/calls.ts", "src/lexer.mjs", "src/offsets.mjs", "src/protocol.ts")


def digest() -> str:
    """The digest of the sources, as web/build/widget.mjs computes it."""
    folders = [f"src/{name}/{path.name}" for name in ("editing", "widget") for path in (WEB / "src" / name).iterdir()]
    found = hashlib.sha256()
    for name in sorted([*FILES, *folders]):
        found.update(name.encode() + b"\0" + (WEB / name).read_bytes() + b"\0")
    return found.hexdigest()


def test_widget_module_is_up_to_date() -> None:
    head = MODULE.read_text(encoding="utf-8").splitlines()[1]
    assert head == f"// {digest()}", "run `node build/widget.mjs` in web/"


def test_widget_module_loads_no_external_resources() -> None:
    text = MODULE.read_text(encoding="utf-8")
    assert "import(" not in text
    assert "http://www.w3.org/" in text
    assert "https://" not in text.replace("https:\\/\\/archdsl", "")


def test_widget_licenses_are_included() -> None:
    text = MODULE.with_name("widget.licenses.txt").read_text(encoding="utf-8")
    for package in ("@codemirror/view", "@codemirror/state", "@lezer/highlight", "style-mod"):
        assert f"\n{package} " in text
