"""A stand-in for Kaggle on 127.0.0.1 that speaks the protocol of Kaggle's own client.

It acts as the client's HTTP proxy, so that the client's real URLs all lead here:
`POST http://localhost/api/v1/<service>/<Method>` with JSON, and `GET` or `PUT` at the file storage.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import math
import zipfile
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from data.competition import FILES, TEST_FILE, TRAINING_FILE
from tests.faulty_server import Answer, Handler, answer_json, refuse
from tests.kaggle_kernels import KernelServer

USER = "someone"
SECRET = "KGAT_0123456789abcdef-never-show-this"
SIGNATURE = "signature=never-show-this-either"
STORAGE = "http://storage.localhost"
DAILY_LIMIT = 5
"""Submissions per day."""


class KaggleServer(KernelServer):
    """Serves the competition's zip, takes submissions, scores them with solution.csv, runs kernels.

    Attributes:
        archive: the zip to download.
        teams: private and public score of each team on the leaderboard.
        allowed: submissions left today.
        submissions: the response to ListSubmissions, newest first.
        scoring: replaces the scores in GetSubmission, such as {"status": "PENDING"}.
        stored: the uploaded files by token.
        range_sizes: bytes of each range of the zip that was requested.
    """

    def __init__(self, files: Path, solution: Path) -> None:
        super().__init__()
        self.archive = outer_zip(files)
        self.solution = list(csv.DictReader(io.StringIO(solution.read_text())))
        self.teams = [(1.5, 1.75), (2.5, 3.0), (3.5, 3.25)]
        self.allowed = DAILY_LIMIT
        self.submissions: list[dict[str, object]] = []
        self.scoring: dict[str, object] = {}
        self.stored: dict[str, bytes] = {}
        self.range_sizes: list[int] = []

    def check(self, request: Handler) -> Answer | None:
        """Require credentials, except at the file storage, which must never get them."""
        url, received = urlsplit(request.path), request.headers.get("Authorization")
        basic = base64.b64encode(f"{USER}:{SECRET}".encode()).decode()
        if url.hostname != "localhost":
            return Answer(400, b"a secret was sent to the file storage") if received else None
        if url.path.endswith("/GenerateAccessToken"):
            signed = json.loads(request.body).get("refreshToken") == SECRET
        else:
            signed = received in (f"Bearer {SECRET}", f"Basic {basic}")
        return None if signed else refuse(401, "Unauthenticated")

    # Operations

    def do_DownloadDataFiles(self, request: Handler) -> Answer:  # noqa: N802
        return Answer(302, headers={"Location": f"{STORAGE}/archive.zip?{SIGNATURE}"})

    def do_GET(self, request: Handler) -> Answer:  # noqa: N802
        if (content := self.output(urlsplit(request.path).path)) is not None:
            return Answer(200, content)
        headers = {
            "Content-Type": "application/zip",
            "ETag": f'"{hashlib.md5(self.archive).hexdigest()}"',
            "Accept-Ranges": "bytes",
        }
        byte_range = request.headers.get("Range")
        if not byte_range or request.headers.get("If-Range", headers["ETag"]) != headers["ETag"]:
            return Answer(200, self.archive, headers)
        start = int(byte_range.removeprefix("bytes=").rstrip("-"))
        size = len(self.archive)
        headers["Content-Range"] = f"bytes {start}-{size - 1}/{size}"
        self.range_sizes.append(size - start)
        return Answer(206, self.archive[start:], headers)

    def do_StartSubmissionUpload(self, request: Handler) -> Answer:  # noqa: N802
        token = f"blob{len(self.stored)}"
        return answer_json({"token": token, "createUrl": f"{STORAGE}/{token}?{SIGNATURE}"})

    def do_PUT(self, request: Handler) -> Answer:  # noqa: N802
        self.stored[urlsplit(request.path).path.strip("/")] = request.body
        return Answer(200)

    def do_CreateSubmission(self, request: Handler) -> Answer:  # noqa: N802
        if not self.allowed:
            return refuse(400, "Your team has used its daily Submission allowance (5) today")
        self.allowed -= 1
        parameters = json.loads(request.body)
        submission = {
            "ref": 1000 + len(self.submissions),
            "description": parameters["submissionDescription"],
            "date": "2030-01-01T00:00:00.000Z",
            **self._score(self.stored[parameters["blobFileTokens"]]),
        }
        self.submissions.insert(0, submission)
        return answer_json({"message": "Successfully submitted", "ref": submission["ref"]})

    def do_GetSubmissionLimits(self, request: Handler) -> Answer:  # noqa: N802
        return answer_json({"numToday": DAILY_LIMIT - self.allowed, "numAllowedNow": self.allowed})

    def do_GetLeaderboard(self, request: Handler) -> Answer:  # noqa: N802
        """Two teams per page, best first; the private half by default."""
        parameters = json.loads(request.body)
        half, start = bool(parameters.get("overridePublic")), int(parameters.get("pageToken") or 0)
        teams = sorted((team[half], number) for number, team in enumerate(self.teams))
        page = [
            {"teamId": number, "teamName": f"Team {number}", "score": f"{score:.5f}"}
            for score, number in teams[start : start + 2]
        ]
        more = {"nextPageToken": str(start + 2)} if start + 2 < len(teams) else {}
        return answer_json({"submissions": page, **more})

    def do_ListSubmissions(self, request: Handler) -> Answer:  # noqa: N802
        return answer_json({"submissions": self.submissions})

    def do_GetSubmission(self, request: Handler) -> Answer:  # noqa: N802
        ref = json.loads(request.body)["ref"]
        found = next((one for one in self.submissions if one["ref"] == ref), None)
        if found is None:
            return refuse(404)
        return answer_json({**found, **self.scoring})

    def do_IntrospectToken(self, request: Handler) -> Answer:  # noqa: N802
        return answer_json({"active": True, "username": USER})

    def do_GenerateAccessToken(self, request: Handler) -> Answer:  # noqa: N802
        return answer_json({"token": SECRET, "expiresIn": 43200, "userName": USER})

    def _score(self, content: bytes) -> dict[str, object]:
        """Kaggle's metric: the RMSE of each half."""
        predicted = {
            row["RowId"]: row["Location"] for row in csv.DictReader(io.StringIO(content.decode()))
        }
        squares: dict[str, list[float]] = {"Public": [], "Private": []}
        try:
            for row in self.solution:
                error = float(predicted[row["RowId"]]) - float(row["Location"])
                squares[row["Usage"]].append(error * error)
        except (KeyError, ValueError) as error:
            return {"status": "ERROR", "errorDescription": f"Evaluation Exception: {error}"}
        public, private = (math.sqrt(sum(half) / len(half)) for half in squares.values())
        return {
            "status": "COMPLETE",
            "publicScore": f"{public:.5f}",
            "privateScore": f"{private:.5f}",
        }


@cache
def outer_zip(files: Path) -> bytes:
    """Kaggle's zip of the four files in a folder, the two large ones in zips of their own.

    The folder must not change: its zip is made only once.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as outer:
        for name in FILES:
            zipped = files / f"{Path(name).stem}.zip"
            if zipped.exists():
                outer.write(zipped, zipped.name)
            elif name in (TRAINING_FILE, TEST_FILE):
                inner = io.BytesIO()
                with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
                    archive.write(files / name, name)
                outer.writestr(zipped.name, inner.getvalue())
            else:
                outer.write(files / name, name)
    return buffer.getvalue()
