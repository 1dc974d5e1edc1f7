import shutil
import subprocess

from submit.version import ROOT, code_version


def git(folder, *words):
    identity = ("-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false")
    command = ["git", "-C", str(folder), *identity, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_the_commit_and_whether_it_was_changed(tmp_path):
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    git(tmp_path, "init")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-m", "m")
    commit = git(tmp_path, "rev-parse", "--short", "HEAD")
    assert code_version(tmp_path) == f"1.2.3+{commit}"
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.4"\n')
    assert code_version(tmp_path) == f"1.2.4+{commit}-dirty"
    # An archive that was unpacked inside of another project.
    inner = tmp_path / "inner"
    inner.mkdir()
    shutil.copy(tmp_path / "pyproject.toml", inner)
    assert code_version(inner) == "1.2.4"


def test_this_project_has_a_version():
    assert code_version(ROOT)[0].isdigit()
