from __future__ import annotations

import io
import json
import re
import shutil
import zipfile
from pathlib import Path

import pytest

from data import download
from data.competition import FILES, SLUG
from data.download import Download, main
from data.errors import UserError
from data.kaggle_credentials import has_credentials
from data.reader import read_competition
from tests.kaggle_server import SECRET, USER, KaggleServer, outer_zip

INSTALLED = {"training.zip", "test.zip", "IdLookupTable.csv", "SampleSubmission.csv"}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "raw"


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} if folder.exists() else set()


def refusal(config: Download) -> str:
    """Run a download that must fail without a trace in its folder or of the secret."""
    before = names(config.out)
    with pytest.raises(UserError) as caught:
        main(config)
    assert names(config.out) == before
    assert caught.value.__cause__ is None
    assert SECRET not in str(caught.value)
    return str(caught.value)


def test_download_installs_the_files_and_does_not_fetch_them_twice(
    kaggle: KaggleServer, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(Download(out))
    assert names(out) == INSTALLED
    assert "6 training and 4 test faces" in capsys.readouterr().out
    main(Download(out))
    assert kaggle.seen == ["DownloadDataFiles", "GET"]
    assert "there already" in capsys.readouterr().out
    main(Download(out, force=True))
    assert kaggle.seen == ["DownloadDataFiles", "GET"] * 2


def test_a_damaged_file_is_fetched_again(kaggle: KaggleServer, out: Path) -> None:
    main(Download(out))
    whole = (out / "training.zip").read_bytes()
    (out / "training.zip").write_bytes(whole[:-100])
    main(Download(out))
    assert (out / "training.zip").read_bytes() == whole


@pytest.mark.parametrize("times", [1, 2])
def test_a_broken_connection_is_picked_up_where_it_broke(
    kaggle: KaggleServer, out: Path, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    monkeypatch.setattr(download, "_CHUNK", 1000)
    kaggle.fail("GET", times, cut=20_000)
    main(Download(out))
    assert names(out) == INSTALLED
    assert kaggle.seen == ["DownloadDataFiles"] + ["GET"] * (times + 1)


def test_a_connection_that_keeps_breaking_leaves_nothing(kaggle: KaggleServer, out: Path) -> None:
    kaggle.fail("GET", 3, cut=20_000)
    assert "connection to Kaggle failed" in refusal(Download(out))


def test_a_changed_zip_is_not_glued_to_the_old_one(kaggle: KaggleServer, out: Path) -> None:
    kaggle.fail("GET", cut=20_000, headers={"ETag": '"older"', "Content-Length": "100000"})
    assert "connection to Kaggle failed" in refusal(Download(out))


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"status": 401}, ["401", "KAGGLE_API_TOKEN", "https://www.kaggle.com/settings/api"]),
        ({"status": 403}, ["403", f"https://www.kaggle.com/competitions/{SLUG}/rules"]),
        ({"status": 404}, ["404", f"https://www.kaggle.com/competitions/{SLUG}"]),
        ({"status": 500, "times": 5}, ["500", "later"]),
        ({"status": 429, "times": 5}, ["429", "wait"]),
        (
            {"body": b'{"code": 403, "message": "rules\\n of %s"}' % SECRET.encode()}
            | {"status": 200, "headers": {"Content-Type": "application/json"}},
            ["403 (rules of ***)", "/rules"],
        ),
        ({"status": 200, "body": b"<html>Sign in</html>"}, ["found a web page", "/rules"]),
        ({"cut": 0, "times": 5}, ["connection to Kaggle failed"]),
    ],
)
def test_refusals_of_kaggle(
    kaggle: KaggleServer, out: Path, fault: dict[str, object], expected: list[str]
) -> None:
    kaggle.fail("DownloadDataFiles", **{"headers": {}} | fault)  # type: ignore[arg-type]
    message = refusal(Download(out))
    for part in expected:
        assert part in message


@pytest.mark.parametrize(
    "fault", [{"status": 429, "headers": {"Retry-After": "1"}}, {"status": 500}]
)
def test_a_busy_kaggle_is_asked_again(
    kaggle: KaggleServer, out: Path, fault: dict[str, object]
) -> None:
    kaggle.fail("DownloadDataFiles", **fault)  # type: ignore[arg-type]
    main(Download(out))
    assert kaggle.seen == ["DownloadDataFiles"] * 2 + ["GET"]


def test_refusals_of_the_file_storage(kaggle: KaggleServer, out: Path) -> None:
    kaggle.fail("GET", status=403)
    assert "file storage answered 403" in refusal(Download(out))


def test_a_silent_kaggle_is_not_waited_for_for_ever(
    kaggle: KaggleServer, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("data.kaggle_client.TIME_LIMIT", (0.2, 0.2))
    monkeypatch.setattr("data.kaggle_client.RETRIES", 1)
    kaggle.fail("DownloadDataFiles", 2, delay=0.5)
    assert "no answer from Kaggle within 0.2 s" in refusal(Download(out))


def test_an_unreachable_kaggle(home: Path, out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAGGLE_API_TOKEN", SECRET)
    monkeypatch.setattr("data.kaggle_client.BACKOFF", 0)
    assert "network and proxy" in refusal(Download(out))


def rezip(change: dict[str, bytes | None], archive: bytes) -> bytes:
    """Copy a zip with some members replaced, added, or left out."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(buffer, "w") as new:
        members = {name: old.read(name) for name in old.namelist()} | change
        for name, content in members.items():
            if content is not None:
                new.writestr(name, content)
    return buffer.getvalue()


def test_zips_that_are_not_the_competition(kaggle: KaggleServer, out: Path) -> None:
    whole = kaggle.archive
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 255
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        other = archive.read("test.zip")
    broken_inside = rezip({"training.zip": rezip({}, whole)[:-50]}, whole)
    for content, expected in [
        (whole[:-100], f"{SLUG}.zip: expected a complete zip, found a cut-off or damaged one"),
        (bytes(flipped), "damaged"),
        (b"", "found something else"),
        (b"no zip at all", "found something else"),
        (rezip({"test.zip": None}, whole), "expected test.csv or test.zip in it"),
        (broken_inside, f"{SLUG}.zip/training.zip: expected a complete zip"),
        (rezip({"training.zip": other}, whole), "training.zip: expected training.csv in it"),
        (rezip({"IdLookupTable.csv": b"RowId\n"}, whole), "IdLookupTable.csv, line 1"),
    ]:
        kaggle.archive = content
        assert expected in refusal(Download(out))


def test_a_zip_bomb_is_not_unpacked(
    kaggle: KaggleServer, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download, "LARGEST", 1_000_000)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("training.csv", bytes(2_000_000))
    kaggle.archive = rezip({"training.zip": bomb.getvalue()}, kaggle.archive)
    assert "at most 0 MB" in refusal(Download(out))


def test_members_outside_the_folder_are_never_unpacked(
    kaggle: KaggleServer, out: Path, tmp_path: Path
) -> None:
    kaggle.archive = rezip({"../evil.csv": b"x", "/evil.csv": b"x"}, kaggle.archive)
    main(Download(out))
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
    main(Download(out, from_=source))
    assert names(out) == (set(FILES) if form == "folder" else INSTALLED)
    assert len(read_competition(out).train) == 6


def test_a_copy_replaces_older_forms_of_the_files(
    kaggle: KaggleServer, competition: Path, out: Path
) -> None:
    main(Download(out, from_=competition))
    main(Download(out, force=True))
    assert names(out) == INSTALLED
    main(Download(out, from_=competition))
    assert names(out) == set(FILES)


def test_a_wrong_copy_is_named(competition: Path, home: Path, out: Path, tmp_path: Path) -> None:
    copy = shutil.copytree(competition, tmp_path / "copy")
    (copy / "test.csv").write_text("ImageId,Image\n1,2 3\n")
    assert "test.csv, line 2" in refusal(Download(out, from_=copy))
    (copy / "test.csv").unlink()
    assert f"{copy}: expected test.csv" in refusal(Download(out, from_=copy))
    assert f"{copy}/nowhere: expected" in refusal(Download(out, from_=copy / "nowhere"))


def test_missing_credentials_name_every_place(home: Path, out: Path) -> None:
    message = refusal(Download(out))
    assert not has_credentials()
    assert not out.exists()
    for place in ("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "access_token", "credentials.json"):
        assert place in message
    assert f"{home}/.kaggle/kaggle.json" in message
    assert f"{home}/.config/kaggle/kaggle.json" in message
    assert "https://www.kaggle.com/settings/api" in message
    assert f"/competitions/{SLUG}/rules" in message


KEY = json.dumps({"username": USER, "key": SECRET})
LOGIN = {"refresh_token": SECRET, "username": USER, "scopes": [], "access_token": SECRET}


@pytest.mark.parametrize(
    ("variables", "file", "content"),
    [
        ({"KAGGLE_API_TOKEN": SECRET}, None, ""),
        ({"KAGGLE_USERNAME": USER, "KAGGLE_KEY": SECRET}, None, ""),
        ({}, ".kaggle/access_token", SECRET + "\n"),
        ({}, ".kaggle/kaggle.json", KEY),
        ({}, ".config/kaggle/kaggle.json", KEY),
        ({"KAGGLE_CONFIG_DIR": "~/elsewhere"}, "elsewhere/kaggle.json", KEY),
        ({"KAGGLE_KEY": SECRET}, ".kaggle/kaggle.json", KEY.replace(SECRET, "old")),
        (
            {},
            ".kaggle/credentials.json",
            json.dumps(LOGIN | {"access_token_expiration": "2999-01-01T00:00:00+00:00"}),
        ),
        (
            {},
            ".kaggle/credentials.json",
            json.dumps(LOGIN | {"access_token_expiration": "2020-01-01T00:00:00+00:00"}),
        ),
    ],
)
def test_every_way_to_sign_in(
    kaggle: KaggleServer,
    home: Path,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    file: str | None,
    content: str,
) -> None:
    monkeypatch.delenv("KAGGLE_API_TOKEN")
    for name, value in variables.items():
        monkeypatch.setenv(name, value.replace("~", str(home)))
    if file:
        (home / file).parent.mkdir(parents=True)
        (home / file).write_text(content)
    assert has_credentials()
    main(Download(out))
    assert names(out) == INSTALLED


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("access_token", SECRET + "\nsecond line"),
        ("access_token", b"\xff\xfe" + SECRET.encode()),
        ("kaggle.json", SECRET),
        ("kaggle.json", f'["{SECRET}"]'),
        ("credentials.json", SECRET),
        ("credentials.json", f'["{SECRET}"]'),
        ("credentials.json", json.dumps({"refresh_token": SECRET, "access_token_expiration": "x"})),
    ],
)
def test_broken_credential_files_are_named(
    kaggle: KaggleServer,
    home: Path,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    content: str | bytes,
) -> None:
    monkeypatch.delenv("KAGGLE_API_TOKEN")
    (home / ".kaggle").mkdir()
    (home / ".kaggle" / file).write_bytes(
        content if isinstance(content, bytes) else content.encode()
    )
    assert f".kaggle/{file}" in refusal(Download(out))
    assert not kaggle.seen


def test_a_token_in_the_environment_that_is_no_file_name(
    kaggle: KaggleServer, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAGGLE_API_TOKEN", SECRET * 20)
    assert "cannot be read" in refusal(Download(out))


def test_the_command_ends_without_a_traceback(
    kaggle: KaggleServer, out: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    kaggle.fail("DownloadDataFiles", status=401)
    with pytest.raises(SystemExit) as stop:
        download.run_command(main, Download, args=["--out", str(out)])
    captured = capfd.readouterr()
    assert stop.value.code == 1
    assert re.match(r"error: could not download .*401", captured.err)
    assert "Traceback" not in captured.err
    assert SECRET not in captured.out + captured.err
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not [path for path in files if SECRET.encode() in path.read_bytes()]
