"""The page of a search, in a real browser."""

import pytest

from kfold.report.search_page import write_search
from kfold.run import read_run
from kfold.study import finished, taken
from tests.kfold.searches import REFERENCE, search

TRIALS = 20


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("searches") / "tune"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("kfold.search._POLL", 0.0)
        study, _, _ = search(folder, TRIALS)
    write_search(read_run(folder), study, REFERENCE)
    return folder / "search.html", study


@pytest.fixture
def opened(written, browser):
    """The page; complaints in its console and requests to anywhere fail the test."""
    page, complaints = browser.new_page(viewport={"width": 1280, "height": 900}), []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: complaints.append(request.url))
    page.goto(written[0].as_uri())
    yield page
    page.close()
    assert complaints[1:] == []  # the page itself


def test_it_shows_the_winner_every_trial_and_the_charts(opened, written):
    path, study = written
    assert path.stat().st_size < 1_000_000
    assert opened.title() == "tune · search"
    assert f"trial {finished(study)[0].number}," in opened.locator("#winner h2").inner_text()
    rows = opened.locator("#trials tbody tr")
    assert rows.count() == sum(taken(trial) for trial in study.trials) == TRIALS
    assert rows.filter(has_text="the reference").count() == 1
    scores = rows.locator("td:nth-child(2)").all_inner_texts()
    done = [float(text) for text in scores if "epoch" not in text]
    assert done == sorted(done)
    assert len(done) == len(finished(study))
    assert opened.locator("#charts svg.chart").count() == 4
    assert "reference" in opened.locator("#charts svg").first.text_content()
    for link in opened.locator("nav a").all():
        assert opened.locator(link.get_attribute("href")).count() == 1


def test_its_configuration_unfolds(opened):
    assert not opened.locator("#winner pre").is_visible()
    opened.locator("#winner summary").click()
    assert '"tuned"' in opened.locator("#winner pre").inner_text()


def test_it_fits_a_phone(opened):
    opened.set_viewport_size({"width": 390, "height": 800})
    width = opened.evaluate("document.documentElement.scrollWidth")
    assert width <= 390
