"""Find the browser that the report is tested in; `python -m tests.browser` installs one."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


def find_browser() -> Path:
    """Path of Chromium or Chrome: the system's, or the one that playwright downloaded.

    Raises:
        RuntimeError: there is none.
    """
    for name in NAMES:
        if path := shutil.which(name):
            return Path(path)
    with sync_playwright() as playwright:
        downloaded = Path(playwright.chromium.executable_path)
    for path in (MAC, downloaded):
        if path.is_file():
            return path
    raise RuntimeError(
        "the report is tested in Chromium or Chrome, found neither. `make test` installs one; by "
        "hand: `apt-get install chromium`, or install Google Chrome."
    )


def install_browser() -> None:
    """Install Chromium: Debian's package where this may be done, else playwright's download."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        print("No Chromium or Chrome found: installing Debian's chromium", flush=True)
        packages = ("apt-get", "install", "-qy", "--no-install-recommends", "chromium")
        commands = [("apt-get", "update", "-q"), packages]
        if all(_succeeds(command) for command in commands):
            return
    print("No Chromium or Chrome found: downloading playwright's Chromium", flush=True)
    _succeeds((sys.executable, "-m", "playwright", "install", "chromium"))


def _succeeds(command: tuple[str, ...]) -> bool:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(done.stdout + done.stderr, file=sys.stderr)
    return done.returncode == 0


def main() -> None:
    """Make sure that there is a browser; exit with a message if there is none."""
    try:
        find_browser()
    except RuntimeError:
        install_browser()
    try:
        print(f"The report is tested in {find_browser()}")
    except RuntimeError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
