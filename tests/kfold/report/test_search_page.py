"""The page of a search, in a real browser."""

import pytest

from kfold.report.search_page import write_search
from kfold.runs.locate import read_run
from kfold.search.study import accepted, finished
from tests.kfold.report.visit import visit_page
from tests.kfold.search.searches import REFERENCE, search

TRIALS = 20


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The page's path and the study."""
    folder = tmp_path_factory.mktemp("searches") / "tune"
    study, _, _ = search(folder, TRIALS)
    write_search(read_run(folder), study, REFERENCE)
    return folder / "search.html", study


@pytest.fixture(scope="module")
def search_page(written, browser):
    visit = visit_page(browser, written[0])
    yield visit.page
    visit.page.close()
    assert visit.complaints == []


def test_it_shows_the_winner_every_trial_and_the_charts(search_page, written):
    path, study = written
    assert path.stat().st_size < 1_000_000
    assert search_page.title() == "tune · search"
    assert f"trial {finished(study)[0].number}," in search_page.locator("#winner h2").inner_text()
    rows = search_page.locator("#trials tbody tr")
    assert rows.count() == sum(accepted(trial) for trial in study.trials) == TRIALS
    assert rows.filter(has_text="the reference").count() == 1
    scores = rows.locator("td:nth-child(2)").all_inner_texts()
    done = [float(text) for text in scores if "epoch" not in text]
    assert done == sorted(done)
    assert len(done) == len(finished(study))
    assert search_page.locator("#charts svg.chart").count() == 4
    assert "reference" in search_page.locator("#charts svg").first.text_content()
    for link in search_page.locator("nav a").all():
        assert search_page.locator(link.get_attribute("href")).count() == 1


def test_its_configuration_unfolds(search_page):
    json = search_page.locator("#winner pre")
    assert not json.is_visible()
    search_page.locator("#winner summary").click()
    assert '"tuned"' in json.inner_text()
    search_page.locator("#winner summary").click()
    assert not json.is_visible()


def test_it_fits_a_phone(search_page):
    before = search_page.viewport_size
    search_page.set_viewport_size({"width": 390, "height": 800})
    assert search_page.evaluate("document.documentElement.scrollWidth") <= 390
    search_page.set_viewport_size(before)
