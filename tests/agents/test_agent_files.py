"""An agent reads only below its folder, whatever it names."""

import os
import sys
from pathlib import Path

import pytest

from archdsl.agents import tools
from archdsl.agents.agent_files import AgentFiles, NotAllowed

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="symbolic links")

SECRET = "input 8\nfc 1234567\n"


@pytest.fixture
def files(tmp_path: Path) -> AgentFiles:
    """A folder, with files outside of it that nobody may read."""
    inside, outside = tmp_path / "work", tmp_path / "work-secret"
    for folder in (inside / "nets" / "deep", outside):
        folder.mkdir(parents=True)
    (outside / "secret.arch").write_text(SECRET)
    (outside / "blocks.arch").write_text("block secret { fc 1234567 }\n")
    (outside / "model.onnx").write_bytes(b"")
    (inside / "net.arch").write_text("input 8\nfc 2\n")
    (inside / "nets" / "deep" / "blocks.arch").write_text("block b { fc 3 }\n")
    (inside / "nets" / "user.arch").write_text('use "deep/blocks.arch"\ninput 8\nb\n')
    (inside / "notes.txt").write_text("input 8\nfc 1234567\n")
    (inside / "link.arch").symlink_to(outside / "secret.arch")
    (inside / "notes.arch").symlink_to(inside / "notes.txt")
    (inside / "out").symlink_to(outside)
    (inside / "good.arch").symlink_to(inside / "net.arch")
    (inside / "loop.arch").symlink_to(inside / "loop.arch")
    (inside / "model.onnx").symlink_to(outside / "model.onnx")
    os.mkfifo(inside / "pipe.arch")
    return AgentFiles(inside)


def refused(files: AgentFiles, network: str) -> str:
    with pytest.raises(NotAllowed) as error:
        tools.check(files, network, None, {}, None)
    assert "1234567" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    "name",
    [
        *("../work-secret/secret.arch", "nets/../../work-secret/secret.arch", "nets/../net.arch", "..", "..\\net.arch"),
        *("link.arch", "out/secret.arch", "notes.txt", "notes.arch", "loop.arch", "pipe.arch", "nets", ".", ""),
        *(
            "gone.arch",
            "net.arch\0.arch",
            "/etc/passwd",
            "C:\\net.arch",
            "C:net.arch",
            "\\\\host\\net.arch",
            "~/net.arch",
        ),
        *("HEAD:net.arch", "-", "file:///etc/passwd", "zoo:", "zoo:../../secret", "zoo:nosuch", "x" * 5000 + ".arch"),
    ],
)
def test_paths_outside_the_folder_are_refused(files: AgentFiles, name: str) -> None:
    assert refused(files, name)


def test_absolute_paths_are_refused_even_inside_the_folder(files: AgentFiles) -> None:
    assert "relative" in refused(files, str(files.root / "net.arch"))
    assert "relative" in refused(files, str(files.root.parent / "work-secret" / "secret.arch"))


@pytest.mark.parametrize("name", ["net.arch", "nets/user.arch", "good.arch", "./net.arch", "zoo:lenet5"])
def test_paths_inside_the_folder_are_read(files: AgentFiles, name: str) -> None:
    assert tools.check(files, name, None, {}, None).ok


@pytest.mark.parametrize(
    "target",
    [
        "../work-secret/blocks.arch",
        "out/blocks.arch",
        "../../etc/passwd",
        "/etc/passwd",
        "link.arch",
        "nets/../out/blocks.arch",
    ],
)
def test_used_files_outside_the_folder_are_refused(files: AgentFiles, target: str) -> None:
    text = f'use "{target}"\ninput 8\nsecret\n'
    (files.root / "user.arch").write_text(text)
    for network, given in ((None, text), ("user.arch", None)):
        report = tools.check(files, network, given, {}, None)
        assert not report.ok
        assert "1234567" not in report.model_dump_json()
        for each in tools.suggestions(files, network, given, {}, None).suggestions:
            assert "1234567" not in (each.text or "")


def test_symlinked_file_resolves_use_beside_its_target(files: AgentFiles) -> None:
    (files.root / "there.arch").symlink_to(files.root / "nets" / "user.arch")
    assert tools.check(files, "there.arch", None, {}, None).ok


@pytest.mark.parametrize(
    "name", ["model.onnx", "../work-secret/model.onnx", "net.arch", "os:system", "gone.pt2", "out/model.onnx"]
)
def test_imports_outside_the_folder_are_refused(files: AgentFiles, name: str) -> None:
    with pytest.raises(NotAllowed):
        tools.import_file(files, name, [])


def test_network_argument_is_required_exactly_once(files: AgentFiles) -> None:
    with pytest.raises(NotAllowed, match="give either"):
        tools.check(files, None, None, {}, None)
    with pytest.raises(NotAllowed, match="give either"):
        tools.check(files, "net.arch", "input 8", {}, None)
