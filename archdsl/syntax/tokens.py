"""The token stream: separators from newlines and semicolons, and readable names of tokens."""

from collections.abc import Collection, Iterator, Set
from itertools import pairwise

from lark import Token

OPENING = frozenset({"LPAR", "CALLPAR", "LBRACKET", "INDEX"})
CLOSING = frozenset({"RPAR", "RBRACKET"})

# A newline before one of these continues the statement.
_CONTINUES = frozenset({"LBRACE", "SHORTCUT", "ELSE"})

KEYWORDS = frozenset(
    """
    net use input output block stage aux train add mul concat residual when shortcut repeat as if else let from
    reuse assert in and or not
    """.split()  # noqa: SIM905  # a list of quoted strings would only be longer
)

# None of these directly precedes an argument.
_OPENS = frozenset({"SEP", "LBRACE", "RBRACE"})
_NO_ARGUMENT = frozenset({"LET", "AS", "NET", "BLOCK", "STAGE", "AUX", "REUSE", "COMMA", "LPAR", "CALLPAR", "EQ"})

# Names that are merges at the start of a statement, and ordinary names elsewhere.
MERGE_NAMES = frozenset({"sub", "div", "maximum", "minimum", "stack", "matmul", "einsum"})

# Words that begin a statement if `carry` follows, and are ordinary names elsewhere.
SCAN_WORDS = ("scan", "carry")

# A word that begins a statement, and is an ordinary name elsewhere, or if a block has this name.
MOE_WORD = "moe"

# A word that begins a statement if a body follows, and is an ordinary name elsewhere.
FIGURE_WORD = "figure"

# Tokens that may start a statement.
STARTS = frozenset(
    """
    NAME CALL NET USE INPUT OUTPUT BLOCK STAGE AUX TRAIN FIGURE ADD MUL CONCAT MERGE RESIDUAL SCAN MOE REPEAT IF LET
    FROM REUSE ASSERT
    """.split()  # noqa: SIM905  # a list of quoted strings would only be longer
)

# These may be in a value, the other tokens that start a statement may not.
_IN_VALUES = frozenset({"NAME", "CALL", "IF"})

# More must follow one of these.
_UNFINISHED = frozenset(
    """
    COMMA EQ COLON LBRACKET INDEX PLUS MINUS SIGN STAR POWER SLASH FLOORDIV PERCENT COMPARE AND OR NOT IF ELSE IN FOR AS
    """.split()  # noqa: SIM905  # a list of quoted strings would only be longer
)

WORDS = {
    "NAME": "a name",
    "CALL": "a name",
    "NUMBER": "a number",
    "SIZE": "a size like `3x3`",
    "STRING": "a string in quotes",
    "AT": "a size like `@c`",
    "TIMES": "a repetition like `x3`",
    "COMPARE": "a comparison",
    "SEP": "the end of the statement",
    "$END": "the end of the text",
    "EQ": "`=`",
    "COMMA": "`,`",
    "LPAR": "`(`",
    "CALLPAR": "`(`",
    "RPAR": "`)`",
    "LBRACKET": "`[`",
    "INDEX": "`[`",
    "RBRACKET": "`]`",
    "COLON": "`:`",
    "POWER": "`**`",
    "LBRACE": "`{`",
    "RBRACE": "`}`",
    "PLUS": "`+`",
    "MINUS": "`-`",
    "SIGN": "`-`",
    "STAR": "`*`",
    "SLASH": "`/`",
    "FLOORDIV": "`//`",
    "PERCENT": "`%`",
}

# Where any of these fits, a value fits: they are reported as one.
_VALUE = frozenset(
    "NUMBER SIZE SIZEOPEN STRING AT CALL LPAR LBRACKET SIGN NOT IN NAME BADWORD".split()  # noqa: SIM905  # a list of quoted strings would only be longer
)
_OPERATOR = frozenset(
    "PLUS MINUS STAR POWER SLASH FLOORDIV PERCENT COMPARE AND OR IF INDEX SIZEMORE AT_OF".split()  # noqa: SIM905  # a list of quoted strings would only be longer
)


def describe(expected: Set[str]) -> list[str]:
    """The expected tokens in words, as a few groups rather than thirty names."""
    words = []
    rest = set(expected) - {"ERROR", "BADWORD"}
    if rest >= {"NUMBER", "AT"}:
        words.append("a value")
        rest -= _VALUE
    if rest >= {"PLUS", "STAR"}:
        rest -= _OPERATOR
    if rest >= {"ADD", "STAGE", "NAME"}:
        words.append("a statement")
        rest -= STARTS
    if rest >= {"SEP", "TIMES"}:
        rest -= {"TIMES", "AS"}
    rest -= {"$END"} if "SEP" in rest else set()
    words += sorted({WORDS.get(name, f"`{name.lower()}`") for name in rest}, key=lambda w: (w[0] == "`", w))
    return words


def mark_arguments(tokens: list[Token]) -> None:
    """Turn `from` into a name where it is an argument: after a statement's first word and before `=`."""
    before = _NO_ARGUMENT | _OPENS
    for index in range(1, len(tokens) - 1):
        if tokens[index].type == "FROM" and tokens[index + 1].type == "EQ" and tokens[index - 1].type not in before:
            tokens[index] = Token.new_borrow_pos("NAME", "from", tokens[index])


def defined_blocks(tokens: list[Token]) -> frozenset[str]:
    """The names of the blocks that a text defines."""
    return frozenset(str(token) for before, token in pairwise(tokens) if before.type == "BLOCK")


def mark_figures(tokens: list[Token]) -> None:
    """Give `figure` before a body the type FIGURE, and turn every word after the first one of its lines into a name."""
    depth = 0
    for index, token in enumerate(tokens):
        before = tokens[index - 1].type if index else "SEP"
        if token.type == "LBRACE":
            depth += bool(depth) or before == "FIGURE"
        elif token.type == "RBRACE":
            depth -= bool(depth)
        elif token == FIGURE_WORD and before in ("SEP", "LBRACE") and not depth:
            if [each.type for each in tokens[index + 1 : index + 2]] == ["LBRACE"]:
                tokens[index] = Token.new_borrow_pos("FIGURE", str(token), token)
        elif depth and before not in _OPENS and (token in KEYWORDS or token.type == "TIMES"):
            tokens[index] = Token.new_borrow_pos("NAME", str(token), token)


def mark_words(tokens: list[Token], blocks: Collection[str]) -> None:
    """Give tokens the types that depend on those around them; `blocks` are the names of the blocks of the whole text.

    The name of a merge at the start of a statement becomes MERGE, unless the text has a block with that name; `[` and
    `@h` directly after a value become INDEX and AT_OF; `for` in brackets becomes FOR; `scan carry` becomes SCAN and
    CARRY at the start of a statement, `moe` becomes MOE there; in `repeat`, `carry NAME =` and
    `carry` after a value become CARRY.
    """
    brackets = 0
    for index, (before, token) in enumerate(list(zip([None, *tokens], tokens, strict=False))):
        kind = token.type
        if kind == "NAME":
            starts = before is None or before.type in ("SEP", "LBRACE")
            if token in MERGE_NAMES:
                kind = "MERGE" if starts and token not in blocks else kind
            elif starts and token == MOE_WORD and token not in blocks:
                kind = "MOE"
            elif brackets > 0 and token == "for":
                kind = "FOR"
            elif starts and tuple(tokens[index : index + 2]) == SCAN_WORDS:
                kind = "SCAN"
            elif token == SCAN_WORDS[1] and _carries(tokens, index):
                kind = "CARRY"
        elif kind == "LBRACKET":
            brackets += 1
            kind = "INDEX" if before is not None and _follows(token, before, _INDEXED) else kind
        elif kind == "RBRACKET":
            brackets -= 1
        elif kind in _OPENS:
            brackets = 0
        elif kind == "AT" and before is not None and _follows(token, before, _SIZED):
            kind = "AT_OF"
        if kind != token.type:
            tokens[index] = Token.new_borrow_pos(kind, str(token), token)


def _carries(tokens: list[Token], index: int) -> bool:
    """Whether the word `carry` is that of a scan, directly after its keyword, or that of a repetition."""
    start = index
    while start > 0 and tokens[start - 1].type not in _OPENS:
        start -= 1
    if tokens[start].type != "REPEAT":
        return start == index - 1 and tokens[start] == SCAN_WORDS[0]
    follows = [token.type for token in tokens[index + 1 : index + 3]]
    return follows in (["NAME", "EQ"], ["TIMES", "EQ"]) or tokens[index - 1].type in _VALUE_ENDS


_VALUE_ENDS = frozenset({"NAME", "TIMES", "NUMBER", "RPAR", "RBRACKET"})
"""The types of tokens that end a value, which no name can follow."""
_INDEXED = frozenset({"NAME", "CALL", "TIMES", "RPAR", "RBRACKET"})
_SIZED = frozenset({"NAME", "IN", "TIMES"})


def _follows(token: Token, before: Token, kinds: frozenset[str]) -> bool:
    return before.type in kinds and before.end_pos == token.start_pos


def end_unclosed(tokens: list[Token], text: str) -> None:
    """Insert the SEPs that line breaks would be if there were no bracket before them that nothing closes.

    The first line ends where the next one starts with a word, unless more must follow it there.
    """
    start = 0
    found: list[Token] = []
    for stop in [*(index for index, token in enumerate(tokens) if token.type in _OPENS), len(tokens)]:
        unclosed = _unclosed(tokens, start, stop)
        part = tokens[start:stop]
        found += _with_line_ends(part, {each - start for each in unclosed}, text) if unclosed else part
        found += tokens[stop : stop + 1]
        start = stop + 1
    tokens[:] = found


def _unclosed(tokens: list[Token], start: int, stop: int) -> list[int]:
    """The indices of the opening brackets that nothing closes."""
    opened: list[int] = []
    for index in range(start, stop):
        if tokens[index].type in OPENING:
            opened.append(index)
        elif tokens[index].type in CLOSING:
            del opened[-1:]
    return opened


def _with_line_ends(tokens: list[Token], unclosed: Set[int], text: str) -> Iterator[Token]:
    """The tokens between two separators, with line ends after the line of an unclosed bracket."""
    depth = 0
    is_inside = is_after = False
    before: Token | None = None
    for index, token in enumerate(tokens):
        at = -1 if before is None or depth else text.find("\n", before.end_pos, token.start_pos)
        if before is not None and at >= 0:
            if is_inside:
                ends = token.type in STARTS and (before.type not in _UNFINISHED or token.type not in _IN_VALUES)
            else:
                ends = is_after and token.type not in _CONTINUES
            if ends:
                is_inside, is_after = False, True
                yield Token("SEP", "\n", start_pos=at, end_pos=at + 1)
        if index in unclosed:
            is_inside = True
        else:
            depth = max(0, depth + (token.type in OPENING) - (token.type in CLOSING))
        yield token
        before = token


class Separators:
    """Lark's post-lexer: runs of newlines and semicolons become one SEP, or nothing if the statement continues."""

    always_accept = ("NEWLINE", "SEMICOLON", "STRAY", "BADWORD")

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        """The token stream for the grammar."""
        pending: Token | None = None
        semicolon = False
        parentheses = 0
        for token in stream:
            kind = token.type
            if kind in ("NEWLINE", "SEMICOLON"):
                if kind == "SEMICOLON" or not parentheses:
                    pending = pending or token
                    semicolon = semicolon or kind == "SEMICOLON"
                continue
            if pending is not None:
                if semicolon or kind not in _CONTINUES:
                    parentheses = 0
                    yield Token.new_borrow_pos("SEP", str(pending), pending)
                pending, semicolon = None, False
            if kind in OPENING:
                parentheses += 1
            elif kind in CLOSING:
                parentheses = max(0, parentheses - 1)
            elif kind in ("LBRACE", "RBRACE"):
                parentheses = 0
            yield token
        if pending is not None:
            yield Token.new_borrow_pos("SEP", str(pending), pending)
