"""The report as one self-contained page."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from data.atomic import write_text
from data.competition import KEYPOINTS
from kfold.report.augmentation import previews
from kfold.report.bias import average_faces, magnification
from kfold.report.board import WIDTH, cells, columns, scale_of
from kfold.report.cost import score_by_minutes
from kfold.report.error_analysis import (
    by_keypoint,
    by_property,
    concentration,
    error_histogram,
    findings,
    worst_share,
)
from kfold.report.gallery import face_card, gallery
from kfold.report.learning import learning_curves
from kfold.report.repeat_cards import disagreements, group_examples, size_table, versions
from kfold.report.repeats import Repeats
from kfold.report.setup import data_table, recipe_table, run_table
from kfold.report.subject import Subject
from kfold.report.suspects import Suspect
from kfold.report.uploads import submissions
from kfold.score import FARTHEST
from kfold.tables import detail_tables

SUSPECTS_AT_ONCE, SUSPECTS_SHOWN = 24, 240

PAGE = "leaderboard.html"
TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def write_page(subject: Subject, repeats: Repeats, suspects: Sequence[Suspect]) -> Path:
    """Write leaderboard.html into the subject's folder; return its path."""
    page = subject.folder / PAGE
    text = TEMPLATES.get_template("page.html.j2").render(
        subject=subject,
        keypoints=[name.replace("_", " ") for name in KEYPOINTS],
        **_leaderboard(subject),
        **_errors(subject),
        **_faces(subject, suspects),
        **_repeats(subject, repeats),
        **_setup(subject),
    )
    write_text(page, text)
    return page


def _leaderboard(subject: Subject) -> dict[str, object]:
    names = columns(subject.lines)
    return {
        "lines": subject.lines,
        "best": subject.best,
        "columns": names,
        "cells": [cells(line, names) for line in subject.lines],
        "scale": scale_of(subject.lines),
        "plot_width": WIDTH,
        "ties": [line.entry.name for line in subject.lines[1:] if line.tied],
        "cost_chart": score_by_minutes(subject.lines),
        **submissions(subject),
        "curves": learning_curves([run for run, _ in subject.runs]),
        "coarse": any(r.coarse for run, _ in subject.runs for r in run.config.models.values()),
    }


def _errors(subject: Subject) -> dict[str, object]:
    trusted = subject.best.trusted.by_keypoint
    faces = list(average_faces(subject))
    hardest = max(range(len(KEYPOINTS)), key=lambda k: (trusted[k] == trusted[k], trusted[k]))
    return {
        "hardest": (hardest, trusted[hardest]),
        "worst_share": worst_share(subject.data.train, subject.oof),
        "farthest": FARTHEST,
        "keypoint_chart": by_keypoint(subject),
        "average_faces": faces,
        "magnified": magnification(faces),
        "property_charts": by_property(subject),
        "histogram": error_histogram(subject),
        "concentration": concentration(subject),
        "findings": findings(subject),
        "details": detail_tables(subject.lines),
    }


def _faces(subject: Subject, suspects: Sequence[Suspect]) -> dict[str, object]:
    train, oof = subject.data.train, subject.oof
    return {
        "gallery": gallery(subject),
        "suspects": suspects,
        "suspect_cards": [
            (suspect, face_card(train, oof, suspect.row, "suspect", suspect.reason))
            for suspect in suspects[:SUSPECTS_SHOWN]
        ],
        "at_once": SUSPECTS_AT_ONCE,
    }


def _repeats(subject: Subject, repeats: Repeats) -> dict[str, object]:
    return {
        "repeats": repeats,
        "disagreements": disagreements(subject.data.train, repeats),
        "group_examples": group_examples(subject.data.train, repeats),
        "versions": versions(subject.data.train, repeats),
        "group_sizes": size_table(repeats),
    }


def _setup(subject: Subject) -> dict[str, object]:
    return {
        "previews": previews(subject),
        "recipes": recipe_table(subject),
        "run_facts": run_table(subject),
        "data_facts": data_table(subject.data),
    }
