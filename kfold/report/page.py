"""The report as one self-contained page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from data.competition import KEYPOINTS
from data.faces import Faces
from data.system.atomic import write_text
from kfold.labels.duplicates import Duplicates
from kfold.labels.suspects import Suspect
from kfold.leaderboard.detail_tables import detail_tables
from kfold.leaderboard.leaderboard import Leaderboard
from kfold.metrics.score import CAP
from kfold.report.charts.error_distribution import concentration, error_histogram, worst_share
from kfold.report.charts.face_properties import rmse_by_property
from kfold.report.charts.findings import findings
from kfold.report.charts.keypoint_bias import average_faces, magnification
from kfold.report.charts.keypoint_errors import rmse_by_keypoint
from kfold.report.charts.learning_curves import MAX_MODELS, MAX_TRAININGS, learning_curves
from kfold.report.charts.submissions import submissions
from kfold.report.charts.training_cost import CLIPPED, rmse_by_minutes
from kfold.report.faces.augmentation import policy_examples
from kfold.report.faces.duplicates import disagreements, group_examples, size_table, versions
from kfold.report.faces.gallery import gallery, training_card
from kfold.report.leaderboard_table import PLOT_WIDTH, column_names, rmse_axis, table_cells
from kfold.report.run_setup import code_files, data_table, recipe_table, run_table
from kfold.review.page import link_to_review

PAGE = "leaderboard.html"

MAX_SUSPECTS, UNFOLDED_SUSPECTS = 240, 24
"""Suspects on the page, and those shown before it is unfolded."""

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def write_page(
    leaderboard: Leaderboard, duplicates: Duplicates, compared: Faces, suspects: Sequence[Suspect]
) -> Path:
    """Write leaderboard.html into the leaderboard's folder.

    Args:
        leaderboard: to show.
        duplicates: among its training faces.
        compared: these faces with the labels that were compared to find the suspects.
        suspects: worst first.

    Returns:
        The page's path.
    """
    page = leaderboard.folder / PAGE
    text = TEMPLATES.get_template("page.html.j2").render(
        leaderboard=leaderboard,
        best=leaderboard.best,
        keypoints=[name.replace("_", " ") for name in KEYPOINTS],
        cap=CAP,
        **_leaderboard(leaderboard),
        **_errors(leaderboard),
        gallery=gallery(leaderboard),
        **_suspects(leaderboard, compared, suspects),
        **_duplicates(leaderboard, duplicates),
        **_setup(leaderboard),
    )
    write_text(page, text)
    return page


def _leaderboard(leaderboard: Leaderboard) -> dict[str, object]:
    lines, runs = leaderboard.lines, [opened.run for opened in leaderboard.runs]
    names = column_names(lines)
    return {
        "lines": lines,
        "columns": names,
        "cells": [table_cells(line, names, leaderboard.teams) for line in lines],
        "axis": rmse_axis(lines),
        "plot_width": PLOT_WIDTH,
        "ties": [line.entry.name for line in lines[1:] if line.tied],
        "cost_chart": rmse_by_minutes(lines),
        "cost_clipped": CLIPPED,
        **submissions(leaderboard),
        "curves": learning_curves(leaderboard),
        "max_models": MAX_MODELS,
        "max_trainings": MAX_TRAININGS,
        "low_res": any(r.low_res_share for run in runs for r in run.config.models.values()),
    }


def _errors(leaderboard: Leaderboard) -> dict[str, object]:
    by_keypoint = leaderboard.best.capped.by_keypoint
    hardest = int(np.nanargmax(by_keypoint))
    faces = list(average_faces(leaderboard))
    return {
        "hardest_keypoint": KEYPOINTS[hardest].replace("_", " "),
        "hardest_rmse": by_keypoint[hardest],
        "worst_share": worst_share(leaderboard.data.train, leaderboard.best.entry.oof),
        "keypoint_chart": rmse_by_keypoint(leaderboard),
        "average_faces": faces,
        "magnification": magnification(faces),
        "property_charts": rmse_by_property(leaderboard),
        "histogram": error_histogram(leaderboard),
        "concentration": concentration(leaderboard),
        "findings": findings(leaderboard),
        "details": detail_tables(leaderboard),
    }


def _suspects(
    leaderboard: Leaderboard, compared: Faces, suspects: Sequence[Suspect]
) -> dict[str, object]:
    oof, run = leaderboard.best.entry.oof, leaderboard.runs[0].run
    return {
        "suspects": suspects,
        "suspect_cards": [
            (suspect, training_card(compared, oof, suspect.row, "suspect", suspect.reason))
            for suspect in suspects[:MAX_SUSPECTS]
        ],
        "unfolded": UNFOLDED_SUSPECTS,
        "reviewed": run.name,
        "review": link_to_review(run, leaderboard.folder),
    }


def _duplicates(leaderboard: Leaderboard, duplicates: Duplicates) -> dict[str, object]:
    train = leaderboard.data.train
    return {
        "duplicates": duplicates,
        "disagreements": disagreements(train, duplicates),
        "group_examples": group_examples(train, duplicates),
        "versions": versions(train, duplicates),
        "group_sizes": size_table(duplicates),
    }


def _setup(leaderboard: Leaderboard) -> dict[str, object]:
    return {
        "policy_examples": policy_examples(leaderboard),
        "recipes": recipe_table(leaderboard),
        "code_files": code_files(leaderboard),
        "run_facts": run_table(leaderboard),
        "data_facts": data_table(leaderboard.data),
    }
