"""Train a run on Kaggle: start or resume it here, push what is not trained, wait, bring it back."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from data.kaggle.credentials import require_credentials
from data.kaggle.kernel_push import KernelRefusedError, find_kernel, gpu_time_left, push_kernel
from data.kaggle.kernels import SessionState
from data.system.errors import UserError
from kfold.config.cv_config import CVConfig
from kfold.kaggle_kernel.collect import collect
from kfold.kaggle_kernel.follow import follow
from kfold.kaggle_kernel.package import pack
from kfold.kaggle_kernel.plan import Machine, Plan
from kfold.kaggle_kernel.record import (
    KernelRecord,
    kernel_slug,
    kernel_title,
    read_record,
    remove_record,
)
from kfold.parallel.crossval import read_and_start, tasks_of, unfinished
from kfold.runs.open_run import OpenRun
from kfold.runs.run import Run
from kfold.runs.task import Task


def train_on_kaggle(
    config: CVConfig,
    folder: Path,
    console: Console,
    machine: Machine,
    jobs: int | None = None,
    force: bool = False,
) -> OpenRun:
    """Train on Kaggle what is not finished, see `kfold.parallel.crossval.cross_validate`.

    A kernel that trains for the run already is followed to its end first.

    Args:
        config: data, models, folds and seeds.
        folder: of the run, there or not.
        console: where the kernel's state and log are shown.
        machine: which kind of Kaggle's.
        jobs: trainings at a time; None for as many as suit the machine.
        force: forget the trainings asked for, and the run's kernel, and begin anew.

    Returns:
        The run with its data, folds and groups.

    Raises:
        UserError: the data or the run cannot be used, there are no credentials, Kaggle starts no
            kernel, or one ended before all was trained.
        KeyboardInterrupt: the user stopped waiting; the kernel goes on.
    """
    if force:
        _check_account(machine, console)  # before anything is forgotten
        _forget(folder, console)
    opened = read_and_start(config, folder, console, force)
    models, seeds = tuple(config.preset.models), config.preset.seeds
    tasks = tasks_of(opened.run, models, seeds)
    tried = _see_through(record, opened.run, console) if (record := _find(folder)) else ()
    missing = [task for task in unfinished(tasks, opened.run, console) if task not in tried]
    if missing:
        if not force:
            _check_account(machine, console)
        elsewhere = tuple(task for task in tasks if task not in missing)
        plan = Plan(opened.run.name, models, seeds, jobs, machine == "kaggle", elsewhere)
        _see_through(_push(opened.run, plan, missing, console), opened.run, console)
    return opened


def _check_account(machine: Machine, console: Console) -> None:
    """Refuse an account without credentials or quota."""
    require_credentials()
    if machine == "kaggle-cpu" or not (quota := gpu_time_left()):
        return
    left, renewed = quota
    hours = left.total_seconds() / 3600
    if not left:
        raise UserError(
            f"Kaggle's GPU quota of this week is used up; it is renewed on {renewed}. Run this "
            "again then, or train on CPUs: ON=kaggle-cpu."
        )
    console.print(f"GPU quota at Kaggle: {hours:.1f} hours until {renewed}")


def _forget(folder: Path, console: Console) -> None:
    with suppress(UserError):  # damaged
        if (record := read_record(folder)) and record.kernel:
            console.print(f"{record.kernel.url} is forgotten; its page can cancel it.")
    remove_record(folder)


def _push(run: Run, plan: Plan, tasks: Sequence[Task], console: Console) -> KernelRecord:
    """Push a script; its record is there before, so that a push that was cut off is found."""
    source, checksum = pack(run, plan)
    title = kernel_title(run.name)
    slug = kernel_slug(title)
    record = KernelRecord(slug, checksum, tuple(tasks))
    record.write(run.folder)
    try:
        kernel = push_kernel(title, slug, source, checksum, plan.gpu)
    except KernelRefusedError:
        remove_record(run.folder)
        raise
    record = replace(record, kernel=kernel)
    record.write(run.folder)
    console.print(f"{kernel.url}, version {kernel.version}: {len(tasks)} trainings")
    return record


def _find(folder: Path) -> KernelRecord | None:
    """The record of a run whose kernel is there."""
    record = read_record(folder)
    if not record or record.kernel:
        return record
    kernel = find_kernel(record.slug, record.checksum)
    if not kernel:
        remove_record(folder)
        return None
    return replace(record, kernel=kernel)


def _see_through(record: KernelRecord, run: Run, console: Console) -> Sequence[Task]:
    """Follow a kernel to its end, bring back its trainings, and return which it was sent.

    Raises:
        UserError: it ended before all was trained.
    """
    assert record.kernel
    state, log = follow(record.kernel, console)
    code = collect(record.kernel, run, record.tasks, console)
    remove_record(run.folder)
    if code != 0:
        raise UserError(_explain(record, state, log, run))
    return record.tasks


def _explain(record: KernelRecord, state: SessionState, log: list[str], run: Run) -> str:
    """Why a kernel ended before all was trained."""
    assert record.kernel
    tasks = record.tasks
    done = sum(bool(run.summary(*task)) for task in tasks)
    how = {"cancelled": "was cancelled", "failed": "failed"}.get(state.status, "ended early")
    reason = f" ({state.reason.rstrip('.')})" if state.reason else ""
    lines = "".join(f"\n    {line}" for line in log) or " none."
    return (
        f"{record.kernel.url} {how}{reason}. Of its {len(tasks)} trainings, {done} are finished, "
        f"and in {run.folder}; the same command, without FORCE=1, has another kernel train the "
        f"rest. The end of its log:{lines}"
    )
