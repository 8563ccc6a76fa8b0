"""What a page shows, hashed: one that shows the same is not written again.

A page is made of what the warehouse holds, the marts, a notebook with its parameters,
and code: ours that draws, and the packages it draws with. The hash of all of them
stands in the page itself, so that a page that was removed, or whose making was killed,
leaves nothing behind that speaks of it.
"""

from __future__ import annotations

import sys
import sysconfig
from collections.abc import Iterator, Mapping
from pathlib import Path

import trendlab
from trendlab.steps.code_hash import hash_of
from trendlab.warehouse import marts
from trendlab.warehouse.access import Warehouse
from trendlab.warehouse.load import content_hash

# Rooms that notebooks import: their code, and the outlines of countries.
DRAWING_ROOMS = ("places", "report")
PACKAGE = Path(trendlab.__file__).parent


def hash_page(
    warehouse: Warehouse,
    notebook: Path,
    parameters: Mapping[str, str],
    atlas: str,
    *,
    package: Path = PACKAGE,
) -> str:
    """Hash all that decides what a notebook shows.

    Parameters
    ----------
    warehouse : Warehouse
    notebook : Path
    parameters : mapping of str to str
    atlas : str
        Page that is linked to; empty for none.
    package : Path
        Folder of trendlab's code.
    """
    with warehouse.analyst.connect() as connection:
        definitions = marts.definitions(connection)
    return hash_of(
        content_hash(warehouse.loader),
        definitions,
        notebook.read_text(encoding="utf-8"),
        *(f"{name}={parameters[name]}" for name in sorted(parameters)),
        atlas,
        *_drawing_code(package),
        *_packages(),
    )


def _drawing_code(package: Path) -> Iterator[str]:
    for room in DRAWING_ROOMS:
        for path in sorted((package / room).iterdir()):
            if path.is_file():
                yield path.name
                yield path.read_text(encoding="utf-8", errors="replace")


def _packages() -> Iterator[str]:
    """Name Python and what is installed: folders carry a package's name and version."""
    yield sys.version
    paths = sysconfig.get_paths()
    for folder in sorted({paths["purelib"], paths["platlib"]}):
        yield from sorted(path.name for path in Path(folder).glob("*.dist-info"))
