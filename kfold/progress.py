"""Progress of a cross-validation: live bars in a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from data.competition import IMAGE_SIZE


@dataclass
class _Training:
    bar: TaskID
    epochs: int
    finished: int = 0
    score: str = ""
    scored: int = 0


class Trainings:
    """Shows the epochs and scores of the trainings that run, and the time left for all."""

    def __init__(self, console: Console, epochs: int) -> None:
        """Args: where to show it, and the epochs that all trainings together have left."""
        self._console = console
        self._epochs = epochs
        self._done = 0
        self._start = time.monotonic()
        self._running: dict[str, _Training] = {}
        self._bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[state]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._total = self._bars.add_task("epochs of all trainings", total=epochs, state="")

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show the bars for as long as the block runs."""
        with self._bars:
            yield

    def start(self, label: str, epochs: int) -> None:
        """Show a training, of so many epochs."""
        self._running[label] = _Training(self._bars.add_task(label, total=epochs, state=""), epochs)

    def epoch(self, label: str, epoch: int, logs: dict[str, float]) -> None:
        """Show the losses and scores of a training's epoch (see `kfold.fit`), counted from 1."""
        training = self._running.get(label)
        if not training:
            return  # a node that was given up may still have a word
        self._done += epoch - training.finished  # backwards, where one begins again
        training.finished = epoch
        if "val_rmse" in logs:  # not after every epoch
            training.score, training.scored = f" · {_score(logs)}", epoch
        state = f"loss {logs['loss']:.3f}{training.score}"
        spent = time.monotonic() - self._start
        left = f"{clock(spent / self._done * (self._epochs - self._done))} left"
        stale = f" (epoch {training.scored})" if 0 < training.scored < epoch else ""
        self._bars.update(training.bar, completed=epoch, state=state + stale)
        self._bars.update(self._total, completed=self._done, state=left)
        if not self._console.is_terminal and training.scored == epoch:
            self.say(f"{label} · epoch {epoch}/{training.epochs} · {state} · {left}")

    def end(self, label: str) -> None:
        """Take a training off the screen, and the epochs out that it has not trained."""
        training = self._running.pop(label)
        self._bars.remove_task(training.bar)
        self.skip(training.epochs - training.finished)

    def skip(self, epochs: int) -> None:
        """Take out epochs that will not be trained after all."""
        self._epochs -= epochs
        self._bars.update(self._total, total=self._epochs)

    def expect(self, epochs: int) -> None:
        """Take in epochs that will be trained besides."""
        self.skip(-epochs)

    def say(self, text: str) -> None:
        """Print a line above the bars."""
        self._console.print(text)


def _score(logs: dict[str, float]) -> str:
    """The held-out scores; a few wrong labels decide the one over all."""
    size = f" at {logs['size']}x{logs['size']}" if logs["size"] < IMAGE_SIZE else ""
    trusted, every = logs["val_trusted_rmse"], logs["val_rmse"]
    return f"held-out RMSE{size} {trusted:.3f} trusted, {every:.3f} all labels"


def clock(seconds: float) -> str:
    """Seconds as h:mm:ss or m:ss."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
