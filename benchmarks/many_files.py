"""Time of `archdsl check FOLDER` per file, for a thousand files, compared with four files.

The files are copies of the small examples, each with its own text. The target is at most 5 ms for each further file.
Exits with status 1 if it is missed.
"""

import sys
import tempfile
from pathlib import Path

from _harness import ROOT, compare, process, report, script

TARGET_MS = 5.0
FILES = 1000
NAMES = ("lenet5", "vgg_small", "fc_mnist", "digits")


def write(folder: Path, count: int) -> Path:
    """A folder with this many networks."""
    folder.mkdir()
    texts = [(ROOT / "examples" / f"{name}.arch").read_text(encoding="utf-8") for name in NAMES]
    for number in range(count):
        text = f"{texts[number % len(texts)]}\n# file {number}\n"
        (folder / f"{number:04}.arch").write_text(text, encoding="utf-8")
    return folder


def main() -> int:
    with tempfile.TemporaryDirectory() as temporary:
        one, many = write(Path(temporary) / "one", len(NAMES)), write(Path(temporary) / "many", FILES)
        timings = compare(
            {
                f"archdsl check, {len(NAMES)} files": process(script("archdsl"), "check", one),
                f"archdsl check, {FILES} files": process(script("archdsl"), "check", many),
            }
        )
    report("many_files", timings)
    few, all_ = timings
    pairs = zip(few.rounds_ms, all_.rounds_ms, strict=True)
    each = sorted((long - short) / (FILES - len(NAMES)) for short, long in pairs)[len(few.rounds_ms) // 2]
    verdict = "met" if each <= TARGET_MS else "missed"
    print(f"target: at most {TARGET_MS} ms for each further file; {verdict} with {each:.2f}")
    return 0 if each <= TARGET_MS else 1


if __name__ == "__main__":
    sys.exit(main())
