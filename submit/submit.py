"""`make submit`: write submission.csv from a run, check it, and upload it if possible."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data.system.command import run_command
from data.system.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

    from data.lookup import Lookup
    from kfold.leaderboard.leaderboard import Leaderboard, Line
    from submit.send import Draft

SUBMISSION = "submission.csv"

_MAX_NAMES = 6
"""More models are counted in a message, which Kaggle shows on one line."""

_DAY_S = 24 * 60 * 60


@dataclass(frozen=True)
class SubmitOptions:
    """Write the submission of a run's best model or ensemble, check it, and upload it."""

    run: str | None = None
    """Name of the run; the latest by default."""
    data: Path | None = None
    """Where the competition's files are now, if they moved since the run was made."""
    entry: str | None = None
    """Which entry of the leaderboard to submit; the best one that is no baseline by default."""
    dry: bool = False
    """Stop before the upload."""
    force: bool = False
    """Upload even what was uploaded before."""


def main(options: SubmitOptions) -> None:
    """Write, check and, with credentials, upload the submission that `options` describe."""
    from data.demo import RECORD_FILE
    from data.files import competition_folder
    from data.kaggle.credentials import has_credentials
    from data.system.terminal import open_console
    from kfold.runs.open_run import open_named_run
    from submit.send import send

    console = open_console()
    opened = open_named_run(options.run, options.data)
    from kfold.leaderboard.leaderboard import make_leaderboard  # slow: not before a wrong name

    leaderboard = make_leaderboard([opened])
    line = _find_line(leaderboard, options.entry)
    data = options.data or Path(opened.run.config.data)
    draft = _write_draft(leaderboard, line, opened.data.lookup, data)
    _print_draft(console, draft, leaderboard, line)
    if (competition_folder(data) / RECORD_FILE).is_file():
        console.print(f"{data} holds rendered faces, which Kaggle cannot score: not uploaded.")
        return
    if not has_credentials():
        console.print(_manual_upload(draft.path))
        return
    console.print(f"Submissions left today: {_submissions_left()}")
    if not options.dry:
        send(draft, options.force, console)


def _find_line(leaderboard: Leaderboard, name: str | None) -> Line:
    if name is None:
        return leaderboard.best
    for line in leaderboard.lines:
        if line.entry.name == name:
            return line
    names = ", ".join(line.entry.name for line in leaderboard.lines)
    raise UserError(f"ENTRY: expected one of {names}, found {name!r}.")


def _write_draft(leaderboard: Leaderboard, line: Line, lookup: Lookup, data: Path) -> Draft:
    from submit.send import Draft
    from submit.submission import write_submission

    path = leaderboard.folder / SUBMISSION
    content = write_submission(path, lookup, line.entry.test, data)
    checksum = hashlib.sha256(content).hexdigest()
    message = _message(leaderboard, line, checksum)
    return Draft(path, content, data, checksum, message, line.score.rmse)


def _message(leaderboard: Leaderboard, line: Line, checksum: str) -> str:
    """Description on Kaggle: run, models, out-of-fold score, code that trained, file."""
    from kfold.runs.code_version import code_version, distinct_sources
    from kfold.runs.joined import JOINED
    from submit.send import file_tag

    kinds = ("model", JOINED)
    models = [other.entry.name for other in leaderboard.lines if other.entry.kind in kinds]
    names = ", ".join(models) if len(models) <= _MAX_NAMES else f"{len(models)} models"
    source = {"ensemble": f" of {names}", JOINED: ", predicted elsewhere"}.get(line.entry.kind, "")
    trainings = line.entry.trainings
    codes = distinct_sources(each.code for each in trainings) if trainings else [code_version()]
    return (
        f"{leaderboard.folder.name}: {line.entry.name}{source}; "
        f"out-of-fold {line.score.rmse:.4f}; code {' and '.join(codes)}; {file_tag(checksum)}"
    )


def _print_draft(console: Console, draft: Draft, leaderboard: Leaderboard, line: Line) -> None:
    from submit.submission import summarize

    summary = summarize(draft.content)
    console.print(
        f"{draft.path}: {summary.rows} rows, {summary.low:.2f} to {summary.high:.2f} px, "
        f"from {line.entry.kind} {line.entry.name!r}"
    )
    rank = f", estimated rank {line.rank} of {leaderboard.teams}" if line.rank else ""
    console.print(f"Out-of-fold RMSE {line.score.rmse:.3f}, capped {line.capped.rmse:.3f}{rank}")
    for note in leaderboard.notes:
        console.print(note)
    console.print(f"Message: {draft.message}")


def _submissions_left() -> str:
    """Number of submissions left today, or why it is unknown, which does not stop the upload."""
    from submit.upload import submissions_left

    try:
        left = submissions_left()
    except UserError as error:
        return f"unknown ({error})"
    hours, minutes = divmod(int(_DAY_S - time.time() % _DAY_S) // 60, 60)
    number = "unknown" if left is None else left
    return f"{number} (Kaggle's day ends at 0:00 UTC, in {hours}:{minutes:02} hours)"


def _manual_upload(path: Path) -> str:
    from submit.upload import SUBMISSIONS_PAGE

    return (
        f"No Kaggle credentials found, so nothing is uploaded. Upload {path} by hand at "
        f"{SUBMISSIONS_PAGE}, or sign in (see `make download`) and run `make submit` again."
    )


if __name__ == "__main__":
    run_command(main, SubmitOptions)
