"""The engine computes what is stale, in order, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from trendlab.lake import Lake
from trendlab.schemas import TABLES
from trendlab.settings import Settings
from trendlab.steps.code_hash import hash_of
from trendlab.steps.engine import fill_gaps, run_step, week_of
from trendlab.steps.step import Context, Input, Step

MONDAY = date(2026, 1, 5)


def posts_of(day: date, ids: Sequence[str]) -> pa.Table:
    at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    return TABLES["posts"].from_rows(
        [
            {
                "day": day,
                "source": "made",
                "post_id": post_id,
                "created_at": at,
                "hashtags": [],
                "mentions": [],
                "media_kind": "none",
                "media_count": 0,
                "is_repost": False,
                "observed_at": at,
            }
            for post_id in ids
        ]
    )


def copy_ids(
    context: Context, days: Sequence[date], run_ids: Mapping[date, str]
) -> dict[str, dict[date, pa.Table]]:
    """Write one row a post: a step small enough to see through."""
    return {
        "vision_failures": {
            day: TABLES["vision_failures"].from_rows(
                [
                    {
                        "day": day,
                        "source": "made",
                        "post_id": post_id,
                        "media_index": 0,
                        "reason": "copied",
                        "run_id": run_ids[day],
                    }
                    for post_id in context.lake.read("posts", day)[
                        "post_id"
                    ].to_pylist()
                ]
            )
            for day in days
        }
    }


COPY = Step(
    name="copy",
    modules=("trendlab.errors",),
    outputs=("vision_failures",),
    inputs=lambda context, day: [Input("posts", day, day)],
    compute=copy_ids,
    chunk_days=2,
)


@pytest.fixture
def context(tmp_path: Path) -> Context:
    lake = Lake(tmp_path / "lake")
    for ahead in range(5):
        day = MONDAY + timedelta(days=ahead)
        lake.write("posts", day, posts_of(day, [f"p{ahead}"]), source="made")
    return Context(
        settings=Settings(home=tmp_path),
        lake=lake,
        trackers=[],
        cities=TABLES["cities"].empty(),
        clock=lambda: datetime(2026, 2, 1, tzinfo=UTC),
    )


def reopened(context: Context) -> Context:
    """Return what the next command would work with."""
    return Context(
        settings=context.settings,
        lake=Lake(context.home / "lake"),
        trackers=[],
        cities=context.cities,
        clock=context.clock,
    )


def days_of(context: Context) -> list[date]:
    return context.lake.days("posts")


def test_the_first_run_computes_every_day_and_the_second_none(context):
    first = run_step(context, COPY, days_of(context))
    second = run_step(reopened(context), COPY, days_of(context))
    assert (first.computed_count, first.rows_count) == (5, 5)
    assert second.computed_count == 0


def test_late_posts_make_their_day_stale_and_no_other(context):
    run_step(context, COPY, days_of(context))
    late = MONDAY + timedelta(days=1)
    context.lake.upsert("posts", late, posts_of(late, ["late"]), source="made")
    again = run_step(reopened(context), COPY, days_of(context))
    assert again.computed_count == 1
    rows = context.lake.read("vision_failures", late)
    assert sorted(rows["post_id"].to_pylist()) == ["late", "p1"]


def test_what_a_step_has_written_is_stale_for_the_next_in_the_same_night(context):
    """Fingerprints are kept in a night, but not of what was just written."""
    after = replace(
        COPY,
        name="after",
        outputs=("tracker_posts",),
        inputs=lambda context, day: [Input("vision_failures", day, day)],
        compute=lambda context, days, run_ids: {},
    )
    night = reopened(context)
    for step in (COPY, after):
        assert run_step(night, step, days_of(context)).computed_count == 5
    changed = replace(COPY, settings_key=lambda context: "changed")
    for step in (changed, after):
        assert run_step(night, step, days_of(context)).computed_count == 5


def test_a_chained_step_does_again_all_days_after_a_late_one(context):
    chained = Step(**{**COPY.__dict__, "is_chained": True})
    run_step(context, chained, days_of(context))
    late = MONDAY + timedelta(days=1)
    context.lake.upsert("posts", late, posts_of(late, ["late"]), source="made")
    assert run_step(reopened(context), chained, days_of(context)).computed_count == 4


def test_day_by_day_and_in_bulk_give_the_same_run_ids(context, tmp_path):
    chained = Step(**{**COPY.__dict__, "is_chained": True})
    run_step(context, chained, days_of(context))
    bulk = {
        day: context.lake.fingerprint("vision_failures", day)
        for day in days_of(context)
    }
    other = Lake(tmp_path / "other")
    for day in days_of(context):
        other.write("posts", day, context.lake.read("posts", day), source="made")
    for day in days_of(context):
        single = Context(
            settings=context.settings,
            lake=other,
            trackers=[],
            cities=context.cities,
            clock=context.clock,
        )
        run_step(single, chained, [day])
    assert {day: other.fingerprint("vision_failures", day) for day in bulk} == bulk


def test_a_changed_setting_makes_every_day_stale(context):
    run_step(context, COPY, days_of(context))
    changed = Step(**{**COPY.__dict__, "settings_key": lambda context: "other"})
    assert run_step(reopened(context), changed, days_of(context)).computed_count == 5


def test_a_step_that_breaks_off_is_done_again(context):
    def break_on_the_third(context, days, run_ids):
        if MONDAY + timedelta(days=2) in days:
            raise RuntimeError("killed")
        return copy_ids(context, days, run_ids)

    broken = Step(**{**COPY.__dict__, "compute": break_on_the_third})
    with pytest.raises(RuntimeError, match="killed"):
        run_step(context, broken, days_of(context))
    again = run_step(reopened(context), COPY, days_of(context))
    assert again.computed_count == 3


def test_posts_that_vanish_take_their_rows_with_them(context):
    run_step(context, COPY, days_of(context))
    context.lake.write("posts", MONDAY, posts_of(MONDAY, []), source="made")
    run_step(reopened(context), COPY, days_of(context))
    assert context.lake.read("vision_failures", MONDAY).num_rows == 0


def test_no_days_is_no_work(context):
    report = run_step(context, COPY, [])
    assert (report.computed_count, report.rows_count) == (0, 0)


def test_texts_are_hashed_apart():
    assert hash_of("ab", "c") != hash_of("a", "bc")


def test_weeks_are_named_by_their_monday():
    assert week_of(date(2026, 1, 11)) == MONDAY
    assert week_of(MONDAY) == MONDAY


def test_short_gaps_are_filled_and_long_ones_are_not():
    far = MONDAY + timedelta(days=200)
    filled = fill_gaps([MONDAY, MONDAY + timedelta(days=3), far])
    assert filled == [*(MONDAY + timedelta(days=ahead) for ahead in range(4)), far]
