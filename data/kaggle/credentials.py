"""Find Kaggle credentials in the places where Kaggle's own client looks for them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from data.competition import RULES_PAGE
from data.kaggle.credential_files import (
    cleaned,
    expanded,
    files_in,
    find_file,
    read_json,
    read_text,
)
from data.system.errors import UserError

TOKEN_PAGE = "https://www.kaggle.com/settings/api"
LOGIN_FILE = "~/.kaggle/credentials.json"

_TOKEN_FILE = "~/.kaggle/access_token"
_KEY_FILE = "kaggle.json"
_RENEWAL = f"Delete it and create a new token on {TOKEN_PAGE}"
_NEW_LOGIN = "Run `kaggle auth login` again."

_MISSING = f"""no Kaggle credentials found. Looked for
  the environment variables KAGGLE_API_TOKEN, or KAGGLE_USERNAME and KAGGLE_KEY;
  the files {_TOKEN_FILE}, {{key_files}}, {LOGIN_FILE}{{found}}.
Create a token with "Generate New Token" on {TOKEN_PAGE}
and save it as {_TOKEN_FILE}; accept the rules once on {RULES_PAGE}
Without an account: `make demo`, or `make download FROM=<folder or zip>` with files you have."""


@dataclass(frozen=True)
class Credentials:
    """Credentials and their source; str and repr hide the secret.

    Attributes:
        source: environment variable or file, for messages.
        auth: arguments of the SDK's client; from the file that `kaggle auth login` writes, those
            of its `KaggleCredentials`.
    """

    source: str
    auth: dict[str, str] = field(repr=False)

    @property
    def renewal(self) -> str:
        """How to renew credentials that Kaggle refuses."""
        if self.source == LOGIN_FILE:
            return "run `kaggle auth login` again"
        return f"create new ones on {TOKEN_PAGE}"


def has_credentials() -> bool:
    """Whether there are credentials; does not ask Kaggle whether they are valid.

    Raises:
        UserError: a credential file cannot be read.
    """
    return _find() is not None


def require_credentials() -> Credentials:
    """Find credentials where Kaggle's own client looks for them, in its order.

    Raises:
        UserError: there are none, or their form is invalid.
    """
    credentials = _find()
    if credentials is None:
        key_files = ", ".join(map(str, _key_files()))
        raise UserError(_MISSING.format(key_files=key_files, found=_found_instead()))
    for secret in credentials.auth.values():
        if not (secret.isascii() and secret.isprintable()) or set(secret) & set(' "{'):
            raise UserError(
                f"{credentials.source}: expected a Kaggle token or key, found characters that none "
                f"has (were a line break or braces copied along?): {credentials.renewal}"
            )
    return credentials


def _found_instead() -> str:
    """What is in the place of credentials."""
    pair = ("KAGGLE_USERNAME", "KAGGLE_KEY")
    if len(alone := [name for name in pair if os.environ.get(name)]) == 1:
        return f";\n  found {alone[0]} alone: set both variables"
    folder = expanded(_TOKEN_FILE).parent
    if "~" in folder.parts:
        return " (of a home folder that HOME does not name)"
    for place in (folder.parent, folder):
        if os.path.isdir(place) and not os.access(place, os.X_OK):
            return f";\n  {place} belongs to another user and cannot be read"
    names = ", ".join(f"{path.name} ({path.stat().st_size} bytes)" for path in files_in(folder))
    return f";\n  found in {folder}: {names}" if names else ""


def _find() -> Credentials | None:
    return _find_token() or _find_key() or _find_login()


def _find_token() -> Credentials | None:
    """Find an access token: Kaggle's own in its notebooks, KAGGLE_API_TOKEN, or a file."""
    from kagglesdk.kaggle_env import KAGGLE_API_V1_TOKEN_PATH, is_in_kaggle_notebook

    given = os.environ.get("KAGGLE_API_TOKEN", "")
    own = os.environ.get(KAGGLE_API_V1_TOKEN_PATH, "") if is_in_kaggle_notebook() else ""
    files = {KAGGLE_API_V1_TOKEN_PATH: Path(own), "KAGGLE_API_TOKEN": expanded(given)}
    for source, path in files.items():
        if os.path.isfile(path) and (token := read_text(path)):
            return Credentials(source, {"api_token": token})
    if (token := cleaned(given)) and not os.path.isfile(files["KAGGLE_API_TOKEN"]):
        return Credentials("KAGGLE_API_TOKEN", {"api_token": token})
    if (file := find_file(expanded(_TOKEN_FILE))) and (token := read_text(file)):
        return Credentials(str(file), {"api_token": token})
    return None


def _find_key() -> Credentials | None:
    """Find user name and key in the environment, which takes precedence, and in kaggle.json."""
    variables = {name: f"KAGGLE_{name.upper()}" for name in ("username", "key")}
    values = {name: cleaned(os.environ.get(variables[name], "")) for name in variables}
    sources = [variables[name] for name in variables if values[name]]
    path = None if all(values.values()) else next(filter(None, map(find_file, _key_files())), None)
    if path:
        stored = read_json(path, _RENEWAL)
        values = {name: values[name] or stored.get(name, "") for name in variables}
        sources.insert(0, str(path))
    if all(values.values()):
        auth = {"username": values["username"], "password": values["key"]}
        return Credentials(" with ".join(sources), auth)
    if path:
        lacking = " and ".join(f'"{name}"' for name in variables if not values[name])
        raise UserError(f'{path}: expected "username" and "key", found no {lacking}. {_RENEWAL}')
    return None


def _key_files() -> list[Path]:
    if folder := os.environ.get("KAGGLE_CONFIG_DIR"):
        return [expanded(folder) / _KEY_FILE]
    config = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return [expanded(f"~/.kaggle/{_KEY_FILE}"), expanded(f"{config}/kaggle/{_KEY_FILE}")]


def _find_login() -> Credentials | None:
    """Find the login that `kaggle auth login` stores."""
    path = expanded(LOGIN_FILE)
    if not os.path.exists(path):
        return None
    token = read_json(path, _NEW_LOGIN).get("refresh_token")
    if not token:
        raise UserError(f"{path}: expected a valid login, found none. {_NEW_LOGIN}")
    return Credentials(LOGIN_FILE, {"refresh_token": token})
