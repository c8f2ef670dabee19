"""Names of other tools: options, commands, values, settings of `train { … }` and arguments of `fit`."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

import archdsl
from archdsl.cli import _COMMANDS, main
from archdsl.diagnostics.catalog.training_errors import UnknownTrainSetting
from archdsl.diagnostics.fixes import edited_text
from archdsl.text import other_names
from archdsl.text.other_names import named_elsewhere, value_elsewhere
from archdsl.text.source import Source
from archdsl.training.fit_options import given_settings
from archdsl.training.recipe.fields import recipe_fields
from archdsl.training.recipe.recipe import Recipe


def _commands() -> Iterator[tuple[str, click.Command]]:
    context = click.Context(main)
    for name in _COMMANDS:
        command = main.get_command(context, name)
        assert command is not None
        yield name, command


def _options(command: click.Command) -> dict[str, click.Parameter]:
    return {word[2:].replace("-", "_"): each for each in command.params for word in each.opts if word[:2] == "--"}


def test_every_suggested_name_exists() -> None:
    options = {name for _, command in _commands() for name in _options(command)}
    choices = {
        word
        for _, command in _commands()
        for each in command.params
        if isinstance(each.type, click.Choice)
        for word in each.type.choices
    }
    assert set(other_names._SETTINGS) <= options
    assert set(other_names._VALUES) <= choices
    assert set(other_names._COMMANDS) <= set(_COMMANDS)


def test_foreign_command_names_do_not_collide_with_commands() -> None:
    assert not {each for words in other_names._COMMANDS.values() for each in words.split()} & set(_COMMANDS)


def test_foreign_option_names_are_recognized() -> None:
    for name, command in _commands():
        options = _options(command)
        for target, others in other_names._SETTINGS.items():
            for other in others.split():
                found = named_elsewhere(other, options)
                assert found in options or target not in options, (name, other)
                same = {other, target, other.removesuffix("s"), f"{other}s", None}
                assert found in same or other in other_names._SETTINGS[str(found)].split(), (name, other, found)


def test_singular_or_plural_of_an_option_suggests_the_option() -> None:
    for name, command in _commands():
        options = _options(command)
        for option in options:
            for other in (f"{option}s", option.removesuffix("s")):
                assert other in options or named_elsewhere(other, options) == option, (name, other)


def test_option_of_two_characters_is_suggested_only_for_the_same_characters() -> None:
    for name, command in _commands():
        options = _options(command)
        for option in (each for each in options if len(each) == 2):
            assert named_elsewhere(f"{option}{option[-1]}", options) == option, name
            assert named_elsewhere(f"{option}q", options) != option, name


def test_option_before_the_command_is_suggested_after_it() -> None:
    for name, command in _commands():
        for option in (word for each in command.params for word in each.opts if word.startswith("-")):
            result = CliRunner().invoke(main, [option, name])
            assert result.exit_code == 2
            assert f"there is no option `{option}`; did you mean `{name} {option}`?" in result.output


@pytest.mark.parametrize("name", _COMMANDS)
def test_command_with_dashes_suggests_the_command(name: str) -> None:
    result = CliRunner().invoke(main, [f"--{name}"])
    assert result.exit_code == 2
    assert f"there is no option `--{name}`; did you mean `{name}`?" in result.output


def test_unknown_word_of_a_command_group_suggests_a_similar_one() -> None:
    for name, group in _commands():
        for word in group.commands if isinstance(group, click.Group) else ():
            wrong = f"{word[:-2]}{word[-1]}{word[-2]}"
            result = CliRunner().invoke(main, [name, wrong])
            assert result.exit_code == 2
            assert f"there is no command `{wrong}`; did you mean `{word}`?" in result.output


@pytest.mark.parametrize("word", ["", "\x1b[31m"])
def test_unknown_command_is_printable(word: str) -> None:
    result = CliRunner().invoke(main, [word])
    assert result.exit_code == 2
    assert "there is no command `" in result.output
    assert "\x1b" not in result.output


def test_file_that_looks_like_an_option_is_suggested_with_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("-net.arch").write_text("input 3x8x8; gap\n")
    for word in ("-net.arch", "net.arch"):
        result = CliRunner().invoke(main, ["check", word])
        assert result.exit_code == 2
        assert "`./-net.arch`" in result.output
    assert CliRunner().invoke(main, ["check", "./-net.arch"]).exit_code == 0


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (["train", "--learning-rate", "0.1"], "--lr"),
        (["train", "--batch_size", "8"], "--batch"),
        (["train", "--scheduler", "cosine"], "--schedule"),
        (["train", "--num-workers", "2"], "--workers"),
        (["train", "--output-dir", "a"], "--out"),
        (["diagram", "--outfile", "a.svg"], "--output"),
        (["check", "--input-size", "3x8x8"], "--input"),
        (["check", "--formt", "json"], "--format"),
        (["eval", "--fmt", "json"], "--format"),
    ],
)
def test_foreign_option_name_suggests_the_option(words: list[str], near: str) -> None:
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 2
    assert f"there is no option `{words[1]}`; did you mean `{near}`?" in result.output


def test_unknown_option_without_a_similar_name_has_no_suggestion() -> None:
    result = CliRunner().invoke(main, ["train", "--quantum"])
    assert result.exit_code == 2
    assert result.output.endswith("there is no option `--quantum`\n")


@pytest.mark.parametrize(
    "words", [["diagram", "--weights", "a"], ["diagram", "--batch", "8"], ["data", "--epochs", "1"]]
)
def test_option_of_another_meaning_has_no_suggestion_by_spelling(words: list[str]) -> None:
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 2
    assert result.output.endswith(f"there is no option `{words[1]}`\n")


@pytest.mark.parametrize(
    ("command", "near"),
    [
        ("summary", "check"),
        ("draw", "diagram"),
        ("fit", "train"),
        ("evaluate", "eval"),
        ("chek", "check"),
        ("onnx", "export` or `import"),
        ("convert", "compile`, `export` or `import"),
    ],
)
def test_foreign_command_name_suggests_the_command(command: str, near: str) -> None:
    result = CliRunner().invoke(main, [command, "net.arch"])
    assert result.exit_code == 2
    assert f"there is no command `{command}`; did you mean `{near}`?" in result.output


@pytest.mark.parametrize(
    ("words", "near"),
    [
        (["train", "--loss", "categorical_crossentropy"], "cross_entropy"),
        (["train", "--loss", "l1"], "mae"),
        (["train", "--optimizer", "adamm"], "adam"),
        (["train", "--precision", "float16"], "fp16"),
        (["diagram", "--direction", "vertical"], "TB"),
        (["check", "--format", "md"], "markdown"),
    ],
)
def test_foreign_value_suggests_the_value(words: list[str], near: str) -> None:
    result = CliRunner().invoke(main, [*words, "net.arch"])
    assert result.exit_code == 2
    assert f"did you mean '{near}'?" in " ".join(result.output.split())


def test_option_values_are_case_insensitive() -> None:
    net = ["-e", "input 3x8x8; gap"]
    assert CliRunner().invoke(main, ["check", "--format", "JSON", *net]).output.startswith("{")
    assert CliRunner().invoke(main, ["diagram", "-o", "-", "--format", "SVG", "--direction", "lr", *net]).exit_code == 0


def _suggested(block: str) -> list[str]:
    source = Source(f"input 1x8x8\nflatten; fc 10\ntrain {{ {block} }}\n")
    analysis = archdsl.check(text=source.text)
    return [edited_text(source.text, each.edits).splitlines()[-1] for each in analysis.diagnostics[0].suggestions]


@pytest.mark.parametrize(
    ("block", "meant"),
    [
        ("batch_size 64", "batch 64"),
        ("criterion mse", "loss mse"),
        ("lr 0.1", "optimizer sgd lr=0.1"),
        ("optimizer adam; lr 0.1; epochs 3", "optimizer adam lr=0.1; epochs 3"),
        ("optimizer sgd learning_rate=0.1", "optimizer sgd lr=0.1"),
        ("learning_rate 0.1; optimizer adamw", "optimizer adamw lr=0.1"),
        ("momentum 0.9", "optimizer sgd momentum=0.9"),
        ("label_smoothing 0.1", "loss cross_entropy smoothing=0.1"),
        ("flip", "augment flip"),
        ("augment random_crop=4", "augment crop=4"),
        ("loss ce", "loss cross_entropy"),
        ("optimizer Adam", "optimizer adam"),
        ("schedule cosine_annealing", "schedule cosine"),
    ],
)
def test_foreign_settings_in_a_train_block_are_rewritten(block: str, meant: str) -> None:
    assert _suggested(block)[0] == f"train {{ {meant} }}"


def test_sole_argument_of_a_line_suggests_its_setting() -> None:
    lines: dict[str, set[str]] = {}
    for entry in recipe_fields():
        if len(entry.path) > 1 and not entry.head:
            lines.setdefault(entry.path[1], set()).add(entry.path[0])
    for name in lines.keys() - Recipe.model_fields.keys():
        text = f"input 1x8x8; flatten; fc 10; train {{ {name} 1 }}"
        first = archdsl.check(text=text).diagnostics[0].diagnostic
        assert isinstance(first, UnknownTrainSetting)
        assert first.line in lines[name]
        assert first.argument == name


@pytest.mark.parametrize(
    ("argument", "near"), [("learning_rate", "lr"), ("batch_size", "batch"), ("num_epochs", "epochs")]
)
def test_foreign_arguments_of_fit_get_a_suggestion(argument: str, near: str) -> None:
    with pytest.raises(TypeError, match=f"did you mean `{near}`"):
        given_settings({argument: 1})


def test_unknown_value_without_a_similar_name_has_no_suggestion() -> None:
    assert value_elsewhere("quantum", ["sgd", "adam"]) is None
