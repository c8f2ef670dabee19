"""Tables as Markdown and LaTeX: what a parser reads is what the text table shows, for any network and any text."""

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from archdsl import load, loads
from archdsl.analysis.columns import TableColumns, choose
from archdsl.analysis.measures import NetworkMeasures
from archdsl.analysis.table import rows
from archdsl.analysis.table_formats import networks_row, render_networks, render_table
from archdsl.diagnostics import Sink
from archdsl.network import analyze
from archdsl.text.source import Source

NETWORKS = {
    "chain": "input 3x8x8; conv 4 k3; relu; flatten; fc 10",
    "strings": 'input 4x8x8; rearrange "c (h p) w -> (c p) h w" p=2',
    "symbolic": "input 3xH1xW; conv 3 k3 s2; gap",
    "shared": "input 3x8x8; conv 3 k3 p1 as c; reuse c",
    "underscores": "net my_net_(width_ = 4)\ninput x_in 3x8x8\nconv width_ k3 as _a_; relu",
    "scopes": "block b(c) { conv c k3 p1; bn }\ninput 3x8x8; stage s_1 { b 4 x2 }\nflatten; fc 2",
}


class Cells(HTMLParser):
    """The text of each cell of the only table."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.tables = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tables += tag == "table"
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.rows and self.rows[-1]:
            self.rows[-1][-1] += data.strip("\n")


def read_markdown(text: str) -> list[list[str]]:
    """The cells of a table, as a Markdown parser reads them."""
    cells = Cells()
    cells.feed(MarkdownIt("commonmark").enable("table").render(text))
    assert cells.tables == 1
    return [[cell.replace("\u2003", "  ") for cell in row] for row in cells.rows]


_COMMANDS = {
    r"\textbackslash{}": "\\",
    r"\textasciicircum{}": "^",
    r"\textasciitilde{}": "~",
    r"\textbar{}": "|",
    r"\textless{}": "<",
    r"\textgreater{}": ">",
    r"\char34{}": '"',
    r"\textasciigrave{}": "`",
    r"\textendash{}": "–",
    r"\dots{}": "…",
    r"$\times$": "×",
    r"$\cdot$": "·",
    "$-$": "−",
    r"$\lfloor$": "⌊",
    r"$\rfloor$": "⌋",
    r"$\leq$": "≤",
    r"$\geq$": "≥",
    r"$\rightarrow$": "→",
    r"\quad ": "  ",
}


def read_latex(text: str) -> list[list[str]]:
    """The cells of a table: unescaped, and without fonts."""
    found = re.search(r"\\begin\{(tabular|longtable)\}\{([lr]+)\}\n(.*)\\end\{\1\}$", text, re.DOTALL)
    assert found is not None
    rules = (r"\toprule", r"\midrule", r"\bottomrule", r"\endhead")
    lines = [line for line in found[3].splitlines() if line not in rules]
    assert all(line.endswith(r" \\") for line in lines)
    read = [[_unescaped(cell) for cell in re.split(r"(?<!\\)&", line.removesuffix(r"\\"))] for line in lines]
    assert {len(row) for row in read} == {len(found[2])}
    return read


def _unescaped(cell: str) -> str:
    cell = cell.removeprefix(" ").removesuffix(" ")
    indent, font, text = re.fullmatch(r"((?:\\quad )*)((?:\\textbf\{)?(?:\\texttt\{)?)(.*)", cell).groups()  # type: ignore[union-attr]  # it matches anything
    assert text.endswith("}" * font.count("{"))
    cell = indent + text.removesuffix("}" * font.count("{"))
    commands = "|".join(map(re.escape, _COMMANDS))
    tokens = re.findall(rf"{commands}|\\[{{}}$&#_%]|[^\\{{}}$&#_%^~]|.", cell)
    assert all(len(token) > 1 or token not in "\\{}$&#_%^~" for token in tokens), cell  # nothing special is left
    return "".join(_COMMANDS.get(token, token[-1]) for token in tokens)


def shown(text: str) -> list[list[str]]:
    """The rows that the table of `archdsl check` has for the network of a text."""
    draft = analyze(Source(text), Sink()).draft
    return [list(cells) for cells, _ in rows(draft)]


@pytest.mark.parametrize("name", NETWORKS)
def test_parsed_tables_match_the_text_table(name: str) -> None:
    draft = loads(NETWORKS[name]).graph
    expected = shown(NETWORKS[name])
    for format_, read in (("markdown", read_markdown), ("latex", read_latex)):
        head, *body, _ = read(render_table(draft, format=format_))  # type: ignore[arg-type]  # both are formats
        assert head == ["#", "layer", "output", "params", "MACs"]
        assert body == [
            [cell.replace("↺", "shared") if format_ == "latex" else cell for cell in row] for row in expected
        ]


@pytest.mark.parametrize("name", ["resnet18", "densenet121", "vit_b_16", "gpt2", "googlenet"])
def test_table_totals_match_the_network(name: str) -> None:
    network = load(f"zoo:{name}")
    for format_, read in (("markdown", read_markdown), ("latex", read_latex)):
        last = read(render_table(network.graph, format=format_))[-1]  # type: ignore[arg-type]
        assert last[1:3] == ["total", ""]
        assert int(last[3].replace(",", "")) == network.parameters
        assert int(last[4].split(" ")[0].replace(",", "")) == int(network.costs.total.macs) or "at" in last[4]


def test_special_characters_in_a_layer_text_are_escaped() -> None:
    """Every printable ASCII character and some beyond, as the text of a layer: all of it is read back."""
    from archdsl.analysis import table_formats

    marks = "".join(chr(code) for code in range(33, 127)) + "×·−…≤→é한"
    texts = [marks, *(f"a{mark}b{mark}{mark}c" for mark in marks), "`", "``", "|`|", "\\|", "a\\", "$x$", "@all", "<b>"]
    body = [(depth % 3, text, ("1", text), depth % 2 == 0) for depth, text in enumerate(texts)]
    written = table_formats._markdown(("#", "layer", "output"), "rll", body, ("",))
    assert [row[1].lstrip(" ") for row in read_markdown(written)[1:-1]] == texts
    assert [row[2] for row in read_markdown(written)[1:-1]] == texts
    lines = [table_formats._latex_row(*row) for row in body]
    written = "\n".join(table_formats._latex(("#", "layer", "output"), "rll", lines, None))
    assert [row[1].lstrip(" ") for row in read_latex(written)[1:]] == texts


def test_column_values_sum_to_their_totals() -> None:
    network = load("zoo:resnet18")
    columns = TableColumns(NetworkMeasures(network.graph, network.costs, None), choose("params,macs%,rf"))
    for format_, read in (("markdown", read_markdown), ("latex", read_latex)):
        head, *body, last = read(render_table(network.graph, columns=columns, format=format_))  # type: ignore[arg-type]
        assert head[3:] == ["params", "% MACs", "rf"]
        assert last == ["", "total", "", f"{network.parameters:,}", "", ""]
        assert sum(float(row[4].removesuffix("%").removeprefix("< ")) for row in body if row[4]) == pytest.approx(
            100, abs=1
        )


def test_layers_with_errors_show_question_marks() -> None:
    draft = analyze(Source("input 3x8x8; conv 4 k9; relu; fc 2"), Sink()).draft
    body = read_markdown(render_table(draft, format="markdown"))
    assert any("?" in row for row in body)
    assert body[-1][3].startswith("≥ ")


def test_long_latex_table_spans_pages() -> None:
    assert r"\begin{tabular}" in render_table(load("zoo:lenet5").graph, format="latex")
    assert r"\begin{longtable}" in render_table(load("zoo:resnet18").graph, format="latex")


def test_several_networks_share_one_table() -> None:
    found = [load("zoo:lenet5"), loads("net a_b\ninput x 3x8x8; input y 3x8x8\nconcat x y")]
    cells = [networks_row("f", each.graph, each.parameters, each.costs.total.macs) for each in found]
    cells.append(networks_row("wrong|file.arch", None, 0, 0))
    expected = [
        ["network", "input", "output", "params", "MACs"],
        ["LeNet5", "1×32×32", "10", "61,706", "416,520"],
        ["a_b", "3×8×8, 3×8×8", "6×8×8", "0", "0"],
        ["wrong|file.arch", "?", "?", "?", "?"],
    ]
    assert read_markdown(render_networks(cells, "markdown")) == expected
    assert read_latex(render_networks(cells, "latex")) == expected


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no LaTeX")
@pytest.mark.parametrize("name", [*NETWORKS, "zoo:resnet18"])
def test_latex_tables_compile(name: str, tmp_path: Path) -> None:
    network = load(name) if name.startswith("zoo:") else loads(NETWORKS[name])
    page = r"\documentclass{article}\usepackage{booktabs,longtable}\begin{document}" + "\n"
    text = page + render_table(network.graph, format="latex") + "\n" + r"\end{document}"
    (tmp_path / "table.tex").write_text(text, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "table.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_networks_with_the_same_name_show_their_file_names() -> None:
    found = {name: load(f"zoo:{name}") for name in ("resnet18", "resnet34", "alexnet")}
    cells = [
        networks_row(f"zoo:{name}", each.graph, each.parameters, each.costs.total.macs) for name, each in found.items()
    ]
    _, *body = read_markdown(render_networks(cells, "markdown"))
    assert [row[0] for row in body] == ["zoo:resnet18", "zoo:resnet34", "AlexNet"]
