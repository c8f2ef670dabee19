"""The worked example is built into a wheel, without network, and installed into an empty environment."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from .written_packages import EXAMPLE

ROOT = Path(__file__).resolve().parents[2]
NETWORK = 'use "gempool"\ninput 3x32x32\nconv 8 k3; relu; gem; fc 2\n'
QUIET = ("--quiet", "--disable-pip-version-check", "--no-index", "--no-deps")


def run(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    words = [str(word) for word in command]
    return subprocess.run(
        words, cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )


def test_example_is_installed_and_used(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "source", ignore=shutil.ignore_patterns("__pycache__", "build", "*.egg-info"))
    pip = (sys.executable, "-m", "pip")
    built = run(*pip, "wheel", *QUIET, "--no-build-isolation", "-w", tmp_path, tmp_path / "source", cwd=tmp_path)
    assert built.returncode == 0, built.stderr
    environment = tmp_path / "environment"
    assert run(sys.executable, "-m", "venv", "--without-pip", environment, cwd=tmp_path).returncode == 0
    python = environment / "bin" / "python"
    if not python.exists():
        python = environment / "Scripts" / "python.exe"
    where = run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=tmp_path).stdout.strip()
    # archdsl and its dependencies are those of the tests.
    (Path(where) / "archdsl.pth").write_text(f"{ROOT}\n{sysconfig.get_path('purelib')}\n")
    (tmp_path / "net.arch").write_text(NETWORK)
    check = (python, "-m", "archdsl", "check", "net.arch", "--allow", "gempool")
    alone = {"PYTHONPATH": "", "PYTHONNOUSERSITE": "1"}
    before = run(*check, cwd=tmp_path, **alone)
    assert before.returncode == 1
    assert "no package with this name is installed" in before.stderr
    (wheel,) = tmp_path.glob("gempool-*.whl")
    installed = run(*pip, "--python", python, "install", *QUIET, wheel, cwd=tmp_path)
    assert installed.returncode == 0, installed.stderr
    after = run(*check, cwd=tmp_path, **alone)
    assert after.returncode == 0, after.stderr
    assert "gem" in after.stdout
    assert "✓ net: 3×32×32 → 2" in after.stdout
    (tmp_path / "net.arch").write_text(NETWORK.replace("3x32x32", "1x16x16") + "train { data stripes; task ordinal }\n")
    of_task = run(*check, cwd=tmp_path, **alone)
    assert "error[E0816]: ordinal regression of 2 classes needs an output of size 1" in of_task.stderr
