"""Send a submission once, and report what it scored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import UserError
from kfold.ledger import LEDGER, Upload, find_upload, open_ledger
from submit.scores import describe, settle
from submit.upload import PATIENCE, SUBMISSIONS_PAGE, upload, wait_for_score

if TYPE_CHECKING:
    from rich.console import Console


@dataclass(frozen=True)
class Draft:
    """A submission that is written and not sent.

    Attributes:
        path: the file, in the folder of its run.
        content: of the file when it was written; another command may write it again meanwhile.
        data: folder with the competition's files.
        checksum: SHA-256 of the file, in hex.
        message: what Kaggle will show beside the score.
        out_of_fold: the run's own estimate of the score, RMSE in pixels.
    """

    path: Path
    content: bytes
    data: Path
    checksum: str
    message: str
    out_of_fold: float


def mark(checksum: str) -> str:
    """What in a message tells the file from any other."""
    return f"file {checksum[:12]}"


def send(draft: Draft, force: bool, console: Console) -> None:
    """Upload the file unless the ledger holds it, then wait for its score and report it.

    Raises:
        UserError: it was sent and scored before, Kaggle has not taken it, or has no score for it.
    """
    ledger = draft.path.parents[1] / LEDGER
    sent = _record(ledger, draft, force)
    console.print(f"Submission {sent.reference} is uploaded. Waiting for the score ...")
    score = wait_for_score(sent.reference, PATIENCE)
    if score.status == "error":
        settle(ledger, sent, score, draft.data)
    if score.status in ("error", "hidden"):
        raise UserError(
            f"Kaggle could not score submission {sent.reference}: {score.error or 'no reason'} "
            f"(see {SUBMISSIONS_PAGE}). The same file is sent again only with FORCE=1."
        )
    if score.status == "pending":
        raise UserError(
            f"no score of submission {sent.reference} after {PATIENCE:g} s. It is uploaded, do not "
            "send it again: `make submissions` asks for the score."
        )
    console.print(describe(settle(ledger, sent, score, draft.data), draft.data))


def _record(ledger: Path, draft: Draft, force: bool) -> Upload:
    """Upload the file and write it into the ledger; one without a score yet is not sent again."""
    with open_ledger(ledger) as rows:
        sent = find_upload(rows, draft.checksum)
        if sent and not force:
            _refuse_repeat(ledger, sent)
            return sent
        reference = upload(
            draft.path, draft.content, draft.message, mark(draft.checksum), again=force
        )
        now = datetime.now(UTC).isoformat(timespec="seconds")
        new = Upload(
            time=now,
            run=draft.path.parent.name,
            checksum=draft.checksum,
            message=draft.message,
            out_of_fold=draft.out_of_fold,
            reference=reference,
        )
        rows.append(new)
    return new


def _refuse_repeat(ledger: Path, sent: Upload) -> None:
    if sent.scored or sent.error:
        told = sent.error or f"public {sent.public}, private {sent.private}"
        raise UserError(
            f"{ledger}: this very file was submitted at {sent.time} as {sent.reference} "
            f"({told}). Nothing was uploaded; "
            "pass FORCE=1 to spend another of the day's submissions on it."
        )
