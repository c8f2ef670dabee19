"""The JSON of each command fits its model; the pages for programs and language models are complete and small."""

import json
import re
from contextlib import chdir
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from pydantic import BaseModel

from archdsl import loads, zoo
from archdsl.analysis.codes import by_code
from archdsl.cli import _COMMANDS, main
from archdsl.layers import merges, registry
from archdsl.text.library import standard_blocks
from scripts.pages.json_reports import REPORTS

DOCS = Path(__file__).resolve().parents[2] / "docs"
SUMMARY = (DOCS / "language" / "summary.md").read_text(encoding="utf-8")
LLMS = (DOCS / "llms.txt").read_text(encoding="utf-8")


def output(folder: Path, *words: str) -> str:
    (folder / "net.arch").write_text("input 1x8x8\nconv 4 k3; relu\nflatten; fc 10\n")
    with chdir(folder):
        result = CliRunner().invoke(main, [*words, "--format", "json"])
    assert result.exit_code in (0, 1), result.output
    return result.stdout


def model(command: str) -> type[BaseModel]:
    return REPORTS[f"archdsl {command} --format json"]


def test_every_command_with_json_is_on_the_page() -> None:
    found = set()
    for name in _COMMANDS:
        command = main.get_command(click.Context(main), name)
        assert command is not None
        for parameter in command.params:
            if (
                "--format" in parameter.opts
                and isinstance(parameter.type, click.Choice)
                and "json" in parameter.type.choices
            ):
                found.add(f"archdsl {name} --format json")
    assert found == {title for title in REPORTS if title.startswith("archdsl ")}


@pytest.mark.parametrize(
    "words",
    [
        ("check", "net.arch"),
        ("check", "net.arch", "zoo:lenet5"),
        ("why", "net.arch", "conv1"),
        ("diff", "net.arch", "zoo:lenet5"),
        ("layers",),
        ("layers", "conv"),
        ("explain",),
        ("explain", "E0301"),
    ],
    ids=" ".join,
)
def test_json_output_matches_the_model(tmp_path: Path, words: tuple[str, ...]) -> None:
    text = output(tmp_path, *words)
    found = model(words[0]).model_validate_json(text, strict=True)
    assert json.loads(found.model_dump_json(exclude_unset=True)) == json.loads(text)  # no field is left out


def test_json_listings_are_complete(tmp_path: Path) -> None:
    found = json.loads(output(tmp_path, "layers"))["layers"]
    for kind, names in (("layer", registry()), ("merge", merges()), ("block", standard_blocks())):
        assert {each["keyword"] for each in found if each["kind"] == kind} == set(names)
    assert [each["code"] for each in json.loads(output(tmp_path, "explain"))["diagnostics"]] == list(by_code())
    for name, kind in (("add", "merge"), ("se", "block"), ("conv2d", "layer")):
        (one,) = json.loads(output(tmp_path, "layers", name))["layers"]
        assert one["kind"] == kind


def test_zoo_json_matches_the_model(tmp_path: Path) -> None:
    text = output(tmp_path, "zoo")
    found = model("zoo").model_validate_json(text, strict=True).model_dump()["networks"]
    assert [each["name"] for each in found] == list(zoo.entries())
    resnet = next(each for each in found if each["name"] == "resnet50")
    assert (resnet["parameters"], resnet["year"]) == (25_557_032, 2015)
    assert CliRunner().invoke(main, ["zoo", "--format", "json", "show", "lenet5"]).exit_code == 2


@pytest.mark.parametrize("words", [("layers", "nosuch"), ("explain", "E9999")])
def test_unknown_names_print_no_json(words: tuple[str, ...]) -> None:
    result = CliRunner().invoke(main, [*words, "--format", "json"])
    assert result.exit_code == 2
    assert result.stdout == ""


def test_summary_is_short_enough_to_paste() -> None:
    assert len(SUMMARY.encode()) < 20_000


def test_summary_has_every_layer() -> None:
    listed = {line.split(" ")[0] for line in SUMMARY.splitlines()}
    assert listed >= {*registry(), *merges()}


SMALL = "input 3x32x32; conv 4 k3; bn; relu; maxpool 2; dropout 0.1; flatten; fc 2\n"


def test_examples_of_the_summary_are_valid() -> None:
    examples = re.findall(r"^```text\n(.*?)^```$", SUMMARY.partition("\n## Layers\n")[0], re.MULTILINE | re.DOTALL)
    assert len(examples) >= 10
    for text in examples:
        if not re.search(r'^use "', text, re.MULTILINE):  # files beside it
            # A block of figure settings is about some network.
            loads((SMALL if text.startswith("figure {") else "") + text)


def test_llms_txt_links_to_existing_pages() -> None:
    """The form of https://llmstxt.org: a title, a quotation, and sections of links."""
    lines = LLMS.splitlines()
    assert lines[0] == "# archdsl"
    assert lines[2].startswith("> ")
    links = re.findall(r"\]\(([^)]+)\)", LLMS)
    assert len(links) > 30
    for link in links:
        assert (DOCS / link).is_file(), link
    assert all(re.match(r"- \[[^\]]+\]\([^)]+\)(: .+)?$", line) for line in lines if line.startswith("- "))
