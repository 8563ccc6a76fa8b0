"""Keys of a home: drawn once, kept in private files, shown to nobody."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from trendlab.errors import PrivacyError
from trendlab.privacy.hashing import KEY_BYTES

FOLDER = "keys"
PSEUDONYM_MARK = "pseudonyms.id"
"""File that tells of which key a home's pseudonyms are; names are kept without it."""
# Hexadecimal digits and a line end, with room for white space.
MAX_FILE_BYTES = 200


def keeps_pseudonyms(home: Path) -> bool:
    """Tell whether a home keeps pseudonyms, whatever the settings say."""
    return (home / FOLDER / PSEUDONYM_MARK).exists()


def read_key(path: Path) -> bytes:
    """Return the key in a file: 64 hexadecimal digits.

    Raises
    ------
    PrivacyError
        If there is none, or it holds something else; its content is not shown.
    """
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES)
        key = bytes.fromhex(content.decode("ascii").strip())
    except (OSError, ValueError) as error:
        raise PrivacyError(
            f"{path} should hold a key and cannot be read ({type(error).__name__}): "
            "restore it from a copy"
        ) from None
    if len(key) != KEY_BYTES:
        raise PrivacyError(
            f"{path} should hold a key of {2 * KEY_BYTES} hexadecimal digits, it holds "
            f"{2 * len(key)}: restore it from a copy"
        )
    return key


def draw_key(path: Path) -> bytes:
    """Return the key in a file, drawing it on the first call; mode 0600.

    A key that another process wrote first wins.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_privately(path, secrets.token_bytes(KEY_BYTES).hex() + "\n")
    return read_key(path)


def write_privately(path: Path, content: str) -> None:
    """Write a file that only its owner can read; it appears whole, and durable."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
