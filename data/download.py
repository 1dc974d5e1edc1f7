"""Get the competition's files into a folder, from Kaggle or from a copy: `make download`."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import tyro

from data.competition import FILES, SLUG
from data.errors import UserError, run_command
from data.files import OUTER_ZIP, locate
from data.kaggle_client import TIME_LIMIT, competition_api
from data.kaggle_credentials import RULES_PAGE, require_credentials

if TYPE_CHECKING:
    import requests

    from data.reader import Competition

LARGEST = 1 << 30
"""Bytes that a file may unpack to; the largest of Kaggle's, training.csv, has a quarter of that."""

WAITS = (1.0, 2.0, 4.0, 8.0)
"""Seconds before each attempt to go on with a download that broke off."""

_CHUNK = 1 << 18


@dataclass(frozen=True)
class Download:
    """Fetch the competition's files, check them, and read them once.

    Attributes:
        out: the folder that gets them.
        from_: copy them from this folder or zip instead of fetching them from Kaggle.
        force: fetch them from Kaggle even if they are there and good.
    """

    out: Path = Path("data/raw")
    from_: Annotated[Path | None, tyro.conf.arg(name="from")] = None
    force: bool = False


def main(config: Download) -> None:
    """Leave the four files in `config.out`, whole and readable, or leave it as it was.

    Raises:
        UserError: no credentials, Kaggle refuses, or the files are not the competition's.
    """
    from data.reader import read_competition

    if config.from_ is None and not config.force and (there := _read_existing(config.out)):
        print(f"{config.out}: {_describe(there)} are there already (FORCE=1 fetches them again)")
        return
    if config.from_ is None:
        require_credentials()
    config.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".download-", dir=config.out) as folder:
        source = config.from_ or Path(folder, OUTER_ZIP)
        files = Path(folder, "files")
        try:
            if config.from_ is None:
                _fetch(source)
            _gather(source, files)
            competition = read_competition(files)
        except UserError as error:
            # The temporary folder is gone by the time this is read.
            message = str(error).replace(str(files), str(source)).replace(f"{folder}{os.sep}", "")
            raise UserError(message) from None
        _install(files, config.out)
    print(f"{config.out}: {_describe(competition)}")


def _describe(competition: Competition) -> str:
    return f"{len(competition.train)} training and {len(competition.test)} test faces"


def _read_existing(folder: Path) -> Competition | None:
    from data.reader import read_competition

    try:
        return read_competition(folder)
    except UserError:
        return None


def _fetch(target: Path) -> None:
    """Download Kaggle's one zip of all files."""
    from kagglesdk.competitions.types.competition_api_service import ApiDownloadDataFilesRequest

    request = ApiDownloadDataFilesRequest()
    request.competition_name = SLUG
    print(f"Fetching {OUTER_ZIP} from Kaggle")
    with competition_api(f"download {OUTER_ZIP}") as api, target.open("wb") as file:
        response = api.download_data_files(request)
        for chunk in _with_progress(_chunks(response), response):
            file.write(chunk)


def _chunks(response: requests.Response) -> Iterator[bytes]:
    """Yield the body of a response; where the connection breaks off, go on with the rest."""
    import requests

    received = 0
    for attempt, wait in enumerate((0.0, *WAITS)):
        time.sleep(wait)
        try:
            with _rest(response, received) if attempt else response as body:
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


def _with_progress(chunks: Iterator[bytes], response: requests.Response) -> Iterator[bytes]:
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn

    console = Console(stderr=True)
    columns = (BarColumn(), DownloadColumn(), TimeRemainingColumn())
    size = int(response.headers.get("Content-Length", 0)) or None
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=size)
        for chunk in chunks:
            progress.advance(task, len(chunk))
            yield chunk


def _gather(source: Path, files: Path) -> None:
    """Copy or unpack the four files from a folder or a zip of them."""
    if not source.exists():
        raise UserError(f"{source}: expected a folder or zip with {', '.join(FILES)}, found none.")
    files.mkdir()
    held = [locate(source, name) for name in FILES] if source.is_dir() else [source]
    for path in dict.fromkeys(held):
        if path.name == OUTER_ZIP or path == source:
            _unpack(path, files)
        else:
            shutil.copyfile(path, files / path.name)
    for path in files.glob("*.zip"):
        with _open_zip(path):
            pass


def _unpack(path: Path, files: Path) -> None:
    """Unpack the four files, plain or in zips of their own, and nothing else."""
    with _open_zip(path) as archive:
        held = archive.namelist()
        for name in FILES:
            forms = [form for form in _forms(name) if form in held]
            if not forms:
                raise UserError(
                    f"{path}: expected {' or '.join(_forms(name))} in it, found "
                    f"{', '.join(held)[:200] or 'nothing'}. Is it the zip of another competition?"
                )
            with archive.open(forms[0]) as packed, (files / forms[0]).open("wb") as file:
                shutil.copyfileobj(packed, file)  # compares the checksum at the end


@contextmanager
def _open_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open a zip that holds nothing too large; damage found inside the block is told, too."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if members and min(member.header_offset for member in members) != 0:
                # Of a zip that is cut off, the zip in it at the end would be read instead.
                raise zipfile.BadZipFile
            for member in members:
                if member.file_size > LARGEST:
                    raise UserError(
                        f"{path}: expected files of at most {LARGEST >> 20} MB in it, found "
                        f"{member.filename[:80]!r} with {member.file_size >> 20} MB."
                    )
            yield archive
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, ValueError):
        with path.open("rb") as file:
            start = file.read(64).lstrip()
        found = "a cut-off or damaged one" if start.startswith(b"PK") else "something else"
        if start.startswith(b"<"):
            found = f"a web page (are the rules accepted? {RULES_PAGE})"
        raise UserError(
            f"{path}: expected a complete zip, found {found}. Get it once more."
        ) from None


def _install(files: Path, out: Path) -> None:
    """Move the files into place; an older form of the same file must not be read instead."""
    new = {path.name for path in files.iterdir()}
    for name in new:
        os.replace(files / name, out / name)
    for name in FILES:
        for form in set(_forms(name)) - new:
            (out / form).unlink(missing_ok=True)


def _forms(name: str) -> tuple[str, str]:
    return name, f"{Path(name).stem}.zip"


if __name__ == "__main__":
    run_command(main, Download)
