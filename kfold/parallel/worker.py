"""What every worker does with a task, on this machine or on a cluster's node."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from data.system.errors import UserError
from data.system.keras_environment import THREAD_VARIABLES
from kfold.custom.load import describe
from kfold.parallel.outcomes import Diverged, EpochReport, Failed, Finished, Outcome, Stopped
from kfold.runs.task import Task

if TYPE_CHECKING:
    from kfold.config.code_file import CodeFile
    from kfold.config.recipe import Recipe
    from kfold.training.training_data import TrainingData


def worker_environment(threads: int) -> dict[str, str]:
    """Environment variables of a worker, set before it imports Keras's backend.

    They limit its threads, and its GPU memory to what it needs: other workers share both.
    """
    shared_gpu = {"TF_FORCE_GPU_ALLOW_GROWTH": "true", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
    return dict.fromkeys(THREAD_VARIABLES, str(threads)) | shared_gpu


def train_task(
    recipe: Recipe,
    data: TrainingData,
    task: Task,
    folder: Path,
    report: Callable[[EpochReport], bool],
    augmenters: int = 0,
) -> Outcome:
    """Train one task in `folder` and return how it ended.

    Args:
        recipe: of the task's model.
        data: what the run's trainings share.
        task: model, seed and fold.
        folder: gets the files of a finished training.
        report: called after each epoch; True stops the training.
        augmenters: processes that augment beside the training; 0 augments between its steps.

    Raises:
        UserError: there is no row to train on.
        OSError: the files could not be written.
    """
    from kfold.training.fit_fold import fit_fold  # imports the backend
    from kfold.training.trainer import DivergedError, StoppedError

    def on_epoch(epoch: int, logs: dict[str, float]) -> None:
        if report(EpochReport(task, epoch, logs)):
            raise StoppedError(f"stopped after epoch {epoch}.")

    try:
        return Finished(fit_fold(recipe, data, task.fold, task.seed, folder, on_epoch, augmenters))
    except DivergedError as error:
        return Diverged(str(error))
    except StoppedError as stop:
        shutil.rmtree(folder)
        return Stopped(str(stop))
    except OSError:
        raise
    except Exception as error:  # anything that the backend or a network raises
        if recipe.code and (line := _line_of(error, recipe.code)):
            return Failed(f"failed: {line}.")  # the user's code; other models go on
        if isinstance(error, UserError):
            raise
        return Failed(f"failed with {describe_error(error)}.")


def _line_of(error: Exception, code: CodeFile) -> str:
    """The error with the line of the user's file that raised it; empty if none of them did."""
    described = describe(error, code)
    return described.rstrip(".") if described.startswith(f"{code.name}, line ") else ""


def describe_error(error: BaseException) -> str:
    """An error's type and the first line of its message: 'KeyError: 'none''."""
    first_line = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {first_line.rstrip('.')}"
