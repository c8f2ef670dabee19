"""Configurations of Hugging Face models: equal to transformers' own models, and refused where they are not understood.

transformers is the oracle where it is installed. The stored sizes are its sizes.
"""

import json
import subprocess
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner

from archdsl.cli import main
from archdsl.diagnostics import Sink
from archdsl.importing.hugging_face.config_import import FAMILIES, import_config
from archdsl.importing.import_problem import ImportFailed, UnusableSource
from archdsl.importing.imported import Imported, formatted
from archdsl.network import analyze
from archdsl.text.source import Source
from tests.importing.published_configs import CONFIGS, SIZES, STEPS
from tests.importing.transformers_models import ARCHITECTURES, SMALL, inputs_of, model_of, sizes_of
from tests.importing.transformers_weights import carried, random_weights

IMAGES = ("vit", "deit", "dinov2")


def imported(config: dict[str, Any], *inputs: str, architecture: str | None = None) -> Imported:
    return import_config(config, "config.json", None, architecture, inputs)


def short(config: dict[str, Any], steps: int = STEPS) -> list[str]:
    """The inputs of a configuration with so many steps."""
    if config["model_type"] in IMAGES:
        return []
    both = config["model_type"] in ("t5", "mt5") and "EncoderModel" not in str(config.get("architectures"))
    return [f"source={steps}", f"target={steps}"] if both else [str(steps)]


@pytest.fixture(scope="module")
def transformers() -> Iterator[Any]:
    for operator in ("nms", "qnms"):
        # Declared here, because a torchvision built for another torch cannot load its own.
        if not hasattr(torch.ops.torchvision, operator):
            torch.library.define(f"torchvision::{operator}", "(Tensor a, Tensor b, float c) -> Tensor")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        package = pytest.importorskip("transformers")
        package.logging.set_verbosity_error()
        yield package


# --- published configurations ---


@pytest.mark.parametrize("name", CONFIGS)
def test_published_configurations_have_the_published_size(name: str) -> None:
    made = imported(CONFIGS[name], *short(CONFIGS[name]))
    assert made.network is not None
    assert (made.network.parameters, made.network.macs) == SIZES[name]
    assert not analyze(Source(made.text), Sink()).diagnostics
    assert formatted(made.text) == made.text


@pytest.mark.parametrize("name", CONFIGS)
def test_recorded_sizes_match_transformers(transformers: Any, name: str) -> None:
    assert sizes_of(transformers, CONFIGS[name], STEPS) == SIZES[name]


def test_all_positions_are_the_default_length() -> None:
    for name, config in CONFIGS.items():
        made = imported(config)
        assert made.network is not None
        if config["model_type"] in ("bert", "gpt2", "opt", "roberta"):
            assert "length=positions" not in made.text, name
            assert made.network.parameters == SIZES[name][0]


# --- outputs ---


@pytest.mark.parametrize("case", SMALL, ids=lambda case: f"{case[0]}-{len(case[1])}")
def test_outputs_match_transformers(transformers: Any, case: tuple[str, dict[str, Any]]) -> None:
    config = {
        "architectures": [case[0]],
        "model_type": getattr(transformers, case[0]).config_class.model_type,
        **case[1],
    }
    theirs = model_of(transformers, config)
    random_weights(theirs)
    made = imported(config, *short(config, 16))
    assert made.network is not None
    ours = made.network.to_torch().eval()
    call, x, real = inputs_of(theirs, config, 16)
    with torch.no_grad():
        ours.load_state_dict(carried(ours, theirs, call))
        expected, found = tensors(call()), tensors(ours(*x))
    if case[0].endswith("QuestionAnswering"):
        found = [found[0][..., 0], found[0][..., 1]]
    # Models with two parts return the features of the encoder, too.
    for theirs_out, ours_out in zip(expected[: len(found)], found, strict=True):
        # Where the text is padded, nobody reads the outputs.
        kept = [each[real] if each.ndim > 1 and each.shape[1] == 16 else each for each in (theirs_out, ours_out)]
        assert float((kept[0] - kept[1]).abs().max() / kept[0].abs().max()) < 1e-5


def tensors(value: Any) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value]
    return [each for each in (value.values() if hasattr(value, "values") else value) if isinstance(each, torch.Tensor)]


@pytest.mark.parametrize("family", FAMILIES)
def test_sizes_of_every_architecture_match_transformers(transformers: Any, family: str) -> None:
    for name in ARCHITECTURES[family]:
        config = {"model_type": family, "architectures": [name]}
        made = imported(config, *short(config))
        assert made.network is not None
        assert (made.network.parameters, made.network.macs) == sizes_of(transformers, config, STEPS), name


# --- what is refused ---

LLAMA = CONFIGS["Llama-2-7b"]
BERT = CONFIGS["bert-base-uncased"]
T5 = CONFIGS["t5-small"]

REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a family": ({**LLAMA, "model_type": "mamba9"}, '`model_type` in config.json is "mamba9"'),
    "no family": ({"architectures": ["LlamaModel"]}, "config.json has no `model_type`"),
    "a class": ({**BERT, "architectures": ["BertForMultipleChoice"]}, "`--set architecture=NAME`: BertModel, "),
    "no classes": ({**BERT, "architectures": "BertModel"}, "a list of class names"),
    "an activation": ({**LLAMA, "hidden_act": "xielu"}, "`hidden_act` in config.json"),
    "an activation in a name": ({**T5, "feed_forward_proj": "gated-laplace"}, "`feed_forward_proj`"),
    "a gate": ({**T5, "feed_forward_proj": "double-gelu"}, "`feed_forward_proj`"),
    "scaled positions": (
        {**LLAMA, "rope_scaling": {"factor": 8.0, "rope_type": "llama3", "low_freq_factor": 1.0}},
        "`rope_scaling` in config.json",
    ),
    "linear scaling": ({**LLAMA, "rope_scaling": {"type": "linear", "factor": 2.0}}, "`rope_scaling`"),
    "scaling without a type": ({**LLAMA, "rope_scaling": {"factor": 2.0}}, "`factor` is not supported"),
    "scaled, as newer versions write": (
        {**LLAMA, "rope_parameters": {"rope_type": "yarn", "factor": 4.0, "rope_theta": 1e6}},
        "`rope_parameters`",
    ),
    "a part of the features": ({**LLAMA, "partial_rotary_factor": 0.5}, "`partial_rotary_factor`"),
    "an odd number of features": ({**CONFIGS["phi-2"], "partial_rotary_factor": 0.1375}, "11 features of a head"),
    "experts": ({**LLAMA, "num_local_experts": 8}, "`num_local_experts`, which is not known"),
    "two unknown fields": ({**LLAMA, "alpha": 1, "beta": 2}, "`alpha`, `beta`, which are not known"),
    "quantized": ({**LLAMA, "quantization_config": {"bits": 4}}, "`quantization_config`"),
    "pruned": ({**BERT, "pruned_heads": {"0": [1]}}, "`pruned_heads`"),
    "layers that differ": ({**LLAMA, "per_layer_config": {"0": {"intermediate_size": 8}}}, "`per_layer_config`"),
    "an untied T5": ({**T5, "tie_word_embeddings": False}, "`tie_word_embeddings`"),
    "a decoder of BERT": ({**BERT, "is_decoder": True}, "`is_decoder`"),
    "relative positions": ({**BERT, "position_embedding_type": "relative_key"}, "`position_embedding_type`"),
    "cross-attention": ({**CONFIGS["gpt2"], "add_cross_attention": True}, "`add_cross_attention`"),
    "scaled by layer": ({**CONFIGS["gpt2"], "scale_attn_by_inverse_layer_idx": True}, "scaled by layer"),
    "groups of layers": ({**CONFIGS["albert-base-v2"], "num_hidden_groups": 2}, "`num_hidden_groups`"),
    "layer types": (
        {**CONFIGS["Qwen3-0.6B"], "layer_types": ["sliding_attention"] * 28},
        "`sliding_window` or `use_sliding_window` turns them off",
    ),
    "unknown layer types": ({**CONFIGS["Qwen3-0.6B"], "layer_types": ["linear_attention"] * 28}, "`layer_types`"),
    "heads": ({**LLAMA, "num_key_value_heads": 5}, "`num_key_value_heads` in config.json is 5"),
    "no multiple": ({**BERT, "num_attention_heads": 7}, "`num_attention_heads` in config.json is 7"),
    "no integer": ({**BERT, "hidden_size": 768.5}, "`hidden_size` in config.json is 768.5"),
    "null": ({**BERT, "hidden_size": None}, "`hidden_size` in config.json is null"),
    "a number out of range": ({**LLAMA, "vocab_size": 10**12}, "`vocab_size` in config.json"),
    "too many layers": ({**LLAMA, "num_hidden_layers": 1001}, "an integer from 1 to 1,000"),
    "no network": ({**LLAMA, "hidden_size": 10**9}, "gives no valid network"),
    "two names": ({**CONFIGS["gpt2"], "hidden_size": 5}, "`n_embd`, another name for it, is 768"),
    "an image": ({**CONFIGS["vit-base-patch16-224"], "image_size": [8, 8]}, "`image_size`"),
    "labels": ({**BERT, "architectures": ["BertForQuestionAnswering"], "num_labels": 3}, "are two classes"),
    "padding": ({**CONFIGS["roberta-base"], "pad_token_id": 600}, "`pad_token_id`"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_unsupported_configuration_is_refused(name: str) -> None:
    config, message = REFUSED[name]
    with pytest.raises(ImportFailed) as error:
        imported(config)
    assert message in error.value.message


def test_unknown_configuration_field_is_refused() -> None:
    """A field with an unknown name is refused in each family, unless it has no value."""
    for name, config in CONFIGS.items():
        with pytest.raises(ImportFailed, match="`a_new_field`"):
            imported({**config, "a_new_field": False}, *short(config))
        assert (
            imported({**config, "a_new_field": None}, *short(config)).text == imported(config, *short(config)).text
        ), name


@pytest.mark.parametrize("name", CONFIGS)
def test_boolean_in_place_of_an_integer_is_refused(name: str) -> None:
    """A field that is read as an integer is refused with a boolean, which Python takes for 1 or 0."""
    small = {"num_hidden_layers": 1, "n_layer": 1, "num_layers": 1, "num_decoder_layers": 1}
    config = CONFIGS[name] | {key: value for key, value in small.items() if key in CONFIGS[name]}
    integers = [field for field, value in config.items() if isinstance(value, int) and not isinstance(value, bool)]
    read = [field for field in integers if not _is_accepted({**config, field: "x"})]
    assert "vocab_size" in read or name.startswith(("vit", "deit", "dinov2"))
    assert not [(f, value) for f in read for value in (True, False) if _is_accepted({**config, f: value})]


def _is_accepted(config: dict[str, Any]) -> bool:
    try:
        imported(config, *short(config))
    except ImportFailed:
        return False
    return True


BAD_VALUES: list[Any] = [
    None,
    "x",
    -1,
    0,
    1,
    2.5,
    10**30,
    1e308,
    1e-308,
    float("nan"),
    True,
    False,
    [],
    {},
    [{}],
    {"rope_type": []},
    "\n}net x",
]


@pytest.mark.parametrize("name", ["bert-tiny", "Qwen2.5-0.5B", "t5-small", "dinov2-small"])
def test_any_field_value_gives_a_network_or_an_error(name: str) -> None:
    small = {"num_hidden_layers": 1, "n_layer": 1, "num_layers": 1, "num_decoder_layers": 1}
    config = CONFIGS[name] | {key: value for key, value in small.items() if key in CONFIGS[name]}
    for field in config:
        for value in BAD_VALUES:
            try:
                made = imported({**config, field: value})
            except ImportFailed as error:
                assert len(error.message) < 600  # noqa: PT017  # most values are refused, but not all
                continue
            assert made.network is not None
            assert not analyze(Source(made.text), Sink()).diagnostics


@pytest.mark.parametrize(
    ("config", "inputs", "message"),
    [
        (BERT, ["513"], "positions for 512 steps, not 513"),
        (BERT, ["3x224x224"], "write `--input 128`"),
        (T5, ["words=12"], "write `--input source=128` `--input target=128`"),
        (CONFIGS["vit-base-patch16-224"], ["3x256x256"], "positions for images of 3x224x224"),
    ],
)
def test_unusable_inputs_are_refused(config: dict[str, Any], inputs: list[str], message: str) -> None:
    with pytest.raises(UnusableSource) as error:
        imported(config, *inputs)
    assert message in str(error.value)


# --- windows ---


def test_alternating_attention_windows_become_a_repetition() -> None:
    kinds = ["sliding_attention", "sliding_attention", "full_attention"] * 3
    config = {**CONFIGS["Qwen3-0.6B"], "num_hidden_layers": 9, "layer_types": kinds}
    config |= {"use_sliding_window": True, "sliding_window": 16}
    text = imported(config, "64").text
    assert "repeat n//3 { repeat 2 { local }; decoder }" in text
    assert "window=window sliding" in text


# --- the command ---


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("config.json").write_text(json.dumps(CONFIGS["bert-tiny"]))
    return tmp_path


def test_import_command_of_a_hugging_face_configuration(folder: Path) -> None:
    done = CliRunner().invoke(
        main, ["import", "config.json", "-o", "net.arch", "--set", "architecture=BertForMaskedLM"]
    )
    assert done.exit_code == 0, done.output
    assert done.output.startswith("imported: 4,416,698 parameters, ")
    assert Path("net.arch").read_text().splitlines()[1].startswith("net BertForMaskedLM(width = 128, n = 2, ")
    for command in (
        ["check", "--strict", "net.arch"],
        ["fmt", "--check", "net.arch"],
        ["diagram", "net.arch", "-o", "a.svg"],
    ):
        done = CliRunner().invoke(main, command)
        assert done.exit_code == 0, done.output


@pytest.mark.parametrize(
    ("content", "words", "status", "message"),
    [
        ("{", [], 1, "not valid JSON"),
        ("[" * 100_000, [], 1, "not valid JSON"),
        ('{"model_type": "bert", "x": 1}', [], 1, "`x`, which is not known"),
        ('{"model_type": "bert"}', ["--set", "width=3"], 2, "only the setting `architecture`"),
        ('{"class_name": "Lambda"}', ["--set", "architecture=A"], 2, "a Keras model has no settings"),
        ('{"model_type": "bert"}', ["--input", "1x2"], 2, "is not a number of steps"),
        ('{"model_type": "bert"}', ["--weights", "a.safetensors"], 2, "config.json has no weights"),
    ],
)
def test_import_command_errors_write_nothing(
    folder: Path, content: str, words: list[str], status: int, message: str
) -> None:
    Path("config.json").write_text(content)
    done = CliRunner().invoke(main, ["import", "config.json", "-o", "net.arch", *words])
    assert done.exit_code == status, done.output
    assert message in done.output
    assert "Traceback" not in done.output
    assert not Path("net.arch").exists()


def test_import_needs_neither_torch_nor_numpy(folder: Path) -> None:
    code = (
        "import sys; sys.modules.update(dict.fromkeys(('torch', 'numpy', 'safetensors', 'transformers')))\n"
        "from archdsl.cli import main; main(['import', 'config.json'])"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("# The mask is 0 where there is no word\nnet Bert(width = 128, n = 2, heads = 2, ")
