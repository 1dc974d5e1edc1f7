"""Nothing is lost: on a page from disk, across reloads, crashes, tabs and newer files."""

from contextlib import suppress

import pytest
from playwright.sync_api import Error

from kfold.review.page import review_page, write_review
from kfold.review.saved import SavedCorrections
from tests.corrected import read_corrections
from tests.kfold.review.review_page import VIEWPORT, open_review

HEADER = "row,keypoint,action,x,y,data\n"
UNSAVED = "Kept in this browser, not downloaded"


@pytest.fixture
def context(browser):
    """Tabs of one browser."""
    context = browser.new_context(viewport=VIEWPORT)
    yield context
    context.close()


@pytest.fixture
def tab(context, opened):
    """Opens the review from disk in another tab."""

    def tab():
        return open_review(context, review_page(opened.run).as_uri())

    return tab


@pytest.fixture
def save(opened):
    """Saves corrections as another program would, and writes the page again."""
    path = SavedCorrections(opened).path

    def save(content):
        path.write_text(content)
        write_review(opened)

    yield save
    path.unlink()
    write_review(opened)


def three_edits(page):
    page.press("x", "n", "t", "n", "f")
    return page.row, page.text(".progress")


def test_a_reload_keeps_what_was_done_and_how_to_undo_it(page):
    row, progress = three_edits(page)
    page.press("z", "z")
    undone = page.text(".progress")
    page.reload()
    assert page.text(".progress") == undone
    page.press("Shift+Z", "Shift+Z")
    assert page.row == row
    page.reload()
    assert page.text(".progress") == progress
    page.press("z", "z", "z")
    assert page.text(".progress small") == "nothing changed"


def test_a_page_that_crashed_opens_as_it_was(tab):
    with tab() as page:
        _, progress = three_edits(page)
        with page.page.expect_event("crash"), suppress(Error):
            page.page.goto("chrome://crash")
        page.complaints.clear()
        page.page.close()
    with tab() as page:
        assert page.text(".progress") == progress


def test_a_browser_that_crashed_opens_as_it_was(chromium, opened, tmp_path):
    kind, options = chromium
    address = review_page(opened.run).as_uri()
    context = kind.launch_persistent_context(tmp_path, **options)
    with open_review(context, address) as page:
        _, progress = three_edits(page)
        with suppress(Error):
            context.new_cdp_session(page.page).send("Browser.crash")
    context = kind.launch_persistent_context(tmp_path, **options)
    with open_review(context, address) as page:
        assert page.text(".progress") == progress
    context.close()


def test_a_second_tab_is_told_and_edits_once_it_took_over(tab):
    with tab() as one, tab() as other:
        assert one.banner == ""
        assert other.banner.startswith("Another page edits these corrections.")
        other.press("x")
        assert other.text(".progress small") == "nothing changed"
        assert other.announced == "This page only shows corrections."
        one.press("x")
        other.take_over()
        one.until_turn("elsewhere")
        changed = one.text(".progress small")
        one.press("z")
        assert one.text(".progress small") == changed == other.text(".progress small")
        other.press("z")
        assert other.text(".progress small") == "nothing changed"


def test_a_tab_that_was_closed_leaves_the_turn_to_the_next(tab):
    with tab() as one:
        one.press("x")
        one.page.close()
    with tab() as other:
        assert other.banner == ""
        assert "1 of" in other.text(".progress output")


def test_a_download_counts_as_saved_until_something_changes(page, opened):
    assert page.saved == "No changes to download"
    page.press("x")
    page.until_saved(UNSAVED)
    path = page.download()
    data = opened.data
    assert read_corrections(path, data.train, data.checksum)[1] > 0
    page.reload()
    assert page.saved == "No changes to download"
    page.press("n", "f")
    page.until_saved(UNSAVED)
    page.press("z")
    page.until(".saved[data-saved=true]")


def test_the_downloaded_file_in_the_runs_folder_goes_on_where_it_was(page, save):
    three_edits(page)
    content = page.download().read_text()
    page.press("n", "x")
    progress = page.text(".progress")
    save(content)
    page.reload()
    assert page.text(".progress") == progress
    page.press("z", "z", "z", "z")
    assert page.text(".progress small") == "nothing changed"


def test_what_this_browser_alone_knows_is_added_to_a_newer_file(page, save):
    page.press("x")
    row, mine = page.row, page.download().read_text()
    page.press("n", "t")
    other = page.row
    save(f"{HEADER}110,,drop,,,\n")
    page.reload()
    text = page.download().read_text()
    assert "110,,drop,,,0123456789abcdef\n" in text
    assert f"\n{other}," in text
    assert f"\n{row}," not in text, "it was downloaded: it is in a file of its own"
    assert f"\n{row}," in mine


def test_a_browser_that_keeps_nothing_says_so(browser, opened):
    context = browser.new_context(viewport=VIEWPORT)
    context.add_init_script("Object.defineProperty(window, 'indexedDB', { value: undefined })")
    with open_review(context, review_page(opened.run).as_uri()) as page:
        assert page.banner.startswith("This browser keeps nothing of what you do here.")
        page.press("x")
        assert page.download().read_text() != HEADER
    context.close()
