"""Convert Lark's parse tree to the syntax tree: one function for each rule."""

import re
from collections.abc import Callable
from typing import Any

from lark import Token, Tree

from ..diagnostics import Sink
from ..diagnostics.catalog import limit_errors, syntax_errors
from ..limits import MAX_DIGITS
from ..text.names import SHORTHAND
from ..text.source import Source, Span
from . import ast
from .repetition_names import LIKE_A_REPETITION
from .tokens import KEYWORDS

"""What a bare word may be among the arguments of a layer or block: `k3`, `s2x1`."""

_SUFFIX = {"K": 10**3, "M": 10**6, "G": 10**9}

# The names that a statement with a syntax error would define.
_NAMES = re.compile(r"\b(?:let|as|stage|aux|block)[ \t]+([A-Za-z_]\w*)", re.ASCII)

Node = Tree[Token]


def lower(source: Source, tree: Node, sink: Sink) -> ast.Program:
    """The program of a parse tree."""
    lowering = _Lowering(source, sink)
    statements = lowering.statements(tree)
    return ast.Program(source=source, statements=statements, names=frozenset(lowering.names))


def _end(node: Node, side: int) -> Token | None:
    """The first token of a tree (0), or its last (-1); None if it has none."""
    for child in node.children if side == 0 else reversed(node.children):
        found = child if isinstance(child, Token) else _end(child, side)
        if found is not None:
            return found
    return None


class _Lowering:
    """Methods are named after the rules of the grammar."""

    def __init__(self, source: Source, sink: Sink) -> None:
        self.source = source
        self.sink = sink
        # The names of tensors and variables that look like a repetition or a shorthand.
        self.names: set[str] = set()
        self.methods: dict[str, Callable[[Any], Any]] = {}

    # --- helpers ---

    def span(self, node: Node | Token) -> Span:
        if isinstance(node, Token):
            start = node.start_pos or 0
            return Span(self.source, start, node.end_pos if node.end_pos is not None else start)
        # All tokens are kept, so the first and the last give the position of a tree. Lark's own positions, computed for
        # every tree, take a third of the parsing time.
        first, last = _end(node, 0), _end(node, -1)
        if first is None or last is None:
            return Span(self.source, 0, 0)
        return Span(self.source, first.start_pos or 0, last.end_pos or 0)

    def word(self, node: Node | Token) -> ast.Word:
        token = node if isinstance(node, Token) else _end(node, 0)
        assert token is not None
        return ast.Word(text=str(token), span=self.span(token))

    def name(self, node: Node | Token) -> ast.Word:
        """The name in a definition. Before a parenthesis, the lexer takes any word for a call."""
        token = node if isinstance(node, Token) else _end(node, 0)
        assert token is not None
        word = self.word(token)
        if word.text in KEYWORDS and token.type == "CALL":
            self.sink.emit(syntax_errors.ReservedName(span=word.span, name=word.text))
        if word.text.startswith("__"):
            self.sink.emit(syntax_errors.PythonName(span=word.span, name=word.text))
        if SHORTHAND.match(word.text):
            self.names.add(word.text)
        return word

    def target(self, node: Node) -> ast.Target:
        """The name after `let` or `as`, or the names in brackets."""
        words = tuple(self.name(child) for child in node.children if isinstance(child, Token) and child.type == "NAME")
        return ast.Target(names=words, span=self.span(node), unpacks=len(node.children) > 1)

    def make(self, node: Node | Token) -> Any:
        rule = node.type if isinstance(node, Token) else node.data
        method = self.methods.get(rule)
        if method is None:
            found: Callable[[Any], Any] = getattr(self, f"do_{rule.rstrip('_')}")
            method = self.methods[str(rule)] = found
        return method(node)

    def statements(self, node: Node) -> tuple[ast.Statement, ...]:
        return tuple(self.make(child) for child in node.children if isinstance(child, Tree))

    def find(self, node: Node, rule: str) -> Node | None:
        return next(iter(_rules(node, rule)), None)

    def body(self, node: Node) -> ast.Body:
        return ast.Body(statements=self.statements(node), span=self.span(node))

    def times(self, node: Node) -> int:
        found = self.find(node, "times")
        return 1 if found is None else self.count(found)

    def count(self, node: Node) -> int:
        """How often `x3` repeats a statement."""
        count = self.integer(node.children[0], 1)  # type: ignore[arg-type]  # times holds one token
        if count < 1:
            self.sink.emit(syntax_errors.NoRepetition(span=self.span(node), written=self.span(node).text))
        return max(1, count)

    def integer(self, token: Token, skip: int = 0) -> int:
        digits = str(token)[skip:]
        if len(digits) > MAX_DIGITS:
            self.sink.emit(limit_errors.TooManyDigits(span=self.span(token), limit=MAX_DIGITS))
            return 1
        return int(digits)

    def alias(self, node: Node) -> ast.Word | None:
        found = self.find(node, "alias")
        return self.name(found.children[-1]) if found else None

    def aliases(self, node: Node) -> tuple[ast.Word, ...]:
        """The names after `as`."""
        return tuple(self.name(child) for child in node.children if isinstance(child, Token) and child.type == "NAME")

    def parameters(self, node: Node) -> tuple[ast.Parameter, ...]:
        found = self.find(node, "parameters")
        return tuple(self.parameter(child) for child in _rules(found, "parameter")) if found else ()

    def parameter(self, node: Node) -> ast.Parameter:
        default = self.make(node.children[2]) if len(node.children) > 2 else None
        return ast.Parameter(name=self.name(node.children[0]), default=default)

    # --- definitions ---

    def do_net(self, node: Node) -> ast.Statement:
        return ast.Net(span=self.span(node), name=self.name(node.children[1]), parameters=self.parameters(node))

    def do_use(self, node: Node) -> ast.Statement:
        token = node.children[1]
        assert isinstance(token, Token)
        quoted = token.type == "STRING"
        word = ast.Word(text=token[1:-1] if quoted else str(token), span=self.span(token))
        return ast.UseFile(span=self.span(node), target=word, quoted=quoted)

    def do_block(self, node: Node) -> ast.Statement:
        return ast.Block(
            span=self.span(node),
            name=self.name(node.children[1]),
            parameters=self.parameters(node),
            body=self.body(node.children[-1]),  # type: ignore[arg-type]  # a block ends with its body
        )

    def do_stage(self, node: Node) -> ast.Statement:
        return ast.Stage(span=self.span(node), name=self.name(node.children[1]), body=self.last_body(node))

    def do_aux(self, node: Node) -> ast.Statement:
        return ast.Aux(span=self.span(node), name=self.name(node.children[1]), body=self.last_body(node))

    def do_train(self, node: Node) -> ast.Statement:
        return ast.Train(span=self.span(node), body=self.last_body(node))

    def do_figure(self, node: Node) -> ast.Statement:
        return ast.FigureBlock(span=self.span(node), body=self.last_body(node))

    def last_body(self, node: Node) -> ast.Body:
        return self.body(_rules(node, "body")[-1])

    # --- statements ---

    def do_layer(self, node: Node) -> ast.Statement:
        keyword, *parts = node.children
        args: list[ast.Argument] = []
        names: tuple[ast.Word, ...] = ()
        times = 1
        for part in parts:
            assert isinstance(part, Tree)
            if part.data == "aliases":
                names = self.aliases(part)
            elif part.data == "times":
                times = self.count(part)
            else:
                args.append(self.argument(part))
        last = args[-1].value if args and args[-1].name is None else None
        return ast.LayerStatement(
            span=self.span(node),
            keyword=self.word(keyword),
            args=tuple(args),
            times=times,
            alias=names[0] if names else None,
            others=names[1:],
            unsure=isinstance(last, ast.Variable) and LIKE_A_REPETITION.match(last.name) is not None,
        )

    def arguments(self, node: Node) -> tuple[ast.Argument, ...]:
        found = [child for child in node.children if isinstance(child, Tree) and child.data in ("named", "positional")]
        return tuple(self.argument(child) for child in found)

    def argument(self, node: Node) -> ast.Argument:
        name = self.word(node.children[0]) if node.data == "named" else None
        return ast.Argument(span=self.span(node), name=name, value=self.make(node.children[-1]))

    def do_input(self, node: Node) -> ast.Statement:
        args = self.arguments(node)
        first = args[0].value if args else None
        if isinstance(first, ast.Variable) and SHORTHAND.match(first.name):
            self.names.add(first.name)
        return ast.Input(span=self.span(node), args=args)

    def do_output(self, node: Node) -> ast.Statement:
        return ast.Output(span=self.span(node), names=tuple(self.word(child) for child in _rules(node, "tensor")))

    def do_merge(self, node: Node) -> ast.Statement:
        operands = [child.children[0] for child in _rules(node, "operand")]
        args = self.arguments(node)
        if not operands and not any(arg.name is None for arg in args):
            end = self.span(node).tail
            found = "the end of the statement"
            self.sink.emit(syntax_errors.Unexpected(span=end, found=found, expected=("a body `{ … }`", "a name")))
            alias = self.alias(node)
            return ast.UnreadableStatement(span=self.span(node), names=(alias,) if alias else ())
        parts = tuple(
            self.body(each) if isinstance(each, Tree) and each.data == "body" else self.word(each) for each in operands
        )
        last = parts[-1] if parts else None
        return ast.Merge(
            span=self.span(node),
            keyword=self.word(node.children[0]),
            operands=parts,
            args=args,
            times=self.times(node),
            alias=self.alias(node),
            unsure=isinstance(last, ast.Word) and LIKE_A_REPETITION.match(last.text) is not None,
        )

    def do_residual(self, node: Node) -> ast.Statement:
        bodies = [self.body(child) for child in _rules(node, "body")]
        has_when = isinstance(node.children[1], Token) and node.children[1].type == "WHEN"
        return ast.Residual(
            span=self.span(node),
            keyword=self.word(node.children[0]),
            body=bodies[0],
            shortcut=bodies[1] if len(bodies) > 1 else None,
            when=self.make(node.children[2]) if has_when else None,
            times=self.times(node),
            alias=self.alias(node),
        )

    def do_scan(self, node: Node) -> ast.Statement:
        return ast.Scan(
            span=self.span(node),
            keyword=self.word(node.children[0]),
            carried=tuple(map(self.carried, _rules(node, "carried"))),
            body=self.last_body(node),
            alias=self.alias(node),
        )

    def do_moe(self, node: Node) -> ast.Statement:
        return ast.Moe(
            span=self.span(node),
            keyword=self.word(node.children[0]),
            args=self.arguments(node),
            body=self.last_body(node),
            alias=self.alias(node),
        )

    def carried(self, node: Node) -> ast.Carried:
        value = self.make(node.children[2])
        return ast.Carried(span=self.span(node), name=self.name(node.children[0]), value=value)

    def do_repeat(self, node: Node) -> ast.Statement:
        target = self.find(node, "target")
        count = self.make(node.children[1])
        if (isinstance(count, ast.Number) and count.value == 0) or (isinstance(count, ast.List) and not count.items):
            # A parameter may disable a part; with a literal 0, nothing could enable it.
            self.sink.emit(syntax_errors.NoRepetition(span=count.span, written=f"repeat {count.span.text}"))
        return ast.Repeat(
            span=self.span(node),
            count=count,
            body=self.last_body(node),
            target=self.target(target) if target is not None else None,
            carried=tuple(map(self.carried, _rules(node, "carried"))),
            alias=self.alias(node),
        )

    def do_branch(self, node: Node) -> ast.If:
        return self.do_cases(node.children[0]).replace(span=self.span(node), alias=self.alias(node))  # type: ignore[arg-type]  # cases alias?

    def do_cases(self, node: Node) -> ast.If:
        last = node.children[-1] if len(node.children) > 3 else None
        orelse = None
        if isinstance(last, Tree):
            orelse = self.do_cases(last) if last.data == "cases" else self.body(last)
        body = self.body(node.children[2])  # type: ignore[arg-type]  # `if` condition body
        return ast.If(span=self.span(node), condition=self.make(node.children[1]), body=body, orelse=orelse)

    def do_let(self, node: Node) -> ast.Statement:
        target = self.target(node.children[1])  # type: ignore[arg-type]  # `let` target `=` expr
        return ast.Let(span=self.span(node), target=target, value=self.make(node.children[3]))

    def do_from(self, node: Node) -> ast.Statement:
        return ast.From(span=self.span(node), name=self.word(node.children[1]))

    def do_reuse(self, node: Node) -> ast.Statement:
        return ast.Reuse(span=self.span(node), name=self.word(node.children[1]), alias=self.alias(node))

    def do_assert(self, node: Node) -> ast.Statement:
        return ast.Assert(span=self.span(node), condition=self.make(node.children[1]))

    def do_broken(self, node: Node) -> ast.Statement:
        span = self.span(node)
        found = _NAMES.finditer(span.text)
        names = (Span(self.source, span.start + match.start(1), span.start + match.end(1)) for match in found)
        return ast.UnreadableStatement(span=span, names=tuple(ast.Word(text=name.text, span=name) for name in names))

    # --- expressions ---

    def do_number(self, node: Node) -> ast.Expr:
        token = node.children[0]
        assert isinstance(token, Token)
        text = str(token)
        suffix = text[-1] if text[-1] in _SUFFIX else ""
        digits = text.removesuffix(suffix)
        value: int | float = (
            self.integer(Token.new_borrow_pos("NUMBER", digits, token)) if digits.isdigit() else float(digits)
        )
        if suffix:
            value = value * _SUFFIX[suffix]
        too_long = digits.isdigit() and len(digits) > MAX_DIGITS
        return ast.Number(span=self.span(node), value=value, suffix=suffix, too_long=too_long)

    def do_size(self, node: Node) -> ast.Expr:
        token = node.children[0]
        assert isinstance(token, Token)
        return ast.Size(span=self.span(node), dims=tuple(self.dims(token)))

    def do_string(self, node: Node) -> ast.Expr:
        return ast.Text(span=self.span(node), value=str(node.children[0])[1:-1])

    def do_variable(self, node: Node) -> ast.Expr:
        return ast.Variable(span=self.span(node), name=str(node.children[0]))

    def do_at(self, node: Node) -> ast.Expr:
        return ast.At(span=self.span(node), name=str(node.children[0])[1:])

    def do_unary(self, node: Node) -> ast.Expr:
        op, operand = node.children
        return ast.Unary(span=self.span(node), op="not" if op == "not" else "-", operand=self.make(operand))

    def do_binary(self, node: Node) -> ast.Expr:
        left, op, right = node.children
        return ast.Binary(span=self.span(node), op=str(op), left=self.make(left), right=self.make(right))

    do_logic = do_binary

    def do_choice(self, node: Node) -> ast.Expr:
        yes, _, condition, _, no = node.children
        return ast.Choice(span=self.span(node), condition=self.make(condition), yes=self.make(yes), no=self.make(no))

    def do_call(self, node: Node) -> ast.Expr:
        args = tuple(self.make(child) for child in node.children if isinstance(child, Tree))
        return ast.Call(span=self.span(node), function=self.word(node.children[0]), args=args)

    def do_list(self, node: Node) -> ast.Expr:
        return ast.List(span=self.span(node), items=tuple(map(self.make, _trees(node))))

    def do_index(self, node: Node) -> ast.Expr:
        base, index = map(self.make, _trees(node))
        return ast.Index(span=self.span(node), base=base, index=index)

    def do_slice(self, node: Node) -> ast.Expr:
        base, *bounds = _trees(node)
        colon = next(i for i, child in enumerate(node.children) if isinstance(child, Token) and child.type == "COLON")
        start = next((each for each in bounds if each in node.children[:colon]), None)
        stop = next((each for each in bounds if each in node.children[colon:]), None)
        return ast.SliceExpr(
            span=self.span(node),
            base=self.make(base),
            start=None if start is None else self.make(start),
            stop=None if stop is None else self.make(stop),
        )

    def do_comprehension(self, node: Node) -> ast.Expr:
        item, target, source = _trees(node)
        return ast.Comprehension(
            span=self.span(node), item=self.make(item), target=self.target(target), source=self.make(source)
        )

    def do_computed(self, node: Node) -> ast.Expr:
        """`3x(S)x(2*S)`: the numbers and symbols between the parentheses, and the expressions in these."""
        dims: list[int | str | ast.Expr] = []
        for child in node.children:
            if isinstance(child, Tree) and child.data == "more":
                dims += self.dims(child.children[0])
                dims += map(self.make, _trees(child))
            elif isinstance(child, Tree):
                dims.append(self.make(child))
            elif child.type == "SIZEOPEN":
                dims += self.dims(child)
        return ast.Size(span=self.span(node), dims=tuple(dims))

    def dims(self, token: Any) -> list[int | str | ast.Expr]:
        """The numbers and symbols of a token such as `3x` or `x32xW`."""
        return [self.dim(part, token) if part.isdigit() else part for part in str(token).split("x") if part]

    def dim(self, digits: str, token: Token) -> int | ast.Expr:
        """A number of a size; one of unknown value if it has too many digits."""
        value = self.integer(Token.new_borrow_pos("SIZE", digits, token))
        too_long = len(digits) > MAX_DIGITS
        return ast.Number(span=self.span(token), value=value, too_long=True) if too_long else value

    def do_at_of(self, node: Node) -> ast.Expr:
        tensor, size = node.children
        return ast.At(span=self.span(node), name=str(size)[1:], of=self.word(tensor))

    def do_group(self, node: Node) -> ast.Expr:
        return ast.Parenthesized(span=self.span(node), inner=self.make(node.children[1]))

    def do_unreadable(self, node: Node) -> ast.Expr:
        span = self.span(node)
        if span.text not in KEYWORDS:  # these were reported
            self.sink.emit(syntax_errors.BadWord(span=span, word=span.text))
        return ast.UnreadableExpr(span=span)


def _rules(node: Node, rule: str) -> list[Node]:
    return [child for child in node.children if isinstance(child, Tree) and child.data == rule]


def _trees(node: Node) -> list[Node]:
    return [child for child in node.children if isinstance(child, Tree)]
