"""Two processes cannot write to one folder at the same time."""

import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from archdsl.cli import main
from archdsl.training.errors.run_errors import CannotResume
from archdsl.training.runs.run_lock import claimed

pytest.importorskip("fcntl", reason="folders cannot be held here")

HOLD = """
import sys
from pathlib import Path
from archdsl.training.runs.run_lock import claimed
with claimed(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_lock_is_released_when_its_process_ends(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with pytest.raises(CannotResume, match="another process is using it"), claimed(tmp_path):
            pass
        other.kill()
        other.wait()
    with claimed(tmp_path):
        pass
    with claimed(tmp_path):  # released again
        assert list(tmp_path.iterdir()) == []


@pytest.fixture
def net(tmp_path: Path) -> Path:
    text = "net Tiny(width = 4)\ninput 1x8x8\nflatten; fc width; relu; fc 10\n"
    recipe = "train { data digits; epochs 1; batch 256; precision fp32; layout channels_first }\n"
    path = tmp_path / "net.arch"
    path.write_text(text + recipe, encoding="utf-8")
    return path


def test_folder_locked_by_another_process_is_not_modified(net: Path, tmp_path: Path) -> None:
    folder = tmp_path / "made"
    begun = CliRunner().invoke(main, ["train", str(net), "--out", str(folder)])
    assert begun.exit_code == 0, begun.output
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    more = ["--resume", str(folder), "--epochs", "2"]
    with claimed(folder):
        refused = CliRunner().invoke(main, ["train", *more])
    assert refused.exit_code == 1
    assert f"error: cannot use {folder}: another process is using it" in refused.output
    assert "help: wait until it finishes, or stop it" in refused.output
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    resumed = CliRunner().invoke(main, ["train", *more])
    assert resumed.exit_code == 0, resumed.output
