from __future__ import annotations

import io
import shutil
import zipfile
from pathlib import Path

import pytest

from data.competition import FILES, SLUG
from data.download import DownloadOptions, main
from data.kaggle.leaderboard import LEADERBOARD_FILE
from data.reader import read_competition
from kfold.leaderboard.rank import leaderboard_scores
from tests.kaggle_server import KaggleServer, outer_zip
from tests.refusal import Refusal

ZIPPED = {"training.zip", "test.zip", "IdLookupTable.csv", "SampleSubmission.csv"}
INSTALLED = ZIPPED | {LEADERBOARD_FILE}
FETCH = ["DownloadDataFiles", "GET"]
LEADERBOARD = ["GetLeaderboard"] * 4  # two pages of two halves


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def test_download_installs_the_files_and_does_not_fetch_them_twice(
    kaggle: KaggleServer, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(DownloadOptions(out))
    assert names(out) == INSTALLED
    assert "6 training and 4 test faces" in capsys.readouterr().out
    main(DownloadOptions(out))
    assert kaggle.operations == FETCH + LEADERBOARD * 2
    assert "there already" in capsys.readouterr().out
    main(DownloadOptions(out, force=True))
    assert kaggle.operations == FETCH + LEADERBOARD * 2 + FETCH + LEADERBOARD


def test_todays_leaderboard_is_fetched_without_names(kaggle: KaggleServer, out: Path) -> None:
    kaggle.teams = [(2.5, 2.75), (1.5, 3.0), (3.5, 1.25)]
    main(DownloadOptions(out))
    assert (out / LEADERBOARD_FILE).read_text() == (
        "rank,private,public\n1,1.5,3.0\n2,2.5,2.75\n3,3.5,1.25\n"
    )


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"status": 403}, "403"),
        ({"body": b'{"submissions": [{"teamId": 1, "score": "best"}]}'}, "something else"),
    ],
)
def test_without_todays_leaderboard_the_older_one_stays(
    kaggle: KaggleServer,
    out: Path,
    capsys: pytest.CaptureFixture[str],
    fault: dict[str, object],
    expected: str,
) -> None:
    main(DownloadOptions(out))
    older = (out / LEADERBOARD_FILE).read_text()
    kaggle.fail("GetLeaderboard", **fault)  # type: ignore[arg-type]
    main(DownloadOptions(out))
    error = capsys.readouterr().err
    assert expected in error
    assert "Ranks are estimated from an older leaderboard" in error
    assert (out / LEADERBOARD_FILE).read_text() == older


def test_a_leaderboard_that_cannot_be_written_beside_the_files_is_written_where_it_can(
    kaggle: KaggleServer,
    out: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    kaggle.teams = [(2.5, 2.75)]
    (out / LEADERBOARD_FILE).mkdir(parents=True)  # stands in for a read-only folder, also for root
    main(DownloadOptions(out))
    printed = capsys.readouterr()
    assert "6 training and 4 test faces" in printed.out
    assert f"data/raw/{LEADERBOARD_FILE}: the scores of 1 teams" in printed.out
    assert not printed.err
    assert leaderboard_scores(out, "private") == (2.5,)
    (tmp_path / "data/raw" / LEADERBOARD_FILE).unlink()
    (tmp_path / "data/raw" / LEADERBOARD_FILE).mkdir()
    main(DownloadOptions(out))
    assert "Ranks are estimated from an older leaderboard" in capsys.readouterr().err


def test_a_leaderboard_of_zeros_is_refused(kaggle: KaggleServer, out: Path) -> None:
    kaggle.teams = [(0.0, 0.0)] * 3
    main(DownloadOptions(out))
    assert names(out) == ZIPPED


def test_a_damaged_file_is_fetched_again(
    kaggle: KaggleServer, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(DownloadOptions(out))
    whole = (out / "training.zip").read_bytes()
    (out / "training.zip").write_bytes(whole[:-100])
    capsys.readouterr()
    main(DownloadOptions(out))
    assert (out / "training.zip").read_bytes() == whole
    error = capsys.readouterr().err
    assert "training.zip: expected a complete zip" in error
    assert "all files are fetched again" in error


def rezip(change: dict[str, bytes | None], archive: bytes) -> bytes:
    """Copy a zip with some members replaced, added, or left out."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(buffer, "w") as new:
        members = {name: old.read(name) for name in old.namelist()} | change
        for name, content in members.items():
            if content is not None:
                new.writestr(name, content)
    return buffer.getvalue()


def test_zips_without_the_competitions_files_are_refused(
    kaggle: KaggleServer, out: Path, refusal: Refusal
) -> None:
    whole = kaggle.archive
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 255
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        other = archive.read("test.zip")
    broken_inside = rezip({"training.zip": rezip({}, whole)[:-50]}, whole)
    for content, expected in [
        (
            whole[:-100],
            f"{SLUG}.zip: expected a complete zip or .tar.gz, found a cut-off or damaged one",
        ),
        (bytes(flipped), "damaged"),
        (b"", "found something else"),
        (b"no zip at all", "found something else"),
        (b"<!doctype html><title>Sign in</title>", "found a web page (are the rules accepted?"),
        (rezip({"test.zip": None}, whole), "expected test.csv, plain or zipped, in it"),
        (broken_inside, f"{SLUG}.zip/training.zip: expected a complete zip"),
        (
            rezip({"training.zip": other}, whole),
            "training.zip: expected training.csv, plain or zipped, in it",
        ),
        (rezip({"IdLookupTable.csv": b"RowId\n"}, whole), "IdLookupTable.csv, line 1"),
    ]:
        kaggle.archive = content
        assert expected in refusal(lambda: main(DownloadOptions(out)))
        assert not names(out)


def test_a_zip_bomb_is_not_unpacked(
    kaggle: KaggleServer, out: Path, monkeypatch: pytest.MonkeyPatch, refusal: Refusal
) -> None:
    monkeypatch.setattr("data.archive.MAX_FILE_SIZE", 1_000_000)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("training.csv", bytes(2_000_000))
    kaggle.archive = rezip({"training.zip": bomb.getvalue()}, kaggle.archive)
    assert "at most 0 MB" in refusal(lambda: main(DownloadOptions(out)))


def test_members_outside_the_folder_are_never_unpacked(
    kaggle: KaggleServer, out: Path, tmp_path: Path
) -> None:
    kaggle.archive = rezip({"../evil.csv": b"x", "/evil.csv": b"x"}, kaggle.archive)
    main(DownloadOptions(out))
    assert names(out) == INSTALLED
    assert not list(tmp_path.rglob("evil.csv"))


@pytest.mark.parametrize("form", ["folder", "zip", "folder with zip"])
def test_files_from_a_copy_need_no_account(
    competition: Path, home: Path, out: Path, tmp_path: Path, form: str
) -> None:
    source = competition
    if form != "folder":
        source = tmp_path / f"{SLUG}.zip"
        source.write_bytes(outer_zip(competition))
    if form == "folder with zip":
        (tmp_path / "copy").mkdir()
        source = source.rename(tmp_path / "copy" / source.name).parent
    main(DownloadOptions(out, from_=source))
    assert names(out) == (set(FILES) if form == "folder" else ZIPPED)
    assert len(read_competition(out).train) == 6


def test_a_copy_replaces_older_forms_of_the_files(
    kaggle: KaggleServer, competition: Path, out: Path
) -> None:
    main(DownloadOptions(out, from_=competition))
    main(DownloadOptions(out, force=True))
    assert names(out) == INSTALLED
    main(DownloadOptions(out, from_=competition))
    assert names(out) == {*FILES, LEADERBOARD_FILE}


def test_an_invalid_copy_is_named(
    competition: Path, home: Path, out: Path, tmp_path: Path, refusal: Refusal
) -> None:
    copy = shutil.copytree(competition, tmp_path / "copy")
    (copy / "test.csv").write_text("ImageId,Image\n1,2 3\n")
    assert "test.csv, line 2" in refusal(lambda: main(DownloadOptions(out, from_=copy)))
    (copy / "test.csv").unlink()
    assert f"{copy}: expected test.csv" in refusal(lambda: main(DownloadOptions(out, from_=copy)))
    assert f"{copy}/nowhere: expected" in refusal(
        lambda: main(DownloadOptions(out, from_=copy / "nowhere"))
    )
