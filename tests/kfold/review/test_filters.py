"""Which faces are listed, in which order, and how the address keeps them."""

import numpy as np
import pytest

from data.competition import KEYPOINTS


def listed(page):
    """Rows of the list, in order."""
    rows = [page.row]
    while True:
        page.press("n")
        if page.announced == "This is the last face of the list.":
            return rows
        rows.append(page.row)


def test_suspects_are_listed_by_fault(page, faults):
    for show in ("swapped", "shifted", "single", "most"):
        page.filter(show=show)
        rows = listed(page)
        assert getattr(faults, show) in rows
        assert len(rows) < 4
        assert page.text("[name=show] option:checked").endswith(f" ({len(rows)})")
    page.filter(show="disagreeing")
    assert set(faults.disagreeing) <= set(listed(page))


def test_all_faces_are_listed_suspects_first(page, planted, faults):
    first = listed(page)
    page.filter(show="all")
    count = len(planted.data.train)
    assert page.place == f"1 of {count}"
    page.press(*["n"] * len(first))
    assert page.row not in first
    page.press("p")
    assert page.row == first[-1]


def test_a_keypoint_lists_where_it_is_worst(page, planted, faults):
    page.filter(keypoint=str(KEYPOINTS.index("nose_tip")))
    assert page.text("[data-group=Point] legend") == "nose tip"
    rows = listed(page)
    assert {faults.single, faults.shifted, faults.swapped} <= set(rows)
    page.filter(show="all", annotator="1")
    errors = []
    for _ in range(6):
        errors.append(float(page.point("nose_tip")[2]))
        page.press("n")
    assert errors == sorted(errors, reverse=True)
    page.filter(keypoint=str(KEYPOINTS.index("mouth_left_corner")), annotator="2")
    assert page.place == "not in this list"
    assert page.text(".progress output") == "0 of 0 done"


def test_annotators_are_told_apart(page, planted):
    page.filter(show="all", annotator="2")
    assert page.place == f"1 of {(planted.data.train.annotator == 2).sum()}"
    assert "annotator 2" in page.text(".place")


def test_what_is_done_is_listed_by_its_state(page):
    page.filter(show="all")
    first = page.row
    page.press("t", "n")
    second = page.row
    page.press("f", "n")
    for state, rows in {"changed": [first], "fine": [second]}.items():
        page.filter(state=state)
        assert listed(page) == rows
    page.filter(state="open")
    assert page.row not in (first, second)
    page.filter(state="unchanged")
    assert page.row == second


@pytest.mark.parametrize(
    ("text", "expected"), [("17", [17]), ("5-7", [5, 6, 7]), ("9, 2;4", [2, 4, 9]), ("900", [])]
)
def test_rows_are_found_by_number(page, text, expected):
    page.filter(show="swapped")
    page.press("g")
    page.page.keyboard.type(text)
    page.press("Enter")
    found = sorted(listed(page)) if page.place != "not in this list" else []
    assert found == expected


def test_text_that_is_no_row_number_is_named(page):
    page.press("g")
    page.page.keyboard.type("nose")
    page.press("Enter")
    assert page.page.locator("[name=rows]:invalid").count() == 1
    assert page.place.startswith("1 of ")
    page.press("Escape", "n")
    assert page.place.startswith("2 of ")


def test_keys_are_for_the_face_once_the_mouse_has_chosen(page):
    select = page.page.locator("[name=show]")
    select.dispatch_event("pointerdown")
    select.select_option("all")
    page.press("n")
    assert page.place.startswith("2 of ")


def test_the_address_keeps_face_and_filter(page, planted):
    page.filter(show="all", annotator="2", state="open")
    page.press("n", "n")
    row, place = page.row, page.place
    page.page.wait_for_url(f"**/*#row={row}&show=all&annotator=2&state=open")
    page.reload()
    assert (page.row, page.place) == (row, place)
    assert page.page.locator("[name=annotator]").input_value() == "2"


def test_a_link_leads_to_its_face_and_an_odd_one_to_the_first(page, planted):
    address, first = page.page.url.partition("#")[0], page.row
    row = int(np.flatnonzero(planted.data.train.annotator == 2)[3])
    page.page.evaluate(f"location.hash = 'row={row}'")
    page.until(f".stage[data-row='{row}']")
    assert page.place.endswith(f"of {len(planted.data.train)}")
    page.page.goto("about:blank")
    page.goto(address + "#row=99999&show=nothing&keypoint=77&annotator=3&rows=x")
    assert page.row == first
