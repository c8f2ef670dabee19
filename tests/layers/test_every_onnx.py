"""Every layer's example as an ONNX file computes what the network computes."""

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

import archdsl
from archdsl.backends.export_formats import export
from archdsl.training.inference.export_source import of_network

from .test_every_property import EXAMPLES

WITHOUT_ONNX = {"adaptive_maxpool": "torch's exporter has no function for it"}
"""Layers that torch cannot export, with the reason."""


@pytest.mark.skipif(find_spec("onnxruntime") is None, reason="onnxruntime is not installed")
def test_onnx_exports_of_layer_examples_match_torch(tmp_path: Path) -> None:
    """All examples in one network: exporting each by itself would take minutes."""
    heads, blocks, uses, outputs = [], [], [], []
    chosen = [text for name, (_, text) in EXAMPLES.items() if name not in WITHOUT_ONNX]
    for number, text in enumerate(chosen):
        # exported, recurrent layers are as long as their sequence: 100 steps would take most of the time
        text = text.replace("TxC", "6x8").replace("100x64", "6x64")
        statements = [each.strip() for each in re.split(r"[;\n]", text)]
        entries = [each for each in statements if each.startswith("input ")]
        inputs = [re.fullmatch(r"input (?:([a-z]\w*) )?(\d.*)", each) for each in entries]
        count = len(inputs)
        names = [found[1] or "" for found in inputs if found is not None]
        heads += [f"input i{number}_{place} {found[2]}" for place, found in enumerate(inputs) if found is not None]
        parameters = ", ".join(name for name in names if name)
        body = text.split(entries[-1], 1)[1].lstrip("; \n")
        blocks.append(f"block e{number}({parameters}) {{\n{body}\n}}")
        given = " ".join(f"{name}=i{number}_{place}" for place, name in enumerate(names) if name)
        uses.append(f"from i{number}_{count - 1}; e{number} {given} as y{number}_")
        outputs.append(f"y{number}_")
    whole = "\n".join([*blocks, *heads, *uses, f"output {', '.join(outputs)}"])
    agreement = export(of_network(archdsl.loads(whole), seed=0), "onnx", tmp_path / "net.onnx")
    assert agreement.difference < 1e-3 * max(1.0, agreement.largest)
