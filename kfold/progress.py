"""Progress of a cross-validation: a live bar in a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

_LINES_PER_TRAINING = 5


class Trainings:
    """Counts the epochs of all trainings and shows the score so far and the time left."""

    def __init__(self, console: Console, epochs: int) -> None:
        """Args: where to show it, and the epochs that all trainings together have left."""
        self._console = console
        self._epochs = epochs
        self._done = 0
        self._start = time.monotonic()
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[state]}"),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task = self._bar.add_task("epochs", total=epochs, state="")

    @contextmanager
    def shown(self) -> Iterator[Trainings]:
        """Show the bar for as long as the block runs."""
        with self._bar:
            yield self

    def training(self, label: str, epochs: int) -> Training:
        """The next training, of so many epochs."""
        return Training(self, label, epochs)

    def skip(self, epochs: int) -> None:
        """Take out epochs that will not be trained after all."""
        self._epochs -= epochs
        self._bar.update(self._task, total=self._epochs)

    def say(self, text: str) -> None:
        """Print a line above the bar."""
        self._console.print(text)

    def advance(self, label: str, state: str, told: bool) -> None:
        """Count one epoch; `told` ones get a line where there is no bar."""
        self._done += 1
        spent = time.monotonic() - self._start
        left = clock(spent / self._done * (self._epochs - self._done))
        self._bar.update(self._task, advance=1, description=label, state=f"{state} · {left} left")
        if told and not self._console.is_terminal:
            self.say(f"{label} · {state} · {left} left")


@dataclass
class Training:
    """One model on one fold, within all trainings."""

    trainings: Trainings
    label: str
    epochs: int
    finished: int = 0

    def epoch(self, epoch: int, logs: dict[str, float]) -> None:
        """Show the losses and scores of epoch `epoch`, counted from 1."""
        self.finished = epoch
        state = f"epoch {epoch}/{self.epochs} · loss {logs['loss']:.3f}"
        if "val_rmse" in logs:
            state += f" · held-out RMSE {logs['val_rmse']:.3f}"
        every = max(1, self.epochs // _LINES_PER_TRAINING)
        self.trainings.advance(self.label, state, epoch % every == 0 or epoch == self.epochs)

    def abandon(self) -> None:
        """Take out the epochs that are left of it."""
        self.trainings.skip(self.epochs - self.finished)


def clock(seconds: float) -> str:
    """Seconds as h:mm:ss or m:ss."""
    minutes, second = divmod(round(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
