"""Clusters that cannot train are refused, with what to do."""

import sys
from pathlib import Path

import pytest

from data.errors import UserError
from kfold.need import Need
from kfold.tune import Options as Tune
from kfold.tune import main as search
from tests.kfold.cluster.trainings import CALM, begin, trained


def test_other_versions_on_a_node_are_refused(cluster, monkeypatch):
    monkeypatch.setattr("kfold.cluster.installed_versions", lambda: {"numpy": "0.1"})
    with pytest.raises(UserError, match=r"expected numpy 0.1.*Install the same requirements"):
        trained(begin("versions", {"calm": CALM}), Need())


def test_a_training_that_fits_on_no_node_is_refused(cluster):
    with pytest.raises(UserError, match=r"a node with 3 CPUs and 0.5 GPUs.*none among 2"):
        trained(begin("large", {"calm": CALM}), Need(3, 0.5))


@pytest.mark.parametrize(
    ("address", "message"),
    [("127.0.0.1:1", "refused"), ("somewhere", "'somewhere'"), ("ray://127.0.0.1:1", "ray:")],
)
def test_an_address_without_a_cluster_is_refused(monkeypatch, address, message):
    monkeypatch.setenv("RAY_ADDRESS", address)
    with pytest.raises(UserError, match=f"expected <host>:<port>.*{message}"):
        trained(begin("nowhere", {"calm": CALM}), Need())


def test_a_search_is_not_forgotten_for_want_of_a_cluster(monkeypatch):
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:1")
    journal = Path("runs/kept/search.journal")
    journal.parent.mkdir(parents=True)
    journal.touch()
    with pytest.raises(UserError, match="expected <host>:<port>"):
        search(Tune(data=Path("demo"), run="kept", cluster="ray", force=True))
    assert journal.exists()


def test_without_ray_it_is_said_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UserError, match=r"requirements-cluster\.txt"):
        trained(begin("without", {"calm": CALM}), Need())
