"""The GitHub Action, step by step: in a real git repository, with a server that answers as GitHub's API does."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts import github_action

ROOT = Path(__file__).resolve().parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = ACTION["runs"]["steps"]
TOKEN = "secret-token"

pytestmark = pytest.mark.skipif(
    sys.platform == "win32" or not shutil.which("git") or not shutil.which("bash"), reason="needs git and bash"
)


class GitHub(ThreadingHTTPServer):
    """The part of GitHub's API that has comments: pages of two, and a token that may or may not write."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.comments: list[dict[str, Any]] = []
        self.may_write = True
        self.foreign: set[int] = set()
        self.requests: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def add(self, body: str) -> dict[str, Any]:
        number = len(self.comments) + 1
        url = f"{self.url}/repos/me/nets/issues/comments/{number}"
        self.comments.append({"id": number, "body": body, "url": url, "html_url": f"https://github.test/c/{number}"})
        return self.comments[-1]


class Handler(BaseHTTPRequestHandler):
    server: GitHub

    def log_message(self, *args: Any) -> None:
        pass

    def answer(self, status: int, value: Any, **headers: str) -> None:
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(json.dumps(value).encode())

    def body(self) -> str:
        found = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["body"]
        assert isinstance(found, str)
        return found

    def allowed(self, *, write: bool) -> bool:
        self.server.requests.append(f"{self.command} {self.path}")
        if self.headers["Authorization"] != f"Bearer {TOKEN}":
            self.answer(401, {"message": "Bad credentials"})
            return False
        if write and not self.server.may_write:
            self.answer(403, {"message": "Resource not accessible by integration"})
            return False
        return True

    def do_GET(self) -> None:
        if not self.allowed(write=False):
            return None
        found = re.fullmatch(r"/repos/me/nets/issues/7/comments\?per_page=100(?:&page=(\d+))?", self.path)
        if found is None:
            return self.answer(404, {"message": "Not Found"})
        page = int(found[1] or 1)
        part = self.server.comments[2 * page - 2 : 2 * page]
        following = f"{self.server.url}/repos/me/nets/issues/7/comments?per_page=100&page={page + 1}"
        more = {"Link": f'<{following}>; rel="next"'} if 2 * page < len(self.server.comments) else {}
        return self.answer(200, part, **more)

    def do_POST(self) -> None:
        if self.allowed(write=True):
            assert self.path == "/repos/me/nets/issues/7/comments"
            self.answer(201, self.server.add(self.body()))

    def do_PATCH(self) -> None:
        if not self.allowed(write=True):
            return None
        number = int(self.path.rpartition("/")[2])
        if number in self.server.foreign:
            return self.answer(403, {"message": "Must have push access"})
        self.server.comments[number - 1]["body"] = self.body()
        return self.answer(200, self.server.comments[number - 1])


@pytest.fixture
def server() -> Iterator[GitHub]:
    with GitHub() as found:
        thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield found
        found.shutdown()
        thread.join()


class Repository:
    """A repository with a pull request, and the environment that GitHub gives a step."""

    def __init__(self, folder: Path, server: GitHub | None = None) -> None:
        self.folder = folder / "work"
        self.temporary = folder / "temp"
        self.server = server
        for each in (self.folder, self.temporary):
            each.mkdir()
        self.git("init", "-q", "-b", "main")
        self.write("net.arch", "input 1x8x8\nconv 4 k3; relu\nflatten; fc 10\n")
        self.write("same.arch", "input 8\nfc 2\n")
        self.write("lib/blocks.arch", "block head(c) { flatten; fc c }\n")
        self.write("user.arch", 'use "lib/blocks.arch"\ninput 1x8x8\nhead 10\n')
        self.base = self.commit()

    def git(self, *words: str) -> str:
        who = ["-c", "user.name=A", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"]
        done = subprocess.run(["git", *who, *words], cwd=self.folder, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def write(self, name: str, text: str) -> None:
        (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / name).write_text(text, encoding="utf-8")

    def commit(self) -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "x")
        return self.git("rev-parse", "HEAD")

    def step(self, name: str, **inputs: str) -> "subprocess.CompletedProcess[str]":
        """Run the step of action.yml with this name as the runner does: with `env` and `run`, in bash."""
        (step,) = (each for each in STEPS if each.get("name") == name)
        values = {key: str(each.get("default", "")) for key, each in ACTION["inputs"].items()}
        values |= {"token": TOKEN} | {key.replace("_", "-"): value for key, value in inputs.items()}
        known = {f"inputs.{key}": value for key, value in values.items()} | {"runner.temp": str(self.temporary)}
        variables = {
            key: re.sub(r"\$\{\{ (\S+) \}\}", lambda found: known[found[1]], text) for key, text in step["env"].items()
        }
        event = self.temporary / "event.json"
        event.write_text(json.dumps({"pull_request": {"number": 7, "base": {"sha": self.base}}}))
        variables |= {
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_API_URL": self.server.url if self.server else "http://127.0.0.1:9",
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_OUTPUT": str(self.temporary / "output"),
            "GITHUB_REPOSITORY": "me/nets",
            "GITHUB_STEP_SUMMARY": str(self.temporary / "summary.md"),
            "PATH": f"{self.temporary / 'bin'}{os.pathsep}{os.environ['PATH']}",
        }
        programs = self.temporary / "bin"
        programs.mkdir(exist_ok=True)
        if not (programs / "python").exists():
            (programs / "python").write_text(f"#!/bin/sh\nexec '{sys.executable}' \"$@\"\n")
            (programs / "python").chmod(0o755)
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", step["run"]],
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": str(ROOT)} | variables,
            capture_output=True,
            text=True,
            encoding="utf-8",
            check=False,
        )

    def outputs(self) -> dict[str, str]:
        lines = (self.temporary / "output").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)

    def comment(self) -> str:
        return (self.temporary / "archdsl-review" / "comment.md").read_text(encoding="utf-8")

    def diagrams(self) -> list[str]:
        return sorted(path.name for path in (self.temporary / "archdsl-review" / "diagrams").iterdir())


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


@pytest.fixture
def reviewed(tmp_path: Path, server: GitHub) -> Repository:
    """A repository in which a network has changed, and the review of that."""
    found = Repository(tmp_path, server)
    found.write("net.arch", "input 1x8x8\nconv 8 k3; relu\nflatten; fc 10\n")
    found.commit()
    assert found.step("Compare with the base", diagrams="false").returncode == 0
    return found


COMPARE = "Compare with the base"


def test_every_change_is_reviewed(repository: Repository) -> None:
    repository.write("net.arch", "input 1x8x8\nconv 8 k3; relu\nflatten; fc 10\n")
    repository.write("lib/blocks.arch", "block head(c) { flatten; fc 5; fc c }\n")
    repository.write("new net.arch", "input 3x16x16\nconv 7 k5 s2\nbn; tanh\nmaxpool 2\n")
    repository.git("rm", "-q", "same.arch")
    repository.commit()
    done = repository.step(COMPARE)
    assert done.returncode == 0, done.stdout + done.stderr
    text = repository.comment()
    assert text.startswith(github_action.MARKER)
    headings = re.findall(r"^### (.+)$", text, re.MULTILINE)
    assert headings == ["net → net", "`new net.arch` is new", "user → user", "`same.arch` is deleted"]
    assert "+40" in text or "parameters" in text
    assert repository.base not in text  # shortened
    assert repository.outputs() == {"changed": "4", "diagrams": "6"}
    assert repository.diagrams() == [
        *("01-net.after.svg", "01-net.before.svg", "02-new-net.after.svg", "03-user.after.svg", "03-user.before.svg"),
        "04-same.before.svg",
    ]
    before, after = (
        (repository.temporary / "archdsl-review/diagrams" / f"01-net.{x}.svg").read_text() for x in ("before", "after")
    )
    assert before != after
    assert (repository.temporary / "summary.md").read_text() == text


def test_renamed_files_are_compared_with_their_previous_names(repository: Repository) -> None:
    repository.git("mv", "net.arch", "renamed.arch")
    repository.commit()
    assert repository.step(COMPARE, diagrams="false").returncode == 0
    assert "No network differs" in repository.comment()
    repository.write("renamed.arch", "input 1x8x8\nconv 4 k3; tanh\nflatten; fc 10\n")
    repository.commit()
    assert repository.step(COMPARE, diagrams="false").returncode == 0
    assert "is new" not in repository.comment()
    assert "renamed.arch" in repository.comment()


def test_formatting_changes_are_not_reviewed(repository: Repository) -> None:
    repository.write("net.arch", "# a comment\ninput 1x8x8\n\nconv 4 k3\nrelu\nflatten\nfc 10\n")
    repository.commit()
    assert repository.step(COMPARE, diagrams="false").returncode == 0
    assert "No network differs" in repository.comment()
    assert repository.outputs()["changed"] == "0"


def test_networks_with_errors_are_reported(repository: Repository) -> None:
    repository.write("net.arch", "input 1x8x8\nconvv 4 k3\n")
    repository.commit()
    assert repository.step(COMPARE, diagrams="false").returncode == 0
    assert "`net.arch` cannot be compared" in repository.comment()
    assert "there is no layer or block `convv`" in repository.comment()


def test_only_the_given_paths_are_reviewed(repository: Repository) -> None:
    repository.write("a/one.arch", "input 8\nfc 3\n")
    repository.write("b/two.arch", "input 8\nfc 3\n")
    repository.commit()
    assert repository.step(COMPARE, paths="a\nnet.arch", diagrams="false").returncode == 0
    assert re.findall(r"^### (.+)$", repository.comment(), re.MULTILINE) == ["`a/one.arch` is new"]


def test_shallow_clone_is_explained(repository: Repository, tmp_path: Path) -> None:
    repository.write("net.arch", "input 8\nfc 3\n")
    repository.commit()
    shallow = tmp_path / "shallow"
    repository.git("clone", "-q", "--depth", "1", f"file://{repository.folder}", str(shallow))
    repository.folder = shallow
    done = repository.step(COMPARE, diagrams="false")
    assert done.returncode == 2
    assert "fetch-depth: 0" in done.stdout


@pytest.mark.parametrize("path", ["--output=x", "-rf"])
def test_path_that_starts_with_a_dash_is_refused(repository: Repository, path: str) -> None:
    for name in (COMPARE, "Check"):
        done = repository.step(name, paths=path)
        assert done.returncode == 2
        assert "must not start with" in done.stdout


def test_repository_files_cannot_shadow_the_program(repository: Repository) -> None:
    """A pull request may add any file; none of them is imported."""
    for name in ("archdsl/__init__.py", "json.py", "scripts/__init__.py", "sitecustomize.py"):
        repository.write(name, "raise SystemExit('imported')\n")
    repository.write("net.arch", "input 1x8x8\nconv 8 k3; relu\nflatten; fc 10\n")
    repository.commit()
    assert repository.step(COMPARE, diagrams="false").returncode == 0
    assert repository.step("Check").returncode == 0
    assert "net → net" in repository.comment()


# --- comment ---


def test_comment_is_created_and_then_updated(reviewed: Repository, server: GitHub) -> None:
    server.add("Nice!")
    server.add("I agree.")
    server.add("+1")
    done = reviewed.step("Comment")
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(server.comments) == 4
    assert server.comments[3]["body"] == reviewed.comment()
    assert reviewed.outputs()["comment-url"] == "https://github.test/c/4"
    reviewed.write("net.arch", "input 1x8x8\nconv 16 k3; relu\nflatten; fc 10\n")
    reviewed.commit()
    assert reviewed.step(COMPARE, diagrams="false").returncode == 0
    assert reviewed.step("Comment").returncode == 0
    assert len(server.comments) == 4  # the same comment, found on the second page
    assert server.comments[3]["body"] == reviewed.comment()
    assert server.requests[-1] == "PATCH /repos/me/nets/issues/comments/4"


def test_comment_is_not_created_without_changes(repository: Repository, server: GitHub) -> None:
    repository.server = server
    assert repository.step(COMPARE, diagrams="false").returncode == 0
    assert repository.step("Comment").returncode == 0
    assert server.comments == []
    server.add(f"{github_action.MARKER}\n\nold")
    assert repository.step("Comment").returncode == 0
    assert "No network differs" in server.comments[0]["body"]


def test_comments_of_others_are_not_modified(reviewed: Repository, server: GitHub) -> None:
    server.add(f"{github_action.MARKER}\n\ncopied")
    server.foreign = {1}
    assert reviewed.step("Comment").returncode == 0
    assert server.comments[0]["body"].endswith("copied")
    assert server.comments[1]["body"] == reviewed.comment()


def test_read_only_token_is_a_warning(reviewed: Repository, server: GitHub) -> None:
    server.may_write = False
    done = reviewed.step("Comment")
    assert done.returncode == 0
    assert done.stdout.startswith("::warning")
    assert reviewed.step("Comment", token="wrong").returncode == 0
    assert server.comments == []
    assert TOKEN not in done.stdout + done.stderr


def test_unreachable_server_is_an_error(reviewed: Repository) -> None:
    reviewed.server = None
    done = reviewed.step("Comment")
    assert done.returncode == 1
    assert "GitHub cannot be reached" in done.stdout
    assert "Traceback" not in done.stderr


def test_long_comment_is_truncated() -> None:
    text = github_action.body([f"### {number}\n\n{'x' * 1000}" for number in range(200)])
    assert len(text) <= github_action.LONGEST
    shown = len(re.findall(r"^### ", text, re.MULTILINE))
    assert text.endswith(f"… and {200 - shown} more changes, too long for a comment.")
    assert len(github_action.body(["y" * 100_000])) < 1000


# --- check and budget ---


def test_errors_are_annotated(repository: Repository) -> None:
    assert repository.step("Check").returncode == 0
    repository.write("lib/wrong.arch", "input 1x8x8\nconv 4 k9\n")
    done = repository.step("Check")
    assert done.returncode == 1
    assert "::error file=./lib/wrong.arch,line=2" in done.stdout or "::error file=lib/wrong.arch,line=2" in done.stdout


def test_warnings_fail_if_strict(repository: Repository) -> None:
    repository.write("warned.arch", "input 1x8x8\nlet a = 3\nconv 4 k3\n")
    assert repository.step("Check").returncode == 0
    done = repository.step("Check", strict="true")
    assert done.returncode == 1
    assert "::warning file=" in done.stdout


@pytest.mark.parametrize(("limits", "over"), [("params<=1490, macs<1M", []), ("macs<=640\nparams<=1G", ["net.arch"])])
def test_networks_over_budget_are_annotated(repository: Repository, limits: str, over: list[str]) -> None:
    done = repository.step("Budget", budget=limits, paths="net.arch user.arch same.arch")
    assert done.returncode == int(bool(over)), done.stdout + done.stderr
    assert re.findall(r"^::error file=([^,]+),title=over budget", done.stdout, re.MULTILINE) == over


@pytest.mark.parametrize(
    ("text", "most", "value", "kept"),
    [
        ("params<=25M", 25e6, 25_000_000, True),
        ("params<25M", 25e6, 25_000_000, False),
        ("macs <= 1.5G", 1.5e9, 1_500_000_001, False),
        ("trainable<=1_000", 1000, 1000, True),
        ("Params<=2k", 2000, 2001, False),
        ("parameters<1B", 1e9, 999_999_999, True),
    ],
)
def test_budget_limits_are_parsed(text: str, most: float, value: int, kept: bool) -> None:
    (limit,) = github_action.limits(text)
    assert limit.most == most
    assert limit.allows(value) is kept


@pytest.mark.parametrize("text", ["params>3", "parms<=3", "params<=", "params<=3Q", " , ", "params<=1e6", "params<=-1"])
def test_invalid_budget_is_an_error(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        github_action.limits(text)
    assert stop.value.code == 2
    assert "::error title=archdsl::budget: " in capsys.readouterr().out


def test_budget_refuses_symbolic_costs(repository: Repository) -> None:
    repository.write("sizes.arch", "input 3xHxW\nconv 4 k3\n")
    done = repository.step("Budget", budget="macs<=1T")
    assert done.returncode == 1
    assert "depends on the input size" in done.stdout
    assert repository.step("Budget", budget="params<=1T").returncode == 0


def test_budget_fails_for_networks_with_errors(repository: Repository) -> None:
    repository.write("net.arch", "input 8\nfcc 2\n")
    assert repository.step("Budget", budget="params<=1T").returncode == 1
    assert repository.step("Budget", budget="params<=1T", paths="nowhere.arch").returncode == 2


# --- the file ---


def test_no_script_contains_an_expression() -> None:
    """Text from outside (a title, an input) would be executed."""
    assert all("${{" not in step.get("run", "") for step in STEPS)


def test_actions_are_pinned() -> None:
    for step in STEPS:
        assert "uses" not in step or re.fullmatch(r"actions/[\w-]+@v\d+\.\d+\.\d+", step["uses"])


def test_every_input_is_used_and_every_step_exists() -> None:
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    used = set(re.findall(r"inputs\.([\w-]+)", text))
    assert used == set(ACTION["inputs"])
    commands = [re.search(r"github_action\.py\" (\w+)$", step["run"]) for step in STEPS if "run" in step]
    assert [found[1] for found in commands if found] == ["review", "comment", "check", "budget"]
    for name in ("comment", "diagrams", "strict"):
        assert ACTION["inputs"][name]["default"] in ("true", "false")


def test_action_installs_only_the_core() -> None:
    (install,) = (step for step in STEPS if "pip install" in step.get("run", ""))
    assert install["run"] == 'python -m pip install --quiet "$GITHUB_ACTION_PATH"'


def test_pre_commit_hooks_install_only_the_core() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert {hook["id"] for hook in hooks} == {"archdsl-check", "archdsl-fmt", "archdsl-diagram"}
    for hook in hooks:
        assert hook["language"] == "python"
        assert "additional_dependencies" not in hook
