"""A browser to open pages in."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserType, sync_playwright

from tests.browser import find_browser


@pytest.fixture(scope="session")
def chromium() -> Iterator[tuple[BrowserType, dict[str, Any]]]:
    """A kind of browser, and the options to launch it with."""
    # A container has no user namespaces for the sandbox; the pages are our own.
    options = {"executable_path": find_browser(), "args": ["--no-sandbox"]}
    with sync_playwright() as playwright:
        yield playwright.chromium, options


@pytest.fixture(scope="session")
def browser(chromium: tuple[BrowserType, dict[str, Any]]) -> Iterator[Browser]:
    kind, options = chromium
    browser = kind.launch(**options)
    yield browser
    browser.close()
