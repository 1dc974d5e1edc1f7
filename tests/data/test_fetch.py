from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from data import fetch
from data.atomic import locked
from data.download import Download, main
from tests.kaggle_server import KaggleServer
from tests.refusal import Refusal

ROOT = Path(__file__).parents[2]


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


def test_a_terminal_shows_how_far_it_is(
    kaggle: KaggleServer,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    main(Download(out))
    size = f"{len(kaggle.archive) / 1000:.1f}"
    assert f"{size}/{size}" in re.sub(r"\x1b\[[0-9;?]*\w", "", capfd.readouterr().err)


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
    assert not out.exists()


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
        "import resource, sys; sys.dont_write_bytecode = True;"  # it would be cut off, too
        "resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000));"
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
