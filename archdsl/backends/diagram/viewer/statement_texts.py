"""The texts of a network, and the statements in them that made its layers."""

from typing import Any

from ....text.source import Source, Span


class SourceTexts:
    """Collects statements: each file by its name, and the ranges of its statements, in order of first use."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[int, Source]] = {}
        self._statements: dict[tuple[str, int, int], int] = {}

    def statement(self, span: Span) -> int:
        """The index of a statement. A statement with a body ends before the body: the statements inside have their own
        ranges.
        """
        file = span.source.file
        self._files.setdefault(file.key, (len(self._files), file))
        text = span.text.partition("{")[0].rstrip()
        start = span.start + span.source.start
        return self._statements.setdefault((file.key, start, start + len(text)), len(self._statements))

    def values(self) -> dict[str, Any]:
        """The files with their texts, and each statement as its file, its range and its line."""
        files = [{"name": _shown(source), "text": source.text} for _, source in self._files.values()]
        statements = []
        for key, start, end in self._statements:
            index, source = self._files[key]
            line = source.position(start - source.start)[0]
            statements.append([index, start - source.start, end - source.start, line])
        return {"files": files, "statements": statements}


def _shown(source: Source) -> str:
    """The name of a file without its folder: a page may be sent to others."""
    return source.key.rpartition("/")[2]
