"""Digests of the parameters of the zoo's modules: weights of old runs are found by these names.

`python -m tests.zoo.parameter_names` adds new networks to `parameter_names.json`; it never changes an entry. To change
one on purpose, remove it first.
"""

import hashlib
import json
import sys
import warnings
from pathlib import Path

import torch
from torch import nn

import archdsl
from archdsl import zoo

FILE = Path(__file__).with_name("parameter_names.json")


def stored() -> dict[str, str]:
    """The digest of each network."""
    found: dict[str, str] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def digest(module: nn.Module) -> str:
    """A digest of the parameters, with names, shapes and order, and of the names in the state."""
    facts = [f"{name} {tuple(p.shape)} {p.requires_grad}" for name, p in module.named_parameters()]
    facts += module.state_dict()
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]


def build(name: str) -> nn.Module:
    """A network of the zoo, on the meta device."""
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return archdsl.load(f"zoo:{name}").to_torch()


def main() -> int:
    """Add the networks that have no digest."""
    found = stored()
    for name in zoo.entries():
        if name not in found:
            found[name] = digest(build(name))
    FILE.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
