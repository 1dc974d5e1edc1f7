"""An HTTP server on 127.0.0.1 that acts as the client's proxy and fails on request."""

from __future__ import annotations

import dataclasses
import json
import socket
import struct
import time
from collections import defaultdict, deque
from email.utils import formatdate
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit


@dataclasses.dataclass(frozen=True)
class Answer:
    """A response; a fault replaces any of its fields."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    delay: float = 0.0  # seconds before the answer
    cut: int | None = None  # bytes of the body until the connection is reset; 0: no response
    pause: float = 0.0  # seconds before that reset
    read: int | None = None  # bytes of the request until the connection is reset


def answer_json(value: object, status: int = 200) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


def refuse(status: int, message: str = "") -> Answer:
    """An error in the form of Kaggle's API."""
    return answer_json({"code": status, "message": message or HTTPStatus(status).phrase}, status)


class FaultyServer(ThreadingHTTPServer):
    """Answers each operation with its method `do_<operation>`, unless it is to fail.

    Attributes:
        operations: the requested operations in order, such as "DownloadDataFiles" or "PUT".
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.operations: list[str] = []
        self._faults: dict[str, deque[dict[str, object]]] = defaultdict(deque)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def fail(self, operation: str, times: int = 1, **fault: object) -> None:
        """Replace fields of the next `times` responses to an operation.

        With a status from 400 on or with `read`, the operation is not carried out; with `cut` or
        `delay` it is.
        """
        self._faults[operation].extend([fault] * times)

    def answer(self, operation: str, request: Handler) -> Answer:
        self.operations.append(operation)
        fault = self._faults[operation].popleft() if self._faults[operation] else {}
        status, read = fault.get("status"), fault.get("read")
        if isinstance(read, int):
            request.rfile.read(read)
            return Answer(cut=0)
        request.body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        if isinstance(status, int) and status >= 400:
            answer = refuse(status)
        else:
            answer = self.check(request) or getattr(self, f"do_{operation}")(request)
        return dataclasses.replace(answer, **fault)  # type: ignore[arg-type]

    def check(self, request: Handler) -> Answer | None:
        """Refuse a request before its operation is carried out."""
        return None

    def handle_error(self, request: object, client_address: object) -> None:
        """Ignore lost connections."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FaultyServer
    body: bytes

    def _handle(self) -> None:
        last = urlsplit(self.path).path.rpartition("/")[2]
        self._send(self.server.answer(last if self.command == "POST" else self.command, self))

    do_GET = do_PUT = do_POST = _handle  # noqa: N815

    def _send(self, answer: Answer) -> None:
        time.sleep(answer.delay)
        if answer.cut != 0:
            self.send_response_only(answer.status)
            defaults = {"Content-Length": str(len(answer.body)), "Date": formatdate(usegmt=True)}
            for name, value in {**defaults, **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body[: answer.cut])
        if answer.cut is not None:
            time.sleep(answer.pause)
            # With a linger time of 0, closing the socket sends a reset.
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""
