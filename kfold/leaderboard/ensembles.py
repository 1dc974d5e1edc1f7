"""Blends of a run's models, each fold blended by what was fitted on the others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from data.competition import ANNOTATORS
from data.faces import Faces
from kfold.leaderboard.entries import Entry
from kfold.leaderboard.members import Members, common_seeds
from kfold.leaderboard.stack import Stack, fit_stacks
from kfold.metrics.outliers import far_labels
from kfold.metrics.score import capped_errors, capped_rmse
from kfold.runs.open_run import OpenRun
from kfold.runs.predictions import read_out_of_fold

Parts = list[tuple[np.ndarray, Stack]]
"""Which rows, bool (n,), are blended by which stack; every row by one."""


def ensembles(opened: OpenRun, members: Members) -> list[Entry]:
    """Every blend of the models of a run; 'mean' only of two or more."""
    if not members.entries:
        return []
    mean = [equal_mean(opened.data.train, members)] if len(members.entries) > 1 else []
    return [*mean, *stacks(opened, members)]


def equal_mean(train: Faces, members: Members) -> Entry:
    """The mean of all models."""
    weights = np.concatenate([entry.stack.weights for entry in members.entries])
    stack = Stack(weights / weights.sum())
    return replace(
        _ensemble("mean", members, dict.fromkeys(ANNOTATORS, stack)),
        oof=stack.linear(members.oof),
        test=stack.linear(members.test),
        seed_rmse={
            seed: capped_rmse(train.keypoints, oof) for seed, oof in members.mean_of_seed.items()
        },
    )


def stacks(opened: OpenRun, members: Members) -> list[Entry]:
    """`stack`, a linear model over every view of every model, and `refined`, its correction.

    Each annotator has its own. The out-of-fold blend of a row is fitted on the other folds, the
    blend of the test set on all rows. Labels that the best model flags as outliers are not fitted.
    """
    train, test, folds = opened.data.train, opened.data.test, opened.folds
    numbers = np.unique(folds)
    *by_fold, fitted = _fit(members, train, [*(folds != f for f in numbers), folds == folds])
    parts = [
        ((folds == fold) & (train.annotator == annotator), stack)
        for fold, pair in zip(numbers, by_fold, strict=True)
        for annotator, stack in pair.items()
    ]
    test_parts = [(test.annotator == annotator, stack) for annotator, stack in fitted.items()]
    oof, on_test = _linear(parts, members.oof), _linear(test_parts, members.test)
    seeds = _linear_of_seeds(parts, opened, members)
    truth, entry = train.keypoints, _ensemble("stack", members, fitted)
    linear = replace(entry, oof=oof, test=on_test, seed_rmse=_scores(truth, seeds))
    refined = replace(
        entry,
        name="refined",
        oof=_refined(parts, oof),
        test=_refined(test_parts, on_test),
        seed_rmse=_scores(truth, {seed: _refined(parts, each) for seed, each in seeds.items()}),
        refined=True,
    )
    return [linear, refined]


def _fit(members: Members, train: Faces, selections: list[np.ndarray]) -> list[dict[int, Stack]]:
    """The stack of each annotator, fitted on each selection of rows, bool (N,).

    An annotator without labels there is blended as the other one, since it is predicted as the
    other one; a keypoint without labels gets the other one's intercept.
    """
    truths = []
    for rows in selections:
        truth = np.where(rows[:, None, None], train.keypoints, np.float32(np.nan))
        truth[far_labels(truth, _best_model(members, truth))] = np.nan
        for annotator in ANNOTATORS:
            own = (train.annotator == annotator)[:, None, None]
            truths.append(np.where(own, truth, np.float32(np.nan)))
    stacks = iter(fit_stacks(members.oof, truths))
    fitted = [dict(zip(ANNOTATORS, pair, strict=True)) for pair in zip(stacks, stacks, strict=True)]
    for pair in fitted:
        for annotator, other in (ANNOTATORS, ANNOTATORS[::-1]):
            own = pair[annotator]
            if not len(own.truth):
                pair[annotator] = pair[other]
                continue
            unlabelled = ~np.isfinite(own.truth).any(axis=0)
            intercept = np.where(unlabelled, pair[other].intercept, own.intercept)
            moved = own.predicted + (intercept - own.intercept).astype(np.float32)
            pair[annotator] = replace(own, intercept=intercept, predicted=moved)
    return fitted


def _best_model(members: Members, truth: np.ndarray) -> np.ndarray:
    """Out-of-fold predictions (N, 15, 2) of the model with the lowest capped RMSE."""
    predictions = [entry.oof for entry in members.entries]
    return min(predictions, key=lambda oof: np.nansum(capped_errors(truth, oof)))


def _linear(parts: Parts, members: np.ndarray) -> np.ndarray:
    """Linear blends of members (members, n, 15, 2)."""
    blended = np.zeros(members.shape[1:], np.float32)
    for rows, stack in parts:
        blended[rows] = stack.linear(members, rows)
    return blended


def _refined(parts: Parts, linear: np.ndarray) -> np.ndarray:
    """Corrected linear blends (n, 15, 2)."""
    refined = np.zeros_like(linear)
    for rows, stack in parts:
        refined[rows] = stack.correct(linear[rows])
    return refined


def _linear_of_seeds(parts: Parts, opened: OpenRun, members: Members) -> dict[int, np.ndarray]:
    """Linear blends (N, 15, 2) of each seed's networks alone.

    Empty where fewer than two seeds are finished for every trained model that has weight: it is
    their scatter that matters.
    """
    used = {
        model: views
        for model, views in members.models.items()
        if any(stack.weights[views].any() for _, stack in parts)
    }
    seeds = common_seeds(opened.run, list(used))
    blended = {}
    for seed in seeds if len(seeds) > 1 else []:
        total = np.zeros_like(opened.data.train.keypoints)
        for model, views in used.items():
            for held_out, oof in _out_of_fold(opened, members, model, seed):
                for rows, stack in parts:
                    own = rows[held_out]
                    weighted = np.tensordot(stack.weights[views], oof[:, own], axes=1)
                    total[held_out[own]] += weighted.astype(np.float32)
        for rows, stack in parts:
            total[rows] += stack.intercept.astype(np.float32)
        blended[seed] = total
    return blended


def _out_of_fold(
    opened: OpenRun, members: Members, model: str, seed: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows (n,), and their predictions (views, n, 15, 2) by a model's networks with this seed."""
    if model in opened.run.joined:  # by any seed the same
        yield np.arange(len(opened.folds)), members.oof[members.models[model]]
        return
    for fold in range(opened.run.config.folds):
        yield read_out_of_fold(opened.run.fold_folder(model, seed, fold))


def _scores(truth: np.ndarray, seeds: dict[int, np.ndarray]) -> dict[int, float]:
    return {seed: capped_rmse(truth, oof) for seed, oof in seeds.items()}


def _ensemble(name: str, members: Members, fitted: dict[int, Stack]) -> Entry:
    """An ensemble without its predictions."""
    columns = np.transpose([fitted[annotator].weights for annotator in ANNOTATORS]).tolist()
    return Entry(
        name,
        "ensemble",
        oof=np.empty(0),
        test=np.empty(0),
        trainings=tuple(training for entry in members.entries for training in entry.trainings),
        parameters=sum(entry.parameters for entry in members.entries),
        weights=dict(zip(members.names, map(tuple, columns), strict=True)),
        stack=fitted[ANNOTATORS[0]],
    )
