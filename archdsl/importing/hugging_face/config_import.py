"""Import a configuration of a Hugging Face model as the text that a person would write for it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...network import ArchError, loads
from ...structure.free_names import identifier
from ..import_problem import ImportFailed
from ..imported import Imported, formatted
from ..strictness import with_ignores
from . import encoder_models, gpt_models, vision_models
from .decoder_models import GEMMA, LLAMA, MISTRAL, PHI3, QWEN2, QWEN3
from .model_config import ModelConfig, shown
from .model_request import ModelRequest
from .model_text import ModelText
from .t5_models import MT5, T5

FAMILIES: Mapping[str, Callable[[ModelRequest], ModelText]] = {
    "albert": encoder_models.albert,
    "bert": encoder_models.bert,
    "camembert": encoder_models.CAMEMBERT,
    "deit": vision_models.deit,
    "dinov2": vision_models.dinov2,
    "distilbert": encoder_models.distilbert,
    "electra": encoder_models.electra,
    "gemma": GEMMA,
    "gpt2": gpt_models.gpt2,
    "gpt_neox": gpt_models.gpt_neox,
    "llama": LLAMA,
    "mistral": MISTRAL,
    "mt5": MT5,
    "opt": gpt_models.opt,
    "phi": gpt_models.phi,
    "phi3": PHI3,
    "qwen2": QWEN2,
    "qwen3": QWEN3,
    "roberta": encoder_models.ROBERTA,
    "t5": T5,
    "vit": vision_models.vit,
    "xlm-roberta": encoder_models.XLM_ROBERTA,
}
"""The reader of each `model_type`."""


def import_config(
    fields: Mapping[str, Any], file: str, name: str | None, architecture: str | None, inputs: Sequence[str]
) -> Imported:
    """Import the fields of a configuration. Raises ImportFailed, or UnusableSource for unusable sizes."""
    config = ModelConfig(fields, file)
    family = FAMILIES.get(config.model_type)
    if family is None:
        known = ", ".join(FAMILIES)
        raise ImportFailed(f"`model_type` in {file} is {shown(config.model_type)}, which is not one of {known}")
    model = family(ModelRequest(config=config, architecture=architecture, inputs=tuple(inputs)))
    config.finish(*model.unused)
    title = identifier(name or architecture or _class_name(config), "Model")
    if fields.get("auto_map"):
        model = model.with_comment(
            "The code that `auto_map` names was not used; imported as the transformers class with this name"
        )
    text = formatted(model.text(title))
    try:
        return Imported(with_ignores(text), loads(text, name=f"{title}.arch"))
    except ArchError as error:
        first = error.diagnostics[0].diagnostic.message() if error.diagnostics else "an error"
        raise ImportFailed(f"the configuration in {file} gives no valid network: {first}") from None


def _class_name(config: ModelConfig) -> str:
    """The class of the model, after which the network is named."""
    found = config.fields.get("architectures")
    if isinstance(found, list) and found and isinstance(found[0], str):
        return found[0]
    return config.model_type.title().replace("_", "").replace("-", "")
