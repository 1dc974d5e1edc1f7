"""A stand-in for Kaggle's kernels: runs each pushed script, in folders like those on Kaggle."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from kagglesdk.kernels.types.kernels_api_service import (
    ApiGetKernelRequest,
    ApiGetKernelSessionLogsStreamRequest,
    ApiGetKernelSessionStatusRequest,
    ApiListKernelSessionOutputRequest,
    ApiSaveKernelRequest,
)
from slugify import slugify

from data.competition import SLUG
from tests.faulty_server import Answer, FaultyServer, Handler, answer_json, refuse

PAGE = 2
"""Files of a session's output in one answer, at most."""


@dataclass
class Session:
    """One version of a kernel, and the process that runs it.

    Attributes:
        pushed: the request that made it.
        root: the folder that stands for /kaggle.
        process: of the script.
        asked: times that its state was asked for.
        cancelled: by its user.
    """

    pushed: ApiSaveKernelRequest
    root: Path
    process: subprocess.Popen[bytes]
    asked: int = 0
    cancelled: bool = False

    @property
    def working(self) -> Path:
        return self.root / "working"

    @property
    def status(self) -> str:
        if self.asked == 1:
            return "QUEUED"
        if self.process.poll() is None:
            return "RUNNING"
        if self.cancelled:
            return "CANCEL_ACKNOWLEDGED"
        return "ERROR" if self.process.returncode else "COMPLETE"

    @property
    def events(self) -> list[dict[str, object]]:
        """The log as Kaggle keeps it."""
        lines = (self.root / "log").read_text().splitlines(keepends=True)
        return [
            {"stream_name": "stdout", "time": number / 10, "data": line}
            for number, line in enumerate(lines)
        ]

    def cancel(self) -> None:
        """End the session as its page's button does, with all of its processes."""
        self.cancelled = True
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class KernelServer(FaultyServer):
    """Takes kernels and runs them.

    Attributes:
        sessions: by kernel and version, such as "someone/first" and 1.
        save_errors: answered to the next pushes: fields of ApiSaveKernelResponse.
        quota: seconds of GPU time a week, and those that are used.
        variables: environment variables of all sessions.
    """

    archive: bytes

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.sessions: dict[tuple[str, int], Session] = {}
        self.save_errors: list[dict[str, object]] = []
        self.quota = (108_000, 3_600)
        self.variables: dict[str, str] = {}

    def server_close(self) -> None:
        for session in self.sessions.values():
            if session.process.poll() is None:
                session.cancel()
        self._folder.cleanup()
        super().server_close()

    def do_SaveKernel(self, request: Handler) -> Answer:  # noqa: N802
        pushed = ApiSaveKernelRequest.from_json(request.body.decode())
        if fault := _fault(pushed):
            return refuse(400, fault)
        if self.save_errors:
            return answer_json(self.save_errors.pop(0))
        version = 1 + sum(ref == pushed.slug for ref, _ in self.sessions)
        root = Path(self._folder.name, pushed.slug.replace("/", "-"), str(version), "kaggle")
        self._prepare(root, pushed.text)
        self.sessions[pushed.slug, version] = Session(pushed, root, self._start(root))
        return answer_json(
            {"ref": f"/code/{pushed.slug}", "url": "", "versionNumber": version, "kernelId": 7}
        )

    def do_GetKernel(self, request: Handler) -> Answer:  # noqa: N802
        asked = ApiGetKernelRequest.from_json(request.body.decode())
        ref = f"{asked.user_name}/{asked.kernel_slug}"
        versions = [version for name, version in self.sessions if name == ref]
        if not versions:
            return refuse(403, "Permission 'kernels.get' was denied")
        source = self.sessions[ref, max(versions)].pushed.text
        metadata = {"ref": ref, "currentVersionNumber": max(versions)}
        return answer_json({"metadata": metadata, "blob": {"source": source}})

    def do_GetKernelSessionStatus(self, request: Handler) -> Answer:  # noqa: N802
        asked = ApiGetKernelSessionStatusRequest.from_json(request.body.decode())
        if not (session := self._session(asked)):
            return refuse(404)
        session.asked += 1
        return answer_json({"status": session.status})

    def do_GetKernelSessionLogsStream(self, request: Handler) -> Answer:  # noqa: N802
        asked = ApiGetKernelSessionLogsStreamRequest.from_json(request.body.decode())
        if not (session := self._session(asked)):
            return refuse(404)
        if session.process.poll() is not None:
            return answer_json(session.events)
        events = "".join(f"data: {json.dumps(event)}\n\n" for event in session.events)
        return Answer(200, events.encode(), {"Content-Type": "text/event-stream"})

    def do_ListKernelSessionOutput(self, request: Handler) -> Answer:  # noqa: N802
        asked = ApiListKernelSessionOutputRequest.from_json(request.body.decode())
        if not (session := self._session(asked)):
            return refuse(404)
        names = sorted(path.name for path in session.working.iterdir())
        start = int(asked.page_token or 0)
        folder = f"{asked.kernel_slug}/{asked.version_label.removeprefix('v')}"
        files = [
            {"fileName": name, "url": f"http://storage.localhost/{folder}/{name}?signature=hidden"}
            for name in names[start : start + PAGE]
        ]
        more = {"nextPageToken": str(start + PAGE)} if start + PAGE < len(names) else {}
        return answer_json({"files": files, "log": json.dumps(session.events), **more})

    def do_GetAcceleratorQuotaStatistics(self, request: Handler) -> Answer:  # noqa: N802
        total, used = self.quota
        quota = {"timeUsed": f"{used}s", "totalTimeAllowed": f"{total}s"}
        return answer_json({"quotaRefreshTime": "2030-01-05T00:00:00Z", "gpuQuota": quota})

    def output(self, path: str) -> bytes | None:
        """Content of a session's file by the path of its URL; None if it is no such path."""
        slug, _, rest = path.strip("/").partition("/")
        version, _, name = rest.partition("/")
        for (ref, number), session in self.sessions.items():
            if ref.endswith(f"/{slug}") and str(number) == version:
                return (session.working / name).read_bytes()
        return None

    def _session(
        self,
        asked: ApiGetKernelSessionStatusRequest
        | ApiGetKernelSessionLogsStreamRequest
        | ApiListKernelSessionOutputRequest,
    ) -> Session | None:
        version = asked.version_label.removeprefix("v")
        return self.sessions.get((f"{asked.user_name}/{asked.kernel_slug}", int(version)))

    def _prepare(self, root: Path, source: str) -> None:
        """Lay out the folders as on Kaggle: read-only data, an empty output, the script."""
        files = root / "input/competitions" / SLUG
        for folder in (files, root / "working", root / "src", root / "tmp"):
            folder.mkdir(parents=True)
        with zipfile.ZipFile(io.BytesIO(self.archive)) as archive:
            archive.extractall(files)
        for path in (*files.iterdir(), files):
            path.chmod(0o555)
        (root / "src/script.py").write_text(source)

    def _start(self, root: Path) -> subprocess.Popen[bytes]:
        environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(root / "tmp"),
            "TMPDIR": str(root / "tmp"),
            "KAGGLE_KERNEL_RUN_TYPE": "Batch",
            **self.variables,
        }
        with (root / "log").open("wb") as log:
            return subprocess.Popen(
                [sys.executable, root / "src/script.py"],
                cwd=root / "working",
                env=environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )


def _fault(pushed: ApiSaveKernelRequest) -> str:
    """What Kaggle would refuse in a kernel; empty if nothing."""
    expected = {
        "title of 5 to 50 characters": 5 <= len(pushed.new_title) <= 50,
        "slug of the title": slugify(pushed.new_title) == pushed.slug.partition("/")[2],
        "private script": (pushed.language, pushed.kernel_type, pushed.is_private)
        == ("python", "script", True),
        "competition": pushed.competition_data_sources == [SLUG],
        "at most 1 MB of source": len(pushed.text.encode()) <= 1_000_000,
        "machine": pushed.machine_shape == ("NvidiaTeslaT4" if pushed.enable_gpu else ""),
    }
    return ", ".join(name for name, kept in expected.items() if not kept)
