"""Corrections by mouse, touch and keys; what the page shows is what the file says."""

import numpy as np
import pytest

from data.competition import KEYPOINTS, MIRROR
from data.corrections import parse_corrections
from kfold.leaderboard.leaderboard import make_leaderboard
from tests.corrected import read_corrections
from tests.kfold.review.review_page import NOISE, open_review

CENTRE = "mouth_center_top_lip"
PIXEL = (41, 58)
ZOOMED = {1: 0, 3: 2, 8: 5}
"""Presses of + for a magnification."""


def downloaded(page, opened):
    """Labels float32 (N, 15, 2) with the corrections that the page downloads."""
    data = opened.data
    return read_corrections(page.download(), data.train, data.checksum)[0].keypoints


def drag(page, start, *places, steps=3):
    page.page.mouse.move(*start)
    page.page.mouse.down()
    for place in places:
        page.page.mouse.move(*place, steps=steps)
    page.page.mouse.up()


@pytest.mark.parametrize("rounded", [False, True], ids=["exact", "whole"])
@pytest.mark.parametrize("zoom", [1, 3, 8])
def test_a_point_dragged_to_the_centre_of_a_pixel_reads_its_index(page, opened, zoom, rounded):
    """Also where the mouse only reaches whole CSS pixels."""
    row, k = page.row, KEYPOINTS.index(CENTRE)
    page.choose(CENTRE)
    for pixel in (PIXEL, (PIXEL[0] + 3, PIXEL[1] - 2)):
        page.press("0", *["+"] * ZOOMED[zoom])
        before = page.page.locator(".stage canvas").bounding_box()["width"]
        assert before == zoom * 576
        place = page.place_of(*pixel)
        drag(page, page.mark(CENTRE, "label"), map(round, place) if rounded else place)
        assert page.point(CENTRE)[:2] == [f"{value:.2f}" for value in pixel]
        assert page.mark(CENTRE, "label") == pytest.approx(page.place_of(*pixel), abs=0.01)
    corrected = downloaded(page, opened)[row, k]
    assert corrected.tolist() == [PIXEL[0] + 3, PIXEL[1] - 2]


def test_a_click_moves_nothing_and_chooses_the_nearest_point(page):
    for keypoint in (CENTRE, "nose_tip"):
        x, y = page.mark(keypoint, "label")
        page.page.mouse.click(x + 1, y - 1)
        assert page.text("[data-group=Point] legend") == keypoint.replace("_", " ")
    assert page.text(".progress small") == "nothing changed"


def test_a_point_stays_within_what_corrections_may_say(page, opened):
    row = page.row
    page.choose("nose_tip")
    stage = page.page.locator(".stage").bounding_box()
    corners = [(stage["x"] - 40, stage["y"] - 40), (stage["x"] + 1400, stage["y"] + 1000)]
    drag(page, page.mark("nose_tip", "label"), corners[1])
    assert page.point("nose_tip")[:2] == ["96.00", "96.00"]
    assert downloaded(page, opened)[row, KEYPOINTS.index("nose_tip")].tolist() == [96, 96]
    page.press("Shift+ArrowRight")
    assert page.announced == "That changes nothing here."


def test_arrows_move_by_a_quarter_or_a_whole_pixel(page, opened):
    row = page.row
    page.choose("nose_tip")
    page.press("ArrowRight", "ArrowDown", "ArrowDown", "Shift+ArrowUp", "Shift+ArrowLeft")
    given = opened.data.train.keypoints[row, KEYPOINTS.index("nose_tip")]
    moved = downloaded(page, opened)[row, KEYPOINTS.index("nose_tip")]
    np.testing.assert_allclose(moved - given, [-0.75, -0.5], atol=5e-4)
    shown = page.point("nose_tip")
    assert [float(text) for text in shown[:2]] == pytest.approx(moved, abs=0.006)
    assert page.announced == "nose tip at {}, {}, {} px from the prediction".format(*shown)


def test_the_prediction_is_taken_over_for_a_point_and_for_the_row(page, opened, faults):
    oof = make_leaderboard([opened]).best.entry.oof
    page.goto(page.page.url.partition("#")[0] + f"#row={faults.single}")
    page.press("t", "n")
    row = page.row
    page.press("Shift+T")
    corrected, nose = downloaded(page, opened), KEYPOINTS.index("nose_tip")
    np.testing.assert_allclose(corrected[faults.single, nose], oof[faults.single, nose], atol=5e-4)
    labelled = opened.data.train.labelled[row]
    np.testing.assert_allclose(corrected[row, labelled], oof[row, labelled], atol=5e-4)
    assert np.isnan(corrected[row, ~labelled]).all()
    assert page.text(".progress small") == f"{labelled.sum() + 1} labels changed in 2 rows"


def test_a_missing_label_is_added_where_it_is_chosen(page, opened):
    row = int(np.flatnonzero(opened.data.train.annotator == 2)[0])
    page.goto(page.page.url.partition("#")[0] + f"#row={row}")
    page.choose("mouth_left_corner")
    page.press("t")
    assert np.isfinite(downloaded(page, opened)[row, KEYPOINTS.index("mouth_left_corner")]).all()


def test_sides_are_exchanged(page, opened, faults):
    page.goto(page.page.url.partition("#")[0] + f"#row={faults.swapped}")
    page.press("x")
    given = opened.data.train.keypoints[faults.swapped]
    corrected = downloaded(page, opened)[faults.swapped]
    np.testing.assert_allclose(corrected, given[list(MIRROR)], atol=5e-4)
    page.press("x")
    assert page.text(".progress small") == "nothing changed"


def test_labels_are_dropped_and_brought_back(page, opened):
    row, data = page.row, opened.data
    page.choose("nose_tip")
    page.press("d")
    assert page.point("nose_tip") == ["dropped"]
    assert page.page.locator(".stage .dropped").count() == 1
    assert np.isnan(downloaded(page, opened)[row, KEYPOINTS.index("nose_tip")]).all()
    page.press("o", "Shift+D")
    path = page.download()
    (line,) = parse_corrections(path, data.train, data.checksum)
    assert (line.row, line.action, len(line.keypoints)) == (row, "drop", 15)
    page.press("Shift+O")
    assert page.download().read_text() == "row,keypoint,action,x,y,data\n"


def test_a_row_marked_as_fine_is_kept(page, opened):
    row, data = page.row, opened.data
    page.press("f")
    assert "marked as fine" in page.text(".place")
    assert page.text(".progress output").startswith("1 of ")
    (line,) = parse_corrections(page.download(), data.train, data.checksum)
    assert (line.row, line.action) == (row, "keep")
    page.press("ArrowLeft")
    assert "1 label changed" in page.text(".place")
    assert page.page.locator("[data-command=fine]").is_disabled()
    page.press("f")
    assert "1 label changed" in page.text(".place")


def test_all_is_undone_and_done_again_and_its_row_shown(page):
    rows, states = [], []
    for keys in (["f"], ["n", "x"], ["n", "t"], ["ArrowUp"], ["n", "Shift+D"]):
        page.press(*keys)
        rows.append(page.row)
        states.append(page.text(".progress"))
    page.press("z")
    for row, state in zip(rows[::-1], states[-2::-1], strict=False):
        assert (page.row, page.text(".progress")) == (row, state)
        page.press("Control+z")
    assert page.text(".progress small") == "nothing changed"
    page.press("z")
    assert page.announced == "There is nothing to undo."
    for row, state in zip(rows, states, strict=True):
        page.press("Shift+Z")
        assert (page.row, page.text(".progress")) == (row, state)
    page.press("Control+y")
    assert page.announced == "There is nothing to do again."
    page.press("z", "ArrowUp", "Control+y")
    assert page.announced == "There is nothing to do again."


def test_the_wheel_zooms_about_the_mouse_and_dragging_moves_the_face(page):
    place = page.place_of(60, 70)
    page.page.mouse.move(*place)
    for _ in range(2):
        page.page.mouse.wheel(0, -100)
    page.until(f"canvas[style*='width: {3 * 576}px']")
    zoomed = page.place_of(60, 70)
    assert zoomed == pytest.approx(place, abs=3)  # the wheel's events have whole CSS pixels
    drag(page, place, (place[0] - 50, place[1] + 30))
    assert page.place_of(60, 70) == pytest.approx((zoomed[0] - 50, zoomed[1] + 30), abs=1)
    page.press("0")
    assert page.place_of(60, 70) == place
    assert page.text(".progress small") == "nothing changed"


def test_marks_are_hidden_to_see_the_face(page):
    page.press("h")
    assert page.page.locator(".stage .mark").count() == 0
    page.press("h")
    assert page.page.locator(".stage .mark").count() >= 8


def touch(page, session, kind, *places):
    points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(places)]
    session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


@pytest.fixture
def phone(browser, opened, page):
    address = page.page.url.partition("#")[0]
    options = {"has_touch": True, "is_mobile": True, "viewport": {"width": 390, "height": 800}}
    context = browser.new_context(**options)
    with open_review(context, address) as phone:
        yield phone, context.new_cdp_session(phone.page)
    context.close()


def test_a_finger_moves_a_point_from_beside_it(phone, opened):
    page, session = phone
    row, k = page.row, KEYPOINTS.index("nose_tip")
    x, y = page.mark("nose_tip", "label")
    touch(page, session, "touchStart", (x + 12, y + 12))
    touch(page, session, "touchMove", (x + 30, y + 40))
    touch(page, session, "touchMove", (x + 12 + 4 * 8, y + 12 + 4 * 5))
    touch(page, session, "touchEnd")
    moved = downloaded(page, opened)[row, k] - opened.data.train.keypoints[row, k]
    np.testing.assert_allclose(moved, [8, 5], atol=0.26)


def test_two_fingers_zoom_and_change_nothing(phone):
    page, session = phone
    width = page.page.locator(".stage canvas").bounding_box()["width"]
    x, y = page.place_of(48, 48)
    touch(page, session, "touchStart", (x - 20, y), (x + 20, y))
    for spread in (30, 45, 70, 100):
        touch(page, session, "touchMove", (x - spread, y), (x + spread, y))
    touch(page, session, "touchEnd")
    assert page.page.locator(".stage canvas").bounding_box()["width"] >= 3 * width
    assert page.place_of(48, 48) == pytest.approx((x, y), abs=6)
    assert page.text(".progress small") == "nothing changed"


def test_buttons_alone_do_it_by_touch(phone, opened):
    page, _ = phone
    row = page.row
    page.page.locator("[data-command=take-row]").tap()
    page.page.locator("[data-command=next]").tap()
    assert page.row != row
    page.page.locator("[data-command=undo]").tap()
    assert page.row == row
    page.page.locator("[data-command=redo]").tap()
    off = float(page.point("nose_tip")[2])
    assert off < 1e-3 < NOISE
