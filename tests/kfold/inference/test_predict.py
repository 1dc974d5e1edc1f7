"""The commands of this room on a small run: photos in, keypoints out; and the README's example."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
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
from kfold.inference.best_seed import best_seed
from kfold.inference.predictor import Predictor, load_network, unlabelled
from kfold.leaderboard.leaderboard import make_leaderboard
from kfold.runs.open_run import open_named_run
from kfold.training import trainer
from kfold.training.tta import TTA
from tests.kfold.few_faces import few_faces
from tests.kfold.joining.tables import joined_run
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
    predictor = Predictor.of_best(make_leaderboard([open_named_run("small")]))
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
    Image.fromarray(np.full((1, 5000), 99, np.uint8)).save("line.png")
    words = ("IMAGE=bad.jpg line.png plain.png photos/upright.png", "OUT=partly", "RUN=small")
    assert refused(predict.main, predict.PredictOptions, *words) == 1
    errors = capsys.readouterr().err
    assert "bad.jpg: expected an image" in errors
    assert "line.png: expected an image of at least 24 px by 24, found 5000 x 1 px" in errors
    assert "plain.png: expected a face, found none" in errors
    assert "error: 3 of 4 photos failed" in errors
    names = {path.name for path in (place / "partly").iterdir()}
    assert names == {"upright.png", "upright.json"}


def test_photos_of_subfolders_and_of_one_name_are_all_predicted(place, capsys):
    for name in ("album/face.png", "album/face.tif", "album/sub/face.png"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy("photos/upright.png", name)
    Image.open("photos/upright.png").save("album/face.tif")
    Path("album/face.HEIC").touch()
    predict.main(predict.PredictOptions((Path("album"),), "small", out=Path("drawn")))
    assert "left out, no image that Pillow reads: face.HEIC" in capsys.readouterr().out
    names = {str(path.relative_to("drawn")) for path in Path("drawn").rglob("*.json")}
    assert names == {"face.json", "face-2.json", "sub/face.json"}
    assert predicted(Path("drawn/face-2.json"))[0]["photo"] == "album/face.tif"


def test_a_deep_photo_is_predicted_as_one_of_8_bits(place):
    face = rendered().images[1]
    Image.fromarray(face).save("deep8.png")
    Image.fromarray(face.astype(np.uint16) * 16).save("deep12.png")
    images = (Path("deep8.png"), Path("deep12.png"))
    predict.main(predict.PredictOptions(images, "small", out=Path("deep"), whole=True))
    found = [predicted(Path(f"deep/{image.stem}.json"))[1][0] for image in images]
    np.testing.assert_allclose(found[1], found[0], atol=0.2)


def test_keypoints_of_a_photo_that_is_read_smaller_are_in_its_own_pixels(place, monkeypatch):
    photo = (Path("photos/upright.png"),)
    predict.main(predict.PredictOptions(photo, "small", out=Path("full")))
    monkeypatch.setattr("kfold.inference.photo_file._ENOUGH", 320)
    predict.main(predict.PredictOptions(photo, "small", out=Path("half")))
    (full, (expected,)), (half, (keypoints,)) = (
        predicted(Path(f"{folder}/upright.json")) for folder in ("full", "half")
    )
    with Image.open("half/upright.png") as drawing, Image.open("full/upright.png") as larger:
        assert drawing.width % 320 == larger.width % 640 == 0
    assert (half["width"], half["height"]) == (full["width"], full["height"]) == (640, 400)
    assert half["faces"][0]["size"] == pytest.approx(full["faces"][0]["size"], rel=0.05)
    np.testing.assert_allclose(keypoints, expected, atol=0.03 * SIZE)


def test_each_network_predicts_the_faces_of_all_photos_at_once(place, monkeypatch):
    calls = []

    def counted(network, faces, views):
        calls.append(len(faces))
        return trainer.predict(network, faces, views)

    monkeypatch.setattr("kfold.inference.predictor.predict", counted)
    images = tuple(Path(f"copy{i}.png") for i in range(3))
    for image in images:
        shutil.copy("photos/upright.png", image)
    predict.main(predict.PredictOptions(images, "small", out=Path("copies")))
    assert calls == [1, 1, 1, 3, 3]  # one rough look a photo, and two networks


def test_members_without_weight_for_annotator_1_are_not_predicted(place):
    predictor = Predictor.of_best(make_leaderboard([open_named_run("small")]))
    entry = predictor.line.entry
    weights = {name: (float(i == 1), 1.0) for i, name in enumerate(entry.weights)}
    stack = replace(entry.stack, weights=np.array([0.0, 1.0]))
    entry = replace(entry, weights=weights, stack=stack, refined=False)
    one_view = replace(predictor, line=replace(predictor.line, entry=entry))
    assert one_view.views == {"tiny": {1: TTA["flip"][1]}}
    run, faces = predictor.opened.run, rendered()
    networks = [load_network(run, "tiny", 0, fold) for fold in range(2)]
    views = [trainer.predict(n, unlabelled(faces.images), TTA["flip"][1:])[0] for n in networks]
    expected = np.mean(views, axis=0) + stack.intercept
    np.testing.assert_allclose(one_view(faces.images), expected, atol=1e-3)


def test_networks_that_trained_in_bfloat16_predict_in_float32(place):
    run = open_named_run("small").run
    mixed = replace(run.config.models["tiny"], precision="mixed_bfloat16")
    run = replace(run, config=replace(run.config, models={"tiny": mixed}))
    network = load_network(run, "tiny", 0, fold=0)
    assert {layer.compute_dtype for layer in network.layers} == {"float32"}


@pytest.fixture(scope="module")
def mixed(place):
    """The run with joined predictions that are better than its networks."""
    shutil.copytree("runs/small", "runs/mixed")
    return joined_run(open_named_run("mixed"), "forest", 0.5)


def test_the_best_line_with_networks_predicts_and_a_better_one_is_named(mixed, capsys):
    leaderboard = make_leaderboard([mixed])
    words = ("RUN=mixed", "IMAGE=photos/upright.png", "OUT=mixed")
    run_command(predict.main, predict.PredictOptions, words)
    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first == "runs/mixed: 'tiny' predicts, 2 networks"
    assert second == (
        f"{leaderboard.best.entry.name!r} is better, but uses 'forest': joined predictions have no "
        "network here."
    )
    assert best_seed(leaderboard).model == "tiny"


@pytest.mark.parametrize(
    ("command", "options", "words"),
    [
        (predict.main, predict.PredictOptions, ("IMAGE=photos/upright.png",)),
        (export.main, export.ExportOptions, ()),
    ],
)
def test_a_run_of_joined_predictions_alone_has_no_network(mixed, capsys, command, options, words):
    shutil.copytree("runs/mixed", "runs/alone", dirs_exist_ok=True)
    shutil.rmtree("runs/alone/tiny")
    assert refused(command, options, "RUN=alone", *words) == 1
    error = capsys.readouterr().err
    assert "runs/alone: expected a model finished on all folds, found only joined" in error
    assert "Train one with `make cv RUN=alone`. Left out: tiny (not started)." in error


@pytest.mark.parametrize(
    ("command", "options", "words"),
    [
        (predict.main, predict.PredictOptions, ("IMAGE=photos/upright.png", "WHOLE=1")),
        (export.main, export.ExportOptions, ()),
    ],
)
def test_weights_of_another_network_are_named(place, capsys, command, options, words):
    config = Path("runs/small/config.json")
    kept = config.read_text()
    config.write_text(kept.replace('"decoder_width": 8', '"decoder_width": 16'))
    try:
        assert refused(command, options, "RUN=small", "OUT=none", *words) == 1
    finally:
        config.write_text(kept)
    error = capsys.readouterr().err
    assert "fold0/model.weights.h5: expected weights of the network in config.json, found" in error


def test_deleted_weights_are_named_once_before_any_photo_is_read(place, capsys):
    weights = Path("runs/small/tiny/seed0/fold1/model.weights.h5")
    aside = weights.rename("aside.h5")
    try:
        words = ("RUN=small", "IMAGE=photos/upright.png photos/turned.jpg", "OUT=none")
        assert refused(predict.main, predict.PredictOptions, *words) == 1
    finally:
        aside.rename(weights)
    assert capsys.readouterr().err.count("expected weights, found none") == 1
    assert not Path("none").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "IMAGE: expected a photo or a folder"),
        (("IMAGE=nowhere.jpg",), "nowhere.jpg: expected a photo or a folder, found no such"),
        (("IMAGE=demo",), "demo: expected photos"),
        (("IMAGE=photos/upright.png", "OUT=photos"), "would replace a photo"),
    ],
)
def test_a_wrong_option_ends_with_a_message(place, capsys, words, message):
    assert refused(predict.main, predict.PredictOptions, "RUN=small", *words) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "options"),
    [(predict.main, predict.PredictOptions), (export.main, export.ExportOptions)],
)
def test_a_backend_that_is_not_installed_ends_with_a_message(
    place, capsys, monkeypatch, command, options
):
    monkeypatch.setenv("KERAS_BACKEND", "nonsense")
    assert refused(command, options, "RUN=small") == 1
    assert "KERAS_BACKEND: expected one of tensorflow, jax, torch" in capsys.readouterr().err


def test_the_exported_files_are_used_as_the_readme_says(place, capfd):
    export.main(export.ExportOptions("small"))
    assert "runs/small: tiny seed 0, capped out-of-fold RMSE" in capfd.readouterr().out
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
