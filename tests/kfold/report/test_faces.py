"""Which faces the page shows, and which numbers beside them."""

from dataclasses import replace

import numpy as np

from kfold.config.recipe import Recipe
from kfold.labels.duplicates import find_duplicates
from kfold.report.faces.augmentation import policy_examples
from kfold.report.faces.duplicates import versions
from kfold.report.faces.gallery import WORST, gallery
from kfold.report.leaderboard_table import RmseAxis
from kfold.report.run_setup import recipe_table
from tests.kfold.custom.idea import IDEA, code_file


def test_the_gallery_has_the_worst_faces_of_each_annotator_first(report):
    cards = [card for card in gallery(report) if card.kind == "worst" and card.annotator == 1]
    errors = [card.error for card in cards[:WORST]]
    assert errors == sorted(errors, reverse=True)
    rows = np.flatnonzero(report.data.train.annotator == 1)
    assert WORST < len({card.title for card in cards}) == len(cards) <= len(rows)


def test_versions_of_a_photograph_are_shown_together_with_labels(planted):
    duplicates = find_duplicates(planted.data.train, planted.flaws.source)
    strips = versions(planted.data.train, duplicates)
    assert strips
    assert all(card.marks for cards in strips for card in cards)
    assert [len(cards) for cards in strips] == [len(rows) for rows in duplicates.similar]


def test_policies_of_one_name_that_differ_by_their_options_are_all_shown(report):
    (opened,) = report.runs
    own = Recipe("base", 2, policy="gentle", code=code_file(IDEA))
    recipes = {
        "good": own,
        "fair": replace(own, options={"turn": 9.0}),
        "poor": replace(own, options={"turn": 9.0}),
    }
    run = replace(opened.run, config=replace(opened.run.config, models=recipes))
    shown = policy_examples(replace(report, runs=(replace(opened, run=run),)))
    assert [(each.policy, each.rules) for each in shown] == [
        ("gentle", f"flip 0.5, warp 0.8, rotate {turn}") for turn in (5.0, 9.0)
    ]


def test_positions_on_an_rmse_axis():
    axis = RmseAxis(1.0, 2.0)
    assert axis.x(0.9) is None
    assert axis.x(1.0) == axis.clipped(0.5) < axis.x(1.5) < axis.x(2.0) == axis.clipped(9.0)


def test_the_recipe_table_has_a_row_per_setting_and_a_column_per_model(report):
    table = recipe_table(report)
    assert list(table.columns) == ["setting", "good", "fair", "poor"]
    assert table.set_index("setting").loc["epochs"].tolist() == ["2", "2", "2"]
