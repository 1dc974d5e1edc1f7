"""Cross-validation: train every model on every fold with every seed, skipping finished ones."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import islice
from pathlib import Path

from rich.console import Console

from data.reader import read_competition
from data.system.cgroups import usable_cores
from data.system.errors import UserError
from kfold.config.cv_config import CVConfig
from kfold.config.recipe import Recipe
from kfold.labels.notes import data_notes
from kfold.parallel.duration import expected_minutes
from kfold.parallel.event_loop import run_trainings
from kfold.parallel.jobs import Phase, plan_phases
from kfold.parallel.outcomes import Diverged, EpochReport, Finished, Outcome
from kfold.parallel.pool import open_pool
from kfold.parallel.progress import TrainingProgress, clock
from kfold.parallel.resources import ComputeOptions, TrainingResources, cluster_resources
from kfold.runs.open_run import OpenRun
from kfold.runs.run import Run
from kfold.runs.start import start_run
from kfold.runs.task import Task

Rounds = list[tuple[Phase | TrainingResources, list[Task]]]
"""Trainings by the workers that train them, one round after the other."""


def cross_validate(
    config: CVConfig,
    folder: Path,
    console: Console,
    compute: ComputeOptions | None = None,
    force: bool = False,
) -> OpenRun:
    """Read the data, start or resume the run in `folder`, and train what is not finished.

    The caller locks `folder` against other commands; `kfold.cross_validation.run_cv` does.

    Args:
        config: data, models, folds and seeds.
        folder: of the run, there or not.
        console: where progress is shown.
        compute: where the trainings run; by default as many processes as suit this machine.
        force: forget the trainings asked for, and train them again.

    Returns:
        The run with its data, folds and groups.

    Raises:
        UserError: the data cannot be read, the run was made with another configuration, every
            model diverged or failed, a worker was killed, or the cluster cannot be used.
    """
    compute = compute or ComputeOptions()
    resources = cluster_resources(compute)
    opened = read_and_start(config, folder, console, force)
    preset = config.preset
    train_models(opened, list(preset.models), preset.seeds, console, compute.jobs, resources)
    return opened


def read_and_start(
    config: CVConfig, folder: Path, console: Console, force: bool = False
) -> OpenRun:
    """Read the data, and start or resume the run in `folder`; see `cross_validate`."""
    data = read_competition(config.data)
    console.print(f"{config.data}: {len(data.train)} training faces, {len(data.test)} to predict")
    opened = start_run(config, data, folder, console, force)
    for note in data_notes(data):
        console.print(note)
    return opened


def train_models(
    opened: OpenRun,
    models: Sequence[str],
    seeds: int,
    console: Console,
    jobs: int | None = None,
    resources: TrainingResources | None = None,
    elsewhere: Collection[Task] = (),
) -> None:
    """Train models of a run on every fold with seeds 0 to `seeds` - 1.

    A seed that diverges or fails is left out with a message; the others go on.

    Args:
        opened: the run.
        models: names among those of the run's configuration.
        seeds: trainings per model and fold.
        console: where progress is shown.
        jobs: trainings at a time; None for as many as suit this machine.
        resources: what each training takes of a Ray cluster; None to train on this machine.
        elsewhere: trainings that need none here: their files are in another copy of the run.

    Raises:
        UserError: every model diverged or failed, a training has no row to train on, the data
            changed, a worker was killed, or the cluster cannot be used.
    """
    run = opened.run
    tasks = tasks_of(run, models, seeds)
    remaining = unfinished([task for task in tasks if task not in elsewhere], run, console)
    rounds = _rounds(tasks, remaining, jobs, resources)
    _announce(rounds, opened, console)
    scheduler = FoldScheduler(run, remaining, console)
    with scheduler.progress.shown():
        for workers, group in rounds:
            scheduler.waiting = group[::-1]
            with open_pool(workers, opened, len(group), console) as pool:
                run_trainings(pool, scheduler)
    if not (elsewhere or run.finished_models):
        raise UserError(f"{run.folder}: no model is left: {', '.join(run.unfinished)}.")


def _announce(rounds: Rounds, opened: OpenRun, console: Console) -> None:
    """Say how trainings share this machine, and about how long they take."""
    phases = [(workers, group) for workers, group in rounds if isinstance(workers, Phase)]
    if not phases:
        return
    first, cores, trainings = phases[0][0], usable_cores(), []
    for phase, group in phases:
        share = min(1.0, min(phase.jobs, len(group)) * phase.threads / cores)
        for task in group:
            rows = int((opened.folds != task.fold).sum())
            trainings.append((_recipe(task, opened.run), rows, share))
    console.print(f"Trainings at a time: {first.jobs} (JOBS=), threads of each: {first.threads}")
    if minutes := expected_minutes(trainings):
        console.print(f"This will take about {minutes:.0f} minutes, if nothing else runs here")


def tasks_of(run: Run, models: Sequence[str], seeds: int) -> list[Task]:
    """Trainings of models of a run with seeds 0 to `seeds` - 1, in the order that they begin."""
    return [
        Task(model, seed, fold)
        for seed in range(seeds)
        for model in models
        for fold in range(run.config.folds)
    ]


def unfinished(tasks: Sequence[Task], run: Run, console: Console) -> list[Task]:
    """Those tasks that need a training; prints why the others need none."""
    return [task for task in tasks if not _skip(task, run, console)]


def _rounds(
    tasks: list[Task],
    remaining: list[Task],
    jobs: int | None,
    resources: TrainingResources | None,
) -> Rounds:
    """The remaining tasks by the workers that train them, as planned for all tasks."""
    if resources:
        return [(resources, remaining)] if remaining else []
    ordered, left = iter(tasks), set(remaining)
    rounds: Rounds = []
    for phase in plan_phases(jobs, len(tasks)):
        group = [task for task in islice(ordered, phase.trainings) if task in left]
        if group:
            rounds.append((phase, group))
    return rounds


def _skip(task: Task, run: Run, console: Console) -> bool:
    """Whether a task needs no training; prints why."""
    if run.summary(*task):
        console.print(f"{task_label(task, run)}: finished before, skipped")
        return True
    if damage := run.damage(*task):
        console.print(f"{task_label(task, run)}: {damage.path} {damage.reason}; trained again")
        return False
    if run.diverged(task.model, task.seed):
        console.print(
            f"{task_label(task, run)}: diverged before, left out (delete "
            f"{run.fold_folder(*task).parent} to try again)"
        )
        return True
    return False


class FoldScheduler:
    """Trains tasks in order, and leaves out the seeds that diverge or fail.

    Attributes:
        waiting: tasks to train, the next one last.
        progress: of all tasks.
    """

    def __init__(self, run: Run, tasks: list[Task], console: Console) -> None:
        """Args: the run, its tasks in order, and where progress is shown."""
        self.waiting = tasks[::-1]
        self.progress = TrainingProgress(console, sum(_recipe(task, run).epochs for task in tasks))
        self._run = run
        self._left_out: set[tuple[str, int]] = set()

    def next_task(self) -> tuple[Task, Recipe] | None:
        """The next task whose seed is not left out."""
        while self.waiting:
            task = self.waiting.pop()
            recipe = _recipe(task, self._run)
            if (task.model, task.seed) not in self._left_out:
                self.progress.start(task_label(task, self._run), recipe.epochs)
                return task, recipe
            self.progress.skip(recipe.epochs)
        return None

    def on_report(self, report: EpochReport) -> bool:
        """Show an epoch; no training is stopped."""
        self.progress.epoch(task_label(report.task, self._run), report.epoch, report.logs)
        return False

    def on_outcome(self, task: Task, outcome: Outcome) -> None:
        """Show a score, or leave out the seed."""
        label = task_label(task, self._run)
        self.progress.end(label)
        if isinstance(outcome, Finished):
            summary = outcome.summary
            self.progress.say(
                f"{label}: RMSE {summary.rmse:.3f} over all labels in {clock(summary.seconds)}, "
                f"{summary.images_per_second:.0f} images/s"
            )
            return
        reason = outcome.reason.rstrip(".")
        self._left_out.add((task.model, task.seed))
        self._run.record_failure(*task, reason, isinstance(outcome, Diverged))
        self.progress.say(f"{label}: {reason}. Seed {task.seed} of {task.model} is left out.")

    def on_crash(self, running: Sequence[Task]) -> None:
        """Nothing to record: the next call trains what was interrupted."""


def _recipe(task: Task, run: Run) -> Recipe:
    return run.config.models[task.model]


def task_label(task: Task, run: Run) -> str:
    """A training's name in messages: 'heatmap, seed 0, fold 1/5'."""
    return f"{task.model}, seed {task.seed}, fold {task.fold + 1}/{run.config.folds}"
