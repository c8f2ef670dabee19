"""Where the user's cache is."""

import sys
from pathlib import Path

import pytest

from archdsl.text.paths import user_cache


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="XDG is for Linux")
@pytest.mark.parametrize(("given", "used"), [("/var/own", "/var/own"), ("own", None), ("./own", None), ("", None)])
def test_relative_xdg_cache_home_is_ignored(given: str, used: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARCHDSL_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", given)
    assert user_cache() == (Path(used) if used else Path.home() / ".cache") / "archdsl"
