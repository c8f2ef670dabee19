"""Members of tar archives by their places, and damaged archives."""

import io
import tarfile
from pathlib import Path

import pytest

from archdsl.training.data.stored_files import FolderTree, StoredFile, tar_files
from archdsl.training.errors.data_errors import DataCorrupt

LONG = "n01440764/" + "x" * 150 + ".JPEG"
MEMBERS = {"a.JPEG": b"first", LONG: b"", "./b.JPEG": b"x" * 513, "ünï.JPEG": bytes(1024)}


def tar(members: dict[str, bytes], format: int = tarfile.GNU_FORMAT) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=format) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        for kind, name in ((tarfile.SYMTYPE, "link"), (tarfile.LNKTYPE, "hard"), (tarfile.CHRTYPE, "device")):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    return made.getvalue()


@pytest.mark.parametrize("format", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_tar_members_are_read_by_offset(tmp_path: Path, format: int) -> None:
    path = tmp_path / "x.tar"
    path.write_bytes(tar({"in.tar": tar(MEMBERS, format), **MEMBERS}, format))
    found = list(tar_files(path))
    wanted = {name.removeprefix("./"): content for name, content in MEMBERS.items()}
    assert {file.name: file.content(2000) for file in found[1:]} == wanted  # without links and devices
    assert {file.name: file.content(2000) for file in tar_files(path, found[0])} == wanted
    assert len({file.key for file in found}) == len(found)
    with pytest.raises(OSError, match="the limit is 100"):
        found[-1].content(100)


def test_truncated_tar_archive_is_refused(tmp_path: Path) -> None:
    whole, path = tar(MEMBERS), tmp_path / "x.tar"
    end = len(whole.rstrip(b"\0"))  # the archive ends with blocks of zeros
    for size in (*range(0, end, 411), end):
        path.write_bytes(whole[:size])
        with pytest.raises(DataCorrupt):
            list(tar_files(path))


def test_corrupt_tar_headers_are_refused(tmp_path: Path) -> None:
    path, whole = tmp_path / "x.tar", bytearray(tar(MEMBERS))
    second = 1024  # behind the header and the block of the first member
    for at, byte in ((second + 148, b"9"), (second, b"\xff"), (second + 124, b"\xff\xff\xff")):
        damaged = bytearray(whole)
        damaged[at : at + len(byte)] = byte
        path.write_bytes(damaged)
        with pytest.raises(DataCorrupt):
            list(tar_files(path))


@pytest.mark.parametrize("size", [-1024, -1, 1 << 40])
def test_tar_sizes_beyond_the_archive_are_refused(tmp_path: Path, size: int) -> None:
    info = tarfile.TarInfo("a")
    head = info.tobuf(tarfile.GNU_FORMAT)
    info.size = 5
    extended = tarfile.TarInfo.create_pax_header if size < 0 else None
    if extended is not None:
        info.pax_headers = {"size": str(size)}
        content = info.create_pax_header(info.get_info(), "utf-8") + head
    else:
        info.size = size
        content = info.tobuf(tarfile.GNU_FORMAT)
    path = tmp_path / "x.tar"
    path.write_bytes(tar({"first": b"1"}).rstrip(b"\0").ljust(5 * 512, b"\0") + content + bytes(1024))
    with pytest.raises(DataCorrupt):
        list(tar_files(path))


def test_byte_range_outside_the_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.tar"
    path.write_bytes(tar(MEMBERS))
    with pytest.raises(DataCorrupt, match="unexpected end of data"):
        list(tar_files(path, StoredFile(path, "in.tar", 512, 1 << 30)))
    with pytest.raises(OSError, match="truncated"):
        StoredFile(path, "a", path.stat().st_size - 3, 5).content(10)


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/etc/passwd", "a\0b", "..", "C:/x", "a\\..\\x"])
def test_names_outside_a_folder_are_not_found(tmp_path: Path, name: str) -> None:
    (tmp_path / "x").write_text("outside")
    (tmp_path / "a" / "a").mkdir(parents=True)
    assert FolderTree(tmp_path / "a").find(name) is None
