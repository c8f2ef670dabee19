"""Darknet configurations: the numbers in the published files of weights, and what is refused."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

import archdsl
from archdsl.cli import main
from archdsl.importing import ImportFailed
from archdsl.importing.darknet import import_darknet

NET = "[net]\nwidth={size}\nheight={size}\nchannels=3\n"


def conv(filters: int, size: int = 3, stride: int = 1, activation: str = "leaky", normed: int = 1) -> str:
    """A convolution as the published configurations have it."""
    lines = f"batch_normalize={normed}\nfilters={filters}\nsize={size}\nstride={stride}\npad=1\nactivation={activation}"
    return f"[convolutional]\n{lines}\n"


def head(anchors: int) -> str:
    """The last convolution of a detector for 80 classes, and its section."""
    return conv(85 * anchors, 1, activation="linear", normed=0) + "[yolo]\nclasses=80 # of COCO\n"


def route(*layers: int) -> str:
    """A concatenation."""
    return f"[route]\nlayers = {', '.join(map(str, layers))}\n"


def yolov3() -> Iterator[str]:
    """YOLOv3 (Redmon & Farhadi, 2018): Darknet-53 and three detection heads."""
    yield conv(32)
    for filters, count in ((64, 1), (128, 2), (256, 8), (512, 8), (1024, 4)):
        yield conv(filters, stride=2)
        yield (conv(filters // 2, 1) + conv(filters) + "[shortcut]\nfrom=-3\nactivation=linear\n") * count
    for filters, skip in ((512, 61), (256, 36), (128, None)):
        yield (conv(filters, 1) + conv(2 * filters)) * 3 + head(3)
        if skip is not None:
            yield route(-4) + conv(filters // 2, 1) + "[upsample]\nstride=2\n" + route(-1, skip)


def yolov3_tiny() -> Iterator[str]:
    """The small network of the same paper."""
    for filters in (16, 32, 64, 128, 256):
        yield conv(filters) + "[maxpool]\nsize=2\nstride=2\n"
    yield conv(512) + "[maxpool]\nsize=2\nstride=1\n" + conv(1024) + conv(256, 1) + conv(512) + head(3)
    yield route(-4) + conv(128, 1) + "[upsample]\nstride=2\n" + route(-1, 8) + conv(256) + head(3)


def yolov4_tiny() -> Iterator[str]:
    """Scaled-YOLOv4 (Wang et al., 2021): half of the channels goes through each block."""
    yield conv(32, stride=2) + conv(64, stride=2)
    for filters in (64, 128, 256):
        half = "[route]\nlayers=-1\ngroups=2\ngroup_id=1\n" + conv(filters // 2) + conv(filters // 2) + route(-1, -2)
        yield conv(filters) + half + conv(filters, 1) + route(-6, -1) + "[maxpool]\nsize=2\nstride=2\n"
    yield conv(512) + conv(256, 1) + conv(512) + head(3)
    yield route(-4) + conv(128, 1) + "[upsample]\nstride=2\n" + route(-1, 23) + conv(256) + head(3)


# Without the header of 20 bytes, a file of weights has 4 bytes for each parameter and each statistic.
PUBLISHED = {
    "yolov3": (yolov3, 248_007_048, [(255, 13, 13), (255, 26, 26), (255, 52, 52)]),
    "yolov3-tiny": (yolov3_tiny, 35_434_956, [(255, 13, 13), (255, 26, 26)]),
    "yolov4-tiny": (yolov4_tiny, 24_251_276, [(255, 13, 13), (255, 26, 26)]),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_published_configurations_have_the_published_size(tmp_path: Path, name: str) -> None:
    sections, size, outputs = PUBLISHED[name]
    path = tmp_path / f"{name}.cfg"
    path.write_text(NET.format(size=416) + "\n" + "\n".join(sections()))
    target = tmp_path / "net.arch"
    result = CliRunner().invoke(main, ["import", str(path), "-o", str(target)])
    assert result.exit_code == 0, result.output
    network = archdsl.load(target)
    graph = network.graph
    statistics = sum(2 * node.shape.dims[0] for node in graph.layers if node.op.keyword == "bn")
    assert 4 * (network.parameters + statistics) == size - 20
    assert [graph.nodes[i].shape.dims for _, i in graph.outputs] == outputs
    assert CliRunner().invoke(main, ["check", str(target), "--strict"]).exit_code == 0


def test_pooling_windows_beyond_the_border(tmp_path: Path) -> None:
    path = tmp_path / "net.cfg"
    path.write_text(
        NET.format(size=13) + "".join(f"[maxpool]\nsize={k}\nstride={s}\n" for k, s in ((2, 1), (2, 2), (5, 1)))
    )
    imported = import_darknet(path, "net", None)
    assert imported.network is not None
    assert [node.shape.dims[1] for node in imported.network.graph.layers if node.op.keyword == "maxpool"] == [13, 7, 7]
    assert "\ninput 1x8x8\n" in import_darknet(path, "net", (1, 8, 8)).text


@pytest.mark.parametrize("size", [1, 2, 3, 5])
@pytest.mark.parametrize("dilation", [1, 2, 3])
@pytest.mark.parametrize("padding", ["pad=1", "padding=1", "padding=0"])
def test_darknet_convolution_has_the_output_size_of_darknet(
    tmp_path: Path, size: int, dilation: int, padding: str
) -> None:
    """Darknet computes it without the dilation, by which it multiplies the padding."""
    path = tmp_path / "net.cfg"
    given = f"size={size}\ndilation={dilation}\n{padding}\nstride_x=2\nstride_y=3\nfilters=2\n"
    path.write_text(NET.format(size=17) + f"[convolutional]\n{given}")
    imported = import_darknet(path, "net", None)
    assert imported.network is not None
    conv = next(node for node in imported.network.graph.layers if node.op.keyword == "conv")
    pad = size // 2 if padding == "pad=1" else int(padding[-1])
    effective = 1 if size == 1 else dilation
    reach = effective * (size - 1) + 1
    sizes = [(17 + 2 * pad * effective - reach) // stride + 1 for stride in (3, 2)]
    if effective == 1 or reach - size == 2 * pad * (effective - 1):
        assert sizes == [(17 + 2 * pad - size) // stride + 1 for stride in (3, 2)]
    assert list(conv.shape.dims[1:]) == sizes


# The keys of Darknet's parser that change what a section computes, each with another value than its default.
OPTIONS = {
    "convolutional": (
        "activation=relu activation=gelu antialiasing=1 batch_normalize=1 binary=1 bin_output=1 cbn=1 coordconv=1 "
        "dilation=2 filters=3 groups=2 pad=1 padding=1 rotate=1 share_index=0 size=2 stretch=1 stretch_sway=1 stride=2 "
        "stride_x=2 stride_y=2 sway=1 xnor=1"
    ),
    "maxpool": "antialiasing=1 maxpool_depth=1 padding=0 size=2 stride=2 stride_x=2 stride_y=2",
    "connected": "activation=relu batch_normalize=1 output=3",
    "softmax": "groups=2 spatial=1 temperature=3 tree=data/9k.tree",
    "route": "groups=2 group_id=1 layers=-1",
    "shortcut": "activation=relu from=-1 weights_type=per_feature alpha=2 beta=0.5",
    "upsample": "stride=3 scale=2",
    "dropout": "probability=0.3 dropblock=1",
    "avgpool": "size=2 stride=2",
}
REQUIRED = {
    "convolutional": "size=3\nfilters=2",
    "maxpool": "size=3\nstride=1",
    "route": "layers=-2\ngroups=1",
    "shortcut": "from=-2",
    "dropout": "probability=0.5",
}


def _text(folder: Path, section: str, lines: str) -> str | None:
    """The text of a network with this section; None if it is refused."""
    path = folder / "net.cfg"
    path.write_text(NET.format(size=8).replace("=3", "=4") + conv(4) + conv(4, 1) + f"[{section}]\n{lines}\n")
    try:
        return import_darknet(path, "net", None).text
    except ImportFailed:
        return None


@pytest.mark.parametrize("section", OPTIONS)
def test_no_darknet_option_is_silently_ignored(tmp_path: Path, section: str) -> None:
    before = REQUIRED.get(section, "")
    usual = _text(tmp_path, section, before)
    assert usual is not None
    for option in OPTIONS[section].split():
        key = option.partition("=")[0]
        kept = [line for line in before.split("\n") if line.partition("=")[0] != key]
        kept = ["layers=-2", "groups=2"] if key == "group_id" else kept
        assert _text(tmp_path, section, "\n".join([*kept, option])) != usual, option
    assert _text(tmp_path, section, f"{before}\nan_option_of_later_versions=1") is None
    assert _text(tmp_path, section, f"{before}\nstopbackward=1") == usual


def test_darknet_softmax_is_over_all_elements(tmp_path: Path) -> None:
    assert "softmax axis=0x1x2" in (_text(tmp_path, "softmax", "groups=1") or "")
    assert "gap keep; softmax  #" in (_text(tmp_path, "avgpool", "[softmax]") or "")


def test_darknet_gelu_is_approximated(tmp_path: Path) -> None:
    assert "gelu tanh" in (_text(tmp_path, "connected", "output=2\nactivation=gelu") or "")


REFUSED = {
    "a dropout whose probability depends on the version": ("[dropout]\n", "a dropout without `probability`"),
    "an unknown option": (conv(4) + "\nbits=4\n", "`bits=4`"),
    "an unknown section": ("[crnn]\noutput=3\n", r"line 5 \[crnn\]: the section \[crnn\]"),
    "an activation": (conv(4, activation="stair"), "`activation=stair`"),
    "a layer that is not there": (route(-3), "the layer -3"),
    "different channels": (conv(4) + conv(8) + "[shortcut]\nfrom=-2\n", "a shortcut from 8×8×8 and 4×8×8"),
    "a word for a number": ("[maxpool]\nsize=two\n", "`size=two`"),
    "a line that is no value": ("[maxpool]\nsize\n", "line 6: `size` is neither"),
    "no layers": ("", "needs .net. and layers"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_unsupported_darknet_configuration_is_refused(tmp_path: Path, name: str) -> None:
    layers, words = REFUSED[name]
    path = tmp_path / "net.cfg"
    path.write_text(NET.format(size=8) + layers)
    with pytest.raises(ImportFailed, match=words):
        import_darknet(path, "net", None)
