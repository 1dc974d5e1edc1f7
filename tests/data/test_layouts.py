"""The competition's files in the folders and archives that people have them in."""

from __future__ import annotations

import gzip
import io
import shutil
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from data.competition import FILES, SLUG
from data.download import DownloadOptions, main
from data.reader import read_competition
from data.system.errors import UserError
from tests.data.file_edits import zip_large_files
from tests.refusal import Refusal

FLAT = {name: name for name in FILES}
NOTEBOOK = FLAT | {"training.csv": "training/training.csv", "test.csv": "test/test.csv"}


def lay_out(files: Path, folder: Path, places: dict[str, str]) -> Path:
    """Copy the four files to other places in a new folder."""
    for name, place in places.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(files / name, folder / place)
    return folder


@pytest.fixture
def notebook(competition: Path, tmp_path: Path) -> Iterator[Path]:
    """Kaggle's folder of inputs: two competitions below it, all read-only."""
    inputs = tmp_path / "input"
    lay_out(competition, inputs / "competitions" / SLUG, NOTEBOOK)
    for other in (inputs / "titanic", inputs / "training"):
        other.mkdir()
        (other / "test.csv").write_text("PassengerId\n")
    folders = [inputs, *(path for path in inputs.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    yield inputs
    for folder in folders:
        folder.chmod(0o755)


@pytest.mark.parametrize("below", [f"competitions/{SLUG}", "competitions", "."])
def test_the_layout_of_kaggles_notebooks_is_read(
    competition: Path, notebook: Path, home: Path, out: Path, below: str
) -> None:
    expected, before = read_competition(competition).checksum, sorted(notebook.rglob("*"))
    assert read_competition(notebook / below).checksum == expected
    main(DownloadOptions(out, from_=notebook / below))
    assert sorted(notebook.rglob("*")) == before  # root may write there
    assert {path.name for path in out.iterdir()} == set(FILES)
    assert read_competition(out).checksum == expected


def test_the_older_place_of_the_inputs_names_the_newer_one(notebook: Path, cache: Path) -> None:
    with pytest.raises(UserError, match=rf"no such folder.* Pass DATA={notebook}/competitions/"):
        read_competition(notebook / SLUG, cache)


def test_what_is_in_a_notebook_needs_no_download(
    notebook: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(DownloadOptions(notebook))
    assert "6 training and 4 test faces are there already" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["training.zip", "training.csv.zip"])
def test_a_file_in_a_zip_of_its_own_may_have_folders_before_it(
    competition: Path, plain_files: Path, cache: Path, name: str
) -> None:
    with zipfile.ZipFile(plain_files / name, "w") as archive:
        archive.write(plain_files / "training.csv", "Downloads/training.csv")
        archive.writestr("__MACOSX/Downloads/._training.csv", b"\0\5\x16\7")
    (plain_files / "training.csv").unlink()
    assert (
        read_competition(plain_files, cache).checksum
        == read_competition(competition, cache).checksum
    )


def test_the_plain_file_is_read_before_a_zip_of_its_own(
    competition: Path, plain_files: Path, cache: Path
) -> None:
    with zipfile.ZipFile(plain_files / "training.zip", "w") as archive:
        archive.writestr("training.csv", "something else")
    lay_out(competition, plain_files / "training", {"test.csv": "training.csv"})
    assert (
        read_competition(plain_files, cache).checksum
        == read_competition(competition, cache).checksum
    )


def test_two_folders_with_the_files_are_refused_and_the_nearer_one_is_read(
    competition: Path, tmp_path: Path, cache: Path, out: Path, refusal: Refusal
) -> None:
    data = tmp_path / "data"
    lay_out(competition, data / "old" / "files", FLAT)
    lay_out(competition, data / "new" / "files", NOTEBOOK)
    with pytest.raises(UserError, match=r"data: .* in one folder, found new/files and old/files"):
        read_competition(data, cache)
    message = refusal(lambda: main(DownloadOptions(out, from_=data)))
    assert "found new/files and old/files. Pass one of them" in message
    archive = shutil.make_archive(str(tmp_path / "both"), "zip", data)
    message = refusal(lambda: main(DownloadOptions(out, from_=Path(archive))))
    assert (
        "both.zip: expected the competition's files in one folder, found new/files and" in message
    )
    lay_out(competition, data / "newest", FLAT)
    assert len(read_competition(data, cache).train) == 6


def test_hidden_folders_and_those_far_below_are_not_searched(
    competition: Path, tmp_path: Path, cache: Path
) -> None:
    for hidden in (".download/files", "__MACOSX", "a/b/c"):
        lay_out(competition, tmp_path / "data" / hidden, FLAT)
    with pytest.raises(UserError, match=r"data: expected training.csv or .* found .*, a\. Run"):
        read_competition(tmp_path / "data", cache)


def test_a_file_in_place_of_the_folder_is_named(competition: Path, cache: Path) -> None:
    with pytest.raises(UserError, match=r"test.csv: found a file. Expected a folder .* FROM="):
        read_competition(competition / "test.csv", cache)


def archive_members(files: Path, top: str, mac: bool) -> dict[str, bytes]:
    members = {f"{top}{path.name}": path.read_bytes() for path in sorted(files.iterdir())}
    if mac:
        members |= {f"__MACOSX/{top}._{Path(name).name}": b"\0\5\x16\7" for name in members}
        members[f"{top}.DS_Store"] = b"\0"
    return members


def write_zip(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for folder in {name.partition("/")[0] for name in members if "/" in name}:
            archive.mkdir(folder)
        for name, content in members.items():
            archive.writestr(name, content)


def write_tar(path: Path, members: dict[str, bytes]) -> None:
    kind = {".tgz": "gz", ".tar": ""}.get(path.suffix, path.suffix[1:])
    with tarfile.open(path, f"w:{kind}") as archive:  # type: ignore[call-overload]
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


@pytest.mark.parametrize("top", ["", f"{SLUG}/", "a/b/c/"])
@pytest.mark.parametrize("mac", [False, True])
@pytest.mark.parametrize("zipped", [False, True])
def test_a_zip_with_folders_is_read(
    competition: Path,
    plain_files: Path,
    home: Path,
    out: Path,
    tmp_path: Path,
    top: str,
    mac: bool,
    zipped: bool,
) -> None:
    if zipped:
        zip_large_files(plain_files)
    write_zip(tmp_path / "f.zip", archive_members(plain_files, top, mac))
    main(DownloadOptions(out, from_=tmp_path / "f.zip"))
    assert {path.name for path in out.iterdir()} == {path.name for path in plain_files.iterdir()}
    expected = read_competition(competition).checksum
    assert read_competition(out).checksum == expected
    (tmp_path / "data").mkdir()
    (tmp_path / "f.zip").rename(tmp_path / "data" / f"{SLUG}.zip")
    assert read_competition(tmp_path / "data").checksum == expected


@pytest.mark.parametrize("suffix", [".tar.gz", ".tgz", ".tar", ".tar.bz2", ".tar.xz"])
@pytest.mark.parametrize("top", ["", "./", f"{SLUG}/"])
def test_a_tar_is_read(
    competition: Path, home: Path, out: Path, tmp_path: Path, suffix: str, top: str
) -> None:
    path = tmp_path / f"f{suffix}"
    write_tar(path, archive_members(competition, top, mac=True))
    main(DownloadOptions(out, from_=path))
    assert read_competition(out).checksum == read_competition(competition).checksum


def test_archives_that_cannot_be_read_are_named(
    competition: Path, home: Path, out: Path, tmp_path: Path, refusal: Refusal
) -> None:
    members = archive_members(competition, "", mac=False)
    write_tar(tmp_path / "f.tar.gz", members)
    write_zip(tmp_path / "f.zip", members)
    packed, zipped = (tmp_path / "f.tar.gz").read_bytes(), (tmp_path / "f.zip").read_bytes()
    flipped = bytearray(packed)
    flipped[-6] ^= 255  # in the CRC at the end
    locked = zipped.replace(b"PK\1\2\x14\3\x14\0\0", b"PK\1\2\x14\3\x14\0\1")
    assert locked != zipped
    for name, content, expected in [
        (
            "f.7z",
            b"7z\xbc\xaf\x27\x1c\0\4",
            "found a 7-Zip archive. Get it once more, or unpack it",
        ),
        ("f.rar", b"Rar!\x1a\7\1\0", "found a RAR archive"),
        ("f.tar.zst", b"\x28\xb5\x2f\xfd\0", "found a Zstandard file"),
        ("f.zip", b"7z\xbc\xaf\x27\x1c\0\4", "found a 7-Zip archive"),  # whatever its name
        (
            "f.tar.gz",
            packed[: len(packed) // 2],
            "found a gzip that is cut off, damaged or holds no tar",
        ),
        ("f.tar.gz", packed[:-10], "found a gzip that is cut off, damaged or holds no tar"),
        ("f.tar.gz", bytes(flipped), "found a gzip that is cut off, damaged or holds no tar"),
        ("f.zip", locked, "can be unpacked here, found: File 'training.csv' is encrypted"),
        ("f.csv", b"ImageId,Image\n", "found something else"),
        ("f.csv.gz", gzip.compress(b"ImageId,Image\n"), "holds no tar"),
    ]:
        path = tmp_path / name
        path.write_bytes(content)
        message = refusal(lambda path=path: main(DownloadOptions(out, from_=path)))
        assert f"{path}: expected a" in message
        assert expected in message
        assert not out.exists()


def test_a_tar_cannot_write_or_read_elsewhere_nor_fill_the_disk(
    competition: Path, home: Path, out: Path, tmp_path: Path, refusal: Refusal
) -> None:
    members = archive_members(competition, "", mac=False)
    path, secret = tmp_path / "f.tar", tmp_path / "secret.csv"
    secret.write_bytes(members.pop("training.csv"))
    write_tar(path, members | {"../evil.csv": b"x", f"{tmp_path}/evil.csv": b"x"})
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
        link = tarfile.TarInfo("training.csv")
        link.type, link.linkname = kind, str(secret)
        with tarfile.open(path, "a") as archive:
            archive.addfile(link)
    assert "expected training.csv" in refusal(lambda: main(DownloadOptions(out, from_=path)))
    assert not list(tmp_path.rglob("evil.csv"))
    bomb = tarfile.TarInfo("training.csv")
    bomb.size = 2 << 30
    path.write_bytes(bomb.tobuf())
    assert "at most 1024 MB" in refusal(lambda: main(DownloadOptions(out, from_=path)))
