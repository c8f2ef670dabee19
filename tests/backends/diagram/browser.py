"""A page in headless Chromium, if it is installed."""

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path
from typing import Any

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def run_page(page: str, folder: Path) -> list[dict[str, Any]]:
    """The list that a page's script writes as JSON to its `<pre id="out">`."""
    assert BROWSER is not None
    file = folder / "page.html"
    file.write_text(page, encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=60000", "--dump-dom"]
    done = subprocess.run([BROWSER, *options, file.as_uri()], capture_output=True, timeout=240, check=True)
    out = re.search(r'<pre id="out">(.*?)</pre>', done.stdout.decode(), re.DOTALL)
    assert out is not None
    found = json.loads(unescape(out[1]))
    assert isinstance(found, list)
    return found
