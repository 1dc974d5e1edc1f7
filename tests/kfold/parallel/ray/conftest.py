"""A real cluster: two nodes of one CPU each, both on this machine.

Ray gives each node some 15 seconds to start: on a starved machine they fail before they begin.
"""

from functools import partial

import pytest
from ray.cluster_utils import Cluster

from kfold.parallel.ray_pool import RayPool, open_ray_pool
from tests.kfold.few_faces import few_faces

NODE = {"num_cpus": 1, "num_gpus": 0, "object_store_memory": 80 << 20}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with few faces, in which all is run; a machine with one core, without usage calls.

    Ray waits longer than usual for a node to start, and less long for one that is lost.
    """
    with few_faces(tmp_path_factory.mktemp("cluster"), train=30) as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        patch.setenv("RAY_agent_register_timeout_ms", "300000")
        patch.setenv("RAY_health_check_period_ms", "1000")
        patch.setenv("RAY_health_check_failure_threshold", "2")
        yield


@pytest.fixture(scope="module")
def cluster(folder):
    """Two nodes; RAY_ADDRESS leads to them."""
    with pytest.MonkeyPatch.context() as patch:
        nodes = Cluster(initialize_head=True, head_node_args={**NODE, "include_dashboard": False})
        nodes.add_node(**NODE)
        patch.setenv("RAY_ADDRESS", nodes.address)
        yield nodes
        nodes.shutdown()


@pytest.fixture
def add_large_node(cluster):
    """Adds a node of two CPUs, which is removed after the test."""
    nodes = []

    def add():
        nodes.append(cluster.add_node(**{**NODE, "num_cpus": 2}))
        return nodes[-1]

    yield add
    for node in nodes:
        if node in cluster.worker_nodes:
            cluster.remove_node(node)


@pytest.fixture
def at_first_report(monkeypatch):
    """Registers an action, done once when the first epoch is reported: trainings run."""

    def register(action):
        reports, done = RayPool.reports, []

        def watched(self):
            for report in reports(self):
                if not done:
                    done.append(report)
                    action()
                yield report

        monkeypatch.setattr(RayPool, "reports", watched)
        return done

    return register


@pytest.fixture
def use_fit(monkeypatch):
    """Replaces what nodes do for a task."""

    def use(fit):
        opened_with = partial(open_ray_pool, fit=fit)
        monkeypatch.setattr("kfold.parallel.pool.open_ray_pool", opened_with)

    return use
