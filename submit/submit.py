"""`make submit`: write submission.csv from a run, check it, upload it where possible."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import UserError, run_command

if TYPE_CHECKING:
    from rich.console import Console

    from kfold.leaderboard import Line

SUBMISSION = "submission.csv"
LEDGER = "submissions.csv"


@dataclass(frozen=True)
class Options:
    """Write the submission of a run's best model or ensemble, check it, and upload it."""

    run: str | None = None
    """Name of the run; the latest by default."""
    data: Path | None = None
    """Where the competition's files are now, if they moved since the run was made."""
    name: str | None = None
    """Which line of the leaderboard to submit; the first by default."""
    dry: bool = False
    """Stop before the upload."""
    force: bool = False
    """Upload even what was uploaded before."""


def main(options: Options) -> None:
    """Write, check and, with credentials, upload the submission that `options` describe."""
    from data.kaggle_credentials import has_credentials
    from data.terminal import open_console
    from kfold.run import open_finished
    from submit.submission import write_submission

    console = open_console()
    run, data, folds = open_finished(options.run, options.data)
    from kfold.leaderboard import make_leaderboard  # slow to import: not before a wrong name

    line = _choose(make_leaderboard(run, data, folds), options.name)
    path = run.folder / SUBMISSION
    folder = options.data or Path(run.config.data)
    write_submission(path, data.lookup, line.entry.test, folder)
    rank = f", estimated rank {line.rank} of 175" if line.rank else ""
    console.print(
        f"{path}: {len(data.lookup)} rows from {line.entry.kind} {line.entry.name!r}, "
        f"out-of-fold RMSE {line.score.rmse:.3f}, trusted {line.trusted.rmse:.3f}{rank}"
    )
    if options.dry:
        return
    if not has_credentials():
        console.print(_by_hand(path))
        return
    _send(path, line, options.force, console)


def _choose(lines: list[Line], name: str | None) -> Line:
    if name is None:
        return lines[0]
    for line in lines:
        if line.entry.name == name:
            return line
    names = ", ".join(line.entry.name for line in lines)
    raise UserError(f"NAME: expected one of {names}, found {name!r}.")


def _by_hand(path: Path) -> str:
    from submit.upload import SUBMISSIONS_PAGE

    return (
        f"No Kaggle credentials found, so nothing is uploaded. Upload {path} by hand at "
        f"{SUBMISSIONS_PAGE}, or sign in (see `make download`) and run `make submit` again."
    )


def _send(path: Path, line: Line, force: bool, console: Console) -> None:
    """Upload the file unless the ledger holds it, then wait for its score."""
    from datetime import UTC, datetime

    from submit.ledger import Upload, checksum, find_upload, record, refuse_repeat
    from submit.upload import upload, wait_for_score

    ledger, digest = path.with_name(LEDGER), checksum(path)
    sent = find_upload(ledger, digest)
    if force or sent is None or sent.public is not None:
        if not force:
            refuse_repeat(ledger, digest)
        message = f"{path.parent.name}: {line.entry.name}, out-of-fold {line.score.rmse:.4f}"
        reference = upload(path, message)
        now = datetime.now(UTC).isoformat(timespec="seconds")
        name = path.parent.name
        sent = Upload(now, name, digest, message, line.score.rmse, None, None, reference)
        record(ledger, sent)
    console.print(f"Submission {sent.reference}: {sent.message}. Waiting for the score ...")
    score = wait_for_score(sent.reference)
    if score.status == "error":
        raise UserError(f"Kaggle could not score submission {sent.reference}: {score.error}")
    if score.status == "pending":
        console.print("Kaggle is still scoring it; run `make submit` again to ask once more.")
        return
    record(ledger, replace(sent, public=score.public, private=score.private))
    console.print(f"Public RMSE {score.public}, private RMSE {score.private}")


if __name__ == "__main__":
    run_command(main, Options)
