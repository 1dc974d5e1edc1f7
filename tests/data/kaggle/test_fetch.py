from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from data.download import DownloadOptions, main
from data.kaggle import fetch
from data.system.locks import locked
from tests.kaggle_server import KaggleServer
from tests.refusal import Refusal

ROOT = Path(__file__).parents[3]


def parts(out: Path) -> list[Path]:
    return sorted(out.glob(".*"))


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "CHUNK_SIZE", 1000)


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("cut", [0, 300, 20_000])
def test_an_interrupted_download_is_resumed(
    kaggle: KaggleServer, out: Path, times: int, cut: int
) -> None:
    kaggle.fail("GET", times, cut=cut)
    main(DownloadOptions(out))
    assert (out / "training.zip").exists()
    assert not parts(out)
    assert kaggle.operations.count("DownloadDataFiles") == 1


def test_the_next_command_downloads_only_the_rest(
    kaggle: KaggleServer, out: Path, refusal: Refusal
) -> None:
    kaggle.fail("GET", 3, cut=20_000)
    assert "connection to Kaggle failed" in refusal(lambda: main(DownloadOptions(out)))
    (part,) = out.iterdir()
    received = part.stat().st_size
    assert 50_000 < received <= 60_000
    assert part.read_bytes() == kaggle.archive[:received]
    kaggle.range_sizes.clear()
    main(DownloadOptions(out))
    assert kaggle.range_sizes[-1] == len(kaggle.archive) - received
    assert (out / "training.zip").exists()
    assert not parts(out)


def test_a_terminal_shows_the_progress(
    kaggle: KaggleServer,
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr("data.system.terminal._is_terminal", lambda stream: True)
    main(DownloadOptions(out))
    size = f"{len(kaggle.archive) / 1000:.1f}"
    assert f"{size}/{size}" in re.sub(r"\x1b\[[0-9;?]*\w", "", capfd.readouterr().err)


def test_a_complete_part_is_not_downloaded_again(kaggle: KaggleServer, out: Path) -> None:
    kaggle.fail("GET", 3, cut=20_000)
    with pytest.raises(Exception, match="connection"):
        main(DownloadOptions(out))
    (part,) = out.iterdir()
    part.write_bytes(kaggle.archive)
    main(DownloadOptions(out))
    assert kaggle.operations.count("GET") == 4
    assert not parts(out)


def test_parts_of_two_versions_are_not_joined(
    kaggle: KaggleServer, out: Path, refusal: Refusal
) -> None:
    kaggle.fail("GET", cut=20_000, headers={"ETag": '"older"', "Content-Length": "100000"})
    assert "connection to Kaggle failed" in refusal(lambda: main(DownloadOptions(out)))
    assert len(parts(out)) == 1
    main(DownloadOptions(out))
    assert (out / "training.zip").exists()
    assert not parts(out)


def test_a_download_that_is_too_large_is_stopped(
    kaggle: KaggleServer, out: Path, monkeypatch: pytest.MonkeyPatch, refusal: Refusal
) -> None:
    monkeypatch.setattr(fetch, "MAX_FILE_SIZE", 30_000)
    assert "expected at most" in refusal(lambda: main(DownloadOptions(out)))
    assert not out.exists()


def test_a_connection_that_stalls(
    kaggle: KaggleServer, out: Path, monkeypatch: pytest.MonkeyPatch, refusal: Refusal
) -> None:
    for module in ("client", "fetch"):
        monkeypatch.setattr(f"data.kaggle.{module}.TIMEOUT", (0.2, 0.2))
    kaggle.fail("GET", 3, cut=20_000, pause=0.5)
    assert "no answer from Kaggle within 0.2 s" in refusal(lambda: main(DownloadOptions(out)))
    assert next(out.iterdir()).stat().st_size > 0


def test_a_full_disk_keeps_what_was_downloaded(
    kaggle: KaggleServer, out: Path, tmp_path: Path
) -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    program = (
        # Bytecode files would be cut off, too.
        "import resource, sys; sys.dont_write_bytecode = True;"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000));"
        "from data.download import DownloadOptions, main;"
        "from data.system.command import run_command;"
        "run_command(main, DownloadOptions)"
    )
    command = [sys.executable, "-c", program, "--data", str(out)]
    ended = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert ended.returncode == 1
    assert "largest size that is allowed" in ended.stderr
    assert [path.stat().st_size for path in out.iterdir()] == [30_000]


def test_two_downloads_at_once_do_not_disturb_each_other(kaggle: KaggleServer, out: Path) -> None:
    command = [sys.executable, "-m", "data.download", "--data", str(out), "--force"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with locked(out):
        other = subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, cwd=out.parent, env=environment
        )
        assert other.stderr
        assert "Waiting for another command" in other.stderr.readline()
    main(DownloadOptions(out, force=True))
    other.communicate(timeout=60)
    assert other.returncode == 0
    assert kaggle.operations.count("DownloadDataFiles") == 2
    assert not parts(out)
