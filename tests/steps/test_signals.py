"""What the steps of a day read: all that decides its rows, by table and day."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from trendlab.lake import Lake
from trendlab.places.cities import seed_cities
from trendlab.settings import Settings
from trendlab.steps.signals import ACTIVITY, SIGNALS
from trendlab.steps.step import Context, Step
from trendlab.trackers import Tracker

DAY = date(2026, 3, 4)


def context_of(home: Path, time_zone: str) -> Context:
    tracker = Tracker(name="shoes", hashtags=["shoes"], time_zone=time_zone)
    return Context(Settings(home=home), Lake(home / "lake"), [tracker], seed_cities())


def days_read(step: Step, context: Context, table: str) -> tuple[int, int]:
    """Days from the day to the first and last that the step reads of a table."""
    (wanted,) = (each for each in step.inputs(context, DAY) if each.table == table)
    return (wanted.first_day - DAY).days, (wanted.last_day - DAY).days


@pytest.mark.parametrize(
    ("time_zone", "garments", "engagement"),
    [("UTC", (0, 0), (0, 2)), ("Asia/Tokyo", (-1, 1), (-1, 3))],
)
def test_photos_and_likes_of_a_local_day_lie_on_its_neighbours_too(
    tmp_path: Path,
    time_zone: str,
    garments: tuple[int, int],
    engagement: tuple[int, int],
) -> None:
    context = context_of(tmp_path, time_zone)
    assert days_read(SIGNALS, context, "garments") == garments
    assert days_read(ACTIVITY, context, "engagement") == engagement
    # whether they were ingested decides whether the day is whole
    assert days_read(ACTIVITY, context, "coverage") == garments
    assert days_read(SIGNALS, context, "coverage") == garments


def test_homes_of_events_are_those_of_the_sunday_before(tmp_path: Path) -> None:
    """Of a Wednesday's event: the week that ended three days before, not its own."""
    assert DAY.weekday() == 2
    context = context_of(tmp_path, "UTC")
    assert days_read(SIGNALS, context, "author_homes") == (-9, -9)


def test_the_negatives_of_pooled_days_are_read(tmp_path: Path) -> None:
    """Of the day and the six before, comments under posts of up to 28 days before."""
    context = context_of(tmp_path, "UTC")
    assert days_read(SIGNALS, context, "tracker_posts") == (-34, 0)
    assert days_read(SIGNALS, context, "comments") == (-7, 1)
    assert days_read(SIGNALS, context, "sentiment") == (-7, 1)
