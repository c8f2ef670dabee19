"""Completion in bash, which splits words at colons: `zoo:res` arrives as three words, the last of which is replaced."""

from click.shell_completion import BashComplete, CompletionItem, add_completion_class

_SOURCE = """\
%(complete_func)s() {
    local type value
    COMPREPLY=()
    while IFS=, read -r type value; do
        case $type in
            dir) compopt -o dirnames ;;
            file) compopt -o default ;;
            path) compopt -o filenames; COMPREPLY+=("$value") ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done < <(IFS=$'\\n'; env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD \\
        %(complete_var)s=bash_complete "$1" 2>/dev/null)
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""


class ColonBashComplete(BashComplete):
    """click's completion in bash, with words that contain colons, and with paths that bash quotes itself."""

    source_template = _SOURCE

    _removed = 0
    """The length of what precedes the word that bash replaces."""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the one to complete, and that one, joined again at colons."""
        words, start = super().get_completion_args()
        joined: list[str] = []
        for word in [*words, start]:
            if joined and (word == ":" or joined[-1].endswith(":")):
                joined[-1] += word
            else:
                joined.append(word)
        if len(joined) == len(words) + 1:
            return words, start
        self._removed = len(joined[-1]) - len(start.removeprefix(":"))
        return joined[:-1], joined[-1]

    def format_completion(self, item: CompletionItem) -> str:
        """The line for an item, as the function in `_SOURCE` reads it."""
        if item.type == "plain" and item.path:
            return f"path,{item.value.rstrip('/')}"  # bash adds the slash
        return f"{item.type},{item.value[self._removed :]}"


def register() -> None:
    """Use this class for bash."""
    add_completion_class(ColonBashComplete)
