"""Progress of trainings: live bars in a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from data.competition import IMAGE_SIZE


@dataclass
class _TrainingState:
    """A running training: its bar, its epochs, and its last score with the epoch of that."""

    bar: TaskID
    epochs: int
    finished: int = 0
    score: str = ""
    scored: int = 0


class TrainingProgress:
    """Shows epochs and scores of running trainings, and the time left for all.

    Attributes:
        expected: epochs of all trainings together.
        done: of these, the finished ones.
        bars: of the terminal.
    """

    def __init__(self, console: Console, expected: int) -> None:
        """Args: where progress is shown, and the epochs of all trainings together."""
        self.expected = expected
        self.done = 0
        self._console = console
        self._start = time.monotonic()
        self._running: dict[str, _TrainingState] = {}
        self.bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[state]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._total = self.bars.add_task("epochs of all trainings", total=expected, state="")

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the bars while the block runs."""
        with self.bars:
            yield

    def start(self, label: str, epochs: int) -> None:
        """Add a training of so many epochs."""
        bar = self.bars.add_task(label, total=epochs, state="")
        self._running[label] = _TrainingState(bar, epochs)

    def epoch(self, label: str, epoch: int, logs: dict[str, float]) -> None:
        """Show an epoch of a training.

        Args:
            label: of the training.
            epoch: counted from 1.
            logs: losses and scores by name (see `kfold.parallel.outcomes.EpochReport`).
        """
        training = self._running.get(label)
        if not training:
            return  # from a node that was given up
        self.done += epoch - training.finished  # negative when a training is started again
        training.finished = epoch
        if "val_rmse" in logs:  # not after every epoch
            training.score, training.scored = f" · {_score(logs)}", epoch
        state = f"loss {logs['loss']:.3f}{training.score}"
        spent = time.monotonic() - self._start
        left = f"{clock(spent / self.done * (self.expected - self.done))} left"
        stale = f" (epoch {training.scored})" if 0 < training.scored < epoch else ""
        self.bars.update(training.bar, completed=epoch, state=state + stale)
        self.bars.update(self._total, completed=self.done, state=left)
        if not self._console.is_terminal and training.scored == epoch:
            self.say(f"{label} · epoch {epoch}/{training.epochs} · {state} · {left}")

    def end(self, label: str) -> None:
        """Remove a training, and the epochs that it has left from those expected."""
        training = self._running.pop(label)
        self.bars.remove_task(training.bar)
        self.skip(training.epochs - training.finished)

    def skip(self, epochs: int) -> None:
        """Subtract epochs that will not be trained."""
        self.expected -= epochs
        self.bars.update(self._total, total=self.expected)

    def expect(self, epochs: int) -> None:
        """Add epochs that will be trained."""
        self.skip(-epochs)

    def say(self, text: str) -> None:
        """Print a line above the bars."""
        self._console.print(text)


def _score(logs: dict[str, float]) -> str:
    """Held-out scores; a few wrong labels dominate the one over all labels."""
    size = f" at {logs['size']}x{logs['size']}" if logs["size"] < IMAGE_SIZE else ""
    capped, every = logs["val_capped_rmse"], logs["val_rmse"]
    return f"held-out RMSE{size} {capped:.3f} capped, {every:.3f} all labels"


def clock(seconds: float) -> str:
    """Seconds as h:mm:ss or m:ss."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
