import pytest

from data.errors import UserError
from kfold.need import Need


@pytest.mark.parametrize(
    ("need", "resources", "room"),
    [
        (Need(), {"CPU": 4.0}, 4),
        (Need(cpus=3), {"CPU": 8.0, "GPU": 1.0}, 2),
        (Need(gpus=0.25), {"CPU": 16.0, "GPU": 2.0}, 8),
        (Need(gpus=0.1), {"CPU": 16.0, "GPU": 1.0}, 10),
        (Need(gpus=0.25), {"CPU": 3.0, "GPU": 1.0}, 3),
        (Need(gpus=1), {"CPU": 4.0}, 0),
    ],
)
def test_a_node_has_room_for_what_fits(need, resources, room):
    assert need.room(resources) == room


@pytest.mark.parametrize(
    ("cpus", "gpus", "message"),
    [(0, 0, "cpus: expected at least 1"), (1, -1, "gpus: expected"), (1, 1.5, "gpus: expected")],
)
def test_a_need_that_makes_no_sense_is_refused(cpus, gpus, message):
    with pytest.raises(UserError, match=message):
        Need(cpus, gpus)
