"""Run a user's file, and say in which of its lines an error is."""

from __future__ import annotations

import linecache
import os
import random
import re
import sys
import traceback
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from functools import cache
from types import ModuleType

import cloudpickle
import numpy as np

from data.system.errors import UserError
from kfold.config.code_file import CodeFile
from kfold.custom.declared import Declared, declaring

_GRAPH = re.compile(r'Graph execution error|Detected at node|  File "|\t \[\[\{\{node')
"""Lines of a message that tell where TensorFlow's graph was made."""


@cache
def load(code: CodeFile) -> Declared:
    """Run the file, once in a process, and return what it declares.

    It draws the same random numbers in every process, and leaves the working directory as it was.

    Raises:
        UserError: it cannot be run, or declares something wrong; names the line.
    """
    module = ModuleType(f"code_{code.checksum}")
    module.__file__ = filename(code)
    # Tracebacks and inspect find its lines here; dataclasses and pickle find the module.
    lines = [f"{line}\n" for line in code.lines]
    linecache.cache[filename(code)] = (len(code.text), None, lines, filename(code))
    sys.modules[module.__name__] = module
    cloudpickle.register_pickle_by_value(module)  # other processes do not have it
    declared = Declared()
    token = declaring.set(declared)
    try:
        with located(code), chdir(os.curdir):
            _seed()
            exec(compile(code.text, filename(code), "exec"), module.__dict__)
    finally:
        declaring.reset(token)
    return declared


def _seed() -> None:
    random.seed(0)
    np.random.seed(0)
    if keras := sys.modules.get("keras"):  # else nothing is trained in this process
        keras.utils.set_random_seed(0)


def filename(code: CodeFile) -> str:
    """The name of the file in tracebacks; no other file has it."""
    return f"<{code.name} {code.checksum}>"


@contextmanager
def located(code: CodeFile, line: int | None = None) -> Iterator[None]:
    """Raise any error inside the block as a `UserError` with the file's name and line.

    Args:
        code: the file.
        line: for errors that none of its lines raised.
    """
    try:
        yield
    except (Exception, SystemExit) as error:
        raise UserError(describe(error, code, line)) from error


def describe(error: BaseException, code: CodeFile, line: int | None = None) -> str:
    """An error with the file's name and the line that raised it: 'a.py, line 3: KeyError: 'x''."""
    frames = traceback.extract_tb(error.__traceback__)
    raised = [frame.lineno for frame in frames if frame.filename == filename(code)]
    if not raised:  # by TensorFlow, whose message names the lines that made the graph
        named = re.findall(f'File "{re.escape(filename(code))}", line (\\d+)', str(error))
        raised = list(map(int, named))
    message = _plain(str(error))
    if isinstance(error, UserError) and message.startswith(f"{code.name}, line "):
        return message
    if isinstance(error, SyntaxError) and error.filename == filename(code):
        raised, message = [error.lineno], error.msg
    if isinstance(error, ModuleNotFoundError) and raised:
        message += (
            ". Install it into .venv, or put its code into this file: other files beside it are "
            "not kept with the run."
        )
    at = raised[-1] if raised else line
    place = f"{code.name}, line {at}" if at else code.name
    kind = "" if isinstance(error, UserError) else f"{type(error).__name__}: "
    return f"{place}: {kind}{message}"


def _plain(message: str) -> str:
    """A message without colours and arguments, which Keras adds, and TensorFlow's traceback."""
    message, _, _ = re.sub(r"\x1b\[[0-9;]*m", "", message).partition("Arguments received by")
    lines = message.splitlines()
    return "\n".join(line for line in lines if line.strip() and not _GRAPH.match(line)).strip()
