import shutil
import subprocess

import grimp
import pytest

from kfold.runs.code_version import ROOT, SOURCES, code_version, distinct_sources


def git(folder, *words):
    identity = ("-c", "user.name=n", "-c", "user.email=e", "-c", "commit.gpgsign=false")
    command = ["git", "-C", str(folder), *identity, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def version_of(folder):
    code_version.cache_clear()
    return code_version(folder)


@pytest.fixture
def project(tmp_path):
    """A project of two modules, one of which a training uses."""
    (tmp_path / "pyproject.toml").write_text('[project]\nversion = "1.2.3"\n')
    for name in ("augment/flip.py", "submit/send.py"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("a = 1\n")
    return tmp_path


def test_it_changes_with_the_sources_of_a_training_and_with_nothing_else(project):
    first = version_of(project)
    assert first.startswith("1.2.3, sources ")
    (project / "submit/send.py").write_text("a = 2\n")
    assert version_of(project) == first
    (project / "augment/flip.py").write_text("a = 2\n")
    changed = version_of(project)
    assert changed != first
    (project / "augment/flip.py").rename(project / "augment/warp.py")
    assert version_of(project) not in (first, changed)


def test_it_names_the_commit_where_there_is_one(project):
    without = version_of(project)
    git(project, "init")
    git(project, "add", ".")
    git(project, "commit", "-m", "m")
    commit = git(project, "rev-parse", "--short", "HEAD")
    assert version_of(project) == without.replace(",", f"+{commit},")
    (project / "submit/send.py").write_text("a = 2\n")
    assert version_of(project) == without.replace(",", f"+{commit}-dirty,")
    # An archive that was unpacked inside of another project.
    inner = shutil.copytree(project, project / "inner", ignore=shutil.ignore_patterns(".git"))
    assert version_of(inner) == without


def test_versions_of_the_same_sources_are_one():
    versions = ["1+a, sources 01234567", "2+b, sources 01234567", "unknown", "unknown"]
    assert distinct_sources(versions) == ["1+a, sources 01234567", "unknown"]


def test_every_module_that_a_training_imports_is_a_source_of_it():
    graph = grimp.build_graph("data", "augment", "kfold")
    imported = graph.find_upstream_modules("kfold.training.fit_fold")
    folders = {module.replace(".", "/") for module in imported} - {"data", "augment", "kfold"}
    assert "augment/batches" in folders
    assert [name for name in folders if not name.startswith(SOURCES)] == []
    assert all((ROOT / folder).is_dir() for folder in SOURCES)
