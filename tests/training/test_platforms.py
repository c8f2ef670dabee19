"""Simulates what other systems lack or refuse: modules, signals, file descriptors; and missing packages."""

import errno
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

NET = "input 1x8x8\nflatten; fc 10\ntrain { data digits; epochs 1; batch 300; precision fp32; layout channels_first }\n"


def python(program: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    (folder / "net.arch").write_text(NET)
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], cwd=folder, text=True, capture_output=True, check=False
    )


def test_run_works_without_platform_specific_features(tmp_path: Path) -> None:
    """Windows has none of these, macOS lacks some."""
    done = python(
        """
        import errno, os, signal, sys
        sys.modules['fcntl'] = sys.modules['resource'] = None
        del signal.SIGHUP, os.posix_fallocate, os.sched_getaffinity, errno.EDQUOT
        from click.testing import CliRunner
        from archdsl.cli import main
        for args in (["train", "net.arch", "--out", "r"], ["train", "--resume", "r", "--epochs", "2"], ["eval", "r"]):
            result = CliRunner().invoke(main, args)
            assert result.exit_code == 0, (args, result.output, result.exc_info)
        """,
        tmp_path,
    )
    assert done.returncode == 0, done.stderr


def test_read_only_descriptor_is_not_fsynced(tmp_path: Path) -> None:
    """Windows responds with EBADF."""
    done = python(
        f"""
        import fcntl, os, stat
        real = os.fsync
        def fsync(handle):
            how = fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_ACCMODE
            if how == os.O_RDONLY:
                raise OSError({errno.EBADF}, os.strerror({errno.EBADF}))
            real(handle)
        os.fsync = fsync
        from click.testing import CliRunner
        from archdsl.cli import main
        result = CliRunner().invoke(main, ["train", "net.arch", "--out", "r"])
        assert result.exit_code == 0, result.output
        """,
        tmp_path,
    )
    assert done.returncode == 0, done.stderr


COMMANDS = (
    ["train", "net.arch"], ["train", "--help"], ["eval", "r"], ["predict", "r", "x.png"], ["inspect", "r"],
    ["export", "net.arch"], ["sweep", "net.arch", "--lr", "0.1,0.2"],
)  # fmt: skip


@pytest.mark.parametrize("gone", ["torch", "pydantic", "numpy", "torch, numpy, pydantic, rich"])
def test_missing_package_is_reported_in_one_line(gone: str, tmp_path: Path) -> None:
    (tmp_path / "r").mkdir()
    done = python(
        f"""
        import sys
        gone = {gone.split(", ")!r}
        class Lacking:
            def find_spec(self, name, path=None, target=None):
                if name.partition(".")[0] in gone:
                    raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
                return None
        sys.meta_path.insert(0, Lacking())
        from click.testing import CliRunner
        from archdsl.cli import main
        for args in {COMMANDS!r}:
            result = CliRunner().invoke(main, args)
            assert isinstance(result.exception, SystemExit) or result.exception is None, (args, result.exc_info)
            if result.exit_code == 2 and "cannot use r" not in result.output and "Usage" not in result.output:
                lines = [line for line in result.output.splitlines() if line.startswith(("error: ", "  = help: "))]
                assert len(lines) == 2 and "Traceback" not in result.output, result.output
                assert "needs" in lines[0] and "not installed" in lines[0], result.output
                assert lines[1].startswith("  = help: ") and " install " in lines[1], result.output
            print(args[0], result.exit_code)
        """,
        tmp_path,
    )
    assert done.returncode == 0, done.stderr
    train = done.stdout.splitlines()[0]
    assert train == "train 2", done.stdout
