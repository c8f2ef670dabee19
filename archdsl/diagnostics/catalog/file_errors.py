"""E06: files."""

from typing import ClassVar

from ..diagnostic import Diagnostic


class CannotRead(Diagnostic):
    """A file cannot be read: it does not exist, is a folder or is not valid UTF-8, or permission is denied."""

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
    """A file that `use` names is outside the folder of the network's file.

    Symbolic links are resolved first. Copy the file into that folder.
    """

    code = "E0602"
    title = "file outside the project"
    wrong = 'use "../elsewhere.arch"\ninput 8\nfc 8\n'
    right = "input 8\nfc 8\n"

    path: str

    def message(self) -> str:
        return f"`{self.path}` is outside the network's folder"

    def help(self) -> tuple[str, ...]:
        return ("files named by `use` must be in the folder of the network's file or in a subfolder",)


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


class PackageNotAllowed(Diagnostic):
    """A program names a Python package, whose code runs only if you allow it.

    If you trust the package that is installed under this name, allow it with `--allow` on the command line, `allow=[…]`
    in Python, or a setting of your editor. A program alone never runs Python code.
    """

    code = "E0604"
    title = "package that is not allowed to run"
    wrong = 'use "shiftnet"\ninput 8x32x32\nchannel_shift 2\n'
    right = "input 8x32x32\nconv 8 k3\n"

    name: str
    nearest: str | None = None

    def message(self) -> str:
        return f"`{self.name}` is a Python package, which runs only if you allow it"

    def label(self) -> str:
        return f"did you mean the file `{self.nearest}`?" if self.nearest else ""

    def help(self) -> tuple[str, ...]:
        allow = f'if you trust it, use `--allow {self.name}`, or `allow=["{self.name}"]` in Python'
        return (allow, "for a file, add `.arch`")


class PackageFault(Diagnostic):
    """A package that a program names, and that is allowed, cannot be used.

    It is not installed in archdsl's environment, is not an archdsl extension, is older than the program requires,
    cannot be imported, declares a layer whose name is part of the language, or contains code that fails. Report errors
    in the code of a package to its authors: the message names the method and the line.
    """

    code = "E0605"
    title = "package that cannot be used"
    wrong = 'use "package-that-nobody-has"\ninput 8\nfc 8\n'
    right = "input 8\nfc 8\n"
    allow = ("package-that-nobody-has",)

    name: str
    why: str

    def message(self) -> str:
        return f"package `{self.name}`: {self.why}"
