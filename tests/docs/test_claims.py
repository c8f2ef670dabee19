"""Every claim in README.md links to a test or a published result, and its numbers are those of the result."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
FIGURE = re.compile(r"(?<![\w.,-])\d[\d,]*(?:\.\d+)?(?![\w-])")
LINK = re.compile(r"\]\(([^)#]+)\)")


class Claim(NamedTuple):
    """A row of a page's table, and the files that it links to."""

    text: str
    evidence: tuple[Path, ...]


def table(page: str, heading: str) -> list[str]:
    """The rows of the table under a heading, without its head."""
    text = (ROOT / page).read_text(encoding="utf-8").partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return [line for line in text.splitlines() if line.startswith("| ")][2:]


def claim(row: str) -> Claim:
    output, held = row.strip("| ").rsplit(" | ", 1)
    return Claim(output, tuple(ROOT / target for target in LINK.findall(held)))


CLAIMS = [claim(row) for row in table("README.md", "What it does")]


def figures(value: Any) -> set[float]:
    """Every number in a JSON value, the length of each object and list, and how often each flag in a list is true."""
    match value:
        case dict():
            return {float(len(value))}.union(*map(figures, value.values()))
        case list():
            flags = Counter(key for each in value if isinstance(each, dict) for key in each if each[key] is True)
            return {float(len(value)), *map(float, flags.values())}.union(*map(figures, value))
        case bool() | str() | None:
            return set()
        case _:
            return {float(value)}


def measured(*files: Path) -> set[float]:
    """Every number in those of these files that are results."""
    results = (json.loads(file.read_text(encoding="utf-8")) for file in files if file.suffix == ".json")
    return set[float]().union(*map(figures, results))


def output(text: str) -> list[float]:
    return [float(figure.replace(",", "")) for figure in FIGURE.findall(text)]


def test_readme_has_claims() -> None:
    assert len(CLAIMS) > 10


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.text[:40])
def test_claim_is_backed_by_its_evidence(claim: Claim) -> None:
    assert claim.evidence
    for file in claim.evidence:
        assert file.is_file(), file
        # A result, or a test that `make test` runs.
        assert file.suffix == ".json" or (file.name.startswith("test_") and "def test_" in file.read_text("utf-8"))
    assert set(output(claim.text)) <= measured(*claim.evidence)


def test_startup_times_in_architecture_match_the_benchmark() -> None:
    published = json.loads((ROOT / "benchmarks" / "published" / "startup.json").read_text(encoding="utf-8"))
    rows = [row.split(" | ") for row in table("docs/architecture.md", "Start-up time")]
    times = [output(row[1].removesuffix(" ms"))[0] for row in rows]
    medians = published["median_ms"]
    contenders = ("import lark, click", "archdsl check vgg16_bn", "archdsl check zoo:resnet152", "torchinfo")
    assert times == [medians[name] for name in contenders]
    for row, time in zip(rows, times, strict=True):
        assert float(row[2].strip("| ")) == pytest.approx(time / times[0], rel=0.05)


def test_training_speed_figures_match_the_benchmark() -> None:
    def ratio(name: str, contender: str) -> float:
        path = ROOT / "benchmarks" / "published" / f"{name}.json"
        return float(json.loads(path.read_text(encoding="utf-8"))["ratio"][contender])

    subjects = [f"{subject}-{precision}" for subject in ("airbench94", "small") for precision in ("fp32", "bf16")]
    measured = [
        *(ratio(f"module-{subject}", "archdsl's module") for subject in subjects),
        *(ratio(f"training-{subject}", "archdsl's training") for subject in subjects),
        *(ratio(name, "archdsl") for name in ("segmentation-unet", "language-lstm", "language-gpt", "step")),
    ]
    message = [float(row.strip("| ").rsplit(" | ", 1)[1]) for row in table("docs/training.md", "What it costs")]
    assert message == measured
    text = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    folder = re.search(r"takes\s+([\d.]+)\s+times\s+as\s+long\s+as\s+decoding", text)
    assert folder is not None
    assert float(folder[1]) == ratio("folder", "stream")
    peers = re.search(
        r"Lightning's\s+Trainer\s+takes\s+([\d.]+)\s+times[\w\s]+,\s+and\s+Keras's\s+`fit`\s+on\s+PyTorch\s+([\d.]+)",
        text,
    )
    assert peers is not None
    assert [float(each) for each in peers.groups()] == [
        ratio("step", "Lightning's Trainer"),
        ratio("step", "Keras' fit, on torch"),
    ]
