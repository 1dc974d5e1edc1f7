"""Join a Ray cluster, or start one on this machine, and give it this project's code."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from data.system.errors import UserError

_PACKAGES = ("data", "augment", "kfold")
"""What is sent to the nodes of this project."""

_ANSWER_SECONDS = 10.0
"""Time that a cluster has to answer."""


def find_cluster() -> str:
    """The address of the cluster to join, RAY_ADDRESS; 'local' for one to be started here.

    Raises:
        UserError: Ray is not installed, or nothing answers at the address.
    """
    if find_spec("ray") is None:
        raise UserError(
            "CLUSTER=ray needs Ray, which is not installed here. `make cv CLUSTER=ray` installs "
            "it; by hand: pip install -c constraints.txt -r requirements-cluster.txt"
        )
    address = os.environ.get("RAY_ADDRESS") or "local"
    if address != "local":
        _check_answers(address)
    return address


@contextmanager
def joined_cluster(variables: dict[str, str]) -> Iterator[Any]:
    """Join the cluster at RAY_ADDRESS, or start one here; leaving the block ends that.

    Workers get this project's modules, which nodes need not have, and no other file.

    Args:
        variables: environment variables of the workers, set before anything is imported.

    Yields:
        The module `ray`.

    Raises:
        UserError: as of `find_cluster`, or Ray could not join it.
    """
    address = find_cluster()
    import ray

    try:
        _join(ray, address, variables)
        yield ray
    finally:
        ray.shutdown()


def _join(ray: Any, address: str, variables: dict[str, str]) -> None:
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if address == "local":
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no statistics to Ray's makers
        options |= {"include_dashboard": False}
    with TemporaryDirectory() as code:
        _copy_code(Path(code))
        environment = {"working_dir": code, "env_vars": variables}
        try:
            ray.init(address, runtime_env=environment, **options)
        except Exception as error:  # Ray raises plain `Exception`, too
            found = str(error).strip().partition("\n")[0]
            raise UserError(f"expected a Ray cluster ({address}), found: {found}") from error


def _check_answers(address: str) -> None:
    """Refuse an address where nothing answers; Ray itself would try for minutes."""
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host, int(port)), _ANSWER_SECONDS).close()
    except (OSError, ValueError) as error:
        raise UserError(
            "RAY_ADDRESS: expected <host>:<port> of a Ray cluster that this machine is a node of, "
            f"found {address!r}: {error}. `ray start --head` starts one."
        ) from error


def _copy_code(target: Path) -> None:
    """Copy this project's modules, and no other file, for the nodes."""
    root = Path(__file__).parents[2]
    for package in _PACKAGES:
        for source in (root / package).rglob("*.py"):
            copy = target / source.relative_to(root)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)
