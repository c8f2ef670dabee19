"""The extras: what they bring, and the command that installs one where archdsl runs."""

import json
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from archdsl import extras, loads
from archdsl.extras import EXTRAS, MissingPackages, install_command, missing, package_of

ROOT = Path(__file__).parents[1]
REQUIREMENTS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
DEVELOPMENT = {"all", "bench", "dev", "release", "site"}


def packages(extra: str) -> Iterator[str]:
    """The packages of an extra, those of extras that it names included."""
    for requirement in REQUIREMENTS[extra]:
        if match := re.fullmatch(r"archdsl\[(.+)]", requirement):
            for other in match[1].split(","):
                yield from packages(other)
        else:
            yield re.split(r"[<>=]", requirement)[0]


def test_extras_are_those_of_the_project() -> None:
    assert set(EXTRAS) == set(REQUIREMENTS) - DEVELOPMENT
    for extra, brings in EXTRAS.items():
        assert set(brings) == set(packages(extra)), extra


def test_extra_all_contains_every_package() -> None:
    assert set(packages("all")) == {package for brings in EXTRAS.values() for package in brings}


def installed_from(monkeypatch: pytest.MonkeyPatch, origin: object) -> None:
    text = None if origin is None else json.dumps(origin)
    monkeypatch.setattr(extras, "_distribution", lambda: SimpleNamespace(read_text=lambda name: text))


@pytest.mark.parametrize(
    ("origin", "requirement"),
    [
        (None, "'archdsl[train]'"),
        ({"url": "file:///home/me/archdsl", "dir_info": {"editable": True}}, "-e '/home/me/archdsl[train]'"),
        ({"url": "file:///home/me/my%20code", "dir_info": {}}, "'/home/me/my code[train]'"),
        (
            {"url": "https://example.org/archdsl.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}},
            "'archdsl[train] @ git+https://example.org/archdsl.git@abc'",
        ),
        (
            {"url": "file:///tmp/archdsl-1.0-py3-none-any.whl", "archive_info": {}},
            "'archdsl[train] @ file:///tmp/archdsl-1.0-py3-none-any.whl'",
        ),
    ],
)
def test_install_command_uses_the_installation_source(
    monkeypatch: pytest.MonkeyPatch, origin: object, requirement: str
) -> None:
    installed_from(monkeypatch, origin)
    assert install_command("train").endswith(f" install {requirement}")


@pytest.mark.parametrize(
    ("marker", "command"),
    [("uv-receipt.toml", "uv tool install"), ("pipx_metadata.json", "pipx install --force")],
)
def test_install_command_uses_the_tool_that_made_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, marker: str, command: str
) -> None:
    installed_from(monkeypatch, None)
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    (tmp_path / marker).touch()
    assert install_command("train") == f"{command} 'archdsl[train]'"


def test_install_command_targets_the_current_python(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    installed_from(monkeypatch, None)
    monkeypatch.setattr("shutil.which", lambda name: str(Path(sys.executable).parent / name))
    assert install_command("train") == "pip install 'archdsl[train]'"
    monkeypatch.setattr("shutil.which", lambda name: "/usr/bin/pip")
    assert install_command("train") == f"{sys.executable} -m pip install 'archdsl[train]'"
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert install_command("train") == f"uv pip install --python {sys.executable} 'archdsl[train]'"


def test_install_command_of_an_uninstalled_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "_distribution", lambda: None)
    assert install_command("train").endswith(f"-e '{ROOT}[train]'")


def test_module_without_torch_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    installed_from(monkeypatch, None)
    monkeypatch.setattr(extras, "_importable", lambda module: module != "torch")
    network = loads("input 8; fc 10")
    with pytest.raises(MissingPackages, match=r"to_torch needs the extra `torch`: torch is not installed; run: "):
        network.to_torch()


def test_package_of_a_module_name() -> None:
    assert package_of("PIL.Image") == "pillow"
    assert package_of("onnx") == "onnx"
    assert missing("train") == ()
