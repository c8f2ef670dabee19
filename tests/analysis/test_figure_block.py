"""The `figure { … }` block: each error with its position, and a suggestion that works."""

import re

import pytest

import archdsl
from archdsl.analysis.figure_block import KINDS
from archdsl.analysis.figure_block.contrast import MINIMUM, TEXT_COLORS, contrast, parsed, readable
from archdsl.backends.diagram.figure_options import KINDS as LEGEND
from archdsl.backends.diagram.theme import DARK, LIGHT, Theme
from archdsl.diagnostics.fixes import edited_text
from archdsl.graph import FigureGroup, FigureLabel, FigureSettings, FontFamily

NET = """input image 3x8x8
stage stem { conv 4 k3 p1 nobias; bn; relu }
block pair(c) { conv c k3 p1 nobias; bn; residual { conv c k1; relu } }
pair 4; pair 4
conv 8 k3 as last; relu
concat { conv 4 k1 } { maxpool 3 s1 p1; conv 4 k1 }
gap; fc 10
"""

WRONG = [
    # the line, the words that are marked, the code, whether the fix leaves no error
    ('titel "x"', "titel", "E1001", True),
    ("title Small net", "title Small net", "E1002", True),
    ('title "a" "b"', 'title "a" "b"', "E1002", False),
    ('title "a" label last "b"', 'title "a" label last "b"', "E1002", True),
    ('hide bn relu label last "b" font serif', 'hide bn relu label last "b" font serif', "E1002", True),
    ('group "A" last relu1 caption off', 'group "A" last relu1 caption off', "E1002", True),
    ("title 5", "5", "E1002", False),
    ('title "a" x2', 'title "a" x2', "E1002", False),
    ('label conv9 "x"', "conv9", "E1003", True),
    ('label something "x"', "something", "E1003", False),
    ('label lsat "x"', "lsat", "E1003", True),
    ('label "stem.covn1" "x"', '"stem.covn1"', "E1003", True),
    ("label last", "label last", "E1002", False),
    ("hide reul", "reul", "E1003", True),
    ("hide normm", "normm", "E1003", True),
    ("hide concat", "concat", "E1009", False),
    ("hide input", "input", "E1009", False),
    ("hide residual", "residual", "E1003", False),
    ("hide pair", "pair", "E1009", False),
    ("hide pair1", "pair1", "E1009", False),
    ("hide stem", "stem", "E1009", False),
    ('hide "pair2.bn1"', '"pair2.bn1"', "E1009", False),
    ("hide bn1", "bn1", "E1009", False),
    ("hide last", "last", "E1009", False),
    ("hide add1", "add1", "E1009", False),
    ("hide", "hide", "E1002", False),
    ('color convs "#77aadd"', "convs", "E1003", True),
    ('color bn "#77aadd"', "bn", "E1003", True),
    ('color maxpool "#77aadd"', "maxpool", "E1003", True),
    ('color conv "77aadd"', '"77aadd"', "E1004", True),
    ('color conv "red"', '"red"', "E1004", True),
    ('color conv "#77aad"', '"#77aad"', "E1004", False),
    ('color conv "#113355"', '"#113355"', "E1005", True),
    ('color conv "#77aadd" dark="#77aadd"', '"#77aadd"', "E1005", True),
    ("color conv #77aadd", "color conv #77aadd", "E1002", True),
    ('color conv "#77aadd" light="#000000"', 'color conv "#77aadd" light="#000000"', "E1002", False),
    ("font times", "font times", "E1002", True),
    ('font "Helvetica"', 'font "Helvetica"', "E1002", True),
    ('background "#888888"', '"#888888"', "E1005", True),
    ("background none", "none", "E1004", False),
    ('group "A"', 'group "A"', "E1002", False),
    ('group "A" nothing', "nothing", "E1003", False),
    ('group "A" pair', "pair", "E1003", True),
    ('group "A" image', "image", "E1003", False),
    ('group "A" last gap1', 'group "A" last gap1', "E1007", False),
    ('group "A" stem to="pair1.conv1"', '"pair1.conv1"', "E1007", False),
    ('group "A" stem pair1; group "B" pair1 pair2', "pair1", "E1006", True),
    ('title "a"; title "b"', 'title "b"', "E1008", False),
    ('label last "a"; label last "b"', 'label last "b"', "E1008", False),
    ("stage x { relu }", "stage x { relu }", "E0505", False),
]


@pytest.mark.parametrize(("line", "marked", "code", "fixed"), WRONG, ids=[each[0] for each in WRONG])
def test_figure_block_errors_have_working_suggestions(line: str, marked: str, code: str, fixed: bool) -> None:
    text = f"{NET}figure {{\n  {line}\n}}\n"
    found = archdsl.check(text=text)
    assert [each.diagnostic.code for each in found.diagnostics] == [code], str(found)
    (error,) = found.diagnostics
    assert error.diagnostic.span.text == marked
    assert error.diagnostic.help() or error.diagnostic.label()
    offered = [fix for fix in error.suggestions if fix.edits]
    assert bool(offered) == fixed
    for fix in offered:
        assert archdsl.check(text=edited_text(text, fix.edits)).ok, fix.title


def test_figure_settings_may_name_layers_with_the_words_of_settings() -> None:
    text = 'input 3x8x8; conv 4 k3 as title; relu as label; flatten; fc 2\nfigure { group "A" title label }'
    found = archdsl.check(text=text)
    assert found.ok, str(found)


def test_group_suggestions_are_limited_to_valid_members() -> None:
    """Neither a block by its definition, which is several uses, nor inputs and outputs."""
    for name, near in (("pair", "pair1"), ("output", None)):
        (error,) = archdsl.check(text=f'{NET}figure {{ group "A" {name} }}').diagnostics
        *first, names = error.diagnostic.help()
        assert first == ([f"did you mean `{near}`?"] if near else [])
        assert not {"image", "output", "pair"} & {*names.removeprefix("the names are ").split(", ")}


def test_names_are_not_checked_if_a_statement_has_an_error() -> None:
    found = archdsl.check(text='input 3x8x8\ncovn 4 k3 as stem\nfigure { label stem "x"; hide bn; color conv "#000" }')
    assert [each.diagnostic.code for each in found.found] == ["E0201", "E1005"]


def settings(lines: str) -> FigureSettings:
    found = archdsl.loads(f"{NET}figure {{ {lines} }}").graph.figure
    assert found is not None
    return found


def test_names_in_a_figure_block_select_layers() -> None:
    """A whole name is one part, a last part all parts with it, a block all its uses; keywords are names."""
    graph = archdsl.loads(NET).graph
    ids = {node.name: node.id for node in graph.nodes}
    every = {node.id for node in graph.nodes if node.path[-1] == "bn1"}
    table: dict[str, tuple[set[int], set[tuple[str, ...]], set[str]]] = {
        "last": ({ids["last"]}, set(), set()),
        '"stem.bn1"': ({ids["stem.bn1"]}, set(), set()),
        "bn1": (every, set(), set()),
        "stem": (set(), {("stem",)}, set()),
        "pair": (set(), {("pair1",), ("pair2",)}, set()),
        "pair1": (set(), {("pair1",)}, set()),
        "image": ({0}, set(), set()),
        "input": ({0}, set(), set()),
        "output": (set(), set(), {"output"}),
    }
    for name, (nodes, scopes, outputs) in table.items():
        (label,) = settings(f'label {name} "x"').labels
        wanted = FigureLabel(
            name=name.strip('"'),
            text="x",
            nodes=frozenset(nodes),
            scopes=frozenset(scopes),
            outputs=frozenset(outputs),
        )
        assert label == wanted, name


def test_hide_accepts_names_synonyms_and_kinds() -> None:
    """By the name of a layer, by a synonym, by a kind."""
    graph = archdsl.loads(NET).graph
    for word, kinds in {"relu": {"relu"}, "batchnorm": {"bn"}, "norm": {"bn"}, "activation": {"relu"}}.items():
        found = settings(f"hide {word}")
        assert found.hidden == {n.id for n in graph.nodes if n.op.keyword in kinds}, word
        assert found.hidden_words == (word,)
    assert settings("hide gelu").hidden_words == ()  # there is none


@pytest.mark.parametrize("word", ["pair", "pair1", "stem", "bn1", "last", "pair1.bn1", "add1", "concat1", "paiir"])
def test_suggested_names_for_hide_are_valid(word: str) -> None:
    (found,) = archdsl.check(text=f'{NET}figure {{ hide "{word}" }}\n').diagnostics
    for line in found.diagnostic.help():
        for kind in re.findall(r"`hide (\w+)`|such as `(\w+)`", line):
            assert not archdsl.check(text=f"{NET}figure {{ hide {''.join(kind)} }}\n").diagnostics, line
    assert "did you mean" not in " ".join(found.diagnostic.help())


def test_group_members_and_nesting() -> None:
    assert settings('group "A" stem to=pair2').groups == (
        FigureGroup(title="A", scope=(), members=(("stem",), ("pair1",), ("pair2",))),
    )
    inner = settings('group "A" conv1 bn1; group "B" gap1 to=fc1').groups
    assert [group.scope for group in inner] == [("stem",), ("pair1",), ("pair2",), ()]


def test_figure_settings_are_parsed() -> None:
    found = settings('title "T"; caption off; font serif; background transparent; color conv "#7ad" dark="#2166c4"')
    assert (found.title, found.caption, found.font) == ("T", "", FontFamily.SERIF)
    (color,) = found.colors
    assert (color.kind, color.light, color.dark) == ("conv", "#77aadd", "#2166c4")
    assert found.background is not None
    assert found.background.light == "transparent"


def test_figure_block_inside_a_stage_is_misplaced() -> None:
    found = archdsl.check(text='input 8; stage s { fc 4; figure { title "x" } }; fc 2')
    assert [each.diagnostic.code for each in found.diagnostics] == ["E0505"]


@pytest.mark.parametrize("name", ["figure", "title", "label", "hide", "group"])
def test_figure_keywords_remain_valid_names(name: str) -> None:
    text = f"input 8\nblock {name}(n) {{ fc n }}\n{name} 4 as {name}2\nlet {name} = 3\nfc {name}\n"
    assert archdsl.check(text=text).ok


def test_text_colors_match_the_themes() -> None:
    assert {"light": (LIGHT.text, LIGHT.note), "dark": (DARK.text, DARK.note)} == TEXT_COLORS
    assert set(KINDS) == {*LEGEND, "other"}


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_colors_of_the_themes_are_readable(theme: Theme) -> None:
    for color in (*theme.fills.values(), theme.other):
        assert contrast(color, theme.text) >= MINIMUM


def test_contrast_ratio_follows_wcag() -> None:
    """Published examples: black on white has 21, #767676 is the lightest gray that passes on white."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)
    assert contrast("#777777", "#ffffff") < MINIMUM
    assert contrast("#ff0000", "#ffffff") == pytest.approx(4.0, abs=0.01)


def test_nearest_readable_color_meets_the_contrast_minimum() -> None:
    for number in range(0, 0xFFFFFF, 0x0F0F17):
        color = f"#{number:06x}"
        for text_color in (LIGHT.text, LIGHT.note, DARK.text, DARK.note):
            found = readable(color, text_color)
            assert contrast(found, text_color) >= MINIMUM
            assert (found == color) == (contrast(color, text_color) >= MINIMUM)
    assert parsed("#ABC") == "#aabbcc"
