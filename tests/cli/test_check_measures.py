"""Measurements of `archdsl check`: columns, memory, input coverage, JSON with its schema."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it has no types

from archdsl.analysis.check_schema import CheckReport, schema
from archdsl.analysis.memory import OPTIMIZERS, PRECISIONS
from archdsl.cli import check_measures, main

SCHEMA = Path(__file__).resolve().parents[2] / "docs" / "check.schema.json"


def check(*arguments: str, status: int = 0) -> str:
    """The output of `archdsl check`."""
    result = CliRunner().invoke(main, ["check", *arguments])
    assert result.exit_code == status, result.output
    return result.output


def test_selected_columns_replace_the_costs():
    lines = check("-e", "input 3x8x8; conv 4 k3 s2; relu", "--columns", "rf,jump,share").splitlines()
    assert lines[0].split() == ["#", "layer", "output", "rf", "jump", "%", "params", "%", "MACs", "%", "memory"]
    assert lines[3].split()[-4:] == ["3", "2", "100.0%", "100.0%"]


def test_all_columns_are_shown_together():
    head = check("zoo:lenet5", "--columns", "all").splitlines()[0]
    assert all(word in head for word in ("params", "trainable", "MACs", "memory", "rf", "jump", "start", "paths"))


def test_misspelled_column_gets_a_suggestion():
    assert "unknown column `jmup`; did you mean `jump`?" in check("zoo:lenet5", "--columns", "rf,jmup", status=2)


def test_training_memory_is_broken_down():
    message = check("zoo:resnet18", "--batch", "8", "--optimizer", "sgd", "--precision", "bf16")
    assert "training on batches of 8 in bf16 takes" in message
    assert "· sgd 44.6 MiB ·" in message


def test_train_block_sets_optimizer_batch_and_precision():
    text = "input 1x8x8; flatten; fc 10\ntrain { data digits; optimizer sgd momentum=0.9; batch 48; precision bf16 }"
    assert "training on batches of 48 in bf16" in check("-e", text, "--optimizer", "adam")


def test_largest_batch_that_fits_is_reported():
    assert "the largest batch that fits in 8.0 GiB is 293\n" in check("zoo:resnet18", "--fits", "8G")
    assert "not even a batch of 1 fits in 10.0 MiB" in check("zoo:resnet18", "--fits", "10M", status=1)


AMOUNTS = {"8G": 8 << 30, "512 MiB": 512 << 20, "1.5k": 1536, "8GB": 8 * 10**9}


@pytest.mark.parametrize("text", AMOUNTS)
def test_memory_sizes_are_parsed(text):
    assert check_measures.parse_bytes(text) == AMOUNTS[text]


@pytest.mark.parametrize(
    "arguments",
    [
        ("zoo:lenet5", "--fits", "8X"),
        ("zoo:lenet5", "--fits", "0"),
        ("zoo:lenet5", "--batch", "0"),
        ("zoo:lenet5", "--optimizer", "lion"),
        ("zoo:lenet5", "zoo:alexnet", "--batch", "8"),
        ("zoo:lenet5", "--format", "github", "--columns", "rf"),
        ("zoo:lenet5", "--format", "sarif", "--batch", "8"),
        ("-e", "input 784; fc 10", "--input-coverage"),
        ("zoo:lenet5", "--columns", ""),
    ],
)
def test_conflicting_options_are_refused(arguments):
    assert "Error: " in check(*arguments, status=2)


def test_input_coverage_distinguishes_border_and_middle():
    message = check("-e", "input 1x12x12; conv 2 k3 p1", "--input-coverage")
    assert "conv 2 k3 p1        144       4     6       9      4     9\n" in message
    assert "  ▒▓▓▓▓▓▓▓▓▓▓▒\n  ▓██████████▓\n" in message


def test_command_line_choices_match_the_analyses():
    assert check_measures._OPTIMIZERS == OPTIMIZERS
    assert check_measures._PRECISIONS == PRECISIONS


def test_schema_matches_the_documentation():
    assert SCHEMA.read_text(encoding="utf-8") == schema() + "\n", "python scripts/docs.py writes it"
    assert check("--schema") == schema() + "\n"
    Draft202012Validator.check_schema(json.loads(schema()))


@pytest.mark.parametrize(
    "arguments",
    [
        ("zoo:googlenet",),
        ("zoo:vit_b_32",),
        ("zoo:unet", "--batch", "4", "--precision", "bf16"),
        ("zoo:unet", "--columns", "all", "--explain"),
        ("zoo:unet", "zoo:lenet5"),
        ("-e", "input 3x32x32; fc 10; conv 8 k3"),
        ("-e", "input 3xHxW; conv 4 k3; upsample 2; conv 4 k3"),
        ("-e", "input words 20 int(9); embedding 8; lstm 4; take -1"),
    ],
)
def test_json_matches_the_schema(arguments):
    found = json.loads(CliRunner().invoke(main, ["check", *arguments, "--format", "json"]).stdout)
    Draft202012Validator(json.loads(schema())).validate(found)
    # The output contains exactly what the model documents.
    assert CheckReport.model_validate(found).model_dump(exclude_unset=True) == found
    for totals in (found.get("totals") or {},):
        if "memory" in totals:
            assert totals["memory"]["activations"] == sum(layer["memory"] for layer in found["layers"])


@pytest.mark.parametrize("options", [(), ("--columns", "all"), ("--batch", "8"), ("--explain",)])
def test_json_of_a_network_with_errors_is_partial(options):
    result = CliRunner().invoke(
        main, ["check", "-e", "input 3x8x8; conv 4 k3; conv 4 k9; rellu", "--format", "json", *options]
    )
    found = json.loads(result.stdout)
    assert result.exit_code == 1
    assert found["totals"] is None
    assert [layer["shape"] for layer in found["layers"]] == [[3, 8, 8], [4, 6, 6], None, None]
    assert [layer["parameters"] for layer in found["layers"]] == [0, 112, None, None]
    assert [each["code"] for each in found["diagnostics"]] == ["E0401", "E0201"]


@pytest.mark.parametrize("name", ["resnet152", "densenet201", "swin_b", "googlenet", "unet", "char_lstm"])
def test_json_is_at_most_400_bytes_per_layer(name):
    printed = CliRunner().invoke(main, ["check", f"zoo:{name}", "--format", "json"]).stdout
    layers = json.loads(printed)["layers"]
    assert len(printed.encode()) <= 400 * len(layers) + 2000
    assert not {"receptive_field", "paths", "memory", "share", "arithmetic"} & set(layers[-1])
