"""The leaderboard as one self-contained page."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from data.atomic import write_text
from kfold.leaderboard import Line
from kfold.run import Run
from kfold.tables import board_table, detail_tables, explanation

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent), autoescape=True, undefined=StrictUndefined
)


def write_page(run: Run, lines: Sequence[Line], figures: Sequence[Path]) -> Path:
    """Write leaderboard.html with the tables and the PNG `figures` in it; return its path."""
    page = run.folder / "leaderboard.html"
    text = _TEMPLATES.get_template("page.html.j2").render(
        run=run,
        board=board_table(lines),
        details=detail_tables(lines),
        explanation=explanation(run, lines),
        figures=[
            {
                "caption": path.stem.replace("_", " "),
                "data": base64.b64encode(path.read_bytes()).decode(),
            }
            for path in figures
        ],
    )
    write_text(page, text)
    return page
