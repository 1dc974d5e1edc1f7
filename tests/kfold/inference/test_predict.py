"""The commands of this room on a small run: photos in, keypoints out; and the README's example."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from data.reader import read_competition
from data.rendering.demo_faces import demo_faces
from data.system.command import run_command
from data.system.variables import to_options
from kfold import export, predict
from kfold.inference.predictor import Predictor
from kfold.leaderboard.leaderboard import make_leaderboard
from kfold.runs.open_run import open_named_run
from tests.kfold.few_faces import few_faces
from tests.tiny_run import tiny_preset, train_run

ROOT = Path(__file__).parents[3]
SIZE, LEFT, TOP = 288, 180, 60


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """The working directory, with a run on rendered faces and a photo, upright and turned."""
    folder = tmp_path_factory.mktemp("predict")
    with few_faces(folder, train=30):
        train_run(Path("runs/small"), Path("demo"), tiny_preset(epochs=1, folds=2))
        (folder / "photos").mkdir()
        canvas = np.full((400, 640), 110, np.uint8)
        image = cv2.resize(rendered().images[0], (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
        canvas[TOP : TOP + SIZE, LEFT : LEFT + SIZE] = image
        Image.fromarray(canvas).save("photos/upright.png")
        exif = Image.Exif()
        exif[0x0112] = 6  # orientation: to be turned clockwise
        Image.fromarray(np.rot90(canvas)).save("photos/turned.jpg", exif=exif, quality=95)
        yield folder


def rendered():
    return demo_faces(12, np.random.SeedSequence(77), (0.0, 0.0))[0]


def refused(command, options, *words):
    """Run a command that fails and return its exit code."""
    with pytest.raises(SystemExit) as stop:
        run_command(command, options, words)
    return stop.value.code


def predicted(path):
    """A written record, and the keypoints (15, 2) of each of its faces."""
    record = json.loads(path.read_text())
    return record, [np.array(list(face["keypoints"].values())) for face in record["faces"]]


def test_photos_and_folders_are_separate_words_and_folders_may_have_spaces():
    variables = ("IMAGE=a.jpg holiday", "OUT=my drawings", "RUN=small")
    printed = subprocess.run(
        ["make", "-n", "-C", ROOT, "predict", *variables], capture_output=True, text=True
    ).stdout
    (line,) = [line for line in printed.splitlines() if "kfold.predict" in line]
    words = shlex.split(line)
    options = to_options(words[words.index("kfold.predict") + 1 :], predict.PredictOptions)
    assert options[options.index("--image") :][:3] == ["--image", "a.jpg", "holiday"]
    assert options[options.index("--out") :][:2] == ["--out", "my drawings"]


def test_keypoints_are_in_the_photos_own_pixels(place):
    """They are the run's prediction for the crop, which is around the face, mapped to the photo."""
    (place / "photos/notes.txt").write_text("not an image")
    command = [sys.executable, "-m", "kfold.predict", "IMAGE=photos", "RUN=small"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    predictor = Predictor.load(make_leaderboard([open_named_run("small")]))
    truth = (rendered().keypoints[0] + 0.5) * SIZE / 96 - 0.5 + (LEFT, TOP)
    for photo in (Path("photos/upright.png"), Path("photos/turned.jpg")):
        written = Path("runs/small/predicted") / photo.stem
        record, (keypoints,) = predicted(written.with_suffix(".json"))
        assert (record["width"], record["height"]) == (640, 400)
        left, top, size = (record["faces"][0][key] for key in ("left", "top", "size"))
        gray = cv2.imread(str(photo), cv2.IMREAD_GRAYSCALE)  # turned by its EXIF data
        crop = gray[top : top + size, left : left + size]
        image = cv2.resize(crop, (96, 96), interpolation=cv2.INTER_AREA)
        expected = (predictor(image[None])[0] + 0.5) * size / 96 - 0.5 + (left, top)
        np.testing.assert_allclose(keypoints, expected, atol=0.05)
        np.testing.assert_allclose([left, top, size], [LEFT, TOP, SIZE], atol=0.15 * SIZE)
        assert np.hypot(*(keypoints - truth).T).mean() < 6 * SIZE / 96
        with Image.open(written.with_suffix(".png")) as drawing:
            assert drawing.width % 640 == 0
            assert drawing.width * 400 == drawing.height * 640


def test_an_image_of_the_competition_is_predicted_as_for_the_submission(place, capsys):
    opened = open_named_run("small")
    test, best = opened.data.test, make_leaderboard([opened]).best.entry
    first = test.annotator == 1
    for i, image in enumerate(test.images[first]):
        Image.fromarray(image).save(f"test{i}.png")
    images = tuple(Path(f"test{i}.png") for i in range(first.sum()))
    predict.main(predict.PredictOptions(images, "small", out=Path("o")))
    assert capsys.readouterr().out.startswith(f"runs/small: {best.name!r} predicts, 2 networks")
    found = [predicted(place / f"o/test{i}.json")[1][0] for i in range(first.sum())]
    np.testing.assert_allclose(found, best.test[first], atol=0.01)


def test_failing_photos_are_named_and_the_others_are_done(place, capsys):
    (place / "bad.jpg").write_text("no image")
    Image.fromarray(np.full((200, 300), 99, np.uint8)).save("plain.png")
    words = ("IMAGE=bad.jpg plain.png photos/upright.png", "OUT=partly", "RUN=small")
    assert refused(predict.main, predict.PredictOptions, *words) == 1
    errors = capsys.readouterr().err
    assert "bad.jpg: expected an image" in errors
    assert "plain.png: expected a face, found none" in errors
    assert "error: 2 of 3 photos failed" in errors
    names = {path.name for path in (place / "partly").iterdir()}
    assert names == {"upright.png", "upright.json"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "IMAGE: expected a photo or a folder"),
        (("IMAGE=nowhere.jpg",), "nowhere.jpg: expected a photo or a folder, found no such"),
        (("IMAGE=runs",), "runs: expected photos"),
        (("IMAGE=photos/upright.png", "OUT=photos"), "would replace a photo"),
    ],
)
def test_a_wrong_option_ends_with_a_message(place, capsys, words, message):
    assert refused(predict.main, predict.PredictOptions, "RUN=small", *words) == 1
    assert message in capsys.readouterr().err


def test_the_exported_files_are_used_as_the_readme_says(place, capfd):
    export.main(export.ExportOptions("small"))
    assert "runs/small: tiny seed 0, trusted out-of-fold RMSE" in capfd.readouterr().out
    folder = place / "runs/small/exported"
    assert {path.name for path in folder.iterdir()} == {"keypoints.keras", "keypoints.tflite"}
    test = read_competition(Path("demo")).test
    Image.fromarray(test.images[0]).save(folder / "face.png")
    readme = (ROOT / "kfold/inference/README.md").read_text()
    (example,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    check = (
        "\nimport sys; assert not [name for name in sys.modules if name.startswith('kfold')]"
        "\nassert points.shape == (1, 15, 2) and abs(points - same_points).max() < 0.01"
    )
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    subprocess.run([sys.executable, "-c", example + check], cwd=folder, env=environment, check=True)
