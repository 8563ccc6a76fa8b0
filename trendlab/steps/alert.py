"""Signals → alerts in the lake → people."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from trendlab.alerts import (
    AlertRule,
    acknowledge_alert,
    backtest_alerts,
    notify,
    parse_channels,
    raise_alerts,
    send_alerts,
)
from trendlab.alerts.rules import EventKind
from trendlab.alerts.sending import MAX_ATTEMPTS
from trendlab.errors import AlertError, SettingsError
from trendlab.lake import Lake, Span
from trendlab.schemas import TABLES
from trendlab.settings import Settings
from trendlab.signals.activity import COMMENT_LOOKBACK_DAYS, lake_query
from trendlab.steps.step import Context

log = logging.getLogger(__name__)

# An event that began longer ago has been raised by an earlier night.
RAISE_REACH = timedelta(days=120)
ONE_DAY = timedelta(days=1)
# Alerts that may still be sent: the longest cool-down is a year.
PAST_REACH = timedelta(days=365)
# Why an alert of a status was left alone by a sending that sent nothing.
_LEFT_ALONE = {
    "sent": "sent before",
    "pending": "held until quiet hours end",
    "failed": f"given up after {MAX_ATTEMPTS} attempts",
    "backfilled": "of old days (--backfilled sends them)",
    "cooled_down": "cooled down, never sent",
}


def rules_of(context: Context) -> list[AlertRule]:
    """Return the alert rules of each tracker; `all` repeats them and has none."""
    kinds: dict[str, EventKind] = {"dips": "dip", "peaks": "peak"}
    return [
        AlertRule(
            tracker=tracker.name,
            name=rule.name,
            on=(kinds[rule.what],),
            measures=rule.measures,
            cities=rule.cities,
            topics=rule.topics,
            min_ratio=rule.threshold,
            min_severity=shared.threshold_severity,
            cool_down_days=shared.cool_down_days,
            channels=shared.channels,
            quiet=shared.quiet_hours,
            time_zone=tracker.time_zone,
        )
        for tracker in context.trackers
        for rule, shared in tracker.alerts.filled_rules()
    ]


def _rule_of(rules: Sequence[AlertRule], alert: dict[str, Any]) -> AlertRule | None:
    """Return the rule that raised an alert; None where it was taken away since."""
    for rule in rules:
        if (rule.tracker, rule.name) == (alert["tracker"], alert["rule"]):
            return rule
    return None


def seen_days(context: Context, first: date, last: date) -> dict[str, set[date]]:
    """Return the days of each tracker whose posts are known."""
    scores = context.lake.read_range(
        "day_scores",
        first,
        last,
        columns=["day", "tracker", "city", "measure", "value"],
    )
    wanted = pc.and_(
        pc.and_(pc.equal(scores["city"], "all"), pc.equal(scores["measure"], "posts")),
        pc.is_valid(scores["value"]),
    )
    seen: dict[str, set[date]] = {}
    for row in scores.filter(wanted).select(["tracker", "day"]).to_pylist():
        seen.setdefault(row["tracker"], set()).add(row["day"])
    return seen


def addresses_of(settings: Settings) -> dict[str, str]:
    """Read channel addresses from the environment or the file named there.

    Raises
    ------
    SettingsError
        If the file cannot be read or an entry is wrong; no address is named.
    """
    if settings.alert_urls is not None:
        return parse_channels(settings.alert_urls.get_secret_value())
    if settings.alert_urls_file is not None:
        try:
            return parse_channels(settings.alert_urls_file.read_text())
        except OSError as error:
            raise SettingsError(
                f"TRENDLAB_ALERT_URLS_FILE cannot be read: {error.strerror}"
            ) from None
    return {}


def raise_for_days(
    context: Context, days: Sequence[date], *, is_backfill: bool
) -> list[str]:
    """Raise alerts for the events of a night's days and write them down."""
    if not days:
        return []
    last = days[-1]
    first = days[0] if is_backfill else max(days[0], last - RAISE_REACH)
    lake = context.lake
    evidence = lake.read_range("evidence", first, last)
    if not is_backfill:
        evidence = link_comments(lake, evidence)
    raised = raise_alerts(
        lake.read_range("dips", first, last),
        lake.read_range("peaks", first, last),
        evidence,
        lake.read_range("alerts", first - PAST_REACH, last),
        rules_of(context),
        now=context.clock(),
        is_backfill=is_backfill,
        seen_days=seen_days(context, first, last),
        negative_by=context.settings.sentiment,
    )
    store_alerts(context, raised)
    if raised.num_rows == 0:
        return []
    counts = raised["status"].value_counts().to_pylist()
    told = ", ".join(f"{count['counts']} {count['values']}" for count in counts)
    return [f"alerts: {raised.num_rows} raised ({told})"]


def link_comments(lake: Lake, evidence: pa.Table) -> pa.Table:
    """Give comments among the evidence the address of the post they stand under.

    It is looked up here and not when the evidence is computed, which would depend on
    every later reading of the posts of four weeks. Old days in bulk do without: it
    would open the files of all their posts.

    Parameters
    ----------
    lake : Lake
    evidence : pyarrow.Table[evidence]

    Returns
    -------
    pyarrow.Table
        The same rows, in their order.
    """
    is_comment = pc.equal(evidence["evidence_kind"], "comment")
    comments = evidence.filter(is_comment)
    if comments.num_rows == 0:
        return evidence
    days = pc.min_max(comments["day"])
    first, last = days["min"].as_py() - ONE_DAY, days["max"].as_py() + ONE_DAY
    links = lake.query(
        lake_query("comment_links"),
        {
            "wanted": comments.select(["item"]),
            "comments": Span("comments", first, last),
            "posts": Span("posts", first - timedelta(COMMENT_LOOKBACK_DAYS), last),
        },
    )
    at = pc.index_in(evidence["item"], value_set=links["item"].combine_chunks())
    url = pc.if_else(is_comment, links["url"].take(at), evidence["url"])
    return evidence.set_column(
        evidence.schema.get_field_index("url"), evidence.schema.field("url"), url
    )


def raise_for_range(
    context: Context, first_day: date | None, last_day: date | None
) -> list[str]:
    """Raise alerts for the days with signals within a range; None is open."""
    days = [
        day
        for day in context.lake.days("day_scores")
        if (first_day is None or day >= first_day)
        and (last_day is None or day <= last_day)
    ]
    return raise_for_days(context, days, is_backfill=False) or ["alerts: none raised"]


def store_alerts(context: Context, alerts: pa.Table) -> None:
    """Write alerts over those with the same id."""
    for day in pc.unique(alerts["day"]).to_pylist():
        mine = alerts.filter(pc.equal(alerts["day"], pa.scalar(day, pa.date32())))
        known = context.lake.read("alerts", day)
        others = known.filter(
            pc.invert(pc.is_in(known["alert_id"], mine["alert_id"].combine_chunks()))
        )
        context.lake.write("alerts", day, pa.concat_tables([others, mine]))
    context.forget_fingerprints("alerts")


def send_pending(context: Context, *, send_backfilled: bool = False) -> list[str]:
    """Send the alerts that are due and return a line for each."""
    days = context.lake.days("alerts")
    if not days:
        return []
    alerts = context.lake.read_range("alerts", days[0], days[-1])
    now = context.clock()
    rules = rules_of(context)

    def channels_of(alert: dict[str, Any]) -> Sequence[str]:
        rule = _rule_of(rules, alert)
        return () if rule is None else rule.channels

    def is_held(alert: dict[str, Any]) -> bool:
        rule = _rule_of(rules, alert)
        return rule is not None and rule.is_quiet(now)

    tried = send_alerts(
        alerts,
        channels_of,
        addresses_of(context.settings),
        folder=context.home / "alerts",
        clock=context.clock,
        record=lambda rows: store_alerts(context, rows),
        send_backfilled=send_backfilled,
        is_held=is_held,
    )
    return [
        f"alert {row['alert_id'][:8]} {row['status']}: {row['title']}"
        for row in tried.to_pylist()
    ]


def why_none_sent(context: Context, *, send_backfilled: bool = False) -> str:
    """Count the alerts there are by why none of them is due."""
    days = context.lake.days("alerts")
    statuses = Counter(
        context.lake.read_range("alerts", days[0], days[-1])["status"].to_pylist()
        if days
        else []
    )
    if not statuses:
        return "nothing to send: no alert was raised yet"
    if send_backfilled:  # asked for, so only quiet hours can hold them
        statuses["pending"] += statuses.pop("backfilled", 0)
    told = ", ".join(
        f"{count:,} {_LEFT_ALONE[status]}"
        for status, count in sorted(statuses.items())
        if count > 0
    )
    return f"nothing to send: {told}"


def acknowledge(context: Context, alert_id: str, by: str) -> str:
    """Record who acknowledged an alert, found by the start of its id; say who did.

    Whoever was first stays; the marts show it after the next load.

    Raises
    ------
    AlertError
        If no alert, or more than one, begins so.
    """
    days = context.lake.days("alerts")
    alerts = (
        context.lake.read_range("alerts", days[0], days[-1])
        if days
        else TABLES["alerts"].empty()
    )
    now = context.clock()
    acknowledged = acknowledge_alert(alerts, alert_id, by, now)
    row = acknowledged.to_pylist()[0]
    who, at = row["acknowledged_by"], row["acknowledged_at"]
    of_alert = f"alert {row['alert_id'][:8]}"
    if at != now:
        return f"{of_alert} was acknowledged by {who} on {at:%Y-%m-%d}: {row['title']}"
    store_alerts(context, acknowledged)
    return (
        f"{of_alert} acknowledged by {who}: {row['title']}; the marts show it after "
        "the next `trendlab load`"
    )


def backtest(
    context: Context, first_day: date | None, last_day: date | None
) -> list[str]:
    """Tell which alerts today's rules would have raised; writes and sends nothing."""
    days = context.lake.days("day_scores")
    if not days:
        raise AlertError(
            "there are no signals to test rules on: run `trendlab nightly` first"
        )
    first, last = first_day or days[0], last_day or days[-1]
    if first > days[-1] or last < days[0]:
        raise AlertError(
            f"expected days among those with signals, {days[0]} to {days[-1]}, got "
            f"{'any' if first_day is None else first_day} to "
            f"{'any' if last_day is None else last_day}"
        )
    lake = context.lake
    rules = rules_of(context)
    # what began before the range was told before it, and cools down what is in it
    alerts = backtest_alerts(
        lake.read_range("dips", days[0], last),
        lake.read_range("peaks", days[0], last),
        lake.read_range("evidence", first, last),
        rules,
        first_day=first,
        last_day=last,
        seen_days=seen_days(context, days[0], last),
    ).to_pylist()
    lines = [_backtest_line(rules, row) for row in alerts]
    sent = sum(row["status"] == "pending" for row in alerts)
    cooled = sum(row["status"] == "cooled_down" for row in alerts)
    over = sum(row["follows_alert_id"] is not None for row in alerts)
    summary = (
        f"{first} to {last}, {len(rules)} rules: {sent} sent ({over} of them "
        f"follow-ups), {cooled} cooled down, {len(alerts)} alerts"
    )
    return [*lines, summary]


def _backtest_line(rules: Sequence[AlertRule], alert: dict[str, Any]) -> str:
    """Say what would have been told, by which rule, when and where."""
    told = f"{alert['day']} severity {alert['severity']:>2} {alert['rule']}"
    rule = _rule_of(rules, alert)
    if alert["status"] != "pending" or rule is None:
        return f"{told}, {alert['status'].replace('_', ' ')}: {alert['title']}"
    at = rule.sending_moment(alert["raised_at"])
    waited = " after quiet hours" if at != alert["raised_at"] else ""
    where = ", ".join(["log", "file", *rule.channels])
    local = at.astimezone(ZoneInfo(rule.time_zone))
    return (
        f"{told}, sent {local:%Y-%m-%d %H:%M} {rule.time_zone}{waited} to {where}: "
        f"{alert['title']}"
    )


def send_notice(settings: Settings, text: str, channel: str) -> list[str]:
    """Tell the people who run trendlab something, by the log and a channel.

    Raises
    ------
    AlertError
        If the channel takes no message.
    """
    log.warning("notice: %s", text)
    addresses = addresses_of(settings)
    if channel not in addresses:
        return [f"notice: {text}", f"no channel {channel!r} is set; told the log only"]
    notify(addresses, channel, "trendlab", text)
    return [f"notice sent to {channel}: {text}"]
