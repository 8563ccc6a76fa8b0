"""Live ingest: what networks have on hashtags, accounts and keywords.

    tracker or words ─▶ what is not covered ─▶ slices ─▶ batches ─▶ lake ─▶ coverage

Posts are stored under the source's own name and belong to every tracker that they
match; what was fetched is remembered by source and term, so that two trackers with
the same hashtag fetch it once. A source that fails does so alone: the others are
done, its gap stands in `coverage` with the reason, and the next run fetches it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from trendlab.errors import SettingsError, SourceUnavailable, TooManyRejected
from trendlab.lake import Lake
from trendlab.privacy.pseudonyms import Pseudonyms
from trendlab.settings import MAX_REJECTED_SHARE
from trendlab.sources.base import Request
from trendlab.sources.live import LiveSource, Term, terms_of
from trendlab.sources.registry import LIVE
from trendlab.sources.web import WebClient
from trendlab.steps.live_access import ClientOf, make_client
from trendlab.steps.live_again import due_posts, read_again
from trendlab.steps.live_batch import apply_pending
from trendlab.steps.live_coverage import record_coverage
from trendlab.steps.live_fetch import BATCH_PAGES, SourceRun
from trendlab.steps.live_report import LiveReport
from trendlab.steps.live_states import SourceStates
from trendlab.steps.pseudonyms import stored_tracker
from trendlab.steps.step import Progress, no_progress, utc_now
from trendlab.trackers import Tracker

# A gap older than this is left to `ingest --since`: a night must not become a backfill.
RETRY_DAYS = 14
_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Asked:
    """What is looked for.

    Parameters
    ----------
    hashtags, accounts, keywords : tuple of str
        Folded, without # and @.
    """

    hashtags: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()

    def request(
        self, source: str, since: datetime, until: datetime, now: datetime
    ) -> Request:
        """Return the request for a source; nothing after now can be asked for."""
        return Request(
            source,
            hashtags=self.hashtags,
            accounts=self.accounts,
            keywords=self.keywords,
            since=since,
            until=min(until, now),
            now=now,
        )


def asked_by(tracker: Tracker) -> Asked:
    """Return what a tracker looks for."""
    return Asked(tracker.hashtags, tracker.accounts, tracker.keywords)


@dataclass
class LiveIngest:
    """What a live ingest works with; the lake's lock is held while it runs.

    Parameters
    ----------
    lake : Lake
    trackers : sequence of Tracker
        Of the tracker file; their coverage is recorded.
    client_of : callable
        Makes the client of a source.
    clock : callable
    max_rejected_share : float
    progress : callable
    batch_pages : int
        Pages that are written together.
    pseudonyms : Pseudonyms or None
        Of the home, from `open_pseudonyms`; None where it keeps names.
    """

    lake: Lake
    trackers: Sequence[Tracker] = ()
    client_of: ClientOf = make_client
    clock: Callable[[], datetime] = utc_now
    max_rejected_share: float = MAX_REJECTED_SHARE
    progress: Progress = no_progress
    batch_pages: int = BATCH_PAGES
    pseudonyms: Pseudonyms | None = None

    def ingest(
        self,
        source: LiveSource,
        asked: Asked,
        since: datetime,
        until: datetime,
        *,
        is_again: bool = False,
    ) -> LiveReport:
        """Fetch what one source has on the terms in [since, until).

        Parameters
        ----------
        is_again : bool
            Fetch what was fetched before, too.

        Returns
        -------
        LiveReport
            With failures noted, not raised.

        Raises
        ------
        SettingsError
            If the source can look for none of the terms, or the range is empty.
        """
        now = _whole_seconds(self.clock())
        if since >= min(until, now):
            raise SettingsError(
                f"--since {since:%Y-%m-%d %H:%M} must lie before --until and now"
            )
        request = asked.request(source.name, since, until, now)
        if not any(term.kind in source.takes for term in terms_of(request)):
            kinds = " or ".join(f"--{_option(kind)}" for kind in sorted(source.takes))
            raise SettingsError(f"{source.name} needs something to look for: {kinds}")
        report = LiveReport()
        with self.lake.lock():
            states = self._states(report)
            with self.client_of(source) as client:
                run = self._run(source, client, states, report)
                self._fetch(run, request, is_again=is_again)
            for tracker in self.trackers:
                if _uses(tracker, source) and _shares_terms(tracker, asked):
                    days = _days(since, request.until or now)
                    self._cover(states, tracker, source, days, report)
        return report

    def ingest_trackers(
        self, sources: Mapping[str, LiveSource], day: date
    ) -> LiveReport:
        """Fetch a day of all trackers from their sources, and the gaps before it.

        Parameters
        ----------
        sources : mapping of str to LiveSource
            Those that are set up.
        day : date
            UTC.

        Returns
        -------
        LiveReport
            With failures noted, not raised. Empty and quick where nothing is set up.
        """
        report = LiveReport()
        named = {name for tracker in self.trackers for name in tracker.sources}
        wanted = [
            source
            for source in sources.values()
            if any(_uses(tracker, source) for tracker in self.trackers)
        ]
        report.notes += _not_set_up(named, sources)
        if not wanted:
            return report
        with self.lake.lock():
            states = self._states(report)
            for source in wanted:
                self._night_of(source, states, day, report)
        return report

    def _night_of(
        self, source: LiveSource, states: SourceStates, day: date, report: LiveReport
    ) -> None:
        """Fetch one source for all trackers, then read older posts again."""
        now = _whole_seconds(self.clock())
        until = _start_of(day + _ONE_DAY)
        days_of = {}
        is_up = True
        # told before the overlap of the fetch reads their counts, for it brings no
        # comments
        due = due_posts(self.lake, source.name, now) if source.again_size else []
        with self.client_of(source) as client:
            run = self._run(source, client, states, report)
            for tracker in self.trackers:
                if not _uses(tracker, source):
                    continue
                first = self._first_gap(tracker, source, day)
                days_of[tracker.name] = _days(_start_of(first), min(until, now))
                request = asked_by(tracker).request(
                    source.name, _start_of(first), until, now
                )
                if is_up:
                    is_up = self._fetch(run, request)
            if is_up:
                read_again(run, due, report)
        for tracker in self.trackers:
            if tracker.name in days_of:
                self._cover(states, tracker, source, days_of[tracker.name], report)

    def _states(self, report: LiveReport) -> SourceStates:
        states = SourceStates(self.lake)
        done = apply_pending(self.lake, states)
        if done:
            report.notes.append(f"{done} batch of a run that was stopped was stored")
        return states

    def _run(
        self,
        source: LiveSource,
        client: WebClient,
        states: SourceStates,
        report: LiveReport,
    ) -> SourceRun:
        return SourceRun(
            self.lake,
            source,
            client,
            states,
            clock=self.clock,
            allowed=self.max_rejected_share,
            report=report,
            progress=self.progress,
            batch_pages=self.batch_pages,
            pseudonyms=self.pseudonyms,
        )

    def _fetch(
        self, run: SourceRun, request: Request, *, is_again: bool = False
    ) -> bool:
        """Fetch; return whether the source can be asked for more."""
        try:
            run.fetch(request, is_again=is_again)
        except (SourceUnavailable, TooManyRejected):
            # noted in the report, term by term
            return False
        return True

    def _first_gap(self, tracker: Tracker, source: LiveSource, day: date) -> date:
        """Return the first day to fetch: the asked one, or an earlier gap."""
        earliest = day - RETRY_DAYS * _ONE_DAY
        rows = self.lake.read_range("coverage", earliest, day - _ONE_DAY).to_pylist()
        told = {
            row["day"]: row["status"]
            for row in rows
            if row["source"] == source.name and row["tracker"] == tracker.name
        }
        if not told:
            return day
        at: date = min(told)
        while at < day and told.get(at) == "complete":
            at += _ONE_DAY
        return at

    def _cover(
        self,
        states: SourceStates,
        tracker: Tracker,
        source: LiveSource,
        days: Sequence[date],
        report: LiveReport,
    ) -> None:
        terms = _terms_for(tracker, source)
        reasons = {
            term.key: term.failure
            for term in report.terms
            if term.source == source.name and term.failure is not None
        }
        statuses, flags = record_coverage(
            self.lake,
            states,
            tracker,
            source.name,
            terms,
            days,
            as_stored=stored_tracker(tracker, self.pseudonyms),
            reasons=reasons,
            moment=_whole_seconds(self.clock()),
        )
        report.covered[(tracker.name, source.name)] = statuses
        report.flags += flags


def _terms_for(tracker: Tracker, source: LiveSource) -> list[Term]:
    """Return the tracker's terms that the source can look for."""
    request = Request(
        source.name,
        hashtags=tracker.hashtags,
        accounts=tracker.accounts,
        keywords=tracker.keywords,
    )
    return [term for term in terms_of(request) if term.kind in source.takes]


def _uses(tracker: Tracker, source: LiveSource) -> bool:
    """Tell whether a tracker looks in a source, and has something to look for."""
    is_named = not tracker.sources or source.name in tracker.sources
    return is_named and bool(_terms_for(tracker, source))


def _shares_terms(tracker: Tracker, asked: Asked) -> bool:
    return bool(
        set(tracker.hashtags) & set(asked.hashtags)
        or set(tracker.accounts) & set(asked.accounts)
        or set(tracker.keywords) & set(asked.keywords)
    )


def _not_set_up(named: Iterable[str], sources: Mapping[str, LiveSource]) -> list[str]:
    return [
        f"{name}: not set up, so not fetched; `trendlab sources` says what it needs"
        for name in sorted(named)
        if name in LIVE and name not in sources
    ]


def _option(kind: str) -> str:
    return "tag" if kind == "hashtag" else kind


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _whole_seconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)


def _days(since: datetime, until: datetime) -> list[date]:
    """Return the UTC days that [since, until) touches."""
    days = []
    day = since.date()
    while _start_of(day) < until:
        days.append(day)
        day += _ONE_DAY
    return days
