"""Words of an alert: what happened, how unusual, the evidence, what to run next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Literal

from trendlab.alerts.inert import QUOTE_LENGTH, make_inert, web_address

Row = Mapping[str, Any]
NegativeBy = Literal["vader", "complaints"]

# A topic is up to a handful of words; titles stay on one line of a phone's notice.
TOPIC_LENGTH = 60
# A name or word that is longer is no name or word.
NAME_LENGTH = 40
# Channels cut at 4,096 characters; the limits below keep the longest body under it,
# so that the commands at its end are never lost. The marts hold all evidence.
MAX_TERMS = 8
MAX_QUOTES = 3
MAX_AUTHORS = 3
MAX_CITIES = 3
# How texts were scored, and what that gets wrong, by what calls them negative.
SCORED_BY: Mapping[NegativeBy, str] = {
    "vader": "English and scored, by VADER, which misreads irony",
    "complaints": "English and scored; a classifier that learnt from tweets about a "
    "few brands says which are negative",
}
# Days before the event that the report shows with it.
REPORT_DAYS = 28


def describe_dip(
    dip: Row,
    evidence: Sequence[Row],
    alert_id: str,
    negative_by: NegativeBy = "vader",
) -> tuple[str, str]:
    """Return title and body of an alert about a negative peak.

    Parameters
    ----------
    dip : mapping
        Row of `dips`.
    evidence : sequence of mapping
        Rows of `evidence` of that dip and day, which count that day alone, or where it
        is the worst all days that were pooled for it; may be empty.
    alert_id : str
    negative_by : {"vader", "complaints"}
        What called its texts negative, a limit that the body names.
    """
    items = "comments" if dip["item_kind"] == "comment" else "posts"
    about = f" about {_topic(dip['topic'])}" if dip["topic"] != "" else ""
    where = _where(dip["city"])
    title = (
        f"Negative peak: {dip['tracker']}{about}, {where}, {dip['apex_on']} "
        f"(severity {dip['severity']} of 10)"
    )
    pooled = (
        f" ({dip['pooled_days']} days that end with it, pooled to have enough)"
        if dip["pooled_days"] > 1
        else ""
    )
    what = (
        f"On {dip['apex_on']}, {dip['negative_count']} of {dip['scored_count']} scored "
        f"{items} of {dip['tracker']}{about} ({where}) were negative: "
        f"{_percent(dip['negative_share'])}{pooled}. "
        f"{_percent(dip['baseline_share'])} would be usual."
    )
    changed = {
        (True, True): "Both their number and their share are up.",
        (True, False): "Their number is up; their share is not clearly.",
        (False, True): "Their share is up; their number is not clearly.",
    }.get((dip["is_count_up"], dip["is_share_up"]), "")
    unusual = [
        f"{dip['lift']:.1f} times the usual share, p {_chance(dip['p_value'])} by a "
        "beta-binomial test against the days before, 56 at most. "
        f"Running since {dip['start_on']}. {changed}".rstrip()
    ]
    if dip["is_cold_start"]:
        unusual.append(
            "Fewer than 28 days lie behind it, so the usual is a rough guess."
        )
    unusual.append(
        f"{_percent(dip['language_coverage'])} of the {items} were "
        f"{SCORED_BY[negative_by]}: read some before acting."
    )
    if dip["negative_authors_count"] is None:
        who = f"Authors are not known, so one person may have written all {items}."
    else:
        who = f"{dip['negative_authors_count']} authors wrote the negative {items}."
    return _compose(title, what, unusual, who, evidence, dip, alert_id, "dip")


def describe_peak(peak: Row, evidence: Sequence[Row], alert_id: str) -> tuple[str, str]:
    """Return title and body of an alert about an activity peak.

    Parameters
    ----------
    peak : mapping
        Row of `peaks`.
    evidence : sequence of mapping
        Rows of `evidence` of that peak and day, which count all its days so far; may be
        empty.
    alert_id : str
    """
    where = _where(peak["city"])
    title = (
        f"Activity peak: {peak['tracker']}, {where}, {peak['apex_on']} "
        f"(severity {peak['severity']} of 10)"
    )
    what = (
        f"On {peak['apex_on']}, {peak['tracker']} ({where}) had {peak['value']:,.0f} "
        f"{peak['measure']}; {peak['baseline']:,.0f} would be usual. "
        f"{peak['excess']:,.0f} more than usual since {peak['start_on']}."
    )
    unusual = [f"{peak['ratio']:.1f} times the usual, robust z {peak['z']:.1f}."]
    if peak["is_cold_start"]:
        unusual.append(
            "Fewer than 28 days lie behind it, so the usual is a rough guess."
        )
    return _compose(title, what, unusual, "", evidence, peak, alert_id, "peak")


def describe_end(
    event_kind: str, alert: Row, event_days: Sequence[Row], known_on: date
) -> tuple[str, str]:
    """Return title and body of the follow-up on an event that is over.

    Parameters
    ----------
    event_kind : {"dip", "peak"}
    alert : mapping
        Row of `alerts` that is followed.
    event_days : sequence of mapping
        Rows of `dips` or `peaks` of the event, in order of days.
    known_on : datetime.date
        The day that was seen without it.
    """
    last = event_days[-1]
    name = "Negative peak" if event_kind == "dip" else "Activity peak"
    topic = last.get("topic", "")
    about = f" about {_topic(topic)}" if topic != "" else ""
    where = _where(last["city"])
    days = (last["end_on"] - last["start_on"]).days + 1
    span = (
        f"on {last['start_on']}, one day"
        if days == 1
        else f"from {last['start_on']} to {last['end_on']}, {days} days"
    )
    title = f"Over: {name.lower()} of {last['tracker']}{about}, {where}"
    if event_kind == "dip":
        items = "comments" if last["item_kind"] == "comment" else "posts"
        strongest = (
            f"{last['negative_count']} of {last['scored_count']} scored {items} "
            f"negative, {_percent(last['negative_share'])} against "
            f"{_percent(last['baseline_share'])} usual"
        )
    else:
        strongest = (
            f"{last['value']:,.0f} {last['measure']} against {last['baseline']:,.0f} "
            f"usual; {last['excess']:,.0f} more than usual in all"
        )
    parts = [
        f"WHAT HAPPENED\nIt ran {span}. Strongest on {last['apex_on']}: {strongest}.",
        f"HOW UNUSUAL\nSeverity {last['severity']} of 10 at its end; it was "
        f"{alert['severity']} when it was told on {alert['day']}.",
        f"WHY WE THINK SO\n{known_on}, {(known_on - last['end_on']).days} days after "
        "its last one, did not pass the rule, nor did any day between that was seen.",
        "WHAT TO RUN NEXT\n"
        + "\n".join(
            _commands(
                {**last, "day": last["end_on"]}, str(alert["alert_id"]), event_kind
            )
        ),
    ]
    return title, "\n\n".join(parts)


def describe_withdrawal(alert: Row) -> tuple[str, str]:
    """Return title and body of the follow-up on an event that was taken back."""
    title = f"Taken back: {alert['title']}"
    body = (
        "WHAT HAPPENED\nSince this was told, posts arrived late or a rule changed, and "
        f"with them {alert['day']} no longer shows the event, or shows another one. "
        "It is not known to be over; it is not known to have been.\n\n"
        "WHAT TO RUN NEXT\n"
        f'trendlab sql "select * from marts.{alert["event_kind"]}s '
        f"where tracker = '{alert['tracker']}' order by apex_on desc\"\n"
        f"trendlab alert ack {str(alert['alert_id'])[:8]} --by YOUR_NAME"
    )
    return title, body


def _compose(
    title: str,
    what: str,
    unusual: Sequence[str],
    who: str,
    evidence: Sequence[Row],
    event: Row,
    alert_id: str,
    event_kind: str,
) -> tuple[str, str]:
    by_kind: dict[str, list[Row]] = {}
    for row in sorted(evidence, key=lambda row: (row["evidence_kind"], row["rank"])):
        by_kind.setdefault(row["evidence_kind"], []).append(row)
    when = _counted_when(event, event_kind)
    parts = {
        "What happened": [what],
        "How unusual": list(unusual),
        "Why we think so": _reasons(by_kind, when),
        "Who and where": [who, *_drivers(by_kind, when)],
        "What to run next": _commands(event, alert_id, event_kind),
    }
    body = "\n\n".join(
        "\n".join([heading.upper(), *(line for line in lines if line)])
        for heading, lines in parts.items()
        if any(lines)
    )
    return title, body


def _counted_when(event: Row, event_kind: str) -> str:
    """Say on which days the evidence was counted, where not on the event's only one."""
    pooled_days = event.get("pooled_days", 1)
    # a dip is counted on the day, or on the days that its worst was pooled over
    if pooled_days > 1 and event["apex_on"] == event["day"]:
        return f" in the {pooled_days} days to {event['day']}"
    if event["start_on"] == event["day"]:
        return ""
    return (
        f" since {event['start_on']}" if event_kind == "peak" else f" on {event['day']}"
    )


def _reasons(by_kind: Mapping[str, Sequence[Row]], when: str) -> list[str]:
    lines = []
    for kind, name in (
        ("word", f"Words more common than usual{when}"),
        ("hashtag", f"Hashtags{when}"),
        ("garment", f"Garments{when}"),
    ):
        terms = [_label(row) for row in by_kind.get(kind, [])[:MAX_TERMS]]
        if terms:
            lines.append(f"{name}: {', '.join(terms)}.")
    quotes = [*by_kind.get("post", []), *by_kind.get("comment", [])]
    for row in quotes[:MAX_QUOTES]:
        score = row["strength"]
        scored = f" (compound {score:.2f})" if score is not None else ""
        address = web_address(row["url"])
        lines.append(f'- "{_label(row, QUOTE_LENGTH)}"{scored} {address}'.rstrip())
    if not lines:
        lines.append("No words or posts stand out; the numbers are all there is.")
    return lines


def _drivers(by_kind: Mapping[str, Sequence[Row]], when: str) -> list[str]:
    lines = []
    cities = by_kind.get("city", [])
    # of a topic the usual by city is not known
    is_counted = all(row.get("expected") is None for row in cities)
    of_cities = (
        f"Cities{when}, with their part"
        if is_counted
        else f"Cities above their usual{when}"
    )
    for name, rows in (
        (
            f"Above their usual{when}, with their part of the excess",
            [
                (_label(row), row["strength"])
                for row in by_kind.get("author", [])[:MAX_AUTHORS]
            ],
        ),
        (
            of_cities,
            [(_where(_label(row)), row["strength"]) for row in cities[:MAX_CITIES]],
        ),
    ):
        shown = [
            f"{label} {_percent(strength)}" if strength is not None else label
            for label, strength in rows
        ]
        if shown:
            lines.append(f"{name}: {', '.join(shown)}.")
    if cities and all(row["item"] == "unknown" for row in cities):
        lines[-1] = "Where it comes from cannot be told: the posts name no place."
    return lines


def _commands(event: Row, alert_id: str, event_kind: str) -> list[str]:
    first: date = event["start_on"] - timedelta(days=REPORT_DAYS)
    of_what = f"--to {event['day']} --tracker {event['tracker']}"
    page = (
        f"--notebook crisis {of_what}"
        if event_kind == "dip"
        else (f"--from {first} {of_what}")
    )
    mart = "dip_evidence" if event_kind == "dip" else "peak_drivers"
    event_id = event[f"{event_kind}_id"]
    return [
        f"trendlab report {page}",
        f'trendlab sql "select * from marts.{mart} '
        f"where {event_kind}_id = '{event_id}'\"",
        f"trendlab alert ack {alert_id[:8]} --by YOUR_NAME",
    ]


def _label(row: Row, length: int = NAME_LENGTH) -> str:
    label = row["label"] if row["label"] is not None else row["item"]
    return make_inert(str(label), length)


def _topic(topic: str) -> str:
    return f'"{make_inert(topic, TOPIC_LENGTH)}"'


def _where(city: str) -> str:
    if city == "all":
        return "everywhere"
    return "city unknown" if city == "unknown" else city.replace("_", " ")


def _percent(share: float) -> str:
    return f"{share:.0%}"


def _chance(p_value: float) -> str:
    return f"= {p_value:.1g}" if p_value >= 1e-12 else "< 1e-12"
