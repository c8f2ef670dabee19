"""Syntax highlighting rules that need no parser.

The words come from the tables of tokens and layers. The patterns are limited to what Python's `re` and Oniguruma treat
alike, and to one line, so that Pygments and TextMate grammars can use them unchanged. Each rule matches where the
previous match ended; the first that fits applies. Together they match everything except spaces.
"""

from collections.abc import Iterable
from functools import cache

from ..layers import registry, synonyms
from ..record import Record
from ..syntax.tokens import FIGURE_WORD, KEYWORDS, MERGE_NAMES, MOE_WORD, SCAN_WORDS

CLASSES = (
    "comment",
    "string",
    "keyword",
    "word-operator",
    "operator",
    "punctuation",
    "layer",
    "block",
    "definition",
    "function",
    "argument",
    "flag",
    "shorthand",
    "name",
    "number",
    "size",
    "repetition",
    "at",
    "invalid",
)
"""The classes of a piece of text."""


class Rule(Record):
    """A pattern and the class of its match, or one class for each of its groups, empty for spaces."""

    pattern: str
    classes: tuple[str, ...]


class Region(Record):
    """A region from one pattern to another, with its own rules; `end` may be an empty match before the next token."""

    begin: Rule
    end: Rule
    inside: str


_BLANK = r"[ \t\f\u00a0\ufeff]"
_WORD = r"[A-Za-z_][A-Za-z0-9_]*"
_END = r"(?![A-Za-z0-9_])"
_SIDE = r"(?:[0-9]+|[A-Z][0-9]*)"
_OPERATORS = ("and", "or", "not", "in")
_NAMED = ("net", "block", "stage", "aux", "as")
_TENSORS = ("add", "mul", "concat", "from", "reuse", "output", "use")
_CONDITIONALS = ("if", "when", "repeat", "assert")
_STOP = Rule(pattern=r"(?=[;{}#)]|$)", classes=("punctuation",))


def _one_of(words: Iterable[str]) -> str:
    """A pattern for whole words, the longest first."""
    return f"(?:{'|'.join(sorted(words, key=lambda word: (-len(word), word)))}){_END}"


@cache
def states() -> dict[str, tuple[Rule | Region, ...]]:
    """The rules of each state: statements, tensors after `concat`, conditions after `if`, parentheses, brackets."""
    words = (*_comments(), *_values())
    names = (Rule(pattern=_one_of(_OPERATORS), classes=("word-operator",)), Rule(pattern=_WORD, classes=("name",)))
    rest = (*_signs(), Rule(pattern=r"[^ \t\f\u00a0\ufeff\n]", classes=("invalid",)))
    named = Rule(pattern=rf"({_one_of(_NAMED)})({_BLANK}+)({_WORD})", classes=("keyword", "", "definition"))
    keywords = Rule(pattern=rf"{_one_of(KEYWORDS - set(_OPERATORS))}(?!=)", classes=("keyword",))
    calls = Rule(pattern=rf"(?!{_one_of(KEYWORDS)}){_WORD}(?=\()", classes=("function",))
    carry = Rule(pattern=rf"{SCAN_WORDS[1]}(?={_BLANK}+{_WORD}{_BLANK}*=(?!=))", classes=("keyword",))
    loops = Rule(pattern=_one_of(("for",)), classes=("keyword",))
    arguments = Rule(pattern=rf"{_WORD}(?={_BLANK}*=(?!=))", classes=("argument",))
    return {
        "statements": (
            *words,
            *_starts(),
            *_regions(),
            named,
            keywords,
            calls,
            arguments,
            *_argument_words(),
            *names,
            *rest,
        ),
        "tensors": (*words, named, keywords, arguments, *names, *rest),
        "conditionals": (*words, _parentheses(), _brackets(), named, carry, arguments, calls, keywords, *names, *rest),
        "parentheses": (*words, _parentheses(), _brackets(), calls, keywords, arguments, *names, *rest),
        "brackets": (*words, _parentheses(), _brackets(), calls, loops, keywords, *names, *rest),
    }


def _comments() -> tuple[Rule, ...]:
    return (
        Rule(pattern=r"#.*", classes=("comment",)),
        Rule(pattern=r'"[^"\n]*"', classes=("string",)),
        Rule(pattern=r'"[^"\n]*', classes=("invalid",)),
    )


def _starts() -> tuple[Rule, ...]:
    """The first word of a statement without a keyword: a layer, a merge or a block."""
    start = rf"(^|[;{{])({_BLANK}*)"
    words = (*registry(), *synonyms(), *MERGE_NAMES, MOE_WORD)
    scan = f"({SCAN_WORDS[0]})({_BLANK}+)({SCAN_WORDS[1]}){_END}"
    figure = rf"({FIGURE_WORD})(?={_BLANK}*\{{)"
    return (
        Rule(pattern=rf"{start}{figure}", classes=("punctuation", "", "keyword")),
        Rule(pattern=rf"{start}{scan}", classes=("punctuation", "", "layer", "", "keyword")),
        Rule(pattern=rf"{start}({_one_of(words)})", classes=("punctuation", "", "layer")),
        Rule(pattern=rf"{start}(?!{_one_of(KEYWORDS)}|x[0-9]+{_END})({_WORD})", classes=("punctuation", "", "block")),
    )


def _regions() -> tuple[Region, ...]:
    """Words that precede tensor names or a condition: flags and shorthands are not highlighted there."""
    let = rf"(let{_END})({_BLANK}+)({_WORD})"
    # `from=` is an argument.
    tensors = Rule(pattern=rf"{_one_of(_TENSORS)}(?!=)", classes=("keyword",))
    results = rf"(as{_END})({_BLANK}+)({_WORD})(?={_BLANK}*,)"
    conditionals = Rule(pattern=_one_of(_CONDITIONALS), classes=("keyword",))
    until_else = Rule(pattern=rf"(?=[;{{}}#)]|$|else{_END})", classes=("punctuation",))
    return (
        Region(begin=tensors, end=_STOP, inside="tensors"),
        Region(
            begin=Rule(pattern=results, classes=("keyword", "", "definition")),
            end=_STOP,
            inside="tensors",
        ),
        Region(begin=conditionals, end=until_else, inside="conditionals"),
        Region(
            begin=Rule(pattern=let, classes=("keyword", "", "definition")),
            end=_STOP,
            inside="conditionals",
        ),
        Region(begin=Rule(pattern=_one_of(("let",)), classes=("keyword",)), end=_STOP, inside="conditionals"),
        _parentheses(),
        _brackets(),
    )


def _parentheses() -> Region:
    begin, end = (Rule(pattern=sign, classes=("punctuation",)) for sign in (r"\(", r"\)"))
    return Region(begin=begin, end=end, inside="parentheses")


def _brackets() -> Region:
    begin, end = (Rule(pattern=sign, classes=("punctuation",)) for sign in (r"\[", r"\]"))
    return Region(begin=begin, end=end, inside="brackets")


def _values() -> tuple[Rule, ...]:
    return (
        Rule(pattern=rf"{_SIDE}(?:x{_SIDE})+{_END}", classes=("size",)),
        # Between the parentheses of a size: `3x(S)x32`.
        Rule(pattern=rf"(?:{_SIDE}x)+(?=\()", classes=("size",)),
        Rule(pattern=rf"(?<=\))(?:x{_SIDE})*x(?=\()", classes=("size",)),
        Rule(pattern=rf"(?<=\))(?:x{_SIDE})+{_END}", classes=("size",)),
        Rule(pattern=rf"x[0-9]+{_END}", classes=("repetition",)),
        Rule(
            pattern=r"[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?[KMG]?(?![A-Za-z0-9_.])",
            classes=("number",),
        ),
        Rule(pattern=r"[0-9][A-Za-z0-9_.]*", classes=("invalid",)),
        Rule(pattern=r"@[A-Za-z0-9_]*", classes=("at",)),
    )


def _argument_words() -> tuple[Rule, ...]:
    """Flags and shorthands of any layer."""
    return (
        Rule(pattern=_one_of(flags()), classes=("flag",)),
        Rule(pattern=rf"[{''.join(sorted(letters()))}][0-9]+(?:x[0-9]+)*{_END}", classes=("shorthand",)),
    )


def flags() -> set[str]:
    """The words that stand for an argument's value."""
    return {word for layer in registry().values() for p in layer.parameters for word, _ in p.words}


def letters() -> set[str]:
    """The shorthand letters of the arguments."""
    return {p.letter for layer in registry().values() for p in layer.parameters if p.letter}


def _signs() -> tuple[Rule, ...]:
    return (
        Rule(pattern=r"==|!=|<=|>=|//|\*\*|[<>=+\-*/%]", classes=("operator",)),
        Rule(pattern=r"[,:;{}()\[\]]", classes=("punctuation",)),
    )
