"""The page as a person meets it, in a real browser."""

import re

import pytest

from kfold.report.leaderboard_table import FAR_BEHIND
from tests.kfold.contrast import low_contrasts
from tests.kfold.finished_run import FOLDS

MAX_BYTES = 5_000_000


def column(page, number):
    cells = page.locator(f".leaderboard tbody tr > :nth-child({number})")
    return cells.evaluate_all("cells => cells.map((cell) => cell.dataset.value)")


def numbers(page, number):
    return [float(value) for value in column(page, number) if value != "nan"]


def faces(page):
    return page.locator("#gallery .face:visible")


def test_it_is_small_and_complete(page, report):
    assert (report.folder / "leaderboard.html").stat().st_size < MAX_BYTES
    best = report.best
    assert page.title() == "one · CV leaderboard"
    for link in page.locator("nav a").all():
        assert page.locator(link.get_attribute("href")).count() == 1
    assert column(page, 1)[-1] == "constant"
    near = [line for line in report.lines if line.capped.rmse < FAR_BEHIND * best.capped.rmse]
    assert len(near) > 1
    assert page.locator(".dots circle").count() >= FOLDS * len(near)
    for section in ("learning", "error"):
        assert page.locator(f"#{section} svg.chart").count() >= 3


def test_the_leaderboard_sorts_both_ways_with_nan_last(changed_page):
    page = changed_page
    assert numbers(page, 2) == sorted(numbers(page, 2))
    heading = page.get_by_role("columnheader", name="images/s")
    number = 1 + heading.evaluate("heading => heading.cellIndex")
    for direction in ("ascending", "descending"):
        heading.get_by_role("button").click()
        assert heading.get_attribute("aria-sort") == direction
        values = numbers(page, number)
        assert values == sorted(values, reverse=direction == "descending")
        assert column(page, number)[len(values) :] == ["nan"] * (len(column(page, 1)) - len(values))
    page.get_by_role("columnheader", name="name").get_by_role("button").press("Enter")
    assert column(page, 1) == sorted(column(page, 1))
    assert page.locator("[aria-sort]").count() == 1


def test_ties_are_marked(page):
    tied = page.locator(".leaderboard tr.tied th").all_inner_texts()
    assert 1 <= len(tied) < 6
    assert not any("poor" in name or "constant" in name for name in tied)


def test_faces_are_filtered_by_kind_keypoint_and_annotator(changed_page):
    page = changed_page
    assert faces(page).count() > 10
    page.locator(".filters").get_by_text("Best").click()
    assert set(faces(page).evaluate_all("all => all.map((f) => f.dataset.kind)")) == {"best"}
    page.get_by_role("combobox", name="Annotator").select_option("2")
    assert set(faces(page).evaluate_all("all => all.map((f) => f.dataset.annotator)")) == {"2"}
    # Annotator 2 does not label this keypoint.
    page.get_by_role("combobox", name="Keypoint").select_option("mouth left corner")
    assert faces(page).count() == 0
    assert page.locator(".filters output").inner_text() == "0 of 0"


def test_a_chosen_keypoint_orders_the_worst_faces_and_stands_out(changed_page):
    page = changed_page
    page.get_by_role("combobox", name="Keypoint").select_option("nose tip")
    errors = [float(text.split()[0]) for text in faces(page).locator("b").all_inner_texts()]
    assert errors == sorted(errors, reverse=True)
    marks = faces(page).first.locator("g:not(.dim)")
    assert marks.count() == 1
    assert marks.get_attribute("data-k") == "10"


def test_more_faces_are_shown_on_request(changed_page):
    before = faces(changed_page).count()
    changed_page.get_by_role("button", name="Show more").click()
    assert faces(changed_page).count() > before


def test_test_faces_have_predictions_and_no_labels(changed_page):
    page = changed_page
    page.locator(".filters").get_by_text("Test set").click()
    assert faces(page).count() == 12
    assert faces(page).locator(".prediction").count() > 12 * 4
    assert faces(page).locator(".label").count() == 0


def test_a_face_is_enlarged_stepped_from_and_closed_by_keyboard(changed_page):
    page = changed_page
    dialog = page.get_by_role("dialog")
    faces(page).first.focus()
    page.keyboard.press("Enter")
    first = dialog.get_by_role("heading").inner_text()
    assert re.fullmatch(r"row \d+ · RMSE \d+\.\d\d px", first)
    errors = [float(text) for text in dialog.locator("td:nth-child(2)").all_inner_texts()]
    assert errors == sorted(errors, reverse=True)
    assert dialog.locator("svg.photo").bounding_box()["width"] > 400
    assert dialog.locator(".legend").inner_text().split() == ["label", "prediction"]
    page.keyboard.press("ArrowRight")
    assert dialog.get_by_role("heading").inner_text() != first
    page.keyboard.press("ArrowLeft")
    assert dialog.get_by_role("heading").inner_text() == first
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert faces(page).first.evaluate("face => face === document.activeElement")


def test_each_training_face_leads_to_its_place_in_the_review(changed_page, report):
    page, link = changed_page, changed_page.locator("dialog a.review")
    faces(page).first.click()
    (row,) = re.findall(
        r"row (\d+)", page.get_by_role("dialog").get_by_role("heading").inner_text()
    )
    assert link.get_attribute("href") == f"review/index.html#row={row}"
    page.keyboard.press("Escape")
    page.locator(".filters").get_by_text("Test set").click()
    faces(page).first.click()
    assert not link.is_visible()
    page.keyboard.press("Escape")
    suspect = page.locator("#suspects li").first
    (row,) = re.findall(r"row (\d+)", suspect.inner_text())
    linked = suspect.get_by_role("link", name="review")
    assert linked.get_attribute("href") == f"review/index.html#row={row}"
    linked.click()
    assert page.inner_text("code") == "make review RUN=one"
    page.go_back()


def test_a_suspect_is_enlarged_with_its_reason(changed_page):
    changed_page.locator("#suspects .face").first.click()
    assert "labels lie" in changed_page.locator("dialog .facts p").inner_text()


def test_text_has_contrast_in_light_and_dark(changed_page):
    page = changed_page
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (background == "rgb(255, 255, 255)") == (scheme == "light")
        assert low_contrasts(page, ("ink", "muted", "accent", "first", "second")) == {}, scheme
        ink = page.evaluate("getComputedStyle(document.body).color")
        muted = page.evaluate("getComputedStyle(document.querySelector('nav a')).color")
        drawn = page.locator("svg.chart text").first.evaluate("text => getComputedStyle(text).fill")
        assert drawn in (ink, muted), scheme


@pytest.mark.parametrize("width", [320, 390, 768])
def test_a_narrow_screen_needs_no_sideways_scrolling(changed_page, width):
    page = changed_page
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == width
    faces(page).first.click()
    box = page.get_by_role("dialog").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    assert page.locator("dialog svg.photo").bounding_box()["y"] >= box["y"]
    assert page.get_by_role("button", name="Next").bounding_box()["y"] < 800


def test_it_prints_without_its_controls(changed_page):
    page = changed_page
    page.emulate_media(media="print", color_scheme="dark")
    assert not page.locator("nav").is_visible()
    assert not page.locator(".filters").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.pdf().startswith(b"%PDF")


def test_pictures_are_named_and_ids_unique(page):
    unnamed = "all => all.filter((e) => !e.closest('[aria-hidden]') && !e.ariaLabel).length"
    assert page.locator("svg").evaluate_all(unnamed) == 0
    ids = page.locator("[id]").evaluate_all("all => all.map((e) => e.id)")
    assert len(ids) == len(set(ids))
    assert page.locator("table:not(:has(th[scope=col]))").count() == 0
