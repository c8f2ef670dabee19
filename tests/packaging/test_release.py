"""The release check finds what prevents a release, and CITATION.cff has the fields of its format."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from archdsl import __version__
from scripts import release
from tests.packaging.test_wheel import ROOT, build

MANIFESTS = dict(release.manifest_versions(ROOT))
METADATA = (
    *("pyproject.toml", "CITATION.cff", "CHANGELOG.md", "archdsl/version.py", "docs/integrations.md"),
    *MANIFESTS,
)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """A copy of the files with metadata, in which every check passes."""
    for name in METADATA:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    replace(tmp_path, "pyproject.toml", "archdsl.invalid", "archdsl.dev")
    replace(tmp_path, "CITATION.cff", "archdsl.invalid", "archdsl.dev")
    (tmp_path / "CHANGELOG.md").write_text(f"# Changelog\n\n## Unreleased\n\n## {__version__}\n\n- Something.\n")
    assert list(release.problems(tmp_path)) == []
    return tmp_path


def replace(root: Path, name: str, old: str, new: str) -> None:
    text = (root / name).read_text(encoding="utf-8")
    assert old in text
    (root / name).write_text(text.replace(old, new), encoding="utf-8")


def test_placeholders_of_this_project_are_flagged() -> None:
    """Once the project has a public place, its URLs go here, and this test goes away."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "release.py"), "--metadata"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    flagged = re.findall(r"URL `(\w+)` is a placeholder", done.stdout)
    assert flagged == list(release.project(ROOT)["urls"])
    assert re.findall(r"CITATION.cff: `(\S+)` is a placeholder", done.stdout) == ["url", "repository-code"]
    assert done.stdout.endswith("no release can be made yet\n")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://archdsl.invalid", True),
        ("https://docs.archdsl.invalid/x", True),
        ("https://example.com/archdsl", True),
        ("https://www.example.org", True),
        ("http://localhost:8000", True),
        ("archdsl", True),
        ("https://github.com/example/archdsl", False),
        ("https://notexample.com", False),
        ("https://invalid.dev", False),
    ],
)
def test_placeholder_urls_are_recognized(url: str, expected: bool) -> None:
    assert release.is_placeholder(url) is expected


@pytest.mark.parametrize(
    ("name", "old", "new", "problem"),
    [
        ("pyproject.toml", "https://archdsl.dev/issues", "https://example.com/issues", "the URL `Issues`"),
        ("pyproject.toml", "[project.urls]", "[project.links]", "no project URLs"),
        ("CITATION.cff", f"version: {__version__}", "version: 0.0.9", "CITATION.cff has version 0.0.9"),
        ("CITATION.cff", "https://archdsl.dev/source", "https://archdsl.test", "`repository-code`"),
        ("docs/integrations.md", f"rev: v{__version__}", "rev: v0.0.9", "docs/integrations.md shows version 0.0.9"),
        *((name, __version__, "0.0.9", f"{name} has version 0.0.9") for name in MANIFESTS),
        ("CHANGELOG.md", f"## {__version__}", "## 0.0.9", f"no section {__version__}"),
        ("CHANGELOG.md", "## Unreleased\n", "## Unreleased\n\n- A change.\n", "changes under Unreleased"),
        ("archdsl/version.py", __version__, f"{__version__}.dev0", "is not the version of a release"),
    ],
)
def test_each_problem_is_found(copied: Path, name: str, old: str, new: str, problem: str) -> None:
    replace(copied, name, old, new)
    assert any(problem in found for found in release.problems(copied))


def test_every_manifest_has_the_version_of_the_package() -> None:
    assert set(release.manifest_versions(ROOT)) == {(name, __version__) for name in MANIFESTS}
    names = ("package.json", "package-lock.json", "Cargo.toml", "extension.toml", "tree-sitter.json")
    found = [path for name in names for folder in ("web", "editors/*") for path in ROOT.glob(f"{folder}/{name}")]
    assert {path.relative_to(ROOT).as_posix() for path in found} == set(MANIFESTS)


def test_release_check_passes_for_a_ready_project(copied: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert release.main(["--metadata", "--root", str(copied)]) == 0
    assert capsys.readouterr().out == f"{__version__} can be released\n"


def test_classifiers_exist() -> None:
    trove = pytest.importorskip("trove_classifiers")
    assert set(release.project(ROOT)["classifiers"]) <= trove.classifiers


def test_twine_accepts_the_distributions(tmp_path: Path) -> None:
    pytest.importorskip("twine")
    build(ROOT, tmp_path, "--wheel", "--sdist")
    found = [str(path) for path in tmp_path.iterdir() if path.suffix in (".whl", ".gz")]
    assert len(found) == 2
    command = [sys.executable, "-m", "twine", "check", "--strict", *found]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("PASSED") == 2


# The fields of Citation File Format 1.2.0 (https://citation-file-format.github.io) that a software project uses.
CFF_REQUIRED = {"authors", "cff-version", "message", "title"}
CFF_FIELDS = CFF_REQUIRED | {
    *("abstract", "commit", "contact", "date-released", "doi", "identifiers", "keywords", "license", "license-url"),
    *("preferred-citation", "references", "repository", "repository-artifact", "repository-code", "type", "url"),
    "version",
}
CFF_ENTITY = {
    *("address", "alias", "city", "country", "date-end", "date-start", "email", "fax", "location", "name", "orcid"),
    *("post-code", "region", "tel", "website"),
}


def test_citation_file_has_the_required_fields() -> None:
    found = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert found.keys() >= CFF_REQUIRED
    assert found.keys() <= CFF_FIELDS
    assert found["cff-version"] == "1.2.0"
    assert found["type"] in ("software", "dataset")
    assert found["authors"]
    for author in found["authors"]:
        assert author.keys() <= CFF_ENTITY
        assert author["name"]
    for name in ("message", "title", "abstract", "version", "license", "url", "repository-code"):
        assert isinstance(found[name], str)
        assert found[name]
    for name in ("url", "repository-code"):
        assert re.match(r"^(https?|s?ftp)://", found[name])
    assert len(set(found["keywords"])) == len(found["keywords"])


def test_citation_agrees_with_the_project() -> None:
    found = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = release.project(ROOT)
    assert found["title"] == project["name"]
    assert project["license"].split(" AND ")[0] == found["license"]
    assert [author["name"] for author in found["authors"]] == [author["name"] for author in project["authors"]]
    assert found["version"] == __version__
    assert found["repository-code"] == project["urls"]["Source"]


def test_supported_python_versions_match_the_project() -> None:
    versions = release.supported(ROOT)
    assert versions == ["3.11", "3.12", "3.13", "3.14"]
    assert release.project(ROOT)["requires-python"] == f">={versions[0]}"


def test_interpreter_has_the_requested_version() -> None:
    here = "{}.{}".format(*sys.version_info)
    assert release.interpreter(here) == sys.executable
    assert release.interpreter("3.99") is None
