"""What the command line and the night call: live ingest with a context's settings."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta

from trendlab.sources.fields import fold_handles, fold_tags
from trendlab.steps.context import check_tracker
from trendlab.steps.live import Asked, LiveIngest, asked_by
from trendlab.steps.live_access import ClientOf, configured, make_client, open_source
from trendlab.steps.live_report import LiveReport
from trendlab.steps.pseudonyms import open_pseudonyms
from trendlab.steps.step import Context
from trendlab.trackers.text import fold_term

_ONE_DAY = timedelta(days=1)


def fetch_source(
    context: Context,
    name: str,
    *,
    tags: Sequence[str] = (),
    accounts: Sequence[str] = (),
    keywords: Sequence[str] = (),
    tracker: str | None = None,
    since: date | None = None,
    until: date | None = None,
    is_again: bool = False,
    environ: Mapping[str, str] = os.environ,
    client_of: ClientOf = make_client,
) -> LiveReport:
    """Fetch terms, or those of a tracker, from one live source.

    Parameters
    ----------
    context : Context
    name : str
        Of the source.
    tags, accounts, keywords : sequence of str
        As people write them.
    tracker : str or None
        Whose terms are fetched besides.
    since, until : date or None
        Start (yesterday when None) and end (now when None) of the range, UTC.
    is_again : bool
        Fetch what was fetched before, too.
    environ : mapping
        Where the source's variables are looked up.
    client_of : callable

    Raises
    ------
    SettingsError
        If the source is not set up, a tracker is not known, or nothing is asked.
    """
    source = open_source(name, environ)
    asked = Asked(
        tuple(fold_tags(tags)),
        tuple(fold_handles(accounts)),
        tuple(dict.fromkeys(fold_term(word, "") for word in keywords if word.strip())),
    )
    if tracker is not None:
        known = {one.name: one for one in context.trackers}
        check_tracker(tracker, known)
        own = asked_by(known[tracker])
        asked = Asked(
            tuple(dict.fromkeys([*asked.hashtags, *own.hashtags])),
            tuple(dict.fromkeys([*asked.accounts, *own.accounts])),
            tuple(dict.fromkeys([*asked.keywords, *own.keywords])),
        )
    now = context.clock()
    first = now.date() - _ONE_DAY if since is None else since
    return _ingest(context, client_of).ingest(
        source,
        asked,
        datetime.combine(first, time(), UTC),
        now if until is None else datetime.combine(until, time(), UTC),
        is_again=is_again,
    )


def fetch_night(
    context: Context,
    day: date | None = None,
    *,
    environ: Mapping[str, str] = os.environ,
    client_of: ClientOf = make_client,
) -> LiveReport:
    """Fetch a day of all trackers from the sources that are set up.

    Parameters
    ----------
    context : Context
    day : date or None
        UTC; the last ended day when None.
    """
    if day is None:
        day = context.clock().date() - _ONE_DAY
    return _ingest(context, client_of).ingest_trackers(configured(environ), day)


def why_none_fetched(environ: Mapping[str, str] = os.environ) -> str:
    """Say why a night asked no live source."""
    ready = ", ".join(sorted(configured(environ)))
    if not ready:
        return (
            "nothing was fetched: no live source is set up (`trendlab sources` tells "
            "what each needs)"
        )
    return (
        f"nothing was fetched: no tracker has a term that could be asked of {ready}; "
        "see `hashtags`, `accounts`, `keywords` and `sources` in docs/trackers.md"
    )


def _ingest(context: Context, client_of: ClientOf) -> LiveIngest:
    return LiveIngest(
        context.lake,
        context.trackers,
        client_of=client_of,
        clock=context.clock,
        max_rejected_share=context.settings.max_rejected_share,
        pseudonyms=open_pseudonyms(context.settings, context.lake),
        progress=context.progress,
    )
