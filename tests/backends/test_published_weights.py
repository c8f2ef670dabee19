"""Weights by name: `torchvision:NAME` and `hf:NAME`, from servers on this machine."""

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import save

import archdsl
from archdsl.backends import torchvision_weights
from archdsl.backends.published_weights import published_weights, resolved_weights
from archdsl.backends.torchvision_weights import file_table
from archdsl.backends.weight_files import CannotLoad, UnknownWeights
from archdsl.cli import main

pytest.importorskip("pooch")
NET = "net Small\ninput 4\nfc 3 as a; relu; fc 2 as b\n"
COMMIT = "c" * 40


def state(seed: int) -> dict[str, torch.Tensor]:
    torch.manual_seed(seed)
    module = archdsl.loads(NET).to_torch()
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def pth(content: Any, path: Path) -> bytes:
    torch.save(content, path)
    return path.read_bytes()


class Files:
    """A server of torchvision's files and of a hub: the content by path, and what was requested."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.repos: dict[str, dict[str, bytes]] = {}
        self.digests: dict[str, str] = {}
        self.requests: list[str] = []

    def answer(self, method: str, path: str) -> tuple[int, dict[str, str], bytes]:
        if method == "GET":
            self.requests.append(path)
        if path in self.files:
            return 200, {}, self.files[path]
        repo = next((name for name in self.repos if f"{name}/" in f"{path}/"), None)
        if repo is None:
            return 404, {"X-Error-Code": "RepoNotFound"}, b"{}"
        if path.startswith("/api/"):
            if "/tree/" in path:
                return 200, {}, json.dumps([self.entry(*file) for file in self.repos[repo].items()]).encode()
            return 200, {}, json.dumps({"id": repo, "sha": COMMIT, "siblings": []}).encode()
        content = self.repos[repo][path.partition("/resolve/")[2].partition("/")[2]]
        return 200, {"X-Repo-Commit": COMMIT, "ETag": f'"{hashlib.md5(content).hexdigest()}"'}, content

    def entry(self, path: str, content: bytes) -> dict[str, Any]:
        blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        found = {"type": "file", "oid": self.digests.get(path, blob), "size": len(content), "path": path}
        if path.endswith(".safetensors"):
            digest = self.digests.get(path, hashlib.sha256(content).hexdigest())
            found["lfs"] = {"oid": digest, "size": len(content), "pointerSize": 100}
        return found


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Files]:
    made = Files()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, content = made.answer(self.command, unquote(urlsplit(self.path).path))
            self.send_response(status)
            for name, value in {"Content-Length": str(len(content)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(content)

        do_HEAD = do_GET

        def log_message(self, *args: object) -> None:
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    base = f"http://127.0.0.1:{http.server_address[1]}"
    monkeypatch.setenv("ARCHDSL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(torchvision_weights, "SERVER", f"{base}/models/")
    monkeypatch.setenv("HF_ENDPOINT", base)
    if find_spec("huggingface_hub") is not None:
        from huggingface_hub import constants

        monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_PROGRESS_BARS", True)
        monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    try:
        yield made
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def unreachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torchvision_weights, "SERVER", "http://127.0.0.1:1/models/")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:1")


# --- torchvision ---


@pytest.fixture
def published(server: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """A model `small` of torchvision with default weights, and others."""
    content, other = pth(state(1), tmp_path / "one.pth"), pth(state(2), tmp_path / "two.pth")
    names = {"V2": f"small-{hashlib.sha256(content).hexdigest()[:8]}.pth"}
    names["V1"] = f"small-{hashlib.sha256(other).hexdigest()[:10]}.pth"
    monkeypatch.setattr(torchvision_weights, "file_table", lambda: {"small": names, "wrong": {"V1": "a-00000000.pth"}})
    server.files |= {f"/models/{names['V2']}": content, f"/models/{names['V1']}": other}
    server.files["/models/a-00000000.pth"] = content
    return content


def test_torchvision_weights_are_downloaded_once(
    server: Files, published: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines: list[str] = []
    path = published_weights("torchvision:small", lines.append)
    assert path.read_bytes() == published
    assert (tmp_path / "cache" / "weights" / "torchvision") == path.parent
    assert len(lines) == len(server.requests) == 1
    unreachable(monkeypatch)
    assert published_weights("torchvision:small", lines.append) == path
    assert len(lines) == 1
    module = archdsl.loads(NET).to_torch()
    archdsl.load_weights(module, "torchvision:small")
    torch.testing.assert_close(module.state_dict(), state(1), rtol=0, atol=0)


def test_torchvision_weights_version_can_be_selected(server: Files, published: bytes) -> None:
    module = archdsl.loads(NET).to_torch()
    archdsl.load_weights(module, "torchvision:small@V1")
    torch.testing.assert_close(module.state_dict(), state(2), rtol=0, atol=0)


def test_corrupt_cached_file_is_downloaded_again(server: Files, published: bytes) -> None:
    path = published_weights("torchvision:small", print)
    path.write_bytes(published[:-1])
    assert published_weights("torchvision:small", print).read_bytes() == published
    assert len(server.requests) == 2


def test_wrong_digest_is_refused_and_not_cached(server: Files, published: bytes, tmp_path: Path) -> None:
    with pytest.raises(CannotLoad, match="SHA-256 does not begin with 00000000"):
        published_weights("torchvision:wrong", print)
    assert not list((tmp_path / "cache").rglob("*.pth"))


def test_oversized_download_is_aborted(
    server: Files, published: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torchvision_weights, "_LARGEST", 100)
    with pytest.raises(CannotLoad, match="more than 100 bytes"):
        published_weights("torchvision:small", print)
    assert not list((tmp_path / "cache").rglob("*.pth"))


def test_malicious_pickle_is_not_loaded(server: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Code:
        def __reduce__(self) -> Any:
            return (Path.touch, (tmp_path / "run",))

    content = pth({"a.weight": Code()}, tmp_path / "code.pth")
    file = f"code-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    server.files[f"/models/{file}"] = content
    monkeypatch.setattr(torchvision_weights, "file_table", lambda: {"code": {"V1": file}})
    with pytest.raises(CannotLoad, match="reading it could run code"):
        archdsl.load_weights(archdsl.loads(NET).to_torch(), "torchvision:code")
    assert not (tmp_path / "run").exists()


def test_missing_connection_is_reported(server: Files, published: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    unreachable(monkeypatch)
    with pytest.raises(CannotLoad, match="no connection") as error:
        published_weights("torchvision:small", print)
    assert "put it in" in str(error.value.help)
    server.files.clear()


def test_missing_file_on_the_server_is_reported(server: Files, published: bytes) -> None:
    server.files.clear()
    with pytest.raises(CannotLoad, match="404 Not Found"):
        published_weights("torchvision:small", print)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("torchvision:resnet5O", "did you mean `torchvision:resnet50`?"),
        ("torchvision:resnet50@V9", "`torchvision:resnet50@IMAGENET1K_V2`, `torchvision:resnet50@IMAGENET1K_V1`"),
        ("torchvision:../../etc/passwd", "torchvision has no weights for a model"),
        ("hf:../x", "is not a name on the Hub"),
        ("hf:a/b/c", "is not a name on the Hub"),
        ("hf:", "is not a name on the Hub"),
    ],
)
def test_unknown_weights_names_are_refused(name: str, message: str) -> None:
    with pytest.raises(UnknownWeights) as error:
        published_weights(name, print)
    assert message in f"{error.value.why} {error.value.help}"


def test_existing_path_takes_precedence_over_a_published_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("hf:name").touch()
    assert resolved_weights("hf:name", print) == Path("hf:name")
    assert resolved_weights("a.pth", print) == Path("a.pth")


@pytest.mark.skipif(find_spec("torchvision") is None, reason="torchvision is an oracle that make conformance installs")
def test_weight_files_match_torchvision() -> None:
    from scripts.import_goals import torchvision_models

    models = torchvision_models()
    for model, files in file_table().items():
        kinds = models.get_model_weights(model)
        assert {kind.name: kind.url for kind in kinds} == {
            name: f"https://download.pytorch.org/models/{file}" for name, file in files.items()
        }
        assert next(iter(files)) == kinds.DEFAULT.name


# --- the Hub ---


@pytest.fixture
def model(server: Files) -> dict[str, bytes]:
    pytest.importorskip("huggingface_hub")
    server.repos["someone/small"] = {"README.md": b"words", "model.safetensors": save(state(3))}
    return server.repos["someone/small"]


def test_hub_requests_are_the_listing_and_the_file(
    server: Files, model: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = archdsl.loads(NET).to_torch()
    archdsl.load_weights(module, "hf:someone/small")
    torch.testing.assert_close(module.state_dict(), state(3), rtol=0, atol=0)
    downloads = [path for path in server.requests if "/resolve/" in path]
    assert downloads == [f"/someone/small/resolve/{COMMIT}/model.safetensors"]
    unreachable(monkeypatch)
    other = archdsl.loads(NET).to_torch()
    archdsl.load_weights(other, "hf:someone/small")
    torch.testing.assert_close(other.state_dict(), state(3), rtol=0, atol=0)
    with pytest.raises(CannotLoad, match="cannot be reached, and the weights are not in the cache"):
        published_weights("hf:someone/other", print)


def sharded(model: dict[str, bytes], names: dict[str, str]) -> None:
    tensors = state(4)
    del model["model.safetensors"]
    for file in set(names.values()):
        model[file] = save({name: tensors[name] for name in names if names[name] == file})
    model["model.safetensors.index.json"] = json.dumps({"weight_map": names}).encode()


PLACES = {
    "a.weight": "1.safetensors",
    "a.bias": "1.safetensors",
    "b.weight": "2.safetensors",
    "b.bias": "2.safetensors",
}


def test_sharded_hub_weights_are_loaded(server: Files, model: dict[str, bytes]) -> None:
    sharded(model, PLACES)
    module = archdsl.loads(NET).to_torch()
    archdsl.load_weights(module, "hf:someone/small@main")
    torch.testing.assert_close(module.state_dict(), state(4), rtol=0, atol=0)


@pytest.mark.parametrize(
    ("places", "message"),
    [
        ({"a.weight": "../up.safetensors"}, "is not a .safetensors file next to the index"),
        ({"a.weight": "code.bin"}, "is not a .safetensors file next to the index"),
        ({"a.weight": "gone.safetensors"}, "the shard gone.safetensors, which its index names, is missing"),
        ([], "not an index of shards"),
    ],
)
def test_index_that_names_other_files_is_refused(
    server: Files, model: dict[str, bytes], places: dict[str, str], message: str
) -> None:
    del model["model.safetensors"]
    model["model.safetensors.index.json"] = json.dumps({"weight_map": places}).encode()
    with pytest.raises(CannotLoad, match=message):
        published_weights("hf:someone/small", print)


@pytest.mark.parametrize("file", ["model.safetensors", "model.safetensors.index.json"])
def test_wrong_hub_digest_is_refused(server: Files, model: dict[str, bytes], file: str) -> None:
    if file.endswith(".json"):
        sharded(model, PLACES)
    server.digests[file] = "0" * (40 if file.endswith(".json") else 64)
    with pytest.raises(CannotLoad, match="does not have the digest that the Hub reports"):
        published_weights("hf:someone/small", print)


def test_repository_with_only_pickled_weights_is_refused(server: Files, model: dict[str, bytes]) -> None:
    del model["model.safetensors"]
    with pytest.raises(CannotLoad, match="has no weights"):
        published_weights("hf:someone/small", print)
    model["pytorch_model.bin"] = b""
    with pytest.raises(CannotLoad, match=r"has only pytorch_model\.bin, a format that is not downloaded"):
        published_weights("hf:someone/small", print)
    assert not [path for path in server.requests if "/resolve/" in path]
    with pytest.raises(CannotLoad, match="the Hub has no such model"):
        published_weights("hf:nobody/nothing", print)


# --- the commands ---


def test_weights_commands_accept_published_names(
    server: Files, published: bytes, model: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.arch").write_text(NET)
    done = CliRunner().invoke(main, ["weights", "net.arch", "torchvision:small"])
    assert done.exit_code == 0, done.output
    assert "4 tensors fit, all by name" in done.output
    assert "downloading http" in done.stderr
    done = CliRunner().invoke(main, ["weights", "net.arch", "hf:someone/small"])
    assert done.exit_code == 0, done.output
    done = CliRunner().invoke(main, ["weights", "net.arch", "torchvision:smal"])
    assert (done.exit_code, "did you mean `torchvision:small`?" in done.stderr) == (2, True)
    done = CliRunner().invoke(main, ["weights", "net.arch", "hf:nobody/nothing"])
    assert (done.exit_code, "the Hub has no such model" in done.stderr) == (1, True)


def test_training_accepts_published_weights(
    server: Files, published: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are downloaded and compared before anything is trained; tests/cli/test_weights.py trains with a file."""
    monkeypatch.chdir(tmp_path)
    Path("net.arch").write_text("net N\ninput 1x8x8\nflatten; fc 3 as a; relu; fc 10 as b\n")
    words = ["train", "net.arch", "--data", "digits", "--from"]
    done = CliRunner().invoke(main, [*words, "torchvision:small"])
    assert done.exit_code == 1, done.output
    assert "a.weight: 3×4 in the file, 3×64 in the network" in done.stderr
    done = CliRunner().invoke(main, [*words, "torchvision:smal"])
    assert (done.exit_code, "--from: torchvision has no weights for a model `smal`" in done.stderr) == (2, True)
    assert not Path("runs").exists()
