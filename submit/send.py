"""Send a submission once, wait for its score, and print it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from data.system.errors import UserError
from kfold.submissions.ledger import LEDGER, Upload, find_upload, open_ledger
from submit.scores import describe_scores, record_score
from submit.upload import SCORE_TIMEOUT_S, SUBMISSIONS_PAGE, upload, wait_for_score

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True)
class Draft:
    """A submission that is written but not sent.

    Attributes:
        path: the file, in the folder of its run.
        content: of the file when it was written; another command may overwrite the file.
        data: folder with the competition's files.
        checksum: SHA-256 of `content`, in hex.
        message: description of the submission on Kaggle.
        out_of_fold: the run's own estimate of the score, RMSE in pixels.
    """

    path: Path
    content: bytes
    data: Path
    checksum: str
    message: str
    out_of_fold: float


def file_tag(checksum: str) -> str:
    """Part of a submission's message that identifies its file."""
    return f"file {checksum[:12]}"


def send(draft: Draft, force: bool, console: Console) -> None:
    """Upload the file unless the ledger holds it, then wait for its score and print it.

    Raises:
        UserError: it was sent and scored before, Kaggle refuses it, or has no score for it.
    """
    ledger = draft.path.parents[1] / LEDGER
    sent = _upload_once(ledger, draft, force)
    console.print(f"Submission {sent.reference} is uploaded. Waiting for the score ...")
    score = wait_for_score(sent.reference, SCORE_TIMEOUT_S)
    if score.status == "error":
        record_score(ledger, sent, score, draft.data)
    if score.status in ("error", "hidden"):
        raise UserError(
            f"Kaggle could not score submission {sent.reference}: {score.error or 'no reason'} "
            f"(see {SUBMISSIONS_PAGE}). The same file is sent again only with FORCE=1."
        )
    if score.status == "pending":
        raise UserError(
            f"no score of submission {sent.reference} after {SCORE_TIMEOUT_S:g} s. It is uploaded, "
            "do not send it again: `make submissions` asks for the score."
        )
    console.print(describe_scores(record_score(ledger, sent, score, draft.data), draft.data))


def _upload_once(ledger: Path, draft: Draft, force: bool) -> Upload:
    """Upload the file and add it to the ledger; returns an earlier upload that has no score yet."""
    with open_ledger(ledger) as rows:
        sent = find_upload(rows, draft.checksum)
        if sent and not force:
            _refuse_scored(ledger, sent)
            return sent
        tag = file_tag(draft.checksum)
        reference = upload(draft.path, draft.content, draft.message, tag, again=force)
        new = Upload(
            time=datetime.now(UTC).isoformat(timespec="seconds"),
            run=draft.path.parent.name,
            checksum=draft.checksum,
            message=draft.message,
            out_of_fold=draft.out_of_fold,
            reference=reference,
        )
        rows.append(new)
    return new


def _refuse_scored(ledger: Path, sent: Upload) -> None:
    if sent.scored or sent.error:
        result = sent.error or f"public {sent.public}, private {sent.private}"
        raise UserError(
            f"{ledger}: this very file was submitted at {sent.time} as {sent.reference} "
            f"({result}). Nothing was uploaded; "
            "pass FORCE=1 to spend another of the day's submissions on it."
        )
