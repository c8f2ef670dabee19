"""Fences through Markdown itself, hostile text included."""

import logging
from html import escape
from pathlib import Path
from xml.etree import ElementTree

import markdown
import pytest

from archdsl.integrations.superfences import fence, fence_with, validate

COLORED = '<span class="nb">conv</span>'
NET = "net Tiny\ninput 1x8x8\nconv 4 k3; relu\ngap; fc 2\n"


def render(page: str, **custom: object) -> str:
    fences = [{"name": "arch", "class": "archdsl", "format": fence, "validator": validate, **custom}]
    settings = {"pymdownx.superfences": {"custom_fences": fences}}
    return str(markdown.markdown(page, extensions=["pymdownx.superfences"], extension_configs=settings))


def block(text: str, options: str = "") -> str:
    return f"before\n\n```arch{options}\n{text}```\n\nafter"


def svg(html: str) -> ElementTree.Element:
    return ElementTree.fromstring(html[html.index("<svg") : html.index("</svg>") + 6])


def test_fence_becomes_a_diagram() -> None:
    html = render(block(NET))
    assert html.startswith("<p>before</p>")
    assert html.endswith("<p>after</p>")
    assert html.count("<svg") == 1
    assert "Tiny: 50 parameters" in "".join(svg(html).itertext())
    assert "<table" not in html


def test_table_and_source_options() -> None:
    html = render(block(NET, ' nodiagram table source view="blocks"'))
    assert "<svg" not in html
    assert "parameters 50, all trainable" in html
    assert html.count("<tr>") == 6
    assert COLORED in html[: html.index("<table class")]


def test_theme_and_caption_options() -> None:
    dark = render(block(NET, ' theme="dark" nocaption'))
    assert dark != render(block(NET))
    assert "Tiny: 50 parameters, 1" not in [text.strip() for text in svg(dark).itertext()]


def test_set_and_input_options() -> None:
    text = "net N(classes = 10)\ninput 1x8x8\nconv 4 k3; gap; fc classes\n"
    html = render(block(text, ' table set="classes=3" input="1x16x16"'))
    assert "1×16×16 → 3" in html


def test_custom_default_options() -> None:
    html = render(block(NET), format=fence_with(diagram=False, source=True))
    assert "<svg" not in html
    assert COLORED in html


def test_two_diagrams_on_a_page_do_not_share_ids() -> None:
    html = render(block(NET) + "\n\n" + block(NET.replace("conv 4", "conv 5")))
    ids = [part.partition('"')[0] for part in html.split(' id="')[1:]]
    assert len(ids) == 4
    assert len(set(ids)) == 4


@pytest.mark.parametrize(
    ("options", "output"),
    [
        (' veiw="blocks"', "there is no option `veiw`; did you mean `view`?"),
        (' view="block"', "`view` must be one of layers, blocks, stages, volumes, not `block`"),
        (' input="3y4"', "`3y4` is not an input size like 3x224x224"),
        (' set="width"', "`width` is not NAME=NUMBER"),
    ],
)
def test_invalid_option_is_reported(options: str, output: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "mkdocs.plugins.archdsl"):
        html = render(block(NET, options))
    assert escape(output) in html
    assert output in caplog.text


def test_error_is_shown_like_check(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "mkdocs.plugins.archdsl"):
        html = render(block("input 1x8x8\nconv 4 k9\n"))
    assert "error[E0401]" in html
    assert "kernel of `conv` is larger" in html
    assert "error[E0401]" in caplog.text
    assert "<svg" not in html


@pytest.mark.parametrize(
    "text",
    [
        'input 1x8x8\nfc "<script>alert(1)</script>"\n',
        "# <script>alert(1)</script> -->\ninput 1x8x8\n</div><script>alert(1)</script>\n",
        "net A\ninput 1x8x8 # &lt;script&gt;\nstage a_script_ { relu as onload }\n",
    ],
)
def test_hostile_text_is_escaped(text: str) -> None:
    html = render(block(text, " table source"))
    assert "<script>" not in html
    assert html.endswith("<p>after</p>")


def test_other_files_are_not_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path(".env").write_text("TOKEN secret\n")
    Path("link.arch").symlink_to("/etc/passwd")
    for name in (".env", "link.arch", "../x.arch", "/etc/passwd"):
        html = render(block(f'use "{name}"\ninput 8\nfc 2\n'))
        assert "error[E060" in html
        assert "secret" not in html
        assert "root:" not in html
