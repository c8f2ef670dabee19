"""The parts of web/ that need neither a browser nor packages: links, positions, the lexer."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from pygments.token import Whitespace

from archdsl.browser.json_values import plain
from archdsl.highlight.lexer import TOKENS, ArchLexer
from archdsl.highlight.rules import states
from scripts.pages import playground

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "web"
NODE = shutil.which("node")
TEXTS = [
    *(path.read_text(encoding="utf-8") for path in sorted((ROOT / "examples").rglob("*.arch"))),
    "assert params <\n5M\nrelu",
    'if @c == 3 { conv 8 k3; "text" } else {relu}\nlet a = [1,\n2]\nnet N(a = (1,\n\n2))\n',
    'use "open\nconv 8 k3 é § x3\n\tresidual when (s != 1) { bn }\nconcat a, b as c, d\n',
]

needs_node = pytest.mark.skipif(NODE is None, reason="Node.js is not installed")


def run(script: str, given: Any) -> Any:
    """The JSON that a script of web/test/ writes."""
    assert NODE is not None
    done = subprocess.run(
        [NODE, script], cwd=WEB / "test", input=json.dumps(given), capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@needs_node
def test_javascript_unit_tests_pass() -> None:
    assert NODE is not None
    files = [str(path) for path in sorted((WEB / "test").glob("*.test.mjs"))]
    done = subprocess.run([NODE, "--test", *files], cwd=WEB, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\bpass [1-9]", done.stdout)


@needs_node
def test_documentation_links_open_their_text_in_the_playground() -> None:
    pages = [page.read_text(encoding="utf-8") for page in sorted((ROOT / "docs").rglob("*.md"))]
    texts = [text for page in pages for text in re.findall(r"^```arch[^\n]*\n(.*?)^```$", page, re.M | re.S)]
    assert len(texts) > 100
    linked = [playground.with_links(f"```arch name.arch\n{text}```\n", "../") for text in texts]
    fragments = [re.findall(r'href="\.\./playground/index\.html(#[^"]+)"', page) for page in linked]
    assert all(len(found) == 1 for found in fragments)
    assert run("unpack.mjs", [found[0] for found in fragments]) == [{"text": text} for text in texts]


def test_other_code_blocks_have_no_playground_link() -> None:
    page = "```console\n$ archdsl check a.arch\n```\n\n```architecture\nx\n```\n"
    assert playground.with_links(page, "") == page


@pytest.mark.parametrize("is_built", [True, False])
def test_playground_page_links_to_the_playground_if_it_is_built(is_built: bool) -> None:
    assert playground.PLACEHOLDER in (ROOT / "docs" / "playground.md").read_text(encoding="utf-8")
    link = playground.playground_link("../", is_built=is_built)
    assert ('href="../playground/index.html"' in link) == is_built
    assert ("Node.js" in link) != is_built


@needs_node
def test_editor_highlighting_matches_pygments() -> None:
    classes = {token: name for name, token in TOKENS.items()}
    found = run("lexer.mjs", {"states": plain(states()), "texts": TEXTS})
    for text, pieces in zip(TEXTS, found, strict=True):
        tokens = ArchLexer(stripnl=False, ensurenl=False).get_tokens(text)
        expected = [[classes[kind], piece] for kind, piece in tokens if kind is not Whitespace and piece]
        assert pieces == expected


def test_lock_file_names_no_registry() -> None:
    assert '"resolved"' not in (WEB / "package-lock.json").read_text(encoding="utf-8")


def test_versions_are_pinned() -> None:
    package = json.loads((WEB / "package.json").read_text(encoding="utf-8"))
    versions = {**package["dependencies"], **package["devDependencies"]}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions.values()), versions


def test_page_loads_only_its_own_files() -> None:
    html = (WEB / "src" / "playground" / "index.html").read_text(encoding="utf-8")
    assert not re.findall(r"""(?:src|href)=["'](?:https?:)?//""", html)
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', html)
    assert policy is not None
    rules = dict(rule.strip().partition(" ")[::2] for rule in policy[1].split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == "'self' 'wasm-unsafe-eval'"
    assert "<script>" not in html
