"""Downloads the photos that posts offer: each once, checked, and kept by its hash."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import httpx
import pyarrow as pa

from trendlab.errors import ImageRejected
from trendlab.lake import Span
from trendlab.resources import bundled
from trendlab.schemas import TABLES
from trendlab.sources.base import Row
from trendlab.sources.media import (
    Fetched,
    Limits,
    Patience,
    PhotoClient,
    Reach,
    host_of,
    share_by_host,
)
from trendlab.steps.keys import keeps_pseudonyms
from trendlab.steps.media_report import MediaReport
from trendlab.steps.media_rows import row_after, row_with_photo
from trendlab.steps.media_store import PhotoStore, finish_batch, photo_name
from trendlab.steps.step import Context
from trendlab.vision.images import MAX_BYTES, read_photo

log = logging.getLogger(__name__)

# Photos of one run: an hour at 6 a second; the next run goes on.
MOST_PHOTOS = 20_000
# The night looks no further back: signed addresses end within days.
NIGHT_DAYS = 28
# Photos that are stored together; a kill loses no more than these.
BATCH_PHOTOS = 128
# Waiting for networks, not computing: more threads than cores.
THREADS = 8
# As many connections as a browser opens to one host, less two.
PER_DOMAIN = 4
# A host that says 429 without saying until when.
DEFAULT_WAIT = timedelta(minutes=15)
# A host that takes longer for a photo holds up others as one that does not answer. Of
# 90 s that a photo may take, 40 MB at 10 Mbit/s need 32.
SLOW_SECONDS = 35.0
# The check decodes every byte, but needs no pixel: JPEG is decoded at an eighth.
CHECK_SIDE_PX = 256
_TOO_MANY = (420, 429, 503)
_NO_ANSWER = ("no connection", "timed out", "host not found")

MakeClient = Callable[[], PhotoClient]
Timer = Callable[[], float]


@dataclass
class _Offer:
    """An address, the rows that offer it, and what it gave: None where left alone.

    `is_late` tells that it was left because the time of the run was up.
    """

    url: str
    domain: str
    rows: list[Row]
    outcome: Fetched | tuple[str, str] | None = None
    is_late: bool = False


def fetch_photos(
    context: Context,
    first_day: date | None = None,
    last_day: date | None = None,
    *,
    limit: int = MOST_PHOTOS,
    make_client: MakeClient | None = None,
    batch_photos: int = BATCH_PHOTOS,
    timer: Timer = time.monotonic,
) -> MediaReport:
    """Download the photos of posts of some days, for `media_minutes` of the settings.

    What is not begun by then is left for the next run; a download that was begun ends
    on its own, within a minute and a half.

    Parameters
    ----------
    context : Context
    first_day, last_day : date or None
        Days of the posts; None is open.
    limit : int
        Most photos that are tried. Domains take turns; of a host, those of the newest
        posts come first.
    make_client : callable or None
        Opens the client of a thread; by default one within the settings' reach.
    batch_photos : int
    timer : callable
        Monotonic seconds.

    Returns
    -------
    MediaReport

    Raises
    ------
    LakeLocked
        If another writer holds the lake's lock.
    """
    started = timer()
    make_client = _maker(context) if make_client is None else make_client
    with context.lake.lock():
        run = _Run(context, make_client, timer)
        finish_batch(context.lake, run.store)
        due = _due(context, first_day, last_day, limit)
        run.report.due_count = due.num_rows
        for start in range(0, due.num_rows, batch_photos):
            if run.is_over():
                run.report.late_count += due.num_rows - start
                break
            run.do(due.slice(start, batch_photos).to_pylist())
            done = min(start + batch_photos, due.num_rows)
            context.progress("media", done, due.num_rows)
    context.forget_fingerprints("media")
    run.report.seconds = timer() - started
    log.info("%s", run.report.line())
    return run.report


def fetch_night_photos(context: Context, day: date) -> MediaReport | None:
    """Download the photos of the 28 days up to a night's day, if settings ask for it.

    Returns
    -------
    MediaReport or None
        None where `TRENDLAB_MEDIA` is not `fetch`.
    """
    if context.settings.media != "fetch":
        return None
    return fetch_photos(context, day - timedelta(days=NIGHT_DAYS - 1), day)


def _maker(context: Context) -> MakeClient:
    reach = Reach(context.settings.media_ports, context.settings.media_networks)
    limits = Limits(max_bytes=MAX_BYTES)
    trusted = httpx.create_ssl_context()
    return lambda: PhotoClient(reach, limits, ssl_context=trusted, clock=context.clock)


def _due(
    context: Context, first_day: date | None, last_day: date | None, limit: int
) -> pa.Table:
    return context.lake.query(
        (bundled("sql") / "lake" / "photos_due.sql").read_text(),
        {"media": Span("media", first_day, last_day)},
        {"now": context.clock(), "most": limit},
    )


class _Run:
    """One run: its report, its hosts, and the addresses that it has fetched."""

    def __init__(self, context: Context, make_client: MakeClient, timer: Timer) -> None:
        self.report = MediaReport()
        self._timer = timer
        self._ends_at = timer() + context.settings.media_minutes * 60
        self.store = PhotoStore(context.home)
        self._context = context
        self._keep_urls = not keeps_pseudonyms(context.home)
        self._make_client = make_client
        self._patience = Patience(context.clock)
        # a decoded photo takes up to 75 MB
        self._decoding = threading.Semaphore(context.settings.workers)
        # boosts and albums repeat addresses: (path, sha256) of those stored
        self._known: dict[str, tuple[str, str]] = {}
        self._paths: set[str] = set()
        self._counting = threading.Lock()

    def is_over(self) -> bool:
        """Tell whether the time of the run is up."""
        return self._timer() >= self._ends_at

    def do(self, rows: list[Row]) -> None:
        """Try a batch of photos and store what came of it."""
        offers: dict[str, _Offer] = {}
        for row in rows:
            own = {name: value for name, value in row.items() if name != "domain"}
            offer = _Offer(row["url"], row["domain"], [])
            offers.setdefault(row["url"], offer).rows.append(own)
        for url, offer in offers.items():
            offer.outcome = self._known.get(url)
        # hosts of a domain share its connections: it may have a name for every photo
        unknown = [(o.domain, o) for o in offers.values() if o.outcome is None]
        share_by_host(
            unknown,
            self._try,
            self._make_client,
            threads=min(THREADS, len(unknown)) or 1,
            per_host=PER_DOMAIN,
        )
        now = self._context.clock()
        done = [row for offer in offers.values() for row in self._rows_of(offer, now)]
        if done:
            self.store.seal(TABLES["media"].from_rows(done))
        finish_batch(self._context.lake, self.store)

    def _try(self, client: PhotoClient, offer: _Offer) -> None:
        host = host_of(offer.url)
        if self._patience.must_wait(host, offer.domain):
            return
        begun = self._timer()
        if begun >= self._ends_at:
            offer.is_late = True
            return
        fetched = client.get(offer.url)
        is_slow = self._timer() - begun > SLOW_SECONDS
        is_down = is_slow or fetched.reason in _NO_ANSWER
        self._patience.note(host, offer.domain, is_down=is_down)
        if fetched.http_status in _TOO_MANY:
            asked = fetched.try_after
            wait = self._context.clock() + DEFAULT_WAIT if asked is None else asked
            self._patience.note_wait(host, wait)
        offer.outcome = (
            self._keep(fetched.content) if fetched.outcome == "bytes" else fetched
        )

    def _keep(self, content: bytes) -> tuple[str, str] | Fetched:
        """Keep bytes that are a photo; say why where they are none."""
        with self._counting:
            self.report.bytes_count += len(content)
        try:
            with self._decoding:
                sha256 = read_photo(content, max_side_px=CHECK_SIDE_PX).sha256
        except ImageRejected as rejected:
            reason = str(rejected)
            # a connection may close in the middle of a photo and say nothing
            is_cut = reason in ("truncated file", "empty file")
            return Fetched("failed" if is_cut else "refused", reason)
        self.store.keep(content, sha256)
        return photo_name(content, sha256), sha256

    def _rows_of(self, offer: _Offer, now: datetime) -> Iterator[dict[str, Any]]:
        outcome, report = offer.outcome, self.report
        if outcome is None:
            if offer.is_late:
                report.late_count += len(offer.rows)
            else:
                report.waiting_count += len(offer.rows)
            return
        for row in offer.rows:
            if isinstance(outcome, tuple):
                path, sha256 = outcome
                is_there = path in self._paths or (self._context.home / path).exists()
                report.stored_count += 1
                report.repeated_count += is_there
                self._paths.add(path)
                self._known[offer.url] = outcome
                yield row_with_photo(row, path, sha256, now, keep_url=self._keep_urls)
                continue
            after = row_after(row, outcome, now)
            reasons = {
                "missing": report.gone
                if outcome.outcome == "gone"
                else report.given_up,
                "rejected": report.refused,
                "offered": report.failed,
            }[after["status"]]
            reasons[outcome.reason or ""] += 1
            yield after
