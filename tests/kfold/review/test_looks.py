"""What the page shows, and to whom."""

import numpy as np
import pytest

from data.competition import KEYPOINTS
from kfold.review.page import review_page
from tests.kfold.contrast import low_contrasts
from tests.kfold.review.review_page import VIEWPORT


def test_suspects_come_first_with_their_reasons(page, faults):
    reasons = {}
    for _ in range(4):
        reasons[page.row] = page.text(".reason")
        page.press("n")
    assert set(reasons) == {faults.swapped, faults.shifted, faults.single, faults.most}
    assert reasons[faults.swapped].startswith("left and right are swapped: the labels lie")
    assert "px below and right of the prediction" in reasons[faults.shifted]
    assert reasons[faults.single].startswith("far off: nose tip 1")
    assert "8 of 15 labels are far off" in reasons[faults.most]


def test_the_worst_point_is_chosen_and_every_label_drawn_beside_its_prediction(page, faults):
    page.goto(page.page.url.partition("#")[0] + f"#row={faults.single}")
    assert page.announced.startswith(f"row {faults.single}, annotator 1 · suspect ")
    assert page.text("[data-group=Point] legend") == "nose tip"
    assert page.page.locator(".stage .label").count() == 15
    assert page.page.locator(".stage .prediction").count() == 15
    x, y, error = page.point("nose_tip")
    assert page.mark("nose_tip", "label") == pytest.approx(
        page.place_of(float(x), float(y)), abs=0.3
    )
    assert float(error) > 9


def test_the_same_image_in_another_row_is_shown_with_its_labels(page, faults):
    one, other = faults.disagreeing
    page.filter(show="disagreeing")
    while page.row != one:
        page.press("n")
    assert "another row with the same image has other labels" in page.text(".reason")
    photograph = page.page.locator(".photograph button")
    assert photograph.count() == 1
    assert page.page.locator(".stage .other").count() == page.page.locator(".stage .label").count()
    photograph.click()
    assert page.row == other


def test_neighbours_are_thumbnails_to_click(page):
    first = page.row
    neighbours = page.page.locator(".neighbours button:visible")
    assert neighbours.first.get_attribute("aria-current") == "true"
    neighbours.nth(2).click()
    assert page.place == f"3 of {page.page.locator('.neighbours button:visible').count()}"
    page.press("p", "p")
    assert page.row == first
    page.press("p")
    assert page.row == first
    assert page.announced == "This is the first face of the list."


def test_every_key_is_listed_and_does_what_its_button_does(page):
    page.press("?")
    listed = page.page.get_by_role("dialog").inner_text()
    page.press("n")
    assert page.place.startswith("1 of")
    page.press("Escape")
    for button in page.page.locator("button[data-command]").all():
        assert button.get_attribute("title") in listed
    for text in ("Move it by 0.25 px", "Move it by 1 px", "Go to a row number"):
        assert text in listed


def test_letters_are_turned_off_for_who_dictates(page):
    page.press("?")
    page.page.get_by_role("checkbox").uncheck()
    page.press("Escape", "n", "Shift+T", "+")
    assert page.place.startswith("1 of")
    assert page.text(".progress small") == "nothing changed"
    page.press("PageDown", "Shift+ArrowUp")
    assert page.place.startswith("2 of")
    assert page.text(".progress small") == "1 label changed in 1 row"
    page.press("?")
    page.page.get_by_role("checkbox").check()
    page.press("Escape", "p")
    assert page.place.startswith("1 of")


def test_an_image_that_is_missing_is_named(page, opened, tmp_path):
    address, row = page.page.url.partition("#")[0], page.row
    sheet = review_page(opened.run).parent / "faces" / "0.png"
    sheet.rename(tmp_path / "0.png")
    page.page.reload()
    missing = page.page.get_by_text("The image cannot be loaded. Run make review RUN=one again.")
    missing.wait_for()
    page.press("x")
    assert page.text(".progress small") == "12 labels changed in 1 row"
    (tmp_path / "0.png").rename(sheet)
    page.goto(f"{address}#row=110")
    assert not missing.is_visible()
    page.goto(f"{address}#row={row}")
    page.complaints.clear()  # the browser names the files that it did not find


def test_everything_has_a_name_and_ids_are_unique(page):
    unnamed = "all => all.filter((e) => !(e.ariaLabel || e.textContent.trim())).length"
    assert page.page.locator("button:visible").evaluate_all(unnamed) == 0
    fields = "all => all.filter((e) => !e.labels.length).length"
    assert page.page.locator("select, input").evaluate_all(fields) == 0
    ids = page.page.locator("[id]").evaluate_all("all => all.map((e) => e.id)")
    assert len(ids) == len(set(ids))


def test_text_has_contrast_in_light_and_dark(page):
    inks = ("ink", "muted", "accent", "warning")
    for scheme, colour in (("light", "rgb(255, 255, 255)"), ("dark", "rgb(16, 21, 27)")):
        page.page.emulate_media(color_scheme=scheme)
        background = "getComputedStyle(document.body).backgroundColor"
        assert page.page.evaluate(background) == colour
        assert low_contrasts(page.page, inks) == {}


@pytest.mark.parametrize("width", [320, 390, 820])
def test_a_narrow_screen_shows_the_face_without_sideways_scrolling(page, width):
    page.page.set_viewport_size({"width": width, "height": 800})
    assert page.page.evaluate("document.documentElement.scrollWidth") == width
    box = page.page.locator(".stage canvas").bounding_box()
    assert box["width"] >= 0.7 * min(width, 576)
    assert box["y"] + box["height"] <= 800


def test_all_of_it_fits_on_a_desk(page):
    assert page.page.evaluate("document.documentElement.scrollHeight") <= VIEWPORT["height"]


def test_keypoints_without_a_label_are_named(page, planted):
    row = np.flatnonzero(planted.data.train.annotator == 2)[0]
    page.goto(page.page.url.partition("#")[0] + f"#row={row}")
    assert page.row == row
    assert page.text("[name=show] option:checked") == f"all faces ({len(planted.data.train)})"
    none = [name for name in KEYPOINTS if page.point(name) == ["no label"]]
    assert len(none) == 11
