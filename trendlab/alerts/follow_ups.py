"""Tells those who were alerted that the event is over, or was taken back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from trendlab.alerts.rules import Row, alert_id_of
from trendlab.alerts.wording import describe_end, describe_withdrawal

# One quiet day does not end an event: a second one does.
QUIET_DAYS = 2


def follow_up(
    alert: Row, event_days: Sequence[Row], seen_days: Collection[date]
) -> dict[str, Any] | None:
    """Return the follow-up of an alert, or None while its event may run on.

    Parameters
    ----------
    alert : dict
        Row of `alerts` that somebody was, or will be, told of.
    event_days : sequence of dict
        Rows of `dips` or `peaks` of the alert's event, in order of days.
    seen_days : collection of date
        Days whose posts are known. Days that were not ingested say nothing, so an
        event is over only when the second day after it, or a later one, was seen
        without it.

    Returns
    -------
    dict or None
        Row of `alerts` without `raised_at`; status `pending`. Where late data has
        taken the event back, so that the alert's own day no longer shows it, the
        follow-up says so.
    """
    kind = alert["event_kind"]
    if event_days:
        last = event_days[-1]
        after = [day for day in seen_days if (day - last["end_on"]).days >= QUIET_DAYS]
        if not after:
            return None
        known_on = min(after)
        title, body = describe_end(kind, alert, event_days, known_on)
        severity = last["severity"]
    else:
        if alert["day"] not in seen_days:
            return None
        known_on = max(seen_days)
        title, body = describe_withdrawal(alert)
        severity = alert["severity"]
    return {
        "day": known_on,
        "alert_id": alert_id_of("over", alert["alert_id"]),
        "rule": alert["rule"],
        "tracker": alert["tracker"],
        "city": alert["city"],
        "event_kind": kind,
        "event_id": alert["event_id"],
        "severity": severity,
        "title": title,
        "body": body,
        "status": "pending",
        "channels": [],
        "attempts_count": 0,
        "follows_alert_id": alert["alert_id"],
    }
