"""`archdsl.widget`, with a recorded connection in place of a notebook."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

import archdsl
from archdsl import extras
from archdsl.integrations.widget import EXAMPLE

WRONG = "input 1x32x32\nconv 6 k5\nfc 10\n"


class Connection:
    """What a widget sends to the front end, and what arrives from it."""

    def __init__(self, **_: Any) -> None:
        self.comm_id = "1"
        self.sent: list[dict[str, Any]] = []

    def on_msg(self, callback: Any) -> None:
        self.receive = callback

    def send(self, data: Any = None, metadata: Any = None, buffers: Any = None) -> None:
        self.sent.append(data)

    def close(self, *_: Any, **__: Any) -> None:
        """Nothing to close."""

    def arrive(self, **data: Any) -> None:
        """A message of the front end."""
        self.receive({"content": {"data": data}, "buffers": []})

    def ask(self, name: str, **arguments: Any) -> Any:
        """The answer to a request."""
        message = {"id": len(self.sent), "view": 7, "name": f"playground.{name}", "arguments": arguments}
        self.arrive(method="custom", content=message)
        assert self.sent[-1]["content"]["view"] == 7
        answer = json.loads(self.sent[-1]["content"]["answer"])
        assert answer["id"] == message["id"]
        return answer


@pytest.fixture
def connect(monkeypatch: pytest.MonkeyPatch) -> list[Connection]:
    """The connections of the widgets that a test makes."""
    pytest.importorskip("anywidget")
    import comm

    made: list[Connection] = []

    def create(data: Any, **given: Any) -> Connection:
        connection = Connection(**given)
        if "text" in data["state"]:  # the others are of the widget's layout
            made.append(connection)
        return connection

    monkeypatch.setattr(comm, "create_comm", create)
    return made


def test_responses_match_the_playground(connect: list[Connection]) -> None:
    archdsl.widget(text=WRONG)
    update = connect[0].ask("update", text=WRONG)["result"]
    assert [problem["code"] for problem in update["problems"]] == ["E0403"]
    (suggested,) = connect[0].ask("suggestions")["result"]
    assert suggested["actions"][0]["title"].startswith("Insert `flatten`")
    assert connect[0].ask("table")["result"]["rows"][1][3] == "6×28×28"
    assert "fc" in connect[0].ask("hover", offset=WRONG.index("fc"))["result"]["text"]
    labels = [each["label"] for each in connect[0].ask("complete", offset=WRONG.index("nv"))["result"]]
    assert "conv" in labels
    assert connect[0].ask("format")["result"] == {"edits": [], "refused": None}
    assert "errors" in connect[0].ask("diagram")["result"]["error"]
    connect[0].ask("update", text="input 1x32x32\nconv 6 k5\n")
    assert connect[0].ask("diagram")["result"]["svg"].startswith("<?xml")


def test_each_widget_has_its_own_text(connect: list[Connection]) -> None:
    archdsl.widget(text="input 8; fc 2")
    archdsl.widget(text="input 8; fc 3")
    for connection, text in zip(connect, ("input 8; fc 2", "input 8; fc 3"), strict=True):
        connection.ask("update", text=text)
    assert [connection.ask("table")["result"]["rows"][-1][3] for connection in connect] == ["2", "3"]


def test_text_is_synchronized_between_front_end_and_python(connect: list[Connection]) -> None:
    widget = archdsl.widget(text="input 8; fc 2")
    assert widget.network.outputs == {"output": (2,)}
    connect[0].arrive(method="update", state={"text": "input 8; fc 5"}, buffer_paths=[])
    assert widget.text == "input 8; fc 5"
    assert widget.network.outputs == {"output": (5,)}
    connect[0].arrive(method="update", state={"text": WRONG}, buffer_paths=[])
    with pytest.raises(archdsl.ArchError, match="E0403"):
        _ = widget.network
    assert "error[E0403]" in str(widget.analysis)
    widget.text = "input 8; fc 4"
    assert connect[0].sent[-1]["state"]["text"] == "input 8; fc 4"


def test_train_blocks_are_checked(connect: list[Connection]) -> None:
    archdsl.widget(text=EXAMPLE)
    update = connect[0].ask("update", text=EXAMPLE + "train { data mnist; optimizer sgdd }\n")["result"]
    assert [problem["code"] for problem in update["problems"]] == ["E0802"]
    assert not update["has_unchecked_recipe"]


def test_widget_of_a_file_uses_files_in_its_folder(connect: list[Connection], tmp_path: Path) -> None:
    (tmp_path / "blocks.arch").write_text("block twice(c) { conv c k3 same; conv c k3 same }\n", encoding="utf-8")
    (tmp_path / "net.arch").write_text('use "blocks.arch"\ninput 3x8x8\ntwice 4\n', encoding="utf-8")
    widget = archdsl.widget(tmp_path / "net.arch")
    assert connect[0].ask("update", text=widget.text)["result"]["ok"]
    assert widget.network.outputs == {"output": (4, 8, 8)}


def test_zoo_networks_and_the_example_have_no_errors(connect: list[Connection]) -> None:
    assert archdsl.widget("zoo:resnet18").network.parameters == archdsl.load("zoo:resnet18").parameters
    assert archdsl.widget().text == EXAMPLE
    assert archdsl.widget().network.outputs == {"output": (10,)}


@pytest.mark.parametrize(
    "message",
    [
        {"id": 1, "view": 1, "name": "source", "arguments": {"text": "input 8"}},
        {"id": 1, "view": 1, "name": "archdsl.load", "arguments": {"path": "/etc/passwd"}},
        {"id": 1, "view": 1, "name": "playground.update", "arguments": {"wrong": 1}},
        {"id": 1, "view": 1, "arguments": {}},
    ],
)
def test_unknown_requests_are_errors(connect: list[Connection], message: dict[str, Any]) -> None:
    archdsl.widget()
    connect[0].arrive(method="custom", content=message)
    assert set(json.loads(connect[0].sent[-1]["content"]["answer"])["error"]) == {"kind", "message"}


@pytest.mark.parametrize("message", [None, [], "x", {}, {"name": "playground.update"}])
def test_invalid_request_has_no_answer(connect: list[Connection], message: Any) -> None:
    archdsl.widget()
    before = len(connect[0].sent)
    connect[0].arrive(method="custom", content=message)
    assert len(connect[0].sent) == before


def test_path_and_text_are_mutually_exclusive(connect: list[Connection]) -> None:
    with pytest.raises(TypeError, match="not both"):
        archdsl.widget("net.arch", text="input 8")
    with pytest.raises(FileNotFoundError):
        archdsl.widget("missing.arch")
    with pytest.raises(FileNotFoundError, match=r"for a source text, use `archdsl\.widget"):
        archdsl.widget("input 8; fc 2")
    with pytest.raises(TypeError, match="path: a path is expected"):
        archdsl.widget(archdsl.loads("input 8; fc 2"))  # type: ignore[arg-type]


def test_missing_anywidget_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "anywidget", None)
    with pytest.raises(extras.MissingPackages) as raised:
        archdsl.widget(text="input 8; fc 2")
    assert str(raised.value).startswith("the widget needs the extra `notebook`: anywidget is not installed; run: ")
    assert "\n" not in str(raised.value)
