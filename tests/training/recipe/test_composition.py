"""The recipe from the file's block and the options."""

from typing import Any

import pytest

from archdsl.diagnostics import Sink
from archdsl.diagnostics.terminal import render
from archdsl.network import analyze
from archdsl.text.source import Source
from archdsl.training.recipe.composition import BadOption, compose
from archdsl.training.recipe.fields import parts, recipe_fields
from archdsl.training.recipe.recipe import Adam, Cosine, CrossEntropy, OneCycle, Recipe, Sgd, Step


def recipe(block: str, **options: Any) -> Recipe | str:
    """The recipe of a block, or its errors as shown; options by their names with _ for -."""
    source = Source(f"input 1x8x8\nflatten; fc 10\ntrain {{\n{block}\n}}\n", name="n.arch")
    sink = Sink()
    settings = analyze(source, sink).draft.training
    by_option = {entry.option.removeprefix("--").replace("-", "_"): entry.path for entry in recipe_fields()}
    made = compose(settings, {by_option[name]: value for name, value in options.items()}, sink)
    assert (made is None) == bool(sink.errors)
    return made or render(sink)


def made(block: str, **options: Any) -> Recipe:
    result = recipe(block, **options)
    assert isinstance(result, Recipe), result
    return result


def test_empty_recipe_is_the_default() -> None:
    default = made("")
    assert default == Recipe()
    assert (default.batch, default.split, default.loss) == (32, 0.9, CrossEntropy())
    assert default.optimizer == Adam()
    assert default.optimizer.lr == 1e-3


def test_train_block_of_the_language_page() -> None:
    block = """
      data cifar10;  split 0.9
      augment flip crop=4 cutout=8
      optimizer sgd lr=0.1 momentum=0.9 nesterov weight_decay=5e-4
      schedule onecycle warmup=0.25
      loss cross_entropy smoothing=0.1
      epochs 20;  batch 128;  precision auto;  ema 0.999;  seed 0
    """
    got = made(block)
    assert got.data.name == "cifar10"
    assert (got.augment.flip, got.augment.crop, got.augment.cutout) == (True, 4, 8)
    assert got.optimizer == Sgd(lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)
    assert got.schedule == OneCycle(warmup=0.25)
    assert got.loss == CrossEntropy(smoothing=0.1)
    assert (got.epochs, got.batch, got.ema, got.seed) == (20, 128, 0.999, 0)


def test_option_overrides_the_file() -> None:
    got = made(
        "optimizer sgd lr=0.5 nesterov; epochs 7; augment flip crop=4", lr="0.2", epochs="9", crop="off", flip=False
    )
    assert got.optimizer == Sgd(lr=0.2, nesterov=True)
    assert got.epochs == 9
    assert got.augment.crop is None
    assert not got.augment.flip


def test_option_that_names_another_kind_replaces_the_line() -> None:
    got = made(
        "optimizer sgd lr=0.5 nesterov; schedule step every=3", optimizer="adam", schedule="cosine", warmup="0.1"
    )
    assert got.optimizer == Adam()
    assert got.schedule == Cosine(warmup=0.1)


def test_option_that_names_the_same_kind_keeps_the_line() -> None:
    assert made("optimizer sgd lr=0.5", optimizer="sgd").optimizer == Sgd(lr=0.5)


def test_option_of_the_default_kind_needs_no_kind() -> None:
    assert made("", lr="0.01", weight_decay="0.1").optimizer == Adam(lr=0.01, weight_decay=0.1)
    assert made("schedule step every=2", factor="0.5").schedule == Step(every=2, factor=0.5)


def test_off_and_network_parameters_in_settings() -> None:
    assert made("ema off; clip off").ema is None
    source = Source("net N(e = 3)\ninput 1x8x8\nflatten; fc 10\ntrain { epochs e * 2 }\n", name="n.arch")
    sink = Sink()
    got = compose(analyze(source, sink, {"e": 4}).draft.training, {}, sink)
    assert got is not None
    assert got.epochs == 8


@pytest.mark.parametrize(
    ("block", "shown"),
    [
        (
            "epoch 5",
            """
            error[E0801]: there is no setting `epoch`
              ╭─ n.arch:4:1
            4 │ epoch 5
              │ ^^^^^
              = help: did you mean `epochs`?
              = help: the settings are data, task, split, augment, optimizer, schedule, loss, epochs, batch, \
accumulate, clip, ema, lookahead, freeze, patience, precision, layout, compile, activation_checkpointing, shard, tta, \
checkpoint, seed
            """,
        ),
        (
            "optimizer adam momentum=0.9",
            """
            error[E0802]: `optimizer adam` takes no `momentum`
              ╭─ n.arch:4:16
            4 │ optimizer adam momentum=0.9
              │                ^^^^^^^^
              = help: `momentum` is for sgd, rmsprop and muon
              = help: `optimizer adam` takes weight_decay, decay_all, norm_bias_lr, bias_lr, lr, beta1, beta2, eps
            """,
        ),
        (
            "lookahead 5",
            """
            error[E0803]: `5` needs a name
              ╭─ n.arch:4:11
            4 │ lookahead 5
              │           ^
              = help: write `every=5`
            """,
        ),
        (
            "augment flipp",
            """
            error[E0802]: `augment` takes no `flipp`
              ╭─ n.arch:4:9
            4 │ augment flipp
              │         ^^^^^
              = help: did you mean `flip`?
              = help: `augment` takes flip, alternate, crop, border, rotate, jitter, cutout, mixup, cutmix, noise, \
random_resized_crop, aspect_ratio, train_size, randaugment, operations, random_erasing, repeats
            """,
        ),
        (
            "optimizer smgd",
            """
            error[E0802]: `optimizer` takes no `smgd`
              ╭─ n.arch:4:11
            4 │ optimizer smgd
              │           ^^^^
              = help: did you mean `sgd`?
              = help: `optimizer` takes sgd, adam, adamw, rmsprop, muon
            """,
        ),
        (
            "batch 0",
            """
            error[E0803]: `batch` must be greater than 0, not 0
              ╭─ n.arch:4:7
            4 │ batch 0
              │       ^
            """,
        ),
        (
            "precision fp8",
            """
            error[E0803]: `precision` must be `auto`, `fp32`, `bf16` or `fp16`, not fp8
              ╭─ n.arch:4:11
            4 │ precision fp8
              │           ^^^
            """,
        ),
        (
            "optimizer sgd lr=0 nesterov momentum=1",
            """
            error[E0803]: `lr` must be greater than 0, not 0
              ╭─ n.arch:4:18
            4 │ optimizer sgd lr=0 nesterov momentum=1
              │                  ^

            error[E0803]: `momentum` must be less than 1, not 1
              ╭─ n.arch:4:38
            4 │ optimizer sgd lr=0 nesterov momentum=1
              │                                      ^
            """,
        ),
        (
            "optimizer sgd nesterov momentum=0",
            """
            error[E0803]: `nesterov` needs momentum, which is 0
              ╭─ n.arch:4:1
            4 │ optimizer sgd nesterov momentum=0
              │ ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
            """,
        ),
        (
            "epochs 3 4",
            """
            error[E0803]: `epochs` takes one value
              ╭─ n.arch:4:1
            4 │ epochs 3 4
              │ ^^^^^^^^^^
              = help: write one value: `epochs 10`
            """,
        ),
        (
            "ema 0.9 0.99",
            """
            error[E0803]: `ema` takes one value
              ╭─ n.arch:4:1
            4 │ ema 0.9 0.99
              │ ^^^^^^^^^^^^
              = help: write one value: `ema 0.999`
            """,
        ),
        (
            "augment crop; schedule step at",
            """
            error[E0803]: `crop` needs a value
              ╭─ n.arch:4:9
            4 │ augment crop; schedule step at
              │         ^^^^
              = help: write `crop=4`

            error[E0803]: `at` needs a value
              ╭─ n.arch:4:29
            4 │ augment crop; schedule step at
              │                             ^^
              = help: write `at="82, 123"`
            """,
        ),
        (
            "augment crop=4 flip crop=5",
            """
            error[E0804]: `crop` is set twice
              ╭─ n.arch:4:26
            4 │ augment crop=4 flip crop=5
              │                          ^
              │              ─ first set here
              = help: remove one of the two
            """,
        ),
        (
            'freeze ","',
            """
            error[E0803]: `freeze` takes names of parts, not ","
              ╭─ n.arch:4:8
            4 │ freeze ","
              │        ^^^
            """,
        ),
        (
            "epochs 3; epochs 4",
            """
            error[E0804]: `epochs` is set twice
              ╭─ n.arch:4:11
            4 │ epochs 3; epochs 4
              │           ^^^^^^^^
              │ ──────── first set here
              = help: remove one of the two
            """,
        ),
        (
            "optimizer",
            """
            error[E0803]: `optimizer` needs a name
              ╭─ n.arch:4:1
            4 │ optimizer
              │ ^^^^^^^^^
              = help: one of sgd, adam, adamw, rmsprop, muon
            """,
        ),
    ],
)
def test_errors_are_shown_at_their_position(block: str, shown: str) -> None:
    lines = shown.strip("\n").rstrip().splitlines()
    wanted = "\n".join(line.removeprefix(" " * 12) for line in lines)
    got = recipe(block)
    assert isinstance(got, str)
    # both labels of E0804 are on one line, whose order the renderer chooses
    assert sorted(got.splitlines()) == sorted(wanted.splitlines())


def test_invalid_values_are_reported_beside_an_unknown_setting() -> None:
    reported = 0
    for entry in recipe_fields():
        words = [entry.path[0], entry.uses[0].owner, "" if entry.head else f"{entry.path[-1]}="]
        line = " ".join(word for word in words if word).removesuffix("=") + ("=-1" if not entry.head else " -1")
        alone = recipe(line)
        if isinstance(alone, str) and alone.startswith("error[E0803]"):
            both = recipe(f"epocs 3; {line}")
            assert isinstance(both, str)
            assert "there is no setting `epocs`" in both
            assert alone.splitlines()[0] in both
            reported += 1
    assert reported > 30


@pytest.mark.parametrize(
    ("options", "option", "why"),
    [
        ({"epochs": "0"}, "--epochs", "`epochs` must be greater than 0, not 0"),
        ({"momentum": "0.9"}, "--momentum", "`adam` takes no `momentum`; it is for sgd, rmsprop and muon"),
        ({"lr": "fast"}, "--lr", "`lr` must be a number, not fast"),
        (
            {"flip": True, "alternate": True},
            "--",
            "`flip` mirrors at random, `alternate` in every other epoch: use one of them",
        ),
        # the option that the message names, not the first one of its section
        ({"data": "photos", "loading": "cache", "workers": "1"}, "--workers", "`workers` is for streamed images"),
        ({"freeze": "c1", "freeze_anneal": True}, "--freeze-anneal", "add `after=1`, or more"),
        ({"optimizer": "muon", "other_momentum": "0.9"}, "--other-momentum", "`other_momentum` is for `other=sgd`"),
        ({"epochs": "1e308"}, "--epochs", "must be less than or equal to 1000000000"),
        ({"batch": "9" * 20}, "--batch", "must be less than or equal to 2147483648"),
        ({"crop": "9" * 20}, "--crop", "must be less than or equal to 65536"),
        ({"jitter": "1.5"}, "--jitter", "must be less than or equal to 1, not 1.5"),
        ({"ema": "1"}, "--ema", "`ema` must be less than 1, not 1"),
    ],
)
def test_invalid_options_are_refused(options: dict[str, Any], option: str, why: str) -> None:
    with pytest.raises(BadOption) as caught:
        recipe("", **options)
    assert caught.value.option.startswith(option)
    assert why in caught.value.why


def test_every_field_has_one_documented_option() -> None:
    options = [entry.option for entry in recipe_fields()]
    assert len(options) == len(set(options))
    assert all(entry.description for entry in recipe_fields())
    for line in Recipe.model_fields:
        described = {entry.path for entry in recipe_fields() if entry.path[0] == line}
        for part in parts(line).values():
            assert {(line, name) for name in part.model_fields} <= described
