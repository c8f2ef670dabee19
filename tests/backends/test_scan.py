"""A scan computes what a loop over the steps does, with the weights of its body once."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

import archdsl
from archdsl.backends.diagram import DiagramStyle, diagram
from archdsl.backends.python_source import class_name, to_source

BATCH = 2


class ConvLSTM(nn.Module):
    """As published: the gates are one convolution of the image and the state (Shi et al., 2015)."""

    def __init__(self) -> None:
        super().__init__()
        self.gates = nn.Conv2d(3 + 4, 16, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        hidden = cell = torch.zeros(x.shape[0], 4, *x.shape[3:])
        results = []
        for step in range(x.shape[2]):
            new, forget, out, candidate = self.gates(torch.cat([x[:, :, step], hidden], 1)).chunk(4, 1)
            cell = forget.sigmoid() * cell + new.sigmoid() * candidate.tanh()
            hidden = out.sigmoid() * cell.tanh()
            results.append(hidden)
        return torch.stack(results, 2)

    def weights(self) -> dict[str, Tensor]:
        return {f"gates.{name}": weight for name, weight in self.gates.state_dict().items()}


CONV_LSTM = """input 3x5x6x7
scan carry h = 4x6x7, c = 4x6x7 {
  concat h; conv 16 k3 p1 as gates
  slice 0 4; sigmoid; mul { from gates; slice 12 16; tanh } as new
  from gates; slice 4 8; sigmoid; mul c; add new as c
  tanh; mul { from gates; slice 8 12; sigmoid } as h
}"""


class GRU(nn.Module):
    """A minimal gated unit that starts from a given state (Zhou et al., 2016)."""

    def __init__(self) -> None:
        super().__init__()
        self.gate, self.new = nn.Linear(4 + 6, 6), nn.Linear(4 + 6, 6)

    def forward(self, state: Tensor, x: Tensor) -> Tensor:
        results = []
        for step in x.unbind(1):
            gate = self.gate(torch.cat([step, state], 1)).sigmoid()
            new = self.new(torch.cat([step, gate * state], 1)).tanh()
            state = state + gate * (new - state)
            results.append(state)
        return torch.stack(results, 1)

    def weights(self) -> dict[str, Tensor]:
        return {f"fc{i}.{name}": w for i, m in ((1, self.gate), (2, self.new)) for name, w in m.state_dict().items()}


GATED = """input state 6
input x 9x4
scan carry h = state {
  concat h; fc 6; sigmoid as gate
  mul h as kept
  from in; concat kept; fc 6; tanh; sub h; mul gate; add h as h
}"""


class StateSpace(nn.Module):
    """A diagonal linear recurrence: h = decay·h + B·x, y = C·h + D·x, over a signal."""

    def __init__(self) -> None:
        super().__init__()
        self.b, self.c, self.d = nn.Linear(4, 6, bias=False), nn.Linear(6, 4, bias=False), nn.Linear(4, 4, bias=False)
        self.decay = nn.Parameter(torch.rand(6))

    def forward(self, x: Tensor) -> Tensor:
        state, results = torch.zeros(x.shape[0], 6), []
        for step in x.unbind(2):
            state = self.decay * state + self.b(step)
            results.append(self.c(state) + self.d(step))
        return torch.stack(results, 2)

    def weights(self) -> dict[str, Tensor]:
        return {
            "fc1.weight": self.b.weight, "scale1.weight": self.decay, "fc2.weight": self.c.weight,
            "fc3.weight": self.d.weight,
        }  # fmt: skip


STATE_SPACE = """net N(C = 4, L = 11)
input CxL
scan carry h = 6 {
  fc 6 nobias; add { from h; scale learned } as h
  fc 4 nobias; add { from in; fc 4 nobias }
}"""

CASES: dict[str, tuple[str, Any]] = {
    "ConvLSTM": (CONV_LSTM, ConvLSTM),
    "gated": (GATED, GRU),
    "state space": (STATE_SPACE, StateSpace),
}


def tensors(network: Any) -> list[Tensor]:
    shapes = (network.graph.nodes[i].shape for i in network.graph.inputs)
    return [torch.randn(BATCH, *shape.dims) for shape in shapes]


@pytest.mark.parametrize("case", CASES)
def test_scan_matches_an_explicit_loop(case):
    text, make = CASES[case]
    network = archdsl.loads(text)
    reference, model = make(), network.to_torch()
    model.load_state_dict({f"scan1.body.{name}": weight for name, weight in reference.weights().items()})
    xs = tensors(network)
    torch.testing.assert_close(model(*xs), reference(*xs))
    assert network.costs.total.parameters == sum(p.numel() for p in reference.parameters())
    assert network.graph.output.shape.dims == tuple(model(*xs).shape[1:])
    with FlopCounterMode(display=False) as counter:
        reference(*xs)
    assert network.costs.total.macs == counter.get_total_flops() / 2 / BATCH


@pytest.mark.parametrize("case", CASES)
def test_printed_source_of_scan_matches_the_module(case):
    text, _ = CASES[case]
    network = archdsl.loads(text)
    scope: dict[str, Any] = {}
    exec(to_source(network.graph), scope)
    printed = scope[class_name(network.graph.name)]()
    model = network.to_torch()
    printed.load_state_dict(model.state_dict())
    xs = tensors(network)
    torch.testing.assert_close(printed(*xs), model(*xs), rtol=0, atol=0)


def test_gradients_reach_all_scan_steps():
    model = archdsl.loads(GATED).to_torch()
    state, x = torch.randn(BATCH, 6), torch.randn(BATCH, 9, 4, requires_grad=True)
    model(state, x)[:, -1].sum().backward()
    assert x.grad is not None
    assert (x.grad.abs().amax((0, 2)) > 0).all()


def test_scan_accepts_any_sequence_length():
    model = archdsl.loads("input x Tx4\nfc 4\nscan carry h = 6 { concat h; fc 6; tanh as h }").to_torch()
    for steps in (1, 2, 50):
        assert model(torch.randn(BATCH, steps, 4)).shape == (BATCH, steps, 6)


def test_scan_body_reads_outer_tensors():
    """A decoder that attends to what it describes at each step (Xu et al., 2015)."""
    text = """input image 16x8
input words 5 int(20)
scan carry h = 8 {
  embedding 8; concat h; fc 8 as query
  rearrange "c -> 1 c"; attention h2 from=image; rearrange "1 c -> c"
  concat query; fc 8; tanh as h
}
fc 20"""
    model = archdsl.loads(text).to_torch()
    image, words = torch.randn(BATCH, 16, 8), torch.randint(20, (BATCH, 5))
    first = model(image, words)
    assert first.shape == (BATCH, 5, 20)
    assert not torch.equal(first, model(image + 1, words))


def test_diagram_shows_layers_of_the_scan_body():
    text = diagram(archdsl.loads(CONV_LSTM).graph, "dot", DiagramStyle()).decode()
    assert "scan<BR/>" in text
    assert "conv 16 3×3" in text


ANY_SIZE = "input s 4xHxW\ninput x 3xTxHxW\nscan carry h = s {{ concat h; conv 4 k3 p1; {} as h }}"


def test_scan_body_accepts_any_spatial_size():
    model = archdsl.loads(ANY_SIZE.format("tanh")).to_torch()
    for steps, height, width in ((1, 5, 6), (4, 1, 9)):
        state, x = torch.randn(BATCH, 4, height, width), torch.randn(BATCH, 3, steps, height, width)
        assert model(state, x).shape == (BATCH, 4, steps, height, width)


ERRORS = {
    "input 8\nscan carry h = 4 { fc 4 as h }": "it needs steps",
    "input 3x8x8\nscan carry h = 4 { fc 4 as h }": "it needs steps",
    "input TxC\nscan carry h = 4 { fc 4 }": "does not define its next value",
    "input 6x5\nscan carry h = 4 { concat h; fc 5 as h }": "`h` is 4 before a step, but 5 after it",
    "input 6x5\nscan carry h = 0.5 { fc 5 as h }": "the name of a tensor",
    "input 6x5\nscan carry h = 4 { fc 4 as h; output h }": "belongs outside",
    "input 6x5\nscan carry h = 4 { conv 4 k3 as h }": "needs at least one spatial dimension",
    "input 6x5\nfc 5 as f\nscan carry h = 5 { reuse f as h }": "`reuse` a layer from outside",
    "input 6x5\nscan carry h = missing { fc 5 as h }": "`missing`",
    ANY_SIZE.format("upsample size=@h"): "is a different layer for each input size",
    "input TxC\nscan carry h = @c { add h; sigmoid as h }": "is a different layer for each input size",
    "input 6x5\nscan { fc 4 }": "expected `carry`",
    "input 6x5\nscan carry = 4 { fc 4 }": "unexpected `=`",
}


@pytest.mark.parametrize("text", ERRORS)
def test_invalid_scan_is_refused_with_its_reason(text):
    with pytest.raises(archdsl.ArchError) as raised:
        archdsl.loads(text)
    assert ERRORS[text] in str(raised.value)
