"""The benchmark's sleeping trainings are trainings as far as `make cv` sees."""

import kfold.crossval
from data.demo import Demo, write_demo
from tests.bench.cluster import FOLDS, Options, napped


def test_naps_are_finished_by_the_loop_that_trains(cluster, tmp_path, monkeypatch):
    # The benchmark replaces it for good.
    monkeypatch.setattr(kfold.crossval, "start_cluster", kfold.crossval.start_cluster)
    write_demo(Demo(tmp_path / "demo", train=48, test=12))
    naps = napped(tmp_path, Options(workers=2, tasks=FOLDS), 0.2, payload=1000, reports=2)
    assert naps.seconds >= FOLDS * 0.2 / 2
    assert naps.cpu > 0
    assert naps.megabytes > 0
