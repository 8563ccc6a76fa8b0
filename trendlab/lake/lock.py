"""One writer to the lake; a second one fails at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from trendlab.errors import LakeLocked
from trendlab.lake.replacing import disk_errors

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
        is_new = not self._lock.is_locked
        with disk_errors(self._root, "taking the lake's lock"):
            self._root.mkdir(parents=True, exist_ok=True)
            try:
                self._lock.acquire()
            except (Timeout, RuntimeError):
                raise LakeLocked(
                    f"the lake at {self._root} is locked by another writer"
                    f"{self._other()}: wait for it to end, then run this again"
                ) from None
        try:
            if is_new:
                # only for the message of a second writer: a full disk may refuse it
                with suppress(OSError):
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
