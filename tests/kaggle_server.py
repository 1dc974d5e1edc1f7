"""A stand-in for Kaggle on 127.0.0.1 that speaks the wire protocol of Kaggle's own client.

It acts as the client's HTTP proxy, so that the client's real addresses all end here:
`POST http://localhost/api/v1/<service>/<Method>` with JSON, and `GET` or `PUT` at the file storage.
"""

from __future__ import annotations

import base64
import csv
import dataclasses
import hashlib
import io
import json
import math
import socket
import struct
import time
import zipfile
from collections import defaultdict, deque
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from data.competition import FILES, TEST_FILE, TRAINING_FILE

USER = "someone"
SECRET = "KGAT_0123456789abcdef-never-show-this"
STORAGE = "http://storage.localhost"


@dataclasses.dataclass(frozen=True)
class Answer:
    """What is sent back; a fault replaces any of its fields."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    delay: float = 0.0  # seconds before the answer
    cut: int | None = None  # bytes of the body until the connection is reset; 0: no answer at all


def answer_json(value: object, status: int = 200) -> Answer:
    return Answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"})


class KaggleServer(ThreadingHTTPServer):
    """Serves the competition's zip, takes submissions and scores them with solution.csv.

    Attributes:
        seen: the operations asked for, in order, such as "DownloadDataFiles" or "PUT".
        submissions: what ListSubmissions tells, newest first.
        scoring: replaces the scores in GetSubmission, such as {"status": "PENDING"}.
    """

    daemon_threads = True

    def __init__(self, files: Path, solution: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.archive = outer_zip(files)
        self.solution = list(csv.DictReader(io.StringIO(solution.read_text())))
        self.seen: list[str] = []
        self.submissions: list[dict[str, object]] = []
        self.scoring: dict[str, object] = {}
        self.stored: dict[str, bytes] = {}
        self._faults: dict[str, deque[dict[str, object]]] = defaultdict(deque)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def fail(self, operation: str, times: int = 1, **fault: object) -> None:
        """Replace fields of the next `times` answers to an operation.

        With a status from 400 on, the operation is not carried out; with `cut` or `delay` it is.
        """
        self._faults[operation].extend([fault] * times)

    def answer(self, operation: str, request: _Handler) -> Answer:
        self.seen.append(operation)
        fault = self._faults[operation].popleft() if self._faults[operation] else {}
        if isinstance(status := fault.get("status"), int) and status >= 400:
            answer = answer_json({"code": status, "message": HTTPStatus(status).phrase}, status)
        else:
            answer = getattr(self, f"do_{operation}")(request)
        return dataclasses.replace(answer, **fault)  # type: ignore[arg-type]

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that went away."""

    # Operations

    def do_DownloadDataFiles(self, request: _Handler) -> Answer:  # noqa: N802
        return Answer(302, headers={"Location": f"{STORAGE}/archive.zip?signature=x"})

    def do_GET(self, request: _Handler) -> Answer:  # noqa: N802
        headers = {
            "Content-Type": "application/zip",
            "ETag": f'"{hashlib.md5(self.archive).hexdigest()}"',
            "Accept-Ranges": "bytes",
        }
        wanted = request.headers.get("Range")
        if not wanted or request.headers.get("If-Range", headers["ETag"]) != headers["ETag"]:
            return Answer(200, self.archive, headers)
        start = int(wanted.removeprefix("bytes=").rstrip("-"))
        size = len(self.archive)
        headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
        return Answer(206, self.archive[start:], headers)

    def do_StartSubmissionUpload(self, request: _Handler) -> Answer:  # noqa: N802
        token = f"blob{len(self.stored)}"
        return answer_json({"token": token, "createUrl": f"{STORAGE}/{token}"})

    def do_PUT(self, request: _Handler) -> Answer:  # noqa: N802
        self.stored[urlsplit(request.path).path.strip("/")] = request.body
        return Answer(200)

    def do_CreateSubmission(self, request: _Handler) -> Answer:  # noqa: N802
        asked = json.loads(request.body)
        submission = {
            "ref": 1000 + len(self.submissions),
            "description": asked["submissionDescription"],
            "date": "2030-01-01T00:00:00.000Z",
            **self._score(self.stored[asked["blobFileTokens"]]),
        }
        self.submissions.insert(0, submission)
        return answer_json({"message": "Successfully submitted", "ref": submission["ref"]})

    def do_ListSubmissions(self, request: _Handler) -> Answer:  # noqa: N802
        return answer_json({"submissions": self.submissions})

    def do_GetSubmission(self, request: _Handler) -> Answer:  # noqa: N802
        ref = json.loads(request.body)["ref"]
        found = next((one for one in self.submissions if one["ref"] == ref), None)
        if found is None:
            return answer_json({"code": 404, "message": "NotFound"}, 404)
        return answer_json({**found, **self.scoring})

    def do_IntrospectToken(self, request: _Handler) -> Answer:  # noqa: N802
        return answer_json({"active": True, "username": USER})

    def do_GenerateAccessToken(self, request: _Handler) -> Answer:  # noqa: N802
        return answer_json({"token": SECRET, "expiresIn": 43200, "userName": USER})

    def _score(self, content: bytes) -> dict[str, object]:
        """RMSE of each half, the way Kaggle's metric does it."""
        told = {
            row["RowId"]: row["Location"] for row in csv.DictReader(io.StringIO(content.decode()))
        }
        squares: dict[str, list[float]] = {"Public": [], "Private": []}
        try:
            for row in self.solution:
                error = float(told[row["RowId"]]) - float(row["Location"])
                squares[row["Usage"]].append(error * error)
        except (KeyError, ValueError) as error:
            return {"status": "ERROR", "errorDescription": f"Evaluation Exception: {error}"}
        public, private = (math.sqrt(sum(half) / len(half)) for half in squares.values())
        return {
            "status": "COMPLETE",
            "publicScore": f"{public:.5f}",
            "privateScore": f"{private:.5f}",
        }


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: KaggleServer

    def _handle(self) -> None:
        self.body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        url = urlsplit(self.path)
        operation = url.path.rpartition("/")[2] if self.command == "POST" else self.command
        if (
            url.hostname == "localhost"
            and operation != "GenerateAccessToken"
            and not self._signed()
        ):
            answer = answer_json({"code": 401, "message": "Unauthenticated"}, 401)
        elif url.hostname != "localhost" and "Authorization" in self.headers:
            answer = Answer(400, b"a secret was sent to the file storage")
        else:
            answer = self.server.answer(operation, self)
        self._send(answer)

    do_GET = do_PUT = do_POST = _handle  # noqa: N815

    def _signed(self) -> bool:
        basic = base64.b64encode(f"{USER}:{SECRET}".encode()).decode()
        return self.headers.get("Authorization") in (f"Bearer {SECRET}", f"Basic {basic}")

    def _send(self, answer: Answer) -> None:
        time.sleep(answer.delay)
        if answer.cut != 0:
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body[: answer.cut])
        if answer.cut is not None:
            # Lingering for no time makes the kernel send a reset.
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


def outer_zip(files: Path) -> bytes:
    """Kaggle's one zip of a folder with the four files: the two large ones are zipped again."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as outer:
        for name in FILES:
            if name in (TRAINING_FILE, TEST_FILE):
                inner = io.BytesIO()
                with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
                    archive.write(files / name, name)
                outer.writestr(f"{Path(name).stem}.zip", inner.getvalue())
            else:
                outer.write(files / name, name)
    return buffer.getvalue()
