from __future__ import annotations

import os
import subprocess
import sys
import time
from email.utils import formatdate
from pathlib import Path

import pytest

from data import fetch
from data.atomic import locked
from data.competition import SLUG
from data.download import Download, main
from tests.kaggle_server import SECRET, KaggleServer
from tests.refusal import Refusal

ROOT = Path(__file__).parents[2]
Fault = dict[str, object]


def parts(out: Path) -> list[Path]:
    return sorted(out.glob(".*"))


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "_CHUNK", 1000)


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("cut", [0, 300, 20_000])
def test_a_broken_connection_is_picked_up_where_it_broke(
    kaggle: KaggleServer, out: Path, times: int, cut: int
) -> None:
    kaggle.fail("GET", times, cut=cut)
    main(Download(out))
    assert (out / "training.zip").exists()
    assert not parts(out)
    assert kaggle.seen.count("DownloadDataFiles") == 1


def test_the_next_command_gets_the_rest_only(
    kaggle: KaggleServer, out: Path, refusal: Refusal
) -> None:
    kaggle.fail("GET", 3, cut=20_000)
    assert "connection to Kaggle failed" in refusal(lambda: main(Download(out)))
    (part,) = out.iterdir()
    there = part.stat().st_size
    assert 50_000 < there <= 60_000
    assert part.read_bytes() == kaggle.archive[:there]
    kaggle.sent.clear()
    main(Download(out))
    assert kaggle.sent[-1] == len(kaggle.archive) - there
    assert (out / "training.zip").exists()
    assert not parts(out)


def test_what_was_complete_already_is_not_asked_for(kaggle: KaggleServer, out: Path) -> None:
    kaggle.fail("GET", 3, cut=20_000)
    with pytest.raises(Exception, match="connection"):
        main(Download(out))
    (part,) = out.iterdir()
    part.write_bytes(kaggle.archive)
    main(Download(out))
    assert kaggle.seen.count("GET") == 4
    assert not parts(out)


def test_a_changed_zip_is_not_glued_to_the_old_one(
    kaggle: KaggleServer, out: Path, refusal: Refusal
) -> None:
    kaggle.fail("GET", cut=20_000, headers={"ETag": '"older"', "Content-Length": "100000"})
    assert "connection to Kaggle failed" in refusal(lambda: main(Download(out)))
    assert len(parts(out)) == 1
    main(Download(out))
    assert (out / "training.zip").exists()
    assert not parts(out)


def test_an_endless_answer_is_cut_off(
    kaggle: KaggleServer, out: Path, monkeypatch: pytest.MonkeyPatch, refusal: Refusal
) -> None:
    monkeypatch.setattr(fetch, "LARGEST", 30_000)
    assert "expected at most" in refusal(lambda: main(Download(out)))
    assert not list(out.iterdir())


def test_a_connection_that_falls_silent_half_way(
    kaggle: KaggleServer, out: Path, monkeypatch: pytest.MonkeyPatch, refusal: Refusal
) -> None:
    for module in ("kaggle_client", "fetch"):
        monkeypatch.setattr(f"data.{module}.TIME_LIMIT", (0.2, 0.2))
    kaggle.fail("GET", 3, cut=20_000, pause=0.5)
    assert "no answer from Kaggle within 0.2 s" in refusal(lambda: main(Download(out)))
    assert next(out.iterdir()).stat().st_size > 0


def test_a_disk_that_is_full_keeps_what_was_fetched(
    kaggle: KaggleServer, out: Path, tmp_path: Path
) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    program = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000));"
        "from data.errors import run_command; from data.download import Download, main;"
        "run_command(main, Download)"
    )
    command = [sys.executable, "-c", program, "--out", str(out)]
    ended = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1
    assert "largest size that is allowed" in ended.stderr
    assert [path.stat().st_size for path in out.iterdir()] == [30_000]


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
            {"status": 429, "times": 5, "headers": {"Retry-After": "3600"}},
            ["429", "wait 3600 s, then"],
        ),
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
    kaggle: KaggleServer,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    fault: Fault,
    expected: list[str],
    refusal: Refusal,
) -> None:
    monkeypatch.setattr("data.kaggle_retries.LONGEST_WAIT", 0.01)
    kaggle.fail("DownloadDataFiles", **{"headers": {}} | fault)  # type: ignore[arg-type]
    message = refusal(lambda: main(Download(out)))
    for part in expected:
        assert part in message
    assert not list(out.iterdir())


@pytest.mark.parametrize(
    "fault", [{"status": 429, "headers": {"Retry-After": "1"}}, {"status": 500}, {"status": 503}]
)
def test_a_busy_kaggle_is_asked_again(
    kaggle: KaggleServer, out: Path, fault: Fault, capfd: pytest.CaptureFixture[str]
) -> None:
    kaggle.fail("DownloadDataFiles", **fault)  # type: ignore[arg-type]
    main(Download(out))
    assert kaggle.seen[:3] == ["DownloadDataFiles"] * 2 + ["GET"]
    assert ("again in 1 s" in capfd.readouterr().err) == ("headers" in fault)


def test_refusals_of_the_file_storage(kaggle: KaggleServer, out: Path, refusal: Refusal) -> None:
    kaggle.fail("GET", status=403)
    assert "file storage answered 403" in refusal(lambda: main(Download(out)))


@pytest.mark.parametrize("operation", ["DownloadDataFiles", "GET"])
def test_a_silent_kaggle_is_not_waited_for_for_ever(
    kaggle: KaggleServer,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    operation: str,
    refusal: Refusal,
) -> None:
    monkeypatch.setattr("data.kaggle_client.TIME_LIMIT", (0.2, 0.2))
    monkeypatch.setattr("data.kaggle_retries.RETRIES", 1)
    kaggle.fail(operation, 9, delay=0.5)
    assert "no answer from Kaggle within 0.2 s" in refusal(lambda: main(Download(out)))


@pytest.mark.parametrize(
    ("away", "expected"),
    [(-7200, "120 minutes ahead of Kaggle's"), (600, "10 minutes behind Kaggle's"), (60, "")],
)
def test_a_wrong_clock_is_told_with_what_it_breaks(
    kaggle: KaggleServer, out: Path, away: int, expected: str, refusal: Refusal
) -> None:
    date = formatdate(time.time() + away, usegmt=True)
    for operation in ("DownloadDataFiles", "GET"):
        kaggle.fail(operation, status=401, headers={"Date": date})
        message = refusal(lambda: main(Download(out)))
        assert expected in message
        assert ("clock" in message) == bool(expected)


def test_an_unreachable_kaggle(
    home: Path, out: Path, monkeypatch: pytest.MonkeyPatch, refusal: Refusal
) -> None:
    monkeypatch.setenv("KAGGLE_API_TOKEN", SECRET)
    monkeypatch.setattr("data.kaggle_retries.BACKOFF", 0)
    monkeypatch.setenv("no_proxy", "localhost")
    assert "Check the network and proxy" in refusal(lambda: main(Download(out)))


@pytest.mark.parametrize("proxy", [f"http://user:{SECRET}@127.0.0.1:9", f"http://:{SECRET}"])
def test_a_wrong_proxy_is_told_without_its_password(
    home: Path, out: Path, monkeypatch: pytest.MonkeyPatch, proxy: str, refusal: Refusal
) -> None:
    monkeypatch.setenv("KAGGLE_API_TOKEN", "token")
    monkeypatch.setattr("data.kaggle_retries.BACKOFF", 0)
    monkeypatch.setenv("http_proxy", proxy)
    message = refusal(lambda: main(Download(out)))
    assert "at the proxy" in message
    assert "HTTPS_PROXY" in message


def test_a_connection_that_cannot_be_trusted(
    kaggle: KaggleServer, out: Path, monkeypatch: pytest.MonkeyPatch, refusal: Refusal
) -> None:
    monkeypatch.delenv("https_proxy")
    place = kaggle.address.replace("http:", "https:")
    kaggle.fail("DownloadDataFiles", headers={"Location": place})
    message = refusal(lambda: main(Download(out)))
    assert "secure connection" in message
    assert "clock" in message


def test_two_downloads_at_once_do_not_disturb_each_other(kaggle: KaggleServer, out: Path) -> None:
    command = [sys.executable, "-m", "data.download", "--out", str(out), "--force"]
    with locked(out):
        both = [
            subprocess.Popen(
                command,
                stderr=subprocess.PIPE,
                text=True,
                cwd=out.parent,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
            )
            for _ in range(2)
        ]
        for process in both:
            assert process.stderr
            assert "Waiting for another command" in process.stderr.readline()
    for process in both:
        process.communicate(timeout=60)
    assert [process.returncode for process in both] == [0, 0]
    assert not parts(out)
