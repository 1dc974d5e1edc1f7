"""Download Kaggle's outer zip; an interrupted download is resumed."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from data.competition import SLUG
from data.files import MAX_FILE_SIZE, OUTER_ZIP
from data.kaggle.client import TIMEOUT, competition_api
from data.system.errors import UserError
from data.system.terminal import open_console

if TYPE_CHECKING:
    import requests

RESUME_WAITS = (1.0, 2.0, 4.0, 8.0)
"""Seconds before each attempt to resume an interrupted download."""

CHUNK_SIZE = 1 << 18
"""Bytes."""


def fetch_zip(folder: Path) -> Path:
    """Download the zip into `folder` and return its path; resumes what an earlier call left.

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
        for outdated in set(folder.glob(f".{OUTER_ZIP}.*.part")) - {part}:
            outdated.unlink()
        _complete(part, response)
    return part


def _version(response: requests.Response) -> str:
    """Hash of the file's ETag, so that parts of two versions are never joined; '' without one."""
    tag = response.headers.get("ETag", "")
    usable = tag and "Content-Encoding" not in response.headers
    return hashlib.sha256(tag.encode()).hexdigest()[:16] if usable else ""


def _complete(part: Path, response: requests.Response) -> None:
    """Append the missing bytes of a response's body to `part`."""
    size = int(response.headers.get("Content-Length", 0))
    received = part.stat().st_size if part.exists() and _version(response) else 0
    if received > size:
        received = 0
    with part.open("ab" if received else "wb") as file, response:
        if received and received == size:
            return
        for chunk in _show_progress(stream_body(response, received), received, size):
            if file.tell() > MAX_FILE_SIZE:
                part.unlink()
                raise UserError(
                    f"{OUTER_ZIP}: expected at most {MAX_FILE_SIZE >> 20} MB, found more."
                )
            file.write(chunk)


def stream_body(response: requests.Response, received: int = 0) -> Iterator[bytes]:
    """Yield a body from byte `received` on; resumes after each lost connection."""
    import requests

    for attempt, wait in enumerate((0.0, *RESUME_WAITS)):
        time.sleep(wait)
        try:
            with _resume(response, received) if received or attempt else response as body:
                for chunk in body.iter_content(CHUNK_SIZE):
                    received += len(chunk)
                    yield chunk
            return
        except (
            requests.ConnectionError,
            requests.Timeout,
            requests.exceptions.ChunkedEncodingError,
        ):
            if attempt == len(RESUME_WAITS):
                raise


def _resume(response: requests.Response, received: int) -> requests.Response:
    """Request the same body from byte `received` on, unless it has changed since."""
    import requests

    headers = {**response.request.headers, "Range": f"bytes={received}-"}
    if tag := response.headers.get("ETag"):
        headers["If-Range"] = tag
    rest = requests.get(response.url, headers=headers, stream=True, timeout=TIMEOUT)
    if rest.status_code != requests.codes.partial_content:
        rest.close()
        raise requests.ConnectionError
    return rest


def _show_progress(chunks: Iterator[bytes], received: int, size: int) -> Iterator[bytes]:
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    console = open_console(sys.stderr)
    columns = (BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=size or None, completed=received)
        for chunk in chunks:
            progress.advance(task, len(chunk))
            yield chunk
