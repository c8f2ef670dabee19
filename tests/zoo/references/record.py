"""Record what references that are libraries count and compute: `python -m tests.zoo.references.record [NAME…]`.

The libraries must be installed, without their dependencies on a certain torch: torchvision, transformers, diffusers.
"""

import json
import sys
from pathlib import Path

import torch

import archdsl

from .reference import Recorded, Reference, count, input_shapes, reference_outputs, settings
from .table import REFERENCES

PATH = Path(__file__).with_name("recorded.json")


def record(name: str, reference: Reference) -> dict[str, object]:
    """Counts at full size, and outputs at the small one."""
    network = archdsl.load(f"zoo:{name}")
    with torch.device("meta"):
        module = reference.build(**settings(name)).eval()
    parameters, macs = count(module, input_shapes(network))
    found = [Recorded.of(y)._asdict() for y in reference_outputs(name, reference)]
    return {"library": reference.library, "parameters": parameters, "macs": macs, "outputs": found}


def main(names: list[str]) -> None:
    """Replace the entries with these names, or all."""
    known = json.loads(PATH.read_text()) if PATH.is_file() else {}
    for name, reference in REFERENCES.items():
        if reference.library is not None and (not names or name in names):
            known[name] = record(name, reference)
            print(name, known[name]["parameters"], known[name]["macs"], flush=True)
    PATH.write_text(json.dumps({name: known[name] for name in REFERENCES if name in known}, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
