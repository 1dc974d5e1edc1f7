"""Write the review page of a run, and the links that lead to a face on it."""

from __future__ import annotations

import os
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from data.system.atomic import write_text
from kfold.labels.duplicates import find_duplicates
from kfold.leaderboard.leaderboard import make_leaderboard
from kfold.leaderboard.suspects import find_suspects
from kfold.review.contents import review_contents
from kfold.review.saved import REVIEW, SavedCorrections
from kfold.review.scripts import bundled_scripts
from kfold.review.sheets import write_sheets
from kfold.runs.open_run import OpenRun
from kfold.runs.run import Run

PAGE = "index.html"
FACES = "faces"
"""Folder of the sheets beside the page."""

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "page"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def review_page(run: Run) -> Path:
    """Path of a run's review page, there or not."""
    return run.folder / REVIEW / PAGE


def write_review(opened: OpenRun) -> tuple[int, int]:
    """Write the review page of a run and the images of its faces.

    Returns:
        The numbers of faces and of suspects.

    Raises:
        UserError: no model is finished on all folds, or corrections cannot be read.
    """
    saved = SavedCorrections(opened)
    corrections = saved.read()
    leaderboard = make_leaderboard([opened])
    train = opened.data.train
    duplicates = find_duplicates(train, opened.groups)
    compared, suspects = find_suspects(leaderboard, duplicates)
    page = review_page(opened.run)
    write_sheets(page.parent / FACES, train.images)
    text = _TEMPLATES.get_template("index.html.j2").render(
        run=opened.run,
        contents=review_contents(leaderboard, duplicates, compared, suspects),
        corrections=corrections,
        file=f"{saved.path}",
        scripts=bundled_scripts(),
    )
    write_text(page, text)
    return len(train), len(suspects)


def link_to_review(run: Run, folder: Path) -> str:
    """Address of a run's review, relative to a page in `folder`.

    Where there is no review yet, writes a page that names the command which makes it.
    """
    page = review_page(run)
    if not page.is_file():
        write_text(page, _TEMPLATES.get_template("missing.html.j2").render(run=run))
    return Path(os.path.relpath(page, folder)).as_posix()
