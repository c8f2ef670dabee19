"""The cached parser tables: an equal parser, data only, and never another user's."""

import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lark import Lark

from archdsl.syntax import grammar as kept
from archdsl.syntax.repetition_names import name_repetitions
from archdsl.syntax.tokens import defined_blocks, mark_arguments, mark_words
from archdsl.text import paths, private_cache

TEXTS = sorted(paths.examples().rglob("*.arch"))
GRAMMAR = (paths.grammars() / "arch.lark").read_text(encoding="utf-8")
DUMP = kept.dump(kept.build(GRAMMAR), "origin")


class Payload:
    """A pickle that creates a folder when it is loaded."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[Callable[[str], None], tuple[str]]:
        return os.mkdir, (str(self.trace),)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder with the tables, and a process that has not read them."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("ARCHDSL_CACHE", str(folder))
    forget()
    kept.grammar()
    forget()
    return folder


@pytest.fixture
def built(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The parsers built from the grammar since the test started."""
    texts: list[str] = []

    def build(text: str) -> object:
        texts.append(text)
        return original(text)

    original = kept.build
    monkeypatch.setattr(kept, "build", build)
    return texts


@pytest.fixture(autouse=True)
def forget_after() -> object:
    yield
    forget()


def forget() -> None:
    kept.grammar.cache_clear()


def tables(folder: Path) -> Path:
    (found,) = folder.iterdir()
    return found


def tree(parser: Lark, text: str) -> object:
    """The parse tree of a text, whose tokens are marked as the parser of archdsl marks them."""
    tokens = list(parser.lex(text))
    mark_words(tokens, defined_blocks(tokens))
    mark_arguments(tokens)
    name_repetitions(tokens)
    driver = parser.parse_interactive("")
    for token in tokens:
        driver.feed_token(token)
    return driver.feed_eof()  # type: ignore[no-untyped-call]  # Lark's is unannotated


def test_cached_tables_give_an_equal_parser() -> None:
    loaded, fresh = kept.load(DUMP, "origin"), kept.build(GRAMMAR)
    assert loaded is not None
    for path in TEXTS:
        text = path.read_text(encoding="utf-8")
        assert list(loaded.lex(text)) == list(fresh.lex(text))
        assert tree(loaded, text) == tree(fresh, text)
    positions = [[t.start_pos for t in parser.lex("input 8; fc 2 # a\n")] for parser in (loaded, fresh)]
    assert positions[0] == positions[1]


def test_second_process_uses_the_cached_tables(cache: Path, built: list[str]) -> None:
    kept.grammar()
    assert built == []
    assert tables(cache).stat().st_mode & 0o077 == 0


@given(st.integers(0, len(DUMP) - 1), st.integers(0, 255))
def test_corrupt_byte_is_detected(place: int, value: int) -> None:
    damaged = DUMP[:place] + bytes([value]) + DUMP[place + 1 :]
    assert (kept.load(damaged, "origin") is None) == (damaged != DUMP)


@given(st.integers(0, len(DUMP) - 1))
def test_truncated_file_is_detected(length: int) -> None:
    assert kept.load(DUMP[:length], "origin") is None


def test_cache_of_another_origin_is_rejected() -> None:
    assert kept.load(DUMP, "another grammar, or another release of Lark") is None


@pytest.mark.parametrize("digest", [True, False])
def test_cache_is_not_unpickled(cache: Path, built: list[str], tmp_path: Path, digest: bool) -> None:
    trace = tmp_path / "executed"
    data = pickle.dumps(Payload(trace))
    file = tables(cache)
    first = file.read_bytes().partition(b"\n")[0] + b"\n" if digest else b""
    file.write_bytes(first + data)
    kept.grammar()
    assert not trace.exists()
    assert len(built) == 1
    assert data not in file.read_bytes(), "the tables were kept anew"


def writable_file(folder: Path) -> None:
    tables(folder).chmod(0o666)


def writable_folder(folder: Path) -> None:
    folder.chmod(0o777)


def linked_file(folder: Path) -> None:
    elsewhere = folder.with_name("elsewhere.json")
    tables(folder).rename(elsewhere)
    (folder / _name(elsewhere, folder)).symlink_to(elsewhere)


def _name(file: Path, folder: Path) -> str:
    forget()
    kept.grammar()
    name = tables(folder).name
    tables(folder).unlink()
    forget()
    return name


def linked_folder(folder: Path) -> None:
    elsewhere = folder.with_name("elsewhere")
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)


def pipe(folder: Path) -> None:
    file = tables(folder)
    file.unlink()
    os.mkfifo(file)


def folder_as_file(folder: Path) -> None:
    file = tables(folder)
    file.unlink()
    file.mkdir()


def file_as_folder(folder: Path) -> None:
    tables(folder).unlink()
    folder.rmdir()
    folder.write_text("")


def others(folder: Path) -> None:
    os.chown(tables(folder), 12345, -1)


def others_folder(folder: Path) -> None:
    os.chown(folder, 12345, -1)


TAMPERED = [
    writable_file,
    writable_folder,
    linked_file,
    linked_folder,
    pipe,
    folder_as_file,
    file_as_folder,
    others,
    others_folder,
]


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="permissions of POSIX")
@pytest.mark.parametrize("tamper", TAMPERED, ids=lambda tamper: tamper.__name__)
def test_cache_writable_by_others_is_not_read(cache: Path, built: list[str], tamper: Callable[[Path], None]) -> None:
    if tamper in (others, others_folder) and os.getuid():
        pytest.skip("only root can give a file away")
    tamper(cache)
    built.clear()
    assert kept.grammar().parse("input 8\nfc 2\n").children
    assert len(built) == 1


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="links of POSIX")
def test_writing_does_not_follow_symlinks(cache: Path, built: list[str]) -> None:
    file = tables(cache)
    victim = cache.with_name("victim")
    victim.write_text("precious")
    file.unlink()
    file.symlink_to(victim)
    kept.grammar()
    assert victim.read_text() == "precious"
    assert not file.is_symlink()
    assert len(built) == 1


def test_cache_works_without_dir_fd(cache: Path, built: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows, which has no `dir_fd`."""
    monkeypatch.setattr(private_cache, "_DIRECTORY", 0)
    kept.grammar()
    assert built == []
    tables(cache).unlink()
    forget()
    kept.grammar()
    assert tables(cache).stat().st_size


def test_cache_is_skipped_without_a_home_directory(built: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(paths, "user_cache", no_home)
    forget()
    assert kept.grammar().parse("input 8\n").children
    assert len(built) == 1


def test_cached_parser_tables_equal_the_built_ones() -> None:
    loaded, fresh = kept.load(DUMP, "origin"), kept.build(GRAMMAR)
    assert loaded is not None
    assert _rules(loaded) == _rules(fresh)
    assert _terminals(loaded) == _terminals(fresh)
    # The numbers of the states differ from build to build; the tokens accepted in each do not.
    assert sorted(map(len, _states(loaded))) == sorted(map(len, _states(fresh)))


def _terminals(parser: Lark) -> list[object]:
    return [(t.name, t.priority, type(t.pattern), t.pattern.value, {*t.pattern.flags}) for t in parser.terminals]


def _rules(parser: Lark) -> list[object]:
    return [(rule, rule.order, rule.alias, vars(rule.options)) for rule in parser.rules]


def _states(parser: Lark) -> list[dict[str, object]]:
    table: Any = parser.parser
    return list(table.parser._parse_table.states.values())
