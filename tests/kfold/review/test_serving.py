"""The page as `make review` serves it: what is done is saved at once, by one page at a time."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from data.corrections import parse_corrections
from kfold.config.cv_config import CORRECTIONS
from kfold.report.write import write_report
from kfold.review.saved import SavedCorrections
from tests.corrected import read_corrections
from tests.kfold.review.conftest import serving_review
from tests.kfold.review.review_page import open_review

HEADER = "row,keypoint,action,x,y,data\n"


def saved_text(opened):
    return SavedCorrections(opened).path.read_text()


def test_what_is_done_is_in_the_file_at_once(visit, opened):
    page = visit()
    row = page.row
    page.until_saved()
    assert not SavedCorrections(opened).path.exists()
    page.press("f")
    page.until_saved()
    data, path = opened.data, SavedCorrections(opened).path
    assert path.read_text() == f"{HEADER}{row},,keep,,,{data.checksum[:16]}\n"
    page.press("n", "Shift+T", "ArrowLeft", *["z"] * 3)
    page.until_saved()
    assert path.read_text() == HEADER
    page.press("Shift+Z", "Shift+Z")
    page.until_saved()
    assert len(parse_corrections(path, data.train, data.checksum)) > 8
    page.reload()
    assert "2 of" in page.text(".progress output")
    page.press("z", "z")
    page.until_saved()
    assert path.read_text() == HEADER


def test_many_changes_at_once_are_all_saved(visit, opened):
    page = visit()
    page.choose("nose_tip")
    x = float(page.point("nose_tip")[0])
    page.press(*["ArrowRight"] * 40)
    page.until_saved()
    data = opened.data
    (line,) = parse_corrections(SavedCorrections(opened).path, data.train, data.checksum)
    assert line.position[0] == pytest.approx(x + 10, abs=0.006)


def test_images_are_exact(visit, opened):
    page = visit()
    pixels = """[...document.querySelector(".stage canvas").getContext("2d")
      .getImageData(0, 0, 96, 96).data].filter((_, i) => i % 4 === 0)"""
    for _ in range(3):
        row = page.row
        assert page.page.evaluate(pixels) == opened.data.train.images[row].ravel().tolist()
        page.press("n")
    page.complaints.clear()  # the browser advises how to read a canvas often


def test_the_report_is_served_beside_it_and_leads_back(visit, opened):
    write_report([opened], Console(file=io.StringIO()))
    page = visit()
    page.press("n")
    second = page.row
    page.page.get_by_role("link", name="one", exact=True).click()
    page.page.locator("#suspects li a").nth(1).click()
    page.wait()
    assert page.row == second


def test_another_browser_is_told_and_sees_what_was_saved_once_it_took_over(visit, opened):
    one, other = visit(), visit()
    assert other.banner.startswith("Another page edits these corrections.")
    row = one.row
    one.press("f")
    one.until_saved()
    other.press("x")
    assert other.announced == "This page only shows corrections."
    other.take_over()
    one.until_turn("elsewhere")
    assert other.text(".progress output").startswith("1 of ")
    other.press("n", "f")
    other.until_saved()
    assert saved_text(opened).count(",keep,") == 2
    assert f"\n{row},,keep," in saved_text(opened)
    one.press("z")
    one.take_over()
    assert one.text(".progress output").startswith("2 of ")


def test_a_file_that_another_program_changed_is_not_overwritten(visit, opened):
    page = visit()
    page.press("f")
    row = page.row
    page.until_saved()
    SavedCorrections(opened).path.write_text(f"{HEADER}110,,drop,,,\n")
    page.press("n", "f")
    second = page.row
    page.until_turn("elsewhere")
    assert "changed by another program" in page.banner
    page.complaints.clear()  # the browser names the refused request
    page.take_over()
    page.until_saved()
    assert f"\n{second},,keep," in saved_text(opened)
    assert "\n110,,drop," in saved_text(opened)
    assert f"\n{row},,keep," not in saved_text(opened), "the other program removed it"


def test_a_page_that_only_shows_leaves_the_journal_as_it_is(browser, server, opened):
    context = browser.new_context()
    entries = """() => new Promise((resolve) => {
      const request = indexedDB.open("review 0123456789abcdef one");
      request.onsuccess = () => {
        const all = request.result.transaction("entries").objectStore("entries").getAll();
        all.onsuccess = () => resolve(JSON.stringify(all.result));
      };
    })"""
    with open_review(context, server.address) as one:
        one.press("f", "n", "f")
        one.until_saved()
        before = one.page.evaluate(entries)
        SavedCorrections(opened).path.write_text(f"{HEADER}110,,drop,,,\n")
        with open_review(context, server.address) as other:
            assert other.banner.startswith("Another page edits these corrections.")
            assert one.page.evaluate(entries) == before
    context.close()


def test_corrections_that_cannot_be_read_are_named(browser, server, opened):
    path = SavedCorrections(opened).path
    path.write_text(f"{HEADER}8,,erase,,,\n")
    page = browser.new_page()
    page.goto(server.address)
    page.get_by_text(f"{path}, line 2, column action: expected drop, set or keep").wait_for()
    page.close()


def test_a_run_that_was_trained_with_corrections_shows_them(browser, opened):
    data, used = opened.data, opened.run.folder / CORRECTIONS
    used.write_text(f"{HEADER}40,nose_tip,set,50,60,\n41,,keep,,,\n")
    config = replace(opened.run.config, corrections="ab" * 32)
    trained = replace(opened, run=replace(opened.run, config=config))
    with serving_review(trained) as server, open_review(browser, server.address) as page:
        assert page.text(".progress small") == "1 label changed in 1 row"
        page.filter(show="all", state="fine")
        assert page.row == 41
        page.filter(state="changed")
        assert page.row == 40
        assert page.point("nose_tip")[:2] == ["50.00", "60.00"]
        page.press("Shift+O")
        page.until_saved()
    assert saved_text(opened) == f"{HEADER}41,,keep,,,{data.checksum[:16]}\n"
    assert read_corrections(used, data.train, data.checksum)[1] == 1
