"""The Lark parser, built from grammars/arch.lark once and kept in the user's cache folder."""

import os
import sys
from functools import cache
from pathlib import Path

from lark import Lark

from ..text import paths
from .tokens import Separators


@cache
def grammar() -> Lark:
    """The parser. Building it takes some 30 ms, loading it from the cache 2."""
    text = (paths.grammars() / "arch.lark").read_text(encoding="utf-8")
    folder = _private_folder()
    name = f"grammar-{sys.version_info[0]}.{sys.version_info[1]}.pickle"
    return Lark(
        text,
        parser="lalr",
        lexer="basic",
        keep_all_tokens=True,
        propagate_positions=True,
        maybe_placeholders=False,
        postlex=Separators(),
        # Lark unpickles this file, so it must be one that only this user can have written.
        cache=str(folder / name) if folder else False,
    )


def _private_folder() -> Path | None:
    """The cache folder, if it is the user's own and closed to writing by others; None means: do without."""
    folder = paths.user_cache()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if hasattr(os, "getuid"):
            state = folder.stat()
            if state.st_uid != os.getuid() or state.st_mode & 0o022:
                return None
    except OSError:
        return None
    return folder
