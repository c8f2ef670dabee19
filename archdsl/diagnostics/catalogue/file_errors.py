"""E06: files."""

from typing import ClassVar

from ..diagnostic import Diagnostic


class CannotRead(Diagnostic):
    """A file cannot be read: it does not exist, is a folder, is not valid UTF-8, or permission is denied."""

    code = "E0601"
    title = "file cannot be read"
    wrong = 'use "nowhere.arch"\ninput 8\nfc 8\n'
    right = "input 8\nfc 8\n"

    path: str
    why: str
    nearest: str | None = None

    def message(self) -> str:
        return f"`{self.path}` cannot be read: {self.why}"

    def label(self) -> str:
        return f"did you mean `{self.nearest}`?" if self.nearest else ""


class OutsideProject(Diagnostic):
    """A used file is outside the folder of the program that uses it.

    Symbolic links are resolved first. Copy the file into the project's folder.
    """

    code = "E0602"
    title = "file outside the project"
    wrong = 'use "../elsewhere.arch"\ninput 8\nfc 8\n'
    right = "input 8\nfc 8\n"

    path: str

    def message(self) -> str:
        return f"`{self.path}` is outside the network's folder"

    def help(self) -> tuple[str, ...]:
        return ("used files must be in the folder of the network's file or in a subfolder",)


class UseCycle(Diagnostic):
    """Files use each other in a cycle."""

    code = "E0603"
    title = "circular use of files"
    wrong = 'use "a.arch"\ninput 8\nfc 8\n'
    right = 'use "c.arch"\ninput 8\nfc 8\n'
    files: ClassVar = {"a.arch": 'use "b.arch"\n', "b.arch": 'use "a.arch"\n', "c.arch": "block unit { fc 8; relu }\n"}

    chain: tuple[str, ...]

    def message(self) -> str:
        return f"these files use each other in a cycle: {' → '.join(self.chain)}"
