"""Check that PDF and EPS look like the SVG within one pixel, rendered by poppler, Ghostscript and Chromium.

    python scripts/compare_pages.py [NETWORK ...]

Each pixel of a page must be within the range of the colors around it in the SVG, and vice versa; text may differ by as
much as antialiasing changes it. Prints the fraction of pixels outside, and exits with 1 if it is above a thousandth.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

import archdsl

NETWORKS = {"zoo:lenet5": "volumes", "zoo:unet": "unet", "zoo:resnet18": "layers", "zoo:googlenet": "blocks"}
DPI, SLACK, MOST = 288, 60, 0.001
"""Dots per inch; the difference of a color that antialiasing explains; the fraction of pixels that may be outside."""


def main() -> int:
    """Compare all formats of each network; 1 if one differs."""
    chosen = {name: NETWORKS.get(name, "layers") for name in sys.argv[1:]} or NETWORKS
    worst = 0.0
    for name, view in chosen.items():
        with tempfile.TemporaryDirectory() as folder:
            pages = _pages(name, view, Path(folder))
        for kind in ("pdf", "eps"):
            share = max(_outside(pages[kind], pages["svg"]), _outside(pages["svg"], pages[kind]))
            print(f"{name} {view}: {kind} differs from svg in {share:.4%} of the pixels")
            worst = max(worst, share)
    return int(worst > MOST)


def _pages(name: str, view: str, folder: Path) -> dict[str, Any]:
    """The rendered pages by format."""
    network = archdsl.load(name)
    for kind in ("svg", "pdf", "eps"):
        network.diagram(folder / f"figure.{kind}", view=view, width="174mm", font="4pt")
    _run("pdftoppm", "-r", str(DPI), "-png", "-singlefile", folder / "figure.pdf", folder / "pdf")
    options = ["-q", "-dSAFER", "-dBATCH", "-dNOPAUSE", "-dEPSCrop", "-dTextAlphaBits=4", "-dGraphicsAlphaBits=4"]
    _run("gs", *options, "-sDEVICE=png16m", f"-r{DPI}", f"-sOutputFile={folder / 'eps.png'}", folder / "figure.eps")
    svg = (folder / "figure.svg").read_text(encoding="utf-8")
    page = f"<body style='margin:0;background:#fff'>{svg[svg.index('<svg') :]}</body>"
    (folder / "page.html").write_text(page, encoding="utf-8")
    size = Image.open(folder / "pdf.png").size
    window = f"--window-size={size[0] * 96 // DPI + 1},{size[1] * 96 // DPI + 1}"
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    scale = f"--force-device-scale-factor={DPI / 96}"
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", window, scale]
    _run(browser, *options, f"--screenshot={folder / 'svg.png'}", (folder / "page.html").as_uri())
    images = {kind: Image.open(folder / f"{kind}.png").convert("RGB") for kind in ("svg", "pdf", "eps")}
    wide, high = (min(image.size[axis] for image in images.values()) for axis in (0, 1))
    return {kind: np.asarray(image.crop((0, 0, wide, high)), dtype=int) for kind, image in images.items()}


def _run(*command: str | Path) -> None:
    subprocess.run(list(map(str, command)), check=True, capture_output=True, timeout=120)


def _outside(one: Any, other: Any) -> float:
    """The fraction of the pixels of an image that are outside of the range of the pixels around them in another."""
    padded = np.pad(other, ((1, 1), (1, 1), (0, 0)), mode="edge")
    high, wide = one.shape[:2]
    around = np.stack([padded[y : y + high, x : x + wide] for y in range(3) for x in range(3)])
    low, top = around.min(axis=0) - SLACK, around.max(axis=0) + SLACK
    return float(((one < low) | (one > top)).any(axis=2).mean())


if __name__ == "__main__":
    sys.exit(main())
