"""Libraries: the core reads texts only through a library, without a disk."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import archdsl
from archdsl.diagnostics import Sink
from archdsl.network import analyze
from archdsl.text.files import NotFound, UnreadableFile
from archdsl.text.library import FolderLibrary, Library, MemoryLibrary, Outside, Stack, StandardLibrary
from archdsl.text.source import Source
from archdsl.zoo import shipped

MAIN = 'use "blocks/unit.arch"\nuse std\ninput 3x32x32\nunit 16; pair 32\nse 4\ngap; fc 10\n'
UNIT = 'use "pair.arch"\nblock unit(n) { pair n; relu }\n'
PAIR = "block pair(n) { conv n k3 p1 nobias; bn }\n"
FILES = {"blocks/unit.arch": UNIT, "blocks/pair.arch": PAIR}


# Runs in its own process: pytest's workers need files while a test runs.
WITHOUT_A_DISK = """
import builtins, io, json, os, sys
from archdsl.backends.diagram import DiagramStyle, ViewOptions, diagram
from archdsl.diagnostics import Sink
from archdsl.layers import synonyms
from archdsl.network import analyze
from archdsl.syntax import parse
from archdsl.syntax.format import format_program
from archdsl.text.library import MemoryLibrary
from archdsl.text.source import Source

files = json.loads(sys.argv[1])

def run():
    source = Source(files["net.arch"], name="net.arch")
    network = analyze(source, Sink(), library=MemoryLibrary(files)).checked()
    dot = diagram(network.graph, "dot", DiagramStyle(), ViewOptions()).decode()
    formatted = format_program(parse(source, Sink()), synonyms())
    return network.parameters, dot, formatted

run()  # loads what the package itself needs: modules, the grammar

def refusing(real):
    def instead(file, *arguments, **options):
        # The pipes of the renderer, which is a program of its own, are no files.
        if not isinstance(file, int):
            raise AssertionError(f"the disk was touched: {file}")
        return real(file, *arguments, **options)
    return instead

for place, name in ((builtins, "open"), (io, "open"), (os, "open"), (os, "stat"), (os, "scandir")):
    setattr(place, name, refusing(getattr(place, name)))
found = run()
sys.stdout.write(json.dumps(found))
"""


def test_network_of_three_files_from_memory() -> None:
    main = 'use   "blocks/unit.arch"\ninput 3x32x32;unit 16\ngap; fc 10\n'
    files = {**FILES, "net.arch": main}
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_A_DISK, json.dumps(files)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    parameters, dot, formatted = json.loads(done.stdout)
    assert parameters == 3 * 16 * 9 + 32 + 170
    assert dot.startswith("digraph {")
    assert "16×32×32" in dot
    assert formatted.splitlines()[:2] == ['use "blocks/unit.arch"', "input 3x32x32; unit 16"]


def test_names_are_relative_to_the_file_that_uses_them() -> None:
    library = Stack(MemoryLibrary({**FILES, "pair.arch": PAIR}), shipped())
    assert analyze(Source(MAIN, name="net.arch"), Sink(), library=library).checked().parameters > 0


def test_folder_and_memory_libraries_behave_alike(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    folder, memory = FolderLibrary(tmp_path), MemoryLibrary(FILES)
    assert folder.list() == memory.list() == sorted(FILES)
    for name in [*FILES, "nothing.arch", "blocks"]:
        assert _read(folder, name) == _read(memory, name)


def test_suffix_of_a_used_file_may_be_in_capitals(tmp_path: Path) -> None:
    (tmp_path / "PARTS.ARCH").write_text("block twice { relu; relu }\n", encoding="utf-8")
    (tmp_path / "net.arch").write_text('use "PARTS.ARCH"\ninput 4; twice\n', encoding="utf-8")
    assert len(archdsl.load(tmp_path / "net.arch").graph.layers) == 2


def _read(library: Library, name: str) -> str | None:
    try:
        return library.read(name).text
    except NotFound:
        return None


@pytest.mark.parametrize(
    ("used", "code"),
    [
        ("../net.arch", "E0602"),
        ("/etc/net.arch", "E0602"),
        ("a/../../net.arch", "E0602"),
        (".env", "E0601"),
        ("/etc/passwd", "E0601"),
        ("nothing.arch", "E0601"),
        ("blocks/unti.arch", "E0601"),
        ("a\0b.arch", "E0601"),
        ("x" * 5000 + ".arch", "E0601"),
    ],
)
def test_unusable_file_is_reported(used: str, code: str, tmp_path: Path) -> None:
    (tmp_path / "blocks").mkdir()
    (tmp_path / "blocks" / "unit.arch").write_text(PAIR)
    (tmp_path / ".env").write_text("SECRET=1")
    source, sink = Source(f'use "{used}"\ninput 8; fc 8\n', path=tmp_path / "net.arch"), Sink()
    analyze(source, sink)
    (found,) = sink
    assert found.diagnostic.code == code
    if used == "blocks/unti.arch":
        assert found.diagnostic.label() == "did you mean `blocks/unit.arch`?"


def test_links_outside_a_folder_are_refused(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside.arch"
    inside.mkdir()
    outside.write_text(PAIR)
    (inside / "link.arch").symlink_to(outside)
    with pytest.raises(Outside):
        FolderLibrary(inside).read("link.arch")


def test_user_files_shadow_shipped_files() -> None:
    library = Stack(MemoryLibrary({"a.arch": PAIR}), shipped())
    assert library.read("std").text == StandardLibrary().read("std").text
    assert library.read("zoo:lenet5").text.startswith("#")
    assert {"a.arch", "std", "zoo:lenet5"} <= set(library.list())
    with pytest.raises(UnreadableFile, match="did you mean `lenet5`"):
        library.read("zoo:lenet6")
