"""Record the digests of torchvision's names and shapes: `python -m tests.backends.record_torchvision_names`."""

import json
from pathlib import Path

from .test_published_names import NETWORKS, digest


def main() -> None:
    """Write torchvision_names.json; needs torchvision."""
    import archdsl
    from scripts import conformance

    found = {}
    for name in NETWORKS.values():
        shape = archdsl.load(f"zoo:{name}").inputs["x"]
        state = conformance.build(name, int(shape[-1])).state_dict()
        found[name] = digest({key: tuple(tensor.shape) for key, tensor in state.items()})
    path = Path(__file__).with_name("torchvision_names.json")
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
