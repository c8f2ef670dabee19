"""The recipe from the `train { … }` block and the options, which take precedence. Imports pydantic, not torch."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from ...diagnostics import Sink
from ...diagnostics.catalog.training_errors import (
    BadSetting,
    RepeatedSetting,
    UnknownField,
    UnknownTrainSetting,
)
from ...graph import Setting
from ...text.other_names import named_elsewhere, value_elsewhere
from ...text.source import Span
from .fields import parts, recipe_fields
from .part_names import FREE
from .recipe import Recipe, RecipeSection
from .section_types import SettingConflict
from .setting_words import owners_of, refusal

Path = tuple[str, ...]


class BadOption(ValueError):
    """An option that the recipe rejects: `option` as typed, `why` is the message."""

    def __init__(self, option: str, why: str) -> None:
        super().__init__(f"{option}: {why}")
        self.option, self.why = option, why


def compose(settings: Iterable[Setting], options: Mapping[Path, Any], sink: Sink) -> Recipe | None:
    """The recipe; None if the file's block has errors, which are reported to the sink.

    `options` are values by the path of their field, as typed. Raises BadOption for an option that the recipe rejects.
    """
    before = sink.errors
    block = _Block(sink)
    for setting in settings:
        block.take(setting)
    if sink.errors > before:
        _report_values(block, options, sink)
        return None
    tree = _with_options(block.tree, options)
    try:
        return Recipe.model_validate(tree)
    except ValidationError as error:
        _explain(error, tree, options, block, sink)
        return None


EXTENDABLE = ("epochs", "patience", "checkpoint", "compile", "activation_checkpointing", "shard", "tta")
"""The lines that may change when a run is resumed."""
WORKERS: Path = ("data", "workers")
"""The only other setting that may change."""


def extend(recipe: Recipe, options: Mapping[Path, Any]) -> Recipe:
    """The recipe of a resumed run, with the options that may change. Raises BadOption."""
    for path in options:
        if path[0] not in EXTENDABLE and path != WORKERS:
            may = ", ".join(map(option_at, (*((name,) for name in EXTENDABLE), WORKERS)))
            raise BadOption(option_at(path), f"a resumed run keeps its recipe, except for {may}")
    tree = _with_options(recipe.model_dump(), options)
    try:
        return Recipe.model_validate(tree)
    except ValidationError as error:
        first = error.errors()[0]
        path = _path(first["loc"], tree)
        raise BadOption(option_at(path), refusal(first, path, tree)) from error


class _Block:
    """The block's lines as plain values by line and name, with their positions."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.tree: dict[str, Any] = {}
        self.lines: dict[str, Span] = {}
        self.spans: dict[Path, Span] = {}

    def take(self, setting: Setting) -> None:
        """Read a line, or report its errors."""
        name = setting.name
        word = Span(setting.span.source, setting.span.start, setting.span.start + len(name))
        known = tuple(Recipe.model_fields)
        if name not in known:
            self.sink.emit(_unknown_setting(word, name, known))
        elif name in self.lines:
            self.sink.emit(RepeatedSetting(span=setting.span, name=name, first=self.lines[name]))
        elif parts(name):
            self.lines[name] = setting.span
            self._part(setting, word)
        else:
            self.lines[name] = setting.span
            self._value(setting)

    def _value(self, setting: Setting) -> None:
        """Read a line such as `epochs 20` or `compile`: one value, or none for a boolean."""
        name = setting.name
        is_flag = Recipe.model_fields[name].annotation is bool
        if is_flag and not setting.values and not setting.named:
            self.tree[name] = True
        elif len(setting.values) == 1 and not setting.named:
            self.tree[name] = setting.values[0]
            self.spans[name,] = setting.value_spans[0]
        else:
            example = f"`{name}`" if is_flag else f"one value: `{name} {_example(Recipe.model_fields[name])}`"
            self.sink.emit(
                BadSetting(
                    span=setting.span,
                    why=f"`{name}` takes {'nothing' if is_flag else 'one value'}",
                    help_texts=(f"write {example}",),
                )
            )

    def _part(self, setting: Setting, word: Span) -> None:
        """Read a line such as `optimizer sgd lr=0.1 nesterov`: a kind, names with values, and flags for booleans."""
        line, values, spans = setting.name, list(setting.values), list(setting.value_spans)
        kinds = parts(line)
        fields: dict[str, Any] = {}
        owner: str = ""
        named, named_spans = list(setting.named), list(setting.named_spans)
        if line == "loss":
            named, named_spans = self._output_losses(setting, values, spans, kinds, fields)
        if "" not in kinds:
            first = values[0] if values else None
            if not isinstance(first, str) or first not in kinds:
                self._no_kind(line, values, spans, word)
                return
            owner = first
            fields["name"] = owner
            del values[0], spans[0]
        elif "name" in kinds[""].model_fields and values:
            fields["name"], self.spans[line, "name"] = values.pop(0), spans.pop(0)
        part = kinds[owner]
        self.tree[line] = fields
        for value, span in zip(values, spans, strict=True):
            name, field = str(value), part.model_fields.get(str(value))
            first = next(iter(part.model_fields))
            if isinstance(value, int | float) and "" in kinds and part.model_fields[first].annotation is not bool:
                suggestion = f"write `{first}={name}`"
                self.sink.emit(BadSetting(span=span, why=f"`{name}` needs a name", help_texts=(suggestion,)))
            elif field is None or name == "name":
                self._unknown(line, owner, name, span, part)
            elif field.annotation is not bool:
                suggestion = f"write `{name}={_example(field)}`"
                self.sink.emit(BadSetting(span=span, why=f"`{name}` needs a value", help_texts=(suggestion,)))
            self._set(line, name, True, span)
        for (name, value), span in zip(named, named_spans, strict=True):
            if name not in part.model_fields or name == "name":
                self._unknown(line, owner, name, _name_before(span, name), part)
            self._set(line, name, value, span)

    def _output_losses(
        self, setting: Setting, values: list[Any], spans: list[Span], kinds: Mapping[str, Any], fields: dict[str, Any]
    ) -> tuple[list[tuple[str, Any]], list[Span]]:
        """Move the losses of outputs, such as `aux=0.3`, into one field, and return the other names.

        If no kind is given, the first output's loss becomes the kind: `loss a=cross_entropy b=mse`.
        """
        known = {name for kind in kinds.values() for name in kind.model_fields}
        own = list(zip(setting.named, setting.named_spans, strict=True))
        of_outputs = [(named, span) for named, span in own if named[0] not in known]
        if not of_outputs:
            return [named for named, _ in own], [span for _, span in own]
        if not values and isinstance(of_outputs[0][0][1], str) and of_outputs[0][0][1] in kinds:
            values.append(of_outputs[0][0][1])
            spans.append(of_outputs[0][1])
        entries = []
        for (name, value), span in of_outputs:
            if not _is_output_loss(value, kinds):
                why = f"the loss of the output `{name}` is a positive weight, the name of a loss, or `{FREE}`"
                self.sink.emit(BadSetting(span=span, why=f"{why}, not {value}", help_texts=(f"write `{name}=0.3`",)))
            elif ("output", name) in self.spans:
                self.sink.emit(RepeatedSetting(span=span, name=name, first=self.spans["output", name]))
            self.spans["output", name] = span
            entries.append(f"{name}={value}")
        fields["output_losses"] = ", ".join(entries)
        rest = [(named, span) for named, span in own if named[0] in known]
        return [named for named, _ in rest], [span for _, span in rest]

    def _set(self, line: str, name: str, value: Any, span: Span) -> None:
        """Set a field of a line; a field that is already set is an error."""
        if (line, name) in self.spans:
            self.sink.emit(RepeatedSetting(span=span, name=name, first=self.spans[line, name]))
        self.tree[line][name], self.spans[line, name] = value, span

    def _no_kind(self, line: str, values: list[Any], spans: list[Span], word: Span) -> None:
        kinds = tuple(parts(line))
        if not values:
            why = f"`{line}` needs a name"
            self.sink.emit(BadSetting(span=word, why=why, help_texts=(f"one of {', '.join(kinds)}",)))
            return
        name = str(values[0])
        near = value_elsewhere(name, kinds)
        self.sink.emit(UnknownField(span=spans[0], setting=line, name=name, known=kinds, nearest=near))

    def _unknown(self, line: str, owner: str, name: str, span: Span, part: type[RecipeSection]) -> None:
        known = tuple(field for field in part.model_fields if field != "name")
        self.sink.emit(
            UnknownField(
                span=span,
                setting=f"{line} {owner}".strip(),
                name=name,
                known=known,
                nearest=named_elsewhere(name, known),
                owners=owners_of((line, name)),
            )
        )


def _name_before(value: Span, name: str) -> Span:
    """The position of an argument's name from that of its value: `NAME=VALUE` has no spaces."""
    start = value.start - 1 - len(name)
    named = Span(value.source, start, value.start - 1)
    return named if start >= 0 and named.text == name else value


def _unknown_setting(word: Span, name: str, known: tuple[str, ...]) -> UnknownTrainSetting:
    """The error for a line with an unknown name, which may be that of an argument of another line."""
    arguments = {entry.path[-1]: entry for entry in recipe_fields() if len(entry.path) > 1 and not entry.head}
    near = named_elsewhere(name, known) if name not in arguments else None
    argument = named_elsewhere(name, arguments) if near is None else None
    if argument is None:
        return UnknownTrainSetting(span=word, name=name, known=known, nearest=near)
    entry = arguments[argument]
    kinds = tuple(use.owner for use in entry.uses if use.owner)
    return UnknownTrainSetting(span=word, name=name, known=known, line=entry.path[0], argument=argument, kinds=kinds)


def _is_output_loss(value: Any, kinds: Mapping[str, Any]) -> bool:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return 0 < value < float("inf")
    return isinstance(value, str) and (value == FREE or value in kinds)


def _example(field: FieldInfo) -> str:
    """An example value of a field, as written in a block."""
    value = field.examples[0] if field.examples else field.get_default()
    return f'"{value}"' if " " in str(value) else str(value)


def _with_options(tree: Mapping[str, Any], options: Mapping[Path, Any]) -> dict[str, Any]:
    """The tree with the options applied. An option that selects another kind replaces its whole line."""
    merged: dict[str, Any] = {line: dict(v) if isinstance(v, dict) else v for line, v in tree.items()}
    for path in sorted(options, key=lambda path: path[-1] != "name"):  # the kind first, then its fields
        value = _no_boolean(path, options[path])
        if len(path) == 1:
            merged[path[0]] = value
            continue
        line, name = path
        fields = merged.setdefault(
            line, {} if "" in parts(line) else {"name": Recipe.model_fields[line].get_default().name}
        )
        if name == "name" and "" not in parts(line) and fields.get("name") != value:
            merged[line] = {"name": value}
        else:
            fields[name] = value
    return merged


def _no_boolean(path: Path, value: Any) -> Any:
    """A value for a field: a boolean becomes text unless the field is boolean, since Python takes True for 1."""
    is_flag = any(entry.path == path and entry.kind is bool for entry in recipe_fields())
    return str(value) if isinstance(value, bool) and not is_flag else value


def _explain(
    error: ValidationError, tree: Mapping[str, Any], options: Mapping[Path, Any], block: _Block, sink: Sink
) -> None:
    """Report each error at its position. Raises BadOption for the first one caused by an option."""
    for item in error.errors():
        path = _path(item["loc"], tree)
        option = _option_of_error(path, tuple(options), item.get("ctx", {}).get("error"))
        if option is not None:
            raise BadOption(option_at(option), refusal(item, option, tree))
        span = block.spans.get(path) or block.lines[path[0]]
        sink.emit(BadSetting(span=span, why=refusal(item, path, tree)))


def _report_values(block: _Block, options: Iterable[Path], sink: Sink) -> None:
    """Report the invalid values of a block with other errors, except those that an option replaces.

    Conflicts between settings are left out: they may be due to a line that was not read.
    """
    try:
        Recipe.model_validate(block.tree)
    except ValidationError as error:
        reported = [finding.diagnostic.span for finding in sink]
        for item in error.errors():
            is_conflict = isinstance(item.get("ctx", {}).get("error"), SettingConflict)
            is_value = item["loc"] and item["type"] != "extra_forbidden" and not is_conflict
            path = _path(item["loc"], block.tree) if is_value else ()
            span = block.spans.get(path)
            if span is not None and span not in reported and path not in options:
                sink.emit(BadSetting(span=span, why=refusal(item, path, block.tree)))


def _option_of_error(path: Path, options: Collection[Path], error: Exception | None) -> Path | None:
    """The option at a path; for settings that do not fit together, the first that is an option, or any option of
    the line; None if there is none.
    """
    if path in options or len(path) > 1:
        return path if path in options else None
    given = [option for option in options if option[0] == path[0]]
    fields = error.fields if isinstance(error, SettingConflict) else ()
    named = (o for field in fields for o in options if field in (".".join(o), o[-1] if o in given else None))
    return next(named, next(iter(given), None))


def _path(location: tuple[int | str, ...], tree: Mapping[str, Any]) -> Path:
    """pydantic's location without the tag of the kind, which it inserts between line and name."""
    line = str(location[0])
    rest = [str(word) for word in location[1:]]
    if rest and "" not in parts(line) and isinstance(tree.get(line), dict):
        rest = rest[1:]
    return (line, *rest[:1])


def option_at(path: Path) -> str:
    """The option of a field."""
    return next(entry.option for entry in recipe_fields() if entry.path == path)
