"""The steps of the GitHub Action in action.yml. Each is a command; inputs are environment variables.

review    write the differences of changed networks, and their diagrams before and after, to the folder REVIEW
comment   create or update the pull request's comment from that folder
check     print an annotation for each error and warning; exits with the status of `archdsl check`
budget    print an annotation for each limit in BUDGET that a network exceeds; exits with 1 if there is one
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, NoReturn
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

MARKER = "<!-- archdsl: this comment is updated by the next push -->"
LONGEST = 65_000
"""The largest number of characters of a comment; GitHub's limit is 65,536."""
_ARCHDSL = (sys.executable, "-P", "-m", "archdsl")  # -P: the repository may have a folder with the same name
_PAGES = 50


def fail(message: str, status: int = 2) -> NoReturn:
    """Print an error annotation and exit."""
    print(f"::error title=archdsl::{_escaped(message)}")
    raise SystemExit(status)


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _escaped(text).replace(":", "%3A").replace(",", "%2C")


def run(*command: str) -> "subprocess.CompletedProcess[str]":
    """Run a command without a shell, and capture its output."""
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


def git(*words: str) -> str:
    """The output of git. Exits with 2 if it fails."""
    done = run("git", *words)
    if done.returncode:
        fail(f"git {words[0]} failed: {done.stderr.strip()}")
    return done.stdout


def paths() -> list[str]:
    """The input `paths`."""
    found = os.environ.get("PATHS", "").split()
    if any(path.startswith("-") for path in found):
        fail("paths: a path must not start with `-`")
    return found or ["."]


def event() -> dict[str, Any]:
    """The event that started the workflow."""
    found = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


def set_output(name: str, value: object) -> None:
    """Set an output of the step."""
    with open(os.environ["GITHUB_OUTPUT"], "a", encoding="utf-8") as file:
        file.write(f"{name}={value}\n")


# --- review ---


class Change(NamedTuple):
    """A network that differs: its path now and before; None where there is none."""

    after: str | None
    before: str | None


def base() -> str | None:
    """The commit to compare with: where the pull request branched off, or the one before the push; None if there is
    none.
    """
    found = event()
    commit = found["pull_request"]["base"]["sha"] if "pull_request" in found else found.get("before")
    if not commit or not commit.strip("0"):
        return None
    if run("git", "cat-file", "-e", f"{commit}^{{commit}}").returncode:
        fail("the base commit is not in this checkout: give actions/checkout `fetch-depth: 0`")
    merge_base = run("git", "merge-base", commit, "HEAD")
    if merge_base.returncode:
        fail("the checkout has too little history: give actions/checkout `fetch-depth: 0`")
    return merge_base.stdout.strip()


def changes(commit: str) -> Iterator[Change]:
    """The networks that differ from a commit: those whose file changed, or a file that they use."""
    words = iter(git("diff", "--name-status", "-z", "--find-renames", commit, "HEAD", "--", *paths()).split("\0"))
    renamed: dict[str, str | None] = {}
    deleted = []
    for status in words:
        if not status:
            break
        first = next(words)
        second = next(words) if status[0] in "RC" else first
        if status[0] == "D":
            deleted.append(first)
        else:
            renamed[second] = None if status[0] in "AC" else first
    every = git("diff", "--name-only", "-z", commit, "HEAD").split("\0")
    changed = {str(Path(name).resolve()) for name in every if name}
    for name in git("ls-files", "-z", "--", *paths()).split("\0"):
        if name.endswith(".arch") and is_network(name, changed):
            yield Change(name, renamed.get(name, name))
    yield from (Change(None, name) for name in deleted if name.endswith(".arch"))


def is_network(name: str, changed: set[str]) -> bool:
    """Whether a file, or one that it uses, has changed, and it is a network rather than a file of blocks."""
    from archdsl.diagnostics import Sink
    from archdsl.network import analyze
    from archdsl.text.files import UnreadableFile, noting_reads
    from archdsl.zoo import read_named

    read: list[Path] = []
    try:
        with noting_reads(read.append):
            analysis = analyze(read_named(name), Sink(), blocks_only=True)
    except UnreadableFile:
        return False  # the check reports it
    is_blocks = not analysis.draft.nodes and bool(analysis.program.blocks)
    return not is_blocks and any(str(path.resolve()) in changed for path in read)


def review() -> None:
    """Write comment.md and diagrams/ to the folder REVIEW."""
    folder = Path(os.environ["REVIEW"])
    (folder / "diagrams").mkdir(parents=True, exist_ok=True)
    commit = base()
    found = [] if commit is None else list(changes(commit))
    parts = [part for change in found if (part := describe(change, commit or ""))]
    (folder / "comment.md").write_text(body(parts), encoding="utf-8")
    drawn = 0
    if os.environ.get("DIAGRAMS") == "true":
        drawn = sum(draw(number, change, commit or "", folder / "diagrams") for number, change in enumerate(found, 1))
    set_output("changed", len(parts))
    set_output("diagrams", drawn)
    if summary := os.environ.get("GITHUB_STEP_SUMMARY"):
        Path(summary).write_text(body(parts), encoding="utf-8")


def describe(change: Change, commit: str) -> str:
    """A change in Markdown; empty if the networks are the same."""
    if change.after is None:
        return f"### {_code(change.before or '')} is deleted"
    if change.before is None:
        done = run(*_ARCHDSL, "check", "--format", "markdown", change.after)
        table = (
            f"<details><summary>Layers</summary>\n\n{done.stdout}\n</details>" if not done.returncode else _errors(done)
        )
        return f"### {_code(change.after)} is new\n\n{table}"
    done = run(*_ARCHDSL, "diff", "--format", "markdown", f"{commit}:{change.before}", change.after)
    if done.returncode == 2:
        return f"### {_code(change.after)} cannot be compared\n\n{_errors(done)}"
    return done.stdout.strip().replace(commit, commit[:9]) if done.returncode == 1 else ""


def _errors(done: "subprocess.CompletedProcess[str]") -> str:
    return f"````text\n{done.stderr.strip()[:4000]}\n````"


def _code(text: str) -> str:
    return f"`{text.replace('`', chr(39))}`"


def body(parts: list[str]) -> str:
    """The comment, within GitHub's limit."""
    found = [MARKER, "## Networks", *(parts or ["No network differs from the base."])]
    if (text := "\n\n".join(found)) and len(text) <= LONGEST:
        return text
    while len("\n\n".join(found)) > LONGEST - 200:
        found.pop()
    return "\n\n".join([*found, f"… and {len(parts) + 2 - len(found)} more changes, too long for a comment."])


def draw(number: int, change: Change, commit: str, folder: Path) -> int:
    """Render a network before and after; return the number of diagrams. A network with errors has none."""
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", (change.after or change.before or "").removesuffix(".arch"))
    drawn = 0
    for when, source in (("before", change.before and f"{commit}:{change.before}"), ("after", change.after)):
        if source:
            done = run(*_ARCHDSL, "diagram", source, "-o", str(folder / f"{number:02}-{name}.{when}.svg"))
            drawn += not done.returncode
    return drawn


# --- comment ---


def request(method: str, url: str, data: dict[str, str] | None = None) -> tuple[Any, str]:
    """The JSON of GitHub's answer, and its Link header. Raises HTTPError, URLError."""
    headers = {
        "Accept": "application/vnd.github+json",
        "Authorization": f"Bearer {os.environ['TOKEN']}",
        "X-GitHub-Api-Version": "2022-11-28",
        "User-Agent": "archdsl",
    }
    content = None if data is None else json.dumps(data).encode()
    with urlopen(Request(url, content, headers, method=method), timeout=60) as answer:
        return json.loads(answer.read() or b"null"), answer.headers.get("Link") or ""


def own_comments(url: str) -> Iterator[str]:
    """The addresses of the comments that start with the marker."""
    following: str | None = f"{url}?per_page=100"
    for _ in range(_PAGES):
        if following is None:
            return
        found, link = request("GET", following)
        yield from (each["url"] for each in found if (each.get("body") or "").startswith(MARKER))
        after = re.search(r'<([^>]+)>; rel="next"', link)
        following = after[1] if after else None


def comment() -> None:
    """Update the comment of this action, or create it if a network differs."""
    text = (Path(os.environ["REVIEW"]) / "comment.md").read_text(encoding="utf-8")
    number = event()["pull_request"]["number"]
    url = f"{os.environ['GITHUB_API_URL']}/repos/{os.environ['GITHUB_REPOSITORY']}/issues/{number}/comments"
    try:
        found = _updated(url, text)
        if found is None and text != body([]):
            found, _ = request("POST", url, {"body": text})
    except HTTPError as error:
        if error.code not in (401, 403, 404):
            fail(f"GitHub refuses the comment: {error.code} {error.reason}", 1)
        # A pull request from a fork has a token that is not allowed to write: that is no reason to fail.
        print("::warning title=archdsl::the comment needs `permissions: pull-requests: write`; see the job's summary")
        return
    except (URLError, OSError) as error:
        fail(f"GitHub cannot be reached: {error}", 1)
    if found is not None:
        set_output("comment-url", found.get("html_url", ""))


def _updated(url: str, text: str) -> dict[str, Any] | None:
    """The comment that was updated; None if there is none. A comment by somebody else, who copied the marker, is left
    alone.
    """
    for each in own_comments(url):
        try:
            found, _ = request("PATCH", each, {"body": text})
        except HTTPError as error:
            if error.code not in (403, 404):
                raise
            continue
        assert isinstance(found, dict)
        return found
    return None


# --- check and budget ---


def check() -> None:
    """Print annotations; exit with the status of the check."""
    strict = ["--strict"] if os.environ.get("STRICT") == "true" else []
    done = subprocess.run([*_ARCHDSL, "check", "--format", "github", *strict, *paths()], check=False)
    raise SystemExit(done.returncode)


_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9, "B": 10**9, "T": 10**12}
_NAMES = {"params": "parameters", "parameters": "parameters", "trainable": "trainable", "macs": "macs"}
_LIMIT = re.compile(r"(\w+)\s*(<=|<)\s*(\d[\d_]*(?:\.\d+)?)\s*([KMGBT]?)", re.IGNORECASE)


class Limit(NamedTuple):
    """A limit as written: what it limits, whether the limit itself is allowed, and the number."""

    text: str
    what: str
    inclusive: bool
    most: float

    def allows(self, value: int) -> bool:
        """Whether a value is within the limit."""
        return value <= self.most if self.inclusive else value < self.most


def limits(text: str) -> list[Limit]:
    """The limits of `params<=25M, macs<5G`. Exits with 2 if it is not a list of limits."""
    found = []
    for part in filter(None, (each.strip() for each in re.split(r"[,;\n]", text))):
        match = _LIMIT.fullmatch(part)
        if match is None or match[1].lower() not in _NAMES:
            fail(f"budget: `{part}` is not a limit such as params<=25M or macs<5G ({', '.join(_NAMES)})")
        most = float(match[3].replace("_", "")) * _UNITS[match[4].upper()]
        found.append(Limit(part, _NAMES[match[1].lower()], match[2] == "<=", most))
    return found or fail("budget: no limit is given")


def budget() -> None:
    """Print an annotation for each limit that a network exceeds; exit with 1 if there is one."""
    wanted = limits(os.environ.get("BUDGET", ""))
    done = run(*_ARCHDSL, "check", "--format", "json", *paths())
    if done.returncode == 2 or not done.stdout.strip():
        fail(done.stderr.strip() or "there are no networks to check")
    report = json.loads(done.stdout)
    failed = done.returncode != 0  # a network with errors has no totals, and the check reports it
    for network in report.get("networks", [report]):
        for limit in wanted if network["totals"] is not None else ():
            value = network["totals"][limit.what]
            if isinstance(value, int) and limit.allows(value):
                continue
            failed = True
            shown = f"is {value:,}" if isinstance(value, int) else f"depends on the input size: {value}"
            title = _property(f"over budget: {limit.text}")
            print(f"::error file={_property(network['file'])},title={title}::{_escaped(f'{limit.what} {shown}')}")
    raise SystemExit(int(failed))


STEPS: dict[str, Callable[[], None]] = {"review": review, "comment": comment, "check": check, "budget": budget}

if __name__ == "__main__":
    if sys.argv[1:2] == [] or sys.argv[1] not in STEPS:
        sys.exit(f"usage: github_action.py {'|'.join(STEPS)}")
    STEPS[sys.argv[1]]()
