"""The night, end to end, on a small simulated world with a real Postgres."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.warehouse.conftest import open_folder
from trendlab.errors import MissingPartition, ReportError, SettingsError
from trendlab.lake import Lake
from trendlab.settings import Settings
from trendlab.steps.alert import acknowledge, backtest
from trendlab.steps.context import open_context
from trendlab.steps.engine import run_step
from trendlab.steps.load import ask, load_warehouse, open_for
from trendlab.steps.media_report import MediaReport
from trendlab.steps.nightly import run_nightly, run_rebuild
from trendlab.steps.order import STEPS
from trendlab.steps.pool import Pool
from trendlab.steps.report import write_report
from trendlab.steps.simulate import simulate_world
from trendlab.steps.step import Context
from trendlab.steps.weeks import units_of

LAST_DAY = date(2026, 3, 1)
WEEKS = 14
FIRST_DAY = LAST_DAY - timedelta(days=7 * WEEKS - 1)
DERIVED = (
    "tracker_posts", "sentiment", "garments", "garment_tags", "looks", "activity",
    "term_days", "author_days", "day_scores", "peaks", "dips", "evidence",
    "influencers", "multi_tracker_authors", "city_weeks", "look_patterns", "styles",
    "style_weeks", "author_cities", "author_homes", "event_origins",
)  # fmt: skip


def context_of(home: Path, now: datetime | None = None) -> Context:
    context = open_context(Settings(home=home))
    context.clock = lambda: now or datetime(2026, 3, 2, 2, tzinfo=UTC)
    return context


@pytest.fixture(scope="module")
def world() -> Iterator[Path]:
    """Give a home with a simulated world and nothing computed yet."""
    with open_folder() as folder:
        home = folder / "world"
        home.mkdir(parents=True)
        simulate_world(
            Lake(home / "lake"),
            home,
            weeks=WEEKS,
            posts_per_day=200,
            city_count=2,
            seed=3,
            last_day=LAST_DAY,
        )
        yield home


@pytest.fixture(scope="module")
def night(world: Path) -> Path:
    """Give a home with all nights done in bulk."""
    home = world.parent / "bulk"
    shutil.copytree(world, home)
    run_nightly(
        context_of(home), FIRST_DAY, LAST_DAY, catch_up=False, with_report=False
    )
    return home


def fingerprints(home: Path) -> dict[tuple[str, date], str]:
    lake = Lake(home / "lake")
    return {
        (table, day): lake.fingerprint(table, day)
        for table in DERIVED
        for day in lake.days(table)
        if lake.read(table, day).num_rows
    }


def test_day_by_day_gives_the_same_lake_as_in_bulk(world, night):
    home = world.parent / "daily"
    shutil.copytree(world, home)
    turn = LAST_DAY - timedelta(days=3)
    run_nightly(context_of(home), FIRST_DAY, turn, catch_up=False, with_report=False)
    for ahead in range(1, 4):
        day = turn + timedelta(days=ahead)
        run_nightly(context_of(home), day, day, catch_up=True, with_report=False)
    assert fingerprints(home) == fingerprints(night)


def test_days_computed_by_several_processes_are_the_same(night):
    home = night.parent / "pooled"
    shutil.copytree(night, home)
    context = context_of(home)
    days = [FIRST_DAY + timedelta(days=ahead) for ahead in range(7 * WEEKS)]
    with context.lake.lock(), Pool(context, min_chunks=2) as pool:
        for step in STEPS.values():
            if step.is_pooled:
                small = replace(step, chunk_days=5 if step.is_weekly else 40)
                units = units_of(step, days, LAST_DAY)
                done = run_step(context, small, units, force=True, pool=pool)
                assert done.computed_count == len(units)
    assert fingerprints(home) == fingerprints(night)


def test_a_second_night_computes_nothing(night):
    before = fingerprints(night)
    again = run_nightly(
        context_of(night), LAST_DAY, LAST_DAY, catch_up=True, with_report=False
    )
    assert [step.computed_count for step in again.steps] == [0] * len(again.steps)
    assert fingerprints(night) == before


def test_a_night_asks_for_photos_before_garments_and_a_range_does_not(night):
    said, asked = [], []

    def fetch_photos(context: Context, day: date) -> MediaReport:
        asked.append(day)
        return MediaReport(due_count=3)

    for catch_up in (True, False):
        run_nightly(
            context_of(night),
            LAST_DAY,
            LAST_DAY,
            catch_up=catch_up,
            with_report=False,
            fetch_photos=fetch_photos,
            say=said.append,
        )
    assert asked == [LAST_DAY]
    order = [line.split(":")[0].split(" ")[0] for line in said]
    assert order.index("sentiment") < order.index("media") < order.index("detect")
    assert order.count("media") == 1


def test_planted_peaks_and_dips_are_found(night):
    truth = json.loads((night / "truth.json").read_text())
    lake = Lake(night / "lake")
    for kind, near in (("peaks", 1), ("dips", 2)):
        found = lake.read_range(kind, FIRST_DAY, LAST_DAY).to_pylist()
        old_enough = [
            planted
            for planted in truth[kind]
            if date.fromisoformat(planted["start_on"]) > FIRST_DAY + timedelta(days=28)
        ]
        for planted in old_enough:
            start = date.fromisoformat(planted["start_on"])
            assert any(
                row["tracker"] == planted["tracker"]
                and abs((row["start_on"] - start).days) <= near
                for row in found
            ), (kind, planted)


def test_late_posts_end_in_the_same_lake_as_if_they_had_been_on_time(world, night):
    home = world.parent / "late"
    shutil.copytree(world, home)
    day = LAST_DAY - timedelta(days=9)
    lake = Lake(home / "lake")
    whole = lake.read("posts", day)
    lake.write("posts", day, whole.slice(0, whole.num_rows // 2), source="simulated")
    run_nightly(
        context_of(home), FIRST_DAY, LAST_DAY, catch_up=False, with_report=False
    )
    assert fingerprints(home) != fingerprints(night)
    lake.upsert("posts", day, whole, source="simulated")
    run_nightly(context_of(home), LAST_DAY, LAST_DAY, catch_up=True, with_report=False)
    assert fingerprints(home) == fingerprints(night)


def test_an_analyst_sees_the_night_and_nothing_else(night):
    settings = Settings(home=night)
    names, rows, _ = ask(
        settings,
        "select count(*) as days, sum(posts_count) as posts from marts.activity_daily "
        "where tracker = 'all' and city = 'all'",
        0,
    )
    assert names == ["days", "posts"]
    assert rows[0][0] >= 7 * WEEKS - 2
    matched = Lake(night / "lake").query(
        "select count(*) as n from t where tracker = 'all' and not is_excluded",
        {"t": Lake(night / "lake").span("tracker_posts")},
    )
    assert rows[0][1] == matched["n"][0].as_py()


def test_what_the_warehouse_held_is_the_same_after_a_rebuild(night):
    question = (
        "select tracker, city, day, posts_count, z, is_peak from marts.activity_daily "
        "order by 1, 2, 3"
    )
    settings = Settings(home=night)
    before = ask(settings, question, 0)
    run_rebuild(context_of(night), None, None, warehouse_only=True)
    assert ask(settings, question, 0) == before


def test_a_load_after_no_change_loads_nothing(night):
    with open_for(Settings(home=night)):
        load_warehouse(context_of(night), None, None)
        assert load_warehouse(context_of(night), None, None).days_count == 0


def test_alerts_of_old_days_are_recorded_and_not_sent(night):
    lake = Lake(night / "lake")
    days = lake.days("alerts")
    statuses = {
        row["status"]
        for row in lake.read_range("alerts", days[0], days[-1]).to_pylist()
        if row["day"] < LAST_DAY - timedelta(days=3)
    }
    assert statuses <= {"backfilled", "cooled_down"}


def test_an_alert_can_be_acknowledged_and_rules_tested_on_the_past(night):
    context = context_of(night)
    lines = backtest(context, None, None)
    assert lines[-1].endswith("alerts")
    days = context.lake.days("alerts")
    first = context.lake.read_range("alerts", days[0], days[-1]).to_pylist()[0]
    told = acknowledge(context, first["alert_id"], "mara")
    assert "acknowledged by mara" in told


HEADINGS = {
    "trend_report": ("Activity", "Average or not", "comments a post, median",
                     "Sentiment", "Influencers", "Colours", "Data quality",
                     "simulated"),
    "crisis": ("Crisis brief", "In short", "When", "Who", "Where", "What they said",
               "Negative, most liked", "How sure is this"),
    "influencers": ("People", "follower tier", "One author, a few, or many",
                    "In several trackers", "Worth a second look"),
}  # fmt: skip


@pytest.mark.parametrize("notebook", HEADINGS)
def test_a_report_is_one_file_that_names_no_outside_address(night, notebook):
    path = write_report(context_of(night), None, None, notebook=notebook)
    page = path.read_text()
    assert "<script" not in page
    addresses = set(re.findall(r"(?:src|href)=\"?([^\s\">]+)", page))
    assert all(address.startswith(("data:", "#")) for address in addresses)
    bare = re.sub(r"data:image/png;base64,[A-Za-z0-9+/=]+", "", page)
    assert not re.search(r"https?://|url\(|@import", bare)
    for heading in HEADINGS[notebook]:
        assert heading in page


def can_cut_the_network() -> bool:
    done = subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False)
    return done.returncode == 0


@pytest.mark.skipif(
    not can_cut_the_network(), reason="a namespace without network needs root"
)
def test_the_report_and_a_question_work_with_the_network_cut(night):
    script = "from trendlab.cli import main; main()"
    for words in (["report"], ["sql", "select count(*) from marts.posts"]):
        done = subprocess.run(
            ["unshare", "-n", sys.executable, "-c", script, *words],
            env={**os.environ, "TRENDLAB_HOME": str(night)},
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.slow
def test_a_night_keeps_a_report_until_what_it_shows_changes(night):
    home = night.parent / "kept"
    # the server of a copied warehouse may not read it: a new one is filled
    shutil.copytree(night, home, ignore=shutil.ignore_patterns("postgres"))
    monday = LAST_DAY + timedelta(days=1)

    def write() -> tuple[Path, int, list[str]]:
        context = context_of(home, datetime(2026, 3, 3, 2, tzinfo=UTC))
        done = run_nightly(context, monday, monday, catch_up=True)
        (page,) = done.report_paths
        kept = [note for note in done.notes if note.startswith("reports:")]
        return page, page.stat().st_mtime_ns, kept

    page, first, kept = write()
    assert kept == []
    note = "reports: 1 of 1 kept, what they show has not changed"
    assert write() == (page, first, [note])

    context = context_of(home)
    days = context.lake.days("alerts")
    alerts = context.lake.read_range("alerts", days[0], days[-1]).to_pylist()
    alert = next(row for row in alerts if row["acknowledged_by"] is None)
    acknowledge(context, alert["alert_id"], "kim")
    _, changed, kept = write()
    assert changed > first
    assert kept == []

    page.unlink()
    _, written, kept = write()
    assert written > changed
    assert kept == []


def test_a_report_on_nobody_is_refused(night):
    with pytest.raises(SettingsError, match=r"expected one of all, .*got 'nobody'"):
        write_report(context_of(night), None, None, tracker="nobody")


def test_a_report_from_a_day_that_is_not_there_yet_is_refused(night):
    with pytest.raises(ReportError, match="the marts end on"):
        write_report(context_of(night), date(2099, 1, 1), None)


def test_a_report_without_a_night_says_what_to_run(world):
    with pytest.raises(MissingPartition, match="trendlab nightly"):
        write_report(context_of(world), None, None)
