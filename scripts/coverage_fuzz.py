"""Search for texts that crash archdsl, guided by code coverage (Atheris, libFuzzer).

    python3 scripts/dev.py fuzz --coverage                           ten minutes
    .venv/bin/python scripts/coverage_fuzz.py -max_total_time=60     libFuzzer's own options

Any bytes, any words of the language and any mutation of a text that ships with archdsl must produce a tree or
diagnostics, quickly. Failures are saved as `fuzz/crash-…` or `fuzz/timeout-…`; give that file as an argument to run it
alone. The last lines report how many texts were run.
"""

import sys
from pathlib import Path

import atheris

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "fuzz"
SECONDS = 600
sys.path.insert(0, str(ROOT))

with atheris.instrument_imports(include=["archdsl"]):
    from tests.hardening.anything import SHORT, WORDS, survives


def text_from(data: bytes) -> str:
    """The text for some bytes: the bytes themselves, or a text that they select."""
    draw = atheris.FuzzedDataProvider(data)
    kind = draw.ConsumeIntInRange(0, 3)
    if kind == 0:
        return str(draw.ConsumeBytes(len(data)), "utf-8", "replace")
    if kind == 1:
        return words(draw, 60)
    if kind == 2:
        return f"input 3x32x32\nconv 8 k3 p1 as a\n{words(draw, 60)}"
    text: str = SHORT[draw.ConsumeIntInRange(0, len(SHORT) - 1)]
    for _ in range(draw.ConsumeIntInRange(1, 6)):
        start = draw.ConsumeIntInRange(0, len(text))
        end = start + draw.ConsumeIntInRange(0, 12)
        text = text[:start] + words(draw, 2) + text[end:]
    return text


def words(draw: atheris.FuzzedDataProvider, most: int) -> str:
    """Some words of the language, with or without spaces between them."""
    chosen = [WORDS[draw.ConsumeIntInRange(0, len(WORDS) - 1)] for _ in range(draw.ConsumeIntInRange(0, most))]
    return (" " if draw.ConsumeBool() else "").join(chosen)


def main() -> None:
    """Run until the time is up or a text fails."""
    FOLDER.mkdir(exist_ok=True)
    corpus = FOLDER / "corpus"
    if not corpus.is_dir():
        corpus.mkdir()
        for number, text in enumerate(SHORT):
            (corpus / f"example{number}").write_text(text, encoding="utf-8")
    given = [word for word in sys.argv[1:] if not word.startswith("-")] or [str(corpus)]
    options = [word for word in sys.argv[1:] if word.startswith("-")]
    defaults = [f"-artifact_prefix={FOLDER}/", f"-max_total_time={SECONDS}", "-timeout=20", "-max_len=4096"]
    atheris.Setup([sys.argv[0], *defaults, *options, *given], lambda data: survives(text_from(data)))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
