"""The step that matches posts to trackers, and what of its rules makes a day stale."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import lru_cache

import pyarrow as pa

from trendlab.places.locate import locate_posts
from trendlab.signals.author_cities import count_cities
from trendlab.steps.code_hash import code_hash, hash_of
from trendlab.steps.pseudonyms import stored_trackers
from trendlab.steps.step import BySource, Context, Input, Parts, Step
from trendlab.text.language import identify
from trendlab.trackers import Tracker, match_posts

ONE_DAY = timedelta(days=1)
MODULES = (
    "trendlab.trackers",
    "trendlab.places.locate",
    "trendlab.text.language",
    "trendlab.signals.author_cities",
)
# Columns of a matched post that exclusion rules decide, and its key.
_DROPPED = ("tracker", "source", "post_id", "excluded_by")


def has_local_days(context: Context) -> bool:
    """Tell whether a tracker counts its days in another zone than UTC."""
    return any(tracker.time_zone != "UTC" for tracker in context.trackers)


def has_language_rules(context: Context) -> bool:
    """Tell whether an exclusion rule asks for the language of a post."""
    return any(
        rule.languages for tracker in context.trackers for rule in tracker.exclusions
    )


def _inputs(context: Context, day: date) -> list[Input]:
    # a local day reads the neighbouring UTC days
    reach = ONE_DAY if has_local_days(context) else timedelta(0)
    return [Input("posts", day - reach, day + reach)]


def _trackers_key(context: Context) -> str:
    # who is told of what, and who is a brand, decides nothing here; exclusions decide
    # days: _dropped_key
    return hash_of(
        *(
            tracker.model_dump_json(exclude={"alerts", "exclusions", "brands"})
            for tracker in context.trackers
        )
    )


def _settings_key(context: Context) -> str:
    cities = json.dumps(context.cities.to_pylist(), default=str)
    return hash_of(_trackers_key(context), cities)


def _dropped_key(context: Context, day: date) -> str:
    """Return a hash of what the exclusion rules drop on a day; "" for nothing.

    A day is stale where this changes, and not where a rule comes that drops nothing of
    it. Posts are read for it once for the same posts and rules, and remembered.
    """
    rules = _rules_of(context, day)
    stored = context.fingerprints("posts")
    (posts,) = _inputs(context, day)
    near = [
        stored.get(posts.first_day + n * ONE_DAY, "")
        for n in range((posts.last_day - posts.first_day).days + 1)
    ]
    if not rules or not any(near):
        return ""
    asked = hash_of(_code_key(), _trackers_key(context), *rules, *near)
    return context.dropped.of(day, asked, lambda: _find_dropped(context, day))


@lru_cache
def _code_key() -> str:
    # asked of every day of a night
    return code_hash((*MODULES, __name__))


def _rules_of(context: Context, day: date) -> list[str]:
    """Return the rules that are valid on a day, by tracker.

    Whether a rule also holds a month later changes nothing here, so a longer validity
    asks for the days that it adds.
    """
    rules = []
    for tracker in context.trackers:
        # posts of a UTC day lie on up to three days of another zone
        reach = timedelta(0) if tracker.time_zone == "UTC" else ONE_DAY
        near = [day - reach + n * ONE_DAY for n in range(2 * reach.days + 1)]
        for rule in tracker.exclusions:
            valid = [str(here) for here in near if rule.is_valid_on(here)]
            if valid:
                listed = rule.model_dump_json(exclude={"valid_from", "valid_to"})
                rules += [tracker.name, listed, *valid]
    return rules


def _find_dropped(context: Context, day: date) -> str:
    posts = _posts_of(context, day)
    # where posts are from drops none of them, and no tracker without rules does; what
    # 'all' leaves out follows from what each leaves out, and from the settings' key
    nowhere = locate_posts(posts.slice(0, 0), context.cities)
    ruled = [tracker for tracker in stored_trackers(context) if tracker.exclusions]
    matched = _match_day(context, ruled, posts, nowhere, day, "")
    dropped = matched.filter(matched["is_excluded"]).select(_DROPPED)
    if dropped.num_rows == 0:
        return ""
    return hash_of(*(str(cell) for row in dropped.to_pylist() for cell in row.values()))


def _posts_of(context: Context, day: date) -> pa.Table:
    (wanted,) = _inputs(context, day)
    return context.lake.read_range("posts", wanted.first_day, wanted.last_day)


def _match_day(
    context: Context,
    trackers: Sequence[Tracker],
    posts: pa.Table,
    located: pa.Table,
    day: date,
    run_id: str,
) -> pa.Table:
    languages = None
    if has_language_rules(context) and posts.num_rows:
        languages, _ = identify(
            [text or "" for text in posts["caption"].to_pylist()],
            posts["language_given"].to_pylist(),
        )
    return match_posts(
        posts, trackers, located, day=day, languages=languages, run_id=run_id
    )


def _match(
    context: Context, days: Sequence[date], run_ids: Mapping[date, str]
) -> Parts:
    matched: dict[date, pa.Table | BySource] = {}
    counted: dict[date, pa.Table | BySource] = {}
    trackers = stored_trackers(context)
    for day in days:
        posts = _posts_of(context, day)
        located = locate_posts(posts, context.cities)
        found = _match_day(context, trackers, posts, located, day, run_ids[day])
        matched[day], counted[day] = found, count_cities(found)
    return {"tracker_posts": matched, "author_cities": counted}


MATCH = Step(
    name="match",
    modules=MODULES,
    outputs=("tracker_posts", "author_cities"),
    inputs=_inputs,
    compute=_match,
    settings_key=_settings_key,
    day_key=_dropped_key,
    is_pooled=True,
)
