"""What a session on Kaggle is to do, as a JSON file beside the code that it gets."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Literal

from kfold.runs.task import Task

PLAN = "plan.json"

Machine = Literal["kaggle", "kaggle-cpu"]
"""Kaggle's machines: with a GPU, of which an account has some hours a week, or without."""

MAX_SECONDS = 11.5 * 3600
"""Kaggle ends a session after twelve hours, and may lose what it did."""

MAX_OUTPUT = 19_000_000_000
"""Bytes. Kaggle keeps 20 GB of a session."""


@dataclass(frozen=True)
class Plan:
    """The trainings of a session.

    Attributes:
        run: name of the run.
        models: to train.
        seeds: trainings per model and fold.
        jobs: trainings at a time; None for as many as suit the machine.
        gpu: whether the session must have a GPU.
        elsewhere: trainings that are finished, and not sent along.
        max_seconds: time after which trainings are stopped.
        max_output: bytes that the session may put out.
    """

    run: str
    models: tuple[str, ...]
    seeds: int
    jobs: int | None
    gpu: bool
    elsewhere: tuple[Task, ...] = ()
    max_seconds: float = MAX_SECONDS
    max_output: int = MAX_OUTPUT

    def to_json(self) -> str:
        """The content of the file."""
        return json.dumps(asdict(self), indent=2)

    @classmethod
    def read(cls, folder: Path) -> Plan:
        """Read the file in a folder."""
        values = json.loads((folder / PLAN).read_text(encoding="utf-8"))
        values["elsewhere"] = tuple(Task(*each) for each in values["elsewhere"])
        values["models"] = tuple(values["models"])
        return cls(**{field.name: values[field.name] for field in fields(cls)})
