"""Recurrent torch modules as networks: their outputs, and their final states."""

from typing import Any

import pytest
import torch
from torch import nn

import archdsl
from archdsl.importing import ImportFailed


class Reader(nn.Module):
    """A recurrent layer, and what is read of its results."""

    def __init__(self, kind: type[nn.RNNBase], read: str, first: bool, layers: int, both: bool) -> None:
        super().__init__()
        self.cells = kind(6, 5, num_layers=layers, bidirectional=both, batch_first=first)  # type: ignore[call-arg, arg-type]  # subclasses take no mode
        self.read, self.first = read, first

    def forward(self, x: torch.Tensor) -> Any:
        outputs, final = self.cells(x if self.first else x.transpose(0, 1))
        hidden, cell = final if isinstance(final, tuple) else (final, final)
        steps = outputs if self.first else outputs.transpose(0, 1)
        match self.read:
            case "steps":
                return steps
            case "last step":
                return steps[:, -1]
            case "last state":
                return hidden[-1]
            case "both states":
                return torch.cat([hidden[-2], hidden[-1]], 1)
            case "all states":
                return hidden.transpose(0, 1).flatten(1)
            case "cell":
                return cell[-1]
            case _:
                return outputs


CASES = [
    (nn.LSTM, True, 1, True),
    (nn.LSTM, False, 2, False),
    (nn.GRU, False, 1, True),
    (nn.RNN, True, 1, False),
]


@pytest.mark.parametrize(("kind", "first", "layers", "both"), CASES)
def test_recurrent_outputs_and_final_states_are_imported(
    kind: type[nn.RNNBase], first: bool, layers: int, both: bool
) -> None:
    reads = ["steps", "last step", "last state", *(["both states"] if both else []), *(["all states"] * (layers == 1))]
    for read in reads:
        module = Reader(kind, read, first, layers, both).eval()
        imported = archdsl.from_torch(module, torch.randn(1, 4, 6))
        assert imported.proof is not None
        assert imported.proof.difference is not None
        x = torch.randn(3, 4, 6)
        with torch.no_grad():
            torch.testing.assert_close(imported.to_torch()(x), module(x))
        assert (" last" in imported.text) is ((read != "steps" and not both) or read == "both states")


@pytest.mark.parametrize(
    ("read", "why"), [("cell", "the final cell state"), ("time first", "a first axis other than the batch")]
)
def test_unsupported_recurrent_results_are_refused(read: str, why: str) -> None:
    with pytest.raises(ImportFailed, match=why):
        archdsl.from_torch(Reader(nn.LSTM, read, False, 1, False), torch.randn(1, 4, 6))


def test_lstm_projection_is_refused() -> None:
    with pytest.raises(ImportFailed, match="projects its states"):
        archdsl.from_torch(nn.Sequential(nn.LSTM(6, 5, proj_size=3, batch_first=True), _First()), torch.randn(1, 4, 6))


class _First(nn.Module):
    def forward(self, results: tuple[torch.Tensor, object]) -> torch.Tensor:
        return results[0]
