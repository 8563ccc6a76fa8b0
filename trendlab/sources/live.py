"""What every live source shares: what it gives and needs, its terms and its slices.

    tracker's terms × time that is not covered ─▶ slices ─▶ fetch(plan of one) ─▶ pages

The contract, for whoever writes a source (Mastodon is the model to follow):

* A class derived from `LiveSource` fills the class attributes and writes `fetch`,
  `parse` and `check`; the common `plan` cuts the time that a term still lacks into
  slices. A source that cannot ask for a range of time writes its own `plan`.
* `fetch(plan, client)` is called with **one slice at a time**. `client` is a
  `trendlab.sources.web.WebClient` made for `bases()`, `rates` and the secrets of
  `access`. It starts from `slice.asks["resume"]`: the `state` of the last page of
  this slice whose rows are stored, None at the beginning. It yields a `Page` an
  answer, with `Page.state` (JSON types only) set so that a fetch resumed from it
  brings what follows that page (after the last page: nothing, also where the service
  has no cursor any more), and ends when the slice is exhausted: then all of
  [slice.since, slice.until) counts as covered. Where a service lists only its newest
  posts and the list ends inside of the slice, a last page with `Page.reached_at`
  says from when on it is covered; a fetch resumed there says so again. It never
  swallows a `SourceUnavailable`: raised from `fetch` it leaves the slice open, and
  the next run goes on from the last stored page.
* Rows reach the lake by their key, so pages may overlap. `parse` is pure, and ends
  every record as accepted or refused. Comments go to table `comments`, authors to
  `authors`, photos to `media`, all as further rows of their post's record.
* What is not given is None, never 0. Reposts have `is_repost` and `repost_of_id`.
* Allowances that are not a matter of seconds (30 hashtags in 7 days, 1,000 requests
  a day) are read from `request.budget` in `plan`, which leaves out what does not
  fit and says so in `Plan.notes`; `fetch` reports in `Page.spends`. `requests` are
  counted for every source.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

from trendlab.errors import SettingsError, SourceError
from trendlab.sources.base import Budget, Page, Parsed, Plan, Request, Slice, State
from trendlab.sources.rate_limits import Rate
from trendlab.sources.spans import cut, join, missing, read_moment, read_spans
from trendlab.sources.web import WebClient

# Requests a night and source for reading older posts again; at 290 in 5 minutes they
# take about a quarter of an hour.
AGAIN_REQUESTS = 800


@dataclass(frozen=True)
class Need:
    """Something a source has to be told, by a variable or a file.

    Parameters
    ----------
    variable : str
        `TRENDLAB_…`; the same name with `_FILE` may name a file that holds it.
    meaning : str
        What it is and where to get it.
    is_secret : bool
    is_needed : bool
        False where the source works without, perhaps less well.
    default : str or None
        Where nothing is given.
    """

    variable: str
    meaning: str
    is_secret: bool = True
    is_needed: bool = True
    default: str | None = None


class Access:
    """Values of a source's needs; never shown.

    Parameters
    ----------
    needs : sequence of Need
    values : mapping of str to str
        Variable → value, of those that are given.
    """

    def __init__(self, needs: Sequence[Need], values: Mapping[str, str]) -> None:
        self._values = {
            need.variable: values.get(need.variable, need.default) for need in needs
        }
        self._needs = tuple(needs)

    def __repr__(self) -> str:
        given = [name for name, value in self._values.items() if value is not None]
        return f"Access({', '.join(given)})"

    def get(self, variable: str) -> str | None:
        """Return a value, None where it is not given."""
        return self._values[variable]

    def __getitem__(self, variable: str) -> str:
        value = self._values[variable]
        if value is None:
            raise SettingsError(f"{variable} is not set: {self._meaning(variable)}")
        return value

    def _meaning(self, variable: str) -> str:
        return next(need.meaning for need in self._needs if need.variable == variable)

    def lacking(self) -> list[Need]:
        """Return what is needed and not given; empty when the source can be used."""
        return [
            need
            for need in self._needs
            if need.is_needed and self._values[need.variable] is None
        ]

    def secrets(self) -> list[str]:
        """Return the values that must not be shown."""
        return [
            value
            for need in self._needs
            if need.is_secret
            and (value := self._values[need.variable]) is not None
            and value != need.default
        ]


@dataclass(frozen=True)
class Term:
    """What is looked for: a hashtag, an account or a keyword.

    Parameters
    ----------
    kind : {"hashtag", "account", "keyword"}
    value : str
        Folded, without # and @.
    """

    kind: str
    value: str

    @property
    def key(self) -> str:
        """Name of its slices and state: `#coat`, `@chanel`, `"camel coat"`."""
        if self.kind == "keyword":
            return f'"{self.value}"'
        return ("#" if self.kind == "hashtag" else "@") + self.value


class LiveSource(ABC):
    """Base of every live source; holds what it was told, and no state.

    Parameters
    ----------
    access : Access
        Values of its `needs`.

    Attributes
    ----------
    name : str
        Name under which rows are stored and trackers name it.
    format : str
        What is booked in `ingests`.
    gives, lacks : str
        One line each for `trendlab sources`.
    limits : str
        The service's, in one line.
    needs : tuple of Need
    rates : mapping of str to tuple of Rate
        Own limits, see `WebClient`; kept somewhat below the service's.
    takes : frozenset of {"hashtag", "account", "keyword"}
        Kinds of terms that it can look for.
    reach : timedelta or None
        How far back it can look from now; None for all that it has.
    longest_slice : timedelta or None
        Longest range of time that is asked for at once.
    overlap : timedelta
        Time before the end of what is covered that is fetched again, because posts
        appear there late.
    again_size : int
        Posts that `fetch_again` asks for in one request; 0 where a service cannot
        be asked by id.
    again_requests : int
        Requests a night that are kept for reading again.
    """

    name: ClassVar[str]
    format: ClassVar[str]
    gives: ClassVar[str]
    lacks: ClassVar[str]
    limits: ClassVar[str]
    needs: ClassVar[tuple[Need, ...]] = ()
    rates: ClassVar[Mapping[str, tuple[Rate, ...]]] = {}
    takes: ClassVar[frozenset[str]] = frozenset({"hashtag", "account", "keyword"})
    reach: ClassVar[timedelta | None] = None
    longest_slice: ClassVar[timedelta | None] = None
    overlap: ClassVar[timedelta] = timedelta(0)
    again_size: ClassVar[int] = 0
    again_requests: ClassVar[int] = AGAIN_REQUESTS

    def __init__(self, access: Access) -> None:
        self.access = access

    @abstractmethod
    def bases(self) -> tuple[str, ...]:
        """Return the addresses whose hosts are asked, such as https://example.org."""

    def plan(self, request: Request, state: State) -> Plan:
        """Cut what each term lacks of the asked time into slices, oldest first.

        Parameters
        ----------
        request : Request
            With `now`, `since` and `until`, of which `until` lies not after `now`.
        state : mapping
            Slice key → its state, as written by `trendlab.steps.live`:
            `covered` (spans), `lost` (spans that the service does not list any
            more), and `open` (`since`, `until` and `at`, the `state` of the last
            stored page) of a slice that was not ended.

        Returns
        -------
        Plan
            A slice that was not ended comes first, with its own range of time.
        """
        return plan_terms(self, request, state)

    @classmethod
    def describe_budget(cls, budget: Budget, now: datetime) -> list[str]:
        """Return what `trendlab sources` says of allowances that last for days."""
        del budget, now
        return []

    @abstractmethod
    def fetch(self, plan: Plan, client: WebClient) -> Iterator[Page]:
        """Yield the pages of one slice; see the module for the contract."""

    @abstractmethod
    def parse(self, page: Page) -> Iterable[Parsed]:
        """Turn a page into records, without looking at anything else."""

    @abstractmethod
    def check(self, client: WebClient) -> list[str]:
        """Try the credentials with the cheapest request; return what was found.

        Raises
        ------
        SourceUnavailable
            If they do not work.
        """

    def fetch_again(self, post_ids: Sequence[str], client: WebClient) -> Iterator[Page]:
        """Yield pages with posts by id, for a later reading of their engagement.

        A post that is gone is left out. Called only where `again_size` is not 0,
        with at most that many ids.
        """
        raise SourceError(f"{self.name} cannot be asked by id")


def terms_of(request: Request) -> list[Term]:
    """Return what a request looks for, in order, each once."""
    terms = [Term("hashtag", value) for value in request.hashtags]
    terms += [Term("account", value) for value in request.accounts]
    terms += [Term("keyword", value) for value in request.keywords]
    return list(dict.fromkeys(terms))


def plan_terms(source: LiveSource, request: Request, state: State) -> Plan:
    """Return the plan that `LiveSource.plan` describes."""
    if request.since is None or request.until is None or request.now is None:
        raise ValueError("a live source is asked for a range of time, as of now")
    notes = []
    since = request.since
    if source.reach is not None and since < request.now - source.reach:
        since = request.now - source.reach
        notes.append(
            f"{source.name} reaches back to {since:%Y-%m-%d %H:%M} UTC only: what "
            "lies before stays missing"
        )
    slices: list[Slice] = []
    for term in terms_of(request):
        if term.kind not in source.takes:
            notes.append(f"{source.name} cannot look for {term.kind}s: {term.key}")
            continue
        slices += slices_of(term, since, request.until, state.get(term.key), source)
    return Plan(request, tuple(slices), tuple(notes))


def slices_of(
    term: Term,
    since: datetime,
    until: datetime,
    known: Any,
    source: LiveSource,
    *,
    overlap: timedelta | None = None,
) -> list[Slice]:
    """Return the slices that a term lacks of [since, until).

    Parameters
    ----------
    overlap : timedelta or None
        In place of the source's, where its kinds of terms differ.
    """
    overlap = source.overlap if overlap is None else overlap
    known = known or {}
    covered = join([*read_spans(known.get("covered")), *read_spans(known.get("lost"))])
    asks = {"kind": term.kind, "value": term.value}
    slices = []
    begun = known.get("open")
    if begun is not None:
        start, end = read_moment(begun["since"]), read_moment(begun["until"])
        slices.append(Slice(term.key, {**asks, "resume": begun["at"]}, start, end))
        covered = join([*covered, (start, end)])
    ends = {end for _, end in covered}
    for start, end in missing(since, until, covered):
        again_from = start - overlap if start in ends else start
        for first, last in cut((again_from, end), source.longest_slice):
            slices.append(Slice(term.key, {**asks, "resume": None}, first, last))
    return slices
