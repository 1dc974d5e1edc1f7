"""Find Kaggle credentials in the places where Kaggle's own client looks for them."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from data.competition import RULES_PAGE
from data.system.errors import UserError

TOKEN_PAGE = "https://www.kaggle.com/settings/api"
LOGIN_FILE = "~/.kaggle/credentials.json"

_TOKEN_FILE = "~/.kaggle/access_token"
_KEY_FILE = "kaggle.json"

_MISSING = f"""no Kaggle credentials found. Looked for
  the environment variables KAGGLE_API_TOKEN, or KAGGLE_USERNAME and KAGGLE_KEY;
  the files {_TOKEN_FILE}, {{key_files}}, {LOGIN_FILE}.
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
        key_files = ", ".join(str(path) for path in _key_files())
        raise UserError(_MISSING.format(key_files=key_files))
    for secret in credentials.auth.values():
        if not (secret.isascii() and secret.isprintable()) or " " in secret:
            raise UserError(
                f"{credentials.source}: expected a Kaggle token or key, found characters that none "
                f"has (was a line break copied along?): {credentials.renewal}"
            )
    return credentials


def _find() -> Credentials | None:
    from kagglesdk import get_access_token_from_env

    try:
        token, source = get_access_token_from_env()
    except (OSError, ValueError):
        raise UserError(
            f"KAGGLE_API_TOKEN or {_TOKEN_FILE}: cannot be read. Create a new token on {TOKEN_PAGE}"
        ) from None
    if token:
        source = _TOKEN_FILE if source == "access_token" else source
        return Credentials(source, {"api_token": token})
    if key := _find_key():
        return key
    if (path := Path(LOGIN_FILE).expanduser()).exists():
        return Credentials(LOGIN_FILE, _read_login(path))
    return None


def _key_files() -> list[Path]:
    if folder := os.environ.get("KAGGLE_CONFIG_DIR"):
        return [Path(folder) / _KEY_FILE]
    config = os.environ.get("XDG_CONFIG_HOME") or "~/.config"
    return [
        Path("~/.kaggle", _KEY_FILE).expanduser(),
        Path(config, "kaggle", _KEY_FILE).expanduser(),
    ]


def _find_key() -> Credentials | None:
    """Read user name and key from kaggle.json and the environment, which takes precedence."""
    sources = []
    values: dict[str, str] = {}
    for path in _key_files():
        if path.exists():
            sources.append(str(path))
            values = _read_key_file(path)
            break
    for name in ("username", "key"):
        if value := os.environ.get(f"KAGGLE_{name.upper()}"):
            sources.append(f"KAGGLE_{name.upper()}")
            values[name] = value
    if not (values.get("username") and values.get("key")):
        return None
    auth = {"username": values["username"], "password": values["key"]}
    return Credentials(" with ".join(sources), auth)


def _read_key_file(path: Path) -> dict[str, str]:
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
        return {name: str(values[name]) for name in ("username", "key") if name in values}
    except (OSError, ValueError, TypeError):
        raise UserError(
            f'{path}: expected JSON with "username" and "key", found something else. '
            f"Delete it and create a new token on {TOKEN_PAGE}"
        ) from None


def _read_login(path: Path) -> dict[str, str]:
    try:
        token = json.loads(path.read_text(encoding="utf-8"))["refresh_token"]
    except (OSError, ValueError, TypeError, KeyError):
        token = None
    if not token:
        raise UserError(
            f"{LOGIN_FILE}: expected a valid login, found none. Run `kaggle auth login` again."
        )
    return {"refresh_token": str(token)}
