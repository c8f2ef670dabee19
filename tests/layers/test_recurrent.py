"""Recurrent layers with given initial states, and the last state alone, are torch's."""

from typing import Any

import pytest
import torch
from torch import nn

import archdsl

UNITS, STEPS, FEATURES, BATCH = 5, 7, 4, 3
KINDS: dict[str, Any] = {"lstm": nn.LSTM, "gru": nn.GRU, "rnn": nn.RNN}
FORMS: dict[str, dict[str, Any]] = {
    "": {},
    "layers=2": {"num_layers": 2},
    "bidirectional": {"bidirectional": True},
    "layers=2 bidirectional": {"num_layers": 2, "bidirectional": True},
}


def module_pair(kind: str, form: str, arguments: str, inputs: str) -> tuple[Any, Any]:
    """A network with one recurrent layer, and torch's module with the same weights."""
    network = archdsl.loads(f"{inputs}input x {STEPS}x{FEATURES}\n{kind} {UNITS} {form} {arguments}").to_torch()
    reference = KINDS[kind](FEATURES, UNITS, batch_first=True, **FORMS[form])
    network.load_state_dict({f"{kind}1.{name}": weight for name, weight in reference.state_dict().items()})
    return network, reference


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", KINDS)
def test_initial_state_matches_torch(kind, form):
    states = FORMS[form].get("num_layers", 1) * (2 if "bidirectional" in form else 1)
    x, hidden = torch.randn(BATCH, STEPS, FEATURES), torch.randn(states, BATCH, UNITS)
    given = (hidden, torch.zeros_like(hidden)) if kind == "lstm" else hidden
    by_state, flat = hidden.transpose(0, 1), hidden.transpose(0, 1).flatten(1)
    for dims, state in ((f"{states}x{UNITS}", by_state), (str(states * UNITS), flat)):
        network, reference = module_pair(kind, form, "initial=h", f"input h {dims}\n")
        torch.testing.assert_close(network(state, x), reference(x, given)[0])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", KINDS)
def test_last_state_is_taken_at_the_end_of_each_direction(kind, form):
    network, reference = module_pair(kind, form, "last", "")
    x = torch.randn(BATCH, STEPS, FEATURES)
    output, state = reference(x)
    hidden = state[0] if kind == "lstm" else state
    ends = hidden[-2:].transpose(0, 1).flatten(1) if "bidirectional" in form else hidden[-1]
    torch.testing.assert_close(network(x), ends)
    if "bidirectional" not in form:
        torch.testing.assert_close(network(x), output[:, -1])


def test_lstm_accepts_initial_hidden_and_cell_states():
    network, reference = module_pair("lstm", "", "initial=h initial_cell=c last", f"input h {UNITS}\ninput c {UNITS}\n")
    x, hidden, cell = torch.randn(BATCH, STEPS, FEATURES), torch.randn(BATCH, UNITS), torch.randn(BATCH, UNITS)
    torch.testing.assert_close(network(hidden, cell, x), reference(x, (hidden[None], cell[None]))[1][0][0])


def test_decoder_starts_from_the_encoder_state():
    text = "input source 9x4\nlstm 6 last as state\ninput target 5x3\nlstm 6 initial=state\nfc 10"
    network = archdsl.loads(text)
    source, target = torch.randn(BATCH, 9, 4), torch.randn(BATCH, 5, 3)
    before = network.to_torch()
    assert before(source, target).shape == (BATCH, 5, 10)
    assert not torch.equal(before(source, target), before(source + 1, target))


@pytest.mark.parametrize(
    "layer", ["lstm 5 last", "gru 5 bidirectional last", "lstm 5 initial=h", "rnn 5 initial=h last"]
)
def test_recurrent_layer_with_states_accepts_any_length(layer):
    model = archdsl.loads(f"input h 5\ninput x Tx4\nfc 4\n{layer}").to_torch()
    for steps in (1, 4, 60):
        assert model(torch.randn(2, 5), torch.randn(2, steps, 4)).shape[0] == 2
