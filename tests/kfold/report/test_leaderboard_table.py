from dataclasses import replace

from kfold.report.leaderboard_table import table_cells
from tests.kfold.finished_run import finished_run, random_competition
from tests.kfold.leaderboard.lines import lines_by_name


def test_a_rank_stands_beside_the_number_of_teams(tmp_path):
    data = random_competition(train=12, test=2)
    lines = lines_by_name(finished_run(tmp_path / "run", data, {"model": [1.0]}))
    (cell,) = table_cells(replace(lines["model"], rank=4), ["rank"], teams=175)
    assert (cell.text, cell.value, cell.note) == ("4", 4, "of 175")


def test_only_models_have_a_speed(tmp_path):
    data = random_competition(train=12, test=2)
    lines = lines_by_name(finished_run(tmp_path / "run", data, {"model": [1.0]}))
    speeds = {name: table_cells(line, ["images/s"], 0)[0].text for name, line in lines.items()}
    assert speeds == {"model": "100", "constant": "-", "stack": "-", "refined": "-"}
