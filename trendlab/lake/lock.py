"""One writer to the lake; a second one fails at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from trendlab.errors import LakeLocked

LOCK_NAME = ".lock"


class WriterLock:
    """The lake's lock: held by one process, re-entered by its own writes.

    The kernel holds it (flock), so it is released when the process ends, however
    it ends; a forked worker does not inherit it.

    Parameters
    ----------
    root : Path
    on_acquired : callable
        Called when the lock has been taken anew, not when it is re-entered.
    """

    def __init__(self, root: Path, on_acquired: Callable[[], None]) -> None:
        self._root = root
        self._on_acquired = on_acquired
        self._lock = FileLock(root / LOCK_NAME, timeout=0)
        self._holder = root / f"{LOCK_NAME}.holder"

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the lock within a `with` block.

        Raises
        ------
        LakeLocked
            If another writer holds it.
        """
        self._root.mkdir(parents=True, exist_ok=True)
        is_new = not self._lock.is_locked
        try:
            self._lock.acquire()
        except (Timeout, RuntimeError):
            raise LakeLocked(
                f"the lake at {self._root} is locked by another writer"
                f"{self._other()}: wait for it to end, then run this again"
            ) from None
        try:
            if is_new:
                self._holder.write_text(f"{os.getpid()}\n")
                self._on_acquired()
            yield
        finally:
            self._lock.release()

    def _other(self) -> str:
        """Name the holder's process, where it has said who it is."""
        try:
            return f" (process {int(self._holder.read_text())})"
        except (OSError, ValueError):
            return ""
