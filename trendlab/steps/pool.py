"""Processes that compute chunks of days at once; the caller alone writes the lake.

Threads would not do: scoring texts and ranking small frames hold the interpreter.
The processes are spawned and not forked, since DuckDB, polars and torch keep threads
that a fork leaves behind in the middle of their work.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import date
from itertools import chain, islice
from multiprocessing import get_context, parent_process
from typing import Any, TypeVar

import pyarrow as pa

from trendlab.errors import TrendlabError
from trendlab.lake import Lake
from trendlab.settings import LOG_FORMAT, Settings
from trendlab.steps.step import Compute, Context, Parts
from trendlab.trackers import Tracker

Work = TypeVar("Work")
Result = TypeVar("Result")
Asked = tuple[Sequence[date], Mapping[date, str]]

# A process imports for two seconds: fewer chunks are sooner done than it starts.
MIN_CHUNKS = 4

_context: Context | None = None


class Pool:
    """Computes a step's chunks in as many processes as the settings allow.

    Started by the first step that has enough to do, and kept for those after it;
    use it as a context manager, which ends the processes.

    Parameters
    ----------
    context : Context
        Its settings (`workers`), lake, trackers and cities go to the processes; its
        clock does not.
    min_chunks : int
        With fewer chunks a step is computed in this process.
    """

    def __init__(self, context: Context, *, min_chunks: int = MIN_CHUNKS) -> None:
        self._context = context
        self._min_chunks = min_chunks
        self._executor: ProcessPoolExecutor | None = None

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *error: object) -> None:
        if self._executor is not None:
            self._executor.shutdown(wait=True, cancel_futures=True)
            self._executor = None

    def compute(
        self,
        compute: Compute,
        works: Iterable[Work],
        asked: Callable[[Work], Asked],
    ) -> Iterator[tuple[Work, Parts]]:
        """Yield each work with the rows computed for it, in the order given.

        Parameters
        ----------
        compute : callable
            A step's `compute`, a function of a module; only reads.
        works : iterable
            Taken as far ahead as there are processes, so that memory is bounded.
        asked : callable
            Gives the days and run_ids of a work.

        Raises
        ------
        TrendlabError
            If a process was killed; and what `compute` raises.
        """
        waiting = iter(works)
        first = list(islice(waiting, self._min_chunks))
        is_small = len(first) < self._min_chunks
        yield from self._each(compute, chain(first, waiting), asked, inline=is_small)

    def each(
        self, do: Callable[..., Result], works: Sequence[tuple[Any, ...]]
    ) -> list[Result]:
        """Return what a function of (context, *work) gives for each work.

        Parameters
        ----------
        do : callable
            A function of a module. A single work is done in this process.
        works : sequence of tuple

        Raises
        ------
        TrendlabError
            If a process was killed; and what `do` raises.
        """
        done = self._each(do, works, lambda work: work, inline=len(works) < 2)
        return [result for _, result in done]

    def _each(
        self,
        do: Callable[..., Result],
        works: Iterable[Work],
        asked: Callable[[Work], tuple[Any, ...]],
        *,
        inline: bool,
    ) -> Iterator[tuple[Work, Result]]:
        if inline or self._context.settings.workers < 2:
            for work in works:
                yield work, do(self._context, *asked(work))
            return
        executor = self._started()
        ahead: deque[tuple[Work, Future[Result]]] = deque()
        try:
            for work in works:
                ahead.append((work, executor.submit(_do, do, asked(work))))
                if len(ahead) > self._context.settings.workers:
                    done, future = ahead.popleft()
                    yield done, future.result()
            while ahead:
                done, future = ahead.popleft()
                yield done, future.result()
        except BrokenProcessPool:
            self._executor = None
            raise TrendlabError(
                "a process that computed a part ended before it was done: killed, most "
                "often for want of memory, or unable to start (then its own message "
                "stands above). Run the command again, it goes on where it stopped "
                "(TRENDLAB_WORKERS=1 takes the least memory and starts no process)"
            ) from None
        finally:
            for _, future in ahead:
                future.cancel()

    def _started(self) -> ProcessPoolExecutor:
        if self._executor is None:
            context = self._context
            self._executor = ProcessPoolExecutor(
                context.settings.workers,
                mp_context=get_context("spawn"),
                initializer=_open,
                initargs=(
                    context.settings,
                    context.trackers,
                    context.cities,
                    logging.getLogger().getEffectiveLevel(),
                ),
            )
        return self._executor


def _open(
    settings: Settings, trackers: list[Tracker], cities: pa.Table, log_level: int
) -> None:
    """Open the lake in a process that was just started."""
    global _context
    logging.basicConfig(level=log_level, format=LOG_FORMAT, stream=sys.stderr)
    # ctrl-C reaches the whole group; the parent ends this one in good order
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    threads = max(1, (os.cpu_count() or 1) // settings.workers)
    # read when polars is first imported, which no module of this room does
    os.environ["POLARS_MAX_THREADS"] = str(threads)
    _context = Context(
        settings=settings,
        lake=Lake(settings.home / "lake", threads=threads),
        trackers=trackers,
        cities=cities,
    )


def _end_with_parent() -> None:
    """End with the parent: killed, it cannot tell its processes to stop."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _do(do: Callable[..., Result], work: tuple[Any, ...]) -> Result:
    assert _context is not None
    return do(_context, *work)
