from __future__ import annotations

import json
from pathlib import Path

import pytest

from data.competition import SLUG
from data.download import DownloadOptions, main
from data.kaggle.credentials import has_credentials
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
        ({}, ".kaggle/access_token.txt", SECRET + "\n"),
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
    content: str,
) -> None:
    monkeypatch.delenv("KAGGLE_API_TOKEN")
    for name, value in variables.items():
        monkeypatch.setenv(name, value.replace("~", str(home)))
    if file:
        (home / file).parent.mkdir(parents=True, exist_ok=True)
        (home / file).write_text(content)
    assert has_credentials()
    main(DownloadOptions(out))
    assert (out / "training.zip").exists()


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("access_token", SECRET + "\nsecond line"),
        ("access_token", b"\xff\xfe" + SECRET.encode()),
        ("kaggle.json", SECRET),
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
    assert "cannot be read" in refusal(lambda: main(DownloadOptions(out)))


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
