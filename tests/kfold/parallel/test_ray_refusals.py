"""Without a cluster that can train, a command ends with what to do."""

import sys
from pathlib import Path

import pytest

from data.system.errors import UserError
from kfold.parallel.resources import ComputeOptions, cluster_resources
from kfold.tune import TuneOptions
from kfold.tune import main as tune
from tests.kfold.few_faces import few_faces

RAY = ComputeOptions(cluster="ray")


@pytest.mark.parametrize(
    ("address", "message"),
    [("127.0.0.1:1", "refused"), ("somewhere", "'somewhere'"), ("ray://127.0.0.1:1", "ray:")],
)
def test_an_address_without_a_cluster_is_refused(monkeypatch, address, message):
    monkeypatch.setenv("RAY_ADDRESS", address)
    with pytest.raises(UserError, match=f"expected <host>:<port>.*{message}"):
        cluster_resources(RAY)


def test_a_search_is_not_forgotten_without_a_cluster(monkeypatch, tmp_path):
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    with few_faces(tmp_path, train=10):
        journal = Path("runs/kept/search.journal")
        journal.parent.mkdir(parents=True)
        journal.touch()
        with pytest.raises(UserError, match="expected <host>:<port>"):
            tune(TuneOptions(data=Path("demo"), run="kept", cluster="ray", force=True))
        assert journal.exists()


def test_without_ray_the_message_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match=r"requirements-cluster\.txt"):
        cluster_resources(RAY)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (ComputeOptions(cpus=2), "CPUS= and GPUS= are for a cluster"),
        (ComputeOptions(gpus=0.5), "CPUS= and GPUS= are for a cluster"),
        (ComputeOptions(jobs=2, cluster="ray"), "JOBS= is for one machine"),
    ],
)
def test_options_that_contradict_each_other_are_refused(options, message):
    with pytest.raises(UserError, match=message):
        cluster_resources(options)


def test_without_cluster_options_trainings_run_here():
    assert cluster_resources(ComputeOptions(jobs=2)) is None
