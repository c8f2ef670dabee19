"""Data sets of the Hugging Face Hub, with a small hub on this machine."""

import hashlib
import importlib.util
import io
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import numpy as np
import pyarrow as pa  # type: ignore[import-untyped]  # it ships no types
import pyarrow.parquet as parquet  # type: ignore[import-untyped]
import pytest
from huggingface_hub import constants
from PIL import Image

from archdsl.training.data.dataset_spec import ImageShape
from archdsl.training.data.hub import Name
from archdsl.training.data.images import Request, divide
from archdsl.training.data.registry import find_source
from archdsl.training.errors.data_errors import BadImages, DataCorrupt, HubFailed
from archdsl.training.errors.missing_extra import MissingExtra

SHAPE = ImageShape(3, 8, 8)
COMMIT = "c" * 40
FEATURES: dict[str, Any] = {
    "image": {"_type": "Image"},
    "label": {"_type": "ClassLabel", "names": ["dark", "light"]},
}


def encoded_image(shade: int, form: str = "PNG") -> bytes:
    into = io.BytesIO()
    Image.new("RGB", (12, 10), (shade, shade, shade)).save(into, form)
    return into.getvalue()


def table(
    shades: list[int], labels: list[int] | None = None, features: dict[str, Any] = FEATURES, broken: int | None = None
) -> bytes:
    """A Parquet file as the Hub writes it: images as bytes in a struct, features as JSON in the metadata."""
    rows: list[Any] = [
        {"bytes": encoded_image(shade, "JPEG" if shade % 2 else "PNG"), "path": None} for shade in shades
    ]
    if broken is not None:
        rows[broken] = {"bytes": b"not an image", "path": None}
    classes = labels if labels is not None else [int(shade > 127) for shade in shades]
    made = pa.table({"image": rows, "label": pa.array(classes, pa.int64())})
    message = json.dumps({"info": {"features": features}})
    into = io.BytesIO()
    parquet.write_table(made.replace_schema_metadata({b"huggingface": message}), into)
    return into.getvalue()


class Hub:
    """Repositories by name: files by path, in the branch of converted files or not; records the requests."""

    def __init__(self) -> None:
        self.files: dict[str, dict[str, bytes]] = {}
        self.message: dict[str, bytes] = {}
        self.converted = True
        self.small = False
        self.asked: list[str] = []

    def answer(self, method: str, path: str) -> tuple[int, dict[str, str], bytes]:
        self.asked.append(f"{method} {path}")
        kind, _, rest = path.strip("/").partition("/")
        repo = next((name for name in self.files if f"{name}/" in f"{rest}/".removeprefix("datasets/")), None)
        if repo is None:
            return 404, {"X-Error-Code": "RepoNotFound"}, b"{}"
        if kind == "api":
            after = rest.removeprefix(f"datasets/{repo}").strip("/")
            if after.startswith("revision/refs/convert") and not self.converted:
                return 404, {"X-Error-Code": "RevisionNotFound"}, b"{}"
            if after.startswith("tree/"):
                return 200, {}, json.dumps([self._entry(*file) for file in self.files[repo].items()]).encode()
            return 200, {}, json.dumps({"id": repo, "sha": COMMIT, "siblings": []}).encode()
        content = self.files[repo][rest.partition("/resolve/")[2].partition("/")[2]]
        return 200, {"X-Repo-Commit": COMMIT, "ETag": f'"{hashlib.md5(content).hexdigest()}"'}, content

    def _entry(self, path: str, content: bytes) -> dict[str, Any]:
        message = hashlib.sha256(self.message.get(path, content)).hexdigest()
        if self.small:
            blob = self.message.get(path, content)
            oid = hashlib.sha1(b"blob %d\0" % len(blob) + blob, usedforsecurity=False).hexdigest()
            return {"type": "file", "oid": oid, "size": len(content), "path": path}
        lfs = {"oid": message, "size": len(content), "pointerSize": 100}
        return {"type": "file", "oid": "0" * 40, "size": len(content), "path": path, "lfs": lfs}


@contextmanager
def serving(hub: Hub) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, content = hub.answer(self.command, unquote(urlsplit(self.path).path))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        do_HEAD = do_GET

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub on this machine, and caches for the test alone."""
    made = Hub()
    shades = list(range(0, 250, 10))
    made.files["someone/shades"] = {
        "README.md": b"words",
        "default/train/0000.parquet": table(shades),
        "default/train/0001.parquet": table([5, 245]),
        "default/test/0000.parquet": table([1, 255, 3]),
    }
    monkeypatch.setenv("ARCHDSL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_PROGRESS_BARS", True)
    with serving(made) as base:
        monkeypatch.setenv("HF_ENDPOINT", base)
        yield made


def request(tmp_path: Path, split: float = 1.0) -> Request:
    return Request(SHAPE, tmp_path / "cache", split=split)


def test_hub_data_set_has_images_and_classes(hub: Hub, tmp_path: Path) -> None:
    source = find_source("hf:someone/shades")
    assert (source.spec.name, source.spec.classes, source.spec.shape) == ("shades", ("dark", "light"), None)
    splits = source.load(request(tmp_path))
    shades = [*range(0, 250, 10), 5, 245]
    assert splits.train.labels.tolist() == [int(shade > 127) for shade in shades]
    assert np.abs(splits.train.images.mean((1, 2, 3)) - shades).max() < 2
    assert splits.train.images.shape == (27, *SHAPE)
    assert splits.validation is None
    assert splits.test is not None
    assert splits.test.labels.tolist() == [0, 1, 0]
    assert splits.notes == ("shades: classes from the column `label`",)
    held_out = source.load(request(tmp_path, split=0.9))
    assert held_out.validation is not None
    learn, validate = divide(27, 0.9)
    for part, indices in ((held_out.train, learn), (held_out.validation, validate)):
        assert np.array_equal(part.images, splits.train.images[indices])
        assert np.array_equal(part.labels, splits.train.labels[indices])
    assert len(held_out.validation) == 3


def test_cached_hub_data_set_is_available_offline(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = find_source("hf:someone/shades").load(request(tmp_path))
    downloads = [asked for asked in hub.asked if asked.startswith("GET") and "/resolve/" in asked]
    assert len(downloads) == 3
    source = find_source("hf:someone/shades")
    assert source.origin == f"hf:someone/shades@{COMMIT}"
    assert np.array_equal(find_source(source.origin).load(request(tmp_path)).train.images, first.train.images)
    assert [asked for asked in hub.asked if asked.startswith("GET") and "/resolve/" in asked] == downloads
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")
    again = find_source("hf:someone/shades").load(request(tmp_path))
    assert np.array_equal(again.train.images, first.train.images)
    with pytest.raises(HubFailed, match="the Hub cannot be reached, and the data set is not in the cache"):
        _ = find_source("hf:someone/else").spec


def test_hub_data_set_with_original_files_and_configs(hub: Hub, tmp_path: Path) -> None:
    hub.converted = False
    hub.files["plain"] = {
        "data/train-00000-of-00001.parquet": table([0, 250, 20, 240]),
        "data/valid-00000-of-00001.parquet": table([0, 250]),
        "data/test-00000-of-00001.parquet": table([0, 250], labels=[-1, -1]),
        "data/notes.csv": b"a,b",
    }
    splits = find_source("hf:plain").load(request(tmp_path))
    assert splits.validation is not None
    assert (len(splits.train), len(splits.validation), splits.test) == (4, 2, None)  # hidden by the test
    hub.files["several"] = {f"{name}/train/0000.parquet": table([0, 250]) for name in ("large", "small")}
    with pytest.raises(HubFailed, match="several configs") as caught:
        _ = find_source("hf:several").spec
    assert caught.value.help() == ("choose one: `hf:several:large`; large, small",)
    assert find_source("hf:several:small").spec.classes == ("dark", "light")
    with pytest.raises(HubFailed, match="no config `tiny`"):
        _ = find_source("hf:several:tiny").spec


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ({"label": FEATURES["label"]}, r"no column of images: it has label \(ClassLabel\)"),
        (
            {"image": FEATURES["image"], "text": {"_type": "Value"}},
            r"no column of named classes: .*text \(Value\)",
        ),
        ({}, "it has no declared columns"),
    ],
)
def test_data_sets_without_labeled_images_are_reported(hub: Hub, features: dict[str, Any], message: str) -> None:
    hub.files["words"] = {"default/train/0000.parquet": table([0, 250], features=features)}
    with pytest.raises(HubFailed, match=message):
        _ = find_source("hf:words").spec


def test_errors_of_the_hub_are_reported(hub: Hub, tmp_path: Path) -> None:
    with pytest.raises(HubFailed, match="hf:nobody/nothing: the Hub has no such data set"):
        _ = find_source("hf:nobody/nothing").spec
    hub.files["empty"] = {"README.md": b""}
    with pytest.raises(HubFailed, match="no Parquet files"):
        _ = find_source("hf:empty").spec
    hub.files["untrained"] = {"default/test/0000.parquet": table([0])}
    with pytest.raises(HubFailed, match="no training images"):
        _ = find_source("hf:untrained").spec
    hub.files["broken"] = {"default/train/0000.parquet": table([0, 250, 30], broken=1)}
    with pytest.raises(BadImages, match="broken: row 1: cannot identify image file"):
        find_source("hf:broken").load(request(tmp_path))
    hub.files["beyond"] = {"default/train/0000.parquet": table([0, 250], labels=[0, 2])}
    with pytest.raises(HubFailed, match="labels out of range"):
        find_source("hf:beyond").load(request(tmp_path))
    hub.files["changed"] = {"changed/train/0000.parquet": table([0, 250])}
    hub.message["changed/train/0000.parquet"] = b"something else"
    with pytest.raises(DataCorrupt, match="its sha256 differs"):
        _ = find_source("hf:changed").spec


def test_small_files_of_the_hub_are_verified(hub: Hub) -> None:
    hub.small = True
    hub.files["small"] = {"default/train/0000.parquet": table([0, 250])}
    assert find_source("hf:small").spec.name == "small"
    hub.files["changed"] = {"changed/train/0000.parquet": table([0, 250])}
    hub.message["changed/train/0000.parquet"] = table([0, 240])
    with pytest.raises(DataCorrupt, match="its git digest differs"):
        _ = find_source("hf:changed").spec


def parquet_file(images: list[Any], labels: "pa.Array", message: bytes | None = None) -> bytes:
    """A Parquet file with these columns and this metadata."""
    into = io.BytesIO()
    made = pa.table({"image": images, "label": labels})
    message = message or json.dumps({"info": {"features": FEATURES}}).encode()
    parquet.write_table(made.replace_schema_metadata({b"huggingface": message}), into)
    return into.getvalue()


IMAGES = [{"bytes": encoded_image(0), "path": None}] * 2
CLASSES = pa.array([0, 1])


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<html>", "cannot be read"),
        (parquet_file(IMAGES, CLASSES, b"{"), "cannot be read"),
        (parquet_file(IMAGES, CLASSES, b"[]"), "cannot be read"),
        (parquet_file(IMAGES, CLASSES, b'{"info": {"features": [1]}}'), "cannot be read"),
        (parquet_file(IMAGES, pa.array(["dark", "light"])), "cannot be read"),
        (parquet_file(IMAGES, pa.array([0.5, 1.0])), "cannot be read"),
        (parquet_file(IMAGES, pa.array([0, None])), "labels out of range"),
        (parquet_file(IMAGES, pa.array([None, None], pa.int64())), "no classes"),
        (parquet_file(["words"] * 2, CLASSES), "row 0 has no image"),
        (parquet_file([{"path": "/etc/passwd"}] * 2, CLASSES), "row 0 has no image"),
    ],
    ids=["html", "json", "list", "features", "words", "halves", "null", "nulls", "strings", "paths"],
)
def test_unsupported_parquet_content_is_reported(hub: Hub, tmp_path: Path, content: bytes, why: str) -> None:
    hub.files["odd"] = {"default/train/0000.parquet": content}
    with pytest.raises((HubFailed, BadImages), match=why):
        find_source("hf:odd").load(request(tmp_path))


def test_parquet_images_as_plain_bytes(hub: Hub, tmp_path: Path) -> None:
    hub.files["plain"] = {"default/train/0000.parquet": parquet_file([encoded_image(0), encoded_image(250)], CLASSES)}
    assert find_source("hf:plain").load(request(tmp_path)).train.images[:, 0, 0, 0].tolist() == [0, 250]


@pytest.mark.parametrize("name", ["", "a/b/c", "../x", "a b", "a/b:"])
def test_invalid_hub_names_are_refused(name: str) -> None:
    with pytest.raises(HubFailed, match="not a valid name on the Hub"):
        Name.read(name)


def test_missing_hub_packages_name_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"the extra `hf`: .*huggingface-hub, pyarrow are not inst") as caught:
        find_source("hf:someone/shades")
    assert "[hf]" in caught.value.help()[0]
