"""What an ingest decided before its first write, kept until it is booked.

A run that was killed has written part of its rows; the next run would count these as
known, and date its refused records anew. So both are settled before the first write:
the moment, and how many posts are new or newer. The next run takes them from here, and
the lake ends as if nothing had happened.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

FOLDER = ".pending"


@dataclass(frozen=True)
class Decided:
    """What was settled before the first write.

    Parameters
    ----------
    moment : datetime
        When the ingest was first begun, UTC; refused records are dated by it.
    added_count, updated_count : int
    """

    moment: datetime
    added_count: int
    updated_count: int


class Journal:
    """The note of one ingest in the lake's folder.

    Parameters
    ----------
    root : Path
        Of the lake.
    ingest_id : str
    """

    def __init__(self, root: Path, ingest_id: str) -> None:
        self._path = root / FOLDER / f"{ingest_id}.json"

    def read(self) -> Decided | None:
        """Return what a run that did not end had settled, None where there is none."""
        try:
            noted = json.loads(self._path.read_text())
        except FileNotFoundError:
            return None
        return Decided(
            datetime.fromisoformat(noted["moment"]),
            noted["added_count"],
            noted["updated_count"],
        )

    def write(self, decided: Decided) -> None:
        """Note what was settled; durable on return."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        partial = self._path.with_suffix(".partial")
        with partial.open("w") as file:
            json.dump(
                {
                    "moment": decided.moment.isoformat(),
                    "added_count": decided.added_count,
                    "updated_count": decided.updated_count,
                },
                file,
            )
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def remove(self) -> None:
        """Forget the note: the ingest is booked."""
        self._path.unlink(missing_ok=True)
