"""Time of a running process from a text to its diagnostics: the delay in an editor after each key.

The network is zoo:resnet152, and each text differs from the previous one in one number. Parsing, elaboration, counting
and the lints are timed, and for comparison Lark alone: its lexer and its LALR parser, without a tree. The target: at
most 20 ms. Exits with status 1 if it is missed.
"""

import sys
from collections.abc import Callable
from itertools import count

from _harness import compare, report

from archdsl.diagnostics import Sink
from archdsl.network import analyze
from archdsl.syntax import parse
from archdsl.syntax.grammar import grammar
from archdsl.text.source import Source
from archdsl.zoo import read_named

TARGET_MS = 20
ROUNDS = 51
TEXT = read_named("zoo:resnet152").text


def texts() -> Callable[[], str]:
    """A function that returns the text after the next key."""
    numbers = count(1001)
    return lambda: TEXT.replace("classes = 1000", f"classes = {next(numbers)}")


def main() -> int:
    """Time it, and report whether the target is met."""
    lark, read, check = texts(), texts(), texts()

    def run_lark() -> None:
        parser = grammar().parse_interactive("")
        for token in grammar().lex(lark()):
            parser.feed_token(token)

    def run_check() -> None:
        network = analyze(Source(check()), Sink()).checked()
        assert len(network.graph.layers) > 500

    # Caches are filled only after several iterations.
    for _ in range(5):
        run_check()
    timings = compare(
        {
            "Lark alone": run_lark,
            "text to tree": lambda: parse(Source(read()), Sink()),
            "text to diagnostics": run_check,
        },
        rounds=ROUNDS,
    )
    report("editor", timings)
    took = timings[-1].median_ms
    print(f"target: at most {TARGET_MS} ms; {'met' if took <= TARGET_MS else 'missed'} with {took:.1f} ms")
    return 0 if took <= TARGET_MS else 1


if __name__ == "__main__":
    sys.exit(main())
