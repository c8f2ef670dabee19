"""The directive in a real build of a small project."""

import io
from pathlib import Path

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

NET = "net Tiny\ninput 1x8x8\nconv 4 k3; relu\ngap; fc 2\n"
CONF = 'project = "Tiny"\nextensions = ["archdsl.integrations.sphinx"]\nhtml_theme = "basic"\n'
PAGE = "Networks\n========\n\nBefore.\n\n"


def build(folder: Path, page: str, builder: str = "html", conf: str = "") -> tuple[str, str]:
    """The page that Sphinx builds, and its warnings."""
    source, out = folder / "source", folder / builder
    source.mkdir(exist_ok=True)
    (source / "conf.py").write_text(
        'project = "Tiny"\nextensions = ["archdsl.integrations.sphinx"]\nhtml_theme = "basic"\n' + conf
    )
    (source / "index.rst").write_text(PAGE + page + "\n\nAfter.\n")
    (source / "net.arch").write_text(NET)
    warnings = io.StringIO()
    with docutils_namespace():
        app = Sphinx(
            source, source, out, folder / "trees", builder, status=None, warning=warnings, freshenv=True, parallel=1
        )
        app.build()
    made = {"html": "index.html", "text": "index.txt", "latex": "tiny.tex"}[builder]
    return (out / made).read_text(encoding="utf-8"), warnings.getvalue()


def directive(argument: str = "", options: str = "", text: str = "") -> str:
    lines = [f".. arch:: {argument}", *(f"   {line}" for line in options.splitlines()), ""]
    return "\n".join([*lines, *(f"   {line}" for line in text.splitlines())])


def test_text_becomes_a_diagram(tmp_path: Path) -> None:
    html, warnings = build(tmp_path, directive(text=NET))
    assert warnings == ""
    assert html.count("<svg") == 1
    assert "Tiny: 50 parameters" in html
    assert "<table" not in html
    assert html.index("Before.") < html.index("<svg") < html.index("After.")


def test_directive_with_a_file_table_and_source(tmp_path: Path) -> None:
    html, warnings = build(
        tmp_path, directive("net.arch", ":table:\n:source:\n:view: blocks\n:class: wide\n:name: tiny")
    )
    assert warnings == ""
    assert 'class="archdsl wide"' in html
    assert 'id="tiny"' in html
    assert html.count("<tr") == 6
    assert "parameters 50, all trainable" in html
    # The text is highlighted by the lexer, which knows the layers.
    assert '<span class="nb">conv</span>' in html


def test_directive_with_a_zoo_network(tmp_path: Path) -> None:
    html, warnings = build(tmp_path, directive("zoo:lenet5", ":nodiagram:\n:table:\n:set: classes=7"))
    assert warnings == ""
    assert "<svg" not in html
    assert "LeNet5: 1×32×32 → 7" in html


def test_text_and_latex_builders(tmp_path: Path) -> None:
    page = directive("net.arch", ":table:")
    text, warnings = build(tmp_path, page, "text")
    assert warnings == ""
    assert "[Tiny: 1×8×8 → 2]" in text
    assert "conv 4 k3" in text
    latex, warnings = build(tmp_path, page, "latex")
    assert warnings == ""
    assert "\\sphinxincludegraphics{{archdsl-" in latex
    assert [path.read_bytes()[:4] for path in (tmp_path / "latex").glob("archdsl-*.png")] == [b"\x89PNG"]


@pytest.mark.parametrize(
    ("page", "output"),
    [
        (directive("nosuch.arch"), "arch: no such file"),
        (directive("net.arch", text=NET), "give either a file or the source text as content"),
        (directive(), "give either a file or the source text as content"),
        (directive("zoo:lenet6"), "did you mean `lenet5`?"),
        (directive("net.arch", ":view: block"), "`view` must be one of layers, blocks, stages, volumes, not `block`"),
        (directive("net.arch", ":veiw: blocks"), 'unknown option: "veiw"'),
    ],
)
def test_errors_are_warnings_with_their_position(tmp_path: Path, page: str, output: str) -> None:
    _, warnings = build(tmp_path, page)
    assert output in warnings
    assert "index.rst:6:" in warnings


def test_error_is_shown_like_check(tmp_path: Path) -> None:
    html, warnings = build(tmp_path, directive(text="input 1x8x8\nconv 4 k9"))
    assert "index.rst:6: WARNING: a network has errors:" in warnings
    assert "error[E0401]" in warnings
    assert "error[E0401]" in html
    assert "<svg" not in html


def test_hostile_text_is_escaped(tmp_path: Path) -> None:
    hostile = NET.replace("fc 2", "fc (3 if 1<2 else 4) # <script>alert(1)</script>")
    html, _ = build(tmp_path, directive("", ":table:\n:source:", hostile))
    assert "<script>alert" not in html
    assert "if 1&lt;2 else" in html
    html, _ = build(tmp_path, directive("", "", 'use "<script>alert(1)</script>"'))
    assert "<script>alert" not in html


SECRET = "root:x:0:0:a secret:/root:/bin/sh"


@pytest.mark.parametrize(
    "argument",
    [
        "/../secret.arch",
        "../secret.arch",
        "link.arch",
        "deep.arch",
        "folder/secret.arch",
        "/etc/passwd",
        "secret.txt",
        ".env",
    ],
)
def test_files_outside_the_documents_are_not_published(tmp_path: Path, argument: str) -> None:
    """Not with `..`, not through a link, not with another suffix: neither on the page nor in the warnings."""
    source = tmp_path / "source"
    source.mkdir()
    (tmp_path / "secret.arch").write_text(SECRET)
    (source / "secret.txt").write_text(SECRET)
    (source / ".env").write_text(SECRET)
    (source / "link.arch").symlink_to(tmp_path / "secret.arch")
    (source / "deep.arch").symlink_to("secret.txt")
    (source / "folder").symlink_to(tmp_path)
    html, warnings = build(tmp_path, directive(argument, ":source:"))
    assert "secret:" not in html + warnings
    assert "root:" not in html + warnings
    assert "arch: " in warnings


def test_file_insertion_setting_is_respected(tmp_path: Path) -> None:
    forbid = "app.env.settings.update(file_insertion_enabled=False)"
    conf = f"def setup(app):\n    app.connect('builder-inited', lambda app: {forbid})\n"
    page = "\n\n".join([directive("net.arch"), directive(text=NET), directive("zoo:lenet5")])
    html, warnings = build(tmp_path, page, conf=conf)
    assert html.count("<svg") == 2
    assert "file insertion is disabled in the docutils settings" in warnings


def test_file_in_the_documents_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "source" / "nets").mkdir(parents=True)
    (tmp_path / "source" / "nets" / "a.arch").write_text(NET)
    html, warnings = build(tmp_path, directive("/nets/a.arch") + "\n\n" + directive("nets/../nets/a.arch"))
    assert html.count("<svg") == 2
    assert warnings == ""


def test_directive_text_uses_only_files_in_its_folder(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    block = "block unit(c) { conv c k3; relu }\n"
    (source / "blocks.arch").write_text(block)
    (source / ".env").write_text(SECRET)
    (tmp_path / "outside.arch").write_text(block)
    (source / "outward.arch").symlink_to("../outside.arch")
    text = 'use "{}"\ninput 1x8x8\nunit 4\ngap; fc 2\n'
    html, warnings = build(tmp_path, directive(text=text.format("blocks.arch")))
    assert (html.count("<svg"), warnings) == (1, "")
    latex, warnings = build(tmp_path, directive(text=text.format("blocks.arch")), "latex")
    assert "includegraphics" in latex
    for other in (".env", "../outside.arch", "outward.arch", str(tmp_path / "outside.arch")):
        html, warnings = build(tmp_path, directive(text=text.format(other)))
        assert html.count("<svg") == 0
        assert "error[E060" in warnings
        assert "secret" not in html + warnings
    forbid = "app.env.settings.update(file_insertion_enabled=False)"
    conf = f"def setup(app):\n    app.connect('builder-inited', lambda app: {forbid})\n"
    html, warnings = build(tmp_path, directive(text=text.format("blocks.arch")), conf=conf)
    assert html.count("<svg") == 0
