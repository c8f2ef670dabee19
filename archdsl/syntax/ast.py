"""The syntax tree of a program: one class for each construct, each node with its span.

Values are as written; nothing is looked up or computed here.
"""

from collections.abc import Iterator

from ..record import Record
from ..text.source import Source, Span


class Word(Record):
    """A name and its span."""

    text: str
    span: Span


class Target(Record):
    """The names that a value is assigned to: one, or `[k, c]` for the entries of a list."""

    names: tuple[Word, ...]
    span: Span
    unpacks: bool = False


# --- expressions ----------------------------------------------------------------------------------------------------


class Expr(Record):
    """An expression."""

    span: Span


class Number(Expr):
    """`64`, `0.5`, `1.5M`; `suffix` is K, M, G or empty, and `value` includes its factor.

    `too_long` says that the digits are beyond the limit, which was reported; the value is then unknown.
    """

    value: int | float
    suffix: str = ""
    too_long: bool = False


class Size(Expr):
    """`3x32x32`, `3xHxW`, `3x(2*S)x(2*S)`: numbers, symbols and expressions."""

    dims: tuple[int | str | Expr, ...]


class Text(Expr):
    """A quoted string."""

    value: str


class Variable(Expr):
    """A bare word: a flag, a shorthand, a variable or a tensor, depending on where it is; `in` is one as well."""

    name: str


class At(Expr):
    """`@c`: a dimension of the current tensor; `skip@c`: of the tensor `of`, which may be `in`."""

    name: str
    of: Word | None = None


class Unary(Expr):
    """`-x`, `not x`."""

    op: str
    operand: Expr


class Binary(Expr):
    """Arithmetic, a comparison, `and`, `or`."""

    op: str
    left: Expr
    right: Expr


class Choice(Expr):
    """`a if condition else b`."""

    condition: Expr
    yes: Expr
    no: Expr


class Call(Expr):
    """`min(a, b)`."""

    function: Word
    args: tuple[Expr, ...]


class Parenthesized(Expr):
    """An expression in parentheses, kept for the formatter."""

    inner: Expr


class List(Expr):
    """`[3, 4, 6, 3]`."""

    items: tuple[Expr, ...]


class Index(Expr):
    """`depths[i]`."""

    base: Expr
    index: Expr


class SliceExpr(Expr):
    """`depths[1:]`, `depths[:i]`."""

    base: Expr
    start: Expr | None = None
    stop: Expr | None = None


class Comprehension(Expr):
    """`[2*d for d in depths]`."""

    item: Expr
    target: "Target"
    source: Expr


class UnreadableExpr(Expr):
    """A word with a reported error; its value is unknown."""


# --- statements -----------------------------------------------------------------------------------------------------


class Argument(Record):
    """An argument; `name` is None for a positional one."""

    value: Expr
    span: Span
    name: Word | None = None


class Parameter(Record):
    """A parameter of a block or network."""

    name: Word
    default: Expr | None = None


class Statement(Record):
    """A statement."""

    span: Span


class Body(Record):
    """`{ … }`."""

    statements: tuple[Statement, ...]
    span: Span


class Net(Statement):
    """`net NAME(params)`."""

    name: Word
    parameters: tuple[Parameter, ...] = ()


class UseFile(Statement):
    """`use "file.arch"`, `use std`."""

    target: Word
    quoted: bool


class Input(Statement):
    """`input [NAME] DIMS [int(V)]`, as written; elaboration reads the arguments."""

    args: tuple[Argument, ...]


class Output(Statement):
    """`output a, b`."""

    names: tuple[Word, ...]


class Block(Statement):
    """`block NAME(params) { … }`."""

    name: Word
    parameters: tuple[Parameter, ...]
    body: Body


class Stage(Statement):
    """`stage NAME { … }`."""

    name: Word
    body: Body


class Aux(Statement):
    """`aux NAME { … }`."""

    name: Word
    body: Body


class Train(Statement):
    """`train { … }`: settings, read by the training recipe."""

    body: Body


class FigureBlock(Statement):
    """`figure { … }`: settings of the diagram."""

    body: Body


class LayerStatement(Statement):
    """`keyword args… [xN] [as NAME, …]`: a layer or the use of a block.

    `others` are the names of a block's other results. `unsure`: the last argument is a word such as `x2`, which is a
    repetition where it names nothing.
    """

    keyword: Word
    args: tuple[Argument, ...] = ()
    times: int = 1
    alias: Word | None = None
    others: tuple[Word, ...] = ()
    unsure: bool = False


class Merge(Statement):
    """`add`, `concat`, `matmul` …: their operands, and arguments among these.

    `unsure`: the last operand is a word such as `x2`, which is a repetition where it names nothing.
    """

    keyword: Word
    operands: tuple[Body | Word, ...]
    args: tuple[Argument, ...] = ()
    times: int = 1
    alias: Word | None = None
    unsure: bool = False


class Residual(Statement):
    """`residual [when COND] { … } [shortcut { … }]`."""

    keyword: Word
    body: Body
    shortcut: Body | None = None
    when: Expr | None = None
    times: int = 1
    alias: Word | None = None


class Carried(Record):
    """`NAME = EXPR`: a tensor that a scan or a repetition carries over, with its initial value."""

    name: Word
    value: Expr
    span: Span


class Scan(Statement):
    """`scan carry NAME = EXPR, … { … } [as NAME]`."""

    keyword: Word
    carried: tuple[Carried, ...]
    body: Body
    alias: Word | None = None


class Moe(Statement):
    """`moe experts=N … { … } [as NAME]`: a mixture of experts."""

    keyword: Word
    args: tuple[Argument, ...]
    body: Body
    alias: Word | None = None


class Repeat(Statement):
    """`repeat N [as i] [carry NAME = EXPR, …] { … } [as NAME]`.

    `count` may be a list, whose entries are assigned to the target.
    """

    count: Expr
    body: Body
    target: Target | None = None
    carried: tuple[Carried, ...] = ()
    alias: Word | None = None


class If(Statement):
    """`if COND { … } [else …] [as NAME]`; `else if` nests, and the outermost has the name."""

    condition: Expr
    body: Body
    orelse: "Body | If | None" = None
    alias: Word | None = None


class Let(Statement):
    """`let NAME = EXPR`, `let [a, b] = EXPR`."""

    target: Target
    value: Expr


class From(Statement):
    """`from NAME`."""

    name: Word


class Reuse(Statement):
    """`reuse NAME [as NAME]`."""

    name: Word
    alias: Word | None = None


class Assert(Statement):
    """`assert EXPR OP EXPR`."""

    condition: Expr


class UnreadableStatement(Statement):
    """A statement with a reported syntax error. `names` are the names that it would have defined."""

    names: tuple[Word, ...] = ()


WithOneBody = Block | Stage | Aux | Train | FigureBlock | Repeat | Scan | Moe
"""The statements whose field `body` is their only part in braces."""


class Program(Record):
    """A file. `names` are those that it defines and that look like a repetition or a shorthand: `x2`, `c4`.

    After a place in `uncertain_from`, such as a brace that nothing closes, and before one in `uncertain_to`, a brace
    that closes nothing, another reading of the text gives other statements; after one in `uncertain_unless`, unless the
    word with it is the name of a layer or block.
    """

    source: Source
    statements: tuple[Statement, ...]
    names: frozenset[str] = frozenset()
    uncertain_from: tuple[Span, ...] = ()
    uncertain_to: tuple[Span, ...] = ()
    uncertain_unless: tuple[tuple[Span, str], ...] = ()

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks that it defines."""
        return tuple(statement for statement in self.statements if isinstance(statement, Block))

    @property
    def figures(self) -> tuple[FigureBlock, ...]:
        """The blocks that set how the network is drawn."""
        return tuple(statement for statement in self.statements if isinstance(statement, FigureBlock))


def parts(expr: Expr) -> tuple[Expr, ...]:
    """The expressions that an expression consists of; none for a leaf."""
    match expr:
        case Variable() | Number():
            return ()
        case Parenthesized():
            return (expr.inner,)
        case Unary():
            return (expr.operand,)
        case Binary():
            return (expr.left, expr.right)
        case Choice():
            return (expr.condition, expr.yes, expr.no)
        case Call():
            return expr.args
        case Size():
            return tuple(dim for dim in expr.dims if isinstance(dim, Expr))
        case List():
            return expr.items
        case Index():
            return (expr.base, expr.index)
        case SliceExpr():
            return (expr.base, *(each for each in (expr.start, expr.stop) if each is not None))
        case Comprehension():
            return (expr.item, expr.source)
        case _:
            return ()


def leaves(expr: Expr) -> Iterator[Expr]:
    """The expressions without parts in an expression, and sizes, whose symbols are names.

    Names that a comprehension defines are left out.
    """
    if isinstance(expr, Comprehension):
        own = {word.text for word in expr.target.names}
        yield from (leaf for leaf in leaves(expr.item) if not (isinstance(leaf, Variable) and leaf.name in own))
        yield from leaves(expr.source)
        return
    below = parts(expr)
    if not below or isinstance(expr, Size):
        yield expr
    for each in below:
        yield from leaves(each)


def same(a: object, b: object) -> bool:
    """Whether two trees, or parts of trees, are equal apart from their positions."""
    if isinstance(a, Record) and isinstance(b, Record):
        pairs = zip(a, b, strict=False)
        return type(a) is type(b) and all(name in _PLACES or same(x, y) for (name, x), (_, y) in pairs)
    if isinstance(a, tuple) and isinstance(b, tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and a == b


_PLACES = frozenset({"span", "source"})
