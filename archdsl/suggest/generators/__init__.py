"""The generators of candidates, by the error that each is for."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping

from ...diagnostics import Diagnostic
from ...diagnostics.catalog import (
    argument_errors,
    name_errors,
    shape_errors,
    structure_errors,
    task_errors,
    training_errors,
)
from ...text.library import standard_blocks
from ..candidate import Candidate
from ..suggestion_context import ErrorSite, SuggestionContext
from . import (
    argument_fixes,
    assertion_fixes,
    assignment_fixes,
    call_fixes,
    carried_fixes,
    chain_fixes,
    channel_fixes,
    declared_fixes,
    definition_fixes,
    definition_notation,
    exchange_fixes,
    foreign_fixes,
    framework_fixes,
    group_fixes,
    indentation_fixes,
    input_fixes,
    layout_fixes,
    line_fixes,
    name_fixes,
    notation_fixes,
    operand_fixes,
    order_fixes,
    output_fixes,
    pattern_fixes,
    recipe_fixes,
    sequence_fixes,
    several_fixes,
    shrinking_fixes,
    sibling_fixes,
    similar_fixes,
    slip_fixes,
    solving_fixes,
    syntax_fixes,
    unfinished_fixes,
    use_fixes,
    value_fixes,
    window_fixes,
    word_fixes,
)

Generator = Callable[[SuggestionContext, ErrorSite], Iterable[Candidate]]

_NOTATION: tuple[Generator, ...] = (
    notation_fixes.statements,
    chain_fixes.statements,
    definition_notation.statements,
    group_fixes.repetitions,
)
"""The generators for statements in other notations, which may have any error of syntax, names or arguments."""
_WORDS: tuple[Generator, ...] = (
    foreign_fixes.comments,
    slip_fixes.doubled,
    slip_fixes.shifted,
    word_fixes.corrections,
    line_fixes.corrections,
    call_fixes.statements,
    definition_fixes.unused,
)
"""The generators for text that cannot be parsed, and for unknown names."""
_SYNTAX: tuple[Generator, ...] = (
    syntax_fixes.corrections,
    slip_fixes.signs,
    unfinished_fixes.brackets,
    unfinished_fixes.headers,
    unfinished_fixes.joined_words,
    unfinished_fixes.keywords,
    indentation_fixes.braces,
    assignment_fixes.everywhere,
    foreign_fixes.continued,
    foreign_fixes.chained,
)
"""The generators for text that cannot be parsed."""
_NEIGHBORS: tuple[Generator, ...] = (
    solving_fixes.values,
    exchange_fixes.names,
    exchange_fixes.widths,
    exchange_fixes.sections,
    exchange_fixes.statements,
    exchange_fixes.outside,
    exchange_fixes.repeated,
    value_fixes.expressions,
    value_fixes.axes,
    value_fixes.batch,
    value_fixes.indices,
    similar_fixes.layers,
    similar_fixes.merge_points,
    pattern_fixes.missing,
    pattern_fixes.surplus,
    pattern_fixes.ends,
    definition_fixes.unused,
)
"""The generators for shapes that do not fit: other values, swaps, a missing or superfluous statement."""
_SHAPES: tuple[Generator, ...] = (
    window_fixes.fitting,
    operand_fixes.operands,
    shrinking_fixes.fewer,
    channel_fixes.divisors,
    channel_fixes.filters,
    channel_fixes.shortcuts,
    layout_fixes.conversions,
    layout_fixes.gates,
    layout_fixes.reordered,
    layout_fixes.named_tensors,
    layout_fixes.elements,
    input_fixes.ids,
    order_fixes.flattened_late,
    order_fixes.inside,
    sequence_fixes.rows,
    sequence_fixes.tokens,
    sequence_fixes.other_tensors,
    several_fixes.kept,
    several_fixes.doubled,
    several_fixes.padded,
    several_fixes.named_late,
    order_fixes.exchanged,
    order_fixes.uncommented,
    use_fixes.arguments,
    use_fixes.conditions,
    input_fixes.sizes,
    input_fixes.axes,
    sibling_fixes.copied,
    *_NEIGHBORS,
)
_GENERATORS: Mapping[type[Diagnostic], tuple[Generator, ...]] = {
    name_errors.UnknownLayer: (
        name_fixes.layers,
        framework_fixes.layers,
        name_fixes.standard,
        definition_fixes.misplaced,
        definition_fixes.renamed,
        similar_fixes.layers,
        *_WORDS,
    ),
    name_errors.UnknownName: (
        name_fixes.words,
        name_fixes.unnamed,
        name_fixes.late,
        slip_fixes.values,
        argument_fixes.misread,
        unfinished_fixes.valueless,
        order_fixes.uncommented,
        use_fixes.swapped,
        definition_fixes.renamed,
        definition_fixes.undeclared,
        definition_fixes.outputs_last,
        exchange_fixes.sections,
        *_WORDS,
    ),
    name_errors.AmbiguousWord: (name_fixes.readings,),
    name_errors.UnknownSize: (
        input_fixes.axes,
        layout_fixes.named_tensors,
        value_fixes.expressions,
    ),
    name_errors.UnknownFunction: (name_fixes.functions,),
    argument_errors.UnknownArgument: (
        argument_fixes.renamed,
        definition_fixes.undeclared,
        similar_fixes.layers,
        *_WORDS,
    ),
    name_errors.NameTaken: (name_fixes.taken,),
    argument_errors.BadExpression: (value_fixes.divisors, *_WORDS),
    argument_errors.TensorAsNumber: (use_fixes.swapped, value_fixes.expressions, *_WORDS),
    argument_errors.MissingArgument: (
        use_fixes.defaults,
        unfinished_fixes.called,
        sibling_fixes.missing,
        similar_fixes.layers,
        *_WORDS,
    ),
    argument_errors.TooManyArguments: (
        argument_fixes.in_order,
        argument_fixes.vocabulary,
        argument_fixes.surplus,
        definition_fixes.undeclared,
        similar_fixes.layers,
        *_WORDS,
    ),
    argument_errors.ArgumentTwice: (argument_fixes.twice, *_WORDS),
    argument_errors.BadValue: (
        argument_fixes.values,
        sibling_fixes.copied,
        value_fixes.expressions,
        value_fixes.batch,
        similar_fixes.layers,
        *_WORDS,
    ),
    structure_errors.MissingNextValue: (carried_fixes.named,),
    structure_errors.NoInput: (input_fixes.first,),
    structure_errors.BadInput: (input_fixes.ids, input_fixes.shorter, input_fixes.unnamed, slip_fixes.doubled),
    structure_errors.AssertFailed: (
        assertion_fixes.outputs,
        assertion_fixes.resampled,
        assertion_fixes.stepped,
        assertion_fixes.standard,
        window_fixes.fitting,
        several_fixes.doubled,
        shrinking_fixes.fewer,
        input_fixes.asserted,
        sibling_fixes.copied,
        value_fixes.asserted,
        *_NEIGHBORS,
    ),
    structure_errors.SymbolicSize: (layout_fixes.conversions,),
    # A size of another axis would be decided, but is not what was meant.
    structure_errors.UndecidedSize: (),
    structure_errors.UndecidedLayer: (),
    training_errors.WrongInput: (recipe_fixes.inputs,),
    training_errors.NotForImages: (recipe_fixes.inputs,),
    training_errors.WrongOutput: (recipe_fixes.outputs,),
    training_errors.UnknownTrainSetting: (recipe_fixes.arguments,),
    training_errors.RepeatedSetting: (recipe_fixes.repeated,),
    task_errors.WrongImageOutput: (output_fixes.feature_maps,),
    **definition_fixes.GENERATORS,
    shape_errors.WeightsDiffer: (input_fixes.shared_inputs, *_SHAPES),
}


def candidates(context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    """All candidates for an error, unordered."""
    repeated = list(_of_kind(argument_fixes.read_as_repetition, context, site))
    if repeated:
        yield from repeated  # another value would be a second one
        return
    yield from _of_kind(declared_fixes.own, context, site)
    diagnostic = site.diagnostic
    generators = _GENERATORS.get(type(diagnostic))
    if generators is None and diagnostic.code.startswith("E04"):
        generators = _SHAPES
    if generators is None and diagnostic.code.startswith("E01"):
        generators = (*_SYNTAX, *_WORDS)
    if generators is None and diagnostic.code.startswith(("E02", "E03", "E05")):
        generators = (*_WORDS, *_NEIGHBORS)
    if diagnostic.code.startswith(("E01", "E02", "E03", "E0503")):
        generators = (*_NOTATION, *(generators or ()))
    found = (each for generate in generators or () for each in _of_kind(generate, context, site))
    yield from _named(context, site, found) if isinstance(diagnostic, name_errors.UnknownLayer) else found


def _named(context: SuggestionContext, site: ErrorSite, found: Iterable[Candidate]) -> Iterator[Candidate]:
    """The candidates for an unknown layer that write a known one; ambiguous if it may be in a file that was not read.

    Any other unknown name would also be taken for one in such a file, without an error.
    """
    for candidate in found:
        if not _is_unknown(context, site, candidate):
            yield candidate.replace(ambiguous=candidate.ambiguous or context.attempts.is_incomplete)


def _is_unknown(context: SuggestionContext, site: ErrorSite, candidate: Candidate) -> bool:
    """Whether a candidate replaces the name of an unknown layer by another unknown one."""
    texts = (edit.text for edit in candidate.edits if edit.span.start == site.span.start)
    words = [found[0] for text in texts if (found := re.match(r"[A-Za-z_]\w*", text))]
    return any(not context.starts_statement(word) and word not in standard_blocks() for word in words)


def _of_kind(generate: Generator, context: SuggestionContext, site: ErrorSite) -> Iterator[Candidate]:
    kind = generate.__qualname__
    return (candidate.replace(kind=candidate.kind or kind) for candidate in generate(context, site))
