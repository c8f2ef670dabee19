"""The cases of suggestions_peers/, run with each tool."""

import json
import re
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from suggestions_data.cases import applied, errors, suggested
from suggestions_data.protocol import same_network

from archdsl.diagnostics import Sink
from archdsl.network import analyze
from archdsl.text.source import Source

HERE = Path(__file__).resolve().parent
FOLDER = HERE / "suggestions_peers"
DRIVER = HERE / "_peers_driver.py"
FILES = {
    "archdsl": "archdsl.arch",
    "torch": "torch_case.py",
    "keras": "keras_case.py",
    "pyrefly": "pyrefly_case.py",
    "hndl": "hndl_case.py",
}
NAMES = ("misspelled_layer", "misspelled_argument", "parameter_by_another_name")
"""The cases in which no size is wrong."""

_MARK = re.compile(r"^(?P<indent> *).*?  # right:(?: (?P<right>.*))?$")
_NO_SIZES = re.compile(
    r"line \d+|column \d+|\bnode:?\w*|\b[nE]_?\d+\b|(?:dimension|Dimension|axis|position|Input|number) \d+|\.\.\.\d+"
    r"|@\d+"
)
_SIZE = re.compile(r"(?<![A-Za-z_\d.])\d+")
_MARK_ONLY = re.compile(r"  # right:.*$", re.MULTILINE)
_ANSI = re.compile(r"\x1b\[\d*m")
_DID_YOU_MEAN = re.compile(r"['`](\w+)['`][^'`]*?[Dd]id you mean:? ['`](\w+)['`]")


@dataclass(frozen=True)
class Case:
    """A text with an error, and the text without it."""

    name: str
    path: Path
    wrong: str

    @property
    def right(self) -> str:
        """The text in which each line with a comment is replaced by what the comment says."""
        lines = []
        for line in self.wrong.split("\n"):
            mark = _MARK.match(line)
            if mark is None:
                lines.append(line)
            elif mark["right"] is not None:
                lines.append(mark["indent"] + mark["right"])
        return "\n".join(lines)

    @property
    def lines(self) -> set[int]:
        """The lines with the error."""
        return {number for number, line in enumerate(self.wrong.split("\n"), 1) if _MARK.match(line)}


@dataclass(frozen=True)
class Outcome:
    """What a tool reports for a case. `rejects_right` says that it also reports an error for the text without one."""

    message: str | None
    when: str | None = None
    line: bool = False
    numbers: bool | None = None
    edit: str | None = None
    works: bool = False
    restores: bool = False
    rejects_right: bool = False

    @property
    def reported(self) -> bool:
        """Whether the error is reported, and the text without it is not."""
        return self.message is not None and not self.rejects_right


def cases(tool: str) -> list[Case]:
    """The cases that have a file for a tool, by name."""
    paths = sorted(FOLDER.glob(f"*/{FILES[tool]}"))
    return [Case(path.parent.name, path, path.read_text(encoding="utf-8")) for path in paths]


def archdsl() -> dict[str, Outcome]:
    """What `archdsl check` reports, by case."""
    return {case.name: _archdsl(case) for case in cases("archdsl")}


def _archdsl(case: Case) -> Outcome:
    found = suggested(case.wrong)
    if not found:
        return Outcome(None)
    labels = [label for item, _ in found for label in item.diagnostic.others()]
    fixes = next((fixes for _, fixes in found if fixes), ())[:2]
    spans = [item.diagnostic.span for item, _ in found] + [label.span for label in labels]
    spans += [edit.span for fix in fixes for edit in fix.edits]
    message = "\n".join(f"{item.diagnostic.message()}: {item.diagnostic.label()}" for item, _ in found)
    right = analyze(Source(case.right), Sink()).network
    after = [analyze(Source(applied(case.wrong, fix)), Sink()).network for fix in fixes]
    return Outcome(
        message,
        "static",
        line=bool(case.lines & {span.line for span in spans}),
        numbers=_numbers(case, message),
        edit=fixes[0].title if fixes else None,
        works=any(network is not None for network in after),
        restores=any(right and network and same_network(right.graph, network.graph) for network in after),
        rejects_right=bool(errors(case.right)),
    )


@dataclass(frozen=True)
class Report:
    """What a peer reports for a text: the message, the lines that it points at, and the stage at which it appears."""

    message: str
    lines: tuple[int, ...]
    when: str


Run = Callable[[Sequence[tuple[Path, str]]], list[Report | None]]
"""The reports for texts, each given with the path of its file; None where a text is accepted."""


def peer(tool: str, run: Run) -> dict[str, Outcome]:
    """What a peer reports, by case: for the text with the error, without it, and with the edit that it proposes."""
    every = cases(tool)
    wrong = run([(case.path, case.wrong) for case in every])
    right = run([(case.path, case.right) for case in every])
    edited = [_edited(case, report) for case, report in zip(every, wrong, strict=True)]
    tried = iter(run([(case.path, text) for case, text in zip(every, edited, strict=True) if text is not None]))
    accepted = [text is not None and next(tried) is None for text in edited]
    return {
        case.name: Outcome(None)
        if report is None
        else Outcome(
            report.message,
            report.when,
            line=bool(case.lines & set(report.lines)),
            numbers=_numbers(case, report.message),
            edit=None if text is None else _proposed(report.message),
            works=works,
            restores=text is not None and _MARK_ONLY.sub("", text) == case.right,
            rejects_right=valid is not None,
        )
        for case, report, valid, text, works in zip(every, wrong, right, edited, accepted, strict=True)
    }


def _proposed(message: str) -> str | None:
    """The replacement in a message such as `no attribute 'Relu'. Did you mean: 'ReLU'?`."""
    found = _DID_YOU_MEAN.search(message)
    return None if found is None else f"`{found[2]}` for `{found[1]}`"


def _edited(case: Case, report: Report | None) -> str | None:
    """The text with the replacement that a report proposes, at the last line that it points at."""
    found = _DID_YOU_MEAN.search(report.message) if report is not None else None
    if report is None or found is None:
        return None
    lines = case.wrong.split("\n")
    place = report.lines[-1] - 1
    code, mark, right = lines[place].partition("  # right:")
    lines[place] = re.sub(rf"\b{found[1]}\b", found[2], code) + mark + right
    return "\n".join(lines)


def _numbers(case: Case, message: str) -> bool | None:
    """Whether a message has at least two sizes; None where no size is wrong."""
    if case.name in NAMES:
        return None
    return len(_SIZE.findall(_NO_SIZES.sub(" ", message))) >= 2


def in_python(python: Path, texts: Sequence[tuple[Path, str]]) -> list[dict[str, Any]]:
    """How each text ended when another environment's Python ran it."""
    done = _run_driver(python, texts)
    runs: list[dict[str, Any]] = done["runs"]
    return runs


def versions(python: Path) -> dict[str, str]:
    """The versions of Python and of the peers in an environment."""
    found: dict[str, str] = _run_driver(python, ())["versions"]
    return found


def _run_driver(python: Path, texts: Sequence[tuple[Path, str]]) -> dict[str, Any]:
    given = json.dumps([(str(path), text) for path, text in texts])
    done = subprocess.run([python, DRIVER], input=given, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{python} ended with status {done.returncode}:\n{done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def torch_or_keras(python: Path, texts: Sequence[tuple[Path, str]]) -> list[Report | None]:
    """An error occurs in the forward pass if the line that calls the model raises it, else at construction."""
    found: list[Report | None] = []
    for (_, text), run in zip(texts, in_python(python, texts), strict=True):
        if run["message"] is None:
            found.append(None)
            continue
        outermost = text.split("\n")[run["lines"][0] - 1]
        when = "forward" if outermost.startswith("model(") else "construction"
        found.append(Report(_ANSI.sub("", run["message"]), tuple(run["lines"]), when))
    return found


def hndl(python: Path, texts: Sequence[tuple[Path, str]]) -> list[Report | None]:
    """An error is static if it occurs while sizes are resolved, before there are modules."""
    found: list[Report | None] = []
    for (_, text), run in zip(texts, in_python(python, texts), strict=True):
        if run["message"] is None:
            found.append(None)
            continue
        first = text[: text.index('"""')].count("\n")
        lines = tuple(first + int(line) for line in re.findall(r"\bline (\d+)", run["message"]))
        resolving = any(Path(file).parts[-2:] == ("hndl", "config.py") for file in run["files"])
        found.append(Report(run["message"], lines, "static" if resolving else "construction"))
    return found


def pyrefly(python: Path, texts: Sequence[tuple[Path, str]]) -> list[Report | None]:
    """Pyrefly checks files without running them; all errors that it reports for a file are one report."""
    with tempfile.TemporaryDirectory() as folder:
        names = [f"{number}_{path.parent.name}.py" for number, (path, _) in enumerate(texts)]
        for name, (_, text) in zip(names, texts, strict=True):
            (Path(folder) / name).write_text(text, encoding="utf-8")
        settings = f'python-version = "3.13"\npython-interpreter-path = "{python}"\n'
        (Path(folder) / "pyrefly.toml").write_text(settings, encoding="utf-8")
        command = [str(python.with_name("pyrefly")), "check", "--output-format", "json"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    every: list[dict[str, Any]] = json.loads(done.stdout)["errors"]
    found: list[Report | None] = []
    for name in names:
        mine = [each for each in every if Path(each["path"]).name == name and each["severity"] == "error"]
        message = "\n".join(each["description"] for each in mine)
        found.append(Report(message, tuple(each["line"] for each in mine), "static") if mine else None)
    return found


def peers(python: Path) -> dict[str, dict[str, Outcome]]:
    """What each of the other tools reports, by tool and case."""
    run = partial(torch_or_keras, python)
    return {
        "torch": peer("torch", run),
        "keras": peer("keras", run),
        "pyrefly": peer("pyrefly", partial(pyrefly, python)),
        "hndl": peer("hndl", partial(hndl, python)),
    }
