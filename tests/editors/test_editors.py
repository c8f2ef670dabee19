"""What the repository has for editors agrees with the language and the command line."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from archdsl.cli import main
from archdsl.diagnostics import Sink
from archdsl.syntax import parse
from archdsl.text.source import Source

ROOT = Path(__file__).resolve().parents[2]
EDITORS = ROOT / "editors"
VSCODE = EDITORS / "vscode"
PACKAGE = json.loads((VSCODE / "package.json").read_text(encoding="utf-8"))
SNIPPETS = json.loads((VSCODE / "snippets" / "arch.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", SNIPPETS)
def test_snippet_is_a_statement(name: str) -> None:
    body = SNIPPETS[name]["body"]
    text = "\n".join(body) if isinstance(body, list) else body
    text = re.sub(r"\$\{\d+:([^}]*)\}", r"\1", text).replace("$0", "")
    sink = Sink()
    assert parse(Source(text), sink).statements
    assert not list(sink)


def test_extension_files_exist() -> None:
    contributes = PACKAGE["contributes"]
    named = [contributes["languages"][0]["configuration"], contributes["snippets"][0]["path"]]
    assert all((VSCODE / name).is_file() for name in named)
    # The build copies the grammar.
    assert (ROOT / "grammars" / Path(contributes["grammars"][0]["path"]).name).is_file()
    source = (VSCODE / "src" / "extension.ts").read_text(encoding="utf-8")
    registered = set(re.findall(r'registerCommand\("([\w.]+)"', source))
    assert registered == {each["command"] for each in contributes["commands"]}
    asked = set(re.findall(r'settings\.get<[^>]*>\("(\w+)"', source))
    assert {f"archdsl.{name}" for name in asked} == set(contributes["configuration"]["properties"])


def test_lock_file_names_no_registry() -> None:
    assert '"resolved"' not in (VSCODE / "package-lock.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "path",
    ["neovim/archdsl.lua", "helix/languages.toml", "emacs/arch-mode.el", "vscode/src/command.ts", "zed/src/lib.rs"],
)
def test_editor_settings_start_the_language_server(path: str) -> None:
    text = (EDITORS / path).read_text(encoding="utf-8")
    assert '"archdsl"' in text
    assert '"lsp"' in text
    assert "lsp" in main.list_commands(None)  # type: ignore[arg-type]  # the list needs no context


def test_helix_settings_are_valid_toml() -> None:
    settings = tomllib.loads((EDITORS / "helix" / "languages.toml").read_text(encoding="utf-8"))
    (language,) = settings["language"]
    assert language["file-types"] == ["arch"]
    assert set(language["language-servers"]) <= set(settings["language-server"])


def test_emacs_lisp_has_balanced_parentheses() -> None:
    text = re.sub(r'\?\\.|;.*|"(?:\\.|[^"\\])*"', "", (EDITORS / "emacs" / "arch-mode.el").read_text(encoding="utf-8"))
    text = re.sub(r"\?.", "", text)
    assert text.count("(") == text.count(")")


@pytest.mark.skipif(shutil.which("node") is None or shutil.which("npm") is None, reason="Node.js is not installed")
@pytest.mark.skipif(not (VSCODE / "node_modules").is_dir(), reason="`make vscode` installs what the extension needs")
def test_vscode_extension_passes_its_type_checks_and_tests() -> None:
    """Its types, and its parts under node."""
    npm = shutil.which("npm")
    assert npm is not None
    for script in ("types", "test"):
        done = subprocess.run([npm, "run", script], cwd=VSCODE, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("path", ["neovim/archdsl.lua", "helix/languages.toml", "emacs/arch-mode.el"])
def test_documented_editor_settings_exist(path: str) -> None:
    page = (ROOT / "docs" / "editors.md").read_text(encoding="utf-8")
    assert f"editors/{path}" in page
    assert path.partition("/")[0] in (ROOT / "scripts" / "try_editors.py").read_text(encoding="utf-8")


def test_unknown_editor_is_reported() -> None:
    command = [sys.executable, str(ROOT / "scripts" / "try_editors.py"), "edlin"]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (2, "there is no trial of `edlin`: nvim, hx, emacs\n")


@pytest.mark.parametrize("name", ["nvim", "hx", "emacs"])
def test_editor_that_is_missing_is_reported(name: str) -> None:
    command = [sys.executable, str(ROOT / "scripts" / "try_editors.py"), name]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, env={"PATH": ""})
    assert (done.returncode, done.stdout) == (1, f"{name}: not installed\n")
