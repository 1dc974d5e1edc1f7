"""Run a command: parse its words, and end on an error without a traceback."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

from data.system.errors import CONTINUES, UserError
from data.system.variables import to_options

Options = TypeVar("Options")

INTERRUPTED = 130
"""Exit code after Ctrl-C, as a shell reports it."""

_DISK_ERRORS = {
    errno.ENOSPC: "the disk is full: free some space and run the same command again",
    errno.EFBIG: "the file would pass the largest size that is allowed here",
    errno.EDQUOT: "the disk quota is used up: free some space and run the same command again",
    errno.EACCES: "no permission: choose another folder or change its permissions",
    errno.EPERM: "not permitted: change the folder's permissions, or choose one on another disk",
    errno.EROFS: "the file system is read-only: choose another folder",
}
_DISK_ERRORS |= dict.fromkeys(
    (errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP, errno.ENOLCK),
    "the system or its file system cannot do that: choose a folder on another disk",
)


def run_command(
    main: Callable[[Options], None], options: type[Options], args: Sequence[str] | None = None
) -> None:
    """Parse a command line into `options`, run `main` on them, and exit without a traceback.

    Exit codes: 0 done, 1 a `UserError` or a fault of disk or network, 2 a bad option, 130 Ctrl-C.

    Args:
        main: the command.
        options: a dataclass.
        args: words such as `--run first` or `RUN=first`; those of the process by default.
    """
    if sys.platform == "win32":
        _stop("native Windows is not supported: run this in WSL, with a folder of Linux's.")
    import tyro

    # A notebook's, inherited by `!make`: matplotlib cannot be imported where its package is absent.
    os.environ.pop("MPLBACKEND", None)
    try:
        words = to_options(sys.argv[1:] if args is None else args, options)
        main(tyro.cli(options, args=words))
    except UserError as error:
        _stop(str(error))
    except KeyboardInterrupt:
        _stop(f"interrupted: {CONTINUES}", INTERRUPTED)
    except OSError as error:
        advice = _DISK_ERRORS.get(error.errno or 0, error.strerror or str(error))
        _stop(f"{error.filename or 'output'}: {advice}")


def _stop(message: str, code: int = 1) -> None:
    print(f"error: {message}", file=sys.stderr)
    sys.exit(code)
