"""A preview counts and shows, and changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from tests.builders import table
from tests.steps.tweet_files import state
from trendlab.errors import MissingPartition, SettingsError
from trendlab.lake import Lake
from trendlab.places.cities import seed_cities
from trendlab.settings import Settings
from trendlab.steps.context import check_tracker
from trendlab.steps.dropped_posts import MAX_LINES_A_DAY, DroppedPosts
from trendlab.steps.engine import run_step
from trendlab.steps.exclusions import preview_rules
from trendlab.steps.match import MATCH
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


def put(lake: Lake, day: date, *captions: str, hour: int = 0) -> None:
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
                    "created_at": datetime.combine(day, time(hour), UTC),
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


def test_alerts_and_brands_do_not_make_matches_stale(tmp_path):
    plain = context_of(tmp_path)
    told = Tracker(
        name="street",
        hashtags=["street"],
        alerts={"cool_down_days": 3},
        brands=["a shop"],
    )
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


def test_a_rule_in_local_time_recomputes_the_days_of_the_posts_it_drops(tmp_path):
    """The evening of the 1st is the 2nd in Tokyo, and stays the 1st for `all`."""
    context = with_rules(context_of(tmp_path), "Asia/Tokyo")
    for day in MARCH:
        put(context.lake, day, "buy now", hour=20)
    computed_days(context)

    with_rules(context, "Asia/Tokyo", adverts(2, 2))
    assert computed_days(context) == [date(2026, 3, n) for n in (1, 2)]


def drops(expression: str) -> Exclusion:
    return Exclusion(reason="adverts", expressions=[expression])


def test_a_rule_that_drops_nothing_recomputes_no_day(tmp_path):
    context = context_of(tmp_path)
    for day in MARCH:
        put(context.lake, day, "buy now", "a coat")
    for step in (MATCH, ACTIVITY):
        computed_days(context, step)
    before = state(context.lake)

    with_rules(context, "UTC", drops("sold out"), adverts(20, 21))

    assert computed_days(context) == []
    assert computed_days(context, ACTIVITY) == []
    assert state(context.lake) == before


def test_a_rule_recomputes_the_days_that_it_changes_and_lifting_it_restores_them(
    tmp_path,
):
    context = context_of(tmp_path)
    changed = [MARCH[3], MARCH[6]]
    for day in MARCH:
        put(context.lake, day, "buy now" if day in changed else "a hat", "a coat")
    for step in (MATCH, ACTIVITY):
        computed_days(context, step)
    before = state(context.lake, "runs")

    with_rules(context, "UTC", drops("buy now"))
    assert computed_days(context) == changed
    assert excluded_days(context) == changed
    # comments on a post may follow for weeks: its day and those after it
    assert computed_days(context, ACTIVITY) == MARCH[3:]
    assert {day for table, day in differing(before, state(context.lake, "runs"))
            if table == "tracker_posts"} == set(changed)  # fmt: skip

    with_rules(context, "UTC")
    assert computed_days(context) == changed
    assert computed_days(context, ACTIVITY) == MARCH[3:]
    assert state(context.lake, "runs") == before


def differing(
    one: dict[tuple[str, date], str], other: dict[tuple[str, date], str]
) -> set[tuple[str, date]]:
    return {key for key in {*one, *other} if one.get(key) != other.get(key)}


def test_what_rules_show_and_late_posts_are_looked_at_again(tmp_path):
    context = with_rules(context_of(tmp_path), "UTC", drops("buy now"))
    for day in MARCH:
        put(context.lake, day, "a coat")
    computed_days(context)

    # of a post that no rule drops its day is stale for the post alone
    put(context.lake, MARCH[0], "a coat", "a hat")
    put(context.lake, MARCH[1], "a coat", "buy now")
    again = with_rules(context_of(tmp_path), "UTC", drops("buy now"))
    assert computed_days(again) == MARCH[:2]
    assert excluded_days(again) == [MARCH[1]]

    # a rule under another name is shown so where it drops a post
    named = Exclusion(name="shops", reason="adverts", expressions=["buy now"])
    assert computed_days(with_rules(again, "UTC", named)) == [MARCH[1]]


def test_a_post_of_two_trackers_is_left_out_of_all_once_the_second_drops_it(tmp_path):
    context = context_of(tmp_path)
    both = ("street", "town")

    def with_rule_of(*names: str) -> None:
        context.trackers = [
            Tracker(
                name=name,
                hashtags=["street"],
                exclusions=[drops("buy now")] if name in names else [],
            )
            for name in both
        ]

    for day in MARCH:
        put(context.lake, day, "buy now" if day == MARCH[3] else "a coat")
    with_rule_of()
    computed_days(context)

    for names, left_out in (
        (["street"], {"street"}),
        (["town"], {"town"}),
        (both, {"street", "town", "all"}),
        ([], set()),
    ):
        with_rule_of(*names)
        assert computed_days(context) == [MARCH[3]]
        rows = context.lake.read("tracker_posts", MARCH[3]).to_pylist()
        assert {row["tracker"] for row in rows if row["is_excluded"]} == left_out


def test_what_was_dropped_is_found_once_and_outlives_a_cut_line(tmp_path):
    path = tmp_path / "state" / "exclusions.jsonl"

    def unasked() -> str:
        raise AssertionError("this is known")

    first = DroppedPosts(path)
    assert first.of(MARCH[0], "posts and rules", lambda: "some") == "some"
    assert first.of(MARCH[1], "posts and rules", lambda: "") == ""
    assert first.of(MARCH[0], "posts and rules", unasked) == "some"
    with path.open("a") as file:
        file.write('["2026-02-27", "posts and')

    later = DroppedPosts(path)
    assert later.of(MARCH[0], "posts and rules", unasked) == "some"
    assert later.of(MARCH[1], "posts and rules", unasked) == ""
    assert later.of(MARCH[0], "other posts", lambda: "none") == "none"
    assert DroppedPosts(path).of(MARCH[0], "other posts", unasked) == "none"


@pytest.mark.parametrize("torn", [b"\xff\xfe\n", b"\0\0\0", b"null\n", b"[1]\n"])
def test_a_torn_file_of_what_was_dropped_loses_its_torn_lines_alone(tmp_path, torn):
    path = tmp_path / "exclusions.jsonl"
    DroppedPosts(path).of(DAY, "posts and rules", lambda: "some")
    path.write_bytes(path.read_bytes() + torn)

    found = DroppedPosts(path).of(DAY, "posts and rules", lambda: "asked again")

    assert found == "some"


def test_the_file_of_what_was_dropped_does_not_grow(tmp_path):
    path = tmp_path / "exclusions.jsonl"
    for number in range(20):
        found = DroppedPosts(path).of(DAY, f"posts {number}", lambda n=number: f"{n}")
        assert found == f"{number}"
    assert len(path.read_text().splitlines()) <= 1 + MAX_LINES_A_DAY
