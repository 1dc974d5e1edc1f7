from __future__ import annotations

import time
from email.utils import formatdate
from pathlib import Path

import pytest

from data.competition import SLUG
from data.download import DownloadOptions, main
from tests.kaggle_server import SECRET, KaggleServer
from tests.refusal import Refusal

Fault = dict[str, object]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        ({"status": 401}, ["401", "KAGGLE_API_TOKEN", "https://www.kaggle.com/settings/api"]),
        ({"status": 403}, ["403", f"https://www.kaggle.com/competitions/{SLUG}/rules"]),
        ({"status": 404}, ["404", f"https://www.kaggle.com/competitions/{SLUG}"]),
        ({"status": 500, "times": 5}, ["500", "later"]),
        ({"status": 503, "times": 5}, ["503", "later"]),
        ({"status": 429, "times": 5}, ["429", "wait, then"]),
        (
            {"body": b'{"code": 403, "message": "rules\\n of %s"}' % SECRET.encode()}
            | {"status": 200, "headers": {"Content-Type": "application/json"}},
            ["403 (rules of ***)", "/rules"],
        ),
        ({"status": 200, "body": b"<html>Sign in</html>"}, ["found a web page", "/rules"]),
        ({"cut": 0, "times": 5}, ["connection to Kaggle failed"]),
    ],
)
def test_errors_of_kaggle(
    kaggle: KaggleServer,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
    expected: list[str],
    refusal: Refusal,
) -> None:
    kaggle.fail("DownloadDataFiles", **{"headers": {}} | fault)  # type: ignore[arg-type]
    message = refusal(lambda: main(DownloadOptions(out)))
    for part in expected:
        assert part in message
    assert not out.exists()


@pytest.mark.parametrize(
    "fault", [{"status": 429, "headers": {"Retry-After": "1"}}, {"status": 500}, {"status": 503}]
)
def test_a_request_to_a_busy_kaggle_is_repeated(
    kaggle: KaggleServer, out: Path, fault: Fault, capfd: pytest.CaptureFixture[str]
) -> None:
    kaggle.fail("DownloadDataFiles", **fault)  # type: ignore[arg-type]
    main(DownloadOptions(out))
    assert kaggle.operations[:3] == ["DownloadDataFiles"] * 2 + ["GET"]
    assert ("again in 1 s" in capfd.readouterr().err) == ("headers" in fault)


def test_a_long_retry_after_is_left_to_the_user(
    kaggle: KaggleServer, out: Path, refusal: Refusal
) -> None:
    kaggle.fail("DownloadDataFiles", status=429, headers={"Retry-After": "3600"})
    assert "wait 3600 s, then" in refusal(lambda: main(DownloadOptions(out)))
    assert kaggle.operations == ["DownloadDataFiles"]


def test_errors_of_the_file_storage(kaggle: KaggleServer, out: Path, refusal: Refusal) -> None:
    kaggle.fail("GET", status=403)
    assert "file storage answered 403" in refusal(lambda: main(DownloadOptions(out)))


@pytest.mark.parametrize("operation", ["DownloadDataFiles", "GET"])
def test_a_request_without_response_times_out(
    kaggle: KaggleServer,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    refusal: Refusal,
) -> None:
    monkeypatch.setattr("data.kaggle.client.TIMEOUT", (0.2, 0.2))
    monkeypatch.setattr("data.kaggle.retries.RETRIES", 1)
    kaggle.fail(operation, 9, delay=0.5)
    assert "no answer from Kaggle within 0.2 s" in refusal(lambda: main(DownloadOptions(out)))


@pytest.mark.parametrize(
    ("skew_s", "expected"),
    [(-7200, "120 minutes ahead of Kaggle's"), (600, "10 minutes behind Kaggle's"), (60, "")],
)
def test_a_wrong_clock_is_mentioned(
    kaggle: KaggleServer, out: Path, skew_s: int, expected: str, refusal: Refusal
) -> None:
    date = formatdate(time.time() + skew_s, usegmt=True)
    for operation in ("DownloadDataFiles", "GET"):
        kaggle.fail(operation, status=401, headers={"Date": date})
        message = refusal(lambda: main(DownloadOptions(out)))
        assert expected in message
        assert ("clock" in message) == bool(expected)


def test_an_unreachable_kaggle(
    home: Path, out: Path, monkeypatch: pytest.MonkeyPatch, refusal: Refusal
) -> None:
    monkeypatch.setenv("KAGGLE_API_TOKEN", SECRET)
    monkeypatch.setattr("data.kaggle.retries.BACKOFF", 0)
    monkeypatch.setenv("no_proxy", "localhost")
    assert "Check the network and proxy" in refusal(lambda: main(DownloadOptions(out)))


@pytest.mark.parametrize("proxy", [f"http://user:{SECRET}@127.0.0.1:9", f"http://:{SECRET}"])
def test_a_wrong_proxy_is_named_without_its_password(
    home: Path, out: Path, monkeypatch: pytest.MonkeyPatch, proxy: str, refusal: Refusal
) -> None:
    monkeypatch.setenv("KAGGLE_API_TOKEN", "token")
    monkeypatch.setattr("data.kaggle.retries.BACKOFF", 0)
    monkeypatch.setenv("http_proxy", proxy)
    message = refusal(lambda: main(DownloadOptions(out)))
    assert "at the proxy" in message
    assert "HTTPS_PROXY" in message


def test_an_invalid_certificate(
    kaggle: KaggleServer, out: Path, monkeypatch: pytest.MonkeyPatch, refusal: Refusal
) -> None:
    monkeypatch.delenv("https_proxy")
    secure = kaggle.address.replace("http:", "https:")
    kaggle.fail("DownloadDataFiles", headers={"Location": secure})
    message = refusal(lambda: main(DownloadOptions(out)))
    assert "secure connection" in message
    assert "clock" in message
