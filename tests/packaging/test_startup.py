"""People run `archdsl check` on every save, so it must not load anything heavy."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"torch", "numpy", "rich", "matplotlib", "pooch", "PIL", "graphviz", "pydantic", "ssl", "http", "email"}


def loaded_by(statement: str, *arguments: str) -> set[str]:
    """The packages that a statement loads in a fresh process with these arguments."""
    program = (
        "import sys\n"
        "try:\n"
        f"    {statement}\n"
        "finally:\n"
        "    print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)\n"
    )
    command = [sys.executable, "-P", "-c", program, *arguments]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return set(done.stderr.split())


def test_importing_archdsl_imports_no_dependency() -> None:
    loaded = loaded_by("import archdsl")
    assert "archdsl" in loaded
    assert loaded & {"lark", "click", *HEAVY} == set()


NET = "input 3x32x32; conv 64 k5 s1 same; maxpool 2; bn\n"
CHECKED = {
    "a network": (NET, set()),
    # The recipe is a pydantic model, which loads email as well.
    "a recipe": (f"{NET}gap; fc 10; train {{ data cifar10; optimizer adamw lr=0.001 }}\n", {"pydantic", "email"}),
}


@pytest.mark.parametrize("name", CHECKED)
def test_check_imports_no_heavy_package(name: str, tmp_path: Path) -> None:
    text, needed = CHECKED[name]
    network = tmp_path / "net.arch"
    network.write_text(text, encoding="utf-8")
    loaded = loaded_by("from archdsl.cli import main; main()", "check", str(network))
    assert "lark" in loaded
    assert loaded & HEAVY == needed
