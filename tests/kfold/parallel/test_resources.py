import pytest

from data.system.errors import UserError
from kfold.parallel.resources import TrainingResources


@pytest.mark.parametrize(
    ("resources", "node", "capacity"),
    [
        (TrainingResources(), {"CPU": 4.0}, 4),
        (TrainingResources(cpus=3), {"CPU": 8.0, "GPU": 1.0}, 2),
        (TrainingResources(gpus=0.25), {"CPU": 16.0, "GPU": 2.0}, 8),
        (TrainingResources(gpus=0.1), {"CPU": 16.0, "GPU": 1.0}, 10),
        (TrainingResources(gpus=0.25), {"CPU": 3.0, "GPU": 1.0}, 3),
        (TrainingResources(gpus=1), {"CPU": 4.0}, 0),
    ],
)
def test_a_node_runs_as_many_trainings_as_fit(resources, node, capacity):
    assert resources.capacity(node) == capacity


@pytest.mark.parametrize(
    ("cpus", "gpus", "message"),
    [(0, 0, "cpus: expected at least 1"), (1, -1, "gpus: expected"), (1, 1.5, "gpus: expected")],
)
def test_impossible_resources_are_refused(cpus, gpus, message):
    with pytest.raises(UserError, match=message):
        TrainingResources(cpus, gpus)
