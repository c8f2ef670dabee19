"""Record the digests of the names and shapes of torchvision and timm.

Run it with `python -m tests.backends.record_torchvision_names`.
"""

import json
from pathlib import Path

from archdsl.backends.published_names import NAMINGS

from .test_published_names import NETWORKS, TIMM, digest, elements


def main() -> None:
    """Write torchvision_names.json; needs torchvision and timm."""
    import archdsl
    from scripts import conformance

    found = {}
    for family, name in NETWORKS.items():
        shape = archdsl.load(f"zoo:{name}").inputs["x"]
        state = conformance.build(name, int(shape[-1])).state_dict()
        used = {key: tensor for key, tensor in state.items() if not NAMINGS[family].ignores(key)}
        found[name] = digest({key: tuple(tensor.shape) for key, tensor in used.items()})
    conformance.torchvision_models()  # timm imports it
    import timm  # type: ignore[import-not-found, import-untyped, unused-ignore]

    for family, (_, name) in TIMM.items():
        state = timm.create_model(name).state_dict()
        used = {key: tensor for key, tensor in state.items() if not NAMINGS[family].ignores(key)}
        found[family] = elements({key: tuple(tensor.shape) for key, tensor in used.items()})
    path = Path(__file__).with_name("torchvision_names.json")
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
