"""Passwords of the database roles: drawn once, kept in one private file.

Under `trust` authentication a role protects nothing: whoever reaches the socket
is whoever they say they are. So every role has a password, and the server asks
for it (scram-sha-256) on the socket too.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from trendlab.errors import WarehouseError

OWNER = "trendlab_owner"
LOADER = "trendlab_loader"
ANALYST = "trendlab_analyst"
ROLES = {"owner": OWNER, "loader": LOADER, "analyst": ANALYST}
"""Short name on the command line → name of the database role."""

# 24 random bytes: beyond guessing, and short enough to paste
PASSWORD_BYTES = 24
PASSWORDS_FILE = "passwords.json"


def read_passwords(folder: Path) -> dict[str, str]:
    """Return the password of each role, drawing them on the first call.

    Parameters
    ----------
    folder : Path
        Where `passwords.json` is, or will be, mode 0600.

    Returns
    -------
    dict of str to str
        Database role → password.

    Raises
    ------
    WarehouseError
        If the file is there and cannot be read as passwords.
    """
    path = folder / PASSWORDS_FILE
    folder.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        drawn = {role: secrets.token_urlsafe(PASSWORD_BYTES) for role in ROLES.values()}
        _write_once(path, json.dumps(drawn, indent=1))
    try:
        known = json.loads(path.read_text())
        return {role: str(known[role]) for role in ROLES.values()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WarehouseError(
            f"{path} should hold the passwords of {', '.join(ROLES.values())} and "
            f"cannot be read ({type(error).__name__}). Remove the folder {folder} and "
            "run `trendlab rebuild`: the warehouse is refilled from the lake"
        ) from None


def _write_once(path: Path, content: str) -> None:
    """Write a private file whole; one that is already there wins."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if not path.exists():
            # a link fails where another process was faster; its passwords hold
            os.link(partial, path)
    except FileExistsError:
        pass
    finally:
        partial.unlink(missing_ok=True)
