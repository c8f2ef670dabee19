"""A mixture of experts is the published one: parameters of all experts, multiply-accumulates of those in use."""

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

import archdsl
from archdsl.backends.python_source import class_name, to_source

FEATURES, HIDDEN, EXPERTS, BATCH, STEPS = 8, 12, 5, 3, 7


class SwiGLU(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.w1, self.w3 = (nn.Linear(FEATURES, HIDDEN, bias=False) for _ in range(2))
        self.w2 = nn.Linear(HIDDEN, FEATURES, bias=False)

    def forward(self, x: Tensor) -> Any:
        return self.w2(nn.functional.silu(self.w1(x)) * self.w3(x))


class Reference(nn.Module):
    """All experts run on all steps, and the results of those that are not chosen are weighted by zero."""

    def __init__(self, top: int, renormalize: bool) -> None:
        super().__init__()
        self.top, self.renormalize = top, renormalize
        self.gate = nn.Linear(FEATURES, EXPERTS, bias=False)
        self.experts = nn.ModuleList(SwiGLU() for _ in range(EXPERTS))

    def forward(self, x: Tensor) -> Any:
        logits = self.gate(x)
        least = logits.sort(-1, descending=True).values[..., self.top - 1 : self.top]
        weights = logits.softmax(-1)
        if self.renormalize:
            # As published: a softmax over the chosen ones (Jiang et al., 2024).
            weights = logits.masked_fill(logits < least, float("-inf")).softmax(-1)
        weights = weights * (logits >= least)
        results = torch.stack([expert(x) for expert in self.experts], -1)
        return (results * weights[..., None, :]).sum(-1)

    def weights(self, prefix: str) -> dict[str, Tensor]:
        names = {"gate": "router", "w1": "fc1", "w3": "fc2", "w2": "fc3"}
        parts = {name: name.split(".") for name in self.state_dict()}
        return {
            f"{prefix}.{'.'.join(names.get(part, part) for part in parts[name])}": weight
            for name, weight in self.state_dict().items()
        }


BODY = f"{{ fc {HIDDEN} nobias; silu; mul {{ from in; fc {HIDDEN} nobias }}; fc {FEATURES} nobias }}"
FORMS = [(1, ""), (2, ""), (2, " renormalize"), (EXPERTS, " renormalize")]


@pytest.mark.parametrize("dims", [f"{STEPS}x{FEATURES}", str(FEATURES)])
@pytest.mark.parametrize(("top", "word"), FORMS)
def test_mixture_of_experts_matches_the_reference(top, word, dims):
    network = archdsl.loads(f"input {dims}\nmoe experts={EXPERTS} top={top}{word} {BODY}")
    reference, model = Reference(top, bool(word)), network.to_torch()
    model.load_state_dict(reference.weights("moe1"))
    x = torch.randn(BATCH, *network.graph.nodes[0].shape.dims)
    torch.testing.assert_close(model(x), reference(x))
    assert network.costs.total.parameters == sum(p.numel() for p in reference.parameters())
    with FlopCounterMode(display=False) as counter:
        model(x)
    assert network.costs.total.macs == counter.get_total_flops() / 2 / BATCH


def test_printed_source_of_moe_matches_the_module():
    network = archdsl.loads(f"input {STEPS}x{FEATURES}\nmoe experts={EXPERTS} top=2 {BODY} as experts")
    scope: dict[str, Any] = {}
    exec(to_source(network.graph), scope)
    printed, model = scope[class_name(network.graph.name)](), network.to_torch()
    printed.load_state_dict(model.state_dict())
    x = torch.randn(BATCH, STEPS, FEATURES)
    torch.testing.assert_close(printed(x), model(x), rtol=0, atol=0)


FROZEN = "input 6x8\nmoe experts=2 { fc 8 frozen; relu; shift learned }\nscan carry h = 8 { fc 8 frozen; add h as h }"


def test_printed_source_freezes_what_the_body_freezes():
    network = archdsl.loads(FROZEN)
    scope: dict[str, Any] = {}
    exec(to_source(network.graph), scope)
    printed, model = scope[class_name(network.graph.name)](), network.to_torch()
    trains = {name: weight.requires_grad for name, weight in model.named_parameters()}
    assert trains == {name: weight.requires_grad for name, weight in printed.named_parameters()}
    assert sum(trains.values()) == 1 + 2 * 2 + 1
    total = network.costs.total
    assert total.parameters - total.trainable == 3 * 8 * 8


def test_learned_tensor_in_a_moe_body_has_the_batch_size_of_the_step():
    scan = "scan carry h = 4 { concat { learned 3 }; fc 4; add h as h }"
    model = archdsl.loads(f"input 6x8\nmoe experts=3 {{ fc 4; add {{ learned 4 }} }}\n{scan}").to_torch()
    assert model(torch.randn(BATCH, 6, 8)).shape == (BATCH, 6, 4)


def test_experts_are_initialized_independently():
    model: Any = archdsl.loads(f"input {FEATURES}\nmoe experts=3 {BODY}").to_torch()
    first, second, _ = (expert.fc1.weight for expert in model.moe1.experts)
    assert not torch.equal(first, second)


def test_gradients_reach_the_router_and_selected_experts():
    model: Any = archdsl.loads(f"input Tx4\nfc {FEATURES}\nmoe experts=2 top=1 {BODY}").to_torch()
    for steps in (1, 40):
        model.zero_grad()
        model(torch.randn(BATCH, steps, 4)).square().sum().backward()
        assert model.moe1.router.weight.grad.abs().sum() > 0


ERRORS = {
    "input 3x8x8\nmoe experts=4 { fc 8 }": "it needs a vector or a sequence",
    "input 8\nmoe experts=4 top=5 { fc 8 }": "5 is more than the number of experts, 4",
    "input 8\nmoe top=2 { fc 8 }": "`moe` requires `experts`",
    "input 8\nmoe experts=100000 { fc 8 }": "100,000 is more than the limit",
    "input 8\nmoe experts=4 { fc 8; bn }": "`bn` needs several steps, but an expert may get a single one",
    "input 8\nmoe experts=4 { fc 8; groupnorm 8 }": "a group of 8 is a single number",
    "input 8\nmoe experts=4 { conv 8 k3 }": "needs at least one spatial dimension",
    "input 8\nfc 8 as f\nmoe experts=4 { add f }": "cannot read a tensor from outside",
    "input 8\nmoe experts=4 { fc 8; output x }": "not a tensor",
    "input 8\nmoe experts=4 chosen=2 { fc 8 }": "`chosen`",
    "input 8\nmoe experts=4": "unexpected end of the text",
}


@pytest.mark.parametrize("text", ERRORS)
def test_invalid_moe_is_refused_with_its_reason(text):
    with pytest.raises(archdsl.ArchError) as raised:
        archdsl.loads(text)
    assert ERRORS[text] in str(raised.value)
