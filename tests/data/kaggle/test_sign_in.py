from __future__ import annotations

import json
import os
import pwd
from collections.abc import Iterator
from pathlib import Path

import pytest

from data.competition import SLUG
from data.download import DownloadOptions, main
from data.kaggle.credentials import has_credentials, require_credentials
from tests.kaggle_server import SECRET, USER, KaggleServer
from tests.refusal import Refusal


def test_missing_credentials_name_every_source(home: Path, out: Path, refusal: Refusal) -> None:
    message = refusal(lambda: main(DownloadOptions(out)))
    assert not has_credentials()
    assert not out.exists()
    for source in ("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "access_token", "credentials.json"):
        assert source in message
    assert f"{home}/.kaggle/kaggle.json" in message
    assert f"{home}/.config/kaggle/kaggle.json" in message
    assert "https://www.kaggle.com/settings/api" in message
    assert f"/competitions/{SLUG}/rules" in message


KEY = json.dumps({"username": USER, "key": SECRET})
LOGIN = {"refresh_token": SECRET, "username": USER, "scopes": [], "access_token": "expired"}


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
        ({"KAGGLE_API_TOKEN": f'"{SECRET}"\r'}, None, ""),
        ({}, ".kaggle/access_token.txt", SECRET + "\n"),
        ({}, ".kaggle/access_token", f"\ufeff{SECRET}\r\n"),
        ({}, ".kaggle/access_token (2).txt", f"\u201c{SECRET}\u201d\n"),
        ({}, ".kaggle/access_token", SECRET.encode("utf-16")),
        ({}, ".kaggle/access_token", SECRET.encode("utf-16-le")),
        ({}, ".kaggle/kaggle.json", f"\ufeff{KEY}\r\n"),
        ({}, ".kaggle/kaggle.json", KEY.encode("utf-16")),
        ({}, ".kaggle/kaggle.json.txt", KEY),
        ({}, ".kaggle/kaggle (1).json", KEY),
        ({}, ".config/kaggle/Kaggle(12).JSON.txt", KEY),
        ({"KAGGLE_API_TOKEN": "~/token"}, "token", SECRET + "\n"),
        # The token in it seems valid to a clock that is behind.
        (
            {},
            ".kaggle/credentials.json",
            json.dumps(LOGIN | {"access_token_expiration": "2999-01-01T00:00:00+00:00"}),
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
    content: str | bytes,
) -> None:
    monkeypatch.delenv("KAGGLE_API_TOKEN")
    for name, value in variables.items():
        monkeypatch.setenv(name, value.replace("~", str(home)))
    if file:
        (home / file).parent.mkdir(parents=True, exist_ok=True)
        (home / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    assert has_credentials()
    main(DownloadOptions(out))
    assert (out / "training.zip").exists()


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("access_token", SECRET + "\nsecond line"),
        ("access_token", b"\xff\xfe" + SECRET.encode()),
        ("access_token", KEY),
        ("kaggle.json", SECRET),
        ("kaggle (1).json", KEY[:-1]),
        ("kaggle.json", KEY.encode("utf-16")[:-1]),
        ("kaggle.json", json.dumps({"username": USER, "token": SECRET})),
        ("kaggle.json", f'["{SECRET}"]'),
        ("credentials.json", SECRET),
        ("credentials.json", f'["{SECRET}"]'),
        ("credentials.json", json.dumps({"refresh_token": "", "access_token": SECRET})),
    ],
)
def test_broken_credential_files_are_named(
    kaggle: KaggleServer,
    home: Path,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    content: str | bytes,
    refusal: Refusal,
) -> None:
    monkeypatch.delenv("KAGGLE_API_TOKEN")
    (home / ".kaggle").mkdir()
    (home / ".kaggle" / file).write_bytes(
        content if isinstance(content, bytes) else content.encode()
    )
    assert f".kaggle/{file}" in refusal(lambda: main(DownloadOptions(out)))
    assert not kaggle.operations


def test_a_token_in_the_environment_that_is_no_file_name(
    kaggle: KaggleServer, out: Path, monkeypatch: pytest.MonkeyPatch, refusal: Refusal
) -> None:
    monkeypatch.setenv("KAGGLE_API_TOKEN", SECRET * 20)
    message = refusal(lambda: main(DownloadOptions(out)))
    assert "refused the credentials from KAGGLE_API_TOKEN" in message


def test_what_lies_beside_is_named(home: Path, out: Path, refusal: Refusal) -> None:
    (home / ".kaggle").mkdir()
    (home / ".kaggle/access_token").touch()
    (home / ".kaggle/kaggle.rtf").write_text("{\\rtf1}")
    message = refusal(lambda: main(DownloadOptions(out)))
    assert f"found in {home}/.kaggle: access_token (0 bytes), kaggle.rtf (7 bytes)" in message


def test_half_of_a_pair_in_the_environment_is_named(
    home: Path, out: Path, refusal: Refusal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KAGGLE_USERNAME", USER)
    message = refusal(lambda: main(DownloadOptions(out)))
    assert "found KAGGLE_USERNAME alone: set both variables" in message


def test_the_newest_copy_is_read(home: Path) -> None:
    (home / ".kaggle").mkdir()
    for age, name in enumerate(("kaggle (2).json", "kaggle (1).json", "kaggle.json.bak")):
        path = home / ".kaggle" / name
        path.write_text(KEY)
        os.utime(path, (1000 - age, 1000 - age))
    assert require_credentials().source == f"{home}/.kaggle/kaggle (2).json"


@pytest.fixture
def no_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A user without HOME whom the system does not know, as in a container."""

    def unknown(uid: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {uid}")

    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", unknown)


@pytest.fixture
def closed_home(home: Path) -> Iterator[None]:
    """A home folder of another user, or, to users who cannot become another, a closed folder."""
    (home / ".kaggle").mkdir(mode=0)
    assert not has_credentials()  # imports what another user may not read
    other_user = 0 if os.geteuid() else 54321
    if other_user:
        os.seteuid(other_user)
    yield
    if other_user:
        os.seteuid(0)
    (home / ".kaggle").chmod(0o700)


@pytest.fixture(params=["no_home", "closed_home"])
def homeless(request: pytest.FixtureRequest) -> None:
    """No home folder that can be read."""
    request.getfixturevalue(request.param)


@pytest.mark.usefixtures("homeless")
def test_without_a_home_folder_the_environment_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not has_credentials()
    monkeypatch.setenv("KAGGLE_USERNAME", USER)
    monkeypatch.setenv("KAGGLE_KEY", SECRET)
    assert require_credentials().auth == {"username": USER, "password": SECRET}
    monkeypatch.setenv("KAGGLE_API_TOKEN", SECRET)
    assert require_credentials().auth == {"api_token": SECRET}


@pytest.mark.usefixtures("no_home")
def test_without_a_home_folder_the_message_says_so(out: Path, refusal: Refusal) -> None:
    message = refusal(lambda: main(DownloadOptions(out)))
    assert "~/.kaggle/access_token" in message
    assert "HOME" in message


def test_an_expired_login(
    kaggle: KaggleServer,
    home: Path,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    refusal: Refusal,
) -> None:
    monkeypatch.delenv("KAGGLE_API_TOKEN")
    (home / ".kaggle").mkdir()
    (home / ".kaggle/credentials.json").write_text(json.dumps(LOGIN | {"refresh_token": "old"}))
    assert "run `kaggle auth login` again" in refusal(lambda: main(DownloadOptions(out)))
