"""What a crisis brief is told from: rows of the marts about one negative peak."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from trendlab.report.crisis import tell_status
from trendlab.report.marts import Marts

OF_EVENT = (
    "from marts.posts where tracker = :event_tracker "
    "and (:event_city = 'all' or city = :event_city) "
    "and (:pattern = '' or caption ~* :pattern) and day between :since and :until "
)


@dataclass(frozen=True)
class Brief:
    """What the marts know of a negative peak.

    Parameters
    ----------
    event : Series
        Row of `group_events` over marts.dips.
    about : dict
        Values that queries with `OF_EVENT` bind.
    days : DataFrame
        Posts, scored and negative items of each day, from a week before.
    evidence, origins : DataFrame
        Rows of marts.dip_evidence and marts.peak_origins.
    negatives : DataFrame
        The negative posts since it began; none of an event of comments.
    last_on : date
        Last day that was collected.
    status : str
        Whether it is over, in words.
    """

    event: pd.Series
    about: dict[str, object]
    days: pd.DataFrame
    evidence: pd.DataFrame
    origins: pd.DataFrame
    negatives: pd.DataFrame
    last_on: date
    status: str

    def named(self, *kinds: str) -> pd.DataFrame:
        """Evidence of some kinds, strongest first."""
        return self.evidence[self.evidence["evidence_kind"].isin(kinds)]


def gather(marts: Marts, event: pd.Series) -> Brief:
    """Ask the marts for what stands behind an event.

    Parameters
    ----------
    marts : Marts
        Binds last_day, the last day that the brief may know of.
    event : Series
        A row of `group_events` over marts.dips.
    """
    known = marts.ask(
        "select max(day) filter (where coverage_status = 'complete') as whole_on, "
        "max(day) as any_on from marts.activity_daily where tracker = :event_tracker "
        "and city = 'all' and coverage_status in ('complete', 'partial') "
        "and day <= :last_day",
        event_tracker=event["tracker"],
    ).iloc[0]
    newest_on = known["whole_on"] or known["any_on"] or event["apex_on"]
    last_on = max(newest_on, event["apex_on"])
    topic_words = [re.escape(word) for word in event["topic"].split()]
    about = {
        "event_tracker": event["tracker"],
        "event_city": event["city"],
        "pattern": rf"\m({'|'.join(topic_words)})\M" if topic_words else "",
        "since": event["start_on"] - timedelta(days=7),
        "until": last_on,
        "start_on": event["start_on"],
        "dip_id": event["dip_id"],
        "item_kind": event["item_kind"],
    }
    if event["item_kind"] == "post":
        days = marts.ask(
            "select day, count(*) as posts_count, "
            "count(sentiment_label) as scored_count, "
            "count(*) filter (where sentiment_label = 'negative') as negative_count "
            f"{OF_EVENT} group by day order by day",
            **about,
        )
    else:
        days = marts.ask(
            "select day, posts_count, comment_scored_count as scored_count, "
            "comment_negative_count as negative_count from marts.activity_daily "
            "where tracker = :event_tracker and city = :event_city "
            "and day between :since and :until order by day",
            **about,
        )
    scored = days["scored_count"].where(days["scored_count"] > 0)
    negatives = marts.ask(
        "select author_id, author_handle, caption, likes_count, compound "
        f"{OF_EVENT} and day >= :start_on and sentiment_label = 'negative' "
        "and :item_kind = 'post'",
        **about,
    )
    return Brief(
        event=event,
        about=about,
        days=days.assign(negative_share=days["negative_count"] / scored),
        evidence=marts.ask(
            "select * from marts.dip_evidence where dip_id = :dip_id order by rank",
            **about,
        ),
        origins=marts.ask(
            "select * from marts.peak_origins where event_kind = 'dip' "
            "and event_id = :dip_id and home_city <> 'unknown' "
            "order by coalesce(excess_share, 0) desc, observed desc, home_city",
            **about,
        ),
        negatives=negatives,
        last_on=last_on,
        status=tell_status(days, event["apex_on"], event["end_on"], last_on),
    )
