"""Members of a run's blends: every test-time view of every finished model, and what is joined."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from kfold.leaderboard.entries import Entry
from kfold.leaderboard.stack import equal_weights
from kfold.metrics.score import capped_rmse
from kfold.runs.joined import JOINED
from kfold.runs.open_run import OpenRun
from kfold.runs.predictions import Predictions
from kfold.runs.run import Run
from kfold.runs.task import TrainingSummary
from kfold.training.tta import TTA, View


@dataclass(frozen=True)
class Members:
    """Predictions of every member, and the entry of every model.

    Joined predictions count as a model of one view, which any seed would predict.

    Attributes:
        names: '<model>, <view>' of each member, models in the run's order.
        models: for each model, which members are its views.
        oof: float32 (members, N, 15, 2) in pixels, out-of-fold, averaged over seeds.
        test: float32 (members, M, 15, 2) in pixels, averaged over folds and seeds.
        entries: one per model.
        mean_of_seed: by seed, float32 (N, 15, 2) in pixels, the mean over the models of each one's
            networks with this seed; only seeds that every trained model has finished.
    """

    names: list[str]
    models: dict[str, slice]
    oof: np.ndarray
    test: np.ndarray
    entries: list[Entry] = field(default_factory=list)
    mean_of_seed: dict[int, np.ndarray] = field(default_factory=dict)


def read_members(opened: OpenRun) -> Members:
    """Read the predictions of all finished seeds, one training at a time, and the joined ones."""
    run, train, test = opened.run, opened.data.train, opened.data.test
    names: list[str] = []
    models = {}
    views = {model: TTA[recipe.tta] for model, recipe in run.finished_models.items()}
    for model, of_model in (views | dict.fromkeys(run.joined, (View(),))).items():
        models[model] = slice(len(names), len(names) + len(of_model))
        names += [f"{model}, {view.name}" for view in of_model]
    members = Members(
        names,
        models,
        np.zeros((len(names), *train.keypoints.shape), np.float32),
        np.zeros((len(names), *test.keypoints.shape), np.float32),
        mean_of_seed={
            seed: np.zeros_like(train.keypoints) for seed in common_seeds(run, list(models))
        },
    )
    for model in models:
        read = _read_joined if model in run.joined else _read_model
        members.entries.append(read(opened, model, members))
    return members


def common_seeds(run: Run, models: list[str]) -> list[int]:
    """Seeds that every one of the models has finished that were trained in this run."""
    finished = [set(run.finished_seeds(model)) for model in models if model not in run.joined]
    return sorted(set.intersection(*finished)) if finished else []


def finished_trainings(run: Run, model: str) -> tuple[TrainingSummary, ...]:
    """Summaries of all trainings of a model's finished seeds."""
    summaries = (
        run.summary(model, seed, fold)
        for seed in run.finished_seeds(model)
        for fold in range(run.config.folds)
    )
    return tuple(summary for summary in summaries if summary)


def _read_model(opened: OpenRun, model: str, members: Members) -> Entry:
    """Add the predictions of a model's finished seeds to `members`; return the model's entry."""
    run, truth, views = opened.run, opened.data.train.keypoints, members.models[model]
    seeds = run.finished_seeds(model)
    seed_rmse = {}
    oof, test = members.oof[views], members.test[views]
    for seed in seeds:
        of_seed = np.zeros_like(oof)
        for fold in range(run.config.folds):
            predictions = Predictions.read(run.fold_folder(model, seed, fold))
            of_seed[:, predictions.rows] = predictions.oof
            test += predictions.test
        oof += of_seed
        alone = of_seed.mean(axis=0)
        seed_rmse[seed] = capped_rmse(truth, alone)
        if seed in members.mean_of_seed:
            members.mean_of_seed[seed] += alone / np.float32(len(members.models))
    oof /= len(seeds)
    test /= len(seeds) * run.config.folds
    names, trainings = members.names[views], finished_trainings(run, model)
    stack = equal_weights(len(names))
    return Entry(
        name=model,
        kind="model",
        oof=oof.mean(axis=0),
        test=test.mean(axis=0),
        trainings=trainings,
        parameters=trainings[0].parameters,
        seed_rmse=seed_rmse,
        view_rmse={
            name.removeprefix(f"{model}, "): capped_rmse(truth, view)
            for name, view in zip(names, oof, strict=True)
        },
        weights={name: (weight,) * 2 for name, weight in zip(names, stack.weights, strict=True)},
        stack=stack,
    )


def _read_joined(opened: OpenRun, name: str, members: Members) -> Entry:
    """Add joined predictions to `members`; return their entry."""
    joined, views = opened.run.joined[name], members.models[name]
    members.oof[views], members.test[views] = joined.oof, joined.test
    for mean in members.mean_of_seed.values():
        mean += joined.oof / np.float32(len(members.models))
    (member,) = members.names[views]
    weights: dict[str, tuple[float, ...]] = {member: (1.0, 1.0)}
    return Entry(name, JOINED, joined.oof, joined.test, weights=weights, stack=equal_weights(1))
