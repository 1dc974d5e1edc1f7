import pytest

from data.system.errors import UserError
from kfold.config.names import MAX_LENGTH, check_model_names, check_name
from kfold.config.presets import PRESETS
from kfold.config.recipe import MODELS

FILES_OF_A_RUN = [
    "config.json",
    "folds.csv",
    "entries.npz",
    "corrections.csv",
    "leaderboard.csv",
    "leaderboard.md",
    "leaderboard.html",
    "suspects.csv",
    "suspects.csv.sha256",
    "submission.csv",
    "search.journal",
    "search.journal.lock",
    "search.html",
    "winner.json",
    "second_seed.json",
]


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", ".hidden", "-x", "a/b", "/tmp/x", "a b", "a+b", "a\n", "a.", "x" * 61],
)
def test_a_name_that_is_no_plain_folder_is_refused(name):
    with pytest.raises(UserError, match=f"RUN: expected a plain name .*{MAX_LENGTH} letters"):
        check_name(name, "RUN")


@pytest.mark.parametrize("name", [*FILES_OF_A_RUN, "submissions.csv", "Config.JSON", "notes.txt"])
def test_the_name_of_a_file_is_refused(name):
    with pytest.raises(UserError, match="looks like a file; choose another name"):
        check_name(name, "RUN")


@pytest.mark.parametrize("name", ["exported", "Predicted", "joined", "refined", "review", "STACK"])
def test_a_model_is_called_as_no_line_and_no_folder_of_a_run(name):
    with pytest.raises(UserError, match=r"models: .* is reserved"):
        check_model_names([name], "models")


def test_models_whose_names_differ_by_case_only_are_refused():
    with pytest.raises(UserError, match="'heatmap' and 'Heatmap' are one folder"):
        check_model_names(["heatmap", "mask", "Heatmap"], "models")


@pytest.mark.parametrize(
    ("joined", "message"),
    [
        ("mask", "models: 'mask' would be the name of a model and of joined predictions"),
        ("Mask", "models: 'mask' and 'Mask' are one folder"),
        ("mean", "models: 'mean' is reserved"),
        ("a b", "models: expected a plain name"),
    ],
)
def test_joined_predictions_have_a_name_of_their_own(joined, message):
    with pytest.raises(UserError, match=message):
        check_model_names(["heatmap", "mask"], "models", ["forest", joined])


def test_plain_names_are_accepted():
    check_model_names([*MODELS, "lr0.01", "größer", "_x", "v1.2-b", "ü" * MAX_LENGTH], "models")
    check_model_names(["mask", "mask"], "models", ["forest", "forest"])
    for preset in PRESETS.values():
        check_model_names(preset.models, "models")
