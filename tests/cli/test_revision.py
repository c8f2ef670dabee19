"""`archdsl diff HEAD:net.arch`: texts at a revision, in repositories with arbitrary content."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from archdsl.cli import main
from archdsl.cli.git_tree import GitTree
from archdsl.cli.revision import is_revision
from archdsl.text.files import UnreadableFile

TEXT = "input 3x8x8\nconv 8 k3; relu\ngap; fc 10\n"


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """The folder of an empty repository, which is the working folder."""
    here = Path.cwd()
    top = tmp_path / "top"
    top.mkdir()
    os.chdir(top)
    (top / "a.arch").write_text(TEXT)
    git("init", "-q")
    yield top
    os.chdir(here)


def git(*words: str) -> None:
    settings = ["user.name=n", "user.email=e@x", "protocol.file.allow=always", "commit.gpgsign=false"]
    config = [each for setting in settings for each in ("-c", setting)]
    subprocess.run(["git", *config, *words], check=True, capture_output=True)


def commit() -> None:
    git("add", "-A")
    git("commit", "-qm", "first")


def run(*args: object) -> Result:
    result = CliRunner().invoke(main, ["diff", *map(str, args)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
    return result


def test_text_of_a_revision_is_compared(folder: Path) -> None:
    """The text and the files that it uses are those of the revision, also from a subfolder of the repository."""
    nets = folder / "nets"
    nets.mkdir()
    (nets / "blocks.arch").write_text("block unit(c) { conv c k3; relu }\ninput 3x8x8\nunit 2\n")
    (nets / "net.arch").write_text('use "blocks.arch"\ninput 3x8x8\nunit 8\n')
    commit()
    (nets / "blocks.arch").write_text("block unit(c) { conv c k5; relu }\ninput 3x8x8\nunit 2\n")
    done = run("HEAD:nets/net.arch", "nets/net.arch")
    assert done.exit_code == 1
    assert "kernel 3 → 5" in done.output or "conv c k3 → conv c k5" in done.output
    os.chdir(nets)
    assert run("HEAD:net.arch", "HEAD:net.arch").exit_code == 0
    assert run("HEAD:../a.arch", f"HEAD:{folder / 'a.arch'}").exit_code == 0


USED = {
    "blocks.arch": None,
    "deep/blocks.arch": None,
    "./deep/../blocks.arch": None,
    "link.arch": None,
    "missing.arch": "E0601",
    "../up.arch": "E0602",
    "outward.arch": "E0602",
    "out.arch": "E060",
    "secret.txt": "E0601",
    "a\0.arch": "E0",
}


@pytest.mark.parametrize("used", USED)
def test_used_files_are_read_from_the_revision(folder: Path, used: str) -> None:
    """None of them is on disk any more."""
    block = "block unit(c) { conv c k3; relu }\n"
    nets = folder / "nets"
    (nets / "deep").mkdir(parents=True)
    for path in ("up.arch", "nets/blocks.arch", "nets/deep/blocks.arch", "nets/secret.txt"):
        (folder / path).write_text(block)
    (nets / "link.arch").symlink_to("deep/blocks.arch")
    (nets / "outward.arch").symlink_to("../up.arch")
    (nets / "out.arch").symlink_to("../../../up.arch")
    (nets / "net.arch").write_text(f'use "{used}"\nuse std\ninput 3x8x8\nunit 8\ngap; fc 10\n')
    commit()
    git("rm", "-rq", "nets", "up.arch")
    done = run("HEAD:nets/net.arch", "a.arch")
    code = USED[used]
    if code is None:
        assert "4 of 4 tensors carry over" in done.output
    else:
        assert done.exit_code == 2
        assert f"error[{code}" in done.output


def test_network_in_a_deleted_folder_is_read_from_the_revision(folder: Path) -> None:
    nets = folder / "nets" / "deep"
    nets.mkdir(parents=True)
    (nets / "net.arch").write_text(TEXT)
    commit()
    git("rm", "-rq", "nets")
    git("commit", "-qm", "second")
    assert not (folder / "nets").exists()
    assert run("HEAD~1:nets/deep/net.arch", "a.arch").exit_code == 0


def test_export_ignored_files_are_read(folder: Path) -> None:
    (folder / ".gitattributes").write_text("*.arch export-ignore\n")
    commit()
    assert run("HEAD:a.arch", "a.arch").exit_code == 0


def test_links_within_the_repository_are_followed(folder: Path) -> None:
    (folder / "nets").mkdir()
    (folder / "nets" / "net.arch").write_text(TEXT)
    (folder / "nets" / "up.arch").symlink_to("../a.arch")
    (folder / "link.arch").symlink_to("nets/up.arch")
    (folder / "others").symlink_to("nets")
    commit()
    for name in ("link.arch", "nets/up.arch", "others/net.arch", "others/up.arch"):
        assert run(f"HEAD:{name}", "a.arch").exit_code == 0, name


HOSTILE_LINKS = {
    "outward.arch": ("../secret.arch", "outside the repository"),
    "absolute.arch": ("/etc/passwd", "outside the repository"),
    "circle.arch": ("circle.arch", "circle"),
    "gone.arch": ("nothing.arch", "no such file"),
}


@pytest.mark.parametrize("name", HOSTILE_LINKS)
def test_links_outside_the_repository_are_refused(folder: Path, name: str) -> None:
    target, output = HOSTILE_LINKS[name]
    (folder.parent / "secret.arch").write_text(TEXT)
    (folder / name).symlink_to(target)
    commit()
    done = run(f"HEAD:{name}", "a.arch")
    assert done.exit_code == 2
    assert output in done.output
    assert len(done.output.splitlines()) == 1
    # It does not interfere if it is next to another file.
    assert run("HEAD:a.arch", "a.arch").exit_code == 0


def test_hostile_repository_executes_no_code(folder: Path) -> None:
    trace = folder.parent / "ran"
    script = folder.parent / "run.sh"
    script.write_text(f"#!/bin/sh\necho $0 $* >> '{trace}'\ncat\n")
    script.chmod(0o755)
    (folder / ".gitattributes").write_text("*.arch filter=evil diff=evil\n")
    (folder / "large.arch").write_text("#" * 100_000)
    git("add", "-A")
    git("-c", "core.attributesFile=/dev/null", "commit", "-qm", "first")
    trace.unlink(missing_ok=True)
    for setting in (
        "filter.evil.smudge",
        "filter.evil.process",
        "filter.evil.clean",
        "diff.evil.textconv",
        "diff.evil.command",
        "diff.external",
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "core.askPass",
        "credential.helper",
        "uploadpack.packObjectsHook",
        "tar.tar.command",
    ):
        git("config", setting, str(script))
    for hook in ("post-checkout", "pre-auto-gc", "post-index-change", "reference-transaction"):
        (folder / ".git" / "hooks" / hook).write_bytes(script.read_bytes())
        (folder / ".git" / "hooks" / hook).chmod(0o755)
    done = run("HEAD:a.arch", "HEAD:a.arch")
    assert done.exit_code == 0, done.output
    assert not trace.exists()


def test_missing_object_is_not_fetched(folder: Path) -> None:
    """A partial clone fetches missing objects with a program that its own settings name."""
    commit()
    blob = subprocess.check_output(["git", "rev-parse", "HEAD:a.arch"], text=True).strip()
    trace = folder.parent / "ran"
    for setting, value in {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": f"ext::sh -c 'touch {trace}'",
        "protocol.ext.allow": "always",
    }.items():
        git("config", setting, value)
    (folder / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    done = run("HEAD:a.arch", "a.arch")
    assert done.exit_code == 2
    assert len(done.output.splitlines()) == 1
    assert not trace.exists()


def test_submodule_is_reported(folder: Path) -> None:
    other = folder.parent / "other"
    other.mkdir()
    (other / "net.arch").write_text(TEXT)
    os.chdir(other)
    git("init", "-q")
    commit()
    os.chdir(folder)
    git("submodule", "--quiet", "add", str(other), "sub")
    commit()
    assert run("HEAD:sub/net.arch", "a.arch").exit_code == 0
    git("submodule", "--quiet", "deinit", "-f", "sub")
    done = run("HEAD:sub/net.arch", "a.arch")
    assert done.exit_code == 2
    assert "sub is a submodule" in done.output


MISNAMED = {
    "nosuch:a.arch": "git: there is no such revision",
    "https://example.com/a.arch": "it is a URL; download the file",
    "ZOO:resnet18": "no such file; did you mean `zoo:resnet18`?",
    "zo:resnet18": "no such file; did you mean `zoo:resnet18`?",
    "--output=x:a.arch": "a revision cannot start with `-`",
    "HEAD:a.arch/x": "a.arch is a file at that revision, not a folder",
    "HEAD:b.arch": "no such file at that revision",
    "HEAD:nosuch/a.arch": "no such file at that revision",
    "HEAD:nets": "it is a folder at that revision",
    "HEAD:.": "it is a folder at that revision",
    "HEAD:": "expected a revision and a file, such as HEAD:net.arch",
    ":a.arch": "expected a revision and a file, such as HEAD:net.arch",
    ":": "expected a revision and a file, such as HEAD:net.arch",
    ":0:a.arch": "expected a revision and a file, such as HEAD:net.arch",
    "HEAD:../outside.arch": "git: ",
    "HEAD:/etc/passwd": "git: ",
    "HEAD:" + "n" * 3000: "no such file at that revision",
    "HEAD:" + "n/" * 3000: "no such file at that revision",
    "HEAD:a\0.arch": "no such file at that revision",
    "HE\0AD:a.arch": "invalid name of a revision or file",
    "n" * 3000 + ":a.arch": "git: ",
    "HEAD:\ud800.arch": "no such file at that revision",
    "\ud800:a.arch": "invalid name of a revision or file",
    "HEAD:\n\x1b[31m.arch": "no such file at that revision",
}


@pytest.mark.parametrize("name", MISNAMED)
def test_unreadable_revision_is_reported(folder: Path, name: str) -> None:
    (folder / "nets").mkdir()
    (folder / "nets" / "net.arch").write_text(TEXT)
    commit()
    done = run("--", name, "a.arch")
    assert done.exit_code == 2
    assert MISNAMED[name] in done.output
    assert len(done.output.splitlines()) == 1
    assert "\x1b" not in done.output


@pytest.mark.parametrize("name", ["nets/net.arch", "a.arch", "nets/deep/net.arch"])
def test_path_from_the_top_folder_is_corrected(folder: Path, name: str) -> None:
    """Git reads HEAD:PATH from the top folder, archdsl from the current one, like the paths of files."""
    for each in ("nets/deep/net.arch", "nets/net.arch"):
        (folder / each).parent.mkdir(parents=True, exist_ok=True)
        (folder / each).write_text(TEXT)
    commit()
    with chdir(folder / "nets"):
        done = run(f"HEAD:{name}", "net.arch")
        assert done.exit_code == 2
        (suggested,) = re.findall("no such file at that revision; from this folder, it is `(.*)`", done.output)
        assert run(suggested, "net.arch").exit_code == 0
        assert "from this folder" not in run("HEAD:nets/none.arch", "net.arch").output


@pytest.mark.parametrize("name", ["HEAD:a.arch", "HEAD:nosuch/a.arch"])
def test_revision_outside_a_repository_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.arch").write_text(TEXT)
    done = run(name, "a.arch")
    assert done.exit_code == 2
    assert "git: not a git repository" in done.output


def test_missing_git_is_reported(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commit()
    monkeypatch.setenv("PATH", str(folder))
    done = run("HEAD:a.arch", "a.arch")
    assert (done.exit_code, done.output) == (2, "archdsl: HEAD:a.arch: git is not installed\n")


def test_oversized_text_in_a_revision_is_refused(folder: Path) -> None:
    with (folder / "long.arch").open("wb") as file:
        file.truncate(20_000_000)
    commit()
    done = run("HEAD:long.arch", "a.arch")
    assert done.exit_code == 2
    assert "longer than" in done.output


def test_git_tree_lists_and_reads_files(folder: Path) -> None:
    (folder / "é ü.arch").write_text(TEXT)
    commit()
    tree = GitTree("HEAD", folder)
    assert tree.files(".arch") == ["a.arch", "é ü.arch"]
    assert tree.read("./nets/../é ü.arch") == TEXT.encode()
    with pytest.raises(UnreadableFile, match="outside the repository"):
        tree.read("../a.arch")


def test_windows_drive_is_no_revision(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_revision("C:net.arch")
    monkeypatch.setattr(sys, "platform", "win32")
    assert not is_revision("C:net.arch")
    assert not is_revision(r"C:\nets\net.arch")
    assert is_revision("HEAD:net.arch")
    assert not is_revision("zoo:nosuch")


def test_file_replaced_by_a_folder_is_read_from_the_revision(folder: Path) -> None:
    commit()
    (folder / "a.arch").rename(folder / "b.arch")
    (folder / "a.arch").mkdir()
    assert run("HEAD:a.arch", "b.arch").exit_code == 0
