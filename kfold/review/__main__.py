"""`make review`: look at every training face, suspects first, and correct its labels."""

from __future__ import annotations

import os
import sys
import webbrowser
from dataclasses import dataclass
from pathlib import Path

from data.system.command import run_command


@dataclass(frozen=True)
class ReviewOptions:
    """Write a page to correct a run's labels on, serve it on this machine, and save what is done.

    Ctrl-C ends it. The page works without this command, too: it then saves by download.
    """

    run: str | None = None
    """Name of the run; the latest one by default."""
    data: Path | None = None
    """Where the competition's files are now, if they moved since the run was made."""
    serve: bool = True
    """Serve the page until Ctrl-C; 0 only writes it."""
    port: int | None = None
    """Port on 127.0.0.1; by default 8096, or any that is free."""


def main(options: ReviewOptions) -> None:
    """Write the review of a run and serve it."""
    from kfold.review.page import review_page, write_review
    from kfold.review.saved import SavedCorrections
    from kfold.review.server import ReviewServer
    from kfold.runs.open_run import open_named_run

    opened = open_named_run(options.run, options.data)
    faces, suspects = write_review(opened)
    page = review_page(opened.run)
    print(f"{page}: {faces:,} faces, {suspects:,} suspects first")
    if not options.serve:
        print("Open it in a browser. It saves by download; `make review` saves into the run.")
        return
    saved = SavedCorrections(opened)
    with ReviewServer(saved, options.port) as server:
        print(f"Open {server.address}\nCtrl-C ends it; corrections are saved in {saved.path}")
        sys.stdout.flush()
        _open_browser(server.address)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()
    if saved.path.is_file():
        print(f"To train on them: make cv CORRECTIONS={saved.path} RUN=<name>")


def _open_browser(address: str) -> None:
    """Open a browser where there are windows; one in the terminal would hide the address."""
    if sys.platform == "darwin" or {"DISPLAY", "WAYLAND_DISPLAY", "BROWSER"} & os.environ.keys():
        webbrowser.open(address)


if __name__ == "__main__":
    run_command(main, ReviewOptions)
