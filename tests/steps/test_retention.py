"""Rows go after their period; what was counted from them stays, and stays closed."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from tests.builders import row
from trendlab.errors import SettingsError
from trendlab.lake import Lake
from trendlab.schemas import TABLES
from trendlab.settings import read_settings
from trendlab.steps.context import open_context
from trendlab.steps.ingest import ingest_paths
from trendlab.steps.order import STEPS, run_steps
from trendlab.steps.retention import (
    GOES_WITH,
    apply_retention,
    horizons_of,
    shortest_periods,
)
from trendlab.steps.retention_run import run_retention
from trendlab.steps.step import Context

TODAY = date(2026, 3, 1)
NOW = datetime(2026, 3, 1, 3, tzinfo=UTC)
DAYS = 56
FIRST = TODAY - timedelta(days=DAYS)
KEPT = TODAY - timedelta(days=50)
MAPPING = """trackers:
  - name: coats
    hashtags: [coat]
mappings:
  given:
    source: photos
    columns: {post_id: post_id, created_at: created_at, caption: caption}
"""
PERIODS = "posts=50 quarantine=20"
AGGREGATES = ("activity", "term_days", "day_scores")


def context_of(home: Path, retention: str = "", now: datetime = NOW) -> Context:
    context = open_context(read_settings(home, retention=retention))
    context.clock = lambda: now
    return context


def built(home: Path) -> Path:
    """Make a home with a post and a refused record a day for 56 days, computed."""
    home.mkdir(parents=True)
    (home / "trackers.yml").write_text(MAPPING)
    parts: dict[str, dict[date, pa.Table]] = {}
    for ahead in range(DAYS):
        day = FIRST + timedelta(days=ahead)
        at = datetime.combine(day, datetime.min.time(), UTC) + timedelta(hours=9)
        shared = {"day": day, "source": "photos"}
        post = row("posts", **shared, post_id=f"p{ahead}", created_at=at,
                   caption="a red coat", hashtags=["coat"])  # fmt: skip
        for name, one in (
            ("posts", post),
            ("coverage", row("coverage", **shared, tracker="all")),
            ("quarantine", row("quarantine", **shared, row_number=ahead)),
        ):
            parts.setdefault(name, {})[day] = TABLES[name].from_rows([one])
    for name, rows in parts.items():
        Lake(home / "lake").write_many(name, rows, source="photos")
    run_steps(context_of(home), list(STEPS), None, None)
    return home


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built(tmp_path_factory.mktemp("whole") / "home")


@pytest.fixture
def home(whole: Path, tmp_path: Path) -> Path:
    shutil.copytree(whole, tmp_path / "home")
    return tmp_path / "home"


def days_with_rows(home: Path, table: str) -> list[date]:
    lake = Lake(home / "lake")
    return [day for day in lake.days(table) if lake.read(table, day).num_rows]


def aggregates_of(home: Path) -> dict[tuple[str, date], str]:
    lake = Lake(home / "lake")
    return {
        (table, day): lake.fingerprint(table, day)
        for table in AGGREGATES
        for day in lake.days(table)
    }


def test_old_rows_go_and_their_counts_stay(home):
    before = aggregates_of(home)

    run_retention(context_of(home, PERIODS))

    assert min(days_with_rows(home, "posts")) == KEPT
    assert min(days_with_rows(home, "sentiment")) == KEPT
    assert min(days_with_rows(home, "tracker_posts")) == KEPT + timedelta(days=1)
    assert min(days_with_rows(home, "quarantine")) == TODAY - timedelta(days=20)
    assert aggregates_of(home) == before
    assert min(days_with_rows(home, "activity")) == FIRST


def test_a_preview_counts_the_same_and_changes_nothing(home):
    before = aggregates_of(home)

    told = run_retention(context_of(home, PERIODS), is_preview=True)

    assert f"posts: 6 rows before {KEPT} would be erased" in told
    assert len(days_with_rows(home, "posts")) == DAYS
    assert not Lake(home / "lake").read_flat("expirations").num_rows
    assert aggregates_of(home) == before


def test_what_was_counted_is_not_counted_again_from_what_is_left(home):
    run_retention(context_of(home, PERIODS))
    before = aggregates_of(home)

    done = run_steps(context_of(home), list(STEPS), None, None)
    forced = run_steps(context_of(home), ["match", "activity"], None, None, force=True)

    assert [step.computed_count for step in done] == [0] * len(STEPS)
    assert [step.computed_count for step in forced] == [50, 21]
    lake = Lake(home / "lake")
    assert {key: lake.fingerprint(*key) for key in before if key[1] < KEPT} == {
        key: told for key, told in before.items() if key[1] < KEPT
    }
    assert min(days_with_rows(home, "activity")) == FIRST


def test_late_rows_of_kept_days_are_still_taken_in(home):
    run_retention(context_of(home, PERIODS))
    day = TODAY - timedelta(days=5)
    lake = Lake(home / "lake")
    late = {**lake.read("posts", day).to_pylist()[0], "post_id": "late"}
    lake.upsert("posts", day, TABLES["posts"].from_rows([late]), source="photos")

    run_steps(context_of(home), list(STEPS), None, None)

    counted = lake.read("activity", day).to_pylist()
    assert {one["posts_count"] for one in counted} == {2}


def test_an_older_record_is_refused_counted_and_not_kept(home, tmp_path):
    run_retention(context_of(home, PERIODS))
    path = tmp_path / "old.csv"
    old = KEPT - timedelta(days=1)
    path.write_text(
        "post_id,created_at,caption\n"
        f"n1,{old}T10:00:00Z,an ancient coat\nn2,{KEPT}T10:00:00Z,a coat\n"
    )
    context = context_of(home)

    (done,) = ingest_paths(
        context.lake, [path], trackers=context.trackers, mapping="given",
        clock=context.clock,
    ).sets  # fmt: skip

    assert (done.accepted_count, done.expired_count, done.is_failed) == (1, 1, False)
    assert done.reasons == [("older than is kept", 1)]
    (refused,) = context.lake.read("quarantine", TODAY).to_pylist()
    assert refused["payload"] == ""


@pytest.mark.parametrize("point", ["horizons", "photos", "posts", "sentiment"])
def test_a_run_that_was_stopped_is_ended_by_the_next(home, point):
    class StoppedError(Exception):
        pass

    def reached(here: str) -> None:
        if here == point:
            raise StoppedError

    before = aggregates_of(home)
    with pytest.raises(StoppedError):
        apply_retention(context_of(home, PERIODS), STEPS, reached=reached)
    # a night between the two
    run_steps(context_of(home), list(STEPS), None, None)

    run_retention(context_of(home, PERIODS))

    assert min(days_with_rows(home, "posts")) == KEPT
    assert min(days_with_rows(home, "sentiment")) == KEPT
    assert aggregates_of(home) == before


def test_photos_go_unless_a_kept_post_has_them(home):
    lake = Lake(home / "lake")
    (home / "media").mkdir()
    for name, day in (("old", FIRST), ("both", FIRST), ("both", TODAY)):
        (home / "media" / f"{name}.jpg").write_bytes(b"photo")
        one = row("media", source="photos", day=day, post_id=f"{name}", status="stored",
                  path=f"media/{name}.jpg")  # fmt: skip
        lake.upsert("media", day, TABLES["media"].from_rows([one]), source="photos")

    report = apply_retention(context_of(home, "media=20"), STEPS)

    assert report.photos_count == 1
    assert [path.name for path in (home / "media").iterdir()] == ["both.jpg"]
    assert len(days_with_rows(home, "posts")) == DAYS


def test_photos_that_were_ingested_where_they_lay_are_left(home):
    lake = Lake(home / "lake")
    own = home / "archive" / "own.jpg"
    own.parent.mkdir()
    own.write_bytes(b"photo")
    one = row("media", source="photos", day=FIRST, post_id="own", status="stored",
              path=str(own))  # fmt: skip
    lake.upsert("media", FIRST, TABLES["media"].from_rows([one]), source="photos")

    report = apply_retention(context_of(home, "media=20"), STEPS)

    assert report.photos_count == 0
    assert own.read_bytes() == b"photo"


def test_files_of_old_alerts_go(home):
    alerts = home / "alerts"
    alerts.mkdir()
    for day in ("2024-01-01", "2026-02-01"):
        (alerts / f"{day}_x.txt").write_text("told")
    lines = [json.dumps({"day": day}) for day in ("2024-01-01", "2026-02-01")]
    # a kill cut the last line
    (alerts / "alerts.jsonl").write_text("\n".join([*lines, '{"day": "20']))

    apply_retention(context_of(home, "alerts=400"), STEPS)

    assert sorted(path.name for path in alerts.iterdir()) == [
        "2026-02-01_x.txt",
        "alerts.jsonl",
    ]
    assert (alerts / "alerts.jsonl").read_text() == lines[1] + "\n"


def test_a_longer_period_brings_nothing_back(home):
    run_retention(context_of(home, PERIODS))
    run_retention(context_of(home, "posts=65"))

    (posts,) = [
        one
        for one in Lake(home / "lake").read_flat("expirations").to_pylist()
        if one["table_name"] == "posts"
    ]
    assert posts["before_day"] == KEPT


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("posts", "wants table=days"),
        ("pots=60", "wants table=days"),
        ("posts=-60", "wants table=days"),
        ("posts=٦٠", "wants table=days"),
        ("posts=30", "posts wants at least"),
    ],
)
def test_a_wrong_period_is_misuse_and_erases_nothing(home, given, told):
    with pytest.raises(SettingsError, match=told):
        run_retention(context_of(home, f"quarantine=20 {given}"))
    assert len(days_with_rows(home, "quarantine")) == DAYS


def test_without_a_period_nothing_happens(home):
    assert run_retention(context_of(home)) == [
        "retention: no period is set (TRENDLAB_RETENTION)"
    ]


def test_a_home_goes_with_the_places_that_told_it():
    """So does what else says where an author was, or shows one of their posts."""
    assert "author_homes" in GOES_WITH["author_cities"]
    assert "trend_event_evidence" in GOES_WITH["posts"]


def test_no_step_of_the_shortest_period_reads_what_is_gone(whole):
    context = context_of(whole)
    periods = shortest_periods(STEPS, context)
    first_kept = horizons_of(periods, TODAY)
    for step in STEPS.values():
        unit = TODAY - timedelta(days=1 + TODAY.weekday() if step.is_weekly else 1)
        unit -= timedelta(days=unit.weekday()) if step.is_weekly else timedelta(0)
        for wanted in step.inputs(context, unit):
            assert first_kept.get(wanted.table, date.min) <= wanted.first_day, step.name
    assert set(periods) == set(GOES_WITH)


def test_the_documented_periods_are_the_shortest(whole):
    page = (Path(__file__).parents[2] / "docs" / "privacy.md").read_text()
    told: dict[str, int] = {}
    for line in page.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 4 and cells[0].startswith("`"):
            names = re.findall(r"`(\w+)`", cells[0])
            days = [int(value) for value in cells[2].split(",")]
            told.update(zip(names, days * len(names), strict=False))

    assert told == shortest_periods(STEPS, context_of(whole))
