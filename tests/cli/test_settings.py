"""`--set` with lists and layers."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from archdsl.cli import main

TEXT = (
    "net N(depths = [1, 2], rows = [[3, 8]], act = relu, n = 2)\ninput 3x8x8\nrepeat depths as d { conv d*n k1; act }\n"
)


def check(folder: Path, *values: str) -> tuple[int, str]:
    """The exit status and the output of a check with these values."""
    file = folder / "net.arch"
    file.write_text(TEXT + "repeat rows as [k, c] { conv c k=k same; act }\n")
    options = [word for value in values for word in ("--set", value)]
    result = CliRunner().invoke(main, ["check", str(file), "--format", "json", *options])
    return result.exit_code, result.output


@pytest.mark.parametrize(
    ("value", "name", "found"),
    [
        ("depths=3,4", "depths", [3, 4]),
        ("depths=[3]", "depths", [3]),
        ("depths=[3, 1]", "depths", [3, 1]),
        ("rows=[[3,64],[5,8]]", "rows", [[3, 64], [5, 8]]),
        ("act=gelu", "act", "gelu"),
        ("n=3", "n", 3),
    ],
)
def test_value_is_used_and_reported(tmp_path: Path, value: str, name: str, found: object) -> None:
    status, output = check(tmp_path, value)
    assert status == 0
    assert json.loads(output)["settings"][name] == found


@pytest.mark.parametrize("value", ["depths=3", "n=3,4", "act=3", "depths=gelu"])
def test_value_of_another_type_is_an_error(tmp_path: Path, value: str) -> None:
    status, output = check(tmp_path, value)
    assert status == 1
    assert [each["code"] for each in json.loads(output)["diagnostics"]] == ["E0208"]


@pytest.mark.parametrize(
    "value", ["depths=abc", "depths=[1,,2]", "depths=[[[", "depths=1,", "depths=[1]]", "depths=1,x", "rows=[5,8],[3,4]"]
)
def test_unparsable_value_is_a_usage_error(tmp_path: Path, value: str) -> None:
    status, output = check(tmp_path, value)
    assert status == 2
    assert "is not a number, a list or the name of a layer" in output


@pytest.mark.parametrize("value", ["[" * 100_000 + "]" * 100_000, ",".join(["1"] * 20_000)])
def test_list_size_and_nesting_are_limited(tmp_path: Path, value: str) -> None:
    status, output = check(tmp_path, f"depths={value}")
    assert status == 2
    assert "is not a number, a list or the name of a layer" in output or "more than 10,000 entries" in output
