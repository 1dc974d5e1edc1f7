"""A real cluster: two nodes of one CPU each, both on this machine.

Ray gives each node some 15 seconds to start: on a starved machine they fail before they begin.
"""

import pytest
from ray.cluster_utils import Cluster

from kfold.cluster import ClusterTrainers
from tests.kfold.cluster.trainings import CALM, NODE, WILD, begin, trained
from tests.kfold.few_faces import few_faces


@pytest.fixture(scope="package", autouse=True)
def place(tmp_path_factory):
    """A folder with few faces, from which all is run; a machine with one core, without usage calls.

    Ray gives up on a busy machine soon, unless told to wait.
    """
    with few_faces(tmp_path_factory.mktemp("cluster"), train=48) as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_agent_register_timeout_ms", "300000")
        yield


@pytest.fixture(scope="package")
def cluster(place):
    """Two nodes; RAY_ADDRESS leads to them."""
    with pytest.MonkeyPatch.context() as patch:
        nodes = Cluster(initialize_head=True, head_node_args={**NODE, "include_dashboard": False})
        nodes.add_node(**NODE)
        patch.setenv("RAY_ADDRESS", nodes.address)
        yield nodes
        nodes.shutdown()


@pytest.fixture(scope="package")
def alone():
    """One model that learns and one that diverges, trained by one local process of one thread."""
    run = begin("alone", {"calm": CALM, "wild": WILD})
    return run, trained(run, None)


@pytest.fixture
def at_first_report(monkeypatch):
    """Have something done once, when the first epoch is reported: trainings are under way."""

    def do(action):
        reports, done = ClusterTrainers.reports, []

        def watched(self):
            for report in reports(self):
                if not done:
                    done.append(report)
                    action()
                yield report

        monkeypatch.setattr(ClusterTrainers, "reports", watched)
        return done

    return do
