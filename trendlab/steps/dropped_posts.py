"""Remembers what exclusion rules dropped on each day, so that it is found out once.

To tell whether a rule changes a day its posts must be read, and a rule without an end
would have every night read all days. What was found is kept in a file of hashes, which
may be lost: it is then found out again, and says the same.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

from trendlab.steps.keys import write_privately

# With more lines a day the file is written anew at the next start.
MAX_LINES_A_DAY = 3


class DroppedPosts:
    """What was dropped, by day, and of which posts and rules that was found.

    Parameters
    ----------
    path : Path
        A line a finding: day, hash of what was asked, hash of what was dropped. The
        last line of a day counts; one that a kill cut or a crash tore does not.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known: dict[str, tuple[str, str]] | None = None

    def of(self, day: date, asked: str, find: Callable[[], str]) -> str:
        """Return what is dropped on a day, from `find` where that is not known.

        Parameters
        ----------
        day : date
        asked : str
            Hash of all that decides the answer: posts, rules, trackers, code.
        find : callable
            Gives the hash of what is dropped, "" for nothing.
        """
        if self._known is None:
            self._known = self._read()
        name = day.isoformat()
        if name in self._known and self._known[name][0] == asked:
            return self._known[name][1]
        dropped = find()
        self._known[name] = (asked, dropped)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="ascii") as file:
            file.write(_line(name, (asked, dropped)))
        return dropped

    def _read(self) -> dict[str, tuple[str, str]]:
        if not self._path.exists():
            return {}
        known: dict[str, tuple[str, str]] = {}
        # a line that was torn is no finding: it is asked for again
        text = self._path.read_text(encoding="ascii", errors="replace")
        lines = text.splitlines()
        for line in lines:
            try:
                name, asked, dropped = json.loads(line)
            except (TypeError, ValueError):
                continue
            known[name] = (asked, dropped)
        if not text.endswith("\n") or len(lines) > MAX_LINES_A_DAY * len(known):
            kept = "".join(_line(name, known[name]) for name in sorted(known))
            write_privately(self._path, kept)
        return known


def _line(name: str, found: tuple[str, str]) -> str:
    return json.dumps([name, *found]) + "\n"
