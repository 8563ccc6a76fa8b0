# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# The brief on a negative peak: what happened, when, who, where, what they said, is it
# over. It reads the marts only, with an analyst's rights.
# `trendlab report --notebook crisis --tracker NAME --to DAY` runs it with papermill.

# %% tags=["parameters"]
tracker = "all"
first_day = "2026-01-01"
last_day = "2026-12-31"

# %%
import os
from datetime import timedelta

import pandas as pd
from IPython.display import display

from trendlab.report import crisis, page
from trendlab.report.crisis_brief import OF_EVENT, Brief, gather
from trendlab.report.events import group_events
from trendlab.report.marts import Marts

marts = Marts(
    os.environ["TRENDLAB_ANALYST_URL"],
    tracker=tracker,
    first_day=first_day,
    last_day=last_day,
)
ask = marts.ask

events = group_events(
    ask(
        "select * from marts.dips where (:tracker in (tracker, 'all')) "
        "and end_on >= :first_day and start_on <= :last_day order by apex_on desc"
    )
)
event = crisis.choose_event(events)
names = marts.city_names(
    unknown="places unknown", all="everywhere", other="other places"
)
TEXTS = {"text": "text", "likes_count": "likes", "compound": "VADER"}


# %%
def show_head(brief: Brief) -> None:
    """Name the event and show its figures."""
    event = brief.event
    subject = f": “{event['topic']}”" if event["topic"] else ""
    display(page.heading(f"Crisis brief: {event['tracker']}{subject}", 1))
    display(
        page.note(
            f"As known at the end of {brief.last_on:%-d %B %Y}. Days in UTC unless the "
            "tracker names a time zone, hours in UTC. Every figure can be asked of the "
            "marts with `trendlab sql`."
        )
    )
    since = brief.days[brief.days["day"] >= event["start_on"]]
    kinds = f"negative {event['item_kind']}s since {event['start_on']:%-d %B}"
    figures = {
        kinds: f"{since['negative_count'].sum():,.0f}",
        "negative when it was worst": f"{100 * event['negative_share']:.0f} %",
        "would be usual": f"{100 * event['baseline_share']:.0f} %",
    }
    if brief.negatives["likes_count"].notna().any():
        likes = brief.negatives["likes_count"].sum()
        figures["likes on the negative posts"] = f"{likes:,.0f}"
    figures["state"] = brief.status.split(":")[0].split(" as far")[0]
    display(page.cards(figures))


def show_short(brief: Brief) -> None:
    """Say what a reader in a hurry needs."""
    event = brief.event
    where = "" if event["city"] == "all" else place(event["city"])
    told = [*crisis.tell_event(event, where), brief.status]
    if event["authors_verdict"] in crisis.VERDICTS:
        told.append(crisis.VERDICTS[event["authors_verdict"]])
    cities = brief.named("city")
    placed = cities[cities["item"] != "unknown"]
    if len(placed):
        shown = ", ".join(
            f"{place(row['item'])} ({100 * row['strength']:.0f} %)"
            for _, row in placed.head(3).iterrows()
        )
        of = "Of the negative posts" if event["topic"] else "Of what is above the usual"
        told.append(f"{of}, by place: {shown}.")
    elif len(cities):
        told.append("Where it comes from cannot be told: the posts name no place.")
    if event["origin_verdict"] in ("one_city", "shifted"):
        told.append(event["origin"])
    words = brief.named("word")
    if len(words):
        told.append(f"Its words: {', '.join(words['item'].head(8))}.")
    display(page.heading("In short"))
    display(page.sentences(told))


def place(city: str) -> str:
    """Name a city."""
    return str(names.get(city, city))


# %%
def show_when(brief: Brief) -> None:
    """Show posts an hour and a day."""
    event = brief.event
    display(page.heading("When"))
    if event["item_kind"] == "post":
        hours = ask(
            "select date_trunc('hour', created_at) as hour, count(*) as posts_count, "
            "count(*) filter (where sentiment_label = 'negative') as negative_count "
            f"{OF_EVENT} group by hour order by hour",
            **brief.about,
        )
        since = event["start_on"] - timedelta(days=1)
        display(
            page.figure(
                lambda width: crisis.hours_figure(
                    hours, since, brief.last_on, width=width
                ),
                "Posts an hour about this, negative ones at the bottom.",
            )
        )
    near = brief.days["day"] >= event["start_on"] - timedelta(days=2)
    display(
        page.table(
            brief.days[near].head(14),
            {
                "day": "day",
                "posts_count": "posts",
                "scored_count": "scored",
                "negative_count": "negative",
                "negative_share": "share",
            },
            shares=("negative_share",),
        )
    )
    if event["topic"]:
        display(
            page.note(
                "Counted here are posts with any word of the topic; the test counted "
                "those with its leading word."
            )
        )


def show_who(brief: Brief) -> None:
    """Show who carries it."""
    event = brief.event
    display(page.heading("Who"))
    verdict = crisis.VERDICTS.get(event["authors_verdict"])
    if verdict and pd.notna(event["authors_hhi"]):
        verdict += (
            f" The strongest has {100 * event['top_author_share']:.1f} % of what is "
            f"above authors' own usual (concentration {event['authors_hhi']:.3f}; 1 is "
            "one author alone)."
        )
    wrote = page.show_value(event["negative_authors_count"])
    display(
        page.note(
            verdict
            or f"{wrote} authors wrote the negative comments that were counted; who "
            "they usually are is counted for posts only."
        )
    )
    if brief.negatives.empty:
        return
    author = brief.negatives["author_handle"].fillna(brief.negatives["author_id"])
    by_author = (
        brief.negatives.assign(author=author)
        .groupby("author", as_index=False)
        .agg(negative_count=("caption", "size"), likes_count=("likes_count", "sum"))
        .sort_values(
            ["likes_count", "negative_count", "author"], ascending=[False, False, True]
        )
    )
    display(page.heading("Authors whose negative posts were liked most", 3))
    display(
        page.table(
            by_author.head(8),
            {
                "author": "author",
                "negative_count": "negative posts",
                "likes_count": "likes",
            },
        )
    )


def show_where(brief: Brief) -> None:
    """Show which places carry it, and where its authors are at home."""
    cities = brief.named("city")
    display(page.heading("Where"))
    if brief.event["city"] != "all":
        display(page.note(f"This is about {place(brief.event['city'])} alone."))
    else:
        show_places(cities, brief.event)
    if brief.origins.empty:
        return
    display(page.heading("Where its authors are at home", 3))
    display(
        page.note(f"{crisis.tell_worst_days(brief.event)}. {brief.event['origin']}")
    )
    homes = brief.origins.assign(home=brief.origins["home_city"].map(place))
    if homes["excess_share"].isna().all():
        homes = homes.assign(part=homes["observed"] / homes["observed"].sum())
        parts = {"part": "part of them"}
    else:
        parts = {"expected": "usual", "excess_share": "part of the excess"}
    display(
        page.table(
            homes.head(8),
            {
                "home": "home",
                "observed": "negative",
                **parts,
                "usual_share": "usual part",
            },
            shares=("part", "excess_share", "usual_share"),
        )
    )


def show_places(cities: pd.DataFrame, event: pd.Series) -> None:
    """Show the places that the posts name."""
    if event["topic"]:
        parts = {"strength": "part of them"}
    else:
        parts = {"expected": "usual", "strength": "part of the excess"}
    usual = f"; usual is what as many of {crisis.tell_usual_days(event)} have"
    display(
        page.note(f"{crisis.tell_worst_days(event)}{'' if event['topic'] else usual}.")
    )
    display(
        page.table(
            cities.assign(place=cities["item"].map(place)),
            {"place": "place", "observed": "negative", **parts},
            shares=("strength",),
            empty="No place stands out.",
        )
    )


# %%
def texts_of(posts: pd.DataFrame, count: int) -> pd.DataFrame:
    """Take each text once, on one line and cut to a length."""
    lines = posts["caption"].fillna("").map(crisis.cut_text)
    return posts.assign(text=lines).drop_duplicates("text").head(count)


def show_said(brief: Brief) -> None:
    """Show texts and words."""
    event = brief.event
    display(page.heading("What they said"))
    if len(brief.negatives):
        liked = brief.negatives.sort_values(
            "likes_count", ascending=False, na_position="last", kind="stable"
        )
        display(page.heading("Negative, most liked", 3))
        display(page.table(texts_of(liked, 6), TEXTS, wide=("text",)))
    display(page.heading(f"Most negative {crisis.name_worst_days(event)}", 3))
    quoted = brief.named("post", "comment").head(6)
    display(
        page.table(
            quoted,
            {"label": "text", "observed": "likes", "strength": "VADER"},
            wide=("label",),
            empty="No text was kept.",
        )
    )
    if event["item_kind"] == "post":
        kind = ask(
            "select caption, likes_count, compound "
            f"{OF_EVENT} and day >= :start_on and sentiment_label = 'positive' "
            "order by likes_count desc nulls last, created_at limit 12",
            **brief.about,
        )
        display(page.heading("What others said: scored positive, most liked", 3))
        display(
            page.table(
                texts_of(kind, 4), TEXTS, wide=("text",), empty="Nothing, so far."
            )
        )
    words = f"Words more common than usual {crisis.name_worst_days(event)}"
    display(page.heading(words, 3))
    display(
        page.table(
            brief.named("word").head(10),
            {"item": "word", "observed": "authors now", "expected": "usual"},
            empty="No word stands out.",
        )
    )
    display(
        page.note(
            f"Usual: among as many negative {event['item_kind']}s of "
            f"{crisis.tell_usual_days(event)}."
        )
    )


# %%
def show_doubts(brief: Brief) -> None:
    """Say what stands against taking this at its word."""
    event = brief.event
    days_count = event["pooled_days"]
    pooled = f", {days_count:.0f} days pooled" if days_count > 1 else ""
    doubts = [
        f"{100 * event['language_coverage']:.0f} % of the {event['item_kind']}s were "
        "English and scored; what the others feel is not in these figures.",
        crisis.LIMITS[marts.negative_by()],
        "Test: beta-binomial tail against the days before, "
        f"p = {event['p_value']:.1g}, overdispersion {event['overdispersion']:.3f}"
        f"{pooled}.",
    ]
    if event["is_cold_start"]:
        doubts.append(
            "Cold start: with fewer than 28 days behind it, the usual share and its "
            "spread lean on a prior from all trackers."
        )
    if not event["is_author_rule_assessable"]:
        doubts.append("Authors are unknown: one person posting often is not ruled out.")
    display(page.heading("How sure is this"))
    display(page.sentences(doubts))


def show_next(brief: Brief) -> None:
    """Say what to run next, and what else happened."""
    event = brief.event
    display(page.heading("What to run next"))
    display(
        page.sentences(
            [
                'trendlab sql "select * from marts.dip_evidence '
                f"where dip_id = '{event['dip_id']}'\"",
                f"trendlab report --tracker {event['tracker']} --to {brief.last_on}",
                "trendlab alert ack ALERT_ID --by YOUR_NAME (ids: marts.alerts)",
            ]
        )
    )
    others = events[events["dip_id"] != event["dip_id"]]
    if len(others):
        display(page.heading("Other negative peaks in these days", 3))
        display(
            page.table(
                others.assign(where=others["city"].map(place)).head(8),
                {
                    "apex_on": "worst day",
                    "tracker": "tracker",
                    "topic": "topic",
                    "where": "where",
                    "negative_count": "negative",
                    "scored_count": "scored",
                    "severity": "severity",
                },
                wide=("topic",),
            )
        )


# %%
if event is None:
    display(page.heading(f"Crisis brief: {tracker}", 1))
    display(
        page.note(
            f"No negative peak between {first_day} and {last_day}: nothing was more "
            "negative than its own past leads to expect."
        )
    )
else:
    found = gather(marts, event)
    show_head(found)
    show_short(found)
    show_when(found)
    show_who(found)
    show_where(found)
    show_said(found)
    show_doubts(found)
    show_next(found)
