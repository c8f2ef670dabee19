"""Small files in the official formats, and a server for them."""

import gzip
import hashlib
import io
import struct
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
from numpy.typing import NDArray


def idx(array: NDArray[np.uint8]) -> bytes:
    """An IDX file inside gzip."""
    head = bytes((0, 0, 8, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    return gzip.compress(head + array.tobytes(), mtime=0)


def idx_images(count: int, side: int = 28) -> NDArray[np.uint8]:
    return np.random.default_rng(count).integers(0, 256, (count, side, side)).astype(np.uint8)


def records(count: int, classes: int, label_bytes: int = 1) -> tuple[bytes, NDArray[np.uint8], NDArray[np.uint8]]:
    """CIFAR records, with their labels and their images N×3×32×32."""
    rng = np.random.default_rng(count)
    labels = rng.integers(0, classes, count).astype(np.uint8)
    images = rng.integers(0, 256, (count, 3, 32, 32)).astype(np.uint8)
    columns = [np.full((count, 1), 7, np.uint8)] * (label_bytes - 1) + [labels[:, None], images.reshape(count, -1)]
    return np.concatenate(columns, axis=1).tobytes(), labels, images


def tar_gz(members: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    """An archive of files, and of symbolic links to other paths."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            archive.addfile(info)
    return buffer.getvalue()


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


class Server:
    """Responds with `files` by path; counts the requests."""

    def __init__(self, base: str, files: dict[str, bytes]) -> None:
        self.base, self.files = base, files
        self.asked: list[str] = []


@contextmanager
def serving(files: dict[str, bytes]) -> Iterator[Server]:
    """A server on this machine; missing files are answered with 404."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            content = made.files.get(self.path)
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *args: object) -> None:
            pass

    made = Server("", files)
    with listening(Handler) as made.base:
        yield made


@contextmanager
def listening(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    """The address of a server on this machine that gives these responses."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
