"""Remembers the files that were written for people, so that they can be found again.

Reports, lists of texts to read and photos to check show what people wrote, wherever
they were written to. `<home>/exports.jsonl` names each, a line a file.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from filelock import FileLock

from trendlab.steps.keys import write_privately

Kind = Literal["report", "texts", "photos", "case"]
FILE_NAME = "exports.jsonl"
# Held while the list is changed: reports are written by several processes.
LOCK_NAME = ".exports.lock"


@dataclass(frozen=True)
class Export:
    """A file or folder that was written.

    Parameters
    ----------
    kind : {"report", "texts", "photos", "case"}
    path : str
        Under the home, which may be moved, or absolute.
    remark : str
        What is needed to make it again, or to check it.
    """

    kind: Kind
    path: str
    remark: str = ""


def known_exports(home: Path) -> list[Export]:
    """Return what was written, oldest first; some may not be there any more."""
    path = home / FILE_NAME
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Export(**json.loads(line)) for line in lines if line]


def note_export(home: Path, kind: Kind, path: Path, remark: str = "") -> None:
    """Remember a file; one at the same place is remembered in its stead."""
    place = path.absolute()
    if place.is_relative_to(home.absolute()):
        place = place.relative_to(home.absolute())
    new = Export(kind, str(place), remark)
    with FileLock(home / LOCK_NAME):
        kept = [one for one in known_exports(home) if one.path != new.path]
        _write(home, [*kept, new])


def drop_exports(home: Path, paths: Iterable[str]) -> None:
    """Forget files that are not there any more."""
    gone = set(paths)
    with FileLock(home / LOCK_NAME):
        known = known_exports(home)
        kept = [one for one in known if one.path not in gone]
        if len(kept) < len(known):
            _write(home, kept)


def _write(home: Path, exports: Iterable[Export]) -> None:
    lines = [json.dumps(asdict(one), ensure_ascii=False) + "\n" for one in exports]
    write_privately(home / FILE_NAME, "".join(lines))
