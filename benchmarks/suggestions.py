"""How good suggestions are: valid networks with one error each, and what a check of them suggests.

    python benchmarks/suggestions.py [--parts NAME;…] [--kinds NAME,…] [--limit N] [--show NAME,…] [--publish]

The kinds of errors in `suggestions_data/known_*.py` were written together with the generators of suggestions. Those in
`unseen_kinds.py` and `unseen_later.py` were written by authors who had not seen the generators, and their failures have
been examined since; those in `unseen_third.py` were written in the same way, and nobody has examined their failures.
For each kind, over some valid networks of many families:

- located: an error, or the edit of a suggestion, is on a line where the error was introduced
- offered: at least one suggestion is an edit
- valid: each edit that is offered, applied alone, removes its error and adds none
- first, first two: after the first suggestion, or after one of the first two, the network is the original again

Without `--kinds` and `--show`, exits with status 1 if a part misses its goals. `--show` prints the texts of these kinds
that are not restored; `--publish` saves the figures in published/suggestions.json and writes the table of
docs/suggestions.md.
"""

import argparse
import gc
import importlib
import importlib.util
import json
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Any

from _harness import RESULTS, machine
from suggestions_data import known_arguments, known_branches, known_forms, known_sizes, known_words
from suggestions_data.cases import Case, applied, cases, errors, suggested
from suggestions_data.networks import networks
from suggestions_data.protocol import Kind, kinds_of
from suggestions_data.two_errors import two_errors

from archdsl import zoo

SEED = 20240501
CASES = 24
"""How many networks are tried with each kind of error."""
PAIRS = 120
"""How many networks with two errors there are."""
ROUNDS = 15
MEASURES = ("located", "offered", "valid", "first", "first two")
KNOWN = (known_words, known_arguments, known_branches, known_sizes, known_forms)
UNSEEN = {
    "formerly unseen": "suggestions_data.unseen_kinds",
    "formerly unseen, second set": "suggestions_data.unseen_later",
    "unseen": "suggestions_data.unseen_third",
}
"""The modules of authors who had not seen the generators of suggestions, by part."""
GOALS = {
    "known": {"located": 90, "offered": 95, "valid": 100, "first": 80, "first two": 90},
    "formerly unseen": {"offered": 65, "first": 45},
    "formerly unseen, second set": {"offered": 65, "first": 45},
    "unseen": {"offered": 65, "first": 45},
}
LARGE = {
    "resnet50": {
        "early": ("conv 64 k7 s2 p3 nobias; bn;", "conv 64 k7 s2 p3 nobias; groupnorm 7;"),
        "in a block": ("conv 4*c k1 nobias; bn\n  } shortcut", "conv 2*c k1 nobias; bn\n  } shortcut"),
        "late": ("gap\n", ""),
    },
    "densenet121": {
        "early": ("conv init k7 s2 p3 nobias; bn;", "conv init k7 s2 p3 nobias; groupnorm 7;"),
        "in a block": ("conv @c//2 k1 nobias", "conv @c//2 k1 g3 nobias"),
        "late": ("gap\n", ""),
    },
}
"""Errors in the texts of two networks of the zoo, for the time that suggestions take."""


PAGE = Path(__file__).resolve().parents[1] / "docs" / "suggestions.md"
_TABLE = re.compile(r"(?<=<!-- table: suggestions -->\n).*?(?=<!-- end of table -->)", re.DOTALL)


def with_table(page: str, result: dict[str, Any]) -> str:
    """The page with the figures of a result in its table."""
    names = (
        "error or edit on the line with the inserted error",
        "offered",
        "no new error",
        "first restores",
        "one of two restores",
    )
    lines = [f"| kinds of errors | cases | {' | '.join(names)} |", "| --- |" + " ---: |" * 6]
    for part in (name for name in GOALS if name in result):
        total = result[part]["total"]
        shares = [f"{total[name]:.1f}%" for name in MEASURES]
        lines.append(f"| {len(result[part]['kinds'])} {part} | {total['cases']:,} | {' | '.join(shares)} |")
    two = result["two errors"]
    lines += [
        "",
        f"In {two['cases']} networks with two errors each, a suggestion is offered in {two['offered']:.1f}% of cases,",
        f"and following the first suggestions leaves no error in {two['no errors']:.1f}%.",
        "",
        "| error in a large network | check | suggestions for each error |",
        "| --- | ---: | ---: |",
    ]
    for name, row in result["large"].items():
        lines.append(f"| {name} | {row['check_ms']:.1f} ms | {row['per_error_ms']:.1f} ms |")
    return _TABLE.sub(lambda _: "\n" + "\n".join(lines) + "\n\n", page)


def parts() -> dict[str, list[Kind]]:
    """The kinds of errors by part; parts without a module are left out."""
    found = {"known": [kind for module in KNOWN for kind in kinds_of(module)]}
    for part, module in UNSEEN.items():
        if importlib.util.find_spec(module) is not None:
            found[part] = kinds_of(importlib.import_module(module))
    return found


def figures(done: Sequence[Case]) -> dict[str, Any]:
    """How many cases there are, and the measures in percent; `valid` is that of the cases with an edit, or None if
    there are none.
    """
    result: dict[str, Any] = {"cases": len(done)}
    for name in MEASURES:
        values = [case.measures[name] for case in done if name in case.measures]
        result[name] = round(100 * sum(values) / len(values), 1) if values else None
    return result


def times(done: Sequence[Case]) -> dict[str, Any]:
    """Milliseconds of CPU time of a check, and of suggestions for each error: median, 95th percentile, and maximum."""
    checks = sorted(case.check_ms for case in done)
    each = sorted(case.suggest_ms / len(case.suggested) for case in done)
    return {"check_ms": _spread(checks), "suggestions_ms_per_error": _spread(each)}


def _spread(values: Sequence[float]) -> dict[str, float]:
    if not values:
        return {}
    p95 = values[min(len(values) - 1, int(0.95 * len(values)))]
    return {"median": round(median(values), 2), "p95": round(p95, 2), "max": round(values[-1], 2)}


def large() -> dict[str, Any]:
    """CPU time of a check, and of suggestions for each error, for errors at several places of two large networks."""
    result: dict[str, Any] = {}
    for name, changes in LARGE.items():
        text = zoo.find(name).source().text
        for place, (old, new) in changes.items():
            wrong = text.replace(old, new, 1)
            count = len(errors(wrong))
            if wrong == text or not count:
                raise ValueError(f"{name} has no error {place}")
            check, both = (_least_ms(lambda run=run, wrong=wrong: run(wrong)) for run in (errors, suggested))
            each = round(max(0.0, both - check) / count, 1)
            result[f"{name}, {place}"] = {"errors": count, "check_ms": round(check, 1), "per_error_ms": each}
    return result


def _least_ms(run: Any) -> float:
    taken = []
    for _ in range(ROUNDS):
        start = time.process_time()
        run()
        taken.append((time.process_time() - start) * 1000)
    return min(taken)


def pairs(kinds: Sequence[Kind]) -> dict[str, Any]:
    """The percentages of networks with two errors for which a first step is offered, and the steps lead to a network
    without errors, and to the original network.
    """
    done = [case.measures for case in two_errors(kinds, networks(), SEED, PAIRS)]
    return {"cases": PAIRS} | {name: round(100 * sum(each[name] for each in done) / PAIRS, 1) for name in done[0]}


def codes(done: Sequence[Case]) -> str:
    """The measures by the code of the first error, the most frequent first."""
    found: dict[str, list[Case]] = {}
    for case in done:
        found.setdefault(case.suggested[0][0].diagnostic.code, []).append(case)
    rows = {code: figures(each) for code, each in sorted(found.items(), key=lambda pair: -len(pair[1]))}
    return _rows("first error", rows)


def table(part: str, kinds: dict[str, dict[str, Any]], total: dict[str, Any]) -> str:
    """The measures of each kind and in total, and the goals."""
    goals = {name: GOALS[part].get(name) for name in MEASURES}
    return _rows(part, kinds | {"total": total, "goal": {"cases": ""} | goals})


def _rows(title: str, rows: dict[str, dict[str, Any]]) -> str:
    width = max(map(len, [*rows, title]))
    lines = [f"{title:{width}}  cases  {'  '.join(f'{name:>9}' for name in MEASURES)}"]
    for name, row in rows.items():
        lines.append(f"{name:{width}}  {row['cases']:>5}  {'  '.join(_percent(row[each]) for each in MEASURES)}")
    return "\n".join(lines)


def _percent(value: float | None) -> str:
    return f"{'':9}" if value is None else f"{value:7.1f} %"


def missed(part: str, total: dict[str, Any]) -> list[str]:
    """The measures that are below their goals."""
    return [name for name, goal in GOALS[part].items() if total[name] is None or total[name] < goal]


def shown(case: Case) -> str:
    """A case that is not restored: the text, its errors, what is suggested, and the original line."""
    lines = [f"--- {case.kind.name}: {case.valid.name}", *_numbered(case.text)]
    for found, fixes in case.suggested:
        each = found.diagnostic
        lines.append(f"{each.code} line {each.span.line}: {each.message()} [{each.label()}]")
        lines += [f"    help: {words}" for words in each.help()]
        for fix in fixes:
            after = set(applied(case.text, fix).split("\n")) - set(case.text.split("\n"))
            lines.append(f"    edit: {fix.title} -> {' | '.join(sorted(after)) or '(lines removed)'}")
    wanted = set(case.valid.text.split("\n")) - set(case.text.split("\n"))
    return "\n".join([*lines, f"original: {' | '.join(sorted(wanted)) or '(without the new lines)'}", ""])


def _numbered(text: str) -> list[str]:
    return [f"{number:3} {line}" for number, line in enumerate(text.rstrip("\n").split("\n"), 1)]


def measure(part: str, kinds: Sequence[Kind], limit: int, show: Sequence[str]) -> dict[str, Any]:
    """The figures of a part, which are printed."""
    rows: dict[str, dict[str, Any]] = {}
    done: list[Case] = []
    for kind in kinds:
        new = list(cases(kind, networks(), SEED, limit))
        rows[kind.name] = figures(new)
        done += new
        if kind.name in show:
            print("\n".join(shown(case) for case in new if not case.measures["first two"]))
    total = figures(done)
    print(f"{table(part, rows, total)}\n\n{codes(done)}", flush=True)
    return {"goals": GOALS[part], "total": total, "kinds": rows} | times(done)


def main() -> int:
    """Print a table for each part, and keep the figures."""
    given = _arguments()
    wanted = [name.strip() for name in (*given.kinds.split(","), *given.show.split(",")) if name.strip()]
    target = Path(__file__).with_name("published") if given.publish else RESULTS
    target.mkdir(exist_ok=True)
    target /= "suggestions.json"
    some = [name.strip() for name in given.parts.split(";") if name.strip()]
    # The figures of the other parts stay.
    result: dict[str, Any] = json.loads(target.read_text(encoding="utf-8")) if some and target.exists() else {}
    result |= {"benchmark": "suggestions", "machine": machine(), "networks": len(networks())}
    gc.collect()
    gc.freeze()  # garbage collections then skip the networks
    failed: list[str] = []
    for part, kinds in parts().items():
        chosen = [kind for kind in kinds if (not some or part in some) and (not wanted or kind.name in wanted)]
        if chosen:
            result[part] = measure(part, chosen, given.limit, given.show.split(","))
            print(f"check {result[part]['check_ms']}\nper error {result[part]['suggestions_ms_per_error']}\n")
            failed += [f"{part}: {name}" for name in missed(part, result[part]["total"])]
    if wanted:
        return 0
    result["two errors"] = pairs(parts()["known"])
    print(f"two errors: {result['two errors']}")
    result["large"] = large()
    for name, row in result["large"].items():
        print(
            f"{name}: {row['errors']} errors, check {row['check_ms']} ms, suggestions {row['per_error_ms']} ms an error"
        )
    target.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    if given.publish:
        PAGE.write_text(with_table(PAGE.read_text(encoding="utf-8"), result), encoding="utf-8")
    print(f"goals missed: {', '.join(failed)}" if failed else "all goals met")
    return 1 if failed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default="", help="only these parts, separated by semicolons")
    parser.add_argument("--kinds", default="", help="only these kinds, separated by commas")
    parser.add_argument("--limit", type=int, default=CASES, help="at most this many networks per kind")
    parser.add_argument("--show", default="", help="print the texts of these kinds that are not restored")
    parser.add_argument("--publish", action="store_true", help="write to published/")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
