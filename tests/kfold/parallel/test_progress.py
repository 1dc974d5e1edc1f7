import io

import pytest
from rich.console import Console

from kfold.parallel.progress import TrainingProgress


def shown(terminal):
    """The output of two trainings at once, one abandoned, and their progress."""
    console = Console(file=io.StringIO(), force_terminal=terminal, width=160, soft_wrap=True)
    progress = TrainingProgress(console, 6)
    with progress.shown():
        progress.start("one", 2)
        progress.start("two", 4)
        held_out = {"val_rmse": 2.5, "val_capped_rmse": 1.5}
        progress.epoch("one", 1, {"loss": 8.0, "size": 64} | held_out)
        progress.epoch("two", 1, {"loss": 9.0, "size": 64} | held_out)
        progress.epoch("two", 2, {"loss": 8.5, "size": 96})
        progress.bars.refresh()
        progress.epoch("one", 2, {"loss": 7.0, "size": 96} | held_out)
        progress.end("one")
        progress.bars.refresh()
        progress.say("one: done")
        progress.end("two")
    return console.file.getvalue(), progress


def test_a_file_gets_a_line_for_each_score():
    text, _ = shown(terminal=False)
    starts = ["one · epoch 1/2 ·", "two · epoch 1/4 ·", "one · epoch 2/2 ·", "one: done"]
    for line, start in zip(text.splitlines(), starts, strict=True):
        assert line.startswith(start)
    assert "loss 8.000 · held-out RMSE at 64x64 1.500 capped, 2.500 all labels" in text
    assert "loss 7.000 · held-out RMSE 1.500 capped, 2.500 all labels · 0:00 left" in text


def test_a_terminal_shows_the_running_trainings():
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
def test_epochs_that_are_not_trained_are_not_expected(terminal):
    _, progress = shown(terminal)
    assert (progress.done, progress.expected) == (4, 4)
