"""Entries kept in the run's folder, so that its blends are fitted once."""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from data.system.atomic import replacing
from kfold.leaderboard.ensembles import ensembles
from kfold.leaderboard.entries import Entry
from kfold.leaderboard.members import finished_trainings, read_members
from kfold.leaderboard.stack import Stack
from kfold.runs.fold_table import FOLDS
from kfold.runs.open_run import OpenRun
from kfold.runs.predictions import PREDICTIONS
from kfold.runs.run import Run

ENTRIES = "entries.npz"

_ROOM = Path(__file__).parent
_SOURCES = (_ROOM, _ROOM.with_name("metrics"))
_TEXT = ("name", "kind", "parameters", "seed_rmse", "view_rmse", "weights", "refined")
_ARRAYS = ("oof", "test")
_STACK = ("weights", "intercept", "predicted", "truth")


def trained_entries(opened: OpenRun) -> list[Entry]:
    """Every finished model of a run, its joined predictions, and every ensemble of them.

    They are read from the run's folder if they were made there from the same trainings, folds and
    data by the same code; else they are made, and stored.
    """
    path, fingerprint = opened.run.folder / ENTRIES, _fingerprint(opened)
    with suppress(OSError, EOFError, ValueError, KeyError, TypeError, BadZipFile):
        if entries := _read(path, fingerprint, opened.run):
            return entries
    members = read_members(opened)
    entries = [*members.entries, *ensembles(opened, members)]
    with suppress(OSError):  # a run that may only be read, or a full disk: made again next time
        _write(path, fingerprint, entries)
    return entries


def _fingerprint(opened: OpenRun) -> str:
    """Checksum of everything that the entries depend on; predictions by size and time."""
    run = opened.run
    labels = hashlib.sha256(opened.data.train.keypoints.tobytes()).hexdigest()
    parts = [opened.data.checksum, labels, (run.folder / FOLDS).read_text()]
    parts += [path.read_text() for folder in _SOURCES for path in sorted(folder.glob("*.py"))]
    for model, recipe in run.finished_models.items():
        parts.append(f"{model} {recipe.tta}")
        for seed in run.finished_seeds(model):
            for fold in range(run.config.folds):
                stat = (run.fold_folder(model, seed, fold) / PREDICTIONS).stat()
                parts.append(f"{seed} {fold} {stat.st_size} {stat.st_mtime_ns}")
        parts += [f"{asdict(training)}" for training in finished_trainings(run, model)]
    parts += [f"joined {name} {run.config.joined[name]}" for name in run.joined]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _write(path: Path, fingerprint: str, entries: list[Entry]) -> None:
    arrays: dict[str, Any] = {}
    texts = []
    for i, entry in enumerate(entries):
        texts.append({name: getattr(entry, name) for name in _TEXT})
        arrays |= {f"{i}.{name}": getattr(entry, name) for name in _ARRAYS}
        arrays |= {f"{i}.stack.{name}": getattr(entry.stack, name) for name in _STACK}
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, fingerprint=fingerprint, texts=json.dumps(texts), **arrays)


def _read(path: Path, fingerprint: str, run: Run) -> list[Entry] | None:
    """The stored entries; None if they were made from something else."""
    with path.open("rb") as file, np.load(file) as stored:  # closed even if numpy cannot read it
        if str(stored["fingerprint"]) != fingerprint:
            return None
        entries = []
        for i, text in enumerate(json.loads(str(stored["texts"]))):
            blended = run.finished_models if text["kind"] == "ensemble" else ()
            models = [text["name"]] if text["kind"] == "model" else blended
            entry = Entry(
                **{name: stored[f"{i}.{name}"] for name in _ARRAYS},
                trainings=tuple(t for model in models for t in finished_trainings(run, model)),
                stack=Stack(*(stored[f"{i}.stack.{name}"] for name in _STACK)),
                **text
                | {
                    "seed_rmse": {int(seed): rmse for seed, rmse in text["seed_rmse"].items()},
                    "weights": {name: tuple(pair) for name, pair in text["weights"].items()},
                },
            )
            entries.append(entry)
    return entries
