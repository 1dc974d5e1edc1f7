"""Open a page in a browser and collect its complaints."""

from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page

VIEWPORT = {"width": 1280, "height": 900}


@dataclass
class Visit:
    """An open page; complaints are console messages, errors, and requests to other places."""

    page: Page
    complaints: list[str]


def visit_page(browser: Browser, path: Path) -> Visit:
    visit = Visit(browser.new_page(viewport=VIEWPORT), [])
    visit.page.on("console", lambda message: visit.complaints.append(message.text))
    visit.page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    visit.page.on("request", lambda request: visit.complaints.extend(_elsewhere(request.url)))
    visit.page.goto(path.as_uri())
    return visit


def _elsewhere(url: str) -> list[str]:
    return [] if url.startswith(("file:", "data:")) else [f"request to {url}"]
