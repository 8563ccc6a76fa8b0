"""Where the files are that travel with the package but are not Python."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def bundled(name: str) -> Path:
    """Return the folder `name` (sql, notebooks) of the wheel or of the checkout.

    Raises
    ------
    FileNotFoundError
        If neither holds it.
    """
    for folder in (_PACKAGE / "_bundled" / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"trendlab is installed without its folder {name!r}")
