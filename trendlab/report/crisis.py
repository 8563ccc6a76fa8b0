"""A crisis in words and one figure: what happened, when, who, where, is it over."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import matplotlib.dates as mdates
import pandas as pd
from matplotlib.figure import Figure

from trendlab.report.plots import (
    MUTED,
    RED,
    clean_axes,
    date_axis,
    is_narrow,
    new_figure,
)

# Of the negative peaks this close to the newest one, the most severe is told.
RECENT_DAYS = 14
# Below a quarter of the worst day's negatives a crisis no longer makes the weather;
# above half it has hardly begun to fade.
OVER_SHARE, RUNNING_SHARE = 0.25, 0.5
AFTERMATH = timedelta(days=3)
HOURS_SHOWN_AT_MOST = 24 * 14
# A tweet fits; longer captions are told by their beginning.
SHOWN_CHARACTERS = 240

# What stands against the scores, by what calls texts negative.
LIMITS = {
    "vader": "The scores come from a lexicon that misses complaints without strong "
    "words and misreads irony: read texts before acting, and compare shares with their "
    "own past only.",
    "complaints": "What is negative a classifier says, beside VADER's score. It learnt "
    "from tweets of one week about a few brands and errs more elsewhere: read texts "
    "before acting, and compare shares with their own past only.",
}

VERDICTS = {
    "single": "One author made at least half of the excess: look at that author first.",
    "few": "A few authors made most of the excess: their posts are worth reading.",
    "broad": "Many authors, none of them dominant: this is not a campaign of a few.",
    "none": "No author posted more negatives than usual; the usual ones are just more.",
    "not_assessable": "Who carries it cannot be told: too few posts by known authors.",
}


def choose_event(events: pd.DataFrame) -> pd.Series[Any] | None:
    """Choose the event that a brief is about.

    Parameters
    ----------
    events : DataFrame
        Rows of `group_events`, with apex_on and severity.

    Returns
    -------
    Series or None
        The most severe of the two weeks that end with the newest, the newest of
        equals; None of none.
    """
    if events.empty:
        return None
    apexes = pd.to_datetime(events["apex_on"])
    is_recent = apexes >= apexes.max() - pd.Timedelta(days=RECENT_DAYS)
    recent = events.assign(_apex=apexes)[is_recent]
    best = recent.sort_values(["severity", "_apex"], ascending=False, kind="stable")
    return best.drop(columns="_apex").iloc[0]


def cut_text(text: str) -> str:
    """Put a text on one line, and cut a long one where an ellipsis says so."""
    line = " ".join(text.split())
    if len(line) <= SHOWN_CHARACTERS:
        return line
    return f"{line[: SHOWN_CHARACTERS - 1].rstrip()}…"


def tell_event(event: pd.Series[Any], place: str) -> list[str]:
    """Say what happened and how unusual that is, a sentence each.

    Parameters
    ----------
    event : Series
        A row of marts.dips.
    place : str
        Where it was seen, in words; '' for everywhere.
    """
    about = f" about “{event['topic']}”" if event["topic"] else ""
    inside = f" in {place}" if place else ""
    kinds = f"{event['item_kind']}s"
    days_count = int(event["pooled_days"])
    when = f"In the {days_count} days to" if days_count > 1 else "On"
    lines = [
        f"{when} {event['apex_on']:%-d %B %Y}, {event['negative_count']:,.0f} of "
        f"{event['scored_count']:,.0f} {kinds} of {event['tracker']}{about}{inside} "
        f"were negative: {100 * event['negative_share']:.0f} % where "
        f"{100 * event['baseline_share']:.0f} % would be usual.",
        f"Chance alone would do that on {_odds(event['p_value'])}; severity "
        f"{event['severity']:.0f} of 10.",
    ]
    if event["is_cold_start"]:
        lines.append(
            "Fewer than four weeks lie behind it, so what is usual is a rough guess."
        )
    return lines


def name_worst_days(event: pd.Series[Any]) -> str:
    """Say which days the evidence of an event is of."""
    days_count = int(event["pooled_days"])
    worst = f"{event['apex_on']:%-d %B}"
    return f"in the {days_count} days to {worst}" if days_count > 1 else f"on {worst}"


def tell_worst_days(event: pd.Series[Any]) -> str:
    """Say which days these are and why, to begin a sentence with."""
    named = name_worst_days(event)
    why = "pooled to have enough" if event["pooled_days"] > 1 else "the worst day"
    return f"{named[0].upper()}{named[1:]}, {why}"


def tell_usual_days(event: pd.Series[Any]) -> str:
    """Say which days tell what is usual: those before the event and what was pooled."""
    first_pooled_on = event["apex_on"] - timedelta(days=int(event["pooled_days"]) - 1)
    return f"the 28 days before {min(event['start_on'], first_pooled_on):%-d %B}"


def _odds(p_value: float) -> str:
    """Say a small chance as one in so many."""
    if p_value <= 1e-6:
        return "fewer than one day in a million"
    if p_value >= 0.1:
        return f"{100 * p_value:.0f} of 100 days"
    # two digits: a chance is not known better than that
    return f"one day in {float(f'{1 / p_value:.2g}'):,.0f}"


def tell_status(days: pd.DataFrame, apex_on: date, end_on: date, last_on: date) -> str:
    """Say whether it is over, from the negatives of the days after the worst one.

    Parameters
    ----------
    days : DataFrame
        day, negative_count of the event's topic; days without rows had none.
    apex_on, end_on : date
        Most unusual and last day of the event. The day with the most negatives may
        follow within three days, as interest does; what comes later is another story.
    last_on : date
        Last whole day that is known.

    Notes
    -----
    The count and not the share: a topic that nobody talks of any more is over, however
    the few who do feel. What comes after the last known day nobody knows.
    """
    negatives = {
        row["day"]: int(row["negative_count"]) for row in days.to_dict("records")
    }
    worst_on = max(
        (
            day
            for day in negatives
            if apex_on <= day <= min(last_on, end_on + AFTERMATH)
        ),
        key=lambda day: (negatives[day], -day.toordinal()),
        default=apex_on,
    )
    worst, last = negatives.get(worst_on, 0), negatives.get(last_on, 0)
    if last_on <= worst_on or worst == 0:
        return (
            f"Not over as far as is known: {worst_on:%-d %B} is the worst day, and "
            "the last that is known."
        )
    share = last / worst
    seen = (
        f"{last:,} negative{'' if last == 1 else 's'} on {last_on:%-d %B}, the last "
        f"whole day known, against {worst:,} on {worst_on:%-d %B}, the worst"
    )
    if share >= RUNNING_SHARE:
        return f"Not over: {seen}."
    if share > OVER_SHARE:
        return f"Fading, not over: {seen}."
    over_on = next(
        day
        for day in (
            worst_on + timedelta(n) for n in range(1, 1 + (last_on - worst_on).days)
        )
        if all(
            negatives.get(later, 0) <= OVER_SHARE * worst
            for later in (day + timedelta(n) for n in range((last_on - day).days + 1))
        )
    )
    return f"Over since {over_on:%-d %B}: {seen}."


def hours_figure(
    hours: pd.DataFrame, first_on: date, last_on: date, *, width: float
) -> Figure:
    """Draw posts an hour, the negative ones below and the others above them.

    Parameters
    ----------
    hours : DataFrame
        hour (UTC), posts_count, negative_count; hours without a row had none.
    first_on, last_on : date
        Days drawn; of more than two weeks the last two. A day west of Greenwich ends
        after midnight UTC, so the given hours after the last day are drawn too.
    width : float
        Inches.
    """
    figure = new_figure(width, 2.9 if is_narrow(width) else 3.1)
    axes = figure.add_subplot()
    clean_axes(axes)
    until = pd.Timestamp(last_on, tz="UTC") + pd.Timedelta(days=1)
    known = pd.to_datetime(hours["hour"], utc=True)
    if not known.empty:
        until = max(until, known.max() + pd.Timedelta(hours=1))
    since = max(
        pd.Timestamp(first_on, tz="UTC"),
        until - pd.Timedelta(hours=HOURS_SHOWN_AT_MOST),
    )
    index = pd.date_range(since, until, freq="h", inclusive="left")
    counts = (
        hours.assign(hour=pd.to_datetime(hours["hour"], utc=True))
        .set_index("hour")[["posts_count", "negative_count"]]
        .astype(float)
        .reindex(index, fill_value=0.0)
    )
    at = mdates.date2num(index)
    negative = counts["negative_count"].to_numpy()
    others = counts["posts_count"].to_numpy() - negative
    hour = 1 / 24
    axes.bar(at, negative, hour, align="edge", color=RED, label="negative")
    axes.bar(
        at, others, hour, bottom=negative, align="edge", color="#cfd4da", label="others"
    )
    axes.set_ylabel("posts an hour", color=MUTED, fontsize=9)
    axes.set_xlim(at[0], at[-1] + hour)
    date_axis(axes, is_narrow(width))
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, fontsize=9
    )
    return figure
