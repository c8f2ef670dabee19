"""Downloads: digests, mirrors in order, caching, errors."""

import multiprocessing
import time
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from archdsl.training.data.dataset_files import RemoteFile, fetch
from archdsl.training.data.images import Download
from archdsl.training.errors.data_errors import DownloadFailed
from tests.training.archives import digest, listening, serving

CONTENT = b"images" * 50_000


class Progress(Download):
    def __init__(self) -> None:
        self.message: list[tuple[str, int | None]] = []

    def start(self, name: str, total: int | None) -> None:
        self.message.append((name, total))

    def advance(self, size: int) -> None:
        self.message.append(("more", size))

    def finish(self) -> None:
        self.message.append(("end", None))


def test_file_is_downloaded_once_and_cached(tmp_path: Path) -> None:
    with serving({"/a.bin": CONTENT}) as server:
        file = RemoteFile("a.bin", digest(CONTENT), (f"{server.base}/a.bin",))
        progress = Progress()
        for _ in range(3):
            assert fetch(file, tmp_path / "deep" / "folder", progress).read_bytes() == CONTENT
        assert server.asked == ["/a.bin"]
    assert progress.message[0] == ("a.bin", len(CONTENT))
    assert sum(size or 0 for word, size in progress.message if word == "more") >= len(CONTENT)
    assert [path.name for path in (tmp_path / "deep" / "folder").iterdir()] == ["a.bin"]


def test_mirrors_are_tried_in_order(tmp_path: Path) -> None:
    with serving({"/bad/a.bin": b"something else", "/good/a.bin": CONTENT, "/never/a.bin": CONTENT}) as server:
        urls = tuple(f"{server.base}/{folder}/a.bin" for folder in ("missing", "bad", "good", "never"))
        path = fetch(RemoteFile("a.bin", digest(CONTENT), urls), tmp_path, Download())
        assert path.read_bytes() == CONTENT
        assert server.asked == ["/missing/a.bin", "/bad/a.bin", "/good/a.bin"]
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_file_with_a_wrong_digest_is_not_kept(tmp_path: Path) -> None:
    with serving({"/a.bin": b"something else"}) as server:
        nobody = "http://127.0.0.1:1/a.bin"
        urls = (f"{server.base}/a.bin", f"{server.base}/missing", nobody)
        with pytest.raises(DownloadFailed) as caught:
            fetch(RemoteFile("a.bin", digest(CONTENT), urls), tmp_path, Download())
    assert caught.value.attempts == (
        (urls[0], "its sha256 differs from that of the published file"),
        (urls[1], "404 Not Found"),
        (nobody, "no connection"),
    )
    assert "--data-dir" in caught.value.help()[0]
    assert list(tmp_path.iterdir()) == []


def test_corrupt_cached_file_is_downloaded_again(tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(CONTENT[:-1])
    with serving({"/a.bin": CONTENT}) as server:
        path = fetch(RemoteFile("a.bin", digest(CONTENT), (f"{server.base}/a.bin",)), tmp_path, Download())
        assert path.read_bytes() == CONTENT


def test_unwritable_cache_folder_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with serving({"/a.bin": CONTENT}) as server:
        file = RemoteFile("a.bin", digest(CONTENT), (f"{server.base}/a.bin",))
        with pytest.raises(DownloadFailed, match="Not a directory"):
            fetch(file, tmp_path / "file" / "folder", Download())


class _Badly(BaseHTTPRequestHandler):
    """Responds as the path specifies."""

    def do_GET(self) -> None:
        self.send_response(200)
        if self.path == "/endless":
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(CONTENT[:1000] if self.path != "/endless" else b"186a0\r\n" + bytes(100_000) + b"\r\n")
        self.wfile.flush()
        if self.path == "/hanging":
            time.sleep(2)
        elif self.path == "/endless":
            time.sleep(0.1)

    def log_message(self, *args: object) -> None:
        pass


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("cut", "the connection was lost"),
        ("hanging", "no response within 0.5 s"),
        ("endless", "more than 50,000 bytes"),
    ],
)
def test_incomplete_downloads_are_reported(tmp_path: Path, how: str, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archdsl.training.data.dataset_files.TIMEOUT_SECONDS", 0.5)
    monkeypatch.setattr("archdsl.training.data.dataset_files._LARGEST", 50_000)
    with listening(_Badly) as base, pytest.raises(DownloadFailed) as caught:
        fetch(RemoteFile("a.bin", digest(CONTENT), (f"{base}/{how}",)), tmp_path, Download())
    assert caught.value.attempts == ((f"{base}/{how}", why),)
    assert list(tmp_path.iterdir()) == []


def _fetch(base: str, folder: Path) -> bytes:
    return fetch(RemoteFile("a.bin", digest(CONTENT), (f"{base}/a.bin",)), folder, Download()).read_bytes()


def test_concurrent_downloads_of_several_processes(tmp_path: Path) -> None:
    with serving({"/a.bin": CONTENT}) as server, multiprocessing.get_context("spawn").Pool(3) as pool:
        got = pool.starmap(_fetch, [(server.base, tmp_path)] * 6)
    assert got == [CONTENT] * 6
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]
