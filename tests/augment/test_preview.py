import albumentations as A
import numpy as np

from augment.policies import POLICIES, Policy
from augment.preview import PITCH, choose_faces, draw_sheet


def test_both_annotators_are_chosen(faces):
    chosen = choose_faces(faces, 6, 0)
    assert chosen.annotator.tolist() == [1, 1, 1, 2, 2, 2]
    assert len(np.unique(chosen.ids)) == 6
    assert len(choose_faces(faces, 1000, 0)) == len(faces)
    only = faces[faces.annotator == 2]
    assert choose_faces(only, 3, 0).annotator.tolist() == [2, 2, 2]


def test_a_sheet_has_a_title_and_as_many_samples_as_may_differ_for_each_policy(faces):
    own = Policy(flip=0.5, transforms=(A.InvertImg(p=1),))
    policies = {"none": POLICIES["none"], "flip": POLICIES["flip"], "inverted": own}
    (axes,) = draw_sheet(faces[:2], policies, 0).axes
    assert len(axes.images) == 2 * (1 + 2 + 5)
    assert {"inverted", "flip 0.5, InvertImg"} <= {text.get_text() for text in axes.texts}
    upper = [image for image in axes.images if image.get_extent()[3] < PITCH / 2]
    drawn = [np.asarray(image.get_array()) for image in upper]
    np.testing.assert_array_equal(drawn[0], faces.images[0])
    for inverted in drawn[3:]:
        as_is = 255 - inverted
        assert np.array_equal(as_is, drawn[0]) or np.array_equal(as_is[:, ::-1], drawn[0])
