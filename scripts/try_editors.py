"""Open a file in the editors of this machine with the settings of `editors/`, and report what they show.

    python scripts/try_editors.py            those that are installed: nvim, hx (with tmux), emacs
    python scripts/try_editors.py nvim

An editor passes if the error of the file arrives through `archdsl lsp`. Neovim and Helix must also show inlay hints,
and highlight the file with the tree-sitter grammar. Each runs in its own home folder; tree-sitter's parser is compiled
there, with cc.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
EDITORS = ROOT / "editors"
GRAMMAR = EDITORS / "tree-sitter-arch"
TEXT = "# A comment\nnet Small(width = 8)\ninput 1x28x28\nconv width k3; relu\nfc 10\n"
ERROR = "`fc` needs a vector or a sequence, but gets 8×26×26"
PATIENCE = 60
"""Seconds until a server must have answered."""

NEOVIM_PROBE = """
local shown = {}
vim.wait(PATIENCE * 1000, function() return #vim.diagnostic.get(0) > 0 end, 50)
shown.diagnostics = vim.tbl_map(function(each) return { each.lnum + 1, each.message } end, vim.diagnostic.get(0))
vim.wait(PATIENCE * 1000, function() return #vim.lsp.inlay_hint.get({ bufnr = 0 }) > 0 end, 50)
shown.hints = vim.tbl_map(function(each) return each.inlay_hint.label end, vim.lsp.inlay_hint.get({ bufnr = 0 }))
shown.captures = {}
if vim.treesitter.highlighter.active[vim.api.nvim_get_current_buf()] then
  for _, place in ipairs({ { 0, 2 }, { 1, 0 }, { 3, 0 }, { 1, 18 } }) do
    local found = vim.treesitter.get_captures_at_pos(0, place[1], place[2])
    table.insert(shown.captures, #found > 0 and found[#found].capture or "none")
  end
end
shown.diagram = vim.fn.exists(":ArchDiagram") == 2
vim.fn.writefile({ vim.json.encode(shown) }, "RESULT")
vim.cmd("qall!")
"""

EMACS_PROBE = """
(find-file "FILE")
(run-hooks 'post-command-hook)
(let ((until (+ (float-time) PATIENCE)))
  (while (and (< (float-time) until) (not (and (featurep 'flymake) (flymake-diagnostics))))
    (accept-process-output nil 0.1)
    (when (bound-and-true-p flymake-mode) (flymake-start))))
(let ((found (mapcar (lambda (each) (list (line-number-at-pos (flymake-diagnostic-beg each))
                                          (substring-no-properties (flymake-diagnostic-text each))))
                     (flymake-diagnostics)))
      (mode (symbol-name major-mode)))
  (with-temp-file "RESULT"
    (insert (json-encode (list (cons 'mode mode) (cons 'diagnostics (vconcat (mapcar #'vconcat found))))))))
(kill-emacs 0)
"""


HELIX_CONFIG = """
[editor]
true-color = true
[editor.inline-diagnostics]
cursor-line = "hint"
other-lines = "error"
[editor.lsp]
display-inlay-hints = true
"""


class Failed(Exception):
    """The editor did not show what it should; the text is what it showed."""


def main(names: list[str]) -> int:
    chosen = names or list(TRIALS)
    if wrong := [name for name in chosen if name not in TRIALS]:
        print(f"there is no trial of `{wrong[0]}`: {', '.join(TRIALS)}", file=sys.stderr)
        return 2
    status = 0
    for name in chosen:
        if shutil.which(name) is None:
            print(f"{name}: not installed")
            status = status or (1 if names else 0)
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                print(f"{_version(name)}: {TRIALS[name](Path(folder))}")
            except (Failed, subprocess.TimeoutExpired) as failure:
                print(f"{_version(name)}: failed: {failure}")
                status = 1
    return status


def _version(name: str) -> str:
    return subprocess.run([name, "--version"], capture_output=True, text=True, check=True).stdout.splitlines()[0]


def _home(folder: Path) -> dict[str, str]:
    """An environment with its own home, in which `archdsl` is that of this checkout."""
    programs = folder / "bin"
    programs.mkdir()
    command = programs / "archdsl"
    command.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m archdsl "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    (folder / "net.arch").write_text(TEXT, encoding="utf-8")
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("XDG_")},
        "HOME": str(folder),
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
    }


def _run(command: list[str], folder: Path, environment: Mapping[str, str]) -> None:
    """Run an editor until it exits. Raises Failed."""
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=4 * PATIENCE, check=False
    )
    if done.returncode:
        raise Failed(f"{command[0]} ended with status {done.returncode}: {done.stdout}{done.stderr}")


def _probe(folder: Path, name: str, program: str) -> tuple[Path, Path]:
    """Write the program that an editor runs, and return it with the file of its result."""
    result, path = folder / "result.json", folder / name
    for word, value in {"RESULT": str(result), "FILE": str(folder / "net.arch"), "PATIENCE": str(PATIENCE)}.items():
        program = program.replace(word, value)
    path.write_text(program, encoding="utf-8")
    return path, result


def _require_error(found: list[tuple[int, str]]) -> None:
    if not any(line == 5 and ERROR in message for line, message in found):
        raise Failed(f"no error in line 5; diagnostics: {found}")


def neovim(folder: Path) -> str:
    environment = _home(folder)
    config, site = folder / ".config" / "nvim", folder / ".local" / "share" / "nvim" / "site"
    (config / "lua").mkdir(parents=True)
    shutil.copy(EDITORS / "neovim" / "archdsl.lua", config / "lua")
    (config / "init.lua").write_text('require("archdsl")\n', encoding="utf-8")
    (site / "parser").mkdir(parents=True)
    sources = [str(GRAMMAR / "src" / name) for name in ("parser.c", "scanner.c")]
    parser = ["cc", "-O1", "-shared", "-fPIC", f"-I{GRAMMAR / 'src'}", *sources, "-o", str(site / "parser" / "arch.so")]
    subprocess.run(parser, check=True)
    shutil.copytree(GRAMMAR / "queries", site / "queries" / "arch")
    probe, result = _probe(folder, "probe.lua", NEOVIM_PROBE)
    _run(["nvim", "--headless", "net.arch", "-S", str(probe)], folder, environment)
    shown = json.loads(result.read_text(encoding="utf-8"))
    _require_error(shown["diagnostics"])
    if shown["captures"] != ["comment", "keyword", "function.builtin", "number"]:
        raise Failed(f"highlighting: {shown['captures']}")
    if "8×26×26" not in str(shown["hints"]):
        raise Failed(f"inlay hints: {shown['hints']}")
    if not shown["diagram"]:
        raise Failed("there is no command :ArchDiagram")
    return "diagnostics, inlay hints, tree-sitter highlighting, :ArchDiagram"


def emacs(folder: Path) -> str:
    environment = _home(folder)
    probe, result = _probe(folder, "probe.el", EMACS_PROBE)
    command = ["emacs", "--batch", "-L", str(EDITORS / "emacs"), "-l", "arch-mode", "-l", str(probe)]
    _run(command, folder, environment)
    shown = json.loads(result.read_text(encoding="utf-8"))
    if shown["mode"] != "arch-mode":
        raise Failed(f"the mode is {shown['mode']}")
    _require_error(shown["diagnostics"])
    return "arch-mode, diagnostics through Eglot"


def helix(folder: Path) -> str:
    if shutil.which("tmux") is None:
        raise Failed("its trial needs tmux, in which it is shown")
    environment = _home(folder)
    config = folder / ".config" / "helix"
    (config / "runtime" / "queries").mkdir(parents=True)
    (config / "runtime" / "grammars").mkdir()
    settings = (EDITORS / "helix" / "languages.toml").read_text(encoding="utf-8")
    (config / "languages.toml").write_text(settings.replace("/path/to/archdsl", str(ROOT)), encoding="utf-8")
    shutil.copytree(GRAMMAR / "queries", config / "runtime" / "queries" / "arch")
    (config / "config.toml").write_text(HELIX_CONFIG, encoding="utf-8")
    # Helix exits with an error if the grammars of other languages, which it would download, are missing.
    built = ["hx", "--grammar", "build"]
    subprocess.run(built, cwd=folder, env=environment, capture_output=True, timeout=4 * PATIENCE, check=False)
    screen = _screen(folder, environment)
    plain = re.sub(r"\x1b\[[0-9;]*m", "", screen)
    if "needs a vector" not in plain or "8×26×26" not in plain:
        raise Failed(f"no error or no inlay hint:\n{plain}")
    line = next((each for each in screen.splitlines() if "Small" in each), "")
    colors = set(re.findall(r"38;2;[0-9;]+", line.partition("net")[2]))
    if len(colors) < 3:
        raise Failed(f"no highlighting: {line!r}")
    return "diagnostics, inlay hints, tree-sitter highlighting"


def _screen(folder: Path, environment: Mapping[str, str]) -> str:
    """What Helix shows in a terminal once it shows the error, with the escape codes of its colors."""
    tmux = ["tmux", "-S", str(folder / "tmux"), "-f", "/dev/null"]
    shown = ""
    try:
        start = [*tmux, "new-session", "-d", "-x", "150", "-y", "30", "hx net.arch"]
        subprocess.run(start, cwd=folder, env=environment, check=True)
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until and not ("needs a vector" in shown and "8×26×26" in shown):
            time.sleep(0.5)
            capture = [*tmux, "capture-pane", "-p", "-e"]
            shown = subprocess.run(capture, env=environment, capture_output=True, text=True, check=False).stdout
    finally:
        subprocess.run([*tmux, "kill-server"], env=environment, check=False, capture_output=True)
    return shown


TRIALS: Mapping[str, Callable[[Path], str]] = {"nvim": neovim, "hx": helix, "emacs": emacs}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
