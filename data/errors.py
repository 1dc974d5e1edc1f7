"""Errors meant for the person at the keyboard, and how a command ends on one."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable
from typing import TypeVar

Config = TypeVar("Config")

INTERRUPTED = 130
"""Exit code after Ctrl-C, as a shell reports it."""

_DISK_ERRORS = {
    errno.ENOSPC: "the disk is full: free some space and run the same command again",
    errno.EFBIG: "the file would pass the largest size that is allowed here",
    errno.EDQUOT: "the disk quota is used up: free some space and run the same command again",
    errno.EACCES: "no permission: choose another folder or change its permissions",
    errno.EPERM: "no permission: choose another folder or change its permissions",
    errno.EROFS: "the file system is read-only: choose another folder",
}


CONTINUES = "what is finished is kept, the same command, without FORCE=1, continues"
"""What to do after work that was cut off; FORCE=1 would begin it again."""


class UserError(Exception):
    """What was expected, what was found, where, and what to do next, in words for the user."""


def run_command(
    main: Callable[[Config], None], config: type[Config], **tyro_options: object
) -> None:
    """Parse the command line into `config` and run `main` on it; exit without a traceback.

    Exit codes: 0 done, 1 a `UserError` or a fault of disk or network, 2 a bad option, 130 Ctrl-C.
    """
    import tyro

    try:
        main(tyro.cli(config, **tyro_options))  # type: ignore[call-overload]
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
