"""Damaged trainings are trained again, and no others."""

import shutil
from concurrent.futures import Future
from contextlib import contextmanager

from kfold.parallel.crossval import train_models
from kfold.parallel.outcomes import Finished
from kfold.runs.predictions import PREDICTIONS
from kfold.runs.task import DONE, Task
from tests.kfold.finished_run import finished_run, random_competition
from tests.kfold.parallel.trainings import recorder


class RestoringPool:
    """A pool that puts the files of a backup in the place of a training."""

    def __init__(self, run, backup) -> None:
        self.run, self.backup = run, backup
        self.submitted: list[Task] = []

    def capacity(self):
        return 1

    def submit(self, task, recipe):
        self.submitted.append(task)
        folder = self.run.fold_folder(*task)
        shutil.rmtree(folder)
        shutil.copytree(self.backup / folder.relative_to(self.run.folder), folder)
        future = Future()
        future.set_result(Finished(self.run.summary(*task)))
        return future

    def reports(self):
        return iter(())


def test_what_cannot_be_read_is_named_and_trained_again(tmp_path, monkeypatch):
    opened = finished_run(tmp_path / "run", random_competition(12, 2), {"a": [1.0], "b": [1.0]})
    run = opened.run
    pool = RestoringPool(run, shutil.copytree(run.folder, tmp_path / "backup"))
    (run.fold_folder("a", 0, 1) / DONE).write_text("")
    (run.fold_folder("b", 0, 2) / PREDICTIONS).write_bytes(b"PK")

    @contextmanager
    def open_pool(workers, run, trainings, console):
        yield pool

    monkeypatch.setattr("kfold.parallel.crossval.open_pool", open_pool)
    console = recorder()
    train_models(opened, ["a", "b"], 1, console, jobs=1)
    lines = console.export_text().splitlines()
    named = [line.partition(" cannot be read (")[0] for line in lines if "trained again" in line]
    assert named == [
        f"a, seed 0, fold 2/3: {run.fold_folder('a', 0, 1) / DONE}",
        f"b, seed 0, fold 3/3: {run.fold_folder('b', 0, 2) / PREDICTIONS}",
    ]
    assert sum("finished before, skipped" in line for line in lines) == 4
    assert pool.submitted == [Task("a", 0, 1), Task("b", 0, 2)]
    assert run.unfinished == []
