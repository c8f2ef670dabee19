"""Tables of layers of detection networks: the published numbers of trainable parameters."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from archdsl.cli import main
from archdsl.diagnostics import Sink
from archdsl.importing import ImportFailed
from archdsl.importing.detection_table import import_table
from archdsl.importing.small_yaml import read_yaml
from archdsl.network import analyze
from archdsl.syntax import parse
from archdsl.syntax.format import format_program
from archdsl.text.source import Source

TABLES = Path(__file__).parent / "tables"

PUBLISHED = {
    ("v5", "n"): 2_654_800,
    ("v5", "s"): 9_153_136,
    ("v8", "n"): 3_157_184,
    ("v8", "s"): 11_166_544,
    ("v8", "m"): 25_902_624,
    ("v8", "l"): 43_691_504,
    ("v8", "x"): 68_229_632,
    ("v10", "n"): 2_775_504,
    ("v11", "n"): 2_624_064,
    ("v11", "s"): 9_458_736,
    ("v11", "m"): 20_114_672,
    ("v11", "l"): 25_372_144,
}
"""Trainable parameters of networks for 80 classes, as their authors publish them."""


@pytest.mark.parametrize(("table", "scale"), PUBLISHED)
def test_parameters_match_the_published_numbers(table: str, scale: str) -> None:
    imported = import_table(TABLES / f"{table}.yaml", "net", (3, 640, 640), scale)
    assert imported.network is not None
    assert imported.network.parameters == PUBLISHED[table, scale]
    source = Source(imported.text)
    assert format_program(parse(source, Sink())) == imported.text
    assert not analyze(source, Sink()).diagnostics


def test_import_command_of_a_detection_table(tmp_path: Path) -> None:
    out = tmp_path / "net.arch"
    words = ["import", str(TABLES / "v8.yaml"), "--set", "scale=s", "--input", "3x320x320", "-o", str(out)]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output
    assert result.output.startswith("imported: 11,166,544 parameters")
    assert "input 3x320x320" in out.read_text()
    assert CliRunner().invoke(main, ["check", str(out), "--strict"]).exit_code == 0


ROWS = "nc: 3\nbackbone:\n  - {row}\nhead:\n  - [[0], 1, Detect, [nc]]\n"

REFUSED = {
    "a tag": (ROWS.format(row="!!python/object/apply:os.system [id]"), "has a tag"),
    "an anchor": (ROWS.format(row="&a [-1, 1, Conv, [8, 3]]"), "has an anchor"),
    "an alias": (ROWS.format(row="*a"), "has an alias"),
    "a module of others": (ROWS.format(row="[-1, 1, Mine, [8]]"), "row 0: `Mine`"),
    "too few values": (ROWS.format(row="[-1, 1]"), "row 0"),
    "a row that does not exist": (ROWS.format(row="[7, 1, Conv, [8, 3]]"), "row 0: `Conv`"),
    "text as a number": (ROWS.format(row="[-1, 1, Conv, [many]]"), "row 0: `Conv`"),
    "a boolean as filters": (ROWS.format(row="[-1, 1, Conv, [True, 3]]"), "row 0: `Conv`"),
    "a boolean as a kernel": (ROWS.format(row="[-1, 1, Conv, [8, True]]"), "row 0: `Conv`"),
    "a boolean as a number of rows": (ROWS.format(row="[-1, True, Conv, [8, 3]]"), "row 0: `Conv`"),
    "a list without an end": (ROWS.format(row="[-1, 1, Conv, [8"), "unclosed list"),
    "lists in lists": (ROWS.format(row="[" * 50 + "]" * 50), "nested too deeply"),
    "a name twice": ("nc: 3\nnc: 4\n", "twice"),
    "no table": ("a: b\n", "is not a detection network"),
    "no YAML": ("\x00\x01", "is not `name: value`"),
    "nothing": ("", "is not a detection network"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_unsupported_detection_table_is_refused(name: str, tmp_path: Path) -> None:
    text, message = REFUSED[name]
    path = tmp_path / "net.yaml"
    path.write_text(text)
    result = CliRunner().invoke(main, ["import", str(path)])
    assert result.exit_code == 1, result.output
    assert message in result.stderr
    assert "Traceback" not in result.output
    assert result.stderr.count("\n") <= 2


def test_yaml_values_are_parsed() -> None:
    text = """# a comment
a: 1  # another
b: [1, -2.5, None, True, "x, y", 'z', word, [1e3, []]]
c:
  d: text with spaces
  e: ""
f:
- [1]
- 2
g:
"""
    assert read_yaml(text) == {
        "a": 1,
        "b": [1, -2.5, None, True, "x, y", "z", "word", [1000.0, []]],
        "c": {"d": "text with spaces", "e": ""},
        "f": [[1], 2],
        "g": None,
    }


def test_yaml_reader_matches_pyyaml() -> None:
    yaml = pytest.importorskip("yaml")
    for path in TABLES.glob("*.yaml"):
        text = path.read_text().replace("None", "null")
        assert read_yaml(text) == yaml.safe_load(text)


def test_scale_from_file_name_or_option(tmp_path: Path) -> None:
    path = tmp_path / "tinys.yaml"
    path.write_text((TABLES / "v8.yaml").read_text())
    imported = import_table(path, "net", (3, 64, 64), None)
    assert imported.network is not None
    assert imported.network.parameters == PUBLISHED["v8", "s"]
    result = CliRunner().invoke(main, ["import", str(path), "--set", "scale=q"])
    assert (result.exit_code, "it has n, s, m, l, x" in result.stderr) == (2, True)


def test_input_images_that_are_too_small_are_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["import", str(TABLES / "v8.yaml"), "--input", "3x24x24"])
    assert result.exit_code == 1
    assert "Traceback" not in result.output
    with pytest.raises(ImportFailed):
        import_table(TABLES / "v8.yaml", "net", (3, 24, 24), None)
