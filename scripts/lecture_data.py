"""Generate archdsl/lecture/lenet5.json: test digits, and LeNet-5 trained on the digits, for the tutorial's figures.

`python scripts/lecture_data.py`. The weights have 8 bits and one scale per tensor; tests/lecture/ checks the accuracy.
"""

import json
import tempfile
from base64 import b64encode
from pathlib import Path
from typing import Any

import numpy as np

import archdsl
from archdsl.training.data.dataset_spec import ImageShape
from archdsl.training.data.images import Request, Splits
from archdsl.training.data.resize import fit_splits
from archdsl.training.data.sets import digits
from archdsl.training.loop.standardization import measure
from archdsl.training.trained_run import TrainedRun

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "archdsl" / "lecture" / "lenet5.json"
SETTINGS: dict[str, Any] = {
    "epochs": 12,
    "optimizer": "adam",
    "lr": 2e-3,
    "schedule": "cosine",
    "precision": "fp32",
    "fit": "resize",
}


def train(folder: Path) -> TrainedRun:
    """LeNet-5, trained on the digits at 32×32 pixels."""
    return archdsl.fit(archdsl.load(ROOT / "examples" / "lenet5.arch"), "digits", out=folder, device="cpu", **SETTINGS)


def original() -> Splits:
    """The digits at 8×8 pixels."""
    return digits.load(Request(ImageShape(1, 8, 8), ROOT))


def resized() -> Splits:
    """The digits at 32×32 pixels, as in training."""
    return fit_splits(original(), ImageShape(1, 32, 32), "resize")


def packed(run: TrainedRun) -> dict[str, object]:
    """Each weight as integers of 8 bits in base64, and their scale."""
    found: dict[str, object] = {}
    for name, tensor in run.model.state_dict().items():
        values = tensor.numpy().astype(np.float64)
        scale = float(np.abs(values).max()) / 127
        whole = np.round(values / scale).astype(np.int8)
        found[name] = {"scale": round(scale, 9), "data": b64encode(whole.tobytes()).decode()}
    return found


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        run = train(Path(folder) / "run")
        small, large = original().test, resized()
        assert small is not None
        assert large.test is not None
        standard = measure(large.train.images)
        first = [int(np.flatnonzero(small.labels == label)[0]) for label in range(10)]
        content = {
            "network": run.network.text,
            "mean": standard.mean[0],
            "deviation": standard.deviation[0],
            "small": [small.images[i, 0].tolist() for i in first],
            "large": [b64encode(large.test.images[i, 0].tobytes()).decode() for i in first],
            "weights": packed(run),
        }
    TARGET.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
