"""Parser tables as JSON. Lark's own format is a pickle, which could run code when loaded."""

import hashlib
from typing import Any

from lark import Lark
from lark.grammar import NonTerminal, Rule, RuleOptions, Symbol, Terminal
from lark.lexer import TerminalDef

FORM = "4"
"""The version of the JSON format; tables of another version are rebuilt."""


def dump(parser: Lark, origin: str, *, without: tuple[str, ...]) -> bytes:
    """A line with a digest, then the tables as JSON; `origin` identifies the source of the tables.

    `without` names Lark options that are not data; they are given to `load`.
    """
    import json

    data, memo = parser.memo_serialize([TerminalDef, Rule])
    data["options"] = {key: value for key, value in data["options"].items() if key not in without}
    table = data["parser"].pop("parser")
    table["tokens"] = list(table["tokens"].items())
    table["states"] = [(state, _flat(actions)) for state, actions in table["states"].items()]
    terminals = [(number, each) for number, each in memo.items() if each["__type__"] == "TerminalDef"]
    rules = [(number, each) for number, each in memo.items() if each["__type__"] == "Rule"]
    body = json.dumps([data, terminals, *_packed(rules), table], separators=(",", ":")).encode()
    return _digest(body, origin) + b"\n" + body


def load(kept: bytes, origin: str, **options: Any) -> Lark | None:
    """The parser from the tables that `dump` wrote; None if they are damaged or have another origin."""
    digest, _, body = kept.partition(b"\n")
    if digest != _digest(body, origin):
        return None
    import json

    data, terminals, symbols, rule_options, rules, table = json.loads(body)
    # Lark accepts rules that are already converted; letting it convert all of them takes three times as long.
    memo = dict(terminals) | _unpacked(symbols, rule_options, rules)
    reductions = {number: (1, {"@": number}) for number in memo}
    table["tokens"] = dict(table["tokens"])
    table["states"] = {state: _actions(row, reductions) for state, row in table["states"]}
    data["parser"]["parser"] = table
    make: Any = Lark._load_from_dict  # what Lark's stand-alone parsers call; it has no type annotations
    parser: Lark = make(data, memo, **options)
    return parser


def _flat(actions: dict[int, tuple[int, Any]]) -> list[int]:
    """The actions of a state: token, action, token, action. n shifts to state n, -1-n reduces by rule n."""
    return [each for token, (kind, to) in actions.items() for each in (token, -1 - to["@"] if kind else to)]


def _actions(row: list[int], reductions: dict[int, Any]) -> dict[int, Any]:
    """The actions of a state by token, in Lark's format."""
    pairs = zip(row[::2], row[1::2], strict=True)
    return {token: (0, action) if action >= 0 else reductions[-1 - action] for token, action in pairs}


def _packed(rules: list[tuple[int, dict[str, Any]]]) -> tuple[list[Any], list[Any], list[list[Any]]]:
    """The distinct symbols and options of all rules, and the rules as indices into them."""
    symbols: dict[tuple[str, bool | None], int] = {}
    options: dict[tuple[Any, ...], int] = {}

    def symbol(given: dict[str, Any]) -> int:
        return symbols.setdefault((given["name"], given.get("filter_out")), len(symbols))

    rows = []
    for number, rule in rules:
        *given, empty = (rule["options"][field] for field in RuleOptions.__serialize_fields__)
        option = options.setdefault((*given, tuple(empty)), len(options))
        expansion = [symbol(each) for each in rule["expansion"]]
        rows.append([number, symbol(rule["origin"]), rule["order"], rule["alias"], option, *expansion])
    return list(symbols), list(options), rows


def _unpacked(symbols: list[Any], options: list[Any], rules: list[list[Any]]) -> dict[int, Rule]:
    made: list[Symbol] = [NonTerminal(n) if filtered is None else Terminal(n, filtered) for n, filtered in symbols]
    unpacked_options = [
        RuleOptions(keep, expand, priority, template, tuple(e)) for keep, expand, priority, template, e in options
    ]
    found: dict[int, Rule] = {}
    for number, origin, order, alias, option, *expansion in rules:
        head = made[origin]
        assert isinstance(head, NonTerminal)
        found[number] = Rule(head, [made[each] for each in expansion], order, alias, unpacked_options[option])
    return found


def _digest(body: bytes, origin: str) -> bytes:
    return hashlib.sha256(origin.encode() + body).hexdigest().encode()
