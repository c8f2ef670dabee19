"""The lints of the packages that a network names."""

from collections.abc import Iterator

from ...diagnostics import Diagnostic
from ...diagnostics.catalog.file_errors import PackageFault
from ...packages.failures import described
from ...packages.package import PackageLint
from ._facts import Facts


def package_lints(facts: Facts) -> Iterator[Diagnostic]:
    """The warnings of the packages' lints; an error for a lint that fails, at the `use` of its package."""
    for used in facts.graph.packages:
        for lint in used.package.lints:
            try:
                yield from [_checked(lint, each) for each in lint.find(facts)]
            except Exception as error:
                why = f"its lint {lint.kind.code} failed: {described(error)}"
                yield PackageFault(span=used.span, name=used.package.name, why=why)


def _checked(lint: PackageLint, found: Diagnostic) -> Diagnostic:
    """A warning of a package, after its texts were created once, so that no renderer fails on them."""
    if not isinstance(found, lint.kind):
        raise TypeError(f"`find` yielded {type(found).__name__}, not {lint.kind.__name__}")
    texts = [found.message(), found.label(), *found.help(), *(label.text for label in found.others())]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a message, label or help text is not a string")
    found.fix()
    return found
