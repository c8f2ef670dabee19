"""W0917: comments that silence warnings."""

from ..diagnostic import Diagnostic, Edit, Fix, Severity


class UnusedIgnore(Diagnostic):
    """`# archdsl: ignore[…]` names a warning that does not occur on its line.

    The comment would hide the warning if it occurred there later. Errors cannot be ignored.
    """

    code = "W0917"
    title = "unused ignore comment"
    wrong = "input 3x32x32\nconv 8 k3  # archdsl: ignore[W0903]\n"
    right = "input 3x32x32\nconv 8 k3  # archdsl: ignore[W0903]\nbn\n"
    severity = Severity.WARNING

    name: str

    def message(self) -> str:
        if self.name.startswith("E"):
            return f"`{self.name}` is an error, and errors cannot be ignored"
        return f"`{self.name}` does not occur on this line"

    def help(self) -> tuple[str, ...]:
        return ("remove it from the comment",)

    def fix(self) -> Fix:
        return Fix(title=f"remove `{self.name}`", edits=_removal(self), safe=True)


def _removal(found: UnusedIgnore) -> tuple[Edit, ...]:
    """The edits that delete the code with the adjacent comma, or the whole comment if it is the only code."""
    source, start, end = found.span
    text = source.text
    left, right = text.rindex("[", 0, start), text.index("]", end)
    if text[left + 1 : right].strip() == found.name:
        start = text.rindex("#", 0, left)
        while start > 0 and text[start - 1] in " \t":
            start -= 1
        return (Edit(span=found.span._replace(start=start, end=right + 1), text=""),)
    if "," in text[end:right]:
        end = text.index(",", end) + 1
        while text[end] == " ":
            end += 1
    else:
        start = text.rindex(",", left, start)
    return (Edit(span=found.span._replace(start=start, end=end), text=""),)
