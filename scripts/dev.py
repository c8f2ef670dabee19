"""Set up the project, demonstrate it, and test it: everything for a fresh clone, using only Python.

    python3 scripts/dev.py setup     create .venv and install the project into it (the others do this automatically)
    python3 scripts/dev.py demo      check a network, draw it, train one for a few epochs
    python3 scripts/dev.py test      ruff, mypy and all tests; arguments go to pytest, which then runs alone
    python3 scripts/dev.py lint      ruff and mypy only
    python3 scripts/dev.py format    ruff format, and ruff's safe fixes
    python3 scripts/dev.py site      build the documentation into build/site; its interactive pages need npm
    python3 scripts/dev.py sitetest  test the interactive pages in Chromium; needs npm
    python3 scripts/dev.py vscode    build the extension for VS Code into build/archdsl.vsix; needs npm
    python3 scripts/dev.py bench     the benchmarks, one after the other
    python3 scripts/dev.py conformance   compare the zoo with all torchvision models; arguments are names: 'resnet*'
    python3 scripts/dev.py fuzz      generate new examples of every property; arguments are those of scripts/fuzz.py
    python3 scripts/dev.py clean     remove .venv, caches, and the output of the demo, the fuzzers and the builds

`make NAME` runs the same.
"""

# Older Pythons must be able to read this file to report that they are too old: no syntax newer than 3.6's.

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / "archdsl-setup"
LOG = VENV / "setup.log"
DEMO = ROOT / "demo"
EXAMPLES = ROOT / "examples"

OLDEST = (3, 11)
TORCHVISION = "torchvision==0.28.0"
NEWEST = (3, 15)  # how far to search the PATH if the current Python is too old

# Output of the demo for the user to open.
RESULTS = {
    "lenet5.svg": "the first network, drawn; lenet5.png is the same in pixels",
    "digits/report.html": "the training of the second one: curves, confusion matrix, wrong answers",
    "digits/curves.png": "its learning curves; confusion.png next to it is the matrix",
    "digits/report.json": "the same as numbers",
}


class Failure(Exception):
    """An error message for the user at the terminal."""


# Setup


def find_python() -> str:
    """Return a Python that is new enough: the current one, else the newest on the PATH."""
    if sys.version_info >= OLDEST:
        return sys.executable
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found and works(Path(found)):
            return found
    here = ".".join(str(part) for part in sys.version_info[:2])
    raise Failure(f"archdsl needs Python 3.{OLDEST[1]} or newer. This is {here}, and the PATH has no newer one.")


def venv_program(name: str) -> Path:
    return VENV / "Scripts" / f"{name}.exe" if os.name == "nt" else VENV / "bin" / name


def make_venv() -> None:
    python = find_python()
    if python == sys.executable and not (find_spec("venv") and find_spec("ensurepip")):
        package = f"python3.{sys.version_info[1]}-venv"
        raise Failure(
            "This Python comes without its `venv` and `ensurepip` modules, which make the environment.\n"
            f"Debian and Ubuntu put them in a separate package: apt install {package}\n"
            "Without root, any Python from python.org, uv, pyenv or conda has them."
        )
    say("Making the environment .venv")
    run([python, "-m", "venv", "--clear", VENV])


def fingerprint() -> str:
    """Return a digest of everything that an installation depends on: when it changes, the installation is repeated."""
    digest = hashlib.sha256(str(ROOT).encode())
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def setup() -> None:
    """Create .venv and install the project into it, unless that has been done and nothing has changed since."""
    wanted = fingerprint()
    if STAMP.is_file() and STAMP.read_text() == wanted and works(venv_program("python")):
        return
    if not works(venv_program("python"), "import pip"):
        make_venv()
    say("Installing what constraints.txt pins (torch is large: minutes, the first time)")
    LOG.write_text("")
    pip_install("hatchling")
    pip_install("--no-build-isolation", "--editable", ".[dev,bench]")
    subprocess.call([str(venv_program("python")), "-c", COMPILE])
    STAMP.write_text(wanted)
    print(subprocess.check_output([str(venv_program("python")), "-c", SUMMARY], universal_newlines=True), end="")


# Compiles on all cores, because pip uses only one; files that this Python cannot compile are skipped.
COMPILE = """
from compileall import compile_dir
from sysconfig import get_path
if __name__ == "__main__":
    compile_dir(get_path("purelib"), quiet=2, workers=0)
"""

# The installed versions, from the packages' metadata: importing torch would take seconds.
SUMMARY = """
import platform
from importlib.metadata import distributions, version
torch = version("torch")
build = torch.partition("+")[2]
kind = "CPU only" if build == "cpu" else f"built for {build}" if build else "the default build of this system"
print(f"   Python {platform.python_version()} in .venv")
print(f"   archdsl {version('archdsl')}, editable, and {len({d.name for d in distributions()}) - 1} packages it needs")
print(f"   torch {torch.partition('+')[0]}, {kind}")
print("   the output of pip is in .venv/setup.log")
"""


def pip_install(*arguments: str) -> None:
    """Install packages. pip's output goes to a log, and is shown if it fails."""
    options = ["--disable-pip-version-check", "--no-input", "--no-compile", "-c", "constraints.txt"]
    command = [str(venv_program("python")), "-m", "pip", "install", *options, *arguments]
    with LOG.open("a") as log:
        log.write("$ {}\n".format(" ".join(map(shlex.quote, command))))
        log.flush()
        status = subprocess.call(command, cwd=str(ROOT), stdout=log, stderr=subprocess.STDOUT)
    if status:
        lines = LOG.read_text(errors="replace").splitlines()
        raise Failure("\n".join([f"pip ended with status {status}. The end of {LOG}:", "", *lines[-40:]]))


def works(python: Path, statement: str = "pass") -> bool:
    """Return whether this Python exists, is new enough, and can run the statement."""
    if not python.is_file():
        return False
    test = f"import sys; assert sys.version_info >= {OLDEST}; {statement}"
    command = [str(python), "-c", test]
    return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


# Commands


def demo() -> None:
    setup()
    shutil.rmtree(str(DEMO), ignore_errors=True)
    DEMO.mkdir()
    archdsl = venv_program("archdsl")
    lenet = EXAMPLES / "lenet5.arch"
    show([archdsl, "check", lenet])
    show([archdsl, "diagram", lenet, "-o", DEMO / "lenet5.svg"])
    show([archdsl, "diagram", lenet, "-o", DEMO / "lenet5.png"])
    digits = EXAMPLES / "digits.arch"
    show([archdsl, "train", digits, "--data", "digits", "--epochs", "5", "--out", DEMO / "digits"])
    say("Done. Look at")
    for name, what in RESULTS.items():
        print(f"   {DEMO.name}/{name:20} {what}")


def lint() -> None:
    setup()
    ruff = venv_program("ruff")
    show([ruff, "check"])
    show([ruff, "format", "--check"])
    show([venv_program("mypy")])


def test(*arguments: str) -> None:
    setup()
    tests: list[str | Path] = [venv_program("python"), "-m", "pytest", *arguments]
    if arguments:
        show(tests)
        return
    ruff = venv_program("ruff")
    show([ruff, "check"])
    show([ruff, "format", "--check"])
    show_both([venv_program("mypy")], tests)


def format_() -> None:
    setup()
    ruff = venv_program("ruff")
    show([ruff, "check", "--fix"])
    show([ruff, "format"])


def site() -> None:
    setup()
    web()
    # Material for MkDocs advertises its successor on every build; this silences it.
    os.environ["NO_MKDOCS_2_WARNING"] = "1"
    show([venv_program("python"), "-m", "mkdocs", "build", "--strict"])
    say("Done. Open build/site/index.html")


def web() -> bool:
    """Build what the site's interactive pages load, if Node.js is installed; return whether it is."""
    if not (shutil.which("node") and shutil.which("npm")):
        say("Node.js 20 or newer with npm is missing: the site is built without its interactive pages")
        shutil.rmtree(str(ROOT / "build" / "web"), ignore_errors=True)
        return False
    show([venv_program("python"), ROOT / "scripts" / "web.py"])
    return True


def sitetest() -> None:
    """Build the interactive pages and test them in Chromium."""
    setup()
    if not web():
        raise Failure("The tests of the interactive pages need Node.js.")
    npm = shutil.which("npm")
    assert npm is not None
    environment = dict(os.environ, PYTHON=str(venv_program("python")))
    status = subprocess.call([npm, "run", "site-test"], cwd=str(ROOT / "web"), env=environment)
    if status:
        raise Failure(f"The tests ended with status {status}.")


def bench() -> None:
    setup()
    for benchmark in sorted((ROOT / "benchmarks").glob("[!_]*.py")):
        show([venv_program("python"), benchmark])


def vscode() -> None:
    """Build the extension for VS Code: build/archdsl.vsix."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("make vscode needs Node.js 20 or newer with npm")
    (ROOT / "build").mkdir(exist_ok=True)
    folder = ROOT / "editors" / "vscode"
    for arguments in (["ci", "--no-audit", "--no-fund"], ["run", "package"]):
        done = subprocess.run([npm, *arguments], cwd=folder, check=False)
        if done.returncode:
            sys.exit(done.returncode)


def conformance(*names: str) -> None:
    setup()
    python = venv_program("python")
    if not works(python, "from importlib.util import find_spec; assert find_spec('torchvision')"):
        say("Installing torchvision to compare with; without its dependencies, which would replace torch")
        pip_install("--no-deps", TORCHVISION)
    show([python, ROOT / "scripts" / "conformance.py", *names])


def fuzz(*options: str) -> None:
    setup()
    python = venv_program("python")
    coverage = "--coverage" in options
    if coverage and not works(python, "from importlib.util import find_spec; assert find_spec('atheris')"):
        say("Installing Atheris, which only this needs")
        pip_install("atheris")
    show([python, ROOT / "scripts" / "fuzz.py", *options])


def clean() -> None:
    caches = (".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis")
    for name in (".venv", "demo", "fuzz", "build", "dist", *caches):
        shutil.rmtree(ROOT / name, ignore_errors=True)


def help_() -> None:
    print((__doc__ or "").rstrip())


# Running programs


def say(text: str) -> None:
    print(f"== {text}", flush=True)


def show(command: "list[str | Path]") -> None:
    """Run a command from the top folder, after printing it as a user would type it there."""
    announce(command)
    run(command)


def announce(command: "list[str | Path]") -> None:
    words = [os.path.relpath(str(word), str(ROOT)) if isinstance(word, Path) else word for word in command]
    print("$ " + " ".join(shlex.quote(word) for word in words), flush=True)


def run(command: "list[str | Path]") -> None:
    end(command, subprocess.call([str(word) for word in command], cwd=str(ROOT)))


def show_both(first: "list[str | Path]", second: "list[str | Path]") -> None:
    """Run two commands at once: the first, which is the shorter one, keeps only one core busy. The first one's output
    is printed when it ends; if it fails, the second one is stopped.
    """
    announce(first)
    announce(second)
    with subprocess.Popen([str(word) for word in second], cwd=str(ROOT)) as running:
        try:
            words = [str(word) for word in first]
            done = subprocess.run(words, cwd=str(ROOT), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
            print("\n" + done.stdout.decode(errors="replace").rstrip(), flush=True)
            end(first, done.returncode)
        except BaseException:
            running.terminate()
            raise
    end(second, running.returncode)


def end(command: "list[str | Path]", status: int) -> None:
    if status:
        raise Failure(f"`{Path(command[0]).name}` ended with status {status}.")


COMMANDS = {
    "setup": setup,
    "demo": demo,
    "test": test,
    "lint": lint,
    "format": format_,
    "site": site,
    "sitetest": sitetest,
    "vscode": vscode,
    "bench": bench,
    "conformance": conformance,
    "fuzz": fuzz,
    "clean": clean,
    "help": help_,
}


def main() -> int:
    name, *rest = sys.argv[1:] or ["help"]
    command = COMMANDS.get(name)
    if command is None or (rest and command not in (test, conformance, fuzz)):
        help_()
        return 2
    try:
        command(*rest)
    except Failure as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
