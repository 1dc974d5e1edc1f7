import io

import pytest
from rich.console import Console

from kfold.progress import Trainings


def shown(terminal):
    """What two trainings side by side, one abandoned, leave on the screen."""
    console = Console(file=io.StringIO(), force_terminal=terminal, width=160, soft_wrap=True)
    trainings = Trainings(console, 6)
    with trainings.shown():
        trainings.start("one", 2)
        trainings.start("two", 4)
        held_out = {"val_rmse": 2.5, "val_trusted_rmse": 1.5}
        trainings.epoch("one", 1, {"loss": 8.0, "size": 64} | held_out)
        trainings.epoch("two", 1, {"loss": 9.0, "size": 64} | held_out)
        trainings.epoch("two", 2, {"loss": 8.5, "size": 96})
        trainings._bars.refresh()
        trainings.epoch("one", 2, {"loss": 7.0, "size": 96} | held_out)
        trainings.end("one")
        trainings._bars.refresh()
        trainings.say("one: done")
        trainings.end("two")
    return console.file.getvalue(), trainings


def test_a_file_gets_a_line_when_there_is_a_score():
    text, _ = shown(terminal=False)
    starts = ["one · epoch 1/2 ·", "two · epoch 1/4 ·", "one · epoch 2/2 ·", "one: done"]
    for line, start in zip(text.splitlines(), starts, strict=True):
        assert line.startswith(start)
    assert "loss 8.000 · held-out RMSE at 64x64 1.500 trusted, 2.500 all labels" in text
    assert "loss 7.000 · held-out RMSE 1.500 trusted, 2.500 all labels · 0:00 left" in text


def test_a_terminal_shows_all_that_runs():
    text, _ = shown(terminal=True)
    assert "epoch 1/2" not in text
    assert "epochs of all trainings" in text
    assert "one: done" in text
    frame = text[: text.index("one: done")].rsplit("epochs of all trainings", 1)[1]
    assert "two" in frame
    assert "one" not in frame
    assert "loss 8.500 · held-out RMSE at 64x64" in frame
    assert "(epoch 1)" in frame


@pytest.mark.parametrize("terminal", [False, True])
def test_what_will_not_be_trained_is_taken_out(terminal):
    _, trainings = shown(terminal)
    assert (trainings._done, trainings._epochs) == (4, 4)
