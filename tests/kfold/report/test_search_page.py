"""The page of a search, in a real browser."""

from dataclasses import replace

import pytest
from optuna.distributions import CategoricalDistribution as OneOf
from optuna.distributions import FloatDistribution as Float

from kfold.report.search_page import trial_table, write_search
from kfold.runs.locate import read_run
from kfold.search.space import Space
from kfold.search.study import accepted, finished
from tests.kfold.report.visit import visit_page
from tests.kfold.search.searches import REFERENCE, SPACE, search

TRIALS = 20


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """The page's path and the study."""
    folder = tmp_path_factory.mktemp("searches") / "tune"
    study, _, _ = search(folder, TRIALS)
    write_search(read_run(folder), study, SPACE)
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


def test_options_of_ones_own_are_shown_by_name_whatever_it_is(tmp_path):
    """Their network's cost is not counted; texts with dollar signs are no formulas."""
    options = {"größe": 1.0, "__loss": "</p>"}
    odd = Space(
        replace(REFERENCE, network="mine", low_res_share=0.0, options=options),
        {
            "options.größe": Float(0.5, 4),
            "options.__loss": OneOf(("</p>", "a$b_{$")),
            "learning_rate": Float(1e-3, 0.1, log=True),
        },
    )
    study, _, _ = search(tmp_path / "tune", 12, space=odd)
    write_search(read_run(tmp_path / "tune"), study, odd)
    text = (tmp_path / "tune/search.html").read_text()
    assert text.count('<svg class="chart') == 4
    table = trial_table(study, odd)
    assert "cost" not in table.columns
    assert "multiply-adds" not in text
    changes = " ".join(table["changes to the reference"])
    assert all(part in changes for part in ("größe ", "__loss a$b_{$", "learning_rate "))
    assert "options.größe" in text
