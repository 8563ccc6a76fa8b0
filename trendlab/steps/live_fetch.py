"""Fetches the slices of one live source into the lake, batch by batch."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from trendlab.errors import SourceUnavailable, TooManyRejected, UnexpectedAnswer
from trendlab.lake import Lake
from trendlab.privacy.pseudonyms import Pseudonyms
from trendlab.schemas import TABLES
from trendlab.sources.base import (
    EXPIRED,
    FORGOTTEN,
    Plan,
    Request,
    Slice,
    Spend,
    State,
)
from trendlab.sources.live import LiveSource
from trendlab.sources.spans import (
    join,
    missing,
    read_spans,
    write_moment,
    write_spans,
)
from trendlab.sources.web import WebClient
from trendlab.steps.code_hash import hash_of
from trendlab.steps.door import open_door
from trendlab.steps.ingest_rows import check_records, quarantine_rows
from trendlab.steps.live_batch import Sealed, apply, count_new, seal
from trendlab.steps.live_pages import Pages
from trendlab.steps.live_report import LiveReport, TermReport
from trendlab.steps.live_states import SourceStates, forget
from trendlab.steps.step import Progress

log = logging.getLogger(__name__)

# Part of every ingest_id: raise it when answers are read differently.
READER_VERSION = "live-1"
# Pages that are written together: of 40 posts, a few hundred milliseconds of writing
# after at least fifty of fetching; a kill loses at most so much work, and no data.
BATCH_PAGES = 50
# Below so many records the allowed share says nothing: 1 of 3 is no wrong format.
MIN_JUDGED_RECORDS = 20
AGAIN_KEY = "read again"
"""Slice key of posts that are read again by their ids."""


class SourceRun:
    """One source on its way into the lake; the lake's lock is held by the caller.

    Parameters
    ----------
    lake : Lake
    source : LiveSource
    client : WebClient
    states : SourceStates
    clock : callable
    allowed : float
        Share of refused records of a batch above which nothing of it is kept.
    report : LiveReport
        Filled as terms end.
    progress : callable
    batch_pages : int
        Pages that are written together.
    pseudonyms : Pseudonyms or None
        None where the home keeps names.
    """

    def __init__(
        self,
        lake: Lake,
        source: LiveSource,
        client: WebClient,
        states: SourceStates,
        *,
        clock: Callable[[], datetime],
        allowed: float,
        report: LiveReport,
        progress: Progress,
        batch_pages: int = BATCH_PAGES,
        pseudonyms: Pseudonyms | None = None,
    ) -> None:
        self._lake = lake
        self._source = source
        self._client = client
        self._states = states
        self._clock = clock
        self._allowed = allowed
        self._report = report
        self._progress = progress
        self._batch_pages = batch_pages
        self._door = open_door(lake, source.name, pseudonyms)

    @property
    def source(self) -> LiveSource:
        """The source that is fetched."""
        return self._source

    def fetch(self, request: Request, *, is_again: bool = False) -> None:
        """Fetch what a request lacks; failures are noted in the report.

        Parameters
        ----------
        request : Request
            With `since`, `until` and `now`.
        is_again : bool
            Fetch what was fetched before, too.

        Notes
        -----
        What a single term meets (an account that does not exist, a format that has
        changed) ends that term. A source that is down, refuses us or is used up is
        not asked any more in this run.
        """
        name = self._source.name
        states = self._states.of(name)
        if is_again and request.since is not None and request.until is not None:
            states = forget(states, request.since, request.until)
        request = replace(request, budget=self._states.budget(name))
        plan = self._source.plan(request, states)
        self._report.notes += [f"{name}: {note}" for note in plan.notes]
        for number, part in enumerate(plan.slices):
            term = TermReport(name, part.key, part.since, part.until)
            self._report.terms.append(term)
            try:
                self._fetch_slice(Plan(request, (part,)), part, term)
            except (SourceUnavailable, TooManyRejected) as error:
                term.failure = str(error)
                if not is_of_one_term(error):
                    self._give_up(plan.slices[number + 1 :], error)
                    raise
            self._progress(name, number + 1, len(plan.slices))

    def _give_up(self, left: tuple[Slice, ...], error: Exception) -> None:
        """Note the slices that were not tried, so that each gap is named."""
        for part in left:
            self._report.terms.append(
                TermReport(
                    self._source.name,
                    part.key,
                    part.since,
                    part.until,
                    failure=f"not tried, because {self._source.name} failed: {error}",
                )
            )

    def _fetch_slice(self, plan: Plan, part: Slice, term: TermReport) -> None:
        batch = Pages(part, part.asks.get("resume"))
        sent = self._client.requests_count
        reached_at: datetime | None = None
        try:
            for page in self._source.fetch(plan, self._client):
                batch.add(page, self._door.admit(self._source.parse(page)))
                reached_at = page.reached_at
                term.left_out_count += page.left_out_count
                if batch.pages_count >= self._batch_pages:
                    self._write(batch, term, self._open(part, batch.at), sent)
                    sent = self._client.requests_count
                    batch = Pages(part, batch.at)
        except SourceUnavailable:
            if batch.pages_count:
                self._write(batch, term, self._open(part, batch.at), sent)
            raise
        finally:
            term.requests_count += self._client.requests_count - sent
        self._write(batch, term, self._ended(part, reached_at), sent)
        if reached_at is not None:
            term.failure = (
                f"{self._source.name} lists only its newest posts: what lies before "
                f"{reached_at:%Y-%m-%d %H:%M} UTC cannot be had any more, and stays "
                "missing"
            )

    def fetch_again(
        self, post_ids: list[str], term: TermReport, *, most_requests: int
    ) -> None:
        """Read posts again by id; what is over the allowance is left for later."""
        size = self._source.again_size
        first = self._client.requests_count
        for start in range(0, len(post_ids), size):
            if self._client.requests_count - first >= most_requests:
                break
            sent = self._client.requests_count
            ids = post_ids[start : start + size]
            part = Slice(AGAIN_KEY, {"ids": ids, "at": write_moment(self._clock())})
            batch = Pages(part, None)
            try:
                for page in self._source.fetch_again(ids, self._client):
                    batch.add(page, self._door.admit(self._source.parse(page)))
                    term.left_out_count += page.left_out_count
                    if self._client.requests_count - first >= most_requests:
                        break
            finally:
                # a failure does not take what came before it
                term.requests_count += self._client.requests_count - sent
                if batch.pages_count:
                    self._write(batch, term, {"covered": []}, sent)

    def _open(self, part: Slice, at: State | None) -> dict[str, Any]:
        """Return the term's state with this slice not ended."""
        assert part.since is not None
        assert part.until is not None
        known = self._states.of(self._source.name).get(part.key, {})
        return {
            "covered": known.get("covered", []),
            "lost": known.get("lost", []),
            "open": {
                "since": write_moment(part.since),
                "until": write_moment(part.until),
                "at": None if at is None else dict(at),
            },
        }

    def _ended(self, part: Slice, reached_at: datetime | None) -> dict[str, Any]:
        """Return the term's state with this slice covered, as far as was reached."""
        assert part.since is not None
        assert part.until is not None
        known = self._states.of(self._source.name).get(part.key, {})
        first = part.since
        if reached_at is not None:
            first = min(max(first, reached_at), part.until)
        covered = join([*read_spans(known.get("covered")), (first, part.until)])
        lost = [*read_spans(known.get("lost")), (part.since, first)]
        begun = known.get("open")
        is_mine = begun is not None and (
            begun["since"] == write_moment(part.since)
            and begun["until"] == write_moment(part.until)
        )
        return {
            "covered": write_spans(covered),
            # what was fetched while it was still listed is not lost
            "lost": write_spans(
                [
                    gap
                    for start, end in join(lost)
                    for gap in missing(start, end, covered)
                ]
            ),
            "open": None if is_mine else begun,
        }

    def _write(
        self,
        batch: Pages,
        term: TermReport,
        state: Mapping[str, Any] | None,
        sent_before: int,
    ) -> None:
        """Check, seal and apply a batch; its records are counted in the report.

        Raises
        ------
        TooManyRejected
            If more than the allowed share was refused: none of it is kept, and the
            state stays.
        """
        name = self._source.name
        moment = self._clock().replace(microsecond=0)
        checked = check_records(batch.accepted, name)
        refused = batch.refused + [
            (batch.origins[at], record) for at, record in checked.refused
        ]
        read = checked.accepted_count + len(refused)
        # nothing is wrong with records that are only unwanted
        forgotten = sum(1 for _, record in refused if record.reason == FORGOTTEN)
        expired = sum(1 for _, record in refused if record.reason == EXPIRED)
        judged = read - forgotten - expired
        wrong = len(refused) - forgotten - expired
        is_failed = judged >= MIN_JUDGED_RECORDS and wrong > self._allowed * judged
        tables = {} if is_failed else dict(checked.tables)
        ingest_id = hash_of(READER_VERSION, name, batch.identity())
        # the same again, day after day: its refused records are in quarantine already
        if refused and not (is_failed and self._is_booked(ingest_id)):
            tables["quarantine"] = quarantine_rows(
                refused,
                source=name,
                ingest_id=ingest_id,
                day=moment.date(),
                observed_at=moment,
            )
        added = updated = 0
        for main in ("posts", "comments"):
            if main in tables:
                new, newer = count_new(self._lake, main, tables[main], name)
                added, updated = added + new, updated + newer
        days = sorted(
            {
                d
                for t in ("posts", "comments")
                if t in tables
                for d in tables[t]["day"].to_pylist()
            }
        )
        requests = self._client.requests_count - sent_before
        book = dict.fromkeys(TABLES["ingests"].names)
        book |= {
            "day": moment.date(),
            "source": name,
            "ingest_id": ingest_id,
            "path": f"{batch.origin} {batch.part.key}".strip(),
            "format": self._source.format,
            "read_count": read,
            "accepted_count": checked.accepted_count,
            "rejected_count": len(refused),
            "forgotten_count": forgotten,
            "expired_count": expired,
            "added_count": added,
            "updated_count": updated,
            "first_on": days[0] if days else None,
            "last_on": days[-1] if days else None,
            "observed_at": moment,
        }
        spends = [*self._states.budget(name).spends, *batch.spends]
        if requests:
            spends.append(Spend("requests", requests, "", moment))
        sealed = Sealed(
            name,
            batch.part.key,
            tables,
            book,
            None if is_failed else state,
            self._states.requests_of(name, batch.part.key) + requests,
            tuple(spends),
            moment,
        )
        if batch.pages_count or state is not None:
            apply(self._lake, self._states, sealed, seal(self._lake, sealed))
        term.read_count += read
        term.accepted_count += checked.accepted_count
        term.rejected_count += len(refused)
        term.added_count += added
        term.updated_count += updated
        for _, record in refused:
            term.reasons[record.reason] = term.reasons.get(record.reason, 0) + 1
        log.info("%s %s: %d read, %d refused", name, term.source, read, len(refused))
        if is_failed:
            raise TooManyRejected(
                f"at most {self._allowed:.0%} of the records may be refused, "
                f"{len(refused):,} of {read:,} were: has the service's format changed? "
                f"None of them was kept; they are in quarantine under {ingest_id}"
            )

    def _is_booked(self, ingest_id: str) -> bool:
        found = self._lake.query(
            "select count(*) as booked from ingests where ingest_id = $ingest_id",
            {"ingests": self._lake.span("ingests")},
            {"ingest_id": ingest_id},
        )
        return bool(found["booked"][0].as_py())


def is_of_one_term(error: Exception) -> bool:
    """Tell whether a failure says nothing about the source's other terms."""
    return isinstance(error, UnexpectedAnswer | TooManyRejected)
