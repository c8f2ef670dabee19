import re
import shutil
import subprocess
from pathlib import Path

import pytest

from archdsl.backends.diagram import View, ViewOptions, diagram
from archdsl.backends.diagram.escaping import foreign_in_tex, tex
from tests.backends.diagram.programs import HOSTILE, LENET, RESIDUAL, graph, renamed

VOLUMES = ViewOptions(view=View.VOLUMES)


def tikz(text: str, view_options: ViewOptions | None = None) -> str:
    return diagram(graph(text), "tikz", view_options=view_options).decode()


def test_tikz_shows_every_layer_shape_and_cluster() -> None:
    text = tikz(RESIDUAL)
    for expected in ("{conv 16 3$\\times$3 /2}", "{1,168 parameters}", "{16$\\times$8$\\times$8}", "{basic2}", "{+}"):
        assert expected in text
    assert text.count("\\begin{tikzpicture}") == text.count("\\end{tikzpicture}") == 1


def test_tikz_colors_are_defined() -> None:
    for text in (tikz(RESIDUAL), tikz(LENET, VOLUMES)):
        defined = set(re.findall(r"\\providecolor\{(\w+)\}", text))
        used = set(re.findall(r"(?:fill=|draw=|text=|color=|draw\[|fill\[)(archdsl\w+)", text))
        assert used
        assert used <= defined


def test_tikz_is_deterministic() -> None:
    assert tikz(LENET) == tikz(LENET)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_escaped_in_tex(name: str) -> None:
    escaped = tex(name)
    bare = re.sub(r"\\[{}$&#_%]|\\text\w+\{\}|\\char34\{\}|\\dots\{\}|\$\\times\$|\$-\$|\$\\cdot\$", "", escaped)
    assert not set(bare) & set("\\{}$&#_%^~")
    assert "\n" not in escaped


@pytest.mark.skipif(not shutil.which("pdflatex"), reason="no pdflatex")
def test_latex_compiles_the_figures(tmp_path: Path) -> None:
    small = "input 1x4x4; stage body { conv 2 k3 }"
    # pdfLaTeX has no letters of other scripts.
    figures = [diagram(renamed(graph(small), name), "tikz") for name in HOSTILE if not foreign_in_tex(name)]
    figures += [diagram(graph(RESIDUAL), "tikz"), diagram(graph(LENET), "tikz", view_options=VOLUMES)]
    for number, figure in enumerate(figures):
        (tmp_path / f"picture{number}.tex").write_bytes(figure)
    body = "\n".join(f"\\resizebox{{!}}{{5cm}}{{\\input{{picture{n}}}}}\\par" for n in range(len(figures)))
    head = "\\documentclass{article}\\usepackage[utf8]{inputenc}\\usepackage{tikz}\\begin{document}"
    (tmp_path / "all.tex").write_text(f"{head}\n{body}\n\\end{{document}}\n")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout.decode(errors="replace")[-2000:]
    assert (tmp_path / "all.pdf").read_bytes().startswith(b"%PDF")
