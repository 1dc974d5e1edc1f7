import os
import signal
import subprocess
import sys
import time

import numpy as np

from augment.pipeline import augment_faces
from augment.policies import POLICIES
from augment.workers import start_workers

INTERRUPTED = """
import os, time
from augment.workers import start_workers
with start_workers(1) as pool:
    try:
        print(pool.submit(os.getpid).result(), flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        pass
"""


def test_a_worker_augments_without_tensorflow_and_ends_with_its_pool(faces):
    import keras  # noqa: F401  # the caller has TensorFlow, the worker must not

    arguments = faces.images, faces.keypoints, POLICIES["standard"], 3
    with start_workers(1) as pool:
        found = pool.submit(augment_faces, *arguments).result()
        modules = pool.submit(eval, "set(__import__('sys').modules)").result()
        blocked = pool.submit(signal.pthread_sigmask, signal.SIG_BLOCK, ()).result()
        process = pool.submit(os.getpid).result()
    for here, there in zip(augment_faces(*arguments), found, strict=True):
        np.testing.assert_array_equal(here, there)
    assert not modules & {"tensorflow", "keras"}
    assert signal.SIGINT in blocked
    assert not _runs(process)


def test_ctrl_c_leaves_no_process_and_no_noise():
    script = subprocess.Popen(
        [sys.executable, "-W", "error", "-c", INTERRUPTED],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    script.stdout.readline()
    os.killpg(script.pid, signal.SIGINT)  # as a terminal does: to the script and its workers
    # Every process holds the script's stderr: its end is theirs.
    _, errors = script.communicate(timeout=60)
    assert (script.returncode, errors) == (0, "")


def test_a_killed_caller_leaves_no_process():
    script = subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, "warm"], stdout=subprocess.PIPE, text=True
    )
    worker = int(script.stdout.readline())
    script.kill()
    script.communicate()
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and _runs(worker):
        time.sleep(0.1)
    assert not _runs(worker)


def _runs(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
