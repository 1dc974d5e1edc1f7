"""Download Kaggle's one zip of all files, going on where an earlier attempt broke off."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from data.archive import LARGEST
from data.competition import SLUG
from data.errors import UserError
from data.files import OUTER_ZIP
from data.kaggle_client import TIME_LIMIT, competition_api

if TYPE_CHECKING:
    import requests

WAITS = (1.0, 2.0, 4.0, 8.0)
"""Seconds before each attempt to go on with a download that broke off."""

_CHUNK = 1 << 18


def fetch_zip(folder: Path) -> Path:
    """Download the zip and return its path; of one that breaks off, the next call gets the rest.

    Raises:
        UserError: no credentials, Kaggle refuses, or the connection fails again and again.
    """
    from kagglesdk.competitions.types.competition_api_service import ApiDownloadDataFilesRequest

    request = ApiDownloadDataFilesRequest()
    request.competition_name = SLUG
    print(f"Fetching {OUTER_ZIP} from Kaggle")
    with competition_api(f"download {OUTER_ZIP}") as api:
        response = api.download_data_files(request)
        part = folder / f".{OUTER_ZIP}.{_version(response)}.part"
        for other in set(folder.glob(f".{OUTER_ZIP}.*.part")) - {part}:
            other.unlink()
        _fill(part, response)
    return part


def _version(response: requests.Response) -> str:
    """Name the version of the file, so that no two are glued together; '' if it has no name."""
    tag = response.headers.get("ETag", "")
    whole = tag and "Content-Encoding" not in response.headers
    return hashlib.sha256(tag.encode()).hexdigest()[:16] if whole else ""


def _fill(part: Path, response: requests.Response) -> None:
    """Append to `part` what it lacks of a response's body."""
    size = int(response.headers.get("Content-Length", 0))
    there = part.stat().st_size if part.exists() and _version(response) else 0
    if there > size:
        there = 0
    with part.open("ab" if there else "wb") as file, response:
        if there and there == size:
            return
        for chunk in _with_progress(_chunks(response, there), there, size):
            if file.tell() > LARGEST:
                part.unlink()
                raise UserError(f"{OUTER_ZIP}: expected at most {LARGEST >> 20} MB, found more.")
            file.write(chunk)


def _chunks(response: requests.Response, received: int) -> Iterator[bytes]:
    """Yield a body from byte `received` on; where the connection breaks, go on with the rest."""
    import requests

    for attempt, wait in enumerate((0.0, *WAITS)):
        time.sleep(wait)
        try:
            with _rest(response, received) if received or attempt else response as body:
                for chunk in body.iter_content(_CHUNK):
                    received += len(chunk)
                    yield chunk
            return
        except (
            requests.ConnectionError,
            requests.Timeout,
            requests.exceptions.ChunkedEncodingError,
        ):
            if attempt == len(WAITS):
                raise


def _rest(response: requests.Response, received: int) -> requests.Response:
    """Ask for a body again from byte `received` on, unless it has changed since."""
    import requests

    headers = {**response.request.headers, "Range": f"bytes={received}-"}
    if tag := response.headers.get("ETag"):
        headers["If-Range"] = tag
    rest = requests.get(response.url, headers=headers, stream=True, timeout=TIME_LIMIT)
    if rest.status_code != requests.codes.partial_content:
        rest.close()
        raise requests.ConnectionError
    return rest


def _with_progress(chunks: Iterator[bytes], there: int, size: int) -> Iterator[bytes]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=size or None, completed=there)
        for chunk in chunks:
            progress.advance(task, len(chunk))
            yield chunk
