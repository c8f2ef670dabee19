"""Names of settings, options, commands and their values in other tools, such as Keras, PyTorch and Lightning."""

from collections.abc import Collection, Mapping

from .names import nearest

_SETTINGS: Mapping[str, str] = {
    "accumulate": "accumulate_grad_batches grad_accum gradient_accumulation gradient_accumulation_steps",
    "activation_checkpointing": "checkpoint_activations gradient_checkpointing",
    "batch": "batch_size batchsize bs minibatch minibatch_size",
    "class_weights": "class_weight",
    "clip": "clip_grad clip_grad_norm clip_norm clipnorm grad_clip gradient_clip_val gradient_clipping max_grad_norm",
    "compile": "torch_compile",
    "crop": "random_crop",
    "data": "data_set dataset train_data",
    "data_dir": "data_path data_root dataset_dir root",
    "device": "accelerator gpu",
    "ema": "ema_decay model_ema",
    "epochs": "epoch max_epochs n_epochs nb_epoch num_epochs",
    "flip": "hflip horizontal_flip random_flip random_horizontal_flip",
    "format": "fmt json output_format",
    "freeze": "frozen",
    "from": "init_from pretrained weights",
    "input": "image_size img_size imgsz input_shape input_size shape size",
    "jitter": "color_jitter colorjitter",
    "layout": "data_format memory_format",
    "log": "logger",
    "lookahead_every": "lookahead",
    "loss": "criterion loss_fn loss_function objective",
    "lr": "learning_rate",
    "optimizer": "opt optim solver",
    "out": "log_dir logdir output output_dir run_dir save_dir",
    "output": "file out outfile save to_file",
    "patience": "early_stop early_stopping",
    "precision": "amp dtype mixed_precision",
    "random_erasing": "randomerasing",
    "randaugment": "rand_augment",
    "resume": "ckpt continue restore resume_from resume_from_checkpoint",
    "rotate": "random_rotation rotation",
    "schedule": "learning_rate_schedule lr_schedule lr_scheduler scheduler",
    "seed": "manual_seed random_seed random_state",
    "shard": "fsdp",
    "smoothing": "label_smoothing",
    "warmup": "warmup_ratio",
    "weight_decay": "decay l2 wd",
    "workers": "n_workers num_workers",
}
"""The names of each setting or option elsewhere, with underscores."""
_VALUES: Mapping[str, str] = {
    "bce": "bceloss bce_with_logits bcewithlogitsloss binary_crossentropy binary_cross_entropy",
    "bf16": "bfloat16",
    "channels_first": "nchw",
    "channels_last": "nhwc",
    "cosine": "cos cosine_annealing cosineannealing cosineannealinglr",
    "cross_entropy": "ce categorical_crossentropy crossentropyloss nll sparse_categorical_crossentropy softmax",
    "fp16": "float16 half",
    "fp32": "float float32",
    "huber": "huberloss smooth_l1 smoothl1loss",
    "latex": "tex",
    "LR": "horizontal left_right",
    "mae": "l1 l1loss mean_absolute_error",
    "markdown": "md",
    "mmd": "mermaid",
    "mse": "l2 mean_squared_error mseloss",
    "onecycle": "1cycle one_cycle onecyclelr",
    "step": "multistep multisteplr steplr",
    "TB": "top_bottom vertical",
    "tikz": "tex latex",
}
_COMMANDS: Mapping[str, str] = {
    "check": "analyze count flops info lint parameters params print profile run show stats summarize summary validate",
    "compile": "build codegen convert generate",
    "diagram": "draw figure graph image plot render svg visualize",
    "eval": "evaluate score test",
    "explain": "error errors help",
    "export": "convert onnx save",
    "fmt": "format",
    "import": "convert from load onnx",
    "inspect": "activations featuremaps feature_maps filters",
    "layers": "layer list ops",
    "predict": "classify infer inference",
    "sweep": "hpo search tune",
    "train": "fit learn",
    "zoo": "examples models",
}
"""The names of each command elsewhere."""


def named_elsewhere(name: str, known: Collection[str]) -> str | None:
    """The known setting or option that has this name in another tool, or else one spelled similarly, or None."""
    return _found(name.replace("-", "_"), known, _SETTINGS)


def value_elsewhere(word: str, known: Collection[str]) -> str | None:
    """The known value that has this name in another tool, or else one spelled similarly, or None."""
    return _found(word.lower().replace("-", "_"), known, _VALUES)


def commands_elsewhere(word: str, known: Collection[str]) -> list[str]:
    """The known commands that have this name in other tools, or else one spelled similarly."""
    name = word.lower().replace("-", "_")
    meant = _meant(name, _COMMANDS)
    if not meant and (near := _spelled(name, known)) is not None:
        return [near]
    return [each for each in meant if each in known]


def _found(name: str, known: Collection[str], names: Mapping[str, str]) -> str | None:
    if (other := _other_number(name)) in known:
        return other
    meant = _meant(name, names)
    if found := next((target for target in meant if target in known), None):
        return found
    # A name with a meaning is not a misspelling of another one: `--weights` does not mean `--height`.
    return None if meant else _spelled(name, known)


def _meant(name: str, names: Mapping[str, str]) -> list[str]:
    return [target for target, others in names.items() if name in (target, *others.split())]


def _other_number(name: str) -> str:
    """The plural of a singular, and the reverse: `sizes` for `size`."""
    return name[:-1] if name.endswith("s") else f"{name}s"


def _spelled(name: str, known: Collection[str]) -> str | None:
    """The known name that is spelled similarly; one of two characters only if it has the same ones.

    Any word of three characters is close to many of two: `top` to `to`.
    """
    near = nearest(name, known)
    if near is None or (min(len(name), len(near)) <= 2 and set(name.lower()) != set(near.lower())):
        return None
    return near
