"""A preview counts and shows, and changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.builders import table
from trendlab.errors import MissingPartition, SettingsError
from trendlab.lake import Lake
from trendlab.places.cities import seed_cities
from trendlab.settings import Settings
from trendlab.steps.context import check_tracker
from trendlab.steps.describe import MATCH
from trendlab.steps.engine import run_step
from trendlab.steps.exclusions import preview_rules
from trendlab.steps.signals import ACTIVITY
from trendlab.steps.step import Context, Step
from trendlab.trackers import Exclusion, Tracker

DAY = date(2026, 1, 5)


def context_of(tmp_path: Path, *rules: Exclusion) -> Context:
    tracker = Tracker(name="street", hashtags=["street"], exclusions=rules)
    return Context(
        settings=Settings(home=tmp_path),
        lake=Lake(tmp_path / "lake"),
        trackers=[tracker],
        cities=seed_cities(),
    )


def put(lake: Lake, day: date, *captions: str) -> None:
    lake.write(
        "posts",
        day,
        table(
            "posts",
            [
                {
                    "day": day,
                    "post_id": f"{day} {n}",
                    "caption": caption,
                    "hashtags": ["street"],
                    "created_at": datetime(day.year, day.month, day.day, tzinfo=UTC),
                }
                for n, caption in enumerate(captions)
            ],
        ),
        source="test",
    )


def test_a_rule_shows_what_it_drops(tmp_path):
    context = context_of(tmp_path, Exclusion(reason="adverts", expressions=["buy now"]))
    put(context.lake, DAY, "buy now!\n\x1b[2J", "a walk", "a coat")
    lines = preview_rules(context)
    assert lines[0].startswith("3 posts of 2026-01-05 to 2026-01-05")
    assert "drops 1 posts, 33.3% of the tracker's; 1 of them by no other" in lines[1]
    assert lines[2].endswith(": buy now! [2J")
    assert context.lake.days("tracker_posts") == []


def test_the_last_four_weeks_are_looked_at_unless_days_are_named(tmp_path):
    context = context_of(tmp_path)
    put(context.lake, DAY, "old")
    put(context.lake, DAY + timedelta(days=28), "new")
    assert preview_rules(context)[0].startswith("1 posts of 2026-02-02")
    assert preview_rules(context)[1] == "street: no exclusion rules"
    assert preview_rules(context, DAY, DAY)[0].startswith("1 posts of 2026-01-05")


def test_no_posts_and_no_such_tracker_are_said(tmp_path):
    context = context_of(tmp_path)
    with pytest.raises(MissingPartition, match="no posts"):
        preview_rules(context)
    with pytest.raises(SettingsError, match="expected one of street, got 'x'"):
        preview_rules(context, tracker="x")


def test_a_tracker_file_that_names_none_says_what_to_do():
    with pytest.raises(SettingsError, match="names none, got 'chanel'; write it there"):
        check_tracker("chanel", [])


def test_alert_settings_do_not_make_matches_stale(tmp_path):
    plain = context_of(tmp_path)
    told = Tracker(name="street", hashtags=["street"], alerts={"cool_down_days": 3})
    changed = Tracker(name="street", hashtags=["street", "coat"])
    key = MATCH.settings_key(plain)
    plain.trackers = [told]
    assert MATCH.settings_key(plain) == key
    plain.trackers = [changed]
    assert MATCH.settings_key(plain) != key


MARCH = [date(2026, 3, 1) + timedelta(days=n) for n in range(-2, 7)]


def computed_days(context: Context, step: Step = MATCH) -> list[date]:
    """Run a step over nine days and return those that were computed."""
    computed: list[date] = []

    def note(context: Context, days: Sequence[date]) -> str:
        computed.extend(days)
        return ""

    run_step(context, step, MARCH, remark=note)
    return computed


def excluded_days(context: Context) -> list[date]:
    rows = context.lake.read_range("tracker_posts", MARCH[0], MARCH[-1]).to_pylist()
    return sorted({row["day"] for row in rows if row["is_excluded"]})


def with_rules(context: Context, time_zone: str, *rules: Exclusion) -> Context:
    (tracker,) = context_of(context.home, *rules).trackers
    context.trackers = [tracker.model_copy(update={"time_zone": time_zone})]
    return context


def adverts(first: int | None = None, last: int | None = None) -> Exclusion:
    return Exclusion(
        reason="adverts",
        expressions=["buy now"],
        **{"from": first and date(2026, 3, first), "to": last and date(2026, 3, last)},
    )


def test_a_rule_of_three_days_recomputes_those_days_and_lifting_it_too(tmp_path):
    context = context_of(tmp_path)
    for day in MARCH:
        put(context.lake, day, "buy now", "a coat")
    assert computed_days(context) == MARCH
    assert computed_days(context) == []
    assert computed_days(context, ACTIVITY) == MARCH

    with_rules(context, "UTC", adverts(1, 3))
    assert computed_days(context) == [date(2026, 3, n) for n in (1, 2, 3)]
    assert excluded_days(context) == [date(2026, 3, n) for n in (1, 2, 3)]
    # and what is counted from them; comments reach back further than these days
    assert computed_days(context, ACTIVITY) == MARCH[2:]

    with_rules(context, "UTC", adverts(1, 5))  # two days longer
    assert computed_days(context) == [date(2026, 3, n) for n in (4, 5)]

    with_rules(context, "UTC")
    assert computed_days(context) == [date(2026, 3, n) for n in (1, 2, 3, 4, 5)]
    assert excluded_days(context) == []


def test_a_rule_without_an_end_recomputes_every_day_from_its_first(tmp_path):
    context = context_of(tmp_path)
    for day in MARCH:
        put(context.lake, day, "buy now")
    computed_days(context)

    with_rules(context, "UTC", adverts(3))
    assert computed_days(context) == [day for day in MARCH if day >= date(2026, 3, 3)]
    with_rules(context, "UTC", adverts())
    assert computed_days(context) == [day for day in MARCH if day < date(2026, 3, 3)]


def test_a_rule_in_local_time_reaches_the_neighbouring_days(tmp_path):
    context = with_rules(context_of(tmp_path), "Asia/Tokyo")
    for day in MARCH:
        put(context.lake, day, "buy now")
    computed_days(context)

    with_rules(context, "Asia/Tokyo", adverts(2, 2))
    assert computed_days(context) == [date(2026, 3, n) for n in (1, 2, 3)]
