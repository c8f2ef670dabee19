"""Import published models, compare them with their sources, and publish what was imported and what was not.

    python scripts/import_goals.py torchvision                 torchvision's 80 classification models
    python scripts/import_goals.py timm 'resnet*'              100 models of timm, here only those that match
    python scripts/import_goals.py transformers                one small model of each family
    python scripts/import_goals.py timm --read                 only read them: does each operation have a counterpart?
    python scripts/import_goals.py --write                     write the table in docs/importing.md

The packages are only references: `pip install --no-deps torchvision timm transformers` is enough, in an environment of
your own. Each model is imported in a separate process, with a time limit. The results are in
benchmarks/published/importing.json.
"""

import argparse
import json
import multiprocessing
import re
import statistics
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from fnmatch import fnmatch
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "importing.md"
RESULTS = ROOT / "benchmarks" / "published" / "importing.json"
START, END = "<!-- models -->\n", "<!-- /models -->\n"
SECONDS = 600
"""The limit for one model."""


class Model(NamedTuple):
    """A model to import: how its module is made, and what it is called with."""

    name: str
    make: Callable[[], tuple[nn.Module, Any]]


# --- torchvision ---


def torchvision_models() -> Any:
    """The package `torchvision.models`, of any build."""
    if "torchvision" not in sys.modules:
        # Declared here, because a torchvision built for another torch cannot load its own.
        for operator in ("nms", "qnms"):
            torch.library.define(f"torchvision::{operator}", "(Tensor a, Tensor b, float c) -> Tensor")
        import torchvision  # type: ignore[import-not-found, import-untyped, unused-ignore]  # noqa: F401
    return sys.modules["torchvision"].models


def from_torchvision() -> Iterator[Model]:
    """The classification models."""
    models = torchvision_models()
    for name in sorted(models.list_models(module=models), key=lambda name: (_LARGE.search(name) is not None, name)):
        yield Model(name, lambda name=name: (_torchvision(name), torch.randn(1, 3, *(_torchvision_size(name),) * 2)))  # type: ignore[misc]  # bound early


_LARGE = re.compile(r"_h_|_l_|large|128gf|32gf|16gf|_b[4-7]|_l$|101|152|vgg|_b$|201|161|169")
"""Large models, which come last."""
_FIXED = re.compile(r"alexnet|vgg|inception|swin|vit|maxvit")


def _torchvision_size(name: str) -> int:
    """The size of images: small where the network takes any, which changes no layer."""
    if not _FIXED.match(name):
        return 64
    return 299 if name == "inception_v3" else 256 if name.startswith("swin_v2") else 518 if name == "vit_h_14" else 224


def _torchvision(name: str) -> nn.Module:
    options: dict[str, Any] = {}
    if name in ("googlenet", "inception_v3"):
        options = {"aux_logits": False, "init_weights": False}
    elif name == "vit_h_14":
        options = {"image_size": 518}
    module: nn.Module = torchvision_models().get_model(name, weights=None, **options)
    return module


# --- timm ---


_SMALL = re.compile(r"atto|femto|pico|nano|tiny|xxs|_xs|x_s|small|(?<=\D)1?0t|_s\b|_b0|_0\d\d|18|_t\b|mini|micro")


def from_timm() -> Iterator[Model]:
    """A small model of each of timm's modules, then second ones of the modules with the most models, up to 100."""
    torchvision_models()
    import timm  # type: ignore[import-not-found, import-untyped, unused-ignore]

    chosen: list[str] = []
    rest: list[tuple[int, str]] = []
    for module in sorted(timm.list_modules()):
        names = sorted(timm.list_models(module=module), key=lambda name: (_SMALL.search(name) is None, len(name), name))
        chosen += names[:1]
        rest += [(-len(names), name) for name in names[1:2]]
    chosen += [name for _, name in sorted(rest)][: max(0, 100 - len(chosen))]
    for name in sorted(chosen[:100]):
        yield Model(name, lambda name=name: _timm(name))  # type: ignore[misc]  # bound early


def _timm(name: str) -> tuple[nn.Module, Any]:
    import timm

    module = timm.create_model(name)
    return module, torch.randn(1, *module.default_cfg["input_size"])


# --- transformers ---


_SIZES = {"hidden_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 96}
_IDS: dict[str, Any] = {"vocab_size": 120}
_IMAGES: dict[str, Any] = {"image_size": 32, "patch_size": 8}

FAMILIES: dict[str, tuple[str, dict[str, Any], tuple[int, ...] | None]] = {
    "bert": ("BertModel", _SIZES | _IDS, None),
    "roberta": ("RobertaModel", _SIZES | _IDS, None),
    "distilbert": ("DistilBertModel", {"dim": 48, "n_layers": 2, "n_heads": 4, "hidden_dim": 96} | _IDS, None),
    "electra": ("ElectraModel", _SIZES | _IDS | {"embedding_size": 48}, None),
    "albert": ("AlbertModel", _SIZES | _IDS | {"embedding_size": 48}, None),
    "gpt2": ("GPT2Model", {"n_embd": 48, "n_layer": 2, "n_head": 4} | _IDS, None),
    "gpt_neox": ("GPTNeoXModel", _SIZES | _IDS, None),
    "opt": ("OPTModel", _SIZES | _IDS | {"ffn_dim": 96, "word_embed_proj_dim": 48}, None),
    "llama": ("LlamaModel", _SIZES | _IDS, None),
    "mistral": ("MistralModel", _SIZES | _IDS | {"num_key_value_heads": 2, "sliding_window": None}, None),
    "qwen2": ("Qwen2Model", _SIZES | _IDS | {"num_key_value_heads": 2}, None),
    "qwen3": ("Qwen3Model", _SIZES | _IDS | {"num_key_value_heads": 2, "head_dim": 12}, None),
    "gemma": ("GemmaModel", _SIZES | _IDS | {"num_key_value_heads": 1, "head_dim": 12}, None),
    "phi": ("PhiModel", _SIZES | _IDS, None),
    "t5": ("T5EncoderModel", {"d_model": 48, "d_kv": 12, "d_ff": 96, "num_layers": 2, "num_heads": 4} | _IDS, None),
    "vit": ("ViTModel", _SIZES | _IMAGES, (3, 32, 32)),
    "deit": ("DeiTModel", _SIZES | _IMAGES, (3, 32, 32)),
    "beit": ("BeitModel", _SIZES | _IMAGES, (3, 32, 32)),
    "dinov2": ("Dinov2Model", _SIZES | _IMAGES, (3, 32, 32)),
    "convnext": ("ConvNextModel", {"hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 2, 1]}, (3, 64, 64)),
    "resnet": ("ResNetModel", {"embedding_size": 8, "hidden_sizes": [8, 16, 24, 32]}, (3, 64, 64)),
}
"""For each family the class, what its configuration changes, and the sizes of an image; None for IDs."""


def from_transformers() -> Iterator[Model]:
    """A small model of each family."""
    for name in FAMILIES:
        yield Model(name, lambda name=name: _transformers(name))  # type: ignore[misc]  # bound early


def _transformers(name: str) -> tuple[nn.Module, Any]:
    if find_spec("torchvision") is not None:
        torchvision_models()  # transformers imports it
    import transformers  # type: ignore[import-not-found, import-untyped, unused-ignore]

    kind, changes, sizes = FAMILIES[name]
    model = getattr(transformers, kind)
    config = model.config_class(**changes)
    config.use_cache = False
    module = model(config)
    if sizes is not None:
        return module, torch.randn(1, *sizes)
    example = {"input_ids": torch.randint(0, 120, (1, 16))}
    if getattr(config, "type_vocab_size", 0):
        example["token_type_ids"] = torch.randint(0, 2, (1, 16))
    return module, example


SETS: dict[str, Callable[[], Iterator[Model]]] = {
    "torchvision": from_torchvision,
    "timm": from_timm,
    "transformers": from_transformers,
}


# --- importing ---


def words(text: str) -> int:
    """The words of a text, without comments."""
    return len(re.sub(r"#.*", "", text).split())


def handwritten(name: str) -> int | None:
    """The words of the zoo's text for a model, which covers its family; None if the zoo does not have it."""
    import archdsl

    try:
        return words(archdsl.load(f"zoo:{name}").text)
    except (OSError, ValueError):
        return None


def _reason(problem: Any) -> str:
    """Why an operation cannot be imported."""
    return str(problem.reason)


def _rank(reason: str) -> tuple[bool, str]:
    """Operations without a counterpart come first, because other problems may follow from them."""
    return not reason.startswith("the operation"), reason


def measure(model: Model) -> dict[str, Any]:
    """The result for one model."""
    import archdsl
    from archdsl.importing import ImportFailed

    start = time.perf_counter()
    torch.manual_seed(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module, example = model.make()
            imported = archdsl.from_torch(module.eval(), example, name=re.sub(r"\W", "_", model.name))
    except ImportFailed as error:
        reasons = sorted({_reason(each) for each in error.problems}, key=_rank) or [error.message]
        return {"name": model.name, "imported": False, "reasons": reasons[:3]}
    assert imported.proof is not None
    return {
        "name": model.name,
        "imported": True,
        "fails": failed_commands(imported, example),
        "parameters": imported.proof.parameters[0],
        "macs": imported.proof.macs[0],
        "difference": imported.proof.difference,
        "words": words(imported.text),
        "seconds": round(time.perf_counter() - start, 1),
    }


def failed_commands(imported: Any, example: Any) -> list[str]:
    """What cannot be done with an imported network: `check --strict`, `fmt`, `diagram` and `export`."""
    from archdsl.diagnostics import Sink
    from archdsl.importing.torch_module import call_of
    from archdsl.network import analyze
    from archdsl.syntax import parse
    from archdsl.syntax.format import format_program
    from archdsl.text.source import Source

    source = Source(imported.text)

    def formats() -> bool:
        return bool(format_program(parse(source, Sink())) == imported.text)

    def exports() -> bool:
        return bool(torch.export.export(imported.to_torch(), call_of(example).all()).graph.nodes)

    commands: dict[str, Callable[[], Any]] = {
        "check --strict": lambda: not analyze(source, Sink()).diagnostics,
        "fmt": formats,
        "diagram": lambda: imported.network.diagram(format="dot").data,
        "export": exports,
    }
    return [name for name, command in commands.items() if not _succeeds(command)]


def _succeeds(command: Callable[[], Any]) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return bool(command())
    except Exception:  # any exception means that the command failed
        return False


def read(model: Model) -> dict[str, Any]:
    """Whether each operation of a model has a counterpart; nothing is written or compared."""
    from archdsl.importing import ImportFailed
    from archdsl.importing.exporting import BATCH_SIZE, export
    from archdsl.importing.lift import Lifter
    from archdsl.importing.passes import improve
    from archdsl.importing.torch_module import call_of
    from archdsl.importing.writing import left_over

    try:
        module, example = model.make()
        call = call_of(example).map(lambda x: x[:1].expand(BATCH_SIZE, *x.shape[1:]).contiguous())
        lifter = Lifter(export(module.eval(), call.args, dict(call.kwargs)), BATCH_SIZE)
        lifter.run()
        problems = [*lifter.problems, *left_over(lifter.b, improve(lifter.b, lifter.outputs))]
    except ImportFailed as error:
        return {"name": model.name, "imported": False, "reasons": [error.message]}
    if not problems:
        return {"name": model.name, "imported": False, "read": True}
    reasons = list(dict.fromkeys(map(_reason, problems)))
    return {"name": model.name, "imported": False, "reasons": reasons[:3]}


def _run(model: Model, results: Any, only_read: bool) -> None:
    torch.set_num_threads(2)
    try:
        results.put(read(model) if only_read else measure(model))
    except BaseException as error:
        results.put({"name": model.name, "imported": False, "reasons": [f"{type(error).__name__}: {error}"[:300]]})


def limited(model: Model, *, only_read: bool = False) -> dict[str, Any]:
    """The result for one model, made in a separate process."""
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    process = context.Process(target=_run, args=(model, results, only_read))
    process.start()
    try:
        found: dict[str, Any] = results.get(timeout=SECONDS)
    except Exception:
        found = {"name": model.name, "imported": False, "reasons": [f"not done after {SECONDS} seconds, or no memory"]}
    process.join(5)
    if process.is_alive():
        process.kill()
    return found


# --- publishing ---


def table(results: dict[str, list[dict[str, Any]]]) -> str:
    """The tables of the page: how many models of each set were imported, and which are not usable or not imported."""
    heads = ["set", "models", "imported and equal", "usable", "not imported", "words, median"]
    heads.append("relative to the zoo's text, median (models compared; largest)")
    lines = [f"| {' | '.join(heads)} |", "| --- | --- | --- | --- | --- | --- | --- |"]
    for name, rows in results.items():
        done = [row for row in rows if row["imported"]]
        ratios = [row["words"] / row["handwritten"] for row in done if row.get("handwritten")]
        used = [row for row in done if "fails" in row]
        usable = f"{sum(not row['fails'] for row in used)} of {len(used)}"
        counts = f"{len(rows)} | {len(done)} | {usable} | {len(rows) - len(done)}"
        median = f"{statistics.median(row['words'] for row in done):.0f}" if done else ""
        ratio = f"{statistics.median(ratios):.2f} ({len(ratios)}; {max(ratios):.2f})" if ratios else ""
        lines.append(f"| {name} | {counts} | {median} | {ratio} |")
    broken = [(name, row) for name, rows in results.items() for row in rows if row["imported"] and row.get("fails")]
    if broken:
        lines += ["", "Not usable:", "", "| set | model | what fails |", "| --- | --- | --- |"]
        lines += [f"| {name} | {row['name']} | {', '.join(row['fails'])} |" for name, row in broken]
    lines += ["", "Not imported:", "", "| set | model | why |", "| --- | --- | --- |"]
    for name, rows in results.items():
        for row in rows:
            if not row["imported"]:
                why = re.sub(r"\s+", " ", "; ".join(row["reasons"][:1])).replace("|", "\\|")
                lines.append(f"| {name} | {row['name']} | {why[:200]} |")
    return "\n".join(lines) + "\n"


def write(results: dict[str, list[dict[str, Any]]]) -> None:
    """Write the table into the page, with the words of the zoo's current texts."""
    for row in (row for rows in results.values() for row in rows if row["imported"]):
        row.pop("handwritten", None)
        if (hand := handwritten(row["name"])) is not None:
            row["handwritten"] = hand
    RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(START)
    after = rest.partition(END)[2]
    PAGE.write_text(f"{before}{START}\n{table(results)}\n{END}{after}", encoding="utf-8")


def main() -> int:
    """Import the models of a set, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("set", nargs="?", choices=list(SETS))
    parser.add_argument("patterns", nargs="*")
    parser.add_argument("--read", action="store_true")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    if options.set:
        if find_spec(options.set) is None:
            print(f"{options.set} is missing: pip install --no-deps {options.set}")
            return 2
        models = [
            m for m in SETS[options.set]() if not options.patterns or any(fnmatch(m.name, p) for p in options.patterns)
        ]
        rows = {row["name"]: row for row in results.get(options.set, [])}
        for model in models:
            row = limited(model, only_read=options.read)
            rows[model.name] = row
            print(json.dumps(row), flush=True)
            results[options.set] = [rows[name] for name in sorted(rows)]
            RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
        done = [row for row in rows.values() if row["imported"]]
        print(f"{len(done)} of {len(rows)} imported")
    if options.write:
        write(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
