"""The real commands on a small run: photos in, keypoints out; and the README's own example."""

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

from data.demo import Demo, write_demo
from data.demo_faces import demo_faces
from data.reader import read_competition
from kfold.face_finder import Square
from kfold.leaderboard import best_trained, make_leaderboard
from kfold.predict import read_photo
from kfold.run import open_finished

ROOT = Path(__file__).parents[2]
SIZE, LEFT, TOP = 288, 180, 60
TRAIN = ("--preset", "demo", "--epochs", "50", "--policy", "flip", "--run", "small")


def run(place, *words):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("KAGGLE")}
    done = subprocess.run(
        [sys.executable, *words],
        cwd=place,
        env=environment | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder with a run on 240 rendered faces."""
    folder = tmp_path_factory.mktemp("predict")
    write_demo(Demo(folder / "demo", train=240, test=12))
    assert run(folder, "-m", "kfold.cv", "--data", "demo", *TRAIN).returncode == 0
    return folder


def test_photos_and_folders_are_words_of_their_own_and_folders_may_have_spaces():
    variables = ("IMAGE=a.jpg holiday", "OUT=my drawings", "RUN=small")
    told = subprocess.run(
        ["make", "-n", "-C", ROOT, "predict", *variables], capture_output=True, text=True
    )
    (line,) = [line for line in told.stdout.splitlines() if "kfold.predict" in line]
    words = shlex.split(line)
    assert words[words.index("--image") :][:3] == ["--image", "a.jpg", "holiday"]
    assert words[words.index("--out") :][:2] == ["--out", "my drawings"]


@pytest.fixture(scope="module")
def truth(place):
    """Keypoints (15, 2) of a face on a larger canvas, saved upright and turned."""
    faces, _ = demo_faces(12, np.random.SeedSequence(77), (0.0, 0.0))
    canvas = np.full((400, 640), 110, np.uint8)
    enlarged = cv2.resize(faces.images[0], (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
    canvas[TOP : TOP + SIZE, LEFT : LEFT + SIZE] = enlarged
    (place / "photos").mkdir()
    Image.fromarray(canvas).save(place / "photos/upright.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: to be turned clockwise
    Image.fromarray(np.rot90(canvas)).save(place / "photos/turned.jpg", exif=exif, quality=95)
    return Square(LEFT, TOP, SIZE).to_photo(faces.keypoints[0])


def predicted(path):
    record = json.loads(path.read_text())
    return record, [np.array(list(face["keypoints"].values())) for face in record["faces"]]


def test_keypoints_are_in_the_photos_own_pixels(place, truth):
    (place / "photos/notes.txt").write_text("not an image, and not meant")
    done = run(place, "-m", "kfold.predict", "--image", "photos", "--run", "small")
    assert (done.returncode, done.stderr) == (0, "")
    for name in ("upright", "turned"):
        record, (keypoints,) = predicted(place / f"runs/small/predicted/{name}.json")
        assert (record["width"], record["height"]) == (640, 400)
        distance = np.hypot(*(keypoints - truth).T)
        assert distance.mean() < 3 * SIZE / 96
        with Image.open(place / f"runs/small/predicted/{name}.png") as drawing:
            assert drawing.width % 640 == 0
            assert drawing.width * 400 == drawing.height * 640


def test_an_image_of_the_competition_is_predicted_as_it_was_for_the_submission(place, monkeypatch):
    monkeypatch.chdir(place)
    finished, data, folds = open_finished("small")
    test, best = data.test, best_trained(make_leaderboard(finished, data, folds)).entry
    first = test.annotator == 1
    for i, image in enumerate(test.images[first]):
        Image.fromarray(image).save(place / f"test{i}.png")
    names = [f"test{i}.png" for i in range(first.sum())]
    done = run(place, "-m", "kfold.predict", "--run", "small", "--out", "o", "--image", *names)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"runs/small: {best.name!r} predicts, 2 networks")
    found = [predicted(place / f"o/test{i}.json")[1][0] for i in range(first.sum())]
    np.testing.assert_allclose(found, best.test[first], atol=0.01)


def test_what_fails_is_named_and_the_others_are_done(place, truth):
    (place / "bad.jpg").write_text("no image")
    Image.fromarray(np.full((200, 300), 99, np.uint8)).save(place / "plain.png")
    words = ("--image", "bad.jpg", "plain.png", "photos/upright.png", "--out", "partly")
    done = run(place, "-m", "kfold.predict", "--run", "small", *words)
    assert done.returncode == 1
    assert "bad.jpg: expected an image" in done.stderr
    assert "plain.png: expected a face, found none" in done.stderr
    assert "error: 2 of 3 photos failed" in done.stderr
    names = {path.name for path in (place / "partly").iterdir()}
    assert names == {"upright.png", "upright.json"}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "IMAGE: expected a photo or a folder"),
        (("--image", "nowhere.jpg"), "nowhere.jpg: expected a photo or a folder, found no such"),
        (("--image", "runs"), "runs: expected photos"),
        (("--image", "photos/upright.png", "--out", "photos"), "would replace a photo"),
    ],
)
def test_a_wrong_option_ends_with_a_message(place, truth, words, message):
    done = run(place, "-m", "kfold.predict", "--run", "small", *words)
    assert done.returncode == 1
    assert message in done.stderr


def test_the_readme_says_how_to_use_the_exported_files(place):
    done = run(place, "-m", "kfold.export", "--run", "small")
    assert done.returncode == 0, done.stderr  # TensorFlow Lite says what it runs on
    assert "runs/small: heatmap seed 0, trusted out-of-fold RMSE" in done.stdout
    folder = place / "runs/small/exported"
    assert {path.name for path in folder.iterdir()} == {"keypoints.keras", "keypoints.tflite"}
    test = read_competition(place / "demo", place / "data/cache").test
    Image.fromarray(test.images[0]).save(folder / "face.png")
    (example,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    check = (
        "\nimport sys; assert not [name for name in sys.modules if name.startswith('kfold')]"
        "\nassert points.shape == (1, 15, 2) and abs(points - same_points).max() < 0.01"
    )
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    subprocess.run([sys.executable, "-c", example + check], cwd=folder, env=environment, check=True)


def test_sixteen_bits_of_gray_are_scaled_to_eight(tmp_path):
    gray = np.linspace(0, 2**16 - 1, 100).astype(np.uint16).reshape(10, 10)
    for name in ("deep.png", "deep.tif"):
        Image.fromarray(gray).save(tmp_path / name)
        seen = np.asarray(read_photo(tmp_path / name).convert("L"))
        np.testing.assert_allclose(seen, gray / 257, atol=1)
