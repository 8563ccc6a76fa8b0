"""A run that is ended before one of its writes, as a kill would."""

from __future__ import annotations

from trendlab.lake import Lake


class Killed(BaseException):
    """Ends a run at once; nothing catches it."""


def killed_at(number: int) -> type[Lake]:
    """Return a lake whose run is ended before its write of that number."""

    class Mortal(Lake):
        writes = 0

        def write_many(self, table, parts, *, source=None):
            self._count(len(parts))
            super().write_many(table, parts, source=source)

        def write_flat(self, table, rows):
            self._count(1)
            super().write_flat(table, rows)

        def _count(self, parts: int) -> None:
            if parts:
                if self.writes == number:
                    raise Killed
                self.writes += 1

    return Mortal
