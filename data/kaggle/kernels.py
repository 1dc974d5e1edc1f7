"""Sessions of Kaggle's kernels: how they go, their logs, and the files that they put out."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from data.files import MAX_FILE_SIZE
from data.kaggle.client import TIMEOUT, kaggle_api, open_session
from data.kaggle.fetch import stream_body
from data.kaggle.kernel_log import read_log, read_stream
from data.system.errors import UserError

Request = TypeVar("Request", bound=Any)
Status = Literal["queued", "running", "stopping", "complete", "failed", "cancelled"]

_PAGE_SIZE = 20
"""Files whose signed URLs are asked for at once: they expire."""

_GONE = (
    "Was it deleted, or does it belong to another user? To go on without it, delete kernel.json in "
    "the run's folder, then run this again."
)
ADVICE = {403: _GONE, 404: _GONE}
"""What to do next by HTTP status, where a kernel is asked for that should be there."""


@dataclass(frozen=True)
class Kernel:
    """One version of a kernel, whose session trains.

    Attributes:
        owner: user name.
        slug: its name in addresses.
        version: counted from 1.
        url: its page.
    """

    owner: str
    slug: str
    version: int
    url: str


@dataclass(frozen=True)
class SessionState:
    """How a kernel's session goes.

    Attributes:
        status: "stopping" after it was cancelled, while what it put out is stored.
        reason: why it failed, in Kaggle's words; else empty.
    """

    status: Status
    reason: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing runs any more."""
        return self.status not in ("queued", "running", "stopping")


@dataclass(frozen=True)
class OutputFile:
    """A file that a session put out: its path below the output folder, and a URL to get it from."""

    name: str
    url: str


_STATUS: dict[str, Status] = {
    "NEW_SCRIPT": "queued",
    "QUEUED": "queued",
    "RUNNING": "running",
    "COMPLETE": "complete",
    "ERROR": "failed",
    "CANCEL_REQUESTED": "stopping",
    "CANCEL_ACKNOWLEDGED": "cancelled",
}


def session_state(kernel: Kernel) -> SessionState:
    """How the session of a kernel goes.

    Raises:
        UserError: no credentials, or the request fails.
    """
    from kagglesdk.kernels.types.kernels_api_service import ApiGetKernelSessionStatusRequest

    action = f"ask how {kernel.url} goes, which it does nevertheless"
    with kaggle_api(action, ADVICE) as client:
        request = _addressed(ApiGetKernelSessionStatusRequest(), kernel)
        found = client.kernels.kernels_api_client.get_kernel_session_status(request)
    return SessionState(_STATUS[found.status.name], found.failure_message)


def live_log(kernel: Kernel) -> Iterator[str]:
    """Lines of the log of a running session from its start, as they come; may end early.

    Raises:
        UserError: no credentials.
    """
    import requests
    from kagglesdk.kernels.types.kernels_api_service import ApiGetKernelSessionLogsStreamRequest

    with kaggle_api(f"read the log of {kernel.url}", ADVICE) as client:
        request = _addressed(ApiGetKernelSessionLogsStreamRequest(), kernel)
        # Without a log, the state says enough until the whole log is there.
        with suppress(requests.RequestException):
            api = client.kernels.kernels_api_client
            with api.get_kernel_session_logs_stream(request) as response:
                yield from read_stream(response)


def whole_log(kernel: Kernel) -> list[str]:
    """All lines of the log of a session that has ended.

    Raises:
        UserError: no credentials, or the request fails.
    """
    from kagglesdk.kernels.types.kernels_api_service import ApiListKernelSessionOutputRequest

    with kaggle_api(f"read the log of {kernel.url}", ADVICE) as client:
        request = _addressed(ApiListKernelSessionOutputRequest(), kernel)
        found = client.kernels.kernels_api_client.list_kernel_session_output(request)
    return read_log(found.log)


def output_files(kernel: Kernel) -> Iterator[OutputFile]:
    """Files that a session has put out; their URLs expire soon after they are yielded.

    Raises:
        UserError: no credentials, or a request fails.
    """
    from kagglesdk.kernels.types.kernels_api_service import ApiListKernelSessionOutputRequest

    request = _addressed(ApiListKernelSessionOutputRequest(), kernel)
    request.page_size = _PAGE_SIZE
    while True:
        with kaggle_api(f"list what {kernel.url} put out", ADVICE) as client:
            page = client.kernels.kernels_api_client.list_kernel_session_output(request)
        yield from (OutputFile(each.file_name, each.url) for each in page.files or [] if each)
        if not page.next_page_token or page.next_page_token == request.page_token:
            return
        request.page_token = page.next_page_token


def download(file: OutputFile) -> bytes:
    """The content of a file that a session has put out.

    Raises:
        UserError: it is too large, or the file storage does not give it.
    """
    again = "Run this again: what is here already is not fetched twice."
    advice = dict.fromkeys((400, 403, 404), again)
    with kaggle_api(f"fetch {file.name}", advice), open_session() as session:
        response = session.get(file.url, stream=True, timeout=TIMEOUT)
        response.raise_for_status()
        content = bytearray()
        for chunk in stream_body(response):
            content += chunk
            if len(content) > MAX_FILE_SIZE:
                raise UserError(
                    f"{file.name}: expected at most {MAX_FILE_SIZE >> 20} MB, found more."
                )
    return bytes(content)


def _addressed(request: Request, kernel: Kernel) -> Request:
    """A request about one version of a kernel."""
    request.user_name, request.kernel_slug = kernel.owner, kernel.slug
    request.version_label = f"v{kernel.version}"
    return request
