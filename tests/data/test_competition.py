from data.competition import KEYPOINTS, MIRROR


def test_mirrored_names_swap_left_and_right():
    assert [MIRROR[m] for m in MIRROR] == list(range(15))
    for keypoint, mirrored in zip(KEYPOINTS, MIRROR, strict=True):
        other = KEYPOINTS[mirrored]
        assert other.replace("left", "X").replace("right", "left").replace("X", "right") == keypoint
