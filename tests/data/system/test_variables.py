import pwd
from dataclasses import dataclass
from pathlib import Path

import pytest

from data.system.errors import UserError
from data.system.variables import to_options


@dataclass(frozen=True)
class Options:
    run: str = "latest"
    data: Path = Path("data/raw")
    models: tuple[str, ...] = ()
    from_: Path | None = None
    gpu_share: float = 0.0
    force: bool = False


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["RUN=first"], ["--run", "first"]),
        (["DATA=my copy", "FORCE=1"], ["--data", "my copy", "--force"]),
        (["MODELS=mask  heatmap"], ["--models", "mask", "heatmap"]),
        (["FROM=a.zip", "GPU_SHARE=0.25"], ["--from", "a.zip", "--gpu-share", "0.25"]),
        (["FORCE=", "RUN=", "MODELS="], []),
        (["FORCE=0"], ["--no-force"]),
        (["--run", "a=b", "RUN=c=d"], ["--run", "a=b", "--run", "c=d"]),
        (["HELP=1"], ["--help"]),
    ],
)
def test_a_variable_stands_for_an_option(words, expected):
    assert to_options(words, Options) == expected


def test_the_home_folder_is_filled_in(monkeypatch):
    monkeypatch.setenv("HOME", "/home/someone")
    assert to_options(["DATA=~/faces"], Options) == ["--data", "/home/someone/faces"]


def test_without_a_home_folder_no_folder_is_called_tilde(monkeypatch):
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(pwd, "getpwuid", {}.__getitem__)  # raises KeyError, as for an unknown user
    with pytest.raises(UserError, match=r"~/faces: this user has no home folder\. Set HOME"):
        to_options(["DATA=~/faces"], Options)


def test_unknown_variables_are_refused_with_the_known_ones():
    expected = r"unknown variables RUNS=, MODEL=: expected some of RUN=, DATA=, MODELS=, FROM=, "
    with pytest.raises(UserError, match=expected):
        to_options(["RUNS=a", "FORCE=1", "MODEL=b"], Options)
