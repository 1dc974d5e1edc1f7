"""`make submit`: write submission.csv from a run, check it, upload it where possible."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from data.errors import UserError, run_command

if TYPE_CHECKING:
    from kfold.leaderboard import Line
    from kfold.run import Run

SUBMISSION = "submission.csv"

_DAY = 24 * 60 * 60


@dataclass(frozen=True)
class Options:
    """Write the submission of a run's best model or ensemble, check it, and upload it."""

    run: str | None = None
    """Name of the run; the latest by default."""
    data: Path | None = None
    """Where the competition's files are now, if they moved since the run was made."""
    name: str | None = None
    """Which line of the leaderboard to submit; the first that was trained by default."""
    dry: bool = False
    """Stop before the upload."""
    force: bool = False
    """Upload even what was uploaded before."""


def main(options: Options) -> None:
    """Write, check and, with credentials, upload the submission that `options` describe."""
    from data.demo import RECORD_FILE
    from data.kaggle_credentials import has_credentials
    from data.terminal import open_console
    from kfold.run import open_finished
    from submit.send import Draft, send
    from submit.submission import summarize, write_submission

    console = open_console()
    run, data, folds = open_finished(options.run, options.data)
    from kfold.leaderboard import make_leaderboard  # slow to import: not before a wrong name

    lines = make_leaderboard(run, data, folds)
    line = _choose(lines, options.name)
    path, folder = run.folder / SUBMISSION, options.data or Path(run.config.data)
    content = write_submission(path, data.lookup, line.entry.test, folder)
    summary = summarize(content)
    message = _message(run, line, lines, summary.checksum)
    console.print(
        f"{path}: {summary.rows} rows, {summary.low:.2f} to {summary.high:.2f} px, "
        f"from {line.entry.kind} {line.entry.name!r}"
    )
    console.print(_estimate(line))
    if run.left_out:
        console.print(f"Left out: {', '.join(run.left_out)}.")
    console.print(f"Message: {message}")
    if (folder / RECORD_FILE).is_file():
        console.print(f"{folder} holds rendered faces, which Kaggle cannot score: not uploaded.")
        return
    if not has_credentials():
        console.print(_by_hand(path))
        return
    console.print(f"Submissions left today: {_left()}")
    if not options.dry:
        draft = Draft(path, content, folder, summary.checksum, message, line.score.rmse)
        send(draft, options.force, console)


def _estimate(line: Line) -> str:
    rank = f", estimated rank {line.rank} of {line.teams}" if line.rank else ""
    return f"Out-of-fold RMSE {line.score.rmse:.3f}, trusted {line.trusted.rmse:.3f}{rank}"


def _message(run: Run, line: Line, lines: list[Line], checksum: str) -> str:
    """What Kaggle shows beside the score: run, models, out-of-fold score, code, file."""
    from submit.send import mark
    from submit.version import code_version

    models = [other.entry.name for other in lines if other.entry.kind == "model"]
    blended = f" of {', '.join(models)}" if line.entry.kind == "ensemble" else ""
    return (
        f"{run.folder.name}: {line.entry.name}{blended}; out-of-fold {line.score.rmse:.4f}; "
        f"code {code_version()}; {mark(checksum)}"
    )


def _left() -> str:
    """Kaggle's answer, or why there is none: no reason to stop before the upload is tried."""
    from submit.upload import submissions_left

    try:
        left = submissions_left()
    except UserError as error:
        return f"unknown ({error})"
    hours, minutes = divmod(int(_DAY - time.time() % _DAY) // 60, 60)
    told = "unknown" if left is None else left
    return f"{told} (Kaggle's day ends at 0:00 UTC, in {hours}:{minutes:02} hours)"


def _choose(lines: list[Line], name: str | None) -> Line:
    from kfold.leaderboard import best_trained

    if name is None:
        return best_trained(lines)
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


if __name__ == "__main__":
    run_command(main, Options)
