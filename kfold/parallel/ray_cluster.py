"""Join a Ray cluster, or start one on this machine, and give it this project's code."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

from data.system.errors import UserError
from kfold.runs.code_version import ROOT, project_modules

_ANSWER_SECONDS = 10.0
"""Time that a cluster has to answer."""

_START_SECONDS = 180.0
"""Time that a node has to start its first worker."""

_LONGEST_TEMPORARY_FOLDER = 36
"""Bytes. Ray puts sockets 68 bytes deeper, whose paths may have 107."""


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
        UserError: as of `find_cluster`, Ray could not join it, or a node starts no worker.
    """
    address = find_cluster()
    _set_environment()
    import ray

    try:
        _join(ray, address, variables)
        _check_workers(ray)
        yield ray
    finally:
        ray.shutdown()


def _set_environment() -> None:
    """Set what Ray reads when it is imported, and when it starts a cluster here."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # no statistics to Ray's makers
    # Below `uv run`, Ray would have uv install each worker's packages.
    os.environ["RAY_ENABLE_UV_RUN_RUNTIME_ENV"] = "0"
    folder = os.environ.get("RAY_TMPDIR") or os.environ.get("TMPDIR", "")
    if len(os.fsencode(folder)) > _LONGEST_TEMPORARY_FOLDER:
        os.environ["RAY_TMPDIR"] = "/tmp"
    if os.path.expanduser("~") == "~":  # no HOME, and a user without a name, as in a container
        os.environ["HOME"] = gettempdir()


def _join(ray: Any, address: str, variables: dict[str, str]) -> None:
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
    if address == "local":
        options |= {"include_dashboard": False}
    with TemporaryDirectory() as code:
        _copy_code(Path(code))
        environment = {"working_dir": code, "env_vars": variables}
        try:
            ray.init(address, runtime_env=environment, **options)
        except Exception as error:  # Ray raises plain `Exception`, too
            found = str(error).strip().partition("\n")[0].rstrip(".")
            advice = " RAY_TMPDIR=<folder> puts Ray's files elsewhere." * isinstance(error, OSError)
            raise UserError(
                f"expected a Ray cluster ({address}), found: {found}.{advice}"
            ) from error


def _check_workers(ray: Any) -> None:
    """Refuse nodes where no worker starts; Ray itself would wait for one without end."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    nodes = {node["NodeID"]: node["NodeManagerHostname"] for node in ray.nodes() if node["Alive"]}
    start = ray.remote(num_cpus=0)(_answer)
    pending = {
        start.options(
            scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)
        ).remote(): host
        for node, host in nodes.items()
    }
    _, silent = ray.wait(list(pending), num_returns=len(pending), timeout=_START_SECONDS)
    if silent:
        hosts = ", ".join(sorted({pending[answer] for answer in silent}))
        raise UserError(
            f"expected a worker on every node, found none within {_START_SECONDS:g} s on {hosts}. "
            "Ray's session_latest/logs/raylet.* there, usually in /tmp/ray, say why. Mend or stop "
            "that node, then run the same command again."
        )


def _answer() -> None:
    """What a worker does first."""


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
    for module in project_modules():
        copy = target / module
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / module, copy)
