"""Correct the first suspects of a run by the keys of its review: `... correct RUN DATA COUNT`.

Takes over what a careful person would: sides that were exchanged are exchanged back, single points
and moved rows take their predictions. Saves into the run's folder, as `make review` does.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from kfold.review.page import write_review
from kfold.review.saved import SavedCorrections
from kfold.review.server import ReviewServer
from kfold.runs.open_run import OpenRun, open_named_run
from tests.browser import find_browser
from tests.serving import serving

KEYS = {"swapped": "x", "single": "t", "shifted": "Shift+T", "most": "Shift+T"}
"""The key that corrects each kind of fault."""

VIEWPORT = {"width": 1280, "height": 900}


@contextmanager
def served_page(opened: OpenRun, script: str = "") -> Iterator[tuple[Page, str]]:
    """A blank page, and the address of a run's review, which is served meanwhile.

    Args:
        opened: a run whose review is written.
        script: JavaScript that runs before the page's own.
    """
    review = ReviewServer(SavedCorrections(opened), 0)
    with serving(review) as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        page = browser.new_page(viewport=VIEWPORT)
        page.add_init_script(script)
        try:
            yield page, server.address
        finally:
            browser.close()


def correct(page: Page, count: int) -> dict[str, float]:
    """Correct the first `count` suspects of an open review; seconds and keys that it took."""
    contents = json.loads(page.locator("#contents").text_content() or "")
    suspects = contents["suspects"][:count]
    page.locator("[data-turn=here]").wait_for(state="attached")
    start, keys = time.perf_counter(), 0
    for suspect in suspects:
        page.locator(f".stage[data-row='{suspect['row']}']").wait_for()
        for key in (KEYS[suspect["fault"]], "n"):
            page.keyboard.press(key)
            keys += 1
    page.locator(".saved:text-is('All is saved')").wait_for()
    return {"seconds": time.perf_counter() - start, "rows": len(suspects), "keys": keys}


def main() -> None:
    """Correct the suspects of a run; print rows, keys and seconds."""
    name, data, count = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    opened = open_named_run(name, data)
    write_review(opened)
    with served_page(opened) as (page, address):
        page.goto(address)
        print(json.dumps(correct(page, count)))


if __name__ == "__main__":
    main()
