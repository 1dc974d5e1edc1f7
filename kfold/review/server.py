"""Serve a review on this machine, to who knows its address, and save what is corrected."""

from __future__ import annotations

import json
import re
import secrets
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from data.system.errors import UserError
from kfold.review.page import FACES, PAGE
from kfold.review.saved import REVIEW, ChangedError, SavedCorrections
from kfold.review.turn import Turn

HOST = "127.0.0.1"
DEFAULT_PORT = 8096
"""Always the same where it is free: a browser keeps the edits of an address apart from others'."""

MAX_BYTES = 32_000_000
"""Of corrections: three times as many as all labels of Kaggle's files."""

_FILES = re.compile(rf"leaderboard\.html|{REVIEW}/({re.escape(PAGE)}|{FACES}/[0-9]{{1,6}}\.png)")
"""Paths within a run's folder that may be read."""

_TYPES = {".html": "text/html; charset=utf-8", ".png": "image/png"}
_NAMES = re.compile(r"(127\.0\.0\.1|localhost|\[::1\])(:[0-9]{1,5})?")
"""What a browser on this machine, or at the other end of a tunnel, calls this server."""

_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; img-src 'self' data:; connect-src 'self'; "
    "style-src 'unsafe-inline'; script-src 'unsafe-inline'; frame-ancestors 'none'; "
    "base-uri 'none'; form-action 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class ReviewServer(ThreadingHTTPServer):
    """Serves one review at `address`, which holds a secret."""

    daemon_threads = True

    def __init__(self, saved: SavedCorrections, port: int | None = None) -> None:
        """Listen on a port; None takes the default one, or any if that is taken.

        Raises:
            UserError: `port` cannot be listened on.
        """
        self.saved, self.turn, self.token = saved, Turn(), secrets.token_urlsafe(16)
        try:
            super().__init__((HOST, DEFAULT_PORT if port is None else port), _Handler)
        except (OSError, OverflowError) as error:
            if port is not None:
                reason = getattr(error, "strerror", None) or error
                raise UserError(
                    f"PORT: expected a free port from 0 to 65535, found {port} ({reason}). "
                    "Leave PORT= out to take any that is free."
                ) from None
            super().__init__((HOST, 0), _Handler)

    @property
    def address(self) -> str:
        """URL of the page."""
        return f"http://{HOST}:{self.server_port}/{self.token}/{REVIEW}/{PAGE}"


class _Handler(BaseHTTPRequestHandler):
    server: ReviewServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path, query = self._requested()
        if path == f"{REVIEW}/corrections":
            self._answer_error(self._send_corrections)
        elif path == f"{REVIEW}/turn":
            self._hold_turn(query)
        elif path and _FILES.fullmatch(path):
            self._send_file(self.server.saved.opened.run.folder / path)
        elif path is not None:
            self._send(HTTPStatus.NOT_FOUND, "There is no such page.")

    def do_PUT(self) -> None:
        path, _ = self._requested()
        if path == f"{REVIEW}/corrections":
            self._answer_error(self._save)
        elif path is not None:
            self._send(HTTPStatus.NOT_FOUND, "There is no such page.")

    def _requested(self) -> tuple[str | None, dict[str, list[str]]]:
        """Path below the token, and query; without a path the request was answered: it is refused.

        A page of another site may send requests here, under that site's name, but neither knows the
        token nor calls itself this server.
        """
        host, origin = self.headers.get("Host", ""), self.headers.get("Origin")
        url = urlsplit(self.path)
        _, token, *path = [*url.path.split("/", 2), ""][:3]
        known = secrets.compare_digest(token.encode(), self.server.token.encode())
        if not _NAMES.fullmatch(host) or origin not in (None, f"http://{host}") or not known:
            self.close_connection = True  # what else was sent is not read
            self._send(
                HTTPStatus.FORBIDDEN, "Open the address that `make review` printed when it started."
            )
            return None, {}
        return "/".join(path), parse_qs(url.query)

    def _send_corrections(self) -> None:
        self._send(HTTPStatus.OK, json.dumps(self.server.saved.read()), "application/json")

    def _save(self) -> None:
        length = self.headers.get("Content-Length", "")
        if not re.fullmatch("[0-9]{1,9}", length) or int(length) > MAX_BYTES:
            self.close_connection = True
            raise UserError(f"expected corrections of at most {MAX_BYTES:,} bytes.")
        content = self.rfile.read(int(length))
        if len(content) < int(length):  # the browser is gone
            self.close_connection = True
            return
        if not self.server.turn.is_valid(self.headers.get("X-Turn", "")):
            self._send(HTTPStatus.CONFLICT, "Another page edits these corrections.")
            return
        version = self.server.saved.write(content, self.headers.get("If-Match", ""))
        self._send(HTTPStatus.OK, json.dumps({"version": version}), "application/json")

    def _answer_error(self, action: Any) -> None:
        """Run an action that answers; answer an error in its place."""
        try:
            action()
        except ChangedError as error:
            self._send(HTTPStatus.PRECONDITION_FAILED, str(error))
        except UserError as error:
            self._send(HTTPStatus.BAD_REQUEST, str(error))
        except OSError as error:
            self._send(HTTPStatus.INSUFFICIENT_STORAGE, f"{error.filename}: {error.strerror}")

    def _hold_turn(self, query: dict[str, list[str]]) -> None:
        """Send whether the page may write, then wait until it may not any more."""
        claim = self.server.turn.claim(query.get("tab", [""])[0], "take" in query)
        self.close_connection = True
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self._send_turn(claim.number if claim else None)
        if claim and not self.server.turn.wait(claim, self.connection):
            self._send_turn(None)

    def _send_turn(self, number: int | None) -> None:
        self.wfile.write(f"data: {json.dumps(number)}\n\n".encode())

    def _send_file(self, path: Path) -> None:
        if path.is_file():
            self._send(HTTPStatus.OK, path.read_bytes(), _TYPES[path.suffix])
        else:
            self._send(HTTPStatus.NOT_FOUND, f"{path}: no such file. Run `make review` again.")

    def _send(
        self, status: HTTPStatus, content: bytes | str, kind: str = "text/plain; charset=utf-8"
    ) -> None:
        body = content.encode() if isinstance(content, str) else content
        self.send_response(status)
        for name, value in {**_HEADERS, "Content-Type": kind}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle(self) -> None:
        """Serve a connection; one that the browser cut is no error."""
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Print nothing: the terminal shows the address."""
